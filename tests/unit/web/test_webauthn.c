/* test_webauthn.c - what an authenticator says: read whole, and refused when cut, spoilt or said in another form */
#include "base/random.h"
#include "base/writer.h"
#include "support/guard.h"
#include "support/test.h"
#include "web/cbor.h"
#include "web/challenge.h"
#include "web/webauthn.h"

#define TEXT(literal)                                                                                                  \
	{                                                                                                              \
		(literal), sizeof(literal) - 1                                                                         \
	}
#define ORIGIN SLICE("https://alto.example:8443")

/* SHA-256 of "alto.example", flags, a count. */
#define RP_HASH                                                                                                        \
	"\xb5\xe3\xeb\x03\x4d\x3b\xa1\x0d\xd2\x63\xc5\x5b\x57\x81\xc2\x1d\xb2\x54\x5a\xaa\x5a\xba\x07\x6f\xdd\x8f\x8c" \
	"\x74"                                                                                                         \
	"\x7a\x8e\xc5\xc5"
/* COSE: EC2, ES256, P-256; made by `openssl ecparam`. */
#define KEY_HEAD "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"
#define KEY_X                                                                                                          \
	"\xb9\x8f\x06\x8f\xed\xf8\x36\x78\x44\x43\xa9\x90\x18\x9b\xce\x51\xd2\x2c\x18\x9c\x63\x02\xe4\x00\x89\x98\x50" \
	"\xd5"                                                                                                         \
	"\x12\x88\xab\x63"
#define KEY_Y                                                                                                          \
	"\x86\x84\x07\x1a\xab\x8f\x84\xb8\x4a\xb8\x80\x9f\x17\x22\x18\x78\x78\xbf\x33\x43\x22\xf1\xe8\x81\x04\x4d\xbe" \
	"\x4e"                                                                                                         \
	"\xd2\x06\x5e\xef"
#define KEY KEY_HEAD KEY_X "\x22\x58\x20" KEY_Y
#define CREDENTIAL "0123456789abcdef"
#define AAGUID "AAAAAAAAAAAAAAAA"
#define DATA(flags) RP_HASH flags "\x00\x00\x01\x07" AAGUID "\x00\x10" CREDENTIAL
#define FRONT                                                                                                          \
	"\xa3\x63"                                                                                                     \
	"fmt\x64none\x67"                                                                                              \
	"attStmt\xa0\x68"                                                                                              \
	"authData"

static const char signed_by_it[] = "\x30\x46\x02\x21\x00\xef\x87\xca\x82\x29\x48\x0a\x67\x96\xa3\x96\x5b\x8a\xf7\xeb"
				   "\x28\xd6\xb3\xa5\x59\x4d\x0c\xec"
				   "\x90\x58\xbd\xcc\xbd\x36\xfa\x84\xb5\x02\x21\x00\xd1\x46\x0f\x60\x54\x60\x62\x17"
				   "\x18\x88\x38\x60\xd3\x11\xcb\x62"
				   "\xbd\x5e\x50\x03\xca\xcb\x9a\xec\x7e\x31\x88\xca\x28\x1e\x3a\x79";
static const char client[] = "{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQF\",\"origin\":\"https://"
			     "alto.example:8443\",\"crossOrigin\":"
			     "false}";

/* An attestation object around this data, in memory that ends at an unreadable page. */
static struct slice object(const char *front, size_t front_n, const char *data, size_t n)
{
	char text[512];
	struct writer w = writer_on(text, sizeof(text));
	write_slice(&w, slice_of(front, front_n));
	write_slice(&w, slice_of((char[]){'\x58', (char)n}, 2));
	write_slice(&w, slice_of(data, n));
	assert_false(w.overflow);
	return guard_slice(writer_slice(&w));
}
#define OBJECT(data) object(FRONT, sizeof(FRONT) - 1, (data), sizeof(data) - 1)

static bool is_good(struct slice s)
{
	struct webauthn_data d = {.count = 99};
	bool good = webauthn_attestation(s, &d);
	assert_true(good || d.count == 99);
	guard_free(s.p);
	return good;
}

static void a_new_credential_is_read(void **state)
{
	struct webauthn_data d;
	uint8_t hash[32];
	struct slice s = OBJECT(DATA("\x45") KEY);
	assert_true(webauthn_attestation(s, &d));
	assert_true(d.present && d.verified && d.count == 0x107);
	assert_slice(d.credential, CREDENTIAL);
	assert_memory_equal(d.key, KEY_X KEY_Y, 64);
	assert_true(webauthn_rp_hash(SLICE("alto.example"), hash));
	assert_memory_equal(d.rp_hash, hash, sizeof(hash));
	for (size_t n = 0; n < s.n; n++)
		assert_false(is_good(guard_slice(slice_first(s, n))));
	guard_free(s.p);
	/* Touched alone; with extensions that nobody asked for. */
	s = OBJECT(DATA("\x41") KEY);
	assert_true(webauthn_attestation(s, &d) && d.present && !d.verified);
	guard_free(s.p);
	assert_true(is_good(OBJECT(DATA("\xc5") KEY "\xa1\x6b"
						    "credProtect\x02")));
}

