/* Round trips by their signal-to-noise ratio, what takes the place of lost sound, payloads that are none. */
#include "audio/codec.h"
#include "audio/limits.h"
#include "sine.h"
#include "support/failing.h"
#include "support/guard.h"

#define TONE 700.0
#define PEAK 10000.0

static struct opus_tables *tables;

struct pair {
	struct encoder *encoder;
	struct decoder *decoder;
	uint32_t rate;
	size_t frame; /* samples of 20 ms */
};

static void pair_open(struct pair *p, enum codec_kind kind, uint32_t rate, bool fec, bool dtx)
{
	struct encoder_settings settings = {.kind = kind, .rate = rate, .tables = tables, .fec = fec, .dtx = dtx};
	assert_int_equal(encoder_new(&settings, &p->encoder), 0);
	assert_int_equal(decoder_new(kind, rate, &p->decoder), 0);
	p->rate = rate ? rate : codec_rate(kind);
	assert_int_equal(encoder_rate(p->encoder), p->rate);
	assert_int_equal(decoder_rate(p->decoder), p->rate);
	p->frame = p->rate / 50;
}

static void pair_close(struct pair *p)
{
	assert_null(encoder_free(p->encoder));
	assert_null(decoder_free(p->decoder));
}

static const struct {
	enum codec_kind kind;
	uint32_t rate;
	size_t bytes; /* of 20 ms; 0: they differ */
	double ratio; /* dB at least */
} codecs[] = {
	{CODEC_PCMU, 0, 160, 35},  {CODEC_PCMA, 0, 160, 35},   {CODEC_G722, 0, 160, 35},
	{CODEC_OPUS, 8000, 0, 15}, {CODEC_OPUS, 16000, 0, 15}, {CODEC_OPUS, 0, 0, 15},
};

/* A second of a tone, there and back, in packets of each length that phones use. */
static void test_round_trip(void **state)
{
	static const unsigned lengths_ms[] = {10, 20, 40, 60};
	static int16_t in[48000], out[48000];
	uint8_t payload[AUDIO_PAYLOAD_MAX];
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
		for (size_t k = 0; k < ARRAY_LEN(lengths_ms); k++) {
			struct pair p;
			pair_open(&p, codecs[i].kind, codecs[i].rate, false, false);
			size_t frame = p.rate / 1000 * lengths_ms[k];
			sine(in, p.rate, TONE, p.rate, PEAK);
			for (size_t at = 0; at + frame <= p.rate; at += frame) {
				size_t n = encoder_encode(p.encoder, in + at, frame, payload, sizeof(payload));
				assert_true(n > 0);
				if (codecs[i].bytes)
					assert_int_equal(n * 20, codecs[i].bytes * lengths_ms[k]);
				assert_int_equal(codec_duration(codecs[i].kind, payload, n),
						 codec_clock(codecs[i].kind) / 1000 * lengths_ms[k]);
				assert_int_equal(decoder_decode(p.decoder, payload, n, out + at, frame), frame);
			}
			/* Whole periods, after the codecs have settled. */
			const int16_t *heard = out + p.rate / 2;
			size_t n = p.rate / 4;
			assert_true(tone_ratio(heard, n, TONE, p.rate) > codecs[i].ratio);
			double level = 10 * log10(power(heard, n) / power(in, n));
			assert_true(level > -1 && level < 1);
			pair_close(&p);
		}
}

/* ITU-T G.711 is its own judge: every byte comes back as itself, but for the two zeros of mu-law. */
static void test_g711_bytes(void **state)
{
	for (enum codec_kind kind = CODEC_PCMU; kind <= CODEC_PCMA; kind++) {
		struct pair p;
		pair_open(&p, kind, 0, false, false);
		for (unsigned byte = 0; byte < 256; byte++) {
			uint8_t payload = (uint8_t)byte, again;
			int16_t sample;
			assert_int_equal(decoder_decode(p.decoder, &payload, 1, &sample, 1), 1);
			assert_int_equal(encoder_encode(p.encoder, &sample, 1, &again, 1), 1);
			assert_int_equal(again, kind == CODEC_PCMU && byte == 0x7f ? 0xff : byte);
		}
		pair_close(&p);
	}
}

