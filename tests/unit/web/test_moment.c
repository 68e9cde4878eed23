/* test_moment.c - moments of RFC 3339, good and bad */
#include "support/guard.h"
#include "support/test.h"
#include "web/moment.h"

static void moments_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* -1: none */
	} table[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-27T08:30:00Z", 1795768200000000},
		{"2026-11-27t08:30:00z", 1795768200000000},
		{"2026-11-27T08:30:00.5Z", 1795768200500000},
		{"2026-11-27T08:30:00.123456789Z", 1795768200123456},
		{"2026-11-27T09:30:00+01:00", 1795768200000000},
		{"2026-11-27T02:00:00-06:30", 1795768200000000},
		{"2024-02-29T00:00:00Z", 1709164800000000},
		{"2016-12-31T23:59:60Z", 1483228800000000},
		{"2026-02-29T00:00:00Z", -1},
		{"2026-04-31T00:00:00Z", -1},
		{"2026-00-10T00:00:00Z", -1},
		{"2026-13-10T00:00:00Z", -1},
		{"2026-11-00T00:00:00Z", -1},
		{"2026-11-27T24:00:00Z", -1},
		{"2026-11-27T08:60:00Z", -1},
		{"2026-11-27T08:30:61Z", -1},
		{"2026-11-27T08:30:00", -1},
		{"2026-11-27T08:30:00.Z", -1},
		{"2026-11-27T08:30:00+1:00", -1},
		{"2026-11-27T08:30:00+24:00", -1},
		{"2026-11-27T08:30:00+01:60", -1},
		{"2026-11-27T08:30:00Z ", -1},
		{"2026-11-27 08:30:00Z", -1},
		{"2026-11-27", -1},
		{"26-11-27T08:30:00Z", -1},
		{"+026-11-27T08:30:00Z", -1},
		{"1970-01-01T00:00:00+00:01", -1},
		{"1969-12-31T23:59:59Z", -1},
		{"", -1},
		{"2026", -1},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice copy = guard_slice(slice_from_string(table[i].text));
		int64_t us = -1;
		bool good = web_moment_parse(copy, &us);
		if (good != (table[i].us >= 0) || us != table[i].us)
			fail_msg("%s: %lld", table[i].text, (long long)us);
		guard_free(copy.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(moments_are_read)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
