/*
 * web/issuer_ask.h - issuers of identity are asked for JSON
 *
 * Owner: the switchboard's thread. Its memory is the asker's, until it is told.
 */
#pragma once
#include "net/http.h"
#include "store/store.h"
#include "web/server.h"

#include <jansson.h>

struct web_asking {
	struct web_askings *all;
	struct web_asking *next, **prev;
	struct http_call *call;
	char tenant[STORE_ID_CAP];
	void (*begin)(struct web_asking *a);
	/* json: what it said, an object, borrowed; NULL: why not, for people. status: of HTTP; 0: none. */
	void (*done)(struct web_asking *a, int status, const json_t *json, const char *why);
};
/* Those under way, and those that wait for their turn: a company has few at once. */
struct web_askings {
	const struct web_context *context;
	struct web_asking *first, *waiting;
	bool closed;
};

/*
 * begin() is called when the company has one to ask, from inside or later; it calls web_ask(), or does not ask after
 * all. -EBUSY: too many of the company wait; begin() is not called.
 */
MUST_USE int web_ask_in_turn(struct web_askings *all, struct web_asking *a, struct slice tenant,
			     void (*begin)(struct web_asking *a));
/*
 * From begin(), or from done() for the next one: a GET, or with a form a POST of it; authorization: a header, or NULL.
 * done() is called once, never from inside. Not 0: it is not, and *ret_why says why.
 */
MUST_USE int web_ask(struct web_asking *a, const char *url, const char *authorization, struct slice form,
		     void (*done)(struct web_asking *, int, const json_t *, const char *), const char **ret_why);
/* At the end: done() of each is called, begin() of each that waits, and none is begun any more. */
void web_askings_close(struct web_askings *all);
