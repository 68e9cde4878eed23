/* store/db.c - what both back ends share: the cache of statements, the order of parameters, transactions and notes */
#include <errno.h>
#include <stdarg.h>

#include "store/db_private.h"

void db_init(struct db *db, const struct db_backend *backend, bool read_only)
{
	/* The keys are addresses of our own literals, so the map needs no secret. */
	static const uint8_t no_key[16];

	db->backend = backend;
	db->read_only = read_only;
	map_init(&db->statements, no_key);
}

static bool finalize(struct map_node *node, void *arg)
{
	struct db *db = arg;
	struct db_rows *rows = container_of(node, struct db_rows, node);

	map_remove(&db->statements, node);
	db->backend->finalize(rows->statement);
	free(rows);
	return true;
}

struct db *db_close(struct db *db)
{
	if (!db)
		return NULL;
	map_each(&db->statements, finalize, db);
	map_done(&db->statements);
	free(db->notes);
	db->backend->close(db);
	return NULL;
}

const char *db_message(const struct db *db)
{
	return db->message;
}

void db_set_message(struct db *db, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(db->message, sizeof(db->message), format, args);
	va_end(args);
}

/* Past a quoted name or text, or a comment; just one byte on otherwise. */
static const char *skip_token(const char *p)
{
	if (*p == '\'' || *p == '"') {
		const char *end = strchr(p + 1, *p);
		return end ? end + 1 : p + strlen(p);
	}
	if (p[0] == '-' && p[1] == '-')
		return p + strcspn(p, "\n");
	return p + 1;
}

int db_out_of_memory(struct db *db)
{
	db->no_memory = true;
	db_set_message(db, "out of memory");
	return DB_NO_MEMORY;
}

bool db_no_memory(const struct db *db)
{
	return db->no_memory;
}

int store_errno(int db_error)
{
	switch (db_error) {
	case DB_FULL:
		return -ENOSPC;
	case DB_READ_ONLY:
		return -EROFS;
	case DB_BUSY:
		return -EBUSY;
	case DB_LOST:
		return -ENOTCONN;
	case DB_NO_MEMORY:
		return -ENOMEM;
	default:
		return db_error < 0 ? -EIO : 0;
	}
}

int db_count_parameters(struct db *db, const char *sql)
{
	uint64_t highest = 0;

	for (const char *p = sql; *p; p = skip_token(p)) {
		if (*p == '?' || *p == ':' || *p == '@') {
			db_set_message(db, "parameters are written $1, $2 ..., not '%c': %s", *p, sql);
			return DB_FAILED;
		}
		if (*p != '$')
			continue;
		uint64_t number;
		if (!slice_u64(slice_of(p + 1, strspn(p + 1, "0123456789")), 999, &number) || number == 0 ||
		    number > highest + 1) {
			db_set_message(db, "parameters must first appear in ascending order, $%u is next: %s",
				       (unsigned)highest + 1, sql);
			return DB_FAILED;
		}
		highest = MAX(highest, number);
	}
	return (int)highest;
}

