/* Instant messages: to whom they go, what their senders hear, and that nobody is somebody else */
#include "sim/office.h"

#include "call/instant.h"

/* As the directory knows her. */
#define ANN "\"Ann \\\"A\\\" Example\" <sip:10@acme.example>"

static unsigned taken(const struct office *o)
{
	return o->desk->got[SIP_MESSAGE] + o->mobile->got[SIP_MESSAGE];
}

/* ---- to all phones ---- */

static void test_forked(void **state)
{
	struct office o = office_two();
	snprintf(o.ann->extra, sizeof(o.ann->extra),
		 "Content-Language: fr\r\ns: news\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\nX-Own: 1\r\n"
		 "Contact: <sip:10@198.51.100.1>\r\nUser-Agent: spy\r\n");
	assert_int_equal(phone_wrote(o.ann, "20", "Watson, come here."), 200);
	sim_run(o.s, SECOND_US);
	struct sim_phone *phones[] = {o.desk, o.mobile};
	for (size_t i = 0; i < ARRAY_LEN(phones); i++) {
		const char *m = phones[i]->last_request;
		assert_int_equal(phones[i]->got[SIP_MESSAGE], 1);
		assert_true(slice_starts(slice_from_string(m), SLICE("MESSAGE sip:acme-20-")));
		assert_has(m, "\r\nFrom: " ANN ";tag=");
		assert_has(m, "\r\nTo: \"Ann \\\"A\\\" Example\" <sip:20@acme.example>\r\n");
		assert_has(m, "\r\nMax-Forwards: 69\r\n");
		assert_has(m, "\r\nContent-Type: text/plain\r\n");
		assert_has(m, "\r\nContent-Language: fr\r\n");
		assert_has(m, "\r\nSubject: news\r\n");
		assert_has(m, "\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\n");
		assert_has(m, "\r\n\r\nWatson, come here.");
		/* RFC 3428 §4: no Contact; and nothing that we do not know. */
		assert_false(has(m, "\r\nContact:") || has(m, "X-Own") || has(m, "spy") || has(m, "message-acme"));
	}
	assert_int_equal(o.s->sb->instants_delivered.value, 1);
	assert_int_equal(o.ann->got[SIP_MESSAGE], 0);
	office_done(&o);
}

/* Whatever is in it. */
static void test_bodies(void **state)
{
	static const struct {
		const char *type, *body, *extra, *passed;
	} cases[] = {
		{"text/plain;charset=UTF-8", "h\xc3\xa9", "", "h\xc3\xa9"},
		{"application/x-nobody-knows", "\x01\x02", "", "\x01\x02"},
		{"multipart/mixed;boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\na\r\n--b--\r\n",
		 "MIME-Version: 1.0\r\n", "\r\nMIME-Version: 1.0\r\n"},
		{"message/cpim", "From: <sip:boss@acme.example>\r\n\r\nhi", "e: gzip\r\n",
		 "\r\nContent-Encoding: gzip\r\n"},
		{"application/sdp", "v=0", "Content-Disposition: render;handling=required\r\n",
		 "\r\nContent-Disposition: render;handling=required\r\n"},
		{"", "", "", "\r\nContent-Length: 0\r\n\r\n"},
	};
	struct office o = office_tls();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char type[128];
		snprintf(o.ann->extra, sizeof(o.ann->extra), "%s", cases[i].extra);
		phone_write(o.ann, "20", cases[i].type, slice_from_string(cases[i].body));
		sim_until(o.s, 10, o.ann->written);
		assert_int_equal(o.ann->written, 200);
		assert_int_equal(o.desk->got[SIP_MESSAGE], i + 1);
		assert_int_equal(o.desk->message_n, strlen(cases[i].body));
		snprintf(type, sizeof(type), "\r\nContent-Type: %s\r\n", cases[i].type);
		assert_int_equal(has(o.desk->last_request, type), cases[i].type[0] != 0);
		assert_has(o.desk->last_request, cases[i].passed);
	}
	phone_write(o.ann, "20", "", SLICE("what is this"));
	sim_until(o.s, 10, o.ann->written);
	assert_int_equal(o.ann->written, 400);
	assert_has(o.ann->last_response, "Missing Content-Type");
	office_done(&o);
}

