/* Comfort noise has the level that its payload says, and says the level that a sound has. RFC 3389 */
#include "audio/noise.h"
#include "sine.h"

static void test_levels(void **state)
{
	static int16_t made[16000];
	for (unsigned level = 6; level <= 80; level++) {
		struct noise noise = {.state = level};
		uint8_t payload[2] = {(uint8_t)level, 99};
		assert_true(noise_read(&noise, payload, 1 + level % 2)); /* a spectrum may follow */
		noise_make(&noise, made, ARRAY_LEN(made));
		/* Below 70 dB the steps of the samples are larger than those of the level. */
		assert_in_range(noise_level(made, ARRAY_LEN(made)), level - (level > 70 ? 4 : 1),
				level + (level > 70 ? 47 : 1));
		double mean = 0;
		size_t n = ARRAY_LEN(made);
		for (size_t i = 0; i < ARRAY_LEN(made); i++)
			mean += made[i];
		assert_true(fabs(mean) < 400 * (double)n);
	}
}

static void test_ends(void **state)
{
	struct noise noise = {0};
	uint8_t loudest = 0, quietest = NOISE_LEVEL_MAX, none = NOISE_LEVEL_MAX + 1;
	int16_t made[160];
	assert_false(noise_read(&noise, NULL, 0));
	assert_false(noise_read(&noise, &none, 1));
	assert_int_equal(noise.peak, 0);
	assert_true(noise_read(&noise, &loudest, 1));
	noise_make(&noise, made, ARRAY_LEN(made)); /* does not overflow: a sanitizer looks */
	assert_true(noise_level(made, ARRAY_LEN(made)) < 7);
	assert_true(noise_read(&noise, &quietest, 1));
	noise_make(&noise, made, ARRAY_LEN(made));
	assert_int_equal(noise_level(made, ARRAY_LEN(made)), NOISE_LEVEL_MAX);
	assert_int_equal(noise_level(made, 0), NOISE_LEVEL_MAX);
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		made[i] = INT16_MIN;
	assert_int_equal(noise_level(made, ARRAY_LEN(made)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_ends)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
