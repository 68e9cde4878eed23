/*
 * base/map.h - a hash map keyed with a secret (SipHash-1-3), so that strangers cannot choose collisions.
 *
 * Intrusive: the node lives in the caller's object. Growth is incremental: no call moves more than a few buckets,
 * so a map of a million entries never stalls a turn of the loop.
 */
#pragma once
#include "base/slice.h"

struct map_node {
	struct map_node *next;
	uint64_t hash;
};

struct map {
	uint8_t key[16];
	size_t count;
	/* private: two tables while growing */
	struct map_node **table, **old_table;
	size_t size, old_size, moved;
};

typedef bool (*map_match_fn)(const struct map_node *node, const void *key);

/* key: 16 random bytes. Takes no memory until the first insert. */
void map_init(struct map *m, const uint8_t key[16]);
void map_done(struct map *m); /* frees the tables; the nodes are the caller's */
uint64_t map_hash(const struct map *m, struct slice key);
/* For keys of several parts: hash the second with the first's hash as seed. */
uint64_t map_hash_with(const struct map *m, uint64_t seed, struct slice key);
struct map_node *map_find(const struct map *m, uint64_t hash, map_match_fn match, const void *key);
/* 0 or -ENOMEM. Does not look for an equal key: find first. A failed growth is not an error, the map only gets slower.
 */
MUST_USE int map_insert(struct map *m, struct map_node *node, uint64_t hash);
/* So many entries are about to come: an empty map takes their table now, and none of the inserts moves anything. */
void map_reserve(struct map *m, size_t count);
void map_remove(struct map *m, struct map_node *node); /* the node must be in the map */
/* Every node once, in no order; fn may remove the node it is given and no other. Returns early when fn returns false.
 */
void map_each(struct map *m, bool (*fn)(struct map_node *node, void *arg), void *arg);

/* Whose value may be seen, or stands for what it was made of. */
uint64_t siphash24(const uint8_t key[16], const void *bytes, size_t n);
/* For tables alone, where nobody sees it: half as dear. */
uint64_t siphash13(const uint8_t key[16], const void *bytes, size_t n);
