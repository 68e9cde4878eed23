/*
 * audio/codec.h - voice to samples and back: G.711, G.722, Opus.   RFC 3551 §4.5, RFC 6716, RFC 7587
 *
 * A decoder or encoder takes all its memory when it is made, and nothing after that. Samples are int16_t, one channel.
 * G.711 and G.722 have one rate of samples; Opus speaks at whatever its user has (8, 16 or 48 kHz; a decoder also 12 or
 * 24), so that nothing need be resampled for it. Owner: whoever made it, on one thread at a time.
 */
#pragma once
#include "base/common.h"

enum codec_kind { CODEC_NONE, CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_OPUS, CODEC_KINDS };

uint32_t codec_rate(enum codec_kind kind);  /* of samples, in Hz; of Opus the highest */
uint32_t codec_clock(enum codec_kind kind); /* of RTP timestamps: G.722 counts 8000 (RFC 3551 §4.5.2), Opus 48000 */
/* How long a payload sounds, by codec_clock(); 0: it is none of this codec, or longer than AUDIO_PACKET_MAX_MS. */
uint32_t codec_duration(enum codec_kind kind, const uint8_t *p, size_t n);

/* ---- decoding ---- */
struct decoder;
/* rate: of its samples; 0: codec_rate(). Others than that only for Opus. -ENOMEM. */
MUST_USE int decoder_new(enum codec_kind kind, uint32_t rate, struct decoder **ret);
struct decoder *decoder_free(struct decoder *d); /* NULL is fine; returns NULL */
uint32_t decoder_rate(const struct decoder *d);
/* The samples of a payload, at most cap. Returns their number; 0: not to be read, and nothing has changed. */
size_t decoder_decode(struct decoder *d, const uint8_t *p, size_t n, int16_t *ret, size_t cap);
/*
 * What was lost before payload p, by what p says of it (Opus FEC); n samples, the length of what is lost and at most
 * that of p. p itself is decoded after it. Where p says nothing it is concealed.
 */
void decoder_recover(struct decoder *d, const uint8_t *p, size_t bytes, int16_t *ret, size_t n);
/* n samples (20 ms or less at a time) in place of what is lost: like what was heard last, and fading. */
void decoder_conceal(struct decoder *d, int16_t *ret, size_t n);

/* ---- encoding ---- */
/* What all encoders of Opus read: made once, changed by nobody, freed after the last of them. Any thread. */
struct opus_tables;
MUST_USE int opus_tables_new(struct opus_tables **ret);      /* -ENOMEM */
struct opus_tables *opus_tables_free(struct opus_tables *t); /* NULL is fine; returns NULL */

struct encoder;
struct encoder_settings {
	enum codec_kind kind;
	uint32_t rate;                    /* of the samples, as for decoder_new() */
	const struct opus_tables *tables; /* Opus */
	/* Opus, as its receiver asks (RFC 7587 §6.1) */
	bool fec, dtx;
	uint32_t bitrate_max; /* 0: any */
};
MUST_USE int encoder_new(const struct encoder_settings *settings, struct encoder **ret); /* -ENOMEM */
struct encoder *encoder_free(struct encoder *e);
uint32_t encoder_rate(const struct encoder *e);
/* So many percent of the packets do not arrive: Opus says things twice from some on, if its receiver asked for FEC. */
void encoder_expect_loss(struct encoder *e, unsigned percent);
/*
 * A payload of n samples: 10, 20, 40 or 60 ms, G.711 and G.722 any even number. Returns its bytes; 0: silence that need
 * not be sent (Opus DTX), or cap is too small.
 */
size_t encoder_encode(struct encoder *e, const int16_t *samples, size_t n, uint8_t *ret, size_t cap);
