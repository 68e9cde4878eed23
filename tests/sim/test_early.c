/* Before the answer: 1xx that arrive for certain (RFC 3262), early voice, and forks beyond a device */
#include "sim/forks.h"
#include "sim/office.h"

static struct voice_stream *stream_told(struct phone_call *c)
{
	const char *m = strstr(c->remote, "m=audio ");
	assert_non_null(m);
	return voice_at(c->phone->sim->media, (uint16_t)strtol(m + 8, NULL, 10));
}

static void over(struct office *o, struct phone_call *a)
{
	phone_hang_up(a);
	sim_assert_row(o->s, 200, "answered", "caller");
	office_done(o);
}

/* Ann calls, Bob's desk phone has been asked, and will say what the test says. */
static struct phone_call *ring(struct office *o, struct phone_call **b)
{
	o->desk->answer_ms = o->desk->ring_ms = -1;
	struct phone_call *a = phone_dial(o->ann, "20");
	sim_until(o->s, 10, o->desk->got[SIP_INVITE]);
	*b = phone_last(o->desk);
	return a;
}

static void moment(struct office *o)
{
	sim_run(o->s, 100 * MS_US);
}

/* ---- one leg speaks of it, the other does not, in all four ways ---- */

static void test_each_leg_by_itself(void **state)
{
	for (unsigned way = 0; way < 16; way++) {
		struct office o = way & 4 ? office_udp() : office_tls();
		o.ann->reliable = way & 1;
		o.desk->reliable = way & 2;
		o.desk->answer_no_sdp = way & 2; /* said already, and for certain */
		o.desk->early = true;
		if (way & 8) /* the streams' worker is busy just then */
			voice_busy(o.s->media, 3);
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, o.desk->got[SIP_INVITE]);
		assert_non_null(strstr(o.desk->last_request, "Supported: 100rel, timer, replaces, norefersub\r\n"));
		sim_until(o.s, 10, a->rang);
		struct phone_call *b = phone_last(o.desk);
		assert_true(!strstr(o.ann->last_response, "Require: 100rel\r\n") == !o.ann->reliable);
		moment(&o);
		assert_true(voice_flows(a, b));
		assert_int_equal(o.ann->statuses[183], 1);
		assert_int_equal(a->prack_status, o.ann->reliable ? 200 : 0);
		assert_int_equal(b->pracks, o.desk->reliable);
		assert_int_equal(o.desk->got[SIP_PRACK], o.desk->reliable);
		sim_until(o.s, 10, a->up && b->up);
		assert_true(!strstr(o.ann->last_response, "Content-Length: 0\r\n") == !o.ann->reliable);
		moment(&o);
		assert_true(voice_flows(a, b));
		assert_int_equal(o.ann->statuses[200], o.ann->reliable ? 3 : 2); /* REGISTER, INVITE, PRACK */
		over(&o, a);
	}
}

/* ---- Alto as caller ---- */

/* A 200 without a description takes a reliable one before it: one that may be lost does not count. */
static void test_unreliable_answer_is_none(void **state)
{
	struct office o = office_tls();
	o.desk->early = true;
	o.desk->answer_no_sdp = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 488);
	sim_assert_row(o.s, 488, "no-common-codec", "alto");
	office_done(&o);
}

/* An answer for certain that cannot be used is not made better by the 200 (§5). */
static void test_unusable_for_certain(void **state)
{
	struct office o = office_tls();
	o.desk->early = o.desk->reliable = true;
	o.desk->broken_key = true;
	o.desk->answer_ms = 1000;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_int_equal(o.ann->statuses[180], 1);
	sim_until(o.s, 5, a->status);
	moment(&o);
	assert_int_equal(a->status, 488);
	assert_int_equal(phone_last(o.desk)->byes, 1);
	sim_assert_row(o.s, 488, "no-common-codec", "alto");
	office_done(&o);
}

