/* web/tokens.c - /api/v1/tokens: what programs show instead of a password */
#include "directory/directory.h"
#include "web/access.h"
#include "web/fields.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/policy.h"
#include "web/route.h"
#include "web/who.h"
#include "web/write.h"

#define DAY_US (86400 * SECOND_US)
#define PREFIX "alto_" /* so that a scanner for leaked secrets knows one */

/* A company is not told who works for the provider, or did when they made it. */
static json_t *maker_json(const struct web_request *r, const struct store_pass *p)
{
	const struct directory_user *u = directory_user_by_id(r->context->directory, p->maker);
	bool ours = u && slice_eq(u->tenant->id, p->tenant) && web_role_find(u->role) != WEB_PROVIDER;
	if (!u || (r->reach != WEB_REACH_ALL && !ours))
		return json_null();
	return WEB_OBJECT({"id", web_json_text(u->id)}, {"name", web_json_text(u->name)});
}

static bool is_suspended(const struct web_request *r, const struct store_pass *p)
{
	const struct web_pass *pass = r->context->access ? web_access_by_id(r->context->access, p->id) : NULL;
	return pass && !web_who_maker_may(r->context, pass);
}

static json_t *token_json(const struct web_request *r, const struct store_pass *p)
{
	bool of_tenant = !slice_empty(p->tenant);
	return WEB_OBJECT({"id", web_json_text(p->id)}, {"name", web_json_text(p->name)},
			  {"tenant", of_tenant ? web_tenant_name_json(r, p->tenant) : json_null()},
			  {"role", web_json_text(p->role)}, {"access", json_string(p->read_only ? "read" : "full")},
			  {"made_by", maker_json(r, p)}, {"suspended", json_boolean(is_suspended(r, p))},
			  {"created", web_json_time(p->created_us)},
			  {"used", p->used_us > p->created_us ? web_json_time(p->used_us) : json_null()},
			  {"expires", web_json_time(p->expires_us)});
}

/* ---- list ---- */

struct page {
	struct store_pass *rows;
};

static void take_row(void *arg, const void *row)
{
	struct web_listing *l = arg;
	struct page *page = l->resource;
	struct arena *a = &l->request->arena;
	const struct store_pass *from = row;
	/* One more than the page was asked for: it tells that there is another. */
	if (l->count == l->limit) {
		slice_to_string(page->rows[l->count - 1].id, l->next, sizeof(l->next));
		return;
	}
	struct store_pass *p = &page->rows[l->count++];
	*p = *from;
	l->failed = l->failed || !arena_dup(a, from->id, &p->id) || !arena_dup(a, from->tenant, &p->tenant) ||
		    !arena_dup(a, from->name, &p->name) || !arena_dup(a, from->role, &p->role) ||
		    !arena_dup(a, from->maker, &p->maker);
}

static int list_run(struct db *db, struct store_job *job)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	struct store_page page = {.tenant = l->tenant, .after = l->cursor, .limit = (int64_t)l->limit + 1};
	return store_tokens_list(db, &page, take_row, l);
}

static bool item(struct web_listing *l, json_t **ret)
{
	const struct page *page = l->resource;
	if (l->at == l->count)
		return false;
	*ret = token_json(l->request, &page->rows[l->at++]);
	return true;
}

void web_tokens_list(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	struct web_listing *l = web_listing_new(r, web_is_id);
	struct page *page = l ? web_alloc(r, sizeof(*page)) : NULL;
	if (!page || (t && !web_keep(r, t->id, &l->tenant)))
		return;
	page->rows = web_alloc(r, l->limit * sizeof(*page->rows));
	if (!page->rows)
		return;
	l->resource = page;
	l->item = item;
	web_listing_post(l, list_run);
}

/* ---- create ---- */

struct given {
	struct slice name, tenant, role, access;
	int64_t days; /* below zero: not given */
};

static bool is_access(struct slice s)
{
	return slice_eq(s, SLICE("full")) || slice_eq(s, SLICE("read"));
}

static const struct web_field fields[] = {
	{.name = "name",
	 .required = true,
	 .offset = offsetof(struct given, name),
	 .valid = web_is_display_name,
	 .must = "must be 1 to 128 bytes that say what it is for, without invisible characters"},
	{.name = "tenant",
	 .offset = offsetof(struct given, tenant),
	 .valid = web_is_reference,
	 .must = "must be the name or id of a tenant"},
	{.name = "role",
	 .offset = offsetof(struct given, role),
	 .valid = web_is_role,
	 .must = "must be user, admin, supervisor, auditor or provider"},
	{.name = "access",
	 .offset = offsetof(struct given, access),
	 .valid = is_access,
	 .must = "must be full or read"},
	{.name = "days",
	 .kind = WEB_NUMBER,
	 .offset = offsetof(struct given, days),
	 .max = WEB_TOKEN_DAYS_MAX,
	 .must = "must be a number of days up to 3650"},
};
const struct web_body web_token_body = {.schema = "Token", .fields = fields, .count = ARRAY_LEN(fields)};

