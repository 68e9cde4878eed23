#include "rtp/sdes.h"
#include "rtp_rig.h"

#define SUITE "AES_CM_128_HMAC_SHA1_80"
#define KEY_30 "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj" /* RFC 4568's example */

static void test_lines(void **state)
{
	static const struct {
		bool ok;
		const char *suite, *key, *lifetime, *mki, *params;
	} cases[] = {
		{true, SUITE, KEY_30, "", "", ""},
		{true, "aes_cm_128_hmac_sha1_32", KEY_30, "2^20", "", ""},
		{true, SUITE, KEY_30, "1048576", "", "WSH=64"},
		{true, SUITE, KEY_30, "2^48", "", "-FUTURE wsh=128"},
		{true, SUITE, KEY_30, "2^19", "", ""},
		{true, SUITE, KEY_30, "524288", "", ""},
		{false, SUITE, KEY_30, "524287", "", ""},
		{false, SUITE, KEY_30, "2^18", "", ""},
		{false, SUITE, KEY_30, "2^49", "", ""},
		{false, SUITE, KEY_30, "281474976710657", "", ""},
		{false, SUITE, KEY_30, "2^", "", ""},
		{false, SUITE, KEY_30, "long", "", ""},
		{false, SUITE, KEY_30, "2^20", "1:4", ""},
		{false, SUITE, KEY_30, "", "", "UNENCRYPTED_SRTP"},
		{false, SUITE, KEY_30, "", "", "UNENCRYPTED_SRTCP"},
		{false, SUITE, KEY_30, "", "", "WSH=64 UNAUTHENTICATED_SRTP"},
		{false, SUITE, KEY_30, "", "", "KDR=0"},
		{false, SUITE, KEY_30, "", "", "FEC_ORDER=FEC_SRTP"},
		{false, "AEAD_AES_128_GCM", KEY_30, "", "", ""},
		{true, "AEAD_AES_128_GCM", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==", "", "", ""},
		{true, "AEAD_AES_128_GCM", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw", "", "", ""}, /* padding left out */
		{false, "AEAD_AES_128_GCM", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG", "", "", ""},
		{false, "F8_128_HMAC_SHA1_80", KEY_30, "", "", ""},
		{false, "", KEY_30, "", "", ""},
		{false, SUITE, "", "", "", ""},
		{false, SUITE, "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSo", "", "", ""},
		{false, SUITE, KEY_30 "AAAA", "", "", ""},
		{false, SUITE, "!0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj", "", "", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sdes line = {
			.suite = slice_from_string(cases[i].suite),
			.key = slice_from_string(cases[i].key),
			.lifetime = slice_from_string(cases[i].lifetime),
			.mki = slice_from_string(cases[i].mki),
			.session_params = slice_from_string(cases[i].params),
		};
		struct srtp_key key = {.suite = SRTP_NONE, .bytes = {77}};
		bool ok = sdes_parse(&line, &key);
		if (ok != cases[i].ok)
			print_error("case %zu\n", i);
		assert_int_equal(ok, cases[i].ok);
		assert_int_equal(key.suite != SRTP_NONE, ok);
		assert_true(ok || key.bytes[0] == 77);
	}
}

static void test_a_made_key_is_read_back(void **state)
{
	for (enum srtp_suite suite = SRTP_NONE + 1; suite < SRTP_SUITE_COUNT; suite++) {
		uint8_t random[SRTP_KEY_MAX];
		char text[SDES_KEY_TEXT_MAX];
		for (size_t i = 0; i < sizeof(random); i++)
			random[i] = (uint8_t)(251 * i + suite);
		struct srtp_key key, again = {.suite = SRTP_NONE};
		sdes_make(suite, random, &key);
		struct writer w = writer_on(text, sizeof(text));
		sdes_write_key(&w, &key);
		assert_false(w.overflow);
		struct sdes line = {.suite = srtp_suite_name(suite), .key = writer_slice(&w)};
		assert_true(sdes_parse(&line, &again));
		assert_int_equal(again.suite, suite);
		assert_memory_equal(again.bytes, random, srtp_suite_key_bytes(suite));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_made_key_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
