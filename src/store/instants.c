/* store/instants.c - rows of instant messages: see instants.h */
#include "store/instants.h"
#include "store/row.h"

#define COLUMNS "id, tenant_id, sender, from_uri, recipient, to_uri, type, bytes, status, at_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_instant, id),        COLUMN(COLUMN_TEXT, store_instant, tenant),
	COLUMN(COLUMN_TEXT, store_instant, sender),    COLUMN(COLUMN_TEXT, store_instant, from),
	COLUMN(COLUMN_TEXT, store_instant, recipient), COLUMN(COLUMN_TEXT, store_instant, to),
	COLUMN(COLUMN_TEXT, store_instant, type),      COLUMN(COLUMN_INT64, store_instant, bytes),
	COLUMN(COLUMN_INT64, store_instant, status),   COLUMN(COLUMN_INT64, store_instant, at_us),
};
static const struct store_rows instant_rows = {
	.bytes = sizeof(struct store_instant),
	.columns = columns,
	.count = ARRAY_LEN(columns),
};

int store_instant_put(struct db *db, const struct store_instant *m)
{
	return store_row_write(db,
			       "INSERT INTO instants (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
			       &instant_rows, m);
}

int store_instant_get(struct db *db, struct slice id, void (*fn)(void *arg, const struct store_instant *m), void *arg)
{
	struct db_rows *rows = db_query(db, "SELECT " COLUMNS " FROM instants WHERE id = $1", &DB_T(id), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW) {
		struct store_instant m;
		store_row_read(&instant_rows, rows, &m);
		fn(arg, &m);
	}
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_instants_sweep(struct db *db)
{
	/* Events from 4 on are those of messages, as in the index deliveries_message. */
	static const char sql[] = "DELETE FROM instants WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE "
				  "call = instants.id AND event >= 4)";
	return db_run(db, sql, NULL, 0);
}
