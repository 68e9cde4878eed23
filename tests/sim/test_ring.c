/* Who rings, who wins, what a refusal means, and what the caller hears before the answer */
#include "sim/office.h"

static void test_two_devices_ring(void **state)
{
	struct office o = office_two();
	o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up);
	sim_run(o.s, SECOND_US);
	struct phone_call *m = phone_last(o.mobile);
	assert_int_equal(a->rang, 1); /* 180 once, though two ring */
	assert_int_equal(m->cancels, 1);
	assert_true(m->ended);
	assert_string_equal(m->reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
	assert_int_equal(phone_last(o.desk)->acks, 1);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

static void test_same_millisecond(void **state)
{
	struct office o = office_two();
	o.desk->answer_ms = o.mobile->answer_ms = 2000;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up && phone_last(o.desk)->acks && phone_last(o.mobile)->acks);
	sim_run(o.s, SECOND_US);
	struct phone_call *d = phone_last(o.desk), *m = phone_last(o.mobile);
	assert_int_equal(d->acks, 1);
	assert_int_equal(m->acks, 1);
	assert_int_equal(d->byes + m->byes, 1);
	assert_int_equal(a->oks, 1);
	assert_true(voice_flows(a, d->byes ? m : d));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	assert_int_equal(d->byes + m->byes, 2);
	office_done(&o);
}

/* Each refusal, what the caller hears of it, and what the history says. */
static void test_refusals(void **state)
{
	static const struct {
		unsigned desk, mobile, told;
		const char *cause, *by;
		bool mobile_cancelled;
	} rows[] = {
		{486, 486, 486, "busy", "callee"},          {480, 486, 486, "busy", "callee"},
		{603, 0, 603, "declined", "callee", true}, /* speaks for the person: the mobile stops */
		{486, 603, 603, "declined", "callee"},      {480, 480, 480, "no-answer", "alto"},
		{488, 488, 488, "no-common-codec", "alto"}, {606, 606, 488, "no-common-codec", "alto", true},
		{415, 500, 488, "no-common-codec", "alto"}, {404, 500, 480, "refused", "alto"},
		{301, 302, 480, "redirected", "alto"},      {302, 486, 486, "busy", "callee"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_two();
		o.desk->status = rows[i].desk;
		o.mobile->status = rows[i].mobile;
		o.desk->answer_ms = 1000;
		o.mobile->answer_ms = rows[i].mobile ? 1500 : -1;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->status);
		assert_int_equal(a->status, rows[i].told);
		sim_assert_row(o.s, rows[i].told, rows[i].cause, rows[i].by);
		assert_int_equal(phone_last(o.mobile)->cancels, rows[i].mobile_cancelled);
		office_done(&o);
	}
}

static void test_no_answer(void **state)
{
	struct office o = office_two();
	o.desk->answer_ms = o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 25, a->status);
	assert_int_equal(a->status, 480);
	sim_run(o.s, SECOND_US);
	assert_int_equal(phone_last(o.desk)->cancels + phone_last(o.mobile)->cancels, 2);
	assert_string_equal(phone_last(o.desk)->reason, "");
	struct sim_row row = sim_assert_row(o.s, 480, "no-answer", "alto");
	assert_int_equal((row.ended_us - row.started_us) / SECOND_US, 20);
	office_done(&o);
}

/* A phone that is switched off, over UDP: Alto does not wait longer than the ringing time. */
/* A phone that is gone without a word rings for nobody: that is not "no answer". One that says 100 and no more is. */
static void test_unreachable(void **state)
{
	for (unsigned dead = 0; dead < 2; dead++) {
		struct office o = office_udp();
		o.desk->dead = dead;
		o.desk->ring_ms = -1;
		o.desk->answer_ms = -1;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 25, a->status);
		assert_int_equal(a->status, 480);
		sim_assert_row(o.s, 480, dead ? "unreachable" : "no-answer", "alto");
		o.desk->dead = false;
		office_done(&o);
	}
}

static void test_nobody_registered(void **state)
{
	struct office o = office_tls();
	phone_register(o.desk, 0);
	sim_until(o.s, 5, o.desk->register_status == 200);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 480);
	sim_assert_row(o.s, 480, "unreachable", "alto");
	office_done(&o);
}

static void test_no_such_extension(void **state)
{
	struct office o = office_tls();
	struct phone_call *a = phone_dial(o.ann, "99");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 404);
	sim_assert_row(o.s, 404, "no-such-number", "alto");
	office_done(&o);
}

