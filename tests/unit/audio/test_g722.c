/* Bit for bit what spandsp's G.722 gives, which follows the Recommendation, for voice and for the extremes. */
#include "audio/g722.h"
#include "sine.h"
#include "support/guard.h"

#include <spandsp/telephony.h>

#include <spandsp/bit_operations.h>
#include <spandsp/g722.h>

#define BITRATE 64000
#define SAMPLES 64000 /* four seconds */

enum sound { VOICE, LOUD_VOICE, NOISE, TOP_NOISE, FASTEST, STEPS, SILENCE, FAINT, SOUNDS };

static uint32_t chance(uint32_t *state)
{
	return (*state = *state * 1664525 + 1013904223) >> 8;
}

/* A vowel that glides, and rests every half second. */
static double voice(size_t i)
{
	double t = (double)i / 16000, since = fmod(t, 1 / (110 + 30 * sin(3 * t)));
	double vowel = sin(2 * PI * 600 * since) * exp(-300 * since) + sin(2 * PI * 2700 * since) * exp(-500 * since);
	return i / 8000 % 2 ? 0 : vowel;
}

static int16_t sample(enum sound sound, size_t i, uint32_t *state)
{
	switch (sound) {
	case VOICE:
		return (int16_t)(6000 * voice(i));
	case LOUD_VOICE:
		return (int16_t)fmax(fmin(60000 * voice(i), INT16_MAX), INT16_MIN);
	case NOISE:
		return (int16_t)(chance(state) % 2001 - 1000);
	case TOP_NOISE: /* each sample as far away as can be, by chance */
		return chance(state) & 1 ? INT16_MAX : INT16_MIN;
	case FASTEST:
		return i & 1 ? INT16_MAX : INT16_MIN;
	case STEPS:
		return i / 777 & 1 ? INT16_MAX : INT16_MIN;
	case FAINT:
		return (int16_t)(chance(state) % 3 - 1);
	default:
		return 0;
	}
}

static void make(enum sound sound, int16_t ret[SAMPLES])
{
	uint32_t state = 7;
	for (size_t i = 0; i < SAMPLES; i++)
		ret[i] = sample(sound, i, &state);
}

/* In pieces of any even length: what lies between them is remembered. */
static size_t piece(size_t left, uint32_t *state)
{
	size_t n = 2 + 2 * (size_t)(chance(state) % 500);
	return MIN(left, n);
}

static void test_encoding(void **state)
{
	static int16_t samples[SAMPLES];
	static uint8_t bytes[SAMPLES / 2], expected[SAMPLES / 2];
	for (enum sound sound = 0; sound < SOUNDS; sound++) {
		struct g722 g;
		uint32_t chances = 1;
		g722_encode_state_t *reference = g722_encode_init(NULL, BITRATE, 0);
		make(sound, samples);
		assert_int_equal(g722_encode(reference, expected, samples, SAMPLES), SAMPLES / 2);
		g722_init(&g);
		for (size_t at = 0, n; at < SAMPLES; at += n) {
			n = piece(SAMPLES - at, &chances);
			g722_from_samples(&g, samples + at, n, bytes + at / 2);
		}
		assert_memory_equal(bytes, expected, sizeof(bytes));
		g722_encode_free(reference);
	}
}

static void decode_alike(const uint8_t bytes[SAMPLES / 2])
{
	static int16_t samples[SAMPLES], expected[SAMPLES];
	struct g722 g;
	uint32_t chances = 2;
	g722_decode_state_t *reference = g722_decode_init(NULL, BITRATE, 0);
	assert_int_equal(g722_decode(reference, expected, bytes, SAMPLES / 2), SAMPLES);
	g722_init(&g);
	for (size_t at = 0, n; at < SAMPLES; at += n) {
		n = piece(SAMPLES - at, &chances);
		g722_to_samples(&g, bytes + at / 2, n / 2, samples + at);
	}
	/* What is too loud stays at the limit (§4.4, block LIMIT), where spandsp's comes out at the other end: a click.
	 */
	for (size_t i = 0; i < SAMPLES; i++)
		if (samples[i] != INT16_MAX && samples[i] != INT16_MIN)
			assert_int_equal(samples[i], expected[i]);
	g722_decode_free(reference);
}

static void test_decoding(void **state)
{
	static int16_t samples[SAMPLES];
	static uint8_t bytes[SAMPLES / 2];
	for (enum sound sound = 0; sound < SOUNDS; sound++) {
		struct g722 g;
		make(sound, samples);
		g722_init(&g);
		g722_from_samples(&g, samples, SAMPLES, bytes);
		decode_alike(bytes);
	}
}

/* What no encoder would send, and the same byte for ever: every one of them. */
static void test_decoding_any_bytes(void **state)
{
	static uint8_t bytes[SAMPLES / 2];
	uint32_t chances = 3;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)chance(&chances);
	decode_alike(bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i / (sizeof(bytes) / 256));
	decode_alike(bytes);
	/* Two bytes in turn: coefficients go as far as they can. */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i & 1 ? 0x84 : 0x20);
	decode_alike(bytes);
}

/* Nothing is read or written beyond what was named. */
static void test_bounds(void **state)
{
	static const uint8_t bytes[161] = {0};
	static const int16_t samples[322] = {0};
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct g722 g;
		uint8_t written[sizeof(bytes) + 1];
		int16_t made[ARRAY_LEN(samples) + 1];
		char *p = guard_copy(bytes, n), *q = guard_copy(samples, 4 * n);
		written[n] = 0xa5;
		made[2 * n] = 4711;
		g722_init(&g);
		g722_from_samples(&g, (int16_t *)(void *)q, 2 * n, written);
		g722_to_samples(&g, (uint8_t *)p, n, made);
		assert_int_equal(written[n], 0xa5);
		assert_int_equal(made[2 * n], 4711);
		guard_free(p);
		guard_free(q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_decoding_any_bytes),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
