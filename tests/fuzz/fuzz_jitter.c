/*
 * fuzz_jitter.c - the jitter buffer, played: packets of any number and time, and a listener
 *
 * Records of eight bytes: what (0 to 3: a packet, others: 20 ms are listened to), sequence number and timestamp as
 * differences to the last ones, duration, length, and how much time passes.
 */
#include "rtp/bytes.h"
#include "rtp/jitter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD_BYTES 8
#define CLOCK_KHZ 8

static struct played {
	struct jitter j;
	int64_t now_us;
	uint16_t sequence;
	uint32_t timestamp;
	unsigned put, heard;
	uint8_t bytes[1500];
} w;

/* Every packet says its number, and how long it is. */
static void put(const uint8_t *r)
{
	w.sequence = (uint16_t)(w.sequence + (int16_t)read_be16(r + 1));
	w.timestamp += (uint32_t)((int16_t)read_be16(r + 3) * (r[0] & 2 ? 4096 : 1));
	struct jitter_packet p = {.sequence = w.sequence,
				  .timestamp = w.timestamp,
				  .duration = 1 + r[5] * 4u,
				  .bytes = (uint16_t)(2 + r[6] * 5),
				  .p = w.bytes};
	write_be16(w.bytes, w.sequence);
	w.bytes[p.bytes - 1] = r[6];
	jitter_put(&w.j, &p, w.now_us);
	w.put++;
}

static void listen(bool quiet)
{
	uint32_t units = 0;
	for (unsigned answers = 0; units < 20 * CLOCK_KHZ; answers++) {
		struct jitter_packet p;
		enum jitter_next next = jitter_get(&w.j, w.now_us, quiet, &p);
		if (next == JITTER_NOTHING)
			break;
		ASSERT(p.duration > 0 && answers < 2 * JITTER_PACKETS_MAX + 20 * CLOCK_KHZ);
		ASSERT((next != JITTER_PACKET && next != JITTER_SHORTER) || p.p);
		if (p.p) {
			ASSERT(p.p >= w.j.bytes && p.bytes <= w.j.bytes + JITTER_BYTES - p.p);
			ASSERT(p.bytes > 2 ? p.p[p.bytes - 1] == (p.bytes - 2) / 5 : true);
			ASSERT(p.bytes == 2 || read_be16(p.p) == p.sequence);
		}
		w.heard += next == JITTER_PACKET || next == JITTER_SHORTER;
		units += next == JITTER_SHORTER ? 0 : p.duration;
	}
	ASSERT(w.j.target_us >= JITTER_BIN_US && w.j.target_us <= (JITTER_BINS + 2) * JITTER_BIN_US);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&w, 0, sizeof(w));
	w.now_us = SECOND_US;
	jitter_init(&w.j);
	jitter_restart(&w.j, CLOCK_KHZ);
	for (; size >= RECORD_BYTES; data += RECORD_BYTES, size -= RECORD_BYTES) {
		w.now_us += (data[7] & 0x80 ? data[7] & 0x7f : data[7] % 8) * INT64_C(5) * MS_US;
		if (data[0] % 8 == 7)
			jitter_restart(&w.j, CLOCK_KHZ);
		else if (data[0] % 8 < 4)
			put(data);
		else
			listen(data[0] & 0x10);
	}
	const struct jitter_figures *f = &w.j.figures;
	ASSERT(w.heard == f->played + f->shorter && w.heard <= w.put);
	return 0;
}
