/* test_stream.c - WebSockets of pages: who is refused one, also where the socket takes no more, and that they end with
 * the session's time */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

#include "transport/carrier.h"

#include "unit/web/played.h"
#include "web/sip.h"
#include "web/stream.h"

#define BETA "01920000-0000-7000-8000-0000000000b0"

static struct web_peer *peer;

/* Counted: what is told to many is written once. */
static unsigned dumped;
char *__wrap_json_dumps(const json_t *value, size_t flags);
char *__real_json_dumps(const json_t *value, size_t flags);

char *__wrap_json_dumps(const json_t *value, size_t flags)
{
	dumped++;
	return __real_json_dumps(value, flags);
}

/* Beside Ann: Bob, who administrates nothing, Cleo at another company, and Dan of acme, who works for the provider. */
static const struct {
	const char *id, *tenant, *login, *extension, *role, *session, *secret;
} others[] = {
	{"01920000-0000-7000-8000-0000000000a2", ACME, "bob", "11", "user", "01920000-0000-7000-8000-0000000000c2",
	 "b"},
	{"01920000-0000-7000-8000-0000000000a3", BETA, "cleo", "10", "admin", "01920000-0000-7000-8000-0000000000c3",
	 "c"},
	{"01920000-0000-7000-8000-0000000000a4", ACME, "dan", "12", "provider", "01920000-0000-7000-8000-0000000000c4",
	 "d"},
};
enum { BOB, CLEO, DAN };

static int put_one(struct db *db, size_t i)
{
	uint8_t hash[STORE_PASS_HASH];
	web_secret_hash(slice_from_string(others[i].secret), hash);
	const struct store_user u = {.id = slice_from_string(others[i].id),
				     .tenant = slice_from_string(others[i].tenant),
				     .login = slice_from_string(others[i].login),
				     .extension = slice_from_string(others[i].extension),
				     .name = slice_from_string(others[i].login),
				     .role = slice_from_string(others[i].role)};
	const struct store_pass session = {.id = slice_from_string(others[i].session),
					   .tenant = u.tenant,
					   .user = u.id,
					   .kind = STORE_SESSION,
					   .hash = slice_of(hash, sizeof(hash)),
					   .role = u.role,
					   .created_us = WALL_US,
					   .used_us = WALL_US,
					   .expires_us = WALL_US + WEB_SESSION_US};
	int rc = store_user_put(db, &u);
	return rc == DB_OK ? store_pass_put(db, &session) : rc;
}

static int put_others(struct db *db)
{
	const struct store_tenant beta = {.id = SLICE(BETA), .name = SLICE("beta"), .domain = SLICE("beta.example")};
	int rc = store_tenant_put(db, &beta);
	for (size_t i = 0; rc == DB_OK && i < ARRAY_LEN(others); i++)
		rc = put_one(db, i);
	return rc;
}

static int start(void **state)
{
	played_start(put_others);
	peer = web_peer_new(&played.web, NULL);
	return peer ? 0 : -1;
}

static int stop(void **state)
{
	web_peer_free(peer);
	played_stop();
	return 0;
}

static void ask_with(const char *secret, const char *path)
{
	static char cookie[WEB_SECRET_CHARS + 32];
	const char *name = played.door.plane == WEB_ADMIN ? "__Host-alto-admin" : "__Host-alto";
	snprintf(cookie, sizeof(cookie), "%s=%s", name, secret);
	played.path = path;
	played.fields[0].name = "host", played.fields[0].value = "alto.example";
	played.fields[1].name = "origin", played.fields[1].value = "https://alto.example";
	played.fields[2].name = "cookie", played.fields[2].value = cookie;
	played.fields[3].name = "sec-websocket-protocol", played.fields[3].value = "sip";
}

/* A page of Ann's asks. */
static void ask(const char *path)
{
	ask_with(played.secret, path);
}

