/* rtp/rtcp.c - RTCP: compound packets read, and our own reports written anew.   RFC 3550 §6, A.2 */
#include "rtp/rtcp.h"
#include "rtp/bytes.h"
#include "rtp/limits.h"

enum { RTCP_SR = 200, RTCP_RR = 201, RTCP_SDES = 202, RTCP_BYE = 203 };

#define HEADER_BYTES 4
#define SENDER_BYTES 20 /* NTP and RTP time, counts */
#define BLOCK_BYTES 24
#define SDES_CNAME 1
#define NTP_UNIX_SECONDS UINT64_C(2208988800) /* from 1900 to 1970 */

struct part { /* one packet of a compound */
	uint8_t count, type;
	const uint8_t *body; /* behind the first word */
	size_t n;            /* without padding */
};

/* Take the next packet off. False: its length or padding is not sound. */
static bool part_next(const uint8_t **p, size_t *left, struct part *ret)
{
	const uint8_t *at = *p;
	if (*left < HEADER_BYTES || at[0] >> 6 != 2)
		return false;
	size_t length = HEADER_BYTES * ((size_t)read_be16(at + 2) + 1);
	if (length > *left)
		return false;
	size_t padding = 0;
	if (at[0] & 0x20) {
		/* Only the last packet may be padded, to whole words. */
		padding = at[length - 1];
		if (length != *left || padding == 0 || padding % 4 != 0 || padding > length - HEADER_BYTES)
			return false;
	}
	*ret = (struct part){at[0] & 0x1f, at[1], at + HEADER_BYTES, length - HEADER_BYTES - padding};
	*p += length;
	*left -= length;
	return true;
}

static void block_read(const uint8_t *p, struct rtcp_report_block *ret)
{
	uint32_t lost = read_be32(p + 4) & 0xffffff;
	*ret = (struct rtcp_report_block){
		.ssrc = read_be32(p),
		.fraction_lost = p[4],
		.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
		.highest = read_be32(p + 8),
		.jitter = read_be32(p + 12),
		.last_sr = read_be32(p + 16),
		.delay_since_sr = read_be32(p + 20),
	};
}

/* SR or RR. Of several only the first one's sender counts, the blocks of all do. */
static bool report_read(const struct part *part, bool first, struct rtcp_report *report)
{
	size_t at = part->type == RTCP_SR ? 4 + SENDER_BYTES : 4;
	if (part->n < at || part->n - at < (size_t)part->count * BLOCK_BYTES)
		return false;
	if (first)
		report->sender_ssrc = read_be32(part->body);
	if (first && part->type == RTCP_SR) {
		report->has_sender = true;
		report->ntp = read_be64(part->body + 4);
		report->rtp_timestamp = read_be32(part->body + 12);
		report->packets = read_be32(part->body + 16);
		report->bytes = read_be32(part->body + 20);
	}
	for (size_t i = 0; i < part->count && report->block_count < ARRAY_LEN(report->blocks); i++)
		block_read(part->body + at + i * BLOCK_BYTES, &report->blocks[report->block_count++]);
	return true;
}

static bool bye_read(const struct part *part, struct rtcp_report *report)
{
	if (part->n < 4 * (size_t)part->count)
		return false;
	for (size_t i = 0; i < part->count; i++)
		report->bye |= read_be32(part->body + 4 * i) == report->sender_ssrc;
	return true;
}

bool rtcp_parse(const uint8_t *p, size_t n, struct rtcp_report *ret)
{
	struct rtcp_report report = {.bye = false};
	bool first = true;
	do {
		struct part part;
		if (!part_next(&p, &n, &part))
			return false;
		bool is_report = part.type == RTCP_SR || part.type == RTCP_RR;
		if (first && !is_report)
			return false;
		if (is_report && !report_read(&part, first, &report))
			return false;
		if (part.type == RTCP_BYE && !bye_read(&part, &report))
			return false;
		first = false;
	} while (n > 0);
	*ret = report;
	return true;
}

