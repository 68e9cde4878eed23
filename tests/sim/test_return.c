/* Phones that come back while they are called, that come late, and that have several flows */
#include "sim/office.h"

static void returns(struct sim_phone *p)
{
	network_connect(p);
	phone_registered(p);
}

/* Nobody else rings: the caller hears ringing, and the phone is called when it is back. */
static void test_waited_for(void **state)
{
	struct office o = office_tls();
	network_close(o.desk);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 2, a->rang);
	assert_int_equal(o.ann->statuses[180], 1);
	sim_run(o.s, 7 * SECOND_US);
	returns(o.desk);
	sim_until(o.s, 10, a->up);
	assert_int_equal(a->rang, 1);
	assert_int_equal(o.desk->got[SIP_INVITE], 1);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_non_null(strstr(row.trace, "device desk: its connection is gone, waiting for it"));
	assert_non_null(strstr(row.trace, "device desk is back, ring it"));
	office_done(&o);
}

static void test_waited_for_in_vain(void **state)
{
	struct office o = office_tls();
	network_close(o.desk);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 15, a->status);
	assert_int_equal(a->status, 480);
	struct sim_row row = sim_assert_row(o.s, 480, "unreachable", "alto");
	assert_int_equal((row.ended_us - row.started_us) / SECOND_US, CALL_RETURN_US / SECOND_US);
	assert_non_null(strstr(row.trace, "device desk did not come back"));
	office_done(&o);
}

/* Another device rings meanwhile; the one that comes back joins it. early: within the wait, else after it. */
static void test_joins_another(void **state)
{
	for (unsigned after_s = 4; after_s <= 14; after_s += 10) {
		struct office o = office_two();
		o.mobile->answer_ms = -1;
		network_close(o.desk);
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 2, phone_last(o.mobile)->used);
		sim_run(o.s, after_s * SECOND_US);
		assert_int_equal(a->status, 0);
		returns(o.desk);
		sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
		sim_run(o.s, SECOND_US);
		assert_int_equal(o.mobile->got[SIP_INVITE], 1);
		assert_int_equal(phone_last(o.mobile)->cancels, 1);
		phone_hang_up(a);
		sim_assert_row(o.s, 200, "answered", "caller");
		office_done(&o);
	}
}

/* What is waited for has no registration any more: nothing is left to wait for. */
static void test_expires_meanwhile(void **state)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	phone_registered(o.ann);
	phone_register(o.desk, 60);
	sim_until(o.s, 5, o.desk->register_status == 200);
	sim_run(o.s, 55 * SECOND_US);
	network_close(o.desk);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 15, a->status);
	struct sim_row row = sim_assert_row(o.s, 480, "unreachable", "alto");
	assert_true(row.ended_us - row.started_us < 6 * SECOND_US);
	office_done(&o);
}

static void test_removed_meanwhile(void **state)
{
	struct office o = office_tls();
	network_close(o.desk);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 2, a->rang);
	sim_remove_device(o.s, "acme-20-desk");
	sim_until(o.s, 1, a->status);
	assert_int_equal(a->status, 480);
	sim_assert_row(o.s, 480, "unreachable", "alto");
	office_done(&o);
}

static void test_cancelled_meanwhile(void **state)
{
	struct office o = office_tls();
	network_close(o.desk);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 2, a->rang);
	phone_cancel(a);
	sim_until(o.s, 2, a->ended);
	returns(o.desk); /* too late: nobody calls it */
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.desk->got[SIP_INVITE], 0);
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

/* A device that was not registered at all when the call began. */
static void test_late_device(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 2, a->rang);
	phone_registered(o.mobile);
	sim_until(o.s, 5, a->up && phone_last(o.mobile)->up);
	assert_true(voice_flows(a, phone_last(o.mobile)));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	assert_int_equal(phone_last(o.desk)->cancels, 1);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* Two people call Bob at once; his phone joins both calls. */
static void test_late_for_two_calls(void **state)
{
	struct office o = office_tls();
	sim_add_device(o.s, &(struct sim_person){"acme", "11", "desk", "secret11"});
	struct sim_phone *eve = phone_new(o.s, "acme-11-desk", "secret11", SIP_TLS);
	phone_registered(eve);
	o.desk->answer_ms = o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20"), *e = phone_dial(eve, "20");
	sim_until(o.s, 2, a->rang && e->rang);
	phone_registered(o.mobile);
	sim_until(o.s, 2, o.mobile->got[SIP_INVITE] == 2);
	phone_cancel(a);
	phone_cancel(e);
	sim_until(o.s, 2, a->ended && e->ended);
	assert_int_equal(o.s->sb->rings.used, 0);
	assert_int_equal(o.s->sb->rung.used, 0);
	office_done(&o);
}

