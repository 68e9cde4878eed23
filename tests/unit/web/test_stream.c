/* test_stream.c - WebSockets of pages: who is refused one, also where the socket takes no more, and that they end with
 * the session's time */
#include "support/test.h"

#include "unit/web/played.h"
#include "web/sip.h"
#include "web/stream.h"

static struct web_peer *peer;

static int start(void **state)
{
	played_start(NULL);
	peer = web_peer_new(&played.web, NULL);
	return peer ? 0 : -1;
}

static int stop(void **state)
{
	web_peer_free(peer);
	played_stop();
	return 0;
}

/* A page of Ann's asks. */
static void ask(const char *path)
{
	static char cookie[WEB_SECRET_CHARS + 32];
	snprintf(cookie, sizeof(cookie), "__Host-alto=%s", played.secret);
	played.path = path;
	played.fields[0].name = "host", played.fields[0].value = "alto.example";
	played.fields[1].name = "origin", played.fields[1].value = "https://alto.example";
	played.fields[2].name = "cookie", played.fields[2].value = cookie;
	played.fields[3].name = "sec-websocket-protocol", played.fields[3].value = "sip";
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_end_with_the_sessions_time),
		TEST(phones_end_with_the_sessions_time),
		TEST(who_is_nobody_is_refused),
		TEST(a_person_has_so_many_pages),
		TEST(some_pages_are_kept_for_the_provider),
		TEST(a_full_socket_holds_up_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
