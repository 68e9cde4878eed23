/* base/map.c - chained buckets, grown a few buckets at a time; SipHash (Aumasson and Bernstein, 2012) */
#include <endian.h>
#include <errno.h>

#include "base/map.h"

#define FIRST_SIZE 16
/*
 * Buckets moved by an insert while the map grows. A growth to twice the size starts when there is an entry a bucket,
 * so one bucket an insert would just do; two end it half way to the next growth.
 */
#define MOVES_AN_INSERT 2

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof(x));
	return le64toh(x);
}

static inline void sip_word(struct sip_state *s, uint64_t word, int rounds)
{
	s->v3 ^= word;
	for (int i = 0; i < rounds; i++)
		sip_round(s);
	s->v0 ^= word;
}

static struct sip_state sip_start(const uint8_t key[16])
{
	uint64_t k0 = load64(key), k1 = load64(key + 8);
	return (struct sip_state){k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
				  k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
}

/* before: how many bytes went in as words already; the last word carries the length of all. rounds: a word; two more at
 * the end. */
static inline __attribute__((always_inline)) uint64_t sip_finish(struct sip_state *s, const uint8_t *p, size_t n,
								 size_t before, int rounds)
{
	uint64_t last = (uint64_t)(before + n) << 56;

	for (; n >= 8; n -= 8, p += 8)
		sip_word(s, load64(p), rounds);
	for (size_t i = 0; i < n; i++)
		last |= (uint64_t)p[i] << (8 * i);
	sip_word(s, last, rounds);
	s->v2 ^= 0xff;
	for (int i = 0; i < rounds + 2; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t siphash24(const uint8_t key[16], const void *bytes, size_t n)
{
	struct sip_state s = sip_start(key);
	return sip_finish(&s, bytes, n, 0, 2);
}

uint64_t siphash13(const uint8_t key[16], const void *bytes, size_t n)
{
	struct sip_state s = sip_start(key);
	return sip_finish(&s, bytes, n, 0, 1);
}

uint64_t map_hash(const struct map *m, struct slice key)
{
	return siphash13(m->key, key.p, key.n);
}

uint64_t map_hash_with(const struct map *m, uint64_t seed, struct slice key)
{
	struct sip_state s = sip_start(m->key);
	sip_word(&s, seed, 1);
	return sip_finish(&s, (const uint8_t *)key.p, key.n, sizeof(seed), 1);
}

void map_init(struct map *m, const uint8_t key[16])
{
	*m = (struct map){0};
	memcpy(m->key, key, sizeof(m->key));
}

void map_done(struct map *m)
{
	free(m->table);
	free(m->old_table);
	m->table = m->old_table = NULL;
	m->count = m->size = m->old_size = m->moved = 0;
}

/*
 * The one bucket where an entry of this hash can be. While the map grows, an old bucket is used (new entries too)
 * until its turn to be moved comes; so a look-up never has to try both tables.
 */
static struct map_node **bucket_of(const struct map *m, uint64_t hash)
{
	if (m->old_table) {
		size_t at = hash & (m->old_size - 1);
		if (at >= m->moved)
			return &m->old_table[at];
	}
	return &m->table[hash & (m->size - 1)];
}

struct map_node *map_find(const struct map *m, uint64_t hash, map_match_fn match, const void *key)
{
	if (!m->table)
		return NULL;
	for (struct map_node *node = *bucket_of(m, hash); node; node = node->next) {
		if (node->hash == hash && match(node, key))
			return node;
	}
	return NULL;
}

static void push(struct map_node **bucket, struct map_node *node)
{
	node->next = *bucket;
	*bucket = node;
}

static void move_some(struct map *m)
{
	for (int i = 0; i < MOVES_AN_INSERT && m->old_table; i++) {
		struct map_node *node = m->old_table[m->moved++];
		while (node) {
			struct map_node *next = node->next;
			push(&m->table[node->hash & (m->size - 1)], node);
			node = next;
		}
		if (m->moved == m->old_size) {
			free(m->old_table);
			m->old_table = NULL;
			m->old_size = m->moved = 0;
		}
	}
}

static void start_growth(struct map *m)
{
	struct map_node **table = calloc(m->size * 2, sizeof(struct map_node *));
	if (!table)
		return;
	m->old_table = m->table;
	m->old_size = m->size;
	m->moved = 0;
	m->table = table;
	m->size *= 2;
}

int map_insert(struct map *m, struct map_node *node, uint64_t hash)
{
	if (!m->table) {
		m->table = calloc(FIRST_SIZE, sizeof(struct map_node *));
		if (!m->table)
			return -ENOMEM;
		m->size = FIRST_SIZE;
	}
	if (m->count >= m->size && !m->old_table)
		start_growth(m);
	move_some(m);
	node->hash = hash;
	push(bucket_of(m, hash), node);
	m->count++;
	return 0;
}

void map_reserve(struct map *m, size_t count)
{
	if (m->table)
		return;
	size_t size = FIRST_SIZE;
	while (size < count && size <= SIZE_MAX / 2 / sizeof(struct map_node *))
		size *= 2;
	m->table = calloc(size, sizeof(struct map_node *));
	if (m->table) /* else it grows as it fills */
		m->size = size;
}

void map_remove(struct map *m, struct map_node *node)
{
	ASSERT(m->count > 0);
	struct map_node **at = bucket_of(m, node->hash);
	while (*at != node) {
		ASSERT(*at);
		at = &(*at)->next;
	}
	*at = node->next;
	node->next = NULL;
	m->count--;
}

static bool each_in(struct map_node **table, size_t from, size_t size, bool (*fn)(struct map_node *, void *), void *arg)
{
	for (size_t i = from; i < size; i++) {
		struct map_node *next;
		for (struct map_node *node = table[i]; node; node = next) {
			next = node->next;
			if (!fn(node, arg))
				return false;
		}
	}
	return true;
}

void map_each(struct map *m, bool (*fn)(struct map_node *node, void *arg), void *arg)
{
	/* Removing moves nothing between the tables, so no node is seen twice. */
	if (m->old_table && !each_in(m->old_table, m->moved, m->old_size, fn, arg))
		return;
	if (m->table)
		each_in(m->table, 0, m->size, fn, arg);
}
