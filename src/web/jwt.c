/* web/jwt.c - three parts, a key that fits, and claims */
#include "web/jwt.h"

#include "base/writer.h"
#include "crypto/signature.h"

struct token {
	struct slice text;     /* what is signed: the first two parts with their dot */
	json_t *head, *claims; /* objects */
	struct slice alg, kid;
	uint8_t signature[CRYPTO_RSA_MAX];
	size_t signature_n;
};

const char *jwt_reason(enum jwt_result result)
{
	static const char *const reasons[JWT_RESULTS] = {
		[JWT_NO_MEMORY] = "There was no memory to read its ID token.",
		[JWT_MALFORMED] = "Its ID token cannot be read.",
		[JWT_ALGORITHM] = "Its ID token is signed neither with RS256 nor with ES256.",
		[JWT_UNKNOWN_KEY] = "Its ID token is signed with a key that it does not publish.",
		[JWT_SIGNATURE] = "The signature of its ID token is wrong.",
		[JWT_ISSUER] = "Its ID token names another issuer than the address that is set here.",
		[JWT_AUDIENCE] = "Its ID token is for another client than the one that is set here.",
		[JWT_TIMES] = "Its ID token has expired, or is not valid yet: does its clock, and ours, go right?",
		[JWT_NONCE] = "Its ID token is an answer to another request.",
		[JWT_SUBJECT] = "Its ID token does not say whom it is about.",
	};
	return reasons[result];
}

static struct slice text_value(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

struct slice jwt_text(const json_t *object, const char *name)
{
	return text_value(json_object_get(object, name));
}

/* base64url of a JSON object. */
static enum jwt_result object_of(struct slice part, json_t **ret)
{
	size_t n = 0;
	json_error_t error;
	uint8_t *bytes = malloc(part.n + 1);
	if (!bytes)
		return JWT_NO_MEMORY;
	bool decoded = base64url_decode(part, bytes, part.n + 1, &n);
	json_t *o = decoded ? json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, &error) : NULL;
	free(bytes);
	if (json_is_object(o)) {
		*ret = o;
		return JWT_GOOD;
	}
	/* Of what is wrong with the text jansson says something. */
	enum jwt_result result = decoded && !o && !*error.text ? JWT_NO_MEMORY : JWT_MALFORMED;
	json_decref(o);
	return result;
}

/* RFC 7515 §3.1, §7.1: three parts; a head whose `crit` we would have to understand (§4.1.11) is not read. */
static enum jwt_result read_parts(struct slice token, struct token *ret)
{
	struct slice rest = token, head = slice_cut(&rest, '.'), claims = slice_cut(&rest, '.');
	if (token.n > JWT_MAX || slice_empty(rest) ||
	    !base64url_decode(rest, ret->signature, sizeof(ret->signature), &ret->signature_n))
		return JWT_MALFORMED;
	ret->text = slice_first(token, token.n - rest.n - 1);
	enum jwt_result result = object_of(head, &ret->head);
	if (result == JWT_GOOD)
		result = object_of(claims, &ret->claims);
	ret->alg = jwt_text(ret->head, "alg");
	ret->kid = jwt_text(ret->head, "kid");
	return result == JWT_GOOD && json_object_get(ret->head, "crit") ? JWT_MALFORMED : result;
}

/* ---- who signed ---- */

static bool is_rsa(const struct token *t)
{
	return slice_eq(t->alg, SLICE("RS256"));
}

/* Numbers of a JWK are base64url; of a point both coordinates have all their bytes (RFC 7518 §6.2.1.2). */
static bool signed_by(const struct token *t, const json_t *key)
{
	uint8_t n[CRYPTO_RSA_MAX], e[CRYPTO_RSA_EXPONENT_MAX], point[CRYPTO_P256_KEY];
	size_t n_n, e_n, x_n, y_n;
	struct slice signature = slice_of(t->signature, t->signature_n);
	if (is_rsa(t))
		return base64url_decode(jwt_text(key, "n"), n, sizeof(n), &n_n) &&
		       base64url_decode(jwt_text(key, "e"), e, sizeof(e), &e_n) &&
		       crypto_rs256_verify(slice_of(n, n_n), slice_of(e, e_n), t->text, signature);
	return base64url_decode(jwt_text(key, "x"), point, 32, &x_n) &&
	       base64url_decode(jwt_text(key, "y"), point + 32, 32, &y_n) && x_n == 32 && y_n == 32 &&
	       crypto_es256_verify_raw(point, t->text, signature);
}

