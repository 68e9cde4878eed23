/*
 * The server is gone, or changes its mind: what an owner of a job is told, what the operator is told, and that the
 * store heals by itself with nothing lost, nothing twice, and the feed of changes whole and in order
 */
#include <libpq-fe.h>

#include "base/clock.h"
#include "cutting.h"

struct writing {
	struct store_job job;
	const char *id, *extension; /* of the user to put */
	bool done;
	int result;
};

static int put_user(struct db *db, struct store_job *job)
{
	struct writing *w = container_of(job, struct writing, job);
	struct store_user u = user_one;
	u.id = u.login = slice_from_string(w->id);
	u.extension = slice_from_string(w->extension);
	return store_user_put(db, &u);
}

/* What the switchboard is told, in order; the numbers of the changes must ascend. */
static char told[512];
static int64_t told_seq;

static void tell(const char *what, struct slice id)
{
	size_t n = strlen(told);
	snprintf(told + n, sizeof(told) - n, "%s%.*s ", what, SLICE_ARG(id));
}

static void on_change(void *owner, const struct store_change *change)
{
	assert_true(change->seq > told_seq);
	told_seq = change->seq;
	assert_non_null(change->row);
	tell("", change->id);
}

static void written(struct store_job *job, int result)
{
	struct writing *w = container_of(job, struct writing, job);
	w->done = true;
	w->result = result;
	tell(result == DB_OK ? "done:" : "failed:", slice_from_string(w->id));
}

static int fill(struct db *db, struct store_job *job)
{
	return store_tenant_put(db, &tenant_one);
}

static int run_job(struct store *s, int (*run)(struct db *, struct store_job *), const char *id, const char *extension)
{
	struct writing w = {.job = {.run = run, .done = written}, .id = id, .extension = extension};
	assert_int_equal(store_post(s, &w.job), 0);
	store_wait(s);
	assert_true(w.done);
	return w.result;
}

static int put(struct store *s, const char *id)
{
	return run_job(s, put_user, id, id);
}

/* As an owner does that must not lose what it has; ends because the store heals. */
static void put_until_taken(struct store *s, const char *id)
{
	while (put(s, id) != DB_OK)
		;
}

static struct store *open_filled(const struct scratch *scratch, const char *database)
{
	struct store_config config = scratch_config(scratch);
	config.database = database;
	config.on_change = on_change;
	told_seq = 0;
	struct store *s = scratch_open(&config);
	assert_int_equal(run_job(s, fill, "t1", ""), DB_OK);
	told[0] = '\0';
	return s;
}

struct reading {
	struct store_job job;
	int users, result;
};

static void count_row(void *arg, const void *row)
{
	++*(int *)arg;
}

static int read_users(struct db *db, struct store_job *job)
{
	struct reading *r = container_of(job, struct reading, job);
	return store_list(db, STORE_USER, &(struct store_page){0}, count_row, &r->users);
}

static void read_done(struct store_job *job, int result)
{
	container_of(job, struct reading, job)->result = result;
}

/* How many users there are, or a db_error. */
static int count_users(struct store *s)
{
	struct reading r = {.job = {.run = read_users, .done = read_done, .read_only = true}};
	assert_int_equal(store_post(s, &r.job), 0);
	store_wait(s);
	return r.result < 0 ? r.result : r.users;
}

static void assert_trouble(struct store *s, int error, enum warning_kind kind)
{
	struct store_health health;
	store_health(s, clock_monotonic_us(), &health);
	assert_int_equal(health.last_error, error);
	assert_int_equal(health.trouble.kind, kind);
}

