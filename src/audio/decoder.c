/* audio/decoder.c - payloads to samples, and something in place of lost ones.   RFC 3551 §4.5, RFC 6716 §4.4 */
#include "audio/codec.h"
#include "audio/conceal.h"
#include "audio/g722.h"
#include "audio/limits.h"

#include <errno.h>
#include <opus/opus.h>
#include <spandsp/telephony.h>

#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>

struct decoder {
	enum codec_kind kind;
	uint32_t rate;
	OpusDecoder *opus;
	struct g722 g722;
	struct concealment concealment; /* of codecs that conceal nothing themselves */
};

uint32_t codec_rate(enum codec_kind kind)
{
	return kind == CODEC_OPUS ? 48000 : kind == CODEC_G722 ? 16000 : 8000;
}

uint32_t codec_clock(enum codec_kind kind)
{
	return kind == CODEC_OPUS ? 48000 : 8000;
}

uint32_t codec_duration(enum codec_kind kind, const uint8_t *p, size_t n)
{
	size_t most = codec_clock(kind) / 1000 * AUDIO_PACKET_MAX_MS;
	if (kind != CODEC_OPUS)
		return n <= most ? (uint32_t)n : 0;
	int samples = n ? opus_packet_get_nb_samples(p, (opus_int32)n, (opus_int32)codec_clock(kind)) : 0;
	return samples > 0 ? (uint32_t)samples : 0;
}

static bool make_parts(struct decoder *d)
{
	int failed;
	if (d->kind == CODEC_OPUS) {
		d->opus = opus_decoder_create((opus_int32)d->rate, 1, &failed);
		return d->opus != NULL;
	}
	conceal_init(&d->concealment, d->rate);
	g722_init(&d->g722);
	return true;
}

int decoder_new(enum codec_kind kind, uint32_t rate, struct decoder **ret)
{
	ASSERT(kind > CODEC_NONE && kind < CODEC_KINDS);
	ASSERT(rate == 0 || kind == CODEC_OPUS || rate == codec_rate(kind));
	struct decoder *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->kind = kind;
	d->rate = rate ? rate : codec_rate(kind);
	if (!make_parts(d)) {
		decoder_free(d);
		return -ENOMEM;
	}
	*ret = d;
	return 0;
}

struct decoder *decoder_free(struct decoder *d)
{
	if (!d)
		return NULL;
	if (d->opus)
		opus_decoder_destroy(d->opus);
	free(d);
	return NULL;
}

uint32_t decoder_rate(const struct decoder *d)
{
	return d->rate;
}

static size_t decode_g711(const struct decoder *d, const uint8_t *p, size_t n, int16_t *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = d->kind == CODEC_PCMU ? ulaw_to_linear(p[i]) : alaw_to_linear(p[i]);
	return n;
}

size_t decoder_decode(struct decoder *d, const uint8_t *p, size_t n, int16_t *ret, size_t cap)
{
	if (codec_duration(d->kind, p, n) == 0)
		return 0;
	if (d->kind == CODEC_OPUS) {
		int got = opus_decode(d->opus, p, (opus_int32)n, ret, (int)cap, 0);
		return got > 0 ? (size_t)got : 0;
	}
	size_t samples = d->kind == CODEC_G722 ? 2 * n : n;
	if (samples > cap)
		return 0;
	if (d->kind == CODEC_G722)
		g722_to_samples(&d->g722, p, n, ret);
	else
		decode_g711(d, p, n, ret);
	conceal_heard(&d->concealment, ret, samples);
	return samples;
}

void decoder_recover(struct decoder *d, const uint8_t *p, size_t bytes, int16_t *ret, size_t n)
{
	if (d->kind != CODEC_OPUS || opus_decode(d->opus, p, (opus_int32)bytes, ret, (int)n, 1) != (int)n)
		decoder_conceal(d, ret, n);
}

void decoder_conceal(struct decoder *d, int16_t *ret, size_t n)
{
	if (d->kind != CODEC_OPUS)
		conceal_fill(&d->concealment, ret, n);
	else if (opus_decode(d->opus, NULL, 0, ret, (int)n, 0) != (int)n)
		memset(ret, 0, n * sizeof(ret[0])); /* no multiple of 2.5 ms */
}
