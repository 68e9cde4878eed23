/* bench/speech.c - see speech.h */
#include "bench/speech.h"

#include <math.h>
#include <opus/opus.h>

#define RATE_MAX 16000
#define SAMPLES_MAX (RATE_MAX / 50)
#define PITCH_HZ 110
#define HISS 16   /* at the loudest */
#define LOUD 1000 /* of the samples of 20 ms, their root mean square: half of what is spoken */

static const struct {
	const char *name, *format;
	enum codec_kind kind;
	uint8_t payload;
} codecs[] = {
	{"opus", "96 opus/48000/2", CODEC_OPUS, 96},
	{"g722", "9 G722/8000", CODEC_G722, 9},
	{"pcmu", "0 PCMU/8000", CODEC_PCMU, 0},
};

/* A vowel: pulses at the pitch of a voice, through two formants. In the pauses a room hisses: silence would be cheap.
 */
static void speak(int16_t *ret, size_t n, uint32_t rate, unsigned packet)
{
	static uint32_t chance = 1;
	for (size_t i = 0; i < n; i++) {
		double t = (double)(packet * n + i) / rate, since = fmod(t, 1.0 / PITCH_HZ);
		double vowel = sin(6.2832 * 600 * since) * exp(-300 * since) +
			       sin(6.2832 * 1700 * since) * exp(-600 * since) / 2;
		int hiss = (int)((chance = chance * 1664525 + 1013904223) >> 24) % (2 * HISS + 1) - HISS;
		ret[i] = (int16_t)((packet < SPEECH_PACKETS / 2 ? 12000 * vowel : 0) + hiss);
	}
}

/*
 * As Chromium sends it to who hears no more than 8 kHz of it (maxplaybackrate=16000, which Alto says): 20 kb/s by SILK.
 * NULL: out of memory.
 */
static OpusEncoder *browser_encoder(void)
{
	int rc;
	OpusEncoder *e = opus_encoder_create(RATE_MAX, 1, OPUS_APPLICATION_VOIP, &rc);
	if (!e)
		return NULL;
	rc = opus_encoder_ctl(e, OPUS_SET_BITRATE(20000));
	ASSERT(rc == OPUS_OK);
	rc = opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(9));
	ASSERT(rc == OPUS_OK);
	return e;
}

static bool encode(struct speech *s)
{
	int16_t samples[SAMPLES_MAX];
	const struct encoder_settings settings = {.kind = s->kind};
	struct encoder *phone = NULL;
	OpusEncoder *browser = s->kind == CODEC_OPUS ? browser_encoder() : NULL;
	if (!browser && (s->kind == CODEC_OPUS || encoder_new(&settings, &phone) < 0))
		return false;
	uint32_t rate = browser ? RATE_MAX : encoder_rate(phone);
	size_t n = rate / 50;
	/* Twice, so that what is kept goes on from its own end. */
	for (unsigned i = 0; i < 2 * SPEECH_PACKETS; i++) {
		unsigned packet = i % SPEECH_PACKETS;
		uint8_t *to = s->packets[packet];
		speak(samples, n, rate, packet);
		s->bytes[packet] = (uint16_t)(browser ? opus_encode(browser, samples, (int)n, to, SPEECH_BYTES_MAX)
						      : (int)encoder_encode(phone, samples, n, to, SPEECH_BYTES_MAX));
	}
	if (browser)
		opus_encoder_destroy(browser);
	encoder_free(phone);
	return true;
}

bool speech_make(struct speech *s, struct slice codec)
{
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		if (!slice_eq(codec, slice_from_string(codecs[i].name)))
			continue;
		*s = (struct speech){.kind = codecs[i].kind, .payload = codecs[i].payload, .format = codecs[i].format};
		return encode(s);
	}
	return false;
}

bool listener_hear(struct listener *l, enum codec_kind kind, const uint8_t *payload, size_t n)
{
	int16_t samples[SAMPLES_MAX];
	double sum = 0;
	if (!l->decoder && decoder_new(kind, kind == CODEC_OPUS ? RATE_MAX : 0, &l->decoder) < 0)
		return false;
	size_t got = decoder_decode(l->decoder, payload, n, samples, ARRAY_LEN(samples));
	for (size_t i = 0; i < got; i++)
		sum += (double)samples[i] * samples[i];
	bool before = l->loud;
	l->loud = got && sum > (double)got * LOUD * LOUD;
	return l->loud && !before;
}

void listener_done(struct listener *l)
{
	l->decoder = decoder_free(l->decoder);
}
