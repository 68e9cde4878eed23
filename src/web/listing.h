/*
 * web/listing.h - pages: {"items": [...], "next": cursor or null}
 *
 * The ids (or rows) of a page are read by a job on the store's reading thread; the items are written on the
 * switchboard, WEB_LIST_TURN a turn, from the read model as it is then. What vanished in between is left out.
 */
#pragma once
#include "store/rows.h"
#include "web/request.h"

#define WEB_CURSOR_CAP (WEB_CURSOR_MAX + 1)

struct web_listing {
	struct store_job job;
	struct web_request *request;
	/* Which: set before the start. Slices live in the request's arena. */
	enum store_kind kind;
	struct slice tenant, user; /* ids or empty */
	struct slice role, like;   /* of struct store_page */
	struct store_calls_page of_calls;
	struct slice cursor; /* as given, checked; or empty */
	size_t limit;
	/*
	 * One item after the other. False: none is left. *ret NULL: left out. At the end, `next` holds the cursor of
	 * the page that follows, if there is one.
	 */
	bool (*item)(struct web_listing *l, json_t **ret);
	char next[WEB_CURSOR_CAP];
	size_t count, at; /* of the rows read: how many, and the next to write */
	struct slice *ids;
	struct store_call *calls;
	uint32_t slot;  /* of web_listing_of_slots() */
	void *resource; /* its own */
	size_t written;
	bool failed; /* out of memory while reading */
	/* What it is a listing of is not there: set while reading, and answers in its place. */
	void (*absent)(struct web_request *r);
	size_t cap; /* of the request's answer, while it grows */
};

/* A listing with `limit` and `cursor` of the request's parameters. NULL: answered. valid_cursor: its form. */
MUST_USE struct web_listing *web_listing_new(struct web_request *r, bool (*valid_cursor)(struct slice));
/* Of what has no ids, but slots: the cursor is one, and l->slot begins there. */
MUST_USE struct web_listing *web_listing_of_slots(struct web_request *r);
/* The parameter `q` as a pattern, in the request's arena; empty if it is not given. False: answered. */
MUST_USE bool web_listing_search(struct web_listing *l);
/* Read a page of ids of l->kind from the store, then write them by l->item with l->ids. */
void web_listing_start(struct web_listing *l);
/* Read calls as l->of_calls says, newest first, into l->calls. */
void web_listing_start_calls(struct web_listing *l);
/* Read by a function of the resource's own. */
void web_listing_post(struct web_listing *l, int (*run)(struct db *db, struct store_job *job));
/* A copy of the row with its texts. False: out of memory. Any thread that has the arena. */
MUST_USE bool web_call_keep(struct arena *a, const struct store_call *c, struct store_call *ret);
/* Nothing to read: write at once. */
void web_listing_write(struct web_listing *l);
/* One item or none: takes it. found with item NULL: out of memory. */
void web_listing_answer_one(struct web_request *r, bool found, json_t *item);
