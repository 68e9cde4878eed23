/* The two client machines as tables, and what is in the requests that the stack writes. */
#include "stack_rig.h"

#include "support/failing.h"

static char request_text[2048];
static size_t request_n;

static struct sip_client *client_of(struct rig *r)
{
	return sip_client_get(r->stack, r->client_handle);
}

static void start_client(struct rig *r, enum sip_method method)
{
	struct sip_client *t = sip_client_new(r->stack, &r->flow, method, rig_client, r);
	assert_non_null(t);
	r->client_handle = sip_client_handle(t);
	request_n = rig_write_request(t, method, r->flow.transport, request_text, sizeof(request_text));
	assert_int_equal(sip_client_start(t, slice_of(request_text, request_n)), 0);
}

/* The request with another method in its request line and CSeq, for responses to our CANCEL and wrong ones. */
static struct slice request_as(const char *method, char *buf, size_t cap)
{
	struct slice rest = slice_of(request_text, request_n);
	struct slice old = slice_cut(&rest, ' ');
	char text[2048];
	slice_to_string(rest, text, sizeof(text));
	char *cseq = strstr(text, "CSeq: 7 ");
	assert_non_null(cseq);
	char *after = cseq + strlen("CSeq: 7 ") + old.n;
	int n = snprintf(buf, cap, "%s %.*sCSeq: 7 %s%s", method, (int)(cseq - text), text, method, after);
	return slice_of(buf, (size_t)n);
}

static void act_client(struct rig *r, struct slice word)
{
	char buf[2048];
	uint64_t status;

	if (slice_u64(word, 699, &status))
		rig_peer_response(r, slice_of(request_text, request_n), (unsigned)status, "r1");
	else if (word.p[0] == 'c' && slice_u64(slice_from(word, 1), 699, &status))
		rig_peer_response(r, request_as("CANCEL", buf, sizeof(buf)), (unsigned)status, "r1");
	else if (slice_eq(word, SLICE("wrong")))
		rig_peer_response(r, request_as("INFO", buf, sizeof(buf)), 200, "r1");
	else if (slice_eq(word, SLICE("INVITE")) || slice_eq(word, SLICE("OPTIONS")))
		start_client(r, sip_method_from(word));
	else if (slice_eq(word, SLICE("cancel")))
		sip_client_cancel(client_of(r), SLICE("SIP;cause=200;text=\"Call completed elsewhere\""));
	else if (slice_eq(word, SLICE("detach")))
		sip_client_detach(client_of(r));
	else if (slice_eq(word, SLICE("closed")))
		sip_stack_flow_closed(r->stack, &r->flow);
	else if (slice_eq(word, SLICE("elsewhere")))
		sip_stack_flow_closed(r->stack, &(struct sip_flow){.connection = r->flow.connection + 1});
	else if (slice_eq(word, SLICE("connected")))
		r->flow.connection = 7;
	else if (slice_eq(word, SLICE("dead")))
		r->send_rc = -ENOTCONN;
	else if (slice_eq(word, SLICE("alive")))
		r->send_rc = 0;
	else
		fail_msg("unknown word %.*s", SLICE_ARG(word));
}

