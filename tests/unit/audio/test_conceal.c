/* What takes the place of lost sound: of the same pitch, without a step at either end, fading. */
#include "audio/conceal.h"
#include "sine.h"

/* A voice: pulses at a pitch, through a resonance. */
static void voice(int16_t *ret, size_t n, double pitch, double rate)
{
	for (size_t i = 0; i < n; i++) {
		double since = fmod((double)i / rate, 1 / pitch);
		ret[i] = (int16_t)(15000 * sin(2 * PI * 600 * since) * exp(-250 * since));
	}
}

static int largest_step(const int16_t *p, size_t n)
{
	int most = 0;
	for (size_t i = 1; i < n; i++)
		most = MAX(most, abs(p[i] - p[i - 1]));
	return most;
}

static void test_pitch_goes_on(void **state)
{
	static const double pitches[] = {80, 110, 160, 220, 300};
	static const uint32_t rates[] = {8000, 16000};
	for (size_t r = 0; r < ARRAY_LEN(rates); r++)
		for (size_t i = 0; i < ARRAY_LEN(pitches); i++) {
			static int16_t said[1600], heard[1600];
			struct concealment c;
			size_t frame = rates[r] / 50;
			voice(said, 5 * frame, pitches[i], rates[r]);
			memcpy(heard, said, sizeof(heard));
			conceal_init(&c, rates[r]);
			for (size_t k = 0; k < 3; k++)
				conceal_heard(&c, heard + k * frame, frame);
			conceal_fill(&c, heard + 3 * frame, frame);
			conceal_heard(&c, heard + 4 * frame, frame);
			/* The period, or a multiple of it. */
			double periods = (double)c.period * pitches[i] / rates[r];
			assert_true(fabs(periods - round(periods)) < 0.03);
			/* Like what was lost, and no click where it begins and ends. */
			double error = 0;
			for (size_t k = 3 * frame; k < 3 * frame + frame / 2; k++)
				error += pow(said[k] - heard[k], 2);
			assert_true(error < 0.2 * power(said + 3 * frame, frame / 2) * (double)frame / 2);
			assert_true(largest_step(heard, 5 * frame) <= largest_step(said, 5 * frame) * 1.2);
			/* What came after is as it came, but for its first 5 ms. */
			assert_memory_equal(heard + 4 * frame + rates[r] / 200, said + 4 * frame + rates[r] / 200,
					    (frame - rates[r] / 200) * sizeof(said[0]));
		}
}

static void test_fades(void **state)
{
	int16_t said[480], made[80];
	struct concealment c;
	double before = 1e9;
	conceal_init(&c, 8000);
	sine(said, ARRAY_LEN(said), 200, 8000, 10000);
	conceal_heard(&c, said, ARRAY_LEN(said));
	for (int i = 0; i < 6; i++) {
		conceal_fill(&c, made, 80);
		assert_true(power(made, 80) < before);
		before = power(made, 80) + 1;
	}
	for (int i = 0; i < 10; i++) {
		conceal_fill(&c, made, 80);
		for (size_t k = 0; k < 80; k++)
			assert_int_equal(made[k], 0);
	}
}

/* Where something else comes than was made up, one passes over into the other. */
static void test_no_click(void **state)
{
	int16_t sound[480 + 50 + 80] = {0};
	struct concealment c;
	conceal_init(&c, 8000);
	sine(sound, 480, 200, 8000, 10000);
	conceal_heard(&c, sound, 480);
	int most = largest_step(sound, 480);
	conceal_fill(&c, sound + 480, 50);
	assert_true(abs(sound[529]) > 9000);
	conceal_heard(&c, sound + 530, 80);
	assert_true(largest_step(sound, ARRAY_LEN(sound)) <= most + 300);
	assert_int_equal(sound[609], 0);
}

static void test_nothing_before(void **state)
{
	int16_t made[2000], loud[2000];
	struct concealment c;
	conceal_init(&c, 16000);
	conceal_fill(&c, made, ARRAY_LEN(made));
	for (size_t k = 0; k < ARRAY_LEN(made); k++)
		assert_int_equal(made[k], 0);
	/* More at once than it remembers; as loud as can be. */
	for (size_t k = 0; k < ARRAY_LEN(loud); k++)
		loud[k] = k % 80 < 40 ? INT16_MAX : INT16_MIN;
	conceal_heard(&c, loud, ARRAY_LEN(loud));
	conceal_fill(&c, made, 160);
	assert_true(power(made, 160) > 1e9);
	conceal_heard(&c, loud, 0);
	conceal_heard(&c, loud, 7); /* less than it would pass over */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pitch_goes_on), cmocka_unit_test(test_fades),
					   cmocka_unit_test(test_no_click), cmocka_unit_test(test_nothing_before)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
