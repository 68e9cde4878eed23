#include "support/test.h"

#include "base/slice.h"
#include "support/failing.h"
#include "support/guard.h"

static void test_compare(void **state)
{
	assert_true(slice_eq(SLICE("abc"), SLICE("abc")));
	assert_false(slice_eq(SLICE("abc"), SLICE("abC")));
	assert_false(slice_eq(SLICE("abc"), SLICE("ab")));
	assert_true(slice_eq(SLICE(""), SLICE_NONE));
	assert_true(slice_caseeq(SLICE("Via-09"), SLICE("vIA-09")));
	/* '@' and '`', '[' and '{' differ by the letter-case bit and are no letters. */
	assert_false(slice_caseeq(SLICE("@"), SLICE("`")));
	assert_false(slice_caseeq(SLICE("["), SLICE("{")));
	assert_false(slice_caseeq(SLICE("\xc4"), SLICE("\xe4")));
	assert_true(slice_starts(SLICE("sip:x"), SLICE("sip:")));
	assert_false(slice_starts(SLICE("SIP:x"), SLICE("sip:")));
	assert_false(slice_starts(SLICE("si"), SLICE("sip:")));
	assert_true(slice_starts(SLICE_NONE, SLICE_NONE));
	assert_true(slice_casestarts(SLICE("SIP:x"), SLICE("sip:")));
	assert_false(slice_casestarts(SLICE("si"), SLICE("sip:")));
}

static void test_parts(void **state)
{
	assert_int_equal(slice_find(SLICE("a;b;c"), ';'), 1);
	assert_int_equal(slice_find(SLICE("abc"), ';'), -1);
	assert_int_equal(slice_find(SLICE_NONE, ';'), -1);
	assert_slice(slice_from(SLICE("abc"), 1), "bc");
	assert_slice(slice_from(SLICE("abc"), 3), "");
	assert_slice(slice_from(SLICE("abc"), 4), "");
	assert_null(slice_from(SLICE_NONE, 1).p);
	assert_slice(slice_first(SLICE("abc"), 2), "ab");
	assert_slice(slice_first(SLICE("abc"), SIZE_MAX), "abc");
	assert_slice(slice_trim(SLICE(" \t\r\na b\n ")), "a b");
	assert_slice(slice_trim(SLICE(" \r\n")), "");
	assert_slice(slice_trim(SLICE("a\v")), "a\v");
	assert_slice(slice_from_string("x"), "x");
	assert_null(slice_from_string(NULL).p);
}

static void test_cut(void **state)
{
	struct slice rest = SLICE("a,,b");

	assert_slice(slice_cut(&rest, ','), "a");
	assert_slice(rest, ",b");
	assert_slice(slice_cut(&rest, ','), "");
	assert_slice(slice_cut(&rest, ','), "b");
	assert_true(slice_empty(rest));
	assert_slice(slice_cut(&rest, ','), "");

	/* A separator at the very end leaves an empty rest, as its lack does. */
	rest = SLICE("a,");
	assert_slice(slice_cut(&rest, ','), "a");
	assert_true(slice_empty(rest));
}

static void test_u64(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} cases[] = {
		{"0", 0, true, 0},
		{"1", 0, false, 0},
		{"65535", 65535, true, 65535},
		{"65536", 65535, false, 0},
		{"9", 5, false, 0},
		{"5", 5, true, 5},
		{"00005", 5, true, 5},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"18446744073709551620", UINT64_MAX, false, 0},
		{"184467440737095516150", UINT64_MAX, false, 0},
		{"", 9, false, 0},
		{"-1", 9, false, 0},
		{"+1", 9, false, 0},
		{" 1", 9, false, 0},
		{"1 ", 9, false, 0},
		{"1a", 99, false, 0},
		{"/", 9, false, 0},
		{":", 99, false, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice s = guard_slice(slice_from_string(cases[i].text));
		uint64_t value = 77;
		if (slice_u64(s, cases[i].max, &value) != cases[i].ok)
			fail_msg("case %s", cases[i].text);
		assert_int_equal(value, cases[i].ok ? cases[i].value : 77);
		guard_free(s.p);
	}
}

static void test_unhex(void **state)
{
	uint8_t bytes[3] = {1, 2, 3};

	assert_true(slice_unhex(SLICE("00fFa9"), bytes, 3));
	assert_memory_equal(bytes, "\x00\xff\xa9", 3);
	assert_false(slice_unhex(SLICE("0011"), bytes, 3));
	assert_false(slice_unhex(SLICE("00112"), bytes, 3));
	assert_false(slice_unhex(SLICE("0011223"), bytes, 3));
	assert_false(slice_unhex(SLICE("11223g"), bytes, 3));
	assert_false(slice_unhex(SLICE("1122:3"), bytes, 3));
	assert_memory_equal(bytes, "\x00\xff\xa9", 3);
	assert_true(slice_unhex(SLICE_NONE, bytes, 0));
}

static void test_to_string(void **state)
{
	struct slice s = guard_slice(SLICE("abcd"));
	char text[6] = "######";
	slice_to_string(s, text, 5);
	assert_memory_equal(text, "abcd\0#", 6);
	slice_to_string(s, text, 4);
	assert_memory_equal(text, "abc\0\0#", 6);
	slice_to_string(SLICE_NONE, text, 1);
	assert_memory_equal(text, "\0bc\0\0#", 6);
	guard_free(s.p);
}

static int dup_once(void *arg)
{
	char *copy = slice_dup(SLICE("ab\0c"));
	if (!copy)
		return -12;
	assert_memory_equal(copy, "ab\0c", 5);
	free(copy);
	return 0;
}

static void test_dup(void **state)
{
	failing_start(1);
	assert_null(slice_dup(SLICE("x")));
	assert_true(failing_stop());
	failing_each(dup_once, NULL);
	char *copy = slice_dup(SLICE_NONE);
	assert_string_equal(copy, "");
	free(copy);
}

/* Every function that reads, on memory whose next byte ends the program. */
static void test_reads_no_further(void **state)
{
	struct slice s = guard_slice(SLICE(" ab "));

	assert_true(slice_eq(s, SLICE(" ab ")));
	assert_true(slice_caseeq(s, SLICE(" AB ")));
	assert_false(slice_starts(s, SLICE(" ab  ")));
	assert_int_equal(slice_find(s, 'x'), -1);
	assert_slice(slice_trim(s), "ab");
	guard_free(s.p);

	struct slice none = guard_slice(SLICE(""));
	assert_int_equal(slice_find(none, 'x'), -1);
	assert_slice(slice_trim(none), "");
	assert_slice(slice_cut(&none, 'x'), "");
	guard_free(none.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_unhex),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_reads_no_further),
		cmocka_unit_test(test_to_string),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
