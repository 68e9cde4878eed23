/* crypto/crypto.c - hashes over OpenSSL, HMAC, comparing and wiping over libsodium (which allocate nothing) */
#include <openssl/evp.h>
#include <sodium.h>

#include "base/writer.h"
#include "crypto/crypto.h"

#define HASH_KINDS 3

static const struct {
	const char *name;
	size_t bytes;
} hashes[HASH_KINDS] = {
	[CRYPTO_MD5] = {"MD5", 16},
	[CRYPTO_SHA256] = {"SHA256", 32},
	[CRYPTO_SHA512_256] = {"SHA512-256", 32},
};

/*
 * A context a kind: one that goes from kind to kind would free and allocate inside OpenSSL at every change. Once
 * started, a context starts again without allocating, so hashing itself cannot fail.
 */
struct crypto_hasher {
	EVP_MD *kinds[HASH_KINDS];
	EVP_MD_CTX *contexts[HASH_KINDS];
};

size_t crypto_hash_length(enum crypto_hash h)
{
	ASSERT((unsigned)h < HASH_KINDS);
	return hashes[h].bytes;
}

struct crypto_hasher *crypto_hasher_new(void)
{
	struct crypto_hasher *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	for (size_t i = 0; i < HASH_KINDS; i++) {
		h->kinds[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
		h->contexts[i] = EVP_MD_CTX_new();
		if (!h->kinds[i] || !h->contexts[i] || !EVP_DigestInit_ex2(h->contexts[i], h->kinds[i], NULL))
			return crypto_hasher_free(h);
	}
	return h;
}

struct crypto_hasher *crypto_hasher_free(struct crypto_hasher *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; i < HASH_KINDS; i++) {
		EVP_MD_CTX_free(h->contexts[i]);
		EVP_MD_free(h->kinds[i]);
	}
	free(h);
	return NULL;
}

void crypto_hash_parts(struct crypto_hasher *h, enum crypto_hash kind, const struct slice *parts, size_t count,
		       uint8_t ret[CRYPTO_HASH_MAX])
{
	ASSERT((unsigned)kind < HASH_KINDS);
	EVP_MD_CTX *context = h->contexts[kind];
	unsigned length = 0;

	/* Short parts are gathered, for an update costs as much as hashing them. */
	char gathered[256];
	struct writer w = writer_on(gathered, sizeof(gathered));
	bool ok = EVP_DigestInit_ex2(context, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > sizeof(gathered) - w.n) {
			ok = ok && EVP_DigestUpdate(context, gathered, w.n);
			w.n = 0;
		}
		if (parts[i].n > sizeof(gathered))
			ok = ok && EVP_DigestUpdate(context, parts[i].p, parts[i].n);
		else
			write_slice(&w, parts[i]);
	}
	ok = ok && EVP_DigestUpdate(context, gathered, w.n) && EVP_DigestFinal_ex(context, ret, &length);
	sodium_memzero(gathered, sizeof(gathered)); /* H(A1) may be in it */
	ASSERT(ok && length == hashes[kind].bytes);
}

void crypto_hmac_sha256(struct slice key, struct slice text, uint8_t ret[32])
{
	static const unsigned char none[1];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key.n ? (const unsigned char *)key.p : none, key.n);
	crypto_auth_hmacsha256_update(&state, text.n ? (const unsigned char *)text.p : none, text.n);
	crypto_auth_hmacsha256_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
}

_Static_assert(crypto_shorthash_siphashx24_BYTES == CRYPTO_MAC_BYTES &&
		       crypto_shorthash_siphashx24_KEYBYTES == CRYPTO_MAC_BYTES,
	       "what libsodium makes");

void crypto_mac(const uint8_t key[CRYPTO_MAC_BYTES], struct slice text, uint8_t ret[CRYPTO_MAC_BYTES])
{
	static const unsigned char none[1];
	(void)crypto_shorthash_siphashx24(ret, text.n ? (const unsigned char *)text.p : none, text.n, key);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
	return n == 0 || sodium_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t n)
{
	if (n)
		sodium_memzero(p, n);
}
