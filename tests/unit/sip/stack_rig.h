/*
 * One stack on a fake clock, driven by a line of "ms:word" and answering with a line of the same form.
 *
 * Words in, server side (peer -> stack): METHOD the request, and again a copy of it; ACK and CANCEL have the branch of
 * the INVITE; ACK2xx has its own. NNN the user's answer. NNN+ the same, answered inside on_request or on_cancel.
 * Words in, client side: NNN a response; cNNN one to the CANCEL; `cancel`, `detach` the user's calls; `wrong` a 200
 * with another method in CSeq.
 * Both: `dead`, `alive` the flow.
 * Words out: ">X" sent; "on X" reported; "gone" the transaction is no more.
 */
#pragma once
#include <errno.h>

#include "support/test.h"

#include "base/metrics.h"
#include "sip/transaction.h"

struct rig {
	struct wheel wheel;
	struct random random;
	struct sip_stack *stack;
	struct sip_flow flow;
	struct metrics metrics;
	int send_rc;
	char log[4096];
	struct writer out;
	char sent[4096]; /* the last message sent */
	size_t sent_n;
	unsigned sends, requests, cancels, strays;
	struct sip_server *server; /* of the last on_request */
	pool_handle server_handle, client_handle;
	char answer_in_event[8];
	unsigned events[4]; /* by enum sip_client_event */
	unsigned last_status;
	void (*in_request)(struct rig *r, const struct sip_message *msg); /* inside on_request(); NULL: nothing */
};

static inline void rig_log(struct rig *r, const char *what, struct slice detail)
{
	write_format(&r->out, "%s%lld:%s%.*s", r->out.n ? " " : "", (long long)(r->wheel.now_us / MS_US), what,
		     SLICE_ARG(detail));
}

/* "INVITE" of a request, "200" of a response. */
static inline struct slice rig_head(const char *p, size_t n)
{
	struct slice all = slice_of(p, n);
	struct slice word = slice_cut(&all, ' ');
	return slice_eq(word, SLICE("SIP/2.0")) ? slice_cut(&all, ' ') : word;
}

static inline int rig_send(void *owner, const struct sip_flow *flow, struct slice bytes)
{
	struct rig *r = owner;
	(void)flow;
	if (r->send_rc < 0)
		return r->send_rc;
	r->sends++;
	assert_true(bytes.n <= sizeof(r->sent));
	memcpy(r->sent, bytes.p, bytes.n);
	r->sent_n = bytes.n;
	rig_log(r, ">", rig_head(bytes.p, bytes.n));
	return 0;
}

static inline void rig_answer(struct rig *r)
{
	uint64_t status;

	if (!r->answer_in_event[0] || !r->server)
		return;
	assert_true(slice_u64(slice_first(slice_from_string(r->answer_in_event), 3), 699, &status));
	r->answer_in_event[0] = 0;
	(void)!sip_server_respond_simple(r->server, (unsigned)status, SLICE_NONE, SLICE_NONE);
}

static inline void rig_request(void *owner, struct sip_server *server, const struct sip_message *msg,
			       const struct sip_flow *flow)
{
	struct rig *r = owner;
	(void)flow;
	r->requests++;
	rig_log(r, "on_", msg->method_text);
	if (!server) {
		assert_int_equal(msg->method, SIP_ACK);
		return;
	}
	r->server = server;
	r->server_handle = sip_server_handle(server);
	rig_answer(r);
	if (r->in_request)
		r->in_request(r, msg);
}

static inline void rig_cancel(void *owner, struct sip_server *server, const struct sip_message *cancel)
{
	struct rig *r = owner;
	assert_int_equal(cancel->method, SIP_CANCEL);
	assert_ptr_equal(server, sip_server_get(r->stack, r->server_handle));
	r->cancels++;
	rig_log(r, "on_", SLICE("CANCEL"));
	rig_answer(r);
}

static inline void rig_stray(void *owner, const struct sip_message *msg, const struct sip_flow *flow)
{
	struct rig *r = owner;
	(void)flow;
	assert_true(msg->status >= 200 && msg->status < 300);
	r->strays++;
	rig_log(r, "stray", SLICE_NONE);
}

