/* fuzz_rtcp.c - a compound RTCP packet: what was read, written and read again is the same */
#include "rtp/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcp_report r = {.sender_ssrc = 77}, again;
	if (!rtcp_parse(data, size, &r)) {
		ASSERT(r.sender_ssrc == 77 && r.block_count == 0);
		return 0;
	}
	ASSERT(size >= 8 && size % 4 == 0 && r.block_count <= ARRAY_LEN(r.blocks));
	for (size_t i = 0; i < r.block_count; i++)
		(void)rtcp_round_trip_us(&r.blocks[i], r.ntp);
	struct rtcp_own own = {
		.ssrc = r.sender_ssrc,
		.ntp = r.ntp,
		.rtp_timestamp = r.rtp_timestamp,
		.packets = r.packets,
		.bytes = r.bytes,
		.block = r.block_count ? &r.blocks[0] : NULL,
		.cname = SLICE("fuzz@anon"),
		.bye = r.bye,
	};
	uint8_t p[256];
	size_t n = rtcp_write(p, sizeof(p), &own);
	ASSERT(n > 0 && rtcp_parse(p, n, &again));
	ASSERT(again.sender_ssrc == r.sender_ssrc && again.bye == r.bye);
	ASSERT(again.block_count == (r.block_count ? 1 : 0));
	/* A sender that has sent nothing writes no SR. */
	ASSERT(again.has_sender == (r.packets > 0) && again.packets == r.packets);
	if (again.has_sender)
		ASSERT(again.ntp == r.ntp && again.bytes == r.bytes && again.rtp_timestamp == r.rtp_timestamp);
	if (r.block_count) {
		const struct rtcp_report_block *a = &r.blocks[0], *b = &again.blocks[0];
		ASSERT(a->ssrc == b->ssrc && a->lost == b->lost && a->fraction_lost == b->fraction_lost);
		ASSERT(a->highest == b->highest && a->jitter == b->jitter && a->last_sr == b->last_sr);
		ASSERT(a->delay_since_sr == b->delay_since_sr);
	}
	return 0;
}
