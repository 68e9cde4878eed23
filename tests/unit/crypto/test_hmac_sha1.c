/* test_hmac_sha1.c - by the vectors of RFC 2202 §3 */
#include "base/writer.h"
#include "crypto/hmac_sha1.h"
#include "support/test.h"

static void assert_mac(struct slice key, struct slice text, const char *hex)
{
	struct hmac_sha1 h;
	uint8_t mac[HMAC_SHA1_BYTES];
	char read[2 * HMAC_SHA1_BYTES + 1];
	hmac_sha1_init(&h, (const uint8_t *)key.p, key.n);
	/* Cut anywhere it is the same text. */
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct writer w = writer_on(read, sizeof(read) - 1);
		hmac_sha1(&h, (const uint8_t *)text.p, cut, (const uint8_t *)text.p + cut, text.n - cut, mac);
		write_hex(&w, mac, sizeof(mac));
		read[w.n] = 0;
		assert_string_equal(read, hex);
	}
}

static void test_vectors(void **state)
{
	char key[64], text[50];
	memset(key, 0x0b, sizeof(key));
	assert_mac(slice_of(key, 20), SLICE("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
	assert_mac(SLICE("Jefe"), SLICE("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, sizeof(key));
	memset(text, 0xdd, sizeof(text));
	assert_mac(slice_of(key, 20), slice_of(text, 50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
