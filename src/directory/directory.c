/* directory/directory.c - making, loading and following: what is the same for all kinds */
#include <errno.h>

#include "base/log.h"
#include "directory/directory_private.h"

#define MAPS(d)                                                                                                        \
	{                                                                                                              \
		&(d)->tenants_by_id, &(d)->tenants_by_name, &(d)->tenants_by_domain, &(d)->users_by_id,                \
			&(d)->users_by_extension, &(d)->users_by_login, &(d)->devices_by_id,                           \
			&(d)->devices_by_username, &(d)->bindings_by_id, &(d)->trunks_by_id, &(d)->sources,            \
			&(d)->numbers_by_id, &(d)->numbers_by_number, &(d)->issuers_by_id                              \
	}

int directory_new(struct random *random, struct directory **ret)
{
	struct directory *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;

	uint8_t key[16];
	random_bytes(random, key, sizeof(key));
	struct map *const maps[] = MAPS(d);
	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		map_init(maps[i], key);
	thread_owner_take(&d->thread);
	*ret = d;
	return 0;
}

static bool drop_tenant(struct map_node *node, void *arg)
{
	directory_tenant_drop(arg, container_of(node, struct directory_tenant, by_id));
	return true;
}

struct directory *directory_free(struct directory *d)
{
	if (!d)
		return NULL;
	map_each(&d->tenants_by_id, drop_tenant, d);
	while (d->first_shared_trunk)
		directory_trunk_drop(d, d->first_shared_trunk);
	struct map *const maps[] = MAPS(d);
	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		ASSERT(maps[i]->count == 0);
		map_done(maps[i]);
	}
	free(d);
	return NULL;
}

size_t directory_texts_bytes(const struct directory_text *texts, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += texts[i].from.n;
	return bytes;
}

void directory_texts_place(const struct directory_text *texts, size_t count, char *at)
{
	for (size_t i = 0; i < count; i++) {
		if (texts[i].from.n)
			memcpy(at, texts[i].from.p, texts[i].from.n);
		*texts[i].to = slice_of(at, texts[i].from.n);
		at += texts[i].from.n;
	}
}

int directory_texts_replace(const struct directory_text *texts, size_t count, char **block)
{
	bool same = true;
	for (size_t i = 0; i < count && same; i++)
		same = slice_eq(*texts[i].to, texts[i].from);
	if (same)
		return 0;
	/* At least one byte: NULL means that the texts lie behind the struct. */
	char *text = malloc(directory_texts_bytes(texts, count) + 1);
	if (!text)
		return -ENOMEM;
	directory_texts_place(texts, count, text);
	free(*block);
	*block = text;
	return 0;
}

int directory_insert(const struct directory_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int rc = map_insert(entries[i].map, entries[i].node, entries[i].hash);
		if (rc == 0)
			continue;
		while (i-- > 0)
			map_remove(entries[i].map, entries[i].node);
		return rc;
	}
	return 0;
}

void directory_move(struct map *map, struct map_node *node, uint64_t hash)
{
	if (node->hash == hash)
		return;
	map_remove(map, node);
	int rc = map_insert(map, node, hash);
	ASSERT(rc == 0);
}

uint64_t directory_hash_nocase(const struct map *map, struct slice s)
{
	uint64_t hash = 0;
	do {
		char lower[64];
		size_t n = MIN(s.n, sizeof(lower));
		for (size_t i = 0; i < n; i++)
			lower[i] = ascii_lower(s.p[i]);
		hash = map_hash_with(map, hash, slice_of(lower, n));
		s = slice_from(s, n);
	} while (s.n > 0);
	return hash;
}

static int set_row(struct directory *d, enum store_kind kind, const void *row)
{
	switch (kind) {
	case STORE_TENANT:
		return directory_tenant_set(d, row);
	case STORE_USER:
		return directory_user_set(d, row);
	case STORE_DEVICE:
		return directory_device_set(d, row);
	case STORE_BINDING:
		return directory_binding_set(d, row);
	case STORE_TRUNK:
		return directory_trunk_set(d, row);
	case STORE_NUMBER:
		return directory_number_set(d, row);
	case STORE_ISSUER:
		return directory_issuer_set(d, row);
	default:
		return 0;
	}
}

