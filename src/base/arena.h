/* base/arena.h - memory for things that die together (a message, a transaction, a call): freed as one */
#pragma once
#include "base/slice.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
	size_t chunk_bytes; /* size of an ordinary chunk */
	size_t left_bytes;  /* what may still be taken in all: the bound on what a stranger can make us hold */
};

/* Takes no memory until the first allocation. limit_bytes: sum of all allocations, each rounded up to 16 bytes. */
void arena_init(struct arena *a, size_t chunk_bytes, size_t limit_bytes);
void arena_wipe(struct arena *a); /* overwrites all that it holds: before arena_done(), where secrets were kept */
void arena_done(struct arena *a); /* frees all; the arena is usable again as after init with the old limits used up */
MUST_USE void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any type; NULL: out of memory or limit */
MUST_USE bool arena_dup(struct arena *a, struct slice s,
			struct slice *ret); /* a copy that lives as long as the arena */
