/*
 * fuzz/image.c - an empty database is made once, and copied for each input after that
 *
 * Bringing one to the last schema is half of what a run of a whole company costs. Nothing calls this: the linker puts
 * it before sqlite3_open_v2() and db_migrate(), which then finds that there is nothing to do. For databases in memory,
 * of one thread.
 */
#include <sqlite3.h>

#include "store/migrate.h"

static struct {
	sqlite3 *latest; /* the connection that was made last */
	unsigned char *bytes;
	sqlite3_int64 n;
} image;

int __real_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs);
int __real_db_migrate(struct db *db, const struct migration *steps, size_t count, int64_t wall_us,
		      struct store_reason *reterr);
int __wrap_db_migrate(struct db *db, const struct migration *steps, size_t count, int64_t wall_us,
		      struct store_reason *reterr);

int __wrap_sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs)
{
	int code = __real_sqlite3_open_v2(path, ret, flags, vfs);
	ASSERT(code == SQLITE_OK);
	image.latest = *ret;
	if (!image.bytes)
		return code;
	unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)image.n);
	ASSERT(copy);
	memcpy(copy, image.bytes, (size_t)image.n);
	return sqlite3_deserialize(*ret, "main", copy, image.n, image.n,
				   SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
}

int __wrap_db_migrate(struct db *db, const struct migration *steps, size_t count, int64_t wall_us,
		      struct store_reason *reterr)
{
	int rc = __real_db_migrate(db, steps, count, wall_us, reterr);
	if (rc == 0 && !image.bytes)
		image.bytes = sqlite3_serialize(image.latest, "main", &image.n, 0);
	return rc;
}
