/* Session-Expires. */
#include "sip/session.h"
#include "support/guard.h"
#include "support/test.h"

static void good(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
		enum sip_refresher refresher;
	} cases[] = {
		{"1800", 1800, SIP_REFRESHER_NONE},
		{"0", 0, SIP_REFRESHER_NONE},
		{"4294967295", UINT32_MAX, SIP_REFRESHER_NONE},
		{"90;refresher=uac", 90, SIP_REFRESHER_UAC},
		{"90 ; Refresher = UAS ", 90, SIP_REFRESHER_UAS},
		{"3600;x=\"refresher=uac\";refresher=\"uas\";y", 3600, SIP_REFRESHER_UAS},
		{"3600;other", 3600, SIP_REFRESHER_NONE},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_session_expires se;
		assert_true(sip_session_expires_parse(text, &se));
		assert_int_equal(se.seconds, cases[i].seconds);
		assert_int_equal(se.refresher, cases[i].refresher);
		guard_free(text.p);
	}
}

static void bad(void **state)
{
	static const char *const cases[] = {
		"",
		"4294967296",
		"-1",
		"soon",
		"90s",
		"90;refresher=",
		"90;",
		"90;refresher=proxy",
		"90;;x",
		"90 refresher=uac",
		"90,90",
		"90;refresher",
		";refresher=uac",
		"90;refresher=\"uac",
		" ",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i]));
		struct sip_session_expires se = {.seconds = 7};
		assert_false(sip_session_expires_parse(text, &se));
		assert_int_equal(se.seconds, 7);
		guard_free(text.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