/* Runs `count` packets of a tone; returns the number of the last one's bytes. */
static size_t play(struct pair *p, unsigned count, uint8_t payload[AUDIO_PAYLOAD_MAX], int16_t *out)
{
	static int16_t in[48000 * 2];
	size_t n = 0;
	sine(in, p->frame * count, TONE, p->rate, PEAK);
	for (unsigned i = 0; i < count; i++) {
		n = encoder_encode(p->encoder, in + i * p->frame, p->frame, payload, AUDIO_PAYLOAD_MAX);
		assert_int_equal(decoder_decode(p->decoder, payload, n, out, p->frame), p->frame);
	}
	return n;
}

/* What takes a lost packet's place goes on with the tone; after a quarter of a second it is quiet. */
static void test_concealment(void **state)
{
	static const struct {
		enum codec_kind kind;
		uint32_t rate;
	} table[] = {{CODEC_PCMU, 0}, {CODEC_PCMA, 0}, {CODEC_G722, 0}, {CODEC_OPUS, 16000}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint8_t payload[AUDIO_PAYLOAD_MAX];
		int16_t out[960];
		struct pair p;
		pair_open(&p, table[i].kind, table[i].rate, false, false);
		(void)play(&p, 25, payload, out);
		double before = power(out, p.frame);
		decoder_conceal(p.decoder, out, p.frame);
		assert_true(power_at(out, p.frame, TONE, p.rate) > before * 0.5);
		for (int k = 0; k < 25; k++)
			decoder_conceal(p.decoder, out, p.frame);
		assert_true(power(out, p.frame) < before / 100);
		pair_close(&p);
	}
}

/* The packet after a lost one tells what was in it: better than what can be guessed, for a sound that changes. */
static void test_opus_repairs(void **state)
{
	double error[2];
	for (int repaired = 0; repaired < 2; repaired++) {
		static int16_t in[16000], whole[320], lost[320];
		uint8_t packets[50][AUDIO_PAYLOAD_MAX];
		size_t n[50];
		struct pair p, reference;
		pair_open(&p, CODEC_OPUS, 16000, true, false);
		pair_open(&reference, CODEC_OPUS, 16000, true, false);
		for (size_t i = 0; i < ARRAY_LEN(in); i++) /* one tone gives way to another, 30 times a second */
			in[i] = (int16_t)(9000 * sin(2 * PI * (i / 533 % 2 ? 310 : 190) * (double)i / 16000) +
					  3000 * sin(2 * PI * (i / 533 % 2 ? 1450 : 820) * (double)i / 16000));
		error[repaired] = 0;
		encoder_expect_loss(p.encoder, 20);
		for (int i = 0; i < 50; i++)
			n[i] = encoder_encode(p.encoder, in + 320 * i, 320, packets[i], AUDIO_PAYLOAD_MAX);
		for (int i = 0; i < 49; i++) {
			assert_int_equal(decoder_decode(reference.decoder, packets[i], n[i], whole, 320), 320);
			if (i % 5 != 4) {
				assert_int_equal(decoder_decode(p.decoder, packets[i], n[i], lost, 320), 320);
				continue;
			}
			if (repaired)
				decoder_recover(p.decoder, packets[i + 1], n[i + 1], lost, 320);
			else
				decoder_conceal(p.decoder, lost, 320);
			for (int k = 0; k < 320; k++)
				error[repaired] += pow(lost[k] - whole[k], 2);
		}
		pair_close(&p);
		pair_close(&reference);
	}
	assert_true(error[1] < error[0] * 0.7);
}

/* Others have nothing of the kind: it is concealed. */
static void test_recover_without_fec(void **state)
{
	uint8_t payload[AUDIO_PAYLOAD_MAX];
	int16_t out[320];
	struct pair p;
	pair_open(&p, CODEC_G722, 0, true, false);
	size_t n = play(&p, 25, payload, out);
	decoder_recover(p.decoder, payload, n, out, 320);
	assert_true(power_at(out, 320, TONE, 16000) > PEAK * PEAK / 2 * 0.5);
	pair_close(&p);
}

