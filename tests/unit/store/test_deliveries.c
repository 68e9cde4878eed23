/* test_deliveries.c - changes of calls, and messages, become deliveries, once each, and what came of them is kept and
 * bounded */
#include "scratch.h"
#include "store/deliveries.h"
#include "store/instants.h"
#include "store/migrate.h"

#define DAY_US (86400 * SECOND_US)

static const struct store_webhook hook_one = {.id = TEXT("w1"),
					      .tenant = TEXT("t1"),
					      .name = TEXT("crm"),
					      .url = TEXT("https://crm.example/"),
					      .events = STORE_CALL_EVENTS,
					      .secret = TEXT("s"),
					      .enabled_us = 500};

static struct db *open_filled(void)
{
	struct db *db = backend_open();
	struct store_reason reason;
	struct store_webhook ended_only = hook_one, off = hook_one;
	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	assert_int_equal(store_tenant_put(db, &tenant_one), DB_OK);
	assert_int_equal(store_webhook_put(db, &hook_one), DB_OK);
	ended_only.id = SLICE("w2");
	ended_only.name = SLICE("billing");
	ended_only.events = 1 << STORE_CALL_ENDED;
	assert_int_equal(store_webhook_put(db, &ended_only), DB_OK);
	off.id = SLICE("w3");
	off.name = SLICE("old");
	off.state = STORE_WEBHOOK_OFF;
	assert_int_equal(store_webhook_put(db, &off), DB_OK);
	return db;
}

static int64_t ask(struct db *db, const char *sql)
{
	struct db_rows *rows = db_query(db, sql, NULL, 0);
	assert_non_null(rows);
	assert_int_equal(db_next(rows), DB_ROW);
	int64_t answer = db_int(rows, 0);
	db_end(rows);
	return answer;
}

static void given(void *arg, struct slice webhook)
{
	++*(int *)arg;
}

static int64_t count_deliveries(struct db *db)
{
	return ask(db, "SELECT count(*) FROM deliveries");
}

/* How many deliveries the feed makes; those that have some are named. */
static int64_t feed(struct db *db)
{
	int64_t before = count_deliveries(db);
	int named = 0;
	bool more = true;
	while (more)
		assert_int_equal(store_deliveries_feed(db, 5000, &more, given, &named), DB_OK);
	int64_t made = count_deliveries(db) - before;
	assert_int_equal(named > 0, made > 0);
	return made;
}

struct seen {
	int count;
	char id[STORE_ID_CAP], said[32];
	struct store_delivery last;
};

static void keep(void *arg, const struct store_delivery *d)
{
	struct seen *s = arg;
	s->count++;
	slice_to_string(d->id, s->id, sizeof(s->id));
	slice_to_string(d->said, s->said, sizeof(s->said));
	s->last = *d;
	s->last.id = slice_from_string(s->id);
	s->last.webhook = SLICE("w1");
	s->last.said = slice_from_string(s->said);
}

static void each_event_once_for_who_wants_it(void **state)
{
	struct db *db = open_filled();
	struct store_call c = a_call(SLICE("c1"));
	assert_int_equal(feed(db), 0);
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(feed(db), 1);
	assert_int_equal(feed(db), 0);
	assert_int_equal(store_call_put(db, &c), DB_OK); /* a change that is no event */
	assert_int_equal(feed(db), 0);
	c.answered_us = 2000;
	assert_int_equal(store_call_put(db, &c), DB_OK);
	c.ended_us = 3000;
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(feed(db), 3); /* answered, and ended for two */
	/* All at once, as a short call is written. */
	c.id = SLICE("c2");
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(feed(db), 4);
	assert_int_equal(ask(db, "SELECT count(*) FROM deliveries WHERE webhook_id = 'w1'"), 6);
	assert_int_equal(ask(db, "SELECT count(*) FROM deliveries WHERE webhook_id = 'w2' AND event = 2"), 2);
	assert_int_equal(ask(db, "SELECT min(at_us) FROM deliveries"), 1000);
	db_close(db);
}

static void nothing_of_before_it_was_there(void **state)
{
	struct db *db = open_filled();
	struct store_webhook late = hook_one;
	struct store_call c = a_call(SLICE("c1"));
	assert_int_equal(store_webhook_remove(db, SLICE("w2")), DB_OK);
	late.enabled_us = 1500;
	assert_int_equal(store_webhook_put(db, &late), DB_OK);
	assert_int_equal(store_call_put(db, &c), DB_OK); /* begun at 1000 */
	assert_int_equal(feed(db), 0);
	c.ended_us = 2000;
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(feed(db), 1);
	/* Another company's. */
	c.id = SLICE("c2");
	c.tenant = SLICE("t2");
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(feed(db), 0);
	db_close(db);
}

