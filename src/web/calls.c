/* web/calls.c - /api/v1/calls: the history, newest first, and what is in progress */
#include "call/decision.h"
#include "call/switchboard.h"
#include "web/find.h"
#include "web/policy.h"
#include "web/route.h"

/* The name that a side is known by: our user's; of a call that nobody answered, of whoever has the extension. */
static json_t *leg_name_json(const struct web_request *r, struct slice tenant, const struct store_leg *leg,
			     const struct directory_user *u)
{
	const struct directory_tenant *t = directory_tenant_by_id(r->context->directory, tenant);
	/* What an operator says is a number of the outside, whatever it looks like. */
	if (!u && t && slice_empty(leg->user) && slice_empty(leg->trunk))
		u = directory_user_by_extension(r->context->directory, t, leg->uri);
	return u ? web_json_text(u->name) : json_null();
}

static json_t *leg_json(const struct web_request *r, struct slice tenant, const struct store_leg *leg)
{
	const struct directory_user *u = directory_user_by_id(r->context->directory, leg->user);
	const struct directory_device *d = directory_device_by_id(r->context->directory, leg->device);
	const struct directory_trunk *t = directory_trunk_by_id(r->context->directory, leg->trunk);
	return WEB_OBJECT(
		{"uri", web_json_text_or_null(leg->uri)}, {"user", u ? web_json_text(u->login) : json_null()},
		{"name", leg_name_json(r, tenant, leg, u)}, {"device", d ? web_json_text(d->name) : json_null()},
		{"trunk", t ? web_json_text(t->name) : json_null()},
		{"transport", web_json_text_or_null(leg->transport)}, {"tls", web_json_text_or_null(leg->tls)},
		{"srtp", web_json_text_or_null(leg->srtp)}, {"keys_in_clear", json_boolean(leg->keys_in_clear)},
		{"codec", web_json_text_or_null(leg->codec)});
}

/* With what was measured, once it has ended. */
static json_t *ended_leg_json(const struct web_request *r, struct slice tenant, const struct store_leg *leg)
{
	json_t *o = leg_json(r, tenant, leg);
	if (!o)
		return NULL;
	if (web_json_set(o, "packets_in", json_integer(leg->packets_in)) &&
	    web_json_set(o, "packets_out", json_integer(leg->packets_out)) &&
	    web_json_set(o, "lost", json_integer(leg->lost)) &&
	    web_json_set(o, "jitter_us", json_integer(leg->jitter_us)) &&
	    web_json_set(o, "round_trip_us", json_integer(leg->round_trip_us)))
		return o;
	json_decref(o);
	return NULL;
}

/* In English, for who reads no other: a story has them by kind as well. */
static json_t *trace_json(struct slice trace)
{
	json_t *lines = json_array();
	struct decision d;
	while (lines && decision_next(&trace, &d)) {
		char line[WEB_DECISION_CAP];
		struct writer w = writer_on(line, sizeof(line));
		decision_write(&w, &d);
		if (json_array_append_new(lines, web_json_text(writer_slice(&w))) == 0)
			continue;
		json_decref(lines);
		lines = NULL;
	}
	return lines;
}

static json_t *duration_json(const struct store_call *c)
{
	if (!c->answered_us || !c->ended_us)
		return json_null();
	return json_integer((c->ended_us - c->answered_us) / MS_US);
}

json_t *web_call_json(const struct web_request *r, const struct store_call *c)
{
	return WEB_OBJECT({"id", web_json_text(c->id)}, {"tenant", web_tenant_name_json(r, c->tenant)},
			  {"from", web_json_text_or_null(c->caller.uri)}, {"to", web_json_text_or_null(c->callee.uri)},
			  {"started", web_json_time(c->started_us)}, {"answered", web_json_time(c->answered_us)},
			  {"ended", web_json_time(c->ended_us)}, {"duration_ms", duration_json(c)},
			  {"status", c->status ? json_integer(c->status) : json_null()},
			  {"cause", web_json_text_or_null(c->cause)}, {"ended_by", web_json_text_or_null(c->ended_by)},
			  {"caller", ended_leg_json(r, c->tenant, &c->caller)},
			  {"callee", ended_leg_json(r, c->tenant, &c->callee)}, {"trace", trace_json(c->trace)});
}

