/* Callers that leave the first offer to Alto, and bodies that are no offer */
#include "sim/office.h"

#include <errno.h>

static void moment(struct office *o)
{
	sim_run(o->s, 100 * MS_US);
}

/* Over TLS and encrypted, or over UDP and plain; Ann's INVITE has no offer. */
static struct office office_without_offer(bool plain)
{
	struct office o = plain ? office_udp() : office_tls();
	o.ann->no_body = true;
	return o;
}

static void test_answer_in_ack(void **state)
{
	for (unsigned plain = 0; plain < 2; plain++) {
		struct office o = office_without_offer(plain);
		o.desk->codecs = "9 8 101";
		o.ann->codecs = "8 9 101";
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->rang);
		/* Offered to the devices is Alto's own list ... */
		static const char *const list[] = {" 96 9 8 0 101\r\n",      "rtpmap:96 opus/48000/2\r\n",
						   "rtpmap:9 G722/8000\r\n", "rtpmap:8 PCMA/8000\r\n",
						   "rtpmap:0 PCMU/8000\r\n", "rtpmap:101 telephone-event/8000\r\n",
						   "fmtp:101 0-15\r\n"};
		for (size_t i = 0; i < ARRAY_LEN(list); i++)
			assert_non_null(strstr(o.desk->last_request, list[i]));
		sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
		moment(&o);
		/* ... and to the caller what the one that answered has taken of it, and what can be made of that. */
		assert_non_null(strstr(a->remote, " 9 8 101 96 0\r\n"));
		assert_true(voice_flows(a, phone_last(o.desk)));
		struct call_view v;
		uint32_t cursor = 0;
		assert_true(switchboard_next_call(o.s->sb, SLICE("acme"), &cursor, &v));
		assert_slice(v.caller.codec, "PCMA/8000");
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
		assert_string_equal(row.a_codec, "PCMA/8000"); /* its own choice of the two */
		assert_string_equal(row.a_srtp, plain ? "" : "AEAD_AES_128_GCM");
		assert_string_equal(row.b_srtp, row.a_srtp);
		office_done(&o);
	}
}

/* No answer in the ACK, or one that we cannot use: the call is over, and the history says why. */
static void test_no_usable_answer(void **state)
{
	static const char *const traces[] = {"nothing", "codec", "key", "type"};
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		struct office o = office_without_offer(false);
		o.ann->answers_nothing = i == 0;
		o.ann->codecs = i == 1 ? "97 101" : "8 101";
		o.ann->broken_key = i == 2;
		o.ann->answer_tag = i == 3 ? 9 : 1; /* of a line that was not there: none */
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->ended && phone_last(o.desk)->ended);
		assert_int_equal(a->byes, 1);
		assert_string_equal(a->reason, "SIP;cause=488;text=\"Unusable Answer\"");
		assert_int_equal(phone_last(o.desk)->byes, 1);
		sim_assert_row(o.s, 200, "unusable-answer", "caller");
		office_done(&o);
	}
}

static void test_voice_cannot_be_set(void **state)
{
	struct office o = office_without_offer(false);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, phone_last(o.desk)->up);
	voice_refuse_set(o.s->media, -ENOMEM);
	sim_until(o.s, 5, a->ended && phone_last(o.desk)->ended);
	voice_refuse_set(o.s->media, 0);
	sim_assert_row(o.s, 200, "media-failed", "caller");
	office_done(&o);
}

static void test_ack_never_comes(void **state)
{
	struct office o = office_without_offer(true);
	o.ann->no_ack = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 60, a->ended && phone_last(o.desk)->ended);
	sim_assert_row(o.s, 200, "no-ack", "caller");
	office_done(&o);
}

/* We would have to offer keys that anybody can read: nobody's phone rings for that. */
static void test_keys_in_clear(void **state)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, false);
	phone_registered(o.ann);
	phone_registered(o.desk);
	o.ann->no_body = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 488);
	assert_int_equal(o.desk->got[SIP_INVITE], 0);
	struct sim_row row = sim_assert_row(o.s, 488, "offer-refused", "alto");
	assert_non_null(strstr(row.trace, "Encrypted Voice Required"));
	office_done(&o);
}

