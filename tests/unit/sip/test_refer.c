/* REFER and Replaces. */
#include "sip/refer.h"
#include "support/guard.h"
#include "support/test.h"

static void replaces(void **state)
{
	static const struct {
		const char *text, *call_id, *to_tag, *from_tag;
		bool early_only;
	} cases[] = {
		{"98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff", "98732@sip.example.com", "ff87ff",
		 "r33th4x0r", false},
		{"12adf2f34456gs5 ; To-Tag = 12345 ; FROM-TAG = 54321 ;early-only", "12adf2f34456gs5", "12345", "54321",
		 true},
		{"a\"b@c;x=\"y;z\";to-tag=1;v;from-tag=0", "a\"b@c", "1", "0", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_replaces r;
		struct sip_reason err;
		assert_int_equal(sip_replaces_parse(text, &r, &err), SIP_OK);
		assert_slice(r.call_id, cases[i].call_id);
		assert_slice(r.to_tag, cases[i].to_tag);
		assert_slice(r.from_tag, cases[i].from_tag);
		assert_int_equal(r.early_only, cases[i].early_only);
		guard_free(text.p);
	}
}

static void bad_replaces(void **state)
{
	static const char *const cases[] = {
		"",
		";to-tag=1;from-tag=2",
		"id",
		"id;",
		"id;to-tag=1",
		"id;from-tag=1",
		"id;to-tag;from-tag=2",
		"id;to-tag=;from-tag=2",
		"id;to-tag=1;to-tag=1;from-tag=2",
		"id;to-tag=1;from-tag=2;from-tag=2",
		"id;to-tag=1;from-tag=\"2",
		"id;to-tag=1;from-tag=2 x",
		"id;to-tag=1;from-tag=2, id2;to-tag=1;from-tag=2",
		"i d;to-tag=1;from-tag=2",
		"i\x01;to-tag=1;from-tag=2",
		"i\xc3\xa9;to-tag=1;from-tag=2",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i]));
		struct sip_replaces r = {.early_only = true};
		struct sip_reason err;
		if (sip_replaces_parse(text, &r, &err) == SIP_OK)
			fail_msg("%s", cases[i]);
		assert_true(err.status == 400 && err.offset <= text.n && r.early_only);
		guard_free(text.p);
	}
}

static void refer_tos(void **state)
{
	static const struct {
		const char *text, *user, *host, *replaces;
		bool invites;
	} cases[] = {
		{"sip:30@acme.example", "30", "acme.example", "", true},
		{"\"Eve\" <sip:30@acme.example;method=INVITE>;x=y", "30", "acme.example", "", true},
		{"<sip:30@acme.example;method=BYE>", "30", "acme.example", "", false},
		{"<sip:30@acme.example?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>", "30", "acme.example",
		 "a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2", true},
		{"<sips:30@[::1]:5061?Require=replaces&replaces=a%3bto-tag%3d1&Body=x>", "30", "[::1]",
		 "a%3bto-tag%3d1", true},
		{"<sip:30@acme.example?X-Replaces=1>", "30", "acme.example", "", true},
		{"<tel:+33142685300>", "+33142685300", "", "", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_refer_to to;
		struct sip_reason err;
		assert_int_equal(sip_refer_to_parse(text, &to, &err), SIP_OK);
		assert_slice(to.uri.user, cases[i].user);
		assert_slice(to.uri.host, cases[i].host);
		assert_slice(to.replaces, cases[i].replaces);
		assert_int_equal(to.invites, cases[i].invites);
		guard_free(text.p);
	}
}

static void bad_refer_tos(void **state)
{
	static const char *const cases[] = {
		"",
		"*",
		"<sip:30@acme.example>, <sip:40@acme.example>",
		"<sip:30@acme.example",
		"sip:",
		"sip:30@acme.example?Replaces=a",
		"<sip:30@acme.example?=a>",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i]));
		struct sip_refer_to to;
		struct sip_reason err;
		if (sip_refer_to_parse(text, &to, &err) == SIP_OK)
			fail_msg("%s", cases[i]);
		assert_int_equal(err.status, 400);
		guard_free(text.p);
	}
}

static void refer_subs(void **state)
{
	static const struct {
		const char *text;
		int want; /* -1: malformed */
	} cases[] = {{"true", 1}, {"False", 0}, {" false ;x=y", 0}, {"", 1}, {"no", -1}, {"falsehood", -1}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		bool wanted = false;
		assert_int_equal(sip_refer_sub_parse(text, &wanted), cases[i].want >= 0);
		if (cases[i].want >= 0)
			assert_int_equal(wanted, cases[i].want);
		guard_free(text.p);
	}
}

static void fragments(void **state)
{
	char buf[64];
	struct writer w = writer_on(buf, sizeof(buf));
	sip_write_fragment(&w, 486);
	assert_slice(writer_slice(&w), "SIP/2.0 486 Busy Here\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces),      cmocka_unit_test(bad_replaces), cmocka_unit_test(refer_tos),
		cmocka_unit_test(bad_refer_tos), cmocka_unit_test(refer_subs),   cmocka_unit_test(fragments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