/* ---- what the sender hears ---- */

static void test_best_answer(void **state)
{
	static const struct {
		unsigned desk, mobile, sender;
		const char *says;
	} cases[] = {
		{200, 486, 200, ""},
		{603, 202, 202, ""}, /* RFC 3428 §7: taken, and delivered later by others */
		{486, 603, 603, ""},
		{404, 486, 486, ""},
		{480, 415, 415, ""},
		{413, 500, 413, ""},
		{480, 405, 480, "480 Temporarily Unavailable"},
		{405, 501, 480, "480 Phones Take No Messages"},
		{302, 404, 480, ""},
		{401, 407, 480, ""},
		{503, 404, 480, ""},
		{482, 483, 480, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (unsigned turned = 0; turned < 2; turned++) {
			struct office o = office_two();
			o.desk->message_status = turned ? cases[i].mobile : cases[i].desk;
			o.mobile->message_status = turned ? cases[i].desk : cases[i].mobile;
			assert_int_equal(phone_wrote(o.ann, "20", "hello"), cases[i].sender);
			assert_has(o.ann->last_response, cases[i].says);
			sim_run(o.s, SECOND_US);
			assert_int_equal(o.desk->got[SIP_MESSAGE], 1);
			assert_int_equal(o.mobile->got[SIP_MESSAGE], 1);
			assert_int_equal(o.s->sb->instants_failed.value, cases[i].sender >= 300);
			office_done(&o);
		}
}

static void test_nobody(void **state)
{
	struct office o = office_tls();
	phone_register(o.desk, 0);
	sim_until(o.s, 5, o.desk->register_status);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 480);
	assert_int_equal(phone_wrote(o.ann, "99", "hello"), 404);
	assert_int_equal(phone_wrote(o.ann, "sip:acme.example", "hello"), 404);
	assert_int_equal(phone_wrote(o.ann, "mailto:bob@acme.example", "hello"), 416);
	/* Not to the phone that it comes from. */
	assert_int_equal(phone_wrote(o.ann, "10", "hello"), 480);
	/* Nor is a connection that has gone waited for. */
	phone_registered(o.desk);
	network_close(o.desk);
	sim_run(o.s, SECOND_US);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 480);
	assert_int_equal(taken(&o) + o.ann->got[SIP_MESSAGE], 0);
	office_done(&o);
}

/* RFC 4320: a 100 at 3.5 s and not before, no 408, and an answer before the sender stops to wait for one. */
static void test_silence(void **state)
{
	struct office o = office_two();
	o.desk->message_status = 0;
	o.mobile->message_status = 404;
	phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_run(o.s, INSTANT_TRYING_US - 100 * MS_US);
	assert_int_equal(o.ann->statuses[100], 0);
	sim_run(o.s, 200 * MS_US);
	assert_int_equal(o.ann->statuses[100], 1);
	sim_run(o.s, INSTANT_PATIENCE_US - INSTANT_TRYING_US - 200 * MS_US);
	assert_int_equal(o.ann->written, 0);
	sim_until(o.s, 1, o.ann->written);
	assert_int_equal(o.ann->written, 480);
	assert_int_equal(o.ann->statuses[100], 1);
	office_done(&o);
}

/* ---- from whom ---- */

static void test_identity(void **state)
{
	struct office o = office_tls();
	o.ann->from = "\"Boss\" <sip:20@acme.example>";
	snprintf(o.ann->extra, sizeof(o.ann->extra),
		 "P-Asserted-Identity: <sip:boss@acme.example>\r\nReferred-By: <sip:boss@acme.example>\r\n");
	assert_int_equal(phone_wrote(o.ann, "20", "pay them"), 200);
	assert_has(o.desk->last_request, "\r\nFrom: " ANN ";tag=");
	assert_false(has(o.desk->last_request, "oss"));
	/* Who hides is not told. */
	o.ann->from = NULL;
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Privacy: id\r\n");
	assert_int_equal(phone_wrote(o.ann, "20", "psst"), 200);
	assert_has(o.desk->last_request, "\r\nFrom: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=");
	assert_false(has(o.desk->last_request, "sip:10@"));
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Privacy: unknown;critical\r\n");
	assert_int_equal(phone_wrote(o.ann, "20", "psst"), 500);
	office_done(&o);
}

