/* Tests of net/stream_tls.c against OpenSSL's own client, and of how many handshakes a turn may cost. */
#include <netinet/tcp.h>
#include <poll.h>

#include "unit/net/peer_tls.h"

#include "net/stream.h"

static struct loop *loop;
static struct test_identity own, other;
static struct stream_listener *listener;
static struct address server_at;

struct side {
	struct stream *stream;
	size_t opened, wanted_opened;
	size_t closed, wanted_closed;
	size_t received;
	enum stream_closed why;
};
static struct side server;

static void *side_accept(void *arg, struct stream *s)
{
	return arg;
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
	x->received += n;
	if (x == &server)
		assert_int_equal(stream_send(s, slice_of(bytes, n)), 0);
}

static void side_closed(void *arg, struct stream *s, enum stream_closed why)
{
	struct side *x = arg;
	x->closed++;
	x->why = why;
}

static const struct stream_events events = {side_opened, side_input, side_closed};

static int set_up(void **state)
{
	struct address at = address_of("127.0.0.1:0");

	server = (struct side){0};
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(stream_listen(loop, &at, own.certificates, side_accept, &events, &server, &listener), 0);
	stream_listener_local(listener, &server_at);
	return 0;
}

static int tear_down(void **state)
{
	stream_listener_close(listener);
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

static void until_closed(struct side *x, size_t n)
{
	x->wanted_closed = n;
	run_until(loop, count_reached, &x->closed);
}

struct client {
	int version;
	SSL *ssl;
	int fd;
	bool refused; /* the handshake failed */
	int reason;   /* why, by OpenSSL's account on the client's thread */
	char fingerprint[TLS_FINGERPRINT_CAP];
};

static void client_connect(void *arg)
{
	struct client *c = arg;

	c->fd = peer_tcp(&server_at);
	c->ssl = peer_tls(peer_tls_context(c->version), c->fd);
	c->refused = SSL_connect(c->ssl) != 1;
	c->reason = ERR_GET_REASON(ERR_peek_error());
	ERR_clear_error();
	if (!c->refused)
		peer_tls_fingerprint(c->ssl, c->fingerprint);
}

static void client_echo(void *arg)
{
	static const char text[] = "a message that is sent and comes back";
	struct client *c = arg;
	char back[sizeof(text)];

	ASSERT(SSL_write(c->ssl, text, sizeof(text)) == sizeof(text));
	peer_tls_read(c->ssl, back, sizeof(back));
	ASSERT(memcmp(text, back, sizeof(text)) == 0);
}

static void client_close(void *arg)
{
	struct client *c = arg;

	/* The one says that it ends, and waits until the other has said so. */
	if (!c->refused && SSL_shutdown(c->ssl) == 0)
		ASSERT(SSL_shutdown(c->ssl) == 1);
	SSL_free(c->ssl);
	close(c->fd);
}

static void client_whole(void *arg)
{
	client_connect(arg);
	ASSERT(!((struct client *)arg)->refused);
	client_echo(arg);
	client_close(arg);
}

static void check_version(int version)
{
	struct client c = {.version = version};

	size_t before = server.closed;

	run_with_peer(loop, client_whole, &c);
	until_closed(&server, before + 1);
	assert_int_equal(server.why, STREAM_CLOSED_BY_PEER);
}

static void test_tls_12_and_13(void **state)
{
	check_version(TLS1_2_VERSION);
	check_version(TLS1_3_VERSION);
	assert_int_equal(server.opened, 2);
}

static void test_tls_11_is_refused(void **state)
{
	struct client c = {.version = TLS1_1_VERSION};

	run_with_peer(loop, client_connect, &c);
	assert_true(c.refused);
	/* With an alert that says so, not a reset. */
	assert_int_equal(c.reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
	client_close(&c);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_HANDSHAKE);
	assert_int_equal(server.opened, 0);
}

static void client_renegotiates(void *arg)
{
	struct client *c = arg;
	char byte;

	client_connect(c);
	ASSERT(!c->refused && SSL_renegotiate(c->ssl) == 1);
	/* The refusal comes as a warning that ends OpenSSL's own client. */
	c->refused = SSL_do_handshake(c->ssl) != 1 || SSL_read(c->ssl, &byte, 1) <= 0;
	SSL_free(c->ssl);
	close(c->fd);
}

static void test_no_renegotiation(void **state)
{
	struct client c = {.version = TLS1_2_VERSION};

	run_with_peer(loop, client_renegotiates, &c);
	assert_true(c.refused);
	until_closed(&server, 1);
}

/* Moves what one side wrote to the socket a byte at a time, each in a packet of its own. */
static void send_slowly(BIO *from, int fd)
{
	char byte;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	while (BIO_read(from, &byte, 1) == 1)
		peer_send(fd, &byte, 1);
}

static void client_slow(void *arg)
{
	struct client *c = arg;
	char bytes[4096];
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	SSL_CTX *context = peer_tls_context(c->version);
	SSL *ssl = SSL_new(context);
	int rc;

	SSL_CTX_free(context);
	SSL_set_bio(ssl, in, out);
	c->fd = peer_tcp(&server_at);
	while ((rc = SSL_connect(ssl)) != 1) {
		ASSERT(SSL_get_error(ssl, rc) == SSL_ERROR_WANT_READ);
		send_slowly(out, c->fd);
		ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
		ASSERT(n > 0);
		BIO_write(in, bytes, (int)n);
	}
	ASSERT(SSL_write(ssl, "slow", 4) == 4);
	send_slowly(out, c->fd);
	while (SSL_read(ssl, bytes, sizeof(bytes)) != 4) {
		ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
		ASSERT(n > 0);
		BIO_write(in, bytes, (int)n);
	}
	SSL_free(ssl);
	close(c->fd);
}

static void test_a_byte_at_a_time(void **state)
{
	struct client c = {.version = TLS1_3_VERSION};

	run_with_peer(loop, client_slow, &c);
	c.version = TLS1_2_VERSION;
	run_with_peer(loop, client_slow, &c);
	until_closed(&server, 2);
	assert_int_equal(server.received, 8);
}

static void test_garbage(void **state)
{
	char bytes[256];
	int fd = peer_tcp(&server_at);

	peer_send(fd, "OPTIONS sip:x SIP/2.0\r\n\r\n", 25);
	server.wanted_closed = 1;
	shutdown(fd, SHUT_WR);
	run_until(loop, count_reached, &server.closed);
	assert_int_equal(server.why, STREAM_CLOSED_HANDSHAKE);
	(void)peer_read_all(fd, bytes, sizeof(bytes));
	close(fd);
}

static void test_silent_peer_is_dropped(void **state)
{
	char bytes[8];
	int fd = peer_tcp(&server_at);
	struct wheel *w = loop_wheel(loop);

	/* Accepted as soon as its handshake timer runs. */
	while (w->running == 0)
		one_turn(loop);
	wheel_turn(w, w->now_us + STREAM_HANDSHAKE_US - SECOND_US, w->wall_us);
	one_turn(loop);
	assert_int_equal(server.closed, 0);
	wheel_turn(w, w->now_us + SECOND_US + MS_US, w->wall_us);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_HANDSHAKE);
	assert_int_equal(peer_read_all(fd, bytes, sizeof(bytes)), 0);
	close(fd);
}

