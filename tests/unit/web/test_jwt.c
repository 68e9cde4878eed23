/* test_jwt.c - ID tokens: good ones, and each with one thing wrong */
#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/writer.h"
#include "support/failing.h"
#include "support/guard.h"
#include "support/test.h"
#include "web/jwt.h"

#define NOW 2000000010
#define CLAIMS(more)                                                                                                   \
	"{\"iss\":\"https://login.example\",\"sub\":\"s\",\"exp\":2000000600,\"iat\":2000000000,\"nonce\":\"n\"" more  \
	"}"
static const struct jwt_expected expected = {
	.issuer = {"https://login.example", 21}, .client_id = {"alto", 4}, .nonce = {"n", 1}, .now_s = NOW};

/* By `openssl dgst -sha256 -sign`; nonce n-0S6_WzA2Mj. */
static const char rsa_modulus[] =
	"uVKndA_Xlnw-tv97XxG3qePew3CziUpissI61eiODNFRHNjof_Q3gGc4p5IK8HyzBCM8KQfIYte9lghrhD3fDxIs70_FP2uN"
	"Exct-2iAFRxVFZXL62N9m8PWNfJhUKqI95_eCrKPK_c593fOyz-m907hz7Rvz74bQqeoWIJcgWKJWZMm3emh8UK31FSylRnK"
	"8QJ7DhTQF46lW8YpAdqt38mD6RuHSbIeOa2TRjV06uR6SYiK6ajlWvI52BYZyH-9T2aCMgIHxNfvie9FZ_Ug9NzRpxPpYx2H"
	"XUkkM4SV3occJ-hKwlYjsO_MUthYBP_cxVdGNCEeAFevBmdVf_VF2w";
static const char rs256[] =
	"eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInJzYS0xIn0.eyJpc3MiOiAiaHR0cHM6Ly9sb2dpbi5leGFtcGxlIiwgImF1ZCI6"
	"ICJhbHRvIiwgInN1YiI6ICIyNDgyODk3NjEwMDEiLCAiZXhwIjogMjAwMDAwMDYwMCwgImlhdCI6IDIwMDAwMDAwMDAsICJu"
	"b25jZSI6ICJuLTBTNl9XekEyTWoiLCAiZW1haWwiOiAiYW5uYUBhY21lLmV4YW1wbGUiLCAiZW1haWxfdmVyaWZpZWQiOiB0"
	"cnVlfQ.jRSKunxRGI7LpImfAiQHpaJ4QJIhrOlGYNrowxbMZJA-7Hw-SpEcUrU82Qi9C8iO_Fe2K3d_blWegSS-CuEqKVOFQ"
	"qJHmbJogc9oNa-V16lJIUvWHyei5T_KEcat2sb7GpCdPfdAcXJWq_7_Z4ax8YaLXcNZEbSFpzd2-jNHTwAff6czCim-yCmZc"
	"wX7OoGcyn-y2Q1ILouJkJiGAQK6cNdx-UGSpFIAr3lgTLjNbHM3AtNEk5vdujalCe_ftwaFfJJh5mzq8_VlVnxZ5UiAnRoBQ"
	"iDLjZt4U6FOUI1sYZPOzkcTB5cSENYVIxebiuEv9H0Ma-YgJcgHuAP8KVf3qQ";
/* RFC 7515 appendix A.3. */
static const char es256_key[] =
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
static const char es256[] =
	"eyJhbGciOiJFUzI1NiJ9."
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static json_t *json_of(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);
	assert_non_null(o);
	return o;
}

/* ---- an issuer of our own ---- */

struct signer {
	EVP_PKEY *key;
	json_t *keys; /* {"keys": [its public one, with the id "k"]} */
};

static int setup(void **state)
{
	static struct signer s;
	uint8_t point[65];
	size_t n;
	char text[300];
	s.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	assert_non_null(s.key);
	assert_int_equal(EVP_PKEY_get_octet_string_param(s.key, "pub", point, sizeof(point), &n), 1);
	assert_int_equal(n, 65);
	struct writer w = writer_on(text, sizeof(text) - 1);
	write_string(&w, "{\"keys\":[{\"kid\":\"k\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
	write_base64url(&w, point + 1, 32);
	write_string(&w, "\",\"y\":\"");
	write_base64url(&w, point + 33, 32);
	write_string(&w, "\"}]}");
	text[w.n] = 0;
	s.keys = json_of(text);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	const struct signer *s = *state;
	EVP_PKEY_free(s->key);
	json_decref(s->keys);
	return 0;
}

static void write_signature(const struct signer *s, struct writer *w)
{
	uint8_t der[80], raw[64];
	size_t n = sizeof(der);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, s->key), 1);
	assert_int_equal(EVP_DigestSign(c, der, &n, (const uint8_t *)w->p, w->n), 1);
	EVP_MD_CTX_free(c);
	const uint8_t *at = der;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)n);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32), 32);
	ECDSA_SIG_free(pair);
	write_char(w, '.');
	write_base64url(w, raw, sizeof(raw));
}

