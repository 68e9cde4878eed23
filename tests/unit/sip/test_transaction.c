/*
 * Two stacks and a network that loses, doubles and reorders, all from one seed: a hundred calls, some refused, some
 * cancelled at any moment. Each INVITE ends with one final answer, acknowledged, and nothing is left of anything.
 */
#include "support/test.h"

#include "base/metrics.h"
#include "sip/transaction.h"

#define CALLS 100
#define END_MS 200000
#define LONGEST 2048

struct packet {
	struct packet *next;
	int64_t due_us;
	bool to_server;
	size_t n;
	char bytes[LONGEST];
};

struct side {
	struct net *net;
	struct sip_stack *stack;
	struct metrics metrics;
	bool is_server;
};

struct call {
	struct net *net;
	unsigned number;
	/* caller */
	struct timer cancel_timer, bye_timer;
	pool_handle invite, bye;
	unsigned finals, status, gone, bye_finals;
	bool gave_up;
	/* called party, who repeats a 2xx by itself */
	pool_handle server;
	struct timer answer_timer, repeat_timer;
	unsigned offers, answer, acks, byes, cancels, repeats;
	char ok[LONGEST];
	size_t ok_n;
};

struct net {
	struct wheel wheel;
	struct random random, dice;
	struct side client, server;
	struct packet *packets;
	unsigned loss, doubled; /* percent */
	enum sip_transport transport;
	struct sip_flow flow;
	struct call calls[CALLS];
};

static int net_send(void *owner, const struct sip_flow *flow, struct slice bytes)
{
	struct side *from = owner;
	struct net *net = from->net;
	unsigned copies = random_below(&net->dice, 100) < net->doubled ? 2 : 1;

	assert_true(bytes.n <= LONGEST);
	for (unsigned i = 0; i < copies; i++) {
		if (random_below(&net->dice, 100) < net->loss)
			continue;
		struct packet *p = malloc(sizeof(*p));
		assert_non_null(p);
		/* 5 to 80 ms: later ones overtake. A connection keeps its order. */
		int64_t delay = sip_transport_reliable(net->transport) ? 20 : 5 + random_below(&net->dice, 76);
		*p = (struct packet){
			.due_us = net->wheel.now_us + delay * MS_US, .to_server = !from->is_server, .n = bytes.n};
		memcpy(p->bytes, bytes.p, bytes.n);
		struct packet **at = &net->packets;
		while (*at && (*at)->due_us <= p->due_us)
			at = &(*at)->next;
		p->next = *at;
		*at = p;
	}
	return 0;
}

static void net_deliver(struct net *net)
{
	while (net->packets && net->packets->due_us <= net->wheel.now_us) {
		struct packet *p = net->packets;
		struct sip_message msg;
		struct sip_reason reason;
		net->packets = p->next;
		assert_int_equal(sip_message_parse(p->bytes, p->n, &msg, &reason), SIP_OK);
		assert_int_equal(sip_message_check(&msg, &reason), SIP_OK);
		sip_stack_input(p->to_server ? net->server.stack : net->client.stack, &msg, &net->flow);
		free(p);
	}
}

static struct call *call_of(struct net *net, const struct sip_message *msg)
{
	uint64_t number;
	assert_true(slice_u64(sip_field_value(msg, SIP_CALL_ID), CALLS - 1, &number));
	return &net->calls[number];
}

/* ---- called party ---- */

static void repeat_ok(struct timer *timer, void *arg)
{
	struct call *c = arg;
	struct sip_server *t = sip_server_get(c->net->server.stack, c->server);

	if (c->acks || !t)
		return;
	assert_int_equal(sip_server_respond(t, 200, slice_of(c->ok, c->ok_n)), 0);
	/* §13.3.1.4: T1, doubling to T2. */
	int64_t after = SIP_T1_US << MIN(c->repeats, 3U);
	c->repeats++;
	timer_start(&c->net->wheel, &c->repeat_timer, after);
}

static void answer(struct timer *timer, void *arg)
{
	struct call *c = arg;
	struct sip_server *t = sip_server_get(c->net->server.stack, c->server);
	struct sip_message msg;
	struct writer w = writer_on(c->ok, sizeof(c->ok));

	if (!t || c->answer)
		return;
	c->answer = c->number % 3 == 0 ? 486 : 200;
	if (c->answer == 486) {
		assert_int_equal(sip_server_respond_simple(t, 486, SLICE_NONE, SLICE_NONE), 0);
		return;
	}
	assert_int_equal(sip_server_request(t, &msg), 0);
	sip_write_response_head(&w, &msg, &c->net->flow, 200, SLICE_NONE, SLICE("callee"));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	c->ok_n = w.n;
	assert_int_equal(sip_server_respond(t, 200, writer_slice(&w)), 0);
	timer_start(&c->net->wheel, &c->repeat_timer, SIP_T1_US);
}

