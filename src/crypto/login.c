/* crypto/login.c - passwords by libsodium, codes by HMAC-SHA-1 */
#include "crypto/login.h"
#include "crypto/hmac_sha1.h"
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

uint32_t crypto_totp(struct slice secret, int64_t step)
{
	struct hmac_sha1 h;
	uint8_t counter[8], digest[HMAC_SHA1_BYTES];
	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1_init(&h, (const uint8_t *)secret.p, secret.n);
	hmac_sha1(&h, counter, sizeof(counter), NULL, 0, digest);
	crypto_wipe(&h, sizeof(h));
	/* RFC 4226 §5.3: dynamic truncation. */
	const uint8_t *at = digest + (digest[19] & 0xf);
	uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return number % 1000000;
}
