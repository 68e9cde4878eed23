/* Numbers: the forms that are understood, and what is none; at the limits and one past */
#include "directory/e164.h"
#include "support/guard.h"
#include "support/test.h"

static const struct {
	const char *text, *international, *read; /* NULL: refused */
} table[] = {
	{"+33142685300", "+33142685300", "+33142685300"},
	{"+33 1 42.68-53 00", "+33142685300", "+33142685300"},
	{"0033142685300", "+33142685300", "+33142685300"},
	{"33142685300", NULL, "33142685300"}, /* digits mean what the operator takes them for */
	{"0142685300", NULL, "0142685300"},
	{"112", NULL, "112"},
	{"0", NULL, "0"},
	{"+12345", "+12345", "+12345"},
	{"+1234", NULL, NULL},
	{"+123456789012345", "+123456789012345", "+123456789012345"},
	{"+1234567890123456", NULL, NULL},
	{"00123456789012345", "+123456789012345", "+123456789012345"},
	{"001234567890123456", NULL, "001234567890123456"},
	{"12345678901234567890", NULL, "12345678901234567890"},
	{"123456789012345678901", NULL, NULL},
	{"+0123456", NULL, NULL}, /* no country's code begins with 0 */
	{"+33(0)142685300", NULL, NULL},
	{"++33142685300", NULL, NULL},
	{"33+142685300", NULL, NULL},
	{"+", NULL, NULL},
	{"-", NULL, NULL},
	{"", NULL, NULL},
	{"1a2", NULL, NULL},
	{"*21", NULL, NULL},
	{"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5", NULL, NULL}, /* Arabic digits */
};

static void test_forms(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char e164[E164_CAP] = "", number[NUMBER_CAP] = "";
		struct slice text = guard_slice(slice_from_string(table[i].text));
		assert_int_equal(e164_parse(text, e164), table[i].international != NULL);
		assert_int_equal(number_read(text, number), table[i].read != NULL);
		assert_string_equal(e164, table[i].international ? table[i].international : "");
		assert_string_equal(number, table[i].read ? table[i].read : "");
		guard_free(text.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
