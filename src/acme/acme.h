/*
 * acme/acme.h - keeps a certificate for each name: had from an authority in time, kept in files, put into the set
 *
 * RFC 8555. One name a certificate, one order at a time; proof by HTTP (http-01), for which a listener asks
 * acme_proof(). A certificate is had anew at two thirds of its life, on failure after a pause that doubles. Nothing
 * blocks but acme_new() and acme_start(): requests go through net/http.h, files are written on libuv's threads. Owner:
 * the switchboard's thread.
 */
#pragma once
#include "base/metrics.h"
#include "base/random.h"
#include "base/warning.h"
#include "config/config.h"

struct acme;
struct http;
struct loop;
struct tls_certificates;

/* All borrowed for the life of it. */
struct acme_setup {
	struct loop *loop;
	struct http *http;
	struct random *random;
	struct tls_certificates *certificates; /* where what is issued goes */
	const struct config_acme *config;
	const char *data; /* files are in DATA/acme/HOST: account.key, and NAME.pem with key and chain; 0600 */
};
struct acme_reason {
	char text[512];
};
/* Reads the account's key, or makes it. *reterr on every failure: -ENOMEM, -EINVAL, or the system's own. */
MUST_USE int acme_new(const struct acme_setup *setup, struct acme **ret, struct acme_reason *reterr);
/* Once: reads what the names so far have, and begins. Names that come later have nothing yet. */
void acme_start(struct acme *a);
void acme_close(struct acme *a); /* nothing is begun any more; before http_free() and loop_drain() */
struct acme *acme_free(struct acme *a);

/*
 * A name that is to have a certificate, in any case; own: the node's, which no company's change takes away. What is no
 * host name with a dot in it gets none, and that is fine. -ENOMEM, -ENOSPC.
 */
MUST_USE int acme_want(struct acme *a, struct slice name, bool own);
/* No longer: its certificate goes out of the set, and its file. A name that is not there, or our own, is fine. */
void acme_drop(struct acme *a, struct slice name);
/* At once, whatever it has and however long it should wait. -ENOENT: it is none of the names. */
MUST_USE int acme_renew(struct acme *a, struct slice name);
/* What is to be answered at /.well-known/acme-challenge/TOKEN; NULL: nothing. Good for the present callback. */
const char *acme_proof(const struct acme *a, struct slice token);

enum acme_condition {
	ACME_WAITING,  /* for its first certificate */
	ACME_ORDERING, /* it is being had now */
	ACME_HELD,
	ACME_FAILING, /* the last try failed; it may hold an older one still */
	ACME_GIVEN,   /* the operator's own certificate has this name */
};
struct acme_state {
	struct slice name;
	bool own;
	enum acme_condition condition;
	bool held;                     /* there is one in the set */
	int64_t next_us;               /* wall clock: when it is asked for next; 0: now, or never */
	unsigned failures;             /* in a row */
	const struct warning *trouble; /* why the last try failed; WARNING_NONE: it did not */
};
/* The i-th name, in no order; false: there are not so many. For the present callback. */
bool acme_state(const struct acme *a, size_t i, struct acme_state *ret);
bool acme_state_of(const struct acme *a, struct slice name, struct acme_state *ret);
/* For the operator, kept in a: which name fails, and why. */
const struct warning *acme_trouble(const struct acme *a);
void acme_metrics(struct acme *a, struct metrics *m); /* they live in a */
