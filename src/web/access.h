/*
 * web/access.h - what the web server remembers of who may come in: sessions and tokens, and how often was tried
 *
 * The read model of the store's passes: loaded at the start, then kept true by the change feed. A pass goes with its
 * user or tenant without a change of its own: who finds one asks the directory. Owner: the switchboard's thread.
 */
#pragma once
#include "base/address.h"
#include "base/map.h"
#include "base/random.h"
#include "store/rows.h"
#include "web/challenge.h"
#include "web/throttle.h"

struct web_pass {
	struct map_node by_hash, by_id;
	enum store_pass_kind kind;
	struct slice id, tenant, user, role; /* user empty: a token; tenant empty: the provider's */
	struct slice maker;                  /* of a token: the person that it goes with, or empty */
	uint8_t hash[STORE_PASS_HASH];
	bool read_only;
	int64_t created_us, used_us, expires_us;
	char text[]; /* where the slices point */
};

struct web_access {
	struct map by_hash, by_id;
	struct web_throttle throttle;
	struct web_challenges challenges;
	unsigned hashing; /* passwords at work, or waiting for a thread */
};

/* Reads what there is: before the loop runs, it waits for the store. 0, -ENOMEM, -EIO. */
MUST_USE int web_access_new(struct store *store, struct random *random, struct web_access **ret);
struct web_access *web_access_free(struct web_access *a);
/* One change of the feed, of any kind. */
void web_access_apply(struct web_access *a, const struct store_change *change);
/* The one whose secret this is. NULL: nobody's, or its time is over. */
struct web_pass *web_access_find(struct web_access *a, struct slice secret, int64_t wall_us);

struct web_pass *web_access_by_id(struct web_access *a, struct slice id);

/* A secret as it is shown: 256 bits as hexadecimal digits. */
#define WEB_SECRET_CHARS 64
void web_secret_draw(struct random *random, char ret[WEB_SECRET_CHARS + 1]);
void web_secret_hash(struct slice secret, uint8_t ret[STORE_PASS_HASH]);
/* What the page must show with the cookie: whoever has the one can compute the other, a foreign page has neither. */
#define WEB_CSRF_CHARS 32
void web_csrf(struct slice secret, char ret[WEB_CSRF_CHARS + 1]);
