/*
 * fuzz_openid.c - what an issuer of identity says: its document, its keys with an ID token, claims
 *
 * 'd': a document. 'k': keys, a zero byte, a token. 'c': claims. The rest of each is the issuer's.
 */
#include "web/jwt.h"
#include "web/openid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *object_of(struct slice s)
{
	json_t *o = s.n ? json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

static bool starts_https(struct slice s)
{
	return slice_casestarts(s, SLICE("https://")) && s.n <= WEB_HOOK_URL_MAX;
}

static void document(struct slice s)
{
	json_t *o = object_of(s);
	struct openid_metadata m = {.token = SLICE("untouched")};
	const char *why = NULL;
	char text[3 * WEB_HOOK_URL_MAX];
	if (openid_metadata_read(o, SLICE("https://login.example"), &m, &why)) {
		ASSERT(!why && starts_https(m.authorization) && starts_https(m.token) && starts_https(m.keys));
		const struct openid_attempt a = {.client_id = SLICE("alto"), .verifier = SLICE("v")};
		struct writer w = writer_on(text, sizeof(text));
		ASSERT(openid_authorization_url(m.authorization, &a, &w) && !w.overflow);
	} else {
		ASSERT(why && slice_eq(m.token, SLICE("untouched")));
	}
	ASSERT(openid_error(o).n <= 40);
	json_decref(o);
}

static void token(struct slice rest)
{
	struct slice keys = slice_cut(&rest, 0);
	static const struct jwt_expected expected = {
		{"https://login.example", 21}, {"alto", 4}, {"n-0S6_WzA2Mj", 12}, 2000000010};
	json_t *set = object_of(keys), *claims = NULL;
	enum jwt_result result = jwt_read(rest, set, &expected, &claims);
	ASSERT((result == JWT_GOOD) == (claims != NULL));
	if (claims) {
		ASSERT(slice_eq(jwt_text(claims, "iss"), expected.issuer));
		/* Good for this client and this attempt alone. */
		struct jwt_expected other = expected;
		json_t *none = NULL;
		other.client_id = SLICE("other");
		ASSERT(jwt_read(rest, set, &other, &none) == JWT_AUDIENCE && !none);
		other = expected;
		other.nonce = SLICE("other");
		ASSERT(jwt_read(rest, set, &other, &none) == JWT_NONCE && !none);
		/* A key that is not there signs nothing. */
		ASSERT(jwt_read(rest, NULL, &expected, &none) == JWT_UNKNOWN_KEY && !none);
	}
	json_decref(claims);
	json_decref(set);
}

static void person(struct slice s)
{
	static const struct slice names[] = {{"email", 5}, {"preferred_username", 18}};
	json_t *o = object_of(s);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct openid_name name = {.n = 77};
		const char *why;
		if (openid_name_read(o, names[i], SLICE("acme.example"), &name, &why))
			ASSERT(name.n >= 1 && name.n <= OPENID_NAME_MAX);
		else
			ASSERT(why && name.n == 77);
	}
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct slice s = slice_of(data + 1, size - 1);
	if (*data == 'd')
		document(s);
	else if (*data == 'k')
		token(s);
	else
		person(s);
	return 0;
}
