/*
 * web/throttle.h - how often somebody may try to log in, by address and by name; and how much they may do then
 *
 * Two buckets a try, that of the network it comes from and that of the name it gives; each fills up with time. They lie
 * in a fixed table, where the one that has least to remember makes room. A name can so be kept from logging in by
 * somebody who guesses at it, for as long as he goes on; his addresses are held back sooner. Plain data.
 */
#pragma once
#include "base/address.h"
#include "base/random.h"

#define WEB_THROTTLE_SETS 1024
#define WEB_THROTTLE_WAYS 4
struct web_throttle {
	uint8_t key[16];
	struct web_bucket {
		uint64_t who;
		int64_t full_us; /* monotonic: when nothing is held against it any more */
	} buckets[WEB_THROTTLE_SETS][WEB_THROTTLE_WAYS];
};

void web_throttle_init(struct web_throttle *t, struct random *random);
/* Counts a try. 0: go on; else microseconds until the next may be made. */
int64_t web_throttle_try(struct web_throttle *t, const struct address *from, struct slice name, int64_t now_us);
/* The same for sign-ins at an issuer that are only begun: by address alone, and no tries of it to log in are taken. */
int64_t web_throttle_begin(struct web_throttle *t, const struct address *from, int64_t now_us);
/* The same for what leaves rows of the audit trail: by who does it, and by their company. */
int64_t web_throttle_act(struct web_throttle *t, struct slice actor, struct slice tenant, int64_t now_us);
/* And for checks of the trail, by who asks for them. */
int64_t web_throttle_check(struct web_throttle *t, struct slice actor, int64_t now_us);
/* It was the right password: nothing is held against the name and the address for this try. */
void web_throttle_forgive(struct web_throttle *t, const struct address *from, struct slice name, int64_t now_us);
