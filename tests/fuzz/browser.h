/* fuzz/browser.h - a browser's own side of DTLS and SRTP, for fuzz_browsers.c: OpenSSL, and ciphers of ours */
#pragma once
#include "media/dtls.h"

#define BROWSER_BYTES_MAX 2048
#define BROWSER_QUEUE_MAX 32
#define BROWSER_KEYS_MAX 4

struct datagram {
	size_t n;
	uint8_t bytes[BROWSER_BYTES_MAX];
};

struct browser {
	struct dtls *dtls; /* NULL: not begun */
	enum dtls_state state;
	unsigned lose; /* so many datagrams of Alto's will be lost */
	bool gaps;     /* something of Alto's was lost, or what it was for: it may have keys that the browser has not */
	struct datagram queue[BROWSER_QUEUE_MAX], last; /* what it says in DTLS */
	size_t first, queued;
	struct srtp *receive[BROWSER_KEYS_MAX], *send; /* the newest first */
	struct datagram sealed;                        /* what it said last in voice */
};

/* Another association, by its own will. alto: whose certificate it believes. */
void browser_begin(struct browser *b, const struct dtls_context *own, bool client,
		   const struct media_fingerprint *alto);
void browser_end(struct browser *b);
/* A datagram of Alto's, and time passing. True: the handshake ended well by it, and there are keys. */
bool browser_hears(struct browser *b, const uint8_t *p, size_t n);
bool browser_waits(struct browser *b);
/* What it has to say goes to b->last. False: nothing. */
bool browser_says(struct browser *b);
/* Voice or RTCP of Alto's: with one of its keys, the oldest last. False: with none. */
bool browser_opens(struct browser *b, const uint8_t *p, size_t n, struct datagram *ret);
/* What it says, to b->sealed. False: it cannot. */
bool browser_seals(struct browser *b, bool rtcp, const uint8_t *p, size_t n);
