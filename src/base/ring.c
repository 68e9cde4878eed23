/* base/ring.c - one producer, one consumer: each owns an index and keeps a copy of the other's */
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/ring.h"

#define CACHE_LINE 64

/*
 * Indexes run on for ever and are masked on use, so full and empty differ. Each side's part has its own cache line:
 * otherwise every push would take the line from the other core.
 */
struct ring {
	size_t mask, message_bytes;

	alignas(CACHE_LINE) _Atomic size_t tail; /* written by the producer */
	size_t head_seen;                        /* the consumer's index when the producer last looked */
	size_t reserved;

	alignas(CACHE_LINE) _Atomic size_t head; /* written by the consumer */
	size_t tail_seen;

	alignas(CACHE_LINE) char bytes[];
};

struct ring *ring_new(size_t message_bytes, size_t capacity)
{
	size_t places = 1;

	ASSERT(message_bytes > 0 && capacity > 0);
	while (places < capacity) {
		if (places > SIZE_MAX / 2)
			return NULL;
		places *= 2;
	}
	if (places > (SIZE_MAX - sizeof(struct ring) - CACHE_LINE) / message_bytes)
		return NULL;
	/* aligned_alloc() takes multiples of the alignment. */
	size_t size = (sizeof(struct ring) + places * message_bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	struct ring *r = aligned_alloc(CACHE_LINE, size);
	if (!r)
		return NULL;
	/* Not the places: a ring that is little used takes little memory. */
	memset(r, 0, sizeof(*r));
	r->mask = places - 1;
	r->message_bytes = message_bytes;
	return r;
}

struct ring *ring_free(struct ring *r)
{
	free(r);
	return NULL;
}

/* Is there a place that is neither filled nor reserved? */
static bool has_place(struct ring *r)
{
	size_t taken = atomic_load_explicit(&r->tail, memory_order_relaxed) + r->reserved;
	if (taken - r->head_seen <= r->mask)
		return true;
	r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	return taken - r->head_seen <= r->mask;
}

static void put(struct ring *r, const void *message)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	memcpy(r->bytes + (tail & r->mask) * r->message_bytes, message, r->message_bytes);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

int ring_push(struct ring *r, const void *message)
{
	if (!has_place(r))
		return -EAGAIN;
	put(r, message);
	return 0;
}

int ring_reserve(struct ring *r)
{
	if (!has_place(r))
		return -EAGAIN;
	r->reserved++;
	return 0;
}

void ring_unreserve(struct ring *r)
{
	ASSERT(r->reserved > 0);
	r->reserved--;
}

void ring_push_reserved(struct ring *r, const void *message)
{
	ASSERT(r->reserved > 0);
	/*
	 * The place was free when it was reserved, as the producer then saw it through an acquire of `head`; the
	 * consumer only ever frees more.
	 */
	r->reserved--;
	put(r, message);
}

bool ring_pop(struct ring *r, void *ret_message)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	if (head == r->tail_seen) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		if (head == r->tail_seen)
			return false;
	}
	memcpy(ret_message, r->bytes + (head & r->mask) * r->message_bytes, r->message_bytes);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}
