/*
 * call/instant_tell.h - what came of instant messages, on its way to webhooks (record 040)
 *
 * Only companies with a webhook that is to hear of messages are told. One batch is with the store at a time, as one
 * job; what ends meanwhile goes with the next one. A batch that the store refuses is tried again until it is taken, so
 * nothing is lost while the database cannot be written; when too many wait, no new message begins, as with calls and
 * their history. Owner: the switchboard.
 */
#pragma once
#include "base/wheel.h"
#include "call/limits.h"
#include "store/store.h"

struct directory_tenant;
struct switchboard;
struct instant;
struct instant_telling;

struct instant_tellings {
	struct store_job job;
	struct instant_telling *first, **last; /* in order of their ends; those with the store are the first */
	size_t count;
	size_t posted; /* how many are with the store; 0: nothing is */
	struct instant_telling *batch[INSTANTS_TOLD_AT_ONCE];
	size_t refused; /* of the last batch, for good */
	struct timer retry;
};

void instant_tellings_init(struct switchboard *sb);
/* The store has been closed: nothing of ours is with it any more. */
void instant_tellings_done(struct switchboard *sb);
/* m is over, and its sender was told this status. */
void instant_tell(const struct instant *m, unsigned status);
/* May a message of this company begin, as far as it is to be told of? */
bool instant_tellings_have_room(const struct switchboard *sb, const struct directory_tenant *tenant);
