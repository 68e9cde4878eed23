/* sip/client_flow.c - which client transactions wait on which connection, so that they hear of its end.   §17.1.4 */
#include "sip/transaction_private.h"

static bool same_connection(const struct map_node *node, const void *key)
{
	return container_of(node, struct client_flow, node)->connection == *(const pool_handle *)key;
}

static struct client_flow *find(const struct sip_stack *s, uint64_t hash, const pool_handle *connection)
{
	struct map_node *node = map_find(&s->client_flows, hash, same_connection, connection);
	return node ? container_of(node, struct client_flow, node) : NULL;
}

/* NULL: out of memory. */
static struct client_flow *get(struct sip_stack *s, pool_handle connection)
{
	uint64_t hash = map_hash(&s->client_flows, slice_of(&connection, sizeof(connection)));
	struct client_flow *f = find(s, hash, &connection);
	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->connection = connection;
	if (map_insert(&s->client_flows, &f->node, hash) < 0) {
		free(f);
		return NULL;
	}
	return f;
}

/* Without memory it is not told of the end, and waits for its timer. */
void client_wait_on_flow(struct sip_client *t)
{
	struct client_flow *f = t->flow.connection ? get(t->stack, t->flow.connection) : NULL;
	if (!f)
		return;
	t->on = f;
	t->next_on = f->first;
	t->prev_on = &f->first;
	if (f->first)
		f->first->prev_on = &t->next_on;
	f->first = t;
}

void client_leave_flow(struct sip_client *t)
{
	struct client_flow *f = t->on;
	if (!f)
		return;
	*t->prev_on = t->next_on;
	if (t->next_on)
		t->next_on->prev_on = t->prev_on;
	t->on = NULL;
	if (f->first)
		return;
	map_remove(&t->stack->client_flows, &f->node);
	free(f);
}

void sip_stack_flow_closed(struct sip_stack *s, const struct sip_flow *flow)
{
	uint64_t hash = map_hash(&s->client_flows, slice_of(&flow->connection, sizeof(flow->connection)));
	struct client_flow *f = flow->connection ? find(s, hash, &flow->connection) : NULL;
	struct sip_client *next;

	/* The last to leave takes the place of all with it. */
	for (struct sip_client *t = f ? f->first : NULL; t; t = next) {
		next = t->next_on;
		stack_count(s, STACK_SEND_FAILED, 1);
		client_fail(t);
	}
}
