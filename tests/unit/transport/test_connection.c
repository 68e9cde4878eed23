/* Tests of transport/connection.c and guests.c: messages out of streams, and who may keep a connection. */
#include <netinet/tcp.h>

#include "unit/transport/room.h"

#include "support/failing.h"
#include "transport/bans.h"

static struct room room;
static struct address at;
static char message[2 * SIP_MESSAGE_MAX];

static int set_up(void **state)
{
	room_open(&room);
	at = room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
	return 0;
}

static int tear_down(void **state)
{
	room_close(&room);
	return 0;
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(room.loop);
	wheel_turn(w, w->now_us + us, w->wall_us);
}

static void check_last(size_t n)
{
	assert_int_equal(room.text_n, n);
	assert_memory_equal(room.text, message, n);
}

static void test_every_split(void **state)
{
	size_t n = make_message(message, sizeof(message), 40);
	int fd = peer_tcp(&at), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	room_until_connections(&room, 1);
	for (size_t cut = 1; cut < n; cut++) {
		peer_send(fd, message, cut);
		one_turn(room.loop);
		one_turn(room.loop);
		peer_send(fd, message + cut, n - cut);
		room_until_received(&room, cut);
		check_last(n);
	}
	close(fd);
	room_until_closed(&room, 1);
}

static void test_a_byte_at_a_time(void **state)
{
	size_t n = make_message(message, sizeof(message), 10);
	int fd = peer_tcp(&at), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(room.received, 0);
		peer_send(fd, message + i, 1);
		one_turn(room.loop);
	}
	room_until_received(&room, 1);
	check_last(n);
	close(fd);
}

static void test_many_in_one_read(void **state)
{
	size_t n = 0, sizes[100];
	int fd = peer_tcp(&at);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		sizes[i] = make_message(message + n, sizeof(message) - n, i);
		n += sizes[i];
	}
	/* And the beginning of one more. */
	peer_send(fd, message, n);
	peer_send(fd, message, 50);
	room_until_received(&room, ARRAY_LEN(sizes));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_int_equal(room.sizes[i], sizes[i]);
	peer_send(fd, message + 50, sizes[0] - 50);
	room_until_received(&room, ARRAY_LEN(sizes) + 1);
	check_last(sizes[0]);
	assert_int_equal(room_metric(&room, "messages_total{transport=\"tcp\"} "), 101);
	/* The rest of one with the beginning of the next, again and again: what is left moves to the front. */
	memcpy(message + sizes[0], message, sizes[0]);
	peer_send(fd, message, 20);
	for (size_t i = 0; i < 10; i++) {
		peer_send(fd, message + 20, sizes[0]);
		room_until_received(&room, ARRAY_LEN(sizes) + 2 + i);
		check_last(sizes[0]);
	}
	close(fd);
}

static void send_all(void *arg)
{
	peer_send(*(int *)arg, message, room.wanted_closed);
}

static size_t message_of_size(size_t n)
{
	size_t empty = make_message(message, sizeof(message), 10000) - 10000;
	return make_message(message, sizeof(message), n - empty);
}

static void test_largest_message(void **state)
{
	int fd = peer_tcp(&at);

	room.wanted_closed = message_of_size(SIP_MESSAGE_MAX);
	assert_int_equal(room.wanted_closed, SIP_MESSAGE_MAX);
	run_with_peer(room.loop, send_all, &fd);
	room_until_received(&room, 1);
	check_last(SIP_MESSAGE_MAX);

	/* One past it. */
	assert_int_equal(message_of_size(SIP_MESSAGE_MAX + 1), SIP_MESSAGE_MAX + 1);
	peer_send(fd, message, 1000);
	room_until_closed(&room, 1);
	assert_int_equal(room.received, 1);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"framing\"} "), 1);
	close(fd);
}

struct told {
	int fd;
	char bytes[16];
	size_t n;
};

static void read_told(void *arg)
{
	struct told *t = arg;
	t->n = peer_read_all(t->fd, t->bytes, sizeof(t->bytes));
	close(t->fd);
}

