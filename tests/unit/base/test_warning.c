/* test_warning.c - what whoever looks after a node should know: kinds with their values, and English sentences */
#include "support/test.h"

#include "base/warning.h"
#include "support/guard.h"

static const char *said(const struct warning *w)
{
	static char text[WARNING_TEXT_CAP];
	return warning_text(w, text);
}

static void test_each_has_a_name(void **state)
{
	for (int i = 0; i < WARNING_KINDS; i++) {
		assert_non_null(warning_name((enum warning_kind)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(warning_name((enum warning_kind)i), warning_name((enum warning_kind)j));
	}
}

static void test_sentences(void **state)
{
	struct warning w;
	warning_set(&w, WARNING_NONE);
	assert_string_equal(said(&w), "");
	warning_set(&w, WARNING_CALLS_STOPPING);
	assert_string_equal(said(&w), "shutting down: new calls are refused");
	warning_set_with(&w, WARNING_EXPIRES, "%d", 12);
	assert_string_equal(said(&w), "The certificate expires in 12 days.");
	warning_set_with(&w, WARNING_STORE_FULL, "%lld", 1800000000999999LL);
	assert_string_equal(said(&w),
			    "since 2027-01-15T08:00:00Z the disk that holds the data is full: calls go on, their "
			    "history waits in memory; free some space");
}

static void test_reasons_within_reasons(void **state)
{
	struct warning file, authority, w;
	struct warning_value v;
	warning_set_with(&file, WARNING_FILE, "%s\t%s", "/etc/a", "No such file");
	warning_set_with(&authority, WARNING_AUTHORITY_BAD_CERTIFICATE, WARNING_REASON, WARNING_REASON_ARG(&file));
	warning_set_with(&w, WARNING_CERTIFICATES_FAILED, "%s\t%d\t" WARNING_REASON, "a.example", 3,
			 WARNING_REASON_ARG(&authority));
	assert_string_equal(said(&w),
			    "The certificate for a.example (so it is with 3 more): the authority's certificate "
			    "cannot be used: /etc/a: No such file.");
	struct warning_told told = warning_told(&w);
	assert_true(warning_next(&told, &v) && v.type == WARNING_TYPE_TEXT && slice_eq(v.name, SLICE("domain")));
	assert_true(warning_next(&told, &v) && v.type == WARNING_TYPE_NUMBER && v.number == 3);
	assert_true(slice_eq(v.name, SLICE("more")) && slice_eq(v.text, SLICE("3")));
	assert_true(warning_next(&told, &v) && v.type == WARNING_TYPE_REASON);
	assert_false(warning_next(&told, &v));
	assert_true(slice_eq(told.sentence, SLICE(".")));
	told = warning_reason(v.text);
	assert_int_equal(told.kind, WARNING_AUTHORITY_BAD_CERTIFICATE);
	assert_true(warning_next(&told, &v));
	told = warning_reason(v.text);
	assert_true(told.kind == WARNING_FILE && warning_next(&told, &v) && slice_eq(v.text, SLICE("/etc/a")));
}

/* At the limit, and one past it: never half a character, and nothing behind the end. */
static void test_too_long(void **state)
{
	char path[WARNING_VALUES_CAP + 8], text[WARNING_TEXT_CAP];
	struct warning w;
	for (size_t n = WARNING_VALUES_CAP - 4; n < sizeof(path); n++) {
		memset(path, 'a', n);
		path[n] = 0;
		memcpy(path + WARNING_VALUES_CAP - 3, "\xe2\x82\xac", MIN((size_t)3, n - WARNING_VALUES_CAP + 4));
		warning_set_with(&w, WARNING_NO_KEY, "%s", path);
		assert_true(strlen(w.values) < WARNING_VALUES_CAP);
		if (n >= WARNING_VALUES_CAP)
			assert_int_equal(strlen(w.values), WARNING_VALUES_CAP - 3);
		(void)warning_text(&w, text);
		assert_true(strlen(text) < WARNING_TEXT_CAP);
	}
}

/* What no warning of ours is: a reason without its kind, values that are missing, a number that is none. */
static void test_what_is_not_as_it_should(void **state)
{
	struct warning w = {.kind = WARNING_CERTIFICATE_FAILED, .values = "a.example"};
	assert_string_equal(said(&w), "The certificate for a.example: .");
	snprintf(w.values, sizeof(w.values), "a.example\t999:x");
	assert_string_equal(said(&w), "The certificate for a.example: .");
	struct warning odd = {.kind = WARNING_STORE_FULL, .values = "soon"};
	struct warning_told told = warning_told(&odd);
	struct warning_value v;
	assert_true(warning_next(&told, &v) && v.number == 0);
	struct slice text = guard_slice(SLICE("9:a\tb"));
	told = warning_reason(text);
	assert_int_equal(told.kind, 9);
	while (warning_next(&told, &v))
		continue;
	guard_free(text.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_a_name),          cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_reasons_within_reasons),   cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_what_is_not_as_it_should),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