static void test_restart_between_jobs(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store *s = open_filled(&scratch, scratch.database);

	/* Often enough that the statements have names, on both connections. */
	for (int round = 0; round < 3; round++) {
		char ids[4][32];
		for (int i = 0; i < 4; i++) {
			snprintf(ids[i], sizeof(ids[i]), "r%d%d", round, i);
			assert_int_equal(put(s, ids[i]), DB_OK);
			assert_int_equal(count_users(s), round * 4 + i + 1);
		}
		postgresql_kill();
		postgresql_start();
	}
	/* Nothing was in progress: nobody needs to know. */
	assert_int_equal(put(s, "last"), DB_OK);
	assert_int_equal(count_users(s), 13);
	assert_trouble(s, DB_OK, WARNING_NONE);
	store_close(s);
	scratch_remove(&scratch);
}

static int put_user_and_kill(struct db *db, struct store_job *job)
{
	int rc = put_user(db, job);
	assert_int_equal(rc, DB_OK);
	postgresql_kill();
	return put_user(db, job);
}

static void test_lost_in_the_middle(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store *s = open_filled(&scratch, scratch.database);

	assert_int_equal(put(s, "before"), DB_OK);
	assert_int_equal(run_job(s, put_user_and_kill, "lost", "lost"), DB_LOST);
	assert_trouble(s, DB_LOST, WARNING_STORE_LOST);
	/* It is down, for those who come next too, and for who reads. */
	assert_int_equal(put(s, "down"), DB_LOST);
	assert_int_equal(count_users(s), DB_LOST);
	assert_string_equal(told, "before done:before failed:lost failed:down ");
	postgresql_start();
	put_until_taken(s, "after");
	assert_trouble(s, DB_LOST, WARNING_STORE_LOST); /* the reader has not tried again */
	while (count_users(s) < 0)
		;
	assert_trouble(s, DB_OK, WARNING_NONE);
	assert_int_equal(count_users(s), 2);
	assert_int_equal(put(s, "lost"), DB_OK);
	store_close(s);
	scratch_remove(&scratch);
}

static void test_answer_to_a_commit_lost(void **state)
{
	struct scratch scratch;
	struct cutting cutting;
	char url[320];

	scratch_make(&scratch);
	cutting_start(&cutting, scratch.database, url);
	struct store *s = open_filled(&scratch, url);
	assert_int_equal(put(s, "a"), DB_OK);

	/* Its owner cannot know; it writes again, by id. The read model learns of both, before the second answer. */
	atomic_store(&cutting.cut_commit, true);
	assert_int_equal(put(s, "b"), DB_LOST);
	assert_int_equal(put(s, "b"), DB_OK);
	assert_string_equal(told, "a done:a failed:b b b done:b ");
	assert_int_equal(count_users(s), 2);

	/* Who asks for something else that now stands in the way is told so, with what stands there known. */
	told[0] = '\0';
	atomic_store(&cutting.cut_commit, true);
	assert_int_equal(run_job(s, put_user, "c", "300"), DB_LOST);
	assert_int_equal(run_job(s, put_user, "d", "300"), DB_CONFLICT);
	assert_string_equal(told, "failed:c c failed:d ");
	assert_int_equal(count_users(s), 3);
	assert_trouble(s, DB_OK, WARNING_NONE);

	/* The table has what was told: each number once. */
	told[0] = '\0';
	assert_int_equal(put(s, "e"), DB_OK);
	assert_string_equal(told, "e done:e ");
	store_close(s);
	cutting_stop(&cutting);
	struct db *db = NULL;
	char why[256];
	assert_int_equal(postgresql_open(scratch.database, true, &db, why), 0);
	struct db_rows *rows = db_query(db, "SELECT count(*), max(seq) FROM change", NULL, 0);
	assert_int_equal(db_next(rows), DB_ROW);
	assert_int_equal(db_int(rows, 0), 6);
	assert_int_equal(db_int(rows, 1), told_seq);
	db_end(rows);
	db_close(db);
	scratch_remove(&scratch);
}

