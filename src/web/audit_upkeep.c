/* web/audit_upkeep.c - a job each hour */
#include "web/audit_upkeep.h"

#include "call/limits.h"
#include "net/loop.h"
#include "store/audit.h"

#define UPKEEP_US (3600 * SECOND_US)
#define DAY_US (86400 * SECOND_US)

struct web_audit_upkeep {
	const struct web_context *context;
	struct store_job job;
	struct timer timer;
	/*
	 * The newest row when the server started, and when that was by the monotonic clock: it is at least as late as
	 * the one and what has passed since the other. 0: no row was there yet.
	 */
	int64_t newest_us, looked_us;
	int64_t before_us;
	char tenant[STORE_ID_CAP]; /* whose turn it is */
	bool more, closed;
};

static int upkeep_run(struct db *db, struct store_job *job)
{
	struct web_audit_upkeep *u = container_of(job, struct web_audit_upkeep, job);
	return u->newest_us ? store_audit_expire(db, u->before_us, u->tenant, &u->more)
			    : store_audit_newest(db, &u->newest_us);
}

static void done(struct store_job *job, int result)
{
	struct web_audit_upkeep *u = container_of(job, struct web_audit_upkeep, job);
	u->more = u->more && result == DB_OK;
	if (!u->more)
		*u->tenant = 0;
	if (!u->closed)
		timer_start(loop_wheel(u->context->loop), &u->timer, u->more ? 0 : UPKEEP_US);
}

static void due(struct timer *t, void *arg)
{
	struct web_audit_upkeep *u = arg;
	struct wheel *w = loop_wheel(u->context->loop);
	/* A clock that was just set forwards may be wrong: what that makes old stays until somebody has had time to
	 * see it. */
	bool doubted = w->jump_us > 0 && w->now_us - w->jumped_at_us < CLOCK_DOUBT_US;
	if (!u->newest_us)
		u->looked_us = w->now_us;
	/* Nor is one believed that was wrong from the start. */
	int64_t now_us = MIN(w->wall_us, u->newest_us + w->now_us - u->looked_us);
	u->before_us = now_us - u->context->config->audit_days * DAY_US;
	if (doubted || store_post(u->context->store, &u->job) < 0)
		timer_start(w, t, UPKEEP_US);
}

struct web_audit_upkeep *web_audit_upkeep_new(const struct web_context *context)
{
	struct web_audit_upkeep *u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	u->context = context;
	u->job = (struct store_job){.run = upkeep_run, .done = done, .bytes = sizeof(*u)};
	timer_init(&u->timer, due, u);
	return u;
}

void web_audit_upkeep_start(struct web_audit_upkeep *u)
{
	timer_start(loop_wheel(u->context->loop), &u->timer, 0);
}

void web_audit_upkeep_close(struct web_audit_upkeep *u)
{
	if (!u)
		return;
	u->closed = true;
	timer_stop(loop_wheel(u->context->loop), &u->timer);
}

struct web_audit_upkeep *web_audit_upkeep_free(struct web_audit_upkeep *u)
{
	free(u);
	return NULL;
}
