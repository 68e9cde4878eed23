/* Tests of net/stream.c and net/stream_listen.c over plain TCP on loopback. socket() passes through here, so that a
 * system without IPv6 can be had. */
#include <sys/syscall.h>

#include "unit/net/peer.h"

#include "base/clock.h"
#include "net/stream.h"
#include "support/failing.h"

static struct loop *loop;
static bool no_ipv6;

int socket(int family, int type, int protocol) /* NOLINT(readability-inconsistent-declaration-parameter-name): libc's */
{
	if (no_ipv6 && family == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, family, type, protocol);
}

/* What happened to the streams of one side. */
struct side {
	struct stream *stream; /* the last one opened */
	size_t opened, wanted_opened;
	size_t closed, wanted_closed;
	size_t received, wanted_received;
	size_t accepted;
	bool echo, close_on_input, refuse, slow;
	enum stream_closed why;
	char text[256]; /* the beginning of what came */
};

static void *side_accept(void *arg, struct stream *s)
{
	struct side *x = arg;
	x->accepted++;
	return x->refuse ? NULL : x;
}

static void side_opened(void *arg, struct stream *s)
{
	struct side *x = arg;
	x->stream = s;
	x->opened++;
}

static void side_input(void *arg, struct stream *s, char *bytes, size_t n)
{
	struct side *x = arg;

	if (x->received < sizeof(x->text) - 1)
		memcpy(x->text + x->received, bytes, MIN(n, sizeof(x->text) - 1 - x->received));
	x->received += n;
	if (x->echo)
		assert_int_equal(stream_send(s, slice_of(bytes, n)), 0);
	if (x->close_on_input)
		stream_close(s);
	for (int64_t until_us = clock_monotonic_us() + STREAM_TURN_US; x->slow && clock_monotonic_us() < until_us;)
		;
}

static void side_closed(void *arg, struct stream *s, enum stream_closed why)
{
	struct side *x = arg;
	x->closed++;
	x->why = why;
	x->stream = NULL;
}

static const struct stream_events events = {side_opened, side_input, side_closed};
static struct stream_listener *listener;
static struct side server;
static struct address server_at;

static void listen_at(const char *at)
{
	struct address a = address_of(at);

	assert_int_equal(stream_listen(loop, &a, NULL, side_accept, &events, &server, &listener), 0);
	stream_listener_local(listener, &server_at);
}

static int set_up(void **state)
{
	server = (struct side){0};
	int rc = loop_new(&loop);
	if (rc == 0)
		listen_at("127.0.0.1:0");
	return rc;
}

static int tear_down(void **state)
{
	stream_listener_close(listener);
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

static void until_opened(struct side *x, size_t n)
{
	x->wanted_opened = n;
	run_until(loop, count_reached, &x->opened);
}
static void until_closed(struct side *x, size_t n)
{
	x->wanted_closed = n;
	run_until(loop, count_reached, &x->closed);
}
static void until_received(struct side *x, size_t n)
{
	x->wanted_received = n;
	run_until(loop, count_reached, &x->received);
}

static int connected_peer(void)
{
	int fd = peer_tcp(&server_at);
	until_opened(&server, server.opened + 1);
	return fd;
}

static void check_echo(void)
{
	char bytes[8];
	int fd = connected_peer();

	server.echo = true;
	peer_send(fd, "hello", 5);
	until_received(&server, server.received + 5);
	peer_read(fd, bytes, 5);
	assert_memory_equal(bytes, "hello", 5);
	close(fd);
	until_closed(&server, server.closed + 1);
	assert_int_equal(server.why, STREAM_CLOSED_BY_PEER);
}

static void test_echo_both_families(void **state)
{
	check_echo();
	stream_listener_close(listener);
	listen_at("[::]:0");
	uint16_t port = server_at.port;
	server_at = address_of("[::1]:1");
	server_at.port = port;
	check_echo();
	server_at = address_of("127.0.0.1:1");
	server_at.port = port;
	int fd = connected_peer();
	assert_true(address_is_v4(stream_remote(server.stream)));
	assert_true(address_eq(stream_local(server.stream), &server_at));
	close(fd);
	until_closed(&server, 3);
}

static void test_without_ipv6(void **state)
{
	struct address six = address_of("[::1]:9");
	struct stream_listener *none;

	stream_listener_close(listener);
	no_ipv6 = true;
	assert_int_equal(stream_listen(loop, &six, NULL, side_accept, &events, &server, &none), -EAFNOSUPPORT);
	listen_at("[::]:0");
	assert_true(address_is_v4(&server_at));
	uint16_t port = server_at.port;
	server_at = address_of("127.0.0.1:1");
	server_at.port = port;
	check_echo();
	no_ipv6 = false;
}

static void test_port_in_use(void **state)
{
	struct stream_listener *second = NULL;

	assert_int_equal(stream_listen(loop, &server_at, NULL, side_accept, &events, &server, &second), -EADDRINUSE);
	assert_null(second);
}

static void test_half_closed_peer_gets_its_answer(void **state)
{
	char bytes[64];
	int fd = connected_peer();

	server.echo = true;
	peer_send(fd, "question", 8);
	shutdown(fd, SHUT_WR);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_BY_PEER);
	assert_int_equal(peer_read_all(fd, bytes, sizeof(bytes)), 8);
	close(fd);
}

