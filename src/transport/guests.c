/* transport/guests.c - how many connections of each host nobody has authenticated on */
#include <errno.h>

#include "transport/transport_private.h"

struct host {
	struct map_node node;
	uint8_t ip[16];
	uint32_t count;
};

/* IPv6 hosts choose the lower half of their address as they like. */
static void host_key(const struct address *a, uint8_t ret[16])
{
	memcpy(ret, a->ip, 16);
	if (!address_is_v4(a))
		memset(ret + 8, 0, 8);
}

static bool same_host(const struct map_node *node, const void *key)
{
	return memcmp(container_of(node, struct host, node)->ip, key, 16) == 0;
}

static struct host *host_get(struct transport *t, const struct address *remote)
{
	uint8_t ip[16];

	host_key(remote, ip);
	uint64_t hash = map_hash(&t->hosts, slice_of(ip, 16));
	struct map_node *node = map_find(&t->hosts, hash, same_host, ip);
	if (node)
		return container_of(node, struct host, node);
	struct host *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	memcpy(h->ip, ip, 16);
	if (map_insert(&t->hosts, &h->node, hash) < 0) {
		free(h);
		return NULL;
	}
	return h;
}

static void host_release(struct transport *t, struct host *h)
{
	if (h->count == 0) {
		map_remove(&t->hosts, &h->node);
		free(h);
	}
}

bool guest_return(struct transport *t, const struct address *remote, struct host **ret)
{
	struct host *h = host_get(t, remote);
	if (!h)
		return false;
	h->count++;
	t->guests++;
	*ret = h;
	return true;
}

int guest_enter(struct transport *t, const struct address *remote, struct host **ret)
{
	if (t->guests >= t->limits.guests)
		return -EAGAIN;
	struct host *h = host_get(t, remote);
	if (!h)
		return -ENOMEM;
	if (h->count >= t->limits.guests_per_host) {
		host_release(t, h);
		return -EACCES;
	}
	h->count++;
	t->guests++;
	*ret = h;
	return 0;
}

void guest_leave(struct transport *t, struct host *h)
{
	if (!h)
		return;
	h->count--;
	t->guests--;
	host_release(t, h);
}
