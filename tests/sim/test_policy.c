/* What is let in and what is not: encryption, limits, strangers, broken messages, other companies */
#include "sim/office.h"

#include <errno.h>

/* The final answer to Ann's call. */
static unsigned told(struct office *o, const char *extension)
{
	struct phone_call *a = phone_dial(o->ann, extension);
	sim_until(o->s, 30, a->status);
	return a->status;
}

static void refused(struct office *o, unsigned status, const char *cause)
{
	assert_int_equal(told(o, "20"), status);
	assert_int_equal(o->desk->got[SIP_INVITE], 0);
	sim_assert_row(o->s, status, cause, "alto");
	office_done(o);
}

/* ---- encryption ---- */

static void test_plain_refused(void **state)
{
	struct office o = office_tls();
	o.ann->suites = NULL;
	assert_int_equal(told(&o, "20"), 488);
	assert_non_null(strstr(o.ann->last_response, "Warning: 399 alto \"Encrypted Voice Required\"\r\n"));
	sim_assert_row(o.s, 488, "offer-refused", "alto");
	office_done(&o);
}

/* The node allows it, the device does not; and the other way. */
static void test_plain_needs_both(void **state)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, false);
	phone_registered(o.ann);
	phone_registered(o.desk);
	refused(&o, 488, "offer-refused");
	o = office_on(sim_new(1), SIP_UDP, true);
	phone_registered(o.ann);
	phone_registered(o.desk);
	refused(&o, 488, "offer-refused");
}

