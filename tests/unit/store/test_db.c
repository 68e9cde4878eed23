/* The db interface on both back ends: parameters, values, the cache of statements, savepoints, errors */
#include <errno.h>

#include "scratch.h"
#include "support/failing.h"

static void test_parameters(void **state)
{
	static const struct {
		const char *sql;
		int count; /* -1: refused */
	} cases[] = {
		{"SELECT 1", 0},
		{"SELECT $1, $2, $1, $3", 3},
		{"SELECT $2, $1", -1},
		{"SELECT $1, $3", -1},
		{"SELECT $0", -1},
		{"SELECT $x", -1},
		{"SELECT ?", -1},
		{"SELECT :name", -1},
		{"SELECT '$5 ? :x', \"a$7\", $1 -- $9 ?\n, $2", 2},
	};
	struct db *db = backend_open();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int count = db_count_parameters(db, cases[i].sql);
		assert_int_equal(MAX(count, -1), cases[i].count);
		/* The message names the SQL. */
		if (cases[i].count < 0)
			assert_non_null(strstr(db_message(db), cases[i].sql));
	}
	/* Also where it is prepared, and with a wrong count. */
	assert_int_equal(db_do(db, "SELECT $2, $1", DB_I(1), DB_I(2)), DB_FAILED);
	assert_int_equal(db_do(db, "SELECT $1, $2", DB_I(1)), DB_FAILED);
	db_close(db);
}

static void test_values(void **state)
{
	static const char sql[] = "SELECT $1, $2, $3, $4, $4 IS NULL";
	struct db *db = backend_open();
	struct db_rows *rows = db_query(
		db, sql,
		(struct db_value[]){DB_I(INT64_MIN), DB_T(SLICE("é\"'")), DB_B(SLICE("\0\1")), DB_T(SLICE_NONE)}, 4);
	assert_non_null(rows);
	assert_int_equal(db_next(rows), DB_ROW);
	assert_true(db_int(rows, 0) == INT64_MIN);
	assert_true(slice_eq(db_text(rows, 1), SLICE("é\"'")));
	assert_true(slice_eq(db_bytes(rows, 2), SLICE("\0\1")));
	assert_int_equal(db_text(rows, 3).n, 0);
	/* An empty text is not NULL. */
	assert_int_equal(db_int(rows, 4), 0);
	assert_int_equal(db_next(rows), DB_OK);
	assert_int_equal(db_next(rows), DB_OK);
	db_end(rows);
	db_close(db);
}

static void test_nested_use_of_one_text(void **state)
{
	static const char sql[] = "SELECT 1 UNION ALL SELECT 2";
	struct db *db = backend_open();
	struct db_rows *outer = db_query(db, sql, NULL, 0);
	assert_int_equal(db_next(outer), DB_ROW);
	struct db_rows *inner = db_query(db, sql, NULL, 0);
	assert_non_null(inner);
	assert_int_equal(db_next(inner), DB_ROW);
	assert_int_equal(db_int(inner, 0), 1);
	db_end(inner);
	assert_int_equal(db_next(outer), DB_ROW);
	assert_int_equal(db_int(outer, 0), 2);
	db_end(outer);
	assert_int_equal(db->statements.count, 1);
	db_close(db);
}

static int64_t count_rows(struct db *db)
{
	struct db_rows *rows = db_query(db, "SELECT count(*) FROM thing", NULL, 0);
	assert_int_equal(db_next(rows), DB_ROW);
	int64_t count = db_int(rows, 0);
	db_end(rows);
	return count;
}

static void test_savepoints(void **state)
{
	static const char insert[] = "INSERT INTO thing (id) VALUES ($1)";
	struct db *db = backend_open();
	assert_int_equal(db_run(db, "CREATE TABLE thing (id TEXT PRIMARY KEY)", NULL, 0), DB_OK);
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(db_savepoint(db), DB_OK);
	assert_int_equal(db_do(db, insert, DB_T(SLICE("a"))), DB_OK);
	assert_int_equal(db_savepoint(db), DB_OK);
	assert_int_equal(db_do(db, insert, DB_T(SLICE("b"))), DB_OK);
	assert_int_equal(db_do(db, insert, DB_T(SLICE("a"))), DB_CONFLICT);
	db_rollback_to(db);
	assert_int_equal(db_release(db), DB_OK);
	assert_int_equal(db_commit(db), DB_OK);
	assert_int_equal(count_rows(db), 1);

	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(db_do(db, insert, DB_T(SLICE("c"))), DB_OK);
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(count_rows(db), 1);
	db_close(db);
}

static void test_file_is_private(void **state)
{
	struct scratch s;
	struct stat st;
	struct db *db = NULL, *reader = NULL;
	char why[256] = "", wal[160];

	scratch_make(&s);
	umask(0);
	assert_int_equal(sqlite_open(s.path, false, &db, why), 0);
	assert_int_equal(db_run(db, "CREATE TABLE thing (id TEXT PRIMARY KEY)", NULL, 0), DB_OK);
	snprintf(wal, sizeof(wal), "%s-wal", s.path);
	assert_int_equal(stat(s.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Full durability: 2 is FULL. */
	struct db_rows *rows = db_query(db, "PRAGMA synchronous", NULL, 0);
	assert_int_equal(db_next(rows), DB_ROW);
	assert_int_equal(db_int(rows, 0), 2);
	db_end(rows);

	/* The reading connection does not write. */
	assert_int_equal(sqlite_open(s.path, true, &reader, why), 0);
	assert_int_equal(db_run(reader, "INSERT INTO thing (id) VALUES ('x')", NULL, 0), DB_READ_ONLY);
	db_close(reader);
	db_close(db);

	/* One that was made readable by all is closed again. */
	assert_int_equal(chmod(s.path, 0644), 0);
	assert_int_equal(sqlite_open(s.path, false, &db, why), 0);
	assert_int_equal(stat(s.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	db_close(db);
	scratch_remove(&s);
}

static void test_not_a_database(void **state)
{
	struct scratch s;
	struct db *db = NULL;
	char why[256] = "", junk[4096];

	scratch_make(&s);
	memset(junk, 'x', sizeof(junk));
	FILE *f = fopen(s.path, "w");
	assert_int_equal(fwrite(junk, 1, sizeof(junk), f), sizeof(junk));
	fclose(f);
	assert_int_equal(sqlite_open(s.path, false, &db, why), -EIO);
	assert_non_null(strstr(why, "not a database"));
	assert_null(db);
	scratch_remove(&s);
}

static int use_it(void *arg)
{
	struct db *db = NULL;
	char why[256] = "";
	int rc = backend_connect(arg, false, &db, why);
	if (rc < 0)
		return rc;
	rc = db_do(db, "SELECT $1", DB_I(1));
	db_close(db);
	return rc < 0 ? -ENOMEM : 0;
}

static void test_no_memory(void **state)
{
	failing_each(use_it, (void *)(uintptr_t)backend_fresh());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nested_use_of_one_text),
		cmocka_unit_test(test_savepoints),
		cmocka_unit_test(test_no_memory),
	};
	const struct CMUnitTest files[] = {
		cmocka_unit_test(test_file_is_private),
		cmocka_unit_test(test_not_a_database),
	};
	return cmocka_run_group_tests_name("sqlite's files", files, backend_sqlite, NULL) + BACKEND_RUN(tests);
}
