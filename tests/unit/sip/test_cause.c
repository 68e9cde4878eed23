/* The Reason field. */
#include "sip/cause.h"
#include "support/guard.h"
#include "support/test.h"

static void reasons(void **state)
{
	static const struct {
		const char *text;
		struct {
			const char *protocol;
			unsigned cause;
			const char *text;
		} read[3];
	} cases[] = {
		{"SIP;cause=200;text=\"Call completed elsewhere\"", {{"SIP", 200, "Call completed elsewhere"}}},
		{"Q.850 ;cause=16;text=\"Terminated\"", {{"Q.850", 16, "Terminated"}}},
		{"Q.850;cause=17, SIP ; cause = 486 ; text = \"a, \\\"b\\\";c\"",
		 {{"Q.850", 17, ""}, {"SIP", 486, "a, \\\"b\\\";c"}}},
		{"X.int;reasoncode=0x00000000;add-info=0533.000A.0000", {{"X.int", 0, ""}}},
		{"Preemption", {{"Preemption", 0, ""}}},
		/* What cannot be read is passed over. */
		{";cause=1, Q.850;cause=16", {{"Q.850", 16, ""}}},
		{"Q.850;cause=1000, Q.850;cause=-1, Q.850;cause=, Q.850 cause=1, SIP;cause=1", {{"SIP", 1, ""}}},
		{"SIP;text=\"open", {{NULL, 0, NULL}}},
		{"", {{NULL, 0, NULL}}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text)), rest = text;
		struct sip_cause c;
		size_t n = 0;
		for (; sip_cause_next(&rest, &c); n++) {
			assert_true(n < 3 && cases[i].read[n].protocol);
			assert_slice(c.protocol, cases[i].read[n].protocol);
			assert_int_equal(c.cause, cases[i].read[n].cause);
			assert_slice(c.text, cases[i].read[n].text);
		}
		assert_null(cases[i].read[n].protocol);
		guard_free(text.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reasons)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
