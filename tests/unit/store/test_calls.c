/* The most calls at once: which calls overlap, whose they are, and what stands at the ends of the time asked for */
#include "scratch.h"
#include "store/migrate.h"

#define HOUR_US (3600 * SECOND_US)
#define NOON_US (500000 * HOUR_US)

static struct db *open_migrated(void)
{
	struct db *db = backend_open();
	struct store_reason reason = {{0}};
	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	return db;
}

static void put(struct db *db, const char *tenant, int64_t from_us, int64_t to_us, const char *cause)
{
	static struct random random;
	static bool seeded;
	if (!seeded)
		random_init_seeded(&random, 1);
	seeded = true;
	char id[STORE_ID_CAP];
	store_new_id(&random, from_us, id);
	struct store_call c = {.id = slice_from_string(id),
			       .tenant = slice_from_string(tenant),
			       .started_us = from_us,
			       .ended_us = to_us,
			       .cause = slice_from_string(cause)};
	assert_int_equal(store_call_put(db, &c), DB_OK);
}

static int64_t peak(struct db *db, const char *tenant, int64_t from_us, int64_t to_us)
{
	int64_t calls = -1;
	assert_int_equal(store_calls_peak(db, slice_from_string(tenant), from_us, to_us, &calls), DB_OK);
	return calls;
}

static void test_overlap(void **state)
{
	struct db *db = open_migrated();
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 0);
	put(db, "t", NOON_US, NOON_US + 10, "answered");
	put(db, "t", NOON_US + 10, NOON_US + 20, "answered"); /* only touches */
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 1);
	put(db, "t", NOON_US + 5, NOON_US + 15, "busy");
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 2);
	put(db, "t", NOON_US + 7, NOON_US + 8, "no-line");
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 2);
	put(db, "other", NOON_US + 7, NOON_US + 8, "answered");
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 2);
	assert_int_equal(peak(db, "", NOON_US, NOON_US + HOUR_US), 3);
	db_close(db);
}

/* What began before and goes on counts; what ends or begins at an end of the time does not. */
static void test_ends(void **state)
{
	struct db *db = open_migrated();
	put(db, "t", NOON_US - HOUR_US, 0, "");
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 1);
	put(db, "t", NOON_US - HOUR_US, NOON_US, "answered");
	put(db, "t", NOON_US + HOUR_US, 0, "");
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US), 1);
	assert_int_equal(peak(db, "t", NOON_US - 1, NOON_US + HOUR_US), 2);
	assert_int_equal(peak(db, "t", NOON_US, NOON_US + HOUR_US + 1), 2);
	assert_int_equal(peak(db, "t", NOON_US, NOON_US), 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlap), cmocka_unit_test(test_ends)};
	return BACKEND_RUN(tests);
}
