/* audio/encoder.c - samples to payloads.   RFC 3551 §4.5, RFC 6716 §5, RFC 7587 §3 */
#include "audio/celt.h"
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

/*
 * Opus has two ways of coding: CELT takes a third of the time, but only SILK says things twice and knows silence, and
 * is better with few bits.
 */
struct encoder {
	enum codec_kind kind;
	uint32_t rate;
	struct celt *celt;
	OpusEncoder *silk; /* NULL: its receiver asked for nothing that needs it */
	bool fec, dtx;
	bool silk_always, by_silk;
	struct g722 g722;
};

/* Whoever takes over knows nothing of what was said meanwhile; nor does the decoder (RFC 6716 §4.5.2). */
static void choose_coder(struct encoder *e, bool by_silk)
{
	if (by_silk == e->by_silk)
		return;
	e->by_silk = by_silk;
	if (by_silk) {
		int rc = opus_encoder_ctl(e->silk, OPUS_RESET_STATE);
		ASSERT(rc == OPUS_OK);
	} else {
		celt_restart(e->celt);
	}
}

static void expect_loss(struct encoder *e, unsigned percent)
{
	bool repeats = e->fec && percent >= AUDIO_OPUS_LOSS_MIN;
	const int set[] = {
		opus_encoder_ctl(e->silk, OPUS_SET_INBAND_FEC(repeats)),
		opus_encoder_ctl(e->silk, OPUS_SET_PACKET_LOSS_PERC(repeats ? (opus_int32)MIN(percent, 100) : 0)),
	};
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		ASSERT(set[i] == OPUS_OK);
	choose_coder(e, repeats || e->silk_always);
}

static bool make_silk(struct encoder *e, uint32_t bitrate)
{
	int failed;
	/* Not VOIP: its high-pass turns the phases of low voices, for a twentieth of the time. */
	e->silk = opus_encoder_create((opus_int32)e->rate, 1, OPUS_APPLICATION_AUDIO, &failed);
	if (!e->silk)
		return false;
	/* Which way is chosen is moved by what it is told of the signal; nothing else follows from that. */
	const int set[] = {
		opus_encoder_ctl(e->silk, OPUS_SET_BITRATE((opus_int32)bitrate)),
		opus_encoder_ctl(e->silk, OPUS_SET_DTX(e->dtx)),
		opus_encoder_ctl(e->silk, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE)),
		opus_encoder_ctl(e->silk, OPUS_SET_COMPLEXITY(AUDIO_OPUS_COMPLEXITY)),
	};
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		ASSERT(set[i] == OPUS_OK);
	expect_loss(e, 0);
	return true;
}

static int make_opus(struct encoder *e, const struct encoder_settings *s)
{
	uint32_t bitrate = e->rate > 8000 ? AUDIO_OPUS_WIDE_BITRATE : AUDIO_OPUS_NARROW_BITRATE;
	if (s->bitrate_max)
		bitrate = MIN(bitrate, s->bitrate_max);
	e->fec = s->fec;
	e->dtx = s->dtx;
	e->silk_always = s->dtx || bitrate < AUDIO_OPUS_CELT_BITRATE_MIN;
	if ((e->fec || e->silk_always) && !make_silk(e, bitrate))
		return -ENOMEM;
	return celt_new(s->tables, e->rate, bitrate, &e->celt);
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
	int rc = s->kind == CODEC_OPUS ? make_opus(e, s) : 0;
	if (rc < 0) {
		encoder_free(e);
		return rc;
	}
	*ret = e;
	return 0;
}

struct encoder *encoder_free(struct encoder *e)
{
	if (!e)
		return NULL;
	if (e->silk)
		opus_encoder_destroy(e->silk);
	celt_free(e->celt);
	free(e);
	return NULL;
}

uint32_t encoder_rate(const struct encoder *e)
{
	return e->rate;
}

void encoder_expect_loss(struct encoder *e, unsigned percent)
{
	if (e->silk)
		expect_loss(e, percent);
}

static size_t encode_opus(struct encoder *e, const int16_t *samples, size_t n, uint8_t *ret, size_t cap)
{
	if (!e->by_silk)
		return celt_encode(e->celt, samples, n, ret, cap);
	opus_int32 got = opus_encode(e->silk, samples, (int)n, ret, (opus_int32)cap);
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
