/* The two server machines as tables, and what the stack answers by itself. */
#include "stack_rig.h"

#include "support/failing.h"

#define BRANCH "z9hG4bK-peer-1"

static void act_server(struct rig *r, struct slice word)
{
	char text[16];
	uint64_t status;

	assert_true(word.n < sizeof(text));
	memcpy(text, word.p, word.n);
	text[word.n] = 0;
	if (slice_u64(slice_first(word, 3), 699, &status)) {
		if (word.n == 4 && word.p[3] == '+') {
			memcpy(r->answer_in_event, text, 5);
			return;
		}
		struct sip_server *t = sip_server_get(r->stack, r->server_handle);
		int rc = t ? sip_server_respond_simple(t, (unsigned)status, SLICE_NONE, SLICE_NONE) : -ENOENT;
		if (rc < 0)
			rig_log(r, rc == -EALREADY ? "already" : rc == -ENOTCONN ? "notconn" : "error", SLICE_NONE);
	} else if (slice_eq(word, SLICE("dead"))) {
		r->send_rc = -ENOTCONN;
	} else if (slice_eq(word, SLICE("alive"))) {
		r->send_rc = 0;
	} else if (slice_eq(word, SLICE("elsewhere"))) { /* what comes next comes from another host */
		r->flow.remote.ip[15]++;
	} else if (slice_eq(word, SLICE("reconnected"))) { /* ... from the same host, by another connection */
		r->flow.connection++;
	} else if (slice_eq(word, SLICE("ACK2xx"))) {
		rig_peer_request(r, "ACK", "z9hG4bK-peer-2");
	} else {
		rig_peer_request(r, text, BRANCH);
	}
}

