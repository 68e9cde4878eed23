/* test_audit_upkeep.c - which rows of the audit trail go by age, and by which clock */
#include "support/test.h"

#include "store/audit.h"
#include "unit/web/played.h"
#include "web/audit_upkeep.h"

#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)

static struct web_audit_upkeep *upkeep;
static int64_t newest_us; /* of three rows: one is a day older, one 400 days */

static int add(struct db *db, int64_t at_us)
{
	char id[STORE_ID_CAP];
	store_new_id(&played.node.random, at_us, id);
	return store_audit_add(db, &(struct store_audit){.id = slice_from_string(id),
							 .tenant = SLICE(ACME),
							 .at_us = at_us,
							 .act = SLICE("changed"),
							 .thing = SLICE("tenant"),
							 .actor_kind = SLICE("machine"),
							 .object = SLICE(ACME)});
}

static int put_rows(struct db *db)
{
	int rc = add(db, newest_us - 400 * DAY_US);
	if (rc == DB_OK)
		rc = add(db, newest_us - DAY_US);
	return rc == DB_OK ? add(db, newest_us) : rc;
}

static void start_at(int64_t us)
{
	newest_us = us;
	played_start(put_rows);
	played.web.context.config = &played.node.config;
	upkeep = web_audit_upkeep_new(&played.web.context);
	assert_non_null(upkeep);
	web_audit_upkeep_start(upkeep);
}

static int stop(void **state)
{
	web_audit_upkeep_close(upkeep);
	web_audit_upkeep_free(upkeep);
	played_stop();
	return 0;
}

/* What is asked of the store is done in the hour that asks for it. */
static void pass(int64_t us)
{
	for (int64_t step = 0; step < us; step += HOUR_US) {
		played_pass(HOUR_US);
		played_settle();
	}
}

static int64_t rows;

static int count_run(struct db *db, struct store_job *job)
{
	struct store_audit_chain chain;
	int rc = store_audit_check(db, SLICE(ACME), INT64_MAX, 100, &chain);
	rows = chain.rows;
	return rc;
}

static void counted(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

static int64_t count(void)
{
	static struct store_job job;
	job = (struct store_job){.run = count_run, .done = counted, .bytes = 1, .read_only = true};
	assert_int_equal(store_post(played.node.store, &job), 0);
	played_settle();
	return rows;
}

static void what_is_too_old_goes(void **state)
{
	start_at(WALL_US);
	assert_int_equal(played.node.config.audit_days, 365);
	assert_int_equal(count(), 3);
	pass(4 * HOUR_US);
	assert_int_equal(count(), 2);
	pass(363 * DAY_US);
	assert_int_equal(count(), 2);
	pass(2 * DAY_US);
	assert_int_equal(count(), 1);
}

/* The server starts with a clock that is years ahead. */
static void a_wrong_clock_makes_nothing_old(void **state)
{
	start_at(WALL_US - 4000 * DAY_US);
	pass(DAY_US);
	/* By the newest row, 400 days are too old whatever the clock says; a day is not. */
	assert_int_equal(count(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_too_old_goes, stop),
		cmocka_unit_test_teardown(a_wrong_clock_makes_nothing_old, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
