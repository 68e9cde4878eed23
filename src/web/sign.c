/*
 * web/sign.c - /api/v1/session/passkey: a person logs in with a passkey.   WebAuthn level 2 §7.2
 *
 * POST {} gives a challenge for this browser; POST with what was signed gives a session. One that has asked its owner
 * for a finger or a PIN is enough; one that was only touched stands in the place of a code, beside the password.
 */
#include <errno.h>

#include "base/log.h"
#include "base/writer.h"
#include "web/enter.h"
#include "web/fields.h"
#include "web/note.h"
#include "web/passkey.h"
#include "web/route.h"
#include "web/session.h"
#include "web/who.h"

static bool is_short(struct slice s, size_t most)
{
	uint8_t bytes[WEBAUTHN_DATA_MAX];
	size_t n;
	return s.n && base64url_decode(s, bytes, most, &n);
}

static bool is_user_handle(struct slice s)
{
	return is_short(s, STORE_ID_CAP - 1);
}

static bool is_data(struct slice s)
{
	return is_short(s, WEBAUTHN_DATA_MAX);
}

static bool is_signature(struct slice s)
{
	return is_short(s, CRYPTO_ES256_MAX);
}

struct given {
	struct slice credential, user_handle, client_data, authenticator_data, signature, password;
};
static const struct web_field fields[] = {
	{.name = "credential",
	 .offset = offsetof(struct given, credential),
	 .valid = web_is_credential,
	 .must = "must be the credential's id in base64url"},
	{.name = "user_handle",
	 .offset = offsetof(struct given, user_handle),
	 .valid = is_user_handle,
	 .must = "must be the userHandle in base64url"},
	{.name = "client_data",
	 .offset = offsetof(struct given, client_data),
	 .valid = web_is_client_data,
	 .must = "must be the browser's clientDataJSON in base64url"},
	{.name = "authenticator_data",
	 .offset = offsetof(struct given, authenticator_data),
	 .valid = is_data,
	 .must = "must be the browser's authenticatorData in base64url"},
	{.name = "signature",
	 .offset = offsetof(struct given, signature),
	 .valid = is_signature,
	 .must = "must be the signature in base64url"},
	{.name = "password",
	 .offset = offsetof(struct given, password),
	 .valid = web_is_any_text,
	 .must = "must be 1 to 128 bytes"},
};
const struct web_body web_sign_body = {.schema = "PasskeyLogin", .fields = fields, .count = ARRAY_LEN(fields)};

struct signing {
	struct store_job job;
	struct web_request *request;
	struct given given;
	struct web_passkey_said said;
	struct webauthn_data data;
	struct slice host, credential, user, authenticator_data, signature;
	struct store_passkey row; /* id empty: there is none */
	int64_t before_us;        /* the passkey must not have been used since */
	bool failed;              /* out of memory while reading */
	struct web_login login;
	struct web_hashing hashing;
	struct web_enter enter;
};

static int prove(struct db *db, struct web_enter *enter, bool *ret)
{
	struct signing *s = container_of(enter, struct signing, enter);
	bool still = true;
	int rc = s->login.request ? web_login_still(db, &s->login, &still) : DB_OK;
	return rc == DB_OK && still
		       ? store_passkey_use(db, s->row.id, s->data.count, s->before_us, enter->row.created_us, ret)
		       : rc;
}

/* Removed meanwhile; or somebody has counted on elsewhere with the same key. */
static void refused(struct web_enter *enter)
{
	struct signing *s = container_of(enter, struct signing, enter);
	if (s->row.count && s->data.count <= s->row.count)
		log_event(LOG_WARN, "web.passkey_copied", LOG_SLICE("tenant", s->row.tenant),
			  LOG_SLICE("user", s->row.user), LOG_SLICE("passkey", s->row.id));
	web_passkey_wrong(enter->write.request);
}

static void enter(struct signing *s)
{
	struct web_request *r = s->request;
	const struct directory_user *u = directory_user_by_id(r->context->directory, s->row.user);
	enum web_challenge_use use = web_challenge_use(&r->context->access->challenges, web_now_us(r),
						       s->said.challenge);
	s->before_us = use == WEB_CHALLENGE_FORGOTTEN ? web_challenge_date(s->said.challenge) : INT64_MAX;
	if (!u || use == WEB_CHALLENGE_USED) {
		web_passkey_wrong(r);
		return;
	}
	web_forgive(r, s->given.credential);
	s->enter.how = s->login.request ? SLICE("passkey+password") : SLICE("passkey");
	s->enter.prove = prove;
	s->enter.refused = refused;
	web_enter(&s->enter, r, u);
}

