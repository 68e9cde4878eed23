/* transport/guests.c - how many connections of each host nobody has authenticated on */
#include <errno.h>

#include "transport/transport_private.h"

struct host {
	struct map_node node;
	uint8_t ip[16];
	uint32_t count;
	uint32_t half_open;
	struct connection *oldest, **newest; /* half-open ones, by age */
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

static struct host *host_find(const struct transport *t, const struct address *remote)
{
	uint8_t ip[16];

	host_key(remote, ip);
	struct map_node *node = map_find(&t->hosts, map_hash(&t->hosts, slice_of(ip, 16)), same_host, ip);
	return node ? container_of(node, struct host, node) : NULL;
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
	h->newest = &h->oldest;
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

/* ---- half-open ---- */

void guest_half_open(struct host *h, struct connection *c)
{
	c->newer = NULL;
	c->older = h->newest;
	*h->newest = c;
	h->newest = &c->newer;
	h->half_open++;
}

void guest_opened(struct host *h, struct connection *c)
{
	if (!c->older)
		return;
	*c->older = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		h->newest = c->older;
	c->older = NULL;
	h->half_open--;
}

static bool look_for_most(struct map_node *node, void *arg)
{
	struct host *h = container_of(node, struct host, node), **most = arg;

	if (h->half_open && (!*most || h->half_open > (*most)->half_open))
		*most = h;
	return true;
}

struct connection *guest_oldest_half_open(struct transport *t, const struct address *remote, bool all)
{
	struct host *h = NULL;

	/* Looks at every host, of which there are at most as many as guests: a rare thing, some 100 us for all of them.
	 */
	if (all)
		map_each(&t->hosts, look_for_most, &h);
	else
		h = host_find(t, remote);
	return h ? h->oldest : NULL;
}
