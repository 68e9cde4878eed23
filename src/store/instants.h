/*
 * store/instants.h - instant messages as webhooks are told of them: who to whom and what came of it, never what they
 * say
 *
 * A message is kept only where a webhook of its company is told of it, and goes in the upkeep after the last delivery
 * that names it. On a store thread, inside a job's run().
 */
#pragma once
#include "store/db.h"

struct store_instant {
	struct slice id, tenant;
	struct slice sender, from;  /* user id; the extension */
	struct slice recipient, to; /* user id; as it was dialled */
	struct slice type;          /* of its body, without parameters; may be empty */
	int64_t bytes;              /* of its body */
	int64_t status;             /* that its sender was told */
	int64_t at_us;              /* wall clock, when it was told */
};

/*
 * They are over: a delivery for each webhook of their company that wants it. What has been told by its id is not told
 * again. *ret_refused grows by those that the database takes for no reason of its own; the others do not wait for them.
 */
MUST_USE int store_instants_tell(struct db *db, const struct store_instant *messages, size_t count,
				 size_t *ret_refused);
MUST_USE int store_instant_put(struct db *db, const struct store_instant *m);
/* None: fn is not called. The row is borrowed. */
MUST_USE int store_instant_get(struct db *db, struct slice id, void (*fn)(void *arg, const struct store_instant *m),
			       void *arg);
/* Those that no delivery names any more go. */
MUST_USE int store_instants_sweep(struct db *db);
