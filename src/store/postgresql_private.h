/* store/postgresql_private.h - the two files of the PostgreSQL back end: the connection, and the statements on it */
#pragma once
#include <libpq-fe.h>

#include "store/db_private.h"

/* Owned by the store thread that uses it; every call here may wait for the network. */
struct postgresql_db {
	struct db db;
	PGconn *connection; /* NULL: none was made yet, or the last attempt failed */
	char *url;
	unsigned generation; /* of the connection: what an older one had prepared is prepared anew */
	unsigned names;      /* of prepared statements, so far */
	bool doubted;        /* it answers, but took no write: perhaps another host has become the one that writes */
	int last_failure;    /* of the attempt to connect that next_attempt_us follows */
	int64_t next_attempt_us, backoff_us; /* monotonic clock */
};

static inline struct postgresql_db *postgresql_of(const struct db *db)
{
	return container_of((struct db *)(uintptr_t)db, struct postgresql_db, db);
}

/*
 * What went wrong, as a db_error and in db->message: from the result's SQLSTATE, or from the connection when the server
 * said nothing (result may be NULL). Only the primary message is kept: details quote values of rows.
 */
int postgresql_failed(struct postgresql_db *p, const PGresult *result);

int postgresql_prepare(struct db *db, const char *sql, void **ret_statement);
void postgresql_finalize(void *statement);
int postgresql_bind(struct db *db, void *statement, const struct db_value *values, size_t count, bool copy);
int postgresql_step(struct db *db, void *statement);
void postgresql_reset(void *statement);
int64_t postgresql_column_int(void *statement, int column);
struct slice postgresql_column_text(void *statement, int column);
struct slice postgresql_column_bytes(void *statement, int column);
