/* web/numbers.c - /api/v1/numbers: the numbers of the tenants, and whom each rings */
#include "directory/e164.h"
#include "web/fields.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/route.h"
#include "web/write.h"

static json_t *number_json(const struct directory_number *n)
{
	return WEB_OBJECT({"id", web_json_text(n->id)}, {"number", web_json_text(n->number)},
			  {"tenant", web_json_text(n->tenant->name)}, {"user", web_json_text(n->user->login)},
			  {"created", web_json_id_time(n->id)});
}

static bool item(struct web_listing *l, json_t **ret)
{
	if (l->at == l->count)
		return false;
	const struct directory_number *n = directory_number_by_id(l->request->context->directory, l->ids[l->at++]);
	*ret = n ? number_json(n) : NULL;
	return true;
}

static void answer_one(struct web_request *r, const struct directory_tenant *t, struct slice given)
{
	char number[E164_CAP];
	bool good = e164_parse(given, number); /* web_number_parameters */
	ASSERT(good);
	const struct directory_number *n = directory_number_find(r->context->directory, slice_from_string(number));
	bool found = n && (!t || n->tenant == t);
	web_listing_answer_one(r, found, found ? number_json(n) : NULL);
}

void web_numbers_list(struct web_request *r)
{
	struct directory_tenant *t;
	struct directory_user *u;
	if (!web_tenant_argument(r, &t) || !web_user_argument(r, t, &u))
		return;
	struct slice number = web_argument(r, "number");
	if (!slice_empty(number)) {
		answer_one(r, t, number);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (!l || (t && !web_keep(r, t->id, &l->tenant)) || (u && !web_keep(r, u->id, &l->user)))
		return;
	l->kind = STORE_NUMBER;
	l->item = item;
	web_listing_start(l);
}

/* NULL: answered. */
static struct directory_number *named_by_path(struct web_request *r)
{
	struct directory_number *n = directory_number_by_id(r->context->directory, r->id);
	if (!n)
		web_problem(r, WEB_UNKNOWN_NUMBER, NULL, "there is no number with the id \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
	return n;
}

void web_numbers_get(struct web_request *r)
{
	const struct directory_number *n = named_by_path(r);
	if (n)
		web_answer_json(r, 200, number_json(n));
}

/* ---- create and change ---- */

struct number_write {
	struct web_write write;
	struct store_number row;
	char number[E164_CAP];
};

static bool refused(struct web_write *w, struct web_problem *ret)
{
	const struct store_number *row = &container_of(w, struct number_write, write)->row;
	struct directory *d = w->request->context->directory;
	if (!directory_user_by_id(d, row->user)) {
		web_problem_set(ret, WEB_UNKNOWN_USER, "user", "the user was removed meanwhile");
		return true;
	}
	if (directory_number_find(d, row->number)) {
		/* Whose it is is nobody else's business. */
		web_problem_set(ret, WEB_NUMBER_TAKEN, "number", "the number %.*s is in use already",
				SLICE_ARG(row->number));
		return true;
	}
	return false;
}

static int create_run(struct db *db, struct web_write *w)
{
	return store_number_put(db, &container_of(w, struct number_write, write)->row);
}

static void answer_with(struct web_write *w, int status)
{
	const struct store_number *row = &container_of(w, struct number_write, write)->row;
	const struct directory_number *n = directory_number_by_id(w->request->context->directory, row->id);
	if (n)
		web_answer_json(w->request, status, number_json(n));
	else
		web_problem(w->request, WEB_UNKNOWN_NUMBER, NULL, "the number was removed meanwhile");
}

static void created(struct web_write *w)
{
	answer_with(w, 201);
}

void web_numbers_create(struct web_request *r)
{
	struct web_number_fields given;
	struct web_problem p;
	if (web_number_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	struct directory_tenant *t = web_tenant(r, given.tenant);
	if (!t) {
		web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(given.tenant));
		return;
	}
	const struct directory_user *u = web_user_of_body(r, t, given.user);
	struct number_write *w = u ? web_alloc(r, sizeof(*w)) : NULL;
	if (!w || !web_new_id(r, &w->row.id) || !web_keep(r, t->id, &w->row.tenant) ||
	    !web_keep(r, u->id, &w->row.user))
		return;
	bool good = e164_parse(given.number, w->number);
	ASSERT(good);
	w->row.number = slice_from_string(w->number);
	w->row.created_us = web_now_us(r);
	w->write.request = r;
	w->write.run = create_run;
	w->write.committed = created;
	w->write.explain = refused;
	if (refused(&w->write, &p))
		web_problem_given(r, &p);
	else
		web_write_post(&w->write, r);
}

static int change_run(struct db *db, struct web_write *w)
{
	const struct store_number *row = &container_of(w, struct number_write, write)->row;
	return store_number_set_user(db, row->id, row->user);
}

static bool change_refused(struct web_write *w, struct web_problem *ret)
{
	web_problem_set(ret, WEB_UNKNOWN_USER, "user", "the user was removed meanwhile");
	return true;
}

static void changed(struct web_write *w)
{
	answer_with(w, 200);
}

void web_numbers_change(struct web_request *r)
{
	struct web_number_fields given;
	struct web_problem p;
	if (web_number_change_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	const struct directory_number *n = named_by_path(r);
	const struct directory_user *u = n ? web_user_of_body(r, n->tenant, given.user) : NULL;
	struct number_write *w = u ? web_alloc(r, sizeof(*w)) : NULL;
	if (!w || !web_keep(r, n->id, &w->row.id) || !web_keep(r, u->id, &w->row.user))
		return;
	w->write.run = change_run;
	w->write.committed = changed;
	w->write.explain = change_refused;
	web_write_post(&w->write, r);
}

void web_numbers_remove(struct web_request *r)
{
	const struct directory_number *n = named_by_path(r);
	if (n)
		web_remove(r, n->id, store_number_remove);
}
