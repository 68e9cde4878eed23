/* Transfers by REFER: blind and attended, and those that are not allowed or fail */
#include "sim/office.h"

/* Ann (10), Bob (20, desk and mobile), and Eve (30) and Fay (40), who answer when told to. */
struct company {
	struct office o;
	struct sim_phone *eve, *fay;
	struct phone_call *a, *b; /* Ann has called Bob's desk phone, and they speak */
};

static struct sim_phone *colleague(struct office *o, const char *extension, enum sip_transport transport)
{
	char username[32];
	bool plain = transport == SIP_UDP;
	snprintf(username, sizeof(username), "acme-%s-desk", extension);
	sim_add_device(o->s, &(struct sim_person){"acme", extension, "desk", "secret", SIP_DIGEST_MD5, plain});
	struct sim_phone *p = phone_new(o->s, username, "secret", transport);
	phone_registered(p);
	return p;
}

static struct company company_of(struct office o)
{
	struct company c = {.o = o};
	c.eve = colleague(&c.o, "30", o.ann->transport);
	c.fay = colleague(&c.o, "40", o.ann->transport);
	c.eve->answer_ms = c.fay->answer_ms = 500;
	office_talk(&c.o, &c.a, &c.b);
	return c;
}

static struct company company(void)
{
	return company_of(office_tls());
}

/* Sent; the answer is in call->reinvite_status. */
static void refer(struct phone_call *call, const char *to, const char *extra)
{
	char fields[800];
	snprintf(fields, sizeof(fields), "Refer-To: %s\r\nContact: <sip:x@198.51.100.9>\r\n%s", to, extra);
	phone_send_in_dialog(call, SIP_REFER, fields);
}

static void refer_to_dialog(struct phone_call *call, const char *extension, const struct phone_call *other,
			    const char *extra)
{
	char to[500];
	snprintf(to, sizeof(to), "<sip:%s@acme.example?Replaces=%.*s%%3Bto-tag%%3D%.*s%%3Bfrom-tag%%3D%.*s%s>",
		 extension, SLICE_ARG(other->dialog.call_id), SLICE_ARG(other->dialog.remote_tag),
		 SLICE_ARG(other->dialog.local_tag), extra);
	refer(call, to, "");
}

static void assert_refused(struct company *c, struct phone_call *call, unsigned status)
{
	sim_until(c->o.s, 5, call->reinvite_status);
	assert_int_equal(call->reinvite_status, status);
	sim_run(c->o.s, SECOND_US);
	assert_true(c->a->up && c->b->up && !c->a->ended && !c->b->ended);
	assert_true(voice_flows(c->a, c->b));
	assert_string_equal(call->phone->fragments, "");
}

static struct sim_row row_from_to(struct sim *s, const char *from, const char *to)
{
	struct sim_row rows[8];
	size_t n = sim_rows(s, rows, ARRAY_LEN(rows));
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].from, from) == 0 && strcmp(rows[i].to, to) == 0)
			return rows[i];
	fail_msg("no row from %s to %s", from, to);
	return rows[0];
}

static void over(struct company *c)
{
	sim_run(c->o.s, 3 * SECOND_US);
	office_done(&c->o);
}

/* ---- blind ---- */

