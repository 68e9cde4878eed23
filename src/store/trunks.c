/* store/trunks.c - rows of trunks; the one place that knows how "of no tenant" is kept */
#include "store/row.h"

#define COLUMNS "id, tenant_id, name, host, port, sources, listener, transport, srtp, created_us, updated_us"
#define READ "id, coalesce(tenant_id, ''), name, host, port, sources, listener, transport, srtp, created_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_trunk, id),          COLUMN(COLUMN_TEXT, store_trunk, tenant),
	COLUMN(COLUMN_TEXT, store_trunk, name),        COLUMN(COLUMN_TEXT, store_trunk, host),
	COLUMN(COLUMN_INT64, store_trunk, port),       COLUMN(COLUMN_TEXT, store_trunk, sources),
	COLUMN(COLUMN_TEXT, store_trunk, listener),    COLUMN(COLUMN_INT64, store_trunk, transport),
	COLUMN(COLUMN_INT64, store_trunk, srtp),       COLUMN(COLUMN_INT64, store_trunk, created_us),
	COLUMN(COLUMN_INT64, store_trunk, updated_us),
};
const struct store_rows store_trunk_rows = {
	.bytes = sizeof(struct store_trunk),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM trunks",
	.get = "SELECT " READ " FROM trunks WHERE id = $1",
	.list = "SELECT " READ " FROM trunks WHERE id > $1 ORDER BY id LIMIT $2",
	.list_of_tenant = "SELECT " READ " FROM trunks WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
};

/* A trunk stays with the owner that it was made for. */
int store_trunk_put(struct db *db, const struct store_trunk *t)
{
	static const char sql[] =
		"INSERT INTO trunks (" COLUMNS ") VALUES ($1, nullif($2, ''), $3, $4, $5, $6, $7, $8, $9, $10, $11) "
		"ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, "
		"port = excluded.port, sources = excluded.sources, listener = excluded.listener, "
		"transport = excluded.transport, srtp = excluded.srtp, updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_trunk_rows, t, t->tenant, STORE_TRUNK, t->id);
}

int store_trunk_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM trunks WHERE id = $1 RETURNING coalesce(tenant_id, '')", STORE_TRUNK,
				id);
}