/* Keys in a message that anybody can read protect nothing. */
static void test_keys_in_clear(void **state)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, false);
	phone_registered(o.ann);
	phone_registered(o.desk);
	o.ann->suites = "gcm";
	refused(&o, 488, "offer-refused");

	/* Allowed by name, the history says so. */
	o = office_udp();
	o.ann->suites = "aes";
	assert_int_equal(told(&o, "20"), 200);
	phone_hang_up(phone_last(o.ann));
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_true(row.a_clear);
	assert_false(row.b_clear);
	assert_string_equal(row.a_srtp, "AES_CM_128_HMAC_SHA1_80");
	assert_string_equal(row.b_srtp, "");
	office_done(&o);

	/* A device that must be encrypted cannot be called where its keys would be read. */
	o = office_on(sim_new_plain(1), SIP_TLS, true);
	phone_registered(o.ann);
	sim_add_device(o.s, &(struct sim_person){"acme", "30", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *clear = phone_new(o.s, "acme-30-desk", "secret", SIP_UDP);
	phone_registered(clear);
	assert_int_equal(told(&o, "30"), 480);
	assert_int_equal(clear->got[SIP_INVITE], 0);
	struct sim_row r = sim_assert_row(o.s, 480, "unreachable", "alto");
	assert_non_null(strstr(r.trace, "voice keys would go in clear"));
	office_done(&o);
}

static void test_suites(void **state)
{
	static const struct {
		const char *offered;
		unsigned tag; /* that the callee takes of ours */
		const char *a, *b;
	} rows[] = {
		{"gcm aes", 1, "AEAD_AES_128_GCM", "AEAD_AES_128_GCM"},
		{"gcm aes", 2, "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"},
		{"aes gcm", 1, "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"}, /* the offerer's first */
		{"aes", 2, "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_80"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_tls();
		o.ann->suites = rows[i].offered;
		o.desk->answer_tag = rows[i].tag;
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
		assert_string_equal(row.a_srtp, rows[i].a);
		assert_string_equal(row.b_srtp, rows[i].b);
		office_done(&o);
	}
}

static void test_broken_keys(void **state)
{
	struct office o = office_tls();
	o.ann->broken_key = true; /* in the offer */
	refused(&o, 488, "offer-refused");
	for (unsigned i = 0; i < 3;
	     i++) { /* in the answer: spoilt, a tag that we did not offer, not that tag's suite */
		o = office_tls();
		o.desk->broken_key = i == 0;
		o.desk->answer_tag = i == 1 ? 3 : 1;
		o.desk->answer_suite = i == 2 ? "AES_CM_128_HMAC_SHA1_80" : NULL;
		assert_int_equal(told(&o, "20"), 488);
		sim_run(o.s, SECOND_US);
		assert_int_equal(phone_last(o.desk)->acks, 1);
		assert_int_equal(phone_last(o.desk)->byes, 1);
		sim_assert_row(o.s, 488, "no-common-codec", "alto");
		office_done(&o);
	}
}

/* Nothing to speak with, or nothing that can be passed on: no phone is rung for it. */
static void test_no_common_codec(void **state)
{
	static const char *const codecs[] = {"101", "99", "100", "99 100 101"};
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		struct office o = office_tls();
		o.ann->codecs = codecs[i];
		assert_int_equal(told(&o, "20"), 488);
		assert_non_null(strstr(o.ann->last_response, "Warning: 305 alto \"No Common Codec\""));
		assert_int_equal(o.desk->got[SIP_INVITE], 0);
		sim_assert_row(o.s, 488, "offer-refused", "alto");
		office_done(&o);
	}
}

/* ---- the INVITE itself ---- */

static void test_max_forwards(void **state)
{
	struct office o = office_tls();
	o.ann->max_forwards = 0;
	assert_int_equal(told(&o, "20"), 483);
	struct sim_row row;
	assert_int_equal(sim_rows(o.s, &row, 1), 0);
	o.ann->max_forwards = 12;
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_non_null(strstr(o.desk->last_request, "Max-Forwards: 11\r\n"));
	phone_cancel(a);
	sim_run(o.s, SECOND_US);
	o.ann->max_forwards = 1; /* it may still reach us, but go no further than the phone */
	o.desk->got[SIP_INVITE] = 0;
	a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_non_null(strstr(o.desk->last_request, "Max-Forwards: 0\r\n"));
	phone_cancel(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

static void test_refused_invites(void **state)
{
	struct office o = office_tls();
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Require: path, foo\r\n");
	assert_int_equal(told(&o, "20"), 420);
	assert_non_null(strstr(o.ann->last_response, "Unsupported: foo\r\n"));
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Require: foo, timer\r\nRequire: outbound, bar\r\n");
	assert_int_equal(told(&o, "20"), 420);
	assert_non_null(strstr(o.ann->last_response, "Unsupported: foo, bar\r\n"));
	snprintf(o.ann->extra, sizeof(o.ann->extra), "Content-Encoding: gzip\r\n");
	assert_int_equal(told(&o, "20"), 415);
	assert_non_null(strstr(o.ann->last_response, "Accept: application/sdp\r\nAccept-Encoding: identity\r\n"));
	o.ann->extra[0] = 0;
	assert_int_equal(told(&o, ""), 404);
	assert_int_equal(o.desk->got[SIP_INVITE], 0);
	struct sim_row row;
	sim_run(o.s, SECOND_US);
	assert_int_equal(sim_rows(o.s, &row, 1), 0); /* they never became calls */
	office_done(&o);
}

/* What no phone that registered sends, but others do: a URI of another scheme, a body that is too large. */
static void test_refused_raw(void **state)
{
	static const struct {
		const char *uri, *fields;
		size_t body;
		unsigned status;
	} rows[] = {
		{"http://acme.example/20", "", 0, 416},
		{"urn:service:sos", "", 0, 416},
		{"sip:20@acme.example", "Content-Type: application/sdp\r\n", SDP_BYTES_MAX + 1, 413},
		{"sip:20@acme.example", "Content-Type: application/isup\r\n", 10, 415},
	};
	struct office o = office_tls();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		static char text[12000];
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w,
			     "INVITE %s SIP/2.0\r\nVia: SIP/2.0/TLS "
			     "198.51.100.1:5061;branch=z9hG4bKr%zu\r\nMax-Forwards: 70\r\n"
			     "From: <sip:10@acme.example>;tag=1\r\nTo: <sip:20@acme.example>\r\nCall-ID: raw%zu\r\n"
			     "CSeq: 1 INVITE\r\nContact: <sip:10@198.51.100.1>\r\n%sContent-Length: %zu\r\n\r\n",
			     rows[i].uri, i, i, rows[i].fields, rows[i].body);
		memset(text + w.n, 'a', rows[i].body);
		phone_send_raw(o.ann, slice_of(text, w.n + rows[i].body));
		sim_run(o.s, 100 * MS_US);
		assert_int_equal(strtol(o.ann->last_response + strlen("SIP/2.0 "), NULL, 10), rows[i].status);
	}
	assert_non_null(strstr(o.ann->last_response, "Accept: application/sdp\r\n"));
	office_done(&o);
}

static void test_garbage(void **state)
{
	static const struct {
		const char *text, *answer;
	} rows[] = {
		{"INVITE sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKx\r\n"
		 "From: <sip:10@acme.example>;tag=1\r\nTo: <sip:20@acme.example>\r\nCall-ID: x\r\nCSeq: nonsense "
		 "INVITE\r\n\r\n",
		 "SIP/2.0 400 "},
		{"INVITE sip:20@acme.example SIP/2.0\r\nFrom: <sip:10@acme.example>;tag=1\r\n\r\n", NULL},
		{"hello", NULL},
		{"SIP/2.0 200 OK\r\n\r\n", NULL},
	};
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	o.ann->sends_garbage = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		o.ann->last_response[0] = 0;
		phone_send_raw(o.ann, slice_from_string(rows[i].text));
		sim_run(o.s, SECOND_US);
		const char *expected = rows[i].answer ? rows[i].answer : "";
		assert_memory_equal(o.ann->last_response, expected, strlen(expected) + !*expected);
	}
	struct switchboard_figures f;
	switchboard_figures(o.s->sb, &f);
	assert_int_equal(f.bad_messages_total, ARRAY_LEN(rows));
	office_done(&o);
}

