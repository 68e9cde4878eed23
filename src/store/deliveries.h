/*
 * store/deliveries.h - what webhooks are to be told, and what came of it
 *
 * The change feed is the outbox: store_deliveries_feed() turns changes of calls into deliveries, and notes in the same
 * transaction how far it has come and which events of a call are told. So each event becomes one delivery for each
 * webhook that wants it, whenever the program ends. A delivery is sent at least once: its result is written after the
 * answer. Of instant messages the deliveries are made when they are over (store/instants.h). All run on a store thread,
 * inside a job's run().
 */
#pragma once
#include "store/rows.h"

/* Numbers that rows have. */
enum store_delivery_event {
	STORE_CALL_STARTED,
	STORE_CALL_ANSWERED,
	STORE_CALL_ENDED,
	STORE_TEST,
	STORE_MESSAGE_DELIVERED,
	STORE_MESSAGE_FAILED,
	STORE_EVENT_COUNT
};
/* What a webhook can be told of, as bits. */
#define STORE_CALL_EVENTS (1 << STORE_CALL_STARTED | 1 << STORE_CALL_ANSWERED | 1 << STORE_CALL_ENDED)
#define STORE_MESSAGE_EVENTS (1 << STORE_MESSAGE_DELIVERED | 1 << STORE_MESSAGE_FAILED)
enum store_delivery_state { STORE_WAITING, STORE_DELIVERED, STORE_GIVEN_UP };

struct store_delivery {
	struct slice id, webhook;
	int64_t event;      /* enum store_delivery_event */
	struct slice about; /* id of the call or message; of STORE_TEST empty */
	int64_t at_us;      /* wall clock: when it happened */
	int64_t state;      /* enum store_delivery_state */
	int64_t tries;
	int64_t next_us;  /* wall clock; while it waits */
	int64_t tried_us; /* wall clock: the last time; 0: never */
	int64_t took_us;
	int64_t status;    /* of the last answer; 0: none came */
	struct slice said; /* the first bytes of it, or why none came */
};

/* Is it about an instant message? */
static inline bool store_delivery_of_message(const struct store_delivery *d)
{
	return d->event == STORE_MESSAGE_DELIVERED || d->event == STORE_MESSAGE_FAILED;
}

#define STORE_DELIVERIES_KEPT 1000  /* of a webhook: the newest, also where older ones wait still */
#define STORE_DELIVERIES_DAYS 7     /* they name calls, so not for as long as the history */
#define STORE_WEBHOOKS_OF_TENANT 16 /* each costs a row for each event */
#define STORE_DELIVERIES_FED 64     /* changes that become deliveries in one job */

/*
 * Some more of the feed. *ret_more: there may be still more. fn is called for each webhook that was given something,
 * perhaps several times; id is borrowed.
 */
MUST_USE int store_deliveries_feed(struct db *db, int64_t wall_us, bool *ret_more,
				   void (*fn)(void *arg, struct slice webhook), void *arg);
/* Those that are too old go, and the messages that none names any more. */
MUST_USE int store_deliveries_expire(struct db *db, int64_t wall_us);
/* store_deliveries_trim() follows, once for all that are added to a webhook. */
MUST_USE int store_delivery_add(struct db *db, const struct store_delivery *d);
/* The oldest go that are beyond STORE_DELIVERIES_KEPT. */
MUST_USE int store_deliveries_trim(struct db *db, struct slice webhook);
/* The one that is due first, due or not; none: fn is not called. The row is borrowed. */
MUST_USE int store_delivery_next(struct db *db, struct slice webhook,
				 void (*fn)(void *arg, const struct store_delivery *d), void *arg);
/*
 * What came of a try: all from state on is written. failed_us: not 0: the webhook is failing, since then unless it was
 * already; 0: it is well. The webhook is switched off if it has been failing since before off_us. Notes its change.
 */
MUST_USE int store_delivery_tried(struct db *db, const struct store_delivery *d, int64_t failed_us, int64_t off_us);
/* From now on it signs with this. Notes its change. */
MUST_USE int store_webhook_secret_set(struct db *db, struct slice id, struct slice secret);
/* To be sent now, whatever came of it. *ret_found: the webhook has such a one. Notes the webhook's change. */
MUST_USE int store_delivery_again(struct db *db, struct slice webhook, struct slice id, int64_t wall_us,
				  bool *ret_found);
/* A webhook's, newest first, ids below `before` (empty: all). */
MUST_USE int store_deliveries_list(struct db *db, struct slice webhook, struct slice before, int64_t limit,
				   void (*fn)(void *arg, const struct store_delivery *d), void *arg);
