/* Legs that speak as browsers do: what is offered and answered, whose names and roles hold, and how it is recorded. */
#include "sim/office.h"

/* Ann has a browser, Bob a desk phone with SDES; both are at home. */
static struct office office_browser(void)
{
	struct office o = {.s = sim_new(1)};
	sim_add_device(
		o.s,
		&(struct sim_person){
			.tenant = "acme", .extension = "10", .device = "desk", .password = "secret10", .dtls = true});
	sim_add_device(o.s, &(struct sim_person){
				    .tenant = "acme", .extension = "20", .device = "desk", .password = "secret20"});
	o.ann = phone_new(o.s, "acme-10-desk", "secret10", SIP_TLS);
	o.desk = phone_new(o.s, "acme-20-desk", "secret20", SIP_TLS);
	o.ann->ufrag = "annA";
	o.ann->fingerprint = 0x11;
	phone_registered(o.ann);
	phone_registered(o.desk);
	return o;
}

static struct voice_stream *stream_of(const struct phone_call *c)
{
	struct sdp_session session;
	struct sdp_reason err;
	uint8_t index;
	assert_int_equal(sdp_parse(slice_from_string(c->remote), &session, &err), SDP_OK);
	const struct sdp_media *m = sdp_audio(&session, &index);
	assert_non_null(m);
	return voice_at(c->phone->sim->media, m->port);
}

static void check_told(const struct phone_call *c, const char *text)
{
	if (!strstr(c->remote, text))
		print_error("no %s in\n%s", text, c->remote);
	assert_non_null(strstr(c->remote, text));
}

/* What Alto said in this call, and what the stream was told of it, agree. */
static void check_stream(const struct phone_call *c, bool client, uint8_t fingerprint)
{
	const struct voice_stream *v = stream_of(c);
	const struct media_webrtc *w = &v->settings.webrtc;
	char line[64];
	assert_true(v->shared && v->settings.rtcp_mux);
	assert_int_equal(w->client, client);
	assert_int_equal(w->fingerprint.n, 32);
	assert_int_equal(w->fingerprint.bytes[0], fingerprint);
	assert_int_equal(w->fingerprint.bytes[31], fingerprint);
	assert_int_equal(v->settings.send_key.suite, SRTP_NONE);
	snprintf(line, sizeof(line), "a=ice-ufrag:%.*s\r\na=ice-pwd:%.*s\r\n", ICE_UFRAG_CHARS, w->ice.ufrag,
		 ICE_PWD_CHARS, w->ice.pwd);
	check_told(c, line);
	check_told(c, "m=audio ");
	check_told(c, " UDP/TLS/RTP/SAVPF ");
	check_told(c, "a=ice-lite\r\n");
	check_told(c, "a=group:BUNDLE 0\r\n");
	check_told(c, "a=mid:0\r\n");
	check_told(c, "a=rtcp-mux\r\n");
	check_told(c, "a=fingerprint:" VOICE_FINGERPRINT "\r\n");
	check_told(c, " 198.51.100.200 ");            /* another address of the host, */
	assert_null(strstr(c->remote, "10.0.0.200")); /* but none of an internal network */
	assert_null(strstr(c->remote, "a=crypto"));
}

static void check_row(struct sim *s, const char *a, const char *b)
{
	struct sim_row row = sim_assert_row(s, 200, "answered", "caller");
	assert_string_equal(row.a_srtp, a);
	assert_string_equal(row.b_srtp, b);
	assert_false(row.a_clear || row.b_clear);
}

static void test_browser_calls(void **state)
{
	struct office o = office_browser();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	/* Who answers says hello. */
	check_told(a, "a=setup:active\r\n");
	check_stream(a, true, 0x11);
	voice_secured(o.s->media, stream_of(a)->port, SRTP_AEAD_AES_128_GCM);
	phone_hang_up(a);
	check_row(o.s, "DTLS AEAD_AES_128_GCM", "AEAD_AES_128_GCM");
	office_done(&o);
}