/* RFC 7587 §3.1.3: in a silence hardly anything is sent, and only where it was asked for. */
static void test_opus_silence(void **state)
{
	for (int dtx = 0; dtx < 2; dtx++) {
		int16_t silence[320] = {0};
		uint8_t payload[AUDIO_PAYLOAD_MAX];
		unsigned sent = 0;
		struct pair p;
		pair_open(&p, CODEC_OPUS, 16000, false, dtx);
		for (int i = 0; i < 100; i++)
			sent += encoder_encode(p.encoder, silence, 320, payload, sizeof(payload)) > 0;
		assert_true(dtx ? sent < 30 : sent == 100);
		pair_close(&p);
	}
}

/* It says things twice where its receiver wants that and loses packets, and only there. */
static void test_opus_says_it_twice(void **state)
{
	static const struct {
		bool fec;
		unsigned percent;
		bool twice;
	} table[] = {{true, 20, true},
		     {true, AUDIO_OPUS_LOSS_MIN, true},
		     {true, AUDIO_OPUS_LOSS_MIN - 1, false},
		     {false, 20, false},
		     {true, 200, true}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint8_t payload[AUDIO_PAYLOAD_MAX];
		int16_t out[320], in[320];
		struct pair p;
		pair_open(&p, CODEC_OPUS, 16000, table[i].fec, false);
		encoder_expect_loss(p.encoder, table[i].percent);
		(void)play(&p, 25, payload, out);
		sine(in, 320, TONE, 16000, PEAK);
		/* RFC 6716 §3.1: SILK's configurations are those below 12. */
		size_t n = encoder_encode(p.encoder, in, 320, payload, sizeof(payload));
		assert_true(n > 0);
		assert_int_equal(payload[0] >> 3 < 12, table[i].twice);
		pair_close(&p);
	}
}

/* From one way of coding to the other and back: the tone dips for one packet, and nothing is louder than it was. */
static void test_opus_changes_coder(void **state)
{
	static int16_t in[75 * 320], out[75 * 320];
	uint8_t payload[AUDIO_PAYLOAD_MAX];
	struct pair p;
	pair_open(&p, CODEC_OPUS, 16000, true, false);
	sine(in, ARRAY_LEN(in), TONE, 16000, PEAK);
	for (size_t i = 0; i < 75; i++) {
		if (i % 25 == 0)
			encoder_expect_loss(p.encoder, i == 25 ? 20 : 0);
		size_t n = encoder_encode(p.encoder, in + 320 * i, 320, payload, sizeof(payload));
		assert_int_equal(payload[0] >> 3 < 12, i / 25 == 1);
		assert_int_equal(decoder_decode(p.decoder, payload, n, out + 320 * i, 320), 320);
	}
	for (size_t i = 3 * 320; i < ARRAY_LEN(out); i++)
		assert_in_range(abs(out[i]), 0, PEAK * 1.2);
	for (size_t i = 3; i < 75; i++) {
		double part = power_at(out + 320 * i, 320, TONE, 16000) / (PEAK * PEAK / 2);
		assert_true(part > (i % 25 == 0 ? 0.4 : 0.9));
	}
	pair_close(&p);
}

/* RFC 7587 §6.1, maxaveragebitrate: CELT would leave holes in the spectrum. */
static void test_opus_with_few_bits(void **state)
{
	static const struct {
		uint32_t bitrate_max;
		bool silk;
	} table[] = {{6000, true}, {AUDIO_OPUS_CELT_BITRATE_MIN - 1, true}, {AUDIO_OPUS_CELT_BITRATE_MIN, false}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct encoder_settings settings = {
			.kind = CODEC_OPUS, .rate = 16000, .tables = tables, .bitrate_max = table[i].bitrate_max};
		uint8_t payload[AUDIO_PAYLOAD_MAX];
		int16_t in[320];
		struct encoder *e;
		assert_int_equal(encoder_new(&settings, &e), 0);
		sine(in, 320, TONE, 16000, PEAK);
		assert_true(encoder_encode(e, in, 320, payload, sizeof(payload)) > 0);
		assert_int_equal(payload[0] >> 3 < 12, table[i].silk);
		encoder_free(e);
	}
}