static void test_identity_swapped_under_a_live_connection(void **state)
{
	struct client before = {.version = TLS1_3_VERSION}, after = {.version = TLS1_2_VERSION};
	char first[TLS_FINGERPRINT_CAP], second[TLS_FINGERPRINT_CAP];

	tls_identity_fingerprint(own.identity, first);
	run_with_peer(loop, client_connect, &before);
	/* Nobody but the connection holds the first one now. */
	identity_swap(&own, identity_another());
	tls_identity_fingerprint(own.identity, second);
	run_with_peer(loop, client_connect, &after);
	run_with_peer(loop, client_echo, &before);
	run_with_peer(loop, client_echo, &after);
	assert_string_equal(before.fingerprint, first);
	assert_string_equal(after.fingerprint, second);
	run_with_peer(loop, client_close, &before);
	run_with_peer(loop, client_close, &after);
	until_closed(&server, 2);
	identity_swap(&own, NULL);
}

static void send_hello(int fd)
{
	char hello[4096];
	SSL_CTX *context = peer_tls_context(TLS1_3_VERSION);
	SSL *ssl = SSL_new(context);
	BIO *out = BIO_new(BIO_s_mem());

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	ASSERT(SSL_connect(ssl) != 1);
	peer_send(fd, hello, (size_t)BIO_read(out, hello, sizeof(hello)));
	SSL_free(ssl);
	SSL_CTX_free(context);
}

