/* Two phones without a codec in common: what each is offered and told, how they are joined, what the history says. */
#include "sim/office.h"

static struct voice_stream *stream_of(struct phone_call *c)
{
	const char *m = strstr(c->remote, "m=audio ");
	assert_non_null(m);
	struct voice_stream *v = voice_at(c->phone->sim->media, (uint16_t)strtol(m + 8, NULL, 10));
	assert_non_null(v);
	return v;
}

/* Opus is asked to say things twice, since we listen to that, and nothing that is not heard. */
#define LIMITED "a=fmtp:96 useinbandfec=1;maxplaybackrate=16000\r\n"

static struct sim_row hang_up(struct office *o, struct phone_call *a)
{
	phone_hang_up(a);
	return sim_assert_row(o->s, 200, "answered", "caller");
}

static bool says(const char *text, const char *what)
{
	return strstr(text, what) != NULL;
}

/* Each way between each two codecs of ours: who is called is offered them all, who calls has its own in the answer. */
static void test_each_two(void **state)
{
	static const struct {
		const char *codecs, *name;
		enum codec_kind kind;
		uint8_t payload;
		const char *offered; /* to who is called by it */
	} table[] = {
		{"96 101", "opus/48000/2", CODEC_OPUS, 96, " 96 101 9 8 0\r\n"},
		{"9 101", "G722/8000", CODEC_G722, 9, " 9 101 96 8 0\r\n"},
		{"8 101", "PCMA/8000", CODEC_PCMA, 8, " 8 101 96 9 0\r\n"},
		{"0 101", "PCMU/8000", CODEC_PCMU, 0, " 0 101 96 9 8\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t k = 0; k < ARRAY_LEN(table); k++) {
			if (i == k)
				continue;
			struct office o = office_tls();
			struct phone_call *a, *b;
			char trace[120];
			o.ann->codecs = table[i].codecs;
			o.desk->codecs = table[k].codecs;
			office_talk(&o, &a, &b);
			assert_true(says(o.desk->last_invite, table[i].offered));
			char answered[32];
			snprintf(answered, sizeof(answered), "SAVP %s\r\n", table[i].codecs);
			assert_true(says(a->remote, answered));
			assert_int_equal(says(a->remote, LIMITED), i == 0);
			assert_int_equal(says(o.desk->last_invite, LIMITED), i != 0);
			const struct media_way *ab = &stream_of(a)->way, *ba = &stream_of(b)->way;
			assert_true(ab->anew && ba->anew);
			assert_int_equal(ab->map[table[i].payload], MEDIA_ANEW);
			assert_int_equal(ab->plan.from[table[i].payload], table[i].kind);
			assert_int_equal(ab->plan.to.kind, table[k].kind);
			assert_int_equal(ab->plan.payload, table[k].payload);
			assert_int_equal(ab->plan.packet_ms, 20);
			assert_int_equal(ba->plan.to.kind, table[i].kind);
			/* Digits have a number on both sides, and go beside the voice. */
			assert_int_equal(ab->map[101], 101);
			assert_int_equal(ab->plan.from[101], MEDIA_EVENT);
			assert_int_equal(ab->plan.event_payload, 101);
			assert_int_equal(ab->plan.event_rate_khz, 8);
			struct sim_row row = hang_up(&o, a);
			assert_string_equal(row.a_codec, table[i].name);
			assert_string_equal(row.b_codec, table[k].name);
			snprintf(trace, sizeof(trace), "transcoding because caller speaks %s and callee %s",
				 table[i].name, table[k].name);
			assert_true(says(row.trace, trace));
			office_done(&o);
		}
}

/* One codec in common is enough: it is the one that is spoken, though each knows another that it likes better. */
static void test_shared_first(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	o.ann->codecs = "96 8 101";
	o.desk->codecs = "8 0 101";
	office_talk(&o, &a, &b);
	assert_true(says(a->remote, "SAVP 8 101\r\n"));
	assert_false(stream_of(a)->way.anew || stream_of(b)->way.anew);
	struct sim_row row = hang_up(&o, a);
	assert_false(says(row.trace, "transcoding"));
	office_done(&o);
}

/* Codecs that are not ours are passed on if they can be, and there is nothing else that we could do with them. */
static void test_nothing_can_be_done(void **state)
{
	static const char *const codecs[][2] = {{"97 101", "8 101"}, {"8 101", "97 101"}};
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		struct office o = office_tls();
		o.ann->codecs = codecs[i][0];
		o.desk->codecs = codecs[i][1];
		o.desk->answer_ms = 500;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->status);
		assert_int_equal(a->status, 488);
		/* Nothing is offered that could not be joined. */
		assert_int_equal(says(o.desk->last_invite, "SAVP 97 101\r\n"), i == 0);
		sim_assert_row(o.s, 488, "no-common-codec", "alto");
		office_done(&o);
	}
}

