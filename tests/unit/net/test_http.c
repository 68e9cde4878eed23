/* Tests of net/http*.c against a server on the same loop, which answers as the path of each request says. */
#include "unit/net/identity.h"
#include "unit/net/peer_tls.h"

#include "net/http_private.h"
#include "net/stream.h"
#include "support/failing.h"

#define CONNECTIONS 80

static struct loop *loop;
static struct http *http;
static struct test_identity identity;

/* ---- the server ---- */

struct connection {
	size_t n;
	char request[4096];
};
static struct server {
	struct stream_listener *plain, *secure;
	struct address at, secure_at;
	size_t accepted;
	size_t asked, wanted_asked;
	struct connection connections[CONNECTIONS];
	char last[4096]; /* request */
} server;

static void *server_accept(void *arg, struct stream *s)
{
	ASSERT(server.accepted < CONNECTIONS);
	return &server.connections[server.accepted++];
}

static void server_opened(void *arg, struct stream *s) {}

static void server_closed(void *arg, struct stream *s, enum stream_closed why) {}

static const struct {
	const char *path, *answer;
	bool close; /* the connection, after it */
} answers[] = {
	{"/plain", "HTTP/1.1 200 OK\r\nX-Thing:  one \r\nx-thing: two\r\nContent-Length: 5\r\n\r\nhello", false},
	{"/refused", "HTTP/1.1 503 No\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", false},
	{"/elsewhere", "HTTP/1.1 302 There\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n", false},
	{"/interim",
	 "HTTP/1.1 103 Soon\r\nLink: x\r\n\r\nHTTP/1.1 201 Made\r\nLocation: y\r\nContent-Length: 0\r\n\r\n", false},
	{"/until-the-end", "HTTP/1.1 200 OK\r\n\r\nto the end", true},
	{"/cut-off", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true},
	{"/half", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", false},
	{"/nothing", "", true},
	{"/silent", "", false},
	{"/no-http", "220 mail.example ESMTP\r\n", false},
};

static void send_many(struct stream *s, const char *begin, const char *line, size_t times)
{
	(void)!stream_send(s, slice_from_string(begin));
	/* The other side may close in the middle of it. */
	for (size_t i = 0; i < times; i++)
		(void)!stream_send(s, slice_from_string(line));
}

static void answer(struct stream *s, const char *path)
{
	if (strcmp(path, "/endless") == 0)
		send_many(s, "HTTP/1.1 200 OK\r\n\r\n", "a body that does not come to an end. ", 2000);
	else if (strcmp(path, "/endless-head") == 0)
		send_many(s, "HTTP/1.1 200 OK\r\n", "X-Line: a head that does not come to an end\r\n", 2000);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (strcmp(path, answers[i].path) != 0)
			continue;
		(void)!stream_send(s, slice_from_string(answers[i].answer));
		if (answers[i].close)
			stream_close(s);
	}
}

/* The head, and as many bytes after it as it says. */
static bool is_whole(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n"), *length = strstr(request, "Content-Length: ");
	return end && (!length || strlen(end + 4) >= strtoul(length + 16, NULL, 10));
}

static void server_input(void *arg, struct stream *s, char *bytes, size_t n)
{
	struct connection *c = arg;
	char path[64];

	ASSERT(n < sizeof(c->request) - c->n);
	memcpy(c->request + c->n, bytes, n);
	c->n += n;
	c->request[c->n] = 0;
	if (!is_whole(c->request))
		return;
	memcpy(server.last, c->request, c->n + 1);
	server.asked++;
	ASSERT(sscanf(c->request, "%*s %63s", path) == 1);
	answer(s, path);
}

static const struct stream_events events = {server_opened, server_input, server_closed};

static int set_up(void **state)
{
	struct address at = address_of("127.0.0.1:0");

	memset(&server, 0, sizeof(server));
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(stream_listen(loop, &at, NULL, server_accept, &events, NULL, &server.plain), 0);
	assert_int_equal(stream_listen(loop, &at, identity.certificates, server_accept, &events, NULL, &server.secure),
			 0);
	stream_listener_local(server.plain, &server.at);
	stream_listener_local(server.secure, &server.secure_at);
	assert_int_equal(http_new(loop, &http), 0);
	return 0;
}