/* It answers each ping, until it is dropped; by how much later than its session's end. */
static int64_t lives_until(void (*answers)(struct web_peer *p))
{
	const struct wheel *w = loop_wheel(played.node.loop);
	while (!played.dropped && w->wall_us < WALL_US + WEB_SESSION_US + 86400 * SECOND_US) {
		answers(peer);
		played.asked = 0;
		played_pass(WEB_PING_US);
	}
	assert_ptr_equal(played.dropped, peer);
	return w->wall_us - (WALL_US + WEB_SESSION_US);
}

static void answers_as_stream(struct web_peer *p)
{
	assert_int_equal(web_stream_heard(p, 0), 0);
	assert_int_equal(web_stream_writable(p), 0);
}

static void events_end_with_the_sessions_time(void **state)
{
	ask("/api/v1/events");
	assert_int_equal(web_stream_confirm(peer, "websocket"), 0);
	assert_int_equal(web_stream_opened(peer), 0);
	int64_t late_us = lives_until(answers_as_stream);
	assert_true(late_us >= 0 && late_us <= WEB_PING_US);
}

static void answers_as_phone(struct web_peer *p)
{
	assert_int_equal(web_sip_pong(p), 0);
	assert_int_equal(web_sip_writable(p), 0);
}

/* Nobody listens behind transport here: what web_sip_opened() does with it is done by hand. */
static void phones_end_with_the_sessions_time(void **state)
{
	static char connection;
	ask(WEB_SIP_PATH);
	assert_int_equal(web_stream_confirm(peer, "websocket"), 0);
	assert_string_equal(peer->sip->user, ANN);
	peer->sip->connection = (struct connection *)(void *)&connection;
	web_peer_is_phone(peer);
	web_peer_wait(peer, WEB_PING_US);
	int64_t late_us = lives_until(answers_as_phone);
	assert_true(late_us >= 0 && late_us <= WEB_PING_US);
}

/* A pong of two bytes takes fifty of memory: these count, and what has left no more. */
static void what_waits_for_a_phone_is_counted_whole(void **state)
{
	const size_t most = 8192;
	unsigned waiting = 0;
	ask(WEB_SIP_PATH);
	assert_int_equal(web_stream_confirm(peer, "websocket"), 0);
	played.socket = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(web_sip_opened(peer), 0);
	close(played.socket);
	struct connection *c = peer->sip->connection;
	const struct connection_ops *ops = played.node.ops;
	ops->bound(c, most);
	while (ops->send(c, SLICE("\r\n")) == 0) {
		waiting++;
		played.asked = 0;
	}
	assert_int_equal(played.node.overflows, 1);
	assert_in_range(waiting, 1, most / (LWS_PRE + 2 + sizeof(void *) + sizeof(size_t)));
	assert_int_equal(web_sip_writable(peer), 0);
	assert_int_equal(ops->send(c, SLICE("\r\n")), 0);
	assert_int_equal(ops->send(c, SLICE("\r\n")), -ENOBUFS);
	/* Less than what waits may be allowed: nothing more fits, and more again after that. */
	ops->bound(c, 1);
	assert_int_equal(ops->send(c, SLICE("\r\n")), -ENOBUFS);
	ops->bound(c, 2 * most);
	assert_int_equal(ops->send(c, SLICE("\r\n")), 0);
}

/* Head and body, and the connection ends. */
static void who_is_nobody_is_refused(void **state)
{
	ask("/api/v1/events");
	played.fields[2].value = "a=b";
	assert_int_not_equal(web_stream_confirm(peer, "websocket"), 0);
	assert_int_equal(played.written, 2);
}

/* Another page of hers, which stays. False: refused. */
static bool opens_another(struct web_peer **ret)
{
	*ret = web_peer_new(&played.web, NULL);
	assert_non_null(*ret);
	ask("/api/v1/events");
	return web_stream_confirm(*ret, "websocket") == 0;
}

