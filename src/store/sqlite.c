/* store/sqlite.c - the embedded back end: one connection to one file, used by one thread at a time */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db_private.h"

struct sqlite_db {
	struct db db;
	sqlite3 *handle;
};

/*
 * How long a statement waits for a foreign process (a shell, a copy being made) that holds the file. Our own writer is
 * alone, and readers never wait in WAL.
 */
#define BUSY_TIMEOUT_MS 5000

/*
 * A checkpoint every 16 MiB of log instead of 4: at thousands of rows a second it then copies each hot page once and
 * not four times. The log's file is cut back to 64 MiB after a long read made it grow.
 */
static const char setup[] = "PRAGMA journal_mode=WAL;"
			    "PRAGMA synchronous=FULL;"
			    "PRAGMA foreign_keys=ON;"
			    "PRAGMA temp_store=MEMORY;"
			    "PRAGMA cache_size=-16384;"
			    "PRAGMA wal_autocheckpoint=4096;"
			    "PRAGMA journal_size_limit=67108864;";

static sqlite3 *handle_of(const struct db *db)
{
	return container_of((struct db *)(uintptr_t)db, struct sqlite_db, db)->handle;
}

/* Of the last write or sync that failed: where a commit fails, only the log's own file still knows it. 0: not known. */
static int disk_errno(sqlite3 *handle)
{
	sqlite3_file *log = NULL;
	int error = 0;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
	    log->pMethods)
		(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error ? error : sqlite3_system_errno(handle);
}

static int translate(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return DB_NO_MEMORY;
	case SQLITE_CONSTRAINT:
		return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
				       code == SQLITE_CONSTRAINT_FOREIGNKEY
			       ? DB_CONFLICT
			       : DB_FAILED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DB_BUSY;
	case SQLITE_FULL:
		return DB_FULL;
	case SQLITE_READONLY:
		return DB_READ_ONLY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return DB_CORRUPT;
	case SQLITE_IOERR: {
		/*
		 * SQLite calls only ENOSPC full; a quota or a limit on files gives this code, and sometimes no errno
		 * is left to tell. All are the same to the operator: the disk takes no more. A file
		 * system that became read-only under us, or a disk that fails, says so.
		 */
		int error = disk_errno(handle);
		if (code == SQLITE_IOERR_NOMEM || (code == SQLITE_IOERR_SHMMAP && error == ENOMEM))
			return DB_NO_MEMORY;
		if (error == EROFS)
			return DB_READ_ONLY;
		if (error == EIO)
			return DB_FAILED;
		if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE)
			return DB_FULL;
		return error == ENOSPC || error == EDQUOT || error == EFBIG ? DB_FULL : DB_FAILED;
	}
	default:
		return DB_FAILED;
	}
}

static int failed(struct db *db, int code)
{
	sqlite3 *handle = handle_of(db);
	int rc = translate(handle, code);
	db->no_memory |= rc == DB_NO_MEMORY;
	db_set_message(db, "%s", sqlite3_errmsg(handle));
	return rc;
}

static int sqlite_prepare(struct db *db, const char *sql, void **ret_statement)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v3(handle_of(db), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (code != SQLITE_OK) {
		int rc = failed(db, code);
		db_set_message(db, "%s: %s", sqlite3_errmsg(handle_of(db)), sql);
		return rc;
	}
	*ret_statement = statement;
	return DB_OK;
}

static void sqlite_finalize(void *statement)
{
	sqlite3_finalize(statement);
}

static int bind_one(sqlite3_stmt *statement, int at, const struct db_value *v, bool copy)
{
	sqlite3_destructor_type lifetime = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
	const char *p = v->bytes.n ? v->bytes.p : ""; /* a null pointer would bind NULL */

	switch (v->kind) {
	case DB_INT64:
		return sqlite3_bind_int64(statement, at, v->number);
	case DB_TEXT:
		return sqlite3_bind_text64(statement, at, p, v->bytes.n, lifetime, SQLITE_UTF8);
	case DB_BYTES:
		break;
	}
	return sqlite3_bind_blob64(statement, at, p, v->bytes.n, lifetime);
}

