/* test_attack.c - clients that are slow, large, rude, half gone or many; the node serves the next one all the same */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"
#include "unit/web/node.h"
#include "web/limits.h"

static char text[256 * 1024];

static int begin(void **state, const struct web_limits *limits)
{
	struct node *n = malloc(sizeof(*n));
	if (!n)
		return -1;
	node_init(n);
	if (limits)
		n->limits = *limits;
	node_start(n);
	*state = n;
	return n->failed;
}

static int start(void **state)
{
	return begin(state, NULL);
}

/* One of them short enough for a test, which waits for the server's own act; the others far beyond its patience. */
#define HASTY (50 * MS_US)
#define CALM (600 * SECOND_US)

static int start_hasty(void **state, int64_t head_us, int64_t idle_us, int64_t body_us, int64_t answer_us,
		       int64_t ahead_us)
{
	struct web_limits limits = web_limits_usual;
	limits.head_us = head_us;
	limits.idle_us = idle_us;
	limits.body_us = body_us;
	limits.answer_us = answer_us;
	limits.ahead_us = ahead_us;
	return begin(state, &limits);
}

static int start_hasty_head(void **state)
{
	return start_hasty(state, HASTY, CALM, CALM, CALM, CALM);
}

static int start_hasty_idle(void **state)
{
	return start_hasty(state, CALM, HASTY, CALM, CALM, CALM);
}

static int start_hasty_body(void **state)
{
	return start_hasty(state, CALM, CALM, HASTY, CALM, CALM);
}

static int start_hasty_answer(void **state)
{
	return start_hasty(state, CALM, CALM, CALM, HASTY, CALM);
}

static int start_hasty_ahead(void **state)
{
	return start_hasty(state, CALM, CALM, CALM, CALM, HASTY);
}

static int start_small(void **state)
{
	struct web_limits small = web_limits_usual;
	small.peers[WEB_LOCAL] = 2;
	return begin(state, &small);
}

/* The next one; who is slow itself, on a busy machine, may be dropped as others are, and comes again. */
static void serves(const struct node *n)
{
	int status = 0;
	for (int i = 0; i < 200 && status == 0; i++)
		status = node_ask(n, "GET", "/healthz", NULL, text, sizeof(text));
	assert_int_equal(status, 200);
}

static int stop(void **state)
{
	node_stop(*state);
	free(*state);
	return 0;
}

/* What the server says to these bytes; "" when it only closes. */
static const char *say(const struct node *n, const char *bytes)
{
	int fd = node_connect(n);
	node_send(fd, bytes);
	node_receive(fd, text, sizeof(text));
	close(fd);
	return text;
}

