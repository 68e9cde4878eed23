#include <errno.h>

#include "support/test.h"

#include "sip/dialog.h"
#include "support/failing.h"

static char message_bytes[16384];
static struct sip_message msg;

/* The message in `text`, with \n for CRLF and without its last fields: From, To, Call-ID, CSeq stand in each row. */
static const struct sip_message *message(const char *text)
{
	struct sip_reason reason;
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			message_bytes[n++] = '\r';
		message_bytes[n++] = *p;
		assert_true(n + 32 < sizeof(message_bytes));
	}
	struct writer end = writer_on(message_bytes + n, 21);
	write_string(&end, "Content-Length: 0\r\n\r\n");
	assert_int_equal(sip_message_parse(message_bytes, n + 21, &msg, &reason), SIP_OK);
	assert_int_equal(sip_message_check(&msg, &reason), SIP_OK);
	return &msg;
}

static const struct sip_message *invite(const char *from, const char *to, const char *rest)
{
	char text[12000];
	snprintf(text, sizeof(text),
		 "INVITE sip:bob@example.org SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\nMax-Forwards: 70\n"
		 "From: %s\nTo: %s\nCall-ID: c1\nCSeq: 41 INVITE\n%s",
		 from, to, rest);
	return message(text);
}

static const struct sip_message *response(unsigned status, const char *tag, const char *rest)
{
	char text[12000];
	snprintf(text, sizeof(text),
		 "SIP/2.0 %u X\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\nFrom: <sip:ann@example.org>;tag=l1\n"
		 "To: <sip:bob@example.org>%s%s\nCall-ID: c1\nCSeq: 1 INVITE\n%s",
		 status, *tag ? ";tag=" : "", tag, rest);
	return message(text);
}

static const struct sip_message *in_dialog(const char *method, unsigned cseq, const char *rest)
{
	char text[4096];
	snprintf(text, sizeof(text),
		 "%s sip:ann@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2\nMax-Forwards: 70\n"
		 "From: <sip:bob@example.org>;tag=r1\nTo: <sip:ann@example.org>;tag=l1\nCall-ID: c1\nCSeq: %u %s\n%s",
		 method, cseq, method, rest);
	return message(text);
}

static void assert_request(struct sip_dialog *d, enum sip_method method, uint32_t cseq, enum sip_transport transport,
			   const char *expect)
{
	char buf[8192];
	struct writer w = writer_on(buf, sizeof(buf));
	char want[8192];
	size_t n = 0;

	sip_dialog_write_request(&w, d, method, cseq, transport, SLICE("192.0.2.9:5060"), SLICE("z9hG4bKb"), 70);
	assert_false(w.overflow);
	for (const char *p = expect; *p; p++) {
		if (*p == '\n')
			want[n++] = '\r';
		want[n++] = *p;
	}
	want[n] = 0;
	assert_slice(writer_slice(&w), want);
}

static struct sip_dialog uac(void)
{
	struct sip_dialog d;
	assert_int_equal(sip_dialog_init_uac(&d, SLICE("c1"), SLICE("\"Ann\" <sip:ann@example.org>"), SLICE("l1"),
					     SLICE("<sip:bob@example.org>"), SLICE("sip:bob@192.0.2.1:5062")),
			 0);
	return d;
}