static const struct row client_rows[] = {
	/* INVITE, §17.1.1 and RFC 6026 */
	{"timer A doubles, timer B ends it", SIP_UDP, "0:INVITE", 40000,
	 "0:>INVITE 500:>INVITE 1500:>INVITE 3500:>INVITE 7500:>INVITE 15500:>INVITE 31500:>INVITE 32000:timeout "
	 "32000:gone"},
	{"reliable: no timer A", SIP_TLS, "0:INVITE", 40000, "0:>INVITE 32000:timeout 32000:gone"},
	{"Proceeding waits without end", SIP_UDP, "0:INVITE 600:100 700:180 90000:180", 100000,
	 "0:>INVITE 500:>INVITE 600:on_100 700:on_180 90000:on_180"},
	{"Accepted passes each 2xx up, timer M", SIP_UDP, "0:INVITE 10:180 20:200 500:200 600:180 700:486", 40000,
	 "0:>INVITE 10:on_180 20:on_200 500:on_200 32020:gone"},
	{"reliable Accepted has timer M too", SIP_TLS, "0:INVITE 20:200", 40000, "0:>INVITE 20:on_200 32020:gone"},
	{"2xx without provisional", SIP_UDP, "0:INVITE 600:200", 40000, "0:>INVITE 500:>INVITE 600:on_200 32600:gone"},
	{"ACK to a refusal, and to its copies; timer D", SIP_UDP, "0:INVITE 10:100 20:486 520:486 1520:486 1600:180",
	 40000, "0:>INVITE 10:on_100 20:>ACK 20:on_486 520:>ACK 1520:>ACK 32020:gone"},
	{"reliable: timer D is zero", SIP_TCP, "0:INVITE 20:486 30:486", 100, "0:>INVITE 20:>ACK 20:on_486 20:gone"},
	{"refusal in Calling", SIP_UDP, "0:INVITE 20:503", 40000, "0:>INVITE 20:>ACK 20:on_503 32020:gone"},
	{"2xx after Accepted is nothing", SIP_UDP, "0:INVITE 20:200 32100:200", 40000,
	 "0:>INVITE 20:on_200 32020:gone"},
	{"2xx after the user has left, and of forks without end", SIP_UDP,
	 "0:INVITE 10:200 15:detach 20:200 21:200 22:200 23:200 24:200 25:200 26:200 27:200 28:200 29:200", 40000,
	 "0:>INVITE 10:on_200 20:stray 21:stray 22:stray 23:stray 24:stray 25:stray 26:stray 27:stray"},
	{"stray refusal is nothing", SIP_UDP, "0:INVITE 20:200 32100:486", 40000, "0:>INVITE 20:on_200 32020:gone"},
	{"2xx of another branch after a refusal", SIP_UDP, "0:INVITE 20:486 30:200", 100,
	 "0:>INVITE 20:>ACK 20:on_486 30:stray"},
	{"another method in CSeq", SIP_UDP, "0:INVITE 20:wrong", 100, "0:>INVITE"},
	{"dead from the start: told in the next turn", SIP_TLS, "0:dead 0:INVITE", 100, "0:failed 0:gone"},
	{"dead at a retransmission", SIP_UDP, "0:INVITE 10:dead", 1000, "0:>INVITE 500:failed 500:gone"},
	{"dead and answered in one turn", SIP_UDP, "0:dead 0:INVITE 0:200", 100, "0:failed 0:gone"},
	/* the connection ends, §17.1.4 */
	{"closed while it waits", SIP_TLS, "0:connected 0:INVITE 10:180 20:elsewhere 30:closed 31:closed", 40000,
	 "0:>INVITE 10:on_180 30:failed 30:gone"},
	{"closed before any answer", SIP_TCP, "0:connected 0:OPTIONS 30:closed", 40000, "0:>OPTIONS 30:failed 30:gone"},
	{"closed after the answer", SIP_TCP, "0:connected 0:INVITE 10:200 30:closed", 40000,
	 "0:>INVITE 10:on_200 32010:gone"},
	{"closed with its CANCEL under way", SIP_TCP, "0:connected 0:INVITE 10:180 20:cancel 30:closed", 40000,
	 "0:>INVITE 10:on_180 20:>CANCEL 30:failed 30:gone"},
	{"a UDP flow does not close", SIP_UDP, "0:OPTIONS 30:closed 40:200", 100, "0:>OPTIONS 40:on_200"},
	{"detached", SIP_UDP, "0:INVITE 10:180 11:detach 20:486 520:486", 40000,
	 "0:>INVITE 10:on_180 20:>ACK 520:>ACK"},

	/* CANCEL, §9.1 */
	{"CANCEL in Proceeding", SIP_UDP, "0:INVITE 10:180 20:cancel 30:c200 40:487", 40000,
	 "0:>INVITE 10:on_180 20:>CANCEL 40:>ACK 40:on_487 32040:gone"},
	{"CANCEL waits for a provisional", SIP_UDP, "0:INVITE 20:cancel 600:100 610:487 620:c200", 1000,
	 "0:>INVITE 500:>INVITE 600:>CANCEL 600:on_100 610:>ACK 610:on_487"},
	{"CANCEL with no provisional ever", SIP_UDP, "0:INVITE 20:cancel", 40000,
	 "0:>INVITE 500:>INVITE 1500:>INVITE 3500:>INVITE 7500:>INVITE 15500:>INVITE 31500:>INVITE 32000:timeout "
	 "32000:gone"},
	{"CANCEL waits and the final comes first", SIP_UDP, "0:INVITE 20:cancel 30:200 40:180", 100,
	 "0:>INVITE 30:on_200"},
	{"CANCEL crosses the 200", SIP_UDP, "0:INVITE 10:180 20:cancel 30:200 40:c200 600:200", 40000,
	 "0:>INVITE 10:on_180 20:>CANCEL 30:on_200 600:on_200 32030:gone"},
	{"timer E of the CANCEL, 64*T1 for the INVITE", SIP_UDP, "0:INVITE 10:180 100:cancel", 40000,
	 "0:>INVITE 10:on_180 100:>CANCEL 600:>CANCEL 1600:>CANCEL 3600:>CANCEL 7600:>CANCEL 11600:>CANCEL "
	 "15600:>CANCEL 19600:>CANCEL 23600:>CANCEL 27600:>CANCEL 31600:>CANCEL 32100:timeout 32100:gone"},
	{"200 to CANCEL and no final", SIP_TCP, "0:INVITE 10:180 100:cancel 110:c200", 40000,
	 "0:>INVITE 10:on_180 100:>CANCEL 32100:timeout 32100:gone"},
	{"481 to CANCEL changes nothing", SIP_UDP, "0:INVITE 10:180 100:cancel 110:c481 5000:200", 5100,
	 "0:>INVITE 10:on_180 100:>CANCEL 5000:on_200"},
	{"one CANCEL only", SIP_UDP, "0:INVITE 10:180 20:cancel 21:cancel 30:c200 31:cancel", 1000,
	 "0:>INVITE 10:on_180 20:>CANCEL"},
	{"CANCEL after the final", SIP_UDP, "0:INVITE 10:200 20:cancel", 1000, "0:>INVITE 10:on_200"},
	{"provisional after CANCEL is told, the limit stays", SIP_TCP, "0:INVITE 10:180 100:cancel 5000:183", 40000,
	 "0:>INVITE 10:on_180 100:>CANCEL 5000:on_183 32100:timeout 32100:gone"},

	/* other methods, §17.1.2 */
	{"timer E doubles to T2, timer F ends it", SIP_UDP, "0:OPTIONS", 40000,
	 "0:>OPTIONS 500:>OPTIONS 1500:>OPTIONS 3500:>OPTIONS 7500:>OPTIONS 11500:>OPTIONS 15500:>OPTIONS "
	 "19500:>OPTIONS 23500:>OPTIONS 27500:>OPTIONS 31500:>OPTIONS 32000:timeout 32000:gone"},
	{"in Proceeding timer E is T2", SIP_UDP, "0:OPTIONS 100:100 9000:200", 20000,
	 "0:>OPTIONS 100:on_100 500:>OPTIONS 4500:>OPTIONS 8500:>OPTIONS 9000:on_200 14000:gone"},
	{"Proceeding ends by timer F", SIP_TCP, "0:OPTIONS 100:100", 40000,
	 "0:>OPTIONS 100:on_100 32000:timeout 32000:gone"},
	{"timer K absorbs copies", SIP_UDP, "0:OPTIONS 100:404 200:404 4000:404", 20000,
	 "0:>OPTIONS 100:on_404 5100:gone"},
	{"reliable: timer K is zero", SIP_TLS, "0:OPTIONS 100:200 200:200", 20000, "0:>OPTIONS 100:on_200 100:gone"},
	{"reliable: timer F", SIP_TLS, "0:OPTIONS", 40000, "0:>OPTIONS 32000:timeout 32000:gone"},
	{"not cancelled", SIP_UDP, "0:OPTIONS 10:cancel 20:200", 100, "0:>OPTIONS 20:on_200"},
	{"dead", SIP_UDP, "0:dead 0:OPTIONS", 100, "0:failed 0:gone"},
};