static void rude_requests_are_refused(void **state)
{
	static const struct {
		const char *bytes, *begins;
	} table[] = {
		{"PUT /api/v1/tenants HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
		{"OPTIONS /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
		{"DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "HTTP/1.1 400 "},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		 "HTTP/1.0 400 "},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 "},
		{"GET /api/v1/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 "},
		{"GET /api/v1/tenants/%2e%2e%2f%2e%2e%2fetc HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 "},
		{"GET /api/v1/tenants/a%00b HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
		 "HTTP/1.1 415 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 415 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
		 "1\r\n\r\n{",
		 "HTTP/1.1 400 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", "HTTP/1.1 413 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		 "HTTP/1.1 400 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		 "HTTP/1.1 400 "},
		{"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		 "HTTP/1.1 411 "},
		{"DELETE /api/v1/tenants/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 400 "},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		 "HTTP/1.0 404 "},
		{"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		 "HTTP/1.0 404 "},
		{"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", ""},
		{"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
		 "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		 "HTTP/1.0 400 "},
		/* A head without the body that it speaks of, and then the end. */
		{"HEAD /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		 ""},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n", "HTTP/1.0 403 "},
		{"GET /api/v1/users?a&b&c&d&e&f&g&h&i HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
	};
	const struct node *n = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		say(n, table[i].bytes);
		bool right = *table[i].begins
				     ? slice_starts(slice_from_string(text), slice_from_string(table[i].begins))
				     : !*text;
		if (!right)
			fail_msg("%s: %s", table[i].bytes, text);
	}
	say(n, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
	assert_non_null(strstr(text, "connection: close\r\n"));
	assert_non_null(strstr(text, "\"detail\":\"this server speaks HTTP/1.1"));
	say(n, "PUT /api/v1/tenants HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(text, "allow: GET, HEAD, POST\r\n"));
	serves(n);
}

static void what_is_no_http_is_closed(void **state)
{
	static const char *const table[] = {"\r\n\r\n\r\n", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
					    "GET\r\n\r\n", "INVITE sip:a@b SIP/2.0\r\nVia: x\r\n\r\n",
					    "GET /healthz HTTP/9.9\r\n\r\n"};
	const struct node *n = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int fd = node_connect(n);
		node_send(fd, table[i]);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		assert_true(node_closed(fd));
		close(fd);
	}
	serves(n);
}

/* A head with one field of n bytes. */
static bool head_is_served(const struct node *n, size_t bytes)
{
	char *request = malloc(bytes + 100);
	assert_non_null(request);
	int at = snprintf(request, 100, "GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: ");
	memset(request + at, 'a', bytes);
	memcpy(request + (size_t)at + bytes, "\r\n\r\n", 5);
	say(n, request);
	free(request);
	return strstr(text, "HTTP/1.1 200") != NULL;
}

static void heads_have_a_limit(void **state)
{
	const struct node *n = *state;
	assert_true(head_is_served(n, WEB_HEAD_MAX - 512));
	assert_false(head_is_served(n, WEB_HEAD_MAX + 1));
	assert_false(head_is_served(n, (size_t)10 * WEB_HEAD_MAX));
	serves(n);
}

static void bodies_have_a_limit(void **state)
{
	const struct node *n = *state;
	char *body = malloc(WEB_BODY_MAX + 2);
	assert_non_null(body);
	memset(body, ' ', WEB_BODY_MAX + 1);
	memcpy(body, "{}", 2);
	body[WEB_BODY_MAX] = 0;
	assert_int_equal(node_ask(n, "POST", "/api/v1/tenants", body, text, sizeof(text)), 400);
	assert_non_null(strstr(text, "missing-field"));
	body[WEB_BODY_MAX] = ' ';
	body[WEB_BODY_MAX + 1] = 0;
	assert_int_equal(node_ask(n, "POST", "/api/v1/tenants", body, text, sizeof(text)), 413);
	free(body);
	serves(n);
}

#define POST(name)                                                                                                     \
	"POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n"     \
	"{\"name\":\"" name "\",\"domain\":\"" name ".test\"}"
#define GET "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

static void expect(int fd, const char *status)
{
	node_receive(fd, text, sizeof(text));
	assert_non_null(strstr(text, status));
	assert_null(strstr(text, "connection: close"));
}

static void one_connection_serves_many_requests_in_order(void **state)
{
	const struct node *n = *state;
	int fd = node_connect(n);
	static const struct {
		const char *request, *status;
	} table[] = {{GET, "200"},
		     {POST("aaaa"), "201"},
		     {POST("bbbb"), "201"},
		     {GET, "200"},
		     {POST("cccc"), "201"},
		     {"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
		     {"DELETE /api/v1/tenants/aaaa HTTP/1.1\r\nHost: x\r\n\r\n", "204"},
		     {POST("bbbb"), "409"},
		     {POST("dddd"), "201"}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		node_send(fd, table[i].request);
		expect(fd, table[i].status);
	}
	serves(n);
	close(fd);
}

/* In pieces of every size: byte by byte, a head and its body apart, a body in two. */
static void a_request_may_come_in_pieces(void **state)
{
	const struct node *n = *state;
	static const char *const requests[] = {POST("aaaa"), POST("bbbb"), POST("cccc"), POST("dddd")};
	size_t length = strlen(requests[0]);
	const size_t sizes[] = {1, length - 36, length - 10, 20};
	int fd = node_connect(n);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		char piece[256];
		for (size_t at = 0; at < length; at += sizes[i]) {
			(void)snprintf(piece, sizeof(piece), "%.*s", (int)sizes[i], requests[i] + at);
			node_send(fd, piece);
			serves(n); /* so it was read */
		}
		expect(fd, "201");
	}
	close(fd);
}

/* Served, or the connection ends after a whole answer: which of them hangs on how the bytes come. */
static void requests_in_one_packet_do_no_harm(void **state)
{
	static const char *const table[] = {GET GET, GET POST("aaaa"), POST("bbbb") GET, POST("cccc") POST("dddd"),
					    POST("eeee") POST("ffff") GET};
	const struct node *n = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int fd = node_connect(n);
		node_send(fd, table[i]);
		node_receive(fd, text, sizeof(text));
		assert_non_null(strstr(text, "HTTP/1.1 20"));
		assert_non_null(strstr(text, "connection: close\r\n"));
		assert_true(node_closed(fd));
		close(fd);
		serves(n);
	}
}

/* While the store is stalled, the second lies in the socket, and is served after the first is answered, or refused. */
static void a_request_sent_before_the_answer_does_no_harm(void **state)
{
	struct node *n = *state;
	n->stalled = true;
	int fd = node_connect(n);
	node_send(fd, POST("aaaa"));
	serves(n); /* so it was read */
	node_send(fd, POST("bbbb"));
	serves(n);
	node_unstall(n);
	node_receive(fd, text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 201"));
	node_receive(fd, text, sizeof(text));
	assert_true(!*text || strstr(text, "HTTP/1.1 201"));
	close(fd);
	serves(n);
}

/* The library says no 100: a client has to go on without it (RFC 9110 §10.1.1). */
static void a_client_that_expects_100_is_served(void **state)
{
	static const char head[] = "POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
				   "Content-Type: application/json\r\nContent-Length: 36\r\n\r\n";
	const struct node *n = *state;
	int fd = node_connect(n);
	node_send(fd, head);
	serves(n); /* so it was read */
	node_send(fd, "{\"name\":\"aaaa\",\"domain\":\"aaaa.test\"}");
	expect(fd, "201");
	node_send(fd, POST("bbbb"));
	expect(fd, "201");
	close(fd);
}

/* ---- slow ---- */

static void a_slow_head_is_dropped(void **state)
{
	const struct node *n = *state;
	int silent = node_connect(n), half = node_connect(n);
	node_send(half, "GET /healthz HTTP/1.1\r\nHost:");
	assert_true(node_closed(silent));
	assert_true(node_closed(half));
	close(silent);
	close(half);
	serves(n);
}

static void a_slow_body_is_dropped(void **state)
{
	const struct node *n = *state;
	int fd = node_connect(n);
	node_send(fd, "POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		      "Content-Length: 100\r\n\r\n{\"name\"");
	assert_true(node_closed(fd));
	close(fd);
	serves(n);
}

static void an_idle_connection_is_dropped(void **state)
{
	const struct node *n = *state;
	int fd = node_connect(n);
	node_send(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	node_receive(fd, text, sizeof(text));
	assert_non_null(strstr(text, "ok"));
	assert_true(node_closed(fd));
	close(fd);
	serves(n);
}

/* Asks for more than its socket holds, and reads nothing. */
static void a_client_that_does_not_read_is_dropped(void **state)
{
	const struct node *n = *state;
	int fd = node_connect(n);
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	while (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		continue; /* until the server, which cannot get rid of its answers, closes */
	assert_true(errno == EPIPE || errno == ECONNRESET);
	close(fd);
	serves(n);
}

/* While the store is stalled: one sends more behind its request, one closes its side, one waits as it should. */
static void who_sends_ahead_of_a_stalled_answer_is_dropped(void **state)
{
	struct node *n = *state;
	static const char request[] = "GET /api/v1/tenants HTTP/1.1\r\nHost: x\r\n\r\n";
	n->stalled = true;
	int patient = node_connect(n), ahead = node_connect(n), half = node_connect(n);
	node_send(patient, request);
	node_send(ahead, request);
	node_send(half, request);
	serves(n); /* so they were read */
	node_send(ahead, "G");
	assert_int_equal(shutdown(half, SHUT_WR), 0);
	assert_true(node_closed(ahead));
	assert_true(node_closed(half));
	node_unstall(n);
	node_receive(patient, text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 200"));
	close(patient);
	close(ahead);
	close(half);
}

/* ---- gone ---- */

static void a_client_that_leaves_before_its_answer_is_forgotten(void **state)
{
	struct node *n = *state;
	static const char request[] = "POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
				      "Content-Length: 36\r\n\r\n{\"name\":\"gone\",\"domain\":\"gone.test\"}";
	n->stalled = true;
	int fd = node_connect(n);
	node_send(fd, request);
	serves(n); /* so it was read */
	close(fd);
	serves(n);
	node_unstall(n);
	/* What was asked is done all the same. */
	assert_int_equal(
		node_ask(n, "POST", "/api/v1/tenants", "{\"name\":\"b\",\"domain\":\"b.test\"}", text, sizeof(text)),
		201);
	assert_int_equal(node_ask(n, "GET", "/api/v1/tenants/gone", NULL, text, sizeof(text)), 200);
}

/* The node ends while the store owes answers: teardown has to free every request. */
static void a_node_ends_with_answers_owed(void **state)
{
	struct node *n = *state;
	n->stalled = true;
	for (int i = 0; i < 3; i++) {
		int fd = node_connect(n);
		node_send(fd, "GET /api/v1/tenants HTTP/1.1\r\nHost: x\r\n\r\n");
		serves(n);
		if (i == 0)
			close(fd);
		/* The others stay open beyond the end. */
	}
}

static void half_closed_is_closed(void **state)
{
	const struct node *n = *state;
	int fd = node_connect(n);
	node_send(fd, "GET /healthz HTTP/1.1\r\nHo");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_true(node_closed(fd));
	close(fd);
	serves(n);
}

/* ---- many ---- */

static void is_served(int fd)
{
	node_send(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	node_receive(fd, text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 200"));
}

static void one_more_than_the_limit_takes_the_place_of_the_oldest(void **state)
{
	const struct node *n = *state;
	int first = node_connect(n);
	is_served(first);
	int second = node_connect(n);
	is_served(second);
	int third = node_connect(n);
	is_served(third);
	assert_true(node_closed(first));
	is_served(second);
	is_served(third);
	close(first);
	close(second);
	close(third);
}

/* With a byte, so that the kernel hands the connection over, and then never with the rest of a handshake. */
static void a_handshake_that_stops_is_dropped(void **state)
{
	struct node *n = *state;
	int fd = node_connect_tcp(n);
	node_send(fd, "\x16");
	assert_true(node_closed(fd));
	close(fd);
	serves(n);
}

static int start_narrow(void **state)
{
	struct web_limits narrow = web_limits_usual;
	narrow.peers_of_address = 3;
	narrow.grace_us = narrow.head_us = CALM;
	return begin(state, &narrow);
}

/* Accepted in the order of their bytes; the last waits, unread, until one of them goes. */
static void one_address_has_so_many_connections(void **state)
{
	static const char empty_hello[] = {0x16, 3, 1, 0, 4, 1, 0, 0, 0};
	struct node *n = *state;
	int fds[4];
	char byte = 0;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = node_connect_tcp(n);
		if (i < 3)
			node_send(fds[i], "\x16");
		else
			assert_int_equal(write(fds[i], empty_hello, sizeof(empty_hello)), sizeof(empty_hello));
	}
	serves(n);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		assert_int_equal(recv(fds[i], &byte, 1, MSG_DONTWAIT), -1);
		assert_int_equal(errno, EAGAIN);
	}
	close(fds[0]);
	assert_int_equal(recv(fds[3], &byte, 1, 0), 1); /* an alert: it has been read */
	assert_int_equal(byte, 0x15);
	for (size_t i = 1; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_handshake_that_stops_is_dropped, start_hasty_head, stop),
		cmocka_unit_test_setup_teardown(one_address_has_so_many_connections, start_narrow, stop),
		cmocka_unit_test_setup_teardown(rude_requests_are_refused, start, stop),
		cmocka_unit_test_setup_teardown(what_is_no_http_is_closed, start, stop),
		cmocka_unit_test_setup_teardown(heads_have_a_limit, start, stop),
		cmocka_unit_test_setup_teardown(bodies_have_a_limit, start, stop),
		cmocka_unit_test_setup_teardown(one_connection_serves_many_requests_in_order, start, stop),
		cmocka_unit_test_setup_teardown(a_request_may_come_in_pieces, start, stop),
		cmocka_unit_test_setup_teardown(requests_in_one_packet_do_no_harm, start, stop),
		cmocka_unit_test_setup_teardown(a_request_sent_before_the_answer_does_no_harm, start, stop),
		cmocka_unit_test_setup_teardown(a_client_that_expects_100_is_served, start, stop),
		cmocka_unit_test_setup_teardown(a_slow_head_is_dropped, start_hasty_head, stop),
		cmocka_unit_test_setup_teardown(a_slow_body_is_dropped, start_hasty_body, stop),
		cmocka_unit_test_setup_teardown(an_idle_connection_is_dropped, start_hasty_idle, stop),
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_is_dropped, start_hasty_answer, stop),
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_is_dropped, start_hasty_ahead, stop),
		cmocka_unit_test_setup_teardown(who_sends_ahead_of_a_stalled_answer_is_dropped, start_hasty_ahead,
						stop),
		cmocka_unit_test_setup_teardown(a_client_that_leaves_before_its_answer_is_forgotten, start, stop),
		cmocka_unit_test_setup_teardown(a_node_ends_with_answers_owed, start, stop),
		cmocka_unit_test_setup_teardown(half_closed_is_closed, start, stop),
		cmocka_unit_test_setup_teardown(one_more_than_the_limit_takes_the_place_of_the_oldest, start_small,
						stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
