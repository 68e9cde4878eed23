/*
 * rtp/srtp.h - SRTP and SRTCP on OpenSSL EVP.   RFC 3711, RFC 6188 (no), RFC 7714, RFC 4568
 *
 * One context a direction of a stream, and for each thread one set of ciphers, which all its contexts share. Protect
 * and unprotect work in place. No allocation after srtp_new().
 */
#pragma once
#include "base/slice.h"

enum srtp_suite {
	SRTP_NONE,
	SRTP_AES_CM_128_HMAC_SHA1_80,
	SRTP_AES_CM_128_HMAC_SHA1_32,
	SRTP_AEAD_AES_128_GCM,
	SRTP_AEAD_AES_256_GCM,
	SRTP_SUITE_COUNT
};
#define SRTP_KEY_MAX 46     /* AES-256 key and 14 bytes of salt; GCM's salt is 12 */
#define SRTP_TRAILER_MAX 20 /* bytes a packet may grow by: tag, and for SRTCP the index word */

struct slice srtp_suite_name(enum srtp_suite s);    /* the name in a=crypto */
enum srtp_suite srtp_suite_from(struct slice name); /* SRTP_NONE: not one of ours */
size_t srtp_suite_key_bytes(enum srtp_suite s);     /* master key and salt together */

struct srtp_key {
	enum srtp_suite suite;
	uint8_t bytes[SRTP_KEY_MAX]; /* master key, then master salt */
};

/* OpenSSL's cipher contexts, 3 KB. Packets of all SRTP contexts that are made with it go through it, on one thread. */
struct srtp_ciphers;
MUST_USE struct srtp_ciphers *srtp_ciphers_new(void);           /* NULL: out of memory */
struct srtp_ciphers *srtp_ciphers_free(struct srtp_ciphers *c); /* the contexts are gone; wipes */

struct srtp; /* 0.3 KB */
enum srtp_direction { SRTP_SEND, SRTP_RECEIVE };
/*
 * key->suite is not SRTP_NONE. ciphers: borrowed, of the thread that the packets will be on; not used here, so that any
 * thread may make the context. NULL: out of memory. A sender belongs to the SSRC of its first packet (or of
 * srtp_set_state()), a receiver learns SSRCs from packets that authenticate.
 */
MUST_USE struct srtp *srtp_new(const struct srtp_ciphers *ciphers, const struct srtp_key *key,
			       enum srtp_direction direction);
struct srtp *srtp_free(struct srtp *s); /* wipes */

/* A hint: a packet will soon come for it. */
void srtp_prefetch(const struct srtp *s);

enum srtp_result { SRTP_OK, SRTP_MALFORMED, SRTP_AUTH_FAILED, SRTP_REPLAYED, SRTP_KEY_EXHAUSTED };

/*
 * Encrypt an RTP packet in place. cap: room at p, at least n + SRTP_TRAILER_MAX. *ret_n: new length. Never sends an
 * index twice: a sequence number that has been sent, or is more than 127 below the highest sent, is SRTP_REPLAYED; one
 * that is at most 32767 above it moves on. Another SSRC than the context's is SRTP_MALFORMED: make a new context.
 */
enum srtp_result srtp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n);
/*
 * Check and decrypt in place. Replay window of 128 packets. Nothing changes (not ROC, not the window, not the SSRC)
 * until the packet has authenticated; the bytes of one that did not are not to be used. A new SSRC is accepted when its
 * packet authenticates (RFC 3711 §3.2.3), keeping the states of the last two: what a third replaces could be played
 * once more by whoever recorded it, so a peer that changes its SSRC should change its key.
 */
enum srtp_result srtp_unprotect(struct srtp *s, uint8_t *p, size_t n, size_t *ret_n);
/* The same for a compound RTCP packet. One sent unencrypted (E = 0) is SRTP_MALFORMED: nobody agrees to that here. */
enum srtp_result srtcp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n);
enum srtp_result srtcp_unprotect(struct srtp *s, uint8_t *p, size_t n, size_t *ret_n);

/* What must be written down to go on elsewhere. */
struct srtp_state {
	uint32_t ssrc;
	uint32_t roc;
	uint16_t sequence;   /* highest one protected, or authenticated */
	bool started;        /* false: no RTP packet yet, roc and sequence mean nothing */
	uint32_t rtcp_index; /* the next SRTCP index: to send, or above the highest that authenticated */
};
/* Of the SSRC in use; all zeros when there was no packet yet. */
void srtp_get_state(const struct srtp *s, struct srtp_state *ret);
/*
 * Go on from a state, in a context that is new. What it has seen is not accepted, or sent, again. A receiver whose
 * state is somewhat old finds the ROC by the first packets: it tries the first two indexes above the state's that fit
 * the sequence number (ROC, ROC + 1 or ROC + 2; below would be a replay), so it may be 65,536 packets old.
 */
void srtp_set_state(struct srtp *s, const struct srtp_state *state);
