/*
 * web/openid_sign.c - /api/v1/session/openid: a person logs in at the company's own issuer.   OpenID Connect Core §3.1
 *
 * GET says by what name a company's issuer is known. POST {"login": ...} gives the address to go to, and a cookie that
 * goes with it; POST with what came back from there gives a session. The person is there already: an issuer makes none.
 */
#include <errno.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "web/fields.h"
#include "web/find.h"
#include "web/jwt.h"
#include "web/openid_private.h"
#include "web/route.h"

static bool is_code(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~') /* RFC 6749 appendix A.11 */
			return false;
	return s.n >= 1 && s.n <= WEB_SIGN_IN_CODE_MAX;
}

static const struct web_field fields[] = {
	{.name = "login",
	 .offset = offsetof(struct web_openid_given, login),
	 .valid = web_is_who,
	 .must = "must be a person's login and company, such as anna@acme.example, or the company's domain"},
	{.name = "company",
	 .offset = offsetof(struct web_openid_given, company),
	 .valid = web_is_id,
	 .must = "must be the id at the end of the address that the browser came back to"},
	{.name = "code",
	 .offset = offsetof(struct web_openid_given, code),
	 .valid = is_code,
	 .must = "must be the code that the browser came back with"},
	{.name = "state",
	 .offset = offsetof(struct web_openid_given, state),
	 .valid = web_is_state,
	 .must = "must be the state that the browser came back with"},
	{.name = "issuer",
	 .offset = offsetof(struct web_openid_given, issuer),
	 .valid = web_is_issuer_url,
	 .must = "must be the iss that the browser came back with"},
};
const struct web_body web_openid_body = {.schema = "OpenidLogin", .fields = fields, .count = ARRAY_LEN(fields)};

void web_signing_changed(const struct web_signing *s)
{
	web_problem(s->request, WEB_WRONG_SIGN_IN, NULL, "the company's sign-in was changed meanwhile: begin anew");
}

/* NULL: it was changed since this began. */
static const struct directory_issuer *current(const struct web_signing *s)
{
	struct directory *d = s->request->context->directory;
	const struct directory_issuer *i = web_issuer_of(directory_tenant_by_id(d, s->tenant));
	return i && i->updated_us == s->version ? i : NULL;
}

const struct directory_issuer *web_signing_issuer(const struct web_signing *s)
{
	const struct directory_issuer *i = current(s);
	if (!i)
		web_signing_changed(s);
	return i;
}

void web_signing_note(const struct web_signing *s, const char *why)
{
	const struct directory_issuer *i = current(s);
	log_event(LOG_WARN, "web.sign_in_refused", LOG_SLICE("tenant", s->tenant), LOG_STR("why", why));
	if (i)
		web_issuer_tell(s->request->context->issuers, i, why);
}

static void trouble(const struct web_signing *s, const char *why)
{
	web_signing_note(s, why);
	web_problem(s->request, WEB_ISSUER_TROUBLE, NULL,
		    "the sign-in of your company did not work out; if it stays so, your administrator finds the reason "
		    "in the settings");
}

/* The company of "anna@acme.example" or "acme.example". */
static const struct directory_tenant *company(const struct web_request *r, struct slice who)
{
	size_t at = who.n;
	while (at > 0 && who.p[at - 1] != '@')
		at--;
	return directory_tenant_by_domain(r->context->directory, slice_from(who, at));
}

void web_openid_get(struct web_request *r)
{
	const struct directory_issuer *i = r->plane == WEB_COMPANY ? web_issuer_of(company(r, web_argument(r, "who")))
								   : NULL;
	web_answer_json(r, 200,
			WEB_OBJECT({"name", i ? web_json_text(i->name) : json_null()},
				   {"passwords", json_boolean(!i || i->passwords)}));
}

/* ---- the way out ---- */