/* What cannot be cut is handed out for an answer if its head is whole, and the answer leaves before the end. */
static void test_refused_head(void **state)
{
	static const struct {
		const char *field, *rest;
		unsigned status; /* 0: nothing can be answered */
	} rows[] = {
		{"Content-Length: 70000\r\n", "\r\nbody", 513},
		{"Content-Length: -1\r\n", "\r\n", 400},
		{"X: y\r\n", "\r\n", 400}, /* no length */
		{"l: 99999999999\r\n", "", 0},
		{"X: y\n", "\n", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[200], head[200];
		size_t refused = room.refused, closed = room.closed;
		int n = snprintf(text, sizeof(text), "OPTIONS sip:a@b SIP/2.0\r\n%s%s", rows[i].field, rows[i].rest);
		struct told told = {.fd = peer_tcp(&at)};
		peer_send(told.fd, text, (size_t)n);
		run_with_peer(room.loop, read_told, &told);
		room_until_closed(&room, closed + 1);
		assert_int_equal(room.refused, refused + (rows[i].status != 0));
		assert_int_equal(told.n, rows[i].status ? strlen("told") : 0);
		if (rows[i].status) {
			snprintf(head, sizeof(head), "%.*s", (int)(strstr(text, "\r\n\r\n") + 4 - text), text);
			assert_slice(slice_of(room.text, room.text_n), head);
			assert_int_equal(room.refused_status, rows[i].status);
		}
	}
	assert_int_equal(room.received, 0);
}

static void test_ping_pong(void **state)
{
	char bytes[8];
	size_t n = make_message(message, sizeof(message), 0);
	int fd = peer_tcp(&at);

	peer_send(fd, "\r\n\r\n", 4);
	room_until_connections(&room, 1);
	while (room_metric(&room, "keepalives_total ") != 1)
		one_turn(room.loop);
	peer_read(fd, bytes, 2);
	assert_memory_equal(bytes, "\r\n", 2);
	/* A lone CRLF before a message is neither ping nor harm. */
	peer_send(fd, "\r\n", 2);
	peer_send(fd, message, n);
	room_until_received(&room, 1);
	check_last(n);
	assert_true(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 0);
	close(fd);
}

static void send_pings(int fd, size_t n)
{
	for (size_t i = 0; i < 4 * n; i++)
		message[i] = i % 2 ? '\n' : '\r';
	peer_send(fd, message, 4 * n);
}

/* More of them than a phone sends end the connection, also a phone's. */
static void test_pings_of_a_minute(void **state)
{
	char pongs[2 * TRANSPORT_PINGS_PER_MINUTE + 1];
	int fd = peer_tcp(&at);

	peer_send(fd, message, make_message(message, sizeof(message), 0));
	room_until_received(&room, 1);
	transport_set_tag(room.transport, &room.flow, 7);
	for (long minutes = 1; minutes <= 2; minutes++) {
		send_pings(fd, TRANSPORT_PINGS_PER_MINUTE);
		while (room_metric(&room, "keepalives_total ") != minutes * (long)TRANSPORT_PINGS_PER_MINUTE)
			one_turn(room.loop);
		peer_read(fd, pongs, 2 * TRANSPORT_PINGS_PER_MINUTE);
		if (minutes == 1)
			move_time(60 * SECOND_US);
	}
	assert_true(transport_alive(room.transport, &room.flow));
	send_pings(fd, 1);
	peer_send(fd, message, 4); /* too late to be answered */
	shutdown(fd, SHUT_WR);
	room_until_closed(&room, 1);
	assert_int_equal(peer_read_all(fd, pongs, sizeof(pongs)), 0);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"pings\"} "), 1);
	close(fd);
}

/* Who comes again and again for nothing else is banned. */
static void test_pings_ban(void **state)
{
	struct random random;
	random_init_seeded(&random, 1);
	struct bans *bans = bans_new(loop_wheel(room.loop), &random);
	assert_non_null(bans);
	transport_set_bans(room.transport, bans);
	for (size_t i = 1; i <= BAN_POINTS / 1000; i++) {
		int fd = peer_tcp(&at);
		send_pings(fd, TRANSPORT_PINGS_PER_MINUTE + 1);
		shutdown(fd, SHUT_WR);
		room_until_closed(&room, i);
		close(fd);
	}
	int fd = peer_tcp(&at);
	while (room_metric(&room, "drops_total{reason=\"banned\"} ") != 1)
		one_turn(room.loop);
	close(fd);
	transport_set_bans(room.transport, NULL);
	bans_free(bans);
}

static void test_not_sip(void **state)
{
	char bytes[64];
	int fd = peer_tcp(&at);

	peer_send(fd, "\x16\x03\x01\x02\x00", 5);
	room_until_closed(&room, 1);
	(void)peer_read_all(fd, bytes, sizeof(bytes));
	close(fd);
}

