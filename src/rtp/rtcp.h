/* rtp/rtcp.h - RTCP: compound packets read, and our own reports written anew.   RFC 3550 §6 */
#pragma once
#include "base/writer.h"
#include "rtp/quality.h"

struct rtcp_report_block {
	uint32_t ssrc;
	uint8_t fraction_lost;            /* of 256 */
	int32_t lost;                     /* 24 bit, signed */
	uint32_t highest;                 /* extended */
	uint32_t jitter;                  /* timestamp units */
	uint32_t last_sr, delay_since_sr; /* 1/65536 s */
};

struct rtcp_report { /* what one compound packet told us that we use */
	uint32_t sender_ssrc;
	bool has_sender; /* SR */
	uint64_t ntp;
	uint32_t rtp_timestamp, packets, bytes;
	uint8_t block_count;
	struct rtcp_report_block blocks[4]; /* more are skipped: a phone has one source */
	bool bye;
};
/*
 * A compound packet by the rules of §6.1 and A.2 (first SR or RR; padding only at the end; lengths add up). false:
 * malformed, nothing of it is used, *ret untouched. bye: the sender of the report leaves.
 */
MUST_USE bool rtcp_parse(const uint8_t *p, size_t n, struct rtcp_report *ret);

/* Write a compound SR (packets > 0) or RR, with SDES CNAME, and BYE if asked. Returns its length; 0: cap too small. */
struct rtcp_own {
	uint32_t ssrc;
	uint64_t ntp;
	uint32_t rtp_timestamp, packets, bytes;
	const struct rtcp_report_block *block; /* NULL: nothing received yet */
	struct slice cname;                    /* random, not personal: RFC 7022 */
	bool bye;
};
size_t rtcp_write(uint8_t *p, size_t cap, const struct rtcp_own *own);

uint64_t rtcp_ntp(int64_t wall_us);
/* Round trip from a block that reports about us: now - last_sr - delay, microseconds; 0: not known. */
uint32_t rtcp_round_trip_us(const struct rtcp_report_block *b, uint64_t ntp_now);
