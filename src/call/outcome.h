/*
 * call/outcome.h - what refusals mean for who asked, as a table: of several, the one whose row stands first says most
 *
 * Who may refuse differs, and so do the tables: phones that ring (ring.c), operators (outside.c), phones that are
 * written to (instant.c).   RFC 3261 §16.7 step 6
 */
#pragma once
#include "base/common.h"

struct outcome {
	uint16_t from, to; /* statuses */
	uint16_t status;   /* what who asked hears; 0: as it came */
	const char *words; /* for a call its cause, for a message the reason that goes with the status */
	bool next;         /* nobody has judged: another may do better */
};

/* The first row that fits. The last one of a table fits every status. */
static inline const struct outcome *outcome_of(const struct outcome *table, unsigned status)
{
	while (status < table->from || status > table->to)
		table++;
	return table;
}

/* What who asked hears of this status. */
static inline unsigned outcome_status(const struct outcome *table, unsigned status)
{
	const struct outcome *o = outcome_of(table, status);
	return o->status ? o->status : status;
}

/* *best is the one that says most so far; 0: there was none. */
static inline void outcome_note(const struct outcome *table, unsigned status, uint16_t *best)
{
	if (!*best || outcome_of(table, status) < outcome_of(table, *best))
		*best = (uint16_t)status;
}