/* Either side may: who is left keeps its call, and speaks with the target. */
static void test_blind(void **state)
{
	for (unsigned by_callee = 0; by_callee < 2; by_callee++) {
		struct company c = company();
		struct phone_call *by = by_callee ? c.b : c.a, *left = by_callee ? c.a : c.b;
		assert_int_equal(sim_speaking(c.o.s), 2);
		refer(by, "<sip:30@acme.example>", "Referred-By: <sip:boss@evil.example>\r\n");
		sim_until(c.o.s, 5, phone_last(c.eve)->up);
		assert_int_equal(by->reinvite_status, 202);
		sim_run(c.o.s, SECOND_US);
		assert_string_equal(by->phone->fragments, " 100 180 200");
		struct phone_call *e = phone_last(c.eve);
		assert_true(voice_flows(left, e));
		assert_int_equal(sim_speaking(c.o.s), 3); /* who transferred has not hung up */
		assert_int_equal(left->reinvites + left->updates, 0);
		assert_true(has(c.eve->last_invite,
				by_callee ? "<sip:10@acme.example>;tag=" : "<sip:20@acme.example>;tag="));
		/* Who referred is known, whatever it says of itself. */
		assert_true(has(c.eve->last_invite,
				by_callee ? "<sip:20@acme.example>\r\nAllow" : "<sip:10@acme.example>\r\nAllow"));
		/* It does not hang up: we do, in the end. */
		assert_false(by->ended);
		sim_until(c.o.s, 3, by->ended);
		assert_int_equal(by->byes, 1);
		assert_int_equal(sim_speaking(c.o.s), 2);
		sim_run(c.o.s, 2 * SECOND_US);
		assert_false(left->ended || e->ended);
		phone_hang_up(e);
		sim_until(c.o.s, 3, left->ended);
		sim_run(c.o.s, SECOND_US);

		struct sim_row first = row_from_to(c.o.s, "10", "20");
		assert_string_equal(first.cause, "transferred");
		assert_string_equal(first.ended_by, by_callee ? "callee" : "caller");
		assert_int_equal(first.status, 200);
		struct sim_row second = row_from_to(c.o.s, by_callee ? "10" : "20", "30");
		assert_string_equal(second.cause, "answered");
		assert_string_equal(second.ended_by, "callee");
		assert_int_equal(second.status, 200);
		assert_string_equal(second.a_device, by_callee ? "acme-10-desk" : "acme-20-desk");
		assert_string_equal(second.b_device, "acme-30-desk");
		assert_true(
			has(second.trace, by_callee ? "transferred by 20 out of call " : "transferred by 10 out of"));
		assert_true(has(second.trace, first.id) && has(first.trace, second.id));
		/* Who spoke with whom, when: one ends as the other is answered. */
		assert_int_equal(first.ended_us, second.answered_us);
		assert_true(second.started_us > first.answered_us && second.answered_us < second.ended_us);
		over(&c);
	}
}

/* A phone that hangs up as soon as it may has its wish all the same. */
static void test_hangs_up_at_once(void **state)
{
	struct company c = company();
	refer(c.b, "<sip:30@acme.example>", "");
	sim_until(c.o.s, 5, c.b->reinvite_status);
	phone_hang_up(c.b);
	sim_until(c.o.s, 5, phone_last(c.eve)->up);
	sim_run(c.o.s, SECOND_US);
	assert_true(voice_flows(c.a, phone_last(c.eve)));
	assert_string_equal(row_from_to(c.o.s, "10", "20").cause, "transferred");
	phone_hang_up(c.a);
	over(&c);
}