static void test_machines(void **state)
{
	rig_run_table(client_rows, ARRAY_LEN(client_rows), act_client);
}

static struct sip_message sent_msg;
static const struct sip_message *sent(struct rig *r)
{
	return rig_sent(r, &sent_msg);
}

static void assert_like_invite(const struct sip_message *msg, const struct sip_client *t)
{
	char via[128];

	snprintf(via, sizeof(via), "SIP/2.0/UDP 192.0.2.9:5060;branch=%.*s;rport", SLICE_ARG(sip_client_branch(t)));
	assert_slice(msg->request_uri, "sip:bob@192.0.2.1");
	assert_slice(sip_field_value(msg, SIP_VIA), via);
	assert_slice(sip_field_value(msg, SIP_FROM), "\"Ann\" <sip:ann@example.org>;tag=l1");
	assert_slice(sip_field_value(msg, SIP_CALL_ID), "c2@192.0.2.9");
	const struct sip_field *route = sip_field_first(msg, SIP_ROUTE);
	assert_slice(route->value, "<sip:p1.example.org;lr>");
	assert_slice(sip_field_next(msg, route)->value, "<sip:p2.example.org;lr>");
	assert_null(sip_field_first(msg, SIP_CONTACT));
	assert_true(slice_empty(msg->body));
}

