/* Keys pressed in a call and told by INFO: taken or refused, and told on the other leg in the way that it has */
#include "sim/office.h"

#include "call/info.h"

static struct voice_stream *stream_told(struct phone_call *c)
{
	const char *m = strstr(c->remote, "m=audio ");
	assert_non_null(m);
	return voice_at(c->phone->sim->media, (uint16_t)strtol(m + 8, NULL, 10));
}

/* An INFO, and its answer. */
static void assert_info(struct phone_call *c, const char *fields, const char *body, unsigned status, const char *says)
{
	phone_send_body(c, SIP_INFO, fields, slice_from_string(body));
	sim_until(c->phone->sim, 5, c->reinvite_status);
	assert_int_equal(c->reinvite_status, status);
	if (!strstr(c->phone->last_response, says))
		fail_msg("%s: %s", body, c->phone->last_response);
}

static void press(struct phone_call *c, char key)
{
	char body[64];
	snprintf(body, sizeof(body), "Signal=%c\r\nDuration=160\r\n", key);
	assert_info(c, "Content-Type: application/dtmf-relay\r\n", body, 200, "Content-Length: 0\r\n");
}

static void over(struct office *o, struct phone_call *a, const char *trace)
{
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o->s, 200, "answered", "caller");
	const char *lost = strstr(row.trace, "digit");
	if (trace)
		assert_non_null(strstr(row.trace, trace));
	else
		assert_null(lost);
	if (lost) /* said once, whatever follows */
		assert_null(strstr(lost + 1, "digit"));
	office_done(o);
}

/* Bob's phone speaks no telephone-event; its Allow is the test's. */
static struct office office_without_events(const char *allow)
{
	struct office o = office_udp();
	o.desk->codecs = "8 0";
	snprintf(o.desk->says, sizeof(o.desk->says), "%s", allow);
	return o;
}

#define ALLOWS_INFO "Allow: INVITE, ACK, BYE, CANCEL, INFO\r\n"

/* ---- in the voice ---- */

static void test_as_events(void **state)
{
	static const struct {
		const char *type, *body;
		unsigned event, ms;
	} cases[] = {
		{"application/dtmf-relay", "Signal=5\r\nDuration=160", 5, 160},
		{"Application/DTMF-Relay;charset=utf-8", "Signal= *\r\nDuration= 100\r\n", 10, 100},
		{"application/dtmf", "#", 11, 250},
		{"application/dtmf-relay\r\nContent-Disposition: signal;handling=required", "Signal=D", 15, 250},
		{"application/dtmf-relay\r\nContent-Encoding: identity", "Signal=0", 0, 250},
	};
	for (unsigned way = 0; way < 4; way++) {
		struct office o = way & 1 ? office_tls() : office_udp();
		struct phone_call *a, *b;
		snprintf(o.desk->says, sizeof(o.desk->says), ALLOWS_INFO); /* but it has events */
		office_talk(&o, &a, &b);
		struct phone_call *from = way & 2 ? b : a, *to = way & 2 ? a : b;
		struct voice_stream *heard = stream_told(to);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			char fields[128];
			snprintf(fields, sizeof(fields), "Content-Type: %s\r\n", cases[i].type);
			assert_info(from, fields, cases[i].body, 200, "Content-Length: 0\r\n");
			assert_int_equal(heard->digit_count, i + 1);
			assert_int_equal(heard->digits[i].event, cases[i].event);
			assert_int_equal(heard->digits[i].payload, 101);
			assert_int_equal(heard->digits[i].duration_ms, cases[i].ms);
		}
		assert_int_equal(stream_told(from)->digit_count, 0);
		assert_int_equal(o.ann->got[SIP_INFO] + o.desk->got[SIP_INFO], 0);
		assert_int_equal(o.s->sb->digits_passed.value, ARRAY_LEN(cases));
		over(&o, a, NULL);
	}
}

/* Of several the one at the codec's clock, so that the stream keeps one (RFC 4733 §2.1); any where none fits. */
static void test_clock(void **state)
{
	static const struct {
		const char *codecs;
		unsigned payload;
	} cases[] = {{"96 101 102", 102}, {"8 102 101", 101}, {"102 101 8", 101}, {"96 101", 101}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct office o = office_udp();
		struct phone_call *a, *b;
		o.ann->codecs = o.desk->codecs = cases[i].codecs;
		office_talk(&o, &a, &b);
		press(a, '1');
		assert_int_equal(stream_told(b)->digits[0].payload, cases[i].payload);
		over(&o, a, NULL);
	}
}

