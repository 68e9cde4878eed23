/* web/audit.c - /api/v1/audit: who did what, when and from where; and whether the rows still follow one another */
#include "store/audit.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/pace.h"
#include "web/route.h"

/* ---- one row as JSON ---- */

static json_t *named(struct slice id, struct slice name)
{
	if (slice_empty(id) && slice_empty(name))
		return json_null();
	return WEB_OBJECT({"id", web_json_text_or_null(id)}, {"name", web_json_text_or_null(name)});
}

/* Who works for the provider is no business of its customers: they are told that it was the provider. */
static bool is_hidden(const struct web_request *r, const struct store_audit *a)
{
	bool nobody = slice_eq(a->actor_kind, SLICE("nobody"));
	return r->reach != WEB_REACH_ALL && !nobody && slice_empty(a->actor_tenant);
}

static json_t *actor_json(const struct web_request *r, const struct store_audit *a)
{
	if (is_hidden(r, a))
		return WEB_OBJECT({"kind", json_string("provider")}, {"id", json_null()}, {"name", json_null()});
	return WEB_OBJECT({"kind", web_json_text(a->actor_kind)}, {"id", web_json_text_or_null(a->actor)},
			  {"name", web_json_text_or_null(a->actor_name)});
}

/* "role=user>admin" */
static json_t *change_json(struct slice one)
{
	struct slice field = slice_cut(&one, '=');
	struct slice from = slice_cut(&one, '>');
	return WEB_OBJECT({"field", web_json_text(field)}, {"from", web_json_text_or_null(from)},
			  {"to", web_json_text_or_null(one)});
}

