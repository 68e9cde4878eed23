/* test_signature.c - signatures made by `openssl dgst -sha256 -sign`, and each part of them spoilt */
#include "crypto/signature.h"
#include "support/guard.h"
#include "support/test.h"

static const char point[] =
	"b98f068fedf836784443a990189bce51d22c189c6302e400899850d51288ab638684071aab8f84b84ab8809f1722187878bf"
	"334322f1e881044dbe4ed2065eef";
static const char der[] =
	"3045022100cd3d27d0d0fea27afff4612b37d4a95e95632ac34e6281108b7bb1000c870eee022001a9574f93484bb5bb018b"
	"9dd79056d187838b81e7aa700236fe9284613a710a";
static const char raw[] =
	"cd3d27d0d0fea27afff4612b37d4a95e95632ac34e6281108b7bb1000c870eee01a9574f93484bb5bb018b9dd79056d18783"
	"8b81e7aa700236fe9284613a710a";

/* The bytes in memory that ends at an unreadable page. */
static struct slice bytes_of(const char *hex)
{
	uint8_t bytes[256];
	size_t n = strlen(hex) / 2;
	assert_true(slice_unhex(slice_from_string(hex), bytes, n));
	return guard_slice(slice_of(bytes, n));
}

static void flip(struct slice s, size_t at)
{
	((char *)(uintptr_t)s.p)[at] ^= 1;
}

static void p256_is_checked(void **state)
{
	struct slice key = bytes_of(point), signature = bytes_of(der), pair = bytes_of(raw);
	const uint8_t *k = (const uint8_t *)key.p;
	assert_true(crypto_es256_is_key(k));
	assert_true(crypto_es256_verify(k, SLICE("sample"), signature));
	assert_false(crypto_es256_verify(k, SLICE("simple"), signature));
	/* r and s behind each other (RFC 7518 §3.4) are another form, and no other length will do. */
	assert_false(crypto_es256_verify(k, SLICE("sample"), pair));
	for (size_t n = 0; n < signature.n; n++)
		assert_false(crypto_es256_verify(k, SLICE("sample"), slice_first(signature, n)));
	for (size_t i = 0; i < signature.n; i++) {
		flip(signature, i);
		assert_false(crypto_es256_verify(k, SLICE("sample"), signature));
		flip(signature, i);
	}
	/* No point of the curve is no key. */
	flip(key, 63);
	assert_false(crypto_es256_is_key(k));
	assert_false(crypto_es256_verify(k, SLICE("sample"), signature));
	uint8_t zero[CRYPTO_P256_KEY] = {0};
	assert_false(crypto_es256_is_key(zero));
	guard_free(key.p);
	guard_free(signature.p);
	guard_free(pair.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(p256_is_checked)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