/* The target does not want: the call goes on as it was, and the phone hears why. */
static void test_target_refuses(void **state)
{
	static const struct {
		const char *to;
		unsigned status; /* of the target; 0: it does not answer */
		const char *fragments, *cause;
	} cases[] = {
		{"sip:30@acme.example", 486, " 100 183 486", "busy"},
		{"<sip:30@192.0.2.10>", 603, " 100 180 603", "declined"},
		{"<sip:30@acme.example>", 0, " 100 180 480", "no-answer"},
		{"<tel:30>", 404, " 100 180 480", "refused"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (unsigned by_callee = 0; by_callee < 2; by_callee++) {
			struct company c = company();
			struct phone_call *by = by_callee ? c.b : c.a;
			c.eve->status = cases[i].status;
			c.eve->early = i == 0; /* it was heard already */
			if (!cases[i].status)
				c.eve->answer_ms = -1;
			refer(by, cases[i].to, "");
			sim_until(c.o.s, 30, strlen(by->phone->fragments) == 12);
			assert_string_equal(by->phone->fragments, cases[i].fragments);
			sim_run(c.o.s, 3 * SECOND_US);
			assert_false(c.a->ended || c.b->ended);
			assert_true(voice_flows(c.a, c.b));
			/* And once more, to somebody who wants; its NOTIFYs tell them apart (RFC 3515 §2.4.6). */
			by->phone->fragments[0] = 0;
			refer(by, "<sip:40@acme.example>", "");
			sim_until(c.o.s, 5, phone_last(c.fay)->up);
			sim_run(c.o.s, SECOND_US);
			assert_true(has(by->phone->last_request, "Event: refer;id="));
			phone_hang_up(phone_last(c.fay));
			sim_run(c.o.s, 5 * SECOND_US);
			assert_string_equal(row_from_to(c.o.s, by_callee ? "10" : "20", "30").cause, cases[i].cause);
			assert_true(has(row_from_to(c.o.s, "10", "20").trace, "transfer failed: "));
			over(&c);
		}
	}
}

/* Who is transferred hangs up while the target rings. */
static void test_transferee_gives_up(void **state)
{
	struct company c = company();
	c.eve->answer_ms = -1;
	refer(c.b, "<sip:30@acme.example>", "");
	sim_until(c.o.s, 5, phone_last(c.eve)->used && has(c.o.desk->fragments, "180"));
	sim_run(c.o.s, SECOND_US);
	phone_hang_up(c.a);
	sim_until(c.o.s, 5, c.b->ended);
	sim_run(c.o.s, SECOND_US);
	assert_string_equal(c.o.desk->fragments, " 100 180 487");
	assert_int_equal(phone_last(c.eve)->cancels, 1);
	struct sim_row row = row_from_to(c.o.s, "10", "30");
	assert_string_equal(row.cause, "cancelled");
	assert_string_equal(row.ended_by, "caller");
	assert_int_equal(row.status, 487);
	assert_string_equal(row_from_to(c.o.s, "10", "20").cause, "answered");
	over(&c);
}

/* Does what this phone says go anywhere? */
static bool is_heard(const struct phone_call *call)
{
	const char *line = strstr(call->remote, "m=audio ");
	assert_non_null(line);
	unsigned long port = strtoul(line + strlen("m=audio "), NULL, 10);
	const struct voice_stream *v = voice_at(call->phone->sim->media, (uint16_t)port);
	return v && v->peer;
}

/* While the target rings the other one still hears the first; then, where the target says something early, that. */
static void test_what_is_heard(void **state)
{
	for (unsigned early = 0; early < 2; early++) {
		struct company c = company();
		c.eve->answer_ms = 3000;
		c.eve->early = early;
		refer(c.b, "<sip:30@acme.example>", "");
		sim_run(c.o.s, SECOND_US);
		struct phone_call *e = phone_last(c.eve);
		assert_int_equal(voice_flows(c.a, c.b), !early);
		assert_int_equal(voice_flows(c.a, e), early);
		assert_int_equal(is_heard(c.b), !early);
		/* The one moves meanwhile; the other is still on hold, or hears the target. */
		c.o.ann->attributes = "a=sendonly\r\n";
		phone_reinvite(c.a, false);
		sim_until(c.o.s, 5, c.a->reinvite_status);
		assert_int_equal(voice_flows(c.a, early ? e : c.b), 1);
		sim_until(c.o.s, 5, e->up);
		sim_run(c.o.s, SECOND_US);
		assert_true(voice_flows(c.a, e));
		assert_false(is_heard(c.b));
		phone_hang_up(c.a);
		over(&c);
	}
}

/* Another codec: who is transferred is asked for it. */
static void test_other_codec(void **state)
{
	struct company c = {.o = office_tls()};
	c.eve = colleague(&c.o, "30", SIP_TLS);
	c.o.desk->codecs = "0 101";
	c.eve->codecs = "8 101";
	c.eve->answer_ms = 500;
	office_talk(&c.o, &c.a, &c.b);
	refer(c.b, "<sip:30@acme.example>", "");
	sim_until(c.o.s, 5, phone_last(c.eve)->up && c.a->reinvites == 1);
	sim_run(c.o.s, SECOND_US);
	assert_true(voice_flows(c.a, phone_last(c.eve)));
	phone_hang_up(c.a);
	over(&c);
}

/* RFC 4488: it does not want to hear. Or it does not take what it hears. */
static void test_nobody_listens(void **state)
{
	for (unsigned silent = 0; silent < 2; silent++) {
		struct company c = company();
		c.o.desk->notify_status = 481;
		refer(c.b, "<sip:30@acme.example>",
		      silent ? "Require: norefersub\r\nRefer-Sub: false\r\nSupported: norefersub\r\n" : "");
		sim_until(c.o.s, 5, phone_last(c.eve)->up);
		assert_int_equal(has(c.o.desk->last_response, "\r\nRefer-Sub: false\r\n"), silent);
		sim_until(c.o.s, 5, c.b->ended);
		assert_string_equal(c.o.desk->fragments, silent ? "" : " 100");
		assert_true(voice_flows(c.a, phone_last(c.eve)));
		phone_hang_up(c.a);
		over(&c);
	}
}

/* ---- not allowed ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *to, *extra;
		unsigned status;
	} cases[] = {
		{"<sip:99@acme.example>", "", 404},
		{"<sip:30@evil.example>", "", 404},
		{"<sip:+49301234@acme.example>", "", 404}, /* no operator */
		{"<sip:acme.example>", "", 404},
		{"<http://acme.example/30>", "", 416},
		{"<sip:10@acme.example>", "", 403}, /* itself */
		{"<sip:30@acme.example;method=BYE>", "", 403},
		{"<sip:30@acme.example?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>", "", 404},
		{"<sip:30@acme.example?Replaces=a%3Bto-tag%3D1>", "", 400},
		{"<sip:30@acme.example>, <sip:40@acme.example>", "", 400},
		{"nonsense", "", 400},
		{"<sip:30@acme.example>", "Refer-Sub: maybe\r\n", 400},
		{"<sip:30@acme.example>", "Referred-By: <nonsense\r\n", 400},
		{"<sip:30@acme.example>", "Require: multiple-refer\r\n", 420},
		{"<sip:30@acme.example>", "Replaces: a;to-tag=1;from-tag=2\r\n", 400},
	};
	struct company c = company();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		refer(c.b, cases[i].to, cases[i].extra);
		assert_refused(&c, c.b, cases[i].status);
	}
	phone_send_in_dialog(c.b, SIP_REFER, ""); /* without Refer-To */
	assert_refused(&c, c.b, 400);
	assert_int_equal(c.eve->got[SIP_INVITE], 0);
	phone_hang_up(c.a);
	over(&c);
}