#define STORM 40

static size_t count_answered(const int *fds)
{
	struct pollfd p[STORM];
	size_t n = 0;

	for (size_t i = 0; i < STORM; i++)
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	poll(p, STORM, 0);
	for (size_t i = 0; i < STORM; i++)
		n += (p[i].revents & POLLIN) != 0;
	return n;
}

static void test_handshakes_are_bounded_per_turn(void **state)
{
	int fds[STORM];
	size_t answered = 0, turns = 0;

	for (size_t i = 0; i < STORM; i++) {
		fds[i] = peer_tcp(&server_at);
		send_hello(fds[i]);
	}
	while (answered < STORM) {
		size_t before = answered;
		one_turn(loop);
		answered = count_answered(fds);
		assert_true(answered - before <= STREAM_HANDSHAKES_PER_TURN);
		turns++;
	}
	/* Bounded, but the whole share is used: no turn is lost in between. */
	assert_true(turns <= STORM / STREAM_HANDSHAKES_PER_TURN + 2);
	for (size_t i = 0; i < STORM; i++)
		close(fds[i]);
	until_closed(&server, STORM);
}

/* A step of a client that has its bytes in memory: what has come goes in, what it says goes out. */
static void client_step(SSL *ssl, int fd)
{
	char bytes[8192];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		ASSERT(BIO_write(SSL_get_rbio(ssl), bytes, (int)n) == n);
	(void)SSL_connect(ssl);
	int out = BIO_read(SSL_get_wbio(ssl), bytes, sizeof(bytes));
	if (out > 0)
		peer_send(fd, bytes, (size_t)out);
}

static void test_who_has_begun_is_not_overtaken_by_a_storm(void **state)
{
	SSL_CTX *context = peer_tls_context(TLS1_3_VERSION);
	SSL *ssl = SSL_new(context);
	int first = peer_tcp(&server_at), fds[STORM];
	struct pollfd p = {.fd = first, .events = POLLIN};

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	client_step(ssl, first);
	while (poll(&p, 1, 0) == 0)
		one_turn(loop);
	for (size_t i = 0; i < STORM; i++) {
		fds[i] = peer_tcp(&server_at);
		send_hello(fds[i]);
	}
	/* Until the storm stands in the queue, its first phones served. */
	while (count_answered(fds) == 0)
		one_turn(loop);
	client_step(ssl, first);
	while (server.opened == 0)
		one_turn(loop);
	assert_true(count_answered(fds) < STORM);

	SSL_free(ssl);
	SSL_CTX_free(context);
	close(first);
	for (size_t i = 0; i < STORM; i++)
		close(fds[i]);
	until_closed(&server, STORM + 1);
}

/* Time passes as on a machine that is far too slow for the storm: who waits for us is not dropped. */
static void test_waiting_for_a_turn_is_not_the_phones_time(void **state)
{
	struct wheel *w = loop_wheel(loop);
	int fds[STORM];

	for (size_t i = 0; i < STORM; i++) {
		fds[i] = peer_tcp(&server_at);
		send_hello(fds[i]);
	}
	for (size_t answered = 0; answered < STORM; answered = count_answered(fds)) {
		one_turn(loop);
		wheel_turn(w, w->now_us + STREAM_HANDSHAKE_US / 4, w->wall_us);
	}
	/* The last were answered in the fifth turn or later; an answer is more than the end of a connection. */
	for (size_t i = 0; i < STORM; i++) {
		char byte;
		assert_int_equal(recv(fds[i], &byte, 1, MSG_PEEK), 1);
		close(fds[i]);
	}
	until_closed(&server, STORM);
}