static inline void rig_client(void *arg, struct sip_client *t, enum sip_client_event event,
			      const struct sip_message *msg)
{
	static const char *const names[] = {"on_", "timeout", "failed", "gone"};
	struct rig *r = arg;
	char text[8] = "";

	assert_ptr_equal(t, sip_client_get(r->stack, r->client_handle));
	assert_int_equal(event == SIP_CLIENT_RESPONSE, msg != NULL);
	r->events[event]++;
	if (msg) {
		r->last_status = msg->status;
		snprintf(text, sizeof(text), "%u", (unsigned)msg->status);
	}
	rig_log(r, names[event], slice_from_string(text));
}

static const struct sip_stack_events rig_events = {
	.on_request = rig_request, .on_cancel = rig_cancel, .on_stray_2xx = rig_stray, .send = rig_send};

/* transactions_max 0: 4. False: out of memory. */
static inline bool rig_init(struct rig *r, enum sip_transport transport, uint32_t transactions_max)
{
	memset(r, 0, sizeof(*r));
	wheel_init(&r->wheel, 0, 0);
	random_init_seeded(&r->random, 7);
	metrics_init(&r->metrics);
	r->out = writer_on(r->log, sizeof(r->log) - 1);
	r->flow.transport = transport;
	assert_true(address_parse_with_port(SLICE("192.0.2.1:5060"), &r->flow.remote));
	assert_true(address_parse_with_port(SLICE("192.0.2.9:5060"), &r->flow.local));
	struct sip_stack_config config = {.wheel = &r->wheel,
					  .random = &r->random,
					  .node = 0x2a,
					  .transactions_max = transactions_max ? transactions_max : 4,
					  .events = &rig_events,
					  .owner = r};
	r->stack = sip_stack_new(&config);
	if (!r->stack)
		return false;
	sip_stack_metrics(r->stack, &r->metrics);
	return true;
}

static inline void rig_done(struct rig *r)
{
	r->stack = sip_stack_free(r->stack);
	assert_int_equal(r->wheel.running, 0);
}

