/* Tests of net/udp.c on loopback. sendmmsg() and socket() pass through here, so that a full socket and a system without
 * IPv6 can be had. */
#include <sys/syscall.h>

#include "unit/net/peer.h"

#include "net/udp.h"
#include "support/failing.h"

static struct loop *loop;
static bool kernel_full, no_ipv6;
static unsigned kernel_takes; /* so many datagrams although it is full */

int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	if (kernel_full && kernel_takes == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (kernel_full) {
		n = MIN(n, kernel_takes);
		kernel_takes -= n;
	}
	return (int)syscall(SYS_sendmmsg, fd, messages, n, flags);
}

int socket(int family, int type, int protocol) /* NOLINT(readability-inconsistent-declaration-parameter-name): libc's */
{
	if (no_ipv6 && family == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, family, type, protocol);
}

static int set_up(void **state)
{
	kernel_full = no_ipv6 = false;
	kernel_takes = 0;
	return loop_new(&loop);
}

static int tear_down(void **state)
{
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

struct echo {
	struct udp *udp;
	size_t received, wanted; /* together: count_reached() */
	struct address local, remote;
	bool answer;
	size_t last_n;
};

static void echo_input(void *arg, const struct address *local, const struct address *remote, char *bytes, size_t n)
{
	struct echo *e = arg;

	e->received++;
	e->local = *local;
	e->remote = *remote;
	e->last_n = n;
	if (e->answer)
		assert_int_equal(udp_send(e->udp, local, remote, slice_of(bytes, n)), 0);
}

static void echo_open(struct echo *e, const char *at)
{
	struct address a = address_of(at);

	*e = (struct echo){.answer = true};
	assert_int_equal(udp_open(loop, &a, echo_input, e, &e->udp), 0);
	udp_local(e->udp, &a);
	assert_int_not_equal(a.port, 0);
}

static void run_until_received(struct echo *e, size_t wanted)
{
	e->wanted = wanted;
	run_until(loop, count_reached, &e->received);
}

/* A peer at `from` sends to `to` and wants the answer from exactly there. */
static void check_echo(struct echo *e, const char *from, const char *to, int family)
{
	struct sockaddr_storage name, source;
	socklen_t n = sizeof(source);
	char bytes[16];
	struct address a = address_of(to), own, answered_from;

	udp_local(e->udp, &own);
	a.port = own.port;
	int fd = peer_socket(SOCK_DGRAM, from, family);
	address_to_sockaddr(&a, &name, &n);
	assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&name, n), 5);
	run_until_received(e, e->received + 1);
	assert_true(address_eq(&e->local, &a));
	n = sizeof(source);
	assert_int_equal(recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&source, &n), 5);
	assert_true(address_from_sockaddr(&source, &answered_from));
	assert_true(address_eq(&answered_from, &a));
	close(fd);
}

static void test_answers_from_the_address_asked(void **state)
{
	struct echo e;

	echo_open(&e, "0.0.0.0:0");
	check_echo(&e, "127.0.0.1:0", "127.0.0.2:0", AF_INET);
	check_echo(&e, "127.0.0.1:0", "127.0.0.1:0", AF_INET);
	udp_close(e.udp);
	echo_open(&e, "127.0.0.3:0");
	check_echo(&e, "127.0.0.1:0", "127.0.0.3:0", AF_INET);
	udp_close(e.udp);
}

static void test_dual_stack(void **state)
{
	struct echo e;

	echo_open(&e, "[::]:0");
	check_echo(&e, "[::1]:0", "[::1]:0", AF_INET6);
	assert_false(address_is_v4(&e.remote));
	check_echo(&e, "127.0.0.1:0", "127.0.0.2:0", AF_INET);
	/* Not as ::ffff:127.0.0.1 in IPv6 clothes: an IPv4 address is one. */
	assert_true(address_is_v4(&e.remote) && address_is_v4(&e.local));
	udp_close(e.udp);
}

