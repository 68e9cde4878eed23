/* web/peer.h - one client's connection: libwebsockets is seen by this, peer*.c, server.c and listen.c alone */
#pragma once
#include <libwebsockets.h>

#include "base/metrics.h"
#include "base/wheel.h"
#include "web/listen.h"
#include "web/request.h"

typedef void (*web_enter_fn)(struct web_listener *l, int fd, const struct address *from);

struct web {
	struct web_context context;
	struct web_limits limits;
	int64_t started_us;
	struct lws_context *lws;
	struct lws_vhost *local, *secure;                         /* secure: NULL without a certificate */
	struct web_request *requests;                             /* not yet answered, or on their way to the client */
	struct web_peer *first_peer, *first_stream, *first_phone; /* each is on one of them; transport counts phones */
	uint32_t peers, streams;
	struct web_listener listeners[WEB_LISTENERS_MAX];
	size_t listener_count;
	const struct web_listener *entering; /* where the connection came in that the library is being given */
	struct address entering_from;
	struct web_waiting *first_waiting; /* at the door: crowd.c */
	uint32_t waiting;
	struct timer door;
	bool bound;
	char path[112]; /* of the unix socket, to remove it at the end */
	bool closed;
	struct web_audit_upkeep *audit;
	int64_t first_seq; /* of events: the wall clock at the start, so that none of before comes again */
	uint64_t told;     /* events since then, of all companies */
	struct metric requests_total, refused_total, timeouts_total, turned_away_total, made_room_total,
		streams_dropped_total, peers_now, streams_now;
};

/* Owner: the switchboard's thread; lives as long as its wsi. */
struct web_peer {
	struct web *web;
	struct web_peer *next, **prev;
	struct lws *wsi;
	enum web_plane plane;
	const struct web_listener *entered;
	struct address from;         /* not of the unix socket */
	struct timer timer;          /* the one thing that is waited for: a head, a body, an answer, or room to write */
	int64_t deadline_us;         /* when the client or the resource is given up */
	int64_t quiet_us;            /* when it came, or was last served */
	struct web_stream *stream;   /* live events, or */
	struct web_sip *sip;         /* SIP; both NULL: HTTP */
	struct web_request *request; /* being read, handled or answered */
	char *body;
	size_t body_n, body_cap;
	bool answered, head_sent, last; /* last: the connection closes after this answer */
	bool served;                    /* before, on this connection */
	size_t sent;
};

/* NULL: too many, or out of memory. */
MUST_USE struct web_peer *web_peer_new(struct web *w, struct lws *wsi);
void web_peer_free(struct web_peer *p);
/* Parts from its request: one that is not answered yet lives on until its resource answers, then ends unheard. */
void web_peer_let_go(struct web_peer *p);
/* From now on it is an event stream, and none of the peers that may be asked to make room. */
void web_peer_is_stream(struct web_peer *p);
/* From now on it is counted by transport, and is none of the server's peers. */
void web_peer_is_phone(struct web_peer *p);
/* For web/stream.c. A new request with its head read; false: the connection is to be closed. */
MUST_USE bool web_peer_start(struct web_peer *p);
MUST_USE bool web_peer_arguments(struct web_peer *p); /* reads them; false: more than any resource takes */
/*
 * Several, where RFC 9112 §3.2 wants 400. DEVIATION: none gets what it asks for: the library does not tell that from an
 * empty one, which is allowed, and for us Host only says where a browser believes to be.
 */
bool web_peer_has_hosts(const struct web_peer *p);
void web_peer_served(struct web_peer *p);                 /* its answer is out: the next request may come */
void web_peer_wait(struct web_peer *p, int64_t delay_us); /* until its timer fires */
void web_peer_drop(struct web_peer *p);                   /* at once; frees p. Not from a callback of its own */
/* These return what a callback of libwebsockets returns: not 0 closes the connection. */
int web_peer_begin(struct web_peer *p);                             /* the head is there */
int web_peer_body(struct web_peer *p, const void *bytes, size_t n); /* a piece of the body */
int web_peer_complete(struct web_peer *p);                          /* all of the body */
int web_peer_writable(struct web_peer *p);