static void test_uas(void **state)
{
	static const struct {
		const char *from, *to, *rest;
		int rc;
		const char *remote_uri, *local_uri, *remote_tag, *target, *why;
		unsigned routes;
	} rows[] = {
		{"\"Ann, B.\" <sip:ann@a.org;x=1>;tag=r1;y", "<sip:bob@b.org>", "Contact: <sip:ann@192.0.2.1>;q=1\n", 0,
		 "\"Ann, B.\" <sip:ann@a.org;x=1>", "<sip:bob@b.org>", "r1", "sip:ann@192.0.2.1", NULL, 0},
		{"sip:ann@a.org;tag=r1", "Bob <sip:bob@b.org>", "Contact: sip:ann@192.0.2.1\n", 0, "<sip:ann@a.org>",
		 "Bob <sip:bob@b.org>", "r1", "sip:ann@192.0.2.1", NULL, 0},
		/* RFC 2543 has no From tag: it counts as empty (§12.1.1). */
		{"<sip:ann@a.org>", "<sip:bob@b.org>", "Contact: <sip:ann@192.0.2.1>\n", 0, "<sip:ann@a.org>",
		 "<sip:bob@b.org>", "", "sip:ann@192.0.2.1", NULL, 0},
		{"<tel:+4930123>;tag=r1", "<tel:+4930456>",
		 "Contact: <sip:gw@192.0.2.1>, <sip:b@c>\n"
		 "Record-Route: <sip:p1;lr>, <sip:p2;lr>;x\n"
		 "Record-Route: <sip:p3>\n",
		 0, "<tel:+4930123>", "<tel:+4930456>", "r1", "sip:gw@192.0.2.1", NULL, 3},
		{"<sip:ann@a.org>;tag=r1", "<sip:bob@b.org>", "", -EPROTO, NULL, NULL, NULL, NULL, "Missing Contact",
		 0},
		{"<sip:ann@a.org>;tag=r1", "<sip:bob@b.org>", "Contact: *\n", -EPROTO, NULL, NULL, NULL, NULL,
		 "Bad Contact", 0},
		{"<sip:ann@a.org>;tag=r1", "<sip:bob@b.org>", "Contact: <sip:a\n", -EPROTO, NULL, NULL, NULL, NULL,
		 "Bad Contact", 0},
		{"<sip:ann@a.org>;tag=r1", "<sip:bob@b.org>", "Contact: <sip:a@b>\nRecord-Route: <\n", -EPROTO, NULL,
		 NULL, NULL, NULL, "Bad Record-Route", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sip_reason reason = {0};
		struct sip_dialog d;
		int rc = sip_dialog_init_uas(&d, invite(rows[i].from, rows[i].to, rows[i].rest), SLICE("l1"), &reason);
		assert_int_equal(rc, rows[i].rc);
		if (rc < 0) {
			assert_string_equal(reason.text, rows[i].why);
			assert_int_equal(reason.status, 400);
			continue;
		}
		memset(message_bytes, 'x', sizeof(message_bytes)); /* nothing is borrowed */
		assert_slice(d.remote_uri, rows[i].remote_uri);
		assert_slice(d.local_uri, rows[i].local_uri);
		assert_slice(d.remote_tag, rows[i].remote_tag);
		assert_slice(d.local_tag, "l1");
		assert_slice(d.call_id, "c1");
		assert_slice(d.remote_target, rows[i].target);
		assert_int_equal(d.route_count, rows[i].routes);
		assert_true(d.remote_cseq_known && d.remote_cseq == 41 && d.local_cseq == 0 && !d.confirmed);
		if (d.route_count) {
			assert_slice(d.routes[0], "<sip:p1;lr>");
			assert_slice(d.routes[1], "<sip:p2;lr>");
			assert_slice(d.routes[2], "<sip:p3>");
		}
		sip_dialog_done(&d);
		sip_dialog_done(&d);
	}
}

static void test_uac_requests(void **state)
{
	struct sip_reason reason;
	struct sip_dialog d = uac();

	assert_request(&d, SIP_INVITE, 0, SIP_UDP,
		       "INVITE sip:bob@192.0.2.1:5062 SIP/2.0\n"
		       "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKb;rport\nMax-Forwards: 70\n"
		       "From: \"Ann\" <sip:ann@example.org>;tag=l1\nTo: <sip:bob@example.org>\nCall-ID: c1\n"
		       "CSeq: 1 INVITE\n");
	assert_int_equal(sip_dialog_learn(&d,
					  response(200, "r1",
						   "Contact: <sip:bob@192.0.2.7>\nRecord-Route: <sip:p1;lr>\n"
						   "Record-Route: <sip:p2;lr>, <sip:p3;lr>\n"),
					  &reason),
			 0);
	assert_true(d.confirmed);
	/* The ACK has the INVITE's number; the next request the next one. The route set is reversed (§12.1.2). */
	assert_request(&d, SIP_ACK, 1, SIP_TLS,
		       "ACK sip:bob@192.0.2.7 SIP/2.0\nVia: SIP/2.0/TLS 192.0.2.9:5060;branch=z9hG4bKb\n"
		       "Max-Forwards: 70\nRoute: <sip:p3;lr>\nRoute: <sip:p2;lr>\nRoute: <sip:p1;lr>\n"
		       "From: \"Ann\" <sip:ann@example.org>;tag=l1\nTo: <sip:bob@example.org>;tag=r1\nCall-ID: c1\n"
		       "CSeq: 1 ACK\n");
	assert_request(&d, SIP_BYE, 0, SIP_WSS,
		       "BYE sip:bob@192.0.2.7 SIP/2.0\nVia: SIP/2.0/WSS 192.0.2.9:5060;branch=z9hG4bKb\n"
		       "Max-Forwards: 70\nRoute: <sip:p3;lr>\nRoute: <sip:p2;lr>\nRoute: <sip:p1;lr>\n"
		       "From: \"Ann\" <sip:ann@example.org>;tag=l1\nTo: <sip:bob@example.org>;tag=r1\nCall-ID: c1\n"
		       "CSeq: 2 BYE\n");
	sip_dialog_done(&d);
}

/* §12.2.1.1: a strict router becomes the Request-URI, the target goes last. */
static void test_strict_routing(void **state)
{
	struct sip_reason reason;
	struct sip_dialog d = uac();

	assert_int_equal(sip_dialog_learn(&d,
					  response(200, "r1",
						   "Contact: <sip:bob@192.0.2.7>\nRecord-Route: <sip:p1;lr>\n"
						   "Record-Route: <sip:old.example.org>\n"),
					  &reason),
			 0);
	assert_request(&d, SIP_BYE, 9, SIP_TCP,
		       "BYE sip:old.example.org SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.9:5060;branch=z9hG4bKb\n"
		       "Max-Forwards: 70\nRoute: <sip:p1;lr>\nRoute: <sip:bob@192.0.2.7>\n"
		       "From: \"Ann\" <sip:ann@example.org>;tag=l1\nTo: <sip:bob@example.org>;tag=r1\nCall-ID: c1\n"
		       "CSeq: 9 BYE\n");
	sip_dialog_done(&d);
}

static void test_learn(void **state)
{
	struct sip_reason reason;
	struct sip_dialog d = uac();

	/* Routes we must pass, until the dialog has its own. */
	const struct slice path[] = {SLICE("<sip:edge;lr>")};
	assert_int_equal(sip_dialog_set_routes(&d, path, 1), 0);
	assert_slice(d.routes[0], "<sip:edge;lr>");

	assert_int_equal(sip_dialog_learn(&d, response(100, "", ""), &reason), 0);
	assert_int_equal(sip_dialog_learn(&d, response(180, "", "Contact: <sip:x@y>\n"), &reason), 0);
	assert_true(slice_empty(d.remote_tag) && d.route_count == 1);
	assert_slice(d.remote_target, "sip:bob@192.0.2.1:5062");

	/* Early: a 1xx without a Contact leaves the target; the 2xx computes the route set anew (§13.2.2.4). */
	assert_int_equal(sip_dialog_learn(&d, response(180, "r1", "Record-Route: <sip:p1;lr>\n"), &reason), 0);
	assert_slice(d.remote_tag, "r1");
	assert_slice(d.routes[0], "<sip:p1;lr>");
	assert_slice(d.remote_target, "sip:bob@192.0.2.1:5062");
	assert_false(d.confirmed);
	assert_int_equal(
		sip_dialog_learn(&d, response(183, "r1", "Contact: <sip:b2@y>\nRecord-Route: <sip:p9;lr>\n"), &reason),
		0);
	assert_slice(d.routes[0], "<sip:p1;lr>");
	assert_slice(d.remote_target, "sip:b2@y");
	assert_int_equal(
		sip_dialog_learn(&d, response(200, "r1", "Contact: <sip:b3@y>\nRecord-Route: <sip:p2;lr>\n"), &reason),
		0);
	assert_true(d.confirmed);
	assert_slice(d.routes[0], "<sip:p2;lr>");
	/* Fixed from then on; only the target moves. */
	assert_int_equal(
		sip_dialog_learn(&d, response(200, "r1", "Contact: <sip:b4@y>\nRecord-Route: <sip:p3;lr>\n"), &reason),
		0);
	assert_int_equal(d.route_count, 1);
	assert_slice(d.routes[0], "<sip:p2;lr>");
	assert_slice(d.remote_target, "sip:b4@y");

	/* Another dialog's, and bad ones, change nothing. */
	assert_int_equal(sip_dialog_learn(&d, response(200, "r2", "Contact: <sip:b5@y>\n"), &reason), -EPROTO);
	assert_int_equal(sip_dialog_learn(&d, response(200, "r1", "Contact: <sip:b5\n"), &reason), -EPROTO);
	assert_int_equal(sip_dialog_learn(&d, response(486, "r1", "Contact: <sip:b5@y>\n"), &reason), 0);
	assert_slice(d.remote_tag, "r1");
	assert_slice(d.remote_target, "sip:b4@y");

	struct sip_dialog fork;
	d.remote_cseq_known = true;
	assert_int_equal(sip_dialog_fork(&fork, &d), 0);
	assert_true(slice_empty(fork.remote_tag) && fork.route_count == 0 && !fork.confirmed);
	assert_false(fork.remote_cseq_known);
	sip_dialog_done(&d);
	assert_slice(fork.local_tag, "l1");
	assert_int_equal(sip_dialog_learn(&fork, response(200, "r2", "Contact: <sip:b5@y>\n"), &reason), 0);
	assert_slice(fork.remote_target, "sip:b5@y");
	sip_dialog_done(&fork);
}

static void test_refresh(void **state)
{
	struct sip_reason reason;
	struct sip_dialog d = uac();

	assert_int_equal(sip_dialog_refresh_target(&d, in_dialog("INVITE", 1, "Contact: <sip:new@y>\n"), &reason), 0);
	assert_slice(d.remote_target, "sip:new@y");
	assert_int_equal(sip_dialog_refresh_target(&d, in_dialog("UPDATE", 2, ""), &reason), 0);
	assert_int_equal(sip_dialog_refresh_target(&d, in_dialog("UPDATE", 2, "Contact: <sip:\n"), &reason), -EPROTO);
	assert_slice(d.remote_target, "sip:new@y");
	sip_dialog_done(&d);
}

static void test_accept(void **state)
{
	static const struct {
		const char *method;
		unsigned cseq;
		int rc;
	} rows[] = {
		{"INVITE", 10, 0},         {"ACK", 10, 0},  {"CANCEL", 10, 0},     {"INFO", 10, -EALREADY},
		{"BYE", 9, -EALREADY},     {"INFO", 11, 0}, {"INFO", 12, 0},       {"UPDATE", 12, -EALREADY},
		{"INVITE", 2147483647, 0}, {"ACK", 1, 0},   {"BYE", 3, -EALREADY},
	};
	struct sip_dialog d = uac();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(sip_dialog_accept(&d, in_dialog(rows[i].method, rows[i].cseq, "")), rows[i].rc);
	sip_dialog_done(&d);
}

static size_t text_bytes(const struct sip_dialog *d)
{
	return SIP_ROUTE_MAX * sizeof(d->routes[0]) + SIP_DIALOG_BYTES_MAX - d->text.left_bytes;
}

/* Told anything any number of times it holds one copy of what is true now. */
static void test_does_not_grow(void **state)
{
	struct sip_reason reason;
	struct sip_dialog d = uac();
	char rest[128];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(rest, sizeof(rest), "Contact: <sip:bob@192.0.2.%u>\nRecord-Route: <sip:p1;lr>\n",
			 100 + i % 50);
		assert_int_equal(sip_dialog_learn(&d, response(i < 500 ? 180 : 200, "r1", rest), &reason), 0);
		assert_true(text_bytes(&d) < 256);
	}
	/* What an ordinary dialog costs in all. */
	assert_true(sizeof(d) + text_bytes(&d) + 64 <= 512);
	sip_dialog_done(&d);
}

