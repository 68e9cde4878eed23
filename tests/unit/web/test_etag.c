/* test_etag.c - tags of states: written, listed, compared */
#include "support/guard.h"
#include "support/test.h"
#include "web/etag.h"

static void a_tag_names_the_row_and_its_face(void **state)
{
	char a[WEB_ETAG_CAP], b[WEB_ETAG_CAP], c[WEB_ETAG_CAP];
	web_etag_write(0x1f, SLICE("shown"), a);
	web_etag_write(0x1f, SLICE("shown otherwise"), b);
	web_etag_write(0x20, SLICE("shown"), c);
	assert_memory_equal(a, "\"1f-", 4);
	assert_int_equal(strlen(a), 4 + 16 + 1);
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
	web_etag_write(INT64_MAX, SLICE_NONE, a);
	assert_int_equal(strlen(a), 16 + 16 + 3);
}

/* A client that has any of those has it; where the list is broken, it ends. */
static void a_client_says_what_it_has(void **state)
{
	static const struct {
		const char *list;
		bool known;
	} table[] = {
		{"\"1f-a\"", true},
		{"W/\"1f-a\"", true},
		{"*", true},
		{" * ", true},
		{"\"x\", \"1f-a\"", true},
		{"\"x\"\"1f-a\"", true},
		{"\"1f-b\"", false},
		{"1f-a", false},
		{"\"1f-a", false},
		{"\"", false},
		{"", false},
		{"W/", false},
		{"x, \"1f-a\"", false},
		{"\"a,b\" , W/\"1f-a\"", true},
		{"**", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice list = guard_slice(slice_from_string(table[i].list));
		if (web_etag_is_known(list, "\"1f-a\"") != table[i].known)
			fail_msg("%s", table[i].list);
		guard_free(list.p);
	}
}

static void a_write_is_for_the_state_that_was_seen(void **state)
{
	static const struct {
		const char *if_match, *if_none_match;
		int64_t version;
		bool allowed;
	} table[] = {
		{"", "", 0x1f, true},
		{"", "", -1, true},
		{"\"1f-a\"", "", 0x1f, true},
		{"\"1f-b\"", "", 0x1f, true}, /* what is shown may have changed by itself */
		{"\"1f\"", "", 0x1f, true},
		{"\"1e-a\", \"1f-a\"", "", 0x1f, true},
		{"W/\"1f-a\"", "", 0x1f, false}, /* RFC 9110 §13.1.1: weak tags never match */
		{"\"20-a\"", "", 0x1f, false},
		{"\"1f-a\"", "", -1, false},
		{"nonsense", "", 0x1f, false},
		{"*", "", 0x1f, true},
		{"*", "", -1, false},
		{"", "*", -1, true},
		{"", "*", 0x1f, false},
		{"", "\"1f-a\"", 0x1f, false},
		{"", "\"20-a\"", 0x1f, true},
		{"\"1f-a\"", "*", 0x1f, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice match = guard_slice(slice_from_string(table[i].if_match));
		struct slice none_match = guard_slice(slice_from_string(table[i].if_none_match));
		if (web_etag_allows(match, none_match, table[i].version) != table[i].allowed)
			fail_msg("line %zu of the table", i);
		guard_free(match.p);
		guard_free(none_match.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_names_the_row_and_its_face),
		cmocka_unit_test(a_client_says_what_it_has),
		cmocka_unit_test(a_write_is_for_the_state_that_was_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
