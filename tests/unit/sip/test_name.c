#include "support/test.h"

#include "sip/transaction.h"
#include "support/guard.h"

static bool parse(const char *text, uint16_t *ret_node, struct sip_name *ret)
{
	struct slice s = guard_slice(slice_from_string(text));
	bool ok = sip_name_parse(s, ret_node, ret);
	guard_free(s.p);
	return ok;
}

static void test_text(void **state)
{
	static const struct {
		uint16_t node;
		struct sip_name name;
		const char *text;
	} rows[] = {
		{0, {1, 0}, "0-1-0000000000000000"},
		{0x2a, {UINT64_C(0x100000007), 0x1234}, "2a-100000007-0000000000001234"},
		{UINT16_MAX, {UINT64_MAX, UINT64_MAX}, "ffff-ffffffffffffffff-ffffffffffffffff"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char buf[SIP_NAME_CAP];
		struct writer w = writer_on(buf, sizeof(buf));
		struct sip_name name;
		uint16_t node;
		sip_write_name(&w, rows[i].node, &rows[i].name);
		assert_slice(writer_slice(&w), rows[i].text);
		assert_true(parse(rows[i].text, &node, &name));
		assert_int_equal(node, rows[i].node);
		assert_true(name.handle == rows[i].name.handle && name.secret == rows[i].name.secret);
	}
}

static void test_strict(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"--",
		"1-1",
		"1-1-",
		"1-1-000000000000000",   /* 15 digits */
		"1-1-00000000000000000", /* 17 */
		"1-1-000000000000000g",
		"1-1-000000000000000A", /* one text for one number */
		"1-0-0000000000000000", /* 0 is no handle */
		"1-01-0000000000000000",
		"01-1-0000000000000000",
		"10000-1-0000000000000000",
		"1-10000000000000000-0000000000000000",
		"-1-0000000000000000",
		"1--0000000000000000",
		"1-1-0000000000000000-",
		" 1-1-0000000000000000",
		"1-+1-0000000000000000",
		"1-1-0000000000000000 ",
	};
	struct sip_name name = {9, 9};
	uint16_t node = 9;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i], &node, &name))
			fail_msg("accepted: %s", bad[i]);
	assert_true(node == 9 && name.handle == 9 && name.secret == 9);
}

/* Every single changed character is another name or none. */
static void test_change(void **state)
{
	const char *text = "2a-100000007-0123456789abcdef";
	struct sip_name name, other;
	uint16_t node, other_node;

	assert_true(parse(text, &node, &name));
	for (size_t i = 0; i < strlen(text); i++) {
		for (int c = 0; c < 256; c++) {
			char copy[64];
			memcpy(copy, text, strlen(text) + 1);
			if (copy[i] == (char)c)
				continue;
			copy[i] = (char)c;
			if (!sip_name_parse(slice_of(copy, strlen(text)), &other_node, &other))
				continue;
			assert_true(other_node != node || other.handle != name.handle || other.secret != name.secret);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