static void test_limits(void **state)
{
	struct sip_reason reason;
	char text[8192], token[SIP_DIALOG_BYTES_MAX + 2];
	struct sip_dialog d;

	/* Routes: at the limit and one past it, in one field or in many. */
	for (unsigned extra = 0; extra < 2; extra++) {
		for (unsigned many = 0; many < 2; many++) {
			size_t n = (size_t)snprintf(text, sizeof(text), "Contact: <sip:a@b>\nRecord-Route: <sip:p;lr>");
			for (unsigned i = 1; i < SIP_ROUTE_MAX + extra; i++)
				n += (size_t)snprintf(text + n, sizeof(text) - n,
						      many ? "\nRecord-Route: <sip:p;lr>" : ", <sip:p;lr>");
			snprintf(text + n, sizeof(text) - n, "\n");
			int rc = sip_dialog_init_uas(&d, invite("<sip:a@b>;tag=r", "<sip:c@d>", text), SLICE("l"),
						     &reason);
			assert_int_equal(rc, extra ? -E2BIG : 0);
			if (rc == 0)
				sip_dialog_done(&d);
		}
	}
	struct slice routes[SIP_ROUTE_MAX + 1];
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		routes[i] = SLICE("<sip:p;lr>");
	d = uac();
	assert_int_equal(sip_dialog_set_routes(&d, routes, SIP_ROUTE_MAX + 1), -E2BIG);
	assert_int_equal(d.route_count, 0);
	assert_int_equal(sip_dialog_set_routes(&d, routes, SIP_ROUTE_MAX), 0);
	sip_dialog_done(&d);

	/* Bytes: all of it, and one more. */
	memset(token, 'a', sizeof(token));
	for (unsigned extra = 0; extra < 2; extra++) {
		int rc = sip_dialog_init_uac(&d, slice_of(token, SIP_DIALOG_BYTES_MAX - 4 + extra), SLICE("l"),
					     SLICE("t"), SLICE("r"), SLICE("x"));
		assert_int_equal(rc, extra ? -E2BIG : 0);
		if (rc == 0)
			sip_dialog_done(&d);
	}
	/* The same by a peer's headers. */
	for (unsigned extra = 0; extra < 2; extra++) {
		size_t used = strlen("c1") + strlen("<sip:a@b>") + strlen("<sip:c@d>") + strlen("l") + strlen("r") +
			      strlen("sip:");
		snprintf(text, sizeof(text), "Contact: <sip:%.*s>\n", (int)(SIP_DIALOG_BYTES_MAX - used + extra),
			 token);
		int rc = sip_dialog_init_uas(&d, invite("<sip:a@b>;tag=r", "<sip:c@d>", text), SLICE("l"), &reason);
		assert_int_equal(rc, extra ? -E2BIG : 0);
		if (rc == 0)
			sip_dialog_done(&d);
	}
}

