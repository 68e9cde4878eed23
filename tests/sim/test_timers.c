/* A session lasts as long as somebody refreshes it: RFC 4028, each leg by itself, over hours of the injected clock */
#include "sim/office.h"

#define UPDATES "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n"
#define TIMER "Supported: timer\r\n"

static void says(struct sim_phone *p, const char *fields)
{
	snprintf(p->says, sizeof(p->says), "%s", fields);
}

static void says_ok(struct sim_phone *p, const char *fields)
{
	snprintf(p->says_ok, sizeof(p->says_ok), "%s", fields);
}

/* ---- what is agreed ---- */

/* What a caller asks for, and what our 2xx says of it: table 2 of §9. */
static void test_agreed_with_caller(void **state)
{
	static const struct {
		const char *asks, *told;
		bool required;
	} rows[] = {
		{"", NULL, false},
		{TIMER, "Session-Expires: 1800;refresher=uac\r\n", true},
		{TIMER "Session-Expires: 300\r\n", "Session-Expires: 300;refresher=uac\r\n", true},
		{TIMER "x: 300;refresher=uac\r\n", "Session-Expires: 300;refresher=uac\r\n", true},
		{TIMER "Session-Expires: 300;refresher=uas\r\n", "Session-Expires: 300;refresher=uas\r\n", false},
		{"Session-Expires: 300\r\n", "Session-Expires: 300;refresher=uas\r\n", false},
		{"Session-Expires: 300;refresher=uac\r\n", "Session-Expires: 300;refresher=uas\r\n", false},
		{TIMER "Session-Expires: 90\r\n", "Session-Expires: 90;refresher=uac\r\n", true},
		{"Session-Expires: 60\r\n", "Session-Expires: 90;refresher=uas\r\n", false}, /* a proxy's wish */
		{TIMER "Session-Expires: 7200\r\n", "Session-Expires: 1800;refresher=uac\r\n", true},
		{TIMER "Session-Expires: 7200\r\nMin-SE: 3600\r\n", "Session-Expires: 3600;refresher=uac\r\n", true},
		{TIMER "Require: timer\r\nSession-Expires: 4294967295\r\nMin-SE: 4294967295\r\n",
		 "Session-Expires: 4294967295;refresher=uac\r\n", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_tls();
		says(o.ann, rows[i].asks);
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		if (rows[i].told)
			assert_non_null(strstr(o.ann->last_response, rows[i].told));
		else
			assert_null(strstr(o.ann->last_response, "Session-Expires:"));
		assert_int_equal(strstr(o.ann->last_response, "Require: timer\r\n") != NULL, rows[i].required);
		/* The other leg asks for its own. */
		assert_non_null(strstr(o.desk->last_invite, "Supported: 100rel, timer, replaces, norefersub\r\n"));
		assert_non_null(strstr(o.desk->last_invite, "Session-Expires: 1800\r\n"));
		assert_null(strstr(o.desk->last_invite, "Min-SE:"));
		phone_hang_up(a);
		sim_assert_row(o.s, 200, "answered", "caller");
		office_done(&o);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *asks;
		unsigned status;
	} rows[] = {
		{TIMER "Session-Expires: 89\r\n", 422},
		{TIMER "Session-Expires: 0\r\n", 422},
		{TIMER "Session-Expires: 4294967296\r\n", 400},
		{TIMER "Session-Expires: -1\r\n", 400},
		{TIMER "Session-Expires: 90;refresher=me\r\n", 400},
		{TIMER "Min-SE: few\r\n", 400},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_tls();
		says(o.ann, rows[i].asks);
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->status);
		assert_int_equal(a->status, rows[i].status);
		assert_int_equal(strstr(o.ann->last_response, "Min-SE: 90\r\n") != NULL, rows[i].status == 422);
		assert_int_equal(o.desk->got[SIP_INVITE], 0);
		/* In a call the same; and the call stays. */
		says(o.ann, "");
		struct phone_call *b;
		office_talk(&o, &a, &b);
		says(o.ann, rows[i].asks);
		phone_update(a, true, "");
		sim_until(o.s, 5, a->reinvite_status);
		assert_int_equal(a->reinvite_status, rows[i].status);
		phone_reinvite(a, true);
		sim_until(o.s, 5, a->reinvite_status);
		assert_int_equal(a->reinvite_status, rows[i].status);
		phone_hang_up(a);
		sim_run(o.s, SECOND_US);
		office_done(&o);
	}
}

