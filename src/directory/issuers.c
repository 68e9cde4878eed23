/* directory/issuers.c - issuers of identity by id, each at its tenant */
#include <errno.h>

#include "directory/directory_private.h"

#define ISSUER_TEXTS(i, row)                                                                                           \
	TEXTS({&(i)->id, (row)->id}, {&(i)->name, (row)->name}, {&(i)->url, (row)->url},                               \
	      {&(i)->client_id, (row)->client_id}, {&(i)->client_secret, (row)->client_secret},                        \
	      {&(i)->claim, (row)->claim}, {&(i)->mail_domain, (row)->mail_domain})

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_issuer, by_id)->id, *(const struct slice *)key);
}

struct directory_issuer *directory_issuer_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->issuers_by_id, map_hash(&d->issuers_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_issuer, by_id) : NULL;
}

/* A tenant has one: another row takes the place of the one before it. */
static int add(struct directory *d, const struct store_issuer *row, struct directory_issuer **ret)
{
	struct directory_tenant *t = directory_tenant_by_id(d, row->tenant);
	if (!t)
		return -ENOENT;
	struct directory_issuer *i = calloc(1, sizeof(*i));
	if (!i)
		return -ENOMEM;
	int rc = directory_texts_replace(ISSUER_TEXTS(i, row), &i->text);
	if (rc == 0)
		rc = directory_insert(ENTRIES({&d->issuers_by_id, &i->by_id, map_hash(&d->issuers_by_id, i->id)}));
	if (rc < 0) {
		free(i->text);
		free(i);
		return rc;
	}
	if (t->issuer)
		directory_issuer_drop(d, t->issuer);
	i->tenant = t;
	t->issuer = i;
	*ret = i;
	return 0;
}

int directory_issuer_set(struct directory *d, const struct store_issuer *row)
{
	struct directory_issuer *i = directory_issuer_by_id(d, row->id);
	int rc = i ? directory_texts_replace(ISSUER_TEXTS(i, row), &i->text) : add(d, row, &i);
	if (rc < 0)
		return rc;
	i->on = row->on;
	i->passwords = row->passwords;
	i->created_us = row->created_us;
	i->updated_us = row->updated_us;
	return 0;
}

void directory_issuer_drop(struct directory *d, struct directory_issuer *i)
{
	i->tenant->issuer = NULL;
	map_remove(&d->issuers_by_id, &i->by_id);
	free(i->text);
	free(i);
}