/* Written down as plain data and built again elsewhere, it writes the same requests. */
static void test_rebuild(void **state)
{
	struct sip_reason reason;
	struct sip_dialog d = uac(), plain, again;
	char a[2048], b[2048];
	struct writer wa = writer_on(a, sizeof(a)), wb = writer_on(b, sizeof(b));

	d.local_cseq = 17;
	assert_int_equal(
		sip_dialog_learn(&d, response(200, "r1", "Contact: <sip:b@y>\nRecord-Route: <sip:p2;lr>, <sip:p1>\n"),
				 &reason),
		0);
	plain = d;
	assert_int_equal(sip_dialog_init_copy(&again, &plain), 0);
	sip_dialog_write_request(&wa, &d, SIP_BYE, 0, SIP_TLS, SLICE("h"), SLICE("b"), 70);
	sip_dialog_done(&d);
	sip_dialog_write_request(&wb, &again, SIP_BYE, 0, SIP_TLS, SLICE("h"), SLICE("b"), 70);
	assert_true(slice_eq(writer_slice(&wa), writer_slice(&wb)));
	assert_int_equal(again.local_cseq, 18);
	assert_true(again.confirmed);
	sip_dialog_done(&again);
}

/* Text of ours that would end a line does not. */
static void test_no_line_breaks(void **state)
{
	struct sip_dialog d;

	assert_int_equal(sip_dialog_init_uac(&d, SLICE("c1"), SLICE("\"A\r\nEvil: 1\" <sip:a@b>"), SLICE("l"),
					     SLICE("<sip:c@d>"), SLICE("sip:c@d\n")),
			 0);
	assert_slice(d.local_uri, "\"A  Evil: 1\" <sip:a@b>");
	assert_slice(d.remote_target, "sip:c@d ");
	sip_dialog_done(&d);
}

