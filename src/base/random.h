/* base/random.h - random bytes, handed in: the kernel's in the program, a seed's in tests that must repeat */
#pragma once
#include "base/common.h"

struct random {
	uint8_t bytes[256];
	size_t left;   /* unread bytes at the end of `bytes`; what was read is wiped */
	uint64_t seed; /* 0: the kernel's generator; else a deterministic sequence, for tests only */
	uint64_t counter;
};

void random_init(struct random *r);                       /* the kernel's: getrandom(2), aborts if there is none */
void random_init_seeded(struct random *r, uint64_t seed); /* tests only; seed is not 0 */
void random_bytes(struct random *r, void *ret, size_t n);
uint64_t random_u64(struct random *r);
uint32_t random_below(struct random *r, uint32_t bound); /* uniform in [0, bound), bound > 0 */
