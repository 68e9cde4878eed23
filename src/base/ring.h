/*
 * base/ring.h - messages from one thread to one other, by value, bounded, without locks
 *
 * One producer thread, one consumer thread. Creating may be refused when the ring is full; so that the end of a
 * thing is never lost, the producer reserves its place when the thing is created: ring_reserve() then, and
 * ring_push_reserved() at the end, which cannot fail.
 */
#pragma once
#include "base/common.h"

struct ring;

/* capacity is rounded up to a power of two. NULL: out of memory. */
MUST_USE struct ring *ring_new(size_t message_bytes, size_t capacity);
struct ring *ring_free(struct ring *r); /* NULL is fine; returns NULL. Both sides have stopped. */

/* Producer. -EAGAIN: full (counting what is reserved). */
MUST_USE int ring_push(struct ring *r, const void *message);
MUST_USE int ring_reserve(struct ring *r); /* keep one place */
void ring_unreserve(struct ring *r);       /* give it back unused */
void ring_push_reserved(struct ring *r, const void *message);

/* Consumer: copies the oldest message out; false: empty. */
MUST_USE bool ring_pop(struct ring *r, void *ret_message);
