/*
 * The flows of RFC 3665 that concern a registrar and a server between two phones, message by message
 *
 * What the RFC does with two proxies, Alto does as the far end of each phone: its own 401 instead of a 407, and dialogs
 * of its own to both sides. §3.4 (a proxy fails) is DNS failover, tested where targets are; §3.1 and §3.5 have no
 * server of our kind.
 */
#include "sim/office.h"

static void assert_ladder(struct sim_phone *p, const char *expected)
{
	if (strcmp(p->ladder, expected) != 0)
		fail_msg("%s saw\n%s, not\n%s", p->username, p->ladder, expected);
	p->ladder[0] = 0;
}

static unsigned contacts(const char *message)
{
	unsigned n = 0;
	for (const char *at = strstr(message, "\r\nContact: "); at; at = strstr(at + 1, "\r\nContact: "))
		n++;
	return n;
}

static struct office office_new(void)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, true);
	o.s->weather.most_us = o.s->weather.least_us; /* nothing overtakes */
	return o;
}

static void registered(struct sim_phone *p, int expires, unsigned status)
{
	phone_register(p, expires);
	sim_until(p->sim, 40, p->register_status != 0);
	assert_int_equal(p->register_status, status);
}

/* ---- §2: registrations ---- */

static void new_registration_2_1(void **state)
{
	struct office o = office_new();
	registered(o.ann, 3600, 200);
	assert_ladder(o.ann, " REGISTER <401 REGISTER <200");
	assert_int_equal(contacts(o.ann->last_response), 1);
	assert_non_null(strstr(o.ann->last_response, ";expires=3600"));
	office_done(&o);
}

static void contact_list_updated_2_2(void **state)
{
	struct office o = office_new();
	registered(o.ann, 3600, 200);
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:ann@198.51.100.77>");
	registered(o.ann, 3600, 200);
	assert_ladder(o.ann, " REGISTER <401 REGISTER <200 REGISTER <401 REGISTER <200");
	assert_int_equal(contacts(o.ann->last_response), 2);
	assert_non_null(strstr(o.ann->last_response, "<sip:ann@198.51.100.77>"));
	office_done(&o);
}

static void contact_list_asked_2_3(void **state)
{
	struct office o = office_new();
	registered(o.ann, 3600, 200);
	sim_run(o.s, 100 * SECOND_US);
	registered(o.ann, -1, 200);
	assert_int_equal(contacts(o.ann->last_response), 1);
	assert_non_null(strstr(o.ann->last_response, ";expires=3499"));
	office_done(&o);
}

static void registration_cancelled_2_4(void **state)
{
	struct office o = office_new();
	registered(o.ann, 3600, 200);
	registered(o.ann, -2, 200);
	assert_int_equal(contacts(o.ann->last_response), 0);
	office_done(&o);
}

static void registration_unsuccessful_2_5(void **state)
{
	struct office o = office_new();
	snprintf(o.ann->password, sizeof(o.ann->password), "wrong");
	registered(o.ann, 3600, 401);
	assert_ladder(o.ann, " REGISTER <401 REGISTER <401 REGISTER <401");
	office_done(&o);
}

/* ---- §3: calls ---- */

/* Both at home, and what went there forgotten. */
static struct office office_ready(void)
{
	struct office o = office_new();
	phone_registered(o.ann);
	phone_registered(o.desk);
	o.ann->ladder[0] = o.desk->ladder[0] = 0;
	return o;
}

static struct phone_call *rung(struct office *o)
{
	struct phone_call *a = phone_dial(o->ann, "20");
	sim_until(o->s, 10, a->rang);
	return a;
}

static void established_3_2(void **state)
{
	struct office o = office_ready();
	o.desk->answer_ms = 500;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up && phone_last(o.desk)->up);
	sim_run(o.s, SECOND_US);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(phone_last(o.desk));
	sim_run(o.s, SECOND_US);
	assert_ladder(o.ann, " INVITE <401 ACK INVITE <180 <200 ACK <BYE 200");
	assert_ladder(o.desk, " <INVITE 180 200 <ACK BYE <200");
	/* Neither phone learns of the other's address: the topology is hidden (§3.5's concern too). */
	assert_null(strstr(o.desk->last_request, "198.51.100.1"));
	office_done(&o);
}

/* Two proxies challenge in turn there; here one challenge is enough for the whole way. */
static void challenged_once_3_3(void **state)
{
	struct office o = office_ready();
	struct phone_call *a = rung(&o);
	phone_cancel(a);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.ann->statuses[401] - 1, 1); /* the other one was the registration's */
	assert_int_equal(o.ann->statuses[407], 0);
	office_done(&o);
}