static void on_request(void *owner, struct sip_server *server, const struct sip_message *msg,
		       const struct sip_flow *flow)
{
	struct side *side = owner;
	struct call *c = call_of(side->net, msg);

	if (msg->method == SIP_ACK) {
		c->acks++;
	} else if (msg->method == SIP_BYE) {
		c->byes++;
		assert_int_equal(sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE), 0);
	} else {
		c->offers++;
		c->server = sip_server_handle(server);
		if (c->number % 2)
			assert_int_equal(sip_server_respond_simple(server, 180, SLICE_NONE, SLICE_NONE), 0);
		timer_start(&c->net->wheel, &c->answer_timer, 1 + random_below(&c->net->dice, 3000) * MS_US);
	}
}

static void on_cancel(void *owner, struct sip_server *server, const struct sip_message *cancel)
{
	struct side *side = owner;
	struct call *c = call_of(side->net, cancel);

	c->cancels++;
	assert_int_equal(c->answer, 0);
	c->answer = 487;
	assert_int_equal(sip_server_respond_simple(server, 487, SLICE_NONE, SLICE_NONE), 0);
}

/* ---- caller ---- */

static size_t write_request(struct call *c, const char *method, unsigned cseq, struct slice branch, const char *to_tag,
			    char *buf)
{
	return (size_t)snprintf(buf, LONGEST,
				"%s sip:b@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=%.*s\r\n"
				"Max-Forwards: 70\r\nFrom: <sip:a@192.0.2.9>;tag=caller\r\nTo: <sip:b@192.0.2.1>%s\r\n"
				"Call-ID: %u\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
				method, SLICE_ARG(branch), to_tag, c->number, cseq, method);
}

static void on_bye_answer(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct call *c = arg;
	assert_int_not_equal(event, SIP_CLIENT_TIMEOUT);
	if (event == SIP_CLIENT_RESPONSE && msg->status >= 200)
		c->bye_finals++;
}

static void send_bye(struct timer *timer, void *arg)
{
	struct call *c = arg;
	char buf[LONGEST];
	struct sip_client *t = sip_client_new(c->net->client.stack, &c->net->flow, SIP_BYE, on_bye_answer, c);
	assert_non_null(t);
	size_t n = write_request(c, "BYE", 2, sip_client_branch(t), ";tag=callee", buf);
	assert_int_equal(sip_client_start(t, slice_of(buf, n)), 0);
}

static void on_answer(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct call *c = arg;
	char buf[LONGEST], branch[64];

	assert_int_equal(c->gone, 0);
	if (event == SIP_CLIENT_GONE) {
		c->gone++;
		return;
	}
	assert_int_equal(event, SIP_CLIENT_RESPONSE);
	if (msg->status < 200)
		return;
	if (msg->status < 300) {
		/* §13.2.2.4: an ACK for each 2xx, past the transaction. */
		int branch_n = snprintf(branch, sizeof(branch), "z9hG4bKack%u", c->number);
		size_t n = write_request(c, "ACK", 1, slice_of(branch, (size_t)branch_n), ";tag=callee", buf);
		assert_int_equal(net_send(&c->net->client, &c->net->flow, slice_of(buf, n)), 0);
		if (c->finals && c->status == 200)
			return; /* the same one again */
		timer_start(&c->net->wheel, &c->bye_timer, 2 * SECOND_US);
	}
	c->finals++;
	c->status = msg->status;
}

static void give_up(struct timer *timer, void *arg)
{
	struct call *c = arg;
	struct sip_client *t = sip_client_get(c->net->client.stack, c->invite);

	c->gave_up = true;
	if (t)
		sip_client_cancel(t, SLICE_NONE);
}

static void begin(struct call *c)
{
	char buf[LONGEST];
	struct sip_client *t = sip_client_new(c->net->client.stack, &c->net->flow, SIP_INVITE, on_answer, c);

	assert_non_null(t);
	c->invite = sip_client_handle(t);
	size_t n = write_request(c, "INVITE", 1, sip_client_branch(t), "", buf);
	assert_int_equal(sip_client_start(t, slice_of(buf, n)), 0);
	if (c->number % 4 == 1)
		timer_start(&c->net->wheel, &c->cancel_timer, random_below(&c->net->dice, 4000) * MS_US);
}

