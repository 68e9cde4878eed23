#include <time.h>

#include "support/test.h"

#include "base/clock.h"
#include "base/random.h"

static void test_format(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000000Z"},
		{-1, "1970-01-01T00:00:00.000000Z"},
		{INT64_C(951782399999999), "2000-02-28T23:59:59.999999Z"},
		{INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z"},
		{INT64_C(951868800000000), "2000-03-01T00:00:00.000000Z"},
		{INT64_C(4107542400000000), "2100-03-01T00:00:00.000000Z"},
		{INT64_C(1795514400123456), "2026-11-24T10:00:00.123456Z"},
		{INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999999Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[28];
		clock_format(cases[i].us, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* Against libc's calendar, at random moments of all years. */
static void test_format_calendar(void **state)
{
	struct random r;

	random_init_seeded(&r, 5);
	for (int i = 0; i < 20000; i++) {
		time_t second = (time_t)(random_u64(&r) % UINT64_C(253402300800));
		char ours[28], libc[28];
		struct tm tm;
		assert_non_null(gmtime_r(&second, &tm));
		assert_int_equal(strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S.000000Z", &tm), 27);
		clock_format(second * SECOND_US, ours);
		assert_string_equal(ours, libc);
	}
}

static void test_clocks(void **state)
{
	int64_t before = clock_monotonic_us();
	assert_true(before > 0);
	assert_true(clock_monotonic_us() >= before);
	int64_t wall = clock_wall_us();
	assert_true(llabs(wall / SECOND_US - (int64_t)time(NULL)) <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_format), cmocka_unit_test(test_format_calendar),
					   cmocka_unit_test(test_clocks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
