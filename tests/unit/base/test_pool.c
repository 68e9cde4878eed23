#include <errno.h>

#include "support/test.h"

/* The generation of a slot is hidden on purpose; coming round to 0 cannot be waited for. */
#include "base/pool.c"
#include "support/failing.h"

struct thing {
	uint64_t number;
	char more[21];
};

static void test_take_and_give(void **state)
{
	struct pool p;
	struct thing *things[100];
	pool_handle handles[100];

	pool_init(&p, sizeof(struct thing), 100);
	for (size_t i = 0; i < 100; i++) {
		things[i] = pool_take(&p);
		assert_non_null(things[i]);
		assert_int_equal((uintptr_t)things[i] % _Alignof(max_align_t), 0);
		things[i]->number = i;
		memset(things[i]->more, 0xff, sizeof(things[i]->more));
		handles[i] = pool_handle_of(&p, things[i]);
		assert_true(handles[i] >> 32 != 0);
	}
	assert_int_equal(p.used, 100);
	assert_null(pool_take(&p));
	for (size_t i = 0; i < 100; i++) {
		assert_ptr_equal(pool_get(&p, handles[i]), things[i]);
		assert_int_equal(things[i]->number, i);
	}
	pool_give(&p, things[40]);
	pool_give(&p, NULL);
	assert_int_equal(p.used, 99);
	assert_null(pool_get(&p, handles[40]));
	struct thing *again = pool_take(&p);
	assert_ptr_equal(again, things[40]);
	assert_int_equal(again->number, 0);
	assert_int_equal(again->more[20], 0);
	assert_null(pool_get(&p, handles[40]));
	assert_ptr_equal(pool_get(&p, pool_handle_of(&p, again)), again);
	assert_int_equal((uint32_t)handles[40], (uint32_t)pool_handle_of(&p, again));
	pool_done(&p);
	assert_null(pool_get(&p, handles[1]));
}

static void test_bad_handles(void **state)
{
	struct pool p;

	pool_init(&p, 8, 10);
	assert_null(pool_get(&p, 0));
	void *object = pool_take(&p);
	pool_handle h = pool_handle_of(&p, object);
	assert_null(pool_get(&p, 0));
	assert_null(pool_get(&p, h & UINT32_MAX));   /* generation 0 */
	assert_null(pool_get(&p, h + 1));            /* a slot not used yet */
	assert_null(pool_get(&p, h | UINT32_MAX));   /* a slot that cannot be */
	assert_null(pool_get(&p, h + (1ull << 32))); /* the future */
	pool_give(&p, object);
	assert_null(pool_get(&p, h));
	assert_null(pool_get(&p, h + (1ull << 32))); /* the slot's next, guessed before it is given */
	pool_done(&p);
}

static void test_generation_comes_round(void **state)
{
	struct pool p;

	pool_init(&p, 8, 1);
	void *object = pool_take(&p);
	header_of(object)->generation = UINT32_MAX;
	pool_handle h = pool_handle_of(&p, object);
	assert_ptr_equal(pool_get(&p, h), object);
	pool_give(&p, object);
	assert_ptr_equal(pool_take(&p), object);
	assert_int_equal(pool_handle_of(&p, object) >> 32, 1);
	assert_null(pool_get(&p, h));
	assert_null(pool_get(&p, h & UINT32_MAX));
	pool_done(&p);
}

static void test_next(void **state)
{
	struct pool p;
	struct thing *things[70];
	uint32_t cursor = 0;

	pool_init(&p, sizeof(struct thing), 1000);
	assert_null(pool_next(&p, &cursor));
	for (size_t i = 0; i < 70; i++)
		things[i] = pool_take(&p);
	for (size_t i = 0; i < 70; i += 2)
		pool_give(&p, things[i]);
	cursor = 0;
	for (size_t i = 1; i < 70; i += 2)
		assert_ptr_equal(pool_next(&p, &cursor), things[i]);
	assert_null(pool_next(&p, &cursor));
	assert_null(pool_next(&p, &cursor));
	pool_done(&p);
}

static int take_many(void *arg)
{
	struct pool p;
	int rc = 0;

	pool_init(&p, sizeof(struct thing), 300);
	for (uint32_t i = 0; i < 300; i++) {
		if (!pool_take(&p)) {
			assert_int_equal(p.used, i);
			assert_non_null(pool_take(&p));
			rc = -ENOMEM;
			break;
		}
	}
	pool_done(&p);
	return rc;
}

static void test_memory(void **state)
{
	failing_each(take_many, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_take_and_give), cmocka_unit_test(test_bad_handles),
					   cmocka_unit_test(test_generation_comes_round), cmocka_unit_test(test_next),
					   cmocka_unit_test(test_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
