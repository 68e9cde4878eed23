/* transport/carrier.c - connections that carry whole messages: see carrier.h */
#include "transport/carrier.h"
#include <errno.h>

#include "transport/transport_private.h"

int carrier_listen(struct transport *t, const struct transport_listen *listen, uint16_t *ret_number)
{
	if (t->listener_count == LISTENERS_MAX)
		return -ENOSPC;
	struct listener *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = (struct listener){
		.transport = t, .kind = listen->transport, .number = (uint16_t)t->listener_count, .local = listen->at};
	*ret_number = l->number;
	t->listeners[t->listener_count++] = l;
	return 0;
}

struct connection *carrier_begin(struct transport *t, const struct connection_ops *ops, void *carrier,
				 const struct sip_flow *flow)
{
	struct connection *c = connection_new(t, ops, carrier, flow);
	if (c)
		connection_opened(c);
	return c;
}

void *carrier_of(const struct connection *c)
{
	return c->carrier;
}

/* RFC 5626 §3.5.1, in a frame of its own (RFC 7118 §6): the ping is answered, a pong is not. */
static bool is_keepalive(struct connection *c, struct slice message)
{
	bool ping = slice_eq(message, SLICE("\r\n\r\n"));
	if (!ping && !slice_eq(message, SLICE("\r\n")))
		return false;
	connection_keepalive(c, ping);
	return true;
}

static void take(struct connection *c, char *bytes, size_t n)
{
	if (n > 0 && !is_keepalive(c, slice_of(bytes, n)))
		connection_hand_out(c, bytes, n);
}

void carrier_input(struct connection *c, char *bytes, size_t n, bool last)
{
	if (!connection_admit(c))
		return;
	if (n > SIP_MESSAGE_MAX - c->in_n) {
		connection_count(c, DROP_FRAMING);
		connection_close(c);
	} else if (last && c->in_n == 0) {
		take(c, bytes, n); /* where it lies */
	} else if (!connection_keep(c, bytes, n)) {
		connection_close(c);
	} else if (last) {
		take(c, c->in, c->in_n);
		c->in_n = 0;
	}
	if (c->in_n == 0 || c->closing)
		connection_release(c);
}

void carrier_alive(struct connection *c)
{
	if (c->tag)
		c->heard_us = loop_wheel(c->transport->loop)->now_us;
}

void carrier_overflow(struct connection *c)
{
	if (c->closing)
		return;
	connection_count(c, DROP_OVERFLOW);
	connection_close(c);
}

void carrier_gone(struct connection *c)
{
	connection_gone(c);
}
