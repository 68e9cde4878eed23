/* crypto/login.c - passwords by libsodium, codes by hand */
#include "crypto/login.h"
#include <errno.h>
#include <sodium.h>

_Static_assert(CRYPTO_PASSWORD_CAP >= crypto_pwhash_STRBYTES, "a hash fits");

/* sodium_init() chooses the fast code of this processor; it may be called again and by any thread. */
int crypto_password_hash(struct slice password, char ret[CRYPTO_PASSWORD_CAP])
{
	if (sodium_init() < 0)
		return -ENOMEM;
	return crypto_pwhash_str(ret, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0
		       ? 0
		       : -ENOMEM;
}

bool crypto_password_matches(const char *hash, struct slice password)
{
	return sodium_init() >= 0 && crypto_pwhash_str_verify(hash, password.p, password.n) == 0;
}

/* RFC 2104 with SHA-1; the key is no longer than a block. */
static void hmac_sha1(struct crypto_hasher *h, struct slice key, struct slice text, uint8_t ret[CRYPTO_HASH_MAX])
{
	uint8_t inner[64] = {0}, outer[64];
	ASSERT(key.n <= sizeof(inner));
	memcpy(inner, key.p, key.n);
	for (size_t i = 0; i < sizeof(inner); i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	crypto_hash_parts(h, CRYPTO_SHA1, (struct slice[]){slice_of(inner, sizeof(inner)), text}, 2, ret);
	uint8_t first[20];
	memcpy(first, ret, sizeof(first));
	crypto_hash_parts(h, CRYPTO_SHA1,
			  (struct slice[]){slice_of(outer, sizeof(outer)), slice_of(first, sizeof(first))}, 2, ret);
	crypto_wipe(inner, sizeof(inner));
	crypto_wipe(outer, sizeof(outer));
}

uint32_t crypto_totp(struct crypto_hasher *h, struct slice secret, int64_t step)
{
	uint8_t counter[8], digest[CRYPTO_HASH_MAX];
	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1(h, secret, slice_of(counter, sizeof(counter)), digest);
	/* RFC 4226 §5.3: dynamic truncation. */
	const uint8_t *at = digest + (digest[19] & 0xf);
	uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return number % 1000000;
}
