/* web/events.h - what a change is to those who may see it; sent by web/stream.h, where the form is written down */
#pragma once
#include "store/rows.h"
#include "web/route.h"

struct directory_user;

/* Of one change, for all that are told of it. Borrows from the change, for as long as that is delivered. */
struct web_event {
	int64_t seq, seq_of_all; /* among its company's, and among all, for the provider; set by web/stream.c */
	const char *kind;
	enum web_resource resource;
	struct slice id, tenant;
	struct slice user, other_user; /* whose it is; empty: nobody's, or not known any more */
	const char *action;
	const struct directory_user *presence; /* of whom it tells how they can be reached; NULL: it does not */
};
/* False: nobody is told of it. */
MUST_USE bool web_event_describe(const struct web_context *c, const struct store_change *change, struct web_event *ret);
/* Of a person who can be reached, or cannot any more, with what is so now: directory_on_presence(). */
void web_event_describe_presence(const struct directory_user *u, struct web_event *ret);
/*
 * Is it to be told to whom this request is for? *ret, unless ret is NULL, is then the message; NULL: out of memory.
 * Sets r->reach.
 */
MUST_USE bool web_event_seen(const struct web_event *e, struct web_request *r, json_t **ret);