/* In order, each once: copies and those that skip one are not acknowledged (§4). */
static void test_order(void **state)
{
	static const struct {
		uint32_t rseq;
		unsigned pracks, rang;
	} steps[] = {{100, 1, 1}, {100, 1, 1}, {102, 1, 1}, {101, 2, 1}, {100, 2, 1}, {102, 3, 1}, {4000000000, 3, 1}};
	struct office o = office_udp();
	struct phone_call *b, *a = ring(&o, &b);
	char tag[40];
	slice_to_string(b->dialog.local_tag, tag, sizeof(tag));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		phone_progress_raw(b, 180, tag, NULL, steps[i].rseq);
		moment(&o);
		assert_int_equal(o.desk->got[SIP_PRACK], steps[i].pracks);
		assert_int_equal(a->rang, steps[i].rang);
	}
	assert_non_null(strstr(o.desk->last_request, "RAck: 102 1 INVITE\r\n"));
	assert_non_null(strstr(o.desk->last_request, "CSeq: 4 PRACK\r\n"));
	/* Without a tag there is no dialog to acknowledge it in; it rings all the same. */
	phone_progress_raw(b, 180, "", NULL, 1);
	moment(&o);
	assert_int_equal(o.desk->got[SIP_PRACK], 3);
	phone_answer(b, 200);
	sim_until(o.s, 10, a->up && b->up);
	over(&o, a);
}

/* Its PRACK does not come through for a while: the phone repeats its 183, and holds its 200 back. */
static void test_prack_lost(void **state)
{
	struct office o = office_udp();
	struct phone_call *b, *a = ring(&o, &b);
	o.desk->reliable = true;
	phone_progress(b, 183, true);
	phone_answer(b, 200);
	sim_run(o.s, 7 * MS_US); /* the 183 has arrived, the PRACK is under way */
	o.desk->dead = true;
	sim_run(o.s, 400 * MS_US);
	o.desk->dead = false;
	assert_int_equal(b->pracks, 0);
	sim_until(o.s, 5, a->up && b->up);
	assert_int_equal(b->pracks, 1);
	assert_int_equal(b->stray_pracks, 0);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* ---- Alto as callee ---- */

/* Repeated at T1, 2*T1, 4*T1 ... for 64*T1 (§3); the 200 waits, and is never sent. */
static void test_prack_never_comes(void **state)
{
	struct office o = office_udp();
	struct phone_call *b, *a = ring(&o, &b);
	o.ann->reliable = true;
	phone_cancel(a);
	sim_until(o.s, 5, a->ended);
	sim_run(o.s, SECOND_US);
	a = ring(&o, &b);
	o.ann->no_prack = true;
	sim_until(o.s, 5, o.desk->got[SIP_INVITE] == 2);
	b = phone_last(o.desk);
	phone_progress(b, 183, true);
	sim_until(o.s, 5, a->rang);
	int64_t first_us = o.s->wheel.now_us;
	phone_answer(b, 200);
	sim_until(o.s, 5, b->up);
	static const int at_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
	for (size_t i = 0; i < ARRAY_LEN(at_ms); i++) {
		sim_run(o.s, first_us + at_ms[i] * MS_US - o.s->wheel.now_us - MS_US);
		assert_int_equal(o.ann->statuses[183], i + 1);
		sim_run(o.s, 2 * MS_US);
		assert_int_equal(o.ann->statuses[183], i + 2);
	}
	assert_int_equal(a->oks, 0);
	sim_until(o.s, 5, a->status == 504 && b->ended);
	assert_in_range(o.s->wheel.now_us - first_us, 32 * SECOND_US, 32 * SECOND_US + 50 * MS_US);
	assert_int_equal(b->byes, 1);
	sim_run(o.s, SECOND_US);
	struct sim_row rows[2];
	assert_int_equal(sim_rows(o.s, rows, 2), 2);
	assert_string_equal(rows[0].cause, "no-prack");
	assert_int_equal(rows[0].status, 504);
	assert_int_equal(rows[0].answered_us, 0);
	office_done(&o);
}

static void test_which_prack(void **state)
{
	struct office o = office_tls();
	o.ann->reliable = o.ann->no_prack = true;
	struct phone_call *b, *a = ring(&o, &b);
	phone_prack(a, "1 1 INVITE", ""); /* there is nothing to acknowledge, and not even a dialog */
	moment(&o);
	assert_int_equal(a->prack_status, 481);
	phone_progress(b, 180, false); /* not reliable: it says nothing that must arrive */
	sim_until(o.s, 5, a->rang == 1);
	phone_prack(a, "1 1 INVITE", "");
	moment(&o);
	assert_int_equal(a->prack_status, 481);
	phone_progress(b, 183, true);
	sim_until(o.s, 5, a->rang == 2);
	static const struct {
		int rseq, cseq;
		const char *method;
		unsigned status;
	} rows[] = {{-1, 0, " INVITE", 481}, {1, 0, " INVITE", 481}, {0, 1, " INVITE", 481}, {0, -1, " INVITE", 481},
		    {0, 0, " UPDATE", 481},  {0, 0, "", 400},        {0, 0, " INVITE", 200}, {0, 0, " INVITE", 481}};
	uint32_t cseq = a->dialog.local_cseq - 2; /* two PRACK since the INVITE */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char rack[80];
		snprintf(rack, sizeof(rack), "%u %u%s", a->rseq + (uint32_t)rows[i].rseq, cseq + (uint32_t)rows[i].cseq,
			 rows[i].method);
		a->prack_status = 0;
		phone_prack(a, rack, "");
		sim_until(o.s, 5, a->prack_status);
		assert_int_equal(a->prack_status, rows[i].status);
	}
	phone_prack(a, "", "");
	moment(&o);
	assert_int_equal(a->prack_status, 400);
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	over(&o, a);
}

