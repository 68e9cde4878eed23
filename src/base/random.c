/* base/random.c - 256 bytes at a time from the kernel, or a repeatable sequence for tests */
#include <errno.h>
#include <sys/random.h>

#include "base/random.h"

void random_init(struct random *r)
{
	*r = (struct random){0};
}

void random_init_seeded(struct random *r, uint64_t seed)
{
	ASSERT(seed != 0);
	*r = (struct random){.seed = seed};
}

/* A counter put through a mixer whose every output bit hangs on every input bit (splitmix64's constants). */
static uint64_t seeded_word(struct random *r)
{
	uint64_t x = r->seed + ++r->counter * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void refill(struct random *r)
{
	if (r->seed) {
		for (size_t i = 0; i < sizeof(r->bytes); i += 8) {
			uint64_t word = seeded_word(r);
			/* Byte by byte, so that a seed means the same on every machine. */
			for (size_t k = 0; k < 8; k++)
				r->bytes[i + k] = (uint8_t)(word >> (8 * k));
		}
	} else {
		ssize_t got;
		do
			got = getrandom(r->bytes, sizeof(r->bytes), 0);
		while (got < 0 && errno == EINTR);
		/* The kernel gives up to 256 bytes whole or not at all. */
		ASSERT(got == (ssize_t)sizeof(r->bytes));
	}
	r->left = sizeof(r->bytes);
}

void random_bytes(struct random *r, void *ret, size_t n)
{
	uint8_t *to = ret;

	while (n > 0) {
		if (r->left == 0)
			refill(r);
		size_t part = MIN(n, r->left);
		uint8_t *from = r->bytes + sizeof(r->bytes) - r->left;
		memcpy(to, from, part);
		/* Keys are made of these: who reads our memory later finds no copy here. */
		explicit_bzero(from, part);
		r->left -= part;
		to += part;
		n -= part;
	}
}

uint64_t random_u64(struct random *r)
{
	uint8_t bytes[8];
	uint64_t value = 0;

	random_bytes(r, bytes, sizeof(bytes));
	for (size_t k = 0; k < sizeof(bytes); k++)
		value |= (uint64_t)bytes[k] << (8 * k);
	return value;
}

uint32_t random_below(struct random *r, uint32_t bound)
{
	ASSERT(bound > 0);
	/* 2^32 mod bound: values below it are drawn again, so that each remainder is left with equally many. */
	uint32_t uneven = (0 - bound) % bound;
	uint32_t value;
	do
		value = (uint32_t)random_u64(r);
	while (value < uneven);
	return value % bound;
}