/* A callee that wants longer sessions gets them; one that always wants more does not. */
static void test_callee_wants_more(void **state)
{
	struct office o = office_udp();
	o.desk->answer_ms = 300;
	o.desk->ring_ms = -1;
	o.desk->status = 422;
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Min-SE: 3600\r\n");
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, o.desk->got[SIP_INVITE] == 2);
	assert_non_null(strstr(o.desk->last_invite, "Session-Expires: 3600\r\n"));
	assert_non_null(strstr(o.desk->last_invite, "Min-SE: 3600\r\n"));
	o.desk->status = 200;
	sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);

	static const struct {
		const char *says;
		unsigned invites;
	} rows[] = {{"Min-SE: 1800\r\n", 1},
		    {"Min-SE: 86400\r\n", 2},
		    {"Min-SE: 86401\r\n", 1},
		    {"Min-SE: x\r\n", 1},
		    {"", 1}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		o = office_udp();
		o.desk->answer_ms = 10;
		o.desk->ring_ms = -1;
		o.desk->status = 422;
		snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "%s", rows[i].says);
		a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->status);
		assert_int_equal(o.desk->got[SIP_INVITE], rows[i].invites);
		sim_assert_row(o.s, 480, "refused", "alto");
		office_done(&o);
	}
	/* One second more each time. */
	o = office_udp();
	o.desk->answer_ms = 50;
	o.desk->ring_ms = -1;
	o.desk->status = 422;
	a = phone_dial(o.ann, "20");
	for (unsigned n = 1; n <= 1 + SESSION_RAISES_MAX; n++) {
		sim_until(o.s, 5, o.desk->got[SIP_INVITE] == n);
		snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Min-SE: %u\r\n", 1800 + n);
	}
	sim_until(o.s, 5, a->status);
	assert_int_equal(o.desk->got[SIP_INVITE], 1 + SESSION_RAISES_MAX);
	sim_assert_row(o.s, 480, "refused", "alto");
	office_done(&o);
}

/* ---- hours ---- */

/*
 * Ann's phone knows no timer: every 15 minutes it is asked by a re-INVITE that changes nothing. Bob's refreshes its own
 * leg every 150 s, which Ann's never hears of; when that stops, the call ends a little before its time.
 */
