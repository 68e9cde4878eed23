/*
 * crypto/hmac_sha1.h - HMAC-SHA1 with the key's two blocks hashed ahead.   RFC 2104 §4
 *
 * Of OpenSSL's interfaces this takes SHA1_* on a plain struct and not EVP: EVP of OpenSSL 3.0 allocates whenever a
 * digest is started or copied (EVP_MAC twice a packet), and the path of a voice packet (rtp/srtp_cipher.c) allocates
 * nothing and cannot fail. It is
 * the same code underneath.
 */
#pragma once
#include "base/common.h"

#define HMAC_SHA1_BYTES 20

struct hmac_sha1_state {
	uint32_t h[5]; /* after one block */
};
struct hmac_sha1 {
	struct hmac_sha1_state inner, outer;
};
/* key: at most 64 bytes */
void hmac_sha1_init(struct hmac_sha1 *h, const uint8_t *key, size_t n);
/* Of a followed by b. */
void hmac_sha1(const struct hmac_sha1 *h, const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n,
	       uint8_t ret[HMAC_SHA1_BYTES]);
