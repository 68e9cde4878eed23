/*
 * media/sound.h - packets of one source as an unbroken sound of one rate: jitter buffer, decoders, comfort noise
 *
 * Owner: the transcoder. Memory is taken by sound_init() alone. No system call, no clock.
 */
#pragma once
#include "audio/codec.h"
#include "audio/noise.h"
#include "audio/resample.h"
#include "media/limits.h"
#include "rtp/jitter.h"

struct relay_packet;

struct sound {
	/* What each packet needs stands together: 200 calls do not fit into the processor's caches. */
	uint32_t rate;
	struct decoder *decoders[CODEC_KINDS], *decoder; /* decoder: of the last packet */
	struct resampler *resampler;                     /* of decoders with another rate: they all have the same */
	struct noise noise;
	bool noisy;         /* the source has said that its silence is this noise */
	unsigned soundless; /* pieces in a row that no packet told of */
	bool quiet;         /* the last piece was */
	size_t passing_n, taken_n, made_n;
	struct jitter jitter;         /* its packets' payload type is what they are: enum codec_kind, or MEDIA_NOISE */
	int16_t made[MEDIA_MADE_MAX]; /* in the order of time, the first taken_n of them taken */
	int16_t passing[MEDIA_SOUND_MAX]; /* left out but for passing over into what follows */
};

/* from: what comes, by payload type: enum codec_kind, MEDIA_NOISE, MEDIA_EVENT. -ENOMEM: call sound_done(). */
MUST_USE int sound_init(struct sound *s, const uint8_t from[128], uint32_t rate);
void sound_done(struct sound *s); /* also of one that is all zero */
/* Another source begins, with this clock. */
void sound_restart(struct sound *s, uint32_t rate_khz);
/* kind: of one of `from`, or MEDIA_NOISE. */
void sound_put(struct sound *s, uint8_t kind, const struct relay_packet *packet, int64_t now_us);
/* At least n samples are made. false: nobody speaks, and what was left is gone. */
MUST_USE bool sound_fill(struct sound *s, size_t n, int64_t now_us);
/* The next n samples, good until sound_fill(); NULL: there are fewer. */
const int16_t *sound_take(struct sound *s, size_t n);
/* Nothing but noise, told or made up. */
bool sound_is_silence(const struct sound *s);
