/*
 * support/backend.h - the same tests on both back ends of the store
 *
 * BACKEND_RUN(tests) runs a group on SQLite and then on a PostgreSQL server that is started for it. A test asks for an
 * empty database and does not know which it got, or asks backend_is_postgresql where the two differ.
 */
#pragma once
#include "store/db_private.h"

extern bool backend_is_postgresql;

int backend_sqlite(void **state);
int backend_postgresql(void **state);
#define BACKEND_RUN(tests)                                                                                             \
	(cmocka_run_group_tests_name("sqlite", tests, backend_sqlite, NULL) +                                          \
	 cmocka_run_group_tests_name("postgresql", tests, backend_postgresql, postgresql_end))

/*
 * What store_config.database wants, for a database that is empty: "sqlite", or the URL of a new schema, which stays
 * valid until the program ends.
 */
const char *backend_fresh(void);
/* Run SQL on the server, as its administrator, for a URL of backend_fresh(). Aborts with the reason. */
void backend_command(const char *url, const char *sql);

/* A connection to what backend_fresh() gave; for "sqlite" to a new database in memory. As sqlite_open(). */
MUST_USE int backend_connect(const char *database, bool read_only, struct db **ret, char reterr[256]);
/* The same for a fresh one; aborts with the reason. */
struct db *backend_open(void);
