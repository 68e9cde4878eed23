/* transport/transport_private.h - listeners, connections and guests, between the files of this room */
#pragma once
#include "base/map.h"
#include "net/stream.h"
#include "net/udp.h"
#include "sip/framing.h"
#include "transport/bans.h"
#include "transport/carrier.h"
#include "transport/limits.h"
#include "transport/target.h"
#include "transport/transport.h"

/* As many as a configuration can name: UDP, TCP, TLS and WebSocket, 16 each. */
#define LISTENERS_MAX 64

struct listener {
	struct transport *transport;
	enum sip_transport kind;
	uint16_t number;
	struct address local;           /* with the real port */
	struct udp *udp;                /* UDP, else NULL; of WebSocket the socket is not ours */
	struct stream_listener *stream; /* TCP, TLS, else NULL */
};

enum drop {
	DROP_GUESTS,      /* guests in all, or what they have begun to send */
	DROP_GUESTS_HOST, /* guests of one host */
	DROP_CONNECTIONS, /* all connections, or no memory for another */
	DROP_IDLE,
	DROP_HANDSHAKE,
	DROP_FRAMING, /* not SIP, no length, or too large */
	DROP_PINGS,   /* more keep-alives than a phone sends */
	DROP_OVERFLOW,
	DROP_BANNED,
	DROP_PONG, /* the peer answered pings, and no longer does */
	DROP_COUNT
};

/* A target not to be tried first for a while. */
struct failure {
	struct target target;
	int64_t until_us;
	enum tls_distrust distrust;
};
#define FAILURES_MAX 64

/* How many in the minute that began with one of them, and in the one before: for those who ask "in the last minute". */
struct minute {
	int64_t since_us;
	unsigned now, before;
};
static inline void minute_turn(struct minute *m, int64_t now_us)
{
	int64_t past_us = now_us - m->since_us;
	if (past_us < 60 * SECOND_US)
		return;
	*m = (struct minute){.since_us = now_us, .before = past_us < 120 * SECOND_US ? m->now : 0};
}

struct guest_list {
	struct connection *oldest, **newest;
};
struct host_list {
	struct host *first, **last;
};

struct transport {
	struct loop *loop;
	const struct transport_events *events;
	void *owner;
	struct transport_limits limits;
	struct listener *listeners[LISTENERS_MAX];
	size_t listener_count;
	bool closed;
	struct pool connections;
	/* Guests by host: a host stands in the map while it has any. */
	struct map hosts;
	struct host_list crowds[TRANSPORT_GUESTS_PER_HOST + 1]; /* by how many they have; the last: as many or more */
	uint32_t guests;
	int64_t full_us, no_memory_us; /* as transport_figures() tells them */
	struct minute unfinished, silent;
	size_t guest_bytes; /* room taken for messages that guests have begun */
	struct transport_network networks[TRANSPORT_NETWORKS_MAX];
	size_t network_count;
	struct map made;       /* connections that we make, by target and name */
	struct dns *dns;       /* borrowed; NULL: names are not looked up */
	struct bans *bans;     /* borrowed; NULL: nobody is banned */
	struct random *random; /* for the weights of SRV */
	struct pool searches;
	struct failure failures[FAILURES_MAX]; /* the oldest yields */
	struct metric messages[5];             /* by enum sip_transport */
	struct metric drops[DROP_COUNT];
	struct metric pings, alive, unsent;
};

struct host;
struct made;
/* Owner: the transport's pool, from accept to connection_gone(). */
struct connection {
	struct transport *transport;
	const struct connection_ops *ops;
	void *carrier;
	struct sip_flow flow;
	uint64_t tag;
	bool open;        /* a message may have come from it: its end is an event */
	bool known;       /* by its address: never a guest */
	bool closing;     /* the close was asked for; nothing is sent or handed out any more */
	int64_t heard_us; /* a guest's last whole message, else the last bytes; what the idle timer looks at */
	struct timer idle;
	struct guest_list *line; /* of its host, in which it stands between these; NULL: in none */
	struct connection *newer, **older;
	unsigned pings; /* in the minute that began at pings_us */
	int64_t pings_us;
	struct host *host; /* guest: whose count it is in; else NULL */
	struct made *made; /* what we know of one that we made; NULL: accepted */
	struct sip_framer framer;
	char *in; /* the beginning of a message that is not complete; none when idle */
	size_t in_n, in_cap;
};

/* May this remote's bytes be read? */
static inline bool admitted(struct transport *t, const struct sip_flow *flow)
{
	return !t->bans || bans_admit(t->bans, &flow->remote, false);
}

/* connection.c */
extern const struct stream_events connection_stream_events;
void *connection_accept(void *arg, struct stream *s);
/* Any carrier: a connection in the pool, counted as guest; NULL: refused and counted. */
struct connection *connection_new(struct transport *t, const struct connection_ops *ops, void *carrier,
				  const struct sip_flow *flow);
/* One that we make: counted apart, and its end is an event from the start. NULL: too many. */
struct connection *connection_new_made(struct transport *t, const struct connection_ops *ops,
				       const struct sip_flow *flow, struct made *made);
/* What came over it, for the files of this room that carry bytes. */
void connection_input(struct connection *c, char *bytes, size_t n);
void connection_opened(struct connection *c);
void connection_closed(struct connection *c, enum stream_closed why);
void connection_close(struct connection *c);
void connection_gone(struct connection *c);
void connection_set_tag(struct connection *c, uint64_t tag);
int connection_send(struct connection *c, struct slice bytes);
/* For what comes in pieces: may more be read from it (false: it is closed and that is counted); the beginning of a
 * message put aside (false: it has ended, and is counted); and forgotten; one whole message. */
MUST_USE bool connection_admit(struct connection *c);
MUST_USE bool connection_keep(struct connection *c, const char *bytes, size_t n);
void connection_release(struct connection *c);
void connection_hand_out(struct connection *c, char *bytes, size_t n);
void connection_count(struct connection *c, enum drop why);
/* A keep-alive came, and may be a ping, which is answered. Too many of them close the connection. */
void connection_keepalive(struct connection *c, bool ping);

/* made.c: the connection is closing or gone: nobody is given it any more. */
void made_leave(struct connection *c);
struct made *made_free(struct made *m);

/* guests.c */
void guest_crowds_init(struct transport *t);
/* May this host have one more, and the count if so. 0; -EAGAIN in all, -EACCES of the host, -ENOMEM. */
MUST_USE int guest_enter(struct transport *t, const struct address *remote, struct host **ret);
/* It has come, was opened or was heard: behind all others of its host that are open, or not, as it is. */
void guest_stand(struct connection *c);
void guest_step_out(struct connection *c); /* no more among them; before guest_leave() */
/*
 * Who makes room for another: one of the host of `remote`, or (NULL) of the host that has most, offices last. Whose
 * handshake has gone on longest; if there is none, who was silent longest. NULL: nobody of this host should.
 */
struct connection *guest_yielding(const struct transport *t, const struct address *remote);
/* One that has been let in before is counted again, whatever the limits say; false: out of memory. */
MUST_USE bool guest_return(struct transport *t, const struct address *remote, struct host **ret);
void guest_leave(struct transport *t, struct host *h); /* NULL is fine */
