/* web/listing.c - reads a page on the store's reader, writes it in turns */
#include "web/listing.h"
#include <errno.h>

#include "net/loop.h"
#include "web/kind.h"

struct web_listing *web_listing_new(struct web_request *r, bool (*valid_cursor)(struct slice))
{
	struct slice limit = web_argument(r, "limit"), cursor = web_argument(r, "cursor");
	uint64_t n;
	if (!slice_u64(limit, WEB_LIST_MAX, &n))
		n = WEB_LIST_DEFAULT; /* not given */
	if (!slice_empty(cursor) && !valid_cursor(cursor)) {
		web_problem(r, WEB_INVALID_PARAMETER, "cursor", "cursor must be what the page before gave as \"next\"");
		return NULL;
	}
	struct web_listing *l = web_alloc(r, sizeof(*l));
	if (!l)
		return NULL;
	l->request = r;
	l->limit = n;
	if (!web_keep(r, cursor, &l->cursor))
		return NULL;
	return l;
}

static bool is_slot(struct slice s)
{
	uint64_t n;
	return slice_u64(s, UINT32_MAX, &n);
}

struct web_listing *web_listing_of_slots(struct web_request *r)
{
	uint64_t slot;
	struct web_listing *l = web_listing_new(r, is_slot);
	if (l && slice_u64(l->cursor, UINT32_MAX, &slot))
		l->slot = (uint32_t)slot;
	return l;
}

bool web_listing_search(struct web_listing *l)
{
	char pattern[2 * WEB_QUERY_MAX + 3];
	struct slice words = web_argument(l->request, "q");
	struct writer w = writer_on(pattern, sizeof(pattern));
	if (slice_empty(words))
		return true;
	bool fits = store_like(words, &w); /* web_parameters */
	ASSERT(fits);
	return web_keep(l->request, writer_slice(&w), &l->like);
}

/* ---- writing ---- */

static int append(const char *bytes, size_t n, void *arg)
{
	struct web_listing *l = arg;
	struct web_answer *a = &l->request->answer;
	if (n > WEB_ANSWER_MAX - a->n)
		return -1;
	if (n > l->cap - a->n) {
		size_t cap = MAX(l->cap * 2, a->n + n + 4096);
		char *grown = realloc(a->bytes, cap);
		if (!grown)
			return -1;
		a->bytes = grown;
		l->cap = cap;
	}
	memcpy(a->bytes + a->n, bytes, n);
	a->n += n;
	return 0;
}

static int append_string(struct web_listing *l, const char *s)
{
	return append(s, strlen(s), l);
}

static void finish(struct web_listing *l)
{
	struct web_request *r = l->request;
	json_t *next = *l->next ? json_string(l->next) : json_null();
	int rc = append_string(l, "],\"next\":");
	if (rc == 0)
		rc = next ? json_dump_callback(next, append, l, JSON_COMPACT | JSON_ENCODE_ANY) : -1;
	json_decref(next);
	if (rc == 0)
		rc = append_string(l, "}");
	char *bytes = r->answer.bytes;
	size_t n = r->answer.n;
	r->answer.bytes = NULL;
	r->answer.n = 0;
	if (rc < 0) {
		free(bytes);
		web_problem_store(r, -ENOMEM);
		return;
	}
	web_answer_text(r, 200, "application/json", bytes, n);
}

static int write_item(struct web_listing *l, json_t *item)
{
	int rc = l->written++ ? append_string(l, ",") : 0;
	if (rc == 0)
		rc = json_dump_callback(item, append, l, JSON_COMPACT);
	json_decref(item);
	return rc;
}

static void fail(struct web_listing *l)
{
	free(l->request->answer.bytes);
	l->request->answer.bytes = NULL;
	l->request->answer.n = 0;
	web_problem_store(l->request, -ENOMEM);
}

static void write_some(struct timer *t, void *arg)
{
	struct web_listing *l = arg;
	if (!l->request->peer) {
		web_answer_empty(l->request); /* nobody reads it any more */
		return;
	}
	for (size_t i = 0; i < WEB_LIST_TURN; i++) {
		json_t *item = NULL;
		if (!l->item(l, &item)) {
			finish(l);
			return;
		}
		if (item && write_item(l, item) < 0) {
			fail(l);
			return;
		}
	}
	timer_start(loop_wheel(l->request->context->loop), t, 0);
}

