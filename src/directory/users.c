/* directory/users.c - users by id, and by extension and login within their tenant */
#include <errno.h>

#include "directory/directory_private.h"

/* A name within a tenant. */
struct scoped {
	const struct directory_tenant *tenant;
	struct slice name;
};

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_user, by_id)->id, *(const struct slice *)key);
}

static bool match_extension(const struct map_node *node, const void *key)
{
	const struct directory_user *u = container_of(node, const struct directory_user, by_extension);
	const struct scoped *want = key;
	return u->tenant == want->tenant && slice_eq(u->extension, want->name);
}

static bool match_login(const struct map_node *node, const void *key)
{
	const struct directory_user *u = container_of(node, const struct directory_user, by_login);
	const struct scoped *want = key;
	return u->tenant == want->tenant && slice_eq(u->login, want->name);
}

/* The tenant's own hash is the seed, so every tenant's 101 lies elsewhere. */
static uint64_t scoped_hash(const struct map *map, const struct directory_tenant *t, struct slice name)
{
	return map_hash_with(map, t->by_id.hash, name);
}

struct directory_user *directory_user_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->users_by_id, map_hash(&d->users_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_user, by_id) : NULL;
}

struct directory_user *directory_user_by_extension(struct directory *d, const struct directory_tenant *t,
						   struct slice extension)
{
	const struct scoped key = {t, extension};
	struct map_node *node = map_find(&d->users_by_extension, scoped_hash(&d->users_by_extension, t, extension),
					 match_extension, &key);
	return node ? container_of(node, struct directory_user, by_extension) : NULL;
}

struct directory_user *directory_user_by_login(struct directory *d, const struct directory_tenant *t,
					       struct slice login)
{
	const struct scoped key = {t, login};
	struct map_node *node = map_find(&d->users_by_login, scoped_hash(&d->users_by_login, t, login), match_login,
					 &key);
	return node ? container_of(node, struct directory_user, by_login) : NULL;
}

#define USER_TEXTS(u, row)                                                                                             \
	TEXTS({&(u)->id, (row)->id}, {&(u)->login, (row)->login}, {&(u)->extension, (row)->extension},                 \
	      {&(u)->name, (row)->name}, {&(u)->role, (row)->role})

static int add(struct directory *d, const struct store_user *row)
{
	struct directory_tenant *t = directory_tenant_by_id(d, row->tenant);
	if (!t)
		return -ENOENT;
	size_t bytes = row->id.n + row->login.n + row->extension.n + row->name.n + row->role.n;
	struct directory_user *u = calloc(1, sizeof(*u) + bytes);
	if (!u)
		return -ENOMEM;
	directory_texts_place(USER_TEXTS(u, row), (char *)(u + 1));
	u->tenant = t;
	u->created_us = row->created_us;
	u->updated_us = row->updated_us;
	int rc = directory_insert(ENTRIES(
		{&d->users_by_id, &u->by_id, map_hash(&d->users_by_id, u->id)},
		{&d->users_by_extension, &u->by_extension, scoped_hash(&d->users_by_extension, t, u->extension)},
		{&d->users_by_login, &u->by_login, scoped_hash(&d->users_by_login, t, u->login)}));
	if (rc < 0) {
		free(u);
		return rc;
	}
	u->next_in_tenant = t->first_user;
	u->prev_in_tenant = &t->first_user;
	if (t->first_user)
		t->first_user->prev_in_tenant = &u->next_in_tenant;
	t->first_user = u;
	t->users++;
	return 0;
}

int directory_user_set(struct directory *d, const struct store_user *row)
{
	struct directory_user *u = directory_user_by_id(d, row->id);
	if (!u)
		return add(d, row);
	int rc = directory_texts_replace(USER_TEXTS(u, row), &u->text);
	if (rc < 0)
		return rc;
	u->updated_us = row->updated_us;
	directory_move(&d->users_by_extension, &u->by_extension,
		       scoped_hash(&d->users_by_extension, u->tenant, u->extension));
	directory_move(&d->users_by_login, &u->by_login, scoped_hash(&d->users_by_login, u->tenant, u->login));
	return 0;
}

void directory_count_speaking(struct directory *d, struct slice user, bool begins)
{
	struct directory_user *u = directory_user_by_id(d, user);
	if (!u || (!begins && !u->speaking)) /* removed meanwhile, and perhaps made anew under the same id */
		return;
	bool was = u->speaking > 0;
	u->speaking += begins ? 1 : -1;
	if (d->presence && was != (u->speaking > 0))
		d->presence(d->presence_arg, u);
}

void directory_user_drop(struct directory *d, struct directory_user *u)
{
	while (u->first_device)
		directory_device_drop(d, u->first_device);
	while (u->first_number)
		directory_number_drop(d, u->first_number);
	*u->prev_in_tenant = u->next_in_tenant;
	if (u->next_in_tenant)
		u->next_in_tenant->prev_in_tenant = u->prev_in_tenant;
	u->tenant->users--;
	map_remove(&d->users_by_id, &u->by_id);
	map_remove(&d->users_by_extension, &u->by_extension);
	map_remove(&d->users_by_login, &u->by_login);
	free(u->text);
	free(u);
}
