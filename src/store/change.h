/* store/change.h - the changes of one transaction on their way to the switchboard, and the upkeep of their table */
#pragma once
#include "base/arena.h"
#include "store/db_private.h"

/* Made on the writer's thread, handed over whole, freed by the switchboard. */
struct change_set {
	struct arena arena;    /* the rows */
	struct db_note *notes; /* the ids */
	size_t count;
	struct store_change changes[];
};

/*
 * What was noted since db_begin(), each with its row as this transaction leaves it. Called before the commit, so that
 * want of memory can still undo it all: a read model must not miss a change. *ret is NULL if nothing was noted.
 */
MUST_USE int change_set_load(struct db *db, struct change_set **ret);
struct change_set *change_set_free(struct change_set *set);

/*
 * For a writer whose last transaction ended in trouble: perhaps it was committed and only the answer got lost, and
 * after a lost connection another alto may have written. Notes again what is newer than db->last_seq, so that it is
 * delivered with this transaction's own changes. Inside a transaction, before anything else.
 */
MUST_USE int change_catch_up(struct db *db);
/* At the start: all that is there counts as delivered, since it is read by the load. */
MUST_USE int change_begin(struct db *db);
/* Drop what is older than the newest STORE_CHANGES_KEPT rows. */
MUST_USE int change_trim(struct db *db);
/* Is a call open (store/calls.c)? */
MUST_USE int store_calls_any_open(struct db *db, bool *ret);