static void on_stray(void *owner, const struct sip_message *msg, const struct sip_flow *flow) {}

static const struct sip_stack_events events = {
	.on_request = on_request, .on_cancel = on_cancel, .on_stray_2xx = on_stray, .send = net_send};

static void side_init(struct net *net, struct side *side, bool is_server)
{
	side->net = net;
	side->is_server = is_server;
	metrics_init(&side->metrics);
	struct sip_stack_config config = {.wheel = &net->wheel,
					  .random = &net->random,
					  .node = is_server,
					  .transactions_max = 10 * CALLS,
					  .events = &events,
					  .owner = side};
	side->stack = sip_stack_new(&config);
	assert_non_null(side->stack);
	sip_stack_metrics(side->stack, &side->metrics);
}

static int64_t metric_of(struct side *side, const char *name)
{
	for (struct metric *m = side->metrics.first; m; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m->value;
	fail_msg("no metric %s", name);
	return 0;
}

static void check_call(const struct call *c)
{
	assert_int_equal(c->offers, 1);
	assert_int_equal(c->finals, 1);
	assert_int_equal(c->status, c->answer);
	assert_int_equal(c->gone, 1);
	assert_true(c->cancels <= 1 && (!c->cancels || c->gave_up));
	if (c->status == 200) {
		assert_true(c->acks > 0);
		assert_int_equal(c->byes, 1);
		assert_int_equal(c->bye_finals, 1);
	} else {
		assert_int_equal(c->acks, 0); /* the transaction's ACK never gets this far */
	}
}

static void run(uint64_t seed, enum sip_transport transport, unsigned loss, unsigned doubled, unsigned *ret_cancelled)
{
	struct net *net = calloc(1, sizeof(*net));
	assert_non_null(net);
	wheel_init(&net->wheel, 0, 0);
	random_init_seeded(&net->random, seed);
	random_init_seeded(&net->dice, seed + 1000);
	net->loss = loss;
	net->doubled = doubled;
	net->transport = transport;
	net->flow.transport = transport;
	side_init(net, &net->client, false);
	side_init(net, &net->server, true);
	for (unsigned i = 0; i < CALLS; i++) {
		struct call *c = &net->calls[i];
		c->net = net;
		c->number = i;
		timer_init(&c->cancel_timer, give_up, c);
		timer_init(&c->bye_timer, send_bye, c);
		timer_init(&c->answer_timer, answer, c);
		timer_init(&c->repeat_timer, repeat_ok, c);
	}
	for (int64_t ms = 0; ms < END_MS; ms++) {
		wheel_turn(&net->wheel, ms * MS_US, 0);
		if (ms % 10 == 0 && ms / 10 < CALLS)
			begin(&net->calls[ms / 10]);
		net_deliver(net);
	}
	for (unsigned i = 0; i < CALLS; i++) {
		check_call(&net->calls[i]);
		*ret_cancelled += net->calls[i].answer == 487;
	}
	struct side *sides[] = {&net->client, &net->server};
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		/* Timer H among them: every refusal was acknowledged. */
		assert_int_equal(metric_of(sides[i], "alto_sip_timeouts_total"), 0);
		assert_int_equal(metric_of(sides[i], "alto_sip_server_transactions"), 0);
		assert_int_equal(metric_of(sides[i], "alto_sip_client_transactions"), 0);
	}
	assert_int_equal(metric_of(&net->server, "alto_sip_absorbed_total") > 0, loss > 0);
	assert_null(net->packets);
	assert_int_equal(net->wheel.running, 0);
	sip_stack_free(net->client.stack);
	sip_stack_free(net->server.stack);
	free(net);
}

static void test_bad_network(void **state)
{
	unsigned cancelled = 0;

	for (uint64_t seed = 1; seed <= 6; seed++)
		run(seed, SIP_UDP, 20, 20, &cancelled);
	assert_true(cancelled > 20);
}

static void test_good_network(void **state)
{
	unsigned cancelled = 0;

	run(11, SIP_UDP, 0, 0, &cancelled);
	run(12, SIP_TLS, 0, 0, &cancelled);
	assert_true(cancelled > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_network),
		cmocka_unit_test(test_good_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
