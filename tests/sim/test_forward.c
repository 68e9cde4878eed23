/* Phones that send their callers elsewhere (302), calls that come back to us, and Reasons that pass from side to side
 */
#include "sim/office.h"

/* The office of two, and Eve (30), Fay (40), Gus (50), Hal (60), Ida (70), Joe (80): one desk phone each, which rings.
 */
struct company {
	struct office o;
	struct sim_phone *others[6];
};

static struct company company(void)
{
	struct company c = {.o = office_two()};
	c.o.desk->answer_ms = c.o.mobile->answer_ms = 100;
	for (size_t i = 0; i < ARRAY_LEN(c.others); i++) {
		char extension[4], username[32];
		snprintf(extension, sizeof(extension), "%zu", 30 + 10 * i);
		snprintf(username, sizeof(username), "acme-%s-desk", extension);
		sim_add_device(c.o.s, &(struct sim_person){"acme", extension, "desk", "secret", SIP_DIGEST_MD5, false});
		c.others[i] = phone_new(c.o.s, username, "secret", SIP_TLS);
		c.others[i]->answer_ms = 500;
		phone_registered(c.others[i]);
	}
	return c;
}

static void forwards(struct sim_phone *p, const char *contacts)
{
	p->status = 302;
	snprintf(p->says_refused, sizeof(p->says_refused), "Contact: %s\r\n", contacts);
}

static struct phone_call *dialled(struct company *c)
{
	struct phone_call *a = phone_dial(c->o.ann, "20");
	sim_until(c->o.s, 200, a->status);
	return a;
}

static void test_followed(void **state)
{
	static const char *const contacts[] = {"<sip:30@acme.example>",
					       "<sip:30@192.0.2.10:5061;transport=tls>;q=0.9",
					       "\"Eve\" <sips:30@ACME.example>",
					       "sip:30@acme.example",
					       "<tel:30>",
					       "<sip:%330@acme.example>"};
	for (size_t i = 0; i < ARRAY_LEN(contacts); i++) {
		struct company c = company();
		c.o.mobile->answer_ms = -1;
		forwards(c.o.desk, contacts[i]);
		struct phone_call *a = dialled(&c);
		assert_int_equal(a->status, 200);
		struct phone_call *e = phone_last(c.others[0]);
		sim_until(c.o.s, 5, e->up);
		sim_run(c.o.s, SECOND_US);
		assert_int_equal(c.o.ann->statuses[181], 1);
		assert_int_equal(c.o.desk->got[SIP_INVITE], 1);       /* nobody is called twice */
		assert_int_equal(phone_last(c.o.mobile)->cancels, 1); /* it went on ringing until Eve answered */
		assert_non_null(strstr(c.others[0]->last_invite, "Max-Forwards: 68\r\n"));
		assert_true(voice_flows(a, e));
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(c.o.s, 200, "answered", "caller");
		assert_non_null(strstr(row.trace, "redirected by device desk to 30\n"));
		assert_string_equal(row.to, "20");
		assert_string_equal(row.b_device, "acme-30-desk");
		office_done(&c.o);
	}
}

/* To the outside, to another company, to nobody, to what is no address: a refusal like others. */
static void test_not_followed(void **state)
{
	static const char *const contacts[] = {"<sip:30@evil.example>",
					       "<sip:30@198.51.100.99>",
					       "<sip:+49301234@acme.example>",
					       "<sip:99@acme.example>",
					       "<sip:40@other.example>",
					       "<tel:+49301234>",
					       "<http://acme.example/30>",
					       "<sip:acme.example>",
					       "*",
					       "nonsense",
					       "<sip:30@acme.example",
					       "<sip:20@acme.example>" /* himself */};
	for (size_t i = 0; i < ARRAY_LEN(contacts); i++) {
		struct company c = company();
		forwards(c.o.desk, contacts[i]);
		c.o.mobile->status = 404;
		struct phone_call *a = dialled(&c);
		assert_int_equal(a->status, 480);
		assert_int_equal(c.others[0]->got[SIP_INVITE], 0);
		assert_int_equal(c.o.desk->got[SIP_INVITE], 1);
		struct sim_row row = sim_assert_row(c.o.s, 480, "redirected", "alto");
		assert_non_null(strstr(row.trace, "device refused: 302\n"));
		office_done(&c.o);
	}
	/* Without a Contact at all; and somebody else's answer says more. */
	struct company c = company();
	c.o.desk->status = 302;
	c.o.mobile->status = 486;
	struct phone_call *a = dialled(&c);
	assert_int_equal(a->status, 486);
	office_done(&c.o);
}