static void many_come_in_several_jobs(void **state)
{
	struct db *db = open_filled();
	bool more;
	int named = 0;
	for (int i = 0; i < STORE_DELIVERIES_FED + 1; i++) {
		char id[16];
		snprintf(id, sizeof(id), "c%d", i);
		struct store_call c = a_call(slice_from_string(id));
		assert_int_equal(store_call_put(db, &c), DB_OK);
	}
	assert_int_equal(store_deliveries_feed(db, 5000, &more, given, &named), DB_OK);
	assert_true(more);
	assert_int_equal(named, 1); /* once for all of them */
	assert_int_equal(count_deliveries(db), STORE_DELIVERIES_FED);
	assert_int_equal(store_deliveries_feed(db, 5000, &more, given, &named), DB_OK);
	assert_false(more);
	assert_int_equal(named, 2);
	assert_int_equal(count_deliveries(db), STORE_DELIVERIES_FED + 1);
	db_close(db);
}

static void what_came_of_it(void **state)
{
	struct db *db = open_filled();
	struct store_call c = a_call(SLICE("c1"));
	struct seen s = {0};
	bool found = false;
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(feed(db), 1);
	assert_int_equal(store_delivery_next(db, SLICE("w1"), keep, &s), DB_OK);
	assert_int_equal(s.count, 1);
	s.last.tries = 1;
	s.last.next_us = 9000;
	s.last.status = 500;
	s.last.said = SLICE("sorry");
	assert_int_equal(store_delivery_tried(db, &s.last, 6000, 0), DB_OK);
	assert_int_equal(ask(db, "SELECT failing_us FROM webhooks WHERE id = 'w1'"), 6000);
	/* Since then, however often. */
	assert_int_equal(store_delivery_tried(db, &s.last, 7000, 6000), DB_OK);
	assert_int_equal(ask(db, "SELECT failing_us FROM webhooks WHERE id = 'w1' AND state = 0"), 6000);
	assert_int_equal(store_delivery_next(db, SLICE("w1"), keep, &s), DB_OK);
	assert_true(s.last.next_us == 9000 && s.last.status == 500);
	assert_string_equal(s.said, "sorry");
	/* For too long: switched off, and its tag is another. */
	assert_int_equal(store_delivery_tried(db, &s.last, 8000, 6001), DB_OK);
	assert_int_equal(ask(db, "SELECT updated_us FROM webhooks WHERE id = 'w1' AND state = 2"), 8000);
	s.last.state = STORE_DELIVERED;
	assert_int_equal(store_delivery_tried(db, &s.last, 0, 0), DB_OK);
	assert_int_equal(ask(db, "SELECT failing_us FROM webhooks WHERE id = 'w1'"), 0);
	s.count = 0;
	assert_int_equal(store_delivery_next(db, SLICE("w1"), keep, &s), DB_OK);
	assert_int_equal(s.count, 0);
	assert_int_equal(store_delivery_again(db, SLICE("w2"), s.last.id, 1, &found), DB_OK);
	assert_false(found); /* another's */
	assert_int_equal(store_delivery_again(db, SLICE("w1"), s.last.id, 9500, &found), DB_OK);
	assert_true(found);
	assert_int_equal(store_delivery_next(db, SLICE("w1"), keep, &s), DB_OK);
	assert_int_equal(s.last.next_us, 9500);
	db_close(db);
}

static void number_and_age_are_bounded(void **state)
{
	struct db *db = open_filled();
	struct random random;
	struct seen s = {0};
	random_init_seeded(&random, 1);
	assert_int_equal(db_begin(db), DB_OK);
	for (int i = 0; i < STORE_DELIVERIES_KEPT + 3; i++) {
		char id[STORE_ID_CAP];
		store_new_id(&random, 100 * DAY_US, id);
		struct store_delivery d = {
			.id = slice_from_string(id), .webhook = SLICE("w1"), .event = STORE_TEST, .at_us = i};
		assert_int_equal(store_delivery_add(db, &d), DB_OK);
	}
	assert_int_equal(store_deliveries_trim(db, SLICE("w1")), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	assert_int_equal(count_deliveries(db), STORE_DELIVERIES_KEPT);
	assert_int_equal(ask(db, "SELECT min(at_us) FROM deliveries"), 3);
	assert_int_equal(store_deliveries_list(db, SLICE("w1"), SLICE_NONE, 2, keep, &s), DB_OK);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.last.at_us, STORE_DELIVERIES_KEPT + 1); /* the newest first */
	assert_int_equal(store_deliveries_list(db, SLICE("w1"), s.last.id, 1, keep, &s), DB_OK);
	assert_int_equal(s.last.at_us, STORE_DELIVERIES_KEPT);
	int64_t end_us = (100 + STORE_DELIVERIES_DAYS) * DAY_US;
	assert_int_equal(store_deliveries_expire(db, end_us - SECOND_US), DB_OK);
	assert_int_equal(count_deliveries(db), STORE_DELIVERIES_KEPT);
	assert_int_equal(store_deliveries_expire(db, end_us + SECOND_US), DB_OK);
	assert_int_equal(count_deliveries(db), 0);
	db_close(db);
}

