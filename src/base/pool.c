/* base/pool.c - chunks of slots, each slot a header and an object; free slots are linked by number */
#include <stdalign.h>

#include "base/pool.h"

/* Under AddressSanitizer an object given back is as good as freed: who touches it ends the program. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(POISONING)
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) __asan_poison_memory_region((p), (n))
#define SHOW(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

#define CHUNK_OBJECTS 32
#define NO_SLOT UINT32_MAX

/* Stands before every object. */
struct header {
	alignas(max_align_t) uint32_t slot;
	uint32_t generation; /* of the object alive, or of the next one here; never 0 */
	uint32_t next_free;
	bool alive;
};

void pool_init(struct pool *p, size_t object_bytes, uint32_t max)
{
	ASSERT(object_bytes > 0 && object_bytes <= UINT32_MAX && max < NO_SLOT);
	*p = (struct pool){.object_bytes = object_bytes, .max = max, .free_head = NO_SLOT};
}

void pool_done(struct pool *p)
{
	for (uint32_t i = 0; i < p->chunk_count; i++)
		free(p->chunks[i]);
	free(p->chunks);
	pool_init(p, p->object_bytes, p->max);
}

static size_t stride_of(const struct pool *p)
{
	const size_t align = alignof(max_align_t);
	return sizeof(struct header) + (p->object_bytes + align - 1) / align * align;
}

static struct header *header_at(const struct pool *p, uint32_t slot)
{
	char *chunk = p->chunks[slot / CHUNK_OBJECTS];
	return (struct header *)(void *)(chunk + slot % CHUNK_OBJECTS * stride_of(p));
}

static struct header *header_of(const void *object)
{
	/* Through uintptr_t: the header is ours to change even where the object is const. */
	return (struct header *)((uintptr_t)object - sizeof(struct header));
}

static bool grow(struct pool *p)
{
	if ((p->chunk_count & (p->chunk_count - 1)) == 0) {
		/* The list doubles at each power of two. */
		size_t count = p->chunk_count ? (size_t)p->chunk_count * 2 : 1;
		void **chunks = realloc(p->chunks, count * sizeof(*chunks));
		if (!chunks)
			return false;
		p->chunks = chunks;
	}
	void *chunk = calloc(MIN(CHUNK_OBJECTS, p->max - p->slots), stride_of(p));
	if (!chunk)
		return false;
	p->chunks[p->chunk_count++] = chunk;
	return true;
}

/* A slot that was never used. */
static struct header *slot_new(struct pool *p)
{
	if (p->slots == p->max)
		return NULL;
	if (p->slots / CHUNK_OBJECTS == p->chunk_count && !grow(p))
		return NULL;
	struct header *h = header_at(p, p->slots);
	*h = (struct header){.slot = p->slots++, .generation = 1};
	return h;
}

void *pool_take(struct pool *p)
{
	struct header *h;

	if (p->free_head != NO_SLOT) {
		h = header_at(p, p->free_head);
		p->free_head = h->next_free;
	} else {
		h = slot_new(p);
	}
	if (!h)
		return NULL;
	h->alive = true;
	p->used++;
	SHOW(h + 1, p->object_bytes);
	return memset(h + 1, 0, p->object_bytes);
}

void pool_give(struct pool *p, void *object)
{
	if (!object)
		return;
	struct header *h = header_of(object);
	ASSERT(h->alive && h->slot < p->slots && h == header_at(p, h->slot));
	h->alive = false;
	if (++h->generation == 0)
		h->generation = 1;
	h->next_free = p->free_head;
	p->free_head = h->slot;
	p->used--;
	HIDE(object, p->object_bytes);
}

pool_handle pool_handle_of(const struct pool *p, const void *object)
{
	const struct header *h = header_of(object);
	ASSERT(h->alive && h->slot < p->slots);
	return (uint64_t)h->generation << 32 | h->slot;
}

void *pool_get(const struct pool *p, pool_handle handle)
{
	uint32_t slot = (uint32_t)handle;
	if (slot >= p->slots)
		return NULL;
	struct header *h = header_at(p, slot);
	return h->alive && h->generation == handle >> 32 ? h + 1 : NULL;
}

void *pool_next(const struct pool *p, uint32_t *cursor)
{
	while (*cursor < p->slots) {
		struct header *h = header_at(p, (*cursor)++);
		if (h->alive)
			return h + 1;
	}
	return NULL;
}