static void test_one_leg_knows_timers(void **state)
{
	struct office o = office_tls();
	says(o.desk, TIMER UPDATES);
	says_ok(o.desk, "Require: timer\r\nSession-Expires: 300;refresher=uas\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	char described[sizeof(a->remote)];
	memcpy(described, a->remote, sizeof(described));
	says_ok(o.desk, "");
	for (unsigned i = 0; i < 3 * 3600 / 150; i++) {
		sim_run(o.s, 150 * SECOND_US);
		phone_update(b, true, "Session-Expires: 300;refresher=uac\r\n");
		sim_until(o.s, 5, b->reinvite_status);
		assert_int_equal(b->reinvite_status, 200);
		assert_non_null(strstr(o.desk->last_response, "Session-Expires: 300;refresher=uac\r\n"));
	}
	int64_t refreshed_us = o.s->wheel.now_us;
	assert_in_range(a->reinvites, 11, 12);
	assert_string_equal(a->remote, described); /* to the letter, its version too */
	assert_non_null(strstr(o.ann->last_invite, "Session-Expires: 1800;refresher=uac\r\n"));
	assert_int_equal(b->reinvites + b->updates, 0);
	assert_true(voice_flows(a, b));
	sim_until(o.s, 400, b->ended);
	int64_t lasted_us = o.s->wheel.now_us - refreshed_us;
	assert_in_range(lasted_us, (300 - 32 - 1) * SECOND_US, (300 - 32 + 1) * SECOND_US);
	assert_string_equal(b->reason, "SIP;cause=408;text=\"Session Expired\"");
	sim_until(o.s, 5, a->ended);
	struct sim_row row = sim_assert_row(o.s, 200, "session-expired", "callee");
	assert_non_null(strstr(row.trace, "ended: session-expired, by callee\n"));
	office_done(&o);
}

/* Short intervals end a third before their time. */
static void test_caller_stops_refreshing(void **state)
{
	struct office o = office_udp();
	says(o.ann, TIMER "Session-Expires: 90;refresher=uac\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	int64_t began_us = o.s->wheel.now_us;
	sim_until(o.s, 100, a->ended);
	assert_in_range(o.s->wheel.now_us - began_us, 59 * SECOND_US, 61 * SECOND_US);
	assert_int_equal(a->reinvites + a->updates, 0);
	sim_assert_row(o.s, 200, "session-expired", "caller");
	office_done(&o);
}

/* We refresh: by UPDATE without a word where it is known, else by re-INVITE; at half the time. */
static void test_we_refresh(void **state)
{
	for (unsigned way = 0; way < 4; way++) {
		bool update = way & 1, plain = way & 2;
		struct office o = plain ? office_udp() : office_tls();
		says(o.desk, update ? TIMER UPDATES : TIMER);
		says_ok(o.desk, "Require: timer\r\nSession-Expires: 200;refresher=uac\r\n");
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		char described[sizeof(b->remote)];
		memcpy(described, b->remote, sizeof(described));
		int64_t began_us = o.s->wheel.now_us;
		for (unsigned i = 1; i <= 20; i++) {
			sim_until(o.s, 110, b->updates + b->reinvites == i);
			assert_in_range(o.s->wheel.now_us - began_us, (i * 100 - 2) * SECOND_US,
					(i * 100 + 2) * SECOND_US);
			assert_non_null(strstr(o.desk->last_request, "Session-Expires: 200;refresher=uac\r\n"));
			assert_non_null(strstr(o.desk->last_request, "Supported: timer, replaces, norefersub\r\n"));
			sim_run(o.s, 500 * MS_US);
			assert_true(voice_flows(a, b));
		}
		assert_int_equal(update ? b->reinvites : b->updates, 0);
		assert_string_equal(b->remote, described);
		phone_hang_up(b);
		sim_assert_row(o.s, 200, "answered", "callee");
		office_done(&o);
	}
}

/* A description that was our answer, with the phone's own tag and a direction, is repeated as it is. */
static void test_repeats_an_answer(void **state)
{
	struct office o = office_tls();
	says(o.ann, TIMER "Session-Expires: 200;refresher=uas\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->attributes = "a=sendonly\r\na=rtcp-mux\r\n";
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status);
	char described[sizeof(a->remote)];
	memcpy(described, a->remote, sizeof(described));
	assert_non_null(strstr(described, "a=recvonly"));
	sim_until(o.s, 120, a->reinvites == 1);
	sim_run(o.s, 200 * MS_US);
	assert_string_equal(a->remote, described);
	assert_true(voice_flows(a, b));
	const char *m = strstr(a->remote, "m=audio ");
	struct voice_stream *v = voice_at(o.s->media, (uint16_t)strtol(m + 8, NULL, 10));
	assert_true(v->settings.rtcp_mux && !v->settings.send);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* An offer that was refused is not what a refresh repeats. */
static void test_repeats_what_is_in_force(void **state)
{
	struct office o = office_tls();
	says(o.desk, TIMER);
	says_ok(o.desk, "Session-Expires: 200;refresher=uac\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	char described[sizeof(b->remote)];
	memcpy(described, b->remote, sizeof(described));
	o.ann->codecs = "97 101";
	o.desk->reinvite_status = 488;
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 488);
	o.desk->reinvite_status = 200;
	sim_until(o.s, 120, b->reinvites == 2);
	sim_run(o.s, 200 * MS_US);
	assert_string_equal(b->remote, described);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* ---- refreshes that fail ---- */

static void test_refresh_says_gone(void **state)
{
	for (unsigned way = 0; way < 4; way++) {
		struct office o = office_udp();
		says(o.desk, way & 1 ? TIMER UPDATES : TIMER);
		says_ok(o.desk, "Session-Expires: 200;refresher=uac\r\n");
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		if (way & 2)
			o.desk->dead = true; /* 408 in the end */
		else
			o.desk->reinvite_status = o.desk->update_status = 481;
		sim_until(o.s, 140, a->ended);
		assert_int_equal(a->byes, 1);
		sim_assert_row(o.s, 200, "lost", "callee");
		o.desk->dead = false;
		if (!b->ended)
			phone_hang_up(b);
		office_done(&o);
	}
}

/* Any other refusal: it is tried again until the session's time is over. */
static void test_refresh_is_refused(void **state)
{
	static const unsigned statuses[] = {500, 403, 488, 491, 503};
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		for (unsigned update = 0; update < 2; update++) {
			struct office o = office_tls();
			says(o.desk, update ? TIMER UPDATES : TIMER);
			says_ok(o.desk, "Session-Expires: 200;refresher=uac\r\n");
			struct phone_call *a, *b;
			office_talk(&o, &a, &b);
			int64_t began_us = o.s->wheel.now_us;
			o.desk->reinvite_status = o.desk->update_status = statuses[i];
			sim_run(o.s, 150 * SECOND_US);
			assert_false(b->ended);
			unsigned tries = b->reinvites + b->updates;
			assert_in_range(tries, 5, 25);
			if (i & 1) { /* it comes round: the session goes on */
				o.desk->reinvite_status = o.desk->update_status = 200;
				sim_run(o.s, 1000 * SECOND_US);
				assert_false(b->ended);
				assert_true(voice_flows(a, b));
				phone_hang_up(a);
				sim_assert_row(o.s, 200, "answered", "caller");
			} else {
				sim_until(o.s, 60, b->ended);
				assert_in_range(o.s->wheel.now_us - began_us, 167 * SECOND_US, 169 * SECOND_US);
				sim_assert_row(o.s, 200, "session-expired", "callee");
			}
			office_done(&o);
		}
}

/* A phone that knows no timer may refuse as often as it likes: it answers, so it lives. */
static void test_refusal_is_life(void **state)
{
	struct office o = office_tls();
	o.desk->reinvite_status = o.ann->reinvite_status = 488;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	sim_run(o.s, (5 * 3600 + 60) * SECOND_US);
	assert_false(a->ended || b->ended);
	assert_int_equal(a->reinvites, 20);
	assert_int_equal(b->reinvites, 20);
	assert_true(voice_flows(a, b));
	o.ann->reinvite_status = 481;
	sim_until(o.s, 1000, b->ended);
	sim_assert_row(o.s, 200, "lost", "caller");
	if (!a->ended)
		phone_hang_up(a);
	office_done(&o);
}

/* 422 to a refresh, 405 to one by UPDATE: asked otherwise, at once. */
static void test_refresh_otherwise(void **state)
{
	struct office o = office_tls();
	says(o.desk, TIMER UPDATES);
	says_ok(o.desk, "Session-Expires: 200;refresher=uac\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.desk->update_status = 405;
	sim_until(o.s, 120, b->reinvites == 1);
	assert_int_equal(b->updates, 1);
	sim_run(o.s, 500 * MS_US);
	assert_true(voice_flows(a, b));
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Min-SE: 600\r\n");
	o.desk->reinvite_status = 422;
	sim_until(o.s, 120, b->reinvites == 3);
	assert_int_equal(b->updates, 1);
	assert_non_null(strstr(o.desk->last_request, "Session-Expires: 600;refresher=uac\r\n"));
	assert_non_null(strstr(o.desk->last_request, "Min-SE: 600\r\n"));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* A refresh by re-INVITE that somebody is to confirm, and nobody does: taken back, and the call ends by its time. */
static void test_refresh_waits(void **state)
{
	struct office o = office_tls();
	says(o.desk, TIMER);
	says_ok(o.desk, "Session-Expires: 200;refresher=uac\r\n");
	o.desk->reinvite_status = 0;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	sim_until(o.s, 130, b->cancels == 1);
	/* Ann asks for something while a refresh is open: she is to ask again. */
	sim_until(o.s, 130, b->reinvites == 2);
	o.ann->codecs = "96 101";
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 491);
	sim_until(o.s, 100, b->ended);
	sim_assert_row(o.s, 200, "session-expired", "callee");
	office_done(&o);
}

/* A callee that answers with more than was asked for: the interval is ours, and so is the refreshing. */
static void test_callee_lengthens(void **state)
{
	struct office o = office_tls();
	says(o.desk, TIMER UPDATES);
	says_ok(o.desk, "Require: timer\r\nSession-Expires: 4294967295;refresher=uas\r\n");
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	says_ok(o.desk, "");
	sim_until(o.s, 910, b->updates == 1);
	assert_non_null(strstr(o.desk->last_request, "Session-Expires: 1800;refresher=uac\r\n"));
	o.desk->dead = true;
	sim_until(o.s, 1800, a->ended);
	o.desk->dead = false;
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_callee_lengthens),
		cmocka_unit_test(test_agreed_with_caller),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_callee_wants_more),
		cmocka_unit_test(test_one_leg_knows_timers),
		cmocka_unit_test(test_caller_stops_refreshing),
		cmocka_unit_test(test_we_refresh),
		cmocka_unit_test(test_repeats_an_answer),
		cmocka_unit_test(test_repeats_what_is_in_force),
		cmocka_unit_test(test_refresh_says_gone),
		cmocka_unit_test(test_refresh_is_refused),
		cmocka_unit_test(test_refusal_is_life),
		cmocka_unit_test(test_refresh_otherwise),
		cmocka_unit_test(test_refresh_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