/* ---- messages ---- */

static const struct store_instant a_message = {.id = TEXT("m1"),
					       .tenant = TEXT("t1"),
					       .sender = TEXT("u1"),
					       .from = TEXT("10"),
					       .recipient = TEXT("u2"),
					       .to = TEXT("20"),
					       .type = TEXT("text/plain"),
					       .bytes = 5,
					       .status = 200,
					       .at_us = 600};

static void is_a_message(void *arg, const struct store_instant *m)
{
	++*(int *)arg;
	assert_true(slice_eq(m->id, a_message.id) && slice_eq(m->tenant, a_message.tenant));
	assert_true(slice_eq(m->sender, a_message.sender) && slice_eq(m->from, a_message.from));
	assert_true(slice_eq(m->recipient, a_message.recipient) && slice_eq(m->to, a_message.to));
	assert_true(slice_eq(m->type, a_message.type) && m->bytes == 5 && m->status == 200 && m->at_us == 600);
}

/* How many were refused. */
static size_t tell(struct db *db, const struct store_instant *m)
{
	size_t refused = 0;
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(store_instants_tell(db, m, 1, &refused), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	return refused;
}

static void messages_are_told_to_who_wants_them(void **state)
{
	struct db *db = open_filled();
	int found = 0;
	struct seen s = {0};
	/* Nobody does: nothing of it is kept. */
	assert_int_equal(tell(db, &a_message), 0);
	assert_int_equal(ask(db, "SELECT (SELECT count(*) FROM instants) + (SELECT count(*) FROM deliveries)"), 0);
	struct store_webhook chat = hook_one;
	chat.id = SLICE("w4");
	chat.name = SLICE("chat");
	chat.events = STORE_MESSAGE_EVENTS;
	assert_int_equal(store_webhook_put(db, &chat), DB_OK);
	int64_t changes = ask(db, "SELECT count(*) FROM change");
	assert_int_equal(tell(db, &a_message), 0);
	/* Its webhook is looked at again. */
	assert_int_equal(ask(db, "SELECT count(*) FROM change"), changes + 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE kind = 8 AND id = 'w4' AND seq = (SELECT max(seq) "
				 "FROM change)"),
			 1);
	assert_int_equal(store_instant_get(db, SLICE("m1"), is_a_message, &found), DB_OK);
	assert_int_equal(found, 1);
	assert_int_equal(store_instant_get(db, SLICE("m2"), is_a_message, &found), DB_OK);
	assert_int_equal(found, 1);
	assert_int_equal(store_delivery_next(db, SLICE("w4"), keep, &s), DB_OK);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.last.event, STORE_MESSAGE_DELIVERED);
	assert_int_equal(s.last.at_us, 600);
	/* The changes of calls are the others' matter. */
	assert_int_equal(feed(db), 0);
	/* A commit whose answer got lost is tried again. */
	assert_int_equal(tell(db, &a_message), 0);
	assert_int_equal(count_deliveries(db), 1);
	db_close(db);
}

/* Of several companies, in one transaction: a webhook is woken once, and one that is refused goes alone. */
static void messages_are_told_together(void **state)
{
	struct db *db = open_filled();
	struct store_tenant other = tenant_one;
	struct store_webhook chat = hook_one;
	struct store_instant m[6];
	size_t refused = 0;
	other.id = SLICE("t2");
	other.name = other.domain = SLICE("other");
	assert_int_equal(store_tenant_put(db, &other), DB_OK);
	chat.events = STORE_MESSAGE_EVENTS;
	chat.name = SLICE("chat");
	chat.id = SLICE("w4");
	assert_int_equal(store_webhook_put(db, &chat), DB_OK);
	chat.id = SLICE("w5");
	chat.tenant = SLICE("t2");
	assert_int_equal(store_webhook_put(db, &chat), DB_OK);
	static const struct slice ids[] = {TEXT("m1"), TEXT("m2"), TEXT("m3"), TEXT("m4"), TEXT("m5"), TEXT("m6")};
	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		m[i] = a_message;
		m[i].id = ids[i];
		m[i].bytes = (int64_t)i;
	}
	m[2].tenant = m[3].tenant = SLICE("t2");
	m[4].tenant = SLICE("t3"); /* it was removed meanwhile */
	m[1].bytes = m[0].bytes;   /* which the database is told to refuse */
	assert_int_equal(db_run(db, "CREATE UNIQUE INDEX once ON instants (bytes)", NULL, 0), DB_OK);
	int64_t changes = ask(db, "SELECT count(*) FROM change");
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(store_instants_tell(db, m, ARRAY_LEN(m), &refused), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	assert_int_equal(refused, 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM instants"), 4);
	assert_int_equal(ask(db, "SELECT count(*) FROM instants WHERE id IN ('m1', 'm3', 'm4', 'm6')"), 4);
	assert_int_equal(ask(db, "SELECT count(*) FROM deliveries WHERE webhook_id = 'w4'"), 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM deliveries WHERE webhook_id = 'w5'"), 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM change"), changes + 3);
	db_close(db);
}

