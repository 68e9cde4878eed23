/* web/kind.c - shows resources with their tags, and brings changes through the store */
#include "web/kind.h"
#include <errno.h>

#include "net/loop.h"

/* What a row, its change, what is told of it and the bookkeeping hold at most: every field is bounded by web/check.c.
 */
#define CHANGE_BYTES 4096

/* ---- showing ---- */

static void unknown(struct web_request *r, const struct web_kind *of)
{
	web_problem(r, of->unknown, NULL, "there is no %s%s \"%.*s\"", of->noun,
		    of->kind == STORE_TENANT ? "" : " with the id", SLICE_ARG(slice_first(r->id, 64)));
}

const void *web_kind_named(struct web_request *r, const struct web_kind *of)
{
	const void *object = of->find(r, r->id);
	if (!object)
		unknown(r, of);
	return object;
}

static int64_t version_of(const struct web_kind *of, const void *object)
{
	return *(const int64_t *)(const void *)((const char *)object + of->updated);
}

/* The object with its tag, which is of what a GET shows, without c's addition. c NULL: this is a GET. */
static void answer(struct web_request *r, const struct web_kind *of, const void *object, struct web_change *c)
{
	char *etag = web_alloc(r, WEB_ETAG_CAP);
	if (!etag)
		return;
	json_t *shown = of->show(r, object);
	char *text = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
	if (!text) {
		json_decref(shown);
		web_problem_store(r, -ENOMEM);
		return;
	}
	web_etag_write(version_of(of, object), slice_from_string(text), etag);
	r->answer.etag = etag;
	if (!c && web_etag_is_known(r->if_none_match, r->answer.etag)) {
		json_decref(shown);
		free(text);
		web_answer_text(r, 304, NULL, NULL, 0);
	} else if (c && c->add) {
		free(text);
		if (!c->add(c, object, shown)) {
			json_decref(shown);
			shown = NULL;
		}
		web_answer_json(r, c->created ? 201 : 200, shown);
	} else {
		json_decref(shown);
		web_answer_text(r, c && c->created ? 201 : 200, "application/json", text, strlen(text));
	}
}

void web_kind_get(struct web_request *r, const struct web_kind *of)
{
	const void *object = web_kind_named(r, of);
	if (object)
		answer(r, of, object, NULL);
}

static bool item(struct web_listing *l, json_t **ret)
{
	const struct web_kind *of = l->resource;
	if (l->at == l->count)
		return false;
	const void *object = of->find(l->request, l->ids[l->at++]);
	*ret = object ? of->show(l->request, object) : NULL;
	return true;
}

void web_kind_list(struct web_listing *l, const struct web_kind *of)
{
	/* A listing gives its resource back to its own functions alone, which do not write to it. */
	l->resource = (void *)(uintptr_t)of;
	l->kind = of->kind;
	l->item = item;
	web_listing_start(l);
}

/* ---- changing: on the store's thread ---- */

static bool allowed(struct web_change *c, int64_t version)
{
	c->stale = !web_etag_allows(c->request->if_match, c->request->if_none_match, version);
	return !c->stale;
}

/* now NULL: there is none. */
static int write_row(struct db *db, struct web_change *c, const void *now)
{
	enum store_kind kind = c->of->kind;
	int64_t version = now ? store_updated_us(kind, now) : -1;
	union store_any_row next;
	if (!allowed(c, version))
		return DB_CONFLICT;
	if (!now && !c->may_create)
		return DB_OK;
	memset(&next, 0, sizeof(next));
	if (now)
		memcpy(&next, now, store_row_bytes(kind));
	c->foreign = !c->merge(c, now != NULL, &next);
	if (c->foreign)
		return DB_CONFLICT;
	/* The same request again changes nothing, not even the tag. */
	if (now && store_same(kind, now, &next))
		return DB_OK;
	store_set_updated_us(kind, &next, MAX(c->now_us, version + 1));
	c->created = !now;
	int rc = store_put(db, kind, &next);
	web_act_of_rows(&c->act, kind, now, &next);
	return rc == DB_OK ? web_act_write(db, &c->act) : rc;
}

struct reading {
	struct db *db;
	struct web_change *c;
};

static void found(void *arg, const void *row)
{
	struct reading *reading = arg;
	reading->c->exists = true;
	reading->c->rc = write_row(reading->db, reading->c, row);
}

static int change_run(struct db *db, struct store_job *job)
{
	struct web_change *c = container_of(job, struct web_change, job);
	struct reading reading = {.db = db, .c = c};
	c->exists = c->created = false;
	int rc = store_get(db, c->of->kind, c->id, found, &reading);
	if (rc != DB_OK)
		return rc;
	return c->exists ? c->rc : write_row(db, c, NULL);
}