static void other_forms_are_refused(void **state)
{
	assert_false(is_good(OBJECT(DATA("\x05") KEY)));            /* says that it has none */
	assert_false(is_good(OBJECT(DATA("\x45") KEY "\x00")));     /* something behind it */
	assert_false(is_good(OBJECT(DATA("\xc5") KEY)));            /* extensions that are not there */
	assert_false(is_good(OBJECT(DATA("\xc5") KEY "\x01")));     /* that are no map */
	assert_false(is_good(OBJECT(DATA("\xc5") KEY "\xa0\x00"))); /* and more behind them */
	assert_false(is_good(OBJECT(DATA("\x45") "\xb8\x05" KEY))); /* a longer head than is needed */
	/* Another kind of key, algorithm, curve; no point of it. */
	assert_false(
		is_good(OBJECT(DATA("\x45") "\xa5\x01\x03\x03\x26\x20\x01\x21\x58\x20" KEY_X "\x22\x58\x20" KEY_Y)));
	assert_false(
		is_good(OBJECT(DATA("\x45") "\xa5\x01\x02\x03\x27\x20\x01\x21\x58\x20" KEY_X "\x22\x58\x20" KEY_Y)));
	assert_false(
		is_good(OBJECT(DATA("\x45") "\xa5\x01\x02\x03\x26\x20\x02\x21\x58\x20" KEY_X "\x22\x58\x20" KEY_Y)));
	assert_false(is_good(OBJECT(DATA("\x45") KEY_HEAD KEY_Y "\x22\x58\x20" KEY_X)));
	/* An attestation that says more than none. */
	static const char packed[] = "\xa3\x63"
				     "fmt\x66packed\x67"
				     "attStmt\xa0\x68"
				     "authData";
	static const char said[] = "\xa3\x63"
				   "fmt\x64none\x67"
				   "attStmt\xa1\x61x\x01\x68"
				   "authData";
	static const char data[] = DATA("\x45") KEY;
	assert_false(is_good(object(packed, sizeof(packed) - 1, data, sizeof(data) - 1)));
	assert_false(is_good(object(said, sizeof(said) - 1, data, sizeof(data) - 1)));
}

static void an_assertion_is_checked(void **state)
{
	struct webauthn_data d = {.count = 99};
	struct slice data = guard_slice(SLICE(RP_HASH "\x05\x00\x00\x00\x07"));
	struct slice said = guard_slice(slice_from_string(client));
	const uint8_t *key = (const uint8_t *)KEY_X KEY_Y;
	struct slice signature = slice_of(signed_by_it, sizeof(signed_by_it) - 1);
	for (size_t n = 0; n < data.n; n++) {
		struct slice cut = guard_slice(slice_first(data, n));
		assert_false(webauthn_assertion(cut, &d));
		guard_free(cut.p);
	}
	assert_int_equal(d.count, 99);
	assert_true(webauthn_assertion(data, &d) && d.present && d.verified && d.count == 7);
	assert_true(webauthn_signed(key, data, said, signature));
	for (size_t i = 0; i < data.n; i++) {
		((char *)(uintptr_t)data.p)[i] ^= 1;
		assert_false(webauthn_signed(key, data, said, signature));
		((char *)(uintptr_t)data.p)[i] ^= 1;
	}
	assert_false(webauthn_signed(key, data, slice_first(said, said.n - 1), signature));
	char most[WEBAUTHN_DATA_MAX + 1] = {0};
	assert_false(webauthn_signed(key, slice_of(most, sizeof(most)), said, signature));
	/* None with a credential, or with more behind it. */
	assert_false(webauthn_assertion(SLICE(DATA("\x45") KEY), &d));
	assert_false(webauthn_assertion(SLICE(RP_HASH "\x05\x00\x00\x00\x07\x00"), &d));
	guard_free(data.p);
	guard_free(said.p);
}