static int tear_down(void **state)
{
	http = http_free(http);
	stream_listener_close(server.plain);
	stream_listener_close(server.secure);
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

/* ---- asking ---- */

struct result {
	bool told;
	int status;
	char body[256], error[256], thing[64], location[64];
};

static void told(void *owner, const struct http_answer *a)
{
	struct result *r = owner;
	assert_false(r->told);
	assert_true((a->status == 0) == (a->error != NULL));
	r->told = true;
	r->status = a->status;
	slice_to_string(a->body, r->body, sizeof(r->body));
	slice_to_string(slice_from_string(a->error), r->error, sizeof(r->error));
	slice_to_string(http_answer_header(a, "x-Thing"), r->thing, sizeof(r->thing));
	slice_to_string(http_answer_header(a, "location"), r->location, sizeof(r->location));
}

static struct http_request request_to(const char *url)
{
	return (struct http_request){.url = url, .answer_max = 200, .timeout_us = 60 * SECOND_US};
}

static const char *url_of(const char *path)
{
	static char url[128];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server.at.port, path);
	return url;
}

static struct result ask(const struct http_request *request)
{
	struct result r = {0};
	struct http_call *c;
	assert_int_equal(http_start(http, request, told, &r, &c), 0);
	assert_false(r.told); /* never from inside */
	run_until(loop, flag_set, &r.told);
	return r;
}

static struct result get(const char *path)
{
	struct http_request request = request_to(url_of(path));
	return ask(&request);
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(loop);
	wheel_turn(w, w->now_us + us, w->wall_us);
}

/* ---- tests ---- */

static void test_answers(void **state)
{
	struct result r = get("/plain");
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "hello");
	assert_string_equal(r.thing, "one");
	assert_string_equal(r.location, "");
	assert_int_equal(get("/refused").status, 503);
	r = get("/interim");
	assert_int_equal(r.status, 201);
	assert_string_equal(r.location, "y");
	assert_string_equal(get("/until-the-end").body, "to the end");
}

static void test_what_is_sent(void **state)
{
	static const char *const headers[] = {"Content-Type: application/json", "X-Own: 1"};
	struct http_request request = request_to(url_of("/plain"));
	request.method = HTTP_POST;
	request.headers = headers;
	request.header_count = 2;
	request.body = SLICE("{\"a\":1}");
	assert_int_equal(ask(&request).status, 200);
	assert_non_null(strstr(server.last, "POST /plain HTTP/1.1\r\n"));
	assert_non_null(strstr(server.last, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(server.last, "\r\nX-Own: 1\r\n"));
	assert_non_null(strstr(server.last, "\r\nUser-Agent: Alto\r\n"));
	assert_non_null(strstr(server.last, "\r\n\r\n{\"a\":1}"));
	request.body = SLICE_NONE;
	assert_int_equal(ask(&request).status, 200);
	assert_non_null(strstr(server.last, "\r\nContent-Length: 0\r\n"));
	request = request_to(url_of("/refused"));
	request.method = HTTP_HEAD;
	assert_int_equal(ask(&request).status, 503);
	assert_non_null(strstr(server.last, "HEAD /refused HTTP/1.1\r\n"));
}

static void test_redirects_are_not_followed(void **state)
{
	struct result r = get("/elsewhere");
	assert_int_equal(r.status, 302);
	assert_string_equal(r.location, "/plain");
	assert_int_equal(server.asked, 1);
}

static void test_no_answer(void **state)
{
	assert_string_equal(get("/nothing").error, "Empty reply from server");
	assert_int_equal(get("/cut-off").status, 0);
	assert_int_equal(get("/no-http").status, 0);
	stream_listener_close(server.plain);
	server.plain = NULL;
	one_turn(loop);
	struct result r = get("/plain");
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.error, "127.0.0.1"));
}