/* One at a time. */
static void test_one_at_a_time(void **state)
{
	struct company c = company();
	c.eve->answer_ms = -1;
	refer(c.b, "<sip:30@acme.example>", "");
	sim_until(c.o.s, 5, has(c.o.desk->fragments, "180"));
	refer(c.b, "<sip:40@acme.example>", "");
	sim_until(c.o.s, 5, c.b->reinvite_status);
	assert_int_equal(c.b->reinvite_status, 491);
	refer(c.a, "<sip:40@acme.example>", "");
	sim_until(c.o.s, 5, c.a->reinvite_status);
	assert_int_equal(c.a->reinvite_status, 491);
	assert_int_equal(c.fay->got[SIP_INVITE], 0);
	phone_hang_up(c.a);
	over(&c);
}

/* Outside a call nobody is called because somebody says so, whoever it is; and nobody is even asked for a password. */
static void test_outside_a_dialog(void **state)
{
	struct company c = company();
	struct sim_phone *guest = phone_new(c.o.s, "acme-66-desk", "guess", SIP_TLS);
	struct sim_phone *from[] = {guest, c.eve};
	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		static const char text[] = "REFER sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/TLS "
					   "198.51.100.9:5061;branch=z9hG4bKrefer%zu\r\nFrom: "
					   "<sip:10@acme.example>;tag=x\r\nTo: <sip:20@acme.example>%s\r\nCall-ID: "
					   "refer%zu\r\nCSeq: 1 REFER\r\nRefer-To: <sip:30@acme.example>\r\n"
					   "Content-Length: 0\r\n\r\n";
		char buf[600];
		snprintf(buf, sizeof(buf), text, i, "", i);
		phone_send_raw(from[i], slice_from_string(buf));
		sim_until(c.o.s, 5, from[i]->statuses[403]);
		snprintf(buf, sizeof(buf), text, i + 10, ";tag=1-2-00000000000000ff", i);
		phone_send_raw(from[i], slice_from_string(buf));
		sim_until(c.o.s, 5, from[i]->statuses[481]);
	}
	assert_int_equal(c.eve->got[SIP_INVITE], 0);
	phone_hang_up(c.a);
	over(&c);
}

