/* call/callers.c - calls found by their caller: see callers.h */
#include "call/callers.h"

static uint64_t invite_hash(const struct switchboard *sb, struct slice call_id, struct slice tag)
{
	return map_hash_with(&sb->calls_by_invite, map_hash(&sb->calls_by_invite, call_id), tag);
}

static uint64_t connection_hash(const struct switchboard *sb, pool_handle connection)
{
	return map_hash(&sb->calls_by_connection, slice_of(&connection, sizeof(connection)));
}

/* Who has been transferred, and rings another, has an answered leg: that one stands without its connection. */
static bool waits_for_answer(const struct call *c)
{
	return c->state == CALL_RINGING && c->caller && c->caller->state == LEG_INCOMING;
}

static void lost(struct timer *t, void *arg)
{
	struct call *c = arg;
	if (waits_for_answer(c))
		call_end(c, 487, "caller-lost", "caller");
}

int callers_enter(struct call *c)
{
	struct switchboard *sb = c->sb;
	const struct sip_dialog *d = &c->caller->dialog;
	timer_init(&c->lost, lost, c);
	int rc = map_insert(&sb->calls_by_invite, &c->by_invite, invite_hash(sb, d->call_id, d->remote_tag));
	if (rc < 0)
		return rc;
	c->connection = c->caller->flow.connection;
	if (!c->connection)
		return 0;
	rc = map_insert(&sb->calls_by_connection, &c->by_connection, connection_hash(sb, c->connection));
	if (rc < 0)
		map_remove(&sb->calls_by_invite, &c->by_invite);
	return rc;
}

static void leave_connection(struct call *c)
{
	if (c->connection)
		map_remove(&c->sb->calls_by_connection, &c->by_connection);
	c->connection = 0;
}

void callers_leave(struct call *c)
{
	map_remove(&c->sb->calls_by_invite, &c->by_invite);
	leave_connection(c);
}

struct invite_key {
	struct slice call_id, tag;
	uint32_t cseq;
	const char *to; /* as call->side_b has it */
};

static bool match_invite(const struct map_node *node, const void *key)
{
	const struct call *c = container_of(node, const struct call, by_invite);
	const struct invite_key *k = key;
	const struct leg *leg = c->caller;
	return leg && leg->state != LEG_ENDED && leg->peer_invite_cseq == k->cseq &&
	       slice_eq(leg->dialog.call_id, k->call_id) && slice_eq(leg->dialog.remote_tag, k->tag) &&
	       strcmp(c->side_b.uri, k->to) == 0;
}

bool callers_have(struct switchboard *sb, const struct sip_message *invite, struct slice to)
{
	char shown[sizeof(((struct call *)NULL)->side_b.uri)];
	copy_shown(shown, sizeof(shown), to);
	struct invite_key key = {sip_field_value(invite, SIP_CALL_ID), sip_address_tag(&invite->from),
				 invite->cseq.number, shown};
	return map_find(&sb->calls_by_invite, invite_hash(sb, key.call_id, key.tag), match_invite, &key) != NULL;
}

static bool match_connection(const struct map_node *node, const void *key)
{
	return container_of(node, const struct call, by_connection)->connection == *(const pool_handle *)key;
}

void callers_flow_closed(struct switchboard *sb, const struct sip_flow *flow)
{
	uint64_t hash = connection_hash(sb, flow->connection);
	struct map_node *node;
	while ((node = map_find(&sb->calls_by_connection, hash, match_connection, &flow->connection))) {
		struct call *c = container_of(node, struct call, by_connection);
		leave_connection(c);
		if (!waits_for_answer(c))
			continue;
		call_trace(c, DECIDED_CALLER_GONE);
		timer_start(sb->wheel, &c->lost, CALLER_RETURN_US);
	}
}
