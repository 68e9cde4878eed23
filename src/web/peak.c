/* web/peak.c - /api/v1/peak: the most calls at once in a day or so */
#include "base/clock.h"
#include "directory/directory.h"
#include "web/find.h"
#include "web/kind.h"
#include "web/moment.h"
#include "web/pace.h"
#include "web/route.h"

#define DAY_US (INT64_C(86400) * SECOND_US)

struct peak {
	struct store_job job;
	struct web_request *request;
	struct slice tenant;
	int64_t from_us, to_us;
	int64_t calls;
};

static int run(struct db *db, struct store_job *job)
{
	struct peak *p = container_of(job, struct peak, job);
	return store_calls_peak(db, p->tenant, p->from_us, p->to_us, &p->calls);
}

static void done(struct store_job *job, int result)
{
	struct peak *p = container_of(job, struct peak, job);
	if (result != DB_OK) {
		web_problem_store(p->request, result);
		return;
	}
	web_answer_json(p->request, 200,
			WEB_OBJECT({"calls", json_integer(p->calls)}, {"from", web_json_time(p->from_us)},
				   {"to", web_json_time(p->to_us)}));
}

/* A day, where not both of its ends are given; the one that ends now, where none is. False: answered. */
static bool read_span(struct web_request *r, struct peak *p)
{
	bool from = web_moment_parse(web_argument(r, "from"), &p->from_us);
	bool to = web_moment_parse(web_argument(r, "to"), &p->to_us);
	if (!to)
		p->to_us = from ? p->from_us + DAY_US : web_now_us(r);
	if (!from)
		p->from_us = p->to_us - DAY_US;
	/* All calls of that time are looked at. A day may have 25 hours. */
	if (p->from_us < p->to_us && p->to_us - p->from_us <= 2 * DAY_US)
		return true;
	web_problem(r, WEB_INVALID_PARAMETER, "to", "to must be after from, by two days at most");
	return false;
}

void web_peak_get(struct web_request *r)
{
	struct directory_tenant *t;
	struct peak *p = web_alloc(r, sizeof(*p));
	if (!p || !web_may_check(r) || !web_tenant_argument(r, &t) || !read_span(r, p) ||
	    (t && !web_keep(r, t->id, &p->tenant)))
		return;
	p->request = r;
	p->job = (struct store_job){.run = run, .done = done, .bytes = sizeof(*p), .read_only = true};
	int rc = store_post(r->context->store, &p->job);
	if (rc < 0)
		web_problem_store(r, rc);
}