static void test_closed_in_the_middle(void **state)
{
	size_t n = make_message(message, sizeof(message), 40);
	int fd = peer_tcp(&at);

	peer_send(fd, message, n);
	peer_send(fd, message, n - 1);
	room_until_received(&room, 1);
	close(fd);
	room_until_closed(&room, 1);
	assert_int_equal(room.received, 1);
	assert_int_equal(room.closed_tag, 0);
	assert_true(sip_flow_eq(&room.closed_flow, &room.flow));
	assert_int_equal(room_guests(&room), 0);
}

static void test_answer_goes_back_and_dies_with_the_connection(void **state)
{
	char bytes[1024];
	size_t n = make_message(message, sizeof(message), 7);
	int fd = peer_tcp(&at);

	room.echo = true;
	peer_send(fd, message, n);
	room_until_received(&room, 1);
	peer_read(fd, bytes, n);
	assert_memory_equal(bytes, message, n);
	struct sip_flow flow = room.flow;
	assert_true(transport_alive(room.transport, &flow));
	close(fd);
	room_until_closed(&room, 1);
	assert_false(transport_alive(room.transport, &flow));
	assert_int_equal(transport_send(room.transport, &flow, SLICE("x")), -ENOTCONN);
	/* Its slot is taken by another, which the old name must not reach. */
	fd = peer_tcp(&at);
	peer_send(fd, message, n);
	room_until_received(&room, 2);
	assert_int_equal((uint32_t)room.flow.connection, (uint32_t)flow.connection);
	assert_int_equal(transport_send(room.transport, &flow, SLICE("x")), -ENOTCONN);
	close(fd);
}

static struct transport_figures figures(void)
{
	struct transport_figures f;
	transport_figures(room.transport, &f);
	return f;
}

static void test_tag_and_idle_times(void **state)
{
	size_t n = make_message(message, sizeof(message), 0);
	int guest = peer_tcp(&at), known = peer_tcp(&at);

	peer_send(known, message, n);
	room_until_received(&room, 1);
	struct sip_flow flow = room.flow;
	transport_set_tag(room.transport, &flow, 77);
	assert_int_equal(transport_tag(room.transport, &flow), 77);
	room_until_connections(&room, 2);
	assert_int_equal(room_guests(&room), 1);

	move_time(TRANSPORT_GUEST_IDLE_US - SECOND_US);
	one_turn(room.loop);
	assert_int_equal(room_connections(&room), 2);
	/* Bytes and pings do not make a guest younger. */
	peer_send(guest, "\r\n\r\nOPT", 7);
	while (room_metric(&room, "keepalives_total ") != 1)
		one_turn(room.loop);
	move_time(SECOND_US + MS_US);
	close(guest);
	room_until_closed(&room, 1);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"idle\"} "), 1);
	assert_int_equal(figures().silent, 1);
	assert_true(transport_alive(room.transport, &flow));

	/* A ping is enough to show that a phone is there. */
	move_time(TRANSPORT_IDLE_US / 2);
	peer_send(known, "\r\n\r\n", 4);
	while (room_metric(&room, "keepalives_total ") != 2)
		one_turn(room.loop);
	move_time(TRANSPORT_IDLE_US - SECOND_US);
	assert_true(transport_alive(room.transport, &flow));
	move_time(SECOND_US + MS_US);
	assert_false(transport_alive(room.transport, &flow));
	close(known);
	room_until_closed(&room, 2);
	assert_int_equal(room.closed_tag, 77);
	assert_int_equal(figures().silent, 0); /* long ago; and this one was a phone's */
}

static void test_tag_taken_back(void **state)
{
	size_t n = make_message(message, sizeof(message), 0);
	int fd = peer_tcp(&at);

	peer_send(fd, message, n);
	room_until_received(&room, 1);
	transport_set_tag(room.transport, &room.flow, 5);
	assert_int_equal(room_guests(&room), 0);
	transport_set_tag(room.transport, &room.flow, 6);
	transport_set_tag(room.transport, &room.flow, 0);
	assert_int_equal(room_guests(&room), 1);
	move_time(TRANSPORT_GUEST_IDLE_US + MS_US);
	close(fd);
	room_until_closed(&room, 1);
	assert_int_equal(room_guests(&room), 0);
}

