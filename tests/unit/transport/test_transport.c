/* Tests of transport/transport.c and public.c: listeners, datagrams, and what the far end is told of us. */
#include "unit/transport/room.h"

static struct room room;

static int set_up(void **state)
{
	room_open(&room);
	return 0;
}

static int tear_down(void **state)
{
	room_close(&room);
	return 0;
}

static void test_datagrams(void **state)
{
	char bytes[64];
	struct address at = room_listen(&room, SIP_UDP, "0.0.0.0:0", NULL), asked = address_of("127.0.0.2:1");
	int fd = peer_socket(SOCK_DGRAM, "127.0.0.1:0", AF_INET);

	asked.port = at.port;
	room.echo = true;
	peer_connect(fd, &asked);
	peer_send(fd, "anything at all", 15);
	room_until_received(&room, 1);
	assert_int_equal(room.flow.transport, SIP_UDP);
	assert_int_equal(room.flow.connection, 0);
	assert_true(address_eq(&room.flow.local, &asked));
	/* The peer is connected to 127.0.0.2: an answer from another address would not reach it. */
	peer_read(fd, bytes, 15);

	assert_true(transport_alive(room.transport, &room.flow));
	transport_set_tag(room.transport, &room.flow, 9);
	assert_int_equal(transport_tag(room.transport, &room.flow), 0);
	transport_close(room.transport);
	assert_false(transport_alive(room.transport, &room.flow));
	assert_int_equal(transport_send(room.transport, &room.flow, SLICE("x")), -ENOTCONN);
	close(fd);
}

static void test_keepalive_datagrams(void **state)
{
	struct address at = room_listen(&room, SIP_UDP, "127.0.0.1:0", NULL);
	int fd = peer_socket(SOCK_DGRAM, NULL, AF_INET);

	peer_connect(fd, &at);
	peer_send(fd, "\r\n", 2);
	peer_send(fd, "\r\n\r\n", 4);
	peer_send(fd, "\0\0\0\0", 4);
	peer_send(fd, "", 0);
	peer_send(fd, "\r\n\r\n\r", 5);
	room_until_received(&room, 1);
	assert_int_equal(room.text_n, 5);
	assert_int_equal(room_metric(&room, "keepalives_total "), 4);
	close(fd);
}

static void test_largest_datagram(void **state)
{
	static char large[65507];
	struct address at = room_listen(&room, SIP_UDP, "127.0.0.1:0", NULL);
	int fd = peer_socket(SOCK_DGRAM, NULL, AF_INET);

	memset(large, 'x', sizeof(large));
	peer_connect(fd, &at);
	peer_send(fd, large, sizeof(large));
	room_until_received(&room, 1);
	assert_int_equal(room.text_n, sizeof(large));
	assert_int_equal(transport_send(room.transport, &room.flow, slice_of(large, sizeof(large))), 0);
	assert_int_equal(transport_send(room.transport, &room.flow, slice_of(room.text, 65508)), -EMSGSIZE);
	assert_int_equal(room_metric(&room, "unsent_total "), 1);
	close(fd);
}

static void test_listeners(void **state)
{
	struct transport_listen listen;
	struct address udp = room_listen(&room, SIP_UDP, "127.0.0.1:0", NULL);
	struct address tcp = room_listen(&room, SIP_TCP, "[::1]:0", NULL);

	listen = (struct transport_listen){.transport = SIP_UDP, .at = udp};
	assert_int_equal(transport_listen(room.transport, &listen, NULL), -EADDRINUSE);
	listen = (struct transport_listen){.transport = SIP_TCP, .at = tcp};
	assert_int_equal(transport_listen(room.transport, &listen, NULL), -EADDRINUSE);
	listen = (struct transport_listen){.transport = SIP_TLS, .at = address_of("127.0.0.1:0")};
	assert_int_equal(transport_listen(room.transport, &listen, NULL), -EINVAL);
	listen.transport = SIP_WSS;
	assert_int_equal(transport_listen(room.transport, &listen, NULL), -EINVAL);
	assert_int_equal(transport_listener_count(room.transport), 2);
	transport_listener(room.transport, 1, &listen);
	assert_int_equal(listen.transport, SIP_TCP);
	assert_true(address_eq(&listen.at, &tcp));
}

static void check_public(const char *local, const char *remote, const char *expected)
{
	struct address l = address_of(local), r = address_of(remote), told;
	char text[64];
	struct writer w = writer_on(text, sizeof(text));

	transport_public(room.transport, &l, &r, &told);
	write_address_with_port(&w, &told);
	assert_slice(writer_slice(&w), expected);
}

static struct address_block block_of(const char *text)
{
	struct address_block b;
	ASSERT(address_block_parse(slice_from_string(text), &b));
	return b;
}

