/* web/password.c - /api/v1/users/{id}/password: a person's password is set, and every other session of theirs ends */
#include "directory/directory.h"
#include "web/enter.h"
#include "web/fields.h"
#include "web/note.h"
#include "web/policy.h"
#include "web/session.h"

struct given {
	struct slice password, old;
};
static const struct web_field fields[] = {
	{.name = "password",
	 .required = true,
	 .offset = offsetof(struct given, password),
	 .valid = web_is_login_password,
	 .must = "must be " TEXT_OF(WEB_LOGIN_PASSWORD_MIN) " to 128 bytes without control characters"},
	{.name = "old",
	 .offset = offsetof(struct given, old),
	 .valid = web_is_any_text,
	 .must = "must be 1 to 128 bytes"},
};
const struct web_body web_password_body = {.schema = "Password", .fields = fields, .count = ARRAY_LEN(fields)};

struct change {
	struct given given;
	struct web_login login;
	struct web_hashing hashing;
	struct web_write write;
	struct slice tenant, user;
};

static int change_run(struct db *db, struct web_write *w)
{
	struct change *c = container_of(w, struct change, write);
	int rc = store_password_set(db, c->tenant, c->user, slice_from_string(c->hashing.hash));
	/* Who asks an admin for a new password may have lost the code app with the phone, and the passkeys on it;
	 * or it is another person now, by the same address at the company's issuer. */
	bool by_another = !slice_eq(c->user, w->request->who.user);
	if (rc == DB_OK && by_another)
		rc = store_totp_set(db, c->user, SLICE(""), 0);
	if (rc == DB_OK && by_another)
		rc = store_passkeys_remove_of_user(db, c->user);
	if (rc == DB_OK && by_another)
		rc = store_identities_remove_of_user(db, c->user);
	w->act.row.tenant = c->tenant;
	w->act.row.owner = c->user;
	w->act.row.changed = by_another ? SLICE("password,code-app,passkeys,sign-in") : SLICE("password");
	return rc == DB_OK ? store_passes_remove_of_user(db, c->user, w->request->who.pass) : rc;
}

static void changed(struct web_write *w)
{
	web_answer_empty(w->request);
}

static bool gone(struct web_write *w, struct web_problem *ret)
{
	web_problem_set(ret, WEB_UNKNOWN_USER, NULL, "the user was removed meanwhile");
	return true;
}

static void made(struct web_hashing *h)
{
	struct change *c = container_of(h, struct change, hashing);
	if (!h->ok) {
		web_problem(h->request, WEB_NO_MEMORY, NULL, "there is no memory to hash the password");
		return;
	}
	c->write.run = change_run;
	c->write.committed = changed;
	c->write.explain = gone;
	web_write_post(&c->write, h->request);
}

static void compared(struct web_hashing *h)
{
	struct change *c = container_of(h, struct change, hashing);
	if (h->ok) {
		web_hashing_make(h, h->request, c->given.password, made);
		return;
	}
	web_note_failed(h->request, directory_user_by_id(h->request->context->directory, c->user));
	web_problem(h->request, WEB_WRONG_LOGIN, "old", "the old password is wrong");
}

static void login_read(struct web_login *l)
{
	struct change *c = container_of(l, struct change, login);
	web_hashing_compare(&c->hashing, l->request, l->password, c->given.old, compared);
}

void web_password_set(struct web_request *r)
{
	struct web_problem p;
	struct change *c = web_alloc(r, sizeof(*c));
	const struct directory_user *u = directory_user_by_id(r->context->directory, r->id);
	if (!c || !u || !web_keep(r, u->id, &c->user) || !web_keep(r, u->tenant->id, &c->tenant))
		return;
	if (web_fields_read(r->body, &web_password_body, WEB_WHOLE, &c->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	/* A session that somebody else sits at, or a stolen one, does not become the account. */
	if (!slice_eq(u->id, r->who.user)) {
		web_hashing_make(&c->hashing, r, c->given.password, made);
		return;
	}
	if (slice_empty(c->given.old)) {
		web_problem(r, WEB_MISSING_FIELD, "old",
			    "old is missing: to change your own password, give the old one");
		return;
	}
	if (web_may_try(r, u->id))
		web_login_read(&c->login, r, u->id, login_read);
}
