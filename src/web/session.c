/* web/session.c - /api/v1/session: a person logs in, asks who they are, and logs out */
#include "web/session.h"

#include "crypto/crypto.h"
#include "directory/directory.h"
#include "net/loop.h"
#include "web/access.h"
#include "web/fields.h"
#include "web/find.h"
#include "web/policy.h"
#include "web/who.h"

/* ---- who am I ---- */

/* secret: of the cookie. */
static json_t *session_json(const struct web_request *r, const struct directory_user *u, struct slice secret)
{
	char csrf[WEB_CSRF_CHARS + 1];
	web_csrf(secret, csrf);
	return WEB_OBJECT({"user", web_user_json(r, u)}, {"tenant_id", web_json_text(u->tenant->id)},
			  {"domain", web_json_text(u->tenant->domain)}, {"csrf", json_string(csrf)});
}

/* NULL: answered. */
static const struct directory_user *person(struct web_request *r)
{
	const struct directory_user *u = directory_user_by_id(r->context->directory, r->who.user);
	if (!u || slice_empty(r->shown.session))
		web_problem(r, WEB_NO_LOGIN, NULL, "this is no session of a person");
	return slice_empty(r->shown.session) ? NULL : u;
}

void web_session_get(struct web_request *r)
{
	const struct directory_user *u = person(r);
	if (u)
		web_answer_json(r, 200, session_json(r, u, r->shown.session));
}

static bool set_cookie(struct web_request *r, const char *secret, int64_t max_age_s)
{
	char text[200];
	struct slice kept;
	int n = snprintf(text, sizeof(text), "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld",
			 web_cookie_name(r->plane), secret, (long long)max_age_s);
	if (!web_keep(r, slice_of(text, (size_t)n + 1), &kept))
		return false;
	r->answer.cookie = kept.p;
	return true;
}

void web_session_end(struct web_request *r)
{
	if (person(r) && set_cookie(r, "", 0))
		web_remove(r, r->who.pass, store_pass_remove);
}

/* ---- log in ---- */

struct given {
	struct slice login, password, code;
};
static const struct web_field fields[] = {
	{.name = "login",
	 .required = true,
	 .offset = offsetof(struct given, login),
	 .valid = web_is_any_text,
	 .must = "must be a person's login and company, such as anna@acme.example"},
	{.name = "password",
	 .required = true,
	 .offset = offsetof(struct given, password),
	 .valid = web_is_any_text,
	 .must = "must be 1 to 128 bytes"},
	{.name = "code", .offset = offsetof(struct given, code), .valid = web_is_code, .must = "must be six digits"},
};
const struct web_body web_session_body = {.schema = "Session", .fields = fields, .count = ARRAY_LEN(fields)};

struct entry {
	struct given given;
	struct web_login login;
	struct web_hashing hashing;
	struct web_write write;
	struct store_pass row;
	char secret[WEB_SECRET_CHARS + 1];
	int64_t step; /* of the code; 0: none was needed */
	bool still;   /* the password is the one that was compared */
	bool code_was_used;
};

/* One sentence for a name that is not there, a person without a password and a wrong password. */
static void wrong(struct web_request *r)
{
	web_problem(r, WEB_WRONG_LOGIN, NULL, "the login or the password is wrong");
}

static void look_again(void *arg, const struct store_login *row)
{
	struct entry *e = arg;
	e->still = slice_eq(row->password, e->login.password);
}

static int entry_run(struct db *db, struct web_write *w)
{
	struct entry *e = container_of(w, struct entry, write);
	bool fresh = true;
	/* Whose password was changed while it was compared has no session by the old one. */
	int rc = store_login_get(db, e->row.user, look_again, e);
	if (rc != DB_OK || !e->still)
		return rc;
	rc = e->step ? store_totp_use(db, e->row.user, e->step, &fresh) : DB_OK;
	e->code_was_used = !fresh;
	if (rc == DB_OK && fresh)
		rc = store_passes_expire(db, e->row.created_us);
	return rc == DB_OK && fresh ? store_pass_put(db, &e->row) : rc;
}

