/*
 * transport/made.c - connections that we make: used again, kept open by pings while they are in use.   RFC 5923, RFC
 * 5626
 *
 * One that a peer made to us is never taken for one to it: whoever connects from an operator's address is not therefore
 * the operator. So there are at most two between us and a peer, and both work.
 */
#include <errno.h>

#include "base/random.h"
#include "transport/limits.h"
#include "transport/target_private.h"

struct made {
	struct map_node node;
	bool listed; /* in transport->made: may be given to others */
	bool opened;
	bool pongs;    /* the peer has answered a ping once, so it always will (RFC 5626 §4.4.1) */
	bool awaiting; /* ... and owes us one */
	struct connection *connection;
	struct target target;
	char name[TARGET_NAME_CAP]; /* what its certificate says; empty for TCP */
	char *waiting;              /* messages sent before it was made */
	size_t waiting_n, waiting_cap;
	struct timer ping;
};

/* ---- found again ---- */

static bool same_made(const struct map_node *node, const void *key)
{
	const struct made *m = container_of(node, struct made, node), *wanted = key;
	return m->target.transport == wanted->target.transport &&
	       address_eq(&m->target.address, &wanted->target.address) && strcmp(m->name, wanted->name) == 0 &&
	       m->connection->flow.listener == wanted->connection->flow.listener;
}

static uint64_t hash_of(const struct transport *t, const struct made *m)
{
	uint64_t hash = map_hash_with(&t->made, (uint64_t)m->target.transport,
				      slice_of(m->target.address.ip, sizeof(m->target.address.ip)));
	return map_hash_with(&t->made, hash + m->target.address.port, slice_from_string(m->name));
}

void made_leave(struct connection *c)
{
	struct made *m = c->made;
	timer_stop(loop_wheel(c->transport->loop), &m->ping);
	if (m->listed)
		map_remove(&c->transport->made, &m->node);
	m->listed = false;
}

struct made *made_free(struct made *m)
{
	if (m)
		free(m->waiting);
	free(m);
	return NULL;
}

/* ---- pings ---- */

static void ping_later(struct made *m)
{
	struct transport *t = m->connection->transport;
	int64_t at_most_us = t->limits.ping_us;
	int64_t spread_us = t->random ? random_below(t->random, (uint32_t)(at_most_us / 5) + 1) : 0;
	timer_start(loop_wheel(t->loop), &m->ping, at_most_us - spread_us);
}

/* Many peers do not answer pings at all; only of one that does is silence the end. */
static void ping_due(struct timer *timer, void *arg)
{
	struct made *m = arg;
	struct connection *c = m->connection;
	struct transport *t = c->transport;

	if (m->awaiting && m->pongs) {
		metric_add(&t->drops[DROP_PONG], 1);
		connection_close(c);
		return;
	}
	m->awaiting = true;
	if (c->ops->send(c, SLICE("\r\n\r\n")) < 0)
		return; /* it has ended; the event follows */
	if (m->pongs)
		timer_start(loop_wheel(t->loop), timer, t->limits.pong_us);
	else
		ping_later(m);
}

/* What is left of the bytes without the pong that they begin with. */
static struct slice take_pong(struct connection *c, struct slice bytes)
{
	struct made *m = c->made;
	if (!m->awaiting || !slice_starts(bytes, SLICE("\r\n")))
		return bytes;
	m->awaiting = false;
	m->pongs = true;
	ping_later(m);
	return slice_from(bytes, 2);
}

/* ---- the stream ---- */

/* Until it is made, what is sent waits. */
static int keep_waiting(struct made *m, struct slice bytes)
{
	if (bytes.n > TRANSPORT_MADE_WAITING_MAX - m->waiting_n)
		return -ENOBUFS;
	if (bytes.n > m->waiting_cap - m->waiting_n) {
		size_t cap = MAX(m->waiting_cap, (size_t)2048);
		while (cap - m->waiting_n < bytes.n)
			cap *= 2;
		char *waiting = realloc(m->waiting, cap);
		if (!waiting)
			return -ENOMEM;
		m->waiting = waiting;
		m->waiting_cap = cap;
	}
	memcpy(m->waiting + m->waiting_n, bytes.p, bytes.n);
	m->waiting_n += bytes.n;
	return 0;
}

