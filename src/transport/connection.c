/* transport/connection.c - a connection: bytes cut into messages, its age, and its end */
#include <errno.h>

#include "base/reserve.h"
#include "transport/limits.h"
#include "transport/transport_private.h"

static void count(struct transport *t, enum drop why)
{
	metric_add(&t->drops[why], 1);
}

void connection_count(struct connection *c, enum drop why)
{
	count(c->transport, why);
}

/* `alto status` names it where there are many. */
static void note_slow(struct transport *t, struct minute *m)
{
	minute_turn(m, loop_wheel(t->loop)->now_us);
	m->now++;
}

/* No room for another connection, or (-ENOMEM) no memory: `alto status` names it for a while. */
static void note_shortage(struct transport *t, int rc)
{
	if (rc == -ENOMEM)
		reserve_spend();
	*(rc == -ENOMEM ? &t->no_memory_us : &t->full_us) = loop_wheel(t->loop)->now_us;
}

static bool is_guest(const struct connection *c)
{
	return !c->tag && !c->made && !c->known;
}

static int64_t idle_limit(const struct connection *c)
{
	const struct transport_limits *limits = &c->transport->limits;
	return c->made ? limits->made_idle_us : is_guest(c) ? limits->guest_idle_us : limits->idle_us;
}

static void idle_expired(struct timer *timer, void *arg)
{
	struct connection *c = arg;
	struct wheel *w = loop_wheel(c->transport->loop);
	int64_t limit_us = idle_limit(c);
	int64_t left_us = c->heard_us + limit_us - w->now_us;

	/* The timer is not moved with every message; it looks what has come since. */
	if (left_us > 0) {
		timer_start(w, timer, left_us);
		return;
	}
	count(c->transport, DROP_IDLE);
	if (is_guest(c)) /* of a phone's it says only that the phone has gone */
		note_slow(c->transport, &c->transport->silent);
	connection_close(c);
}

static void watch_idle(struct connection *c)
{
	timer_start(loop_wheel(c->transport->loop), &c->idle, idle_limit(c));
}

/* NULL: too many, or no memory. */
static struct connection *take(struct transport *t, const struct connection *first)
{
	bool full = t->connections.used >= t->limits.connections;
	struct connection *c = full ? NULL : pool_take(&t->connections);
	if (!c) {
		count(t, DROP_CONNECTIONS);
		note_shortage(t, full ? -ENOSPC : -ENOMEM);
		return NULL;
	}
	*c = *first;
	c->flow.connection = pool_handle_of(&t->connections, c);
	c->heard_us = loop_wheel(t->loop)->now_us;
	timer_init(&c->idle, idle_expired, c);
	sip_framer_reset(&c->framer);
	watch_idle(c);
	metric_set(&t->alive, t->connections.used);
	return c;
}

/* No longer among the guests of its host. */
static void leave(struct connection *c)
{
	if (!c->host)
		return;
	guest_step_out(c);
	guest_leave(c->transport, c->host);
	c->host = NULL;
}

static void end(struct connection *c, void (*how)(struct connection *c))
{
	if (c->closing)
		return;
	c->closing = true;
	if (c->made)
		made_leave(c);
	timer_stop(loop_wheel(c->transport->loop), &c->idle);
	how(c);
}

void connection_close(struct connection *c)
{
	end(c, c->ops->close);
}

static bool make_room(struct transport *t, const struct address *remote, bool all)
{
	struct connection *c = guest_yielding(t, all ? NULL : remote);

	if (!c)
		return false;
	count(t, all ? DROP_GUESTS : DROP_GUESTS_HOST);
	if (all)
		note_shortage(t, -ENOSPC);
	leave(c);
	end(c, c->ops->drop);
	return true;
}

struct connection *connection_new(struct transport *t, const struct connection_ops *ops, void *carrier,
				  const struct sip_flow *flow)
{
	struct host *host = NULL;
	if (!t->closed && !admitted(t, flow)) {
		count(t, DROP_BANNED);
		return NULL;
	}
	bool known = !t->closed && t->events->known && t->events->known(t->owner, flow);
	int rc = t->closed ? -ENOTCONN : known ? 0 : guest_enter(t, &flow->remote, &host);
	/* A place that somebody holds and does nothing with goes to who comes now. */
	if ((rc == -EAGAIN || rc == -EACCES) && make_room(t, &flow->remote, rc == -EAGAIN))
		rc = guest_enter(t, &flow->remote, &host);
	if (rc < 0) {
		count(t, rc == -EAGAIN ? DROP_GUESTS : rc == -EACCES ? DROP_GUESTS_HOST : DROP_CONNECTIONS);
		if (rc == -EAGAIN || rc == -ENOMEM) /* what one host may not have is no shortage */
			note_shortage(t, rc);
		return NULL;
	}
	struct connection *c = take(
		t,
		&(struct connection){
			.transport = t, .ops = ops, .carrier = carrier, .flow = *flow, .host = host, .known = known});
	if (!c)
		guest_leave(t, host);
	else if (host)
		guest_stand(c);
	return c;
}

