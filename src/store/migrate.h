/* store/migrate.h - the schema as numbered steps, each run once, at start, in a transaction of its own */
#pragma once
#include "store/store.h"

struct migration {
	int64_t number; /* 1, 2, 3 ... without gaps */
	const char *name;
	const char *sql; /* column types are ID, TEXT, INT64, BYTES; a released step is never changed */
};
extern const struct migration store_migrations[];
extern const size_t store_migration_count;

/*
 * Bring the database up to the last of the given steps.
 *
 * Returns 0; -EINVAL: the database is newer than the steps; -ENOSPC, -EROFS, -EBUSY, -ENOMEM, -EIO. With a sentence in
 * *reterr. A step that fails leaves the database as the step before it did.
 */
MUST_USE int db_migrate(struct db *db, const struct migration *steps, size_t count, int64_t wall_us,
			struct store_reason *reterr);