/* It has said no: that it registers by another connection meanwhile does not make it ring again. */
static void test_no_is_no(void **state)
{
	struct office o = office_two();
	o.desk->status = 486;
	o.desk->answer_ms = 500;
	o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, o.desk->got[SIP_ACK]);
	network_close(o.desk);
	returns(o.desk);
	sim_run(o.s, 2 * SECOND_US);
	assert_int_equal(o.desk->got[SIP_INVITE], 1);
	phone_cancel(a);
	sim_until(o.s, 2, a->ended);
	office_done(&o);
}

/* Its connection breaks while it rings: it is called again by the new one. A mere refresh calls nobody twice. */
static void test_breaks_while_it_rings(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 2, a->rang);
	phone_registered(o.desk);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.desk->got[SIP_INVITE], 1);
	network_close(o.desk);
	o.desk->answer_ms = 500;
	returns(o.desk);
	sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
	assert_int_equal(o.desk->got[SIP_INVITE], 2);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* ---- forwarded callers (call/redirect.c) ---- */

/* The desk phone sends its callers to Eve (30), who has two accounts. */
static struct office office_forwarding(struct sim_phone **ret_eve, struct sim_phone **ret_late)
{
	struct office o = office_tls();
	sim_add_device(o.s, &(struct sim_person){"acme", "30", "desk", "secret30"});
	sim_add_device(o.s, &(struct sim_person){"acme", "30", "mobile", "secret31"});
	*ret_eve = phone_new(o.s, "acme-30-desk", "secret30", SIP_TLS);
	*ret_late = phone_new(o.s, "acme-30-mobile", "secret31", SIP_TLS);
	phone_registered(*ret_eve);
	o.desk->status = 302;
	o.desk->answer_ms = 100;
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Contact: <sip:30@acme.example>\r\n");
	return o;
}

static void test_forwarded_to_one_away(void **state)
{
	struct sim_phone *eve, *late;
	struct office o = office_forwarding(&eve, &late);
	network_close(eve);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, o.ann->statuses[181]);
	sim_run(o.s, 7 * SECOND_US);
	assert_int_equal(a->status, 0);
	assert_int_equal(o.ann->statuses[180], 1);
	returns(eve);
	sim_until(o.s, 5, a->up && phone_last(eve)->up);
	assert_true(voice_flows(a, phone_last(eve)));
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_non_null(strstr(row.trace, "device desk is back, ring it"));
	office_done(&o);
}

/* Who does not come back is waited for once, from the forward on, and it is the forward that came to nothing. */
static void test_forwarded_in_vain(void **state)
{
	struct sim_phone *eve, *late;
	struct office o = office_forwarding(&eve, &late);
	network_close(eve);
	o.desk->answer_ms = 5000;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 20, a->status);
	struct sim_row row = sim_assert_row(o.s, 480, "unreachable", "alto");
	assert_int_equal((row.ended_us - row.started_us) / SECOND_US, 5 + CALL_RETURN_US / SECOND_US);
	office_done(&o);
}

static void test_forwarded_late_device(void **state)
{
	struct sim_phone *eve, *late;
	struct office o = office_forwarding(&eve, &late);
	eve->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, eve->got[SIP_INVITE]);
	phone_registered(late);
	sim_until(o.s, 5, a->up && phone_last(late)->up);
	assert_true(voice_flows(a, phone_last(late)));
	phone_registered(o.mobile); /* too late: nobody calls it */
	sim_run(o.s, SECOND_US);
	assert_int_equal(phone_last(eve)->cancels, 1);
	assert_int_equal(o.mobile->got[SIP_INVITE], 0);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* Whose callers it has sent away, it joins no more; his other device does, beside those of the one they were sent to.
 */
static void test_forwarder_is_done(void **state)
{
	struct sim_phone *eve, *late;
	struct office o = office_forwarding(&eve, &late);
	eve->answer_ms = o.mobile->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, eve->got[SIP_INVITE]);
	network_close(o.desk);
	returns(o.desk);
	phone_registered(o.mobile);
	sim_until(o.s, 5, o.mobile->got[SIP_INVITE]);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.desk->got[SIP_INVITE], 1);
	phone_cancel(a);
	sim_until(o.s, 5, phone_last(eve)->cancels && phone_last(o.mobile)->cancels);
	assert_int_equal(o.s->sb->rings.used, 0);
	assert_int_equal(o.s->sb->rung.used, 0);
	office_done(&o);
}

/* ---- early voice ---- */