static void send_large(void *arg)
{
	static char bytes[200000], back[sizeof(bytes)];
	struct client *c = arg;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31 >> 3);
	for (size_t at = 0; at < sizeof(bytes);) {
		size_t n = MIN(sizeof(bytes) - at, (size_t)20000);
		ASSERT(SSL_write(c->ssl, bytes + at, (int)n) == (int)n);
		peer_tls_read(c->ssl, back + at, n);
		at += n;
	}
	ASSERT(memcmp(bytes, back, sizeof(bytes)) == 0);
}

static void test_large_messages(void **state)
{
	struct client c = {.version = TLS1_3_VERSION};

	run_with_peer(loop, client_connect, &c);
	run_with_peer(loop, send_large, &c);
	run_with_peer(loop, client_close, &c);
	until_closed(&server, 1);
}

static void test_queue_is_bounded(void **state)
{
	static char bytes[65536];
	struct client c = {.version = TLS1_3_VERSION};
	int rc;

	run_with_peer(loop, client_connect, &c);
	run_until(loop, count_reached, (size_t[]){server.opened, 1});
	do {
		rc = stream_send(server.stream, slice_of(bytes, sizeof(bytes)));
		one_turn(loop);
	} while (rc == 0);
	assert_int_equal(rc, -ENOBUFS);
	until_closed(&server, 1);
	assert_int_equal(server.why, STREAM_CLOSED_OVERFLOW);
	SSL_free(c.ssl);
	close(c.fd);
}

/* Each asks for one of ours. It reads none, until it is closed. */
static void ask_for_keys(void *arg)
{
	struct client *c = arg;
	while (SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(c->ssl) == 1)
		;
}

/* What the peer causes without a message of ours counts too: most of it is the kernel's, little is kept here. */
static void test_key_updates_are_bounded(void **state)
{
	struct client c = {.version = TLS1_3_VERSION};

	run_with_peer(loop, client_connect, &c);
	run_until(loop, count_reached, (size_t[]){server.opened, 1});
	stream_bound(server.stream, 1000);
	run_with_peer(loop, ask_for_keys, &c);
	until_closed(&server, 1);
	SSL_free(c.ssl);
	close(c.fd);
}

static void connect_by_name(const char *name, struct side *client)
{
	struct stream *s;

	*client = (struct side){0};
	assert_int_equal(stream_connect(loop, NULL, &server_at, name, &events, client, &s), 0);
	while (client->opened + client->closed == 0)
		one_turn(loop);
	if (client->opened) {
		assert_int_equal(stream_send(s, SLICE("ping")), 0);
		while (client->received < 4)
			one_turn(loop);
		stream_close(s);
		until_closed(client, 1);
	}
}

static void test_connect_verifies_the_name(void **state)
{
	struct side client;

	/* The system's authorities are read from this file, and it holds ours alone. */
	setenv("SSL_CERT_FILE", own.certificate, 1);
	connect_by_name("localhost", &client);
	assert_int_equal(client.opened, 1);
	connect_by_name("127.0.0.1", &client);
	assert_int_equal(client.opened, 1);
	connect_by_name("elsewhere.example", &client);
	assert_int_equal(client.opened, 0);
	assert_int_equal(client.why, STREAM_CLOSED_HANDSHAKE);
	identity_swap(&own, identity_another());
	connect_by_name("localhost", &client);
	assert_int_equal(client.opened, 0);
	until_closed(&server, 4);
	unsetenv("SSL_CERT_FILE");
	identity_swap(&own, NULL);
}

static int make_identities(void **state)
{
	identity_make(&own);
	identity_make(&other);
	return 0;
}

static int remove_identities(void **state)
{
	identity_remove(&own);
	identity_remove(&other);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tls_12_and_13),
		TEST(test_tls_11_is_refused),
		TEST(test_no_renegotiation),
		TEST(test_a_byte_at_a_time),
		TEST(test_garbage),
		TEST(test_silent_peer_is_dropped),
		TEST(test_identity_swapped_under_a_live_connection),
		TEST(test_handshakes_are_bounded_per_turn),
		TEST(test_who_has_begun_is_not_overtaken_by_a_storm),
		TEST(test_waiting_for_a_turn_is_not_the_phones_time),
		TEST(test_large_messages),
		TEST(test_queue_is_bounded),
		TEST(test_key_updates_are_bounded),
		TEST(test_connect_verifies_the_name),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, make_identities, remove_identities);
}
