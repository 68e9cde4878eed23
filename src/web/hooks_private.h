/* web/hooks_private.h - the inside of webhooks, for hooks.c, hook_feed.c and hook_send.c */
#pragma once
#include "base/map.h"
#include "web/hooks.h"

struct web_hook_row {
	struct store_webhook webhook; /* its texts behind it */
	char text[];
};
struct web_hook {
	struct map_node by_id;
	struct web_hooks *hooks;
	struct web_hook_row *row; /* replaced as a whole */
	struct web_hook *next_ready;
	struct web_sending *sending; /* one delivery on its way; NULL: none */
	bool ready, again, gone;
	bool among_failing; /* as it was when the delivery began */
	struct timer due;
};

#define HOOKS_WOKEN_MAX 32
/* Changes of calls on their way to become deliveries; one at a time. */
struct feeding {
	struct store_job job;
	int64_t wall_us;
	bool posted, again, more, too_many;
	size_t count;
	char woken[HOOKS_WOKEN_MAX][STORE_ID_CAP];
};

struct web_hooks {
	const struct web_context *context;
	struct map by_id;
	size_t on;
	struct web_hook *first_ready, **last_ready;
	struct web_hook *on_way[WEB_HOOKS_AT_ONCE]; /* those with a delivery on its way */
	unsigned sending, failing;                  /* how many there are, and of those that fail */
	struct feeding feeding;
	struct store_job upkeep_job;
	int64_t upkeep_us; /* wall clock of it */
	struct timer upkeep, retry;
	bool closed;
	struct web_hook *gone; /* removed with a delivery on its way; by next_ready */
};

/* ---- hooks.c ---- */
void web_hooks_wake_all(struct web_hooks *h);
/* k->sending has ended. next_us: wall clock, when to look again; 0: at once; INT64_MAX: nothing waits. */
void web_hook_rests(struct web_hook *k, int64_t next_us);

/* ---- hook_feed.c ---- */
void web_hooks_feed_init(struct web_hooks *h);
/* Calls have changed. */
void web_hooks_feed(struct web_hooks *h);

/* ---- hook_send.c ---- */
/* Looks for the delivery that is due first and sends it; ends with web_hook_rests(). NULL: out of memory. */
struct web_sending *web_sending_start(const struct web_context *context, struct web_hook *h);
struct web_sending *web_sending_free(struct web_sending *s);
