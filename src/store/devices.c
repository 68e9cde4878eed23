/* store/devices.c - rows of devices; the one place that reads and writes what digest needs (ha1) */
#include "store/row.h"

#define COLUMNS "id, tenant_id, user_id, name, username, digest, ha1, srtp, keepalive, created_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_device, id),          COLUMN(COLUMN_TEXT, store_device, tenant),
	COLUMN(COLUMN_TEXT, store_device, user),        COLUMN(COLUMN_TEXT, store_device, name),
	COLUMN(COLUMN_TEXT, store_device, username),    COLUMN(COLUMN_INT64, store_device, digest),
	COLUMN(COLUMN_BYTES, store_device, ha1),        COLUMN(COLUMN_INT64, store_device, srtp),
	COLUMN(COLUMN_INT64, store_device, keepalive),  COLUMN(COLUMN_INT64, store_device, created_us),
	COLUMN(COLUMN_INT64, store_device, updated_us),
};
const struct store_rows store_device_rows = {
	.bytes = sizeof(struct store_device),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM devices",
	.get = "SELECT " COLUMNS " FROM devices WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM devices WHERE id > $1 ORDER BY id LIMIT $2",
	.search = "SELECT " COLUMNS
		  " FROM devices WHERE (lower(name) LIKE $1 ESCAPE '\\' OR lower(username) LIKE $1 ESCAPE '\\') AND id "
		  "> $2 AND ($3 = '' OR tenant_id = $3) AND ($4 = '' OR user_id = $4) ORDER BY id LIMIT $5",
	.list_of_tenant = "SELECT " COLUMNS " FROM devices WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.list_of_user =
		"SELECT " COLUMNS
		" FROM devices WHERE user_id = $1 AND id > $2 AND ($3 = '' OR tenant_id = $3) ORDER BY id LIMIT $4",
};

/* A device stays with the user that it was made for. */
int store_device_put(struct db *db, const struct store_device *d)
{
	static const char sql[] = "INSERT INTO devices (" COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
				  "ON CONFLICT (id) DO UPDATE SET name = excluded.name, username = excluded.username, "
				  "digest = excluded.digest, ha1 = excluded.ha1, srtp = excluded.srtp, "
				  "keepalive = excluded.keepalive, updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_device_rows, d, d->tenant, STORE_DEVICE, d->id);
}

int store_device_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM devices WHERE id = $1 RETURNING tenant_id", STORE_DEVICE, id);
}