static void close_when_read(void *arg)
{
	static char bytes[STREAM_OUT_MAX];
	int fd = *(int *)arg;
	ASSERT(peer_read_all(fd, bytes, sizeof(bytes)) == 200000);
	close(fd);
}

static void test_close_lets_out_what_is_queued(void **state)
{
	static char bytes[200000];
	int fd = connected_peer();

	/* Input that nobody reads any more must not turn the close into a reset. */
	peer_send(fd, "unread", 6);
	assert_int_equal(stream_send(server.stream, slice_of(bytes, sizeof(bytes))), 0);
	stream_close(server.stream);
	assert_int_equal(stream_send(server.stream, SLICE("late")), -ENOTCONN);
	run_with_peer(loop, close_when_read, &fd);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_BY_US);
	assert_int_equal(server.received, 0);
}

static void test_close_waits_for_the_peer(void **state)
{
	char byte;
	int fd = connected_peer();

	stream_close(server.stream);
	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0)
		one_turn(loop);
	/* Our side is closed, and what the peer still sends is no reason for a reset, which would undo what it has. */
	peer_send(fd, "1", 1);
	one_turn(loop);
	peer_send(fd, "2", 1);
	one_turn(loop);
	assert_int_equal(server.closed, 0);
	close(fd);
	until_closed(&server, 1);
	assert_int_equal(server.received, 0);
}

static void test_peer_that_does_not_close_is_left(void **state)
{
	int fd = connected_peer();

	stream_close(server.stream);
	one_turn(loop);
	assert_int_equal(server.closed, 0);
	struct wheel *w = loop_wheel(loop);
	wheel_turn(w, w->now_us + STREAM_LINGER_US + MS_US, w->wall_us);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_BY_US);
	close(fd);
}

static void test_closed_from_its_callback(void **state)
{
	char bytes[8];
	int fd = connected_peer();

	server.close_on_input = true;
	peer_send(fd, "bye", 3);
	until_received(&server, 3);
	one_turn(loop);
	assert_int_equal(peer_read_all(fd, bytes, sizeof(bytes)), 0);
	close(fd);
	until_closed(&server, 1);
}

static void test_reset_is_an_error(void **state)
{
	struct linger hard = {.l_onoff = 1};
	int fd = connected_peer();

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_ERROR);
}

static void fill_kernel(struct stream *s)
{
	static char bytes[65536];
	size_t waiting;

	do {
		waiting = stream_waiting(s);
		if (waiting > STREAM_OUT_MAX - sizeof(bytes))
			return;
		assert_int_equal(stream_send(s, slice_of(bytes, sizeof(bytes))), 0);
		one_turn(loop);
	} while (true);
}

