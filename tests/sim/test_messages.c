/* The SIP messages of a call are kept: all of them, in order, of nobody else, and never at the expense of its row */
#include "call/limits.h"
#include "sim/ladder.h"
#include "sim/office.h"

static void test_whole_call(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_equal(ladder(o.s, row.id), ">INVITE 2<INVITE 2>180 <180 2>200 2<ACK <200 >ACK "
						 ">BYE <200 2<BYE 2>200 ");
	office_done(&o);
}

/* Reliable 1xx, their PRACK and UPDATE, each on its side. */
static void test_reliable_and_update(void **state)
{
	struct office o = office_tls();
	o.ann->reliable = o.desk->reliable = o.desk->early = true;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_update(a, true, "");
	sim_until(o.s, 5, a->reinvite_status == 200);
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_equal(ladder(o.s, row.id), ">INVITE 2<INVITE 2>183 2<PRACK <183 2>200 >PRACK <200 2>200 2<ACK "
						 "<200 >ACK >UPDATE <200 >BYE <200 2<BYE 2>200 ");
	office_done(&o);
}

/* Their messages come by turns, and to the store together: each row has those of its own call. */
static void test_two_at_once(void **state)
{
	struct office o = office_udp();
	struct sim_row rows[2];
	struct phone_call *first = phone_dial(o.ann, "20"), *second = phone_dial(o.ann, "20");
	sim_until(o.s, 5, first->up && second->up);
	phone_hang_up(first);
	phone_hang_up(second);
	sim_until(o.s, 5, first->ended && second->ended);
	sim_run(o.s, MESSAGES_FLUSH_US + SECOND_US);
	assert_int_equal(sim_rows(o.s, rows, ARRAY_LEN(rows)), 2);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sim_row row = rows[i];
		const char *text = ladder(o.s, row.id);
		assert_non_null(strstr(text, ">INVITE "));
		const char *bye = strstr(text, "2<BYE ");
		assert_non_null(bye);
		assert_null(strstr(bye + 1, "2<BYE "));
		assert_non_null(strstr(bye, "2>200 "));
	}
	office_done(&o);
}

static void test_cancelled(void **state)
{
	struct office o = office_two();
	o.desk->answer_ms = o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	sim_run(o.s, SECOND_US);
	phone_cancel(a);
	struct sim_row row = sim_assert_row(o.s, 487, "cancelled", "caller");
	const char *text = ladder(o.s, row.id);
	/* The CANCEL stands before its answer, though the answer has the tag and it has not. */
	assert_non_null(strstr(text, ">CANCEL <200 <487 2<CANCEL 2<CANCEL "));
	assert_non_null(strstr(text, "2>487 2<ACK "));
	office_done(&o);
}

/* Somebody without an account, and a call with the same Call-ID: nothing of it is this call's. */
static void test_strangers(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct sim_row row;
	assert_int_equal(sim_rows(o.s, &row, 1), 1);
	char text[800];
	int n = snprintf(
		text, sizeof(text),
		"INVITE sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKstranger\r\n"
		"From: \";tag=1-1-0000000000000000\" <sip:x@acme.example>;tag=s\r\nTo: <sip:20@acme.example>\r\n"
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:x@192.0.2.99>\r\nMax-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n",
		row.call_id);
	unsigned before = o.s->messages;
	network_from_phone(o.mobile, slice_of(text, (size_t)n));
	sim_until(o.s, 5, o.s->messages > before);
	phone_hang_up(a);
	row = sim_assert_row(o.s, 200, "answered", "caller");
	const char *kept = ladder(o.s, row.id);
	assert_null(strstr(kept, "401"));
	assert_ptr_equal(strstr(kept, "INVITE"), kept + 1); /* the caller's, and the one sent to the callee */
	assert_null(strstr(strstr(kept, "2<INVITE") + 8, "INVITE"));
	office_done(&o);
}

/* A store that takes nothing: the row waits and is written, the messages are counted and gone. */
static void test_rows_come_first(void **state)
{
	struct office o = office_tls();
	struct metrics m;
	metrics_init(&m);
	switchboard_metrics(o.s->sb, &m);
	sim_store_refuses = true;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(a);
	sim_until(o.s, 5, a->ended && b->ended);
	sim_run(o.s, MESSAGES_FLUSH_US + SECOND_US);
	sim_store_refuses = false;
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_equal(ladder(o.s, row.id), "");
	char text[16384];
	struct writer w = writer_on(text, sizeof(text) - 1);
	metrics_write(&m, &w);
	text[w.n] = 0;
	assert_non_null(strstr(text, "alto_trace_messages_dropped_total 12\n"));
	office_done(&o);
}

static void test_gone_after_three_days(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_not_equal(ladder(o.s, row.id), "");
	sim_run(o.s, INT64_C(71) * 3600 * SECOND_US);
	assert_string_not_equal(ladder(o.s, row.id), "");
	sim_run(o.s, INT64_C(2) * 3600 * SECOND_US);
	assert_string_equal(ladder(o.s, row.id), "");
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_call),
		cmocka_unit_test(test_reliable_and_update),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_rows_come_first),
		cmocka_unit_test(test_gone_after_three_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
