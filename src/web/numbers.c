/* web/numbers.c - /api/v1/numbers: the numbers of the tenants, and whom each rings */
#include "directory/e164.h"
#include "web/find.h"
#include "web/route.h"

static const void *find(const struct web_request *r, struct slice id)
{
	return directory_number_by_id(r->context->directory, id);
}

static json_t *show(const struct web_request *r, const void *object)
{
	const struct directory_number *n = object;
	return WEB_OBJECT({"id", web_json_text(n->id)}, {"number", web_json_text(n->number)},
			  {"tenant", web_json_text(n->tenant->name)}, {"user", web_json_text(n->user->login)},
			  {"created", web_json_time(n->created_us)}, {"updated", web_json_time(n->updated_us)});
}

static const struct web_kind number = {STORE_NUMBER,
				       "number",
				       WEB_UNKNOWN_NUMBER,
				       offsetof(struct directory_number, id),
				       offsetof(struct directory_number, updated_us),
				       find,
				       show};

static void answer_one(struct web_request *r, const struct directory_tenant *t, struct slice given)
{
	char text[E164_CAP];
	bool good = e164_parse(given, text); /* web_number_parameters */
	ASSERT(good);
	const struct directory_number *n = directory_number_find(r->context->directory, slice_from_string(text));
	bool found = n && (!t || n->tenant == t);
	web_listing_answer_one(r, found, found ? show(r, n) : NULL);
}

void web_numbers_list(struct web_request *r)
{
	struct directory_tenant *t;
	struct directory_user *u;
	if (!web_tenant_argument(r, &t) || !web_user_argument(r, t, &u))
		return;
	struct slice given = web_argument(r, "number");
	if (!slice_empty(given)) {
		answer_one(r, t, given);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && (!t || web_keep(r, t->id, &l->tenant)) && (!u || web_keep(r, u->id, &l->user)))
		web_kind_list(l, &number);
}

void web_numbers_get(struct web_request *r)
{
	web_kind_get(r, &number);
}

struct number_change {
	struct web_change change;
	struct slice tenant, user; /* ids; empty: as they are */
	char number[E164_CAP];     /* empty: as it is */
};

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	const struct number_change *w = container_of(c, struct number_change, change);
	struct slice given = slice_from_string(w->number);
	struct store_number *n = &next->number;
	if (!exists)
		*n = (struct store_number){.id = c->id, .tenant = w->tenant, .number = given, .created_us = c->now_us};
	web_give(&n->user, w->user);
	return (slice_empty(w->tenant) || slice_eq(w->tenant, n->tenant)) &&
	       (slice_empty(given) || slice_eq(given, n->number));
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct number_change *w = container_of(c, struct number_change, change);
	struct directory *d = c->request->context->directory;
	if (!slice_empty(w->user) && !directory_user_by_id(d, w->user)) {
		web_problem_set(ret, WEB_UNKNOWN_USER, "user", "the user was removed meanwhile");
		return true;
	}
	const struct directory_number *same = directory_number_find(d, slice_from_string(w->number));
	if (same && !slice_eq(same->id, c->id)) {
		/* Whose it is is nobody else's business. */
		web_problem_set(ret, WEB_NUMBER_TAKEN, "number", "the number %s is in use already", w->number);
		return true;
	}
	return false;
}

void web_numbers_write(struct web_request *r)
{
	struct web_number_fields given;
	struct web_problem p;
	struct number_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	if (web_number_read(r->body, web_use_of(r), &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	w->change.merge = merge;
	w->change.taken = taken;
	if (!web_tenant_of_body(r, given.tenant, &w->tenant) || !web_change_begin(&w->change, r, &number))
		return;
	const struct directory_number *n = find(r, w->change.id);
	bool good = slice_empty(given.number) || e164_parse(given.number, w->number);
	ASSERT(good);
	if (web_user_of_body(r, slice_empty(w->tenant) && n ? n->tenant->id : w->tenant, given.user, &w->user))
		web_change_post(&w->change);
}

void web_numbers_remove(struct web_request *r)
{
	web_kind_remove(r, &number);
}
