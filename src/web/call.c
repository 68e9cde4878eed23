/* web/call.c - /api/v1/calls/{id}: one call's story, its SIP messages, and its end, or that of all of a tenant */
#include <errno.h>

#include "call/decision.h"
#include "call/switchboard.h"
#include "net/loop.h"
#include "store/messages.h"
#include "web/find.h"
#include "web/note.h"
#include "web/pace.h"
#include "web/policy.h"
#include "web/route.h"

static void unknown_call(struct web_request *r, const char *what)
{
	web_problem(r, WEB_UNKNOWN_CALL, NULL, "no call with the id \"%.*s\" is %s", SLICE_ARG(slice_first(r->id, 64)),
		    what);
}

static void not_in_history(struct web_request *r)
{
	unknown_call(r, "in the history");
}

/* ---- its story ---- */

struct story {
	struct store_job job;
	struct web_request *request;
	struct store_call call;
	bool found, failed;
};

static void take_story(void *arg, const struct store_call *c)
{
	struct story *s = arg;
	s->found = true;
	s->failed = !web_call_keep(&s->request->arena, c, &s->call);
}

static int story_run(struct db *db, struct store_job *job)
{
	struct story *s = container_of(job, struct story, job);
	return store_call_get(db, s->request->id, take_story, s);
}

/* "+1.250" is 1250. */
static int64_t at_ms(struct slice at)
{
	uint64_t s = 0, ms = 0;
	at = slice_from(at, 1);
	(void)!slice_u64(slice_cut(&at, '.'), INT32_MAX, &s);
	(void)!slice_u64(at, 999, &ms);
	return (int64_t)(s * 1000 + ms);
}

static json_t *decision_json(const struct decision *d)
{
	json_t *values = json_object();
	for (size_t i = 0; values && i < d->count; i++) {
		json_t *text = web_json_text(d->values[i].text);
		if (json_object_setn_new(values, d->values[i].name.p, d->values[i].name.n, text) == 0)
			continue;
		json_decref(values);
		values = NULL;
	}
	return WEB_OBJECT({"at_ms", json_integer(at_ms(d->at))}, {"kind", json_string(decision_name(d->kind))},
			  {"values", values});
}

