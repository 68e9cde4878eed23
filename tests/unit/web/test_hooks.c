/* test_hooks.c - who is served when: pauses, a slow server's share, what goes in the middle of it. Clock and HTTP are
 * played. */
#include "directory/directory.h"
#include "net/http.h"
#include "net/loop.h"
#include "support/test.h"
#include "web/hooks.h"

#define DAY_US (86400 * SECOND_US)
#define HOOKS 20

/* ---- HTTP, played at link time ---- */

struct http_call {
	char url[64];
	void (*done)(void *owner, const struct http_answer *a);
	void *owner;
	bool flying;
};
static struct http_call flights[256];
static size_t flown, flying;

int http_start(struct http *h, const struct http_request *r, void (*done)(void *owner, const struct http_answer *a),
	       void *owner, struct http_call **ret)
{
	ASSERT(flown < ARRAY_LEN(flights) && r->public_only && r->method == HTTP_POST);
	struct http_call *c = &flights[flown++];
	snprintf(c->url, sizeof(c->url), "%s", r->url);
	c->done = done;
	c->owner = owner;
	c->flying = true;
	flying++;
	*ret = c;
	return 0;
}

/* ---- a node of hooks alone ---- */

static struct random randomness;
static struct loop *loop;
static struct store *store;
static struct directory *directory;
static struct config config;
static struct web_context context;
static struct web_hooks *hooks;

static void wake_store(void *arg) {}

static void changed(void *owner, const struct store_change *change)
{
	directory_apply(directory, change);
	if (hooks)
		web_hooks_apply(hooks, change);
}

static int set_up(void **state)
{
	struct store_config c = {.directory = ":memory:",
				 .database = "sqlite",
				 .wake = wake_store,
				 .threadless = true,
				 .on_change = changed};
	struct store_reason reason;
	flown = flying = 0;
	random_init_seeded(&randomness, 7);
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(store_open(&c, &store, &reason), 0);
	assert_int_equal(directory_new(&randomness, &directory), 0);
	context = (struct web_context){.loop = loop,
				       .store = store,
				       .directory = directory,
				       .http = (struct http *)&flights, /* not looked into */
				       .random = &randomness,
				       .config = &config};
	assert_int_equal(web_hooks_new(&context, &hooks), 0);
	web_hooks_start(hooks);
	return 0;
}

