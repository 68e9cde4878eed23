/*
 * web/jwt.h - ID tokens: who signed them, for whom, until when.   RFC 7515, 7517, 7518, 7519; OpenID Connect Core 1.0
 *
 * Pure. RS256 and ES256 alone: what the token's own head asks for is chosen among these two, never "none", and never a
 * key of the other kind; a secret shared with the issuer signs nothing here.
 */
#pragma once
#include <jansson.h>

#include "base/slice.h"

/* Compact form: head, claims and signature; issuers put a person's groups and more into theirs. */
#define JWT_MAX ((size_t)16 * 1024)
/* Clocks of other people. */
#define JWT_SKEW_S 60
/* Keys that are tried, of those that fit; only where a token does not say which are there several. Issuers have two or
 * three, half a millisecond each at most (crypto/signature.h). */
#define JWT_KEYS_TRIED 3
/* OpenID Connect Core 1.0 §2. */
#define JWT_SUBJECT_MAX 255

struct jwt_expected {
	struct slice issuer, client_id, nonce;
	int64_t now_s; /* since 1970 */
};
enum jwt_result {
	JWT_GOOD,
	JWT_NO_MEMORY, /* to read it; where it lacks for a key, that one has not signed */
	JWT_MALFORMED,
	JWT_ALGORITHM,
	JWT_UNKNOWN_KEY, /* not signed with any of these keys: they may have changed */
	JWT_SIGNATURE,
	JWT_ISSUER,
	JWT_AUDIENCE,
	JWT_TIMES,
	JWT_NONCE,
	JWT_SUBJECT,
	JWT_RESULTS
};
/* What is wrong, for the company's admin. Not of JWT_GOOD. */
const char *jwt_reason(enum jwt_result result);
/* keys: a JWK set. *ret_claims: an object, only with JWT_GOOD; the caller's. */
MUST_USE enum jwt_result jwt_read(struct slice token, const json_t *keys, const struct jwt_expected *expected,
				  json_t **ret_claims);

/* A member that is a text; empty: there is none. */
struct slice jwt_text(const json_t *object, const char *name);