static json_t *decisions_json(struct slice trace)
{
	json_t *list = json_array();
	struct decision d;
	while (list && decision_next(&trace, &d)) {
		if (json_array_append_new(list, decision_json(&d)) == 0)
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

static json_t *story_json(const struct web_request *r, const struct store_call *c)
{
	struct call_view live;
	const char *state = switchboard_find_call(r->context->switchboard, c->id, &live) ? live.state : "over";
	json_t *o = web_call_json(r, c);
	if (o && web_json_set(o, "state", json_string(state)) &&
	    web_json_set(o, "sip_call_id", web_json_text(c->call_id)) &&
	    web_json_set(o, "decisions", decisions_json(c->trace)))
		return o;
	json_decref(o);
	return NULL;
}

/* Who was in the call may read of it as often as they like. */
static bool is_own(const struct web_request *r, const struct store_call *c)
{
	struct slice user = r->who.user;
	return !slice_empty(user) && (slice_eq(user, c->caller.user) || slice_eq(user, c->callee.user));
}

static void show_story(struct web_request *r, const struct store_call *c)
{
	bool own = is_own(r, c);
	if (!own && !web_may_act(r))
		return;
	if (!own)
		web_note(r, &(struct web_note){.tenant = c->tenant, .object = c->id, .once_us = WEB_READ_TOLD_US});
	web_answer_json(r, 200, story_json(r, c));
}

static void story_done(struct store_job *job, int result)
{
	struct story *s = container_of(job, struct story, job);
	struct web_request *r = s->request;
	if (result != DB_OK)
		web_problem_store(r, result);
	else if (s->failed)
		web_problem_store(r, -ENOMEM);
	else if (!s->found || !web_policy_sees(r, s->call.tenant, s->call.caller.user, s->call.callee.user))
		not_in_history(r);
	else
		show_story(r, &s->call);
}

void web_call_get(struct web_request *r)
{
	struct story *s = web_alloc(r, sizeof(*s));
	if (!s || !web_keep(r, r->id, &r->id)) /* the job looks at it on another thread, and later */
		return;
	s->request = r;
	s->job = (struct store_job){.run = story_run, .done = story_done, .bytes = sizeof(*s), .read_only = true};
	int rc = store_post(r->context->store, &s->job);
	if (rc < 0)
		web_problem_store(r, rc);
}

/* ---- its messages ---- */

struct messages_page {
	struct slice call;
	struct slice tenant; /* whose; empty: the call's row is not there any more */
	struct store_message *rows;
	size_t bytes;
	bool seen; /* the call is one that may be looked at */
};

static void look_at_owner(void *arg, const struct store_call *c)
{
	struct web_listing *l = arg;
	struct messages_page *page = l->resource;
	page->seen = web_policy_sees(l->request, c->tenant, c->caller.user, c->callee.user);
	l->failed = !arena_dup(&l->request->arena, c->tenant, &page->tenant);
}

static bool take_message(void *arg, const struct store_message *m)
{
	struct web_listing *l = arg;
	struct messages_page *page = l->resource;
	if (l->count == l->limit || (l->count && m->text.n > WEB_MESSAGES_BYTES - page->bytes)) {
		snprintf(l->next, sizeof(l->next), "%lld", (long long)page->rows[l->count - 1].id);
		return false;
	}
	struct arena *a = &l->request->arena;
	struct store_message *kept = &page->rows[l->count];
	*kept = *m;
	l->failed = !arena_dup(a, m->transport, &kept->transport) || !arena_dup(a, m->remote, &kept->remote) ||
		    !arena_dup(a, m->text, &kept->text);
	page->bytes += MIN(m->text.n, WEB_MESSAGES_BYTES - page->bytes);
	l->count += !l->failed;
	return !l->failed;
}

static int messages_run(struct db *db, struct store_job *job)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	struct messages_page *page = l->resource;
	uint64_t after = 0;
	(void)!slice_u64(l->cursor, INT64_MAX, &after);
	page->seen = l->request->reach == WEB_REACH_ALL; /* also of a call whose row is not there any more */
	int rc = store_call_get(db, page->call, look_at_owner, l);
	if (rc == DB_OK && page->seen && !l->failed)
		rc = store_messages_list(db, page->call, (int64_t)after, take_message, l);
	if (!page->seen || (slice_empty(page->tenant) && slice_empty(l->cursor) && !l->count))
		l->absent = not_in_history;
	return rc;
}

static int flush_run(struct db *db, struct store_job *job)
{
	return DB_OK;
}

/* What has happened so far is written, or never will be: what there is can be read. */
static void flush_done(struct store_job *job, int result)
{
	web_listing_post(container_of(job, struct web_listing, job), messages_run);
}

static bool message_item(struct web_listing *l, json_t **ret)
{
	const struct messages_page *page = l->resource;
	if (l->at == l->count)
		return false;
	if (l->at == 0)
		web_note(l->request, &(struct web_note){.act = "read-messages",
							.tenant = page->tenant,
							.object = page->call,
							.once_us = WEB_READ_TOLD_US});
	const struct store_message *m = &page->rows[l->at++];
	*ret = WEB_OBJECT({"at", web_json_time(m->at_us)}, {"direction", json_string(m->sent ? "sent" : "received")},
			  {"side", json_string(m->callee ? "callee" : "caller")},
			  {"transport", web_json_text(m->transport)}, {"remote", web_json_text(m->remote)},
			  {"text", web_json_text(m->text)});
	return true;
}

static bool is_number(struct slice s)
{
	uint64_t n;
	return slice_u64(s, INT64_MAX, &n);
}

void web_call_messages(struct web_request *r)
{
	if (!web_may_act(r))
		return;
	struct web_listing *l = web_listing_new(r, is_number);
	struct messages_page *page = l ? web_alloc(r, sizeof(*page)) : NULL;
	if (!page || !web_keep(r, r->id, &page->call))
		return;
	page->rows = web_alloc(r, l->limit * sizeof(*page->rows));
	if (!page->rows)
		return;
	l->resource = page;
	l->item = message_item;
	switchboard_flush_messages(r->context->switchboard);
	l->job = (struct store_job){.run = flush_run, .done = flush_done, .bytes = sizeof(*l)};
	int rc = store_post(r->context->store, &l->job);
	if (rc < 0)
		web_problem_store(r, rc);
}

/* ---- its end ---- */

void web_call_hang_up(struct web_request *r)
{
	struct switchboard *sb = r->context->switchboard;
	struct call_view v;
	bool seen = switchboard_find_call(sb, r->id, &v) && web_policy_sees(r, v.tenant, v.caller.user, v.callee.user);
	if (!seen || switchboard_hang_up(sb, r->id) < 0) {
		unknown_call(r, "in progress");
		return;
	}
	web_note(r, &(struct web_note){.act = "ended", .tenant = v.tenant, .object = r->id});
	web_answer_json(r, 202, WEB_OBJECT({"id", web_json_text(r->id)}, {"state", json_string("ending")}));
}

struct clearing {
	struct web_request *request;
	struct slice tenant;
	uint32_t slot;
	json_int_t ended;
};

static void clear_some(struct timer *t, void *arg)
{
	struct clearing *c = arg;
	struct switchboard *sb = c->request->context->switchboard;
	struct call_view v;
	for (size_t i = 0; i < WEB_LIST_TURN; i++) {
		if (!switchboard_next_call(sb, c->tenant, &c->slot, &v)) {
			web_answer_json(c->request, 202, WEB_OBJECT({"ended", json_integer(c->ended)}));
			return;
		}
		if (strcmp(v.state, "ending") != 0)
			c->ended += switchboard_hang_up(sb, v.id) == 0;
	}
	timer_start(loop_wheel(c->request->context->loop), t, 0);
}

/* All of a tenant: named, so that nobody ends everybody's by leaving a word out. */
void web_calls_hang_up(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	if (!t) {
		web_problem(r, WEB_INVALID_PARAMETER, "tenant", "tenant must say whose calls are to be ended");
		return;
	}
	struct clearing *c = web_alloc(r, sizeof(*c));
	if (!c || !web_keep(r, t->id, &c->tenant))
		return;
	c->request = r;
	web_note(r, &(struct web_note){.act = "ended", .tenant = t->id});
	timer_init(&r->timer, clear_some, c);
	clear_some(&r->timer, c);
}