static void messages_that_failed_or_are_old(void **state)
{
	struct db *db = open_filled();
	struct store_webhook failed_only = hook_one;
	struct store_instant m = a_message;
	struct seen s = {0};
	failed_only.id = SLICE("w4");
	failed_only.name = SLICE("chat");
	failed_only.events = 1 << STORE_MESSAGE_FAILED;
	assert_int_equal(store_webhook_put(db, &failed_only), DB_OK);
	assert_int_equal(tell(db, &m), 0);
	m.status = 480;
	m.at_us = 499; /* it was switched on after that */
	assert_int_equal(tell(db, &m), 0);
	assert_int_equal(ask(db, "SELECT (SELECT count(*) FROM instants) + (SELECT count(*) FROM deliveries)"), 0);
	char text[16];
	m.id = store_id_at(100 * DAY_US, text);
	m.at_us = 100 * DAY_US;
	assert_int_equal(tell(db, &m), 0);
	assert_int_equal(store_delivery_next(db, SLICE("w4"), keep, &s), DB_OK);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.last.event, STORE_MESSAGE_FAILED);
	/* They go when their deliveries do, and with their company. */
	assert_int_equal(store_deliveries_expire(db, 107 * DAY_US - SECOND_US), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM instants"), 1);
	assert_int_equal(store_deliveries_expire(db, 107 * DAY_US + SECOND_US), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM instants"), 0);
	assert_int_equal(tell(db, &m), 0);
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM instants"), 0);
	db_close(db);
}

static int64_t count_instants(struct db *db)
{
	return ask(db, "SELECT count(*) FROM instants");
}

/* However many there were since the last upkeep, and whatever has become of their webhook. */
static void messages_go_after_their_deliveries(void **state)
{
	struct db *db = open_filled();
	struct random random;
	struct store_webhook chat = hook_one;
	struct store_instant m = a_message;
	static char ids[STORE_DELIVERIES_KEPT + 1][STORE_ID_CAP];
	static struct store_instant many[ARRAY_LEN(ids)];
	size_t refused = 0;
	chat.id = SLICE("w4");
	chat.name = SLICE("chat");
	chat.events = STORE_MESSAGE_EVENTS;
	assert_int_equal(store_webhook_put(db, &chat), DB_OK);
	random_init_seeded(&random, 1);
	m.at_us = 100 * DAY_US;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		store_new_id(&random, m.at_us, ids[i]);
		many[i] = m;
		many[i].id = slice_from_string(ids[i]);
	}
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(store_instants_tell(db, many, ARRAY_LEN(many), &refused), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	assert_int_equal(refused, 0);
	assert_int_equal(count_instants(db), STORE_DELIVERIES_KEPT + 1);
	assert_int_equal(store_deliveries_expire(db, m.at_us), DB_OK);
	assert_int_equal(count_instants(db), STORE_DELIVERIES_KEPT);
	assert_int_equal(ask(db, "SELECT count(*) FROM deliveries, instants WHERE call = instants.id"),
			 STORE_DELIVERIES_KEPT);
	/* One that two are told of stays for the other. */
	chat.id = SLICE("w5");
	chat.name = SLICE("archive");
	assert_int_equal(store_webhook_put(db, &chat), DB_OK);
	m.id = SLICE("m1");
	assert_int_equal(tell(db, &m), 0);
	assert_int_equal(store_webhook_remove(db, SLICE("w4")), DB_OK);
	assert_int_equal(store_deliveries_expire(db, m.at_us), DB_OK);
	assert_int_equal(count_instants(db), 1);
	assert_int_equal(store_webhook_remove(db, SLICE("w5")), DB_OK);
	assert_int_equal(store_deliveries_expire(db, m.at_us), DB_OK);
	assert_int_equal(count_instants(db), 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_once_for_who_wants_it),
		cmocka_unit_test(nothing_of_before_it_was_there),
		cmocka_unit_test(many_come_in_several_jobs),
		cmocka_unit_test(what_came_of_it),
		cmocka_unit_test(number_and_age_are_bounded),
		cmocka_unit_test(messages_are_told_to_who_wants_them),
		cmocka_unit_test(messages_are_told_together),
		cmocka_unit_test(messages_that_failed_or_are_old),
		cmocka_unit_test(messages_go_after_their_deliveries),
	};
	return BACKEND_RUN(tests);
}
