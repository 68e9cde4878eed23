/* directory/trunks.c - trunks by id, and of each owner in order of creation. By address: sources.c */
#include <errno.h>

#include "directory/directory_private.h"

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_trunk, by_id)->id, *(const struct slice *)key);
}

struct directory_trunk *directory_trunk_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->trunks_by_id, map_hash(&d->trunks_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_trunk, by_id) : NULL;
}

struct directory_trunk *directory_shared_trunks(const struct directory *d)
{
	return d->first_shared_trunk;
}

#define TRUNK_TEXTS(t, row)                                                                                            \
	TEXTS({&(t)->id, (row)->id}, {&(t)->name, (row)->name}, {&(t)->host, (row)->host}, {&(t)->from, (row)->sources})

static void set_numbers(struct directory_trunk *t, const struct store_trunk *row)
{
	t->port = (uint16_t)row->port;
	t->transport = (uint8_t)row->transport;
	t->srtp = (uint8_t)row->srtp;
	t->created_us = row->created_us;
	t->updated_us = row->updated_us;
	if (!address_parse_with_port(row->listener, &t->listener))
		t->listener = (struct address){.port = 0};
}

static struct directory_trunk **trunks_of(struct directory *d, struct directory_tenant *owner)
{
	return owner ? &owner->first_trunk : &d->first_shared_trunk;
}

static int add(struct directory *d, const struct store_trunk *row)
{
	struct directory_tenant *owner = slice_empty(row->tenant) ? NULL : directory_tenant_by_id(d, row->tenant);
	if (!owner && !slice_empty(row->tenant))
		return -ENOENT;
	struct directory_trunk *t = calloc(1, sizeof(*t) + row->id.n + row->name.n + row->host.n + row->sources.n);
	if (!t)
		return -ENOMEM;
	directory_texts_place(TRUNK_TEXTS(t, row), (char *)(t + 1));
	set_numbers(t, row);
	t->tenant = owner;
	int rc = directory_sources_add(d, t, row->sources);
	if (rc == 0)
		rc = map_insert(&d->trunks_by_id, &t->by_id, map_hash(&d->trunks_by_id, t->id));
	if (rc < 0) {
		directory_sources_remove(d, t);
		free(t);
		return rc;
	}
	struct directory_trunk **at = trunks_of(d, owner);
	while (*at)
		at = &(*at)->next_of_owner;
	*at = t;
	return 0;
}

int directory_trunk_set(struct directory *d, const struct store_trunk *row)
{
	struct directory_trunk *t = directory_trunk_by_id(d, row->id);
	if (!t)
		return add(d, row);
	int rc = directory_texts_replace(TRUNK_TEXTS(t, row), &t->text);
	if (rc == 0)
		rc = directory_sources_add(d, t, row->sources);
	if (rc == 0)
		set_numbers(t, row);
	return rc;
}

void directory_trunk_drop(struct directory *d, struct directory_trunk *t)
{
	struct directory_trunk **at = trunks_of(d, t->tenant);
	while (*at != t)
		at = &(*at)->next_of_owner;
	*at = t->next_of_owner;
	directory_sources_remove(d, t);
	map_remove(&d->trunks_by_id, &t->by_id);
	free(t->text);
	free(t);
}
