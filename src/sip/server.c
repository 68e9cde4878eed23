/* sip/server.c - the two server machines.   RFC 3261 §17.2, RFC 6026 §7.1 */
#include <errno.h>

#include "sip/transaction_private.h"

static void server_timer(struct timer *timer, void *arg);

/* ---- bytes kept ---- */

/* NULL: out of memory, or out of what strangers may make us hold. */
static char *server_keep(struct sip_stack *s, struct slice bytes)
{
	size_t max = MIN((size_t)s->config.transactions_max * SIP_KEPT_BYTES_AVERAGE, (size_t)SIP_KEPT_BYTES_MAX);

	char *copy = bytes.n > max - s->kept_bytes ? NULL : stack_copy(bytes);
	if (copy)
		s->kept_bytes += bytes.n;
	return copy;
}

static void server_forget_request(struct sip_server *t)
{
	if (t->request)
		t->stack->kept_bytes -= t->request_n;
	free(t->request);
	t->request = NULL;
}

static void server_forget_response(struct sip_server *t)
{
	if (t->response)
		t->stack->kept_bytes -= t->response_n;
	free(t->response);
	t->response = NULL;
}

/* Keep the response for the request's retransmissions, which only UDP has. Without room they stay unanswered. */
static void server_keep_response(struct sip_server *t, struct slice bytes)
{
	server_forget_response(t);
	if (sip_transport_reliable(t->flow.transport))
		return;
	t->response = server_keep(t->stack, bytes);
	t->response_n = (uint32_t)bytes.n;
}

/* ---- timers and ends ---- */

void server_free(struct sip_server *t)
{
	struct sip_stack *s = t->stack;

	timer_stop(s->config.wheel, &t->timer);
	map_remove(&s->servers, &t->node);
	server_forget_request(t);
	server_forget_response(t);
	pool_give(&s->server_pool, t);
	stack_count(s, STACK_SERVERS, -1);
}

/* The rest of its life is one timer: freed when that fires, which is never inside a call of the user. */
static void server_end_in(struct sip_server *t, int64_t delay_us)
{
	t->interval_us = 0;
	t->deadline_us = stack_now(t->stack) + delay_us;
	timer_start(t->stack->config.wheel, &t->timer, delay_us);
}

static void server_dead(struct sip_server *t)
{
	t->state = SERVER_ENDED;
	server_forget_request(t);
	server_forget_response(t);
	server_end_in(t, 0);
}

static int server_send(struct sip_server *t, struct slice bytes)
{
	int rc = stack_send(t->stack, &t->flow, bytes);
	if (rc < 0)
		server_dead(t);
	return rc;
}

static void server_repeat_response(struct sip_server *t)
{
	if (!t->response)
		return;
	stack_count(t->stack, STACK_REPEATED, 1);
	(void)!server_send(t, slice_of(t->response, t->response_n));
}

/* Should it fail, the peer asks again, or the flow is dead and the transaction with it. */
static void server_try_100(struct sip_server *t)
{
	(void)!sip_server_respond_simple(t, 100, SLICE_NONE, SLICE_NONE);
}

/* Timer G, until Timer H. */
static void server_arm_repeat(struct sip_server *t)
{
	int64_t left = t->deadline_us - stack_now(t->stack);
	timer_start(t->stack->config.wheel, &t->timer, t->interval_us ? MIN(left, t->interval_us) : left);
}

static void server_timer(struct timer *timer, void *arg)
{
	struct sip_server *t = arg;

	if (t->state == SERVER_PROCEEDING) {
		server_try_100(t);
		return;
	}
	bool waits_for_ack = t->invite && t->state == SERVER_COMPLETED;
	if (!waits_for_ack || stack_now(t->stack) >= t->deadline_us) {
		if (waits_for_ack)
			stack_count(t->stack, STACK_TIMEOUTS, 1); /* Timer H */
		server_free(t);
		return;
	}
	t->interval_us = (uint32_t)MIN(2 * (int64_t)t->interval_us, SIP_T2_US);
	server_arm_repeat(t);
	server_repeat_response(t);
}