struct connection *connection_new_made(struct transport *t, const struct connection_ops *ops,
				       const struct sip_flow *flow, struct made *made)
{
	if (t->made.count >= t->limits.made) {
		count(t, DROP_CONNECTIONS);
		return NULL;
	}
	return take(t, &(struct connection){.transport = t, .ops = ops, .flow = *flow, .made = made, .open = true});
}

/* What was kept of a message that is not complete. */
void connection_release(struct connection *c)
{
	if (is_guest(c))
		c->transport->guest_bytes -= c->in_cap;
	free(c->in);
	c->in = NULL;
	c->in_n = c->in_cap = 0;
}

void connection_gone(struct connection *c)
{
	struct transport *t = c->transport;
	struct sip_flow flow = c->flow;
	uint64_t tag = c->tag;
	bool was_open = c->open;

	timer_stop(loop_wheel(t->loop), &c->idle);
	connection_release(c);
	leave(c);
	if (c->made)
		made_leave(c);
	made_free(c->made);
	pool_give(&t->connections, c);
	metric_set(&t->alive, t->connections.used);
	if (was_open)
		t->events->closed(t->owner, &flow, tag);
}

/* A stranger is given some answers, not a queue. */
static void bound_output(struct connection *c)
{
	c->ops->bound(c, is_guest(c) ? TRANSPORT_GUEST_OUT_MAX : (size_t)STREAM_OUT_MAX);
}

void connection_set_tag(struct connection *c, uint64_t tag)
{
	bool was_guest = c->tag == 0;

	if (c->closing)
		return;
	c->tag = tag;
	if (c->made || c->known || was_guest == (tag == 0))
		return;
	bound_output(c);
	if (!was_guest)
		c->transport->guest_bytes += c->in_cap;
	if (was_guest) {
		c->transport->guest_bytes -= c->in_cap;
		leave(c);
	} else if (!guest_return(c->transport, &c->flow.remote, &c->host)) {
		count(c->transport, DROP_CONNECTIONS);
		connection_close(c);
		return;
	} else {
		guest_stand(c);
	}
	c->heard_us = loop_wheel(c->transport->loop)->now_us;
	watch_idle(c);
}

int connection_send(struct connection *c, struct slice bytes)
{
	if (c->closing)
		return -ENOTCONN;
	if (c->made) /* of those it is we who decide how long they are needed */
		c->heard_us = loop_wheel(c->transport->loop)->now_us;
	return c->ops->send(c, bytes);
}

void connection_hand_out(struct connection *c, char *bytes, size_t n)
{
	struct transport *t = c->transport;

	c->heard_us = loop_wheel(t->loop)->now_us;
	if (c->host)
		guest_stand(c);
	metric_add(&t->messages[c->flow.transport], 1);
	t->events->input(t->owner, &c->flow, bytes, n);
}

/* Only from who was accepted and is no operator: those are named by administrators. */
static bool pings_too_often(struct connection *c)
{
	int64_t now_us = loop_wheel(c->transport->loop)->now_us;

	if (c->made || c->known)
		return false;
	if (now_us - c->pings_us >= 60 * SECOND_US) {
		c->pings_us = now_us;
		c->pings = 0;
	}
	return ++c->pings > TRANSPORT_PINGS_PER_MINUTE;
}

void connection_keepalive(struct connection *c, bool ping)
{
	struct transport *t = c->transport;

	metric_add(&t->pings, 1);
	if (pings_too_often(c)) {
		count(t, DROP_PINGS);
		if (t->bans && is_guest(c))
			(void)bans_deed(t->bans, &(struct guest){.from = &c->flow.remote, .proven = true}, GUEST_PINGS);
		connection_close(c);
	} else if (ping) {
		(void)connection_send(c, SLICE("\r\n")); /* RFC 5626 §3.5.1: the pong */
	}
}

/* No message can be cut out of what comes now. Whoever sent it is told, if its head is there to be answered (§18.3). */
static void refuse(struct connection *c, char *bytes, size_t n, const struct sip_reason *why)
{
	struct transport *t = c->transport;
	char *end = memmem(bytes, MIN(n, (size_t)SIP_MESSAGE_MAX), "\r\n\r\n", 4);

	count(t, DROP_FRAMING);
	if (end)
		t->events->refused(t->owner, &c->flow, bytes, (size_t)(end - bytes) + 4, why);
	connection_close(c);
}

/* Takes whole messages off the front; how many bytes were taken. The rest is the beginning of one more message. */
static size_t cut(struct connection *c, char *bytes, size_t n)
{
	size_t taken = 0;

	while (!c->closing && taken < n) {
		struct sip_reason reason;
		size_t frame_n = 0;
		enum sip_frame frame = sip_framer_scan(&c->framer, slice_of(bytes + taken, n - taken), &frame_n,
						       &reason);
		if (frame == SIP_FRAME_MORE)
			break;
		if (frame == SIP_FRAME_BAD) {
			refuse(c, bytes + taken, n - taken, &reason);
			break;
		}
		sip_framer_reset(&c->framer);
		if (frame == SIP_FRAME_PING) {
			connection_keepalive(c, true);
		} else if (frame == SIP_FRAME_MESSAGE) {
			connection_hand_out(c, bytes + taken, frame_n);
		}
		taken += frame_n;
	}
	return taken;
}

