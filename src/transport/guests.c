/* transport/guests.c - how many connections of each host nobody has authenticated on, and who makes room */
#include <errno.h>

#include "transport/limits.h"
#include "transport/transport_private.h"

struct host {
	struct map_node node;
	uint8_t ip[16];
	uint32_t count;
	struct guest_list half_open, open; /* by how long nothing was heard of them */
	struct host *next, **prev;         /* in the crowd of hosts that have as many */
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
	h->half_open.newest = &h->half_open.oldest;
	h->open.newest = &h->open.oldest;
	if (map_insert(&t->hosts, &h->node, hash) < 0) {
		free(h);
		return NULL;
	}
	return h;
}

static struct host_list *crowd_of(struct transport *t, const struct host *h)
{
	return &t->crowds[MIN(h->count, (uint32_t)TRANSPORT_GUESTS_PER_HOST)];
}

/* Its guests are so many now. A host without any is in no crowd. */
static void set_count(struct transport *t, struct host *h, uint32_t count)
{
	if (h->count) {
		*h->prev = h->next;
		if (h->next)
			h->next->prev = h->prev;
		else
			crowd_of(t, h)->last = h->prev;
	}
	t->guests += count - h->count;
	h->count = count;
	if (!count)
		return;
	struct host_list *crowd = crowd_of(t, h);
	h->next = NULL;
	h->prev = crowd->last;
	*crowd->last = h;
	crowd->last = &h->next;
}

void guest_crowds_init(struct transport *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->crowds); i++)
		t->crowds[i].last = &t->crowds[i].first;
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
	set_count(t, h, h->count + 1);
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
	set_count(t, h, h->count + 1);
	*ret = h;
	return 0;
}

void guest_leave(struct transport *t, struct host *h)
{
	if (!h)
		return;
	set_count(t, h, h->count - 1);
	host_release(t, h);
}

/* ---- who makes room ---- */

void guest_step_out(struct connection *c)
{
	if (!c->line)
		return;
	*c->older = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		c->line->newest = c->older;
	c->line = NULL;
}

void guest_stand(struct connection *c)
{
	guest_step_out(c);
	c->line = c->open ? &c->host->open : &c->host->half_open;
	c->newer = NULL;
	c->older = c->line->newest;
	*c->line->newest = c;
	c->line->newest = &c->newer;
}

static bool is_office(const struct transport *t, const struct host *h)
{
	struct address at = {0};

	memcpy(at.ip, h->ip, sizeof(at.ip));
	return t->bans && bans_trusts(t->bans, &at);
}

/* Of those with as many, the one that has had them longest. */
static struct host *largest(const struct transport *t, bool offices)
{
	for (size_t n = ARRAY_LEN(t->crowds); n-- > 0;)
		for (struct host *h = t->crowds[n].first; h; h = h->next)
			if (offices || !is_office(t, h))
				return h;
	return NULL;
}

struct connection *guest_yielding(const struct transport *t, const struct address *remote)
{
	if (!remote) {
		struct host *h = largest(t, false);
		if (!h)
			h = largest(t, true);
		return !h ? NULL : h->half_open.oldest ? h->half_open.oldest : h->open.oldest;
	}
	const struct host *h = host_find(t, remote);
	if (!h || h->half_open.oldest)
		return h ? h->half_open.oldest : NULL;
	/* A neighbour that has come or spoken a moment ago is about to authenticate. */
	struct connection *c = h->open.oldest;
	return c && loop_wheel(t->loop)->now_us - c->heard_us >= TRANSPORT_GUEST_GRACE_US ? c : NULL;
}