static int tear_down(void **state)
{
	web_hooks_close(hooks);
	store = store_close(store);
	hooks = web_hooks_free(hooks);
	directory = directory_free(directory);
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

/* All that can be done without the time going on. */
static void settle(void)
{
	for (int i = 0; i < 8; i++)
		store_wait(store);
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(loop);
	wheel_turn(w, w->now_us + us, w->wall_us + us);
	settle();
}

static void land(struct http_call *c, int status)
{
	assert_true(c->flying);
	c->flying = false;
	flying--;
	c->done(c->owner, &(struct http_answer){.status = status, .error = status ? NULL : "It has gone."});
	settle();
}

/* ---- rows ---- */

struct write {
	struct store_job job;
	int (*fn)(struct db *db, int n);
	int n;
};

static int write_run(struct db *db, struct store_job *job)
{
	struct write *w = container_of(job, struct write, job);
	return w->fn(db, w->n);
}

static void write_done(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

static void do_write(int (*fn)(struct db *db, int n), int n)
{
	struct write w = {.job = {.run = write_run, .done = write_done, .bytes = sizeof(w)}, .fn = fn, .n = n};
	assert_int_equal(store_post(store, &w.job), 0);
	settle();
}

static int put_tenant(struct db *db, int n)
{
	char id[8], domain[32];
	snprintf(id, sizeof(id), "t%d", n);
	snprintf(domain, sizeof(domain), "t%d.example", n);
	return store_tenant_put(db, &(struct store_tenant){.id = slice_from_string(id),
							   .name = slice_from_string(id),
							   .domain = slice_from_string(domain)});
}

static int put_webhook(struct db *db, int n)
{
	char id[8], tenant[8], url[32];
	snprintf(id, sizeof(id), "w%d", n);
	snprintf(tenant, sizeof(tenant), "t%d", n);
	snprintf(url, sizeof(url), "https://w%d.example/", n);
	return store_webhook_put(db, &(struct store_webhook){.id = slice_from_string(id),
							     .tenant = slice_from_string(tenant),
							     .name = SLICE("crm"),
							     .url = slice_from_string(url),
							     .events = STORE_CALL_EVENTS,
							     .secret = SLICE("s")});
}

/* Company n's first one, as it is told of messages: n + 100 for nothing but them, n + 200 for them but switched off. */
static int put_webhook_of_messages(struct db *db, int n)
{
	char id[8], tenant[8];
	snprintf(id, sizeof(id), "w%d", n % 100);
	snprintf(tenant, sizeof(tenant), "t%d", n % 100);
	return store_webhook_put(db, &(struct store_webhook){.id = slice_from_string(id),
							     .tenant = slice_from_string(tenant),
							     .name = SLICE("crm"),
							     .url = SLICE("https://w.example/"),
							     .events = STORE_MESSAGE_EVENTS,
							     .secret = SLICE("s"),
							     .state = n < 200 ? STORE_WEBHOOK_ON : STORE_WEBHOOK_OFF});
}

static int remove_webhook(struct db *db, int n)
{
	char id[8];
	snprintf(id, sizeof(id), "w%d", n);
	return store_webhook_remove(db, slice_from_string(id));
}

/* Of company n, begun now and not answered. */
static int put_call(struct db *db, int n)
{
	char id[STORE_ID_CAP], tenant[8];
	int64_t now = loop_wheel(loop)->wall_us;
	store_new_id(&randomness, now, id);
	snprintf(tenant, sizeof(tenant), "t%d", n);
	return store_call_put(db, &(struct store_call){.id = slice_from_string(id),
						       .tenant = slice_from_string(tenant),
						       .started_us = now});
}

static void make(int n)
{
	do_write(put_tenant, n);
	do_write(put_webhook, n);
}

/* ---- tests ---- */

static void pauses_grow_and_end(void **state)
{
	for (int64_t tries = 1; tries < 100; tries++) {
		int64_t whole = MIN((int64_t)10 << MIN(tries - 1, (int64_t)20), INT64_C(3600)) * SECOND_US;
		int64_t pause = web_hook_pause_us(tries, &randomness);
		assert_true(pause >= whole - whole / 4 && pause < whole + whole / 4);
	}
}

/* As where the web server cannot start: whatever waits to be sent, the store has nothing of theirs. */
static void nothing_is_begun_before_the_start(void **state)
{
	struct web_hooks *never;
	make(1);
	do_write(put_call, 1);
	assert_int_equal(flown, 1);
	assert_int_equal(web_hooks_new(&context, &never), 0);
	assert_non_null(web_hooks_find(never, SLICE("w1")));
	web_hooks_free(never);
	settle();
	assert_int_equal(flown, 1);
}

static unsigned hearing(void)
{
	return directory_tenant_by_id(directory, SLICE("t1"))->hearing;
}

/* `call` asks the company whether anybody wants to hear of its messages. */
static void a_company_knows_whether_messages_are_told(void **state)
{
	make(1);
	assert_int_equal(hearing(), 0);
	do_write(put_webhook_of_messages, 101);
	assert_int_equal(hearing(), 1);
	do_write(put_webhook_of_messages, 201); /* off */
	assert_int_equal(hearing(), 0);
	do_write(put_webhook_of_messages, 101);
	do_write(put_webhook_of_messages, 101);
	assert_int_equal(hearing(), 1);
	do_write(put_webhook, 1); /* of calls alone */
	assert_int_equal(hearing(), 0);
	do_write(put_webhook_of_messages, 101);
	/* Also after a start. */
	web_hooks_free(hooks);
	directory_tenant_by_id(directory, SLICE("t1"))->hearing = 0;
	assert_int_equal(web_hooks_new(&context, &hooks), 0);
	assert_int_equal(hearing(), 1);
	do_write(remove_webhook, 1);
	assert_int_equal(hearing(), 0);
}

static void a_delivery_is_tried_for_a_day(void **state)
{
	make(1);
	do_write(put_call, 1);
	assert_int_equal(flown, 1);
	int64_t began_us = loop_wheel(loop)->wall_us, last_us = 0;
	land(&flights[0], 500);
	move_time(7 * SECOND_US); /* the shortest that the first pause can be is 7.5 s */
	assert_int_equal(flown, 1);
	move_time(6 * SECOND_US);
	assert_int_equal(flown, 2);
	assert_string_equal(flights[1].url, "https://w1.example/");
	while (loop_wheel(loop)->wall_us - began_us < 3 * DAY_US) {
		if (flying) {
			last_us = loop_wheel(loop)->wall_us;
			land(&flights[flown - 1], flown % 2 ? 500 : 0);
		}
		move_time(60 * SECOND_US);
	}
	/* Nine pauses that grow, then one an hour. */
	assert_true(flown > 26 && flown < 40);
	assert_true(last_us - began_us > DAY_US - 7200 * SECOND_US && last_us - began_us <= DAY_US);
}

static void what_is_taken_is_not_sent_again(void **state)
{
	make(1);
	do_write(put_call, 1);
	do_write(put_call, 1);
	assert_int_equal(flying, 1); /* one at a time */
	land(&flights[0], 204);
	assert_int_equal(flying, 1);
	land(&flights[1], 299);
	move_time(DAY_US);
	assert_int_equal(flown, 2);
}

static void slow_servers_hold_up_themselves(void **state)
{
	for (int i = 0; i < HOOKS; i++)
		make(i);
	for (int i = 0; i < HOOKS; i++)
		do_write(put_call, i);
	assert_int_equal(flying, WEB_HOOKS_AT_ONCE);
	for (size_t i = 0; i < HOOKS; i++)
		land(&flights[i], 0);
	assert_int_equal(flying, 0);
	/* All have failed: they share one half, and one that is well finds room. */
	move_time(13 * SECOND_US);
	assert_int_equal(flying, WEB_HOOKS_AT_ONCE / 2);
	make(HOOKS);
	do_write(put_call, HOOKS);
	assert_int_equal(flying, WEB_HOOKS_AT_ONCE / 2 + 1);
	assert_string_equal(flights[flown - 1].url, "https://w20.example/");
	land(&flights[HOOKS], 200);
	assert_int_equal(flying, WEB_HOOKS_AT_ONCE / 2 + 1);
}

static int put_another_webhook(struct db *db, int n)
{
	char id[8], url[32];
	snprintf(id, sizeof(id), "w%d", n);
	snprintf(url, sizeof(url), "https://w%d.example/", n);
	return store_webhook_put(db, &(struct store_webhook){.id = slice_from_string(id),
							     .tenant = SLICE("t1"),
							     .name = slice_from_string(id),
							     .url = slice_from_string(url),
							     .events = STORE_CALL_EVENTS,
							     .secret = SLICE("s")});
}

static void one_company_does_not_take_all(void **state)
{
	make(1);
	for (int i = 2; i < 2 + WEB_HOOKS_OF_TENANT; i++)
		do_write(put_another_webhook, i);
	do_write(put_call, 1);
	assert_int_equal(flying, WEB_HOOKS_OF_TENANT);
	make(9);
	do_write(put_call, 9);
	assert_int_equal(flying, WEB_HOOKS_OF_TENANT + 1);
	assert_string_equal(flights[flown - 1].url, "https://w9.example/");
	land(&flights[0], 200);
	assert_int_equal(flying, WEB_HOOKS_OF_TENANT + 1); /* the one that waited */
	assert_int_equal(flown, WEB_HOOKS_OF_TENANT + 2);
}

static void removed_in_the_middle(void **state)
{
	make(1);
	do_write(put_call, 1);
	assert_int_equal(flying, 1);
	do_write(remove_webhook, 1);
	assert_null(web_hooks_find(hooks, SLICE("w1")));
	land(&flights[0], 500);
	move_time(DAY_US);
	assert_int_equal(flown, 1);
	/* And what is on its way when all ends. */
	make(2);
	do_write(put_call, 2);
	assert_int_equal(flying, 1);
	do_write(remove_webhook, 2);
}

static int remove_tenant(struct db *db, int n)
{
	char id[8];
	snprintf(id, sizeof(id), "t%d", n);
	return store_tenant_remove(db, slice_from_string(id));
}

static void they_go_with_their_company(void **state)
{
	size_t count;
	make(1);
	make(2);
	do_write(put_call, 1);
	assert_int_equal(flying, 1);
	do_write(remove_tenant, 1);
	assert_null(web_hooks_find(hooks, SLICE("w1")));
	assert_non_null(web_hooks_of(hooks, SLICE("t2"), SLICE("crm"), &count));
	assert_int_equal(count, 1);
	land(&flights[0], 200);
	move_time(DAY_US);
	assert_int_equal(flown, 1);
}

static void events_are_read(void **state)
{
	int64_t bits = 0;
	assert_true(web_hook_events_read(SLICE("call.ended,call.started"), &bits));
	assert_int_equal(bits, 1 << STORE_CALL_ENDED | 1 << STORE_CALL_STARTED);
	assert_true(web_hook_events_read(
		SLICE("call.started,call.answered,call.ended,message.delivered,message.failed"), &bits));
	assert_int_equal(bits, STORE_CALL_EVENTS | STORE_MESSAGE_EVENTS);
	static const char *const bad[] = {"message", "message.sent", "message.failed,message.failed", "",
					  ",",       "call.ended,",  "call.ended,call.ended",         "call",
					  "test",    "Call.ended",   "call.ended, call.started"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (web_hook_events_read(slice_from_string(bad[i]), &bits))
			fail_msg("\"%s\" is taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pauses_grow_and_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_begun_before_the_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_company_knows_whether_messages_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_delivery_is_tried_for_a_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_taken_is_not_sent_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slow_servers_hold_up_themselves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_company_does_not_take_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(they_go_with_their_company, set_up, tear_down),
		cmocka_unit_test(events_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