/* A phone that is waited for is none that could be heard; when it joins, the one that is heard stays so. */
static void test_early_voice_beside_one_away(void **state)
{
	struct office o = office_two();
	o.desk->early = true;
	o.desk->answer_ms = -1;
	o.mobile->answer_ms = 2000;
	network_close(o.mobile);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, o.ann->statuses[183]);
	assert_true(voice_flows(a, phone_last(o.desk)));
	returns(o.mobile);
	sim_until(o.s, 5, o.mobile->got[SIP_INVITE]);
	sim_run(o.s, SECOND_US);
	assert_true(voice_flows(a, phone_last(o.desk)));
	sim_until(o.s, 5, a->up && phone_last(o.mobile)->up);
	assert_true(voice_flows(a, phone_last(o.mobile)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* The other one forwards to somebody away: the one that is left is heard meanwhile. */
static void test_early_voice_beside_a_forward(void **state)
{
	struct sim_phone *eve, *late;
	struct office o = office_forwarding(&eve, &late);
	phone_registered(o.mobile);
	o.mobile->early = true;
	o.mobile->answer_ms = -1;
	o.desk->answer_ms = 2000;
	network_close(eve);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.ann->statuses[183], 0);
	sim_until(o.s, 5, o.ann->statuses[183]);
	assert_true(voice_flows(a, phone_last(o.mobile)));
	phone_cancel(a);
	sim_until(o.s, 2, a->ended);
	office_done(&o);
}

/* ---- two flows of one phone (RFC 5626 §7) ---- */

struct flows {
	struct office o;
	struct sim_phone *one, *two; /* the same phone, registered over two connections; two is the newer one */
};

static struct flows two_flows(void)
{
	struct flows f = {.o = office_on(sim_new(1), SIP_TLS, false)};
	f.one = f.o.desk;
	f.two = phone_new(f.o.s, "acme-20-desk", "secret20", SIP_TLS);
	phone_registered(f.o.ann);
	struct sim_phone *const phones[] = {f.one, f.two};
	for (size_t i = 0; i < 2; i++) {
		snprintf(phones[i]->register_extra, sizeof(phones[i]->register_extra), "Supported: outbound\r\n");
		snprintf(phones[i]->contact, sizeof(phones[i]->contact),
			 "<sip:bob@10.0.0.1:5061;transport=tls>;reg-id=%zu;+sip.instance=\"<urn:uuid:7>\"", i + 1);
		phone_registered(phones[i]);
		sim_run(f.o.s, SECOND_US);
	}
	return f;
}

static void test_one_flow_rings(void **state)
{
	struct flows f = two_flows();
	struct phone_call *a = phone_dial(f.o.ann, "20");
	sim_until(f.o.s, 5, a->up);
	assert_int_equal(f.two->got[SIP_INVITE], 1);
	assert_int_equal(f.one->got[SIP_INVITE], 0);
	phone_hang_up(a);
	sim_assert_row(f.o.s, 200, "answered", "caller");
	office_done(&f.o);
}

static void test_next_flow(void **state)
{
	static const unsigned statuses[] = {430, 408, 503, 0}; /* 0: its connection is gone */
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct flows f = two_flows();
		f.two->status = statuses[i];
		f.two->answer_ms = 100;
		if (!statuses[i])
			network_close(f.two);
		struct phone_call *a = phone_dial(f.o.ann, "20");
		sim_until(f.o.s, 5, a->up);
		assert_int_equal(f.two->got[SIP_INVITE], statuses[i] ? 1 : 0);
		assert_int_equal(f.one->got[SIP_INVITE], 1);
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(f.o.s, 200, "answered", "caller");
		assert_true(!statuses[i] || strstr(row.trace, "device desk: ring it by its next flow"));
		office_done(&f.o);
	}
}

/* Both fail, and neither is tried for ever; a refusal by one speaks for the phone. */
static void test_no_flow_left(void **state)
{
	static const struct {
		unsigned two, one, invites;
		const char *cause;
	} rows[] = {{430, 503, 2, "unreachable"}, {486, 200, 1, "busy"}, {503, 486, 2, "busy"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct flows f = two_flows();
		f.two->status = rows[i].two;
		f.one->status = rows[i].one;
		f.two->answer_ms = f.one->answer_ms = 100;
		struct phone_call *a = phone_dial(f.o.ann, "20");
		sim_until(f.o.s, 5, a->status);
		assert_int_equal(f.two->got[SIP_INVITE] + f.one->got[SIP_INVITE], rows[i].invites);
		sim_assert_row(f.o.s, a->status, rows[i].cause, rows[i].cause[0] == 'b' ? "callee" : "alto");
		office_done(&f.o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waited_for),
		cmocka_unit_test(test_waited_for_in_vain),
		cmocka_unit_test(test_joins_another),
		cmocka_unit_test(test_expires_meanwhile),
		cmocka_unit_test(test_removed_meanwhile),
		cmocka_unit_test(test_cancelled_meanwhile),
		cmocka_unit_test(test_late_device),
		cmocka_unit_test(test_late_for_two_calls),
		cmocka_unit_test(test_no_is_no),
		cmocka_unit_test(test_breaks_while_it_rings),
		cmocka_unit_test(test_one_flow_rings),
		cmocka_unit_test(test_next_flow),
		cmocka_unit_test(test_no_flow_left),
		cmocka_unit_test(test_forwarded_to_one_away),
		cmocka_unit_test(test_forwarded_in_vain),
		cmocka_unit_test(test_forwarded_late_device),
		cmocka_unit_test(test_forwarder_is_done),
		cmocka_unit_test(test_early_voice_beside_one_away),
		cmocka_unit_test(test_early_voice_beside_a_forward),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
