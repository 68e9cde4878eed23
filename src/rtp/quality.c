/* rtp/quality.c - what a receiver knows about a stream.   RFC 3550 A.1, A.3, A.8 */
#include "rtp/quality.h"
#include "rtp/limits.h"

#define NO_SUSPECT 0x10000 /* no 16-bit number equals it */
#define RATE_DEFAULT 8000

static void source_start(struct rtp_reception *r, uint16_t sequence)
{
	r->lost_before = rtp_reception_lost_total(r);
	r->highest = sequence;
	r->base = sequence;
	r->cycles = 0;
	r->received = 0;
	r->expected_prior = r->received_prior = 0;
	r->suspect = NO_SUSPECT;
	r->window = 0;
	/* Timestamps start anew as well. */
	r->transit_rate = 0;
}

enum arrival { ARRIVAL_IN_ORDER, ARRIVAL_LATE, ARRIVAL_DUPLICATE, ARRIVAL_JUMP };

/* A.1, with a window to tell duplicates. */
static enum arrival sequence_update(struct rtp_reception *r, uint16_t sequence)
{
	uint16_t ahead = (uint16_t)(sequence - r->highest);
	uint16_t behind = (uint16_t)(r->highest - sequence);
	if (ahead < RTP_DROPOUT_MAX && (ahead > 0 || r->window == 0)) {
		if (sequence < r->highest)
			r->cycles += 0x10000;
		r->highest = sequence;
		r->window = ahead < 64 ? r->window << ahead | 1 : 1;
		r->suspect = NO_SUSPECT;
		return ARRIVAL_IN_ORDER;
	}
	if (behind <= RTP_MISORDER_MAX) {
		uint64_t bit = behind < 64 ? UINT64_C(1) << behind : 0;
		if (r->window & bit)
			return ARRIVAL_DUPLICATE;
		r->window |= bit;
		return ARRIVAL_LATE;
	}
	/* Two in a row after the same jump: the sender has restarted. One alone may be a stray. */
	if (sequence == r->suspect) {
		source_start(r, sequence);
		r->resyncs++;
		r->window = 1;
		return ARRIVAL_IN_ORDER;
	}
	r->suspect = (uint16_t)(sequence + 1);
	return ARRIVAL_JUMP;
}

/* A.8. */
static void jitter_update(struct rtp_reception *r, uint32_t timestamp, int64_t now_us)
{
	uint32_t rate = r->rate ? r->rate : RATE_DEFAULT;
	uint64_t now = (uint64_t)now_us;
	uint32_t arrival = (uint32_t)(now / 1000000 * rate + now % 1000000 * rate / 1000000);
	uint32_t transit = arrival - timestamp;
	if (r->transit_rate != rate) {
		/* The first, or another clock: there is nothing to compare with. */
		r->jitter_q4 = 0;
	} else if (timestamp == r->timestamp) {
		/* Packets of one telephone event bear the time of its start (RFC 4733 §2.2.2): not jitter. */
		return;
	} else {
		int32_t difference = (int32_t)(transit - r->transit);
		uint32_t d = difference < 0 ? 0 - (uint32_t)difference : (uint32_t)difference;
		r->jitter_q4 += d - ((r->jitter_q4 + 8) >> 4);
	}
	r->transit = transit;
	r->transit_rate = rate;
	r->timestamp = timestamp;
}

bool rtp_reception_update(struct rtp_reception *r, const struct rtp_packet *p, int64_t now_us)
{
	if (!r->started || r->ssrc != p->ssrc) {
		source_start(r, p->sequence);
		r->started = true;
		r->ssrc = p->ssrc;
	}
	enum arrival arrival = sequence_update(r, p->sequence);
	if (arrival != ARRIVAL_JUMP)
		r->received++;
	if (arrival == ARRIVAL_DUPLICATE) {
		r->duplicates++;
		return false;
	}
	r->packets++;
	r->bytes += p->payload_bytes;
	if (arrival == ARRIVAL_LATE)
		r->late++;
	if (arrival != ARRIVAL_JUMP)
		jitter_update(r, p->timestamp, now_us);
	return true;
}

uint32_t rtp_reception_highest(const struct rtp_reception *r)
{
	return r->cycles + r->highest;
}

uint32_t rtp_reception_expected(const struct rtp_reception *r)
{
	return r->started ? rtp_reception_highest(r) - r->base + 1 : 0;
}

int32_t rtp_reception_lost(const struct rtp_reception *r)
{
	return (int32_t)(rtp_reception_expected(r) - r->received);
}

uint64_t rtp_reception_lost_total(const struct rtp_reception *r)
{
	int32_t lost = rtp_reception_lost(r);
	return r->lost_before + (lost > 0 ? (uint64_t)lost : 0);
}

uint32_t rtp_reception_jitter_us(const struct rtp_reception *r)
{
	uint32_t rate = r->transit_rate ? r->transit_rate : RATE_DEFAULT;
	return (uint32_t)((uint64_t)(r->jitter_q4 >> 4) * 1000000 / rate);
}

uint8_t rtp_reception_fraction(struct rtp_reception *r)
{
	uint32_t expected = rtp_reception_expected(r) - r->expected_prior;
	int32_t lost = (int32_t)(expected - (r->received - r->received_prior));
	r->expected_prior += expected;
	r->received_prior = r->received;
	if (expected == 0 || lost <= 0)
		return 0;
	uint64_t fraction = ((uint64_t)lost << 8) / expected;
	return (uint8_t)MIN(fraction, UINT8_MAX);
}
