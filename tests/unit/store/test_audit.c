/* test_audit.c - rows of the audit trail: numbered and chained for each company, listed, found to be altered, dropped
 */
#include "crypto/crypto.h"
#include "scratch.h"
#include "store/audit.h"
#include "store/migrate.h"

#define HOUR_US (3600 * SECOND_US)
#define BEGIN_US (INT64_C(1700000000) * SECOND_US)

static struct random noise;

static struct db *open_filled(void)
{
	struct db *db = backend_open();
	struct store_reason reason;
	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	assert_int_equal(store_tenant_put(db, &tenant_one), DB_OK);
	assert_int_equal(store_user_put(db, &user_one), DB_OK);
	random_init_seeded(&noise, 7);
	return db;
}

/* The n-th hour's row. */
static int add(struct db *db, const char *tenant, int hour, const char *object)
{
	char id[STORE_ID_CAP];
	int64_t at_us = BEGIN_US + hour * HOUR_US;
	store_new_id(&noise, at_us, id);
	struct store_audit a = {.id = slice_from_string(id),
				.tenant = slice_from_string(tenant),
				.at_us = at_us,
				.act = SLICE("changed"),
				.thing = hour % 2 ? SLICE("device") : SLICE("user"),
				.actor_kind = SLICE("person"),
				.actor = SLICE("u1"),
				.actor_tenant = SLICE("t1"),
				.address = SLICE("192.0.2.1"),
				.object = slice_from_string(object),
				.object_name = SLICE("Désirée"),
				.owner = SLICE("u1"),
				.changed = SLICE("name,role=user>admin")};
	return store_audit_add(db, &a);
}

struct seen {
	int count;
	int64_t numbers[32];
};

static void see(void *arg, const struct store_audit *a)
{
	struct seen *s = arg;
	assert_true(slice_eq(a->actor_name, user_one.name) && slice_eq(a->owner_name, user_one.name));
	assert_true(slice_eq(a->object_name, SLICE("Désirée")) && slice_eq(a->changed, SLICE("name,role=user>admin")));
	assert_int_equal(a->hash.n, STORE_AUDIT_HASH);
	s->numbers[s->count++] = a->number;
}

static struct seen list(struct db *db, struct store_audit_page page, char more[STORE_ID_CAP])
{
	struct seen s = {0};
	page.limit = page.limit ? page.limit : 30;
	page.scan = page.scan ? page.scan : 100;
	assert_int_equal(store_audit_list(db, &page, see, &s, more), DB_OK);
	return s;
}

static void each_company_has_its_own_numbers(void **state)
{
	struct db *db = open_filled();
	char more[STORE_ID_CAP];
	for (int hour = 0; hour < 5; hour++) {
		assert_int_equal(add(db, "t1", hour, "o"), DB_OK);
		assert_int_equal(add(db, "", hour, "o"), DB_OK);
	}
	struct seen s = list(db, (struct store_audit_page){.tenant = SLICE("t1")}, more);
	assert_int_equal(s.count, 5);
	assert_int_equal(*more, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(s.numbers[i], 5 - i);
	assert_int_equal(list(db, (struct store_audit_page){.tenant = SLICE_NONE}, more).count, 5);
	assert_int_equal(list(db, (struct store_audit_page){.all = true}, more).count, 10);
	assert_int_equal(list(db, (struct store_audit_page){.tenant = SLICE("t2")}, more).count, 0);
	db_close(db);
}

static void ends_are_the_oldest_and_the_newest(void **state)
{
	struct db *db = open_filled();
	struct store_audit_ends ends;
	assert_int_equal(store_audit_ends(db, SLICE("t1"), &ends), DB_OK);
	assert_int_equal(ends.first + ends.last + ends.first_us + ends.last_us, 0);
	for (int hour = 0; hour < 3; hour++)
		assert_int_equal(add(db, "t1", hour, "o"), DB_OK);
	assert_int_equal(store_audit_ends(db, SLICE("t1"), &ends), DB_OK);
	assert_true(ends.first == 1 && ends.last == 3);
	assert_true(ends.first_us == BEGIN_US && ends.last_us == BEGIN_US + 2 * HOUR_US);
	db_close(db);
}

static void pages_go_on_where_the_last_ended(void **state)
{
	struct db *db = open_filled();
	char more[STORE_ID_CAP], next[STORE_ID_CAP] = "";
	for (int hour = 0; hour < 9; hour++)
		assert_int_equal(add(db, "t1", hour, "o"), DB_OK);
	int count = 0;
	do { /* two of each four that are looked at are wanted, one a page */
		struct store_audit_page page = {.tenant = SLICE("t1"),
						.before = slice_from_string(next),
						.thing = SLICE("device"),
						.limit = 1,
						.scan = 4};
		count += list(db, page, more).count;
		snprintf(next, sizeof(next), "%s", more);
	} while (*next);
	assert_int_equal(count, 4);
	/* A page that finds nothing says where to go on; the last one that nothing follows. */
	struct seen s = list(db, (struct store_audit_page){.tenant = SLICE("t1"), .user = SLICE("u2"), .scan = 8},
			     more);
	assert_int_equal(s.count, 0);
	assert_int_not_equal(*more, 0);
	s = list(db, (struct store_audit_page){.tenant = SLICE("t1"), .user = SLICE("u2"), .scan = 9}, more);
	assert_int_equal(s.count + *more, 0);
	assert_int_equal(list(db, (struct store_audit_page){.all = true, .user = SLICE("u1")}, more).count, 9);
	assert_int_equal(list(db, (struct store_audit_page){.all = true, .act = SLICE("removed")}, more).count, 0);
	struct store_audit_page between = {
		.all = true, .from_us = BEGIN_US + 2 * HOUR_US, .to_us = BEGIN_US + 5 * HOUR_US};
	s = list(db, between, more);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.numbers[0], 5);
	assert_int_equal(s.numbers[2], 3);
	db_close(db);
}