static void test_without_ipv6(void **state)
{
	struct echo e;

	no_ipv6 = true;
	echo_open(&e, "[::]:0");
	check_echo(&e, "127.0.0.1:0", "127.0.0.2:0", AF_INET);
	struct address six = address_of("[::1]:9"), again = address_of("[::]:0"), fell_back;
	assert_int_equal(udp_send(e.udp, NULL, &six, SLICE("x")), -EAFNOSUPPORT);
	udp_local(e.udp, &fell_back);
	udp_close(e.udp);
	one_turn(loop);
	/* The port that was asked for. */
	struct udp *u;
	again.port = fell_back.port;
	assert_int_equal(udp_open(loop, &again, echo_input, &e, &u), 0);
	udp_local(u, &again);
	assert_true(address_eq(&again, &fell_back));
	udp_close(u);
	/* Only where any address would do. */
	assert_int_equal(udp_open(loop, &six, echo_input, &e, &u), -EAFNOSUPPORT);
}

static void test_port_in_use(void **state)
{
	struct echo e;
	struct address a;
	struct udp *u = NULL;

	echo_open(&e, "127.0.0.1:0");
	udp_local(e.udp, &a);
	assert_int_equal(udp_open(loop, &a, echo_input, &e, &u), -EADDRINUSE);
	assert_null(u);
	a = address_of("192.0.2.77:0");
	assert_int_equal(udp_open(loop, &a, echo_input, &e, &u), -EADDRNOTAVAIL);
	udp_close(e.udp);
}

static void order_input(void *arg, const struct address *local, const struct address *remote, char *bytes, size_t n)
{
	size_t *received = arg;
	uint32_t number;

	assert_true(n >= sizeof(number));
	memcpy(&number, bytes, sizeof(number));
	assert_int_equal(number, *received);
	/* Each has its own length, so that pieces of different sizes pass through the ring. */
	assert_int_equal(n, sizeof(number) + number % 1400);
	++*received;
}

static void order_send(struct udp *u, const struct address *to, uint32_t number, int expected)
{
	char bytes[2048] = {0};

	memcpy(bytes, &number, sizeof(number));
	assert_int_equal(udp_send(u, NULL, to, slice_of(bytes, sizeof(number) + number % 1400)), expected);
}

static void test_ten_thousand_in_order(void **state)
{
	struct address at = address_of("127.0.0.1:0"), to;
	struct udp *from, *sink;
	size_t counts[2] = {0, 0};

	assert_int_equal(udp_open(loop, &at, order_input, counts, &sink), 0);
	assert_int_equal(udp_open(loop, &at, order_input, counts, &from), 0);
	udp_local(sink, &to);
	/* Bursts that fit a receive buffer of the size an unprivileged process gets; more would be lost rightly. */
	for (uint32_t number = 0; number < 10000;) {
		for (size_t i = 0; i < 100; i++)
			order_send(from, &to, number++, 0);
		counts[1] = number;
		run_until(loop, count_reached, counts);
	}
	struct udp_figures figures;
	udp_figures(from, &figures);
	assert_int_equal(figures.sent, 10000);
	assert_int_equal(figures.refused, 0);
	udp_close(from);
	udp_close(sink);
}

static void test_full_socket_waits_bounded(void **state)
{
	struct address at = address_of("127.0.0.1:0"), to;
	struct udp *from, *sink;
	size_t counts[2] = {0, 0};
	struct udp_figures figures;

	assert_int_equal(udp_open(loop, &at, order_input, counts, &sink), 0);
	assert_int_equal(udp_open(loop, &at, order_input, counts, &from), 0);
	udp_local(sink, &to);
	kernel_full = true;
	for (uint32_t number = 0; number < UDP_QUEUE_MAX; number++)
		order_send(from, &to, number, 0);
	order_send(from, &to, UDP_QUEUE_MAX, -ENOBUFS);
	one_turn(loop);
	one_turn(loop);
	assert_int_equal(counts[0], 0);
	udp_figures(from, &figures);
	assert_int_equal(figures.waiting, UDP_QUEUE_MAX);
	assert_int_equal(figures.refused, 1);

	/* The kernel takes them again: nobody sends anything new, and all leave. The receiver may lose the tail. */
	kernel_full = false;
	counts[1] = 100;
	run_until(loop, count_reached, counts);
	udp_figures(from, &figures);
	assert_int_equal(figures.waiting, 0);
	assert_int_equal(figures.sent, UDP_QUEUE_MAX);
	udp_close(from);
	udp_close(sink);
}

