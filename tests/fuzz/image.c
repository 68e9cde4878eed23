/*
 * fuzz/image.c - one empty database serves all inputs, with its statements
 *
 * To make a database, and to prepare again what is asked of it, is most of what a run of a whole company costs. Nothing
 * calls this: the linker puts it before SQLite's functions. When its connection is closed all rows go, but for those of
 * `migration`, and the connection and its statements are kept for who opens one next. For one database in memory at a
 * time, of one thread.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "base/map.h"

#define TABLES_MAX 64
#define STATEMENTS_MAX 1024

struct statement {
	uint64_t hash; /* of its text */
	sqlite3_stmt *statement;
	bool busy;
};

static struct {
	sqlite3 *handle;
	bool open, emptied; /* emptied: it was closed before, so each script has been run */
	struct statement statements[STATEMENTS_MAX];
	size_t statement_count;
	sqlite3_stmt *empty[TABLES_MAX]; /* "DELETE FROM ..." */
	size_t table_count;
} image;

int __real_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs);
int __wrap_sqlite3_close(sqlite3 *handle);
int __real_sqlite3_exec(sqlite3 *handle, const char *sql, int (*row)(void *, int, char **, char **), void *arg,
			char **reterr);
int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql, int (*row)(void *, int, char **, char **), void *arg,
			char **reterr);
int __real_sqlite3_prepare_v3(sqlite3 *handle, const char *sql, int n, unsigned flags, sqlite3_stmt **ret,
			      const char **tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *handle, const char *sql, int n, unsigned flags, sqlite3_stmt **ret,
			      const char **tail);
int __wrap_sqlite3_finalize(sqlite3_stmt *statement);

int __wrap_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs)
{
	ASSERT(!image.open);
	int code = image.handle ? SQLITE_OK : __real_sqlite3_open_v2(path, &image.handle, flags, vfs);
	ASSERT(code == SQLITE_OK);
	image.open = true;
	*ret = image.handle;
	return code;
}

/* Settings, and tables that are made if they are not there. */
int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql, int (*row)(void *, int, char **, char **), void *arg,
			char **reterr)
{
	return image.emptied ? SQLITE_OK : __real_sqlite3_exec(handle, sql, row, arg, reterr);
}

int __wrap_sqlite3_prepare_v3(sqlite3 *handle, const char *sql, int n, unsigned flags, sqlite3_stmt **ret,
			      const char **tail)
{
	static const uint8_t key[16];
	uint64_t hash = siphash24(key, sql, strlen(sql));
	for (size_t i = 0; i < image.statement_count; i++) {
		struct statement *s = &image.statements[i];
		if (s->busy || s->hash != hash || strcmp(sqlite3_sql(s->statement), sql) != 0)
			continue;
		s->busy = true;
		*ret = s->statement;
		return SQLITE_OK;
	}
	int code = __real_sqlite3_prepare_v3(handle, sql, n, flags, ret, tail);
	ASSERT(image.statement_count < STATEMENTS_MAX);
	if (code == SQLITE_OK)
		image.statements[image.statement_count++] = (struct statement){hash, *ret, true};
	return code;
}

int __wrap_sqlite3_finalize(sqlite3_stmt *statement)
{
	size_t i = 0;
	while (i < image.statement_count && image.statements[i].statement != statement)
		i++;
	ASSERT(i < image.statement_count && image.statements[i].busy);
	image.statements[i].busy = false;
	(void)sqlite3_clear_bindings(statement);
	return sqlite3_reset(statement);
}

static int add_table(void *arg, int columns, char **values, char **names)
{
	char sql[128];
	ASSERT(image.table_count < TABLES_MAX);
	snprintf(sql, sizeof(sql), "DELETE FROM \"%s\"", values[0]);
	return __real_sqlite3_prepare_v3(image.handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
					 &image.empty[image.table_count++], NULL);
}

int __wrap_sqlite3_close(sqlite3 *handle)
{
	int code = SQLITE_OK;
	ASSERT(image.open && handle == image.handle && sqlite3_get_autocommit(handle));
	for (size_t i = 0; i < image.statement_count; i++)
		ASSERT(!image.statements[i].busy);
	if (image.table_count == 0)
		code = __real_sqlite3_exec(
			handle, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'migration'",
			add_table, NULL, NULL);
	ASSERT(code == SQLITE_OK);
	/* What refers to a row goes with it, so that their order is nothing. */
	for (size_t i = 0; i < image.table_count; i++) {
		code = sqlite3_step(image.empty[i]);
		ASSERT(code == SQLITE_DONE);
		(void)sqlite3_reset(image.empty[i]);
	}
	image.open = false;
	image.emptied = true;
	return SQLITE_OK;
}