static struct store_audit_chain check(struct db *db, int64_t last, int64_t most)
{
	struct store_audit_chain chain;
	assert_int_equal(store_audit_check(db, SLICE("t1"), last, most, &chain), DB_OK);
	return chain;
}

static void what_is_altered_is_found(void **state)
{
	static const struct {
		const char *sql;
		int64_t broken;
	} attacks[] = {
		{"UPDATE audit SET address = '192.0.2.2' WHERE number = 3", 3},
		{"UPDATE audit SET number = 30 WHERE number = 3", 4},
		{"UPDATE audit SET failed = 1 WHERE number = 1", 1},
		{"UPDATE audit SET tenant = 't2' WHERE number = 2", 3},
		{"DELETE FROM audit WHERE number = 4", 5},
	};
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		struct db *db = open_filled();
		for (int hour = 0; hour < 6; hour++)
			assert_int_equal(add(db, "t1", hour, "o"), DB_OK);
		struct store_audit_chain chain = check(db, INT64_MAX, 100);
		assert_true(chain.rows == 6 && chain.first == 1 && chain.last == 6 && chain.broken == 0);
		chain = check(db, INT64_MAX, 2);
		assert_true(chain.rows == 2 && chain.first == 5 && chain.last == 6 && chain.broken == 0);
		chain = check(db, 5, 3);
		assert_true(chain.rows == 3 && chain.first == 3 && chain.last == 5 && chain.broken == 0);
		assert_int_equal(check(db, 0, 3).rows, 0);
		assert_int_equal(db_run(db, attacks[i].sql, NULL, 0), DB_OK);
		assert_int_equal(check(db, INT64_MAX, 100).broken, attacks[i].broken);
		assert_int_equal(check(db, attacks[i].broken, 2).broken, attacks[i].broken);
		db_close(db);
	}
}

/* How many tenants had their turn. */
static int expire(struct db *db, int64_t before_us)
{
	char tenant[STORE_ID_CAP] = "";
	bool more = true;
	int turns = 0;
	for (; more; turns++)
		assert_int_equal(store_audit_expire(db, before_us, tenant, &more), DB_OK);
	return turns;
}

static void old_rows_go_and_numbers_go_on(void **state)
{
	struct db *db = open_filled();
	for (int hour = 0; hour < 6; hour++)
		assert_int_equal(add(db, "t1", hour, "o"), DB_OK);
	assert_int_equal(expire(db, BEGIN_US + 4 * HOUR_US), 2);
	assert_int_equal(add(db, "t1", 6, "o"), DB_OK);
	struct store_audit_chain chain = check(db, INT64_MAX, 100);
	assert_true(chain.rows == 3 && chain.first == 5 && chain.last == 7 && chain.broken == 0);
	db_close(db);
}

static void the_newest_row_of_each_stays(void **state)
{
	struct db *db = open_filled();
	int64_t newest_us = -1;
	char more[STORE_ID_CAP];
	assert_int_equal(store_audit_newest(db, &newest_us), DB_OK);
	assert_int_equal(newest_us, 0);
	assert_int_equal(expire(db, BEGIN_US), 1); /* of nothing */
	for (int hour = 0; hour < 3; hour++) {
		assert_int_equal(add(db, "t1", hour, "o"), DB_OK);
		assert_int_equal(add(db, "", hour, "o"), DB_OK);
	}
	assert_int_equal(add(db, "t2", 0, "o"), DB_OK);
	assert_int_equal(store_audit_newest(db, &newest_us), DB_OK);
	assert_int_equal(newest_us, BEGIN_US + 2 * HOUR_US);
	assert_int_equal(expire(db, BEGIN_US + 100 * HOUR_US), 3);
	assert_int_equal(list(db, (struct store_audit_page){.all = true}, more).count, 3);
	assert_int_equal(add(db, "t1", 101, "o"), DB_OK);
	struct store_audit_chain chain = check(db, INT64_MAX, 100);
	assert_true(chain.rows == 2 && chain.first == 3 && chain.last == 4 && chain.broken == 0);
	db_close(db);
}