static const struct row server_rows[] = {
	/* INVITE, §17.2.1 and RFC 6026 */
	{"100 after 200 ms", SIP_UDP, "0:INVITE", 300, "0:on_INVITE 200:>100"},
	{"no 100 after another answer", SIP_UDP, "0:INVITE 199:180", 400, "0:on_INVITE 199:>180"},
	{"no 100 after an answer at once", SIP_UDP, "0:180+ 0:INVITE", 400, "0:on_INVITE 0:>180"},
	{"copy before any answer", SIP_UDP, "0:INVITE 100:INVITE", 400, "0:on_INVITE 100:>100"},
	{"copy gets the last provisional", SIP_UDP, "0:INVITE 10:180 20:183 500:INVITE", 600,
	 "0:on_INVITE 10:>180 20:>183 500:>183"},
	{"timer G doubles to T2, timer H ends it", SIP_UDP, "0:INVITE 0:486", 40000,
	 "0:on_INVITE 0:>486 500:>486 1500:>486 3500:>486 7500:>486 11500:>486 15500:>486 19500:>486 23500:>486 "
	 "27500:>486 31500:>486 32000:gone"},
	{"a challenge goes once a copy", SIP_UDP, "0:INVITE 0:401 600:INVITE 700:ACK", 8000,
	 "0:on_INVITE 0:>401 600:>401 5700:gone"},
	{"ACK, timer I", SIP_UDP, "0:INVITE 0:486 700:ACK 800:ACK 900:INVITE", 40000,
	 "0:on_INVITE 0:>486 500:>486 5700:gone"},
	{"copy gets the final again", SIP_UDP, "0:INVITE 0:486 300:INVITE 400:ACK", 40000,
	 "0:on_INVITE 0:>486 300:>486 5400:gone"},
	{"reliable: no G, timer H", SIP_TCP, "0:INVITE 0:486", 40000, "0:on_INVITE 0:>486 32000:gone"},
	{"reliable: timer I is zero", SIP_TLS, "0:INVITE 0:486 700:ACK", 40000, "0:on_INVITE 0:>486 700:gone"},
	{"Accepted absorbs copies, timer L", SIP_UDP, "0:INVITE 5:200 500:INVITE 1500:INVITE", 40000,
	 "0:on_INVITE 5:>200 32005:gone"},
	{"Accepted passes ACK up", SIP_UDP, "0:INVITE 5:200 10:ACK2xx 20:ACK", 40000,
	 "0:on_INVITE 5:>200 10:on_ACK 20:on_ACK 32005:gone"},
	{"reliable Accepted has timer L too", SIP_TLS, "0:INVITE 5:200", 40000, "0:on_INVITE 5:>200 32005:gone"},
	{"no second final", SIP_UDP, "0:INVITE 0:486 1:200 2:180 3:ACK", 6000,
	 "0:on_INVITE 0:>486 1:already 2:already 5003:gone"},
	{"answer after the end of a copy's life", SIP_UDP, "0:INVITE 0:200 32500:INVITE", 32600,
	 "0:on_INVITE 0:>200 32000:gone 32500:on_INVITE"},
	{"ACK before the final is nothing", SIP_UDP, "0:INVITE 1:180 2:ACK", 300, "0:on_INVITE 1:>180"},
	{"dead flow at a provisional", SIP_TCP, "0:INVITE 1:dead 5:180 6:200", 300,
	 "0:on_INVITE 5:notconn 5:gone 6:error"},
	{"dead flow at the final", SIP_UDP, "0:INVITE 1:dead 5:486", 300, "0:on_INVITE 5:notconn 5:gone"},
	{"dead flow at the 100", SIP_UDP, "0:INVITE 1:dead", 300, "0:on_INVITE 200:gone"},
	{"dead flow at a retransmission", SIP_UDP, "0:INVITE 1:486 2:dead", 3000, "0:on_INVITE 1:>486 501:gone"},

	/* CANCEL, §9.2 */
	{"CANCEL", SIP_UDP, "0:INVITE 10:180 50:CANCEL 60:487 70:ACK", 6000,
	 "0:on_INVITE 10:>180 50:>200 50:on_CANCEL 60:>487 5070:gone"},
	{"CANCEL, answered inside the event", SIP_UDP, "0:INVITE 10:487+ 50:CANCEL 70:ACK", 6000,
	 "0:on_INVITE 50:>200 50:on_CANCEL 50:>487 5070:gone"},
	{"copies of CANCEL", SIP_UDP, "0:INVITE 10:180 50:CANCEL 60:CANCEL 70:487 80:CANCEL", 100,
	 "0:on_INVITE 10:>180 50:>200 50:on_CANCEL 60:>200 70:>487 80:>200"},
	{"CANCEL crosses the 200", SIP_UDP, "0:INVITE 10:200 50:CANCEL", 100, "0:on_INVITE 10:>200 50:>200"},
	{"CANCEL from elsewhere", SIP_UDP, "0:INVITE 10:180 20:elsewhere 50:CANCEL", 100,
	 "0:on_INVITE 10:>180 50:>481"},
	{"CANCEL by another connection", SIP_TLS, "0:INVITE 10:180 20:reconnected 50:CANCEL", 100,
	 "0:on_INVITE 10:>180 50:>481"},
	{"CANCEL of nothing", SIP_UDP, "0:CANCEL", 100, "0:>481"},
	{"CANCEL of something else", SIP_UDP, "0:OPTIONS 1:CANCEL", 100, "0:on_OPTIONS 1:>481"},

	/* other methods, §17.2.2 */
	{"absorbed in Trying", SIP_UDP, "0:BYE 500:BYE 1500:BYE", 3000, "0:on_BYE"},
	{"Proceeding repeats the provisional", SIP_UDP, "0:OPTIONS 1:100 500:OPTIONS", 3000,
	 "0:on_OPTIONS 1:>100 500:>100"},
	{"Completed repeats the final, timer J", SIP_UDP, "0:200+ 0:BYE 500:BYE 31999:BYE", 40000,
	 "0:on_BYE 0:>200 500:>200 31999:>200 32000:gone"},
	{"reliable: timer J is zero", SIP_TLS, "0:200+ 0:BYE", 40000, "0:on_BYE 0:>200 0:gone"},
	{"one final only", SIP_UDP, "0:BYE 5:200 6:200 7:100", 10, "0:on_BYE 5:>200 6:already 7:already"},
	{"dead flow", SIP_TCP, "0:dead 0:BYE 5:200", 10, "0:on_BYE 5:notconn 5:gone"},
	{"ACK to nothing", SIP_UDP, "0:ACK2xx", 10, "0:on_ACK"},
};

static void test_machines(void **state)
{
	rig_run_table(server_rows, ARRAY_LEN(server_rows), act_server);
}

static struct sip_message sent_msg;
static const struct sip_message *sent(struct rig *r)
{
	return rig_sent(r, &sent_msg);
}

static struct slice sent_to(struct rig *r)
{
	struct slice to = sip_field_value(sent(r), SIP_TO);
	static char text[256];
	assert_true(to.n < sizeof(text));
	memcpy(text, to.p, to.n);
	return slice_of(text, to.n);
}

