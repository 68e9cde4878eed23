/* web/sign_in.c - derived, sealed, and found again */
#include "web/sign_in.h"

#include "crypto/crypto.h"
#include "web/access.h"
#include "web/fields.h"
#include "web/kind.h"

/* Redirection is to a page of ours, fixed for each company and host name, so that codes of one issuer are not taken for
 * another's (RFC 9700 §4.4.2). */
static bool write_redirect(struct web_request *r, const struct directory_tenant *t, struct slice *ret)
{
	struct slice host = r->shown.host;
	uint16_t port;
	char text[sizeof("https://" WEB_SIGN_IN_PATH) + WEB_ARGUMENT_BYTES_MAX + STORE_ID_CAP];
	if (!web_host_port(host, &host, &port)) {
		web_problem(r, WEB_BAD_REQUEST, NULL, "Host is no host name or address");
		return false;
	}
	struct writer w = writer_on(text, sizeof(text));
	write_string(&w, "https://");
	write_slice(&w, r->shown.host);
	write_string(&w, WEB_SIGN_IN_PATH);
	write_slice(&w, t->id);
	ASSERT(!w.overflow);
	return web_keep(r, writer_slice(&w), ret);
}

static void derive_text(const struct web_access *a, const char *what, const struct web_sign_in *s,
			char ret[OPENID_VERIFIER_CHARS])
{
	uint8_t bytes[32];
	web_challenge_derive(&a->challenges, what, slice_from_string(s->owner),
			     slice_of(s->challenge, sizeof(s->challenge)), bytes);
	struct writer w = writer_on(ret, OPENID_VERIFIER_CHARS);
	write_base64url(&w, bytes, sizeof(bytes));
}

/* Whose a state is: this browser's, for this issuer as it is set now, at this host. */
static bool own(struct web_request *r, const struct directory_issuer *i, struct slice secret, struct web_sign_in *s)
{
	uint8_t bytes[32];
	char row[STORE_ID_CAP + 24];
	if (!write_redirect(r, i->tenant, &s->attempt.redirect) || !web_keep(r, i->client_id, &s->attempt.client_id))
		return false;
	snprintf(row, sizeof(row), "%.*s %lld", SLICE_ARG(i->id), (long long)i->updated_us);
	web_challenge_derive(&r->context->access->challenges, "alto sign-in", secret, slice_from_string(row), bytes);
	web_challenge_derive(&r->context->access->challenges, "alto redirect", slice_of(bytes, sizeof(bytes)),
			     s->attempt.redirect, bytes);
	struct writer w = writer_on(s->owner, sizeof(s->owner) - 1);
	write_hex(&w, bytes, sizeof(bytes));
	s->owner[w.n] = 0;
	return true;
}

static void complete(const struct web_access *a, struct web_sign_in *s)
{
	derive_text(a, "alto nonce", s, s->nonce);
	derive_text(a, "alto verifier", s, s->verifier);
	s->attempt.nonce = slice_of(s->nonce, sizeof(s->nonce));
	s->attempt.verifier = slice_of(s->verifier, sizeof(s->verifier));
}

bool web_sign_in_draw(struct web_request *r, const struct directory_issuer *i, struct slice secret,
		      struct web_sign_in *ret)
{
	struct web_access *a = r->context->access;
	if (!own(r, i, secret, ret))
		return false;
	web_challenge_draw(&a->challenges, r->context->random, slice_from_string(ret->owner), web_now_us(r),
			   ret->challenge);
	struct writer w = writer_on(ret->state, sizeof(ret->state));
	write_base64url(&w, ret->challenge, sizeof(ret->challenge));
	ret->attempt.state = writer_slice(&w);
	complete(a, ret);
	return true;
}

bool web_sign_in_find(struct web_request *r, const struct directory_issuer *i, struct slice state,
		      struct web_sign_in *ret)
{
	struct web_access *a = r->context->access;
	size_t n;
	if (!own(r, i, r->shown.attempt, ret))
		return false;
	if (slice_empty(r->shown.attempt) || !base64url_decode(state, ret->challenge, sizeof(ret->challenge), &n) ||
	    n != sizeof(ret->challenge) ||
	    !web_challenge_fits(&a->challenges, slice_from_string(ret->owner), web_now_us(r), ret->challenge)) {
		web_sign_in_wrong(r);
		return false;
	}
	complete(a, ret);
	return true;
}

void web_sign_in_wrong(struct web_request *r)
{
	web_problem(r, WEB_WRONG_SIGN_IN, NULL,
		    "this sign-in was begun in another browser, too long ago, or was used already: begin anew");
}

bool web_is_state(struct slice s)
{
	uint8_t bytes[WEB_CHALLENGE_BYTES];
	size_t n;
	return base64url_decode(s, bytes, sizeof(bytes), &n) && n == sizeof(bytes);
}
