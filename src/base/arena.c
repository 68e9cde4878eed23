/* base/arena.c - a list of chunks, filled from the front one; what is large gets a chunk of its own */
#include <sanitizer/asan_interface.h> /* with AddressSanitizer, what was not given out may not be touched */
#include <stdalign.h>

#include "base/arena.h"

#define ALIGN alignof(max_align_t)

struct arena_chunk {
	struct arena_chunk *next;
	size_t left; /* free bytes at the end */
	size_t size;
	alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t chunk_bytes, size_t limit_bytes)
{
	*a = (struct arena){.chunk_bytes = MAX(chunk_bytes, (size_t)ALIGN), .left_bytes = limit_bytes};
}

void arena_wipe(struct arena *a)
{
	for (struct arena_chunk *chunk = a->chunks; chunk; chunk = chunk->next) {
		ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
		explicit_bzero(chunk->bytes, chunk->size - chunk->left);
	}
}

void arena_done(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *chunk = a->chunks;
		a->chunks = chunk->next;
		free(chunk);
	}
}

static struct arena_chunk *chunk_new(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct arena_chunk))
		return NULL;
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	*chunk = (struct arena_chunk){.left = size, .size = size};
	ASAN_POISON_MEMORY_REGION(chunk->bytes, size);
	return chunk;
}

/* A chunk with n bytes left, in the arena's list. */
static struct arena_chunk *chunk_for(struct arena *a, size_t n)
{
	if (a->chunks && a->chunks->left >= n)
		return a->chunks;

	bool own = n > a->chunk_bytes / 4;
	struct arena_chunk *chunk = chunk_new(own ? n : a->chunk_bytes);
	if (!chunk)
		return NULL;
	/* A chunk made for one allocation is full at once: the chunk in use stays in front. */
	struct arena_chunk **at = own && a->chunks ? &a->chunks->next : &a->chunks;
	chunk->next = *at;
	*at = chunk;
	return chunk;
}

void *arena_alloc(struct arena *a, size_t wanted)
{
	if (wanted > a->left_bytes || wanted > SIZE_MAX - ALIGN)
		return NULL;
	size_t n = MAX((wanted + ALIGN - 1) / ALIGN * ALIGN, (size_t)ALIGN);
	if (n > a->left_bytes)
		return NULL;

	struct arena_chunk *chunk = chunk_for(a, n);
	if (!chunk)
		return NULL;
	char *at = chunk->bytes + (chunk->size - chunk->left);
	chunk->left -= n;
	a->left_bytes -= n;
	ASAN_UNPOISON_MEMORY_REGION(at, wanted);
	return memset(at, 0, wanted);
}

bool arena_dup(struct arena *a, struct slice s, struct slice *ret)
{
	if (s.n == 0) {
		/* Absent stays absent, empty stays empty; neither points at what was borrowed. */
		*ret = s.p ? SLICE("") : SLICE_NONE;
		return true;
	}
	char *copy = arena_alloc(a, s.n);
	if (!copy)
		return false;
	*ret = slice_of(memcpy(copy, s.p, s.n), s.n);
	return true;
}
