/* What only PostgreSQL has: types, names of statements, settings of a session, the lock, and who is refused and why */
#include <errno.h>

#include "scratch.h"
#include "store/migrate.h"

static int64_t ask(struct db *db, const char *sql)
{
	struct db_rows *rows = db_query(db, sql, NULL, 0);
	assert_non_null(rows);
	if (db_next(rows) != DB_ROW)
		fail_msg("%s", db_message(db));
	int64_t answer = db_int(rows, 0);
	db_end(rows);
	return answer;
}

static void test_column_types(void **state)
{
	struct db *db = backend_open();
	struct db_rows *rows = db_query(
		db, "SELECT CAST(-2 AS smallint), -70000, -5000000000, true, CAST(NULL AS bigint), CAST(NULL AS text)",
		NULL, 0);
	assert_int_equal(db_next(rows), DB_ROW);
	assert_int_equal(db_int(rows, 0), -2);
	assert_int_equal(db_int(rows, 1), -70000);
	assert_true(db_int(rows, 2) == INT64_C(-5000000000));
	assert_int_equal(db_int(rows, 3), 1);
	assert_int_equal(db_int(rows, 4), 0);
	assert_int_equal(db_text(rows, 5).n, 0);
	db_end(rows);
	/* What would have to be guessed is refused. */
	assert_int_equal(db_run(db, "SELECT sum(n) FROM (VALUES (CAST(1 AS bigint))) AS v(n)", NULL, 0), DB_FAILED);
	assert_non_null(strstr(db_message(db), "cast it"));
	db_close(db);
}

static void test_texts(void **state)
{
	static const struct {
		struct slice bound, kept;
	} cases[] = {
		{TEXT("plain"), TEXT("plain")},
		{TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e"), TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e")},
		{TEXT("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"), TEXT("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf")},
		{TEXT("caf\xe9"), TEXT("caf?")},
		{TEXT("\xe9t\xe9"), TEXT("?t?")},
		{TEXT("\xc0\xaf\xc1\xbf"), TEXT("????")},      /* overlong */
		{TEXT("\xe0\x9f\xbf"), TEXT("???")},           /* overlong */
		{TEXT("\xf0\x8f\xbf\xbf"), TEXT("????")},      /* overlong */
		{TEXT("\xed\xa0\x80"), TEXT("???")},           /* a surrogate */
		{TEXT("\xf4\x90\x80\x80\xf5"), TEXT("?????")}, /* above U+10FFFF */
		{TEXT("a\x80"
		      "b\xff"),
		 TEXT("a?b?")},                 /* alone */
		{TEXT("\xe2\x82"), TEXT("??")}, /* cut off */
	};
	struct db *db = backend_open();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct db_rows *rows = db_query(db, "SELECT $1", &DB_T(cases[i].bound), 1);
		if (db_next(rows) != DB_ROW)
			fail_msg("%zu: %s", i, db_message(db));
		assert_true(slice_eq(db_text(rows, 0), cases[i].kept));
		db_end(rows);
	}
	assert_int_equal(db_do(db, "SELECT $1", DB_T(SLICE("a\0b"))), DB_FAILED);
	assert_non_null(strstr(db_message(db), "NUL"));
	/* Not so for bytes. */
	assert_int_equal(db_do(db, "SELECT $1, 1", DB_B(SLICE("a\0\xff"))), DB_OK);
	db_close(db);
}

static void test_prepared_from_the_second_use_on(void **state)
{
	static const char sql[] = "SELECT $1 + 1";
	struct db *db = backend_open();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(db_do(db, sql, DB_I(i)), DB_OK);
		assert_int_equal(ask(db, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%+ 1'"),
				 i > 0);
	}
	assert_int_equal(db_do(db, sql, DB_T(SLICE("x"))), DB_FAILED);
	assert_non_null(strstr(db_message(db), "another type"));
	db_close(db);
}

static void test_commit_of_what_failed(void **state)
{
	struct db *db = backend_open();
	assert_int_equal(db_run(db, "CREATE TABLE thing (id TEXT PRIMARY KEY)", NULL, 0), DB_OK);
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(db_run(db, "INSERT INTO thing VALUES ('a')", NULL, 0), DB_OK);
	assert_int_equal(db_run(db, "INSERT INTO thing VALUES ('a')", NULL, 0), DB_CONFLICT);
	/* A detail would say which value it was. */
	assert_non_null(strstr(db_message(db), "thing_pkey"));
	assert_null(strstr(db_message(db), "(a)"));
	assert_int_equal(db_commit(db), DB_FAILED);
	db_rollback(db);
	assert_int_equal(ask(db, "SELECT count(*) FROM thing"), 0);
	db_close(db);
}

static void test_order_is_that_of_bytes(void **state)
{
	static const struct migration step = {1, "one", "CREATE TABLE word (id ID PRIMARY KEY, t TEXT NOT NULL);"};
	struct store_reason reason;
	struct db *db = backend_open();
	assert_int_equal(db_migrate(db, &step, 1, 1, &reason), 0);
	assert_int_equal(db_run(db, "INSERT INTO word VALUES ('a', 'B'), ('B', 'a'), ('~', '~'), ('9', '9')", NULL, 0),
			 DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM (SELECT string_agg(id, '' ORDER BY id) AS s, "
				 "string_agg(t, '' ORDER BY t) AS z FROM word) AS w WHERE s = '9Ba~' AND z = '9Ba~'"),
			 1);
	db_close(db);
}

