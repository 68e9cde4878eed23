/* sip/stack.c - the transaction layer as a whole: its life, its input, answers without a transaction */
#include "sip/transaction_private.h"

/* Long enough for many of the transactions that fill the table to end (Timers J and L are 32 s), and not the same for
 * all, so that they do not come back together. */
#define RETRY_AFTER_LEAST_S 5
#define RETRY_AFTER_SPREAD_S 10

static const struct metric metric_template[STACK_METRIC_COUNT] = {
	[STACK_SERVERS] = {.name = "alto_sip_server_transactions",
			   .help = "Server transactions alive",
			   .kind = METRIC_GAUGE},
	[STACK_CLIENTS] = {.name = "alto_sip_client_transactions",
			   .help = "Client transactions alive",
			   .kind = METRIC_GAUGE},
	[STACK_COPIES] = {.name = "alto_sip_absorbed_total",
			  .help = "Retransmissions received",
			  .kind = METRIC_COUNTER},
	[STACK_REPEATED] = {.name = "alto_sip_repeated_total", .help = "Retransmissions sent", .kind = METRIC_COUNTER},
	[STACK_TIMEOUTS] = {.name = "alto_sip_timeouts_total",
			    .help = "Transactions ended by Timer B, F or H",
			    .kind = METRIC_COUNTER},
	[STACK_SEND_FAILED] = {.name = "alto_sip_send_failed_total",
			       .help = "Messages for flows known to be dead",
			       .kind = METRIC_COUNTER},
	[STACK_STRAYS] = {.name = "alto_sip_strays_total",
			  .help = "Responses that match no transaction",
			  .kind = METRIC_COUNTER},
	[STACK_REFUSED] = {.name = "alto_sip_refused_total",
			   .help = "Requests answered 503 without a transaction: no room, or overload",
			   .kind = METRIC_COUNTER},
};

struct sip_stack *sip_stack_new(const struct sip_stack_config *config)
{
	uint8_t map_key[16];

	ASSERT(config->transactions_max > 0 && config->transactions_max < UINT32_MAX / 2);
	struct sip_stack *s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	s->config = *config;
	random_bytes(config->random, map_key, sizeof(map_key));
	random_bytes(config->random, s->check_key, sizeof(s->check_key));
	random_bytes(config->random, s->answer_key, sizeof(s->answer_key));
	map_init(&s->servers, map_key);
	map_init(&s->client_flows, map_key);
	pool_init(&s->server_pool, sizeof(struct sip_server), config->transactions_max);
	pool_init(&s->client_pool, sizeof(struct sip_client), 2 * config->transactions_max);
	s->client_count = 0;
	s->kept_bytes = 0;
	s->reported = NULL;
	s->reported_msg = NULL;
	memcpy(s->metrics, metric_template, sizeof(s->metrics));
	return s;
}

struct sip_stack *sip_stack_free(struct sip_stack *s)
{
	struct sip_server *server;
	struct sip_client *client;
	uint32_t cursor = 0;

	if (!s)
		return NULL;
	while ((server = pool_next(&s->server_pool, &cursor)))
		server_free(server);
	cursor = 0;
	while ((client = pool_next(&s->client_pool, &cursor)))
		client_free(client);
	map_done(&s->servers);
	map_done(&s->client_flows);
	pool_done(&s->server_pool);
	pool_done(&s->client_pool);
	free(s);
	return NULL;
}

void sip_stack_metrics(struct sip_stack *s, struct metrics *m)
{
	for (size_t i = 0; i < STACK_METRIC_COUNT; i++)
		metrics_add(m, &s->metrics[i]);
}

int stack_send(struct sip_stack *s, const struct sip_flow *flow, struct slice bytes)
{
	int rc = s->config.events->send(s->config.owner, flow, bytes);
	if (rc < 0)
		stack_count(s, STACK_SEND_FAILED, 1);
	return rc;
}

char *stack_copy(struct slice bytes)
{
	char *copy = malloc(MAX(bytes.n, (size_t)1));
	return copy && bytes.n ? memcpy(copy, bytes.p, bytes.n) : copy;
}

void stack_unasked(struct sip_stack *s, const struct sip_flow *flow)
{
	stack_count(s, STACK_STRAYS, 1);
	if (s->config.events->on_unasked)
		s->config.events->on_unasked(s->config.owner, flow);
}

void sip_stack_input(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow)
{
	if (slice_empty(msg->via.host))
		stack_unasked(s, flow);
	else if (msg->is_request)
		server_input(s, msg, flow);
	else
		client_input(s, msg, flow);
}

/* From what a retransmission repeats, so that it is given the same tag (§8.2.7). */
static uint64_t stateless_tag(const struct sip_stack *s, const struct sip_message *req)
{
	struct slice call_id = sip_field_value(req, SIP_CALL_ID);
	uint64_t parts[] = {siphash24(s->answer_key, call_id.p, call_id.n),
			    siphash24(s->answer_key, req->via.branch.p, req->via.branch.n), req->cseq.number};
	return siphash24(s->answer_key, parts, sizeof(parts));
}

void sip_stack_guest_tag(const struct sip_stack *s, const struct sip_message *req, char ret[SIP_GUEST_TAG_CAP])
{
	struct writer w = writer_on(ret, SIP_GUEST_TAG_CAP - 1);
	uint64_t hash = stateless_tag(s, req);

	write_hex(&w, &hash, sizeof(hash));
	ret[w.n] = 0;
}

void sip_stack_respond_stateless(struct sip_stack *s, const struct sip_message *req, const struct sip_flow *flow,
				 unsigned status, struct slice reason)
{
	char tag[SIP_GUEST_TAG_CAP];

	/* CSeq of a request whose line says something else: its answer would be one to an ACK all the same. */
	if (req->method == SIP_ACK || req->cseq.method == SIP_ACK)
		return;
	sip_stack_guest_tag(s, req, tag);
	struct writer w = stack_writer(s);
	sip_write_response_head(&w, req, flow, status, reason, slice_from_string(tag));
	if (status == 503)
		sip_write_field_u64(&w, SIP_RETRY_AFTER,
				    RETRY_AFTER_LEAST_S + stateless_tag(s, req) % RETRY_AFTER_SPREAD_S);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	/* Nothing waits for it: if the flow is dead, the peer will ask again. */
	if (!w.overflow)
		(void)!stack_send(s, flow, writer_slice(&w));
}