static void test_time_is_over(void **state)
{
	static const char *const paths[] = {"/silent", "/half"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_request request = request_to(url_of(paths[i]));
		struct result r = {0};
		struct http_call *c;
		assert_int_equal(http_start(http, &request, told, &r, &c), 0);
		server.wanted_asked = server.asked + 1;
		run_until(loop, count_reached, &server.asked);
		move_time(request.timeout_us / 2); /* beside what has passed by itself */
		assert_false(r.told);
		move_time(request.timeout_us);
		assert_true(r.told);
		assert_string_equal(r.error, "It has not answered within 60 s.");
	}
}

static void test_length_of_an_answer(void **state)
{
	struct http_request request = request_to(url_of("/plain"));
	request.answer_max = 5;
	assert_int_equal(ask(&request).status, 200);
	request.answer_max = 4;
	assert_string_equal(ask(&request).error, "Its answer is too long.");
	request.answer_max = 0;
	assert_string_equal(ask(&request).error, "Its answer is too long.");
	assert_string_equal(get("/endless").error, "Its answer is too long.");
	assert_string_equal(get("/endless-head").error, "The head of its answer is too long.");
}

static void test_length_of_a_head(void **state)
{
	struct http_call *c = calloc(1, sizeof(*c));
	static char bytes[HTTP_HEAD_MAX];
	assert_int_equal(http_take_head(bytes, 1, HTTP_HEAD_MAX - 10, c), HTTP_HEAD_MAX - 10);
	char last[] = "HTTP/1.1 2";
	assert_int_equal(http_take_head(last, 1, 10, c), 10); /* it counts, although a new head begins */
	assert_int_equal(http_take_head(bytes, 1, 1, c), 0);
	free(c);
}

static void test_public_addresses_only(void **state)
{
	static const char *const hosts[] = {"127.0.0.1",
					    "[::1]",
					    "[::ffff:127.0.0.1]",
					    "localhost",
					    "10.0.0.1",
					    "192.168.1.1",
					    "172.16.0.1",
					    "169.254.169.254",
					    "100.64.0.1",
					    "0.0.0.0",
					    "[::]",
					    "[fc00::1]",
					    "[fe80::1]",
					    "2130706433",
					    "0x7f.1",
					    "[::ffff:a9fe:a9fe]",
					    "[64:ff9b::7f00:1]",
					    "255.255.255.255",
					    "224.0.0.1"};
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		char url[128];
		snprintf(url, sizeof(url), "http://%s:%u/plain", hosts[i], server.at.port);
		struct http_request request = request_to(url);
		request.public_only = true;
		assert_string_equal(ask(&request).error, "Its address is not of the public Internet.");
	}
	assert_int_equal(server.accepted, 0);
}

static void test_addresses_that_are_allowed(void **state)
{
	struct http_request request = request_to(url_of("/plain"));
	struct address_block blocks[2];
	assert_true(address_block_parse(SLICE("10.0.0.0/8"), &blocks[0]));
	assert_true(address_block_parse(SLICE("127.0.0.1"), &blocks[1]));
	request.public_only = true;
	request.allowed = blocks;
	request.allowed_count = 2;
	assert_int_equal(ask(&request).status, 200);
	request.allowed_count = 1;
	assert_int_equal(ask(&request).status, 0);
}

static struct result get_secure(const char *host, const char *ca_file)
{
	char url[128];
	snprintf(url, sizeof(url), "https://%s:%u/plain", host, server.secure_at.port);
	struct http_request request = request_to(url);
	request.ca_file = ca_file;
	return ask(&request);
}

static void test_certificates(void **state)
{
	assert_int_equal(get_secure("127.0.0.1", identity.certificate).status, 200);
	assert_int_equal(get_secure("localhost", identity.certificate).status, 200);
	assert_int_equal(server.asked, 2);
	/* An authority that nobody knows, a name that is another's, a file that is not there. */
	assert_non_null(strstr(get_secure("127.0.0.1", NULL).error, "certificate"));
	assert_int_equal(get_secure("localhost.", "/nonexistent").status, 0);
	assert_int_equal(server.asked, 2);
}

