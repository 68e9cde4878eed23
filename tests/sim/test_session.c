/* A session changed while it lasts: hold, codecs, glare; and who may change it */
#include "sim/office.h"

#include <errno.h>

static void over(struct office *o, struct phone_call *a)
{
	if (!a->ended)
		phone_hang_up(a);
	sim_assert_row(o->s, 200, "answered", "caller");
	office_done(o);
}

static struct voice_stream *stream_told(struct phone_call *c)
{
	const char *m = strstr(c->remote, "m=audio ");
	assert_non_null(m);
	return voice_at(c->phone->sim->media, (uint16_t)strtol(m + 8, NULL, 10));
}

static void changed(struct phone_call *c, unsigned status)
{
	sim_until(c->phone->sim, 40, c->reinvite_status != 0);
	assert_int_equal(c->reinvite_status, status);
	sim_run(c->phone->sim, 100 * MS_US);
}

static void test_hold_and_resume(void **state)
{
	static const struct {
		const char *attributes, *host, *answered;
	} ways[] = {{"a=sendonly\r\n", NULL, "a=recvonly"},
		    {"a=inactive\r\n", NULL, "a=inactive"},
		    {"", "0.0.0.0", "m=audio"}};
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		o.ann->attributes = ways[i].attributes;
		o.ann->host = ways[i].host;
		phone_reinvite(a, false);
		changed(a, 200);
		assert_non_null(strstr(a->remote, ways[i].answered));
		assert_false(stream_told(a)->settings.send);
		assert_int_equal(b->reinvites, 0); /* Alto answers it */
		o.ann->attributes = "";
		o.ann->host = NULL;
		phone_reinvite(a, false);
		changed(a, 200);
		assert_true(stream_told(a)->settings.send && stream_told(a)->settings.receive);
		assert_true(voice_flows(a, b));
		over(&o, a);
	}
}

/* The same codec under another number: nobody need be asked, but what is passed must be numbered anew. */
static void test_other_payload_number(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "98 101";
	phone_reinvite(a, false);
	changed(a, 200);
	assert_int_equal(b->reinvites, 0);
	assert_true(voice_flows(a, b));
	assert_int_equal(stream_told(a)->way.map[98], 8);
	assert_int_equal(stream_told(b)->way.map[8], 98);
	over(&o, a);
}

static void test_other_codec(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct srtp_key key = stream_told(b)->settings.send_key;
	o.ann->codecs = "96 101";
	o.desk->codecs = "96 8 101";
	phone_reinvite(a, false);
	changed(a, 200);
	assert_memory_equal(&stream_told(b)->settings.send_key, &key, sizeof(key));
	assert_int_equal(b->reinvites, 1);
	assert_int_equal(b->acks, 2);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_equal(row.a_codec, "opus/48000/2");
	assert_string_equal(row.b_codec, "opus/48000/2");
	office_done(&o);
}