/* The addresses of a description's candidates, in their order, each with a space behind it; all are of one port. */
static void candidates_of(const char *description, char *ret, size_t cap)
{
	struct slice rest = slice_from_string(description), port = SLICE_NONE;
	struct writer w = writer_on(ret, cap);
	while (rest.n) {
		struct slice line = slice_cut(&rest, '\n');
		if (!slice_starts(line, SLICE("a=candidate:")))
			continue;
		for (unsigned i = 0; i < 4; i++)
			(void)slice_cut(&line, ' ');
		write_slice(&w, slice_cut(&line, ' '));
		write_char(&w, ' ');
		struct slice this = slice_cut(&line, ' ');
		assert_true(!port.n || slice_eq(this, port));
		port = this;
	}
	write_char(&w, 0);
	assert_false(w.overflow);
}

/* Who comes from near may stand for people who are anywhere: it is told our own addresses, and after them the one that
 * stands for some of them outside. Everybody else is told what can be reached from outside. Each is told once. */
static void test_candidates(void **state)
{
	static const char *const wanted[] = {"192.0.2.10 198.51.100.200 203.0.113.5 ",
					     "192.0.2.10 198.51.100.200 10.0.0.200 10.0.0.201 10.1.0.200 203.0.113.5 "};
	for (unsigned near = 0; near < 2; near++) {
		struct office o = office_browser();
		struct phone_call *a, *b;
		char told[256];
		o.ann->near = near;
		office_talk(&o, &a, &b);
		candidates_of(a->remote, told, sizeof(told));
		assert_string_equal(told, wanted[near]);
		phone_hang_up(a);
		sim_run(o.s, SECOND_US);
		office_done(&o);
	}
}

static void test_browser_is_called(void **state)
{
	static const struct {
		const char *setup; /* what it answers */
		bool client;
	} table[] = {{"active", false}, {"passive", true}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct office o = office_browser();
		o.ann->setup = table[i].setup;
		o.ann->answer_ms = 500;
		struct phone_call *b = phone_dial(o.desk, "10");
		/* Whoever answers may check before its answer is here: its names hold from the offer on. */
		sim_until(o.s, 10, phone_last(o.ann));
		sim_run(o.s, 100 * MS_US);
		struct phone_call *a = phone_last(o.ann);
		uint64_t port = 0;
		assert_non_null(strstr(o.ann->last_invite, "a=setup:actpass\r\n"));
		assert_non_null(strstr(o.ann->last_invite, "a=rtcp-mux-only\r\n"));
		struct slice line = slice_from_string(strstr(o.ann->last_invite, "m=audio ") + sizeof("m=audio ") - 1);
		assert_true(slice_u64(slice_cut(&line, ' '), UINT16_MAX, &port));
		const struct ice_credentials *ice = &voice_at(o.s->media, (uint16_t)port)->settings.webrtc.ice;
		char ufrag[32];
		snprintf(ufrag, sizeof(ufrag), "a=ice-ufrag:%.*s\r\n", ICE_UFRAG_CHARS, ice->ufrag);
		assert_non_null(strstr(o.ann->last_invite, ufrag));
		sim_until(o.s, 10, a->up && b->up);
		sim_run(o.s, 100 * MS_US);
		assert_true(voice_flows(a, b));
		check_stream(a, table[i].client, 0x11);
		voice_secured(o.s->media, stream_of(a)->port, SRTP_AES_CM_128_HMAC_SHA1_80);
		phone_hang_up(b);
		check_row(o.s, "AEAD_AES_128_GCM", "DTLS AES_CM_128_HMAC_SHA1_80");
		office_done(&o);
	}
}

