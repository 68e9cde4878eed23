/*
 * web/kind.h - what tenants, users, devices, trunks and numbers have in common: shown, made, changed and removed
 *
 * A kind says how it is found and shown; the rest is the same for all. Every write goes through one job on the store's
 * thread, which reads the row inside its transaction: so If-Match is judged, and what a PATCH leaves out is kept, as of
 * the moment of the write.
 */
#pragma once
#include "store/rows.h"
#include "web/act.h"
#include "web/fields.h"
#include "web/listing.h"
#include "web/request.h"

struct web_kind {
	enum store_kind kind;
	const char *noun; /* "user" */
	enum web_problem_code unknown;
	size_t id, updated; /* offsets of id and updated_us in what find() gives */
	/* By what a path may call it; an object of the directory, or NULL. */
	const void *(*find)(const struct web_request *r, struct slice id);
	json_t *(*show)(const struct web_request *r, const void *object); /* NULL: out of memory */
};

struct web_change;

/* The one that the path names. NULL: answered. */
const void *web_kind_named(struct web_request *r, const struct web_kind *of);
/* GET of one, with its ETag; 304 if the client has it. */
void web_kind_get(struct web_request *r, const struct web_kind *of);
/* A page of the kind, l->tenant and l->user set before. */
void web_kind_list(struct web_listing *l, const struct web_kind *of);
/* DELETE of the one that the path names: 204 after commit. */
void web_kind_remove(struct web_request *r, const struct web_kind *of);
/* leave, on the store's thread in the same transaction, takes away what goes with it: db_error. */
void web_kind_remove_with(struct web_request *r, const struct web_kind *of,
			  int (*leave)(struct db *db, struct web_change *c));

/* A write on its way through the store; in the request's arena, inside the resource's own struct. */
struct web_change {
	struct store_job job;
	struct web_request *request;
	const struct web_kind *of;
	struct slice id;
	bool may_create; /* POST, PUT */
	/*
	 * Store thread: *next is the row as it is (exists), or zeroed; make it what was asked for. False: it belongs
	 * elsewhere and cannot become that.
	 */
	bool (*merge)(struct web_change *c, bool exists, union store_any_row *next);
	/* What of what was given is taken by something else than c->id. */
	bool (*taken)(struct web_change *c, struct web_problem *ret);
	/* To be added to the answer; may be NULL. False: out of memory. */
	bool (*add)(struct web_change *c, const void *object, json_t *answer);

	/* Private from here. */
	int (*leave)(struct db *db, struct web_change *c);
	struct web_act act;
	int64_t now_us;
	bool exists, created, stale, foreign;
	int rc;
};
/*
 * The id that a change is about, in the request's arena: a new one (POST), or that which the path names: of what is
 * there, or for PUT also a UUID of the client's own. False: answered.
 */
MUST_USE bool web_change_begin(struct web_change *c, struct web_request *r, const struct web_kind *of);
/* Posts it, or answers why not. */
void web_change_post(struct web_change *c);

/* *to is what was given, if something was. */
static inline void web_give(struct slice *to, struct slice given)
{
	if (!slice_empty(given))
		*to = given;
}
static inline enum web_use web_use_of(const struct web_request *r)
{
	return r->method == WEB_PATCH ? WEB_PART : WEB_WHOLE;
}

/* ---- memory of the request ---- */
/* A copy. False: answered. */
MUST_USE bool web_keep(struct web_request *r, struct slice s, struct slice *ret);
/* Zeroed. NULL: answered. */
MUST_USE void *web_alloc(struct web_request *r, size_t n);
