/* rtp_rig.h - packets and keys for the tests of this room */
#pragma once
#include <errno.h>

#include "support/test.h"

#include "rtp/bytes.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"

#define VOICE_BYTES 160
#define SSRC_A UINT32_C(0x5501a0b2)
#define SSRC_B UINT32_C(0xcafebabe)

static inline size_t unhex(const char *text, uint8_t *ret, size_t cap)
{
	size_t n = strlen(text) / 2;
	assert_true(n <= cap);
	assert_true(slice_unhex(slice_from_string(text), ret, n));
	return n;
}

static inline struct srtp_key key_of(enum srtp_suite suite, uint8_t seed)
{
	struct srtp_key key = {.suite = suite};
	for (size_t i = 0; i < sizeof(key.bytes); i++)
		key.bytes[i] = (uint8_t)(seed + 37 * i);
	return key;
}

/* 20 ms of PCMU whose bytes tell the sequence number. Returns its length; p has room for RTP_PACKET_MAX. */
static inline size_t voice_packet(uint8_t *p, uint32_t ssrc, uint16_t sequence)
{
	rtp_write_header(p, false, 0, sequence, UINT32_C(160) * sequence, ssrc);
	for (size_t i = 0; i < VOICE_BYTES; i++)
		p[RTP_HEADER_MIN + i] = (uint8_t)(sequence + i);
	return RTP_HEADER_MIN + VOICE_BYTES;
}

/* A receiver report without blocks, followed by a source description. */
static inline size_t control_packet(uint8_t *p, uint32_t ssrc, uint8_t mark)
{
	static const uint8_t report[] = {0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 202, 0, 2, 0, 0, 0, 0, 1, 1, 'x', 0};
	memcpy(p, report, sizeof(report));
	write_be32(p + 4, ssrc);
	write_be32(p + 12, ssrc);
	p[18] = mark;
	return sizeof(report);
}
