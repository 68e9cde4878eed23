/* rtp/packet.c - the RTP header, read and written.   RFC 3550 §5.1 */
#include "rtp/packet.h"
#include "rtp/bytes.h"

size_t rtp_header_length(const uint8_t *p, size_t n)
{
	if (n < RTP_HEADER_MIN || n > RTP_PACKET_MAX || p[0] >> 6 != 2)
		return 0;
	size_t length = RTP_HEADER_MIN + 4 * (size_t)(p[0] & 0x0f);
	if (length > n)
		return 0;
	if (!(p[0] & 0x10))
		return length;
	/* §5.3.1: two bytes that the profile defines, then the number of 32-bit words that follow. */
	if (n - length < 4)
		return 0;
	size_t extension = 4 + 4 * (size_t)read_be16(p + length + 2);
	return n - length < extension ? 0 : length + extension;
}

bool rtp_parse(const uint8_t *p, size_t n, struct rtp_packet *ret)
{
	size_t header = rtp_header_length(p, n);
	if (header == 0)
		return false;
	size_t payload = n - header;
	if (p[0] & 0x20) {
		/* §5.1: the last byte counts the padding, itself included. */
		if (payload == 0 || p[n - 1] == 0 || p[n - 1] > payload)
			return false;
		payload -= p[n - 1];
	}
	*ret = (struct rtp_packet){
		.marker = p[1] >> 7,
		.payload_type = p[1] & 0x7f,
		.sequence = read_be16(p + 2),
		.timestamp = read_be32(p + 4),
		.ssrc = read_be32(p + 8),
		.header_bytes = (uint16_t)header,
		.payload_bytes = (uint16_t)payload,
	};
	return true;
}

bool rtp_is_rtcp(const uint8_t *p, size_t n)
{
	return n >= 2 && p[1] >= 192 && p[1] <= 223;
}

void rtp_write_header(uint8_t *p, bool marker, uint8_t payload_type, uint16_t sequence, uint32_t timestamp,
		      uint32_t ssrc)
{
	p[0] = 0x80;
	p[1] = (uint8_t)((marker ? 0x80 : 0) | (payload_type & 0x7f));
	write_be16(p + 2, sequence);
	write_be32(p + 4, timestamp);
	write_be32(p + 8, ssrc);
}
