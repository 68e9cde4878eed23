/* store/migrate.c - runs what a database lacks, and refuses one that knows more than we do */
#include <errno.h>
#include <inttypes.h>

#include "base/writer.h"
#include "store/db_private.h"
#include "store/migrate.h"

static const char *const type_words[DB_TYPE_COUNT] = {"ID", "TEXT", "INT64", "BYTES"};

static bool is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The back end's name for one of the four words; any other word as it is. */
static struct slice translate_word(const struct db_backend *backend, struct slice word)
{
	for (size_t i = 0; i < DB_TYPE_COUNT; i++) {
		if (slice_eq(word, slice_from_string(type_words[i])))
			return slice_from_string(backend->types[i]);
	}
	return word;
}

/* On the heap; NULL: out of memory. */
static char *translate_types(const struct db_backend *backend, const char *sql)
{
	/* "ID" is the shortest word; what replaces it is at most 16 bytes on any back end. */
	size_t cap = strlen(sql) * 8 + 1;
	char *text = malloc(cap);
	if (!text)
		return NULL;

	struct writer w = writer_on(text, cap);
	while (*sql) {
		size_t n = 0;
		while (is_word(sql[n]))
			n++;
		if (n > 0) {
			write_slice(&w, translate_word(backend, slice_of(sql, n)));
			sql += n;
		} else {
			write_char(&w, *sql++);
		}
	}
	write_char(&w, '\0');
	ASSERT(!w.overflow);
	return text;
}

static int apply(struct db *db, const struct migration *step, int64_t wall_us)
{
	char *sql = translate_types(db->backend, step->sql);
	if (!sql) {
		db_set_message(db, "out of memory");
		return DB_FAILED;
	}
	int rc = db_begin(db);
	if (rc == DB_OK)
		rc = db->backend->script(db, sql);
	if (rc == DB_OK)
		rc = db_do(db, "INSERT INTO migration(number, name, applied_us) VALUES ($1, $2, $3)",
			   DB_I(step->number), DB_T(slice_from_string(step->name)), DB_I(wall_us));
	if (rc == DB_OK)
		rc = db_commit(db);
	if (rc < 0)
		db_rollback(db);
	free(sql);
	return rc;
}

static int current_number(struct db *db, int64_t *ret)
{
	char *sql = translate_types(db->backend, "CREATE TABLE IF NOT EXISTS migration (number INT64 PRIMARY KEY, "
						 "name TEXT NOT NULL, applied_us INT64 NOT NULL);");
	if (!sql) {
		db_set_message(db, "out of memory");
		return DB_FAILED;
	}
	int rc = db->backend->script(db, sql);
	free(sql);
	if (rc < 0)
		return rc;
	return db_number(db, "SELECT coalesce(max(number), 0) FROM migration", NULL, 0, ret);
}

/*
 * Even when there is nothing to migrate, a start on a full or read-only disk must say so, not the first call. The time
 * differs from that of the last start, which matters: SQLite leaves out a write that changes nothing.
 */
static int prove_writable(struct db *db, int64_t wall_us)
{
	int rc = db_begin(db);
	if (rc == DB_OK)
		rc = db_do(db,
			   "INSERT INTO migration (number, name, applied_us) VALUES (0, 'last start', $1) "
			   "ON CONFLICT (number) DO UPDATE SET applied_us = excluded.applied_us",
			   DB_I(wall_us));
	if (rc == DB_OK)
		rc = db_commit(db);
	if (rc < 0)
		db_rollback(db);
	return rc;
}

int db_migrate(struct db *db, const struct migration *steps, size_t count, int64_t wall_us, struct store_reason *reterr)
{
	int64_t have = 0;
	int rc = current_number(db, &have);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "the database cannot be read: %s", db_message(db));
		return store_errno(rc);
	}
	if (have > (int64_t)count) {
		snprintf(reterr->text, sizeof(reterr->text),
			 "the database was written by a newer alto (schema %" PRId64 ", this program knows %zu): "
			 "start that version again, or restore a backup made before the upgrade",
			 have, count);
		return -EINVAL;
	}
	for (size_t i = (size_t)have; i < count; i++) {
		ASSERT(steps[i].number == (int64_t)i + 1);
		rc = apply(db, &steps[i], wall_us);
		if (rc < 0) {
			snprintf(reterr->text, sizeof(reterr->text),
				 "the database could not be brought to schema %zu (%s), nothing was changed: %s", i + 1,
				 steps[i].name, db_message(db));
			return store_errno(rc);
		}
	}
	rc = prove_writable(db, wall_us);
	if (rc < 0)
		snprintf(reterr->text, sizeof(reterr->text), "the database cannot be written: %s", db_message(db));
	return store_errno(rc);
}
