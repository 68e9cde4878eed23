/* web/enter.c - the one way to a session */
#include "web/enter.h"

#include "crypto/crypto.h"
#include "net/loop.h"
#include "web/find.h"
#include "web/pace.h"
#include "web/policy.h"
#include "web/who.h"

json_t *web_session_json(const struct web_request *r, const struct directory_user *u, struct slice secret)
{
	char csrf[WEB_CSRF_CHARS + 1];
	web_csrf(secret, csrf);
	return WEB_OBJECT({"user", web_user_json(r, u)}, {"tenant_id", web_json_text(u->tenant->id)},
			  {"domain", web_json_text(u->tenant->domain)}, {"csrf", json_string(csrf)});
}

bool web_set_cookie(struct web_request *r, const char *name, const char *value, int64_t max_age_s)
{
	char text[200];
	struct slice kept;
	int n = snprintf(text, sizeof(text), "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld", name,
			 value, (long long)max_age_s);
	if (!web_keep(r, slice_of(text, (size_t)n + 1), &kept))
		return false;
	r->answer.cookie = kept.p;
	return true;
}

bool web_attempt_begin(struct web_request *r, struct slice *ret_secret)
{
	char secret[WEB_SECRET_CHARS + 1];
	uint8_t bytes[WEB_SECRET_CHARS / 2];
	if (slice_unhex(r->shown.attempt, bytes, sizeof(bytes)))
		slice_to_string(r->shown.attempt, secret, sizeof(secret));
	else
		web_secret_draw(r->context->random, secret);
	return web_set_cookie(r, web_attempt_name(r->plane), secret, WEB_CHALLENGE_S) &&
	       web_keep(r, slice_from_string(secret), ret_secret);
}

static int tell(struct db *db, struct web_enter *e)
{
	struct store_audit *row = &e->write.act.row;
	row->act = SLICE("logged-in");
	row->thing = SLICE("session");
	row->actor_kind = SLICE("person");
	row->tenant = e->row.tenant;
	row->actor_tenant = web_role_find(e->row.role) == WEB_PROVIDER ? SLICE_NONE : e->row.tenant;
	row->actor = row->owner = e->row.user;
	row->how = e->how;
	return store_try_succeeded(db, e->row.user, &row->failed);
}

static int run(struct db *db, struct web_write *w)
{
	struct web_enter *e = container_of(w, struct web_enter, write);
	int rc = e->prove(db, e, &e->proved);
	if (rc != DB_OK || !e->proved)
		return rc;
	rc = store_passes_expire(db, e->row.created_us);
	if (rc == DB_OK)
		rc = store_sessions_trim(db, e->row.user, WEB_SESSIONS_OF_PERSON - 1);
	if (rc == DB_OK)
		rc = store_pass_put(db, &e->row);
	return rc == DB_OK ? tell(db, e) : rc;
}

static void entered(struct web_write *w)
{
	struct web_enter *e = container_of(w, struct web_enter, write);
	struct web_request *r = w->request;
	const struct directory_user *u = directory_user_by_id(r->context->directory, e->row.user);
	if (!e->proved || !u)
		e->refused(e);
	else if (web_set_cookie(r, web_cookie_name(r->plane), e->secret, WEB_SESSION_US / SECOND_US))
		web_answer_json(r, 200, web_session_json(r, u, slice_from_string(e->secret)));
}

/* Some way back must be left, for when the issuer fails: admins have it. False: answered. */
static bool may_enter_so(struct web_request *r, const struct web_enter *e, const struct directory_user *u)
{
	const struct directory_issuer *i = web_issuer_of(u->tenant);
	if (e->by_issuer || !i || i->passwords || web_role_find(u->role) >= WEB_COMPANY_ADMIN)
		return true;
	web_problem(r, WEB_SIGN_IN_ELSEWHERE, NULL, "your company's people log in with %.*s alone", SLICE_ARG(i->name));
	return false;
}

static bool fits_here(struct web_request *r, const struct directory_user *u)
{
	bool provider = web_role_find(u->role) == WEB_PROVIDER;
	if (provider == (r->plane == WEB_ADMIN))
		return true;
	web_problem(r, WEB_WRONG_PLANE, NULL,
		    provider ? "the provider logs in at the address of listen.admin"
			     : "this address is the provider's; log in at your company's");
	return false;
}

void web_enter(struct web_enter *e, struct web_request *r, const struct directory_user *u)
{
	bool may = fits_here(r, u) && may_enter_so(r, e, u) &&
		   /* By the person alone: others of the company do not keep them out. */
		   web_may_act_as(r, web_role_find(u->role), u->id, u->id);
	uint8_t *hash = may ? web_alloc(r, STORE_PASS_HASH) : NULL;
	if (!hash || !web_new_id(r, &e->row.id) || !web_keep(r, u->id, &e->row.user) ||
	    !web_keep(r, u->tenant->id, &e->row.tenant) || !web_keep(r, u->role, &e->row.role))
		return;
	web_secret_draw(r->context->random, e->secret);
	web_secret_hash(slice_from_string(e->secret), hash);
	e->row.kind = STORE_SESSION;
	e->row.hash = slice_of(hash, STORE_PASS_HASH);
	e->row.created_us = e->row.used_us = web_now_us(r);
	e->row.expires_us = e->row.created_us + WEB_SESSION_US;
	e->write.run = run;
	e->write.committed = entered;
	web_write_post(&e->write, r);
}

bool web_may_try(struct web_request *r, struct slice name)
{
	return web_pace(r,
			web_throttle_try(&r->context->access->throttle, &r->shown.from, name,
					 loop_wheel(r->context->loop)->now_us),
			"wrong tries");
}

bool web_may_begin(struct web_request *r)
{
	return web_pace(
		r,
		web_throttle_begin(&r->context->access->throttle, &r->shown.from, loop_wheel(r->context->loop)->now_us),
		"sign-ins are begun from your address");
}

void web_forgive(struct web_request *r, struct slice name)
{
	web_throttle_forgive(&r->context->access->throttle, &r->shown.from, name, loop_wheel(r->context->loop)->now_us);
}

const struct directory_user *web_find_person(const struct web_request *r, struct slice login)
{
	size_t at = login.n;
	while (at > 0 && login.p[at - 1] != '@')
		at--;
	if (at == 0)
		return NULL;
	struct directory *d = r->context->directory;
	const struct directory_tenant *t = directory_tenant_by_domain(d, slice_from(login, at));
	return t ? directory_user_by_login(d, t, slice_first(login, at - 1)) : NULL;
}
