/* Tests of transport/carrier.c: whole messages in pieces, and connections without a socket bounded like others. */
#include "unit/transport/room.h"

#include "net/stream.h"
#include "transport/bans.h"
#include "transport/carrier.h"

static struct room room;
static char message[2 * SIP_MESSAGE_MAX];
static uint16_t number;

/* What a WebSocket would be: what was sent on it, and whether its end was asked for. */
struct peer {
	char sent[64];
	size_t sends, most;
	bool closing;
};

static int peer_ops_send(struct connection *c, struct slice bytes)
{
	struct peer *p = carrier_of(c);
	slice_to_string(bytes, p->sent, sizeof(p->sent));
	p->sends++;
	return 0;
}

static void peer_ops_bound(struct connection *c, size_t most)
{
	((struct peer *)carrier_of(c))->most = most;
}

static void peer_ops_close(struct connection *c)
{
	((struct peer *)carrier_of(c))->closing = true;
}

static void peer_ops_tls_name(const struct connection *c, char *ret, size_t cap)
{
	snprintf(ret, cap, "TLSv1.3 somehow");
}

static struct slice peer_ops_person(const struct connection *c)
{
	return SLICE("anna");
}

static const struct connection_ops peer_ops = {peer_ops_send,  peer_ops_bound,    peer_ops_close,
					       peer_ops_close, peer_ops_tls_name, peer_ops_person};

static int set_up(void **state)
{
	room_open(&room);
	struct transport_listen listen = {.transport = SIP_WSS, .at = address_of("192.0.2.1:8443")};
	assert_int_equal(carrier_listen(room.transport, &listen, &number), 0);
	return 0;
}

static int tear_down(void **state)
{
	room_close(&room);
	return 0;
}

static struct connection *begin(struct peer *p)
{
	struct sip_flow flow = {.transport = SIP_WSS,
				.listener = number,
				.local = address_of("192.0.2.1:8443"),
				.remote = address_of("192.0.2.1:40000")};
	*p = (struct peer){0};
	return carrier_begin(room.transport, &peer_ops, p, &flow);
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(room.loop);
	wheel_turn(w, w->now_us + us, w->wall_us);
}

/* What the library hands over: memory that ends with the piece. */
static void give(struct connection *c, const char *bytes, size_t n, bool last)
{
	char *piece = malloc(n ? n : 1);
	memcpy(piece, bytes, n);
	carrier_input(c, piece, n, last);
	free(piece);
}

static void check_last(size_t n)
{
	assert_int_equal(room.text_n, n);
	assert_memory_equal(room.text, message, n);
}

static void test_pieces(void **state)
{
	struct peer peer;
	struct connection *c = begin(&peer);
	size_t n = make_message(message, sizeof(message), 20);

	give(c, message, n, true);
	check_last(n);
	for (size_t cut = 0; cut <= n; cut++) {
		give(c, message, cut, false);
		assert_int_equal(room.received, 1 + cut);
		give(c, message + cut, n - cut, true);
		assert_int_equal(room.received, 2 + cut);
		check_last(n);
	}
	size_t before = room.received;
	for (size_t i = 0; i < n; i++)
		give(c, message + i, 1, i == n - 1);
	assert_int_equal(room.received, before + 1);
	check_last(n);
	assert_int_equal(room_metric(&room, "messages_total{transport=\"wss\"} "), (long)room.received);
	carrier_gone(c);
	assert_int_equal(room.closed, 1);
}

static void test_keepalives(void **state)
{
	struct peer peer;
	struct connection *c = begin(&peer);

	give(c, "\r\n\r\n", 4, true);
	assert_string_equal(peer.sent, "\r\n");
	give(c, "\r\n", 2, true);
	give(c, "", 0, true);
	assert_int_equal(peer.sends, 1);
	assert_int_equal(room.received, 0);
	assert_int_equal(room_metric(&room, "keepalives_total "), 2);
	give(c, "\r\n", 2, false); /* in two pieces too */
	give(c, "\r\n", 2, true);
	assert_int_equal(peer.sends, 2);
	for (unsigned i = 3; i < TRANSPORT_PINGS_PER_MINUTE; i++)
		give(c, "\r\n", 2, true);
	assert_false(peer.closing);
	give(c, "\r\n", 2, true); /* pongs are not answered, and as many */
	assert_true(peer.closing);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"pings\"} "), 1);
	carrier_gone(c);
}

