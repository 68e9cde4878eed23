/* sip/client.c - the two client machines.   RFC 3261 §17.1, RFC 6026 §7.2 */
#include "sip/transaction_private.h"

void client_free(struct sip_client *t)
{
	struct sip_stack *s = t->stack;

	timer_stop(s->config.wheel, &t->timer);
	client_leave_flow(t);
	free(t->bytes);
	if (t->cancel)
		t->cancel->invite = NULL;
	if (t->invite)
		t->invite->cancel = NULL;
	if (t->method != SIP_CANCEL)
		s->client_count--;
	pool_give(&s->client_pool, t);
	stack_count(s, STACK_CLIENTS, -1);
}

static void client_report(struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	if (t->fn)
		t->fn(t->arg, t, event, msg);
}

/* A CANCEL whose INVITE has its final response, or is over, has nothing left to do. */
static void client_end_cancel(struct sip_client *t)
{
	struct sip_client *cancel = t->cancel;
	if (cancel)
		client_free(cancel);
}

static void client_end(struct sip_client *t)
{
	t->state = CLIENT_ENDED;
	client_end_cancel(t);
	client_report(t, SIP_CLIENT_GONE, NULL);
	client_free(t);
}

static void client_forget_bytes(struct sip_client *t)
{
	free(t->bytes);
	t->bytes = NULL;
}

/* ---- timers: one runs, for the earlier of the next retransmission and the deadline ---- */

static void client_arm(struct sip_client *t)
{
	int64_t left = t->timed ? t->deadline_us - stack_now(t->stack) : INT64_MAX;
	if (t->interval_us)
		left = MIN(left, (int64_t)t->interval_us);
	if (left == INT64_MAX)
		timer_stop(t->stack->config.wheel, &t->timer);
	else
		timer_start(t->stack->config.wheel, &t->timer, left);
}

static void client_arm_in(struct sip_client *t, int64_t delay_us)
{
	t->interval_us = 0;
	t->timed = true;
	t->deadline_us = stack_now(t->stack) + delay_us;
	client_arm(t);
}

void client_fail(struct sip_client *t)
{
	t->state = CLIENT_FAILED;
	client_leave_flow(t);
	client_arm_in(t, 0);
}

static void client_send(struct sip_client *t, struct slice bytes)
{
	if (stack_send(t->stack, &t->flow, bytes) < 0)
		client_fail(t);
}

/* Timer A doubles to the end; Timer E up to T2, and is T2 after a provisional. */
static uint32_t next_interval(const struct sip_client *t)
{
	int64_t doubled = 2 * (int64_t)t->interval_us;

	if (t->method == SIP_INVITE)
		return (uint32_t)doubled;
	return (uint32_t)(t->state == CLIENT_PROCEEDING ? SIP_T2_US : MIN(doubled, SIP_T2_US));
}

void client_timer(struct timer *timer, void *arg)
{
	struct sip_client *t = arg;

	switch ((enum client_state)t->state) {
	case CLIENT_FAILED:
		client_report(t, SIP_CLIENT_SEND_FAILED, NULL);
		client_end(t);
		return;
	case CLIENT_CALLING:
	case CLIENT_PROCEEDING:
		break;
	default: /* Timers D, K, M */
		client_end(t);
		return;
	}
	if (t->timed && stack_now(t->stack) >= t->deadline_us) { /* Timers B, F, and the wait after a CANCEL */
		stack_count(t->stack, STACK_TIMEOUTS, 1);
		client_report(t, SIP_CLIENT_TIMEOUT, NULL);
		client_end(t);
		return;
	}
	t->interval_us = next_interval(t);
	client_arm(t);
	stack_count(t->stack, STACK_REPEATED, 1);
	client_send(t, slice_of(t->bytes, t->bytes_n));
}

void client_call(struct sip_client *t, struct slice bytes)
{
	t->state = CLIENT_CALLING;
	client_wait_on_flow(t);
	t->timed = true;
	t->deadline_us = stack_now(t->stack) + 64 * SIP_T1_US;
	t->interval_us = sip_transport_reliable(t->flow.transport) ? 0 : (uint32_t)SIP_T1_US;
	client_arm(t);
	client_send(t, bytes);
}

void client_send_cancel(struct sip_client *t)
{
	client_arm_in(t, 64 * SIP_T1_US);
	if (t->cancel)
		client_call(t->cancel, slice_of(t->cancel->bytes, t->cancel->bytes_n));
}

/* ---- responses ---- */

static void client_provisional(struct sip_client *t, const struct sip_message *msg)
{
	bool first = t->state == CLIENT_CALLING;

	if (t->state != CLIENT_CALLING && t->state != CLIENT_PROCEEDING)
		return;
	t->state = CLIENT_PROCEEDING;
	if (first && t->method == SIP_INVITE) {
		t->interval_us = 0;
		t->timed = false;
		client_arm(t);
		if (t->cancelled)
			client_send_cancel(t);
	}
	client_report(t, SIP_CLIENT_RESPONSE, msg);
}

