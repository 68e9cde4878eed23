/* unit/transport/room.h - a transport on a loop, with what it handed out kept to be looked at */
#pragma once
#include "unit/net/peer_tls.h"

#include "sip/message.h"
#include "transport/limits.h"
#include "transport/transport.h"

#define SEEN_MAX 512

struct room {
	struct loop *loop;
	struct transport *transport;
	size_t received, wanted;      /* messages; together: count_reached() */
	size_t closed, wanted_closed; /* connections */
	struct sip_flow flow;         /* of the last message */
	struct sip_flow flows[SEEN_MAX];
	size_t sizes[SEEN_MAX];
	struct sip_flow closed_flow;
	uint64_t closed_tag;
	char text[SIP_MESSAGE_MAX]; /* the last message */
	size_t text_n;
	size_t refused;          /* heads of what could not be cut */
	unsigned refused_status; /* ... of the last one, which is in text */
	char protection[64];     /* of the connection that brought it */
	bool echo, close_all;
	bool knows; /* whoever connects: an operator */
};

static inline void room_input(void *owner, const struct sip_flow *flow, char *bytes, size_t n)
{
	struct room *r = owner;

	r->flow = *flow;
	if (r->received < SEEN_MAX) {
		r->flows[r->received] = *flow;
		r->sizes[r->received] = n;
	}
	assert_true(n <= sizeof(r->text));
	memcpy(r->text, bytes, n);
	r->text_n = n;
	r->received++;
	transport_tls_name(r->transport, flow, r->protection, sizeof(r->protection));
	if (r->echo)
		assert_int_equal(transport_send(r->transport, flow, slice_of(bytes, n)), 0);
	if (r->close_all)
		transport_close(r->transport);
}

static inline void room_refused(void *owner, const struct sip_flow *flow, char *head, size_t n,
				const struct sip_reason *why)
{
	struct room *r = owner;

	r->refused++;
	r->refused_status = why->status;
	memcpy(r->text, head, n);
	r->text_n = n;
	assert_int_equal(transport_send(r->transport, flow, SLICE("told")), 0);
}

static inline void room_closed(void *owner, const struct sip_flow *flow, uint64_t tag)
{
	struct room *r = owner;

	r->closed++;
	r->closed_flow = *flow;
	r->closed_tag = tag;
}

static inline bool room_known(void *owner, const struct sip_flow *flow)
{
	struct room *r = owner;
	assert_true(flow->remote.port && flow->local.port && flow->transport != SIP_UDP);
	return r->knows;
}

static const struct transport_events room_events = {room_input, room_refused, room_closed, room_known};

static inline void room_open(struct room *r)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(loop_new(&r->loop), 0);
	assert_int_equal(transport_new(r->loop, &room_events, r, &r->transport), 0);
}

static inline void room_close(struct room *r)
{
	transport_close(r->transport);
	loop_drain(r->loop);
	transport_free(r->transport);
	loop_free(r->loop);
}

/* Where a listener added at a free port of `at` is. */
static inline struct address room_listen(struct room *r, enum sip_transport kind, const char *at,
					 struct tls_certificates *certificates)
{
	struct transport_listen listen = {.transport = kind, .at = address_of(at)};

	assert_int_equal(transport_listen(r->transport, &listen, certificates), 0);
	transport_listener(r->transport, transport_listener_count(r->transport) - 1, &listen);
	assert_int_equal(listen.transport, kind);
	return listen.at;
}

static inline void room_until_received(struct room *r, size_t n)
{
	r->wanted = n;
	run_until(r->loop, count_reached, &r->received);
}

static inline void room_until_closed(struct room *r, size_t n)
{
	r->wanted_closed = n;
	run_until(r->loop, count_reached, &r->closed);
}

static inline size_t room_connections(const struct room *r)
{
	struct transport_figures f;
	transport_figures(r->transport, &f);
	return f.connections;
}

static inline size_t room_guests(const struct room *r)
{
	struct transport_figures f;
	transport_figures(r->transport, &f);
	return f.guests;
}

static inline void room_until_connections(struct room *r, size_t n)
{
	while (room_connections(r) != n)
		one_turn(r->loop);
}

/* The value that /metrics would show on the line that begins so, after "alto_transport_"; -1: no such line. */
static inline long room_metric(struct room *r, const char *line)
{
	static char text[16384];
	char start[128];
	struct writer w = writer_on(text, sizeof(text) - 1);
	struct metrics m;

	metrics_init(&m);
	transport_metrics(r->transport, &m);
	metrics_write(&m, &w);
	assert_false(w.overflow);
	text[w.n] = '\0';
	snprintf(start, sizeof(start), "\nalto_transport_%s", line);
	const char *at = strstr(text, start);
	return at ? strtol(at + strlen(start), NULL, 10) : -1;
}

/* An OPTIONS with a body of that many bytes; its length. */
static inline size_t make_message(char *ret, size_t cap, size_t body_n)
{
	struct writer w = writer_on(ret, cap);

	write_format(&w,
		     "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bKd\r\nl: %zu\r\nCall-ID: e\r\n\r\n",
		     body_n);
	for (size_t i = 0; i < body_n; i++)
		write_char(&w, (char)('a' + i % 26));
	ASSERT(!w.overflow);
	return w.n;
}
