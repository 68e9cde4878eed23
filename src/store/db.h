/*
 * store/db.h - one interface, two back ends: SQLite, and PostgreSQL behind the same functions
 *
 * SQL text is the same for both: $1, $2 ... in ascending order of first appearance (checked when a statement is
 * prepared), ON CONFLICT, RETURNING. Column types of migrations are written with four words in capitals: ID, TEXT,
 * INT64, BYTES. Used on store threads only; statements are cached by their text's address, so SQL is always a string
 * literal. Functions that return int give an enum db_error unless they say otherwise.
 *
 * What PostgreSQL asks of SQL that SQLite would take:
 * - After a statement that failed, the transaction can only be rolled back, to a savepoint or whole. Who wants to go on
 *   after a DB_CONFLICT runs the statement in a savepoint (db_savepoint(), db_rollback_to()).
 * - sum() of INT64 is wider than one: CAST(sum(x) AS BIGINT). Results are integers, booleans, texts or bytes.
 * - A parameter has one type: DB_I, DB_T or DB_B each time that the statement runs.
 * - A text holds no NUL byte: such a statement fails before it is sent. A byte that is no UTF-8 is kept as '?'.
 */
#pragma once
#include "base/slice.h"

struct db;
struct db_rows; /* a statement being stepped through */

enum db_error {
	DB_OK = 0,
	DB_ROW = 1,       /* db_next(): there is a row */
	DB_CONFLICT = -1, /* a unique or foreign key refused it */
	DB_BUSY = -2,     /* somebody else holds a lock for too long */
	DB_FULL = -3,     /* no space left, a quota, or a disk that refuses writes */
	DB_READ_ONLY = -4,
	DB_CORRUPT = -5,
	DB_FAILED = -6, /* db_message() has the words */
	DB_LOST = -7,   /* the server: not reached, shutting down, or out of resources; the next transaction connects */
	DB_NO_MEMORY = -8 /* of ours, as db_no_memory() says: what failed may succeed later */
};

struct db_value {
	enum { DB_INT64, DB_TEXT, DB_BYTES } kind; /* no NULL: "none" is 0 or an empty text in every column */
	int64_t number;
	struct slice bytes;
};
#define DB_I(v) ((struct db_value){.kind = DB_INT64, .number = (v)})
#define DB_T(s) ((struct db_value){.kind = DB_TEXT, .bytes = (s)})
#define DB_B(s) ((struct db_value){.kind = DB_BYTES, .bytes = (s)})

struct db *db_close(struct db *db);
const char *db_message(const struct db *db);

/* Run a statement to its end; rows that it gives are not looked at. Values are borrowed for the call. */
MUST_USE int db_run(struct db *db, const char *sql, const struct db_value *values, size_t count);
#define db_do(db, sql, ...)                                                                                            \
	db_run(db, sql, (struct db_value[]){__VA_ARGS__}, ARRAY_LEN(((struct db_value[]){__VA_ARGS__})))
/* Query: rows = db_query(...); while ((rc = db_next(rows)) == DB_ROW) ...; db_end(rows). NULL: db_message().
 * db_next() gives DB_ROW, DB_OK after the last row, or an error. db_end(NULL) is fine. Values are borrowed for the
 * call.
 */
MUST_USE struct db_rows *db_query(struct db *db, const char *sql, const struct db_value *values, size_t count);
MUST_USE int db_next(struct db_rows *rows);
int64_t db_int(struct db_rows *rows, int column);
struct slice db_text(struct db_rows *rows, int column); /* valid until the next db_next() or db_end() */
struct slice db_bytes(struct db_rows *rows, int column);
void db_end(struct db_rows *rows);
/* Run a statement to its end; *ret is the first number of its first row, 0 if it has none, untouched after an error. */
MUST_USE int db_number(struct db *db, const char *sql, const struct db_value *values, size_t count, int64_t *ret);

/*
 * Transactions belong to the store's threads: a job's run() is already inside one. Savepoints nest (DB_SAVEPOINTS_MAX).
 * db_rollback() is fine without a transaction. db_begin() makes a lost connection anew: DB_LOST or DB_BUSY (another
 * alto has taken the place meanwhile) if that fails; it does not try again at once.
 */
#define DB_SAVEPOINTS_MAX 8
MUST_USE int db_begin(struct db *db);
MUST_USE int db_commit(struct db *db);
void db_rollback(struct db *db);
MUST_USE int db_savepoint(struct db *db);
MUST_USE int db_release(struct db *db);
void db_rollback_to(struct db *db);
/*
 * Run in a savepoint what may be refused for its own sake (DB_FAILED, DB_CONFLICT): then it alone is undone, and
 * *ret_refused is true. Other errors, of the database or for want of memory, are returned: the transaction is to end.
 */
MUST_USE int db_attempt(struct db *db, int (*run)(struct db *db, void *arg), void *arg, bool *ret_refused);
/* Has anything failed for want of memory since db_begin()? Then no row is to blame for it, whatever error was told. */
bool db_no_memory(const struct db *db);