static uint64_t address_hash(const char *sql)
{
	/* Fibonacci hashing: the upper half of the product depends on every bit of the address. */
	return ((uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
}

static bool same_address(const struct map_node *node, const void *key)
{
	return container_of(node, const struct db_rows, node)->sql == key;
}

/* From here on it is the disk or the server that takes its time. */
static void wait_begins(const struct db *db)
{
	if (db->pulse)
		pulse_wait(db->pulse, true);
}

static void wait_ends(const struct db *db)
{
	if (db->pulse)
		pulse_wait(db->pulse, false);
}

static struct db_rows *prepare(struct db *db, const char *sql, uint64_t hash, bool cached)
{
	int parameters = db_count_parameters(db, sql);
	if (parameters < 0)
		return NULL;

	struct db_rows *rows = calloc(1, sizeof(*rows));
	if (!rows) {
		(void)db_out_of_memory(db);
		return NULL;
	}
	*rows = (struct db_rows){.db = db, .sql = sql, .parameters = (size_t)parameters, .cached = cached};
	wait_begins(db);
	int rc = db->backend->prepare(db, sql, &rows->statement);
	wait_ends(db);
	if (rc < 0) {
		free(rows);
		return NULL;
	}
	if (cached && map_insert(&db->statements, &rows->node, hash) < 0)
		rows->cached = false;
	return rows;
}

/* A statement ready to be stepped; a text that is being stepped through already gets a second one for this time. */
static struct db_rows *take(struct db *db, const char *sql, const struct db_value *values, size_t count, bool copy,
			    int *reterr)
{
	uint64_t hash = address_hash(sql);
	struct map_node *node = map_find(&db->statements, hash, same_address, sql);
	struct db_rows *rows = node ? container_of(node, struct db_rows, node) : NULL;

	*reterr = DB_FAILED;
	if (!rows || rows->busy)
		rows = prepare(db, sql, hash, !rows);
	if (!rows) {
		*reterr = db->no_memory ? DB_NO_MEMORY : DB_FAILED;
		return NULL;
	}
	rows->busy = true;
	rows->ended = false;
	if (count != rows->parameters) {
		db_set_message(db, "%zu values for %zu parameters: %s", count, rows->parameters, sql);
		db_end(rows);
		return NULL;
	}
	int rc = db->backend->bind(db, rows->statement, values, count, copy);
	if (rc < 0) {
		*reterr = rc;
		db_end(rows);
		return NULL;
	}
	return rows;
}

int db_run(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	int rc;
	struct db_rows *rows = take(db, sql, values, count, false, &rc);
	if (!rows)
		return rc;
	do
		rc = db_next(rows);
	while (rc == DB_ROW);
	db_end(rows);
	return rc;
}

struct db_rows *db_query(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	int rc;
	return take(db, sql, values, count, true, &rc);
}

int db_next(struct db_rows *rows)
{
	if (rows->ended)
		return DB_OK;
	wait_begins(rows->db);
	int rc = rows->db->backend->step(rows->db, rows->statement);
	wait_ends(rows->db);
	rows->ended = rc != DB_ROW;
	return rc;
}

int64_t db_int(struct db_rows *rows, int column)
{
	return rows->db->backend->column_int(rows->statement, column);
}

struct slice db_text(struct db_rows *rows, int column)
{
	return rows->db->backend->column_text(rows->statement, column);
}

struct slice db_bytes(struct db_rows *rows, int column)
{
	return rows->db->backend->column_bytes(rows->statement, column);
}

void db_end(struct db_rows *rows)
{
	if (!rows)
		return;
	wait_begins(rows->db);
	rows->db->backend->reset(rows->statement);
	wait_ends(rows->db);
	rows->busy = false;
	if (!rows->cached) {
		rows->db->backend->finalize(rows->statement);
		free(rows);
	}
}

int db_number(struct db *db, const char *sql, const struct db_value *values, size_t count, int64_t *ret)
{
	struct db_rows *rows = db_query(db, sql, values, count);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	int64_t number = rc == DB_ROW ? db_int(rows, 0) : 0;
	while (rc == DB_ROW)
		rc = db_next(rows);
	db_end(rows);
	if (rc == DB_OK)
		*ret = number;
	return rc;
}

bool db_in_transaction(const struct db *db)
{
	return db->backend->in_transaction(db);
}

static int connect_and_begin(struct db *db)
{
	wait_begins(db);
	int rc = db->backend->connect ? db->backend->connect(db) : DB_OK;
	wait_ends(db);
	if (rc < 0)
		return rc;
	return db_run(db, db->read_only ? db->backend->begin_read : db->backend->begin_write, NULL, 0);
}

int db_begin(struct db *db)
{
	ASSERT(!db_in_transaction(db));
	db->note_count = 0;
	db->next_seq = 0;
	db->depth = 0;
	db->no_memory = false;
	int rc = connect_and_begin(db);
	/* It was lost while nothing was in progress, so nothing is lost with it. */
	return rc == DB_LOST ? connect_and_begin(db) : rc;
}

int db_commit(struct db *db)
{
	return db_run(db, "COMMIT", NULL, 0);
}

void db_rollback(struct db *db)
{
	db->note_count = 0;
	db->depth = 0;
	/* A full disk may have ended the transaction already; then there is nothing to undo. */
	if (db_in_transaction(db) && db_run(db, "ROLLBACK", NULL, 0) < 0)
		ASSERT(!db_in_transaction(db));
}

int db_savepoint(struct db *db)
{
	ASSERT(db->depth < DB_SAVEPOINTS_MAX);
	int rc = db_run(db, "SAVEPOINT job", NULL, 0);
	if (rc == DB_OK)
		db->marks[db->depth++] = db->note_count;
	return rc;
}

int db_release(struct db *db)
{
	ASSERT(db->depth > 0);
	db->depth--;
	return db_run(db, "RELEASE SAVEPOINT job", NULL, 0);
}

void db_rollback_to(struct db *db)
{
	ASSERT(db->depth > 0);
	db->note_count = db->marks[--db->depth];
	if (db_in_transaction(db) &&
	    (db_run(db, "ROLLBACK TO SAVEPOINT job", NULL, 0) < 0 || db_run(db, "RELEASE SAVEPOINT job", NULL, 0) < 0))
		db_rollback(db);
}

int db_attempt(struct db *db, int (*run)(struct db *db, void *arg), void *arg, bool *ret_refused)
{
	int rc = db_savepoint(db);
	if (rc != DB_OK)
		return rc;
	rc = run(db, arg);
	if (rc != DB_OK && (db_no_memory(db) || (rc != DB_FAILED && rc != DB_CONFLICT)))
		return rc; /* the store undoes all */
	*ret_refused = false;
	if (rc == DB_OK)
		return db_release(db);
	db_rollback_to(db);
	if (!db_in_transaction(db)) /* the disk failed, and all of it has gone: that says nothing of the row */
		return rc;
	*ret_refused = true;
	return DB_OK;
}