/* Several contacts ring together; those beyond the fifth are not looked at. */
static void test_several(void **state)
{
	struct company c = company();
	c.o.mobile->answer_ms = -1;
	forwards(c.o.desk,
		 "<sip:99@acme.example>, <sip:30@acme.example>, <sip:40@acme.example>, <sip:40@acme.example>, "
		 "<sip:50@acme.example>, <sip:60@acme.example>");
	c.others[0]->answer_ms = -1;
	struct phone_call *a = dialled(&c);
	assert_int_equal(a->status, 200);
	sim_run(c.o.s, SECOND_US);
	assert_int_equal(c.others[0]->got[SIP_INVITE], 1);
	assert_int_equal(c.others[1]->got[SIP_INVITE], 1);
	assert_int_equal(c.others[2]->got[SIP_INVITE], 1);
	assert_int_equal(c.others[3]->got[SIP_INVITE], 0);
	phone_hang_up(a);
	sim_run(c.o.s, SECOND_US);
	office_done(&c.o);
}

/* Round in a circle, and on and on. */
static void test_loop_and_chain(void **state)
{
	struct company c = company();
	c.o.mobile->status = 404;
	forwards(c.o.desk, "<sip:30@acme.example>");
	forwards(c.others[0], "<sip:40@acme.example>");
	forwards(c.others[1], "<sip:20@acme.example>");
	struct phone_call *a = dialled(&c);
	assert_int_equal(a->status, 480);
	assert_int_equal(c.o.desk->got[SIP_INVITE], 1);
	struct sim_row row = sim_assert_row(c.o.s, 480, "redirected", "alto");
	assert_non_null(strstr(row.trace, "redirected by device desk to 20: called already\n"));
	office_done(&c.o);

	c = company();
	c.o.mobile->status = 404;
	forwards(c.o.desk, "<sip:30@acme.example>");
	for (size_t i = 0; i < 5; i++) {
		char to[64];
		snprintf(to, sizeof(to), "<sip:%zu@acme.example>", 40 + 10 * i);
		forwards(c.others[i], to);
	}
	a = dialled(&c);
	assert_int_equal(a->status, 480);
	assert_int_equal(c.others[4]->got[SIP_INVITE], 1);
	assert_int_equal(c.others[5]->got[SIP_INVITE], 0); /* the sixth */
	office_done(&c.o);

	/* The caller's Max-Forwards counts forwards too. */
	c = company();
	c.o.ann->max_forwards = 2;
	c.o.mobile->status = 404;
	forwards(c.o.desk, "<sip:30@acme.example>");
	forwards(c.others[0], "<sip:40@acme.example>");
	a = dialled(&c);
	assert_int_equal(a->status, 480);
	assert_int_equal(c.others[0]->got[SIP_INVITE], 1);
	assert_int_equal(c.others[1]->got[SIP_INVITE], 0);
	sim_run(c.o.s, SECOND_US);
	office_done(&c.o);
}

/* Whoever is forwarded to has the whole time to answer; a person without a phone refuses. */
static void test_time_and_absence(void **state)
{
	struct company c = company();
	c.o.desk->answer_ms = 15000;
	c.o.mobile->answer_ms = -1;
	forwards(c.o.desk, "<sip:30@acme.example>");
	c.others[0]->answer_ms = 15000;
	struct phone_call *a = dialled(&c);
	assert_int_equal(a->status, 200);
	phone_hang_up(a);
	sim_run(c.o.s, SECOND_US);
	office_done(&c.o);

	c = company();
	c.o.mobile->status = 404;
	forwards(c.o.desk, "<sip:30@acme.example>");
	phone_register(c.others[0], 0);
	sim_until(c.o.s, 5, c.others[0]->register_status == 200);
	a = dialled(&c);
	assert_int_equal(a->status, 480);
	sim_assert_row(c.o.s, 480, "redirected", "alto");
	office_done(&c.o);
}

/* ---- what comes back ---- */

static unsigned sent_back(struct sim_phone *p, const char *via, const char *from_tag, const char *call_id)
{
	char text[2000];
	static unsigned n;
	snprintf(
		text, sizeof(text),
		"INVITE sip:10@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.2:5060;rport;branch=z9hG4bKb%u\r\n%s"
		"Max-Forwards: 60\r\nFrom: <sip:10@acme.example>;tag=%s\r\nTo: <sip:20@acme.example>\r\nCall-ID: %s\r\n"
		"CSeq: 1 INVITE\r\nContact: <sip:x@198.51.100.2>\r\nContent-Length: 0\r\n\r\n",
		++n, via, from_tag, call_id);
	memset(p->last_response, 0, sizeof(p->last_response));
	phone_send_raw(p, slice_from_string(text));
	sim_run(p->sim, 100 * MS_US);
	return (unsigned)strtol(p->last_response + strlen("SIP/2.0 "), NULL, 10);
}