static void test_two_devices(void **state)
{
	struct office o = office_two();
	o.ann->no_body = true;
	o.desk->early = true;
	o.desk->answer_ms = -1;
	o.mobile->codecs = "0 101";
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->up && phone_last(o.mobile)->up);
	moment(&o);
	assert_int_equal(o.ann->statuses[183], 0);
	assert_true(voice_flows(a, phone_last(o.mobile)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* ---- early voice: the offer in a reliable 183, its answer in the PRACK (RFC 3262 §5) ---- */

static void test_offer_in_183(void **state)
{
	for (unsigned required = 0; required < 2; required++) {
		struct office o = office_without_offer(false);
		o.ann->reliable = !required;
		if (required)
			snprintf(o.ann->extra, sizeof(o.ann->extra), "Require: 100rel\r\n");
		o.desk->early = true;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 5, a->prack_status);
		assert_int_equal(a->prack_status, 200);
		assert_true(voice_flows(a, phone_last(o.desk)));
		sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
		assert_non_null(strstr(o.ann->last_response, "Content-Length: 0\r\n"));
		moment(&o);
		assert_true(voice_flows(a, phone_last(o.desk)));
		assert_int_equal(a->reinvites, 0);
		phone_hang_up(a);
		sim_assert_row(o.s, 200, "answered", "caller");
		office_done(&o);
	}
}

/* A caller that does not know reliable 1xx hears its own tone, and gets the offer in the 200. */
static void test_early_voice_not_possible(void **state)
{
	struct office o = office_without_offer(false);
	o.desk->early = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_int_equal(o.ann->statuses[180], 1);
	assert_string_equal(a->remote, "");
	sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
	moment(&o);
	assert_int_equal(o.ann->statuses[183], 0);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

static void test_prack_without_answer(void **state)
{
	struct office o = office_without_offer(false);
	o.ann->reliable = o.ann->answers_nothing = true;
	o.desk->early = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 488);
	assert_int_equal(a->prack_status, 200);
	sim_until(o.s, 5, phone_last(o.desk)->ended);
	sim_assert_row(o.s, 488, "unusable-answer", "caller");
	office_done(&o);
}

/* The callee answers while the PRACK with the answer is still awaited: the 200 waits for it. */
static void test_answer_waits_for_prack(void **state)
{
	struct office o = office_without_offer(true);
	o.ann->reliable = o.ann->no_prack = true;
	o.desk->early = true;
	o.desk->answer_ms = 300;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, phone_last(o.desk)->up);
	moment(&o);
	assert_int_equal(a->oks, 0);
	char rack[64];
	snprintf(rack, sizeof(rack), "%u %u INVITE", a->rseq, a->dialog.local_cseq);
	a->local[phone_describe(a, slice_from_string(a->remote), a->local, sizeof(a->local) - 1)] = 0;
	phone_prack(a, rack, a->local);
	sim_until(o.s, 5, a->up);
	moment(&o);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* A caller that was to answer our offer cannot make one of its own before it has (RFC 3311 §5.1). */
static void test_update_before_answer(void **state)
{
	struct office o = office_without_offer(true);
	o.ann->reliable = true;
	o.desk->answer_ms = o.desk->ring_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, o.desk->got[SIP_INVITE]);
	phone_progress(phone_last(o.desk), 180, false);
	sim_until(o.s, 5, a->rang == 1);
	phone_update(a, false, "");
	moment(&o);
	assert_int_equal(a->reinvite_status, 491);
	a->local[0] = 0;
	phone_progress(phone_last(o.desk), 183, true);
	sim_until(o.s, 5, a->prack_status == 200);
	phone_update(a, false, "");
	moment(&o);
	assert_int_equal(a->reinvite_status, 200);
	assert_true(voice_flows(a, phone_last(o.desk)));
	phone_answer(phone_last(o.desk), 200);
	sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* ---- bodies ---- */

static unsigned told(struct office *o)
{
	struct phone_call *a = phone_dial(o->ann, "20");
	sim_until(o->s, 30, a->status);
	return a->status;
}

/* What must be understood and is not: 415, which says what would be. */
static void test_other_bodies(void **state)
{
	static const struct {
		const char *type, *fields;
	} rows[] = {{"text/plain", ""},
		    {"multipart/mixed;boundary=x", ""}, /* and it has no parts */
		    {"application/sdp", "Content-Disposition: render\r\n"},
		    {"application/sdp", "Content-Disposition: early-session;handling=required\r\n"},
		    {"application/sdp", "Content-Encoding: gzip\r\n"}};
	struct office o = office_tls();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		o.ann->content_type = rows[i].type;
		snprintf(o.ann->extra, sizeof(o.ann->extra), "%s", rows[i].fields);
		assert_int_equal(told(&o), 415);
		assert_non_null(strstr(o.ann->last_response, "Accept: application/sdp\r\n"));
		assert_non_null(strstr(o.ann->last_response, "Accept-Encoding: identity\r\n"));
	}
	assert_int_equal(o.desk->got[SIP_INVITE], 0);
	struct sim_row row;
	sim_run(o.s, SECOND_US);
	assert_int_equal(sim_rows(o.s, &row, 1), 0); /* they never became calls */
	office_done(&o);
}