/* ---- writing ---- */

static uint8_t *header_write(uint8_t *p, uint8_t count, uint8_t type, size_t bytes)
{
	p[0] = (uint8_t)(0x80 | count);
	p[1] = type;
	write_be16(p + 2, (uint16_t)(bytes / 4 - 1));
	return p + HEADER_BYTES;
}

static uint8_t *block_write(uint8_t *p, const struct rtcp_report_block *b)
{
	/* §6.4.1: 24 bits with sign; a count beyond them stays at the edge. */
	int32_t lost = MAX(MIN(b->lost, 0x7fffff), -0x800000);
	write_be32(p, b->ssrc);
	write_be32(p + 4, (uint32_t)b->fraction_lost << 24 | ((uint32_t)lost & 0xffffff));
	write_be32(p + 8, b->highest);
	write_be32(p + 12, b->jitter);
	write_be32(p + 16, b->last_sr);
	write_be32(p + 20, b->delay_since_sr);
	return p + BLOCK_BYTES;
}

/* §6.5: items end with a zero byte, then fill the word. */
static size_t sdes_bytes(const struct rtcp_own *own)
{
	return HEADER_BYTES + 4 + (2 + own->cname.n + 4) / 4 * 4;
}

static uint8_t *sdes_write(uint8_t *p, const struct rtcp_own *own)
{
	size_t bytes = sdes_bytes(own);
	memset(p, 0, bytes);
	uint8_t *body = header_write(p, 1, RTCP_SDES, bytes);
	write_be32(body, own->ssrc);
	body[4] = SDES_CNAME;
	body[5] = (uint8_t)own->cname.n;
	memcpy(body + 6, own->cname.p, own->cname.n);
	return p + bytes;
}

size_t rtcp_write(uint8_t *p, size_t cap, const struct rtcp_own *own)
{
	ASSERT(own->cname.n > 0 && own->cname.n <= RTCP_CNAME_MAX);
	bool sender = own->packets > 0;
	size_t report = HEADER_BYTES + 4 + (sender ? SENDER_BYTES : 0) + (own->block ? BLOCK_BYTES : 0);
	size_t bytes = report + sdes_bytes(own) + (own->bye ? HEADER_BYTES + 4 : 0);
	if (cap < bytes)
		return 0;

	uint8_t *at = header_write(p, own->block ? 1 : 0, sender ? RTCP_SR : RTCP_RR, report);
	write_be32(at, own->ssrc);
	at += 4;
	if (sender) {
		write_be64(at, own->ntp);
		write_be32(at + 8, own->rtp_timestamp);
		write_be32(at + 12, own->packets);
		write_be32(at + 16, own->bytes);
		at += SENDER_BYTES;
	}
	if (own->block)
		at = block_write(at, own->block);
	at = sdes_write(at, own);
	if (own->bye)
		write_be32(header_write(at, 1, RTCP_BYE, HEADER_BYTES + 4), own->ssrc);
	return bytes;
}

uint64_t rtcp_ntp(int64_t wall_us)
{
	uint64_t us = (uint64_t)wall_us;
	return (us / 1000000 + NTP_UNIX_SECONDS) << 32 | (us % 1000000 << 32) / 1000000;
}

uint32_t rtcp_round_trip_us(const struct rtcp_report_block *b, uint64_t ntp_now)
{
	if (b->last_sr == 0)
		return 0;
	int32_t units = (int32_t)((uint32_t)(ntp_now >> 16) - b->last_sr - b->delay_since_sr);
	if (units < 0)
		return 0;
	uint64_t us = (uint64_t)units * 1000000 >> 16;
	/* Shorter than the unit is known to be short. */
	return us > RTCP_ROUND_TRIP_MAX_US ? 0 : (uint32_t)MAX(us, 1);
}
