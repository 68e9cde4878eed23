/* web/pace.c - buckets of acts and checks, for who asks and for their company */
#include "web/pace.h"

#include "net/loop.h"
#include "web/access.h"

bool web_pace(struct web_request *r, int64_t wait_us, const char *too_many)
{
	if (!wait_us)
		return true;
	r->answer.retry_s = (wait_us + SECOND_US - 1) / SECOND_US;
	web_problem(r, WEB_TOO_OFTEN, NULL, "too many %s; try again in %lld s", too_many, (long long)r->answer.retry_s);
	return false;
}

/* The person, or the token of a program. */
static struct slice actor_of(const struct web_request *r)
{
	return slice_empty(r->who.user) ? r->who.pass : r->who.user;
}

bool web_may_act_as(struct web_request *r, enum web_role role, struct slice user, struct slice whole)
{
	if (role == WEB_PROVIDER)
		return true;
	int64_t now_us = loop_wheel(r->context->loop)->now_us;
	return web_pace(r, web_throttle_act(&r->context->access->throttle, user, whole, now_us),
			"changes by you or your company");
}

bool web_may_act(struct web_request *r)
{
	/* Who has not come in leaves rows when they do. */
	return r->who.role == WEB_NOBODY || web_may_act_as(r, r->who.role, actor_of(r), r->who.tenant);
}

bool web_may_check(struct web_request *r)
{
	if (r->plane == WEB_LOCAL)
		return true;
	int64_t now_us = loop_wheel(r->context->loop)->now_us;
	return web_pace(r, web_throttle_check(&r->context->access->throttle, actor_of(r), now_us),
			"checks and reports");
}