/* Whatever the administrator set for the role. */
static void test_settings(void **state)
{
	const char *url = backend_fresh();
	struct db *db = NULL, *reader = NULL;
	char why[256] = "";

	backend_command(url, "ALTER ROLE alto SET synchronous_commit = off");
	backend_command(url, "ALTER ROLE alto SET statement_timeout = '1s'");
	backend_command(url, "ALTER ROLE alto SET default_transaction_isolation = serializable");
	assert_int_equal(postgresql_open(url, false, &db, why), 0);
	assert_int_equal(postgresql_open(url, true, &reader, why), 0);
	assert_int_equal(ask(db, "SELECT current_setting('synchronous_commit') = 'on' AND "
				 "current_setting('statement_timeout') = '0' AND current_setting('fsync') = 'on'"),
			 1);
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(ask(db, "SELECT current_setting('transaction_isolation') = 'read committed'"), 1);
	db_rollback(db);
	assert_int_equal(db_run(reader, "CREATE TABLE thing (id TEXT)", NULL, 0), DB_READ_ONLY);
	db_close(reader);
	db_close(db);
	backend_command(url, "ALTER ROLE alto SET synchronous_commit = remote_apply");
	assert_int_equal(postgresql_open(url, false, &db, why), 0);
	assert_int_equal(ask(db, "SELECT current_setting('synchronous_commit') = 'remote_apply'"), 1);
	db_close(db);
	backend_command(url, "ALTER ROLE alto RESET ALL");
}

static void test_second_alto(void **state)
{
	struct scratch one, other;
	struct store *second = NULL;
	struct store_reason reason = {{0}};

	/* Its data directory is another, perhaps on another machine. */
	scratch_make(&one);
	scratch_make(&other);
	other.database = one.database;
	struct store_config config = scratch_config(&one), other_config = scratch_config(&other);
	struct store *s = scratch_open(&config);
	assert_int_equal(store_open(&other_config, &second, &reason), -EBUSY);
	assert_non_null(
		strstr(reason.text, "database: another alto (connected from the database's own host, since 20"));
	store_close(s);
	/* It waits for a place that is about to become free: the server notices the end a little later. */
	for (int i = 0; i < 5; i++)
		store_close(scratch_open(i % 2 ? &config : &other_config));
	scratch_remove(&one);
	scratch_remove(&other);
}

static void test_full_at_open(void **state)
{
	struct scratch scratch;
	struct store *s = NULL;
	struct store_reason reason = {{0}};

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	store_close(scratch_open(&config));
	backend_command(scratch.database,
			"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
			"$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END$$;"
			"CREATE TRIGGER full_disk BEFORE INSERT ON migration EXECUTE FUNCTION full_disk()");
	assert_int_equal(store_open(&config, &s, &reason), -ENOSPC);
	assert_non_null(strstr(reason.text, "the database cannot be written: could not extend file (53100)"));
	backend_command(scratch.database, "DROP TRIGGER full_disk ON migration");
	store_close(scratch_open(&config));
	scratch_remove(&scratch);
}

static void with_user(const char *url, const char *user, char ret[400])
{
	snprintf(ret, 400, "postgresql://%s@%s", user, strchr(url, '@') + 1);
}

static void test_refusals(void **state)
{
	struct scratch scratch;
	struct store *s = NULL;
	struct store_reason reason = {{0}};
	char url[400];

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);

	/* A role that may use the schema and make nothing there. */
	backend_command(scratch.database, "CREATE ROLE guest LOGIN");
	backend_command(scratch.database, "DO $$BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO guest', "
					  "current_schema()); END$$");
	with_user(scratch.database, "guest", url);
	config.database = url;
	assert_int_equal(store_open(&config, &s, &reason), -EROFS);
	assert_non_null(strstr(reason.text, "database: the database cannot be read: permission denied for schema"));

	with_user(scratch.database, "nobody", url);
	assert_int_equal(store_open(&config, &s, &reason), -ENOTCONN);
	assert_non_null(strstr(reason.text, "role \"nobody\" does not exist"));

	/* The password is in none of them. */
	config.database = "postgresql://alto:hunter2@/alto?host=/nowhere&connect_timeout=2";
	assert_int_equal(store_open(&config, &s, &reason), -ENOTCONN);
	assert_non_null(strstr(reason.text, "/nowhere"));
	assert_null(strstr(reason.text, "hunter2"));
	config.database = "postgresql://alto:hunter2@[::1/alto";
	assert_int_equal(store_open(&config, &s, &reason), -EINVAL);
	assert_null(strstr(reason.text, "hunter2"));

	backend_command(scratch.database, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
	snprintf(url, sizeof(url), "postgresql://alto@/latin%s", strchr(scratch.database, '?'));
	config.database = url;
	assert_int_equal(store_open(&config, &s, &reason), -EIO);
	assert_non_null(strstr(reason.text, "the database has the encoding LATIN1"));
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_column_types),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_prepared_from_the_second_use_on),
		cmocka_unit_test(test_commit_of_what_failed),
		cmocka_unit_test(test_order_is_that_of_bytes),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_second_alto),
		cmocka_unit_test(test_full_at_open),
		cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests_name("postgresql", tests, backend_postgresql, postgresql_end);
}