static void test_strangers(void **state)
{
	struct office o = office_udp();
	struct sim_phone *eve = phone_new(o.s, "acme-10-desk", "guess", SIP_UDP);
	assert_int_equal(phone_wrote(eve, "20", "hello"), 401);
	assert_int_equal(taken(&o), 0);
	/* Credentials of a REGISTER are none for a MESSAGE. */
	o.ann->replay = true;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 401);
	o.ann->replay = false;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_int_equal(taken(&o), 1);
	office_done(&o);
}

static void test_companies(void **state)
{
	struct office o = office_udp();
	sim_add_device(o.s, &(struct sim_person){"other", "20", "desk", "secret", SIP_DIGEST_MD5, true});
	sim_add_device(o.s, &(struct sim_person){"other", "40", "desk", "secret", SIP_DIGEST_MD5, true});
	struct sim_phone *theirs = phone_new(o.s, "other-20-desk", "secret", SIP_UDP);
	struct sim_phone *zoe = phone_new(o.s, "other-40-desk", "secret", SIP_UDP);
	phone_registered(theirs);
	phone_registered(zoe);
	sim_set_number(o.s, "acme", "+33142685320", "20");
	sim_set_number(o.s, "other", "+33142685340", "40");
	/* An extension is of one's own company, whatever the domain; a number is its owner's. */
	assert_int_equal(phone_wrote(zoe, "sip:20@acme.example", "hello"), 200);
	assert_int_equal(theirs->got[SIP_MESSAGE], 1);
	assert_int_equal(phone_wrote(zoe, "sip:10@acme.example", "hello"), 404);
	assert_int_equal(phone_wrote(zoe, "+33142685320", "hello"), 403);
	assert_int_equal(phone_wrote(o.ann, "+33142685340", "hello"), 403);
	assert_int_equal(taken(&o) + zoe->got[SIP_MESSAGE], 0);
	assert_int_equal(phone_wrote(o.ann, "+33142685320", "hello"), 200);
	assert_int_equal(taken(&o), 1);
	office_done(&o);
}

static void test_outside(void **state)
{
	struct office o = office_udp();
	struct sim_phone *op = phone_new(o.s, "operator-+33611223344", "", SIP_UDP);
	char host[64];
	struct writer w = writer_on(host, sizeof(host) - 1);
	write_address(&w, &op->address);
	host[w.n] = 0;
	sim_add_trunk(o.s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = host, .plain_rtp = true});
	sim_set_number(o.s, "acme", "+33142685320", "20");
	assert_int_equal(phone_wrote(op, "+33142685320", "hello"), 403);
	assert_int_equal(phone_wrote(o.ann, "+33611223344", "hello"), 403);
	assert_int_equal(taken(&o) + op->got[SIP_MESSAGE], 0);
	office_done(&o);
}

/* ---- what goes wrong on the way ---- */

static void test_copies(void **state)
{
	struct office o = office_udp();
	o.s->weather.most_us = o.s->weather.least_us;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	unsigned oks = o.ann->statuses[200];
	/* The same bytes as the request that was answered. */
	static char again[3000];
	struct writer w = writer_on(again, sizeof(again));
	write_string(&w, "MESSAGE sip:20@acme.example SIP/2.0\r\n");
	const char *via = strstr(o.ann->last_response, "Via: ");
	write_slice(&w, slice_of(via, strcspn(via, "\r")));
	write_string(&w, "\r\nMax-Forwards: 70\r\nFrom: <sip:10@acme.example>;tag=m1\r\nTo: <sip:20@acme.example>\r\n"
			 "Call-ID: message-acme-10-desk-1\r\nCSeq: 2 MESSAGE\r\nContent-Length: 0\r\n\r\n");
	char first[sizeof(o.ann->last_response)];
	memcpy(first, o.ann->last_response, sizeof(first));
	phone_send_raw(o.ann, writer_slice(&w));
	sim_until(o.s, 5, o.ann->statuses[200] == oks + 1);
	assert_string_equal(o.ann->last_response, first);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 1);
	office_done(&o);
}