static void test_cancel_and_ack_text(void **state)
{
	struct rig r;

	assert_true(rig_init(&r, SIP_UDP, 0));
	start_client(&r, SIP_INVITE);
	act_client(&r, SLICE("180"));
	act_client(&r, SLICE("cancel"));
	assert_like_invite(sent(&r), client_of(&r));
	assert_int_equal(sent_msg.method, SIP_CANCEL);
	assert_slice(sip_field_value(&sent_msg, SIP_TO), "<sip:bob@example.org>");
	assert_slice(sip_field_value(&sent_msg, SIP_CSEQ), "7 CANCEL");
	assert_slice(sip_field_value(&sent_msg, SIP_REASON), "SIP;cause=200;text=\"Call completed elsewhere\"");

	act_client(&r, SLICE("487"));
	assert_like_invite(sent(&r), client_of(&r));
	assert_int_equal(sent_msg.method, SIP_ACK);
	assert_slice(sip_field_value(&sent_msg, SIP_TO), "<sip:bob@example.org>;tag=r1");
	assert_slice(sip_field_value(&sent_msg, SIP_CSEQ), "7 ACK");
	rig_done(&r);
}

static void test_client_limit(void **state)
{
	struct sip_client *t[4];
	struct rig r;
	char buf[2048];

	assert_true(rig_init(&r, SIP_UDP, 2));
	for (int i = 0; i < 2; i++)
		assert_non_null(t[i] = sip_client_new(r.stack, &r.flow, SIP_INVITE, NULL, NULL));
	assert_null(sip_client_new(r.stack, &r.flow, SIP_INVITE, NULL, NULL));
	/* One that was never started is given back without a word; the next one has another branch. */
	char old[SIP_BRANCH_CAP];
	size_t old_n = sip_client_branch(t[1]).n;
	memcpy(old, sip_client_branch(t[1]).p, old_n);
	sip_client_drop(t[1]);
	sip_client_drop(NULL);
	assert_non_null(t[1] = sip_client_new(r.stack, &r.flow, SIP_INVITE, NULL, NULL));
	assert_false(slice_eq(sip_client_branch(t[1]), slice_of(old, old_n)));
	/* A CANCEL finds a place all the same. */
	for (int i = 0; i < 2; i++) {
		size_t n = rig_write_request(t[i], SIP_INVITE, SIP_UDP, buf, sizeof(buf));
		assert_int_equal(sip_client_start(t[i], slice_of(buf, n)), 0);
		rig_peer_response(&r, slice_of(buf, n), 180, "r1");
		sip_client_cancel(t[i], SLICE_NONE);
		assert_int_equal(sent(&r)->method, SIP_CANCEL);
	}
	assert_int_equal(rig_metric(&r, "alto_sip_client_transactions"), 4);
	for (int64_t ms = 0; ms < 33000; ms++)
		rig_turn(&r, ms);
	assert_int_equal(rig_metric(&r, "alto_sip_client_transactions"), 0);
	assert_non_null(sip_client_new(r.stack, &r.flow, SIP_INVITE, NULL, NULL));
	rig_done(&r);
}

/* Whoever does not know the branch finds no transaction, whatever digit is changed. */
static void test_guesses(void **state)
{
	struct rig r;
	char buf[2048];

	assert_true(rig_init(&r, SIP_UDP, 0));
	start_client(&r, SIP_INVITE);
	memcpy(buf, request_text, request_n);
	char *branch = strstr(request_text, "z9hG4bK") - request_text + buf;
	for (size_t i = 0; i < sip_client_branch(client_of(&r)).n; i++) {
		char was = branch[i];
		branch[i] = was == '1' ? '2' : '1';
		rig_peer_response(&r, slice_of(buf, request_n), 486, "r1");
		branch[i] = was;
	}
	assert_int_equal(r.events[SIP_CLIENT_RESPONSE], 0);
	assert_int_equal(rig_metric(&r, "alto_sip_strays_total"), (int64_t)sip_client_branch(client_of(&r)).n);
	rig_peer_response(&r, slice_of(buf, request_n), 486, "r1");
	assert_int_equal(r.events[SIP_CLIENT_RESPONSE], 1);
	rig_done(&r);
}

