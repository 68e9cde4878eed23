/* fuzz_rtp.c - an RTP header, and a stream of sequence numbers: the figures of a receiver stay sane */
#include "rtp/bytes.h"
#include "rtp/event.h"
#include "rtp/quality.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header(const uint8_t *data, size_t size)
{
	struct rtp_packet p = {.ssrc = 77};
	size_t header = rtp_header_length(data, size);
	ASSERT(header <= size && (header == 0 || header >= RTP_HEADER_MIN));
	if (!rtp_parse(data, size, &p)) {
		ASSERT(p.ssrc == 77);
		return;
	}
	ASSERT(p.header_bytes == header && p.payload_bytes <= size - header);
	uint8_t again[RTP_HEADER_MIN];
	rtp_write_header(again, p.marker, p.payload_type, p.sequence, p.timestamp, p.ssrc);
	ASSERT((again[0] & 0xc0) == (data[0] & 0xc0));
	ASSERT(memcmp(again + 1, data + 1, sizeof(again) - 1) == 0);
	ASSERT(rtp_is_rtcp(data, size) == (data[1] >= 192 && data[1] < 224));
}

/* The payload as an event: what is written is what was read, but for the reserved bit. */
static void check_event(const uint8_t *data, size_t size)
{
	struct rtp_event e = {.volume = 77};
	uint8_t again[RTP_EVENT_BYTES];
	if (!rtp_event_parse(data, size, &e)) {
		ASSERT(size < RTP_EVENT_BYTES && e.volume == 77);
		return;
	}
	ASSERT(e.volume < 64);
	rtp_event_write(again, &e);
	ASSERT(again[0] == data[0] && again[1] == (data[1] & 0xbf) && memcmp(again + 2, data + 2, 2) == 0);
}

/* Four bytes a packet: number, timestamp, and what passes until it comes; rarely another source. */
static void check_stream(const uint8_t *data, size_t size)
{
	struct rtp_reception r = {.rate = 8000};
	int64_t now_us = 0;
	uint64_t fed = 0;
	for (; size >= 4; data += 4, size -= 4, fed++) {
		struct rtp_packet p = {
			.ssrc = data[3] == 255,
			.sequence = read_be16(data),
			.timestamp = (uint32_t)data[2] << 8 * (data[3] & 3),
			.payload_bytes = 160,
		};
		now_us += (int64_t)data[3] << (data[2] & 31);
		uint64_t duplicates = r.duplicates;
		bool fresh = rtp_reception_update(&r, &p, now_us);
		ASSERT(fresh == (r.duplicates == duplicates));
		ASSERT(r.started && r.ssrc == p.ssrc);
		ASSERT(r.packets + r.duplicates == fed + 1 && r.bytes == 160 * r.packets);
		if (data[2] & 1)
			(void)rtp_reception_fraction(&r);
		(void)rtp_reception_jitter_us(&r);
		(void)rtp_reception_lost_total(&r);
		ASSERT(rtp_reception_expected(&r) >= 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_header(data, size);
	check_event(data, size);
	check_stream(data, size);
	return 0;
}
