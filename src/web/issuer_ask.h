/*
 * web/issuer_ask.h - issuers of identity are asked for JSON
 *
 * Owner: the switchboard's thread. Its memory is the asker's, until it is told.
 */
#pragma once
#include "net/http.h"
#include "web/server.h"

#include <jansson.h>

struct web_asking {
	struct web_askings *all;
	struct web_asking *next, **prev;
	struct http_call *call;
	/* json: what it said, an object, borrowed; NULL: why not, for people. status: of HTTP; 0: none. */
	void (*done)(struct web_asking *a, int status, const json_t *json, const char *why);
};
/* Those under way. */
struct web_askings {
	const struct web_context *context;
	struct web_asking *first;
	unsigned count;
	bool closed;
};

/*
 * A GET, or with a form a POST of it; authorization: a header, or NULL. done() is called once, never from inside. Not
 * 0: it is not, and *ret_why says why.
 */
MUST_USE int web_ask(struct web_askings *all, struct web_asking *a, const char *url, const char *authorization,
		     struct slice form, void (*done)(struct web_asking *, int, const json_t *, const char *),
		     const char **ret_why);
/* At the end: done() of each is called, and none is begun any more. */
void web_askings_close(struct web_askings *all);
