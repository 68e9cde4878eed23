/* rtp/packet.h - the RTP header, read and written.   RFC 3550 §5.1 */
#pragma once
#include "base/slice.h"

#define RTP_HEADER_MIN 12
#define RTP_PACKET_MAX 1500 /* what we receive at most; voice is below 400 bytes */

struct rtp_packet {
	bool marker;
	uint8_t payload_type; /* 0..127 */
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t ssrc;
	uint16_t header_bytes;  /* fixed part, CSRCs and extension */
	uint16_t payload_bytes; /* without padding */
};
/* false: not RTP version 2, longer than RTP_PACKET_MAX, or lengths that the bytes do not keep; *ret untouched. */
MUST_USE bool rtp_parse(const uint8_t *p, size_t n, struct rtp_packet *ret);
/*
 * Bytes of the header (fixed part, CSRCs and extension), 0 if it is not a sound one. Unlike rtp_parse() it does not
 * look at padding, so it also reads a packet that is still encrypted.
 */
size_t rtp_header_length(const uint8_t *p, size_t n);
/* RFC 5761 §4: on a multiplexed port, is this RTCP? (second byte 192..223). n >= 2. */
bool rtp_is_rtcp(const uint8_t *p, size_t n);
/* Write the 12 fixed bytes. */
void rtp_write_header(uint8_t *p, bool marker, uint8_t payload_type, uint16_t sequence, uint32_t timestamp,
		      uint32_t ssrc);
