/* store/tenants.c - rows of tenants */
#include "store/row.h"

#define COLUMNS "id, name, domain, lines, lines_bought, created_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_tenant, id),
	COLUMN(COLUMN_TEXT, store_tenant, name),
	COLUMN(COLUMN_TEXT, store_tenant, domain),
	COLUMN(COLUMN_INT64, store_tenant, lines),
	COLUMN(COLUMN_INT64, store_tenant, lines_bought),
	COLUMN(COLUMN_INT64, store_tenant, created_us),
	COLUMN(COLUMN_INT64, store_tenant, updated_us),
};
const struct store_rows store_tenant_rows = {
	.bytes = sizeof(struct store_tenant),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM tenants",
	.get = "SELECT " COLUMNS " FROM tenants WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM tenants WHERE id > $1 ORDER BY id LIMIT $2",
	.search = "SELECT " COLUMNS " FROM tenants WHERE (lower(name) LIKE $1 ESCAPE '\\' OR lower(domain) LIKE $1 "
		  "ESCAPE '\\') AND id > $2 ORDER BY id LIMIT $3",
	.list_of_tenant = "SELECT " COLUMNS " FROM tenants WHERE id = $1 AND id > $2 ORDER BY id LIMIT $3",
};

int store_tenant_put(struct db *db, const struct store_tenant *t)
{
	static const char sql[] = "INSERT INTO tenants (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7) "
				  "ON CONFLICT (id) DO UPDATE SET name = excluded.name, domain = excluded.domain, "
				  "lines = excluded.lines, lines_bought = excluded.lines_bought, "
				  "updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_tenant_rows, t, t->id, STORE_TENANT, t->id);
}

int store_tenant_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM tenants WHERE id = $1 RETURNING id", STORE_TENANT, id);
}