/* Who knows the tags of a call, and is not in it, moves nothing. */
static void test_not_your_call(void **state)
{
	struct company c = company_of(office_udp());
	char buf[1500];
	const struct sip_dialog *d = &c.b->dialog;
	snprintf(buf, sizeof(buf),
		 "REFER sip:alto@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bKmine\r\nFrom: "
		 "<sip:20@acme.example>;tag=%.*s\r\nTo: <sip:10@acme.example>;tag=%.*s\r\nCall-ID: %.*s\r\nCSeq: 900 "
		 "REFER\r\nRefer-To: <sip:30@acme.example>\r\nContent-Length: 0\r\n\r\n",
		 SLICE_ARG(d->local_tag), SLICE_ARG(d->remote_tag), SLICE_ARG(d->call_id));
	phone_send_raw(c.fay, slice_from_string(buf));
	sim_until(c.o.s, 5, c.fay->statuses[401]);
	sim_run(c.o.s, SECOND_US);
	assert_int_equal(c.eve->got[SIP_INVITE], 0);
	assert_true(voice_flows(c.a, c.b));
	phone_hang_up(c.a);
	over(&c);
}

/* To one's own number: the other devices ring, not the one that asks. */
static void test_to_own_mobile(void **state)
{
	struct company c = company_of(office_two());
	c.o.mobile->answer_ms = 500;
	unsigned rung = c.o.desk->got[SIP_INVITE];
	phone_send_in_dialog(c.b, SIP_OPTIONS, ""); /* nothing else is under way */
	sim_until(c.o.s, 5, c.b->reinvite_status);
	refer(c.b, "<sip:20@acme.example>", "");
	sim_until(c.o.s, 5, phone_last(c.o.mobile)->up);
	sim_run(c.o.s, SECOND_US);
	assert_int_equal(c.o.desk->got[SIP_INVITE], rung);
	assert_true(voice_flows(c.a, phone_last(c.o.mobile)));
	phone_hang_up(c.a);
	over(&c);
}

/* Two machines that send a call to each other: an end comes, and the call stays where it was then. */
static void test_ring_of_transfers(void **state)
{
	struct company c = company();
	struct sim_phone *machines[] = {c.eve, c.fay};
	struct phone_call *now = c.b;
	unsigned done = 0;
	for (;;) {
		refer(now, done % 2 ? "<sip:40@acme.example>" : "<sip:30@acme.example>", "");
		sim_until(c.o.s, 5, now->reinvite_status);
		if (now->reinvite_status != 202)
			break;
		struct sim_phone *next = machines[done++ % 2];
		sim_until(c.o.s, 5, phone_last(next)->up && !phone_last(next)->ended);
		sim_run(c.o.s, 5 * SECOND_US);
		now = phone_last(next);
	}
	assert_int_equal(now->reinvite_status, 403);
	assert_int_equal(done, TRANSFERS_MAX);
	assert_true(voice_flows(c.a, now));
	phone_hang_up(c.a);
	over(&c);
}

/* ---- attended ---- */

static struct phone_call *consult(struct company *c, struct sim_phone *by, struct sim_phone *whom)
{
	struct phone_call *second = phone_dial(by, whom->extension);
	sim_until(c->o.s, 5, second->up && phone_last(whom)->up);
	sim_run(c->o.s, SECOND_US);
	assert_true(voice_flows(second, phone_last(whom)));
	return second;
}