/* Who holds hears nothing, and is told nothing; afterwards it is again. */
static void test_held(void **state)
{
	static const char *const directions[] = {"a=sendonly\r\n", "a=inactive\r\n"};
	for (size_t i = 0; i < ARRAY_LEN(directions); i++) {
		struct office o = office_udp();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		o.desk->attributes = directions[i];
		phone_reinvite(b, false);
		sim_until(o.s, 5, b->reinvite_status == 200);
		press(a, '1');
		assert_int_equal(stream_told(b)->digit_count, 0);
		press(b, '2'); /* who holds may press: the other side listens */
		assert_int_equal(stream_told(a)->digit_count, 1);
		o.desk->attributes = "";
		phone_reinvite(b, false);
		sim_until(o.s, 5, b->reinvite_status == 200);
		press(a, '3');
		assert_int_equal(stream_told(b)->digits[0].event, 3);
		assert_true(o.s->sb->digits_lost.value == 1 && o.s->sb->digits_passed.value == 2);
		over(&o, a, "a digit of the caller is lost: the other side holds the call\n");
	}
}

/* Before the answer: to a menu that speaks early, and from it; without early voice there is nobody. */
static void test_early(void **state)
{
	for (unsigned early = 0; early < 2; early++) {
		struct office o = office_udp();
		o.desk->early = early;
		o.desk->answer_ms = 2000;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->rang);
		struct phone_call *b = phone_last(o.desk);
		press(a, '4');
		press(b, '6');
		if (early) {
			assert_int_equal(stream_told(b)->digits[0].event, 4);
			assert_int_equal(stream_told(a)->digits[0].event, 6);
		}
		assert_int_equal(o.s->sb->digits_passed.value, early ? 2 : 0);
		assert_int_equal(o.s->sb->digits_lost.value, early ? 0 : 2);
		sim_until(o.s, 10, a->up && b->up);
		sim_run(o.s, 100 * MS_US);
		press(a, '5');
		assert_int_equal(stream_told(b)->digits[early].event, 5);
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
		assert_int_equal(strstr(row.trace, "a digit of the caller is lost: nobody hears it yet\n") == NULL,
				 early);
		office_done(&o);
	}
}

/* The stream's worker is busy: the digit would come too late. */
static void test_busy(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	voice_busy(o.s->media, 1);
	press(a, '1');
	press(a, '2');
	assert_true(stream_told(b)->digit_count == 1 && stream_told(b)->digits[0].event == 2);
	over(&o, a, "a digit of the caller is lost: voice cannot be sent\n");
}

/* ---- by INFO ---- */

/* One at a time, so that they arrive in order, whatever the network does. */
static void test_as_info(void **state)
{
	for (unsigned bad = 0; bad < 2; bad++) {
		struct office o = office_without_events(ALLOWS_INFO);
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		if (bad)
			o.s->weather = (struct sim_weather){.loss_percent = 20,
							    .double_percent = 20,
							    .least_us = 5 * MS_US,
							    .most_us = 200 * MS_US};
		for (const char *key = "0123456789*#ABCD"; *key; key++) {
			char body[64];
			snprintf(body, sizeof(body), "Signal=%c\r\nDuration=90\r\n", *key);
			a->reinvite_status = 0;
			phone_send_body(a, SIP_INFO, "Content-Type: application/dtmf-relay\r\n",
					slice_from_string(body));
			if (bad) /* each has arrived before the next leaves the phone */
				sim_until(o.s, 40, a->reinvite_status);
			else
				sim_run(o.s, 2 * MS_US);
		}
		sim_until(o.s, 60, strlen(o.desk->keys) == 16);
		o.s->weather = (struct sim_weather){0};
		assert_string_equal(o.desk->keys, "0123456789*#ABCD");
		assert_non_null(strstr(o.desk->last_request, "\r\nContent-Type: application/dtmf-relay\r\n"));
		assert_non_null(strstr(o.desk->last_request, "\r\n\r\nSignal=D\r\nDuration=90\r\n"));
		assert_int_equal(stream_told(b)->digit_count, 0);
		sim_run(o.s, 40 * SECOND_US);
		over(&o, a, NULL);
	}
}

