/* sip/client_user.c - client transactions as their users make, start and cancel them.   RFC 3261 §9.1, §17.1 */
#include <errno.h>

#include "sip/transaction_private.h"

static struct sip_client *client_make(struct sip_stack *s, const struct sip_flow *flow, enum sip_method method)
{
	struct sip_client *t = pool_take(&s->client_pool);
	if (!t)
		return NULL;
	t->stack = s;
	t->flow = *flow;
	t->method = (uint8_t)method;
	t->secret = random_u64(s->config.random);
	timer_init(&t->timer, client_timer, t);
	stack_count(s, STACK_CLIENTS, 1);
	return t;
}

struct sip_client *sip_client_new(struct sip_stack *s, const struct sip_flow *flow, enum sip_method method,
				  sip_client_fn fn, void *arg)
{
	ASSERT(method != SIP_ACK && method != SIP_CANCEL);
	if (s->client_count >= s->config.transactions_max)
		return NULL;
	struct sip_client *t = client_make(s, flow, method);
	if (!t)
		return NULL;
	s->client_count++;
	t->fn = fn;
	t->arg = arg;

	struct sip_name name = {pool_handle_of(&s->client_pool, t), t->secret};
	struct writer w = writer_on(t->branch, sizeof(t->branch));
	write_slice(&w, BRANCH_COOKIE);
	sip_write_name(&w, s->config.node, &name);
	ASSERT(!w.overflow);
	t->branch_n = (uint8_t)w.n;
	return t;
}

struct slice sip_client_branch(const struct sip_client *t)
{
	return slice_of(t->branch, t->branch_n);
}

void sip_client_drop(struct sip_client *t)
{
	if (!t)
		return;
	ASSERT(t->state == CLIENT_NEW);
	client_free(t);
}

int sip_client_start(struct sip_client *t, struct slice bytes)
{
	ASSERT(t->state == CLIENT_NEW);
	if (t->method == SIP_INVITE || !sip_transport_reliable(t->flow.transport)) {
		t->bytes = stack_copy(bytes);
		if (!t->bytes) {
			client_free(t);
			return -ENOMEM;
		}
		t->bytes_n = (uint32_t)bytes.n;
	}
	client_call(t, bytes);
	return 0;
}

void sip_client_detach(struct sip_client *t)
{
	t->fn = NULL;
	t->arg = NULL;
}

pool_handle sip_client_handle(const struct sip_client *t)
{
	return pool_handle_of(&t->stack->client_pool, t);
}

struct sip_client *sip_client_get(struct sip_stack *s, pool_handle h)
{
	return pool_get(&s->client_pool, h);
}

/* ---- CANCEL (§9.1) ---- */

/* The CANCEL's own transaction, written now and started later. Without memory there is none: the INVITE ends by time.
 */
static void client_make_cancel(struct sip_client *t, struct slice reason)
{
	struct slice bytes = client_write_cancel(t, reason);
	char *copy = slice_empty(bytes) ? NULL : stack_copy(bytes);
	struct sip_client *cancel = copy ? client_make(t->stack, &t->flow, SIP_CANCEL) : NULL;

	if (!cancel) {
		free(copy);
		return;
	}
	cancel->bytes = copy;
	cancel->bytes_n = (uint32_t)bytes.n;
	cancel->invite = t;
	t->cancel = cancel;
}

void sip_client_cancel(struct sip_client *t, struct slice reason)
{
	bool waits = t->state == CLIENT_CALLING || t->state == CLIENT_PROCEEDING;

	if (t->method != SIP_INVITE || !waits || t->cancelled)
		return;
	t->cancelled = true;
	client_make_cancel(t, reason);
	if (t->state == CLIENT_PROCEEDING)
		client_send_cancel(t);
}
