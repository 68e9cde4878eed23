/* web/peer.h - one client's connection: the only files that see libwebsockets are this, peer.c and server.c */
#pragma once
#include <libwebsockets.h>
#include <uv.h>

#include "base/metrics.h"
#include "base/wheel.h"
#include "web/request.h"

struct web {
	struct web_context context;
	struct web_limits limits;
	int64_t started_us;
	struct lws_context *lws;
	struct lws_vhost *vhost;
	struct web_request *requests; /* not yet answered, or on their way to the client */
	uint32_t peers;
	uv_poll_t listener;
	int fd; /* of the listener, -1: none */
	bool bound, listening;
	char path[112]; /* of the socket, to remove it at the end */
	bool closed;
	struct metric requests_total, refused_total, timeouts_total, peers_now;
};

/* Owner: the switchboard's thread; lives as long as its wsi. */
struct web_peer {
	struct web *web;
	struct lws *wsi;
	struct timer timer;          /* the one thing that is waited for: a head, a body, an answer, or room to write */
	int64_t deadline_us;         /* when the client or the resource is given up */
	struct web_request *request; /* being read, handled or answered */
	char *body;
	size_t body_n, body_cap;
	bool answered, head_sent, last; /* last: the connection closes after this answer */
	size_t sent;
};

/* NULL: too many, or out of memory. */
MUST_USE struct web_peer *web_peer_new(struct web *w, struct lws *wsi);
void web_peer_free(struct web_peer *p);
/* Parts from its request: one that is not answered yet lives on until its resource answers, then ends unheard. */
void web_peer_let_go(struct web_peer *p);
/* These return what a callback of libwebsockets returns: not 0 closes the connection. */
int web_peer_begin(struct web_peer *p);                             /* the head is there */
int web_peer_refuse_upgrade(struct web_peer *p);                    /* the head asks for another protocol */
int web_peer_body(struct web_peer *p, const void *bytes, size_t n); /* a piece of the body */
int web_peer_complete(struct web_peer *p);                          /* all of the body */
int web_peer_writable(struct web_peer *p);
