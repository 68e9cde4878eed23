/*
 * crypto/signature.h - signatures of others, checked over OpenSSL: ECDSA with P-256 and SHA-256 (ES256)
 *
 * Keys and signatures are strangers' bytes: whatever they are, the answer is true or false. False also for want of
 * memory. About 0.1 ms each. Any thread.
 */
#pragma once
#include "crypto/crypto.h"

#define CRYPTO_P256_KEY 64 /* x and y of the public point, 32 bytes each, big-endian */
/* A signature as ASN.1 has it (SEQUENCE of two INTEGERs): 72 bytes at most. */
#define CRYPTO_ES256_MAX 72

/* A point of the curve? */
MUST_USE bool crypto_es256_is_key(const uint8_t key[CRYPTO_P256_KEY]);
MUST_USE bool crypto_es256_verify(const uint8_t key[CRYPTO_P256_KEY], struct slice text, struct slice signature);
