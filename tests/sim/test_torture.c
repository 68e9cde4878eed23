/* The messages of RFC 4475, each sent to a switchboard at work, and what it answers. */
#include "sim/office.h"
#include "unit/sip/torture.h"

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
		snprintf(p->contact, sizeof(p->contact), "%.*s", SLICE_ARG(t->text));
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

int main(void)
{
	static const struct CMUnitTest more[] = {cmocka_unit_test(badbranch_twice)};
	struct CMUnitTest tests[ARRAY_LEN(torture_messages)];
	for (size_t i = 0; i < ARRAY_LEN(tests); i++)
		tests[i] = (struct CMUnitTest){
			.name = torture_messages[i].name, .test_func = answered, .initial_state = &torture_messages[i]};
	int failed = cmocka_run_group_tests_name("RFC 4475", tests, NULL, NULL);
	return failed + cmocka_run_group_tests(more, NULL, NULL);
}