static void drop_row(struct directory *d, enum store_kind kind, struct slice id)
{
	struct directory_tenant *t = kind == STORE_TENANT ? directory_tenant_by_id(d, id) : NULL;
	struct directory_user *u = kind == STORE_USER ? directory_user_by_id(d, id) : NULL;
	struct directory_device *dev = kind == STORE_DEVICE ? directory_device_by_id(d, id) : NULL;
	struct directory_binding *b = kind == STORE_BINDING ? directory_binding_by_id(d, id) : NULL;
	struct directory_trunk *trunk = kind == STORE_TRUNK ? directory_trunk_by_id(d, id) : NULL;
	struct directory_number *n = kind == STORE_NUMBER ? directory_number_by_id(d, id) : NULL;
	struct directory_issuer *i = kind == STORE_ISSUER ? directory_issuer_by_id(d, id) : NULL;

	if (t)
		directory_tenant_drop(d, t);
	if (u)
		directory_user_drop(d, u);
	if (dev)
		directory_device_remove(d, dev);
	if (b)
		directory_binding_remove(d, b);
	if (trunk)
		directory_trunk_drop(d, trunk);
	if (n)
		directory_number_drop(d, n);
	if (i)
		directory_issuer_drop(d, i);
}

void directory_apply(struct directory *d, const struct store_change *change)
{
	ASSERT_ON(d->thread);
	if (!change->row) {
		drop_row(d, change->kind, change->id);
		return;
	}
	int rc = set_row(d, change->kind, change->row);
	if (rc == -ENOENT)
		d->changes_ignored++;
	if (rc == -ENOMEM) {
		d->changes_missed++;
		log_event(LOG_ERROR, "directory.out_of_memory", LOG_SLICE("tenant", change->tenant),
			  LOG_INT("kind", change->kind), LOG_SLICE("id", change->id));
	}
}

struct load {
	struct directory *d;
	enum store_kind kind;
	int rc;
};

static void load_row(void *arg, const void *row)
{
	struct load *load = arg;
	if (load->rc < 0)
		return;
	int rc = set_row(load->d, load->kind, row);
	if (rc == -ENOENT)
		load->d->changes_ignored++;
	else
		load->rc = rc;
}

/* Room for all rows of this kind, so that no map grows on the way: moving what it holds costs as much as filling it. */
static int reserve(struct directory *d, struct db *db, enum store_kind kind)
{
	struct map *const users[] = {&d->users_by_id, &d->users_by_extension, &d->users_by_login};
	struct map *const devices[] = {&d->devices_by_id, &d->devices_by_username};
	int64_t count;
	int rc = store_count(db, kind, &count);
	if (rc < 0)
		return rc;
	for (size_t i = 0; kind == STORE_USER && i < ARRAY_LEN(users); i++)
		map_reserve(users[i], (size_t)count);
	for (size_t i = 0; kind == STORE_DEVICE && i < ARRAY_LEN(devices); i++)
		map_reserve(devices[i], (size_t)count);
	if (kind == STORE_BINDING)
		map_reserve(&d->bindings_by_id, (size_t)count);
	return 0;
}

int directory_load(struct directory *d, struct db *db)
{
	static const enum store_kind kinds[] = {STORE_TENANT, STORE_USER,   STORE_DEVICE, STORE_BINDING,
						STORE_TRUNK,  STORE_NUMBER, STORE_ISSUER}; /* parents first */
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct load load = {.d = d, .kind = kinds[i]};
		if (reserve(d, db, kinds[i]) < 0)
			return -EIO;
		if (store_list(db, kinds[i], &(struct store_page){0}, load_row, &load) < 0)
			return -EIO;
		if (load.rc < 0)
			return load.rc;
	}
	return 0;
}

void directory_on_binding(struct directory *d, directory_binding_added_fn added, directory_binding_removed_fn removed,
			  void *arg)
{
	d->added = added;
	d->removed = removed;
	d->arg = arg;
}

void directory_on_presence(struct directory *d, directory_presence_fn fn, void *arg)
{
	d->presence = fn;
	d->presence_arg = arg;
}

void directory_figures(const struct directory *d, struct directory_figures *ret)
{
	*ret = (struct directory_figures){
		.tenants = (uint32_t)d->tenants_by_id.count,
		.users = (uint32_t)d->users_by_id.count,
		.devices = (uint32_t)d->devices_by_id.count - d->pages_away,
		.bindings = (uint32_t)d->bindings_by_id.count,
		.trunks = (uint32_t)d->trunks_by_id.count,
		.numbers = (uint32_t)d->numbers_by_id.count,
		.devices_reachable = d->devices_reachable,
		.changes_ignored = d->changes_ignored,
		.changes_missed = d->changes_missed,
	};
}