/* Told before it is done: names are looked up that go with it. */
static void seen(void *arg, const void *row)
{
	const struct reading *reading = arg;
	struct web_change *c = reading->c;
	c->exists = true;
	c->rc = allowed(c, store_updated_us(c->of->kind, row)) ? DB_OK : DB_CONFLICT;
	if (c->rc != DB_OK)
		return;
	web_act_of_rows(&c->act, c->of->kind, row, NULL);
	c->rc = web_act_write(reading->db, &c->act);
}

static int removal_run(struct db *db, struct store_job *job)
{
	struct web_change *c = container_of(job, struct web_change, job);
	struct reading reading = {.db = db, .c = c};
	c->exists = false;
	int rc = store_get(db, c->of->kind, c->id, seen, &reading);
	if (rc != DB_OK || !c->exists)
		return rc;
	if (c->rc == DB_OK && c->leave)
		c->rc = c->leave(db, c);
	return c->rc == DB_OK ? store_remove(db, c->of->kind, c->id) : c->rc;
}

/* ---- and their ends ---- */

static void refuse(struct web_change *c, int result)
{
	struct web_problem p;
	if (result != DB_CONFLICT)
		web_problem_store(c->request, result);
	else if (c->stale)
		web_problem(c->request, WEB_PRECONDITION_FAILED, NULL,
			    "the %s is not as the request's If-Match or If-None-Match says: read it again",
			    c->of->noun);
	else if (c->foreign)
		web_problem(c->request, WEB_ID_TAKEN, NULL,
			    "the id belongs to a %s of somebody else, or to another number: it stays where it was made",
			    c->of->noun);
	else if (c->taken && c->taken(c, &p))
		web_problem_given(c->request, &p);
	else
		web_problem_store(c->request, result);
}

static void change_done(struct store_job *job, int result)
{
	struct web_change *c = container_of(job, struct web_change, job);
	const void *object = c->of->find(c->request, c->id);
	if (result != DB_OK)
		refuse(c, result);
	else if (object)
		answer(c->request, c->of, object, c);
	else
		web_problem(c->request, c->of->unknown, NULL, "the %s was removed meanwhile", c->of->noun);
}

static void removal_done(struct store_job *job, int result)
{
	struct web_change *c = container_of(job, struct web_change, job);
	if (result == DB_OK)
		web_answer_empty(c->request);
	else
		refuse(c, result);
}

static void post(struct web_change *c, int (*run)(struct db *, struct store_job *),
		 void (*done)(struct store_job *, int))
{
	web_act_begin(&c->act, c->request);
	c->job = (struct store_job){.run = run, .done = done, .bytes = CHANGE_BYTES};
	int rc = store_post(c->request->context->store, &c->job);
	if (rc < 0)
		web_problem_store(c->request, rc);
}

static bool new_id(struct web_change *c)
{
	char *id = web_alloc(c->request, STORE_ID_CAP);
	if (!id)
		return false;
	store_new_id(c->request->context->random, c->now_us, id);
	c->id = slice_of(id, STORE_ID_CAP - 1);
	return true;
}

static bool named_id(struct web_change *c)
{
	struct web_request *r = c->request;
	const void *object = c->of->find(r, r->id);
	if (!object && !(r->method == WEB_PUT && web_is_id(r->id))) {
		unknown(r, c->of);
		return false;
	}
	/* A tenant is found by its name too. */
	struct slice id = r->id;
	if (object)
		id = *(const struct slice *)(const void *)((const char *)object + c->of->id);
	return web_keep(r, id, &c->id);
}

bool web_change_begin(struct web_change *c, struct web_request *r, const struct web_kind *of)
{
	c->request = r;
	c->of = of;
	c->now_us = web_now_us(r);
	c->may_create = r->method != WEB_PATCH;
	return r->method == WEB_POST ? new_id(c) : named_id(c);
}

void web_change_post(struct web_change *c)
{
	struct web_problem p;
	/* At once, without asking the store; it has the last word all the same. */
	if (c->taken(c, &p))
		web_problem_given(c->request, &p);
	else
		post(c, change_run, change_done);
}

void web_kind_remove(struct web_request *r, const struct web_kind *of)
{
	web_kind_remove_with(r, of, NULL);
}

void web_kind_remove_with(struct web_request *r, const struct web_kind *of,
			  int (*leave)(struct db *db, struct web_change *c))
{
	if (!web_kind_named(r, of))
		return;
	struct web_change *c = web_alloc(r, sizeof(*c));
	if (!c || !web_change_begin(c, r, of))
		return;
	c->leave = leave;
	post(c, removal_run, removal_done);
}

/* ---- memory ---- */

bool web_keep(struct web_request *r, struct slice s, struct slice *ret)
{
	if (arena_dup(&r->arena, s, ret))
		return true;
	web_problem_store(r, -ENOMEM);
	return false;
}

void *web_alloc(struct web_request *r, size_t n)
{
	void *p = arena_alloc(&r->arena, n);
	if (!p)
		web_problem_store(r, -ENOMEM);
	return p;
}
