/* directory/bindings.c - how devices are reached: from the registrar in memory, and from the feed and the load */
#include <errno.h>

#include "directory/directory_private.h"

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_binding, by_id)->id, *(const struct slice *)key);
}

struct directory_binding *directory_binding_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->bindings_by_id, map_hash(&d->bindings_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_binding, by_id) : NULL;
}

#define BINDING_TEXTS(b, like)                                                                                         \
	TEXTS({&(b)->id, (like)->id}, {&(b)->instance, (like)->instance}, {&(b)->contact, (like)->contact},            \
	      {&(b)->path, (like)->path}, {&(b)->call_id, (like)->call_id}, {&(b)->user_agent, (like)->user_agent},    \
	      {&(b)->listener_name, (like)->listener_name})

static void set_numbers(struct directory_binding *b, const struct directory_binding *like)
{
	b->connection = like->connection;
	b->listener = like->listener;
	b->transport = like->transport;
	b->dirty = like->dirty;
	b->unsaved = like->unsaved;
	b->local = like->local;
	b->remote = like->remote;
	b->reg_id = like->reg_id;
	b->cseq = like->cseq;
	b->expires_us = like->expires_us;
	b->updated_us = like->updated_us;
}

static int add(struct directory *d, struct directory_device *dev, const struct directory_binding *like,
	       struct directory_binding **ret)
{
	size_t bytes = like->id.n + like->instance.n + like->contact.n + like->path.n + like->call_id.n +
		       like->user_agent.n + like->listener_name.n;
	struct directory_binding *b = calloc(1, sizeof(*b) + bytes);
	if (!b)
		return -ENOMEM;
	directory_texts_place(BINDING_TEXTS(b, like), (char *)(b + 1));
	set_numbers(b, like);
	b->device = dev;
	int rc = map_insert(&d->bindings_by_id, &b->by_id, map_hash(&d->bindings_by_id, b->id));
	if (rc < 0) {
		free(b);
		return rc;
	}
	if (!dev->first_binding)
		d->devices_registered++;
	b->next_of_device = dev->first_binding;
	dev->first_binding = b;
	*ret = b;
	return 0;
}

int directory_binding_put(struct directory *d, struct slice device_id, const struct directory_binding *like,
			  struct directory_binding **ret)
{
	ASSERT_ON(d->thread);
	struct directory_binding *b = directory_binding_by_id(d, like->id);
	if (!b) {
		struct directory_device *dev = directory_device_by_id(d, device_id);
		return dev ? add(d, dev, like, ret) : -ENOENT;
	}
	int rc = directory_texts_replace(BINDING_TEXTS(b, like), &b->text);
	if (rc < 0)
		return rc;
	set_numbers(b, like);
	*ret = b;
	return 0;
}

void directory_binding_remove(struct directory *d, struct directory_binding *b)
{
	if (d->removed)
		d->removed(d->arg, b);
	ASSERT(!timer_running(&b->expiry) && !timer_running(&b->keepalive));
	struct directory_binding **at = &b->device->first_binding;
	while (*at != b)
		at = &(*at)->next_of_device;
	*at = b->next_of_device;
	if (!b->device->first_binding)
		d->devices_registered--;
	map_remove(&d->bindings_by_id, &b->by_id);
	free(b->text);
	free(b);
}

int directory_binding_set(struct directory *d, const struct store_binding *row)
{
	struct directory_binding *b = directory_binding_by_id(d, row->id);
	if (b && b->updated_us >= row->updated_us)
		return 0;

	struct directory_binding like = {
		.transport = (uint8_t)row->transport,
		.reg_id = (uint32_t)row->reg_id,
		.cseq = (uint32_t)row->cseq,
		.expires_us = row->expires_us,
		.updated_us = row->updated_us,
		.id = row->id,
		.instance = row->instance,
		.contact = row->contact,
		.path = row->path,
		.call_id = row->call_id,
		.user_agent = row->user_agent,
		.listener_name = row->listener,
		/* What only this process knows stays. */
		.connection = b ? b->connection : 0,
		.listener = b ? b->listener : 0,
	};
	/* We wrote these; what cannot be read any more stays 0, an address that nothing is sent to. */
	if (!address_parse_with_port(row->local, &like.local))
		like.local = (struct address){0};
	if (!address_parse_with_port(row->remote, &like.remote))
		like.remote = (struct address){0};

	struct directory_device *dev = b ? b->device : directory_device_by_id(d, row->device);
	if (!dev)
		return -ENOENT;
	int rc;
	if (b) {
		rc = directory_texts_replace(BINDING_TEXTS(b, &like), &b->text);
		if (rc == 0)
			set_numbers(b, &like);
	} else {
		rc = add(d, dev, &like, &b);
	}
	if (rc == 0 && d->added)
		d->added(d->arg, b);
	return rc;
}
