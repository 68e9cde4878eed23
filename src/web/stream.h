/*
 * web/stream.h - live events: one WebSocket a page.   RFC 6455
 *
 * After a change has been committed and the read model follows it, each open stream is told what it may see of it:
 *
 *   {"seq": 42, "kind": "user", "id": "...", "tenant": "acme", "action": "changed"}
 *
 *   {"seq": 43, "kind": "user", "id": "...", "tenant": "acme", "action": "changed",
 *    "presence": {"devices": 2, "devices_registered": 1, "busy": false}}
 *
 * seq grows; a company's counts its own events, the provider's all. kind: tenant, user, device, binding, trunk, number,
 * webhook, issuer, call, audit. action: changed or removed; of a call its state, or ended. id null: something of this
 * kind that may be yours. The first message has the kind hello; then, if the client was away (?after=SEQ) and something
 * may have happened, resync: load again what you show.
 */
#pragma once
#include "web/peer.h"
#include "web/route.h"

struct directory_user;

/* Owner: the switchboard's thread; lives with its peer. */
struct web_stream {
	struct web_request *request; /* that opened it: who it is for */
	char *queue;                 /* messages, each behind its length; up to WEB_STREAM_BYTES */
	size_t queued, sent;
	bool alive; /* heard of since the last ping */
	bool ping;
};

/* The head asks for another protocol: the leave to go on is 0, else it is answered and the connection ends. */
int web_stream_confirm(struct web_peer *p, const char *protocol);
/* These return what a callback of libwebsockets returns: not 0 closes the connection. */
int web_stream_opened(struct web_peer *p);
int web_stream_writable(struct web_peer *p);
int web_stream_heard(struct web_peer *p, size_t n); /* n: of a message; 0: a pong */
/* The peer's timer: pings, and drops who does not answer or may not listen any more. False: it is to be dropped. */
MUST_USE bool web_stream_tick(struct web_peer *p);
struct web_stream *web_stream_free(struct web_stream *s);

/* Tells every stream that may see it, and drops those whose right has ended by it. */
void web_stream_change(struct web *w, const struct store_change *change);
/* For directory_on_presence(), arg: the server. Only their presence has changed. */
void web_stream_presence(void *arg, const struct directory_user *user);