static void test_other_codec_refused(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "97 101"; /* that nothing can be made of */
	o.desk->reinvite_status = 488;
	char local[sizeof(a->local)];
	memcpy(local, a->local, sizeof(local));
	phone_reinvite(a, false);
	changed(a, 488);
	assert_int_equal(b->reinvites, 1);
	memcpy(a->local, local, sizeof(local)); /* the session is as it was */
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* The other side never answers: 408 ends its dialog and so the call (§12.2.1.2). */
static void test_other_codec_unanswered(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "96 101";
	o.desk->dead = true;
	phone_reinvite(a, false);
	sim_until(o.s, 40, a->reinvite_status != 0);
	assert_int_equal(a->reinvite_status, 504); /* after 20 s; its own transaction must not run out */
	sim_until(o.s, 40, a->ended);
	assert_int_equal(a->byes, 1);
	sim_assert_row(o.s, 200, "lost", "callee");
	office_done(&o);
}

/* A minute without voice: a phone that answers when asked keeps its call, one that does not loses it. */
static void test_silence(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	uint16_t port = stream_told(a)->port;
	voice_silent(o.s->media, port);
	sim_run(o.s, 40 * SECOND_US);
	assert_int_equal(o.ann->got[SIP_OPTIONS], 1);
	assert_false(a->ended || b->ended);
	o.ann->dead = true;
	voice_silent(o.s->media, port);
	sim_until(o.s, 40, b->ended);
	assert_int_equal(b->byes, 1);
	sim_assert_row(o.s, 200, "lost", "caller");
	phone_hang_up(a);
	office_done(&o);
}

static void test_without_offer(void **state)
{
	for (unsigned side = 0; side < 2; side++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		struct phone_call *c = side ? b : a;
		c->phone->answer_tag = 2; /* and another suite than before */
		phone_reinvite(c, true);
		changed(c, 200);
		assert_true(strlen(c->remote) && strlen(c->local));
		assert_int_equal(stream_told(c)->settings.send_key.suite, SRTP_AES_CM_128_HMAC_SHA1_80);
		assert_true(voice_flows(a, b));
		assert_int_equal(a->reinvites + b->reinvites, 0);
		over(&o, a);
	}
}

static void test_new_keys(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct srtp_key ours = stream_told(a)->settings.send_key, theirs = stream_told(a)->settings.receive_key;
	phone_reinvite(a, false);
	changed(a, 200);
	assert_true(voice_flows(a, b));
	assert_memory_equal(&stream_told(a)->settings.send_key, &ours, sizeof(ours)); /* runs on */
	assert_memory_not_equal(&stream_told(a)->settings.receive_key, &theirs, sizeof(theirs));
	over(&o, a);
}

/* Both phones ask for another codec at once: the one that meets our re-INVITE hears 491, and so do we; the other one's
 * wish is tried again a little later, when nobody is in its way, and answered. */
static void test_glare(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = "96 101";
	o.desk->codecs = "96 9 101";
	phone_reinvite(a, false);
	phone_reinvite(b, false);
	sim_until(o.s, 10, a->reinvite_status && b->reinvite_status);
	/* Whose came first is chance. */
	assert_int_equal(a->reinvite_status + b->reinvite_status, 200 + 491);
	assert_int_equal(a->reinvites + b->reinvites, 2);
	sim_run(o.s, 100 * MS_US);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* Our re-INVITE is open on a leg whose phone sends one of its own. */
static void test_glare_on_one_leg(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->codecs = o.desk->codecs = "96 101";
	o.desk->reinvite_status = 0;
	phone_reinvite(a, false);
	sim_until(o.s, 5, b->reinvites == 1);
	o.desk->codecs = "8 101"; /* even what concerns only this leg */
	phone_reinvite(b, false);
	sim_until(o.s, 5, b->reinvite_status != 0);
	assert_int_equal(b->reinvite_status, 491);
	assert_int_equal(a->reinvite_status, 0);
	/* The asker gives up: its re-INVITE is cancelled, the call stays. */
	phone_cancel(a);
	changed(a, 487);
	assert_false(a->ended || b->ended);
	phone_hang_up(a);
	sim_run(o.s, 40 * SECOND_US); /* the re-INVITE that is still open at b ends with the call */
	struct sim_row rows[2];
	assert_int_equal(sim_rows(o.s, rows, 2), 1);
	assert_string_equal(rows[0].cause, "answered");
	office_done(&o);
}

static void test_second_reinvite_too_early(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->no_ack = true;
	phone_reinvite(a, false);
	sim_run(o.s, 100 * MS_US);
	phone_ack(a, a->dialog.local_cseq - 1); /* of the INVITE before: not the one that is awaited */
	sim_run(o.s, 100 * MS_US);
	phone_reinvite(a, false);
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(a->reinvite_status, 500);
	assert_non_null(strstr(o.ann->last_response, "Retry-After:"));
	o.ann->no_ack = false;
	over(&o, a);
}

static void test_guessed_tag(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct sip_dialog real = a->dialog;
	char tag[64];
	/* Everything right but one bit of our tag's secret; then everything but the caller's own tag. */
	slice_to_string(real.remote_tag, tag, sizeof(tag));
	size_t last = strlen(tag) - 1;
	tag[last] = tag[last] == '0' ? '1' : '0';
	a->dialog.remote_tag = slice_from_string(tag);
	phone_send_in_dialog(a, SIP_BYE, "");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.ann->statuses[481], 1);
	a->dialog.remote_tag = real.remote_tag;
	a->dialog.local_tag = SLICE("guess");
	phone_send_in_dialog(a, SIP_BYE, "");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.ann->statuses[481], 2);
	a->dialog.local_tag = real.local_tag;
	a->dialog.call_id = SLICE("another");
	phone_send_in_dialog(a, SIP_BYE, "");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.ann->statuses[481], 3);
	a->dialog.call_id = real.call_id;
	assert_false(b->ended);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* Who knows all tags of a call on TLS still cannot take it to UDP. */
