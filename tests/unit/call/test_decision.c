/* test_decision.c - what was decided in a call, read back from its row and said in English */
#include "support/test.h"

#include "call/decision.h"
#include "support/guard.h"

static void said(const char *line, enum decision_kind kind, const char *english)
{
	char buffer[256];
	struct slice kept = guard_slice(slice_from_string(line)), rest = kept;
	struct decision d;
	struct writer w = writer_on(buffer, sizeof(buffer) - 1);
	assert_true(decision_next(&rest, &d));
	assert_int_equal(d.kind, kind);
	decision_write(&w, &d);
	buffer[w.n] = 0;
	assert_string_equal(buffer, english);
	assert_false(decision_next(&rest, &d));
	guard_free(kept.p);
}

static void test_each_has_its_sentence(void **state)
{
	said("+0.000 calls\t101\t102", DECIDED_CALLS, "+0.000 101 calls 102");
	said("+0.012 ring\tdesk phone\n", DECIDED_RING, "+0.012 ring device desk phone");
	said("+3.000 answered", DECIDED_ANSWERED, "+3.000 answered");
	said("+3.000 device-failed\tdesk\tno-voice-port", DECIDED_DEVICE_FAILED,
	     "+3.000 device desk: no voice port is left");
	said("+9.000 ended\tanswered\tcaller", DECIDED_ENDED, "+9.000 ended: answered, by caller");
}

/* What a phone says is its own, and stands last: nothing in it makes another value, or a place to fill. */
static void test_what_phones_say(void **state)
{
	said("+1.000 says\tcaller\ta\tb {side}", DECIDED_SAYS, "+1.000 caller says a\tb {side}");
	said("+1.000 refused-says\t486\tring\t", DECIDED_REFUSED_SAYS, "+1.000 device refused: 486, says ring\t");
}

/* Cut off where a line was full, in a reason of a later version, or in a row of before. */
static void test_what_is_not_as_it_should(void **state)
{
	said("+1.000 transferred-to\tcal", DECIDED_TRANSFERRED_TO, "+1.000 cal transferred to  in call ");
	said("+1.000 ring", DECIDED_RING, "+1.000 ring device ");
	said("+1.000 no-address\tsun-spots", DECIDED_NO_ADDRESS, "+1.000 its host has no address: sun-spots");
	said("+0.012 ring device desk", DECIDED_TOLD, "+0.012 ring device desk");
	said("no time\tat all", DECIDED_TOLD, "no time\tat all");
	said("\n\n+1.000 early\n\n", DECIDED_EARLY, "+1.000 early media");
}

static void test_line_by_line(void **state)
{
	struct slice trace = SLICE("+0.000 calls\t1\t2\n+1.000 ring\tdesk\n"), none = SLICE("\n");
	struct decision d;
	assert_true(decision_next(&trace, &d) && d.count == 2 && slice_eq(d.values[1].name, SLICE("to")));
	assert_true(decision_next(&trace, &d) && slice_eq(d.values[0].name, SLICE("device")));
	assert_true(slice_eq(d.values[0].text, SLICE("desk")) && slice_eq(d.at, SLICE("+1.000")));
	assert_false(decision_next(&trace, &d) || decision_next(&none, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_its_sentence),
		cmocka_unit_test(test_what_phones_say),
		cmocka_unit_test(test_what_is_not_as_it_should),
		cmocka_unit_test(test_line_by_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