/* Who cannot read descriptions cannot be answered (§20.1, §21.4.7); the closest range decides. */
static void test_accept(void **state)
{
	static const struct {
		const char *fields;
		unsigned status;
	} rows[] = {{"Accept: application/sdp, text/html\r\n", 486},
		    {"Accept: text/html\r\nAccept: Application / SDP;level=1\r\n", 486},
		    {"Accept: application/*\r\n", 486},
		    {"Accept: */*;q=0.1\r\n", 486},
		    {"Accept: */*;q=0, application/sdp\r\n", 486},
		    {"Accept: application/sdp;q=0.000, */*\r\n", 406},
		    {"Accept: text/html, application/isup\r\n", 406},
		    {"Accept: text/sdp, */sdp\r\n", 406},
		    {"Accept:\r\n", 406}};
	struct office o = office_tls();
	o.desk->status = 486;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(o.ann->extra, sizeof(o.ann->extra), "%s", rows[i].fields);
		assert_int_equal(told(&o), rows[i].status);
	}
	o.ann->extra[0] = 0;
	o.desk->status = 200;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Accept: text/html\r\n");
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 406);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* What may be left alone is: an INVITE without an offer. What says "session" is one. */
static void test_optional_body(void **state)
{
	static const struct {
		const char *type, *fields;
		bool offers;
	} rows[] = {{"text/plain", "Content-Disposition: render;handling=optional\r\n", false},
		    {"application/sdp",
		     "Content-Disposition: session;handling=required\r\nContent-Encoding: identity\r\n", true}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_tls();
		o.ann->content_type = rows[i].type;
		snprintf(o.ann->extra, sizeof(o.ann->extra), "%s", rows[i].fields);
		struct phone_call *a = phone_dial(o.ann, "20");
		if (!rows[i].offers)
			a->local[0] = 0;
		sim_until(o.s, 10, a->up && phone_last(o.desk)->up);
		moment(&o);
		assert_true(voice_flows(a, phone_last(o.desk)));
		phone_hang_up(a);
		sim_assert_row(o.s, 200, "answered", "caller");
		office_done(&o);
	}
}

/* In a call the same; and a description larger than any phone's is refused by its size. */
static void test_bodies_in_a_call(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->content_type = "text/plain";
	char local[sizeof(a->local)];
	memcpy(local, a->local, sizeof(local));
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 415);
	memcpy(a->local, local, sizeof(local));
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* A description as large as we read them is judged by what it says; one byte more is too large (413). */
static void test_large_body(void **state)
{
	static char text[SDP_BYTES_MAX + 1000];
	struct office o = office_tls();
	for (size_t n = SDP_BYTES_MAX; n <= SDP_BYTES_MAX + 1; n++) {
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w,
			     "INVITE sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/TLS 198.51.100.1;branch=z9hG4bKl%u\r\n"
			     "From: <sip:10@acme.example>;tag=1\r\nTo: <sip:20@acme.example>\r\nCall-ID: large\r\n"
			     "CSeq: %u INVITE\r\nContact: <sip:10@198.51.100.1>\r\nContent-Type: application/sdp\r\n"
			     "Content-Length: %u\r\n\r\n",
			     (unsigned)n, (unsigned)n, (unsigned)n);
		for (size_t i = 0; i < n; i++)
			write_char(&w, 'x');
		assert_false(w.overflow);
		phone_send_raw(o.ann, writer_slice(&w));
		moment(&o);
		assert_int_equal(o.ann->statuses[413], n > SDP_BYTES_MAX);
		assert_int_equal(o.ann->statuses[400], 1);
	}
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_in_ack),        cmocka_unit_test(test_no_usable_answer),
		cmocka_unit_test(test_voice_cannot_be_set),  cmocka_unit_test(test_ack_never_comes),
		cmocka_unit_test(test_keys_in_clear),        cmocka_unit_test(test_two_devices),
		cmocka_unit_test(test_offer_in_183),         cmocka_unit_test(test_early_voice_not_possible),
		cmocka_unit_test(test_prack_without_answer), cmocka_unit_test(test_answer_waits_for_prack),
		cmocka_unit_test(test_update_before_answer), cmocka_unit_test(test_other_bodies),
		cmocka_unit_test(test_optional_body),        cmocka_unit_test(test_accept),
		cmocka_unit_test(test_bodies_in_a_call),     cmocka_unit_test(test_large_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