struct token_write {
	struct web_write write;
	struct store_pass row;
	char token[sizeof(PREFIX) + WEB_SECRET_CHARS];
	uint8_t hash[STORE_PASS_HASH];
	bool full; /* there are as many as there may be */
};

static int create_run(struct db *db, struct web_write *w)
{
	struct token_write *t = container_of(w, struct token_write, write);
	int64_t count = 0;
	int rc = store_tokens_count(db, t->row.tenant, &count);
	t->full = count >= WEB_TOKENS_OF_TENANT;
	if (rc != DB_OK || t->full)
		return rc;
	w->act.row.tenant = t->row.tenant;
	w->act.row.object = t->row.id;
	w->act.row.object_name = t->row.name;
	return store_pass_put(db, &t->row);
}

static void created(struct web_write *w)
{
	struct token_write *t = container_of(w, struct token_write, write);
	if (t->full) {
		web_problem(w->request, WEB_CONFLICT, NULL, "there are %d tokens already: remove one that nobody uses",
			    WEB_TOKENS_OF_TENANT);
		return;
	}
	json_t *o = token_json(w->request, &t->row);
	if (o && !web_json_set(o, "token", json_string(t->token))) {
		json_decref(o);
		o = NULL;
	}
	web_answer_json(w->request, 201, o);
}

static bool gone(struct web_write *w, struct web_problem *ret)
{
	web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant",
			"the tenant was removed meanwhile, or whoever made the token");
	return true;
}

/* False: answered. */
static bool read_owner(struct web_request *r, const struct given *given, struct store_pass *row)
{
	const struct directory_tenant *t = slice_empty(given->tenant) ? NULL : web_tenant(r, given->tenant);
	if (slice_empty(given->tenant) && r->reach != WEB_REACH_ALL) {
		web_problem(r, WEB_MISSING_FIELD, "tenant",
			    "tenant is missing: name the company that the token is for");
		return false;
	}
	if (!t && !slice_empty(given->tenant)) {
		web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(given->tenant));
		return false;
	}
	row->role = !slice_empty(given->role) ? given->role : t ? SLICE("admin") : SLICE("provider");
	if ((web_role_find(row->role) == WEB_PROVIDER) != (t == NULL)) {
		web_problem(r, WEB_INVALID_FIELD, "role",
			    t ? "a token of a company cannot be the provider's: leave tenant out"
			      : "without a company a token is the provider's: say tenant");
		return false;
	}
	return !t || web_keep(r, t->id, &row->tenant);
}

/*
 * Who makes a token by a token makes it for the same person, and no longer than that one lasts: what somebody has got
 * hold of comes to its end. False: answered.
 */
static bool read_maker(struct web_request *r, int64_t days, struct store_pass *row)
{
	const struct web_pass *by = r->context->access ? web_access_by_id(r->context->access, r->who.pass) : NULL;
	row->expires_us = row->created_us + (days < 0 ? WEB_TOKEN_DAYS : MAX(days, INT64_C(1))) * DAY_US;
	if (!by || by->kind != STORE_TOKEN)
		return web_keep(r, r->who.user, &row->maker);
	if (row->expires_us > by->expires_us && days >= 0) {
		web_problem(r, WEB_INVALID_FIELD, "days",
			    "days is more than the %lld that the token you show lasts: it makes none that outlives it",
			    (long long)((by->expires_us - row->created_us) / DAY_US));
		return false;
	}
	row->expires_us = MIN(row->expires_us, by->expires_us);
	return web_keep(r, by->maker, &row->maker);
}

void web_tokens_create(struct web_request *r)
{
	struct web_problem p;
	struct given given = {.days = -1};
	if (web_fields_read(r->body, &web_token_body, WEB_WHOLE, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	struct token_write *t = web_alloc(r, sizeof(*t));
	if (!t || !web_new_id(r, &t->row.id) || !read_owner(r, &given, &t->row))
		return;
	snprintf(t->token, sizeof(t->token), PREFIX);
	web_secret_draw(r->context->random, t->token + strlen(PREFIX));
	web_secret_hash(slice_from_string(t->token), t->hash);
	t->row.kind = STORE_TOKEN;
	t->row.hash = slice_of(t->hash, sizeof(t->hash));
	t->row.name = given.name;
	t->row.read_only = slice_eq(given.access, SLICE("read"));
	t->row.created_us = t->row.used_us = web_now_us(r);
	if (!read_maker(r, given.days, &t->row))
		return;
	t->write.run = create_run;
	t->write.committed = created;
	t->write.explain = gone;
	web_write_post(&t->write, r);
}

/* ---- remove ---- */

void web_tokens_remove(struct web_request *r)
{
	const struct web_pass *p = r->context->access ? web_access_by_id(r->context->access, r->id) : NULL;
	if (p && p->kind == STORE_TOKEN && web_policy_sees(r, p->tenant, SLICE_NONE, SLICE_NONE))
		web_pass_remove(r, r->id);
	else
		web_problem(r, WEB_UNKNOWN_TOKEN, NULL, "there is no token with the id \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
}
