/*
 * sip/dtmf.h - a key that was pressed, as phones say it in the body of INFO
 *
 * No standard has these two bodies (RFC 6086 §2 calls them legacy uses); Cisco's gateways began with them, and phones
 * follow those. Borrowed bytes in, a plain value out; O(n), no allocation, any thread.
 */
#pragma once
#include "base/writer.h"
#include "sip/message.h"

struct sip_dtmf {
	uint8_t event;        /* as RFC 4733 §3.2 counts them: 0-9, 10 is *, 11 is #, 12-15 are A-D */
	uint16_t duration_ms; /* as said; SIP_DTMF_DURATION_DEFAULT_MS where nothing is */
};

/*
 * application/dtmf-relay: lines "Signal=5" and "Duration=160", in any order, white space around both sides. Signal
 * comes once and is a key or its number; Duration comes at most once, in milliseconds. Other lines of that form are
 * passed over. *ret is written only on SIP_OK.
 */
MUST_USE enum sip_parse sip_dtmf_relay_parse(struct slice body, struct sip_dtmf *ret, struct sip_reason *reterr);
/* application/dtmf: the key or its number, and nothing else. */
MUST_USE enum sip_parse sip_dtmf_parse(struct slice body, struct sip_dtmf *ret, struct sip_reason *reterr);

/* The body of application/dtmf-relay. */
void sip_write_dtmf_relay(struct writer *w, const struct sip_dtmf *d);