static enum jwt_result read_guarded(struct slice token, const json_t *keys)
{
	json_t *claims = NULL;
	struct slice s = guard_slice(token);
	enum jwt_result result = jwt_read(s, keys, &expected, &claims);
	assert_int_equal(result == JWT_GOOD, claims != NULL);
	json_decref(claims);
	guard_free(s.p);
	return result;
}

/* What is made of a token with these, signed as it should be. */
static enum jwt_result tried(const struct signer *s, const char *head, const char *claims, const json_t *keys)
{
	char text[1024];
	struct writer w = writer_on(text, sizeof(text));
	write_base64url(&w, head, strlen(head));
	write_char(&w, '.');
	write_base64url(&w, claims, strlen(claims));
	write_signature(s, &w);
	assert_false(w.overflow);
	return read_guarded(writer_slice(&w), keys);
}

#define HEAD "{\"alg\":\"ES256\",\"kid\":\"k\"}"
#define AUD ",\"aud\":\"alto\""

static void claims_are_held_against_what_was_asked(void **state)
{
	static const struct {
		const char *claims;
		enum jwt_result result;
	} cases[] = {
		{CLAIMS(AUD), JWT_GOOD},
		{CLAIMS(",\"aud\":[\"alto\"]"), JWT_GOOD},
		{CLAIMS(",\"aud\":[\"other\",\"alto\"],\"azp\":\"alto\""), JWT_GOOD},
		{CLAIMS(",\"aud\":[\"other\",\"alto\"]"), JWT_AUDIENCE},
		{CLAIMS(",\"aud\":\"other\""), JWT_AUDIENCE},
		{CLAIMS(",\"aud\":[\"other\"],\"azp\":\"alto\""), JWT_AUDIENCE},
		{CLAIMS(",\"aud\":\"alto\",\"azp\":\"other\""), JWT_AUDIENCE},
		{CLAIMS(",\"aud\":\"alto\",\"azp\":7"), JWT_AUDIENCE},
		{CLAIMS(",\"aud\":{\"alto\":1}"), JWT_AUDIENCE},
		{CLAIMS(""), JWT_AUDIENCE},
		{CLAIMS(AUD ",\"nbf\":2000000070"), JWT_GOOD},
		{CLAIMS(AUD ",\"nbf\":2000000071"), JWT_TIMES},
		{CLAIMS(AUD ",\"nbf\":\"now\""), JWT_TIMES},
		{CLAIMS(AUD ",\"sub\":\"t\""), JWT_MALFORMED}, /* a member twice */
		{"{\"aud\":\"alto\"}", JWT_ISSUER},
		{"{\"iss\":\"https://login.example/\"" AUD "}", JWT_ISSUER},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":1999999950,\"iat\":1}", JWT_TIMES},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":\"2000000600\",\"iat\":1}", JWT_TIMES},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":1999999951,\"iat\":1}", JWT_NONCE},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":2000000600}", JWT_TIMES},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":2000000600,\"iat\":2000000071}", JWT_TIMES},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":2000000600,\"iat\":2000000070,\"nonce\":\"m\"}",
		 JWT_NONCE},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":2000000600,\"iat\":1,\"nonce\":\"n\"}",
		 JWT_SUBJECT},
		{"{\"iss\":\"https://login.example\"" AUD ",\"exp\":2000000600,\"iat\":1,\"nonce\":\"n\",\"sub\":\"\"}",
		 JWT_SUBJECT},
		{"[]", JWT_MALFORMED},
		{"{", JWT_MALFORMED},
	};
	const struct signer *s = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (tried(s, HEAD, cases[i].claims, s->keys) != cases[i].result)
			fail_msg("%s", cases[i].claims);
}

