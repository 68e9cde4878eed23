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
/* 2047 bits, and their exponent 65537. */
static const char short_modulus[] =
	"57b727d22784055cd53c587734979874a28275530edfda06a42aeda6991412bf517dfb5a48c157055b55750bfc34e11c30db"
	"a7871420400bce825088d181b9f808c2adc9c599d6f2730fa01695a2c11d6fb68b789661f0615fe657d0d12d1ad4ec02c70b"
	"3b9337979437caa422b8f65ca7ca0436c03c337545527cbb866423d6071e0540e85dbc065f9dad182a2e2a6da4150fa76c5b"
	"188c23ff14c1f658526e0a309743b07d043581c754bb0c178c14ce9e8143a399b668f4e5a8933c851a3d9935dfa301039f80"
	"0e8125ee0447cce06731cc66f2727de149b358e0a183ce7692ddb3d9f8f52bfa063564afd5ea3df348cf7a7d72203e575b84"
	"fd1da0ac3821";
static const char short_rsa[] =
	"4ee0c6df704bd395ab4d5aade333e684a2f361bb58bee33d7d8e9b5a6063ff8223b96ad4ef1e5230b8ce6a43fce2b0ec6985"
	"621f21d2b54cb1c596422dadd97ccb613fd5bcc882927b73cbf0f66ac2cbde6098bd847017905e87a7e894e53086f31f0a9d"
	"ddc3d931baf3ded3c90b296cea3f74baefe5c07dd22ac93ed437de19edd4fe43460ba53fc80337a4d1461fd04d7fe39ed8a5"
	"5ddd67f5457af18cda5384aa3dbbfa8accc7206bd2c8db4c2fabdd3c2a0d2bfb1c00450d58af267240807d318b24be1af737"
	"3caddd057ee36651aadcb97d8e7bdf40942362b33bcc34e231163c4200faecc3bacaf27835d5948e5390076b96357bed88fe"
	"fc480d899c2a";
/* 4096 bits, and their exponent 4294967291. */
static const char long_modulus[] =
	"951d008473a3779f114daea5f1a49e62f7bae5e749d26f36723f20ef369e26cecc9f682cbfa47f1c27c0560f54cf3592541f"
	"28b68b6216f6665d717855427f08c4c89d185e98fb74459230876be9be4cd0b1ed557f3fba7c7500f63490edd389491acc55"
	"c488a97f39e90c6569922695308d2ad204ff11d558653adf6badbdd4c99ea3ddd7667a71ee750ec03e4602a5247952a55986"
	"81fa90629e8ebaa26c4fd9978f8cf9c219baa94093076c7afa49e8d6152737d5da671b42b44e040aac8871bbd2cffb6f83e4"
	"1d734bdfab45c4a214d1c7392d4c8da81e936e154c7167aca42209392258be159f04360a4d65b7b65f1646180896a6b61939"
	"866f41897608bc929639e9b807361211717d21979aa545d3d6ff0a30dd38612ba78f1c748ca53b855907271560bfa5b1643a"
	"65221066b56cc368f0e931de4939b8a4de9d352794003db85d937ea3449e07cf3c5eec2986ef0717a16c1f9e05c7ec2c72da"
	"fc686f52b5bdf31c87c2e284102a771b06c8c3a935c8755394d8ae1d930b5f562be5f9b0b9ad1d3e03eae7f605f1862f87d9"
	"46d88483d15d26b14faa5b4bbd81d682ea7d7f1c852566a5474eec8f95565af5df7cbbaacca991551db70e9cfce270a1b8f0"
	"5af63e8c36883ccac3af0c429e07acc8328e82bf43de4c501aa8ba4cc78ebcc6cc4a6c7fcf76b2768b52863e6ca18f428e5a"
	"4ecba3a04822bea7d7f90075";
static const char long_rsa[] =
	"73542a0f590683c8b609ce7d9b09b48cc67f6809610e30455ca1873288d0094e05d3fec3fce93491bea1f444046846497f18"
	"2d57b4b6f4162e3bb246cf37d709b4e44d120f78ca279b4cb64a109b8c7a8f0b315b407f20e5fe759236fad0e252440c0f85"
	"7fe25b52206e4dae4fcfd9fe26f0d8d4a73ce777edbd80b22923e077714064bc9464a43d0ce2012457fba43a9d02e6a24d88"
	"120746fab2ef87121dd8cb0d442d40af836c26c700156e9309979659b655214f55d0e60c8d8affb488c6469ed0aaa176d9fb"
	"4749f0b22d9ffb64fdd8d557541b4ac8d656da329312d011d7c3c6d9867821cfc8a7abd6234f8ee8f9720c159f914a496e0a"
	"d0fd735892e5517452c0415d8b70111e86829f8036ff74d83ca05982ddc6717e0632c9191eec7a4b4652a50701ba23cbe719"
	"6885e5d4a38077293d90675ba1e76ebc2ecaf6eb3771c7cfce11e229b6d0055236b8de29e0161729846df7c1f90e5a4a86e8"
	"49d544b5fb5ddae7d4ddad121a0dfcfabfffeb22d4cfcdd2000c2dceb87e647f93464a14afbbd6d1292d965a27dbe73ee186"
	"d7cb99d4d44aff2536b0c3f145466619f12e673dbf309d08ae3049ddd27d67312e33bc789ccbe37563e25ed388427fe75d15"
	"b838e00f7f39dc58b28a7a3cc5d8f7d2f9c3930fd4da7d22e70fe517fac3f491257dad897b31934b9fb51ca147972300f3ff"
	"b1155c7883bfa077f52b7b07";

/* The bytes in memory that ends at an unreadable page. */
static struct slice bytes_of(const char *hex)
{
	uint8_t bytes[CRYPTO_RSA_MAX];
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

static void rsa_keys_have_a_size(void **state)
{
	struct slice n = bytes_of(modulus), signature = bytes_of(rsa), e = SLICE("\x01\x00\x01");
	struct slice short_n = bytes_of(short_modulus), short_signature = bytes_of(short_rsa);
	struct slice long_n = bytes_of(long_modulus), long_signature = bytes_of(long_rsa);
	assert_false(crypto_rs256_verify(short_n, e, SLICE("sample"), short_signature)); /* one bit too short */
	assert_true(crypto_rs256_verify(long_n, SLICE("\xff\xff\xff\xfb"), SLICE("sample"), long_signature));
	/* Zeros in front are no news, but they count. */
	assert_true(crypto_rs256_verify(n, SLICE("\x00\x01\x00\x01"), SLICE("sample"), signature));
	assert_false(crypto_rs256_verify(n, SLICE("\x00\x00\x01\x00\x01"), SLICE("sample"), signature));
	char padded[1 + CRYPTO_RSA_MAX] = {0};
	memcpy(padded + 1, n.p, n.n);
	assert_true(crypto_rs256_verify(slice_of(padded, n.n + 1), e, SLICE("sample"), signature));
	memcpy(padded + 1, long_n.p, long_n.n);
	assert_false(crypto_rs256_verify(slice_of(padded, sizeof(padded)), SLICE("\xff\xff\xff\xfb"), SLICE("sample"),
					 long_signature));
	struct slice all[] = {n, signature, short_n, short_signature, long_n, long_signature};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		guard_free(all[i].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(p256_is_checked), cmocka_unit_test(rsa_is_checked),
					   cmocka_unit_test(rsa_keys_have_a_size)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