static void what_a_browser_says_is_held_against_what_is_known(void **state)
{
	static const char *const others[] = {
		"{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQF\",\"origin\":\"https://alto.example:8443\"}",
		"{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQF\",\"origin\":\"https://alto.example\"}",
		"{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQF\",\"origin\":\"https://alto.example:8443\","
		"\"crossOrigin\":true}",
		"{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQ\",\"origin\":\"https://alto.example:8443\"}",
		"{\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQFAA\",\"origin\":\"https://alto.example:8443\"}",
		"{\"type\":\"webauthn.get\",\"challenge\":7,\"origin\":\"https://alto.example:8443\"}",
		"{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\",\"challenge\":\"AAECAwQF\",\"origin\":"
		"\"https://alto.example:8443\"}",
		"[]",
		"",
	};
	uint8_t challenge[6];
	assert_true(webauthn_client(slice_from_string(client), "webauthn.get", ORIGIN, challenge, sizeof(challenge)));
	assert_memory_equal(challenge, "\0\1\2\3\4\5", 6);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct slice s = guard_slice(slice_from_string(others[i]));
		if (webauthn_client(s, "webauthn.get", ORIGIN, challenge, sizeof(challenge)))
			fail_msg("%s", others[i]);
		guard_free(s.p);
	}
}

static void cbor_is_read_in_one_form(void **state)
{
	static const struct {
		struct slice text;
		bool good;
	} items[] = {
		{TEXT("\x17"), true},
		{TEXT("\x18\x17"), false},
		{TEXT("\x18\x18"), true},
		{TEXT("\x19\x00\xff"), false},
		{TEXT("\x19\x01\x00"), true},
		{TEXT("\x1a\x00\x00\xff\xff"), false},
		{TEXT("\x1a\x00\x01\x00\x00"), true},
		{TEXT("\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), false},
		{TEXT("\x1b\x00\x00\x00\x01\x00\x00\x00\x00"), true},
		{TEXT("\x1c"), false},
		{TEXT("\x1f"), false},
		{TEXT("\x41"), false},
		{TEXT("\x41x"), true},
		{TEXT("\x5f\x41x\xff"), false},
		{TEXT("\xf4"), true},
		{TEXT("\xf6"), false},
		{TEXT("\xf9\x00\x00"), false},
		{TEXT("\xc0\x01"), false},
		{TEXT("\x81\x81\x81\x81\x01"), true},
		{TEXT("\x81\x81\x81\x81\x81\x01"), false},
		{TEXT("\xa1\x01"), false},
		{TEXT("\xa1\x01\x02"), true},
		{TEXT("\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"), false},
		{TEXT(""), false},
	};
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct slice s = guard_slice(items[i].text), rest = s;
		if (cbor_skip(&rest, 4) != items[i].good || (items[i].good && rest.n))
			fail_msg("item %zu", i);
		guard_free(s.p);
	}
}

/* ---- challenges ---- */

static void a_challenge_is_for_one_and_once(void **state)
{
	struct random random;
	struct web_challenges *c = calloc(1, sizeof(*c));
	uint8_t one[WEB_CHALLENGE_BYTES], two[WEB_CHALLENGE_BYTES];
	assert_non_null(c);
	random_init_seeded(&random, 7);
	web_challenges_init(c, &random);
	web_challenge_draw(c, &random, SLICE("session"), 1000, one);
	web_challenge_draw(c, &random, SLICE("session"), 1000, two);
	assert_memory_not_equal(one, two, sizeof(one));
	assert_true(web_challenge_fits(c, SLICE("session"), 1000 + WEB_CHALLENGE_US, one));
	assert_false(web_challenge_fits(c, SLICE("session"), 1001 + WEB_CHALLENGE_US, one));
	assert_false(web_challenge_fits(c, SLICE("another"), 1000, one));
	assert_false(web_challenge_fits(c, SLICE(""), 1000, one));
	for (size_t i = 0; i < sizeof(one); i++) {
		one[i] ^= 1;
		assert_false(web_challenge_fits(c, SLICE("session"), 1000, one));
		one[i] ^= 1;
	}
	assert_int_equal(web_challenge_use(c, 2000, one), WEB_CHALLENGE_FRESH);
	assert_int_equal(web_challenge_use(c, 2000, one), WEB_CHALLENGE_USED);
	assert_int_equal(web_challenge_use(c, 2000, two), WEB_CHALLENGE_FRESH);
	/* Places are for those that could still be used again. */
	for (size_t i = 2; i < WEB_CHALLENGES_USED; i++) {
		web_challenge_draw(c, &random, SLICE("session"), 1000, one);
		assert_int_equal(web_challenge_use(c, 2000, one), WEB_CHALLENGE_FRESH);
	}
	web_challenge_draw(c, &random, SLICE("session"), 3000 + WEB_CHALLENGE_US, one);
	assert_int_equal(web_challenge_use(c, 1000 + WEB_CHALLENGE_US, one), WEB_CHALLENGE_FORGOTTEN);
	assert_int_equal(web_challenge_use(c, 1001 + WEB_CHALLENGE_US, one), WEB_CHALLENGE_FRESH);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_credential_is_read),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(an_assertion_is_checked),
		cmocka_unit_test(what_a_browser_says_is_held_against_what_is_known),
		cmocka_unit_test(cbor_is_read_in_one_form),
		cmocka_unit_test(a_challenge_is_for_one_and_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