static void test_weather(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct office o = office_on(sim_new_plain(seed), SIP_UDP, true);
		phone_registered(o.ann);
		phone_registered(o.desk);
		phone_registered(o.mobile);
		o.s->weather.loss_percent = 30;
		o.s->weather.double_percent = 20;
		assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
		/* Who has not had it yet when the sender is answered still gets it. */
		sim_until(o.s, 40, o.desk->got[SIP_MESSAGE] && o.mobile->got[SIP_MESSAGE]);
		o.s->weather.loss_percent = o.s->weather.double_percent = 0;
		office_done(&o);
	}
}

/* Sent back as it came it is one that we have sent; by others Max-Forwards ends it. */
static void test_loops(void **state)
{
	struct office o = office_tls();
	o.desk->message_status = 0;
	phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_until(o.s, 5, o.desk->got[SIP_MESSAGE]);
	static char back[6000];
	const char *rest = strstr(o.desk->last_request, "Via: ");
	snprintf(back, sizeof(back),
		 "MESSAGE sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/TLS 198.51.100.2;branch=z9hG4bKback\r\n%s", rest);
	phone_send_raw(o.desk, slice_from_string(back));
	sim_until(o.s, 5, o.desk->statuses[482]);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 1);
	o.desk->message_status = 200;
	o.ann->max_forwards = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 483);
	o.ann->max_forwards = 1;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_has(o.desk->last_request, "\r\nMax-Forwards: 0\r\n");
	office_done(&o);
}

/* ---- to which of a person's phones, by which flow ---- */

/* RFC 5626: a phone with two flows has it once, by the newer; by the other where that fails. */
static void test_flows(void **state)
{
	for (unsigned failed = 0; failed < 3; failed++) {
		struct office o = office_on(sim_new(1), SIP_TLS, false);
		struct sim_phone *newer = phone_new(o.s, "acme-20-desk", "secret20", SIP_TLS);
		struct sim_phone *flows[] = {o.desk, newer};
		phone_registered(o.ann);
		for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
			snprintf(flows[i]->contact, sizeof(flows[i]->contact),
				 "<sip:bob@10.0.0.1:5061;transport=tls>;reg-id=%zu;+sip.instance=\"<urn:uuid:7>\"",
				 i + 1);
			snprintf(flows[i]->register_extra, sizeof(flows[i]->register_extra),
				 "Supported: path, outbound\r\n");
			phone_registered(flows[i]);
			sim_run(o.s, SECOND_US);
		}
		newer->message_status = failed == 1 ? 430 : failed == 2 ? 503 : 200;
		assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
		sim_run(o.s, SECOND_US);
		assert_int_equal(newer->got[SIP_MESSAGE], 1);
		assert_int_equal(o.desk->got[SIP_MESSAGE], failed != 0);
		/* Its connection closes while the answer is awaited. */
		newer->message_status = 0;
		phone_write(o.ann, "20", "text/plain", SLICE("hello"));
		sim_until(o.s, 5, newer->got[SIP_MESSAGE] == 2);
		network_close(newer);
		sim_until(o.s, 5, o.ann->written);
		assert_int_equal(o.ann->written, 200);
		assert_int_equal(o.desk->got[SIP_MESSAGE], 1 + (failed != 0));
		office_done(&o);
	}
}