static void send_request(struct sim_phone *p, const char *method, const char *to_tag)
{
	char text[1000];
	static unsigned n;
	n++;
	snprintf(text, sizeof(text),
		 "%s sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;rport;branch=z9hG4bKm%u\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:10@acme.example>;tag=1\r\nTo: <sip:20@acme.example>%s\r\nCall-ID: "
		 "m%u\r\n"
		 "CSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
		 method, n, to_tag, n, method);
	phone_send_raw(p, slice_from_string(text));
	sim_run(p->sim, 100 * MS_US);
}

static void test_methods(void **state)
{
	static const struct {
		const char *method, *to_tag, *answer;
	} rows[] = {
		{"OPTIONS", "", "SIP/2.0 200 "},  {"BYE", "", "SIP/2.0 481 "},
		{"PRACK", "", "SIP/2.0 481 "},    {"UPDATE", "", "SIP/2.0 481 "},
		{"INFO", "", "SIP/2.0 481 "},     {"BYE", ";tag=guess", "SIP/2.0 481 "},
		{"CANCEL", "", "SIP/2.0 481 "},   {"SUBSCRIBE", "", "SIP/2.0 405 "},
		{"NONSENSE", "", "SIP/2.0 501 "}, {"INVITE", ";tag=1-2-0123456789abcdef", "SIP/2.0 481 "},
	};
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		send_request(o.ann, rows[i].method, rows[i].to_tag);
		assert_memory_equal(o.ann->last_response, rows[i].answer, strlen(rows[i].answer));
		bool options = !strcmp(rows[i].method, "OPTIONS");
		assert_true(!options ||
			    strstr(o.ann->last_response,
				   "Supported: 100rel, path, outbound, timer, replaces, norefersub, gruu\r\n"));
		assert_true(!options || strstr(o.ann->last_response, ", PRACK, REFER, INFO, "));
	}
	assert_int_equal(o.ann->statuses[481], 7);
	office_done(&o);
}

/* Who asks whether calls are taken hears the truth: 503 while the history cannot be written, and from a stop on. */
static void test_options_when_refusing(void **state)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	phone_registered(o.ann);
	sim_store_refuses = true;
	o.s->sb->config.history_bytes_max = 1; /* one row is more */
	struct phone_call *a = phone_dial(o.ann, "99");
	sim_until(o.s, 5, a->status == 404);
	sim_run(o.s, SECOND_US);
	for (unsigned i = 0; i < 2; i++) {
		send_request(o.ann, "OPTIONS", "");
		assert_memory_equal(o.ann->last_response, "SIP/2.0 503 ", 12);
		assert_non_null(strstr(o.ann->last_response, "Retry-After: "));
		sim_store_refuses = false;
		sim_run(o.s, 3 * SECOND_US);
		if (i)
			break;
		send_request(o.ann, "OPTIONS", "");
		assert_memory_equal(o.ann->last_response, "SIP/2.0 200 ", 12);
		sim_stop(o.s, 60 * SECOND_US);
	}
	sim_until(o.s, 70, o.s->stopped);
	office_done(&o);
}

/* ---- limits ---- */

