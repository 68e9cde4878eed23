/* web/listen.h - the doors of the web server: one unix socket, and TCP with TLS; how many may be inside */
#pragma once
#include <uv.h>

#include "web/server.h"

#define WEB_LISTENERS_MAX (3 * CONFIG_LISTEN_MAX + 1)

/* Owner: the web server, for its life. */
struct web_listener {
	struct web *web;
	enum web_plane plane;
	struct address at;     /* as the system has it; not of the unix socket */
	uint16_t sip_listener; /* its number for SIP over WebSocket; WEB_COMPANY alone */
	uv_poll_t poll;
	int fd;
};

/* DATA/alto.sock, mode 0600. What web_new() returns, with *reterr. */
MUST_USE int web_listen_local(struct web *w, struct web_reason *reterr);
/* Accepts no more, closes what waits at the door, and removes the socket's file. */
void web_listen_close(struct web *w);