/* §9.2: the 200 to a CANCEL has the tag of the INVITE's answers, made up or the owner's. */
static void test_one_tag(void **state)
{
	const struct sip_name own = {UINT64_C(0x300000001), 0x77};
	struct rig r;
	char text[256];

	for (int named = 0; named < 2; named++) {
		assert_true(rig_init(&r, SIP_UDP, 0));
		rig_peer_request(&r, "INVITE", BRANCH);
		if (named)
			sip_server_set_tag(r.server, &own);
		assert_int_equal(sip_server_respond_simple(r.server, 180, SLICE_NONE, SLICE_NONE), 0);
		struct slice to = sent_to(&r);
		memcpy(text, to.p, to.n + 1);
		text[to.n] = 0;
		if (named)
			assert_string_equal(text, "<sip:bob@example.org>;tag=2a-300000001-0000000000000077");
		rig_peer_request(&r, "CANCEL", BRANCH);
		assert_slice(sent_to(&r), text);
		assert_int_equal(sip_server_respond_simple(r.server, 487, SLICE_NONE, SLICE_NONE), 0);
		assert_slice(sent_to(&r), text);
		rig_done(&r);
	}
}

static const struct sip_message *ack_msg(struct rig *r)
{
	static char bytes[] = "ACK sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"
			      "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: 1\r\nCSeq: 1 ACK\r\n\r\n";
	static struct sip_message msg;
	struct sip_reason reason;
	assert_int_equal(sip_message_parse(bytes, sizeof(bytes) - 1, &msg, &reason), SIP_OK);
	return &msg;
}

static void test_stateless(void **state)
{
	struct rig r;
	char first[4096];
	size_t first_n;

	/* At the limit all are taken; the next is told to come later, the same way each time, and an ACK nothing. */
	assert_true(rig_init(&r, SIP_UDP, 2));
	rig_peer_request(&r, "OPTIONS", "z9hG4bK-1");
	rig_peer_request(&r, "OPTIONS", "z9hG4bK-2");
	assert_int_equal(r.requests, 2);
	assert_int_equal(r.sends, 0);
	rig_peer_request(&r, "INVITE", "z9hG4bK-3");
	assert_int_equal(r.requests, 2);
	assert_int_equal(sent(&r)->status, 503);
	assert_false(slice_empty(sip_field_value(&sent_msg, SIP_RETRY_AFTER)));
	memcpy(first, r.sent, r.sent_n);
	first_n = r.sent_n;
	rig_peer_request(&r, "INVITE", "z9hG4bK-3");
	assert_int_equal(r.sends, 2);
	assert_int_equal(r.sent_n, first_n);
	assert_memory_equal(r.sent, first, first_n);
	rig_peer_request(&r, "ACK", "z9hG4bK-3");
	assert_int_equal(r.sends, 2);
	sip_stack_respond_stateless(r.stack, ack_msg(&r), &r.flow, 400, SLICE_NONE);
	assert_int_equal(r.sends, 2);
	assert_int_equal(rig_metric(&r, "alto_sip_refused_total"), 2);
	/* Copies of those that are in still are copies. */
	rig_peer_request(&r, "OPTIONS", "z9hG4bK-2");
	assert_int_equal(r.sends, 2);
	assert_int_equal(r.requests, 3); /* with the ACK */
	rig_done(&r);
}

/* A request of n bytes in all. */
static void peer_large(struct rig *r, const char *branch, size_t n)
{
	static char buf[4 * SIP_KEPT_BYTES_AVERAGE];
	struct sip_message msg;
	struct sip_reason reason;

	assert_true(n <= sizeof(buf));
	size_t used = (size_t)snprintf(buf, sizeof(buf),
				       "OPTIONS sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=%s\r\n"
				       "Max-Forwards: 70\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: 1\r\n"
				       "CSeq: 1 OPTIONS\r\nSubject: ",
				       branch);
	memset(buf + used, 'x', n - used - 4);
	struct writer end = writer_on(buf + n - 4, 4);
	write_string(&end, "\r\n\r\n");
	assert_int_equal(sip_message_parse(buf, n, &msg, &reason), SIP_OK);
	sip_stack_input(r->stack, &msg, &r->flow);
}

