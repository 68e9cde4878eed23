/* web/issuers.c - /api/v1/issuers: who vouches for a company's people when they log in (OpenID Connect) */
#include "web/issuer_learn.h"

#include "web/find.h"
#include "web/outside.h"
#include "web/route.h"
#include "web/sign_in.h"

static const void *find(const struct web_request *r, struct slice id)
{
	return directory_issuer_by_id(r->context->directory, id);
}

static json_t *on_or_off(bool on)
{
	return json_string(on ? "on" : "off");
}

static json_t *show(const struct web_request *r, const void *object)
{
	const struct directory_issuer *i = object;
	char path[64];
	const char *trouble = web_issuer_trouble(r->context->issuers, i);
	snprintf(path, sizeof(path), WEB_SIGN_IN_PATH "%.*s", SLICE_ARG(i->tenant->id));
	return WEB_OBJECT({"id", web_json_text(i->id)}, {"tenant", web_json_text(i->tenant->name)},
			  {"name", web_json_text(i->name)}, {"url", web_json_text(i->url)},
			  {"client_id", web_json_text(i->client_id)}, {"claim", web_json_text(i->claim)},
			  {"mail_domain", web_json_text(i->mail_domain)}, {"state", on_or_off(i->on)},
			  {"passwords", on_or_off(i->passwords)}, {"redirect_path", json_string(path)},
			  {"trouble", trouble ? json_string(trouble) : json_null()},
			  {"created", web_json_time(i->created_us)}, {"updated", web_json_time(i->updated_us)});
}

static const struct web_kind issuer = {STORE_ISSUER,
				       "issuer",
				       WEB_UNKNOWN_ISSUER,
				       offsetof(struct directory_issuer, id),
				       offsetof(struct directory_issuer, updated_us),
				       find,
				       show};

void web_issuers_list(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && (!t || web_keep(r, t->id, &l->tenant)))
		web_kind_list(l, &issuer);
}

void web_issuers_get(struct web_request *r)
{
	web_kind_get(r, &issuer);
}

void web_issuers_remove(struct web_request *r)
{
	web_kind_remove(r, &issuer);
}

/* ---- make and change ---- */

struct issuer_change {
	struct web_change change;
	bool whole;
	struct slice tenant;
	struct web_issuer_fields given;
};

static void give_switch(bool *to, struct slice given)
{
	if (!slice_empty(given))
		*to = slice_eq(given, SLICE("on"));
}

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	const struct issuer_change *w = container_of(c, struct issuer_change, change);
	struct store_issuer *i = &next->issuer;
	if (!exists)
		*i = (struct store_issuer){.id = c->id, .tenant = w->tenant, .created_us = c->now_us};
	web_give(&i->name, w->given.name);
	web_give(&i->url, w->given.url);
	web_give(&i->client_id, w->given.client_id);
	web_give(&i->client_secret, w->given.client_secret);
	web_give(&i->claim, w->given.claim);
	web_give(&i->mail_domain, w->given.mail_domain);
	give_switch(&i->on, w->given.state);
	give_switch(&i->passwords, w->given.passwords);
	return !w->whole || slice_eq(w->tenant, i->tenant);
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct issuer_change *w = container_of(c, struct issuer_change, change);
	struct directory *d = c->request->context->directory;
	const struct directory_issuer *now = directory_issuer_by_id(d, c->id);
	const struct directory_tenant *t = now ? now->tenant : directory_tenant_by_id(d, w->tenant);
	if (!t)
		web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant", "the tenant was removed meanwhile");
	else if (t->issuer && t->issuer != now)
		web_problem_set(ret, WEB_CONFLICT, "tenant", "tenant %.*s has an issuer already: change that one",
				SLICE_ARG(t->name));
	else
		return false;
	return true;
}

/* Addresses are of the company's own domain, unless it says of which. False: answered. */
static bool choose_mail_domain(struct web_request *r, struct issuer_change *w)
{
	const struct directory_tenant *t = directory_tenant_by_id(r->context->directory, w->tenant);
	return !w->whole || !slice_empty(w->given.mail_domain) || !t || web_keep(r, t->domain, &w->given.mail_domain);
}

void web_issuers_write(struct web_request *r)
{
	struct web_problem p;
	struct issuer_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	w->whole = web_use_of(r) == WEB_WHOLE;
	if (web_issuer_read(r->body, web_use_of(r), &w->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	w->change.merge = merge;
	w->change.taken = taken;
	if (web_outside_may(r, "url", w->given.url) && web_tenant_of_body(r, w->given.tenant, &w->tenant) &&
	    choose_mail_domain(r, w) && web_change_begin(&w->change, r, &issuer))
		web_change_post(&w->change);
}

/* ---- is it there ---- */

static void learned(struct web_learning *l, const struct web_issuer_facts *facts, const char *why)
{
	const struct web_context *c = l->request->context;
	const struct directory_issuer *i = directory_issuer_by_id(c->directory, l->request->id);
	/* What was asked of the row before says nothing of this one. */
	if (facts && i && i->updated_us == l->version)
		web_issuer_tell(c->issuers, i, NULL);
	if (facts)
		web_answer_empty(l->request);
	else
		web_problem(l->request, WEB_ISSUER_TROUBLE, "url", "the issuer cannot be used: %s", why);
}

void web_issuers_check(struct web_request *r)
{
	const struct directory_issuer *i = web_kind_named(r, &issuer);
	struct web_learning *l = i ? web_alloc(r, sizeof(*l)) : NULL;
	if (l)
		web_issuer_learn(r, i, true, l, learned);
}
