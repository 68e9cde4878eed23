/* A call from its first INVITE to its row: who is told what, whoever ends it, and however answers cross */
#include "sim/office.h"

#include <errno.h>

static void test_call(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	assert_int_equal(a->rang, 1);
	assert_int_equal(a->oks, 1);
	assert_int_equal(b->acks, 1);
	phone_hang_up(a);
	sim_until(o.s, 5, b->ended);
	assert_int_equal(b->byes, 1);
	assert_int_equal(a->byes, 0);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_equal(row.from, "10");
	assert_string_equal(row.to, "20");
	assert_string_equal(row.a_device, "acme-10-desk");
	assert_string_equal(row.b_device, "acme-20-desk");
	assert_string_equal(row.a_srtp, "AEAD_AES_128_GCM");
	assert_string_equal(row.b_srtp, "AEAD_AES_128_GCM");
	assert_string_equal(row.a_codec, "PCMA/8000");
	assert_string_equal(row.b_codec, "PCMA/8000");
	assert_string_equal(row.a_tls, "TLSv1.3 TLS_AES_256_GCM_SHA384");
	assert_string_equal(row.b_transport, "TLS");
	assert_false(row.a_clear || row.b_clear);
	assert_true(row.call_id[0]);
	assert_non_null(strstr(row.trace, "10 calls 20\n"));
	assert_non_null(strstr(row.trace, "ring device desk\n"));
	assert_non_null(strstr(row.trace, "ended: answered, by caller\n"));
	office_done(&o);
}

static void test_callee_hangs_up(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_hang_up(b);
	sim_until(o.s, 5, a->ended);
	assert_int_equal(a->byes, 1);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "callee");
	assert_string_equal(row.a_srtp, "");
	assert_string_equal(row.a_tls, "");
	assert_string_equal(row.a_transport, "UDP");
	office_done(&o);
}

/* The phone sends its 200 while our CANCEL is under way to it. */
static void test_cancel_crosses_200(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	phone_cancel(a);
	sim_run(o.s, 6 * MS_US); /* at Alto; its CANCEL is on the wire */
	phone_answer(phone_last(o.desk), 200);
	sim_run(o.s, SECOND_US);
	struct phone_call *b = phone_last(o.desk);
	assert_int_equal(a->status, 487);
	assert_int_equal(b->acks, 1);
	assert_int_equal(b->byes, 1);
	assert_int_equal(o.desk->got[SIP_CANCEL], 1);
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

/* The caller's CANCEL is under way to us while our 200 is under way to it. */
static void test_caller_cancels_while_one_answers(void **state)
{
	for (int ahead_ms = -12; ahead_ms <= 12; ahead_ms++) {
		struct office o = office_tls();
		o.desk->answer_ms = -1;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->rang);
		if (ahead_ms > 0)
			phone_cancel(a);
		else
			phone_answer(phone_last(o.desk), 200);
		sim_run(o.s, (ahead_ms > 0 ? ahead_ms : -ahead_ms) * MS_US);
		if (ahead_ms > 0)
			phone_answer(phone_last(o.desk), 200);
		else
			phone_cancel(a);
		sim_run(o.s, SECOND_US);
		struct phone_call *b = phone_last(o.desk);
		struct sim_row row;
		if (a->up) { /* the answer was first: the CANCEL did nothing, the caller hangs up */
			assert_int_equal(b->acks, 1);
			assert_int_equal(b->byes, 0);
			phone_hang_up(a);
			row = sim_assert_row(o.s, 200, "answered", "caller");
		} else {
			row = sim_assert_row(o.s, 487, "cancelled", "caller");
		}
		assert_true(row.ended_us);
		assert_true(b->ended);
		assert_int_equal(b->byes + b->cancels >= 1, 1);
		office_done(&o);
	}
}