static void test_not_off_tls(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	o.ann->transport = SIP_UDP;
	phone_send_in_dialog(a, SIP_BYE, "");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(o.ann->statuses[403], 1);
	assert_false(b->ended);
	o.ann->transport = SIP_TLS;
	over(&o, a);
}

static void test_out_of_order(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_send_in_dialog(a, SIP_OPTIONS, "");
	sim_run(o.s, 100 * MS_US);
	uint32_t cseq = a->dialog.local_cseq;
	a->dialog.local_cseq = cseq - 1;
	phone_send_in_dialog(a, SIP_OPTIONS, "");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(a->reinvite_status, 500);
	phone_send_in_dialog(a, SIP_MESSAGE, "");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(a->reinvite_status, 405);
	phone_send_in_dialog(a, SIP_OPTIONS, "Require: foo\r\n");
	sim_run(o.s, 100 * MS_US);
	assert_int_equal(a->reinvite_status, 420);
	over(&o, a);
}

/* A phone that comes back on another connection goes on with its call. */
static void test_connection_changes(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	network_close(o.ann);
	sim_run(o.s, SECOND_US);
	assert_false(b->ended);
	network_connect(o.ann);
	phone_reinvite(a, false);
	changed(a, 200);
	assert_true(voice_flows(a, b));
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	sim_assert_row(o.s, 200, "answered", "callee");
	office_done(&o);
}

/* A phone that comes back and only registers: what happens to its call reaches it there. */
static void test_bye_finds_new_connection(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	network_close(o.ann);
	network_connect(o.ann);
	phone_registered(o.ann);
	phone_hang_up(b);
	sim_until(o.s, 5, a->byes == 1);
	sim_assert_row(o.s, 200, "answered", "callee");
	office_done(&o);
}

/* A media worker whose ring is full for a while: the voice is set a little later, and no call is lost. */
static void test_busy_worker(void **state)
{
	for (unsigned n = 1; n < 8; n++) {
		struct office o = office_tls();
		voice_busy(o.s->media, n);
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->up && phone_last(o.desk)->up);
		struct phone_call *b = phone_last(o.desk);
		sim_run(o.s, 200 * MS_US);
		assert_true(voice_flows(a, b));
		voice_busy(o.s->media, n);
		phone_reinvite(a, false);
		changed(a, 200);
		sim_run(o.s, 200 * MS_US);
		assert_true(voice_flows(a, b));
		over(&o, a);
	}
}

/* A stream that cannot be set: nobody is left in a call in which nothing is heard. */
static void test_voice_cannot_be_set(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	voice_refuse_set(o.s->media, -ENOMEM);
	phone_reinvite(a, false);
	changed(a, 500);
	voice_refuse_set(o.s->media, 0);
	assert_false(a->ended || b->ended);
	phone_reinvite(a, false);
	changed(a, 200);
	assert_true(voice_flows(a, b));

	voice_busy(o.s->media, 1); /* ... and only a moment later it shows that it cannot */
	voice_refuse_set(o.s->media, -ENOMEM);
	phone_reinvite(a, false);
	sim_until(o.s, 5, a->ended && b->ended);
	voice_refuse_set(o.s->media, 0);
	sim_assert_row(o.s, 200, "media-failed", "alto");
	office_done(&o);
}

