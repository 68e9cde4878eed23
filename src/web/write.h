/* web/write.h - a change that is no kind of web/kind.h on its way through the store: posted, committed, then answered
 */
#pragma once
#include "store/rows.h"
#include "web/kind.h"

/* In the request's arena, inside the resource's own struct. */
struct web_write {
	struct store_job job;
	struct web_request *request;
	/*
	 * What is told of it, act.row: what the resource sets before, or on the store's thread. With neither object nor
	 * owner nothing is: run() sets one where something was done.
	 */
	struct web_act act;
	int (*run)(struct db *db, struct web_write *w);             /* store thread: db_error */
	void (*committed)(struct web_write *w);                     /* answers */
	bool (*explain)(struct web_write *w, struct web_problem *); /* after DB_CONFLICT: what stands in the way now */
};
/* Posts it, or answers why not. */
void web_write_post(struct web_write *w, struct web_request *r);

/* A session or token is taken back: 204 after commit. */
void web_pass_remove(struct web_request *r, struct slice id);

/* Store thread, before a person is removed: the tokens that they have made go too, each of them told. */
MUST_USE int web_tokens_leave(struct db *db, struct web_change *c);

/* A new id in the request's arena. False: answered. */
MUST_USE bool web_new_id(struct web_request *r, struct slice *ret);
