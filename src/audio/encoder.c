/* audio/encoder.c - samples to payloads.   RFC 3551 §4.5, RFC 6716 §5, RFC 7587 §3 */
#include "audio/codec.h"
#include "audio/g722.h"
#include "audio/limits.h"

#include <errno.h>
#include <opus/opus.h>
#include <spandsp/telephony.h>

#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>

/* What Opus writes in a silence that need not be sent: the first byte of a packet, and at most one more. */
#define OPUS_SILENCE_BYTES 2

struct encoder {
	enum codec_kind kind;
	uint32_t rate;
	OpusEncoder *opus;
	bool fec, dtx;
	bool silk;         /* Opus codes by SILK */
	bool burst;        /* the packet before had a burst in it */
	uint32_t loudness; /* of 2.5 ms: as loud as it was, and fading */
	struct g722 g722;
};

/*
 * Opus has two ways of coding: CELT takes a third of the time, but only SILK says things twice and knows silence. Which
 * one it chooses is moved by what it is told of the signal, nothing else follows from that at these bit rates.
 */
static void expect_loss(struct encoder *e, unsigned percent)
{
	bool repeats = e->fec && percent >= AUDIO_OPUS_LOSS_MIN;
	e->silk = repeats || e->dtx;
	const int set[] = {
		opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(repeats)),
		opus_encoder_ctl(e->opus, OPUS_SET_PACKET_LOSS_PERC(repeats ? (opus_int32)MIN(percent, 100) : 0)),
		opus_encoder_ctl(e->opus, OPUS_SET_SIGNAL(e->silk ? OPUS_SIGNAL_VOICE : OPUS_SIGNAL_MUSIC)),
	};
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		ASSERT(set[i] == OPUS_OK);
}

static bool make_opus(struct encoder *e, const struct encoder_settings *s)
{
	int failed;
	uint32_t bitrate = e->rate > 8000 ? AUDIO_OPUS_WIDE_BITRATE : AUDIO_OPUS_NARROW_BITRATE;
	if (s->bitrate_max)
		bitrate = MIN(bitrate, s->bitrate_max);
	/* Not VOIP: its high-pass turns the phases of low voices, for a twentieth of the time. */
	e->opus = opus_encoder_create((opus_int32)e->rate, 1, OPUS_APPLICATION_AUDIO, &failed);
	if (!e->opus)
		return false;
	e->fec = s->fec;
	e->dtx = s->dtx;
	const int set[] = {
		opus_encoder_ctl(e->opus, OPUS_SET_BITRATE((opus_int32)bitrate)),
		opus_encoder_ctl(e->opus, OPUS_SET_DTX(s->dtx)),
	};
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		ASSERT(set[i] == OPUS_OK);
	expect_loss(e, 0);
	return true;
}

int encoder_new(const struct encoder_settings *s, struct encoder **ret)
{
	ASSERT(s->kind > CODEC_NONE && s->kind < CODEC_KINDS);
	ASSERT(s->rate == 0 || s->kind == CODEC_OPUS || s->rate == codec_rate(s->kind));
	struct encoder *e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->kind = s->kind;
	e->rate = s->rate ? s->rate : codec_rate(s->kind);
	g722_init(&e->g722);
	if (s->kind == CODEC_OPUS && !make_opus(e, s)) {
		encoder_free(e);
		return -ENOMEM;
	}
	*ret = e;
	return 0;
}

struct encoder *encoder_free(struct encoder *e)
{
	if (!e)
		return NULL;
	if (e->opus)
		opus_encoder_destroy(e->opus);
	free(e);
	return NULL;
}

uint32_t encoder_rate(const struct encoder *e)
{
	return e->rate;
}

void encoder_expect_loss(struct encoder *e, unsigned percent)
{
	if (e->opus)
		expect_loss(e, percent);
}

/* Sound sets in: within 2.5 ms it has become four times as loud as it was. Units of power that fit at 48 kHz too. */
static bool has_burst(struct encoder *e, const int16_t *samples, size_t n)
{
	size_t piece = e->rate / 400;
	bool found = false;
	for (size_t at = 0; at + piece <= n; at += piece) {
		uint32_t sum = 0;
		for (size_t i = at; i < at + piece; i++)
			sum += (uint32_t)(samples[i] * samples[i]) >> 6;
		found |= sum / 4 > e->loudness && sum > piece * AUDIO_OPUS_BURST_MIN;
		e->loudness = MAX(e->loudness - e->loudness / 8, sum);
	}
	return found;
}

/*
 * CELT looks for bursts in each packet, to code them in pieces so that nothing is heard before them; that is a quarter
 * of its time. So it is let look only where a burst is: in this packet, or at the end of the one before, of which the
 * coder is still to take 6.5 ms.
 */
static void choose_complexity(struct encoder *e, const int16_t *samples, size_t n)
{
	bool before = e->burst;
	e->burst = has_burst(e, samples, n);
	bool looks = e->silk || e->burst || before;
	int rc = opus_encoder_ctl(e->opus, OPUS_SET_COMPLEXITY(looks ? AUDIO_OPUS_COMPLEXITY : 0));
	ASSERT(rc == OPUS_OK);
}

static size_t encode_opus(struct encoder *e, const int16_t *samples, size_t n, uint8_t *ret, size_t cap)
{
	choose_complexity(e, samples, n);
	opus_int32 got = opus_encode(e->opus, samples, (int)n, ret, (opus_int32)cap);
	return got > (e->dtx ? OPUS_SILENCE_BYTES : 0) ? (size_t)got : 0;
}

size_t encoder_encode(struct encoder *e, const int16_t *samples, size_t n, uint8_t *ret, size_t cap)
{
	if (e->kind == CODEC_OPUS)
		return encode_opus(e, samples, n, ret, cap);
	size_t bytes = e->kind == CODEC_G722 ? n / 2 : n;
	if (bytes > cap)
		return 0;
	if (e->kind == CODEC_G722)
		g722_from_samples(&e->g722, samples, n, ret);
	for (size_t i = 0; i < n && e->kind != CODEC_G722; i++)
		ret[i] = e->kind == CODEC_PCMU ? linear_to_ulaw(samples[i]) : linear_to_alaw(samples[i]);
	return bytes;
}