/* A caller that requires it gets every 1xx so, the second one when the first has arrived (§3). */
static void test_required(void **state)
{
	struct office o = office_tls();
	o.ann->no_prack = true;
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Require: 100rel\r\n");
	struct phone_call *b, *a = ring(&o, &b);
	phone_progress(b, 180, false);
	sim_until(o.s, 5, a->rang == 1);
	assert_non_null(strstr(o.ann->last_response, "RSeq: "));
	char rack[64];
	snprintf(rack, sizeof(rack), "%u %u INVITE", a->rseq, a->dialog.local_cseq);
	phone_progress(b, 183, true);
	moment(&o);
	assert_int_equal(o.ann->statuses[183], 0);
	/* An offer cannot be in this PRACK: that of the INVITE is still open. */
	phone_prack(a, rack, a->local);
	moment(&o);
	assert_int_equal(a->prack_status, 400);
	o.ann->content_type = "text/plain";
	phone_prack(a, rack, "hello");
	moment(&o);
	assert_int_equal(a->prack_status, 415);
	assert_non_null(strstr(o.ann->last_response, "Accept: application/sdp\r\n"));
	o.ann->no_prack = false; /* the 183 is acknowledged at once */
	phone_prack(a, rack, "");
	sim_until(o.s, 5, a->rang == 2);
	moment(&o);
	assert_int_equal(o.ann->statuses[183], 1);
	assert_int_equal(o.desk->got[SIP_PRACK], 0);
	assert_true(voice_flows(a, b));
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	over(&o, a);
}

