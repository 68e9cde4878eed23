/* directory/numbers.c - numbers by id and by what is dialled, each with the user that it rings */
#include <errno.h>

#include "directory/directory_private.h"

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_number, by_id)->id, *(const struct slice *)key);
}

static bool match_number(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_number, by_number)->number,
			*(const struct slice *)key);
}

struct directory_number *directory_number_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->numbers_by_id, map_hash(&d->numbers_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_number, by_id) : NULL;
}

struct directory_number *directory_number_find(struct directory *d, struct slice number)
{
	struct map_node *node = map_find(&d->numbers_by_number, map_hash(&d->numbers_by_number, number), match_number,
					 &number);
	return node ? container_of(node, struct directory_number, by_number) : NULL;
}

/* At the end: the first is the one that the user is known by outside. */
static void ring(struct directory_number *n, struct directory_user *u)
{
	struct directory_number **at = &u->first_number;
	while (*at)
		at = &(*at)->next_of_user;
	*at = n;
	n->user = u;
	n->next_of_user = NULL;
}

static void leave_user(struct directory_number *n)
{
	struct directory_number **at = &n->user->first_number;
	while (*at != n)
		at = &(*at)->next_of_user;
	*at = n->next_of_user;
}

static int add(struct directory *d, const struct store_number *row)
{
	struct directory_user *u = directory_user_by_id(d, row->user);
	if (!u)
		return -ENOENT;
	struct directory_number *n = calloc(1, sizeof(*n) + row->id.n + row->number.n);
	if (!n)
		return -ENOMEM;
	directory_texts_place(TEXTS({&n->id, row->id}, {&n->number, row->number}), (char *)(n + 1));
	int rc = directory_insert(
		ENTRIES({&d->numbers_by_id, &n->by_id, map_hash(&d->numbers_by_id, n->id)},
			{&d->numbers_by_number, &n->by_number, map_hash(&d->numbers_by_number, n->number)}));
	if (rc < 0) {
		free(n);
		return rc;
	}
	n->created_us = row->created_us;
	n->updated_us = row->updated_us;
	struct directory_tenant *t = n->tenant = u->tenant;
	n->prev_in_tenant = t->last_number;
	*t->last_number = n;
	t->last_number = &n->next_in_tenant;
	ring(n, u);
	return 0;
}

/* The number itself does not change: another one is another row. */
int directory_number_set(struct directory *d, const struct store_number *row)
{
	struct directory_number *n = directory_number_by_id(d, row->id);
	if (!n)
		return add(d, row);
	struct directory_user *u = directory_user_by_id(d, row->user);
	if (!u)
		return -ENOENT;
	n->updated_us = row->updated_us;
	/* It keeps its place among the numbers of a user who stays. */
	if (n->user != u) {
		leave_user(n);
		ring(n, u);
	}
	return 0;
}

void directory_number_drop(struct directory *d, struct directory_number *n)
{
	leave_user(n);
	*n->prev_in_tenant = n->next_in_tenant;
	if (n->next_in_tenant)
		n->next_in_tenant->prev_in_tenant = n->prev_in_tenant;
	else
		n->tenant->last_number = n->prev_in_tenant;
	map_remove(&d->numbers_by_id, &n->by_id);
	map_remove(&d->numbers_by_number, &n->by_number);
	free(n);
}
