/* Kept back, spent, and taken again when there is memory: until then nothing new begins */
#include "support/test.h"

#include "base/reserve.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the process may map beside what it has. */
static void allow(size_t spare)
{
	struct rlimit limit;
	char text[128];
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	rlim_t pages = strtoul(text, NULL, 10);
	assert_true(pages > 0);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = spare == SIZE_MAX ? limit.rlim_max : pages * (rlim_t)sysconf(_SC_PAGESIZE) + spare;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void test_not_taken(void **state)
{
	reserve_spend();
	assert_true(reserve_is_whole());
}

static void test_spent(void **state)
{
	assert_int_equal(reserve_take(), 0);
	assert_true(reserve_is_whole());
	reserve_spend();
	allow(RESERVE_BYTES / 2); /* somebody has used the rest */
	assert_false(reserve_is_whole());
	assert_false(reserve_is_whole());
	allow(2 * RESERVE_BYTES);
	assert_true(reserve_is_whole());
	allow(SIZE_MAX);
	reserve_spend();
	reserve_drop();
	assert_true(reserve_is_whole());
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_not_taken), cmocka_unit_test(test_spent)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
