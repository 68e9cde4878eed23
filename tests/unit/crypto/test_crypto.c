#include <errno.h>

#include "support/test.h"

#include "base/writer.h"
#include "crypto/crypto.h"
#include "support/failing.h"
#include "support/guard.h"

/* RFC 1321 §A.5; FIPS 180-4's examples as published by NIST (SHA-1, SHA-256, SHA-512/256). */
static const struct {
	enum crypto_hash kind;
	const char *text, *hash;
} vectors[] = {
	{CRYPTO_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
	{CRYPTO_MD5, "a", "0cc175b9c0f1b6a831c399e269772661"},
	{CRYPTO_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
	{CRYPTO_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
	{CRYPTO_MD5, "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
	{CRYPTO_MD5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	 "d174ab98d277d9f5a5611c2c9f419d9f"},
	{CRYPTO_MD5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
	 "57edf4a22be3c955ac49da2e2107b67a"},
	{CRYPTO_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{CRYPTO_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{CRYPTO_SHA512_256, "abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
	{CRYPTO_SHA512_256,
	 "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
	 "nopqrstu",
	 "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"},
};

static void assert_hex(const uint8_t *bytes, size_t n, const char *hex)
{
	char buffer[64];
	struct writer w = writer_on(buffer, sizeof(buffer));
	write_hex(&w, bytes, n);
	assert_slice(writer_slice(&w), hex);
}

/* One hasher for all, kinds mixed; each text whole and in three parts cut at every place. */
static void test_hashes(void **state)
{
	struct crypto_hasher *h = crypto_hasher_new();
	uint8_t hash[CRYPTO_HASH_MAX];

	assert_non_null(h);
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct slice text = guard_slice(slice_from_string(vectors[i].text));
		size_t n = crypto_hash_length(vectors[i].kind);
		assert_int_equal(n * 2, strlen(vectors[i].hash));
		for (size_t cut = 0; cut <= text.n; cut++) {
			struct slice parts[] = {slice_first(text, cut), SLICE_NONE, slice_from(text, cut)};
			memset(hash, 0xee, sizeof(hash));
			crypto_hash_parts(h, vectors[i].kind, parts, 3, hash);
			assert_hex(hash, n, vectors[i].hash);
			/* Not a byte behind the hash's own length is touched. */
			for (size_t k = n; k < sizeof(hash); k++)
				assert_int_equal(hash[k], 0xee);
		}
		guard_free(text.p);
	}
	crypto_hash_parts(h, CRYPTO_MD5, NULL, 0, hash);
	assert_hex(hash, 16, "d41d8cd98f00b204e9800998ecf8427e");
	assert_null(crypto_hasher_free(h));
	assert_null(crypto_hasher_free(NULL));
}

static void test_million(void **state)
{
	static char a[1000];
	static struct slice parts[1000];
	struct crypto_hasher *h = crypto_hasher_new();
	uint8_t hash[CRYPTO_HASH_MAX];

	memset(a, 'a', sizeof(a));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i] = slice_of(a, sizeof(a));
	crypto_hash_parts(h, CRYPTO_SHA256, parts, ARRAY_LEN(parts), hash);
	assert_hex(hash, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	crypto_hasher_free(h);
}

/* Short parts are gathered up to 256 bytes, longer ones are not: cut around that, nothing is left out or overtaken. The
 * hash is coreutils' (sha256sum). */
static void test_parts(void **state)
{
	static const size_t cuts[] = {0,   1,   3,   254, 255, 256, 257, 258, 511,
				      512, 513, 541, 542, 543, 544, 545, 797, 800};
	struct crypto_hasher *h = crypto_hasher_new();
	uint8_t hash[CRYPTO_HASH_MAX];
	char bytes[800];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	struct slice text = slice_of(bytes, sizeof(bytes));
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
		for (size_t k = i; k < ARRAY_LEN(cuts); k++) {
			struct slice parts[] = {slice_first(text, cuts[i]),
						slice_from(slice_first(text, cuts[k]), cuts[i]),
						slice_from(text, cuts[k])};
			crypto_hash_parts(h, CRYPTO_SHA256, parts, ARRAY_LEN(parts), hash);
			assert_hex(hash, 32, "aa93d03f36b1ae08887c3af467bdf524b430e67599bf53e270edc115c73c0b0e");
		}
	crypto_hasher_free(h);
}

static int make(void *arg)
{
	struct crypto_hasher *h = crypto_hasher_new();
	if (!h)
		return -ENOMEM;
	crypto_hasher_free(h);
	return 0;
}

static void test_memory(void **state)
{
	failing_each(make, NULL);
}

/* RFC 4231 §4: test cases 1, 2, 3, 4, 6, 7 (5 is about cutting the result). */
static void test_hmac(void **state)
{
	char key[131], data[50];
	uint8_t mac[32];

	memset(key, 0x0b, 20);
	crypto_hmac_sha256(slice_of(key, 20), SLICE("Hi There"), mac);
	assert_hex(mac, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	crypto_hmac_sha256(SLICE("Jefe"), SLICE("what do ya want for nothing?"), mac);
	assert_hex(mac, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, 20);
	memset(data, 0xdd, 50);
	crypto_hmac_sha256(slice_of(key, 20), slice_of(data, 50), mac);
	assert_hex(mac, 32, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	for (int i = 0; i < 25; i++)
		key[i] = (char)(i + 1);
	memset(data, 0xcd, 50);
	crypto_hmac_sha256(slice_of(key, 25), slice_of(data, 50), mac);
	assert_hex(mac, 32, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	memset(key, 0xaa, 131);
	crypto_hmac_sha256(slice_of(key, 131), SLICE("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
	assert_hex(mac, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	crypto_hmac_sha256(
		slice_of(key, 131),
		SLICE("This is a test using a larger than block-size key and a larger than block-size data. The "
		      "key needs to be hashed before being used by the HMAC algorithm."),
		mac);
	assert_hex(mac, 32, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
	crypto_hmac_sha256(SLICE_NONE, SLICE_NONE, mac);
	assert_hex(mac, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* The vectors of its authors, and one of a text. */
static void test_mac(void **state)
{
	uint8_t key[CRYPTO_MAC_BYTES], mac[CRYPTO_MAC_BYTES];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	crypto_mac(key, SLICE_NONE, mac);
	assert_hex(mac, sizeof(mac), "a3817f04ba25a8e66df67214c7550293");
	crypto_mac(key, slice_of("\0", 1), mac);
	assert_hex(mac, sizeof(mac), "da87c1d86b99af44347659119b22fc45");
	crypto_mac(key, SLICE("what do ya want for nothing?"), mac);
	assert_hex(mac, sizeof(mac), "0ac9f676651ddd8ace5e10e6537400bb");
}

static void test_equal_and_wipe(void **state)
{
	char a[] = "secret", zero[6] = {0};

	assert_true(crypto_equal(a, "secret", 6));
	assert_false(crypto_equal(a, "secreT", 6));
	assert_false(crypto_equal(a, "Secret", 6));
	assert_true(crypto_equal(a, "secreT", 5));
	assert_true(crypto_equal(NULL, NULL, 0));
	crypto_wipe(a, 5);
	assert_memory_equal(a, zero, 5);
	assert_int_equal(a[5], 't');
	crypto_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hashes),        cmocka_unit_test(test_million),
					   cmocka_unit_test(test_parts),         cmocka_unit_test(test_memory),
					   cmocka_unit_test(test_hmac),          cmocka_unit_test(test_mac),
					   cmocka_unit_test(test_equal_and_wipe)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