/* A flow that fails after another phone has taken it: the sender is done, so the next flow is not tried. */
static void test_no_more_flows(void **state)
{
	struct office o = office_udp(); /* over UDP the sender's transaction stays, and what was sent with it */
	struct sim_phone *older = phone_new(o.s, "acme-20-mobile", "secret21", SIP_TLS);
	struct sim_phone *newer = phone_new(o.s, "acme-20-mobile", "secret21", SIP_TLS), *flows[] = {older, newer};
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		snprintf(flows[i]->contact, sizeof(flows[i]->contact),
			 "<sip:bob@10.0.0.1:5061;transport=tls>;reg-id=%zu;+sip.instance=\"<urn:uuid:7>\"", i + 1);
		snprintf(flows[i]->register_extra, sizeof(flows[i]->register_extra), "Supported: path, outbound\r\n");
		phone_registered(flows[i]);
		sim_run(o.s, SECOND_US);
	}
	newer->message_status = 0;
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	sim_until(o.s, 5, newer->got[SIP_MESSAGE]);
	network_close(newer);
	sim_until(o.s, 5, !o.s->sb->instants.used);
	sim_run(o.s, SECOND_US);
	assert_int_equal(older->got[SIP_MESSAGE], 0);
	assert_int_equal(o.s->sb->instants_failed.value, 0);
	office_done(&o);
}

static void test_one_phone(void **state)
{
	struct office o = office_two();
	snprintf(o.mobile->contact, sizeof(o.mobile->contact),
		 "<sip:x@198.51.100.9;transport=tls>;+sip.instance=\"<urn:uuid:7>\"");
	snprintf(o.mobile->register_extra, sizeof(o.mobile->register_extra), "Supported: gruu\r\n");
	phone_registered(o.mobile);
	assert_int_equal(phone_wrote(o.ann, "sip:20@acme.example;gr=urn:uuid:7", "hello"), 200);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.mobile->got[SIP_MESSAGE], 1);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 0);
	assert_int_equal(phone_wrote(o.ann, "sip:20@acme.example;gr=urn:uuid:8", "hello"), 480);
	office_done(&o);
}

/* A page shows none, and would refuse it (JsSIP: 405). */
static void test_pages(void **state)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	struct sim_phone *page = office_page(&o);
	phone_registered(o.ann);
	phone_registered(page);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 480);
	phone_registered(o.desk);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 1);
	assert_int_equal(page->got[SIP_MESSAGE], 0);
	phone_register(page, 0);
	sim_until(o.s, 5, page->register_status);
	office_done(&o);
}

/* ---- beside calls ---- */

static void test_in_a_call(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	phone_send_body(a, SIP_MESSAGE, "Content-Type: text/plain\r\n", SLICE("hello"));
	sim_until(o.s, 5, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 405);
	/* Nor is it said there that one could (RFC 3261 §13.2.1: Allow is of the dialog). */
	const char *says[] = {o.ann->last_response, o.desk->last_invite};
	for (size_t i = 0; i < ARRAY_LEN(says); i++)
		assert_has(says[i], "\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, PRACK, REFER, INFO\r\n");
	phone_send_in_dialog(a, SIP_OPTIONS, "");
	sim_until(o.s, 5, a->reinvite_status == 200);
	assert_has(o.ann->last_response, ", INFO\r\n");
	assert_int_equal(o.desk->got[SIP_MESSAGE], 0);
	assert_int_equal(phone_wrote(o.ann, "20", "hello"), 200);
	assert_int_equal(o.desk->got[SIP_MESSAGE], 1);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* A message on its way when all ends: its sender is told nothing that is not so. */
static void test_end(void **state)
{
	struct office o = office_two();
	o.desk->message_status = o.mobile->message_status = 0;
	phone_write(o.ann, "20", "text/plain", SLICE("hello"));
	sim_until(o.s, 5, taken(&o) == 2);
	sim_remove_device(o.s, "acme-10-desk");
	sim_free(o.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forked),      cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_best_answer), cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_silence),     cmocka_unit_test(test_identity),
		cmocka_unit_test(test_strangers),   cmocka_unit_test(test_companies),
		cmocka_unit_test(test_outside),     cmocka_unit_test(test_copies),
		cmocka_unit_test(test_weather),     cmocka_unit_test(test_loops),
		cmocka_unit_test(test_flows),       cmocka_unit_test(test_no_more_flows),
		cmocka_unit_test(test_one_phone),   cmocka_unit_test(test_pages),
		cmocka_unit_test(test_in_a_call),   cmocka_unit_test(test_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