static void send_away(struct web_learning *l, const struct web_issuer_facts *facts, const char *why)
{
	struct web_signing *s = container_of(l, struct web_signing, learning);
	struct web_request *r = s->request;
	const struct directory_issuer *i = web_signing_issuer(s);
	struct slice secret;
	char url[WEB_HOOK_URL_MAX + 4 * WEB_CLIENT_ID_MAX + 4 * WEB_ARGUMENT_BYTES_MAX + 512];
	struct writer w = writer_on(url, sizeof(url));
	if (!i)
		return;
	if (!facts) {
		trouble(s, why);
		return;
	}
	if (!web_attempt_begin(r, &secret) || !web_sign_in_draw(r, i, secret, &s->attempt))
		return;
	if (openid_authorization_url(facts->metadata.authorization, &s->attempt.attempt, &w))
		web_answer_json(r, 200, WEB_OBJECT({"url", web_json_text(writer_slice(&w))}));
	else
		web_problem_store(r, -ENOMEM);
}

static void begin(struct web_signing *s)
{
	struct web_request *r = s->request;
	const struct directory_issuer *i = web_issuer_of(company(r, s->given.login));
	if (slice_empty(s->given.login)) {
		web_problem(r, WEB_MISSING_FIELD, "login", "login is missing: it says at which company");
	} else if (!i) {
		web_problem(r, WEB_UNKNOWN_ISSUER, "login", "no company of that address signs in elsewhere");
	} else if (web_may_begin(r) && web_keep(r, i->tenant->id, &s->tenant)) {
		s->version = i->updated_us;
		web_issuer_learn(r, i, false, &s->learning, send_away);
	}
}

/* ---- back with a token ---- */

static void check(struct web_learning *l, const struct web_issuer_facts *facts, const char *why)
{
	struct web_signing *s = container_of(l, struct web_signing, learning);
	struct web_request *r = s->request;
	const struct directory_issuer *i = web_signing_issuer(s);
	if (!i)
		return;
	json_t *keys = facts ? json_loadb(facts->keys.p, facts->keys.n, 0, NULL) : NULL, *claims = NULL;
	const struct jwt_expected expected = {.issuer = i->url,
					      .client_id = i->client_id,
					      .nonce = s->attempt.attempt.nonce,
					      .now_s = web_now_us(r) / SECOND_US};
	enum jwt_result result = keys ? jwt_read(s->token, keys, &expected, &claims) : JWT_NO_MEMORY;
	json_decref(keys);
	if (result == JWT_GOOD) {
		web_signing_person(s, i, claims);
		json_decref(claims);
	} else if (result == JWT_UNKNOWN_KEY && !s->again) {
		s->again = true;
		web_issuer_learn(r, i, true, l, check);
	} else if (facts && result == JWT_NO_MEMORY) {
		web_problem_store(r, -ENOMEM);
	} else {
		trouble(s, facts ? jwt_reason(result) : why);
	}
}

/* ---- the code for a token ---- */

static void exchanged(struct web_asking *a, int status, const json_t *json, const char *why)
{
	struct web_signing *s = container_of(a, struct web_signing, asking);
	const struct directory_issuer *i = web_signing_issuer(s);
	struct slice token = jwt_text(json, "id_token");
	char text[120];
	if (!i)
		return;
	if (!why && status != 200) {
		struct slice error = openid_error(json);
		snprintf(text, sizeof(text), "It does not give a token for the code: status %d%s%.*s.", status,
			 error.n ? ", " : "", SLICE_ARG(error));
		why = text;
	}
	if (!why && (token.n == 0 || token.n > JWT_MAX))
		why = "It gives no ID token for the code, or one that is too long.";
	if (why)
		trouble(s, why);
	else if (web_keep(s->request, token, &s->token))
		web_issuer_learn(s->request, i, false, &s->learning, check);
}