static void test_offers_refused(void **state)
{
	static const struct {
		const char *omits, *setup, *attributes, *why;
	} table[] = {
		{.omits = "a=ice-ufrag", .why = "Full ICE Required"},
		{.omits = "a=ice-pwd", .why = "Full ICE Required"},
		{.attributes = "a=ice-lite\r\n", .why = "Full ICE Required"},
		{.omits = "a=fingerprint", .why = "DTLS Fingerprint Required"},
		{.omits = "a=setup", .why = "DTLS Role Required"},
		{.setup = "holdconn", .why = "DTLS Role Required"},
		{.omits = "a=rtcp-mux", .why = "RTCP On The Port Of RTP Required"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct office o = office_browser();
		o.ann->omits = table[i].omits;
		o.ann->setup = table[i].setup;
		if (table[i].attributes)
			o.ann->attributes = table[i].attributes;
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 10, a->status >= 200);
		assert_int_equal(a->status, 488);
		assert_non_null(strstr(o.ann->last_response, table[i].why));
		assert_int_equal(o.desk->got[SIP_INVITE], 0);
		office_done(&o);
	}
	/* Neither a desk phone's offer from a browser, nor the other way round. */
	struct office o = office_browser();
	o.ann->ufrag = NULL;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 10, a->status >= 200);
	assert_int_equal(a->status, 488);
	o.desk->ufrag = "bobB";
	struct phone_call *b = phone_dial(o.desk, "10");
	sim_until(o.s, 10, b->status >= 200);
	assert_int_equal(b->status, 488);
	office_done(&o);
}

static void test_answers_refused(void **state)
{
	static const struct {
		const char *omits, *setup;
	} table[] = {{.omits = "a=fingerprint"}, {.omits = "a=ice-pwd"}, {.omits = "a=rtcp-mux"}, {.setup = "actpass"}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct office o = office_browser();
		o.ann->answer_ms = 100;
		o.ann->omits = table[i].omits;
		o.ann->setup = table[i].setup;
		struct phone_call *b = phone_dial(o.desk, "10");
		sim_until(o.s, 10, b->status >= 200);
		assert_int_equal(b->status, 488);
		sim_run(o.s, SECOND_US);
		assert_int_equal(phone_last(o.ann)->byes, 1);
		office_done(&o);
	}
}

static void reinvite(struct office *o, struct phone_call *c)
{
	c->reinvite_status = 0;
	phone_reinvite(c, false);
	sim_until(o->s, 10, c->reinvite_status);
	assert_int_equal(c->reinvite_status, 200);
	sim_run(o->s, 100 * MS_US);
}

/* §9: other names of theirs bring other names of ours; and the role stays, as does the association. */
static void test_restart(void **state)
{
	struct office o = office_browser();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	struct media_webrtc before = stream_of(a)->settings.webrtc;
	reinvite(&o, a); /* a refresh: nothing changes */
	assert_memory_equal(&stream_of(a)->settings.webrtc, &before, sizeof(before));
	o.ann->ufrag = "annB";
	reinvite(&o, a);
	check_stream(a, true, 0x11);
	assert_true(memcmp(&stream_of(a)->settings.webrtc.ice, &before.ice, sizeof(before.ice)) != 0);
	/* Another certificate, and a role of its own choice. */
	o.ann->fingerprint = 0x22;
	o.ann->setup = "active";
	reinvite(&o, a);
	check_stream(a, false, 0x22);
	o.ann->setup = NULL;
	reinvite(&o, a);
	check_told(a, "a=setup:passive\r\n");
	check_stream(a, false, 0x22);
	/* Held, and taken back: c=0.0.0.0 says nothing with ICE. */
	o.ann->host = "0.0.0.0";
	reinvite(&o, a);
	assert_true(stream_of(a)->settings.send && stream_of(a)->settings.receive);
	o.ann->attributes = "a=sendonly\r\n";
	reinvite(&o, a);
	assert_false(stream_of(a)->settings.send);
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

/* DTLS failed: nobody would hear anything, so the call ends and says so. */
static void test_not_secured(void **state)
{
	struct office o = office_browser();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	voice_secured(o.s->media, stream_of(a)->port, SRTP_NONE);
	sim_until(o.s, 10, a->byes && b->byes);
	struct sim_row row = sim_assert_row(o.s, 200, "media-failed", "caller");
	assert_string_equal(row.a_srtp, "DTLS"); /* and no suite: there was no voice */
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_browser_calls),  cmocka_unit_test(test_browser_is_called),
		cmocka_unit_test(test_offers_refused), cmocka_unit_test(test_answers_refused),
		cmocka_unit_test(test_restart),        cmocka_unit_test(test_not_secured),
		cmocka_unit_test(test_candidates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
