/*
 * rtp/srtp_cipher.h - the keys of one SRTP context, and sealing and opening one packet with them
 *
 * Private to the room: srtp.c knows packets, indexes and replay; this file knows keys and ciphers. What belongs to a
 * context is its keys alone: OpenSSL's cipher contexts are the thread's, and each packet sets its key (record 037).
 * Nothing here allocates after srtp_cipher_init().
 */
#pragma once
#include <openssl/types.h>

#include "crypto/hmac_sha1.h"
#include "rtp/srtp.h"

enum srtp_use { SRTP_USE_RTP, SRTP_USE_RTCP };

struct srtp_session_keys { /* RFC 3711 §4.3 */
	uint8_t cipher[32];
	uint8_t salt[14];
	struct hmac_sha1 auth;
};

struct srtp_cipher {
	EVP_CIPHER_CTX *evp; /* borrowed: of all contexts of this suite and thread */
	bool aead, encrypt;
	uint8_t key_bytes;
	uint8_t salt_bytes;
	uint8_t tag_bytes[2]; /* by use: the short tag of _32 is for RTP only (RFC 4568 §6.2.2) */
	struct srtp_session_keys keys[2];
};

/* 0; -ENOMEM. The suite is not SRTP_NONE. srtp_cipher_done() also after a failure. */
MUST_USE int srtp_cipher_init(struct srtp_cipher *c, const struct srtp_ciphers *ciphers, const struct srtp_key *key,
			      enum srtp_direction direction);
void srtp_cipher_done(struct srtp_cipher *c); /* wipes */

/*
 * One packet. head: what stays clear (and what the text follows in memory), text: what is encrypted in place, tail:
 * four bytes that are authenticated after it without being sent there: ROC (SRTP, AES-CM) or the E and index word
 * (SRTCP).
 */
struct srtp_frame {
	enum srtp_use use;
	uint8_t *head;
	size_t head_n, text_n;
	uint32_t ssrc;
	uint64_t index; /* 48 bits (RTP) or 31 bits (RTCP) */
	uint8_t tail[4];
};
void srtp_cipher_seal(const struct srtp_cipher *c, const struct srtp_frame *f, uint8_t *ret_tag);
/* False: not authentic. AES-CM then leaves the text alone; GCM leaves garbage there. */
MUST_USE bool srtp_cipher_open(const struct srtp_cipher *c, const struct srtp_frame *f, const uint8_t *tag);
