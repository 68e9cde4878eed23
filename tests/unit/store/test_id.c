/* UUIDv7: form, order within a millisecond, and a clock that goes back */
#include "scratch.h"

static void test_form(void **state)
{
	struct random random;
	char id[STORE_ID_CAP];

	random_init_seeded(&random, 1);
	/* RFC 9562 appendix A.6: this millisecond is 017F22E2-79B0. */
	store_new_id(&random, INT64_C(1645557742000) * 1000, id);
	assert_int_equal(strlen(id), 36);
	assert_memory_equal(id, "017f22e2-79b0-7000-", 19);
	assert_true(strchr("89ab", id[19]));
	for (int i = 0; i < 36; i++)
		assert_true(strchr(i == 8 || i == 13 || i == 18 || i == 23 ? "-" : "0123456789abcdef", id[i]));
}

static void test_order(void **state)
{
	struct random random;
	char last[STORE_ID_CAP] = "", id[STORE_ID_CAP];
	int64_t now_us = INT64_C(1800000000000000);

	random_init_seeded(&random, 2);
	/* More than one millisecond holds, on a clock that stands still, then steps back a little. */
	for (int i = 0; i < 10000; i++) {
		store_new_id(&random, now_us, id);
		assert_true(strcmp(id, last) > 0);
		memcpy(last, id, sizeof(last));
	}
	store_new_id(&random, now_us - 5 * SECOND_US, id);
	assert_true(strcmp(id, last) > 0);
	memcpy(last, id, sizeof(last));
	/* Half a millisecond is seen in the order. */
	store_new_id(&random, now_us + SECOND_US, last);
	store_new_id(&random, now_us + SECOND_US + 500, id);
	assert_true(strcmp(id, last) > 0);
}

static void test_clock_set_back(void **state)
{
	struct random random;
	char id[STORE_ID_CAP];

	random_init_seeded(&random, 3);
	store_new_id(&random, INT64_C(1900000000000000), id);
	store_new_id(&random, INT64_C(1645557742000) * 1000, id);
	assert_memory_equal(id, "017f22e2-79b0-7000-", 19);
}

static void test_kept(void **state)
{
	char id[STORE_ID_CAP], longer[STORE_ID_CAP + 1];

	memset(longer, 'x', sizeof(longer));
	store_keep_id(id, slice_of(longer, sizeof(longer)));
	assert_int_equal(strlen(id), STORE_ID_CAP - 1);
	store_keep_id(id, SLICE("short"));
	assert_string_equal(id, "short");
	store_keep_id(id, SLICE_NONE);
	assert_string_equal(id, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