/* ---- responses ---- */

static int server_respond_provisional(struct sip_server *t, struct slice bytes)
{
	t->state = SERVER_PROCEEDING;
	timer_stop(t->stack->config.wheel, &t->timer);
	server_keep_response(t, bytes);
	return server_send(t, bytes);
}

/* The request is forgotten only here at the end, since `bytes` may have been written from it. */
static int server_respond_final(struct sip_server *t, unsigned status, struct slice bytes)
{
	bool reliable = sip_transport_reliable(t->flow.transport);

	if (t->guest) {
		/* §8.2.7: a stateless answer, in what it keeps; the ACK to it is nobody's. */
		int rc = stack_send(t->stack, &t->flow, bytes);
		server_dead(t);
		return rc;
	}
	if (t->invite && status < 300) {
		t->state = SERVER_ACCEPTED;
		server_forget_response(t);
		server_end_in(t, 64 * SIP_T1_US); /* Timer L */
	} else if (t->invite) {
		t->state = SERVER_COMPLETED;
		server_keep_response(t, bytes);
		t->deadline_us = stack_now(t->stack) + 64 * SIP_T1_US; /* Timer H */
		/* DEVIATION: §17.2.1 repeats a final response by Timer G. A challenge goes once for each copy of the
		 * request that comes, and no more, as §26.3.2.4 wants: its sender is nobody we know, and may be forged.
		 */
		t->interval_us = t->response && status != 401 ? (uint32_t)SIP_T1_US : 0;
		server_arm_repeat(t);
	} else {
		t->state = SERVER_COMPLETED;
		server_keep_response(t, bytes);
		server_end_in(t, reliable ? 0 : 64 * SIP_T1_US); /* Timer J */
	}
	int rc = server_send(t, bytes);
	server_forget_request(t);
	return rc;
}

void sip_server_drop(struct sip_server *t)
{
	server_dead(t);
}

int sip_server_respond(struct sip_server *t, unsigned status, struct slice bytes)
{
	ASSERT(status >= 100 && status <= 699);
	switch ((enum server_state)t->state) {
	case SERVER_TRYING:
	case SERVER_PROCEEDING:
		break;
	case SERVER_ACCEPTED:
		/* RFC 6026 §7.1: the 2xx again, or another one. */
		return status >= 200 && status < 300 ? server_send(t, bytes) : -EALREADY;
	default:
		return -EALREADY;
	}
	if (status < 200)
		return server_respond_provisional(t, bytes);
	return server_respond_final(t, status, bytes);
}

/* ---- requests ---- */

static void server_report(struct sip_stack *s, struct sip_server *t, const struct sip_message *msg,
			  const struct sip_flow *flow)
{
	s->reported = t;
	s->reported_msg = msg;
	s->config.events->on_request(s->config.owner, t, msg, flow);
	s->reported = NULL;
	s->reported_msg = NULL;
}

/* NULL: no room. */
static struct sip_server *server_make(struct sip_stack *s, const struct sip_message *msg, const struct server_key *key,
				      const struct sip_flow *flow)
{
	struct sip_server *t = pool_take(&s->server_pool);
	if (!t)
		return NULL;
	t->stack = s;
	t->request = server_keep(s, msg->bytes);
	t->request_n = (uint32_t)msg->bytes.n;
	if (!t->request || map_insert(&s->servers, &t->node, key->hash) < 0) {
		server_forget_request(t);
		pool_give(&s->server_pool, t);
		return NULL;
	}
	t->check = key->check;
	t->flow = *flow;
	t->invite = msg->method == SIP_INVITE;
	t->state = t->invite ? SERVER_PROCEEDING : SERVER_TRYING;
	t->tag = (struct sip_name){pool_handle_of(&s->server_pool, t), random_u64(s->config.random)};
	timer_init(&t->timer, server_timer, t);
	stack_count(s, STACK_SERVERS, 1);
	return t;
}

