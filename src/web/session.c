/* web/session.c - /api/v1/session: a person logs in, asks who they are, and logs out */
#include "web/session.h"

#include "web/enter.h"
#include "web/fields.h"
#include "web/note.h"
#include "web/route.h"
#include "web/who.h"

/* ---- who am I ---- */

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
		web_answer_json(r, 200, web_session_json(r, u, r->shown.session));
}

void web_session_end(struct web_request *r)
{
	if (person(r) && web_set_cookie(r, web_cookie_name(r->plane), "", 0))
		web_pass_remove(r, r->who.pass);
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
	struct web_enter enter;
	int64_t step; /* of the code; 0: none was needed */
	bool still;   /* the password is the one that was compared */
};

/* One sentence for a name that is not there, a person without a password and a wrong password. */
static void wrong(struct web_request *r, const struct directory_user *u)
{
	web_note_failed(r, u);
	web_problem(r, WEB_WRONG_LOGIN, NULL, "the login or the password is wrong");
}

/* Whose password was changed while it was compared has no session by the old one; a code is good once. */
static int prove(struct db *db, struct web_enter *enter, bool *ret)
{
	struct entry *e = container_of(enter, struct entry, enter);
	int rc = web_login_still(db, &e->login, &e->still);
	if (rc == DB_OK && e->still && e->step)
		return store_totp_use(db, enter->row.user, e->step, ret);
	*ret = e->still;
	return rc;
}

static void refused(struct web_enter *enter)
{
	struct entry *e = container_of(enter, struct entry, enter);
	struct web_request *r = enter->write.request;
	const struct directory_user *u = directory_user_by_id(r->context->directory, enter->row.user);
	if (!e->still || enter->proved) {
		wrong(r, u);
		return;
	}
	web_note_failed(r, u);
	web_problem(r, WEB_WRONG_CODE, "code", "this code was used already; wait for the next");
}

static void compared(struct web_hashing *h)
{
	struct entry *e = container_of(h, struct entry, hashing);
	struct web_request *r = h->request;
	const struct directory_user *u = directory_user_by_id(r->context->directory, e->login.user);
	if (!h->ok || !u) {
		wrong(r, u);
		return;
	}
	if (!slice_empty(e->login.totp)) {
		if (slice_empty(e->given.code)) {
			web_problem(r, WEB_CODE_NEEDED, "code", "the code of this person's app is needed too");
			return;
		}
		e->step = web_totp_step(r, e->login.totp, e->login.totp_step, e->given.code);
		if (!e->step) {
			web_note_failed(r, u);
			web_problem(r, WEB_WRONG_CODE, "code", "the code is wrong, or was used already");
			return;
		}
	}
	/* Only now: with a code still to be guessed, tries go on being counted. */
	web_forgive(r, e->given.login);
	e->enter.how = e->step ? SLICE("password+code") : SLICE("password");
	e->enter.prove = prove;
	e->enter.refused = refused;
	web_enter(&e->enter, r, u);
}

static void login_read(struct web_login *l)
{
	struct entry *e = container_of(l, struct entry, login);
	web_hashing_compare(&e->hashing, l->request, l->password, e->given.password, compared);
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
	if (!web_may_try(r, e->given.login))
		return;
	const struct directory_user *u = web_find_person(r, e->given.login);
	web_login_read(&e->login, r, u ? u->id : SLICE_NONE, login_read);
}
