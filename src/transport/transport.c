/* transport/transport.c - the listeners, datagrams, and sending along a flow */
#include <errno.h>

#include "base/random.h"
#include "transport/limits.h"
#include "transport/target_private.h"

#define NAME "alto_transport_"
#define COUNTER(metric_name, metric_labels, metric_help)                                                               \
	((struct metric){.name = NAME metric_name, .labels = (metric_labels), .help = (metric_help)})

static void init_metrics(struct transport *t)
{
	static const char *const messages[] = {[SIP_UDP] = "transport=\"udp\"",
					       [SIP_TCP] = "transport=\"tcp\"",
					       [SIP_TLS] = "transport=\"tls\"",
					       [SIP_WS] = "transport=\"ws\"",
					       [SIP_WSS] = "transport=\"wss\""};
	static const char *const drops[] = {[DROP_GUESTS] = "reason=\"guests\"",
					    [DROP_GUESTS_HOST] = "reason=\"guests_of_host\"",
					    [DROP_CONNECTIONS] = "reason=\"connections\"",
					    [DROP_IDLE] = "reason=\"idle\"",
					    [DROP_HANDSHAKE] = "reason=\"handshake\"",
					    [DROP_FRAMING] = "reason=\"framing\"",
					    [DROP_PINGS] = "reason=\"pings\"",
					    [DROP_OVERFLOW] = "reason=\"overflow\"",
					    [DROP_BANNED] = "reason=\"banned\"",
					    [DROP_PONG] = "reason=\"pong\""};

	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		t->messages[i] = COUNTER("messages_total", messages[i], "SIP messages received");
	for (size_t i = 0; i < ARRAY_LEN(drops); i++)
		t->drops[i] = COUNTER("drops_total", drops[i], "Connections refused or closed by us");
	t->pings = COUNTER("keepalives_total", NULL, "Keep-alives received");
	t->unsent = COUNTER("unsent_total", NULL, "Messages that their flow could not take");
	t->alive = COUNTER("connections", NULL, "Connections open now");
	t->alive.kind = METRIC_GAUGE;
}

void transport_metrics(struct transport *t, struct metrics *m)
{
	for (size_t i = 0; i < ARRAY_LEN(t->messages); i++)
		metrics_add(m, &t->messages[i]);
	for (size_t i = 0; i < ARRAY_LEN(t->drops); i++)
		metrics_add(m, &t->drops[i]);
	metrics_add(m, &t->pings);
	metrics_add(m, &t->unsent);
	metrics_add(m, &t->alive);
}

int transport_new(struct loop *loop, const struct transport_events *events, void *owner, struct transport **ret)
{
	struct random random;
	uint8_t key[16];
	struct transport *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->loop = loop;
	t->events = events;
	t->owner = owner;
	t->limits = (struct transport_limits){.connections = TRANSPORT_CONNECTIONS_MAX,
					      .guests = TRANSPORT_GUESTS_MAX,
					      .guests_per_host = TRANSPORT_GUESTS_PER_HOST,
					      .guest_bytes = TRANSPORT_GUEST_BYTES_MAX,
					      .guest_idle_us = TRANSPORT_GUEST_IDLE_US,
					      .idle_us = TRANSPORT_IDLE_US,
					      .made = TRANSPORT_MADE_MAX,
					      .made_idle_us = TRANSPORT_MADE_IDLE_US,
					      .ping_us = TRANSPORT_PING_US,
					      .pong_us = TRANSPORT_PONG_US};
	pool_init(&t->connections, sizeof(struct connection), TRANSPORT_CONNECTIONS_MAX);
	pool_init(&t->searches, target_search_bytes, TARGET_SEARCHES_MAX);
	random_init(&random);
	random_bytes(&random, key, sizeof(key));
	map_init(&t->hosts, key);
	map_init(&t->made, key);
	guest_crowds_init(t);
	init_metrics(t);
	*ret = t;
	return 0;
}

struct transport *transport_free(struct transport *t)
{
	if (!t)
		return NULL;
	ASSERT(t->connections.used == 0 && t->guests == 0 && t->guest_bytes == 0 && t->searches.used == 0);
	for (size_t i = 0; i < t->listener_count; i++)
		free(t->listeners[i]);
	pool_done(&t->connections);
	pool_done(&t->searches);
	map_done(&t->hosts);
	map_done(&t->made);
	free(t);
	return NULL;
}

void transport_set_limits(struct transport *t, const struct transport_limits *limits)
{
	ASSERT(limits->connections <= TRANSPORT_CONNECTIONS_MAX);
	t->limits = *limits;
}

void transport_set_connections(struct transport *t, uint32_t most)
{
	struct transport_limits *l = &t->limits;

	ASSERT(most <= TRANSPORT_CONNECTIONS_MAX);
	l->connections = most;
	/* Strangers together never hold what phones and operators need. */
	l->guests = MIN(l->guests, most / 2);
	l->guests_per_host = MIN(l->guests_per_host, l->guests);
	l->made = MIN(l->made, most / 4);
}

void transport_set_bans(struct transport *t, struct bans *bans)
{
	t->bans = bans;
}

/* Line ends, spaces or NULs alone: how phones keep a NAT's mapping open over UDP. No answer is asked for. */
static bool is_keepalive(const char *bytes, size_t n)
{
	if (n > 4)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\r' && bytes[i] != '\n' && bytes[i] != ' ' && bytes[i] != '\0')
			return false;
	}
	return true;
}

