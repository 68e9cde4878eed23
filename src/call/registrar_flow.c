/*
 * call/registrar_flow.c - the flows by which devices are reached: kept, found, and lost
 *
 * A phone whose connection has closed keeps its binding and is waited for by those who call it (ring_phone.c), since
 * phones come back by themselves; but it is shown as not reachable. A page comes back only when it is loaded anew or
 * its network has changed: its binding ends soon after its connection.
 */
#include "call/registrar.h"

static uint64_t connection_hash(const struct registrar *r, pool_handle connection)
{
	return map_hash(&r->by_connection, slice_of(&connection, sizeof(connection)));
}

static bool match_connection(const struct map_node *node, const void *key)
{
	return container_of(node, const struct directory_binding, by_connection)->connection ==
	       *(const pool_handle *)key;
}

void binding_leave_connection(struct registrar *r, struct directory_binding *b)
{
	if (b->watched)
		map_remove(&r->by_connection, &b->by_connection);
	b->watched = false;
}

void binding_set_flow(struct registrar *r, struct directory_binding *b, const struct sip_flow *flow)
{
	/* Those of one connection are one chain of the map, which is not walked at each refresh. */
	bool stays = b->watched && b->connection == flow->connection;
	if (!stays)
		binding_leave_connection(r, b);
	b->transport = flow->transport;
	b->connection = flow->connection;
	b->listener = flow->listener;
	b->local = flow->local;
	b->remote = flow->remote;
	/* Without memory it stays until it expires, as if its connection had not been seen to close. */
	if (!stays)
		b->watched = b->connection &&
			     map_insert(&r->by_connection, &b->by_connection, connection_hash(r, b->connection)) == 0;
	registrar_review(r->sb, b->device);
}

bool registrar_flow(struct switchboard *sb, const struct directory_binding *b, struct sip_flow *ret)
{
	binding_flow(b, ret);
	return transport_alive(sb->config.transport, ret);
}

void registrar_find_flow(struct switchboard *sb, struct slice device_id, struct sip_flow *flow)
{
	const struct directory_device *d = directory_device_by_id(sb->config.directory, device_id);
	for (const struct directory_binding *b = d ? d->first_binding : NULL; b; b = b->next_of_device) {
		struct sip_flow now;
		if (b->transport == flow->transport && registrar_flow(sb, b, &now)) {
			*flow = now;
			return;
		}
	}
}

bool switchboard_reachable(struct switchboard *sb, const struct directory_binding *b)
{
	struct sip_flow flow;
	return registrar_flow(sb, b, &flow) && b->unanswered < KEEPALIVE_UNANSWERED_MAX;
}

void registrar_review(struct switchboard *sb, struct directory_device *device)
{
	bool reachable = false;
	for (const struct directory_binding *b = device->first_binding; b; b = b->next_of_device)
		reachable |= switchboard_reachable(sb, b);
	directory_set_reachable(sb->config.directory, device, reachable);
}

static void expect_page(struct switchboard *sb, struct directory_binding *b)
{
	int64_t left_us = MIN(b->expires_us - sb->wheel->wall_us, PAGE_RETURN_US);
	b->expires_us = sb->wheel->wall_us + left_us;
	timer_start(sb->wheel, &b->expiry, MAX(left_us, 0));
}

void registrar_flow_closed(struct switchboard *sb, const struct sip_flow *flow)
{
	struct registrar *r = sb->registrar;
	uint64_t hash = connection_hash(r, flow->connection);
	struct map_node *node;
	while ((node = map_find(&r->by_connection, hash, match_connection, &flow->connection))) {
		struct directory_binding *b = container_of(node, struct directory_binding, by_connection);
		binding_leave_connection(r, b);
		b->connection = 0;
		if (b->device->browser)
			expect_page(sb, b);
		registrar_review(sb, b->device);
	}
}
