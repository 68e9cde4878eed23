/*
 * fuzz_codec.c - payloads of each codec, as they come from strangers: a sound of the length that they say, or none
 *
 * The first byte chooses codec and rate. Then come records: one byte of what to do, one of length, the payload.
 */
#include "audio/codec.h"
#include "audio/limits.h"
#include "audio/noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONCEAL = 1, RECOVER = 2, NOISE = 4 };

static int16_t sound[AUDIO_SAMPLES_MAX];

static void play(struct decoder *d, enum codec_kind kind, uint8_t what, const uint8_t *p, size_t n)
{
	struct noise noise = {.state = what};
	size_t piece = decoder_rate(d) / 50;
	uint64_t units = codec_duration(kind, p, n);
	if (what & CONCEAL)
		decoder_conceal(d, sound, piece);
	if (what & RECOVER && units)
		decoder_recover(d, p, n, sound, piece);
	size_t got = decoder_decode(d, p, n, sound, ARRAY_LEN(sound));
	ASSERT(got == 0 || got == units * decoder_rate(d) / codec_clock(kind));
	ASSERT(units <= codec_clock(kind) / 1000 * AUDIO_PACKET_MAX_MS);
	if (what & NOISE && noise_read(&noise, p, n)) {
		noise_make(&noise, sound, piece);
		ASSERT(noise_level(sound, piece) + 4 >= MIN(p[0], NOISE_LEVEL_MAX - 4));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t opus_rates[] = {8000, 16000, 48000};
	struct decoder *d;
	if (size == 0)
		return 0;
	enum codec_kind kind = (enum codec_kind)(CODEC_PCMU + data[0] % (CODEC_KINDS - CODEC_PCMU));
	int rc = decoder_new(kind, kind == CODEC_OPUS ? opus_rates[data[0] / 8 % ARRAY_LEN(opus_rates)] : 0, &d);
	ASSERT(rc == 0);
	for (data++, size--; size >= 2;) {
		uint8_t what = data[0];
		size_t n = MIN((size_t)data[1], size - 2);
		play(d, kind, what, data + 2, n);
		data += 2 + n;
		size -= 2 + n;
	}
	decoder_free(d);
	return 0;
}
