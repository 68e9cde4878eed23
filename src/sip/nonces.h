/* sip/nonces.h - private to this room: the nonces of digest.h. digest.c asks, nonces.c keeps. */
#pragma once
#include "sip/digest.h"

/* Time (8 bytes), random (8), the first 96 bits of a MAC over both, and 64 of a keyed hash that ties them to the host
 * that the challenge went to; in hexadecimal. */
#define SIP_NONCE_ID_BYTES 16
#define SIP_NONCE_MAC_BYTES 12
#define SIP_NONCE_PLACE_BYTES 8
#define SIP_NONCE_BYTES (SIP_NONCE_ID_BYTES + SIP_NONCE_MAC_BYTES + SIP_NONCE_PLACE_BYTES)

struct sip_nonce {
	uint8_t id[SIP_NONCE_ID_BYTES];
	int64_t issued_us;
};

void sip_nonce_write(struct writer *w, struct sip_nonces *n, const struct address *to, int64_t now_us);
/* True if it is one of ours, neither expired nor older than what the table had to forget. */
MUST_USE bool sip_nonce_read(const struct sip_nonces *n, struct slice text, int64_t now_us, struct sip_nonce *ret);
/*
 * Use it: with a count, or count 0 for a client without qop, which then was its only use. False: used before, or the
 * table has no place for it; the answer is a new nonce.
 */
MUST_USE bool sip_nonce_use(struct sip_nonces *n, const struct sip_nonce *nonce, uint32_t count, int64_t now_us);