/* False, and counted: no memory, or guests would hold too much together. */
bool connection_keep(struct connection *c, const char *bytes, size_t n)
{
	struct transport *t = c->transport;

	if (n == 0)
		return true; /* an empty frame */
	if (n > c->in_cap - c->in_n) {
		/* What is kept is below SIP_MESSAGE_MAX, else the framer has refused it; so this is bounded by that and
		 * one read. */
		size_t cap = MAX(c->in_cap, (size_t)1024);
		while (cap - c->in_n < n)
			cap *= 2;
		size_t more = cap - c->in_cap;
		if (is_guest(c) && more > t->limits.guest_bytes - MIN(t->guest_bytes, t->limits.guest_bytes)) {
			count(t, DROP_GUESTS);
			return false;
		}
		char *in = realloc(c->in, cap);
		if (!in) {
			count(t, DROP_CONNECTIONS);
			note_shortage(t, -ENOMEM);
			return false;
		}
		c->in = in;
		c->in_cap = cap;
		if (is_guest(c))
			t->guest_bytes += more;
	}
	memcpy(c->in + c->in_n, bytes, n);
	c->in_n += n;
	return true;
}

bool connection_admit(struct connection *c)
{
	if (c->closing)
		return false;
	/* Its ban may have begun on this connection, or on another one of the same host. */
	if (is_guest(c) && !admitted(c->transport, &c->flow)) {
		count(c->transport, DROP_BANNED);
		connection_close(c);
		connection_release(c);
		return false;
	}
	if (c->tag && !c->made)
		c->heard_us = loop_wheel(c->transport->loop)->now_us;
	return true;
}

void connection_input(struct connection *c, char *bytes, size_t n)
{
	bool kept = true;

	if (!connection_admit(c))
		return;
	if (c->in_n == 0) {
		/* Most reads are whole messages: these are handed out where they lie. */
		size_t taken = cut(c, bytes, n);
		if (taken < n && !c->closing)
			kept = connection_keep(c, bytes + taken, n - taken);
	} else {
		kept = connection_keep(c, bytes, n);
		size_t taken = kept ? cut(c, c->in, c->in_n) : 0;
		c->in_n -= taken;
		if (taken && c->in_n)
			memmove(c->in, c->in + taken, c->in_n);
	}
	if (!kept)
		connection_close(c);
	if (c->in_n == 0 || c->closing)
		connection_release(c);
}

static void stream_input(void *arg, struct stream *s, char *bytes, size_t n)
{
	connection_input(arg, bytes, n);
}

void connection_opened(struct connection *c)
{
	c->open = true;
	if (!c->made)
		bound_output(c);
	if (c->host)
		guest_stand(c);
}

static void stream_opened(void *arg, struct stream *s)
{
	connection_opened(arg);
}

void connection_closed(struct connection *c, enum stream_closed why)
{
	if (why == STREAM_CLOSED_HANDSHAKE) {
		count(c->transport, DROP_HANDSHAKE);
		if (!c->made) /* a peer that we called is no stranger */
			note_slow(c->transport, &c->transport->unfinished);
	} else if (why == STREAM_CLOSED_OVERFLOW) {
		count(c->transport, DROP_OVERFLOW);
	}
	connection_gone(c);
}

static void stream_closed(void *arg, struct stream *s, enum stream_closed why)
{
	connection_closed(arg, why);
}

const struct stream_events connection_stream_events = {stream_opened, stream_input, stream_closed};

static int stream_ops_send(struct connection *c, struct slice bytes)
{
	return stream_send(c->carrier, bytes);
}

static void stream_ops_bound(struct connection *c, size_t most)
{
	stream_bound(c->carrier, most);
}

static void stream_ops_close(struct connection *c)
{
	stream_close(c->carrier);
}

static void stream_ops_drop(struct connection *c)
{
	stream_drop(c->carrier);
}

static void stream_ops_tls_name(const struct connection *c, char *ret, size_t cap)
{
	stream_tls_name(c->carrier, ret, cap);
}

static const struct connection_ops stream_ops = {.send = stream_ops_send,
						 .bound = stream_ops_bound,
						 .close = stream_ops_close,
						 .drop = stream_ops_drop,
						 .tls_name = stream_ops_tls_name};

void *connection_accept(void *arg, struct stream *s)
{
	struct listener *l = arg;
	struct sip_flow flow = {
		.transport = l->kind, .listener = l->number, .local = *stream_local(s), .remote = *stream_remote(s)};

	return connection_new(l->transport, &stream_ops, s, &flow);
}
