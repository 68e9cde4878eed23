/*
 * store/messages.h - the SIP messages of calls: kept for days, then deleted in small pieces
 *
 * A row holds messages of one call that came one after the other, framed (store/frame.h), because a row costs the
 * writer far more than the bytes in it. Rows are in order of their ids, which is that of arrival. They have no place in
 * the change feed: nobody follows them. All run on a store thread, inside a job's run().
 */
#pragma once
#include "store/db.h"
#include "store/frame.h"

#define STORE_MESSAGES_A_ROW 10000 /* at most; a message's id is its row's, times this, and its place in it */

/* The id for the next row; those after it are the numbers that follow. */
MUST_USE int store_messages_next_id(struct db *db, int64_t *ret);
/* at_us: of the first message in it. */
MUST_USE int store_messages_put(struct db *db, int64_t id, struct slice call, int64_t at_us, struct slice frames);
/*
 * Of a call, in order, ids above `after`. The message is borrowed; fn returns false to end the listing, which is no
 * error. A frame that cannot be read ends it too.
 */
#define STORE_MESSAGES_ROWS 16 /* in memory at a time: a few MiB, where the back end fetches all that a query gives */
MUST_USE int store_messages_list(struct db *db, struct slice call, int64_t after,
				 bool (*fn)(void *arg, const struct store_message *m), void *arg);
/*
 * Delete the oldest rows, those from before before_us and at most STORE_MESSAGES_TRIM of them; *ret_more: there may be
 * others. A clock that was set back delays a deletion, no more.
 */
#define STORE_MESSAGES_TRIM 100 /* a few ms of the writer's time: other jobs wait no longer for it */
MUST_USE int store_messages_trim(struct db *db, int64_t before_us, bool *ret_more);
