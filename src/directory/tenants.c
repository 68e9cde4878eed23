/* directory/tenants.c - tenants by id, name and domain */
#include <errno.h>

#include "directory/directory_private.h"

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_tenant, by_id)->id, *(const struct slice *)key);
}

static bool match_name(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_tenant, by_name)->name, *(const struct slice *)key);
}

static bool match_domain(const struct map_node *node, const void *key)
{
	return slice_caseeq(container_of(node, const struct directory_tenant, by_domain)->domain,
			    *(const struct slice *)key);
}

struct directory_tenant *directory_tenant_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->tenants_by_id, map_hash(&d->tenants_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_tenant, by_id) : NULL;
}

struct directory_tenant *directory_tenant_by_name(struct directory *d, struct slice name)
{
	struct map_node *node = map_find(&d->tenants_by_name, map_hash(&d->tenants_by_name, name), match_name, &name);
	return node ? container_of(node, struct directory_tenant, by_name) : NULL;
}

struct directory_tenant *directory_tenant_by_domain(struct directory *d, struct slice domain)
{
	struct map_node *node = map_find(&d->tenants_by_domain, directory_hash_nocase(&d->tenants_by_domain, domain),
					 match_domain, &domain);
	return node ? container_of(node, struct directory_tenant, by_domain) : NULL;
}

struct each {
	void (*fn)(void *arg, const struct directory_tenant *t);
	void *arg;
};

static bool each_node(struct map_node *node, void *arg)
{
	const struct each *e = arg;
	e->fn(e->arg, container_of(node, const struct directory_tenant, by_id));
	return true;
}

void directory_tenants_each(struct directory *d, void (*fn)(void *arg, const struct directory_tenant *t), void *arg)
{
	struct each e = {fn, arg};
	map_each(&d->tenants_by_id, each_node, &e);
}

static void set_numbers(struct directory_tenant *t, const struct store_tenant *row)
{
	t->lines = (uint32_t)row->lines;
	t->lines_bought = (uint32_t)row->lines_bought;
	t->created_us = row->created_us;
	t->updated_us = row->updated_us;
}

static int add(struct directory *d, const struct store_tenant *row)
{
	const struct directory_text like[] = {{NULL, row->id}, {NULL, row->name}, {NULL, row->domain}};
	struct directory_tenant *t = calloc(1, sizeof(*t) + directory_texts_bytes(like, ARRAY_LEN(like)));
	if (!t)
		return -ENOMEM;
	directory_texts_place(TEXTS({&t->id, row->id}, {&t->name, row->name}, {&t->domain, row->domain}),
			      (char *)(t + 1));
	set_numbers(t, row);
	t->last_number = &t->first_number;
	int rc = directory_insert(ENTRIES(
		{&d->tenants_by_id, &t->by_id, map_hash(&d->tenants_by_id, t->id)},
		{&d->tenants_by_name, &t->by_name, map_hash(&d->tenants_by_name, t->name)},
		{&d->tenants_by_domain, &t->by_domain, directory_hash_nocase(&d->tenants_by_domain, t->domain)}));
	if (rc < 0)
		free(t);
	return rc;
}

int directory_tenant_set(struct directory *d, const struct store_tenant *row)
{
	struct directory_tenant *t = directory_tenant_by_id(d, row->id);
	if (!t)
		return add(d, row);
	int rc = directory_texts_replace(TEXTS({&t->id, row->id}, {&t->name, row->name}, {&t->domain, row->domain}),
					 &t->text);
	if (rc < 0)
		return rc;
	set_numbers(t, row);
	directory_move(&d->tenants_by_name, &t->by_name, map_hash(&d->tenants_by_name, t->name));
	directory_move(&d->tenants_by_domain, &t->by_domain, directory_hash_nocase(&d->tenants_by_domain, t->domain));
	return 0;
}

void directory_tenant_drop(struct directory *d, struct directory_tenant *t)
{
	while (t->first_user)
		directory_user_drop(d, t->first_user);
	while (t->first_trunk)
		directory_trunk_drop(d, t->first_trunk);
	if (t->issuer)
		directory_issuer_drop(d, t->issuer);
	map_remove(&d->tenants_by_id, &t->by_id);
	map_remove(&d->tenants_by_name, &t->by_name);
	map_remove(&d->tenants_by_domain, &t->by_domain);
	free(t->text);
	free(t);
}