static void test_what_the_far_end_is_told(void **state)
{
	struct transport_network networks[] = {
		{.has_local = true, .local = address_of("192.0.2.9:0")},
		{.has_public = true,
		 .public_address = address_of("203.0.113.5:0"),
		 .internal_count = 2,
		 .internal = {block_of("10.0.0.0/8"), block_of("192.168.0.0/16")}},
	};

	check_public("10.1.1.1:5060", "198.51.100.1:4000", "10.1.1.1:5060");
	transport_set_networks(room.transport, networks, ARRAY_LEN(networks));
	check_public("10.1.1.1:5060", "198.51.100.1:4000", "203.0.113.5:5060");
	check_public("10.1.1.1:5060", "10.9.9.9:4000", "10.1.1.1:5060");
	check_public("10.1.1.1:5060", "192.168.255.255:4000", "10.1.1.1:5060");
	/* The network of that local address comes first, and has no public one. */
	check_public("192.0.2.9:5060", "198.51.100.1:4000", "192.0.2.9:5060");
	/* An IPv4 address is no use to an IPv6 peer. */
	check_public("[2001:db8::1]:5060", "[2001:db8::2]:4000", "[2001:db8::1]:5060");
}

static void test_what_the_far_end_can_reach(void **state)
{
	struct transport_network office = {.internal_count = 1, .internal = {block_of("10.0.0.0/8")}};
	static const struct {
		const char *ours, *remote;
		bool can;
	} cases[] = {
		{"10.77.0.1:0", "10.9.9.9:0", true},
		{"10.77.0.1:0", "198.51.100.1:0", false},
		{"192.0.2.9:0", "198.51.100.1:0", true},
		/* On this machine: by whatever address it came. */
		{"10.77.0.1:0", "127.0.0.1:0", true},
		{"10.77.0.1:0", "[::1]:0", true},
		{"127.0.0.1:0", "[::1]:0", true},
		{"[::1]:0", "127.0.0.1:0", true},
		/* And no other machine gets to what is of this one alone. */
		{"127.0.0.1:0", "10.9.9.9:0", false},
		{"[::1]:0", "[2001:db8::2]:0", false},
	};

	transport_set_networks(room.transport, &office, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address ours = address_of(cases[i].ours), remote = address_of(cases[i].remote);
		if (transport_can_reach(room.transport, &ours, &remote) != cases[i].can)
			fail_msg("%s from %s", cases[i].ours, cases[i].remote);
	}
}

static void test_who_is_near_and_what_stands_for_us_outside(void **state)
{
	struct transport_network networks[] = {
		{.has_local = true, .local = address_of("192.0.2.9:0")},
		{.has_public = true,
		 .public_address = address_of("203.0.113.5:0"),
		 .internal_count = 1,
		 .internal = {block_of("10.0.0.0/8")}},
	};
	static const struct {
		const char *remote;
		bool near;
	} cases[] = {{"127.0.0.1:1", true}, {"[::1]:1", true}, {"10.9.9.9:1", true}, {"198.51.100.1:1", false}};
	struct address here = address_of("10.1.1.1:7000"), apart = address_of("192.0.2.9:7000"),
		       sixth = address_of("[2001:db8::1]:7000"), expected = address_of("203.0.113.5:7000"), told;

	transport_set_networks(room.transport, networks, ARRAY_LEN(networks));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address remote = address_of(cases[i].remote);
		if (transport_is_near(room.transport, &remote) != cases[i].near)
			fail_msg("%s", cases[i].remote);
	}
	assert_true(transport_outside(room.transport, &here, &told) && address_eq(&told, &expected));
	assert_true(transport_outside(room.transport, &here, &here) && address_eq(&here, &expected));
	assert_false(transport_outside(room.transport, &apart, &told) ||
		     transport_outside(room.transport, &sixth, &told));
}

static void check_host(const struct sip_flow *flow, const char *host, uint16_t port)
{
	char text[64], expected[64];
	struct writer w = writer_on(text, sizeof(text));

	snprintf(expected, sizeof(expected), "%s:%u", host, port);
	transport_write_host(room.transport, &w, flow);
	assert_slice(writer_slice(&w), expected);
}

static void test_host(void **state)
{
	struct address at = room_listen(&room, SIP_TCP, "[::1]:0", NULL);
	struct transport_network n = {.has_public = true, .public_address = address_of("203.0.113.5:0")};
	struct sip_flow flow = {
		.transport = SIP_TCP, .local = address_of("[2001:db8::1]:1"), .remote = address_of("[2001:db8::2]:3")};

	check_host(&flow, "[2001:db8::1]", at.port);
	flow.local = address_of("10.0.0.1:1");
	flow.remote = address_of("198.51.100.1:3");
	check_host(&flow, "10.0.0.1", at.port);
	transport_set_networks(room.transport, &n, 1);
	check_host(&flow, "203.0.113.5", at.port);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_datagrams),
		TEST(test_keepalive_datagrams),
		TEST(test_largest_datagram),
		TEST(test_listeners),
		TEST(test_what_the_far_end_is_told),
		TEST(test_what_the_far_end_can_reach),
		TEST(test_listeners),
		TEST(test_what_the_far_end_is_told),
		TEST(test_who_is_near_and_what_stands_for_us_outside),
		TEST(test_host),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
