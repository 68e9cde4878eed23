/* rtp/replay.h - which of the last packet indexes have been seen.   RFC 3711 §3.3.2 */
#pragma once
#include "base/common.h"

#define REPLAY_WINDOW 128 /* packets; 2.5 s of voice, beyond what any network reorders (RFC 3711 wants 64) */

struct replay {
	uint64_t next;    /* one above the highest index seen; 0: none yet */
	uint64_t seen[2]; /* bit i of the 128: index next - 1 - i was seen */
};

/* May this index be used? False: it was, or it is too old to know. */
static inline bool replay_fresh(const struct replay *r, uint64_t index)
{
	if (index >= r->next)
		return true;
	uint64_t age = r->next - 1 - index;
	return age < REPLAY_WINDOW && !(r->seen[age / 64] >> age % 64 & 1);
}

/* Mark an index that replay_fresh() allows. */
static inline void replay_mark(struct replay *r, uint64_t index)
{
	if (index < r->next) {
		uint64_t age = r->next - 1 - index;
		r->seen[age / 64] |= UINT64_C(1) << age % 64;
		return;
	}
	uint64_t shift = index - r->next + 1;
	if (shift >= REPLAY_WINDOW)
		r->seen[0] = r->seen[1] = 0;
	for (; shift >= 64 && shift < REPLAY_WINDOW; shift -= 64) {
		r->seen[1] = r->seen[0];
		r->seen[0] = 0;
	}
	if (shift > 0 && shift < 64) {
		r->seen[1] = r->seen[1] << shift | r->seen[0] >> (64 - shift);
		r->seen[0] <<= shift;
	}
	r->seen[0] |= 1;
	r->next = index + 1;
}

/* Go on elsewhere: everything below `next` counts as seen. */
static inline void replay_resume(struct replay *r, uint64_t next)
{
	*r = (struct replay){.next = next, .seen = {UINT64_MAX, UINT64_MAX}};
}