/* Nor in mid-call: one changes to a codec of ours, the other stays with one that is not. */
static void test_nothing_can_be_done_later(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	char local[sizeof(a->local)];
	o.ann->codecs = o.desk->codecs = "97 101";
	office_talk(&o, &a, &b);
	memcpy(local, a->local, sizeof(local));
	o.ann->codecs = "96 101";
	o.desk->reinvite_status = 488;
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 488);
	memcpy(a->local, local, sizeof(local));
	assert_true(voice_flows(a, b));
	(void)hang_up(&o, a);
	office_done(&o);
}

/* How each wants to be sent its codec: packets of its length, and what Opus is asked to do. RFC 7587 §6.1 */
static void test_as_receiver_wants(void **state)
{
	static const struct {
		const char *attributes;
		unsigned packet_ms;
		bool fec, dtx;
		uint32_t bitrate_max;
	} table[] = {
		{"", 20, false, false, 0},
		{"a=ptime:40\r\na=fmtp:96 useinbandfec=1; usedtx=1;maxaveragebitrate=20000\r\n", 40, true, true, 20000},
		{"a=ptime:30\r\na=fmtp:96 useinbandfec=0;usedtx=0\r\n", 20, false, false, 0},
		{"a=ptime:200\r\n", 60, false, false, 0},
		{"a=ptime:5\r\n", 10, false, false, 0},
		{"a=ptime:60\r\na=maxptime:20\r\na=fmtp:96 maxaveragebitrate=lots\r\n", 20, false, false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		o.ann->codecs = "96 101";
		o.ann->attributes = table[i].attributes;
		o.desk->codecs = "8 101";
		o.desk->attributes = "a=ptime:30\r\n";
		office_talk(&o, &a, &b);
		const struct media_plan *to_a = &stream_of(b)->way.plan, *to_b = &stream_of(a)->way.plan;
		assert_int_equal(to_a->packet_ms, table[i].packet_ms);
		assert_int_equal(to_a->to.fec, table[i].fec);
		assert_int_equal(to_a->to.dtx, table[i].dtx);
		assert_int_equal(to_a->to.bitrate_max, table[i].bitrate_max);
		assert_int_equal(to_b->packet_ms, 30);
		assert_false(to_b->to.fec);
		(void)hang_up(&o, a);
		office_done(&o);
	}
}

/* An INVITE without an offer: the caller is offered what the callee speaks, and what can be made of it. */
static void test_delayed_offer(void **state)
{
	struct office o = office_tls();
	o.ann->codecs = "96 101";
	o.desk->codecs = "8 101";
	o.ann->no_body = true;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	assert_true(stream_of(a)->way.anew && stream_of(b)->way.anew);
	struct sim_row row = hang_up(&o, a);
	assert_string_equal(row.a_codec, "opus/48000/2");
	assert_string_equal(row.b_codec, "PCMA/8000");
	office_done(&o);
}

/* Early voice too, before anybody has answered. */
static void test_early(void **state)
{
	struct office o = office_tls();
	o.ann->codecs = "96 101";
	o.desk->codecs = "0 101";
	o.desk->early = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang && a->remote[0]);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, phone_last(o.desk)));
	assert_true(stream_of(a)->way.anew);
	phone_answer(phone_last(o.desk), 200);
	sim_until(o.s, 5, a->up && phone_last(o.desk)->up);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, phone_last(o.desk)));
	assert_int_equal(a->reinvites, 0);
	(void)hang_up(&o, a);
	office_done(&o);
}

