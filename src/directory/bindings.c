/* directory/bindings.c - how devices are reached: from the registrar in memory, and from the feed and the load */
#include <errno.h>

#include "directory/directory_private.h"

struct slice directory_binding_text(const struct directory_binding *b, enum directory_binding_text which)
{
	const char *at = b->text;
	for (unsigned i = 0; i < which; i++)
		at += b->text_n[i];
	return slice_of(at, b->text_n[which]);
}

/* 0, -ENOMEM. -ENOENT: longer than any REGISTER brings (SIP_TOKEN_MAX): the row is left out, as if its device was gone.
 */
static int set_texts(struct directory_binding *b, const struct slice texts[BINDING_TEXTS])
{
	size_t bytes = 0;
	bool same = b->text != NULL;
	for (unsigned i = 0; i < BINDING_TEXTS; i++) {
		if (texts[i].n > UINT16_MAX)
			return -ENOENT;
		same = same && slice_eq(directory_binding_text(b, i), texts[i]);
		bytes += texts[i].n;
	}
	if (same)
		return 0;
	char *text = malloc(MAX(bytes, 1)), *at = text;
	if (!text)
		return -ENOMEM;
	for (unsigned i = 0; i < BINDING_TEXTS; i++) {
		if (texts[i].n)
			memcpy(at, texts[i].p, texts[i].n);
		at += texts[i].n;
		b->text_n[i] = (uint16_t)texts[i].n;
	}
	free(b->text);
	b->text = text;
	return 0;
}

static int set_row_texts(struct directory_binding *b, const struct store_binding *row)
{
	const struct slice texts[BINDING_TEXTS] = {
		[BINDING_ID] = row->id,     [BINDING_INSTANCE] = row->instance, [BINDING_CONTACT] = row->contact,
		[BINDING_PATH] = row->path, [BINDING_CALL_ID] = row->call_id,   [BINDING_USER_AGENT] = row->user_agent,
	};
	return set_texts(b, texts);
}

/* We wrote these; what cannot be read any more becomes 0, an address that nothing is sent to. */
static void read_address(struct slice text, struct address *ret)
{
	if (!address_parse_with_port(text, ret))
		*ret = (struct address){0};
}

static void set_numbers(struct directory_binding *b, const struct store_binding *row)
{
	b->transport = (uint8_t)row->transport;
	b->dirty = false;
	b->unsaved = false;
	b->stored_until_us = row->expires_us;
	read_address(row->local, &b->local);
	read_address(row->remote, &b->remote);
	b->reg_id = (uint32_t)row->reg_id;
	b->cseq = (uint32_t)row->cseq;
	b->expires_us = row->expires_us;
	b->updated_us = row->updated_us;
}

_Static_assert(sizeof(struct directory_binding) <= 256, "a million phones must fit into a server");

static bool match_id(const struct map_node *node, const void *key)
{
	const struct directory_binding *b = container_of(node, const struct directory_binding, by_id);
	return slice_eq(directory_binding_text(b, BINDING_ID), *(const struct slice *)key);
}

struct directory_binding *directory_binding_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->bindings_by_id, map_hash(&d->bindings_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_binding, by_id) : NULL;
}

static void binding_free(struct directory_binding *b)
{
	free(b->text);
	free(b);
}

static int add(struct directory *d, const struct store_binding *row, struct directory_binding **ret)
{
	struct directory_device *dev = directory_device_by_id(d, row->device);
	if (!dev)
		return -ENOENT;
	struct directory_binding *b = calloc(1, sizeof(*b));
	int rc = b ? set_row_texts(b, row) : -ENOMEM;
	if (rc == 0)
		rc = map_insert(&d->bindings_by_id, &b->by_id, map_hash(&d->bindings_by_id, row->id));
	if (rc < 0) {
		if (b)
			binding_free(b);
		return rc;
	}
	set_numbers(b, row);
	b->device = dev;
	b->next_of_device = dev->first_binding;
	dev->first_binding = b;
	*ret = b;
	return 0;
}

/* b: the one with the row's id, NULL: there is none. */
static int put(struct directory *d, struct directory_binding *b, const struct store_binding *row,
	       struct directory_binding **ret)
{
	if (!b)
		return add(d, row, ret);
	int rc = set_row_texts(b, row);
	if (rc < 0)
		return rc;
	set_numbers(b, row);
	*ret = b;
	return 0;
}

int directory_binding_put(struct directory *d, const struct store_binding *row, struct directory_binding **ret)
{
	ASSERT_ON(d->thread);
	return put(d, directory_binding_by_id(d, row->id), row, ret);
}

int directory_binding_set_call_id(struct directory *d, struct directory_binding *b, struct slice call_id)
{
	ASSERT_ON(d->thread);
	struct slice texts[BINDING_TEXTS];
	for (unsigned i = 0; i < BINDING_TEXTS; i++)
		texts[i] = directory_binding_text(b, i);
	texts[BINDING_CALL_ID] = call_id;
	return set_texts(b, texts);
}

void directory_binding_remove(struct directory *d, struct directory_binding *b)
{
	struct directory_binding **at = &b->device->first_binding;
	while (*at != b)
		at = &(*at)->next_of_device;
	*at = b->next_of_device;
	if (d->removed)
		d->removed(d->arg, b);
	ASSERT(!timer_running(&b->expiry) && !timer_running(&b->keepalive) && !b->watched);
	if (!b->device->first_binding)
		directory_set_reachable(d, b->device, false);
	map_remove(&d->bindings_by_id, &b->by_id);
	binding_free(b);
}

struct each {
	void (*fn)(void *arg, struct directory_binding *b);
	void *arg;
};

static bool give_one(struct map_node *node, void *arg)
{
	const struct each *e = arg;
	e->fn(e->arg, container_of(node, struct directory_binding, by_id));
	return true;
}

void directory_bindings_each(struct directory *d, void (*fn)(void *arg, struct directory_binding *b), void *arg)
{
	ASSERT_ON(d->thread);
	struct each e = {.fn = fn, .arg = arg};
	map_each(&d->bindings_by_id, give_one, &e);
}

int directory_binding_set(struct directory *d, const struct store_binding *row)
{
	struct directory_binding *b = directory_binding_by_id(d, row->id);
	if (b && b->updated_us >= row->updated_us)
		return 0;
	int rc = put(d, b, row, &b);
	if (rc == 0 && d->added)
		d->added(d->arg, b, row);
	return rc;
}
