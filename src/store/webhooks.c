/* store/webhooks.c - rows of webhooks */
#include "store/deliveries.h"
#include "store/row.h"

#define COLUMNS "id, tenant_id, name, url, events, secret, state, enabled_us, failing_us, created_us, updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_webhook, id),          COLUMN(COLUMN_TEXT, store_webhook, tenant),
	COLUMN(COLUMN_TEXT, store_webhook, name),        COLUMN(COLUMN_TEXT, store_webhook, url),
	COLUMN(COLUMN_INT64, store_webhook, events),     COLUMN(COLUMN_BYTES, store_webhook, secret),
	COLUMN(COLUMN_INT64, store_webhook, state),      COLUMN(COLUMN_INT64, store_webhook, enabled_us),
	COLUMN(COLUMN_INT64, store_webhook, failing_us), COLUMN(COLUMN_INT64, store_webhook, created_us),
	COLUMN(COLUMN_INT64, store_webhook, updated_us),
};
const struct store_rows store_webhook_rows = {
	.bytes = sizeof(struct store_webhook),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM webhooks",
	.get = "SELECT " COLUMNS " FROM webhooks WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2",
	.list_of_tenant = "SELECT " COLUMNS " FROM webhooks WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
};

/* A webhook stays with the company that it was made for. */
int store_webhook_put(struct db *db, const struct store_webhook *w)
{
	static const char sql[] =
		"INSERT INTO webhooks (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
		"ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, events = excluded.events, "
		"secret = excluded.secret, state = excluded.state, enabled_us = excluded.enabled_us, "
		"failing_us = excluded.failing_us, updated_us = excluded.updated_us";
	return store_row_put(db, sql, &store_webhook_rows, w, w->tenant, STORE_WEBHOOK, w->id);
}

int store_webhook_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM webhooks WHERE id = $1 RETURNING tenant_id", STORE_WEBHOOK, id);
}

int store_webhook_secret_set(struct db *db, struct slice id, struct slice secret)
{
	static const char sql[] = "UPDATE webhooks SET secret = $1 WHERE id = $2 RETURNING tenant_id";
	return store_row_change(db, sql, (struct db_value[]){DB_B(secret), DB_T(id)}, 2, STORE_WEBHOOK, id);
}
