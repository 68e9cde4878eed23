/* support/backend.c - empty databases: files and memory for SQLite, schemas of one server for PostgreSQL */
#include "support/backend.h"

#include <libpq-fe.h>

#include "support/postgresql.h"

bool backend_is_postgresql;

int backend_sqlite(void **state)
{
	backend_is_postgresql = false;
	return 0;
}

int backend_postgresql(void **state)
{
	backend_is_postgresql = true;
	(void)postgresql_url();
	return 0;
}

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

void backend_command(const char *url, const char *sql)
{
	PGconn *connection = PQconnectdb(url);
	PGresult *result = PQexec(connection, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail(sql, PQerrorMessage(connection));
	PQclear(result);
	PQfinish(connection);
}

const char *backend_fresh(void)
{
	static char urls[64][320];
	static unsigned count;
	char sql[64];

	if (!backend_is_postgresql)
		return "sqlite";
	if (count == ARRAY_LEN(urls))
		fail("backend_fresh", "more schemas than places");
	snprintf(sql, sizeof(sql), "CREATE SCHEMA fresh%u", count);
	backend_command(postgresql_url(), sql);
	snprintf(urls[count], sizeof(urls[count]), "%s&options=-csearch_path%%3Dfresh%u", postgresql_url(), count);
	return urls[count++];
}

int backend_connect(const char *database, bool read_only, struct db **ret, char reterr[256])
{
	return backend_is_postgresql ? postgresql_open(database, read_only, ret, reterr)
				     : sqlite_open(":memory:", read_only, ret, reterr);
}

struct db *backend_open(void)
{
	struct db *db = NULL;
	char why[256] = "";
	if (backend_connect(backend_fresh(), false, &db, why) < 0)
		fail("backend_open", why);
	return db;
}
