/*
 * web/act.h - what the audit trail says of a request: begun on the switchboard, written in the transaction of the
 * change
 *
 * What goes through web/kind.h or web/write.h is told by these; a resource that writes in another way, or does
 * something that is not in the store, tells it by web/note.h. What is told is in docs/decisions/035.
 */
#pragma once
#include "store/audit.h"
#include "web/route.h"

#define WEB_ACT_CHANGED_MAX 256 /* every member of a kind, with values where they are told */

/* In the request's arena, inside the resource's own struct. */
struct web_act {
	struct store_audit row; /* with neither object nor owner nothing is written */
	char id[STORE_ID_CAP], address[64], changed[WEB_ACT_CHANGED_MAX];
};
/* Who asks, from where, now, and what for, as the route says. What the resource has set in the row stays. */
void web_act_begin(struct web_act *a, const struct web_request *r);
/* Any thread, before row.changed is used: what is done to which row of a kind. before, after NULL: there is none. */
void web_act_of_rows(struct web_act *a, enum store_kind kind, const void *before, const void *after);
/* Store thread, in the transaction of what was done. */
MUST_USE int web_act_write(struct db *db, const struct web_act *a);

/* "device"; NULL: what is done to this resource is not told. */
const char *web_act_thing(enum web_resource resource);