/* The same at the start of a call. */
static void test_voice_cannot_be_set_at_first(void **state)
{
	struct office o = office_tls();
	voice_refuse_set(o.s->media, -ENOMEM);
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->status >= 300);
	assert_int_equal(a->status, 480);
	sim_until(o.s, 5, phone_last(o.desk)->ended);
	assert_non_null(strstr(phone_last(o.desk)->reason, "cause=500"));
	office_done(&o);
}

/* A phone that names a port of ours as its own would make our voice go round for ever. */
static void test_our_own_port(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	const struct voice_stream *theirs = stream_told(b);
	char host[64];
	struct writer w = writer_on(host, sizeof(host) - 1);
	write_address(&w, &theirs->local);
	host[w.n] = 0;
	uint16_t own_port = a->port;
	for (unsigned rtcp = 0; rtcp < 2; rtcp++) {
		o.ann->host = host;
		a->port = (uint16_t)(theirs->port + rtcp);
		phone_reinvite(a, false);
		changed(a, 488);
		assert_non_null(strstr(o.ann->last_response, "Our Own Voice Port"));
	}
	char attribute[128];
	snprintf(attribute, sizeof(attribute), "a=rtcp:%u IN IP4 %s\r\n", theirs->port + 1U, host);
	o.ann->host = NULL;
	a->port = own_port;
	o.ann->attributes = attribute;
	phone_reinvite(a, false);
	changed(a, 488);
	o.ann->attributes = "";
	phone_reinvite(a, false);
	changed(a, 200);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

/* In an answer the same. */
static void test_our_own_port_answered(void **state)
{
	struct office o = office_tls();
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	struct phone_call *b = phone_last(o.desk);
	/* The first two streams of this world: Ann's and Bob's. */
	const struct voice_stream *theirs = voice_at(o.s->media, 16386);
	assert_non_null(theirs);
	char host[64];
	struct writer w = writer_on(host, sizeof(host) - 1);
	write_address(&w, &theirs->local);
	host[w.n] = 0;
	o.desk->host = host;
	b->port = theirs->port;
	phone_answer(b, 200);
	sim_until(o.s, 5, a->status >= 300 && b->ended);
	assert_int_equal(a->status, 488);
	office_done(&o);
}

/* Both sides change their session while the worker is too busy to be told of the first: it is told of both at last. */
static void test_busy_worker_twice(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	sim_run(o.s, SECOND_US);
	voice_busy(o.s->media, 6);
	o.ann->attributes = "a=sendonly\r\n";
	phone_reinvite(a, false);
	phone_reinvite(b, false);
	sim_until(o.s, 5, a->reinvite_status && b->reinvite_status);
	assert_int_equal(a->reinvite_status, 200);
	assert_int_equal(b->reinvite_status, 200);
	o.ann->attributes = "";
	phone_reinvite(a, false);
	changed(a, 200);
	assert_true(voice_flows(a, b));
	over(&o, a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_voice_cannot_be_set),
		cmocka_unit_test(test_voice_cannot_be_set_at_first),
		cmocka_unit_test(test_our_own_port),
		cmocka_unit_test(test_our_own_port_answered),
		cmocka_unit_test(test_hold_and_resume),
		cmocka_unit_test(test_other_payload_number),
		cmocka_unit_test(test_other_codec),
		cmocka_unit_test(test_other_codec_refused),
		cmocka_unit_test(test_other_codec_unanswered),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_without_offer),
		cmocka_unit_test(test_new_keys),
		cmocka_unit_test(test_glare),
		cmocka_unit_test(test_glare_on_one_leg),
		cmocka_unit_test(test_second_reinvite_too_early),
		cmocka_unit_test(test_guessed_tag),
		cmocka_unit_test(test_not_off_tls),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_connection_changes),
		cmocka_unit_test(test_bye_finds_new_connection),
		cmocka_unit_test(test_busy_worker),
		cmocka_unit_test(test_busy_worker_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
