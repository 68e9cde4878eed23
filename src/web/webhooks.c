/* web/webhooks.c - /api/v1/webhooks: other people's servers, which a company has told of its calls and messages */
#include "crypto/crypto.h"
#include "web/access.h"
#include "web/find.h"
#include "web/hooks.h"
#include "web/outside.h"
#include "web/route.h"
#include "web/write.h"

#define PREFIX "alto_hook_" /* so that a scanner for leaked secrets knows one */
#define SECRET_CAP (sizeof(PREFIX) + WEB_SECRET_CHARS)

static void draw(const struct web_request *r, char ret[SECRET_CAP])
{
	snprintf(ret, SECRET_CAP, PREFIX);
	web_secret_draw(r->context->random, ret + strlen(PREFIX));
}

static const void *find(const struct web_request *r, struct slice id)
{
	return web_hooks_find(r->context->hooks, id);
}

static json_t *events_json(int64_t events)
{
	char text[128];
	struct writer w = writer_on(text, sizeof(text));
	for (int event = 0; event < STORE_EVENT_COUNT; event++) {
		if (!(events & 1 << event))
			continue;
		write_string(&w, w.n ? "," : "");
		write_string(&w, web_hook_event_name(event));
	}
	return web_json_text(writer_slice(&w));
}

static json_t *show(const struct web_request *r, const void *object)
{
	static const char *const states[] = {
		[STORE_WEBHOOK_ON] = "on", [STORE_WEBHOOK_OFF] = "off", [STORE_WEBHOOK_FAILED] = "failed"};
	const struct store_webhook *w = object;
	return WEB_OBJECT({"id", web_json_text(w->id)}, {"tenant", web_tenant_name_json(r, w->tenant)},
			  {"name", web_json_text(w->name)}, {"url", web_json_text(w->url)},
			  {"events", events_json(w->events)}, {"state", json_string(states[w->state])},
			  {"failing", web_json_time(w->failing_us)}, {"created", web_json_time(w->created_us)},
			  {"updated", web_json_time(w->updated_us)});
}

static const struct web_kind webhook = {STORE_WEBHOOK,
					"webhook",
					WEB_UNKNOWN_WEBHOOK,
					offsetof(struct store_webhook, id),
					offsetof(struct store_webhook, updated_us),
					find,
					show};

void web_webhooks_list(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && (!t || web_keep(r, t->id, &l->tenant)))
		web_kind_list(l, &webhook);
}

void web_webhooks_get(struct web_request *r)
{
	web_kind_get(r, &webhook);
}

void web_webhooks_remove(struct web_request *r)
{
	web_kind_remove(r, &webhook);
}

/* ---- make and change ---- */

struct webhook_change {
	struct web_change change;
	bool whole;
	struct slice tenant;
	struct web_webhook_fields given;
	char secret[SECRET_CAP]; /* of one that is made */
};

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	struct webhook_change *w = container_of(c, struct webhook_change, change);
	struct store_webhook *k = &next->webhook;
	if (!exists)
		*k = (struct store_webhook){.id = c->id,
					    .tenant = w->tenant,
					    .secret = slice_from_string(w->secret),
					    .state = STORE_WEBHOOK_OFF,
					    .created_us = c->now_us};
	web_give(&k->name, w->given.name);
	web_give(&k->url, w->given.url);
	if (!slice_empty(w->given.events) && !web_hook_events_read(w->given.events, &k->events))
		return false;
	if (slice_eq(w->given.state, SLICE("off"))) {
		k->state = STORE_WEBHOOK_OFF;
	} else if (!slice_empty(w->given.state) && k->state != STORE_WEBHOOK_ON) {
		k->state = STORE_WEBHOOK_ON;
		k->enabled_us = c->now_us;
		k->failing_us = 0;
	}
	return !w->whole || slice_eq(w->tenant, k->tenant);
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct webhook_change *w = container_of(c, struct webhook_change, change);
	const struct web_context *context = c->request->context;
	const struct store_webhook *now = web_hooks_find(context->hooks, c->id);
	struct slice tenant = now ? now->tenant : w->tenant;
	size_t count;
	const struct store_webhook *same = web_hooks_of(context->hooks, tenant, w->given.name, &count);
	if (!directory_tenant_by_id(context->directory, tenant))
		web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant", "the tenant was removed meanwhile");
	else if (same && !slice_eq(same->id, c->id))
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "there is a webhook %.*s already",
				SLICE_ARG(w->given.name));
	else if (!now && count >= STORE_WEBHOOKS_OF_TENANT)
		web_problem_set(ret, WEB_CONFLICT, NULL, "the tenant has %d webhooks, as many as there may be",
				STORE_WEBHOOKS_OF_TENANT);
	else
		return false;
	return true;
}

static bool add_secret(struct web_change *c, const void *object, json_t *answer)
{
	struct webhook_change *w = container_of(c, struct webhook_change, change);
	bool fine = !c->created || web_json_set(answer, "secret", json_string(w->secret));
	crypto_wipe(w->secret, sizeof(w->secret));
	return fine;
}

void web_webhooks_write(struct web_request *r)
{
	struct web_problem p;
	struct webhook_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	w->whole = web_use_of(r) == WEB_WHOLE;
	if (web_webhook_read(r->body, web_use_of(r), &w->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	draw(r, w->secret);
	w->change.merge = merge;
	w->change.taken = taken;
	w->change.add = add_secret;
	if (web_outside_may(r, "url", w->given.url) && web_tenant_of_body(r, w->given.tenant, &w->tenant) &&
	    web_change_begin(&w->change, r, &webhook))
		web_change_post(&w->change);
}

/* ---- a new secret ---- */

struct renewal {
	struct web_write write;
	struct slice id;
	char secret[SECRET_CAP];
};

static int renew_run(struct db *db, struct web_write *w)
{
	struct renewal *n = container_of(w, struct renewal, write);
	w->act.row.object = n->id;
	w->act.row.changed = SLICE("secret");
	return store_webhook_secret_set(db, n->id, slice_from_string(n->secret));
}

static void renewed(struct web_write *w)
{
	struct renewal *n = container_of(w, struct renewal, write);
	json_t *o = WEB_OBJECT({"id", web_json_text(n->id)}, {"secret", json_string(n->secret)});
	crypto_wipe(n->secret, sizeof(n->secret));
	web_answer_json(w->request, 200, o);
}

void web_webhooks_renew(struct web_request *r)
{
	struct renewal *n = web_kind_named(r, &webhook) ? web_alloc(r, sizeof(*n)) : NULL;
	const struct store_webhook *k = n ? web_hooks_find(r->context->hooks, r->id) : NULL;
	if (!k || !web_keep(r, k->id, &n->id) || !web_keep(r, k->tenant, &n->write.act.row.tenant) ||
	    !web_keep(r, k->name, &n->write.act.row.object_name))
		return;
	draw(r, n->secret);
	n->write.run = renew_run;
	n->write.committed = renewed;
	web_write_post(&n->write, r);
}
