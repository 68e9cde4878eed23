/* web/who.c - looks at what a request shows */
#include "web/who.h"

#include "crypto/crypto.h"
#include "directory/directory.h"
#include "net/loop.h"
#include "web/access.h"
#include "web/policy.h"
#include "web/write.h"

const char *web_cookie_name(enum web_plane plane)
{
	return plane == WEB_ADMIN ? "__Host-alto-admin" : "__Host-alto";
}

const char *web_attempt_name(enum web_plane plane)
{
	return plane == WEB_ADMIN ? "__Host-alto-admin-attempt" : "__Host-alto-attempt";
}

/*
 * A browser says who made the page that asks (RFC 6454 §7; always where the method may change something). One page that
 * is served by us asks; Host need not be a name of ours, but a browser sends both from where it believes to be.
 */
static bool is_own_origin(const struct web_shown *s)
{
	struct slice rest = s->origin;
	struct slice scheme = SLICE("https://");
	return slice_eq(slice_first(rest, scheme.n), scheme) && !slice_empty(s->host) &&
	       slice_caseeq(slice_from(rest, scheme.n), s->host);
}

/* The provider is let in on its own plane alone, and nobody else is. */
static bool fits_plane(const struct web_request *r, enum web_role role)
{
	return role != WEB_NOBODY && (role == WEB_PROVIDER) == (r->plane == WEB_ADMIN);
}

static bool take(struct web_request *r, const struct web_pass *p, enum web_role role)
{
	struct web_who *who = &r->who;
	if (!web_keep(r, p->id, &who->pass) || !web_keep(r, p->tenant, &who->tenant) ||
	    !web_keep(r, p->user, &who->user))
		return false;
	who->role = role;
	who->read_only = p->read_only;
	return true;
}

static bool refuse(struct web_request *r, const char *sentence)
{
	web_problem(r, WEB_NO_LOGIN, NULL, "%s", sentence);
	return false;
}

/* A session that was used is good for longer, a token is known to be needed: that is written from time to time. */
struct touch {
	struct store_job job;
	int64_t now_us;
	size_t id_n;
	char id[];
};

static int touch_run(struct db *db, struct store_job *job)
{
	const struct touch *t = container_of(job, struct touch, job);
	return store_pass_use(db, slice_of(t->id, t->id_n), t->now_us);
}

static void touch_done(struct store_job *job, int result)
{
	free(container_of(job, struct touch, job));
}

static void touch(struct web_request *r, struct web_pass *p)
{
	int64_t now_us = web_now_us(r);
	struct touch *t = calloc(1, sizeof(*t) + p->id.n);
	if (!t)
		return; /* or the next request writes it */
	p->used_us = t->now_us = now_us;
	t->id_n = p->id.n;
	memcpy(t->id, p->id.p, p->id.n);
	t->job = (struct store_job){.run = touch_run, .done = touch_done, .bytes = 256};
	if (store_post(r->context->store, &t->job) < 0)
		free(t);
}

bool web_who_maker_may(const struct web_context *c, const struct web_pass *p)
{
	if (slice_empty(p->maker))
		return true;
	const struct directory_user *u = directory_user_by_id(c->directory, p->maker);
	if (!u)
		return false;
	enum web_role own = web_role_find(u->role), role = web_role_find(p->role);
	/* An auditor's rights are no part of a supervisor's. An admin has both, and everybody a user's. */
	bool within = own == WEB_COMPANY_ADMIN || role == own || role == WEB_USER;
	return own == WEB_PROVIDER || (within && slice_eq(u->tenant->id, p->tenant));
}

static bool by_token(struct web_request *r)
{
	struct web_pass *p = web_access_find(r->context->access, r->shown.bearer, web_now_us(r));
	if (!p || p->kind != STORE_TOKEN ||
	    (!slice_empty(p->tenant) && !directory_tenant_by_id(r->context->directory, p->tenant)))
		return refuse(r, "there is no such token, or its time is over");
	enum web_role role = web_role_find(p->role);
	if (!web_who_maker_may(r->context, p))
		return refuse(r, "whoever made this token may no longer do what it does");
	if (!fits_plane(r, role))
		return refuse(r, role == WEB_PROVIDER ? "a token of the provider is good on listen.admin alone"
						      : "this address is the provider's");
	if (p->used_us == p->created_us || web_now_us(r) - p->used_us >= WEB_TOKEN_USED_US)
		touch(r, p);
	return take(r, p, role);
}

static bool by_session(struct web_request *r)
{
	struct web_pass *p = web_access_find(r->context->access, r->shown.session, web_now_us(r));
	const struct directory_user *u = p ? directory_user_by_id(r->context->directory, p->user) : NULL;
	/* Whose role has changed logs in again. An old cookie is nobody's: the page is told to log in. */
	if (!p || p->kind != STORE_SESSION || !u || !slice_eq(u->role, p->role) ||
	    web_now_us(r) - p->used_us > WEB_SESSION_IDLE_US || !fits_plane(r, web_role_find(u->role)))
		return true;
	/* A WebSocket may be opened by any page, and its cookies go with it: RFC 6455 §10.2. */
	if (r->upgrade && !is_own_origin(&r->shown)) {
		web_problem(r, WEB_FOREIGN, NULL, "the page that asks is not this server's (Origin)");
		return false;
	}
	if (r->method != WEB_GET) {
		char csrf[WEB_CSRF_CHARS + 1];
		web_csrf(r->shown.session, csrf);
		bool same = r->shown.csrf.n == WEB_CSRF_CHARS && crypto_equal(r->shown.csrf.p, csrf, WEB_CSRF_CHARS);
		if (!same || !is_own_origin(&r->shown)) {
			web_problem(r, WEB_FOREIGN, NULL,
				    "with a session, Origin must be this server's and X-CSRF-Token as GET "
				    "/api/v1/session gives it");
			return false;
		}
	}
	if (web_now_us(r) - p->used_us >= WEB_SESSION_USED_US)
		touch(r, p);
	return take(r, p, web_role_find(u->role));
}

bool web_who_concerns(const struct store_change *change)
{
	return change->kind == STORE_PASS || change->kind == STORE_USER || change->kind == STORE_TENANT;
}

int64_t web_who_left_us(const struct web_context *c, struct slice pass)
{
	const struct web_pass *p = web_access_by_id(c->access, pass);
	const struct directory_user *u = p ? directory_user_by_id(c->directory, p->user) : NULL;
	return u && slice_eq(u->role, p->role) ? MAX(p->expires_us - loop_wheel(c->loop)->wall_us, 0) : 0;
}

bool web_who_lasts(const struct web_context *c, struct slice pass)
{
	return web_who_left_us(c, pass) > 0;
}

bool web_who_find(struct web_request *r)
{
	if (r->plane == WEB_LOCAL) {
		r->who.role = WEB_PROVIDER;
		return true;
	}
	if ((r->method != WEB_GET || r->upgrade) && !slice_empty(r->shown.origin) && !is_own_origin(&r->shown)) {
		web_problem(r, WEB_FOREIGN, NULL, "the page that asks is not this server's (Origin)");
		return false;
	}
	if (!slice_empty(r->shown.bearer))
		return by_token(r);
	return slice_empty(r->shown.session) || by_session(r);
}
