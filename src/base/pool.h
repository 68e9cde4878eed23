/* base/pool.h - objects of one size by thousands, each with a slot and a generation, so that a stale name finds nothing
 */
#pragma once
#include "base/common.h"

/* 0 is never a handle. Upper 32 bits: generation (never 0), lower: slot. Safe to hand to another thread or to the wire.
 */
typedef uint64_t pool_handle;

struct pool {
	size_t object_bytes;
	uint32_t max;  /* most objects alive at once */
	uint32_t used; /* alive now */
	/* private */
	uint32_t slots, free_head;
	void **chunks;
	uint32_t chunk_count;
};

/* One owner thread. Objects never move. Memory grows by chunks and is kept until pool_done(). */
void pool_init(struct pool *p, size_t object_bytes, uint32_t max);
void pool_done(struct pool *p);
MUST_USE void *pool_take(struct pool *p);     /* zeroed; NULL: max reached or out of memory */
void pool_give(struct pool *p, void *object); /* NULL is fine; its handle is stale from here on */
pool_handle pool_handle_of(const struct pool *p, const void *object);
void *pool_get(const struct pool *p, pool_handle h); /* NULL: stale or never given. O(1), no allocation */
/* The next object alive with a slot >= *cursor, NULL at the end; moves *cursor past it. For dumps, not for hot paths.
 */
void *pool_next(const struct pool *p, uint32_t *cursor);
