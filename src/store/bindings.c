/* store/bindings.c - rows of bindings */
#include "store/row.h"

#define COLUMNS                                                                                                        \
	"id, tenant_id, user_id, device_id, instance, reg_id, contact, path, call_id, cseq, transport, listener, "     \
	"local_address, remote_address, user_agent, expires_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_binding, id),          COLUMN(COLUMN_TEXT, store_binding, tenant),
	COLUMN(COLUMN_TEXT, store_binding, user),        COLUMN(COLUMN_TEXT, store_binding, device),
	COLUMN(COLUMN_TEXT, store_binding, instance),    COLUMN(COLUMN_INT64, store_binding, reg_id),
	COLUMN(COLUMN_TEXT, store_binding, contact),     COLUMN(COLUMN_TEXT, store_binding, path),
	COLUMN(COLUMN_TEXT, store_binding, call_id),     COLUMN(COLUMN_INT64, store_binding, cseq),
	COLUMN(COLUMN_INT64, store_binding, transport),  COLUMN(COLUMN_TEXT, store_binding, listener),
	COLUMN(COLUMN_TEXT, store_binding, local),       COLUMN(COLUMN_TEXT, store_binding, remote),
	COLUMN(COLUMN_TEXT, store_binding, user_agent),  COLUMN(COLUMN_INT64, store_binding, expires_us),
	COLUMN(COLUMN_INT64, store_binding, updated_us),
};
const struct store_rows store_binding_rows = {
	.bytes = sizeof(struct store_binding),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.all = "SELECT count(*) FROM bindings",
	.get = "SELECT " COLUMNS " FROM bindings WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM bindings WHERE id > $1 ORDER BY id LIMIT $2",
	.list_of_tenant = "SELECT " COLUMNS " FROM bindings WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.list_of_user =
		"SELECT " COLUMNS
		" FROM bindings WHERE user_id = $1 AND id > $2 AND ($3 = '' OR tenant_id = $3) ORDER BY id LIMIT $4",
};

/* tenant, user and device do not change: a binding is a device's. */
int store_binding_put(struct db *db, const struct store_binding *b)
{
	static const char sql[] = "INSERT INTO bindings (" COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
				  "$14, $15, $16, $17) ON CONFLICT (id) DO UPDATE SET instance = excluded.instance, "
				  "reg_id = excluded.reg_id, contact = excluded.contact, path = excluded.path, "
				  "call_id = excluded.call_id, cseq = excluded.cseq, transport = excluded.transport, "
				  "listener = excluded.listener, local_address = excluded.local_address, "
				  "remote_address = excluded.remote_address, user_agent = excluded.user_agent, "
				  "expires_us = excluded.expires_us, updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_binding_rows, b, b->tenant, STORE_BINDING, b->id);
}

int store_binding_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM bindings WHERE id = $1 RETURNING tenant_id", STORE_BINDING, id);
}