/* The ACK is kept for the copies of the response; without memory the INVITE stays, and it is written each time. */
static void client_ack(struct sip_client *t, const struct sip_message *msg)
{
	if (!t->holds_ack) {
		struct slice ack = client_write_ack(t, msg);
		char *copy = slice_empty(ack) ? NULL : stack_copy(ack);
		/* A dead flow shows at the next message; this transaction has its answer. */
		if (!slice_empty(ack))
			(void)!stack_send(t->stack, &t->flow, ack);
		if (copy) {
			free(t->bytes);
			t->bytes = copy;
			t->bytes_n = (uint32_t)ack.n;
			t->holds_ack = true;
		}
		return;
	}
	(void)!stack_send(t->stack, &t->flow, slice_of(t->bytes, t->bytes_n));
}

/* A 2xx that nobody waits for: its answers go where the INVITE went, not where the response says it comes from. */
static void client_stray(struct sip_client *t, const struct sip_message *msg)
{
	if (t->strays++ < SIP_STRAYS_MAX)
		t->stack->config.events->on_stray_2xx(t->stack->config.owner, msg, &t->flow);
	else
		t->strays = SIP_STRAYS_MAX;
}

/* A final response for the user; a 2xx to an INVITE whose user has left must still be acknowledged and hung up. */
static void client_answer(struct sip_client *t, const struct sip_message *msg)
{
	if (!t->fn && t->method == SIP_INVITE && msg->status < 300)
		client_stray(t, msg);
	else
		client_report(t, SIP_CLIENT_RESPONSE, msg);
}

/* The first final response: the state after it, and for how long (Timers M, D, K). */
static void client_final(struct sip_client *t, const struct sip_message *msg)
{
	bool reliable = sip_transport_reliable(t->flow.transport);
	int64_t linger_us;

	client_leave_flow(t);
	client_end_cancel(t);
	if (t->method != SIP_INVITE) {
		t->state = CLIENT_COMPLETED;
		client_forget_bytes(t);
		linger_us = reliable ? 0 : SIP_T4_US;
	} else if (msg->status < 300) {
		t->state = CLIENT_ACCEPTED;
		client_forget_bytes(t);
		linger_us = 64 * SIP_T1_US;
	} else {
		t->state = CLIENT_COMPLETED;
		client_ack(t, msg);
		linger_us = reliable ? 0 : 64 * SIP_T1_US;
	}
	client_arm_in(t, linger_us);
	client_answer(t, msg);
	if (linger_us == 0)
		client_end(t);
}

/* What comes after the final response: copies, and the answers of other forks. */
static void client_after_final(struct sip_client *t, const struct sip_message *msg)
{
	stack_count(t->stack, STACK_COPIES, 1);
	if (t->method != SIP_INVITE || msg->status < 200)
		return;
	if (msg->status >= 300 && t->state == CLIENT_COMPLETED)
		client_ack(t, msg);
	else if (msg->status < 300 && t->state == CLIENT_ACCEPTED)
		client_answer(t, msg); /* the user knows by the tag whose it is */
	else if (msg->status < 300)
		client_stray(t, msg);
}

/* A transaction that was started, by the branch that we gave it. */
static struct sip_client *client_of_branch(const struct sip_stack *s, struct slice branch)
{
	struct sip_name name;
	uint16_t node;

	if (!slice_starts(branch, BRANCH_COOKIE) ||
	    !sip_name_parse(slice_from(branch, BRANCH_COOKIE.n), &node, &name) || node != s->config.node)
		return NULL;
	struct sip_client *t = pool_get(&s->client_pool, name.handle);
	return t && t->secret == name.secret && t->state != CLIENT_NEW ? t : NULL;
}

bool sip_stack_sent(const struct sip_stack *s, struct slice branch)
{
	return client_of_branch(s, branch) != NULL;
}

/* The response's transaction: by our own branch, then by CSeq's method (§17.1.3). */
static struct sip_client *client_find(struct sip_stack *s, const struct sip_message *msg)
{
	struct sip_client *t = client_of_branch(s, msg->via.branch);

	if (!t)
		return NULL;
	if (msg->method == SIP_CANCEL && t->method == SIP_INVITE)
		t = t->cancel;
	else if (t->method != msg->method)
		t = NULL;
	return t && t->state != CLIENT_NEW ? t : NULL;
}

/*
 * §8.1.3.3: with a Via beside ours it was not meant for us. A comma with nothing behind it, which the grammar does not
 * know (§7.3.1) and some write, brings none: it is passed over, as in all lists.
 */
static bool meant_for_another(const struct sip_message *msg)
{
	unsigned vias = 0;
	for (const struct sip_field *f = sip_field_first(msg, SIP_VIA); f; f = sip_field_next(msg, f)) {
		struct slice rest = f->value, via;
		while (sip_list_next(&rest, &via))
			if (++vias > 1)
				return true;
	}
	return false;
}

void client_input(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow)
{
	struct sip_client *t = meant_for_another(msg) ? NULL : client_find(s, msg);
	if (t && t->state == CLIENT_FAILED)
		return;
	if (t && t->state != CLIENT_CALLING && t->state != CLIENT_PROCEEDING) {
		client_after_final(t, msg);
	} else if (t && msg->status < 200) {
		client_provisional(t, msg);
	} else if (t) {
		client_final(t, msg);
	} else {
		stack_unasked(s, flow);
	}
}