/* Opens n connections to `to`; those beyond what is allowed are closed by the other side. */
static void open_peers(int *fds, size_t n, const struct address *to)
{
	for (size_t i = 0; i < n; i++)
		fds[i] = peer_tcp(to);
}

static void close_peers(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static void until_metric(const char *line, long value)
{
	while (room_metric(&room, line) != value)
		one_turn(room.loop);
}

static void test_guests_of_a_host(void **state)
{
	static int fds[TRANSPORT_GUESTS_PER_HOST + 1];
	size_t n = make_message(message, sizeof(message), 0);

	open_peers(fds, TRANSPORT_GUESTS_PER_HOST, &at);
	room_until_connections(&room, TRANSPORT_GUESTS_PER_HOST);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"guests_of_host\"} "), 0);
	open_peers(fds + TRANSPORT_GUESTS_PER_HOST, 1, &at);
	until_metric("drops_total{reason=\"guests_of_host\"} ", 1);
	assert_int_equal(room_connections(&room), TRANSPORT_GUESTS_PER_HOST);
	/* One of them makes itself known, and so room for another. */
	close(fds[TRANSPORT_GUESTS_PER_HOST]);
	peer_send(fds[0], message, n);
	room_until_received(&room, 1);
	transport_set_tag(room.transport, &room.flow, 1);
	open_peers(fds + TRANSPORT_GUESTS_PER_HOST, 1, &at);
	room_until_connections(&room, TRANSPORT_GUESTS_PER_HOST + 1);
	close_peers(fds, TRANSPORT_GUESTS_PER_HOST + 1);
	room_until_closed(&room, TRANSPORT_GUESTS_PER_HOST + 1);
}

/* An operator is no guest: not counted, not bounded by a guest's limits, and a tag changes nothing. */
static void test_operators_are_no_guests(void **state)
{
	struct transport_limits limits = {
		.connections = 100, .idle_us = SECOND_US * 60, .guest_idle_us = SECOND_US * 60};
	size_t n = make_message(message, sizeof(message), 0);
	int fds[3];

	transport_set_limits(room.transport, &limits);
	room.knows = true;
	open_peers(fds, 3, &at);
	room_until_connections(&room, 3);
	assert_int_equal(room_guests(&room), 0);
	peer_send(fds[0], message, n - 1); /* guests may not begin a single byte */
	peer_send(fds[1], message, n);
	room_until_received(&room, 1);
	transport_set_tag(room.transport, &room.flow, 7);
	transport_set_tag(room.transport, &room.flow, 0);
	peer_send(fds[0], message + n - 1, 1);
	room_until_received(&room, 2);
	assert_int_equal(room_guests(&room), 0);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"guests\"} "), 0);
	room.knows = false;
	int stranger = peer_tcp(&at);
	until_metric("drops_total{reason=\"guests\"} ", 1);
	close(stranger);
	close_peers(fds, 3);
	room_until_closed(&room, 3);
}

static void check_limit(struct transport_limits limits, const char *line)
{
	int fds[4];

	transport_set_limits(room.transport, &limits);
	open_peers(fds, 3, &at);
	room_until_connections(&room, 3);
	assert_int_equal(room_metric(&room, line), 0);
	open_peers(fds + 3, 1, &at);
	until_metric(line, 1);
	assert_int_equal(room_connections(&room), 3);
	assert_int_equal(room_guests(&room), 3);
	close_peers(fds, 4);
	room_until_closed(&room, 3);
}

/* TLS peers that never finish: the oldest of them makes room for a neighbour, and the limit holds. */
static void test_half_open_yields(void **state)
{
	static const struct transport_limits limits[] = {
		{.connections = 100,
		 .guests = 100,
		 .guests_per_host = 3,
		 .guest_idle_us = SECOND_US * 60,
		 .idle_us = SECOND_US * 60},
		{.connections = 100,
		 .guests = 3,
		 .guests_per_host = 100,
		 .guest_idle_us = SECOND_US * 60,
		 .idle_us = SECOND_US * 60},
	};
	static const char *const lines[] = {"drops_total{reason=\"guests_of_host\"} ",
					    "drops_total{reason=\"guests\"} "};
	struct test_identity identity;
	identity_make(&identity);
	struct address tls = room_listen(&room, SIP_TLS, "127.0.0.1:0", identity.certificates);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		int fds[4];
		char byte;
		transport_set_limits(room.transport, &limits[i]);
		open_peers(fds, 3, &tls);
		room_until_connections(&room, 3);
		open_peers(fds + 3, 1, &tls);
		until_metric(lines[i], 1);
		while (recv(fds[0], &byte, 1, MSG_DONTWAIT) != 0) /* the oldest is closed, and no other */
			one_turn(room.loop);
		assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
		assert_int_equal(room_guests(&room), 3);
		close_peers(fds, 4);
		while (room_connections(&room))
			one_turn(room.loop);
	}
	identity_remove(&identity);
}