static void test_queue_is_bounded(void **state)
{
	static char bytes[STREAM_OUT_MAX];
	int fd = connected_peer();

	/* The peer reads nothing: first the kernel's buffers fill, then ours. */
	fill_kernel(server.stream);
	size_t left = STREAM_OUT_MAX - stream_waiting(server.stream);
	assert_int_equal(stream_send(server.stream, slice_of(bytes, left)), 0);
	assert_int_equal(stream_waiting(server.stream), STREAM_OUT_MAX);
	assert_int_equal(stream_send(server.stream, slice_of(bytes, 1)), -ENOBUFS);
	assert_int_equal(server.closed, 0);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_OVERFLOW);
	close(fd);
}

/* Who may have less is closed when it is sent more than that, however much waited before. */
static void test_bound(void **state)
{
	int fd = connected_peer();

	fill_kernel(server.stream);
	stream_bound(server.stream, stream_waiting(server.stream) + 10);
	assert_int_equal(stream_send(server.stream, SLICE("0123456789")), 0);
	assert_int_equal(stream_send(server.stream, SLICE("x")), -ENOBUFS);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_OVERFLOW);
	close(fd);
	fd = connected_peer();
	fill_kernel(server.stream);
	stream_bound(server.stream, 10);
	assert_int_equal(stream_send(server.stream, SLICE("x")), -ENOBUFS);
	until_closed(&server, 2);
	close(fd);
}

static void test_what_waits_leaves_when_the_peer_reads(void **state)
{
	static char bytes[1024 * 1024];
	int fd = connected_peer();

	fill_kernel(server.stream);
	while (stream_waiting(server.stream)) {
		assert_true(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) != 0);
		one_turn(loop);
	}
	close(fd);
	until_closed(&server, 1);
}

static void test_refused_connection_has_no_events(void **state)
{
	char bytes[8];

	server.refuse = true;
	int fd = peer_tcp(&server_at);
	while (!server.accepted)
		one_turn(loop);
	one_turn(loop);
	assert_int_equal(peer_read_all(fd, bytes, sizeof(bytes)), 0);
	assert_int_equal(server.opened + server.closed, 0);
	close(fd);
}

static void test_accepts_are_bounded_per_turn(void **state)
{
	enum { PEERS = STREAM_ACCEPTS_PER_TURN + 10 };
	int fds[PEERS];

	for (size_t i = 0; i < PEERS; i++)
		fds[i] = peer_tcp(&server_at);
	size_t most = 0;
	while (server.accepted < PEERS) {
		size_t before = server.accepted;
		one_turn(loop);
		most = MAX(most, server.accepted - before);
	}
	/* The one that libuv held back is taken at the end of the turn, and counts in the next. */
	assert_int_equal(most, STREAM_ACCEPTS_PER_TURN + 1);
	for (size_t i = 0; i < PEERS; i++)
		close(fds[i]);
	until_closed(&server, PEERS);
}

static void test_reads_are_bounded_per_turn(void **state)
{
	static char bytes[512 * 1024];
	int fd = connected_peer(), large = 1024 * 1024;
	size_t before;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
	assert_true(send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 2 * STREAM_TURN_BYTES_MAX);
	do {
		before = server.received;
		one_turn(loop);
		/* One read of 32 KiB may go over it. */
		assert_true(server.received - before < STREAM_TURN_BYTES_MAX + 32 * 1024);
	} while (server.received != before);
	assert_true(server.received > STREAM_TURN_BYTES_MAX);
	close(fd);
	until_closed(&server, 1);
}

/* However many send: what they cost together is bounded, and who was held is not forgotten, nor that somebody waits. */
static void test_time_is_bounded_per_turn(void **state)
{
	enum { PEERS = 5 * STREAM_RESUMED_PER_TURN };
	int fds[PEERS];
	size_t most = 0;
	int64_t behind_us = 0;

	for (size_t i = 0; i < PEERS; i++)
		fds[i] = connected_peer();
	server.slow = true;
	for (size_t i = 0; i < PEERS; i++)
		peer_send(fds[i], "x", 1);
	while (server.received < PEERS) {
		size_t before = server.received;
		one_turn(loop);
		most = MAX(most, server.received - before);
		behind_us = MAX(behind_us, loop_behind_us(loop));
	}
	/* Those that were held, and the one with which the time was up. */
	assert_in_range(most, STREAM_RESUMED_PER_TURN, STREAM_RESUMED_PER_TURN + 1);
	assert_true(behind_us > 0);
	for (size_t i = 0; i < PEERS; i++)
		close(fds[i]);
	until_closed(&server, PEERS);
}