/* A row that a wrong clock dated into the future keeps those after it, one of the past takes none before it along. */
static void what_goes_is_a_beginning(void **state)
{
	static const int hours[] = {0, 50, 1, 2, 60};
	struct db *db = open_filled();
	for (size_t i = 0; i < ARRAY_LEN(hours); i++)
		assert_int_equal(add(db, "t1", hours[i], "o"), DB_OK);
	assert_int_equal(expire(db, BEGIN_US + 10 * HOUR_US), 2);
	struct store_audit_chain chain = check(db, INT64_MAX, 100);
	assert_true(chain.rows == 4 && chain.first == 2 && chain.last == 5 && chain.broken == 0);
	db_close(db);
}

static void many_old_rows_go_in_pieces(void **state)
{
	struct db *db = open_filled();
	static const char copies[] =
		"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $1) INSERT INTO audit "
		"SELECT id || i, tenant, i, at_us, act, thing, actor_kind, actor, actor_name, actor_tenant, address, "
		"object, object_name, owner, owner_name, changed, how, failed, hash FROM audit, n";
	assert_int_equal(add(db, "t1", 0, "o"), DB_OK);
	assert_int_equal(db_do(db, copies, DB_I(STORE_AUDIT_EXPIRED + 2)), DB_OK);
	char tenant[STORE_ID_CAP] = "t1";
	bool more = false;
	assert_int_equal(store_audit_expire(db, INT64_MAX, tenant, &more), DB_OK);
	assert_true(more);
	assert_int_equal(check(db, INT64_MAX, 10000).rows, 2);
	assert_int_equal(store_audit_expire(db, INT64_MAX, tenant, &more), DB_OK);
	assert_false(more);
	assert_int_equal(check(db, INT64_MAX, 10000).rows, 1);
	db_close(db);
}

static void what_was_done_is_known(void **state)
{
	struct db *db = open_filled();
	struct store_audit asked = {.actor = SLICE("u1"), .act = SLICE("changed"), .object = SLICE("o")};
	bool done = true;
	assert_int_equal(store_audit_done(db, &asked, BEGIN_US, &done), DB_OK);
	assert_false(done);
	assert_int_equal(add(db, "t1", 1, "o"), DB_OK);
	assert_int_equal(store_audit_done(db, &asked, BEGIN_US, &done), DB_OK);
	assert_true(done);
	assert_int_equal(store_audit_done(db, &asked, BEGIN_US + 2 * HOUR_US, &done), DB_OK);
	assert_false(done);
	asked.actor = SLICE("u2");
	assert_int_equal(store_audit_done(db, &asked, BEGIN_US, &done), DB_OK);
	assert_false(done);
	db_close(db);
}

static void failed_log_ins_are_counted(void **state)
{
	struct db *db = open_filled();
	int64_t failed = -1;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(store_try_failed(db, SLICE("u1"), &failed), DB_OK);
		assert_int_equal(failed, i);
	}
	assert_int_equal(store_try_succeeded(db, SLICE("u1"), &failed), DB_OK);
	assert_int_equal(failed, 3);
	assert_int_equal(store_try_succeeded(db, SLICE("u1"), &failed), DB_OK);
	assert_int_equal(failed, 0);
	assert_int_equal(store_try_failed(db, SLICE("nobody"), &failed), DB_CONFLICT);
	db_close(db);
}

/* At the limit and one past it. */
static void a_row_has_a_longest_form(void **state)
{
	struct db *db = open_filled();
	static char text[4096];
	memset(text, 'x', sizeof(text));
	struct store_audit a = {.id = SLICE("i"), .tenant = SLICE("t1"), .object_name = slice_of(text, 4096 - 24)};
	/* The rest: 17 more line ends, "i", "t1", 1, 0 and 0. */
	assert_int_equal(store_audit_add(db, &a), DB_OK);
	a.id = SLICE("j");
	a.object_name.n++;
	assert_int_equal(store_audit_add(db, &a), DB_FAILED);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_company_has_its_own_numbers),
		cmocka_unit_test(ends_are_the_oldest_and_the_newest),
		cmocka_unit_test(pages_go_on_where_the_last_ended),
		cmocka_unit_test(what_is_altered_is_found),
		cmocka_unit_test(old_rows_go_and_numbers_go_on),
		cmocka_unit_test(the_newest_row_of_each_stays),
		cmocka_unit_test(what_goes_is_a_beginning),
		cmocka_unit_test(many_old_rows_go_in_pieces),
		cmocka_unit_test(what_was_done_is_known),
		cmocka_unit_test(failed_log_ins_are_counted),
		cmocka_unit_test(a_row_has_a_longest_form),
	};
	return BACKEND_RUN(tests);
}
