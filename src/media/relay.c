/*
 * media/relay.c - what a stream sends: another's packets under its own SSRC, sequence numbers and timestamps
 *
 * Within one source both numbers keep the source's distances, so that the receiver sees what was lost and when it was
 * spoken. At a new source the sequence goes on with the next number and the time with what has passed, and the marker
 * bit tells the receiver that voice begins anew.
 */
#include "base/map.h"
#include "media/transcode.h"
#include "media/worker.h"

/* Half of an SSRC is chance, the other half says with our key that it is ours. */
static uint32_t ssrc_of(const struct worker *w, uint16_t chance)
{
	return (uint32_t)chance << 16 | (uint16_t)siphash24(w->ssrc_key, &chance, sizeof(chance));
}

bool sender_ssrc_is_ours(const struct worker *w, uint32_t ssrc)
{
	return ssrc == ssrc_of(w, (uint16_t)(ssrc >> 16));
}

void sender_init(struct media_stream *s)
{
	struct sender *out = &s->sender;
	struct random *random = &s->worker->random;

	*out = (struct sender){0};
	out->ssrc = ssrc_of(s->worker, (uint16_t)random_u64(random));
	/* RFC 3711 §3.3.1: in the lower half, so that losses at the start cannot look like a wrap. Not yet sent. */
	out->highest = (UINT64_C(1) << 16) + random_below(random, 0x8000);
	out->timestamp = (uint32_t)random_u64(random);
	s->reports.packets_then = 0;
}

static void source_begins(struct sender *out, const struct relay_packet *packet, int64_t now_us)
{
	uint32_t timestamp = out->timestamp;

	if (out->started) {
		/* At least one usual packet's time, so that it is never the same moment twice. */
		int64_t passed_us = MAX(now_us - out->sent_us, 20 * MS_US);
		timestamp += (uint32_t)(passed_us * packet->rate_khz / 1000);
	}
	out->source = packet->from;
	out->source_epoch = packet->epoch;
	out->sequence_offset = (uint16_t)(out->highest + 1 - packet->sequence);
	out->timestamp_offset = timestamp - packet->timestamp;
	out->floor = out->highest + 1;
}

/* Returns the datagram's length; 0: not to be sent. */
static size_t write_packet(struct media_stream *s, const struct relay_packet *packet, bool marker, uint64_t number)
{
	uint8_t *p = packet->at - RTP_HEADER_MIN;
	size_t n = RTP_HEADER_MIN + (size_t)packet->bytes;

	rtp_write_header(p, marker, packet->payload, (uint16_t)number, packet->timestamp + s->sender.timestamp_offset,
			 s->sender.ssrc);
	if (s->send_cipher && srtp_protect(s->send_cipher, p, n, n + SRTP_TRAILER_MAX, &n) != SRTP_OK)
		return 0;
	return n;
}

void relay_send(struct media_stream *s, const struct relay_packet *packet)
{
	if (s->joined != packet->from || (s->transcoder && transcoder_take(s->transcoder, packet)))
		return;
	if (packet->payload <= 127 && !s->saying)
		relay_send_own(s, packet);
}

static bool put(struct media_stream *s, const uint8_t *p, size_t n)
{
	const struct endpoint *to = &s->rtp.current;
	return (s->direct < 0 ? sendto(s->rtp.fd, p, n, 0, &to->name.any, to->n) : send(s->direct, p, n, 0)) >= 0;
}

void relay_send_own(struct media_stream *s, const struct relay_packet *packet)
{
	struct worker *w = s->worker;
	struct sender *out = &s->sender;
	int64_t now_us = w->wheel.now_us;
	bool begins = packet->from != out->source || packet->epoch != out->source_epoch;

	if (!s->send || s->rtp.current.n == 0)
		return;
	if (begins)
		source_begins(out, packet, now_us);
	uint16_t sequence = (uint16_t)(packet->sequence + out->sequence_offset);
	uint64_t number = out->highest + (uint64_t)(int64_t)(int16_t)(sequence - (uint16_t)out->highest);
	/* Its number was given to the source before. */
	if (number < out->floor)
		return;
	size_t n = write_packet(s, packet, packet->marker || begins, number);
	/* The number is used up from here on, whether the kernel takes the packet or not. */
	if (n > 0 && number > out->highest) {
		uint32_t timestamp = packet->timestamp + out->timestamp_offset;
		if (timestamp != out->timestamp || !out->started)
			out->sent_us = now_us;
		out->highest = number;
		out->timestamp = timestamp;
		out->rate_khz = packet->rate_khz;
		out->started = true;
	}
	if (n == 0 || !put(s, packet->at - RTP_HEADER_MIN, n)) {
		w->counts.unsent++;
		return;
	}
	w->counts.sent++;
	out->packets++;
	out->bytes += packet->bytes;
	s->figures.sent_packets++;
	s->figures.sent_bytes += packet->bytes;
}