/* Comes from there, and is let in. */
static int guest_from(const char *from)
{
	size_t before = room_connections(&room);
	int fd = peer_socket(SOCK_STREAM, from, AF_INET);

	peer_connect(fd, &at);
	while (before < 4 && room_connections(&room) == before)
		one_turn(room.loop);
	return fd;
}

static void until_ended(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
		one_turn(room.loop);
}

static bool is_there(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* All places are taken by strangers who say nothing: the largest host makes room, offices last, of equals the oldest.
 */
static void test_largest_host_yields(void **state)
{
	struct transport_limits limits = {.connections = 100,
					  .guests = 4,
					  .guests_per_host = 100,
					  .guest_idle_us = SECOND_US * 60,
					  .idle_us = SECOND_US * 60};
	struct random random;
	int fds[8];

	random_init_seeded(&random, 1);
	struct bans *bans = bans_new(loop_wheel(room.loop), &random);
	transport_set_bans(room.transport, bans);
	transport_set_limits(room.transport, &limits);
	fds[0] = guest_from("127.0.0.2:0");
	for (size_t i = 1; i < 4; i++)
		fds[i] = guest_from("127.0.0.3:0");
	fds[4] = guest_from("127.0.0.4:0");
	until_ended(fds[1]); /* now 2 once, 3 twice, 4 once */
	struct address office = address_of("127.0.0.3:1");
	bans_trust(bans, &(struct guest){.from = &office, .proven = true, .name = SLICE("desk")});
	fds[5] = guest_from("127.0.0.5:0");
	until_ended(fds[0]);
	fds[6] = guest_from("127.0.0.6:0");
	until_ended(fds[4]);
	assert_true(is_there(fds[2]) && is_there(fds[3]) && is_there(fds[5]) && is_there(fds[6]));
	assert_int_equal(room_guests(&room), 4);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"guests\"} "), 3);
	close_peers(fds, 7);
	room_until_closed(&room, 7);
	transport_set_bans(room.transport, NULL);
	bans_free(bans);
}

/* A host that has all its own: who was silent longest makes room, but nobody who may be about to authenticate. */
static void test_silent_neighbour_yields(void **state)
{
	struct transport_limits limits = {.connections = 100,
					  .guests = 100,
					  .guests_per_host = 2,
					  .guest_idle_us = SECOND_US * 60,
					  .idle_us = SECOND_US * 60};
	int fds[4];

	transport_set_limits(room.transport, &limits);
	open_peers(fds, 2, &at);
	room_until_connections(&room, 2);
	open_peers(fds + 2, 1, &at);
	until_ended(fds[2]);
	move_time(TRANSPORT_GUEST_GRACE_US);
	peer_send(fds[0], message, make_message(message, sizeof(message), 0));
	room_until_received(&room, 1);
	open_peers(fds + 3, 1, &at);
	until_ended(fds[1]);
	assert_true(is_there(fds[0]) && is_there(fds[3]));
	assert_int_equal(room_guests(&room), 2);
	close_peers(fds, 4);
	room_until_closed(&room, 3);
}

static void test_guests_in_all(void **state)
{
	check_limit((struct transport_limits){.connections = 100,
					      .guests = 3,
					      .guests_per_host = 100,
					      .guest_idle_us = SECOND_US * 60,
					      .idle_us = SECOND_US * 60},
		    "drops_total{reason=\"guests\"} ");
}

