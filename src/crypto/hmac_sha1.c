/* crypto/hmac_sha1.c - HMAC-SHA1 with the key's two blocks hashed ahead.   RFC 2104 §4 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the header says why */
#include <openssl/sha.h>

#include "crypto/crypto.h"
#include "crypto/hmac_sha1.h"

static void state_init(struct hmac_sha1_state *state, const uint8_t *key, size_t n, uint8_t pad)
{
	uint8_t block[SHA_CBLOCK];
	SHA_CTX sha;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)((i < n ? key[i] : 0) ^ pad);
	SHA1_Init(&sha);
	SHA1_Update(&sha, block, sizeof(block));
	*state = (struct hmac_sha1_state){{sha.h0, sha.h1, sha.h2, sha.h3, sha.h4}};
	crypto_wipe(block, sizeof(block));
	crypto_wipe(&sha, sizeof(sha));
}

/* A hash that has taken the one block of the key. */
static void sha_resume(SHA_CTX *sha, const struct hmac_sha1_state *state)
{
	SHA1_Init(sha);
	sha->h0 = state->h[0];
	sha->h1 = state->h[1];
	sha->h2 = state->h[2];
	sha->h3 = state->h[3];
	sha->h4 = state->h[4];
	sha->Nl = 8 * SHA_CBLOCK; /* bits so far */
}

void hmac_sha1_init(struct hmac_sha1 *h, const uint8_t *key, size_t n)
{
	ASSERT(n <= SHA_CBLOCK);
	state_init(&h->inner, key, n, 0x36);
	state_init(&h->outer, key, n, 0x5c);
}

void hmac_sha1(const struct hmac_sha1 *h, const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n,
	       uint8_t ret[HMAC_SHA1_BYTES])
{
	SHA_CTX sha;

	sha_resume(&sha, &h->inner);
	SHA1_Update(&sha, a, a_n);
	SHA1_Update(&sha, b, b_n);
	SHA1_Final(ret, &sha);
	sha_resume(&sha, &h->outer);
	SHA1_Update(&sha, ret, HMAC_SHA1_BYTES);
	SHA1_Final(ret, &sha);
}