static int made_send(struct connection *c, struct slice bytes)
{
	return c->made->opened ? stream_send(c->carrier, bytes) : keep_waiting(c->made, bytes);
}

static void made_close(struct connection *c)
{
	stream_close(c->carrier);
}

static void made_tls_name(const struct connection *c, char *ret, size_t cap)
{
	stream_tls_name(c->carrier, ret, cap);
}

static const struct connection_ops made_ops = {.send = made_send, .close = made_close, .tls_name = made_tls_name};

static void made_opened(void *arg, struct stream *s)
{
	struct connection *c = arg;
	struct made *m = c->made;

	m->opened = true;
	target_judged(c->transport, &m->target, TLS_BELIEVED);
	if (c->closing)
		return;
	if (m->waiting_n)
		(void)stream_send(s, slice_of(m->waiting, m->waiting_n)); /* a failure ends it: `closed` says so */
	free(m->waiting);
	m->waiting = NULL;
	m->waiting_n = m->waiting_cap = 0;
	ping_later(m);
}

static void made_input(void *arg, struct stream *s, char *bytes, size_t n)
{
	struct connection *c = arg;
	size_t left = c->in_n == 0 && !c->closing ? take_pong(c, slice_of(bytes, n)).n : n;
	if (left)
		connection_input(c, bytes + (n - left), left);
}

static void made_closed(void *arg, struct stream *s, enum stream_closed why)
{
	struct connection *c = arg;
	if (!c->made->opened)
		target_judged(c->transport, &c->made->target, stream_distrust(s));
	connection_closed(c, why);
}

static const struct stream_events made_events = {made_opened, made_input, made_closed};

/* ---- made ---- */

static int connect_it(struct connection *c)
{
	struct made *m = c->made;
	struct stream *s;
	int rc = stream_connect(c->transport->loop, &c->flow.local, &m->target.address,
				m->target.transport == SIP_TLS ? m->name : NULL, &made_events, c, &s);
	if (rc == 0)
		c->carrier = s;
	return rc;
}

static int make(struct transport *t, const struct made *wanted, const struct sip_flow *flow, struct connection **ret)
{
	struct made *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->target = wanted->target;
	memcpy(m->name, wanted->name, sizeof(m->name));
	timer_init(&m->ping, ping_due, m);
	struct connection *c = connection_new_made(t, &made_ops, flow, m);
	if (!c) {
		made_free(m);
		return -ENOBUFS;
	}
	m->connection = c;
	int rc = map_insert(&t->made, &m->node, hash_of(t, m));
	if (rc == 0) {
		m->listed = true;
		rc = connect_it(c);
	}
	if (rc < 0) {
		c->open = false; /* nobody has heard of it */
		connection_gone(c);
		return rc;
	}
	*ret = c;
	return 0;
}

int made_flow(struct transport *t, const struct target *target, const char *name, const struct listener *l,
	      const struct address *local, struct sip_flow *ret)
{
	struct sip_flow flow = {
		.transport = target->transport, .listener = l->number, .local = *local, .remote = target->address};
	struct connection as_wanted = {.flow = flow};
	struct made wanted = {.target = *target, .connection = &as_wanted};

	if (target->transport == SIP_TLS)
		snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	struct map_node *node = map_find(&t->made, hash_of(t, &wanted), same_made, &wanted);
	struct connection *c = node ? container_of(node, struct made, node)->connection : NULL;
	int rc = c ? 0 : make(t, &wanted, &flow, &c);
	if (rc == 0)
		*ret = c->flow;
	return rc;
}
