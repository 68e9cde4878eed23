/*
 * web/challenge.h - what a browser must have signed, or brought back: for one attempt, for a few minutes, once
 *
 * A challenge says itself when it was drawn and for whom, under a MAC with a key that the process drew. So nothing is
 * held of those that are only asked for, however many a stranger asks for; held are those that were used, until their
 * time would have been over. Plain data, the switchboard's.
 */
#pragma once
#include "base/random.h"
#include "base/slice.h"
#include "web/limits.h"

#define WEB_CHALLENGE_BYTES 40 /* 16 drawn, 8 of time, 16 of the MAC */

struct web_challenges {
	uint8_t key[32];
	struct web_used {
		uint8_t drawn[16];
		int64_t until_us; /* wall clock; before now: a free place */
	} used[WEB_CHALLENGES_USED];
};

void web_challenges_init(struct web_challenges *c, struct random *random);
/* owner: who alone may use it: a session, or an attempt to log in. */
void web_challenge_draw(struct web_challenges *c, struct random *random, struct slice owner, int64_t wall_us,
			uint8_t ret[WEB_CHALLENGE_BYTES]);
/* Was it drawn here for this owner, not too long ago? Whether it was used is said by web_challenge_use() alone. */
MUST_USE bool web_challenge_fits(const struct web_challenges *c, struct slice owner, int64_t wall_us,
				 const uint8_t challenge[WEB_CHALLENGE_BYTES]);
/*
 * Uses one that fits; to be asked only when all else is right, so that places go to those who proved themselves. Where
 * all places are taken it is not remembered, and the caller has to see by other means that it is not used twice: else
 * one person could keep all others out.
 */
enum web_challenge_use { WEB_CHALLENGE_FRESH, WEB_CHALLENGE_USED, WEB_CHALLENGE_FORGOTTEN };
MUST_USE enum web_challenge_use web_challenge_use(struct web_challenges *c, int64_t wall_us,
						  const uint8_t challenge[WEB_CHALLENGE_BYTES]);
/* What that would say now; nothing is used up. */
MUST_USE enum web_challenge_use web_challenge_look(const struct web_challenges *c, int64_t wall_us,
						   const uint8_t challenge[WEB_CHALLENGE_BYTES]);
/* When it was drawn, by the wall clock. */
int64_t web_challenge_date(const uint8_t challenge[WEB_CHALLENGE_BYTES]);
/* 256 bits that only this process can make of these; what: "alto nonce", one for each purpose. */
void web_challenge_derive(const struct web_challenges *c, const char *what, struct slice first, struct slice second,
			  uint8_t ret[32]);