static void test_attended(void **state)
{
	for (unsigned by_callee = 0; by_callee < 2; by_callee++) {
		struct company c = company();
		struct phone_call *by = by_callee ? c.b : c.a, *left = by_callee ? c.a : c.b;
		struct phone_call *second = consult(&c, by->phone, c.eve), *e = phone_last(c.eve);
		refer_to_dialog(by, "30", second, "&Require=replaces");
		sim_until(c.o.s, 5, second->ended && has(by->phone->fragments, "200"));
		assert_int_equal(by->reinvite_status, 202);
		sim_run(c.o.s, SECOND_US);
		assert_true(voice_flows(left, e));
		assert_int_equal(left->reinvites + e->reinvites, 0);
		assert_int_equal(c.eve->got[SIP_INVITE], 1); /* it does not ring anew */
		phone_hang_up(by);
		sim_run(c.o.s, 5 * SECOND_US);
		assert_false(left->ended || e->ended);
		phone_hang_up(left);
		sim_until(c.o.s, 5, e->ended);
		sim_run(c.o.s, SECOND_US);
		struct sim_row first = row_from_to(c.o.s, "10", "20");
		struct sim_row third = row_from_to(c.o.s, by_callee ? "10" : "20", "30");
		struct sim_row rows[8];
		assert_int_equal(sim_rows(c.o.s, rows, ARRAY_LEN(rows)), 3);
		struct sim_row consulted = row_from_to(c.o.s, by->phone->extension, "30");
		assert_string_equal(first.cause, "transferred");
		assert_string_equal(consulted.cause, "transferred");
		assert_string_equal(consulted.ended_by, "caller");
		assert_string_equal(third.cause, "answered");
		assert_string_equal(third.b_device, "acme-30-desk");
		assert_int_equal(third.answered_us, first.ended_us);
		assert_int_equal(third.answered_us, consulted.ended_us);
		assert_int_equal(third.answered_us, third.started_us);
		over(&c);
	}
}

/* The target still rings: it is rung by the one who is transferred. */
static void test_half_attended(void **state)
{
	struct company c = company();
	c.eve->answer_ms = -1;
	struct phone_call *second = phone_dial(c.o.desk, "30");
	sim_until(c.o.s, 5, second->rang);
	c.eve->answer_ms = 500;
	refer_to_dialog(c.b, "30", second, "");
	sim_until(c.o.s, 5, second->ended && phone_last(c.eve)->up);
	assert_int_equal(second->status, 487);
	sim_run(c.o.s, SECOND_US);
	assert_true(voice_flows(c.a, phone_last(c.eve)));
	assert_true(has(c.eve->last_invite, "<sip:10@acme.example>;tag="));
	assert_string_equal(row_from_to(c.o.s, "20", "30").cause, "transferred");
	phone_hang_up(c.a);
	over(&c);
}

/* Somebody else's dialog, the call itself, one that must still ring; nothing of it happens. */
static void test_attended_refused(void **state)
{
	struct company c = company();
	struct phone_call *second = consult(&c, c.eve, c.fay);
	refer_to_dialog(c.b, "40", second, "");
	assert_refused(&c, c.b, 404);
	refer_to_dialog(c.b, "10", c.b, "");
	assert_refused(&c, c.b, 404);
	phone_hang_up(second);
	sim_run(c.o.s, SECOND_US);
	second = consult(&c, c.o.desk, c.eve);
	refer_to_dialog(c.b, "30", second, "%3Bearly-only");
	assert_refused(&c, c.b, 486);
	assert_true(voice_flows(second, phone_last(c.eve)));
	phone_hang_up(second);
	phone_hang_up(c.a);
	over(&c);
}

/* ---- from and to the outside ---- */

#define NUMBER "+33142685300"
#define OUTSIDE "+33611223344"

/* An operator; Bob has the company's number, by which the outside calls him. */
static struct sim_phone *operator_of(struct office *o)
{
	struct sim_phone *op = phone_new(o->s, "operator-" OUTSIDE, "", SIP_UDP);
	char host[32];
	struct writer w = writer_on(host, sizeof(host) - 1);
	write_address(&w, &op->address);
	host[w.n] = 0;
	sim_add_trunk(o->s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = host, .plain_rtp = true});
	sim_set_number(o->s, "acme", NUMBER, "20");
	op->answer_ms = 500;
	return op;
}

