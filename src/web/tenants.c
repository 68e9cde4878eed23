/* web/tenants.c - /api/v1/tenants: the companies of this installation */
#include "web/find.h"
#include "web/route.h"

static const void *find(const struct web_request *r, struct slice id)
{
	return web_tenant(r, id);
}

static json_t *show(const struct web_request *r, const void *object)
{
	const struct directory_tenant *t = object;
	return WEB_OBJECT({"id", web_json_text(t->id)}, {"name", web_json_text(t->name)},
			  {"domain", web_json_text(t->domain)}, {"lines", json_integer(t->lines)},
			  {"lines_bought", json_integer(t->lines_bought)}, {"users", json_integer(t->users)},
			  {"calls", json_integer(t->calls)}, {"created", web_json_time(t->created_us)},
			  {"updated", web_json_time(t->updated_us)});
}

static const struct web_kind tenant = {STORE_TENANT,
				       "tenant",
				       WEB_UNKNOWN_TENANT,
				       offsetof(struct directory_tenant, id),
				       offsetof(struct directory_tenant, updated_us),
				       find,
				       show};

void web_tenants_list(struct web_request *r)
{
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && web_listing_search(l) && (r->reach == WEB_REACH_ALL || web_keep(r, r->who.tenant, &l->tenant)))
		web_kind_list(l, &tenant);
}

void web_tenants_get(struct web_request *r)
{
	web_kind_get(r, &tenant);
}

struct tenant_change {
	struct web_change change;
	struct web_tenant_fields given;
};

static bool too_many(int64_t lines, int64_t bought)
{
	return bought && (lines == 0 || lines > bought);
}

/*
 * A company that had all that it had bought has all that it buys, and none has more: what is in force is always the
 * row's `lines`. Whoever asked for more was refused (taken()), unless fewer were bought in that moment.
 */
static void give_lines(struct store_tenant *t, const struct web_tenant_fields *given)
{
	bool had_all = t->lines == t->lines_bought;
	if (given->lines_bought >= 0)
		t->lines_bought = given->lines_bought;
	if (given->lines >= 0)
		t->lines = given->lines;
	else if (had_all)
		t->lines = t->lines_bought;
	if (too_many(t->lines, t->lines_bought))
		t->lines = t->lines_bought;
}

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	const struct web_tenant_fields *given = &container_of(c, struct tenant_change, change)->given;
	struct store_tenant *t = &next->tenant;
	if (!exists)
		*t = (struct store_tenant){.id = c->id, .created_us = c->now_us};
	web_give(&t->name, given->name);
	web_give(&t->domain, given->domain);
	give_lines(t, given);
	return true;
}

static bool more_than_bought(const struct directory_tenant *now, const struct web_tenant_fields *given,
			     struct web_problem *ret)
{
	int64_t bought = given->lines_bought >= 0 ? given->lines_bought : now ? now->lines_bought : 0;
	if (given->lines < 0 || !too_many(given->lines, bought))
		return false;
	web_problem_set(ret, WEB_INVALID_FIELD, "lines", "lines must be from 1 to %lld: so many are bought",
			(long long)bought);
	return true;
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct web_tenant_fields *given = &container_of(c, struct tenant_change, change)->given;
	struct directory *d = c->request->context->directory;
	if (more_than_bought(directory_tenant_by_id(d, c->id), given, ret))
		return true;
	const struct directory_tenant *named = directory_tenant_by_name(d, given->name);
	if (named && !slice_eq(named->id, c->id)) {
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "there is a tenant %.*s already", SLICE_ARG(given->name));
		return true;
	}
	const struct directory_tenant *there = directory_tenant_by_domain(d, given->domain);
	if (there && !slice_eq(there->id, c->id)) {
		web_problem_set(ret, WEB_DOMAIN_TAKEN, "domain", "another tenant has the domain %.*s",
				SLICE_ARG(given->domain));
		return true;
	}
	return false;
}

/* Domains are compared without case, so they are kept in lower case. */
static bool lower_case(struct web_request *r, struct slice *s)
{
	char *lower = web_alloc(r, s->n);
	if (!lower)
		return false;
	for (size_t i = 0; i < s->n; i++)
		lower[i] = ascii_lower(s->p[i]);
	*s = slice_of(lower, s->n);
	return true;
}

void web_tenants_write(struct web_request *r)
{
	struct web_problem p;
	struct tenant_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	if (web_tenant_read(r->body, web_use_of(r), &w->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	w->change.merge = merge;
	w->change.taken = taken;
	if (web_change_begin(&w->change, r, &tenant) && lower_case(r, &w->given.domain))
		web_change_post(&w->change);
}

void web_tenants_remove(struct web_request *r)
{
	web_kind_remove(r, &tenant);
}
