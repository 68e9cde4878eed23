/* UPDATE in both directions, in confirmed and early dialogs, and what meets what: RFC 3311, RFC 3261 §14 */
#include "sim/office.h"

#define UPDATES "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n"

static void allows(struct sim_phone *p)
{
	snprintf(p->says, sizeof(p->says), UPDATES);
}

static void over(struct office *o, struct phone_call *a)
{
	phone_hang_up(a);
	sim_assert_row(o->s, 200, "answered", "caller");
	office_done(o);
}

static void changed(struct phone_call *c, unsigned status)
{
	sim_until(c->phone->sim, 40, c->reinvite_status != 0);
	assert_int_equal(c->reinvite_status, status);
	sim_run(c->phone->sim, 100 * MS_US);
}

static struct voice_stream *stream_told(struct phone_call *c)
{
	const char *m = strstr(c->remote, "m=audio ");
	assert_non_null(m);
	return voice_at(c->phone->sim->media, (uint16_t)strtol(m + 8, NULL, 10));
}

/* Hold, keys and address are between the phone and us. */
static void test_direction_and_keys(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct srtp_key theirs = stream_told(a)->settings.receive_key;
	o.ann->attributes = "a=sendonly\r\n";
	phone_update(a, false, "");
	changed(a, 200);
	assert_non_null(strstr(o.ann->last_response, "Contact: <sip:alto@"));
	assert_non_null(strstr(a->remote, "a=recvonly"));
	assert_false(stream_told(a)->settings.send);
	assert_memory_not_equal(&stream_told(a)->settings.receive_key, &theirs, sizeof(theirs));
	o.ann->attributes = "";
	phone_update(a, false, "");
	changed(a, 200);
	assert_true(voice_flows(a, b));
	assert_int_equal(b->updates + b->reinvites, 0);
	assert_int_equal(a->acks, 0); /* nothing to acknowledge */
	over(&o, a);
}

/* Without an offer: the phone has moved, and hears of the end of its call where it is now. */
static void test_target_refresh(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:moved@198.51.100.1:5060>");
	a->remote[0] = 0;
	phone_update(a, true, "");
	changed(a, 200);
	assert_string_equal(a->remote, ""); /* and no description in the answer */
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	assert_memory_equal(o.ann->last_request, "BYE sip:moved@", 14);
	sim_assert_row(o.s, 200, "answered", "callee");
	office_done(&o);
}

/* Another codec is asked of the other side, in the way that its phone knows. */
static void test_other_codec(void **state)
{
	for (unsigned way = 0; way < 4; way++) {
		struct office o = office_tls();
		if (way & 1)
			allows(o.desk);
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		o.ann->codecs = "96 101";
		o.desk->codecs = "96 8 101";
		if (way & 2)
			phone_reinvite(a, false);
		else
			phone_update(a, false, "");
		changed(a, 200);
		assert_int_equal(b->updates, way & 1);
		assert_int_equal(b->reinvites, !(way & 1));
		assert_true(voice_flows(a, b));
		/* Refused: both are as they were. */
		char local[sizeof(a->local)];
		memcpy(local, a->local, sizeof(local));
		o.ann->codecs = "97 101"; /* that nothing can be made of */
		o.desk->reinvite_status = o.desk->update_status = 488;
		phone_update(a, false, "");
		changed(a, 488);
		assert_non_null(strstr(o.ann->last_response, "Warning: 305 alto \""));
		memcpy(a->local, local, sizeof(local));
		assert_true(voice_flows(a, b));
		over(&o, a);
	}
}

/* A phone that says it knows UPDATE and does not, or that must ask somebody first, is asked by re-INVITE. */
static void test_by_reinvite_after_all(void **state)
{
	static const unsigned statuses[] = {405, 501, 504};
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct office o = office_tls();
		allows(o.desk);
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		o.ann->codecs = "96 101";
		o.desk->codecs = "96 8 101";
		o.desk->update_status = statuses[i];
		phone_update(a, false, "");
		changed(a, 200);
		assert_int_equal(b->updates, 1);
		assert_int_equal(b->reinvites, 1);
		assert_true(voice_flows(a, b));
		o.ann->codecs = o.desk->codecs = "8 101";
		phone_update(a, false, "");
		changed(a, 200);
		assert_int_equal(b->updates, statuses[i] == 504 ? 2 : 1); /* learnt */
		assert_true(voice_flows(a, b));
		over(&o, a);
	}
}

