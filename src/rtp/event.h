/* rtp/event.h - a DTMF digit, or another event that has a number, as the payload of RTP.   RFC 4733 §2.3 */
#pragma once
#include "base/common.h"

#define RTP_EVENT_BYTES 4

struct rtp_event {
	uint8_t event;     /* §3.2: 0-9, 10 is *, 11 is #, 12-15 are A-D */
	bool end;          /* it is over, and `duration` is all of it */
	uint8_t volume;    /* 0 to 63, in dBm0 below zero */
	uint16_t duration; /* so far, in the clock of the payload type; from the packet's timestamp on */
};
/* p has room for RTP_EVENT_BYTES. */
void rtp_event_write(uint8_t *p, const struct rtp_event *e);
/* The first event of a payload. false: too short for one; *ret untouched. */
MUST_USE bool rtp_event_parse(const uint8_t *p, size_t n, struct rtp_event *ret);