static json_t *changes_json(struct slice changed)
{
	json_t *list = json_array();
	while (list && !slice_empty(changed)) {
		if (json_array_append_new(list, change_json(slice_cut(&changed, ','))) == 0)
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

/* What is in the database: also of another length, where somebody has been at it. */
static json_t *hash_json(struct slice hash)
{
	char text[2 * STORE_AUDIT_HASH];
	struct writer w = writer_on(text, sizeof(text));
	write_hex(&w, hash.p, MIN(hash.n, (size_t)STORE_AUDIT_HASH));
	return web_json_text(writer_slice(&w));
}

static json_t *audit_json(const struct web_request *r, const struct store_audit *a)
{
	return WEB_OBJECT({"id", web_json_text(a->id)}, {"number", json_integer(a->number)},
			  {"at", web_json_time(a->at_us)},
			  {"tenant", slice_empty(a->tenant) ? json_null() : web_tenant_name_json(r, a->tenant)},
			  {"actor", actor_json(r, a)},
			  {"address", is_hidden(r, a) ? json_null() : web_json_text_or_null(a->address)},
			  {"act", web_json_text(a->act)}, {"thing", web_json_text(a->thing)},
			  {"object", named(a->object, a->object_name)}, {"owner", named(a->owner, a->owner_name)},
			  {"changed", changes_json(a->changed)}, {"how", web_json_text_or_null(a->how)},
			  {"failed", json_integer(a->failed)}, {"hash", hash_json(a->hash)});
}

/* ---- list ---- */

struct page {
	struct store_audit_page asked;
	const struct store_audit **rows;
};

static void take_row(void *arg, const struct store_audit *a)
{
	struct web_listing *l = arg;
	struct page *page = l->resource;
	page->rows[l->count] = store_audit_copy(&l->request->arena, a);
	if (page->rows[l->count])
		l->count++;
	else
		l->failed = true;
}

static int list_run(struct db *db, struct store_job *job)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	const struct page *page = l->resource;
	char more[STORE_ID_CAP];
	int rc = store_audit_list(db, &page->asked, take_row, l, more);
	if (rc == DB_OK)
		snprintf(l->next, sizeof(l->next), "%s", more);
	return rc;
}

static bool item(struct web_listing *l, json_t **ret)
{
	const struct page *page = l->resource;
	if (l->at == l->count)
		return false;
	*ret = audit_json(l->request, page->rows[l->at++]);
	return true;
}

/* What was removed is still asked for, by its id. False: answered. */
static bool read_tenant(struct web_request *r, bool *ret_all, struct slice *ret)
{
	struct slice given = web_argument(r, "tenant");
	struct directory_tenant *t = NULL;
	*ret_all = false;
	if (r->reach == WEB_REACH_ALL && web_is_id(given))
		return web_keep(r, given, ret);
	if (!web_tenant_argument(r, &t))
		return false;
	*ret_all = !t;
	return !t || web_keep(r, t->id, ret);
}

/* False: answered. */
static bool read_user(struct web_request *r, const struct store_audit_page *asked, struct slice *ret)
{
	struct directory_user *u;
	struct slice given = web_argument(r, "user");
	if (web_is_id(given))
		return web_keep(r, given, ret);
	if (!web_user_argument(r, directory_tenant_by_id(r->context->directory, asked->tenant), &u))
		return false;
	return !u || web_keep(r, u->id, ret);
}

void web_audit_list(struct web_request *r)
{
	struct web_listing *l = web_listing_new(r, web_is_id);
	struct page *page = l ? web_alloc(r, sizeof(*page)) : NULL;
	if (!page)
		return;
	struct store_audit_page *asked = &page->asked;
	if (!read_tenant(r, &asked->all, &asked->tenant) || !read_user(r, asked, &asked->user) ||
	    !web_keep(r, web_argument(r, "act"), &asked->act) || !web_keep(r, web_argument(r, "thing"), &asked->thing))
		return;
	asked->hidden = r->reach != WEB_REACH_ALL;
	asked->from_us = web_moment_argument(r, "from");
	asked->to_us = web_moment_argument(r, "to");
	asked->before = l->cursor;
	asked->limit = (int64_t)l->limit;
	asked->scan = WEB_AUDIT_SCANNED;
	page->rows = web_alloc(r, l->limit * sizeof(void *));
	if (!page->rows)
		return;
	l->resource = page;
	l->item = item;
	web_listing_post(l, list_run);
}

/* ---- does each follow from the one before ---- */

struct check {
	struct store_job job;
	struct web_request *request;
	struct slice tenant;
	int64_t last;
	struct store_audit_chain chain;
};

static int check_run(struct db *db, struct store_job *job)
{
	struct check *c = container_of(job, struct check, job);
	return store_audit_check(db, c->tenant, c->last, WEB_AUDIT_CHECKED, &c->chain);
}

static void checked(struct store_job *job, int result)
{
	struct check *c = container_of(job, struct check, job);
	const struct store_audit_chain *chain = &c->chain;
	if (result != DB_OK) {
		web_problem_store(c->request, result);
		return;
	}
	web_answer_json(c->request, 200,
			WEB_OBJECT({"rows", json_integer(chain->rows)}, {"first", json_integer(chain->first)},
				   {"last", json_integer(chain->last)},
				   {"broken", chain->broken ? json_integer(chain->broken) : json_null()},
				   {"hash", chain->rows ? hash_json(slice_of(chain->hash, sizeof(chain->hash)))
							: json_null()}));
}

/* Of one company; without a name, of the provider's own. */
void web_audit_check(struct web_request *r)
{
	bool all;
	uint64_t last;
	if (!web_may_check(r))
		return;
	struct check *c = web_alloc(r, sizeof(*c));
	if (!c || !read_tenant(r, &all, &c->tenant))
		return;
	c->last = slice_u64(web_argument(r, "last"), INT64_MAX, &last) ? (int64_t)last : INT64_MAX;
	c->request = r;
	c->job = (struct store_job){.run = check_run, .done = checked, .bytes = sizeof(*c), .read_only = true};
	int rc = store_post(r->context->store, &c->job);
	if (rc < 0)
		web_problem_store(r, rc);
}
