/* web/turn.h - relays for browsers' voice, with credentials for a time.   draft-uberti-behave-turn-rest-00, RFC 8656 */
#pragma once
#include <jansson.h>

#include "web/server.h"

/* The password that a TURN server which has the secret expects of this user name: base64 of an HMAC-SHA1. */
#define WEB_TURN_PASSWORD_CAP 29
void web_turn_password(struct slice secret, struct slice username, char ret[WEB_TURN_PASSWORD_CAP]);
/* RTCIceServer objects for this one; an empty list without turn: in the configuration. NULL: out of memory. */
json_t *web_ice_servers(const struct web_context *c, const char *name);