static void test_connect(void **state)
{
	struct side client = {0};
	struct stream *s;

	server.echo = true;
	assert_int_equal(stream_connect(loop, NULL, &server_at, NULL, &events, &client, &s), 0);
	assert_int_equal(stream_send(s, SLICE("early")), -ENOTCONN);
	assert_int_equal(client.opened, 0);
	until_opened(&client, 1);
	assert_true(address_eq(stream_remote(s), &server_at));
	assert_int_equal(stream_send(s, SLICE("hello ")), 0);
	assert_int_equal(stream_send(s, SLICE("there")), 0);
	until_received(&client, 11);
	assert_string_equal(client.text, "hello there");
	stream_close(s);
	until_closed(&client, 1);
	until_closed(&server, 1);
	assert_int_equal(client.why, STREAM_CLOSED_BY_US);
	assert_int_equal(server.why, STREAM_CLOSED_BY_PEER);
}

static void test_connect_to_nobody(void **state)
{
	struct side client = {0};
	struct stream *s;

	stream_listener_close(listener);
	listener = NULL;
	one_turn(loop);
	one_turn(loop);
	assert_int_equal(stream_connect(loop, NULL, &server_at, NULL, &events, &client, &s), 0);
	until_closed(&client, 1);
	assert_int_equal(client.opened, 0);
	assert_int_equal(client.why, STREAM_CLOSED_ERROR);
}

static void test_listener_closes_connections_live(void **state)
{
	char bytes[8];
	int fd = connected_peer();

	server.echo = true;
	stream_listener_close(listener);
	listener = NULL;
	one_turn(loop);
	peer_send(fd, "still", 5);
	until_received(&server, 5);
	peer_read(fd, bytes, 5);
	close(fd);
	until_closed(&server, 1);
}

static int talk_to_myself(void *arg)
{
	struct address at = address_of("127.0.0.1:0");
	struct side far = {.echo = false}, near = {0};
	struct stream_listener *l;
	struct loop *own;
	struct stream *s;

	int rc = loop_new(&own);
	if (rc < 0)
		return rc;
	rc = stream_listen(own, &at, NULL, side_accept, &events, &far, &l);
	if (rc == 0) {
		stream_listener_local(l, &at);
		rc = stream_connect(own, NULL, &at, NULL, &events, &near, &s);
		if (rc == 0) {
			near.wanted_opened = 1;
			run_until(own, count_reached, &near.opened);
			rc = stream_send(s, SLICE("x"));
			/* Refused for want of memory it is closed, in order to lose nothing from the middle. */
			assert_true(rc == 0 || rc == -ENOMEM);
			stream_close(s);
		}
		while (rc == 0 && near.closed == 0)
			one_turn(own);
		stream_listener_close(l);
	}
	loop_drain(own);
	loop_free(own);
	return rc;
}

static void test_out_of_memory(void **state)
{
	failing_each(talk_to_myself, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_echo_both_families),
		TEST(test_without_ipv6),
		TEST(test_port_in_use),
		TEST(test_half_closed_peer_gets_its_answer),
		TEST(test_close_lets_out_what_is_queued),
		TEST(test_close_waits_for_the_peer),
		TEST(test_peer_that_does_not_close_is_left),
		TEST(test_closed_from_its_callback),
		TEST(test_reset_is_an_error),
		TEST(test_queue_is_bounded),
		TEST(test_bound),
		TEST(test_what_waits_leaves_when_the_peer_reads),
		TEST(test_refused_connection_has_no_events),
		TEST(test_accepts_are_bounded_per_turn),
		TEST(test_reads_are_bounded_per_turn),
		TEST(test_time_is_bounded_per_turn),
		TEST(test_connect),
		TEST(test_connect_to_nobody),
		TEST(test_listener_closes_connections_live),
		cmocka_unit_test(test_out_of_memory),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
