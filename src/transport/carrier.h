/*
 * transport/carrier.h - connections whose bytes somebody else carries, in whole messages: WebSockets.   RFC 7118
 *
 * `web` has the sockets and the frames; here its connections are like those of TLS: guests until a device has
 * authenticated on them, bounded with all others, subject to bans, closed when they are idle. Owner: the switchboard's
 * thread. A carrier's connection lives from carrier_begin() to carrier_gone().
 */
#pragma once
#include "transport/transport.h"

struct connection;

/* What carries a connection's bytes: a stream here, a WebSocket in `web`. */
struct connection_ops {
	int (*send)(struct connection *c, struct slice bytes); /* as transport_send(); one whole message */
	/* From now on no more than this may wait to be taken by the peer, counted as what it takes of memory. */
	void (*bound)(struct connection *c, size_t most);
	void (*close)(struct connection *c); /* what was queued leaves; the end is told later, from the loop */
	void (*drop)(struct connection *c);  /* the same at once, and what was queued is lost */
	void (*tls_name)(const struct connection *c, char *ret, size_t cap); /* as transport_tls_name() */
	/* The id of the person whose page opened it, as transport_person(); NULL: nobody's. */
	struct slice (*person)(const struct connection *c);
};

/* A place where such connections come in: a number for sip_flow.listener, without a socket of ours. -ENOSPC, -ENOMEM.
 */
MUST_USE int carrier_listen(struct transport *t, const struct transport_listen *listen, uint16_t *ret_number);
/*
 * One has come; flow says transport, listener and both addresses. NULL: too many, a ban, or no memory, and that is
 * counted.
 */
MUST_USE struct connection *carrier_begin(struct transport *t, const struct connection_ops *ops, void *carrier,
					  const struct sip_flow *flow);
void *carrier_of(const struct connection *c); /* as given */
/*
 * A piece of a message, and whether it is the last one (RFC 7118 §5: one message in one message). Writable. A
 * keep-alive of line ends is answered (RFC 5626 §3.5.1). What is too large, or more than guests may hold, closes it.
 */
void carrier_input(struct connection *c, char *bytes, size_t n, bool last);
/* The peer has shown that it is there, by what is no SIP. */
void carrier_alive(struct connection *c);
/* It did not take what was sent: too much waits. Closed. */
void carrier_overflow(struct connection *c);
/* It has ended, whoever wished it; c is not to be used any more. */
void carrier_gone(struct connection *c);
