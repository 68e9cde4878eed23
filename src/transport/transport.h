/*
 * transport/transport.h - where sockets meet SIP: listeners, flows and connections
 *
 * Turns datagrams and streams into whole messages with the flow they came by, and sends bytes back along a flow. Owner:
 * the switchboard's thread. tests/sim implements this header over a simulated network.
 */
#pragma once
#include "base/metrics.h"
#include "sip/flow.h"

struct bans;
struct loop;
struct sip_reason;
struct tls_certificates;
struct transport;

struct transport_events {
	/* One message, at most SIP_MESSAGE_MAX bytes; writable, valid for the call. Not parsed yet. */
	void (*input)(void *owner, const struct sip_flow *flow, char *bytes, size_t n);
	/*
	 * The whole head of a message on a connection that cannot be cut out of it, and why: it may be answered by
	 * transport_send(); then the connection is closed.
	 */
	void (*refused)(void *owner, const struct sip_flow *flow, char *head, size_t n, const struct sip_reason *why);
	/*
	 * A connection is gone: its flows are dead. tag: as set below. Once for each connection that could have carried
	 * a message, also for those that transport_close() ends; never from inside a call of this header.
	 */
	void (*closed)(void *owner, const struct sip_flow *flow, uint64_t tag);
	/* Is a connection that is being accepted from somebody who needs no account: an operator? Then it is no guest.
	 * NULL: nobody is. */
	bool (*known)(void *owner, const struct sip_flow *flow);
};

struct transport_listen {
	enum sip_transport transport;
	struct address at;
};

/*
 * What the far end is told: the local address its request came to, or the public one if the far end is not within
 * `internal`. The first network whose local address fits (any, without has_local) decides.
 */
#define TRANSPORT_BLOCKS_MAX 16
#define TRANSPORT_NETWORKS_MAX 8
struct transport_network {
	bool has_local, has_public;
	struct address local, public_address; /* ports are not looked at */
	size_t internal_count;
	struct address_block internal[TRANSPORT_BLOCKS_MAX];
};

/* Bounds on connections, each with its reason in transport/limits.h, from which transport_new() takes them. */
struct transport_limits {
	uint32_t connections, guests, guests_per_host;
	size_t guest_bytes; /* of messages that guests have begun */
	int64_t guest_idle_us, idle_us;
	uint32_t made; /* connections that we make: counted apart from guests */
	int64_t made_idle_us, ping_us, pong_us;
};

MUST_USE int transport_new(struct loop *loop, const struct transport_events *events, void *owner,
			   struct transport **ret);
struct transport *transport_free(struct transport *t); /* after transport_close() and loop_drain() */
/* Before connections come: for tests, and for operators whose hosts differ. */
void transport_set_limits(struct transport *t, const struct transport_limits *limits);
/* The same, before connections come: no more than so many, of which guests and those that we make have their part. */
void transport_set_connections(struct transport *t, uint32_t most);
/* Copied, at most TRANSPORT_NETWORKS_MAX. */
void transport_set_networks(struct transport *t, const struct transport_network *networks, size_t n);
/* Who is not listened to, nor let in. Borrowed; NULL, as at first: everybody is. */
void transport_set_bans(struct transport *t, struct bans *bans);
/* Add a listener (UDP, TCP, TLS; -EINVAL else). certificates for TLS, borrowed. -EADDRINUSE ... The
 * n-th listener added has number n-1 in sip_flow.listener. */
MUST_USE int transport_listen(struct transport *t, const struct transport_listen *listen,
			      struct tls_certificates *certificates);
size_t transport_listener_count(const struct transport *t);
void transport_listener(const struct transport *t, size_t i, struct transport_listen *ret); /* with the real port */
/* All listeners and connections; nothing is sent from then on, what was queued leaves. */
void transport_close(struct transport *t);

/*
 * Send whole messages. 0; -ENOTCONN: the connection or listener is gone; -ENOBUFS: too much waits (a connection is then
 * closed); -EMSGSIZE: too large for UDP. UDP: queued for the turn's sendmmsg, from the flow's local address.
 */
int transport_send(struct transport *t, const struct sip_flow *flow, struct slice bytes);
/* How far behind its input the loop is, as loop_behind_us() says. */
int64_t transport_behind_us(const struct transport *t);
/* Can this flow carry a message now? UDP: its listener exists. */
bool transport_alive(const struct transport *t, const struct sip_flow *flow);
/* The address alone, with local's port, for SDP: the same choice. */
void transport_public(const struct transport *t, const struct address *local, const struct address *remote,
		      struct address *ret);
/* May a peer reach this address of ours, as it is told it? Not one of an internal network from outside: nor need it
 * know of it. One on this very machine reaches them all, and it alone those of the loop. */
bool transport_can_reach(const struct transport *t, const struct address *ours, const struct address *remote);
/* Does this peer come from this host or an internal network? It may be a proxy for people who are anywhere. */
bool transport_is_near(const struct transport *t, const struct address *remote);
/* The address that stands outside for this one of ours, with its port. false: there is none. */
bool transport_outside(const struct transport *t, const struct address *ours, struct address *ret);
/* What the far end is told of us in Via and Contact: "host:port" of the flow's local side (IPv6 in brackets), port that
 * of the listener. */
void transport_write_host(const struct transport *t, struct writer *w, const struct sip_flow *flow);
/* A number that `call` ties to a connection (which device has authenticated on it); 0 at first, always 0 for UDP. */
void transport_set_tag(struct transport *t, const struct sip_flow *flow, uint64_t tag);
uint64_t transport_tag(const struct transport *t, const struct sip_flow *flow);

/*
 * How a connection is protected, for people: "TLSv1.3 TLS_AES_256_GCM_SHA384", NUL-terminated; empty for plaintext and
 * for a connection that is gone.
 */
void transport_tls_name(const struct transport *t, const struct sip_flow *flow, char *ret, size_t cap);

/* The id of the person in whose browser's session a connection was opened; empty: no such session. Borrowed for the
 * call. Only a WebSocket has one. */
struct slice transport_person(const struct transport *t, const struct sip_flow *flow);

struct transport_figures {
	uint64_t connections;
	uint64_t guests; /* of them, accepted and without a tag */
	uint64_t made;   /* of them, made by us */
	uint64_t most;   /* that there may be */
	/* By the wheel, when one was last turned away because so many are open, or for want of memory; 0: never. */
	int64_t full_us, no_memory_us;
	/* Accepted, and closed in the last minute, or the one before if those were more: their TLS did not come to its
	 * end; nobody gave a password in time. */
	unsigned unfinished, silent;
};
void transport_figures(const struct transport *t, struct transport_figures *ret);
void transport_metrics(struct transport *t, struct metrics *m); /* they live in t */