/* Of the kind that the head's algorithm needs, with its id if it says one, and to sign with (RFC 7517 §4). */
static bool fits(const struct token *t, const json_t *key)
{
	struct slice use = jwt_text(key, "use"), alg = jwt_text(key, "alg");
	if (!slice_eq(jwt_text(key, "kty"), is_rsa(t) ? SLICE("RSA") : SLICE("EC")) ||
	    (!is_rsa(t) && !slice_eq(jwt_text(key, "crv"), SLICE("P-256"))))
		return false;
	return (slice_empty(t->kid) || slice_eq(t->kid, jwt_text(key, "kid"))) &&
	       (slice_empty(use) || slice_eq(use, SLICE("sig"))) && (slice_empty(alg) || slice_eq(alg, t->alg));
}

static enum jwt_result check_signature(const struct token *t, const json_t *keys)
{
	const json_t *list = json_object_get(keys, "keys");
	size_t tried = 0;
	if (!is_rsa(t) && !slice_eq(t->alg, SLICE("ES256")))
		return JWT_ALGORITHM;
	for (size_t i = 0; i < json_array_size(list) && tried < JWT_KEYS_TRIED; i++) {
		const json_t *key = json_array_get(list, i);
		if (!fits(t, key))
			continue;
		tried++;
		if (signed_by(t, key))
			return JWT_GOOD;
	}
	return tried && !slice_empty(t->kid) ? JWT_SIGNATURE : JWT_UNKNOWN_KEY;
}

/* ---- for whom, and when ---- */

/* OpenID Connect Core 1.0 §3.1.3.7, 3 to 5: it is for us; where it is for others too, it says that we were given it. */
static bool is_for(const json_t *claims, struct slice client_id)
{
	const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp");
	bool found = slice_eq(text_value(aud), client_id);
	for (size_t i = 0; i < json_array_size(aud); i++)
		found = found || slice_eq(text_value(json_array_get(aud, i)), client_id);
	return found && (azp ? slice_eq(text_value(azp), client_id) : json_array_size(aud) <= 1);
}

/* RFC 7519 §4.1.4 to 4.1.6. */
static bool is_in_time(const json_t *claims, int64_t now_s)
{
	const json_t *exp = json_object_get(claims, "exp"), *iat = json_object_get(claims, "iat");
	const json_t *nbf = json_object_get(claims, "nbf");
	double latest = (double)(now_s + JWT_SKEW_S);
	return json_is_number(exp) && json_number_value(exp) > (double)(now_s - JWT_SKEW_S) && json_is_number(iat) &&
	       json_number_value(iat) <= latest && (!nbf || (json_is_number(nbf) && json_number_value(nbf) <= latest));
}

static enum jwt_result check_claims(const json_t *claims, const struct jwt_expected *expected)
{
	struct slice sub = jwt_text(claims, "sub");
	if (!slice_eq(jwt_text(claims, "iss"), expected->issuer))
		return JWT_ISSUER;
	if (!is_for(claims, expected->client_id))
		return JWT_AUDIENCE;
	if (!is_in_time(claims, expected->now_s))
		return JWT_TIMES;
	if (slice_empty(expected->nonce) || !slice_eq(jwt_text(claims, "nonce"), expected->nonce))
		return JWT_NONCE;
	return sub.n >= 1 && sub.n <= JWT_SUBJECT_MAX ? JWT_GOOD : JWT_SUBJECT;
}

enum jwt_result jwt_read(struct slice token, const json_t *keys, const struct jwt_expected *expected,
			 json_t **ret_claims)
{
	struct token t = {.head = NULL};
	enum jwt_result result = read_parts(token, &t);
	if (result == JWT_GOOD)
		result = check_signature(&t, keys);
	if (result == JWT_GOOD)
		result = check_claims(t.claims, expected);
	if (result == JWT_GOOD)
		*ret_claims = json_incref(t.claims);
	json_decref(t.head);
	json_decref(t.claims);
	return result;
}
