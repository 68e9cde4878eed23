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
static const char modulus[] =
	"99f9fc6a51079809d5504acecc5d9375a7656f112874b9d86da5cb68b39108960f370838e890c292ef0e02bdb0ac3e2c4ac3"
	"27a0cfee155efcf226b9d2dcaac41cda02c6a317cb058a0f156cdc2d06c4d19213873068fc8cc610d81474adb39b0aee1741"
	"8a1a9ee42a2f0f54ec5f76b350aba1633a82caddd974c13f1c28546981c4f911eb43f1da9465a44b01f8c359010d9284fa89"
	"98da159140bf1237a3a945d8854f4eda95d20443d1d8c46d6a8e8ba3ec9d383d3eb17882c58de533dc6c065659806f771ba5"
	"45290c0d648fa4d088fb22ca9a419f1e17fd3b494f278bea650702b7e36778e63fbc33514f4674d8f48f4ef3332844a96088"
	"f72c8df2997d";
static const char rsa[] =
	"4690ac6ee937560f2ca712d7968efd7390eccceb4d527edad56843c5a7a65a19a24cbda719dd41c388a1322e7c0c1db52b4f"
	"518b47eb8c52dd86519ae8cb6553ac9b46eda1d9a174f2fffa7ab9ada10ce4276491ebf393fb2386ab95c56a111c7cca46b6"
	"186b4c5c29f199bfd338c3e823928cd1ef13f49ab19aba00d9095744e7bb36157f817c88319a07d5dae4a8e81762714b2989"
	"cdf7d2d1fc3bad2af42703578ac03230cd29e2e50c96919ca2049f5aa62aecd3a2abfa66475ea6c6fff7a26da37aa2766e9a"
	"4dcc59666eff0dfb5e91693c050e639240f477391f6c2d3e972997048fdfab5aeffb620bc322acad6adfd13f611c258944fd"
	"8f18b8710dd6";

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
	assert_true(crypto_es256_verify_raw(k, SLICE("sample"), pair));
	assert_false(crypto_es256_verify(k, SLICE("simple"), signature));
	assert_false(crypto_es256_verify_raw(k, SLICE("simple"), pair));
	/* Each form is read as nothing else, and at no other length. */
	assert_false(crypto_es256_verify(k, SLICE("sample"), pair));
	assert_false(crypto_es256_verify_raw(k, SLICE("sample"), signature));
	for (size_t n = 0; n < signature.n; n++)
		assert_false(crypto_es256_verify(k, SLICE("sample"), slice_first(signature, n)));
	assert_false(crypto_es256_verify_raw(k, SLICE("sample"), slice_first(pair, pair.n - 1)));
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

static void rsa_is_checked(void **state)
{
	struct slice n = bytes_of(modulus), signature = bytes_of(rsa), e = SLICE("\x01\x00\x01");
	assert_true(crypto_rs256_verify(n, e, SLICE("sample"), signature));
	assert_false(crypto_rs256_verify(n, e, SLICE("simple"), signature));
	assert_false(crypto_rs256_verify(n, SLICE("\x03"), SLICE("sample"), signature));
	assert_false(crypto_rs256_verify(n, SLICE(""), SLICE("sample"), signature));
	assert_false(crypto_rs256_verify(slice_from(n, 1), e, SLICE("sample"), signature)); /* one byte too short */
	assert_false(crypto_rs256_verify(n, e, SLICE("sample"), slice_from(signature, 1)));
	flip(signature, 100);
	assert_false(crypto_rs256_verify(n, e, SLICE("sample"), signature));
	guard_free(n.p);
	guard_free(signature.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(p256_is_checked), cmocka_unit_test(rsa_is_checked)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