/* Its Allow was wrong: nothing more goes there. Other refusals are of that one digit. */
static void test_refused_by_peer(void **state)
{
	static const struct {
		unsigned status;
		const char *keys;
	} cases[] = {{405, "1"}, {415, "1"}, {501, "1"}, {400, "12"}, {500, "12"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct office o = office_without_events(ALLOWS_INFO);
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		o.desk->info_status = cases[i].status;
		press(a, '1');
		sim_run(o.s, SECOND_US);
		press(a, '2');
		sim_run(o.s, SECOND_US);
		assert_string_equal(o.desk->keys, cases[i].keys);
		assert_false(a->ended || b->ended);
		over(&o, a, cases[i].keys[1] ? NULL : "takes neither telephone-event nor INFO\n");
	}
}

/* As many as may wait, and one more; a call that ends meanwhile leaves nothing behind. */
static void test_bounds(void **state)
{
	struct office o = office_without_events(ALLOWS_INFO);
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.desk->info_status = 0;
	for (unsigned i = 0; i < 1 + INFO_DIGITS_MAX; i++)
		press(a, '1');
	assert_int_equal(o.s->sb->digits_lost.value, 0);
	press(a, '2');
	assert_int_equal(o.s->sb->digits_lost.value, 1);
	assert_string_equal(o.desk->keys, "1");
	over(&o, a, "a digit of the caller is lost: too many wait for the other side\n");
}

/* Who never answers: what waits is dropped when that is clear (Timer F), and the call goes on. */
static void test_no_answer(void **state)
{
	struct office o = office_without_events(ALLOWS_INFO);
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.desk->info_status = 0;
	press(a, '1');
	press(a, '2');
	sim_run(o.s, 33 * SECOND_US);
	assert_int_equal(o.s->sb->digits_lost.value, 1);
	o.desk->info_status = 200;
	press(a, '3');
	sim_run(o.s, SECOND_US);
	assert_string_equal(o.desk->keys, "13");
	assert_false(a->ended || b->ended);
	over(&o, a, NULL);
}

static void test_neither(void **state)
{
	struct office o = office_without_events("Allow: INVITE, ACK, BYE, CANCEL, INFORM\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	press(a, '7');
	press(a, '8');
	assert_int_equal(o.s->sb->digits_lost.value, 2);
	assert_int_equal(stream_told(b)->digit_count + o.desk->got[SIP_INFO], 0);
	over(&o, a, "a digit of the caller is lost: the other side takes neither telephone-event nor INFO\n");
}

/* ---- what is refused ---- */

static void test_answers(void **state)
{
	static const struct {
		const char *fields, *body;
		unsigned status;
		const char *says;
	} rows[] = {
		{"", "", 200, "Content-Length: 0\r\n"}, /* a sign of life */
		{"Content-Type: application/dtmf-relay\r\n", "", 200, ""},
		{"Content-Type: text/plain;x=y\r\nContent-Disposition: render;handling=optional\r\n", "5", 200, ""},
		{"Content-Type: application/dtmf-relay\r\n", "Signal=\r\n", 400, "400 Bad DTMF Signal\r\n"},
		{"Content-Type: application/dtmf-relay\r\n", "Duration=5\r\n", 400, "400 Missing DTMF Signal\r\n"},
		{"Content-Type: application/dtmf-relay\r\n", "5", 400, "400 Malformed DTMF Line\r\n"},
		{"Content-Type: application/dtmf\r\n", "55", 400, "400 Bad DTMF Signal\r\n"},
		{"Content-Type: application/media_control+xml\r\n", "<x/>", 415,
		 "Accept: application/dtmf-relay, application/dtmf\r\nAccept-Encoding: identity\r\n"},
		{"", "5", 415, "Accept: application/dtmf-relay, application/dtmf\r\n"},
		{"Content-Type: application/dtmf\r\nContent-Encoding: gzip\r\n", "5", 415,
		 "Accept-Encoding: identity\r\n"},
		{"Info-Package: infoDtmf\r\nContent-Type: application/dtmf\r\n", "5", 469, "\r\nRecv-Info: \r\n"},
		{"info-package: x;y=z\r\n", "", 469, "SIP/2.0 469 Bad Info Package\r\n"},
		{"Require: x\r\nContent-Type: application/dtmf\r\n", "5", 420, "Unsupported: x\r\n"},
	};
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_info(a, rows[i].fields, rows[i].body, rows[i].status, rows[i].says);
	assert_int_equal(stream_told(b)->digit_count + o.desk->got[SIP_INFO], 0);
	assert_false(a->ended || b->ended);
	uint32_t cseq = a->dialog.local_cseq;
	a->dialog.local_cseq = cseq - 3; /* late: its digit would come out of order */
	assert_info(a, "Content-Type: application/dtmf\r\n", "5", 500, "500 Out Of Order\r\n");
	assert_int_equal(stream_told(b)->digit_count, 0);
	a->dialog.local_cseq = cseq;
	over(&o, a, NULL);
}

/* Said wherever Allow is: in our INVITE and 200, to OPTIONS and in a 405. */
static void test_allow(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	assert_non_null(strstr(o.desk->last_invite,
			       "\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, PRACK, REFER, INFO\r\n"));
	static const enum sip_method methods[] = {SIP_OPTIONS, SIP_MESSAGE};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		phone_send_in_dialog(a, methods[i], "");
		sim_until(o.s, 5, a->reinvite_status);
		assert_non_null(strstr(o.ann->last_response, ", REFER, INFO"));
	}
	over(&o, a, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_events), cmocka_unit_test(test_held),
		cmocka_unit_test(test_clock),     cmocka_unit_test(test_early),
		cmocka_unit_test(test_busy),      cmocka_unit_test(test_as_info),
		cmocka_unit_test(test_bounds),    cmocka_unit_test(test_refused_by_peer),
		cmocka_unit_test(test_no_answer), cmocka_unit_test(test_neither),
		cmocka_unit_test(test_answers),   cmocka_unit_test(test_allow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
