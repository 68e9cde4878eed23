/* Bodies of several parts (RFC 5621), and fax that is asked for in a call of voice (T.38) */
#include "sim/office.h"

static void write_part(struct writer *w, const char *fields, const char *body)
{
	write_format(w, "--cut here\r\n%s\r\n%s\r\n", fields, body);
}

/* An INVITE or re-INVITE of these parts; "%SDP" stands for the phone's description. */
static void test_parts(void **state)
{
	static const struct {
		const char *type, *parts[3][2];
		unsigned status;
	} rows[] = {
#define SDP_PART {"Content-Type: application/sdp\r\n", NULL}
		{"mixed", {SDP_PART}, 200},
		{"mixed",
		 {{"Content-Type: application/isup\r\nContent-Disposition: signal;handling=optional\r\n", "xx"},
		  SDP_PART},
		 200},
		{"mixed",
		 {SDP_PART,
		  {"Content-Type: text/plain\r\ncontent-disposition: render;handling=optional\r\n", "--cut\r\n-"}},
		 200},
		{"mixed", {SDP_PART, {"Content-Type: application/pidf+xml\r\n", "<x/>"}}, 415},
		{"mixed",
		 {SDP_PART, {"Content-Type: text/plain\r\nContent-Disposition: render;handling=required\r\n", "x"}},
		 415},
		{"alternative", {{"Content-Type: text/plain\r\n", "x"}, SDP_PART}, 200},
		{"alternative", {{"Content-Type: text/plain\r\n", "x"}}, 415},
		{"mixed", {{"Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "x"}, SDP_PART}, 415},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct office o = office_udp();
		struct phone_call *a, *b;
		char fields[256], text[4000];
		office_talk(&o, &a, &b);
		o.ann->attributes = "a=sendonly\r\n";
		a->local[phone_describe(a, SLICE_NONE, a->local, sizeof(a->local) - 1)] = 0;
		struct writer w = writer_on(text, sizeof(text));
		for (size_t j = 0; j < 3 && rows[i].parts[j][0]; j++)
			write_part(&w, rows[i].parts[j][0], rows[i].parts[j][1] ? rows[i].parts[j][1] : a->local);
		write_string(&w, "--cut here--\r\n");
		snprintf(fields, sizeof(fields), "Content-Type: multipart/%s; boundary=\"cut here\"\r\n", rows[i].type);
		phone_send_body(a, SIP_UPDATE, fields, writer_slice(&w));
		sim_until(o.s, 10, a->reinvite_status);
		if (a->reinvite_status != rows[i].status)
			fail_msg("row %zu: %u", i, a->reinvite_status);
		assert_int_equal(strstr(a->remote, "a=recvonly") != NULL, rows[i].status == 200);
		assert_false(a->ended || b->ended);
		phone_hang_up(a);
		sim_run(o.s, SECOND_US);
		office_done(&o);
	}
}

/* The first INVITE of a call and its answer. */
static void test_parts_begin_a_call(void **state)
{
	struct office o = office_udp();
	char text[3000];
	o.ann->content_type = "multipart/mixed;boundary=b1";
	struct phone_call *a = phone_dial(o.ann, "20");
	snprintf(text, sizeof(text), "--b1\r\nContent-Type: application/sdp\r\n\r\n%s\r\n--b1--\r\n", a->local);
	memcpy(a->local, text, sizeof(a->local)); /* goes with the answer to the challenge */
	sim_until(o.s, 10, o.desk->got[SIP_INVITE] || a->status);
	sim_until(o.s, 10, a->up && phone_last(o.desk)->up);
	assert_non_null(strstr(o.desk->last_invite, "\r\nContent-Type: application/sdp\r\n"));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

#define IMAGE(port) "m=image " port " udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"

/* A gateway has heard a fax, and asks for T.38: refused, and the call goes on as it was (T.38 annex D.2.2.5). */
static void test_fax(void **state)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	static const char only[] =
		"v=0\r\no=- 1 99 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n" IMAGE("5004");
	phone_send_body(a, SIP_UPDATE, "Content-Type: application/sdp\r\n", SLICE(only));
	sim_until(o.s, 10, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 488);
	assert_non_null(strstr(o.ann->last_response, "\r\nWarning: 304 alto "));
	phone_send_body(b, SIP_INVITE, "Content-Type: application/sdp\r\n", SLICE(only));
	sim_until(o.s, 10, b->reinvite_status);
	assert_int_equal(b->reinvite_status, 488);
	assert_true(voice_flows(a, b));
	assert_int_equal(a->reinvites + b->reinvites + a->updates + b->updates, 0);
	/* Beside the voice: the line is answered, with port 0 (RFC 3264 §6). */
	o.ann->attributes = IMAGE("5004");
	phone_reinvite(a, false);
	sim_until(o.s, 10, a->reinvite_status == 200);
	assert_non_null(strstr(a->remote, "m=image 0 udptl t38\r\n"));
	sim_run(o.s, SECOND_US);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_assert_row(o.s, 200, "answered", "caller");
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_parts_begin_a_call),
					   cmocka_unit_test(test_fax)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
