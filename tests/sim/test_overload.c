/* What is turned away when more comes than can be done, what never is, and what is said of it */
#include "call/limits.h"
#include "sim/office.h"

static const char *trouble(struct office *o)
{
	static char text[WARNING_TEXT_CAP];
	struct switchboard_figures f;
	switchboard_figures(o->s->sb, &f);
	return warning_text(&f.trouble, text);
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

static struct sim_phone *help_desk(struct office *o)
{
	sim_add_device(o->s, &(struct sim_person){"acme", "112", "desk", "secret112", SIP_DIGEST_MD5, true});
	struct sim_phone *help = phone_new(o->s, "acme-112-desk", "secret112", SIP_UDP);
	phone_registered(help);
	return help;
}

/* Calls for help, and what belongs to calls that are there. */
static void test_what_is_never_turned_away(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;

	struct sim_phone *help = help_desk(&o);
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

static unsigned said[700]; /* statuses of what left Alto */

static void count_statuses(void *arg, const struct sim_phone *to, struct slice bytes)
{
	if (slice_starts(bytes, SLICE("SIP/2.0 ")))
		said[strtoul(bytes.p + strlen("SIP/2.0 "), NULL, 10) % ARRAY_LEN(said)]++;
}

/* So many calls for help, each from an address that nobody has seen before. */
static void flood(struct office *o, unsigned calls)
{
	static unsigned number;
	char text[600];
	struct address home = o->mobile->address;
	for (unsigned i = 0; i < calls; i++) {
		number++;
		assert_true(address_parse(SLICE("203.0.113.1"), &o->mobile->address));
		o->mobile->address.ip[13] = (uint8_t)(number / 256);
		o->mobile->address.ip[15] = (uint8_t)number;
		o->mobile->address.port = 5060;
		int n = snprintf(text, sizeof(text),
				 "INVITE sip:112@acme.example SIP/2.0\r\n"
				 "Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKflood%u\r\n"
				 "Max-Forwards: 70\r\nFrom: <sip:%u@acme.example>;tag=f\r\n"
				 "To: <sip:112@acme.example>\r\nCall-ID: flood-%u\r\nCSeq: 1 INVITE\r\n"
				 "Contact: <sip:x@203.0.113.9>\r\nContent-Length: 0\r\n\r\n",
				 number, number, number);
		network_from_phone(o->mobile, slice_of(text, (size_t)n));
	}
	o->mobile->address = home;
}

static struct office office_in_a_flood(struct sim_phone **ret_help)
{
	struct office o = office_udp();
	*ret_help = help_desk(&o);
	memset(said, 0, sizeof(said));
	o.s->wire.witness = count_statuses;
	o.s->behind_us = SECOND_US;
	return o;
}

/* A number is no right: of strangers so many are challenged as cost nothing, and who is known here is heard. */
static void test_strangers_calling_for_help(void **state)
{
	struct sim_phone *help;
	struct office o = office_in_a_flood(&help);

	flood(&o, 500);
	sim_run(o.s, 500 * MS_US);
	assert_int_equal(said[401], OVERLOAD_HELP_STRANGERS);
	assert_int_equal(said[503], 500 - OVERLOAD_HELP_STRANGERS);
	struct phone_call *call = phone_dial(o.ann, "112");
	sim_until(o.s, 10, call->up);
	phone_hang_up(call);
	sim_until(o.s, 10, phone_last(help)->ended);

	/* The next second is a new one. */
	said[401] = 0;
	flood(&o, OVERLOAD_HELP_STRANGERS + 1);
	sim_run(o.s, 500 * MS_US);
	assert_int_equal(said[401], OVERLOAD_HELP_STRANGERS);
	office_done(&o);
}

/* A phone of ours that is new here has its challenge, and then its call, though no stranger is heard any more. */
static void test_a_stranger_proves_himself(void **state)
{
	struct sim_phone *help;
	struct office o = office_in_a_flood(&help);

	flood(&o, OVERLOAD_HELP_STRANGERS - 1);
	struct phone_call *call = phone_dial(o.mobile, "112");
	sim_until(o.s, 10, said[401] == OVERLOAD_HELP_STRANGERS);
	flood(&o, 10);
	sim_until(o.s, 10, call->up);
	assert_int_equal(said[401], OVERLOAD_HELP_STRANGERS);
	phone_hang_up(call);
	sim_until(o.s, 10, phone_last(help)->ended);
	office_done(&o);
}

/* An operator is known by its address: whatever its callers are told, it is not this. */
static void test_help_over_a_trunk(void **state)
{
	struct sim_phone *help;
	struct office o = office_in_a_flood(&help);
	struct sim_phone *op = phone_new(o.s, "trunk-77", "", SIP_UDP);
	struct writer w;
	char host[64];

	w = writer_on(host, sizeof(host) - 1);
	write_address(&w, &op->address);
	host[w.n] = 0;
	sim_add_trunk(o.s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = host, .plain_rtp = true});
	flood(&o, OVERLOAD_HELP_STRANGERS);
	sim_run(o.s, 100 * MS_US);
	struct phone_call *call = phone_dial(op, "112");
	sim_until(o.s, 30, call->status);
	assert_int_equal(call->status, 404);
	assert_int_equal(help->got[SIP_INVITE], 0);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_calls_go_first),         cmocka_unit_test(test_an_invented_tag),
		cmocka_unit_test(test_what_is_never_turned_away),  cmocka_unit_test(test_what_has_begun_goes_on),
		cmocka_unit_test(test_registrations_go_later),     cmocka_unit_test(test_said_for_a_minute),
		cmocka_unit_test(test_strangers_calling_for_help), cmocka_unit_test(test_a_stranger_proves_himself),
		cmocka_unit_test(test_help_over_a_trunk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
