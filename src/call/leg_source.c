/*
 * call/leg_source.c - may a request inside a dialog come from there?
 *
 * The tags say which call it is about, and whoever has seen a message of it knows them. So a request that comes by
 * another flow than the leg's changes something only if that flow is one of the device's own: by a binding it has now,
 * or a TLS connection on which it has authenticated. Any other is challenged like a new call; a phone whose NAT mapping
 * has moved, or which is back before it has registered, answers that and goes on: UPDATE and PRACK (RFC 3262 §3: a
 * request like any other) as well as re-INVITE.
 *
 * ACK and BYE cannot be challenged (RFC 3261 §22.1; a BYE is not worth it). A BYE is taken, and moves nothing. An ACK
 * over UDP counts for nothing: the 200 is repeated until the phone's own comes. On a connection, whose phone may just
 * have come back and would not hear our copies on the old one, it ends them, but only if it need not bring an answer.
 *
 * A trunk's leg has the trunk's addresses for its own, while there is that trunk. A trunk has no password to be asked
 * for: from elsewhere it is refused.
 */
#include "call/outside.h"

static bool device_has_flow(struct switchboard *sb, struct slice id, const struct sip_flow *flow)
{
	const struct directory_device *d = directory_device_by_id(sb->config.directory, id);
	for (const struct directory_binding *b = d ? d->first_binding : NULL; b; b = b->next_of_device) {
		struct sip_flow own;
		if (registrar_flow(sb, b, &own) && sip_flow_eq(&own, flow))
			return true;
	}
	return sip_transport_secure(flow->transport) && identities_know(sb, flow, id);
}

/* Whose leg it is decides which other sources are its own. */
bool leg_knows_flow(const struct leg *leg, const struct sip_flow *flow)
{
	if (sip_flow_eq(&leg->flow, flow))
		return true;
	if (leg->trunk_id[0])
		return trunk_has_flow(leg->sb, slice_from_string(leg->trunk_id), flow);
	return leg->device_id[0] && device_has_flow(leg->sb, slice_from_string(leg->device_id), flow);
}

bool leg_proves_itself(struct leg *leg, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow)
{
	struct directory_device *device;
	if (leg->trunk_id[0]) {
		refuse(leg->sb, server, 403, SLICE("Not Your Call"));
		return false;
	}
	if (authenticate(leg->sb, server, req, flow, &device) != AUTH_OK)
		return false;
	if (slice_eq(device->id, slice_from_string(leg->device_id)))
		return true;
	refuse(leg->sb, server, 403, SLICE("Not Your Call"));
	return false;
}
