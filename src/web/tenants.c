/* web/tenants.c - /api/v1/tenants: the companies of this installation */
#include "web/fields.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/route.h"
#include "web/write.h"

json_t *web_tenant_json(const struct directory_tenant *t)
{
	return WEB_OBJECT({"id", web_json_text(t->id)}, {"name", web_json_text(t->name)},
			  {"domain", web_json_text(t->domain)}, {"lines", json_integer(t->lines)},
			  {"users", json_integer(t->users)}, {"calls", json_integer(t->calls)},
			  {"created", web_json_id_time(t->id)});
}

static bool item(struct web_listing *l, json_t **ret)
{
	if (l->at == l->count)
		return false;
	const struct directory_tenant *t = directory_tenant_by_id(l->request->context->directory, l->ids[l->at++]);
	*ret = t ? web_tenant_json(t) : NULL;
	return true;
}

void web_tenants_list(struct web_request *r)
{
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (!l)
		return;
	l->kind = STORE_TENANT;
	l->item = item;
	web_listing_start(l);
}

/* NULL: answered. */
static struct directory_tenant *named_by_path(struct web_request *r)
{
	struct directory_tenant *t = web_tenant(r, r->id);
	if (!t)
		web_problem(r, WEB_UNKNOWN_TENANT, NULL, "there is no tenant \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
	return t;
}

void web_tenants_get(struct web_request *r)
{
	const struct directory_tenant *t = named_by_path(r);
	if (t)
		web_answer_json(r, 200, web_tenant_json(t));
}

/* ---- create and change ---- */

struct tenant_write {
	struct web_write write;
	struct store_tenant row;
};

static bool taken(struct web_write *w, struct web_problem *ret)
{
	const struct store_tenant *row = &container_of(w, struct tenant_write, write)->row;
	struct directory *d = w->request->context->directory;
	if (directory_tenant_by_name(d, row->name)) {
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "there is a tenant %.*s already", SLICE_ARG(row->name));
		return true;
	}
	if (directory_tenant_by_domain(d, row->domain)) {
		web_problem_set(ret, WEB_DOMAIN_TAKEN, "domain", "another tenant has the domain %.*s",
				SLICE_ARG(row->domain));
		return true;
	}
	return false;
}

static int create_run(struct db *db, struct web_write *w)
{
	return store_tenant_put(db, &container_of(w, struct tenant_write, write)->row);
}

static void answer_with(struct web_write *w, int status)
{
	const struct store_tenant *row = &container_of(w, struct tenant_write, write)->row;
	const struct directory_tenant *t = directory_tenant_by_id(w->request->context->directory, row->id);
	if (t)
		web_answer_json(w->request, status, web_tenant_json(t));
	else
		web_problem(w->request, WEB_UNKNOWN_TENANT, NULL, "the tenant was removed meanwhile");
}

static void created(struct web_write *w)
{
	answer_with(w, 201);
}

/* Domains are compared without case, so they are kept in lower case. */
static bool lower_case(struct web_request *r, struct slice s, struct slice *ret)
{
	char *lower = web_alloc(r, s.n);
	if (!lower)
		return false;
	for (size_t i = 0; i < s.n; i++)
		lower[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] - 'A' + 'a' : s.p[i]);
	*ret = slice_of(lower, s.n);
	return true;
}

void web_tenants_create(struct web_request *r)
{
	struct web_tenant_fields given;
	struct web_problem p;
	if (web_tenant_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	struct tenant_write *w = web_alloc(r, sizeof(*w));
	if (!w || !web_new_id(r, &w->row.id) || !lower_case(r, given.domain, &w->row.domain))
		return;
	w->row.name = given.name;
	w->row.lines = given.lines;
	w->row.created_us = web_now_us(r);
	w->write.request = r;
	w->write.run = create_run;
	w->write.committed = created;
	w->write.explain = taken;
	if (taken(&w->write, &p))
		web_problem_given(r, &p);
	else
		web_write_post(&w->write, r);
}

struct reading {
	struct db *db;
	struct tenant_write *w;
	int rc;
};

static void change_row(void *arg, const void *row)
{
	struct reading *reading = arg;
	struct store_tenant changed = *(const struct store_tenant *)row;
	changed.lines = reading->w->row.lines;
	reading->rc = store_tenant_put(reading->db, &changed);
}

/* The row as it is inside the transaction: a tenant removed meanwhile must not come back. */
static int change_run(struct db *db, struct web_write *w)
{
	struct tenant_write *t = container_of(w, struct tenant_write, write);
	struct reading reading = {.db = db, .w = t, .rc = DB_OK};
	struct store_page page = {.tenant = t->row.id, .limit = 1};
	int rc = store_list(db, STORE_TENANT, &page, change_row, &reading);
	return rc == DB_OK ? reading.rc : rc;
}

static void changed(struct web_write *w)
{
	answer_with(w, 200);
}

void web_tenants_change(struct web_request *r)
{
	struct web_tenant_fields given;
	struct web_problem p;
	if (web_tenant_change_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	const struct directory_tenant *t = named_by_path(r);
	if (!t)
		return;
	struct tenant_write *w = web_alloc(r, sizeof(*w));
	if (!w || !web_keep(r, t->id, &w->row.id))
		return;
	w->row.lines = given.lines;
	w->write.run = change_run;
	w->write.committed = changed;
	web_write_post(&w->write, r);
}

void web_tenants_remove(struct web_request *r)
{
	const struct directory_tenant *t = named_by_path(r);
	if (t)
		web_remove(r, t->id, store_tenant_remove);
}
