/* What is turned away when more comes than can be done, what never is, and what is said of it */
#include "call/limits.h"
#include "sim/office.h"

static const char *trouble(struct office *o)
{
	static struct switchboard_figures f;
	switchboard_figures(o->s->sb, &f);
	return f.trouble;
}

static unsigned told(struct office *o, const char *extension)
{
	struct phone_call *a = phone_dial(o->ann, extension);
	sim_until(o->s, 30, a->status);
	return a->status;
}

/* From the INVITE alone: Bob's phones know nothing of it, nothing is kept, and the history has no row. */
static void test_new_calls_go_first(void **state)
{
	struct office o = office_udp();
	struct sim_row row;

	o.s->behind_us = OVERLOAD_CALLS_US;
	assert_int_equal(told(&o, "20"), 503);
	const char *retry = strstr(o.ann->last_response, "\r\nRetry-After: ");
	assert_non_null(retry);
	/* Not the same for all: they would come back together. */
	assert_in_range(strtoul(retry + strlen("\r\nRetry-After: "), NULL, 10), 5, 14);
	assert_int_equal(o.desk->got[SIP_INVITE], 0);
	assert_int_equal(sim_rows(o.s, &row, 1), 0);
	assert_non_null(strstr(trouble(&o), "turned away since 2027-01-15T"));
	assert_non_null(strstr(trouble(&o), ": 1;"));

	/* A millisecond less, and all is as ever. */
	o.s->behind_us = OVERLOAD_CALLS_US - MS_US;
	assert_int_equal(told(&o, "20"), 200);
	phone_hang_up(phone_last(o.ann));
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

static char sent_invite[4096];

/* Of the wire: the last INVITE that a phone sent. */
static size_t keep_invite(void *arg, struct sim_phone *from, char *bytes, size_t n, size_t cap)
{
	if (n < sizeof(sent_invite) && slice_starts(slice_of(bytes, n), SLICE("INVITE "))) {
		memcpy(sent_invite, bytes, n);
		sent_invite[n] = 0;
	}
	return n;
}

/* A tag that anybody can make up does not make a request one of a dialog. */
static void test_an_invented_tag(void **state)
{
	struct office o = office_udp();
	char text[sizeof(sent_invite) + 32];

	o.s->wire.meddle = keep_invite;
	assert_int_equal(told(&o, "20"), 200);
	phone_hang_up(phone_last(o.ann));
	sim_assert_row(o.s, 200, "answered", "caller");
	o.s->wire.meddle = NULL;
	const char *branch = strstr(sent_invite, "branch=z9hG4bK") + strlen("branch=z9hG4bK");
	const char *to = strstr(branch, "\r\nTo: "), *end = strstr(to + 2, "\r\n");
	snprintf(text, sizeof(text), "%.*sx%.*s;tag=made-up%s", (int)(branch - sent_invite), sent_invite,
		 (int)(end - branch), branch, end);
	o.s->behind_us = SECOND_US;
	network_from_phone(o.ann, slice_from_string(text));
	sim_run(o.s, SECOND_US);
	assert_non_null(strstr(trouble(&o), ": 1;"));
	office_done(&o);
}

/* Calls for help, and what belongs to calls that are there. */
static void test_what_is_never_turned_away(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;

	sim_add_device(o.s, &(struct sim_person){"acme", "112", "desk", "secret112", SIP_DIGEST_MD5, true});
	struct sim_phone *help = phone_new(o.s, "acme-112-desk", "secret112", SIP_UDP);
	phone_registered(help);
	office_talk(&o, &a, &b);
	o.s->behind_us = SECOND_US;
	struct phone_call *call = phone_dial(o.ann, "112");
	sim_until(o.s, 30, call->up);
	phone_reinvite(a, false);
	sim_until(o.s, 10, a->reinvite_status == 200);
	assert_true(a->up);
	phone_hang_up(b);
	sim_until(o.s, 10, a->ended);
	phone_hang_up(call);
	sim_until(o.s, 10, phone_last(help)->ended);
	assert_string_equal(trouble(&o), "");
	office_done(&o);
}

/* An INVITE that was taken is not given up when it comes again. */
static void test_what_has_begun_goes_on(void **state)
{
	struct office o = office_udp();
	o.desk->answer_ms = 3000;
	o.s->wire.meddle = keep_invite;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	o.s->wire.meddle = NULL;
	o.s->behind_us = SECOND_US;
	network_from_phone(o.ann, slice_from_string(sent_invite));
	sim_until(o.s, 10, a->up);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* Phones are registered longer than a node is behind; a challenge costs, but a phone that is lost costs a call. */
static void test_registrations_go_later(void **state)
{
	struct office o = office_udp();

	o.s->behind_us = OVERLOAD_OTHERS_US - MS_US;
	phone_registered(o.mobile);
	o.s->behind_us = OVERLOAD_OTHERS_US;
	phone_register(o.mobile, 600);
	sim_until(o.s, 10, o.mobile->register_status == 503);
	o.s->behind_us = 0;
	phone_registered(o.mobile);
	office_done(&o);
}

/* A minute after the last, nobody needs to know; a new time begins a new count. */
static void test_said_for_a_minute(void **state)
{
	struct office o = office_udp();
	o.s->behind_us = OVERLOAD_CALLS_US;
	assert_int_equal(told(&o, "20"), 503);
	assert_int_equal(told(&o, "20"), 503);
	assert_non_null(strstr(trouble(&o), ": 2;"));
	o.s->behind_us = 0;
	sim_run(o.s, OVERLOAD_SHOWN_US + SECOND_US);
	assert_string_equal(trouble(&o), "");
	o.s->behind_us = OVERLOAD_CALLS_US;
	assert_int_equal(told(&o, "20"), 503);
	assert_non_null(strstr(trouble(&o), ": 1;"));
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_calls_go_first),        cmocka_unit_test(test_an_invented_tag),
		cmocka_unit_test(test_what_is_never_turned_away), cmocka_unit_test(test_what_has_begun_goes_on),
		cmocka_unit_test(test_registrations_go_later),    cmocka_unit_test(test_said_for_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
