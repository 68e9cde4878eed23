/*
 * store/compliance.h - figures that a data protection officer asks for, each by statements that are bounded
 *
 * How calls were protected is counted for each company and day, UTC, when a call ends, in the transaction of its row.
 * All run on a store thread, inside a job's run().
 */
#pragma once
#include "store/rows.h"

#define STORE_DAY_US INT64_C(86400000000)

/*
 * A leg's voice is protected if it was encrypted under keys that did not travel in clear; its signalling, if that was
 * over TLS. Of a leg that is another company's, or of who did not answer, nothing is known, and nothing is counted.
 */
struct store_call_day {
	int64_t day; /* since 1970 */
	int64_t calls, answered;
	int64_t voice_all, voice_some, voice_none; /* answered calls: on every leg, on one of two, on none */
	int64_t keys_in_clear;                     /* of voice_some and voice_none: encrypted, but with such keys */
	int64_t signalling_all, signalling_some, signalling_none; /* calls */
};
/* Before the row is written: counts the call if it ends now, and only once. */
MUST_USE int store_call_day_count(struct db *db, const struct store_call *c);
/* Of a tenant, the days from `from` to before `to` in order. fn is never called for a day without calls. */
MUST_USE int store_call_days_list(struct db *db, struct slice tenant, int64_t from, int64_t to,
				  void (*fn)(void *arg, const struct store_call_day *d), void *arg);
/* *ret: the first day that is counted; 0: none is. */
MUST_USE int store_call_days_first(struct db *db, struct slice tenant, int64_t *ret);

/* A device or trunk by which calls came or went in plain: among the newest calls of a period, those in most first. */
struct store_plain_peer {
	struct slice device, trunk; /* ids: one of them, or neither */
	int64_t voice, signalling;  /* calls */
	int64_t last_us;            /* when the newest of them began */
};
struct store_plain_page {
	struct slice tenant;
	int64_t from_us, to_us;
	int64_t scan;  /* calls to look at */
	int64_t limit; /* peers to give */
};
/* *ret_looked: calls that were looked at; *ret_oldest_us: when the oldest of them began, 0: there was none. */
MUST_USE int store_plain_peers_list(struct db *db, const struct store_plain_page *page,
				    void (*fn)(void *arg, const struct store_plain_peer *p), void *arg,
				    int64_t *ret_looked, int64_t *ret_oldest_us);

/* Tokens of a tenant that are good at now_us. */
struct store_tokens_sum {
	int64_t tokens;
	int64_t writing; /* may do more than read */
	int64_t unused;  /* not used since unused_us */
	int64_t last_expires_us;
};
MUST_USE int store_tokens_sum(struct db *db, struct slice tenant, int64_t now_us, int64_t unused_us,
			      struct store_tokens_sum *ret);

/* How people of a tenant can log in; who can in several ways is counted in each. */
struct store_ways_in {
	int64_t people;
	int64_t password, code; /* with a password; of these, with a code app as well */
	int64_t passkey, issuer;
	int64_t none; /* cannot log in */
};
/*
 * Adds some more people to *sum, those with ids above `after`, `limit` at most; ret_after: the last of them, empty when
 * these were all.
 */
MUST_USE int store_ways_in_add(struct db *db, struct slice tenant, struct slice after, int64_t limit,
			       struct store_ways_in *sum, char ret_after[STORE_ID_CAP]);