/* The RFC's caller follows the 302 itself; here Alto does, and the caller hears that it is forwarded. */
static void moved_3_6(void **state)
{
	struct office o = office_ready();
	sim_add_device(o.s, &(struct sim_person){"acme", "30", "desk", "secret30", SIP_DIGEST_MD5, true});
	struct sim_phone *eve = phone_new(o.s, "acme-30-desk", "secret30", SIP_UDP);
	phone_registered(eve);
	eve->ladder[0] = 0;
	eve->answer_ms = 500;
	o.desk->status = 302;
	o.desk->ring_ms = -1;
	o.desk->answer_ms = 0;
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Contact: <sip:30@acme.example>\r\n");
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->up && phone_last(eve)->up);
	sim_run(o.s, SECOND_US);
	assert_true(voice_flows(a, phone_last(eve)));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	assert_ladder(o.ann, " INVITE <401 ACK INVITE <181 <180 <200 ACK BYE <200");
	assert_ladder(o.desk, " <INVITE 302 <ACK");
	assert_ladder(eve, " <INVITE 180 200 <ACK <BYE 200");
	office_done(&o);
}

static void reinvite_3_7(void **state)
{
	struct office o = office_ready();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->ladder[0] = o.desk->ladder[0] = 0;
	o.desk->host = "198.51.100.99"; /* the callee's voice moves */
	phone_reinvite(b, false);
	sim_until(o.s, 10, b->reinvite_status != 0);
	sim_run(o.s, SECOND_US);
	assert_int_equal(b->reinvite_status, 200);
	assert_ladder(o.desk, " INVITE <200 ACK");
	assert_ladder(o.ann, ""); /* its voice goes to Alto as before */
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	assert_ladder(o.ann, " BYE <200");
	assert_ladder(o.desk, " <BYE 200");
	office_done(&o);
}

static void cancelled_3_8(void **state)
{
	struct office o = office_ready();
	o.desk->answer_ms = -1;
	struct phone_call *a = rung(&o);
	phone_cancel(a);
	sim_run(o.s, SECOND_US);
	assert_int_equal(a->status, 487);
	/* The answers to the CANCEL and to the INVITE leave in one moment: either may be there first. */
	assert_ladder(o.ann, strstr(o.ann->ladder, "<200 <487") ? " INVITE <401 ACK INVITE <180 CANCEL <200 <487 ACK"
								: " INVITE <401 ACK INVITE <180 CANCEL <487 ACK <200");
	assert_ladder(o.desk, " <INVITE 180 <CANCEL 200 487 <ACK");
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

static void busy_3_9(void **state)
{
	struct office o = office_ready();
	o.desk->ring_ms = -1;
	o.desk->answer_ms = 0;
	o.desk->status = 486;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->status != 0);
	sim_run(o.s, SECOND_US);
	assert_ladder(o.ann, " INVITE <401 ACK INVITE <486 ACK");
	assert_ladder(o.desk, " <INVITE 486 <ACK");
	sim_assert_row(o.s, 486, "busy", "callee");
	office_done(&o);
}

/* The phone says nothing at all. Timer B would be 32 s; the caller is told when the ringing is over. */
static void no_response_3_10(void **state)
{
	struct office o = office_ready();
	o.desk->dead = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 60, a->status != 0);
	assert_int_equal(a->status, 480);
	sim_run(o.s, SECOND_US);
	assert_ladder(o.ann, " INVITE <401 ACK INVITE <100 <480 ACK");
	office_done(&o);
}

static void unavailable_3_11(void **state)
{
	struct office o = office_ready();
	o.desk->answer_ms = 500;
	o.desk->status = 480;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->status != 0);
	sim_run(o.s, SECOND_US);
	assert_ladder(o.ann, " INVITE <401 ACK INVITE <180 <480 ACK");
	assert_ladder(o.desk, " <INVITE 180 480 <ACK");
	sim_assert_row(o.s, 480, "no-answer", "alto");
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_registration_2_1),
		cmocka_unit_test(contact_list_updated_2_2),
		cmocka_unit_test(contact_list_asked_2_3),
		cmocka_unit_test(registration_cancelled_2_4),
		cmocka_unit_test(registration_unsuccessful_2_5),
		cmocka_unit_test(established_3_2),
		cmocka_unit_test(challenged_once_3_3),
		cmocka_unit_test(moved_3_6),
		cmocka_unit_test(reinvite_3_7),
		cmocka_unit_test(cancelled_3_8),
		cmocka_unit_test(busy_3_9),
		cmocka_unit_test(no_response_3_10),
		cmocka_unit_test(unavailable_3_11),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