/* Somebody outside has called Bob, is sent to a colleague, and from there back to the outside, by Eve's right. */
static void test_outside(void **state)
{
	struct company c = {.o = office_udp()};
	struct sim_phone *op = operator_of(&c.o);
	c.eve = colleague(&c.o, "30", SIP_UDP);
	c.eve->answer_ms = c.o.desk->answer_ms = 500;
	struct phone_call *a = phone_dial(op, NUMBER);
	sim_until(c.o.s, 10, a->up && phone_last(c.o.desk)->up);
	sim_run(c.o.s, SECOND_US);
	/* The operator's wish costs others money. */
	refer(a, "<sip:30@acme.example>", "");
	sim_until(c.o.s, 5, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 403);

	refer(phone_last(c.o.desk), "<sip:30@acme.example>", "");
	sim_until(c.o.s, 5, phone_last(c.eve)->up);
	sim_run(c.o.s, 5 * SECOND_US);
	assert_true(voice_flows(a, phone_last(c.eve)));
	assert_true(has(c.eve->last_invite, "From: <sip:" OUTSIDE "@acme.example>;"));
	assert_true(has(c.eve->last_invite, "<sip:20@acme.example>\r\nAllow"));

	refer(phone_last(c.eve), "<sip:0033199887766@acme.example>", "");
	sim_until(c.o.s, 5, phone_last(op) != a && phone_last(op)->up);
	sim_run(c.o.s, 5 * SECOND_US);
	assert_true(voice_flows(a, phone_last(op)));
	/* The company answers for it, by its own number, and says nothing of its people. */
	assert_true(has(op->last_invite, "INVITE sip:+33199887766@"));
	assert_true(has(op->last_invite, "From: <sip:" NUMBER "@"));
	assert_false(has(op->last_invite, "Referred-By"));
	phone_hang_up(a);
	sim_run(c.o.s, SECOND_US);
	struct sim_row row = row_from_to(c.o.s, OUTSIDE, "+33199887766");
	assert_string_equal(row.a_trunk, "acme-op");
	assert_string_equal(row.b_trunk, "acme-op");
	assert_string_equal(row.tenant, "acme");
	assert_true(has(row.trace, "transferred by 30 out of call "));
	assert_string_equal(row_from_to(c.o.s, OUTSIDE, "30").cause, "transferred");
	sim_run(c.o.s, 40 * SECOND_US);
	office_done(&c.o);
}

/* Each company has its own row of a call between two, which would not fit any more. */
static void test_between_companies(void **state)
{
	struct company c = company();
	sim_add_device(c.o.s, &(struct sim_person){"other", "10", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *other = phone_new(c.o.s, "other-10-desk", "secret", SIP_TLS);
	phone_registered(other);
	sim_set_number(c.o.s, "other", "+4930123456", "10");
	sim_set_number(c.o.s, "acme", NUMBER, "40");
	/* One's own call may go there. */
	other->answer_ms = 500;
	refer(c.b, "<tel:+4930123456>", "");
	sim_until(c.o.s, 5, phone_last(other)->up);
	sim_run(c.o.s, 3 * SECOND_US);
	struct phone_call *o = phone_last(other);
	assert_true(voice_flows(c.a, o));
	assert_false(has(other->last_invite, "Referred-By"));
	assert_true(has(other->last_invite, "From: <sip:" NUMBER "@other.example>"));
	/* From there on it stays where it is. */
	struct phone_call *both[] = {c.a, o};
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		refer(both[i], "<sip:30@acme.example>", "");
		sim_until(c.o.s, 5, both[i]->reinvite_status);
		assert_int_equal(both[i]->reinvite_status, 403);
	}
	assert_true(voice_flows(c.a, o));
	phone_hang_up(c.a);
	over(&c);
}

/* ---- bad weather ---- */

/* A worker that is too busy to be told is told later. */
static void test_busy_worker(void **state)
{
	for (unsigned busy = 1; busy <= 4; busy++) {
		struct company c = company();
		refer(c.b, "<sip:30@acme.example>", "");
		sim_until(c.o.s, 5, has(c.o.desk->fragments, "180"));
		voice_busy(c.o.s->media, busy);
		sim_until(c.o.s, 5, phone_last(c.eve)->up);
		sim_run(c.o.s, 3 * SECOND_US);
		assert_true(voice_flows(c.a, phone_last(c.eve)));
		assert_true(c.b->ended);
		phone_hang_up(c.a);
		over(&c);
	}
}

/* A transfer with one allocation failing while one message is handled. *ret_met: there was such an allocation. */
static unsigned transfer_without(bool attended, unsigned message, unsigned allocation, bool *ret_met)
{
	struct company c = company_of(office_udp());
	struct phone_call *second = attended ? consult(&c, c.o.ann, c.eve) : NULL;
	unsigned before = c.o.s->messages;
	c.o.s->poor_message = before + message;
	c.o.s->poor_allocation = allocation;
	if (second)
		refer_to_dialog(c.a, "30", second, "");
	else
		refer(c.a, "<sip:30@acme.example>", "");
	sim_run(c.o.s, 5 * SECOND_US);
	*ret_met = c.o.s->poor_met;
	unsigned messages = c.o.s->messages - before;
	/* Whoever is still in a call speaks with somebody, and it ends. */
	struct phone_call *calls[] = {c.a, second, c.b, phone_last(c.eve)};
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i] && calls[i]->up && !calls[i]->ended)
			phone_hang_up(calls[i]);
	sim_run(c.o.s, 100 * SECOND_US);
	struct sim_row rows[4];
	size_t n = sim_rows(c.o.s, rows, ARRAY_LEN(rows));
	assert_in_range(n, 1, 3);
	for (size_t i = 0; i < n; i++)
		assert_true(rows[i].ended_us && rows[i].cause[0]);
	office_done(&c.o);
	return messages;
}