static bool history_item(struct web_listing *l, json_t **ret)
{
	if (l->at == l->count)
		return false;
	const struct store_call *c = &l->calls[l->at++];
	bool seen = web_policy_sees(l->request, c->tenant, c->caller.user, c->callee.user);
	*ret = seen ? web_call_json(l->request, c) : NULL;
	return true;
}

/* ---- in progress ---- */

static json_t *live_json(const struct web_request *r, const struct call_view *v)
{
	return WEB_OBJECT({"id", web_json_text(v->id)}, {"tenant", web_tenant_name_json(r, v->tenant)},
			  {"from", web_json_text_or_null(v->from)}, {"to", web_json_text_or_null(v->to)},
			  {"state", json_string(v->state)}, {"started", web_json_time(v->started_us)},
			  {"answered", web_json_time(v->answered_us)}, {"caller", leg_json(r, v->tenant, &v->caller)},
			  {"callee", leg_json(r, v->tenant, &v->callee)});
}

static bool live_item(struct web_listing *l, json_t **ret)
{
	struct call_view v;
	uint32_t here = l->slot;
	if (!switchboard_next_call(l->request->context->switchboard, l->tenant, &l->slot, &v))
		return false;
	if (l->written == l->limit) {
		snprintf(l->next, sizeof(l->next), "%u", here);
		return false;
	}
	*ret = web_policy_sees(l->request, v.tenant, v.caller.user, v.callee.user) ? live_json(l->request, &v) : NULL;
	return true;
}

static void list_live(struct web_request *r, const struct directory_tenant *t)
{
	struct web_listing *l = web_listing_of_slots(r);
	if (!l || (t && !web_keep(r, t->id, &l->tenant)))
		return;
	l->item = live_item;
	web_listing_write(l);
}

static const char *const filters[] = {"user", "number", "from", "to", "result", "answered", "q"};

static bool wants(const struct web_request *r, const char *name)
{
	return !slice_empty(web_argument(r, name));
}

/* False: answered. */
static bool read_filters(struct web_listing *l)
{
	struct web_request *r = l->request;
	struct store_calls_page *p = &l->of_calls;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (wants(r, filters[i]))
			p->scan = WEB_CALLS_SCANNED;
	/* Who is asked for may also be known without the parameter. */
	if (!slice_empty(l->user))
		p->scan = WEB_CALLS_SCANNED;
	p->from_us = web_moment_argument(r, "from");
	p->to_us = web_moment_argument(r, "to");
	if (wants(r, "answered"))
		p->answered = slice_eq(web_argument(r, "answered"), SLICE("true")) ? 1 : -1;
	return web_keep(r, web_argument(r, "number"), &p->number) &&
	       web_keep(r, web_argument(r, "result"), &p->cause) && web_listing_search(l);
}

/* What is in progress is a few hundred rows: they are not filtered. */
static bool live_alone(struct web_request *r)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (!wants(r, filters[i]))
			continue;
		web_problem(r, WEB_INVALID_PARAMETER, filters[i],
			    "%s is for the history: with live=true only tenant can be given", filters[i]);
		return false;
	}
	return true;
}

void web_calls_list(struct web_request *r)
{
	struct directory_tenant *t;
	struct directory_user *u;
	if (!web_tenant_argument(r, &t) || !web_user_argument(r, t, &u))
		return;
	if (slice_eq(web_argument(r, "live"), SLICE("true"))) {
		if (live_alone(r))
			list_live(r, t);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (!l || (t && !web_keep(r, t->id, &l->tenant)) || (u && !web_keep(r, u->id, &l->user)) || !read_filters(l))
		return;
	l->item = history_item;
	web_listing_start_calls(l);
}
