/*
 * store/messages.h - the SIP messages of calls: kept for days, then deleted in small pieces
 *
 * Every write of a message goes through store_message_put(), which cuts the secrets out (store/secrets.h). Rows are in
 * order of their ids, which is that of arrival. They have no place in the change feed: nobody follows them. All run on
 * a store thread, inside a job's run().
 */
#pragma once
#include "store/db.h"

struct store_message {
	int64_t id;
	struct slice call;              /* id of the call */
	int64_t at_us;                  /* wall clock */
	bool sent;                      /* by us; else received */
	bool callee;                    /* with the side that is called; else with the caller */
	struct slice transport, remote; /* "TLS", "192.0.2.1:5061" */
	struct slice text;
};

/* The id for the next row; those after it are the numbers that follow. */
MUST_USE int store_messages_next_id(struct db *db, int64_t *ret);
MUST_USE int store_message_put(struct db *db, const struct store_message *m); /* text: as it was on the wire */
/*
 * Of a call, in order, ids above `after`. The row is borrowed; fn returns false to end the listing, which is no error.
 */
MUST_USE int store_messages_list(struct db *db, struct slice call, int64_t after,
				 bool (*fn)(void *arg, const struct store_message *m), void *arg);
/*
 * Delete the oldest rows, those from before before_us and at most STORE_MESSAGES_TRIM of them; *ret_more: there may be
 * others. A clock that was set back delays a deletion, no more.
 */
#define STORE_MESSAGES_TRIM 500 /* a few ms of the writer's time: other jobs wait no longer for it */
MUST_USE int store_messages_trim(struct db *db, int64_t before_us, bool *ret_more);