/* In mid-call: from relaying to transcoding, since the other side stays as it is, and back. */
static void test_there_and_back(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	o.ann->codecs = o.desk->codecs = "8 101";
	office_talk(&o, &a, &b);
	assert_false(stream_of(a)->way.anew);
	o.ann->codecs = "96 101";
	o.desk->reinvite_status = 488;
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 200);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, b));
	assert_true(stream_of(a)->way.anew && stream_of(b)->way.anew);
	o.ann->codecs = "8 101";
	a->reinvite_status = 0;
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 200);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, b));
	assert_false(stream_of(a)->way.anew || stream_of(b)->way.anew);
	struct sim_row row = hang_up(&o, a);
	assert_true(says(row.trace, "the other codec is refused: 488"));
	assert_true(says(row.trace, "transcoding because caller speaks opus/48000/2 and callee PCMA/8000"));
	assert_true(says(row.trace, "no transcoding any more"));
	office_done(&o);
}

/* Ann and Eve (30), who is at home, speak Opus alone, and Bob's desk does not know it. */
static struct sim_phone *office_with_eve(struct office *o)
{
	*o = office_tls();
	sim_add_device(o->s, &(struct sim_person){"acme", "30", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *eve = phone_new(o->s, "acme-30-desk", "secret", SIP_TLS);
	phone_registered(eve);
	o->ann->codecs = eve->codecs = "96 101";
	o->desk->codecs = "8 101";
	eve->answer_ms = 500;
	return eve;
}

/* Ann's call with Bob's desk, made anew. */
static struct sim_phone *limited_talk(struct office *o, struct phone_call **a, struct phone_call **b)
{
	struct sim_phone *eve = office_with_eve(o);
	office_talk(o, a, b);
	assert_true(says((*a)->remote, LIMITED));
	return eve;
}

/* Bob transfers her to Eve, by whom she is then heard as she speaks. */
static void to_eve(struct office *o, struct phone_call *a, struct phone_call *b, struct sim_phone *eve)
{
	phone_send_in_dialog(b, SIP_REFER, "Refer-To: <sip:30@acme.example>\r\nContact: <sip:x@198.51.100.9>\r\n");
	sim_until(o->s, 5, phone_last(eve) && phone_last(eve)->up);
	sim_run(o->s, 10 * SECOND_US);
	assert_true(voice_flows(a, phone_last(eve)));
	assert_false(stream_of(a)->way.anew);
	assert_false(says(eve->last_invite, "maxplaybackrate"));
}

static void both_end(struct office *o, struct phone_call *a, struct phone_call *b)
{
	phone_hang_up(a);
	sim_until(o->s, 3, b->ended);
	sim_run(o->s, 3 * SECOND_US);
	office_done(o);
}

/* She changes nothing, without an offer and with hers. */
static void refreshed(struct office *o, struct phone_call *a)
{
	for (unsigned without = 2; without-- > 0;) {
		phone_reinvite(a, without);
		sim_until(o->s, 5, a->reinvite_status == 200);
		sim_run(o->s, 100 * MS_US);
	}
}

/* What is passed on as it comes again is asked for in full, of both sides; a refresh changes nothing. */
static void test_limited_while_anew(void **state)
{
	struct office o;
	struct phone_call *a, *b;
	struct sim_phone *eve = limited_talk(&o, &a, &b);
	refreshed(&o, a);
	assert_true(says(a->remote, LIMITED));
	to_eve(&o, a, b, eve);
	assert_int_equal(a->reinvites + a->updates, 1);
	assert_true(says(a->remote, "m=audio ") && !says(a->remote, "maxplaybackrate"));
	both_end(&o, a, phone_last(eve));
}

/* On hold and back, by each side and in each way, she is told the same; what she is asked for then is the whole. */
static void test_limit_through_hold(void **state)
{
	static const char *const held[][2] = {{"a=sendonly\r\n", "a=recvonly\r\n"},
					      {"a=inactive\r\n", "a=inactive\r\n"}};
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		struct office o;
		struct phone_call *a, *b;
		struct sim_phone *eve = limited_talk(&o, &a, &b);
		for (unsigned hers = 2; hers-- > 0;) {
			struct phone_call *c = hers ? a : b;
			for (unsigned on = 2; on-- > 0;) {
				c->phone->attributes = on ? held[i][0] : "";
				phone_reinvite(c, false);
				sim_until(o.s, 5, c->reinvite_status == 200);
				sim_run(o.s, 100 * MS_US);
				assert_int_equal(says(c->remote, held[i][1]), on);
				assert_true(says(a->remote, LIMITED));
				assert_int_equal(says(b->remote, "maxplaybackrate"), 0);
				refreshed(&o, a);
				assert_true(says(a->remote, LIMITED));
			}
			assert_true(voice_flows(a, b) && stream_of(a)->way.anew);
		}
		o.desk->attributes = held[i][0]; /* as phones do before they transfer */
		phone_reinvite(b, false);
		sim_until(o.s, 5, b->reinvite_status == 200);
		to_eve(&o, a, b, eve);
		assert_int_equal(a->reinvites + a->updates, 1);
		assert_true(says(a->remote, "m=audio ") && !says(a->remote, "maxplaybackrate"));
		both_end(&o, a, phone_last(eve));
	}
}

/* Asked while she asks herself, it is asked again; refused for good, it stays as it was, and what she is told as well.
 */
static void test_limit_refused(void **state)
{
	struct office o;
	struct phone_call *a, *b;
	struct sim_phone *eve = limited_talk(&o, &a, &b);
	o.ann->glares = 1;
	to_eve(&o, a, b, eve);
	assert_int_equal(a->reinvites + a->updates, 2);
	assert_true(says(a->remote, "m=audio ") && !says(a->remote, "maxplaybackrate"));
	both_end(&o, a, phone_last(eve));

	eve = limited_talk(&o, &a, &b);
	o.ann->reinvite_status = o.ann->update_status = 488;
	to_eve(&o, a, b, eve);
	assert_int_equal(a->reinvites + a->updates, 1);
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->reinvite_status == 200);
	assert_true(says(a->remote, LIMITED));
	both_end(&o, a, phone_last(eve));
}