static void test_queue_bounded_in_bytes(void **state)
{
	static char large[UDP_PAYLOAD_MAX + 1];
	struct echo e;
	struct address to = address_of("127.0.0.1:9");
	const size_t most = UDP_QUEUE_BYTES / UDP_PAYLOAD_MAX;

	echo_open(&e, "127.0.0.1:0");
	kernel_full = true;
	for (size_t i = 0; i < most; i++)
		assert_int_equal(udp_send(e.udp, NULL, &to, slice_of(large, UDP_PAYLOAD_MAX)), 0);
	assert_int_equal(udp_send(e.udp, NULL, &to, slice_of(large, UDP_PAYLOAD_MAX)), -ENOBUFS);
	assert_int_equal(udp_send(e.udp, NULL, &to, slice_of(large, UDP_PAYLOAD_MAX + 1)), -EMSGSIZE);
	/* What is left is still given out, to the last byte. */
	size_t left = UDP_QUEUE_BYTES - most * UDP_PAYLOAD_MAX;
	assert_int_equal(udp_send(e.udp, NULL, &to, slice_of(large, left)), 0);
	assert_int_equal(udp_send(e.udp, NULL, &to, slice_of(large, 0)), -ENOBUFS);
	udp_close(e.udp);
}

static void numbered_input(void *arg, const struct address *local, const struct address *remote, char *bytes, size_t n)
{
	size_t *received = arg;
	uint32_t number = (uint32_t)++ * received;

	/* Whole, with nobody else's bytes in it. */
	for (size_t i = 0; i + sizeof(number) <= n; i += sizeof(number))
		assert_memory_equal(bytes + i, &number, sizeof(number));
}

static int send_numbered(struct udp *u, const struct address *to, uint32_t number)
{
	static char bytes[60000];

	for (size_t i = 0; i < sizeof(bytes); i += sizeof(number))
		memcpy(bytes + i, &number, sizeof(number));
	return udp_send(u, NULL, to, slice_of(bytes, sizeof(bytes)));
}

static void test_ring_goes_round_while_the_socket_is_full(void **state)
{
	struct address at = address_of("127.0.0.1:0"), to;
	struct udp *from, *sink;
	size_t counts[2] = {0, 0};
	uint32_t number = 0;

	assert_int_equal(udp_open(loop, &at, numbered_input, counts, &sink), 0);
	assert_int_equal(udp_open(loop, &at, numbered_input, counts, &from), 0);
	udp_local(sink, &to);
	kernel_full = true;
	/* Several times round: the kernel takes two at a time, and as many find room behind those that wait. */
	while (number < 300) {
		while (send_numbered(from, &to, number + 1) == 0)
			number++;
		kernel_takes = 2;
		counts[1] += 2;
		run_until(loop, count_reached, counts);
	}
	/* So many lie in the ring, and no byte of it is in use twice. */
	assert_true(number - counts[0] <= UDP_QUEUE_BYTES / 60000);
	while (counts[0] < number) {
		kernel_takes = 1;
		counts[1]++;
		run_until(loop, count_reached, counts);
	}
	udp_close(from);
	udp_close(sink);
}

static void test_largest_and_empty_datagram(void **state)
{
	static char large[UDP_PAYLOAD_MAX];
	struct echo e, sink;
	struct address to;

	echo_open(&e, "127.0.0.1:0");
	echo_open(&sink, "127.0.0.1:0");
	e.answer = sink.answer = false;
	udp_local(sink.udp, &to);
	assert_int_equal(udp_send(e.udp, NULL, &to, slice_of(large, sizeof(large))), 0);
	run_until_received(&sink, 1);
	assert_int_equal(sink.last_n, sizeof(large));
	assert_int_equal(udp_send(e.udp, NULL, &to, SLICE_NONE), 0);
	run_until_received(&sink, 2);
	assert_int_equal(sink.last_n, 0);
	udp_close(e.udp);
	udp_close(sink.udp);
}

