/*
 * web/sip.h - SIP over secure WebSocket, at WEB_SIP_PATH of listen.https.   RFC 7118
 *
 * Frames become whole messages for transport/carrier.h, which treats the connection like one of TLS: a guest until a
 * device has authenticated on it. Nobody needs to be logged in to open one; with a session's cookie it is that
 * person's page (transport_person()), and ends with the session. From the upgrade on it counts among transport's
 * connections, no more among the server's own.
 */
#pragma once
#include "store/rows.h"
#include "web/peer.h"

#define WEB_SIP_PATH "/sip"

struct connection;

/* Owner: the switchboard's thread; lives with its peer. */
struct web_sip {
	struct connection *connection; /* NULL before the WebSocket is open */
	struct web_sip_message *first, **last;
	size_t queued, most;     /* memory that they take, and may take */
	char pass[STORE_ID_CAP]; /* the session that opened it; empty: none */
	char user[STORE_ID_CAP]; /* and whose that is */
	bool alive;              /* heard of since the last ping */
	bool ping, closing;
};

/* May the request, which asks for a WebSocket at WEB_SIP_PATH, have it? Sets p->sip; false: answered, or no memory. */
MUST_USE bool web_sip_admit(struct web_peer *p, struct web_request *r);
/* These return what a callback of libwebsockets returns: not 0 closes the connection. */
int web_sip_opened(struct web_peer *p);
int web_sip_writable(struct web_peer *p);
int web_sip_received(struct web_peer *p, char *bytes, size_t n);
int web_sip_pong(struct web_peer *p);
/* The peer's timer: pings, and drops who does not answer. False: it is to be dropped. */
MUST_USE bool web_sip_tick(struct web_peer *p);
struct web_sip *web_sip_free(struct web_sip *s);

/* Drops those whose session has ended. */
void web_sip_change(struct web *w, const struct store_change *change);
