/* rtp/quality.h - what a receiver knows about a stream: loss, jitter, order.   RFC 3550 §6.4, A.1, A.3, A.8 */
#pragma once
#include "rtp/packet.h"

struct rtp_reception { /* what one leg receives; zero it to start */
	bool started;
	uint32_t ssrc;
	uint32_t rate; /* clock of the payload, for jitter; 8000 unless told. May be set anew before any packet */

	/* of this SSRC since it began, or since its sequence numbers jumped (A.1) */
	uint16_t highest;  /* highest sequence number seen */
	uint32_t cycles;   /* wraps, shifted left by 16 */
	uint32_t base;     /* first sequence number */
	uint32_t received; /* duplicates and late ones included, as A.3 wants */
	uint32_t suspect; /* the number after a jump: if it comes next, the sender has restarted. Above 16 bits: none */
	uint64_t window;  /* which of the last 64 numbers came */
	uint32_t jitter_q4;                        /* in timestamp units times 16, as in A.8 */
	uint32_t transit, transit_rate, timestamp; /* of the last packet */
	uint32_t expected_prior, received_prior;   /* at the last report */

	/* since the start, over all SSRCs */
	uint64_t packets, bytes;   /* payload bytes; duplicates not counted */
	uint64_t late, duplicates; /* duplicates: same number within the last 64 */
	uint32_t resyncs;          /* jumps taken for a restart of the sender */
	uint64_t lost_before;      /* by what came before this SSRC, or before the jump */
};
/*
 * now_us: when it arrived, on any clock that does not jump. Returns false for a duplicate (not to be relayed). A new
 * SSRC starts anew.
 */
bool rtp_reception_update(struct rtp_reception *r, const struct rtp_packet *p, int64_t now_us);
uint32_t rtp_reception_highest(const struct rtp_reception *r); /* extended by the wraps, as in a report block */
uint32_t rtp_reception_expected(const struct rtp_reception *r);
int32_t rtp_reception_lost(const struct rtp_reception *r);        /* cumulative, may be negative through duplicates */
uint64_t rtp_reception_lost_total(const struct rtp_reception *r); /* over all SSRCs, never negative */
uint32_t rtp_reception_jitter_us(const struct rtp_reception *r);
/* Fraction lost since the last call, of 256 (goes into a report block). */
uint8_t rtp_reception_fraction(struct rtp_reception *r);