/* A phone that acts as a proxy, or a gateway, sends us what we have sent it. */
static void test_comes_back(void **state)
{
	struct office o = office_udp();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	struct phone_call *b = phone_last(o.desk);
	char via[300], tag[64], call_id[64], strange[64];
	const char *at = strstr(o.desk->last_invite, "Via: ");
	snprintf(via, sizeof(via), "%.*s\r\n", (int)strcspn(at, "\r"), at);
	slice_to_string(b->dialog.remote_tag, tag, sizeof(tag));
	slice_to_string(b->dialog.call_id, call_id, sizeof(call_id));
	assert_int_equal(sent_back(o.desk, via, tag, call_id), 482);
	assert_int_equal(sent_back(o.desk, "", tag, call_id), 482); /* its Via hidden */
	assert_int_equal(sent_back(o.desk, via, "other", "other"), 482);
	/* Names like ours, of nothing that lives: another call, which must say who it is. */
	snprintf(strange, sizeof(strange), "%s", tag);
	size_t last = strlen(strange) - 1;
	strange[last] = strange[last] == '0' ? '1' : '0';
	assert_int_equal(sent_back(o.desk, "", strange, call_id), 401);
	char *digit = via + strlen(via) - strlen(";rport\r\n") - 1;
	*digit = *digit == '0' ? '1' : '0';
	assert_int_equal(sent_back(o.desk, via, "other", "other"), 401);
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

/* ---- Reason ---- */

static void test_reason_of_bye(void **state)
{
	static const struct {
		const char *said, *passed, *traced;
	} rows[] = {
		{"Reason: Q.850;cause=16;text=\"Normal call clearing\"\r\n",
		 "Q.850;cause=16;text=\"Normal call clearing\"",
		 "caller says Q.850;cause=16;text=\"Normal call clearing\"\n"},
		{"Reason: sip ; cause = 200 ; text = \"Call completed elsewhere\"\r\nReason: Q.850;cause=26\r\n",
		 "SIP;cause=200;text=\"Call completed elsewhere\", Q.850;cause=26",
		 "caller says SIP;cause=200;text=\"Call completed elsewhere\", Q.850;cause=26\n"},
		/* What could do harm, or means nothing to others, is not passed. */
		{"Reason: Q.850;cause=31;text=\"a\\\"b\\\\\x07\xc3\xa4\xff\"\r\n",
		 "Q.850;cause=31;text=\"a'b'%07\xc3\xa4%FF\"",
		 "caller says Q.850;cause=31;text=\"a'b'%07\xc3\xa4%FF\"\n"},
		{"Reason: X.int;cause=5, Q.850, ;;\r\n", "", NULL},
		{"Reason: "
		 "Q.850;cause=16;text=\"0123456789012345678901234567890123456789012345678901234567890123456789\"\r\n",
		 "Q.850;cause=16;text=\"012345678901234567890123456789012345678901234567890123456789012\"",
		 "caller says Q.850;cause=16;text=\"0123"},
		{"", "", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		snprintf(o.ann->says_bye, sizeof(o.ann->says_bye), "%s", rows[i].said);
		phone_hang_up(a);
		sim_until(o.s, 5, b->byes == 1);
		assert_string_equal(b->reason, rows[i].passed);
		struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
		assert_true(rows[i].traced ? strstr(row.trace, rows[i].traced) != NULL : !strstr(row.trace, "says"));
		office_done(&o);
	}
}

static void test_reason_of_callee_and_cancel(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	snprintf(o.desk->says_bye, sizeof(o.desk->says_bye), "Reason: Q.850;cause=16\r\n");
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	assert_string_equal(a->reason, "Q.850;cause=16");
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "callee");
	assert_non_null(strstr(row.trace, "callee says Q.850;cause=16\n"));
	office_done(&o);

	o = office_two();
	o.desk->answer_ms = o.mobile->answer_ms = -1;
	a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	snprintf(o.ann->says_cancel, sizeof(o.ann->says_cancel), "%s",
		 "SIP;cause=200;text=\"Call completed elsewhere\"");
	phone_cancel(a);
	sim_until(o.s, 5, phone_last(o.desk)->cancels && phone_last(o.mobile)->cancels);
	assert_string_equal(phone_last(o.desk)->reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
	assert_string_equal(phone_last(o.mobile)->reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
	row = sim_assert_row(o.s, 487, "cancelled", "caller");
	assert_non_null(strstr(row.trace, "caller says SIP;cause=200"));
	office_done(&o);
}

static void test_reason_of_refusal(void **state)
{
	struct office o = office_tls();
	o.desk->status = 486;
	o.desk->answer_ms = 100;
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Reason: Q.850;cause=17;text=\"User busy\"\r\n");
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	struct sim_row row = sim_assert_row(o.s, 486, "busy", "callee");
	assert_non_null(strstr(row.trace, "device refused: 486, says Q.850;cause=17;text=\"User busy\"\n"));
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_followed),          cmocka_unit_test(test_not_followed),
		cmocka_unit_test(test_several),           cmocka_unit_test(test_loop_and_chain),
		cmocka_unit_test(test_time_and_absence),  cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_reason_of_bye),     cmocka_unit_test(test_reason_of_callee_and_cancel),
		cmocka_unit_test(test_reason_of_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