static void test_lines(void **state)
{
	struct office o = office_tls();
	sim_set_lines(o.s, "acme", 1);
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	assert_int_equal(told(&o, "20"), 503);
	assert_non_null(strstr(o.ann->last_response, "Retry-After: "));
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	o.desk->status = 486;
	assert_int_equal(told(&o, "20"), 486); /* the line is free again */
	struct sim_row rows[4];
	sim_run(o.s, SECOND_US);
	assert_int_equal(sim_rows(o.s, rows, 4), 3);
	assert_string_equal(rows[1].cause, "no-line");
	office_done(&o);
}

/* A line is free when its call is over, not when a phone that is switched off has been given up on. */
static void test_line_is_free_at_once(void **state)
{
	struct office o = office_udp();
	sim_set_lines(o.s, "acme", 1);
	o.desk->dead = true;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_run(o.s, SECOND_US);
	phone_cancel(a);
	sim_until(o.s, 5, a->status == 487);
	assert_int_equal(o.s->sb->calls.used, 1); /* its INVITE is still being repeated */
	o.desk->dead = false;
	o.desk->status = 486;
	assert_int_equal(told(&o, "20"), 486);
	office_done(&o);
}

static void test_no_voice_port(void **state)
{
	struct office o = office_tls();
	struct switchboard_figures figures;
	voice_refuse_open(o.s->media, -EMFILE);
	assert_int_equal(told(&o, "20"), 503);
	sim_assert_row(o.s, 503, "no-voice-port", "alto");
	switchboard_figures(o.s->sb, &figures);
	assert_int_equal(figures.trouble.kind, WARNING_CALLS_NO_PORT);
	sim_run(o.s, SHORTAGE_SHOWN_US);
	switchboard_figures(o.s->sb, &figures);
	assert_int_equal(figures.trouble.kind, WARNING_NONE);
	office_done(&o);
}

static void test_other_company(void **state)
{
	struct office o = office_tls();
	sim_add_device(o.s, &(struct sim_person){"other", "40", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *stranger = phone_new(o.s, "other-40-desk", "secret", SIP_TLS);
	phone_registered(stranger);
	assert_int_equal(told(&o, "40"), 404);
	/* 20 is Bob's number at acme; at the other company it is nobody's. */
	struct phone_call *c = phone_dial(stranger, "20");
	sim_until(o.s, 10, c->status);
	assert_int_equal(c->status, 404);
	assert_int_equal(o.desk->got[SIP_INVITE] + stranger->got[SIP_INVITE], 0);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* Nobody calls without an account, and the wrong password is one. */
static void test_stranger_calls(void **state)
{
	struct office o = office_udp();
	snprintf(o.ann->password, sizeof(o.ann->password), "wrong");
	assert_int_equal(told(&o, "20"), 401);
	assert_int_equal(o.desk->got[SIP_INVITE], 0);
	struct sim_row row;
	sim_run(o.s, SECOND_US);
	assert_int_equal(sim_rows(o.s, &row, 1), 0);
	office_done(&o);
}

/* What Bob's phone is shown is the directory's Ann, whatever her phone says. */
static void test_identity(void **state)
{
	struct office o = office_tls();
	snprintf(o.ann->extension, sizeof(o.ann->extension), "boss");
	o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	assert_non_null(strstr(o.desk->last_request, "From: \"Ann \\\"A\\\" Example\" <sip:10@acme.example>;tag="));
	assert_null(strstr(o.desk->last_request, "boss"));
	assert_null(strstr(o.desk->last_request, "198.51.100.1")); /* nor where she is */
	phone_cancel(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_refused),  cmocka_unit_test(test_plain_needs_both),
		cmocka_unit_test(test_keys_in_clear),  cmocka_unit_test(test_suites),
		cmocka_unit_test(test_broken_keys),    cmocka_unit_test(test_no_common_codec),
		cmocka_unit_test(test_max_forwards),   cmocka_unit_test(test_refused_invites),
		cmocka_unit_test(test_refused_raw),    cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_methods),        cmocka_unit_test(test_options_when_refusing),
		cmocka_unit_test(test_lines),          cmocka_unit_test(test_line_is_free_at_once),
		cmocka_unit_test(test_no_voice_port),  cmocka_unit_test(test_other_company),
		cmocka_unit_test(test_stranger_calls), cmocka_unit_test(test_identity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