static void datagram_came(void *arg, const struct address *local, const struct address *remote, char *bytes, size_t n)
{
	struct listener *l = arg;
	struct transport *t = l->transport;

	if (is_keepalive(bytes, n)) {
		metric_add(&t->pings, 1);
		return;
	}
	if (t->bans && !bans_admit(t->bans, remote, true))
		return;
	struct sip_flow flow = {.transport = SIP_UDP, .listener = l->number, .local = *local, .remote = *remote};
	metric_add(&t->messages[SIP_UDP], 1);
	t->events->input(t->owner, &flow, bytes, n);
}

static int listener_open(struct listener *l, const struct address *at, struct tls_certificates *certificates)
{
	struct loop *loop = l->transport->loop;

	if (l->kind == SIP_UDP) {
		int rc = udp_open(loop, at, datagram_came, l, &l->udp);
		if (rc == 0)
			udp_local(l->udp, &l->local);
		return rc;
	}
	int rc = stream_listen(loop, at, l->kind == SIP_TLS ? certificates : NULL, connection_accept,
			       &connection_stream_events, l, &l->stream);
	if (rc == 0)
		stream_listener_local(l->stream, &l->local);
	return rc;
}

int transport_listen(struct transport *t, const struct transport_listen *listen, struct tls_certificates *certificates)
{
	if (listen->transport > SIP_TLS || (listen->transport == SIP_TLS && !certificates))
		return -EINVAL;
	if (t->listener_count == LISTENERS_MAX)
		return -ENOSPC;
	struct listener *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->transport = t;
	l->kind = listen->transport;
	l->number = (uint16_t)t->listener_count;
	int rc = listener_open(l, &listen->at, certificates);
	if (rc < 0) {
		free(l);
		return rc;
	}
	t->listeners[t->listener_count++] = l;
	return 0;
}

size_t transport_listener_count(const struct transport *t)
{
	return t->listener_count;
}

void transport_listener(const struct transport *t, size_t i, struct transport_listen *ret)
{
	ASSERT(i < t->listener_count);
	*ret = (struct transport_listen){.transport = t->listeners[i]->kind, .at = t->listeners[i]->local};
}

void transport_close(struct transport *t)
{
	t->closed = true;
	for (size_t i = 0; i < t->listener_count; i++) {
		udp_close(t->listeners[i]->udp);
		stream_listener_close(t->listeners[i]->stream);
		t->listeners[i]->udp = NULL;
		t->listeners[i]->stream = NULL;
	}
	uint32_t cursor = 0;
	for (struct connection *c; (c = pool_next(&t->connections, &cursor)) != NULL;)
		connection_close(c);
}

/* NULL: not a connection's flow, or it has closed. */
static struct connection *connection_of(const struct transport *t, const struct sip_flow *flow)
{
	if (flow->transport == SIP_UDP)
		return NULL;
	struct connection *c = pool_get(&t->connections, flow->connection);
	return c && !c->closing ? c : NULL;
}

static struct udp *udp_of(const struct transport *t, const struct sip_flow *flow)
{
	if (flow->transport != SIP_UDP || flow->listener >= t->listener_count)
		return NULL;
	return t->listeners[flow->listener]->udp;
}

/* DEVIATION: §18.1.1 (RFC 3261) sends what is larger than the path's MTU by TCP. A flow that a phone registered by is
 * used as it is: often nothing else reaches it. */
int transport_send(struct transport *t, const struct sip_flow *flow, struct slice bytes)
{
	struct udp *u = udp_of(t, flow);
	struct connection *c = connection_of(t, flow);
	int rc = u ? udp_send(u, &flow->local, &flow->remote, bytes) : c ? connection_send(c, bytes) : -ENOTCONN;

	if (rc < 0)
		metric_add(&t->unsent, 1);
	return rc;
}

int64_t transport_behind_us(const struct transport *t)
{
	return loop_behind_us(t->loop);
}

bool transport_alive(const struct transport *t, const struct sip_flow *flow)
{
	return udp_of(t, flow) || connection_of(t, flow);
}

void transport_set_tag(struct transport *t, const struct sip_flow *flow, uint64_t tag)
{
	struct connection *c = connection_of(t, flow);
	if (c)
		connection_set_tag(c, tag);
}

uint64_t transport_tag(const struct transport *t, const struct sip_flow *flow)
{
	const struct connection *c = connection_of(t, flow);
	return c ? c->tag : 0;
}

void transport_tls_name(const struct transport *t, const struct sip_flow *flow, char *ret, size_t cap)
{
	const struct connection *c = connection_of(t, flow);

	ret[0] = '\0';
	if (c)
		c->ops->tls_name(c, ret, cap);
}

struct slice transport_person(const struct transport *t, const struct sip_flow *flow)
{
	const struct connection *c = connection_of(t, flow);

	return c && c->ops->person ? c->ops->person(c) : SLICE_NONE;
}

static unsigned minute_most(struct minute m, int64_t now_us)
{
	minute_turn(&m, now_us);
	return MAX(m.now, m.before);
}

void transport_figures(const struct transport *t, struct transport_figures *ret)
{
	int64_t now_us = loop_wheel(t->loop)->now_us;
	*ret = (struct transport_figures){.connections = t->connections.used,
					  .guests = t->guests,
					  .made = t->made.count,
					  .most = t->limits.connections,
					  .full_us = t->full_us,
					  .no_memory_us = MAX(t->no_memory_us, stream_no_memory_us(t->loop)),
					  .unfinished = minute_most(t->unfinished, now_us),
					  .silent = minute_most(t->silent, now_us)};
}