static void an_algorithm_is_of_its_kind_of_key(void **state)
{
	const struct signer *s = *state;
	json_t *key = json_array_get(json_object_get(s->keys, "keys"), 0);
	static const struct {
		const char *head;
		enum jwt_result result;
	} heads[] = {
		{"{\"alg\":\"ES256\"}", JWT_GOOD},
		{"{\"alg\":\"ES256\",\"kid\":\"other\"}", JWT_UNKNOWN_KEY},
		{"{\"alg\":\"RS256\",\"kid\":\"k\"}", JWT_UNKNOWN_KEY},
		{"{\"alg\":\"none\",\"kid\":\"k\"}", JWT_ALGORITHM},
		{"{\"alg\":\"HS256\",\"kid\":\"k\"}", JWT_ALGORITHM},
		{"{\"alg\":\"es256\",\"kid\":\"k\"}", JWT_ALGORITHM},
		{"{\"alg\":[\"ES256\"],\"kid\":\"k\"}", JWT_ALGORITHM},
		{"{\"kid\":\"k\"}", JWT_ALGORITHM},
		{"{\"alg\":\"ES256\",\"kid\":\"k\",\"crit\":[\"exp\"]}", JWT_MALFORMED},
		{"{\"alg\":\"ES256\",\"alg\":\"none\"}", JWT_MALFORMED},
	};
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (tried(s, heads[i].head, CLAIMS(AUD), s->keys) != heads[i].result)
			fail_msg("%s", heads[i].head);
	/* A key that is for something else. */
	static const char *const spoilt[][2] = {
		{"use", "enc"}, {"alg", "RS256"}, {"crv", "P-384"}, {"kty", "RSA"}, {"kid", "x"}};
	for (size_t i = 0; i < ARRAY_LEN(spoilt); i++) {
		json_t *before = json_incref(json_object_get(key, spoilt[i][0]));
		json_object_set_new(key, spoilt[i][0], json_string(spoilt[i][1]));
		assert_int_equal(tried(s, HEAD, CLAIMS(AUD), s->keys), JWT_UNKNOWN_KEY);
		if (before)
			json_object_set_new(key, spoilt[i][0], before);
		else
			json_object_del(key, spoilt[i][0]);
	}
	json_t *none = json_of("{\"keys\":7}");
	assert_int_equal(tried(s, HEAD, CLAIMS(AUD), none), JWT_UNKNOWN_KEY);
	json_decref(none);
	/* Of many that fit only so many are tried. */
	json_t *many = json_of("{\"keys\":[]}"), *list = json_object_get(many, "keys"), *other = json_of(es256_key);
	for (size_t i = 1; i < JWT_KEYS_TRIED; i++)
		json_array_append(list, json_array_get(json_object_get(other, "keys"), 0));
	json_array_append(list, key);
	assert_int_equal(tried(s, "{\"alg\":\"ES256\"}", CLAIMS(AUD), many), JWT_GOOD);
	json_array_insert(list, 0, json_array_get(json_object_get(other, "keys"), 0));
	assert_int_equal(tried(s, "{\"alg\":\"ES256\"}", CLAIMS(AUD), many), JWT_UNKNOWN_KEY);
	json_decref(many);
	json_decref(other);
}

static void vectors_are_verified(void **state)
{
	json_t *keys = json_of(es256_key), *claims = NULL;
	struct jwt_expected joe = {.issuer = SLICE("joe"), .client_id = SLICE("alto"), .now_s = NOW};
	struct slice token = SLICE(es256);
	/* Its claims are no ID token's: what is wrong with it is found behind the signature. */
	assert_int_equal(jwt_read(token, keys, &joe, &claims), JWT_AUDIENCE);
	json_decref(keys);

	char text[600];
	snprintf(text, sizeof(text), "{\"keys\":[7,{\"kid\":\"rsa-1\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}]}",
		 rsa_modulus);
	keys = json_of(text);
	struct jwt_expected e = expected;
	e.nonce = SLICE("n-0S6_WzA2Mj");
	assert_int_equal(jwt_read(SLICE(rs256), keys, &e, &claims), JWT_GOOD);
	assert_true(slice_eq(jwt_text(claims, "sub"), SLICE("248289761001")));
	json_decref(claims);
	/* Cut anywhere, or with any letter another. */
	for (size_t n = 0; n < sizeof(rs256) - 1; n++)
		assert_int_not_equal(read_guarded(slice_first(SLICE(rs256), n), keys), JWT_GOOD);
	for (size_t i = 0; i < sizeof(rs256) - 1; i += 7) {
		char spoilt[sizeof(rs256)];
		memcpy(spoilt, rs256, sizeof(rs256));
		spoilt[i] = spoilt[i] == 'A' ? 'B' : 'A';
		claims = NULL;
		assert_int_not_equal(jwt_read(slice_of(spoilt, sizeof(spoilt) - 1), keys, &e, &claims), JWT_GOOD);
	}
	json_decref(keys);
	char *long_one = calloc(1, JWT_MAX + 1);
	memset(long_one, 'A', JWT_MAX + 1);
	assert_int_equal(jwt_read(slice_of(long_one, JWT_MAX + 1), NULL, &e, &claims), JWT_MALFORMED);
	free(long_one);
	for (enum jwt_result result = JWT_GOOD + 1; result < JWT_RESULTS; result++)
		assert_non_null(strchr(jwt_reason(result), ' '));
}

static unsigned *seen(enum jwt_result result)
{
	static unsigned times[JWT_RESULTS];
	return &times[result];
}

/* Without memory it cannot be read; it is never good without having been read. */
static int read_once(void *arg)
{
	const json_t *keys = arg;
	json_t *claims = NULL;
	struct jwt_expected e = expected;
	e.nonce = SLICE("n-0S6_WzA2Mj");
	enum jwt_result result = jwt_read(SLICE(rs256), keys, &e, &claims);
	json_decref(claims);
	++*seen(result);
	return result == JWT_GOOD ? 0 : -ENOMEM;
}

static void memory_runs_out(void **state)
{
	char text[600];
	snprintf(text, sizeof(text), "{\"keys\":[{\"kid\":\"rsa-1\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}]}",
		 rsa_modulus);
	json_t *keys = json_of(text);
	failing_each(read_once, keys);
	assert_true(*seen(JWT_NO_MEMORY) > 0 && *seen(JWT_GOOD) > 0);
	json_decref(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_are_held_against_what_was_asked),
		cmocka_unit_test(an_algorithm_is_of_its_kind_of_key),
		cmocka_unit_test(vectors_are_verified),
		cmocka_unit_test(memory_runs_out),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