/* What somebody else wrote while our lock was lost, and a database that came back older than it was. */
static void test_feed_after_a_loss(void **state)
{
	struct scratch scratch;
	struct cutting cutting;
	char url[320];

	scratch_make(&scratch);
	cutting_start(&cutting, scratch.database, url);
	struct store *s = open_filled(&scratch, url);
	assert_int_equal(put(s, "a"), DB_OK);
	atomic_store(&cutting.cut_commit, true);
	assert_int_equal(put(s, "b"), DB_LOST);
	backend_command(scratch.database,
			"INSERT INTO users SELECT 'x', tenant_id, 'x', 'x', name, role, 0 FROM users WHERE id = 'a';"
			"INSERT INTO change SELECT max(seq) + 1, 't1', 1, 'x' FROM change");
	assert_int_equal(put(s, "c"), DB_OK);
	assert_string_equal(told, "a done:a failed:b b x c done:c ");

	int64_t before = told_seq;
	atomic_store(&cutting.cut_commit, true);
	assert_int_equal(put(s, "d"), DB_LOST);
	backend_command(scratch.database, "DELETE FROM change WHERE seq > 2; DELETE FROM users WHERE id > 'a'");
	assert_int_equal(put(s, "e"), DB_OK);
	assert_true(told_seq > before);
	store_close(s);
	cutting_stop(&cutting);
	scratch_remove(&scratch);
}

static void test_read_only_for_a_while(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store *s = open_filled(&scratch, scratch.database);
	int rc;

	backend_command(scratch.database, "ALTER SYSTEM SET default_transaction_read_only = on");
	backend_command(scratch.database, "SELECT pg_reload_conf()");
	/* Its sessions hear of it one by one. */
	while ((rc = put(s, "a")) == DB_OK)
		;
	assert_int_equal(rc, DB_READ_ONLY);
	assert_trouble(s, DB_READ_ONLY, WARNING_STORE_READ_ONLY);
	backend_command(scratch.database, "ALTER SYSTEM RESET default_transaction_read_only");
	backend_command(scratch.database, "SELECT pg_reload_conf()");
	put_until_taken(s, "b");
	assert_trouble(s, DB_OK, WARNING_NONE);
	store_close(s);
	scratch_remove(&scratch);
}

static void test_full_for_a_while(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store *s = open_filled(&scratch, scratch.database);

	backend_command(scratch.database,
			"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
			"$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END$$;"
			"CREATE TRIGGER full_disk BEFORE INSERT ON users EXECUTE FUNCTION full_disk()");
	assert_int_equal(put(s, "a"), DB_FULL);
	assert_trouble(s, DB_FULL, WARNING_STORE_FULL);
	backend_command(scratch.database, "DROP TRIGGER full_disk ON users");
	assert_int_equal(put(s, "a"), DB_OK);
	assert_trouble(s, DB_OK, WARNING_NONE);
	store_close(s);
	scratch_remove(&scratch);
}

static void must(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(c));
	PQclear(r);
}

/* Cut off, and somebody else has taken the lock before we are back: nothing is written without it. */
static void test_place_taken(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store *s = open_filled(&scratch, scratch.database);
	PGconn *other = PQconnectdb(scratch.database);

	must(other, "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'");
	must(other, "SELECT pg_advisory_lock(7020113940033205614)");
	assert_int_equal(put(s, "a"), DB_BUSY);
	assert_trouble(s, DB_BUSY, WARNING_STORE_HELD);
	assert_int_equal(count_users(s), 0);
	must(other, "SELECT pg_advisory_unlock_all()");
	put_until_taken(s, "a");
	assert_trouble(s, DB_OK, WARNING_NONE);
	PQfinish(other);
	store_close(s);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart_between_jobs),
		cmocka_unit_test(test_lost_in_the_middle),
		cmocka_unit_test(test_answer_to_a_commit_lost),
		cmocka_unit_test(test_feed_after_a_loss),
		cmocka_unit_test(test_read_only_for_a_while),
		cmocka_unit_test(test_full_for_a_while),
		cmocka_unit_test(test_place_taken),
	};
	return cmocka_run_group_tests_name("postgresql", tests, backend_postgresql, postgresql_end);
}
