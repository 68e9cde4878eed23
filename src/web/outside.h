/*
 * web/outside.h - other people's servers, which a company may name: by https, at addresses of the public Internet, and
 * at those that the node's file allows
 */
#pragma once
#include "net/http.h"
#include "web/request.h"

/* A name is judged by its address when it is connected to; an address itself at once. url empty: fine. False: answered.
 */
MUST_USE bool web_outside_may(struct web_request *r, const char *field, struct slice url);
/* Whom a request believes, and where it may go. */
void web_outside_bound(const struct config *c, struct http_request *ret);
