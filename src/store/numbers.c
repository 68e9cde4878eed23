/* store/numbers.c - rows of numbers */
#include "store/row.h"

#define COLUMNS "id, tenant_id, user_id, number, created_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_number, id),          COLUMN(COLUMN_TEXT, store_number, tenant),
	COLUMN(COLUMN_TEXT, store_number, user),        COLUMN(COLUMN_TEXT, store_number, number),
	COLUMN(COLUMN_INT64, store_number, created_us), COLUMN(COLUMN_INT64, store_number, updated_us),
};
const struct store_rows store_number_rows = {
	.bytes = sizeof(struct store_number),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM numbers",
	.get = "SELECT " COLUMNS " FROM numbers WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM numbers WHERE id > $1 ORDER BY id LIMIT $2",
	.list_of_tenant = "SELECT " COLUMNS " FROM numbers WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.list_of_user =
		"SELECT " COLUMNS
		" FROM numbers WHERE user_id = $1 AND id > $2 AND ($3 = '' OR tenant_id = $3) ORDER BY id LIMIT $4",
};

/* A number stays in its tenant. */
int store_number_put(struct db *db, const struct store_number *n)
{
	static const char sql[] =
		"INSERT INTO numbers (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_number_rows, n, n->tenant, STORE_NUMBER, n->id);
}

int store_number_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM numbers WHERE id = $1 RETURNING tenant_id", STORE_NUMBER, id);
}
