/* media/report.c - RTCP ends here and is made anew; what a stream's history keeps   RFC 3550 §6, RFC 7022 */
#include "media/transcode.h"
#include "media/worker.h"
#include "rtp/rtcp.h"

/* Room for an SR with one block, a short CNAME and a BYE. */
#define REPORT_BYTES_MAX 256

void report_init(struct media_stream *s)
{
	uint64_t number = random_u64(&s->worker->random);
	static const char digits[] = "0123456789abcdef";

	/* RFC 7022 §4.2: random for each stream, so that nobody is followed from call to call. */
	for (size_t i = 0; i < sizeof(s->reports.cname); i++, number >>= 4)
		s->reports.cname[i] = digits[number & 15];
}

/* Of a clock that nobody sets: the far end takes the difference of two of these, and so do we (§6.4.1). */
static uint64_t ntp_now(const struct media_stream *s)
{
	return rtcp_ntp(wheel_steady_us(&s->worker->wheel));
}

bool report_receive(struct media_stream *s, const uint8_t *p, size_t n)
{
	struct rtcp_report report;

	if (!rtcp_parse(p, n, &report))
		return false;
	if (report.has_sender) {
		s->reports.sender_report = (uint32_t)(report.ntp >> 16);
		s->reports.sender_report_us = s->worker->wheel.now_us;
	}
	for (uint8_t i = 0; i < report.block_count; i++) {
		const struct rtcp_report_block *block = &report.blocks[i];
		if (block->ssrc != s->sender.ssrc)
			continue;
		uint32_t round_trip_us = rtcp_round_trip_us(block, ntp_now(s));
		if (round_trip_us)
			s->reports.round_trip_us = round_trip_us;
		s->reports.remote_lost = (uint32_t)MAX(block->lost, 0);
		if (s->transcoder)
			transcoder_hear_loss(s->transcoder, block->fraction_lost);
	}
	return true;
}

static void write_block(struct media_stream *s, struct rtcp_report_block *ret)
{
	struct rtp_reception *r = &s->reception;

	*ret = (struct rtcp_report_block){
		.ssrc = r->ssrc,
		.fraction_lost = rtp_reception_fraction(r),
		.lost = rtp_reception_lost(r),
		.highest = rtp_reception_highest(r),
		.jitter = r->jitter_q4 >> 4,
		.last_sr = s->reports.sender_report,
	};
	if (s->reports.sender_report) {
		int64_t since_us = s->worker->wheel.now_us - s->reports.sender_report_us;
		ret->delay_since_sr = (uint32_t)(since_us * 65536 / SECOND_US);
	}
}

void report_send(struct media_stream *s, bool bye)
{
	const struct sender *out = &s->sender;
	const struct endpoint *to = s->rtcp_mux ? &s->rtp.current : &s->rtcp.current;
	uint8_t bytes[REPORT_BYTES_MAX];
	struct rtcp_report_block block;
	int64_t now_us = s->worker->wheel.now_us;

	/* RFC 3550 §6.3.7: who has sent nothing says no BYE. */
	if (to->n == 0 || (bye && !out->started && !s->reports.sent))
		return;
	s->reports.sent = true;
	struct rtcp_own own = {
		.ssrc = out->ssrc,
		.ntp = ntp_now(s),
		.rtp_timestamp = out->timestamp + (uint32_t)((now_us - out->sent_us) * out->rate_khz / 1000),
		.cname = slice_of(s->reports.cname, sizeof(s->reports.cname)),
		.bye = bye,
	};
	/* RFC 3550 §6.4: a sender's report only from who has sent since the last one. */
	if (out->packets != s->reports.packets_then) {
		own.packets = (uint32_t)out->packets;
		own.bytes = (uint32_t)out->bytes;
	}
	s->reports.packets_then = out->packets;
	if (s->reception.started) {
		write_block(s, &block);
		own.block = &block;
	}
	size_t n = rtcp_write(bytes, sizeof(bytes) - SRTP_TRAILER_MAX, &own);
	ASSERT(n > 0);
	if (s->send_cipher && srtcp_protect(s->send_cipher, bytes, n, sizeof(bytes), &n) != SRTP_OK)
		return;
	if (sendto(s->rtcp_mux ? s->rtp.fd : s->rtcp.fd, bytes, n, 0, &to->name.any, to->n) < 0)
		s->worker->counts.unsent++;
}

void report_figures(const struct media_stream *s, struct media_figures *ret)
{
	const struct rtp_reception *r = &s->reception;

	*ret = s->figures;
	ret->round_trip_us = s->reports.round_trip_us;
	ret->remote_lost = s->reports.remote_lost;
	if (!r->started)
		return;
	ret->received_packets += r->packets;
	ret->received_bytes += r->bytes;
	ret->duplicate_packets += r->duplicates;
	ret->lost_packets += rtp_reception_lost_total(r);
	ret->jitter_us = rtp_reception_jitter_us(r);
	ret->jitter_max_us = MAX(ret->jitter_max_us, ret->jitter_us);
}