static inline int64_t rig_metric(struct rig *r, const char *name)
{
	for (struct metric *m = r->metrics.first; m; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m->value;
	fail_msg("no metric %s", name);
	return 0;
}

/* Bytes from the network, which must be a message that passes the checks. */
static inline void rig_input(struct rig *r, struct slice bytes)
{
	struct sip_message msg;
	struct sip_reason reason;
	char copy[4096];

	assert_true(bytes.n <= sizeof(copy));
	memcpy(copy, bytes.p, bytes.n);
	assert_int_equal(sip_message_parse(copy, bytes.n, &msg, &reason), SIP_OK);
	assert_int_equal(sip_message_check(&msg, &reason), SIP_OK);
	sip_stack_input(r->stack, &msg, &r->flow);
}

static inline void rig_peer_request_from(struct rig *r, const char *sent_by, const char *method, const char *branch)
{
	char buf[1024];
	int n = snprintf(buf, sizeof(buf),
			 "%s sip:bob@example.org SIP/2.0\r\n"
			 "Via: SIP/2.0/%.*s %s;branch=%s\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:ann@example.org>;tag=a1\r\nTo: <sip:bob@example.org>\r\n"
			 "Call-ID: c1@192.0.2.1\r\nCSeq: 1 %s\r\nContact: <sip:ann@192.0.2.1>\r\n"
			 "Content-Length: 0\r\n\r\n",
			 method, SLICE_ARG(sip_transport_name(r->flow.transport)), sent_by, branch, method);
	rig_input(r, slice_of(buf, (size_t)n));
}

static inline void rig_peer_request(struct rig *r, const char *method, const char *branch)
{
	rig_peer_request_from(r, "192.0.2.1:5060", method, branch);
}

/* The text of a request with the client's branch, as its user would write it. */
static inline size_t rig_write_request(const struct sip_client *t, enum sip_method method, enum sip_transport transport,
				       char *buf, size_t cap)
{
	struct slice name = sip_method_name(method);
	int n = snprintf(buf, cap,
			 "%.*s sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/%.*s 192.0.2.9:5060;branch=%.*s;rport\r\n"
			 "Max-Forwards: 69\r\nRoute: <sip:p1.example.org;lr>\r\nRoute: <sip:p2.example.org;lr>\r\n"
			 "From: \"Ann\" <sip:ann@example.org>;tag=l1\r\n"
			 "To: <sip:bob@example.org>\r\nCall-ID: c2@192.0.2.9\r\nCSeq: 7 %.*s\r\n"
			 "Contact: <sip:ann@192.0.2.9>\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody",
			 SLICE_ARG(name), SLICE_ARG(sip_transport_name(transport)), SLICE_ARG(sip_client_branch(t)),
			 SLICE_ARG(name));
	assert_true(n > 0 && (size_t)n < cap);
	return (size_t)n;
}

/* A response of the peer to the request in `request`. */
static inline void rig_peer_response(struct rig *r, struct slice request, unsigned status, const char *tag)
{
	struct sip_message msg;
	struct sip_reason reason;
	char copy[4096], buf[4096];
	struct writer w = writer_on(buf, sizeof(buf));

	memcpy(copy, request.p, request.n);
	assert_int_equal(sip_message_parse(copy, request.n, &msg, &reason), SIP_OK);
	sip_write_response_head(&w, &msg, &r->flow, status, SLICE_NONE, slice_from_string(tag));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	assert_false(w.overflow);
	rig_input(r, writer_slice(&w));
}

/* The turn of one millisecond; what was left for the next turn runs in a second one. */
static inline void rig_turn(struct rig *r, int64_t ms)
{
	wheel_turn(&r->wheel, ms * MS_US, 0);
}

static inline void rig_check_server(struct rig *r)
{
	if (r->server_handle && !sip_server_get(r->stack, r->server_handle)) {
		r->server_handle = 0;
		r->server = NULL;
		rig_log(r, "gone", SLICE_NONE);
	}
}

/* Let time pass; act() is given each word at its time. */
static inline void rig_run(struct rig *r, const char *script, int64_t until_ms,
			   void (*act)(struct rig *r, struct slice word))
{
	struct slice rest = slice_from_string(script);
	uint64_t at = 0;
	struct slice word = SLICE_NONE;

	for (int64_t ms = 0; ms <= until_ms; ms++) {
		rig_turn(r, ms);
		rig_check_server(r);
		for (;;) {
			if (slice_empty(word) && !slice_empty(rest)) {
				word = slice_cut(&rest, ' ');
				assert_true(slice_u64(slice_cut(&word, ':'), 1000000, &at));
			}
			if (slice_empty(word) || (int64_t)at != ms)
				break;
			act(r, word);
			word = SLICE_NONE;
		}
		rig_turn(r, ms);
		rig_check_server(r);
	}
	assert_true(slice_empty(rest) && slice_empty(word));
	r->log[r->out.n] = 0;
	assert_false(r->out.overflow);
}

/* One row of a machine's table: what happens when, against what is seen when. */
struct row {
	const char *name;
	enum sip_transport transport;
	const char *script;
	int64_t until_ms;
	const char *expect;
};

static inline void rig_run_table(const struct row *rows, size_t count, void (*act)(struct rig *r, struct slice word))
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		struct rig r;
		assert_true(rig_init(&r, rows[i].transport, 0));
		rig_run(&r, rows[i].script, rows[i].until_ms, act);
		if (strcmp(r.log, rows[i].expect) != 0) {
			print_error("%s:\n  is     %s\n  wanted %s\n", rows[i].name, r.log, rows[i].expect);
			wrong++;
		}
		rig_done(&r);
	}
	assert_int_equal(wrong, 0);
}

/* The last message sent, parsed, in *ret_msg. */
static inline const struct sip_message *rig_sent(struct rig *r, struct sip_message *ret_msg)
{
	struct sip_reason reason;
	assert_int_equal(sip_message_parse(r->sent, r->sent_n, ret_msg, &reason), SIP_OK);
	assert_int_equal(sip_message_check(ret_msg, &reason), SIP_OK);
	return ret_msg;
}