/* Who wants no more itself, as another switchboard that makes voice anew, has nobody asked for more. */
static void test_limit_wanted(void **state)
{
	static const struct {
		const char *fmtp;
		unsigned asked;
	} rows[] = {
		{"a=fmtp:96 useinbandfec=1;maxplaybackrate=16000\r\n", 0},
		{"a=fmtp:96 maxplaybackrate=8000; useinbandfec=1\r\n", 0},
		{"a=fmtp:96 maxplaybackrate=48000\r\n", 1},
		{"a=fmtp:96 maxplaybackrate=0\r\n", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o;
		struct phone_call *a, *b;
		struct sim_phone *eve = limited_talk(&o, &a, &b);
		eve->attributes = rows[i].fmtp;
		to_eve(&o, a, b, eve);
		assert_int_equal(a->reinvites + a->updates, rows[i].asked);
		both_end(&o, a, phone_last(eve));
	}
}

/* Ann is on the phone with another switchboard, which makes her voice anew further on; who calls whom. */
static void talk_with_another(struct office *o, bool it_calls, struct phone_call **a, struct phone_call **b)
{
	*o = office_tls();
	o->ann->codecs = o->desk->codecs = "96 101";
	o->ann->attributes = "a=fmtp:96 useinbandfec=1;stereo=1\r\n";
	o->desk->attributes = LIMITED;
	if (it_calls) {
		o->ann->answer_ms = 500;
		*b = phone_dial(o->desk, "10");
		sim_until(o->s, 10, (*b)->up && phone_last(o->ann)->up);
		*a = phone_last(o->ann);
		sim_run(o->s, 100 * MS_US);
	} else {
		office_talk(o, a, b);
	}
	assert_true(voice_flows(*a, *b) && !stream_of(*a)->way.anew);
	assert_true(says((*a)->remote, LIMITED));
	assert_true(says((*b)->remote, "stereo=1"));
}

/* It says how it wants her Opus now, and nothing else: that is between it and us, and tells it of hers what it was
 * told. */
static void wants_now(struct office *o, struct phone_call *b, const char *fmtp)
{
	o->desk->attributes = fmtp;
	phone_reinvite(b, false);
	sim_until(o->s, 5, b->reinvite_status == 200);
	sim_run(o->s, 10 * SECOND_US);
	assert_true(says(b->remote, "a=fmtp:96 useinbandfec=1;stereo=1\r\n"));
}

/* What is passed on as it comes to a switchboard that passes it on itself from now on is asked for in full, once; and
 * that it makes anew again, in part. */
static void test_limit_further_on(void **state)
{
	for (unsigned it_calls = 2; it_calls-- > 0;) {
		struct office o;
		struct phone_call *a, *b;
		talk_with_another(&o, it_calls, &a, &b);
		wants_now(&o, b, LIMITED);
		assert_int_equal(a->reinvites + a->updates, 0);
		o.ann->glares = 1;
		wants_now(&o, b, "a=fmtp:96 useinbandfec=1;usedtx=1\r\n");
		assert_int_equal(a->reinvites + a->updates, 2);
		assert_true(says(a->remote, "a=fmtp:96 useinbandfec=1;usedtx=1\r\n"));
		wants_now(&o, b, "a=fmtp:96 useinbandfec=1;usedtx=1\r\n");
		assert_int_equal(a->reinvites + a->updates, 2);
		o.ann->glares = 1;
		wants_now(&o, b, LIMITED);
		assert_int_equal(a->reinvites + a->updates, 4);
		assert_true(says(a->remote, LIMITED));
		assert_true(voice_flows(a, b) && !stream_of(a)->way.anew);
		(void)hang_up(&o, it_calls ? b : a);
		office_done(&o);
	}
}

/* She refuses: the call goes on, and she is told what she was. */
static void test_limit_further_on_refused(void **state)
{
	struct office o;
	struct phone_call *a, *b;
	talk_with_another(&o, false, &a, &b);
	o.ann->reinvite_status = o.ann->update_status = 488;
	wants_now(&o, b, "");
	assert_int_equal(a->reinvites + a->updates, 1);
	refreshed(&o, a);
	assert_true(says(a->remote, LIMITED));
	assert_true(voice_flows(a, b));
	(void)hang_up(&o, a);
	office_done(&o);
}

/* Ann speaks with Eve, by Opus as it comes, and Eve transfers her to Bob's desk, which does not know it. */
static void to_desk(struct office *o, const char *codecs, struct phone_call **a, struct phone_call **b)
{
	struct phone_call *e;
	struct sim_phone *eve = office_with_eve(o);
	o->ann->codecs = codecs;
	o->desk->answer_ms = 500;
	*a = phone_dial(o->ann, "30");
	sim_until(o->s, 10, (*a)->up && phone_last(eve)->up);
	e = phone_last(eve);
	sim_run(o->s, 100 * MS_US);
	assert_true(voice_flows(*a, e) && !stream_of(*a)->way.anew);
	assert_false(says((*a)->remote, "maxplaybackrate"));
	phone_send_in_dialog(e, SIP_REFER, "Refer-To: <sip:20@acme.example>\r\nContact: <sip:x@198.51.100.9>\r\n");
	sim_until(o->s, 5, phone_last(o->desk)->up);
	sim_run(o->s, 10 * SECOND_US);
	*b = phone_last(o->desk);
	assert_true(voice_flows(*a, *b));
}

/* Who is transferred to one who does not know Opus speaks what that speaks; if it knows nothing else, it is told by the
 * same offer how much of its Opus is heard. */
static void test_limit_begins(void **state)
{
	static const struct {
		const char *codecs;
		bool anew;
	} rows[] = {{"96 101", true}, {"96 8 101", false}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o;
		struct phone_call *a, *b;
		to_desk(&o, rows[i].codecs, &a, &b);
		assert_int_equal(stream_of(a)->way.anew, rows[i].anew);
		assert_int_equal(a->reinvites + a->updates, 1);
		assert_int_equal(says(a->remote, LIMITED), rows[i].anew);
		both_end(&o, a, b);
	}
}

/* Bob's desk has Ann on the phone, who asks Eve, and then joins the two: the desk does not know Opus, and Eve, who is
 * asked for nothing else, is told how much of hers is heard from now on. */
static void test_limit_of_a_third(void **state)
{
	static const struct {
		unsigned desk_status, eve_status, eve_glares, eve_asked;
		bool limited;
	} rows[] = {
		{200, 200, 0, 1, true},
		{488, 200, 0, 1, true},
		{488, 200, 1, 2, true},
		{488, 488, 0, 1, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o;
		struct sim_phone *eve = office_with_eve(&o);
		struct phone_call *a, *b, *second;
		char refer[600];
		o.ann->answer_ms = 500;
		b = phone_dial(o.desk, "10");
		sim_until(o.s, 10, b->up && phone_last(o.ann)->up);
		a = phone_last(o.ann);
		second = phone_dial(o.ann, "30");
		sim_until(o.s, 10, second->up && phone_last(eve)->up);
		sim_run(o.s, 100 * MS_US);
		struct phone_call *e = phone_last(eve);
		assert_false(says(e->remote, "maxplaybackrate"));
		o.desk->reinvite_status = rows[i].desk_status;
		eve->reinvite_status = rows[i].eve_status;
		eve->glares = rows[i].eve_glares;
		snprintf(refer, sizeof(refer),
			 "Refer-To: <sip:30@acme.example?Replaces=%.*s%%3Bto-tag%%3D%.*s%%3Bfrom-tag%%3D%.*s>\r\n"
			 "Contact: <sip:x@198.51.100.9>\r\n",
			 SLICE_ARG(second->dialog.call_id), SLICE_ARG(second->dialog.remote_tag),
			 SLICE_ARG(second->dialog.local_tag));
		phone_send_in_dialog(a, SIP_REFER, refer);
		sim_run(o.s, 20 * SECOND_US);
		assert_true(voice_flows(b, e) && stream_of(e)->way.anew);
		assert_int_equal(e->reinvites + e->updates, rows[i].eve_asked);
		assert_int_equal(b->reinvites + b->updates, 1);
		phone_reinvite(e, false);
		sim_until(o.s, 5, e->reinvite_status == 200);
		assert_int_equal(says(e->remote, LIMITED), rows[i].limited);
		both_end(&o, b, e);
	}
}

/* An offer that is taken back told nothing: Opus that goes on being passed on is not limited by a refresh. */
static void test_limit_taken_back(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	o.ann->codecs = o.desk->codecs = "96 101";
	office_talk(&o, &a, &b);
	o.ann->glares = 100;
	o.desk->codecs = "8 101";
	phone_reinvite(b, false);
	sim_until(o.s, 60, b->reinvite_status);
	assert_in_range(b->reinvite_status, 491, 504);
	o.ann->glares = 0;
	refreshed(&o, a);
	assert_true(says(a->remote, "m=audio ") && !says(a->remote, "maxplaybackrate"));
	(void)hang_up(&o, a);
	office_done(&o);
}

/* Told so early because of who rang, answered by another, who speaks Opus. */
static void test_limit_of_who_rang(void **state)
{
	struct office o = office_tls();
	o.ann->codecs = o.mobile->codecs = "96 101";
	o.desk->codecs = "0 101";
	o.desk->early = true;
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang && a->remote[0]);
	assert_true(says(a->remote, LIMITED));
	o.mobile->answer_ms = 500;
	phone_registered(o.mobile);
	sim_until(o.s, 10, a->up && phone_last(o.mobile)->up);
	sim_run(o.s, SECOND_US);
	assert_true(voice_flows(a, phone_last(o.mobile)));
	assert_false(stream_of(a)->way.anew);
	assert_int_equal(a->reinvites + a->updates, 1);
	assert_false(says(a->remote, "maxplaybackrate"));
	(void)hang_up(&o, a);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_two),
		cmocka_unit_test(test_shared_first),
		cmocka_unit_test(test_nothing_can_be_done),
		cmocka_unit_test(test_nothing_can_be_done_later),
		cmocka_unit_test(test_as_receiver_wants),
		cmocka_unit_test(test_delayed_offer),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_limited_while_anew),
		cmocka_unit_test(test_limit_through_hold),
		cmocka_unit_test(test_limit_refused),
		cmocka_unit_test(test_limit_wanted),
		cmocka_unit_test(test_limit_further_on),
		cmocka_unit_test(test_limit_further_on_refused),
		cmocka_unit_test(test_limit_begins),
		cmocka_unit_test(test_limit_of_a_third),
		cmocka_unit_test(test_limit_taken_back),
		cmocka_unit_test(test_limit_of_who_rang),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