static void entered(struct web_write *w)
{
	struct entry *e = container_of(w, struct entry, write);
	struct web_request *r = w->request;
	const struct directory_user *u = directory_user_by_id(r->context->directory, e->row.user);
	if (e->code_was_used)
		web_problem(r, WEB_WRONG_CODE, "code", "this code was used already; wait for the next");
	else if (!u || !e->still)
		wrong(r);
	else if (set_cookie(r, e->secret, WEB_SESSION_US / SECOND_US))
		web_answer_json(r, 200, session_json(r, u, slice_from_string(e->secret)));
	crypto_wipe(e->secret, sizeof(e->secret));
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

static void enter(struct entry *e, struct web_request *r, const struct directory_user *u)
{
	uint8_t *hash = web_alloc(r, STORE_PASS_HASH);
	if (!hash || !web_new_id(r, &e->row.id) || !web_keep(r, u->id, &e->row.user) ||
	    !web_keep(r, u->tenant->id, &e->row.tenant) || !web_keep(r, u->role, &e->row.role))
		return;
	web_secret_draw(r->context->random, e->secret);
	web_secret_hash(slice_from_string(e->secret), hash);
	e->row.kind = STORE_SESSION;
	e->row.hash = slice_of(hash, STORE_PASS_HASH);
	e->row.created_us = e->row.used_us = web_now_us(r);
	e->row.expires_us = e->row.created_us + WEB_SESSION_US;
	e->write.run = entry_run;
	e->write.committed = entered;
	web_write_post(&e->write, r);
}

static void compared(struct web_hashing *h)
{
	struct entry *e = container_of(h, struct entry, hashing);
	struct web_request *r = h->request;
	const struct directory_user *u = directory_user_by_id(r->context->directory, e->login.user);
	if (!h->ok || !u) {
		wrong(r);
		return;
	}
	if (!slice_empty(e->login.totp)) {
		if (slice_empty(e->given.code)) {
			web_problem(r, WEB_CODE_NEEDED, "code", "the code of this person's app is needed too");
			return;
		}
		e->step = web_totp_step(r, e->login.totp, e->login.totp_step, e->given.code);
		if (!e->step) {
			web_problem(r, WEB_WRONG_CODE, "code", "the code is wrong, or was used already");
			return;
		}
	}
	/* Only now: with a code still to be guessed, tries go on being counted. */
	web_throttle_forgive(&r->context->access->throttle, &r->shown.from, e->given.login,
			     loop_wheel(r->context->loop)->now_us);
	if (fits_here(r, u))
		enter(e, r, u);
}

static void login_read(struct web_login *l)
{
	struct entry *e = container_of(l, struct entry, login);
	web_hashing_compare(&e->hashing, l->request, l->password, e->given.password, compared);
}

/* "anna@acme.example": the last @ parts them. NULL: nobody of that name. */
static const struct directory_user *find_person(const struct web_request *r, struct slice login)
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

void web_session_begin(struct web_request *r)
{
	struct web_problem p;
	struct entry *e = web_alloc(r, sizeof(*e));
	if (!e)
		return;
	if (r->plane == WEB_LOCAL) {
		web_problem(r, WEB_BAD_REQUEST, NULL, "who reaches the unix socket is the provider without a login");
		return;
	}
	if (web_fields_read(r->body, &web_session_body, WEB_WHOLE, &e->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	int64_t wait_us = web_throttle_try(&r->context->access->throttle, &r->shown.from, e->given.login,
					   loop_wheel(r->context->loop)->now_us);
	if (wait_us) {
		r->answer.retry_s = (wait_us + SECOND_US - 1) / SECOND_US;
		web_problem(r, WEB_TOO_OFTEN, NULL, "too many wrong logins; try again in %lld s",
			    (long long)r->answer.retry_s);
		return;
	}
	const struct directory_user *u = find_person(r, e->given.login);
	web_login_read(&e->login, r, u ? u->id : SLICE_NONE, login_read);
}
