/*
 * unit/web/played.h - the server's end of one connection, with the HTTP library played, a store in memory, and a clock
 *
 * Ann, who administrates acme, has a session of WEB_SESSION_US. What the library would do comes of what a test sets
 * here; what it was told is counted.
 */
#pragma once
#include "unit/web/node.h"

#include "web/access.h"
#include "web/peer.h"

#define ACME "01920000-0000-7000-8000-0000000000a0"
#define ANN "01920000-0000-7000-8000-0000000000a1"
#define SESSION "01920000-0000-7000-8000-0000000000c1"
#define WALL_US (INT64_C(1800000000) * SECOND_US)
#define PLAYED_FIELDS_MAX 8

struct played {
	struct node node;
	struct web web;
	struct web_listener door;
	char secret[WEB_SECRET_CHARS + 1]; /* of Ann's session */
	bool store_wanted;
	/* The head of the request. */
	const char *path;
	struct {
		const char *name, *value;
	} fields[PLAYED_FIELDS_MAX];
	/* The library and the socket under it. */
	bool full;               /* it keeps the last that was written: the socket takes no more */
	unsigned written, asked; /* writes; how often its leave to write was asked for */
	const struct web_peer *dropped;
	int socket;
};
extern struct played played;

/* put NULL, or what else stands in the store. */
void played_start(int (*put)(struct db *db));
void played_stop(void);
void played_settle(void); /* until the store has nothing more to do */
void played_pass(int64_t us);
