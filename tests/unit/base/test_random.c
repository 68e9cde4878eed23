#include "support/test.h"

#include "base/random.h"

static void test_seeded_repeats(void **state)
{
	struct random a, b, c;
	uint8_t whole[1000], parts[1000];

	random_init_seeded(&a, 7);
	random_init_seeded(&b, 7);
	random_init_seeded(&c, 8);
	random_bytes(&a, whole, sizeof(whole));
	/* However it is cut, the sequence is the same. */
	for (size_t at = 0, n = 1; at < sizeof(parts); at += n, n = MIN(n * 2, sizeof(parts) - at))
		random_bytes(&b, parts + at, n);
	assert_memory_equal(whole, parts, sizeof(whole));
	assert_true(random_u64(&a) == random_u64(&b));
	assert_true(random_u64(&a) != random_u64(&c));
}

static void test_wiped_when_read(void **state)
{
	static const uint8_t zero[256];
	struct random r;
	uint8_t out[256];

	random_init(&r);
	random_bytes(&r, out, 100);
	assert_int_equal(r.left, 156);
	assert_memory_equal(r.bytes, zero, 100);
	/* 16 bytes of zeros by chance are less likely than any fault. */
	assert_memory_not_equal(r.bytes + 100, zero, 16);
	random_bytes(&r, out, 156);
	assert_memory_equal(r.bytes, zero, 256);
	random_bytes(&r, out, 0);
	assert_int_equal(r.left, 0);
}

static void test_kernel_differs(void **state)
{
	struct random a, b;
	uint8_t one[600], two[600];

	random_init(&a);
	random_init(&b);
	random_bytes(&a, one, sizeof(one));
	random_bytes(&b, two, sizeof(two));
	assert_memory_not_equal(one, two, 16);
	/* Refills are new bytes. */
	assert_memory_not_equal(one, one + 256, 256);
}

static void test_below(void **state)
{
	struct random r;
	unsigned counts[6] = {0};

	random_init_seeded(&r, 1);
	for (int i = 0; i < 60000; i++)
		counts[random_below(&r, 6)]++;
	for (size_t i = 0; i < 6; i++)
		assert_in_range(counts[i], 9500, 10500);
	assert_int_equal(random_below(&r, 1), 0);
	/* Two thirds of 2^32: a plain remainder would give the lower half twice as often. */
	unsigned low = 0;
	for (int i = 0; i < 30000; i++)
		low += random_below(&r, 0xaaaaaaab) < 0x55555555;
	assert_in_range(low, 14500, 15500);
	assert_true(random_below(&r, UINT32_MAX) < UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeded_repeats),
					   cmocka_unit_test(test_wiped_when_read),
					   cmocka_unit_test(test_kernel_differs), cmocka_unit_test(test_below)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
