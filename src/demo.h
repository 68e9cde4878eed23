/* demo.h - the demo company of `make run`: three people with two devices each, made once and kept */
#pragma once
#include "base/random.h"
#include "config/config.h"
#include "directory/directory.h"

struct tls_identity;
struct transport;

/* Listeners and data directory of the demo, over the defaults. */
void demo_config(struct config *c);
/*
 * Make the company unless it is there. The passwords cannot be had back from the store, so the accounts are also
 * written to DATA/accounts.txt (0600), which a second start prints. 0 or -errno with a sentence on stderr. Before the
 * loop runs: it waits for the disk.
 */
MUST_USE int demo_company(struct store *store, struct directory *directory, struct random *random,
			  const struct config *c);
/* What a newcomer needs on the screen: addresses, accounts, fingerprint, what to do next. */
void demo_print(const struct config *c, const struct transport *transport, const struct tls_identity *identity);
