/* store/users.c - rows of users */
#include "store/row.h"

#define COLUMNS "id, tenant_id, login, extension, name, role, created_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_user, id),          COLUMN(COLUMN_TEXT, store_user, tenant),
	COLUMN(COLUMN_TEXT, store_user, login),       COLUMN(COLUMN_TEXT, store_user, extension),
	COLUMN(COLUMN_TEXT, store_user, name),        COLUMN(COLUMN_TEXT, store_user, role),
	COLUMN(COLUMN_INT64, store_user, created_us), COLUMN(COLUMN_INT64, store_user, updated_us),
};
const struct store_rows store_user_rows = {
	.bytes = sizeof(struct store_user),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM users",
	.get = "SELECT " COLUMNS " FROM users WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM users WHERE id > $1 ORDER BY id LIMIT $2",
	.search = "SELECT " COLUMNS " FROM users WHERE (lower(login) LIKE $1 ESCAPE '\\' OR lower(extension) LIKE $1 "
		  "ESCAPE '\\' OR lower(name) LIKE $1 ESCAPE '\\') AND id > $2 AND ($3 = '' OR "
		  "tenant_id = $3) AND ($4 = '' OR role = $4) ORDER BY id LIMIT $5",
	.list_of_tenant = "SELECT " COLUMNS " FROM users WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.list_of_user = "SELECT " COLUMNS
			" FROM users WHERE id = $1 AND id > $2 AND ($3 = '' OR tenant_id = $3) ORDER BY id LIMIT $4",
};

/* A user stays in the tenant that it was made in. */
int store_user_put(struct db *db, const struct store_user *u)
{
	static const char sql[] = "INSERT INTO users (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
				  "ON CONFLICT (id) DO UPDATE SET login = excluded.login, "
				  "extension = excluded.extension, name = excluded.name, role = excluded.role, "
				  "updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_user_rows, u, u->tenant, STORE_USER, u->id);
}

int store_user_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM users WHERE id = $1 RETURNING tenant_id", STORE_USER, id);
}