static void test_largest_message(void **state)
{
	struct peer peer;
	struct connection *c = begin(&peer);

	memset(message, 'x', sizeof(message));
	give(c, message, SIP_MESSAGE_MAX, true);
	check_last(SIP_MESSAGE_MAX);
	give(c, message, SIP_MESSAGE_MAX - 1, false);
	give(c, message, 1, true);
	check_last(SIP_MESSAGE_MAX);
	assert_int_equal(room.received, 2);
	/* One past it, whether or not the end of it is in sight. */
	give(c, message, SIP_MESSAGE_MAX, false);
	assert_false(peer.closing);
	give(c, message, 1, false);
	assert_true(peer.closing);
	give(c, message, 1, true);
	assert_int_equal(room.received, 2);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"framing\"} "), 1);
	carrier_gone(c);
	c = begin(&peer);
	give(c, message, SIP_MESSAGE_MAX + 1, true);
	assert_true(peer.closing);
	carrier_gone(c);
	assert_int_equal(room.received, 2);
}

static void test_guests_hold_little(void **state)
{
	struct transport_limits limits = {.connections = 100,
					  .guests = 100,
					  .guests_per_host = 2,
					  .guest_bytes = 1024,
					  .guest_idle_us = 60 * SECOND_US,
					  .idle_us = 600 * SECOND_US};
	struct peer first, second, third;
	transport_set_limits(room.transport, &limits);
	struct connection *a = begin(&first), *b = begin(&second);

	assert_null(begin(&third));
	assert_int_equal(room_metric(&room, "drops_total{reason=\"guests_of_host\"} "), 1);
	give(a, "OPTIONS", 7, false);
	give(b, "OPTIONS", 7, false); /* both together would hold more than guests may */
	assert_false(first.closing);
	assert_true(second.closing);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"guests\"} "), 1);
	carrier_gone(b);
	/* Who is known may, and lives by whatever shows that somebody is there. */
	give(a, " sip:a SIP/2.0\r\n\r\n", 18, true);
	assert_int_equal(first.most, TRANSPORT_GUEST_OUT_MAX);
	transport_set_tag(room.transport, &room.flow, 7);
	assert_int_equal(first.most, STREAM_OUT_MAX);
	assert_int_equal(room_guests(&room), 0);
	move_time(limits.idle_us - SECOND_US);
	carrier_alive(a);
	move_time(limits.idle_us - SECOND_US);
	assert_false(first.closing);
	move_time(2 * SECOND_US);
	assert_true(first.closing);
	carrier_gone(a);
	assert_int_equal(room.closed_tag, 7);
}

static void test_a_guest_is_closed_when_idle(void **state)
{
	struct peer peer;
	struct connection *c = begin(&peer);

	move_time(TRANSPORT_GUEST_IDLE_US - SECOND_US);
	carrier_alive(c); /* pongs are cheap */
	move_time(SECOND_US + MS_US);
	assert_true(peer.closing);
	carrier_gone(c);
}

static void test_sending(void **state)
{
	struct peer peer;
	char host[64];
	struct connection *c = begin(&peer);
	struct writer w = writer_on(host, sizeof(host));

	give(c, "x", 1, true);
	assert_string_equal(room.protection, "TLSv1.3 somehow");
	assert_slice(transport_person(room.transport, &room.flow), "anna");
	transport_write_host(room.transport, &w, &room.flow);
	assert_slice(writer_slice(&w), "192.0.2.1:8443");
	assert_int_equal(transport_send(room.transport, &room.flow, SLICE("told")), 0);
	assert_string_equal(peer.sent, "told");
	carrier_overflow(c);
	assert_true(peer.closing);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"overflow\"} "), 1);
	assert_int_equal(transport_send(room.transport, &room.flow, SLICE("told")), -ENOTCONN);
	assert_true(slice_empty(transport_person(room.transport, &room.flow)));
	carrier_gone(c);
}

static void test_bans(void **state)
{
	struct random random;
	struct peer peer;
	random_init_seeded(&random, 1);
	struct bans *bans = bans_new(loop_wheel(room.loop), &random);
	transport_set_bans(room.transport, bans);
	struct connection *c = begin(&peer);
	assert_non_null(c);
	struct address from = address_of("192.0.2.1:1");
	for (unsigned i = 0; i < 20; i++)
		(void)bans_deed(bans,
				&(struct guest){.from = &from, .proven = true, .name = SLICE("x"), .attempt = i + 1},
				GUEST_UNKNOWN_USER);
	give(c, "x", 1, true);
	assert_true(peer.closing);
	assert_int_equal(room.received, 0);
	carrier_gone(c);
	assert_null(begin(&peer));
	assert_int_equal(room_metric(&room, "drops_total{reason=\"banned\"} "), 2);
	transport_set_bans(room.transport, NULL);
	bans_free(bans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keepalives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_largest_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_guests_hold_little, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_guest_is_closed_when_idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sending, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bans, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
