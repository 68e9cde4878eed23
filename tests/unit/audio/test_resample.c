/* Resampling keeps the level of what both rates can hold, and lets nothing else through. */
#include "audio/resample.h"
#include "sine.h"
#include "support/failing.h"

static const uint32_t rates[] = {8000, 16000, 48000};

/* A second of a tone in pieces of 20 ms. Returns how many samples came of it. */
static size_t run(uint32_t from, uint32_t to, double frequency, int16_t *out, size_t cap)
{
	static int16_t in[48000];
	struct resampler *r;
	size_t made = 0, piece = from / 50;
	assert_int_equal(resampler_new(from, to, &r), 0);
	sine(in, from, frequency, from, 10000);
	for (size_t at = 0; at < from; at += piece)
		made += resampler_run(r, in + at, piece, out + made, cap - made);
	assert_null(resampler_free(r));
	return made;
}

static void test_levels(void **state)
{
	static int16_t out[48001];
	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		for (size_t k = 0; k < ARRAY_LEN(rates); k++) {
			uint32_t from = rates[i], to = rates[k];
			size_t made = run(from, to, 700, out, ARRAY_LEN(out));
			assert_int_equal(made, to);
			double level = 10 * log10(power(out + to / 2, to / 4) / (10000.0 * 10000 / 2));
			assert_true(level > -0.2 && level < 0.2);
			assert_true(tone_ratio(out + to / 2, to / 4, 700, to) > 40);
		}
}

/* What a lower rate cannot hold would come back as another tone. */
static void test_nothing_folds(void **state)
{
	static int16_t out[48001];
	(void)run(16000, 8000, 6000, out, ARRAY_LEN(out));
	assert_true(power(out + 4000, 2000) < 10000.0 * 10000 / 2 / 10000);
}

static void test_no_room(void **state)
{
	int16_t out[400];
	assert_int_equal(run(8000, 16000, 700, out, ARRAY_LEN(out)), ARRAY_LEN(out));
}

static int make(void *arg)
{
	struct resampler *r = NULL;
	int rc = resampler_new(16000, 8000, &r);
	resampler_free(r);
	return rc;
}

static void test_without_memory(void **state)
{
	failing_each(make, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_nothing_folds),
					   cmocka_unit_test(test_no_room), cmocka_unit_test(test_without_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