/* Two Vias: the response was meant for somebody else (§8.1.3.3). A comma with nothing behind it makes none. */
static void test_second_via(void **state)
{
	static const struct {
		const char *beside;
		bool ours;
	} cases[] = {
		{", SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx", false},
		{"\r\nVia: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx", false},
		{",, SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx", false},
		{"\r\nVia: , SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx", false},
		{", x", false},
		{";x=\"a,b\"", true},
		{",", true},
		{" , ,, ", true},
		{"\r\nVia: ", true},
		{",\r\nVia: ,", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig r;
		char text[2048];

		assert_true(rig_init(&r, SIP_UDP, 0));
		start_client(&r, SIP_OPTIONS);
		int n = snprintf(text, sizeof(text),
				 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=%.*s%s\r\n"
				 "From: <sip:ann@example.org>;tag=l1\r\n"
				 "To: <sip:bob@example.org>;tag=r\r\nCall-ID: c2@192.0.2.9\r\nCSeq: 7 OPTIONS\r\n"
				 "Content-Length: 0\r\n\r\n",
				 SLICE_ARG(sip_client_branch(client_of(&r))), cases[i].beside);
		rig_input(&r, slice_of(text, (size_t)n));
		if ((r.events[SIP_CLIENT_RESPONSE] == 1) != cases[i].ours)
			fail_msg("%s", cases[i].beside);
		rig_done(&r);
	}
}

static int client_life(void *arg)
{
	struct rig r;
	char buf[2048];
	int rc = -ENOMEM;

	if (!rig_init(&r, SIP_UDP, 0))
		return -ENOMEM;
	struct sip_client *t = sip_client_new(r.stack, &r.flow, SIP_INVITE, rig_client, &r);
	if (t) {
		r.client_handle = sip_client_handle(t);
		size_t n = rig_write_request(t, SIP_INVITE, SIP_UDP, buf, sizeof(buf));
		rc = sip_client_start(t, slice_of(buf, n));
		if (rc == 0) {
			rig_peer_response(&r, slice_of(buf, n), 180, "r1");
			sip_client_cancel(t, SLICE_NONE);
			rig_peer_response(&r, slice_of(buf, n), 487, "r1");
			assert_int_equal(sent(&r)->method, SIP_ACK);
			unsigned before = r.sends;
			rig_peer_response(&r, slice_of(buf, n), 487, "r1");
			assert_int_equal(r.sends, before + 1);
			assert_int_equal(sent(&r)->method, SIP_ACK);
		} else {
			assert_null(client_of(&r));
			assert_int_equal(r.events[SIP_CLIENT_GONE], 0);
		}
	}
	rig_done(&r);
	return rc;
}

static void test_no_memory(void **state)
{
	failing_each(client_life, NULL);
}

/* Freed with all states alive: no event, no message, nothing left (the sanitizer looks). */
static void test_free_alive(void **state)
{
	struct rig r;

	assert_true(rig_init(&r, SIP_UDP, 0));
	rig_peer_request(&r, "INVITE", "z9hG4bK-1");
	rig_peer_request(&r, "INVITE", "z9hG4bK-2");
	assert_int_equal(sip_server_respond_simple(r.server, 486, SLICE_NONE, SLICE_NONE), 0);
	start_client(&r, SIP_INVITE);
	act_client(&r, SLICE("180"));
	act_client(&r, SLICE("cancel"));
	assert_non_null(sip_client_new(r.stack, &r.flow, SIP_BYE, rig_client, &r));
	unsigned sends = r.sends;
	rig_done(&r);
	assert_int_equal(r.sends, sends);
	assert_int_equal(r.events[SIP_CLIENT_GONE], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machines),     cmocka_unit_test(test_cancel_and_ack_text),
		cmocka_unit_test(test_client_limit), cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_second_via),   cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_free_alive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