/* Beginnings of messages: each takes 1 KiB of what all guests may have begun; a known phone's does not count. */
static void test_bytes_of_guests(void **state)
{
	const char line[] = "drops_total{reason=\"guests\"} ";
	struct transport_limits limits = {.connections = 100,
					  .guests = 100,
					  .guests_per_host = 100,
					  .guest_bytes = 2048,
					  .guest_idle_us = SECOND_US * 60,
					  .idle_us = SECOND_US * 60};
	size_t n = make_message(message, sizeof(message), 0);
	int fds[5];

	transport_set_limits(room.transport, &limits);
	open_peers(fds, 5, &at);
	/* The ping of another peer, sent after a beginning, shows that the beginning has been taken. */
	for (size_t i = 0; i < 2; i++) {
		peer_send(fds[i], message, n);
		room_until_received(&room, i + 1);
		peer_send(fds[i], message, n - 1);
		peer_send(fds[4], "\r\n\r\n", 4);
		until_metric("keepalives_total ", (long)i + 1);
	}
	/* At the limit; who makes itself known makes room. */
	transport_set_tag(room.transport, &room.flow, 9);
	peer_send(fds[2], message, n - 1);
	peer_send(fds[4], "\r\n\r\n", 4);
	until_metric("keepalives_total ", 3);
	assert_int_equal(room_metric(&room, line), 0);
	peer_send(fds[3], message, n - 1);
	until_metric(line, 1);
	/* Those that were let in end their messages. */
	for (size_t i = 0; i < 3; i++)
		peer_send(fds[i], message + n - 1, 1);
	room_until_received(&room, 5);
	peer_send(fds[0], message, n - 1);
	close_peers(fds, 5);
	room_until_closed(&room, 5);
}

static void test_connections_in_all(void **state)
{
	check_limit((struct transport_limits){.connections = 3,
					      .guests = 100,
					      .guests_per_host = 100,
					      .guest_idle_us = SECOND_US * 60,
					      .idle_us = SECOND_US * 60},
		    "drops_total{reason=\"connections\"} ");
}

static void test_overflow_closes(void **state)
{
	size_t n;
	int fd = peer_tcp(&at), rc;

	peer_send(fd, message, make_message(message, sizeof(message), 0));
	room_until_received(&room, 1);
	transport_set_tag(room.transport, &room.flow, 7);
	n = make_message(message, sizeof(message), 60000);
	do {
		rc = transport_send(room.transport, &room.flow, slice_of(message, n));
		one_turn(room.loop);
	} while (rc == 0);
	assert_int_equal(rc, -ENOBUFS);
	room_until_closed(&room, 1);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"overflow\"} "), 1);
	assert_int_equal(room_metric(&room, "unsent_total "), 1);
	close(fd);
}

/* Strangers are given answers, not a queue; whoever is known has one, and who no longer is has none. */
static void test_guests_are_sent_little(void **state)
{
	int fds[2];

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = peer_tcp(&at);
		peer_send(fds[i], message, make_message(message, sizeof(message), 0));
		room_until_received(&room, i + 1);
		struct slice all = slice_of(message, TRANSPORT_GUEST_OUT_MAX);
		assert_int_equal(transport_send(room.transport, &room.flow, all), 0);
		one_turn(room.loop);
		if (i == 1) {
			transport_set_tag(room.transport, &room.flow, 7);
			struct slice more = slice_of(message, TRANSPORT_GUEST_OUT_MAX + 1);
			assert_int_equal(transport_send(room.transport, &room.flow, more), 0);
			one_turn(room.loop);
			transport_set_tag(room.transport, &room.flow, 0);
		}
		struct slice more = slice_of(message, TRANSPORT_GUEST_OUT_MAX + 1);
		assert_int_equal(transport_send(room.transport, &room.flow, more), -ENOBUFS);
		room_until_closed(&room, i + 1);
	}
	assert_int_equal(room_metric(&room, "drops_total{reason=\"overflow\"} "), 2);
	close_peers(fds, ARRAY_LEN(fds));
}

static void test_all_closed_from_a_callback(void **state)
{
	size_t n = make_message(message, sizeof(message), 0), m = make_message(message + n, sizeof(message) - n, 0);
	int fd = peer_tcp(&at);

	room.close_all = true;
	peer_send(fd, message, n + m);
	room_until_received(&room, 1);
	assert_false(transport_alive(room.transport, &room.flow));
	assert_int_equal(room.closed, 0);
	close(fd);
	room_until_closed(&room, 1);
	assert_int_equal(room.received, 1);
}