static void test_no_memory(void **state)
{
	for (unsigned attended = 0; attended < 2; attended++) {
		bool met;
		unsigned failures = 0, messages = transfer_without(attended, 0, 1, &met);
		for (unsigned message = 1; message <= messages; message++) {
			met = true;
			for (unsigned n = 1; met; n++) {
				transfer_without(attended, message, n, &met);
				failures += met;
			}
		}
		assert_in_range(failures, 5, 500);
		print_message("%u: %u allocations failed, in %u messages\n", attended, failures, messages);
	}
}

static void test_in_bad_weather(void **state)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct sim *s = sim_new_plain(seed);
		struct office o = office_on(s, SIP_UDP, true);
		phone_registered(o.ann);
		phone_registered(o.desk);
		struct company c = company_of(o);
		s->weather = (struct sim_weather){5, 5, 10 * MS_US, 60 * MS_US};
		bool attended = seed % 2;
		struct phone_call *second = attended ? phone_dial(c.o.ann, "30") : NULL;
		if (second)
			sim_until(s, 40, second->up && phone_last(c.eve)->up);
		do { /* 491 while an ACK is still on its way */
			if (second)
				refer_to_dialog(c.a, "30", second, "");
			else
				refer(c.a, "<sip:30@acme.example>", "");
			sim_until(s, 40, c.a->reinvite_status);
		} while (c.a->reinvite_status == 491);
		assert_int_equal(c.a->reinvite_status, 202);
		sim_until(s, 60, phone_last(c.eve)->up && c.a->ended);
		sim_run(s, 40 * SECOND_US);
		assert_false(c.b->ended || phone_last(c.eve)->ended);
		assert_true(voice_flows(c.b, phone_last(c.eve)));
		assert_true(has(c.o.ann->fragments, "200"));
		phone_hang_up(c.b);
		sim_run(s, 40 * SECOND_US);
		office_done(&c.o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blind),
		cmocka_unit_test(test_hangs_up_at_once),
		cmocka_unit_test(test_target_refuses),
		cmocka_unit_test(test_transferee_gives_up),
		cmocka_unit_test(test_what_is_heard),
		cmocka_unit_test(test_other_codec),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_outside_a_dialog),
		cmocka_unit_test(test_not_your_call),
		cmocka_unit_test(test_to_own_mobile),
		cmocka_unit_test(test_ring_of_transfers),
		cmocka_unit_test(test_attended),
		cmocka_unit_test(test_half_attended),
		cmocka_unit_test(test_attended_refused),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_between_companies),
		cmocka_unit_test(test_busy_worker),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_in_bad_weather),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