static void a_person_has_so_many_pages(void **state)
{
	struct web_peer *pages[3];
	played.web.limits.streams_of_person = 2;
	assert_true(opens_another(&pages[0]));
	assert_true(opens_another(&pages[1]));
	assert_int_equal(played.web.streams, 2);
	assert_int_equal(played.web.peers, 1); /* that of start(): open pages are none of them */
	assert_false(opens_another(&pages[2]));
	web_peer_free(pages[2]);
	web_peer_free(pages[0]);
	assert_true(opens_another(&pages[0]));
	web_peer_free(pages[0]);
	web_peer_free(pages[1]);
	assert_int_equal(played.web.streams, 0);
}

static void some_pages_are_kept_for_the_provider(void **state)
{
	struct web_peer *page;
	played.web.limits.streams = WEB_STREAMS_KEPT;
	assert_false(opens_another(&page));
	web_peer_free(page);
	played.web.limits.streams++;
	assert_true(opens_another(&page));
	web_peer_free(page);
}

/* What the socket does not take is not waited for: the turn is everybody's. */
static void a_full_socket_holds_up_nobody(void **state)
{
	ask("/api/v1/events");
	played.fields[2].value = "a=b";
	played.full = true;
	assert_int_not_equal(web_stream_confirm(peer, "websocket"), 0);
	assert_int_equal(played.written, 1);
}

/* ---- who can be reached ---- */

/* The page of whoever has this secret, which is told what happens from now on. */
static struct web_peer *listens(const char *secret, enum web_plane plane)
{
	struct web_peer *p;
	played.door.plane = plane;
	p = web_peer_new(&played.web, NULL);
	assert_non_null(p);
	ask_with(secret, "/api/v1/events");
	assert_int_equal(web_stream_confirm(p, "websocket"), 0);
	assert_int_equal(web_stream_opened(p), 0);
	p->stream->sent = p->stream->queued; /* its hello */
	return p;
}

/* What it has been told since, without the length before it; empty: nothing. */
static struct slice told(const struct web_peer *p)
{
	const struct web_stream *s = p->stream;
	return s->queued > s->sent ? slice_of(s->queue + s->sent + 2, s->queued - s->sent - 2) : SLICE_NONE;
}

static bool has(struct slice message, const char *text)
{
	return !slice_empty(message) && memmem(message.p, message.n, text, strlen(text)) != NULL;
}

static bool names_ann(struct slice message)
{
	return has(message, ANN);
}

static void presence_is_written_once(void **state)
{
	struct web_peer *pages[] = {listens(played.secret, WEB_COMPANY),      listens(played.secret, WEB_COMPANY),
				    listens(others[BOB].secret, WEB_COMPANY), listens(others[CLEO].secret, WEB_COMPANY),
				    listens(others[DAN].secret, WEB_ADMIN),   listens(others[DAN].secret, WEB_ADMIN)};
	uint64_t told_before = played.web.told;
	dumped = 0;
	web_stream_presence(&played.web, directory_user_by_id(played.web.context.directory, SLICE(ANN)));
	/* For the company, and for the provider, whose numbers are others. */
	assert_int_equal(dumped, 2);
	/* It counts: who comes back with an older number is told to read anew. */
	assert_int_equal(played.web.told, told_before + 1);
	for (size_t i = 0; i < 3; i++) {
		assert_true(names_ann(told(pages[i])));
		assert_true(has(told(pages[i]), "\"presence\":{\"devices\":"));
		assert_true(slice_eq(told(pages[i]), told(pages[0])));
	}
	assert_true(slice_empty(told(pages[3])));
	assert_true(names_ann(told(pages[4])) && slice_eq(told(pages[4]), told(pages[5])));
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		web_peer_free(pages[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_end_with_the_sessions_time),
		TEST(phones_end_with_the_sessions_time),
		TEST(what_waits_for_a_phone_is_counted_whole),
		TEST(who_is_nobody_is_refused),
		TEST(a_person_has_so_many_pages),
		TEST(some_pages_are_kept_for_the_provider),
		TEST(a_full_socket_holds_up_nobody),
		TEST(presence_is_written_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