static int sqlite_bind(struct db *db, void *statement, const struct db_value *values, size_t count, bool copy)
{
	for (size_t i = 0; i < count; i++) {
		int code = bind_one(statement, (int)i + 1, &values[i], copy);
		if (code != SQLITE_OK)
			return failed(db, code);
	}
	return DB_OK;
}

static int sqlite_step(struct db *db, void *statement)
{
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		return DB_ROW;
	return code == SQLITE_DONE ? DB_OK : failed(db, sqlite3_extended_errcode(handle_of(db)));
}

static void sqlite_reset(void *statement)
{
	/* Repeats the error of the last step, which was reported there. */
	(void)sqlite3_reset(statement);
}

static int64_t column_int(void *statement, int column)
{
	return sqlite3_column_int64(statement, column);
}

static struct slice column_text(void *statement, int column)
{
	const void *p = sqlite3_column_text(statement, column);
	return slice_of(p, p ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

static struct slice column_bytes(void *statement, int column)
{
	const void *p = sqlite3_column_blob(statement, column);
	return slice_of(p, p ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

static int sqlite_script(struct db *db, const char *sql)
{
	int code = sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? DB_OK : failed(db, sqlite3_extended_errcode(handle_of(db)));
}

static bool in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(handle_of(db));
}

static void sqlite_close_db(struct db *db)
{
	int code = sqlite3_close(handle_of(db));
	ASSERT(code == SQLITE_OK); /* else a statement was left open */
	free(container_of(db, struct sqlite_db, db));
}

static const struct db_backend sqlite_backend = {
	.begin_write = "BEGIN IMMEDIATE",
	.begin_read = "BEGIN",
	.types = {"TEXT", "TEXT", "INTEGER", "BLOB"},
	.prepare = sqlite_prepare,
	.finalize = sqlite_finalize,
	.bind = sqlite_bind,
	.step = sqlite_step,
	.reset = sqlite_reset,
	.column_int = column_int,
	.column_text = column_text,
	.column_bytes = column_bytes,
	.script = sqlite_script,
	.in_transaction = in_transaction,
	.close = sqlite_close_db,
};

/*
 * SQLite would make the file with the umask's mode; its log and index files take the mode of the database. An existing
 * file is not opened here: closing it would drop the locks that another connection of this process has on it.
 */
static int make_private(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno != EEXIST)
		return -errno;

	struct stat st;
	if (stat(path, &st) < 0)
		return -errno;
	if ((st.st_mode & 077) && chmod(path, 0600) < 0)
		return -errno;
	return access(path, R_OK | W_OK) < 0 ? -errno : 0;
}

static int connect_to(struct sqlite_db *s, const char *path, bool read_only)
{
	int code = sqlite3_open_v2(path, &s->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				   NULL);
	if (!s->handle)
		return -ENOMEM;
	if (code != SQLITE_OK)
		return store_errno(failed(&s->db, code));
	sqlite3_extended_result_codes(s->handle, 1);
	sqlite3_busy_timeout(s->handle, BUSY_TIMEOUT_MS);
	int rc = sqlite_script(&s->db, setup);
	if (rc == DB_OK && read_only)
		rc = sqlite_script(&s->db, "PRAGMA query_only=ON;");
	return store_errno(rc);
}

int sqlite_open(const char *path, bool read_only, struct db **ret, char reterr[256])
{
	int rc = strcmp(path, ":memory:") == 0 ? 0 : make_private(path);
	if (rc < 0) {
		snprintf(reterr, 256, "cannot open %.110s for writing: %s", path, strerror(-rc));
		return rc;
	}
	struct sqlite_db *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(reterr, 256, "out of memory");
		return -ENOMEM;
	}
	db_init(&s->db, &sqlite_backend, read_only);
	rc = connect_to(s, path, read_only);
	if (rc < 0) {
		snprintf(reterr, 256, "cannot use %.110s: %.120s", path,
			 rc == -ENOMEM ? "out of memory" : s->db.message);
		sqlite3_close(s->handle);
		free(s);
		return rc;
	}
	*ret = &s->db;
	return 0;
}
