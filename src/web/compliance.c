/* web/compliance.c - /api/v1/compliance: how a company's calls were protected, who can come in, what is kept, who gets
 * it
 */
#include "web/compliance.h"
#include <errno.h>

#include "web/find.h"
#include "web/pace.h"
#include "web/route.h"

/* ---- read ---- */

static void take_day(void *arg, const struct store_call_day *d)
{
	struct web_compliance *c = arg;
	if (c->day_count < ARRAY_LEN(c->days))
		c->days[c->day_count++] = *d;
}

static void take_peer(void *arg, const struct store_plain_peer *p)
{
	struct web_compliance *c = arg;
	struct arena *a = &c->request->arena;
	struct store_plain_peer *kept = &c->peers[c->peer_count++];
	*kept = *p;
	c->failed |= !arena_dup(a, p->device, &kept->device) || !arena_dup(a, p->trunk, &kept->trunk);
}

static void take_webhook(void *arg, const void *row)
{
	struct web_compliance *c = arg;
	struct arena *a = &c->request->arena;
	const struct store_webhook *w = row;
	struct store_webhook *kept = &c->webhooks[c->webhook_count++];
	kept->state = w->state;
	c->failed |= !arena_dup(a, w->name, &kept->name) || !arena_dup(a, w->url, &kept->url);
}

static int read_calls(struct db *db, struct web_compliance *c)
{
	const struct store_plain_page plain = {.tenant = c->tenant,
					       .from_us = c->from_day * STORE_DAY_US,
					       .to_us = c->to_day * STORE_DAY_US,
					       .scan = WEB_CALLS_SCANNED,
					       .limit = ARRAY_LEN(c->peers)};
	int rc = store_call_days_list(db, c->tenant, c->from_day, c->to_day, take_day, c);
	if (rc == DB_OK)
		rc = store_call_days_first(db, c->tenant, &c->first_day);
	return rc == DB_OK ? store_plain_peers_list(db, &plain, take_peer, c, &c->looked, &c->oldest_us) : rc;
}

static int read_rest(struct db *db, struct web_compliance *c)
{
	const struct store_page page = {.tenant = c->tenant, .limit = ARRAY_LEN(c->webhooks)};
	int rc = store_list(db, STORE_WEBHOOK, &page, take_webhook, c);
	if (rc == DB_OK)
		rc = store_tokens_sum(db, c->tenant, c->now_us, c->now_us - WEB_TOKEN_UNUSED_US, &c->tokens);
	return rc == DB_OK ? store_audit_ends(db, c->tenant, &c->audit) : rc;
}

static int run(struct db *db, struct store_job *job)
{
	struct web_compliance *c = container_of(job, struct web_compliance, job);
	if (!c->read) {
		c->read = c->more = true;
		int rc = read_calls(db, c);
		return rc == DB_OK ? read_rest(db, c) : rc;
	}
	char from[STORE_ID_CAP];
	memcpy(from, c->after, sizeof(from));
	int rc = store_ways_in_add(db, c->tenant, slice_from_string(from), WEB_COMPLIANCE_PEOPLE, &c->ways, c->after);
	c->more = *c->after;
	return rc;
}

static void post(struct web_compliance *c)
{
	int rc = store_post(c->request->context->store, &c->job);
	if (rc < 0)
		web_problem_store(c->request, rc);
}

static void done(struct store_job *job, int result)
{
	struct web_compliance *c = container_of(job, struct web_compliance, job);
	if (result != DB_OK || c->failed)
		web_problem_store(c->request, result == DB_OK ? -ENOMEM : result);
	else if (c->more)
		post(c);
	else
		web_answer_json(c->request, 200, web_compliance_json(c));
}

/* ---- for what time ---- */

/* Whole days, so that the figures of days are those of the period. False: answered. */
static bool read_period(struct web_request *r, struct web_compliance *c)
{
	int64_t to_us = web_moment_argument(r, "to"), from_us = web_moment_argument(r, "from");
	to_us = to_us ? to_us : c->now_us;
	from_us = from_us ? from_us : MAX(to_us - WEB_COMPLIANCE_DEFAULT * STORE_DAY_US, INT64_C(1));
	c->from_day = from_us / STORE_DAY_US;
	c->to_day = (to_us - 1) / STORE_DAY_US + 1;
	if (from_us >= to_us)
		web_problem(r, WEB_INVALID_PARAMETER, "from", "from must be before to");
	else if (c->to_day - c->from_day > WEB_COMPLIANCE_DAYS)
		web_problem(r, WEB_INVALID_PARAMETER, "from", "from and to may lie %d days apart at most",
			    WEB_COMPLIANCE_DAYS);
	else
		return true;
	return false;
}

void web_compliance_get(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_may_check(r) || !web_tenant_argument(r, &t))
		return;
	if (!t) {
		web_problem(r, WEB_INVALID_PARAMETER, "tenant", "tenant must say which company is asked about");
		return;
	}
	struct web_compliance *c = web_alloc(r, sizeof(*c));
	if (!c || !web_keep(r, t->id, &c->tenant))
		return;
	c->request = r;
	c->now_us = web_now_us(r);
	if (!read_period(r, c))
		return;
	c->job = (struct store_job){.run = run, .done = done, .bytes = sizeof(*c), .read_only = true};
	post(c);
}
