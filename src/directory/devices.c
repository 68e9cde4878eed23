/* directory/devices.c - devices by id and by user name, which alone decides tenant and user */
#include <errno.h>

#include "directory/directory_private.h"

static bool match_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_device, by_id)->id, *(const struct slice *)key);
}

static bool match_username(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, const struct directory_device, by_username)->username,
			*(const struct slice *)key);
}

struct directory_device *directory_device_by_id(struct directory *d, struct slice id)
{
	struct map_node *node = map_find(&d->devices_by_id, map_hash(&d->devices_by_id, id), match_id, &id);
	return node ? container_of(node, struct directory_device, by_id) : NULL;
}

struct directory_device *directory_device_by_username(struct directory *d, struct slice username)
{
	struct map_node *node = map_find(&d->devices_by_username, map_hash(&d->devices_by_username, username),
					 match_username, &username);
	return node ? container_of(node, struct directory_device, by_username) : NULL;
}

#define DEVICE_TEXTS(dev, row)                                                                                         \
	TEXTS({&(dev)->id, (row)->id}, {&(dev)->name, (row)->name}, {&(dev)->username, (row)->username})

static void set_numbers(struct directory_device *dev, const struct store_device *row)
{
	dev->digest = (uint8_t)row->digest;
	dev->srtp = (uint8_t)row->srtp;
	dev->keepalive = (uint8_t)row->keepalive;
	dev->created_us = row->created_us;
	dev->updated_us = row->updated_us;
	memset(dev->ha1, 0, sizeof(dev->ha1));
	if (row->ha1.n)
		memcpy(dev->ha1, row->ha1.p, MIN(row->ha1.n, sizeof(dev->ha1)));
}

static int add(struct directory *d, const struct store_device *row, void *browser)
{
	struct directory_user *u = directory_user_by_id(d, row->user);
	if (!u)
		return -ENOENT;
	struct directory_device *dev = calloc(1, sizeof(*dev) + row->id.n + row->name.n + row->username.n);
	if (!dev)
		return -ENOMEM;
	directory_texts_place(DEVICE_TEXTS(dev, row), (char *)(dev + 1));
	set_numbers(dev, row);
	dev->user = u;
	dev->browser = browser;
	int rc = directory_insert(ENTRIES(
		{&d->devices_by_id, &dev->by_id, map_hash(&d->devices_by_id, dev->id)},
		{&d->devices_by_username, &dev->by_username, map_hash(&d->devices_by_username, dev->username)}));
	if (rc < 0) {
		free(dev);
		return rc;
	}
	dev->next_of_user = u->first_device;
	u->first_device = dev;
	u->tenant->browsers += browser != NULL;
	d->pages_away += browser != NULL;
	return 0;
}

static void tell(const struct directory *d, const struct directory_user *u)
{
	if (d->presence)
		d->presence(d->presence_arg, u);
}

int directory_device_set(struct directory *d, const struct store_device *row)
{
	struct directory_device *dev = directory_device_by_id(d, row->id);
	if (!dev) {
		int rc = add(d, row, NULL);
		if (rc == 0)
			tell(d, directory_device_by_id(d, row->id)->user);
		return rc;
	}
	int rc = directory_texts_replace(DEVICE_TEXTS(dev, row), &dev->text);
	if (rc < 0)
		return rc;
	set_numbers(dev, row);
	directory_move(&d->devices_by_username, &dev->by_username, map_hash(&d->devices_by_username, dev->username));
	return 0;
}

int directory_browser_add(struct directory *d, const struct store_device *row, void *keeper)
{
	ASSERT(keeper && !directory_device_by_id(d, row->id) && !directory_device_by_username(d, row->username));
	return add(d, row, keeper);
}

void directory_browser_remove(struct directory *d, struct directory_device *browser)
{
	ASSERT(browser->browser);
	directory_device_drop(d, browser);
}

void directory_set_reachable(struct directory *d, struct directory_device *dev, bool reachable)
{
	if (dev->reachable == reachable)
		return;
	dev->reachable = reachable;
	d->devices_reachable += reachable ? 1 : -1U;
	if (dev->browser)
		d->pages_away += reachable ? -1U : 1;
	tell(d, dev->user);
}

void directory_device_remove(struct directory *d, struct directory_device *dev)
{
	const struct directory_user *u = dev->user;
	directory_device_drop(d, dev);
	tell(d, u);
}

void directory_device_drop(struct directory *d, struct directory_device *dev)
{
	while (dev->first_binding)
		directory_binding_remove(d, dev->first_binding);
	struct directory_device **at = &dev->user->first_device;
	while (*at != dev)
		at = &(*at)->next_of_user;
	*at = dev->next_of_user;
	dev->user->tenant->browsers -= dev->browser != NULL;
	d->pages_away -= dev->browser && !dev->reachable;
	map_remove(&d->devices_by_id, &dev->by_id);
	map_remove(&d->devices_by_username, &dev->by_username);
	free(dev->text);
	free(dev);
}
