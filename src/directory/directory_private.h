/* directory/directory_private.h - the maps, and the few steps that all kinds of objects share */
#pragma once
#include "directory/directory.h"

struct directory {
	struct thread_owner thread;
	struct map tenants_by_id, tenants_by_name, tenants_by_domain;
	struct map users_by_id, users_by_extension, users_by_login;
	struct map devices_by_id, devices_by_username;
	struct map bindings_by_id;
	struct map trunks_by_id, sources;
	struct map numbers_by_id, numbers_by_number;
	struct map issuers_by_id;
	struct directory_trunk *first_shared_trunk;
	uint32_t sources_of_length[129]; /* how many blocks have so many bits: only these are looked for */
	uint32_t devices_reachable;
	uint32_t pages_away; /* browsers of which no page is open now */
	uint64_t changes_ignored, changes_missed;
	directory_binding_added_fn added;
	directory_binding_removed_fn removed;
	void *arg;
	directory_presence_fn presence;
	void *presence_arg;
};

/*
 * An object and its texts are one allocation, made once. Texts that change later move to a block of their own
 * (`text`), so that the object keeps its address and everything that points at it stays right.
 */
struct directory_text {
	struct slice *to;
	struct slice from;
};
#define TEXTS(...) ((struct directory_text[]){__VA_ARGS__}), ARRAY_LEN(((struct directory_text[]){__VA_ARGS__}))
size_t directory_texts_bytes(const struct directory_text *texts, size_t count);
/* Copies the texts to `at`, which has room for them, and points the slices there. */
void directory_texts_place(const struct directory_text *texts, size_t count, char *at);
/* To a new block if one of them differs; *block is what held them before (NULL: behind the struct). 0 or -ENOMEM. */
MUST_USE int directory_texts_replace(const struct directory_text *texts, size_t count, char **block);

/* A node for each map with its hash, all or none. 0 or -ENOMEM. */
struct directory_entry {
	struct map *map;
	struct map_node *node;
	uint64_t hash;
};
#define ENTRIES(...) ((struct directory_entry[]){__VA_ARGS__}), ARRAY_LEN(((struct directory_entry[]){__VA_ARGS__}))
MUST_USE int directory_insert(const struct directory_entry *entries, size_t count);
/* Where a key changed: to its new place. Cannot fail, since the map has had an entry before. */
void directory_move(struct map *map, struct map_node *node, uint64_t hash);
/* ASCII letters in lower case, any length. */
uint64_t directory_hash_nocase(const struct map *map, struct slice s);

/* The row as it is now. 0, -ENOMEM, -ENOENT: its parent is not there. */
MUST_USE int directory_tenant_set(struct directory *d, const struct store_tenant *row);
MUST_USE int directory_user_set(struct directory *d, const struct store_user *row);
MUST_USE int directory_device_set(struct directory *d, const struct store_device *row);
MUST_USE int directory_binding_set(struct directory *d, const struct store_binding *row);
MUST_USE int directory_trunk_set(struct directory *d, const struct store_trunk *row);
MUST_USE int directory_number_set(struct directory *d, const struct store_number *row);
MUST_USE int directory_issuer_set(struct directory *d, const struct store_issuer *row);
/* With all that belongs to it. */
void directory_tenant_drop(struct directory *d, struct directory_tenant *t);
void directory_user_drop(struct directory *d, struct directory_user *u);
void directory_device_drop(struct directory *d, struct directory_device *dev);
/* Alone, so that its user is told of. */
void directory_device_remove(struct directory *d, struct directory_device *dev);
void directory_trunk_drop(struct directory *d, struct directory_trunk *t);
void directory_number_drop(struct directory *d, struct directory_number *n);
void directory_issuer_drop(struct directory *d, struct directory_issuer *i);

/* sources.c: a trunk's blocks in the map, all or none. 0 or -ENOMEM. */
MUST_USE int directory_sources_add(struct directory *d, struct directory_trunk *t, struct slice text);
void directory_sources_remove(struct directory *d, struct directory_trunk *t);
