/*
 * crypto/signature.h - signatures of others, checked over OpenSSL: ECDSA with P-256 (ES256), RSA (RS256), both SHA-256
 *
 * Keys and signatures are strangers' bytes: whatever they are, the answer is true or false. False also for want of
 * memory. Half a millisecond at most, for the largest RSA key. Any thread.
 */
#pragma once
#include "crypto/crypto.h"

#define CRYPTO_P256_KEY 64 /* x and y of the public point, 32 bytes each, big-endian */
/* A signature as ASN.1 has it (SEQUENCE of two INTEGERs): 72 bytes at most. */
#define CRYPTO_ES256_MAX 72
#define CRYPTO_ES256_RAW 64
/* Of an RSA key in use: FIPS 186-5 §5.1 wants 2048 bits; more than 4096, and large exponents, only cost time. */
#define CRYPTO_RSA_BITS_MIN 2048
#define CRYPTO_RSA_MAX 512 /* bytes of the modulus, and of a signature */
#define CRYPTO_RSA_EXPONENT_MAX 4

/* A point of the curve? */
MUST_USE bool crypto_es256_is_key(const uint8_t key[CRYPTO_P256_KEY]);
MUST_USE bool crypto_es256_verify(const uint8_t key[CRYPTO_P256_KEY], struct slice text, struct slice signature);
/* The same with r and s behind each other, as RFC 7518 §3.4 has it. */
MUST_USE bool crypto_es256_verify_raw(const uint8_t key[CRYPTO_P256_KEY], struct slice text, struct slice signature);
/* RFC 7518 §3.3: PKCS #1 v1.5. n and e of the public key, big-endian. */
MUST_USE bool crypto_rs256_verify(struct slice n, struct slice e, struct slice text, struct slice signature);