static int life(void *arg)
{
	struct sip_reason reason;
	struct sip_dialog d, uas;

	int rc = sip_dialog_init_uac(&d, SLICE("c1"), SLICE("<sip:a@b>"), SLICE("l"), SLICE("<sip:c@d>"),
				     SLICE("sip:c@d"));
	if (rc < 0)
		return rc;
	rc = sip_dialog_learn(&d, response(180, "r1", "Contact: <sip:b@y>\n"), &reason);
	assert_slice(d.remote_tag, rc < 0 ? "" : "r1");
	assert_slice(d.remote_target, rc < 0 ? "sip:c@d" : "sip:b@y");
	if (rc == 0) {
		rc = sip_dialog_refresh_target(&d, response(200, "r1", "Contact: <sip:b2@y>\n"), &reason);
		assert_slice(d.remote_target, rc < 0 ? "sip:b@y" : "sip:b2@y");
	}
	sip_dialog_done(&d);
	if (rc < 0)
		return rc;
	rc = sip_dialog_init_uas(&uas, invite("<sip:a@b>;tag=r", "<sip:c@d>", "Contact: <sip:a@b>\n"), SLICE("l"),
				 &reason);
	if (rc == 0)
		sip_dialog_done(&uas);
	return rc;
}

static void test_no_memory(void **state)
{
	failing_each(life, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uas),
		cmocka_unit_test(test_uac_requests),
		cmocka_unit_test(test_strict_routing),
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_does_not_grow),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_rebuild),
		cmocka_unit_test(test_no_line_breaks),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