/* SIP_KEPT_BYTES_AVERAGE: full is full by bytes too, and what is forgotten makes room. */
static void test_kept_bytes(void **state)
{
	struct rig r;

	for (unsigned extra = 0; extra < 2; extra++) {
		assert_true(rig_init(&r, SIP_UDP, 4));
		peer_large(&r, "z9hG4bK-1", 3 * SIP_KEPT_BYTES_AVERAGE);
		struct sip_server *first = r.server;
		peer_large(&r, "z9hG4bK-2", SIP_KEPT_BYTES_AVERAGE + extra);
		assert_int_equal(r.requests, 2 - extra);
		assert_int_equal(rig_metric(&r, "alto_sip_refused_total"), extra);
		assert_int_equal(sip_server_respond(first, 200, SLICE("SIP/2.0 200 OK\r\n\r\n")), 0);
		peer_large(&r, "z9hG4bK-3", SIP_KEPT_BYTES_AVERAGE);
		assert_int_equal(r.requests, 3 - extra);
		for (int64_t ms = 0; ms < 40000; ms++)
			rig_turn(&r, ms);
		rig_done(&r);
	}
}

/* Neither another branch nor another sent-by cancels. */
static void test_guesses(void **state)
{
	struct rig r;

	assert_true(rig_init(&r, SIP_UDP, 0));
	rig_peer_request(&r, "INVITE", BRANCH);
	static const char *const others[][2] = {{"192.0.2.1:5060", BRANCH "x"},
						{"192.0.2.1:5061", BRANCH},
						{"192.0.2.1", BRANCH},
						{"192.0.2.2:5060", BRANCH}};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		rig_peer_request_from(&r, others[i][0], "CANCEL", others[i][1]);
		assert_int_equal(r.cancels, 0);
		assert_int_equal(sent(&r)->status, 481);
	}
	rig_done(&r);
}

/* A Via without the cookie: known by the rest of the request (§17.2.3). */
static const char *branch_2543; /* behind the Via's host */

static void peer_2543(struct rig *r, const char *method, unsigned cseq, const char *from_tag)
{
	char buf[1024];
	int n = snprintf(
		buf, sizeof(buf),
		"%s sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060%s\r\nMax-Forwards: 70\r\n"
		"From: <sip:ann@example.org>;tag=%s\r\nTo: <sip:bob@example.org>%s\r\nCall-ID: old@192.0.2.1\r\n"
		"CSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
		method, branch_2543, from_tag, strcmp(method, "ACK") == 0 ? ";tag=x" : "", cseq, method);
	rig_input(r, slice_of(buf, (size_t)n));
}

static void known_by_the_rest(const char *branch)
{
	struct rig r;

	branch_2543 = branch;
	assert_true(rig_init(&r, SIP_UDP, 0));
	peer_2543(&r, "INVITE", 1, "a");
	peer_2543(&r, "INVITE", 1, "a");
	assert_int_equal(r.requests, 1);
	struct sip_server *first = r.server;
	peer_2543(&r, "INVITE", 2, "a");
	peer_2543(&r, "INVITE", 1, "b");
	assert_int_equal(r.requests, 3);
	r.server = first;
	r.server_handle = sip_server_handle(first);
	peer_2543(&r, "CANCEL", 1, "a");
	assert_int_equal(r.cancels, 1);
	assert_int_equal(sip_server_respond_simple(first, 487, SLICE_NONE, SLICE_NONE), 0);
	peer_2543(&r, "ACK", 1, "a");
	assert_int_equal(r.requests, 3);
	peer_2543(&r, "ACK", 9, "a");
	assert_int_equal(r.requests, 4);
	rig_done(&r);
}

static void test_2543(void **state)
{
	known_by_the_rest("");
	known_by_the_rest(";branch=1");
	known_by_the_rest(";branch=z9hG4bK"); /* the cookie alone (RFC 4475 §3.2.1) */
}

/* A branch longer than any honest one: all of it counts. */
static void test_long_branch(void **state)
{
	struct rig r;
	char branch[601];

	assert_true(rig_init(&r, SIP_UDP, 0));
	memset(branch, 'x', sizeof(branch) - 1);
	memcpy(branch, "z9hG4bK", 7);
	branch[sizeof(branch) - 1] = 0;
	for (int copy = 0; copy < 2; copy++)
		rig_peer_request(&r, "OPTIONS", branch);
	assert_int_equal(r.requests, 1);
	branch[sizeof(branch) - 2] = 'y';
	rig_peer_request(&r, "OPTIONS", branch);
	assert_int_equal(r.requests, 2);
	rig_done(&r);
}