/* As `openssl rehash` makes it. */
static void link_by_subject(const char *certificate, const char *directory, char ret[96])
{
	BIO *file = BIO_new_file(certificate, "r");
	X509 *x = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
	assert_non_null(x);
	snprintf(ret, 96, "%s/%08lx.0", directory, X509_subject_name_hash(x));
	assert_int_equal(symlink(certificate, ret), 0);
	X509_free(x);
	BIO_free(file);
}

static void test_the_systems_authorities_beside_the_file(void **state)
{
	char directory[] = "/tmp/alto-test-XXXXXX", link[96], unrelated[64];
	assert_non_null(mkdtemp(directory));
	snprintf(unrelated, sizeof(unrelated), "%s/unrelated.pem", directory);
	BIO *file = BIO_new_file(unrelated, "w");
	identity_write("DNS:other.example", true, file);
	BIO_free(file);
	setenv("SSL_CERT_DIR", directory, 1);
	assert_int_equal(get_secure("127.0.0.1", unrelated).status, 0);
	/* The file alone, the system's directory alone, and that one although a file is given. */
	assert_int_equal(get_secure("127.0.0.1", identity.certificate).status, 200);
	link_by_subject(identity.certificate, directory, link);
	assert_int_equal(get_secure("127.0.0.1", NULL).status, 200);
	assert_int_equal(get_secure("127.0.0.1", unrelated).status, 200);
	/* A file that cannot be read is not passed over. */
	struct result unread = get_secure("127.0.0.1", "/nonexistent");
	assert_int_equal(unread.status, 0);
	assert_null(strstr(unread.error, "/nonexistent")); /* whoever reads it need not know where our files are */
	unsetenv("SSL_CERT_DIR");
	unlink(link);
	unlink(unrelated);
	rmdir(directory);
}

static void test_a_name_that_the_certificate_lacks(void **state)
{
	struct address at = address_of("127.0.0.2:0");
	stream_listener_close(server.secure);
	assert_int_equal(stream_listen(loop, &at, identity.certificates, server_accept, &events, NULL, &server.secure),
			 0);
	stream_listener_local(server.secure, &server.secure_at);
	assert_int_equal(get_secure("127.0.0.2", identity.certificate).status, 0);
	assert_int_equal(server.asked, 0);
}

static void test_urls(void **state)
{
	static const char *const bad[] = {"",
					  "plain",
					  "ftp://a.example/",
					  "file:///etc/passwd",
					  "http://",
					  "http://a b/",
					  "http://a.example:0/",
					  "http://a.example:65536/",
					  "https:///",
					  "//a.example/x",
					  "http://u:p@a.example/x",
					  "gopher://a.example/",
					  "https:/a.example/",
					  "https:///a.example/"};
	struct http_url u;
	struct http_call *c;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct http_request request = request_to(bad[i]);
		if (http_url_read(bad[i], &u) != -EINVAL || http_start(http, &request, told, NULL, &c) != -EINVAL)
			fail_msg("\"%s\" is taken for a URL", bad[i]);
	}
	assert_int_equal(http_url_read("https://A.example/x?y", &u), 0);
	assert_true(u.https && u.port == 443);
	assert_string_equal(u.host, "A.example");
	assert_int_equal(http_url_read("http://[2001:db8::1]:8080", &u), 0);
	assert_true(!u.https && u.port == 8080);
	assert_string_equal(u.host, "2001:db8::1");
	char longest[HTTP_URL_MAX + 2] = "http://a.example/";
	memset(longest + strlen(longest), 'x', HTTP_URL_MAX - strlen(longest));
	assert_int_equal(http_url_read(longest, &u), 0);
	longest[HTTP_URL_MAX] = 'x';
	assert_int_equal(http_url_read(longest, &u), -EINVAL);
}

static void test_headers_hold_no_line(void **state)
{
	static const char *const headers[] = {"X-A: 1\r\nX-B: 2"};
	struct http_request request = request_to(url_of("/plain"));
	struct http_call *c;
	request.headers = headers;
	request.header_count = 1;
	assert_int_equal(http_start(http, &request, told, NULL, &c), -EINVAL);
}