/* A 200 need not wait for the PRACK of a 1xx that says nothing; it stops its repetition, and a late PRACK is good. */
static void test_answer_before_prack(void **state)
{
	struct office o = office_udp();
	o.ann->no_prack = true;
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Require: 100rel\r\n");
	struct phone_call *b, *a = ring(&o, &b);
	uint32_t cseq = a->dialog.local_cseq;
	phone_progress(b, 180, false);
	sim_until(o.s, 5, a->rang == 1);
	phone_progress(b, 183, true); /* waits, and then has nothing left to say */
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	assert_int_equal(o.ann->statuses[183], 0);
	sim_run(o.s, 5 * SECOND_US);
	assert_int_equal(o.ann->statuses[180], 1);
	char rack[64];
	snprintf(rack, sizeof(rack), "%u %u INVITE", a->rseq, cseq);
	phone_prack(a, rack, "");
	moment(&o);
	assert_int_equal(a->prack_status, 200);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* While the 200 waits the caller may still give up, the callee hang up, or the caller's connection break. */
static void test_end_while_answer_waits(void **state)
{
	static const struct {
		unsigned status;
		const char *cause, *by;
	} rows[] = {{487, "cancelled", "caller"}, {480, "answered", "callee"}, {487, "caller-lost", "caller"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_tls();
		o.ann->reliable = o.ann->no_prack = true;
		struct phone_call *b, *a = ring(&o, &b);
		phone_progress(b, 183, true);
		sim_until(o.s, 5, a->rang == 1);
		phone_answer(b, 200);
		sim_until(o.s, 5, b->up);
		moment(&o);
		assert_int_equal(a->oks, 0);
		if (i == 0) {
			phone_cancel(a);
		} else if (i == 1) {
			phone_hang_up(b);
		} else {
			char rack[64];
			snprintf(rack, sizeof(rack), "%u %u INVITE", a->rseq, a->dialog.local_cseq);
			network_close(o.ann);
			network_connect(o.ann);
			phone_registered(o.ann);
			phone_prack(a, rack, "");
		}
		sim_until(o.s, 5, b->ended);
		moment(&o);
		assert_true(i == 2 || a->status == rows[i].status);
		sim_assert_row(o.s, rows[i].status, rows[i].cause, rows[i].by);
		office_done(&o);
	}
}

/* The caller's connection has broken before there was anything to say: the answer finds that out. */
static void test_caller_gone_before_183(void **state)
{
	struct office o = office_tls();
	o.ann->reliable = true;
	struct phone_call *b;
	(void)ring(&o, &b);
	network_close(o.ann);
	phone_progress(b, 183, true);
	moment(&o);
	phone_answer(b, 200);
	sim_until(o.s, 5, b->ended);
	sim_assert_row(o.s, 487, "caller-lost", "caller");
	office_done(&o);
}

/* A caller may end its early dialog by BYE as well (RFC 3261 §15.1.2); nothing of ours is repeated then. */
static void test_caller_hangs_up_early(void **state)
{
	struct office o = office_udp();
	o.ann->reliable = o.ann->no_prack = true;
	struct phone_call *b, *a = ring(&o, &b);
	phone_progress(b, 183, true);
	sim_until(o.s, 5, a->rang);
	phone_hang_up(a);
	sim_until(o.s, 5, a->status == 487 && b->ended);
	sim_run(o.s, 5 * SECOND_US);
	assert_int_equal(o.ann->statuses[183], 1);
	assert_int_equal(b->cancels, 1);
	sim_assert_row(o.s, 487, "cancelled", "caller");
	office_done(&o);
}

/* ---- an offer in the PRACK (§5) ---- */

static void test_prack_offers(void **state)
{
	struct office o = office_tls();
	o.ann->reliable = o.ann->prack_offers = true;
	struct phone_call *b, *a = ring(&o, &b);
	o.ann->codecs = "98 101"; /* the same codec by another number */
	phone_progress(b, 183, true);
	sim_until(o.s, 5, a->prack_status);
	assert_int_equal(a->prack_status, 200);
	assert_non_null(strstr(o.ann->last_response, "m=audio"));
	assert_true(voice_flows(a, b));
	assert_int_equal(stream_told(a)->way.map[98], 8);
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	moment(&o);
	assert_true(voice_flows(a, b));
	assert_int_equal(a->reinvites, 0);
	over(&o, a);
}

/* By other codecs than the callee's: the caller is asked anew, and then speaks the callee's or the call is over. */
static void test_prack_offers_another_codec(void **state)
{
	for (unsigned agrees = 0; agrees < 3; agrees++) {
		struct office o = office_tls();
		o.ann->reliable = o.ann->prack_offers = true;
		o.desk->codecs = "8 101";
		struct phone_call *b, *a = ring(&o, &b);
		o.ann->codecs = "97 101"; /* that nothing can be made of */
		phone_progress(b, 183, true);
		sim_until(o.s, 5, a->prack_status);
		assert_int_equal(a->prack_status, 200);
		o.ann->codecs = agrees ? "8 101" : "97 101";
		o.ann->reinvite_status = agrees == 1 ? 488 : 200;
		phone_answer(b, 200);
		sim_until(o.s, 5, a->reinvites == 1);
		moment(&o);
		if (agrees == 2) {
			assert_true(voice_flows(a, b));
			over(&o, a);
			continue;
		}
		sim_until(o.s, 5, a->ended && b->ended);
		struct sim_row row = sim_assert_row(o.s, 200, "no-common-codec", "alto");
		assert_non_null(strstr(row.trace, "asked anew, refused: "));
		office_done(&o);
	}
}

/* One that our policy forbids changes nothing, but the 183 has arrived. */
static void test_prack_offers_plain(void **state)
{
	struct office o = office_tls();
	o.ann->reliable = o.ann->prack_offers = true;
	struct phone_call *b, *a = ring(&o, &b);
	char local[sizeof(a->local)];
	memcpy(local, a->local, sizeof(local));
	o.ann->suites = NULL;
	phone_progress(b, 183, true);
	sim_until(o.s, 5, a->prack_status);
	assert_int_equal(a->prack_status, 488);
	memcpy(a->local, local, sizeof(local));
	assert_true(voice_flows(a, b));
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	assert_int_equal(o.ann->statuses[183], 1);
	over(&o, a);
}

/* ---- forks beyond a device ---- */

static void test_forks(void **state)
{
	struct office o = office_tls();
	struct phone_call *b, *a = ring(&o, &b);
	char one[2048], two[2048], again[2048];
	fork_describe(b, 30000, one, sizeof(one));
	fork_describe(b, 30002, two, sizeof(two));
	fork_describe(b, 30004, again, sizeof(again));
	phone_progress_raw(b, 183, "one", one, 7);
	sim_until(o.s, 5, o.desk->got[SIP_PRACK] == 1);
	assert_non_null(strstr(o.desk->last_request, ";tag=one\r\n"));
	assert_non_null(strstr(o.desk->last_request, "RAck: 7 1 INVITE\r\n"));
	moment(&o);
	assert_true(fork_heard(a, b, one));
	phone_progress_raw(b, 183, "two", two, 1000); /* the latest that speaks */
	sim_until(o.s, 5, o.desk->got[SIP_PRACK] == 2);
	assert_non_null(strstr(o.desk->last_request, ";tag=two\r\n"));
	assert_non_null(strstr(o.desk->last_request, "CSeq: 2 PRACK\r\n")); /* numbers of its own */
	assert_true(fork_heard(a, b, two));
	phone_progress_raw(b, 180, "one", again, 8); /* its answer was for certain: no other one counts */
	sim_until(o.s, 5, o.desk->got[SIP_PRACK] == 3);
	assert_non_null(strstr(o.desk->last_request, "CSeq: 3 PRACK\r\n"));
	moment(&o);
	assert_true(fork_heard(a, b, two));
	assert_int_equal(o.ann->statuses[183], 1);
	phone_respond_raw(b, 200, "one", NULL); /* decides */
	sim_until(o.s, 5, a->up);
	moment(&o);
	assert_true(fork_heard(a, b, one));
	phone_respond_raw(b, 200, "two", NULL);
	moment(&o);
	assert_int_equal(o.desk->got[SIP_BYE], 1);
	assert_non_null(strstr(o.desk->last_request, ";tag=two\r\n"));
	assert_false(a->ended);
	assert_true(fork_heard(a, b, one));
	b->ended = false; /* the BYE was for the other */
	phone_hang_up(a);
	sim_until(o.s, 5, o.desk->got[SIP_BYE] == 2);
	assert_non_null(strstr(o.desk->last_request, "CSeq: 4 BYE\r\n")); /* after its INVITE and two PRACK */
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* The one that is heard wins; the answer in its 200 is no news. */
static void test_heard_fork_wins(void **state)
{
	struct office o = office_udp();
	struct phone_call *b, *a = ring(&o, &b);
	char one[2048], two[2048];
	fork_describe(b, 30000, one, sizeof(one));
	fork_describe(b, 30002, two, sizeof(two));
	phone_progress_raw(b, 183, "one", one, 1);
	moment(&o);
	phone_respond_raw(b, 200, "one", two);
	sim_until(o.s, 5, a->up);
	assert_true(fork_heard(a, b, one));
	over(&o, a);
}

/* Four are followed. A fifth is not acknowledged, but may win. */
static void test_many_forks(void **state)
{
	static const char *const tags[] = {"f1", "f2", "f3", "f4", "f5"};
	struct office o = office_udp();
	struct phone_call *b, *a = ring(&o, &b);
	char text[2048];
	fork_describe(b, 30000, text, sizeof(text));
	for (unsigned i = 0; i < ARRAY_LEN(tags); i++) {
		phone_progress_raw(b, 180, tags[i], NULL, 5);
		moment(&o);
		assert_int_equal(o.desk->got[SIP_PRACK], MIN(i + 1, LEG_EARLY_MAX));
	}
	phone_respond_raw(b, 200, "f5", text);
	sim_until(o.s, 5, a->up);
	moment(&o);
	assert_true(fork_heard(a, b, text));
	over(&o, a);
}

/* What a fork asks is its own dialog's affair. */
static void test_request_of_a_fork(void **state)
{
	for (unsigned cancelled = 0; cancelled < 2; cancelled++) {
		struct office o = office_udp();
		struct phone_call *b, *a = ring(&o, &b);
		char text[2048];
		struct slice own = b->dialog.local_tag;
		fork_describe(b, 30000, text, sizeof(text));
		phone_progress_raw(b, 180, "one", NULL, 0);
		phone_progress_raw(b, 183, "two", text, 0);
		sim_until(o.s, 5, o.ann->statuses[183]);
		b->dialog.local_tag = SLICE("three"); /* nobody we know */
		phone_send_in_dialog(b, SIP_BYE, "");
		moment(&o);
		assert_int_equal(o.desk->statuses[481], 1);
		b->dialog.local_tag = SLICE("one");
		phone_send_in_dialog(b, SIP_OPTIONS, "");
		moment(&o);
		assert_int_equal(b->reinvite_status, 200);
		b->dialog.local_tag = SLICE("two");
		unsigned oks = o.desk->statuses[200];
		phone_send_in_dialog(b, SIP_BYE, "");
		moment(&o);
		assert_int_equal(o.desk->statuses[200], oks + 1);
		assert_false(a->ended);
		if (cancelled) {
			o.desk->answer_ms = -1;
			b->cancels = 0;
			phone_cancel(a);
			sim_run(o.s, 6 * MS_US); /* our CANCEL is under way */
		}
		b->dialog.local_tag = SLICE("one"); /* the last one */
		phone_send_in_dialog(b, SIP_BYE, "");
		b->dialog.local_tag = own;
		sim_until(o.s, 5, a->ended);
		sim_run(o.s, SECOND_US);
		assert_int_equal(b->cancels, 1);
		assert_int_equal(a->status, cancelled ? 487 : 480);
		office_done(&o);
	}
}

/* Two forks that speak different codecs: the caller has the first one's, and is asked anew when the other one answers.
 */
static void test_other_fork_answers(void **state)
{
	struct office o = office_tls();
	o.ann->reliable = true;
	struct phone_call *b, *a = ring(&o, &b);
	char one[2048], two[2048];
	o.desk->codecs = "8 101";
	fork_describe(b, 30000, one, sizeof(one));
	o.desk->codecs = "0 101";
	fork_describe(b, 30002, two, sizeof(two));
	phone_progress_raw(b, 183, "one", one, 3);
	sim_until(o.s, 5, a->prack_status == 200);
	assert_true(fork_heard(a, b, one));
	phone_respond_raw(b, 200, "two", two);
	sim_until(o.s, 5, a->reinvites == 1 && a->acks == 1);
	moment(&o);
	assert_true(fork_heard(a, b, two));
	over(&o, a);
}

/* ---- early voice among several devices ---- */

/* Only while one rings; the other one refuses, and what it said before is passed on now. */
static void test_last_device_is_heard(void **state)
{
	struct office o = office_two();
	o.desk->early = true;
	o.mobile->status = 486;
	o.mobile->answer_ms = 1000;
	o.desk->answer_ms = 3000;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang == 1);
	assert_int_equal(o.ann->statuses[180], 1);
	sim_run(o.s, 500 * MS_US);
	assert_int_equal(o.ann->statuses[183], 0);
	sim_until(o.s, 5, o.ann->statuses[183] == 1);
	assert_true(voice_flows(a, phone_last(o.desk)));
	sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
	assert_true(voice_flows(a, phone_last(o.desk)));
	over(&o, a);
}

/* A fork that has left is not passed on when the other device refuses. */
static void test_fork_that_left_is_not_heard(void **state)
{
	struct office o = office_udp();
	phone_registered(o.mobile);
	o.mobile->status = 486;
	o.mobile->answer_ms = 1000;
	struct phone_call *b, *a = ring(&o, &b);
	struct slice own = b->dialog.local_tag;
	char text[2048];
	fork_describe(b, 30000, text, sizeof(text));
	phone_progress_raw(b, 180, "one", NULL, 0);
	phone_progress_raw(b, 183, "two", text, 0);
	moment(&o);
	b->dialog.local_tag = SLICE("two");
	phone_send_in_dialog(b, SIP_BYE, "");
	b->dialog.local_tag = own;
	sim_until(o.s, 5, phone_last(o.mobile)->ended);
	moment(&o);
	assert_int_equal(o.ann->statuses[183], 0);
	phone_answer(b, 200);
	sim_until(o.s, 5, a->up && b->up);
	over(&o, a);
}

/* UPDATE of a fork: of the one that is heard it is taken, of another one not while ours is open (RFC 3311 §5.2). */
static void test_update_of_a_fork(void **state)
{
	struct office o = office_udp();
	struct phone_call *b, *a = ring(&o, &b);
	struct slice own = b->dialog.local_tag;
	char one[2048], two[2048];
	fork_describe(b, 30000, one, sizeof(one));
	fork_describe(b, 30002, two, sizeof(two));
	phone_progress_raw(b, 183, "one", one, 1);
	moment(&o); /* datagrams of one moment may overtake each other */
	phone_progress_raw(b, 183, "two", two, 1);
	sim_until(o.s, 5, o.desk->got[SIP_PRACK] == 2);
	b->dialog.local_tag = SLICE("one");
	phone_update(b, false, "");
	moment(&o);
	assert_int_equal(b->reinvite_status, 491);
	phone_update(b, true, "");
	moment(&o);
	assert_int_equal(b->reinvite_status, 200);
	assert_true(fork_heard(a, b, two));
	b->dialog.local_tag = SLICE("two");
	b->port = 30010;
	phone_update(b, false, "");
	moment(&o);
	assert_int_equal(b->reinvite_status, 200);
	assert_true(voice_flows(a, b));
	phone_respond_raw(b, 200, "two", NULL);
	sim_until(o.s, 5, a->up);
	assert_true(voice_flows(a, b)); /* its 2xx takes nothing back */
	b->dialog.local_tag = own;
	over(&o, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_leg_by_itself),
		cmocka_unit_test(test_unreliable_answer_is_none),
		cmocka_unit_test(test_unusable_for_certain),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_prack_lost),
		cmocka_unit_test(test_prack_never_comes),
		cmocka_unit_test(test_which_prack),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_answer_before_prack),
		cmocka_unit_test(test_end_while_answer_waits),
		cmocka_unit_test(test_caller_gone_before_183),
		cmocka_unit_test(test_caller_hangs_up_early),
		cmocka_unit_test(test_prack_offers),
		cmocka_unit_test(test_prack_offers_another_codec),
		cmocka_unit_test(test_prack_offers_plain),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_heard_fork_wins),
		cmocka_unit_test(test_many_forks),
		cmocka_unit_test(test_request_of_a_fork),
		cmocka_unit_test(test_other_fork_answers),
		cmocka_unit_test(test_last_device_is_heard),
		cmocka_unit_test(test_fork_that_left_is_not_heard),
		cmocka_unit_test(test_update_of_a_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