/* Its turn: by now the client may have gone. */
static void ask_token(struct web_asking *a)
{
	struct web_signing *s = container_of(a, struct web_signing, asking);
	struct web_request *r = s->request;
	const struct directory_issuer *i = r->peer ? web_signing_issuer(s) : NULL;
	char basic[OPENID_BASIC_MAX + 1];
	char form[3 * (WEB_SIGN_IN_CODE_MAX + WEB_CLIENT_ID_MAX + WEB_CLIENT_SECRET_MAX + 2 * WEB_ARGUMENT_BYTES_MAX)];
	struct writer f = writer_on(form, sizeof(form)), b = writer_on(basic, sizeof(basic) - 1);
	const char *why;
	if (!r->peer)
		web_problem(r, WEB_BUSY, NULL, "nobody waits for the answer");
	if (!i)
		return;
	openid_token_form(&s->attempt.attempt, s->given.code, s->secret_in_form ? i->client_secret : SLICE_NONE, &f);
	openid_basic(i->client_id, i->client_secret, &b);
	ASSERT(!f.overflow && !b.overflow);
	basic[b.n] = 0;
	int rc = web_ask(a, s->token_url.p, s->secret_in_form ? NULL : basic, writer_slice(&f), exchanged, &why);
	crypto_wipe(form, sizeof(form));
	crypto_wipe(basic, sizeof(basic));
	if (rc < 0)
		trouble(s, why);
}

static void exchange(struct web_learning *l, const struct web_issuer_facts *facts, const char *why)
{
	struct web_signing *s = container_of(l, struct web_signing, learning);
	struct web_request *r = s->request;
	const struct directory_issuer *i = web_signing_issuer(s);
	char url[WEB_HOOK_URL_MAX + 1];
	if (!i)
		return;
	if (!facts) {
		trouble(s, why);
		return;
	}
	/* RFC 9207 §2.4: an answer that another has given is not exchanged. */
	if (facts->metadata.says_issuer ? !slice_eq(s->given.issuer, i->url)
					: s->given.issuer.n && !slice_eq(s->given.issuer, i->url)) {
		web_signing_note(s, "An answer came back that names another issuer.");
		web_sign_in_wrong(r);
		return;
	}
	s->secret_in_form = facts->metadata.secret_in_form;
	int n = snprintf(url, sizeof(url), "%.*s", SLICE_ARG(facts->metadata.token));
	if (web_keep(r, slice_of(url, (size_t)n + 1), &s->token_url) &&
	    web_ask_in_turn(web_issuers_askings(r->context->issuers), &s->asking, s->tenant, ask_token) < 0)
		web_problem(r, WEB_BUSY, NULL, "too many of your company are signing in; try again in a moment");
}

static void finish(struct web_signing *s)
{
	struct web_request *r = s->request;
	const char *missing = slice_empty(s->given.company) ? "company" : slice_empty(s->given.state) ? "state" : NULL;
	if (missing) {
		web_problem(r, WEB_MISSING_FIELD, missing, "%s is missing: it is needed with code", missing);
		return;
	}
	const struct directory_issuer *i = web_issuer_of(
		directory_tenant_by_id(r->context->directory, s->given.company));
	if (!i) {
		web_sign_in_wrong(r);
		return;
	}
	s->version = i->updated_us;
	if (web_keep(r, i->tenant->id, &s->tenant) && web_may_try(r, r->shown.attempt) &&
	    web_sign_in_find(r, i, s->given.state, &s->attempt))
		web_issuer_learn(r, i, false, &s->learning, exchange);
}

void web_openid_sign(struct web_request *r)
{
	struct web_problem p;
	struct web_signing *s = web_alloc(r, sizeof(*s));
	if (!s)
		return;
	if (r->plane != WEB_COMPANY) {
		web_problem(r, WEB_WRONG_PLANE, NULL, "a company's people sign in at the address of listen.https");
		return;
	}
	if (web_fields_read(r->body, &web_openid_body, WEB_WHOLE, &s->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	s->request = r;
	if (slice_empty(s->given.code))
		begin(s);
	else
		finish(s);
}