static void tls_message(void *arg)
{
	char bytes[1024];
	size_t n = make_message(message, sizeof(message), 3);
	int fd = peer_tcp(arg);
	SSL *ssl = peer_tls(peer_tls_context(TLS1_3_VERSION), fd);

	ASSERT(SSL_connect(ssl) == 1);
	ASSERT(SSL_write(ssl, message, (int)n) == (int)n);
	peer_tls_read(ssl, bytes, n);
	ASSERT(memcmp(bytes, message, n) == 0);
	SSL_free(ssl);
	close(fd);
}

static void test_tls(void **state)
{
	struct test_identity identity;

	identity_make(&identity);
	struct address tls_at = room_listen(&room, SIP_TLS, "127.0.0.1:0", identity.certificates);
	room.echo = true;
	run_with_peer(room.loop, tls_message, &tls_at);
	room_until_closed(&room, 1);
	assert_int_equal(room.flow.transport, SIP_TLS);
	assert_int_equal(room.flow.listener, 1);
	/* It has gone, and with it what could be said of it; while it lived it was told by the callback. */
	assert_string_equal(room.protection, "TLSv1.3 TLS_AES_256_GCM_SHA384");
	char text[8] = "before";
	transport_tls_name(room.transport, &room.closed_flow, text, sizeof(text));
	assert_string_equal(text, "");
	identity_swap(&identity, identity_another());
	run_with_peer(room.loop, tls_message, &tls_at);
	room_until_closed(&room, 2);
	identity_remove(&identity);
	/* A connection that does not come to its end has no flow, and so no event. */
	int fd = peer_tcp(&tls_at);
	peer_send(fd, "not TLS at all", 14);
	until_metric("drops_total{reason=\"handshake\"} ", 0);
	shutdown(fd, SHUT_WR);
	until_metric("drops_total{reason=\"handshake\"} ", 1);
	assert_int_equal(figures().unfinished, 1);
	move_time(60 * SECOND_US); /* told for another minute */
	assert_int_equal(figures().unfinished, 1);
	move_time(60 * SECOND_US);
	assert_int_equal(figures().unfinished, 0);
	assert_int_equal(room.closed, 2);
	close(fd);
}

static int one_message(void *arg)
{
	static struct room own;
	memset(&own, 0, sizeof(own));
	int rc = loop_new(&own.loop);
	if (rc < 0)
		return rc;
	rc = transport_new(own.loop, &room_events, &own, &own.transport);
	if (rc < 0) {
		loop_free(own.loop);
		return rc;
	}
	struct transport_listen listen = {.transport = SIP_TCP, .at = address_of("127.0.0.1:0")};
	rc = transport_listen(own.transport, &listen, NULL);
	if (rc == 0) {
		transport_listener(own.transport, 0, &listen);
		int fd = peer_tcp(&listen.at);
		size_t n = make_message(message, sizeof(message), 100);
		/* In two parts, so that it must be kept. Refused for want of memory, the connection is closed. */
		peer_send(fd, message, n - 10);
		while (room_connections(&own) == 0 && room_metric(&own, "drops_total{reason=\"connections\"} ") == 0)
			one_turn(own.loop);
		one_turn(own.loop);
		one_turn(own.loop);
		(void)send(fd, message + n - 10, 10, MSG_NOSIGNAL);
		close(fd);
		while (room_connections(&own))
			one_turn(own.loop);
		rc = own.received == 1 ? 0 : -ENOMEM;
	}
	room_close(&own);
	return rc;
}

static void test_out_of_memory(void **state)
{
	failing_each(one_message, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_split),
		TEST(test_a_byte_at_a_time),
		TEST(test_many_in_one_read),
		TEST(test_largest_message),
		TEST(test_refused_head),
		TEST(test_ping_pong),
		TEST(test_pings_of_a_minute),
		TEST(test_pings_ban),
		TEST(test_not_sip),
		TEST(test_closed_in_the_middle),
		TEST(test_answer_goes_back_and_dies_with_the_connection),
		TEST(test_tag_and_idle_times),
		TEST(test_tag_taken_back),
		TEST(test_guests_of_a_host),
		TEST(test_half_open_yields),
		TEST(test_operators_are_no_guests),
		TEST(test_largest_host_yields),
		TEST(test_silent_neighbour_yields),
		TEST(test_guests_in_all),
		TEST(test_bytes_of_guests),
		TEST(test_connections_in_all),
		TEST(test_overflow_closes),
		TEST(test_guests_are_sent_little),
		TEST(test_all_closed_from_a_callback),
		TEST(test_tls),
		cmocka_unit_test(test_out_of_memory),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