/* Two phones behind one binding answer: the second is acknowledged and hung up. */
static void test_fork_beyond_us(void **state)
{
	struct office o = office_udp();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	struct phone_call *b = phone_last(o.desk);
	phone_respond_raw(b, 180, "other", NULL);
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(a->rang, 1);
	b->local[phone_describe(b, SLICE_NONE, b->local, sizeof(b->local) - 1)] = 0;
	phone_respond_raw(b, 200, "other", b->local);
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up);
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.desk->got[SIP_ACK], 2);
	assert_int_equal(o.desk->got[SIP_BYE], 1);
	assert_null(strstr(o.desk->last_request, "tag=other")); /* the BYE is for the second */
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	struct sim_row rows[2];
	assert_int_equal(sim_rows(o.s, rows, 2), 1);
	assert_string_equal(rows[0].cause, "answered");
	office_done(&o);
}

static void test_early_dialogs(void **state)
{
	struct office o = office_udp();
	o.desk->ring_ms = o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, o.desk->got[SIP_INVITE]);
	struct phone_call *b = phone_last(o.desk);
	phone_respond_raw(b, 180, "first", NULL);
	phone_respond_raw(b, 180, "second", NULL);
	phone_respond_raw(b, 180, "third", NULL);
	sim_until(o.s, 10, a->rang);
	phone_answer(b, 200); /* a fourth answers */
	sim_until(o.s, 10, a->up && b->up);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_until(o.s, 5, b->byes == 1);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

static void test_early_media(void **state)
{
	struct office o = office_tls();
	o.desk->early = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	assert_int_equal(o.ann->statuses[183], 1);
	assert_true(voice_flows(a, phone_last(o.desk)));
	char early[sizeof(a->remote)];
	memcpy(early, a->remote, sizeof(early));
	sim_until(o.s, 10, a->up);
	assert_string_equal(a->remote, early); /* the answer is not changed by the 200 (§13.2.1) */
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

static void test_early_media_of_two(void **state)
{
	struct office o = office_two();
	o.desk->early = o.mobile->early = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	sim_run(o.s, 500 * MS_US);
	assert_int_equal(o.ann->statuses[183], 0);
	assert_int_equal(o.ann->statuses[180], 1);
	assert_string_equal(a->remote, "");
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

/* Early answer by one codec, the final one by another that is not in it: the caller is asked anew. */
static void test_early_answer_does_not_fit(void **state)
{
	struct office o = office_udp();
	o.desk->early = true;
	o.desk->codecs = "8 101";
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	struct phone_call *b = phone_last(o.desk);
	o.desk->codecs = "0 101";
	b->local[0] = 0; /* another phone of a fork, with another description */
	phone_answer(b, 200);
	sim_until(o.s, 10, a->up);
	sim_until(o.s, 10, a->reinvites == 1 && a->acks == 1);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* One phone behind a binding refuses, and then another one answers a call that is over: it is told so. */
static void test_answer_after_refusal(void **state)
{
	struct office o = office_udp();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	struct phone_call *b = phone_last(o.desk);
	phone_respond_raw(b, 486, "other", NULL);
	sim_until(o.s, 10, a->status == 486);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.s->sb->legs.used, 0);
	phone_answer(b, 200);
	sim_until(o.s, 5, b->acks && b->byes);
	sim_assert_row(o.s, 486, "busy", "callee");
	office_done(&o);
}

/* Bob calls his own number: his other phone rings, not the one that calls. */
static void test_own_number(void **state)
{
	struct office o = office_two();
	struct phone_call *m = phone_dial(o.mobile, "20");
	sim_until(o.s, 10, m->up);
	assert_int_equal(o.mobile->got[SIP_INVITE], 0);
	assert_true(voice_flows(m, phone_last(o.desk)));
	phone_hang_up(m);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* RFC 3261 §17.1.4: it rings, and its connection closes. It is waited for, as any phone whose connection is gone, and
 * not until the ring times out. */
static void test_connection_closes_while_ringing(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->rang);
	int64_t then_us = o.s->wheel.now_us;
	network_close(o.desk);
	sim_until(o.s, 15, a->status);
	assert_int_equal(a->status, 480);
	assert_in_range(o.s->wheel.now_us - then_us, 0, 10 * SECOND_US);
	struct sim_row row = sim_assert_row(o.s, 480, "unreachable", "alto");
	assert_non_null(strstr(row.trace, "device desk did not come back"));
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection_closes_while_ringing),
		cmocka_unit_test(test_two_devices_ring),
		cmocka_unit_test(test_same_millisecond),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_nobody_registered),
		cmocka_unit_test(test_no_such_extension),
		cmocka_unit_test(test_fork_beyond_us),
		cmocka_unit_test(test_answer_after_refusal),
		cmocka_unit_test(test_own_number),
		cmocka_unit_test(test_early_dialogs),
		cmocka_unit_test(test_early_media),
		cmocka_unit_test(test_early_media_of_two),
		cmocka_unit_test(test_early_answer_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
