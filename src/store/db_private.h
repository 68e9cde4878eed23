/* store/db_private.h - what a back end implements, and the part of a connection that both share */
#pragma once
#include "base/map.h"
#include "base/pulse.h"
#include "store/store.h"

enum db_type { DB_TYPE_ID, DB_TYPE_TEXT, DB_TYPE_INT64, DB_TYPE_BYTES, DB_TYPE_COUNT };

/* On failure each sets db->message and returns a db_error. */
struct db_backend {
	const char *begin_write, *begin_read;
	const char *types[DB_TYPE_COUNT]; /* what the four words of a migration mean here, 16 bytes at most */
	int (*connect)(struct db *db);    /* DB_OK: connected, or again; NULL: a connection that cannot be lost */
	int (*prepare)(struct db *db, const char *sql, void **ret_statement);
	void (*finalize)(void *statement);
	/* copy: the values must outlive the call. */
	int (*bind)(struct db *db, void *statement, const struct db_value *values, size_t count, bool copy);
	int (*step)(struct db *db, void *statement); /* DB_ROW, DB_OK at the end, or an error */
	void (*reset)(void *statement);
	int64_t (*column_int)(void *statement, int column);
	struct slice (*column_text)(void *statement, int column);
	struct slice (*column_bytes)(void *statement, int column);
	int (*script)(struct db *db, const char *sql); /* several statements, no parameters, not cached */
	bool (*in_transaction)(const struct db *db);
	void (*close)(struct db *db); /* frees db; its statements are finalized already */
};

/* A change noted in the transaction that runs now; ids are UUIDs, shorter ones are fine. */
struct db_note {
	int64_t seq;
	enum store_kind kind;
	uint8_t tenant_length, id_length;
	char tenant[STORE_ID_CAP], id[STORE_ID_CAP];
};

struct db {
	const struct db_backend *backend;
	struct map statements; /* struct db_rows by the address of their text */
	bool read_only;
	struct pulse *pulse; /* of the thread that uses it, told of each wait; NULL: nobody watches */
	char message[256];
	bool no_memory; /* something has failed for want of it since db_begin() */

	struct db_note *notes;
	size_t note_count, note_cap;
	int64_t next_seq;                /* of the table of changes; 0: not looked up in this transaction */
	int64_t last_seq;                /* the newest that was committed and delivered */
	size_t marks[DB_SAVEPOINTS_MAX]; /* note_count when each open savepoint was made */
	unsigned depth;
};

/* A statement; in the cache it waits to be used again. */
struct db_rows {
	struct map_node node;
	struct db *db;
	const char *sql;
	void *statement;
	size_t parameters;
	bool cached, busy, ended;
};

void db_init(struct db *db, const struct db_backend *backend, bool read_only);
void db_set_message(struct db *db, const char *format, ...) PRINTF_LIKE(2, 3);
int db_out_of_memory(struct db *db); /* notes it; DB_NO_MEMORY */
/* 0 or the errno that an operator knows; for a db_error. */
int store_errno(int db_error);
/* How many parameters, or DB_FAILED with a message that names the SQL: out of order, or not written $1. */
int db_count_parameters(struct db *db, const char *sql);
bool db_in_transaction(const struct db *db);
/*
 * Open (and create, 0600) the SQLite file: WAL, synchronous=FULL, foreign keys on. ":memory:" for tests. read_only: a
 * connection that refuses to write. 0 or a negative errno with a sentence in reterr: -ENOSPC, -EACCES, -EROFS, -EBUSY,
 * -ENOMEM, -EIO (damaged, no database).
 */
MUST_USE int sqlite_open(const char *path, bool read_only, struct db **ret, char reterr[256]);
/*
 * Connect to a server by its URL (libpq's, checked by config). The writing connection holds a lock, so that there is
 * one a database; the other refuses to write. The same errors: -EINVAL (no such URL), -ENOTCONN, -EBUSY (another alto,
 * after 5 s), -ENOSPC, -EROFS, -EIO. Neither the sentence nor any message of the connection holds the password.
 */
MUST_USE int postgresql_open(const char *url, bool read_only, struct db **ret, char reterr[256]);
