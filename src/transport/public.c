/* transport/public.c - which of our addresses the far end is told */
#include "transport/transport_private.h"

void transport_set_networks(struct transport *t, const struct transport_network *networks, size_t n)
{
	ASSERT(n <= TRANSPORT_NETWORKS_MAX);
	for (size_t i = 0; i < n; i++) {
		ASSERT(networks[i].internal_count <= TRANSPORT_BLOCKS_MAX);
		t->networks[i] = networks[i];
	}
	t->network_count = n;
}

static bool is_internal(const struct transport_network *n, const struct address *remote)
{
	for (size_t i = 0; i < n->internal_count; i++) {
		if (address_block_has(&n->internal[i], remote))
			return true;
	}
	return false;
}

/* The one that decides for an address of ours; NULL: none. */
static const struct transport_network *network_of(const struct transport *t, const struct address *local)
{
	for (size_t i = 0; i < t->network_count; i++)
		if (!t->networks[i].has_local || address_same_host(&t->networks[i].local, local))
			return &t->networks[i];
	return NULL;
}

void transport_public(const struct transport *t, const struct address *local, const struct address *remote,
		      struct address *ret)
{
	const struct transport_network *n = network_of(t, local);
	struct address told = *local;

	/* An address of the other family is no use to this peer. */
	if (n && n->has_public && address_is_v4(&n->public_address) == address_is_v4(remote) &&
	    !is_internal(n, remote)) {
		told = n->public_address;
		told.port = local->port;
	}
	*ret = told;
}

bool transport_is_near(const struct transport *t, const struct address *remote)
{
	bool near = address_is_loopback(remote);
	for (size_t i = 0; i < t->network_count; i++)
		near |= is_internal(&t->networks[i], remote);
	return near;
}

bool transport_outside(const struct transport *t, const struct address *ours, struct address *ret)
{
	const struct transport_network *n = network_of(t, ours);
	if (!n || !n->has_public || address_is_v4(&n->public_address) != address_is_v4(ours))
		return false;
	uint16_t port = ours->port;
	*ret = n->public_address;
	ret->port = port;
	return true;
}

bool transport_can_reach(const struct transport *t, const struct address *ours, const struct address *remote)
{
	/* Who comes over the loop is on this machine. */
	if (address_is_loopback(remote))
		return true;
	if (address_is_loopback(ours))
		return false;
	for (size_t i = 0; i < t->network_count; i++)
		if (is_internal(&t->networks[i], ours) && !is_internal(&t->networks[i], remote))
			return false;
	return true;
}

void transport_write_host(const struct transport *t, struct writer *w, const struct sip_flow *flow)
{
	struct address told;

	transport_public(t, &flow->local, &flow->remote, &told);
	/* The listener's port: where new requests to us arrive, also when this connection was made by us. */
	if (flow->listener < t->listener_count)
		told.port = t->listeners[flow->listener]->local.port;
	write_address_with_port(w, &told);
}