static void test_unusable_answer(void **state)
{
	struct office o = office_tls();
	o.desk->answer_no_sdp = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	sim_run(o.s, SECOND_US);
	assert_int_equal(a->status, 488);
	assert_int_equal(phone_last(o.desk)->acks, 1);
	assert_int_equal(phone_last(o.desk)->byes, 1);
	sim_assert_row(o.s, 488, "no-common-codec", "alto");
	office_done(&o);
}

static void test_ack_never_comes(void **state)
{
	struct office o = office_udp();
	o.ann->no_ack = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 60, a->ended || phone_last(o.desk)->ended);
	sim_run(o.s, SECOND_US);
	assert_int_equal(a->byes, 1);
	assert_int_equal(phone_last(o.desk)->byes, 1);
	assert_int_equal(a->oks, 11); /* 0, .5, 1.5, 3.5, 7.5, then every 4 s until 32 */
	sim_assert_row(o.s, 200, "no-ack", "caller");
	office_done(&o);
}

static void test_bye_before_ack(void **state)
{
	struct office o = office_udp();
	o.ann->no_ack = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	assert_int_equal(phone_last(o.desk)->byes, 1);
	unsigned oks = a->oks;
	sim_assert_row(o.s, 200, "answered", "caller");
	sim_run(o.s, 40 * SECOND_US);
	assert_int_equal(a->oks, oks); /* not repeated any more */
	office_done(&o);
}

/* The callee hangs up while the caller has not acknowledged: BYE waits for the ACK (§15). */
static void test_callee_bye_before_callers_ack(void **state)
{
	struct office o = office_udp();
	o.ann->no_ack = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up && phone_last(o.desk)->up);
	snprintf(o.desk->says_bye, sizeof(o.desk->says_bye), "Reason: Q.850;cause=16\r\n");
	phone_hang_up(phone_last(o.desk));
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(a->byes, 0);
	o.ann->no_ack = false;
	sim_until(o.s, 5, a->byes == 1); /* with the next copy of the 200 */
	assert_string_equal(a->reason, "Q.850;cause=16");
	sim_assert_row(o.s, 200, "answered", "callee");
	office_done(&o);
}

