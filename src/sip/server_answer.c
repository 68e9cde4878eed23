/* sip/server_answer.c - what a server transaction tells its user, and the answers that need nothing special */
#include <errno.h>

#include "sip/transaction_private.h"

void sip_server_set_owner(struct sip_server *t, void *arg)
{
	t->owner = arg;
}

void *sip_server_owner(const struct sip_server *t)
{
	return t->owner;
}

void sip_server_set_guest(struct sip_server *t, bool guest)
{
	t->guest = guest;
}

pool_handle sip_server_handle(const struct sip_server *t)
{
	return pool_handle_of(&t->stack->server_pool, t);
}

struct sip_server *sip_server_get(struct sip_stack *s, pool_handle h)
{
	return pool_get(&s->server_pool, h);
}

int sip_server_request(const struct sip_server *t, struct sip_message *ret_msg)
{
	struct sip_reason reason;

	if (!t->request)
		return -ENOENT;
	if (t->stack->reported == t) {
		sip_message_copy(t->stack->reported_msg, ret_msg);
		return 0;
	}
	/* It was parsed once: the same bytes are good again. */
	return sip_message_parse(t->request, t->request_n, ret_msg, &reason) == SIP_OK ? 0 : -ENOENT;
}

void sip_server_set_tag(struct sip_server *t, const struct sip_name *tag)
{
	t->tag = *tag;
}

int server_write_simple(const struct sip_server *t, const struct sip_message *req, unsigned status, struct slice reason,
			struct slice to_tag, struct writer *ret_w)
{
	char text[SIP_NAME_CAP];
	struct writer own = writer_on(text, sizeof(text));

	if (status > 100 && slice_empty(to_tag) && t->guest) {
		sip_stack_guest_tag(t->stack, req, text);
		to_tag = slice_from_string(text);
	} else if (status > 100 && slice_empty(to_tag)) {
		sip_write_name(&own, t->stack->config.node, &t->tag);
		to_tag = writer_slice(&own);
	}
	*ret_w = stack_writer(t->stack);
	sip_write_response_head(ret_w, req, &t->flow, status, reason, to_tag);
	sip_write_body(ret_w, SLICE_NONE, SLICE_NONE);
	return ret_w->overflow ? -E2BIG : 0;
}

int sip_server_respond_simple(struct sip_server *t, unsigned status, struct slice reason, struct slice to_tag)
{
	struct writer w;
	int rc;

	if (t->stack->reported == t) {
		rc = server_write_simple(t, t->stack->reported_msg, status, reason, to_tag, &w);
	} else {
		struct sip_message msg;
		rc = sip_server_request(t, &msg);
		if (rc == 0)
			rc = server_write_simple(t, &msg, status, reason, to_tag, &w);
	}
	if (rc < 0)
		return rc == -ENOENT ? -EALREADY : rc;
	return sip_server_respond(t, status, writer_slice(&w));
}
