/*
 * sip/framing.h - messages cut out of a byte stream (TCP, TLS); no byte is looked at twice.   RFC 3261 §18.3, RFC 5626
 * §3.5.1
 *
 * The caller owns the buffer and appends what it reads; the framer remembers how far it has looked. Where the stream
 * is cut into reads changes nothing of what comes out.
 */
#pragma once
#include "sip/message.h"

struct sip_framer {
	size_t seen;   /* bytes of the buffer already looked at */
	size_t head_n; /* length of the header part once found, else 0 */
	size_t body_n; /* from Content-Length */
	bool has_length;
	/* private: where in a line the scan stands */
	bool in_length; /* this line, or the one it continues, is Content-Length */
	uint8_t state, match;
	uint32_t number;
};

enum sip_frame {
	SIP_FRAME_MORE,    /* not complete: append more bytes and call again with the same start */
	SIP_FRAME_MESSAGE, /* *ret_n bytes from the start are one message: take them, then sip_framer_reset() */
	SIP_FRAME_PING,    /* CRLFCRLF keep-alive between messages, *ret_n bytes: take them, reset, answer CRLF */
	SIP_FRAME_SKIP,    /* *ret_n bytes of stray CRLF (a pong) before something else: drop them and reset */
	SIP_FRAME_BAD /* not SIP, no Content-Length (a stream needs one), or above SIP_MESSAGE_MAX: close the connection
		       */
};

/* Zeroed memory is a framer at its start too. */
void sip_framer_reset(struct sip_framer *f);
/* buffer: from the first byte not yet taken, all there is; ret_n and reterr are written only with what they belong to.
 * The same connection is not scanned again after SIP_FRAME_BAD. */
MUST_USE enum sip_frame sip_framer_scan(struct sip_framer *f, struct slice buffer, size_t *ret_n,
					struct sip_reason *reterr);