/* The other side lets it wait: the asker's own transaction must not run out, and what is asked is taken back. */
static void test_not_in_time(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	char local[sizeof(a->local)];
	memcpy(local, a->local, sizeof(local));
	o.ann->codecs = "96 101";
	o.desk->reinvite_status = 0;
	int64_t asked_us = o.s->wheel.now_us;
	phone_update(a, false, "");
	changed(a, 504);
	assert_in_range(o.s->wheel.now_us - asked_us, CHANGE_PATIENCE_US, CHANGE_PATIENCE_US + SECOND_US);
	assert_int_equal(b->cancels, 1);
	memcpy(a->local, local, sizeof(local));
	assert_true(voice_flows(a, b));
	o.ann->codecs = "8 101";
	phone_update(a, false, "");
	changed(a, 200);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* The other side accepts just when nobody wants it any more: it is asked for what the asker still speaks. */
static void test_accepted_too_late(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	char local[sizeof(a->local)], remote[sizeof(a->remote)];
	memcpy(local, a->local, sizeof(local));
	memcpy(remote, a->remote, sizeof(remote));
	o.ann->codecs = "96 101";
	o.desk->reinvite_status = 0;
	o.desk->codecs = "96 8 101";
	phone_reinvite(a, false);
	sim_until(o.s, 5, b->reinvites == 1);
	sim_run(o.s, 300 * MS_US);
	phone_cancel(a);
	sim_run(o.s, 6 * MS_US); /* our CANCEL is under way to b */
	b->local[0] = 0;
	phone_answer(b, 200);
	o.desk->reinvite_status = 200;
	changed(a, 487);
	sim_until(o.s, 5, b->reinvites == 2);
	sim_run(o.s, 100 * MS_US);
	memcpy(a->local, local, sizeof(local));
	memcpy(a->remote, remote, sizeof(remote));
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* §5.2: a second UPDATE while the first waits for the other side; a re-INVITE too; and one without offer. */
static void test_one_at_a_time(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "96 101";
	o.desk->codecs = "96 8 101";
	o.desk->reinvite_status = 0;
	phone_update(a, false, "");
	sim_until(o.s, 5, b->reinvites == 1);
	for (unsigned i = 0; i < 3; i++) {
		if (i == 2)
			phone_reinvite(a, false);
		else
			phone_update(a, i == 1, "");
		changed(a, 500);
		assert_non_null(strstr(o.ann->last_response, "Retry-After: "));
	}
	/* The call ends while it waits: it is answered all the same. */
	a->reinvite_status = 0;
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	assert_int_equal(o.ann->statuses[487], 1);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/* While the peer's re-INVITE waits, an UPDATE without offer is no change, one with offer has to wait. */
static void test_update_beside_reinvite(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "96 101";
	o.desk->codecs = "96 8 101";
	o.desk->reinvite_status = 0;
	phone_reinvite(a, false);
	sim_until(o.s, 5, b->reinvites == 1);
	phone_update(a, true, "");
	changed(a, 200);
	phone_update(a, false, "");
	changed(a, 500);
	/* And on the other leg ours waits: 491. */
	phone_update(b, false, "");
	changed(b, 491);
	phone_hang_up(a);
	sim_run(o.s, 40 * SECOND_US);
	office_done(&o);
}

/* ---- 491 to us ---- */

/* Met once or twice, our wish is tried again after the time of §14.1: 2.1 to 4 s where the Call-ID is ours, else up to
 * 2 s. */
static void test_tried_again(void **state)
{
	for (unsigned round = 0; round < 12; round++) {
		struct office o = office_tls();
		if (round & 1)
			allows(round & 2 ? o.ann : o.desk);
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		bool callee_asks = round & 2;
		struct phone_call *asker = callee_asks ? b : a, *asked = callee_asks ? a : b;
		o.ann->codecs = o.desk->codecs = "96 101";
		asked->phone->glares = 1 + round % 3 / 2;
		unsigned tries = 1 + asked->phone->glares;
		int64_t us[4], started_us = o.s->wheel.now_us;
		phone_update(asker, false, "");
		for (unsigned i = 0; i < tries; i++) {
			sim_until(o.s, 10, asked->reinvites + asked->updates == i + 1);
			us[i] = o.s->wheel.now_us;
		}
		changed(asker, 200);
		for (unsigned i = 1; i < tries; i++) {
			int64_t waited_us = us[i] - us[i - 1] - 10 * MS_US; /* there and back */
			assert_in_range(waited_us, callee_asks ? 0 : 2100 * MS_US,
					(callee_asks ? 2000 : 4000) * MS_US + 2 * MS_US);
		}
		assert_true(o.s->wheel.now_us - started_us < 32 * SECOND_US);
		assert_true(voice_flows(a, b));
		over(&o, a);
	}
}

/* Not for ever: the asker is told. */
static void test_given_up(void **state)
{
	for (unsigned side = 0; side < 2; side++) {
		struct office o = office_udp();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		struct phone_call *asker = side ? b : a, *asked = side ? a : b;
		char local[sizeof(a->local)];
		memcpy(local, asker->local, sizeof(local));
		asker->phone->codecs = "96 101";
		asked->phone->glares = 1000;
		phone_update(asker, false, "");
		changed(asker, 491);
		assert_in_range(asked->reinvites, 3, CHANGE_TRIES_MAX);
		memcpy(asker->local, local, sizeof(local));
		assert_true(voice_flows(a, b));
		over(&o, a);
	}
}

/* The asker takes it back while it waits to be tried again: it is not. */
static void test_taken_back_while_waiting(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "96 101";
	o.desk->glares = 1;
	phone_reinvite(a, false);
	sim_until(o.s, 5, b->reinvites == 1);
	sim_run(o.s, 100 * MS_US);
	phone_cancel(a);
	changed(a, 487);
	sim_run(o.s, 10 * SECOND_US);
	assert_int_equal(b->reinvites, 1);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* 500 with Retry-After: when the phone says (§14.2). */
static void test_retry_after(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "96 101";
	o.desk->codecs = "96 8 101";
	o.desk->reinvite_status = 500;
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Retry-After: 7\r\n");
	phone_reinvite(a, false);
	sim_until(o.s, 5, b->reinvites == 1);
	int64_t first_us = o.s->wheel.now_us;
	o.desk->reinvite_status = 200;
	sim_until(o.s, 10, b->reinvites == 2);
	assert_in_range(o.s->wheel.now_us - first_us, 7 * SECOND_US, 7 * SECOND_US + 20 * MS_US);
	changed(a, 200);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* ---- early dialogs ---- */

static void test_early(void **state)
{
	struct office o = office_udp();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	struct phone_call *b = phone_last(o.desk);
	/* The caller: its offer is not answered yet, so another is too early; a refresh is not. */
	char local[sizeof(a->local)];
	memcpy(local, a->local, sizeof(local));
	phone_update(a, false, "");
	changed(a, 500);
	memcpy(a->local, local, sizeof(local));
	phone_update(a, true, "Session-Expires: 90\r\nSupported: timer\r\n");
	changed(a, 200);
	assert_null(strstr(o.ann->last_response, "Session-Expires:")); /* no session yet */
	/* The callee: ours is not answered yet. */
	phone_update(b, false, "");
	changed(b, 491);
	phone_update(b, true, "");
	changed(b, 200);
	b->local[0] = 0;
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* Once an answer was told early, the callee may change direction; another codec has nobody to be asked of. */
static void test_early_answered(void **state)
{
	struct office o = office_udp();
	o.desk->early = true;
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	struct phone_call *b = phone_last(o.desk);
	char local[sizeof(b->local)];
	memcpy(local, b->local, sizeof(local));
	o.desk->attributes = "a=sendonly\r\n";
	phone_update(b, false, "");
	changed(b, 200);
	assert_false(stream_told(b)->settings.send);
	o.desk->codecs = "9 101";
	phone_update(b, false, "");
	changed(b, 504);
	memcpy(b->local, local, sizeof(local));
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	over(&o, a);
}

/* ---- what every request in a dialog must have ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *fields;
		unsigned status;
		const char *says;
	} rows[] = {
		{"Content-Type: text/plain\r\n", 415, "Accept: application/sdp\r\n"},
		{"Content-Encoding: gzip\r\nContent-Type: application/sdp\r\n", 415, "Accept-Encoding: identity\r\n"},
		{"Require: foo, timer, bar\r\nContent-Type: application/sdp\r\n", 420, "Unsupported: foo, bar\r\n"},
		{"Session-Expires: soon\r\nContent-Type: application/sdp\r\n", 400, "400 Malformed Session-Expires"},
		{"Min-SE: x\r\nContent-Type: application/sdp\r\n", 400, "400 Malformed Session-Expires"},
	};
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned method = 0; method < 2; method++) {
			phone_send_body(a, method ? SIP_UPDATE : SIP_INVITE, rows[i].fields, SLICE("v=0\r\n"));
			changed(a, rows[i].status);
			assert_non_null(strstr(o.ann->last_response, rows[i].says));
		}
	static char large[SDP_BYTES_MAX + 1];
	memset(large, 'a', sizeof(large));
	phone_send_body(a, SIP_UPDATE, "Content-Type: application/sdp\r\n", slice_of(large, SDP_BYTES_MAX));
	changed(a, 400); /* read, and found to be nothing */
	phone_send_body(a, SIP_UPDATE, "Content-Type: application/sdp\r\n", slice_of(large, SDP_BYTES_MAX + 1));
	changed(a, 413);
	o.ann->host = "192.0.2.10"; /* a port of ours: what is unfit says so */
	uint16_t port = a->port;
	a->port = stream_told(b)->port;
	phone_update(a, false, "");
	changed(a, 488);
	assert_non_null(strstr(o.ann->last_response, "Warning: 399 alto \"Our Own Voice Port\"\r\n"));
	a->port = port;
	o.ann->host = NULL;
	phone_update(a, false, "");
	changed(a, 200);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* Methods that we do not know inside a call, and OPTIONS that tells which we do. */
static void test_methods(void **state)
{
	static const struct {
		enum sip_method method;
		unsigned status;
		const char *says;
	} rows[] = {
		{SIP_SUBSCRIBE, 405, "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"},
		{SIP_MESSAGE, 405, "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"},
		{SIP_OPTIONS, 200, "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"},
		{SIP_OPTIONS, 200, "Supported: 100rel, path, outbound, timer, replaces, norefersub, gruu"},
	};
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a->reinvite_status = 0;
		phone_send_in_dialog(a, rows[i].method, "");
		changed(a, rows[i].status);
		assert_non_null(strstr(o.ann->last_response, rows[i].says));
	}
	char text[1000];
	snprintf(text, sizeof(text),
		 "NONSENSE sip:alto@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKn\r\n"
		 "From: <sip:10@acme.example>;tag=%.*s\r\nTo: <sip:20@acme.example>;tag=%.*s\r\nCall-ID: %.*s\r\n"
		 "CSeq: %u NONSENSE\r\nContent-Length: 0\r\n\r\n",
		 SLICE_ARG(a->dialog.local_tag), SLICE_ARG(a->dialog.remote_tag), SLICE_ARG(a->dialog.call_id),
		 ++a->dialog.local_cseq);
	phone_send_raw(o.ann, slice_from_string(text));
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.ann->statuses[501], 1);
	assert_non_null(strstr(o.ann->last_response, "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"));
	assert_false(b->ended);
	over(&o, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direction_and_keys),
		cmocka_unit_test(test_target_refresh),
		cmocka_unit_test(test_other_codec),
		cmocka_unit_test(test_by_reinvite_after_all),
		cmocka_unit_test(test_not_in_time),
		cmocka_unit_test(test_accepted_too_late),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_update_beside_reinvite),
		cmocka_unit_test(test_tried_again),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_taken_back_while_waiting),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_early_answered),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_methods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