static void wrong_password(const struct signing *s)
{
	web_note_failed(s->request, directory_user_by_id(s->request->context->directory, s->row.user));
	web_problem(s->request, WEB_WRONG_LOGIN, "password", "the password is wrong");
}

static void compared(struct web_hashing *h)
{
	struct signing *s = container_of(h, struct signing, hashing);
	if (h->ok)
		enter(s);
	else
		wrong_password(s);
}

static void login_read(struct web_login *l)
{
	struct signing *s = container_of(l, struct signing, login);
	web_hashing_compare(&s->hashing, l->request, l->password, s->given.password, compared);
}

/* ---- what was signed ---- */

/* The curve's own base point: what one that is not there is checked with, so that it takes as long. */
static const uint8_t nobodys[CRYPTO_P256_KEY] = {
	0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
	0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
	0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
	0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

static bool is_right(const struct signing *s)
{
	bool known = s->row.key.n == CRYPTO_P256_KEY;
	const uint8_t *key = known ? (const uint8_t *)s->row.key.p : nobodys;
	return webauthn_signed(key, s->authenticator_data, s->said.client_data, s->signature) && known &&
	       slice_eq(s->user, s->row.user) && slice_eq(s->host, s->row.host);
}

static void take(void *arg, const struct store_passkey *p)
{
	struct signing *s = arg;
	struct arena *a = &s->request->arena;
	s->row.count = p->count;
	s->failed = !arena_dup(a, p->id, &s->row.id) || !arena_dup(a, p->user, &s->row.user) ||
		    !arena_dup(a, p->tenant, &s->row.tenant) || !arena_dup(a, p->key, &s->row.key) ||
		    !arena_dup(a, p->host, &s->row.host);
}

static int read_run(struct db *db, struct store_job *job)
{
	struct signing *s = container_of(job, struct signing, job);
	return store_passkey_get(db, s->credential, take, s);
}

static void was_read(struct store_job *job, int result)
{
	struct signing *s = container_of(job, struct signing, job);
	struct web_request *r = s->request;
	if (result != DB_OK || s->failed)
		web_problem_store(r, result == DB_OK ? -ENOMEM : result);
	else if (!is_right(s))
		web_passkey_wrong(r);
	else if (s->data.verified)
		enter(s);
	else if (slice_empty(s->given.password))
		web_problem(r, WEB_PASSWORD_NEEDED, "password",
			    "this passkey did not ask who you are: the password is needed too");
	else
		web_login_read(&s->login, r, s->row.user, login_read);
}

/* False: answered. */
static bool read_signed(struct signing *s, struct web_request *r)
{
	const struct given *g = &s->given;
	const char *missing = slice_empty(g->user_handle)          ? "user_handle"
			      : slice_empty(g->client_data)        ? "client_data"
			      : slice_empty(g->authenticator_data) ? "authenticator_data"
			      : slice_empty(g->signature)          ? "signature"
								   : NULL;
	if (missing) {
		web_problem(r, WEB_MISSING_FIELD, missing, "%s is missing: it is needed with credential", missing);
		return false;
	}
	if (!web_passkey_host(r, &s->host) || !web_passkey_decode(r, g->credential, &s->credential) ||
	    !web_passkey_decode(r, g->user_handle, &s->user) ||
	    !web_passkey_decode(r, g->authenticator_data, &s->authenticator_data) ||
	    !web_passkey_decode(r, g->signature, &s->signature) ||
	    !web_passkey_said(r, g->client_data, "webauthn.get", r->shown.attempt, &s->said))
		return false;
	if (webauthn_assertion(s->authenticator_data, &s->data) && web_passkey_is_here(&s->data, s->host))
		return true;
	web_passkey_wrong(r);
	return false;
}

/* The same browser asks and answers: it has a cookie of its own for that. */
static void offer(struct web_request *r)
{
	struct slice secret;
	if (web_attempt_begin(r, &secret))
		web_passkey_offer(r, secret);
}

void web_passkey_sign(struct web_request *r)
{
	struct web_problem p;
	struct signing *s = web_alloc(r, sizeof(*s));
	if (!s)
		return;
	if (r->plane == WEB_LOCAL) {
		web_problem(r, WEB_BAD_REQUEST, NULL, "who reaches the unix socket is the provider without a login");
		return;
	}
	if (r->body && web_fields_read(r->body, &web_sign_body, WEB_WHOLE, &s->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	if (slice_empty(s->given.credential)) {
		offer(r);
		return;
	}
	if (!web_may_try(r, s->given.credential) || !read_signed(s, r))
		return;
	s->request = r;
	s->job = (struct store_job){.run = read_run, .done = was_read, .bytes = sizeof(*s), .read_only = true};
	int rc = store_post(r->context->store, &s->job);
	if (rc < 0)
		web_problem_store(r, rc);
}