static void test_request_kept(void **state)
{
	struct sip_message msg;
	struct rig r;
	int x;

	assert_true(rig_init(&r, SIP_UDP, 0));
	rig_peer_request(&r, "INVITE", BRANCH);
	sip_server_set_owner(r.server, &x);
	assert_ptr_equal(sip_server_owner(r.server), &x);
	assert_int_equal(sip_server_respond_simple(r.server, 180, SLICE_NONE, SLICE_NONE), 0);
	assert_int_equal(sip_server_request(r.server, &msg), 0);
	assert_slice(sip_field_value(&msg, SIP_CALL_ID), "c1@192.0.2.1");
	assert_int_equal(sip_server_respond_simple(r.server, 200, SLICE_NONE, SLICE("t1")), 0);
	assert_slice(sent_to(&r), "<sip:bob@example.org>;tag=t1");
	assert_int_equal(sip_server_request(r.server, &msg), -ENOENT);
	/* RFC 6026: the owner's 2xx again, and no other answer. */
	assert_int_equal(sip_server_respond(r.server, 200, SLICE("SIP/2.0 200 again\r\n\r\n")), 0);
	assert_int_equal(sip_server_respond(r.server, 486, SLICE("SIP/2.0 486 no\r\n\r\n")), -EALREADY);
	assert_int_equal(r.sends, 3);
	rig_done(&r);
}

/* The request as its server has it. NULL: no more. */
static const char *call_id_kept(struct rig *r)
{
	struct sip_message msg;
	int rc = sip_server_request(r->server, &msg);
	if (rc == 0)
		return sip_field_value(&msg, SIP_CALL_ID).p;
	assert_int_equal(rc, -ENOENT);
	return NULL;
}

static const char *given; /* the Call-ID of the message in on_request() */

static void look_inside(struct rig *r, const struct sip_message *msg)
{
	given = sip_field_value(msg, SIP_CALL_ID).p;
	assert_ptr_equal(call_id_kept(r), given);
	assert_int_equal(sip_server_respond_simple(r->server, 180, SLICE_NONE, SLICE_NONE), 0);
	assert_ptr_equal(call_id_kept(r), given);
}

static void refuse_inside(struct rig *r, const struct sip_message *msg)
{
	look_inside(r, msg);
	assert_int_equal(sip_server_respond_simple(r->server, 486, SLICE_NONE, SLICE_NONE), 0);
	assert_null(call_id_kept(r)); /* though the message is there still */
}

/* While it is reported it is the message given there; later the copy, whatever has become of those bytes. */
static void test_request_inside(void **state)
{
	struct rig r;
	const char *later;

	assert_true(rig_init(&r, SIP_UDP, 0));
	r.in_request = look_inside;
	rig_peer_request(&r, "INVITE", BRANCH);
	later = call_id_kept(&r);
	assert_ptr_not_equal(later, given);
	assert_memory_equal(later, "c1@192.0.2.1", 12);
	r.in_request = refuse_inside;
	rig_peer_request(&r, "INVITE", "z9hG4bK-peer-2");
	assert_null(call_id_kept(&r));
	assert_int_equal(r.requests, 2);
	rig_done(&r);
}

static int server_life(void *arg)
{
	struct rig r;
	int rc = -ENOMEM;

	if (!rig_init(&r, SIP_UDP, 0))
		return -ENOMEM;
	rig_peer_request(&r, "INVITE", BRANCH);
	if (r.server) {
		/* Whatever cannot be kept for later is sent now all the same. */
		assert_int_equal(sip_server_respond_simple(r.server, 180, SLICE_NONE, SLICE_NONE), 0);
		assert_int_equal(sip_server_respond_simple(r.server, 486, SLICE_NONE, SLICE_NONE), 0);
		assert_int_equal(r.sends, 2);
		rig_peer_request(&r, "INVITE", BRANCH);
		rig_peer_request(&r, "ACK", BRANCH);
		rc = 0;
	} else {
		assert_int_equal(sent(&r)->status, 503);
	}
	rig_done(&r);
	return rc;
}

static void test_no_memory(void **state)
{
	failing_each(server_life, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machines),       cmocka_unit_test(test_one_tag),
		cmocka_unit_test(test_stateless),      cmocka_unit_test(test_kept_bytes),
		cmocka_unit_test(test_guesses),        cmocka_unit_test(test_2543),
		cmocka_unit_test(test_long_branch),    cmocka_unit_test(test_request_kept),
		cmocka_unit_test(test_request_inside), cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
