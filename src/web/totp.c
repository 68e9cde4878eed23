/*
 * web/totp.c - /api/v1/session/totp: the codes of an app beside the password.   RFC 6238
 *
 * GET tells whether a code is asked for. POST {} gives a secret to show to the app; POST {"secret": ..., "code": ...}
 * proves that the app has it, and from then on a code is asked for. The secret is kept by nobody in between. Whoever
 * found an open page must not lock its person out: a session that is not quite new is asked for the password. DELETE
 * ends it, for which a code in force is proof enough.
 */
#include "directory/directory.h"
#include "web/again.h"
#include "web/enter.h"
#include "web/fields.h"
#include "web/note.h"
#include "web/route.h"

#define SECRET_CHARS 32 /* 20 bytes in base32 */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static bool read_secret(struct slice s, uint8_t ret[CRYPTO_TOTP_SECRET])
{
	uint64_t bits = 0;
	size_t have = 0, n = 0;
	if (s.n != SECRET_CHARS)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		ptrdiff_t value = slice_find(slice_of(letters, 32), s.p[i]);
		if (value < 0)
			return false;
		bits = bits << 5 | (uint64_t)value;
		have += 5;
		if (have >= 8) {
			have -= 8;
			ret[n++] = (uint8_t)(bits >> have);
		}
	}
	return true;
}

static bool is_secret(struct slice s)
{
	uint8_t bytes[CRYPTO_TOTP_SECRET];
	return read_secret(s, bytes);
}

struct given {
	struct slice secret, code, password;
};
static const struct web_field fields[] = {
	{.name = "secret",
	 .offset = offsetof(struct given, secret),
	 .valid = is_secret,
	 .must = "must be the 32 characters that this resource gave"},
	{.name = "code", .offset = offsetof(struct given, code), .valid = web_is_code, .must = "must be six digits"},
	{.name = "password",
	 .offset = offsetof(struct given, password),
	 .valid = web_is_any_text,
	 .must = "must be 1 to 128 bytes"},
};
const struct web_body web_totp_body = {.schema = "Totp", .fields = fields, .count = ARRAY_LEN(fields)};

/* A letter has five bits, and there are as many letters: none is more likely than another. */
static void offer(struct web_request *r, const struct directory_user *u)
{
	char secret[SECRET_CHARS + 1], uri[600];
	for (size_t i = 0; i < SECRET_CHARS; i++)
		secret[i] = letters[random_below(r->context->random, 32)];
	secret[SECRET_CHARS] = 0;
	snprintf(uri, sizeof(uri),
		 "otpauth://totp/Alto:%.*s%%40%.*s?secret=%s&issuer=Alto&algorithm=SHA1&digits=6&period=30",
		 SLICE_ARG(u->login), SLICE_ARG(u->tenant->domain), secret);
	web_answer_json(r, 200, WEB_OBJECT({"secret", json_string(secret)}, {"uri", json_string(uri)}));
	crypto_wipe(secret, sizeof(secret));
	crypto_wipe(uri, sizeof(uri));
}

/* NULL: answered. */
static const struct directory_user *person(struct web_request *r)
{
	const struct directory_user *u = directory_user_by_id(r->context->directory, r->who.user);
	if (!u)
		web_problem(r, WEB_NO_LOGIN, NULL, "this is no session of a person");
	return u;
}

/* ---- is there one ---- */

static void found(struct web_login *l)
{
	web_answer_json(l->request, 200, WEB_OBJECT({"on", json_boolean(!slice_empty(l->totp))}));
}

void web_totp_get(struct web_request *r)
{
	const struct directory_user *u = person(r);
	struct web_login *l = u ? web_alloc(r, sizeof(*l)) : NULL;
	if (l)
		web_login_read(l, r, u->id, found);
}

/* ---- set and removed ---- */

struct totp_write {
	struct web_request *request;
	struct web_write write;
	struct web_again again;
	struct web_login login;
	struct given given;
	uint8_t secret[CRYPTO_TOTP_SECRET];
	size_t secret_n; /* 0: none any more */
	struct slice user;
	int64_t step;
};

static int write_run(struct db *db, struct web_write *w)
{
	struct totp_write *t = container_of(w, struct totp_write, write);
	w->act.row.tenant = w->request->who.tenant;
	w->act.row.owner = t->user;
	w->act.row.act = t->secret_n ? SLICE("created") : SLICE("removed");
	return store_totp_set(db, t->user, slice_of(t->secret, t->secret_n), t->step);
}

static void written(struct web_write *w)
{
	web_answer_empty(w->request);
}

static void post(struct totp_write *t, struct web_request *r)
{
	t->write.run = write_run;
	t->write.committed = written;
	web_write_post(&t->write, r);
}

static void wrong_code(struct web_request *r)
{
	web_problem(r, WEB_WRONG_CODE, "code",
		    "the code is wrong, or was used already; does the clock of its app go right?");
}

/* NULL: answered. */
static struct totp_write *read_body(struct web_request *r, const struct directory_user *u)
{
	struct web_problem p;
	struct totp_write *t = web_alloc(r, sizeof(*t));
	if (!t || !web_keep(r, u->id, &t->user))
		return NULL;
	t->request = r;
	if (r->body && web_fields_read(r->body, &web_totp_body, WEB_WHOLE, &t->given, &p) < 0) {
		web_problem_given(r, &p);
		return NULL;
	}
	return t;
}

/* An app that is there already is not replaced: whoever found an open page would own the account. */
static void confirmed(struct web_login *l)
{
	struct totp_write *t = container_of(l, struct totp_write, login);
	if (slice_empty(l->totp))
		post(t, l->request);
	else
		web_problem(l->request, WEB_CONFLICT, NULL,
			    "there is an app already: remove it first, with a code of it");
}

static void proved(struct web_again *a)
{
	struct totp_write *t = container_of(a, struct totp_write, again);
	web_login_read(&t->login, t->request, t->user, confirmed);
}

void web_totp_set(struct web_request *r)
{
	const struct directory_user *u = person(r);
	struct totp_write *t = u ? read_body(r, u) : NULL;
	if (!t)
		return;
	if (slice_empty(t->given.secret)) {
		offer(r, u);
		return;
	}
	bool good = read_secret(t->given.secret, t->secret);
	ASSERT(good);
	t->secret_n = sizeof(t->secret);
	t->step = web_totp_step(r, slice_of(t->secret, t->secret_n), 0, t->given.code);
	if (t->step)
		web_again(&t->again, r, t->user, t->given.password, proved);
	else
		wrong_code(r);
}

static void removal_read(struct web_login *l)
{
	struct totp_write *t = container_of(l, struct totp_write, login);
	t->step = web_totp_step(l->request, l->totp, l->totp_step, web_argument(l->request, "code"));
	if (!slice_empty(l->totp) && t->step) {
		post(t, l->request);
		return;
	}
	web_note_failed(l->request, directory_user_by_id(l->request->context->directory, t->user));
	wrong_code(l->request);
}

void web_totp_remove(struct web_request *r)
{
	const struct directory_user *u = person(r);
	if (!u)
		return;
	/* A stolen session must not try all codes. */
	if (!web_may_try(r, u->id))
		return;
	struct totp_write *t = read_body(r, u);
	if (t)
		web_login_read(&t->login, r, u->id, removal_read);
}