static void test_lost_ack(void **state)
{
	struct office o = office_udp();
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	phone_answer(phone_last(o.desk), 200);
	sim_run(o.s, 7 * MS_US); /* the 200 has arrived, Alto's ACK is under way: it is lost */
	o.desk->dead = true;
	sim_run(o.s, 50 * MS_US);
	o.desk->dead = false;
	assert_int_equal(phone_last(o.desk)->acks, 0);
	sim_until(o.s, 5, phone_last(o.desk)->acks == 1); /* its 200 repeated, our ACK again */
	assert_true(a->up);
	assert_int_equal(phone_last(o.desk)->byes, 0);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* The 200 to a CANCEL has the tag of what it cancels (§9.2). */
static void test_cancel_has_the_tag(void **state)
{
	struct office o = office_tls();
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	char tag[80];
	snprintf(tag, sizeof(tag), ";tag=%.*s\r\n", SLICE_ARG(a->dialog.remote_tag));
	phone_cancel(a);
	sim_until(o.s, 5, a->status == 487);
	assert_non_null(strstr(o.ann->last_to_cancel, "SIP/2.0 200 "));
	assert_non_null(strstr(o.ann->last_to_cancel, tag));
	assert_non_null(strstr(o.ann->last_response, tag));
	office_done(&o);
}

static void test_caller_lost_while_ringing(void **state)
{
	struct office o = office_tls();
	phone_dial(o.ann, "20");
	sim_until(o.s, 10, o.ann->statuses[180]);
	network_close(o.ann);
	sim_until(o.s, 10, phone_last(o.desk)->ended);
	assert_int_equal(phone_last(o.desk)->byes, 1);
	sim_assert_row(o.s, 487, "caller-lost", "caller");
	office_done(&o);
}

/* ... and nobody answers: the phone does not ring on for somebody who is not there. */
static void test_caller_lost_stops_the_ringing(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	phone_dial(o.ann, "20");
	sim_until(o.s, 10, o.ann->statuses[180]);
	network_close(o.ann);
	int64_t lost_us = o.s->wheel.now_us;
	sim_until(o.s, 10, phone_last(o.desk)->ended);
	assert_int_equal(phone_last(o.desk)->cancels, 1);
	assert_in_range(o.s->wheel.now_us - lost_us, CALLER_RETURN_US, CALLER_RETURN_US + SECOND_US);
	struct sim_row row = sim_assert_row(o.s, 487, "caller-lost", "caller");
	assert_non_null(strstr(row.trace, "the caller's connection is gone"));
	office_done(&o);
}

/* By its next connection the phone may still say that it gives up. */
static void test_lost_caller_gives_up(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	network_close(o.ann);
	network_connect(o.ann);
	sim_run(o.s, SECOND_US);
	phone_send_in_dialog(a, SIP_BYE, "");
	sim_run(o.s, 100 * MS_US);
	assert_true(phone_last(o.desk)->ended);
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

static void test_hang_up_by_admin(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct call_view v;
	uint32_t cursor = 0;
	assert_true(switchboard_next_call(o.s->sb, SLICE("acme"), &cursor, &v));
	assert_string_equal(v.state, "answered");
	assert_slice(v.from, "10");
	char id[64];
	slice_to_string(v.id, id, sizeof(id));
	assert_false(switchboard_next_call(o.s->sb, SLICE("acme"), &cursor, &v));
	cursor = 0;
	assert_false(switchboard_next_call(o.s->sb, SLICE("other"), &cursor, &v));
	assert_int_equal(switchboard_hang_up(o.s->sb, slice_from_string(id)), 0);
	assert_int_equal(switchboard_hang_up(o.s->sb, slice_from_string(id)), 0);
	sim_until(o.s, 5, a->ended && b->ended);
	assert_int_equal(a->byes + b->byes, 2);
	assert_string_equal(a->reason, "SIP;cause=480;text=\"Ended by the operator\"");
	assert_string_equal(b->reason, a->reason);
	sim_assert_row(o.s, 200, "hung-up", "alto");
	assert_int_equal(switchboard_hang_up(o.s->sb, slice_from_string(id)), -ENOENT);
	office_done(&o);
}

static void test_orderly_stop(void **state)
{
	struct office o = office_two();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.desk->answer_ms = -1;
	o.mobile->answer_ms = -1;
	struct phone_call *ringing = phone_dial(o.ann, "20");
	sim_until(o.s, 10, ringing->rang);
	sim_stop(o.s, 2 * SECOND_US);
	struct phone_call *late = phone_dial(o.ann, "20");
	sim_until(o.s, 1, late->status);
	assert_int_equal(late->status, 503);
	assert_non_null(strstr(o.ann->last_response, "Retry-After:"));
	assert_false(a->ended);
	sim_until(o.s, 10, o.s->stopped);
	assert_true(a->ended && b->ended && ringing->ended);
	assert_int_equal(ringing->status, 503);
	struct sim_row rows[4];
	assert_int_equal(sim_rows(o.s, rows, 4), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(rows[i].cause, "shutdown");
		assert_string_equal(rows[i].ended_by, "alto");
	}
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_callee_hangs_up),
		cmocka_unit_test(test_cancel_crosses_200),
		cmocka_unit_test(test_caller_cancels_while_one_answers),
		cmocka_unit_test(test_unusable_answer),
		cmocka_unit_test(test_ack_never_comes),
		cmocka_unit_test(test_bye_before_ack),
		cmocka_unit_test(test_callee_bye_before_callers_ack),
		cmocka_unit_test(test_lost_ack),
		cmocka_unit_test(test_cancel_has_the_tag),
		cmocka_unit_test(test_caller_lost_while_ringing),
		cmocka_unit_test(test_caller_lost_stops_the_ringing),
		cmocka_unit_test(test_lost_caller_gives_up),
		cmocka_unit_test(test_hang_up_by_admin),
		cmocka_unit_test(test_orderly_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