void web_listing_write(struct web_listing *l)
{
	if (append_string(l, "{\"items\":[") < 0) {
		fail(l);
		return;
	}
	timer_init(&l->request->timer, write_some, l);
	write_some(&l->request->timer, l);
}

void web_listing_answer_one(struct web_request *r, bool found, json_t *item)
{
	json_t *items = json_array();
	if (items && found && json_array_append_new(items, item) < 0) {
		json_decref(items);
		items = NULL;
	}
	web_answer_json(r, 200, WEB_OBJECT({"items", items}, {"next", json_null()}));
}

/* ---- reading: on the store's thread; the request's arena is the job's until done() ---- */

/* One row more than the page says that there is another page. */
static bool page_has_room(struct web_listing *l)
{
	if (l->count < l->limit)
		return true;
	struct slice last = l->ids ? l->ids[l->limit - 1] : l->calls[l->limit - 1].id;
	slice_to_string(last, l->next, sizeof(l->next));
	return false;
}

static void take_id(void *arg, const void *row)
{
	struct web_listing *l = arg;
	/* Every kind of row begins with its id. */
	const struct slice *id = row;
	if (l->failed || !page_has_room(l))
		return;
	if (arena_dup(&l->request->arena, *id, &l->ids[l->count]))
		l->count++;
	else
		l->failed = true;
}

static int run_ids(struct db *db, struct store_job *job)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	struct store_page page = {.tenant = l->tenant,
				  .user = l->user,
				  .role = l->role,
				  .like = l->like,
				  .after = l->cursor,
				  .limit = (int64_t)l->limit + 1};
	return store_list(db, l->kind, &page, take_id, l);
}

static bool keep_leg(struct arena *a, struct store_leg *leg)
{
	struct slice *texts[] = {&leg->user,      &leg->device, &leg->trunk, &leg->uri,
				 &leg->transport, &leg->tls,    &leg->srtp,  &leg->codec};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!arena_dup(a, *texts[i], texts[i]))
			return false;
	return true;
}

bool web_call_keep(struct arena *a, const struct store_call *c, struct store_call *ret)
{
	*ret = *c;
	return arena_dup(a, c->id, &ret->id) && arena_dup(a, c->tenant, &ret->tenant) &&
	       arena_dup(a, c->call_id, &ret->call_id) && arena_dup(a, c->cause, &ret->cause) &&
	       arena_dup(a, c->ended_by, &ret->ended_by) && arena_dup(a, c->trace, &ret->trace) &&
	       keep_leg(a, &ret->caller) && keep_leg(a, &ret->callee);
}

static void take_call(void *arg, const struct store_call *c)
{
	struct web_listing *l = arg;
	if (l->failed || !page_has_room(l))
		return;
	if (web_call_keep(&l->request->arena, c, &l->calls[l->count]))
		l->count++;
	else
		l->failed = true;
}

static int run_calls(struct db *db, struct store_job *job)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	char more[STORE_ID_CAP];
	l->of_calls.tenant = l->tenant;
	l->of_calls.user = l->user;
	l->of_calls.like = l->like;
	l->of_calls.before = l->cursor;
	l->of_calls.limit = (int64_t)l->limit + 1;
	int rc = store_calls_list(db, &l->of_calls, take_call, l, more);
	if (rc == DB_OK && !*l->next)
		snprintf(l->next, sizeof(l->next), "%s", more);
	return rc;
}

static void done(struct store_job *job, int result)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	if (result != DB_OK)
		web_problem_store(l->request, result);
	else if (l->failed)
		web_problem_store(l->request, -ENOMEM);
	else if (l->absent)
		l->absent(l->request);
	else
		web_listing_write(l);
}

void web_listing_post(struct web_listing *l, int (*run)(struct db *db, struct store_job *job))
{
	l->job = (struct store_job){.run = run, .done = done, .bytes = sizeof(*l), .read_only = true};
	int rc = store_post(l->request->context->store, &l->job);
	if (rc < 0)
		web_problem_store(l->request, rc);
}

void web_listing_start(struct web_listing *l)
{
	l->ids = web_alloc(l->request, l->limit * sizeof(*l->ids));
	if (l->ids)
		web_listing_post(l, run_ids);
}

void web_listing_start_calls(struct web_listing *l)
{
	l->calls = web_alloc(l->request, l->limit * sizeof(*l->calls));
	if (l->calls)
		web_listing_post(l, run_calls);
}
