/*
 * support/older.c - a database as an older release left it: `older DATABASE NUMBER` makes the schema of that number,
 * empty, in a file of SQLite or in PostgreSQL (a URL)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db_private.h"
#include "store/migrate.h"

static int fail(const char *why)
{
	fprintf(stderr, "older: %s\n", why);
	return 1;
}

int main(int argc, char **argv)
{
	struct db *db = NULL;
	char error[256];
	struct store_reason reason;
	size_t count = argc == 3 ? (size_t)strtoul(argv[2], NULL, 10) : 0;
	if (count < 1 || count > store_migration_count)
		return fail("wants a database and the number of a schema");
	bool is_url = strncmp(argv[1], "postgresql:", strlen("postgresql:")) == 0;
	if ((is_url ? postgresql_open : sqlite_open)(argv[1], false, &db, error) < 0)
		return fail(error);
	int rc = db_migrate(db, store_migrations, count, 1, &reason);
	db_close(db);
	return rc < 0 ? fail(reason.text) : 0;
}
