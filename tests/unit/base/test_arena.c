#include <errno.h>
#include <sanitizer/asan_interface.h>

#include "support/test.h"

#include "base/arena.h"
#include "support/failing.h"

static void test_alloc(void **state)
{
	struct arena a;
	char *blocks[100];

	arena_init(&a, 256, 100000);
	assert_null(a.chunks);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		/* From tiny to larger than a chunk, mixed. */
		size_t n = i * 37 % 401;
		blocks[i] = arena_alloc(&a, n);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(blocks[i][k], 0);
		memset(blocks[i], (int)i, n);
	}
	/* No block lies over another. */
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		for (size_t k = 0; k < i * 37 % 401; k++)
			assert_int_equal(blocks[i][k], (char)i);
	}
	arena_done(&a);
	arena_done(&a);
}

static void test_limit(void **state)
{
	struct arena a;

	arena_init(&a, 64, 160);
	assert_non_null(arena_alloc(&a, 16));
	assert_non_null(arena_alloc(&a, 1)); /* counts as 16 */
	assert_null(arena_alloc(&a, 129));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 15));
	assert_non_null(arena_alloc(&a, 128));
	assert_null(arena_alloc(&a, 1));
	assert_null(arena_alloc(&a, 0));
	/* Freed, but what a stranger may make us do in all is used up. */
	arena_done(&a);
	assert_null(arena_alloc(&a, 1));

	arena_init(&a, 0, SIZE_MAX);
	/* What the header or the rounding would carry past the largest number. */
	assert_null(arena_alloc(&a, SIZE_MAX - 20));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_non_null(arena_alloc(&a, 1));
	arena_done(&a);
}

static void test_dup(void **state)
{
	struct arena a;
	struct slice copy = SLICE("old");
	char text[] = "text";

	arena_init(&a, 64, 16);
	assert_true(arena_dup(&a, slice_of(text, 4), &copy));
	memset(text, 'x', 4);
	assert_slice(copy, "text");
	assert_false(arena_dup(&a, SLICE("more"), &copy));
	assert_slice(copy, "text");
	assert_true(arena_dup(&a, SLICE_NONE, &copy));
	assert_null(copy.p);
	assert_true(arena_dup(&a, slice_of(text, 0), &copy));
	assert_true(copy.p && copy.p != text && copy.n == 0);
	arena_done(&a);
}

/* Chunks of both kinds, and the one in use no further than it was filled. */
static void test_wipe(void **state)
{
	struct arena a;
	arena_init(&a, 64, 1000);
	char *small = arena_alloc(&a, 16), *large = arena_alloc(&a, 200);
	memset(small, 's', 16);
	memset(large, 'l', 200);
	arena_wipe(&a);
	for (size_t i = 0; i < 200; i++)
		assert_true(large[i] == 0 && small[i % 16] == 0);
	assert_non_null(arena_alloc(&a, 16));
	arena_done(&a);
	arena_wipe(&a);
}

#ifdef __SANITIZE_ADDRESS__
/* What was asked for may be touched, and nothing behind it. */
static void test_edges(void **state)
{
	struct arena a;

	arena_init(&a, 256, 1000);
	for (size_t n = 1; n < 20; n++) {
		char *p = arena_alloc(&a, n);
		assert_non_null(p);
		assert_ptr_equal(__asan_region_is_poisoned(p, n + 1), p + n);
	}
	arena_done(&a);
}
#endif

static int fill(void *arg)
{
	struct arena a;
	int rc = 0;

	arena_init(&a, 128, 10000);
	for (size_t i = 0; i < 20 && rc == 0; i++) {
		size_t left = a.left_bytes;
		struct slice copy = SLICE("kept");
		if (!arena_alloc(&a, i * 10)) {
			assert_int_equal(a.left_bytes, left);
			/* A failure is not the end of the arena. */
			assert_non_null(arena_alloc(&a, i * 10));
			rc = -ENOMEM;
		} else if (!arena_dup(&a, SLICE("0123456789abcdef0123456789abcdef0123"), &copy)) {
			assert_slice(copy, "kept");
			rc = -ENOMEM;
		}
	}
	arena_done(&a);
	return rc;
}

static void test_memory(void **state)
{
	failing_each(fill, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_alloc), cmocka_unit_test(test_limit),
					   cmocka_unit_test(test_dup),   cmocka_unit_test(test_wipe),
#ifdef __SANITIZE_ADDRESS__
					   cmocka_unit_test(test_edges),
#endif
					   cmocka_unit_test(test_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