static void test_not_a_payload(void **state)
{
	/* Code 3 with no number of frames; code 1 of an odd length; 48 frames of 20 ms. */
	static const uint8_t bad[3][3] = {{0x0b}, {0x09, 1, 2}, {0x0b, 48}};
	static const size_t lengths[3] = {1, 2, 2};
	static int16_t out[AUDIO_SAMPLES_MAX];
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct decoder *d;
		char *p = guard_copy(bad[i], lengths[i]);
		assert_int_equal(decoder_new(CODEC_OPUS, 16000, &d), 0);
		assert_int_equal(decoder_decode(d, (uint8_t *)p, lengths[i], out, ARRAY_LEN(out)), 0);
		decoder_free(d);
		guard_free(p);
	}
	uint8_t much[961] = {0};
	for (enum codec_kind kind = CODEC_PCMU; kind < CODEC_KINDS; kind++) {
		struct decoder *d;
		assert_int_equal(decoder_new(kind, 0, &d), 0);
		assert_int_equal(decoder_decode(d, much, 0, out, ARRAY_LEN(out)), 0);
		assert_int_equal(codec_duration(kind, much, 0), 0);
		if (kind == CODEC_OPUS) {
			decoder_free(d);
			continue;
		}
		assert_int_equal(decoder_decode(d, much, 961, out, ARRAY_LEN(out)), 0);
		assert_true(decoder_decode(d, much, 960, out, ARRAY_LEN(out)) > 0);
		assert_int_equal(decoder_decode(d, much, 160, out, 159), 0); /* no room */
		decoder_free(d);
	}
}

/* Every payload is either a sound of the length that it says, or none. */
static void test_any_bytes(void **state)
{
	static int16_t out[AUDIO_SAMPLES_MAX];
	uint32_t chance = 1;
	struct decoder *decoders[CODEC_KINDS] = {0};
	for (enum codec_kind kind = CODEC_PCMU; kind < CODEC_KINDS; kind++)
		assert_int_equal(decoder_new(kind, kind == CODEC_OPUS ? 16000 : 0, &decoders[kind]), 0);
	for (int round = 0; round < 4000; round++) {
		uint8_t bytes[200];
		size_t n = 1 + (chance = chance * 1664525 + 1013904223) % sizeof(bytes);
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)((chance = chance * 1664525 + 1013904223) >> 24);
		char *p = guard_copy(bytes, n);
		for (enum codec_kind kind = CODEC_PCMU; kind < CODEC_KINDS; kind++) {
			uint64_t units = codec_duration(kind, (uint8_t *)p, n);
			size_t got = decoder_decode(decoders[kind], (uint8_t *)p, n, out, ARRAY_LEN(out));
			assert_true(got == 0 || got == units * decoder_rate(decoders[kind]) / codec_clock(kind));
		}
		guard_free(p);
	}
	for (enum codec_kind kind = CODEC_PCMU; kind < CODEC_KINDS; kind++)
		decoder_free(decoders[kind]);
}

static int make_all(void *arg)
{
	for (enum codec_kind kind = CODEC_PCMU; kind < CODEC_KINDS; kind++) {
		struct decoder *d = NULL;
		struct encoder *e = NULL;
		struct opus_tables *own = NULL;
		struct encoder_settings settings = {.kind = kind, .fec = true};
		int rc = decoder_new(kind, 0, &d);
		if (rc == 0)
			rc = opus_tables_new(&own);
		settings.tables = own;
		if (rc == 0)
			rc = encoder_new(&settings, &e);
		decoder_free(d);
		encoder_free(e);
		opus_tables_free(own);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void test_without_memory(void **state)
{
	failing_each(make_all, NULL);
}

static int setup(void **state)
{
	return opus_tables_new(&tables);
}

static int teardown(void **state)
{
	tables = opus_tables_free(tables);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),          cmocka_unit_test(test_g711_bytes),
		cmocka_unit_test(test_concealment),         cmocka_unit_test(test_opus_repairs),
		cmocka_unit_test(test_recover_without_fec), cmocka_unit_test(test_opus_silence),
		cmocka_unit_test(test_opus_says_it_twice),  cmocka_unit_test(test_not_a_payload),
		cmocka_unit_test(test_opus_changes_coder),  cmocka_unit_test(test_opus_with_few_bits),
		cmocka_unit_test(test_any_bytes),           cmocka_unit_test(test_without_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