static void test_cancelled(void **state)
{
	struct http_request request = request_to(url_of("/silent"));
	struct result r = {0};
	struct http_call *c;
	assert_int_equal(http_start(http, &request, told, &r, &c), 0);
	http_cancel(c);
	assert_int_equal(http_start(http, &request, told, &r, &c), 0);
	server.wanted_asked = 1;
	run_until(loop, count_reached, &server.asked);
	http_cancel(c);
	http_cancel(NULL);
	assert_int_equal(get("/plain").status, 200);
	/* And what is in flight when all ends. */
	assert_int_equal(http_start(http, &request, told, &r, &c), 0);
	server.wanted_asked = 3;
	run_until(loop, count_reached, &server.asked);
	http = http_free(http);
	assert_false(r.told);
}

static void test_as_many_as_allowed(void **state)
{
	struct http_request request = request_to(url_of("/silent"));
	struct http_call *calls[HTTP_CALLS_MAX], *one_more;
	for (size_t i = 0; i < HTTP_CALLS_MAX; i++)
		assert_int_equal(http_start(http, &request, told, NULL, &calls[i]), 0);
	assert_int_equal(http_start(http, &request, told, NULL, &one_more), -ENOBUFS);
	server.wanted_asked = HTTP_CALLS_MAX;
	run_until(loop, count_reached, &server.asked);
	http_cancel(calls[7]);
	assert_int_equal(get("/plain").status, 200);
}

/* Two that end in the same turn, each of which takes the other with it. */
static struct http_call *pair[2];
static size_t pair_told;

static void told_of_pair(void *owner, const struct http_answer *a)
{
	size_t own = owner == &pair[0] ? 0 : 1;
	pair_told++;
	pair[own] = NULL;
	http_cancel(pair[1 - own]);
	pair[1 - own] = NULL;
}

static void test_done_cancels_another(void **state)
{
	struct http_request request = request_to(url_of("/plain"));
	request.public_only = true; /* refused in one and the same turn */
	pair_told = 0;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(http_start(http, &request, told_of_pair, &pair[i], &pair[i]), 0);
	while (pair[0] || pair[1])
		one_turn(loop);
	one_turn(loop);
	assert_int_equal(pair_told, 1);
}

static int made_started_ended(void *arg)
{
	struct http_request request = request_to("http://127.0.0.1/");
	static const char *const headers[] = {"X-A: 1"};
	struct http *h;
	struct http_call *c;
	int rc = http_new(loop, &h);
	if (rc < 0)
		return rc;
	request.headers = headers;
	request.header_count = 1;
	rc = http_start(h, &request, told, NULL, &c);
	http_free(h);
	return rc;
}

static void test_no_memory(void **state)
{
	failing_each(made_started_ended, NULL);
	/* For watching its socket. */
	struct http_request request = request_to(url_of("/plain"));
	struct result r = {0};
	struct http_call *c;
	assert_int_equal(http_start(http, &request, told, &r, &c), 0);
	failing_start(1);
	run_until(loop, flag_set, &r.told);
	assert_true(failing_stop());
	assert_string_equal(r.error, "There is no memory for it.");
	/* For what comes. */
	c = calloc(1, sizeof(*c));
	c->answer_max = 10;
	failing_start(1);
	assert_int_equal(http_take_body((char[]){'x'}, 1, 1, c), 0);
	assert_true(failing_stop());
	assert_int_equal(http_take_body((char[]){'x'}, 1, 1, c), 1);
	free(c->body);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_redirects_are_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_time_is_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_length_of_an_answer, set_up, tear_down),
		cmocka_unit_test(test_length_of_a_head),
		cmocka_unit_test_setup_teardown(test_public_addresses_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_addresses_that_are_allowed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_certificates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_systems_authorities_beside_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_name_that_the_certificate_lacks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_urls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_headers_hold_no_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cancelled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_as_many_as_allowed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_done_cancels_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	alarm(TEST_SECONDS);
	signal(SIGPIPE, SIG_IGN);
	identity_make(&identity);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	identity_remove(&identity);
	return failed;
}