static void test_a_refused_datagram_holds_up_nobody(void **state)
{
	struct echo e, sink;
	struct address to, broadcast = address_of("255.255.255.255:9"), closed_port = address_of("127.0.0.1:1");
	struct udp_figures figures;

	echo_open(&e, "0.0.0.0:0");
	echo_open(&sink, "127.0.0.1:0");
	sink.answer = false;
	udp_local(sink.udp, &to);
	/* Without SO_BROADCAST the first is refused by the kernel; the second is answered by ICMP. */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(udp_send(e.udp, NULL, &broadcast, SLICE("no")), 0);
		assert_int_equal(udp_send(e.udp, NULL, &closed_port, SLICE("nobody")), 0);
		assert_int_equal(udp_send(e.udp, NULL, &to, SLICE("yes")), 0);
		run_until_received(&sink, i + 1);
	}
	udp_figures(e.udp, &figures);
	assert_int_equal(figures.refused, 3);
	udp_close(e.udp);
	udp_close(sink.udp);
}

static void closing_input(void *arg, const struct address *local, const struct address *remote, char *bytes, size_t n)
{
	struct echo *e = arg;
	e->received++;
	(void)udp_send(e->udp, local, remote, SLICE("last words"));
	udp_close(e->udp);
}

static void test_closed_from_its_callback(void **state)
{
	struct address at = address_of("127.0.0.1:0");
	struct echo e = {0};
	char bytes[16];

	assert_int_equal(udp_open(loop, &at, closing_input, &e, &e.udp), 0);
	udp_local(e.udp, &at);
	int fd = peer_socket(SOCK_DGRAM, NULL, AF_INET);
	peer_connect(fd, &at);
	for (size_t i = 0; i < 5; i++)
		peer_send(fd, "x", 1);
	run_until_received(&e, 1);
	one_turn(loop);
	assert_int_equal(e.received, 1);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 10);
	close(fd);
}

static void flood_input(void *arg, const struct address *local, const struct address *remote, char *bytes, size_t n)
{
	++*(size_t *)arg;
}

static void test_a_turn_reads_so_much_and_no_more(void **state)
{
	struct address at = address_of("127.0.0.1:0");
	struct udp *u;
	size_t counts[2] = {0, UDP_TURN_MAX + 40};

	assert_int_equal(udp_open(loop, &at, flood_input, counts, &u), 0);
	udp_local(u, &at);
	int fd = peer_socket(SOCK_DGRAM, NULL, AF_INET);
	peer_connect(fd, &at);
	for (size_t i = 0; i < counts[1]; i++)
		peer_send(fd, "x", 1);
	one_turn(loop);
	assert_int_equal(counts[0], UDP_TURN_MAX);
	run_until(loop, count_reached, counts);
	assert_int_equal(counts[0], counts[1]);
	close(fd);
	udp_close(u);
}

static int open_one(void *arg)
{
	struct address at = address_of("127.0.0.1:0");
	struct loop *l;
	struct udp *u;

	int rc = loop_new(&l);
	if (rc < 0)
		return rc;
	rc = udp_open(l, &at, flood_input, NULL, &u);
	if (rc == 0)
		udp_close(u);
	loop_drain(l);
	loop_free(l);
	return rc;
}

static void test_out_of_memory(void **state)
{
	failing_each(open_one, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers_from_the_address_asked),
		TEST(test_dual_stack),
		TEST(test_without_ipv6),
		TEST(test_port_in_use),
		TEST(test_ten_thousand_in_order),
		TEST(test_full_socket_waits_bounded),
		TEST(test_queue_bounded_in_bytes),
		TEST(test_ring_goes_round_while_the_socket_is_full),
		TEST(test_largest_and_empty_datagram),
		TEST(test_a_refused_datagram_holds_up_nobody),
		TEST(test_closed_from_its_callback),
		TEST(test_a_turn_reads_so_much_and_no_more),
		cmocka_unit_test(test_out_of_memory),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
