/*
 * crypto/crypto.h - the few primitives the rooms share, over OpenSSL and libsodium. No I/O, no global state of ours.
 *
 * Any thread. What can fail only for want of memory says so; a wrong key size is a bug and asserts.
 */
#pragma once
#include "base/slice.h"

enum crypto_hash { CRYPTO_MD5, CRYPTO_SHA256, CRYPTO_SHA512_256 };
#define CRYPTO_HASH_MAX 32
size_t crypto_hash_length(enum crypto_hash h);

/*
 * A reusable hashing context: making one costs more than a hash of a digest header. One thread at a time.
 * crypto_hash_parts() hashes the concatenation of the parts.
 */
struct crypto_hasher;
MUST_USE struct crypto_hasher *crypto_hasher_new(void); /* NULL: out of memory */
struct crypto_hasher *crypto_hasher_free(struct crypto_hasher *h);
void crypto_hash_parts(struct crypto_hasher *h, enum crypto_hash kind, const struct slice *parts, size_t count,
		       uint8_t ret[CRYPTO_HASH_MAX]);

/* RFC 2104 with SHA-256. */
void crypto_hmac_sha256(struct slice key, struct slice text, uint8_t ret[32]);
/*
 * Of a few bytes that only we make and check, for minutes: SipHash-2-4 of 128 bits (Aumasson and Bernstein, 2012), a
 * hundredth of that.
 */
#define CRYPTO_MAC_BYTES 16
void crypto_mac(const uint8_t key[CRYPTO_MAC_BYTES], struct slice text, uint8_t ret[CRYPTO_MAC_BYTES]);

/* Equal in time that depends only on n. */
bool crypto_equal(const void *a, const void *b, size_t n);
void crypto_wipe(void *p, size_t n);