static void answer_alone(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow,
			 unsigned status)
{
	const struct sip_stack_events *events = s->config.events;
	if (!events->answers || events->answers(s->config.owner, msg, flow))
		sip_stack_respond_stateless(s, msg, flow, status, SLICE_NONE);
}

static void server_begin(struct sip_stack *s, const struct sip_message *msg, const struct server_key *key,
			 const struct sip_flow *flow)
{
	const struct sip_stack_events *events = s->config.events;
	bool admitted = !events->admits || events->admits(s->config.owner, msg, flow);
	struct sip_server *t = admitted ? server_make(s, msg, key, flow) : NULL;
	if (!t) {
		stack_count(s, STACK_REFUSED, 1);
		answer_alone(s, msg, flow, 503);
		return;
	}
	if (t->invite)
		timer_start(s->config.wheel, &t->timer, SIP_TRYING_US);
	server_report(s, t, msg, flow);
}

/* A retransmission. */
static void server_absorb(struct sip_server *t)
{
	stack_count(t->stack, STACK_COPIES, 1);
	switch ((enum server_state)t->state) {
	case SERVER_PROCEEDING:
		/* A peer this impatient is told at once that we are at it, not after the rest of 200 ms. */
		if (t->invite && timer_running(&t->timer))
			server_try_100(t);
		else
			server_repeat_response(t);
		return;
	case SERVER_COMPLETED:
		server_repeat_response(t);
		return;
	default:
		return;
	}
}

static void server_ack(struct sip_stack *s, struct sip_server *t, const struct sip_message *msg,
		       const struct sip_flow *flow)
{
	/* RFC 6026 §7.1: in Accepted an ACK is the user's, whatever branch it came with. */
	if (!t || t->state == SERVER_ACCEPTED) {
		s->config.events->on_request(s->config.owner, NULL, msg, flow);
		return;
	}
	if (!t->invite || t->state != SERVER_COMPLETED)
		return;
	t->state = SERVER_CONFIRMED;
	server_forget_response(t);
	server_end_in(t, sip_transport_reliable(t->flow.transport) ? 0 : SIP_T4_US); /* Timer I */
}

/* Where the INVITE came from: the same connection, or the same host over UDP. Knowing its branch is not enough. */
static bool same_sender(const struct sip_server *t, const struct sip_flow *flow)
{
	return t->flow.transport == flow->transport && t->flow.connection == flow->connection &&
	       address_same_host(&t->flow.remote, &flow->remote);
}

/*
 * A CANCEL needs no transaction of its own: what it does it does once, and a copy of it is given the same answer
 * from the INVITE's transaction. (§9.2)
 */
static void server_cancel(struct sip_stack *s, struct sip_server *t, const struct sip_message *msg,
			  const struct sip_flow *flow)
{
	struct writer w;

	if (!t || t->state == SERVER_ENDED || !same_sender(t, flow)) {
		answer_alone(s, msg, flow, 481);
		return;
	}
	if (server_write_simple(t, msg, 200, SLICE_NONE, SLICE_NONE, &w) == 0)
		(void)!stack_send(s, flow, writer_slice(&w));
	if (t->state != SERVER_PROCEEDING || t->cancelled)
		return;
	t->cancelled = true;
	s->config.events->on_cancel(s->config.owner, t, msg);
}

void server_input(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow)
{
	struct server_key key;

	server_key_make(s, msg, &key);
	struct sip_server *t = server_find(s, &key);
	if (msg->method == SIP_ACK)
		server_ack(s, t, msg, flow);
	else if (msg->method == SIP_CANCEL)
		server_cancel(s, t, msg, flow);
	else if (t)
		server_absorb(t);
	else
		server_begin(s, msg, &key, flow);
}
