/*
 * acme/order.h - a certificate from an ACME server, step by step: answers in, requests out.   RFC 8555 §7
 *
 * No I/O, no clock: who has an order sends what acme_order_ask() says and hands in what came. One order at a time for a
 * server. Any thread. What the server sends is bounded by whoever fetches it, and read by jansson.
 */
#pragma once
#include "acme/jws.h"
#include "acme/limits.h"
#include "base/warning.h"

/* A server, and what we are there; lives across orders. */
struct acme_server {
	const char *directory; /* URL; borrowed, as is all of this line: */
	const char *contact;   /* a mail address; empty: none */
	EVP_PKEY *key;         /* the account's */
	char thumbprint[ACME_THUMBPRINT_CAP];
	/* What it has told. */
	char new_nonce[ACME_URL_MAX + 1], new_account[ACME_URL_MAX + 1], new_order[ACME_URL_MAX + 1];
	char account[ACME_URL_MAX + 1]; /* empty: not asked for since the start */
	char nonce[ACME_NONCE_MAX + 1]; /* good for one request; empty: none */
};
/* False: out of memory. */
MUST_USE bool acme_server_init(struct acme_server *s, const char *directory, const char *contact, EVP_PKEY *key);

struct acme_ask {
	enum { ACME_GET, ACME_HEAD, ACME_POST } method;
	const char *url;
	char *body; /* of a POST, application/jose+json; on the heap, the asker's */
};
struct acme_answer {
	int status;                                      /* 0: none came */
	const char *error;                               /* with status 0: why */
	struct slice body, nonce, location, retry_after; /* Replay-Nonce and the like; empty: not there */
	int64_t wall_us;                                 /* now, for a Retry-After that is a date */
};
enum acme_next {
	ACME_ASK,    /* acme_order_ask() has the next request */
	ACME_WAIT,   /* the same, after o->wait_us */
	ACME_ISSUED, /* o->pem is the key and the chain */
	ACME_FAILED, /* o->trouble says why; o->wait_us: no sooner than that again, 0: not said; o->limited: whoever
			asks */
};

enum acme_step {
	ACME_STEP_DIRECTORY,
	ACME_STEP_ACCOUNT,
	ACME_STEP_ORDER,
	ACME_STEP_AUTHORIZATION,
	ACME_STEP_CHALLENGE,
	ACME_STEP_VALIDATION,
	ACME_STEP_FINALIZE,
	ACME_STEP_ISSUE,
	ACME_STEP_DOWNLOAD,
	ACME_STEPS
};
struct acme_order {
	struct acme_server *server;
	const char *name; /* the host; borrowed */
	EVP_PKEY *key;    /* the certificate's: a new one for each */
	enum acme_step step;
	char url[ACME_URL_MAX + 1], authorization[ACME_URL_MAX + 1], challenge[ACME_URL_MAX + 1];
	char finalize[ACME_URL_MAX + 1], certificate[ACME_URL_MAX + 1];
	/* http-01 (§8.3): what stands below /.well-known/acme-challenge/, and what is to be answered there. */
	char token[ACME_TOKEN_MAX + 1];
	char proof[ACME_TOKEN_MAX + 1 + ACME_THUMBPRINT_CAP];
	bool fetching_nonce;
	unsigned nonces_refused, polls;
	char *pem; /* on the heap; wiped by acme_order_done() */
	int64_t wait_us;
	bool limited;
	struct warning trouble;
};

/* False: out of memory. */
MUST_USE bool acme_order_init(struct acme_order *o, struct acme_server *server, const char *name);
void acme_order_done(struct acme_order *o);
/* False: out of memory. The URL is o's and lasts until the answer. */
MUST_USE bool acme_order_ask(struct acme_order *o, struct acme_ask *ret);
enum acme_next acme_order_answer(struct acme_order *o, const struct acme_answer *a);
/* Seconds or an HTTP date (RFC 9110 §10.2.3), from now on; 0: not said, or not to be read. */
int64_t acme_retry_after_us(struct slice text, int64_t wall_us);
