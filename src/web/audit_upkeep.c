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
	int64_t before_us;
	bool closed;
};

static int expire_run(struct db *db, struct store_job *job)
{
	return store_audit_expire(db, container_of(job, struct web_audit_upkeep, job)->before_us);
}

static void expired(struct store_job *job, int result)
{
	struct web_audit_upkeep *u = container_of(job, struct web_audit_upkeep, job);
	if (!u->closed)
		timer_start(loop_wheel(u->context->loop), &u->timer, UPKEEP_US);
}

static void due(struct timer *t, void *arg)
{
	struct web_audit_upkeep *u = arg;
	struct wheel *w = loop_wheel(u->context->loop);
	/* A clock that was just set forwards may be wrong: what that makes old stays until somebody has had time to
	 * see it. */
	bool doubted = w->jump_us > 0 && w->now_us - w->jumped_at_us < CLOCK_DOUBT_US;
	u->before_us = w->wall_us - u->context->config->audit_days * DAY_US;
	if (doubted || store_post(u->context->store, &u->job) < 0)
		timer_start(w, t, UPKEEP_US);
}

struct web_audit_upkeep *web_audit_upkeep_new(const struct web_context *context)
{
	struct web_audit_upkeep *u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	u->context = context;
	u->job = (struct store_job){.run = expire_run, .done = expired, .bytes = sizeof(*u)};
	timer_init(&u->timer, due, u);
	return u;
}

void web_audit_upkeep_start(struct web_audit_upkeep *u)
{
	timer_start(loop_wheel(u->context->loop), &u->timer, SECOND_US);
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
