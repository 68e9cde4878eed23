/* The messages of RFC 4475 and RFC 5118, each sent to a switchboard at work, and what it answers. */
#include "sim/office.h"
#include "unit/sip/ipv6.h"
#include "unit/sip/torture.h"

/* RFC 5118: a stranger is asked who he is whatever the address, a phone rings; not const as in torture.h. */
#define RINGS(via) TORTURE_KNOWN, 180, "Via: " via
#define ASKED(via) TORTURE_STRANGER, 401, "Via: " via
static struct torture ipv6_messages[] = {
	{"ipv6-good", "4.1", TORTURE_TEXT(IPV6_REFERENCE_4_1), 0, ASKED(IPV6_VIA)},
	{"ipv6-bad", "4.2", TORTURE_TEXT(IPV6_NO_BRACKETS_4_2), 400, TORTURE_STRANGER, 400, NULL},
	{"port-ambiguous", "4.3", TORTURE_TEXT(IPV6_PORT_AMBIGUOUS_4_3), 0, ASKED(IPV6_VIA)},
	{"port-unambiguous", "4.4", TORTURE_TEXT(IPV6_PORT_4_4), 0, ASKED(IPV6_VIA)},
	{"via-received-param-with-delim", "4.5", TORTURE_TEXT(IPV6_RECEIVED_4_5), 0, ASKED(IPV6_VIA)},
	{"via-received-param-no-delim", "4.5", TORTURE_TEXT(IPV6_RECEIVED_BARE_4_5), 0, ASKED(IPV6_VIA)},
	{"ipv6-in-sdp", "4.6", TORTURE_TEXT(IPV6_INVITE(IPV6_VIA, IPV6_SDP_4_6)), 0, RINGS(IPV6_VIA)},
	{"mult-ip-in-header", "4.7", TORTURE_TEXT(IPV6_BOTH_4_7), 0, TORTURE_STRANGER, 401, IPV6_VIAS_BELOW_4_7},
	{"mult-ip-in-sdp", "4.8", TORTURE_TEXT(IPV6_INVITE(IPV6_VIA, IPV6_SDP_4_8)), 0, RINGS(IPV6_VIA)},
	{"ipv4-mapped-ipv6", "4.9", TORTURE_TEXT(IPV6_INVITE(IPV6_MAPPED_VIA_4_9, IPV6_SDP_4_9)), 0,
	 RINGS(IPV6_MAPPED_VIA_4_9)},
	{"ipv6-bug-abnf-3-colons", "4.10", TORTURE_TEXT(IPV6_THREE_COLONS_4_10), 400, TORTURE_STRANGER, 400, NULL},
};

/* Somebody who tries a message, and may get pieces of it back. */
static struct sim_phone *sender(struct office *o, const struct torture *t)
{
	struct sim_phone *p = o->ann;
	if (t->way == TORTURE_STRANGER)
		p = phone_new(o->s, "acme-99-none", "secret", SIP_UDP);
	p->sends_garbage = true;
	p->last_response[0] = 0;
	return p;
}

static void assert_answer(const struct sim_phone *p, const struct torture *t)
{
	char line[24] = "";
	if (t->answer)
		snprintf(line, sizeof(line), "SIP/2.0 %u ", t->answer);
	if (strncmp(p->last_response, line, strlen(line)) != 0 || (!t->answer && p->last_response[0]))
		fail_msg("%s: %s, not %s", t->name, p->last_response, line);
	if (t->has && !strstr(p->last_response, t->has))
		fail_msg("%s: no %s in %s", t->name, t->has, p->last_response);
}

static void answered(void **state)
{
	const struct torture *t = *state;
	struct office o = office_on(sim_new_plain(1), SIP_TLS, true);
	struct switchboard_figures before, after;
	phone_registered(o.ann);
	phone_registered(o.desk);
	o.desk->answer_ms = -1;
	struct sim_phone *p = sender(&o, t);
	switchboard_figures(o.s->sb, &before);
	if (t->way == TORTURE_CONTACT) {
		slice_to_string(t->text, p->contact, sizeof(p->contact));
		phone_register(p, 3600);
		sim_until(o.s, 40, p->register_status != 0);
	} else {
		phone_send_raw(p, t->text);
		sim_run(o.s, SECOND_US);
	}
	assert_answer(p, t);
	switchboard_figures(o.s->sb, &after);
	assert_int_equal(after.bad_messages_total - before.bad_messages_total, t->verdict != 0);
	assert_int_equal(o.desk->got[SIP_INVITE], t->answer == 180);
	sim_run(o.s, 60 * SECOND_US); /* nobody answered: what rang is over */
	office_done(&o);
}

/* One branch for all: what is the same in two requests of two senders is not enough to be one transaction (§3.2.1). */
static void badbranch_twice(void **state)
{
	static const char form[] =
		"OPTIONS sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\n"
		"To: sip:20@acme.example\r\nFrom: sip:caller@example.org;tag=%u\r\nMax-Forwards: 3\r\n"
		"Call-ID: badbranch%u\r\nCSeq: 8 OPTIONS\r\nl: 0\r\n\r\n";
	struct office o = office_tls();
	struct sim_phone *p = phone_new(o.s, "acme-99-none", "secret", SIP_UDP);
	for (unsigned i = 1; i <= 2; i++) {
		char text[512], call_id[32];
		snprintf(text, sizeof(text), form, i, i);
		snprintf(call_id, sizeof(call_id), "Call-ID: badbranch%u\r\n", i);
		phone_send_raw(p, slice_from_string(text));
		sim_run(o.s, SECOND_US);
		assert_int_equal(p->statuses[200], i);
		assert_non_null(strstr(p->last_response, call_id));
	}
	office_done(&o);
}

static int run(const char *group, struct torture *messages, size_t count)
{
	struct CMUnitTest tests[ARRAY_LEN(torture_messages)];
	ASSERT(count <= ARRAY_LEN(tests));
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = messages[i].name, .test_func = answered, .initial_state = &messages[i]};
	return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

int main(void)
{
	static const struct CMUnitTest more[] = {cmocka_unit_test(badbranch_twice)};
	int failed = run("RFC 4475", torture_messages, ARRAY_LEN(torture_messages));
	failed += run("RFC 5118", ipv6_messages, ARRAY_LEN(ipv6_messages));
	return failed + cmocka_run_group_tests(more, NULL, NULL);
}
