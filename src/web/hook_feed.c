/* web/hook_feed.c - the jobs that make deliveries of changes of calls, and drop those that are too old */
#include "net/loop.h"
#include "web/hooks_private.h"

#define UPKEEP_US (3600 * SECOND_US)

static void woken(void *arg, struct slice id)
{
	struct feeding *f = arg;
	for (size_t i = 0; i < f->count; i++)
		if (slice_eq(slice_from_string(f->woken[i]), id))
			return;
	if (f->count == HOOKS_WOKEN_MAX)
		f->too_many = true;
	else
		slice_to_string(id, f->woken[f->count++], STORE_ID_CAP);
}

static int feed_run(struct db *db, struct store_job *job)
{
	struct feeding *f = container_of(job, struct feeding, job);
	f->count = 0;
	f->too_many = f->more = false;
	return store_deliveries_feed(db, f->wall_us, &f->more, woken, f);
}

void web_hooks_feed(struct web_hooks *h)
{
	struct feeding *f = &h->feeding;
	if (h->closed || !h->context->http || !h->on)
		return;
	f->again = f->posted;
	if (f->posted)
		return;
	f->wall_us = loop_wheel(h->context->loop)->wall_us;
	f->posted = store_post(h->context->store, &f->job) == 0;
	if (!f->posted)
		timer_start(loop_wheel(h->context->loop), &h->retry, SECOND_US);
}

static void feed_done(struct store_job *job, int result)
{
	struct web_hooks *h = container_of(job, struct web_hooks, feeding.job);
	struct feeding *f = &h->feeding;
	f->posted = false;
	if (result != DB_OK) {
		timer_start(loop_wheel(h->context->loop), &h->retry, SECOND_US);
		return;
	}
	for (size_t i = 0; i < f->count; i++)
		web_hooks_wake(h, slice_from_string(f->woken[i]));
	if (f->too_many)
		web_hooks_wake_all(h);
	if (f->again || f->more)
		web_hooks_feed(h);
}

static void retry(struct timer *t, void *arg)
{
	web_hooks_feed(arg);
}

/* ---- upkeep ---- */

static int upkeep_run(struct db *db, struct store_job *job)
{
	struct web_hooks *h = container_of(job, struct web_hooks, upkeep_job);
	return store_deliveries_expire(db, h->upkeep_us);
}

static void upkeep_done(struct store_job *job, int result)
{
	struct web_hooks *h = container_of(job, struct web_hooks, upkeep_job);
	if (!h->closed)
		timer_start(loop_wheel(h->context->loop), &h->upkeep, UPKEEP_US);
}

static void upkeep(struct timer *t, void *arg)
{
	struct web_hooks *h = arg;
	h->upkeep_us = loop_wheel(h->context->loop)->wall_us;
	if (store_post(h->context->store, &h->upkeep_job) < 0)
		timer_start(loop_wheel(h->context->loop), t, UPKEEP_US);
}

void web_hooks_feed_init(struct web_hooks *h)
{
	timer_init(&h->upkeep, upkeep, h);
	timer_init(&h->retry, retry, h);
	h->feeding.job = (struct store_job){.run = feed_run, .done = feed_done, .bytes = sizeof(h->feeding)};
	h->upkeep_job = (struct store_job){.run = upkeep_run, .done = upkeep_done, .bytes = sizeof(h->upkeep_job)};
}
