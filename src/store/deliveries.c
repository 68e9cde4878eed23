/* store/deliveries.c - rows of deliveries */
#include "store/deliveries.h"
#include "store/instants.h"
#include "store/row.h"

#define COLUMNS "id, webhook_id, event, call, at_us, state, tries, next_us, tried_us, took_us, status, said"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_delivery, id),        COLUMN(COLUMN_TEXT, store_delivery, webhook),
	COLUMN(COLUMN_INT64, store_delivery, event),    COLUMN(COLUMN_TEXT, store_delivery, about),
	COLUMN(COLUMN_INT64, store_delivery, at_us),    COLUMN(COLUMN_INT64, store_delivery, state),
	COLUMN(COLUMN_INT64, store_delivery, tries),    COLUMN(COLUMN_INT64, store_delivery, next_us),
	COLUMN(COLUMN_INT64, store_delivery, tried_us), COLUMN(COLUMN_INT64, store_delivery, took_us),
	COLUMN(COLUMN_INT64, store_delivery, status),   COLUMN(COLUMN_TEXT, store_delivery, said),
};
static const struct store_rows delivery_rows = {
	.bytes = sizeof(struct store_delivery),
	.columns = columns,
	.count = ARRAY_LEN(columns),
};

int store_delivery_add(struct db *db, const struct store_delivery *d)
{
	static const char sql[] = "INSERT INTO deliveries (" COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
	return db_do(db, sql, DB_T(d->id), DB_T(d->webhook), DB_I(d->event), DB_T(d->about), DB_I(d->at_us),
		     DB_I(d->state), DB_I(d->tries), DB_I(d->next_us), DB_I(d->tried_us), DB_I(d->took_us),
		     DB_I(d->status), DB_T(d->said));
}

int store_deliveries_trim(struct db *db, struct slice webhook)
{
	static const char sql[] = "DELETE FROM deliveries WHERE webhook_id = $1 AND id < (SELECT id FROM deliveries "
				  "WHERE webhook_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
	return db_do(db, sql, DB_T(webhook), DB_I(STORE_DELIVERIES_KEPT - 1));
}

static int give_rows(struct db_rows *rows, void (*fn)(void *arg, const struct store_delivery *d), void *arg)
{
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		struct store_delivery d;
		store_row_read(&delivery_rows, rows, &d);
		fn(arg, &d);
	}
	db_end(rows);
	return rc;
}

int store_delivery_next(struct db *db, struct slice webhook, void (*fn)(void *arg, const struct store_delivery *d),
			void *arg)
{
	static const char sql[] = "SELECT " COLUMNS " FROM deliveries WHERE webhook_id = $1 AND state = 0 "
				  "ORDER BY next_us, id LIMIT 1";
	return give_rows(db_query(db, sql, &DB_T(webhook), 1), fn, arg);
}

int store_deliveries_list(struct db *db, struct slice webhook, struct slice before, int64_t limit,
			  void (*fn)(void *arg, const struct store_delivery *d), void *arg)
{
	static const char sql[] = "SELECT " COLUMNS " FROM deliveries WHERE webhook_id = $1 AND id < $2 "
				  "ORDER BY id DESC LIMIT $3";
	/* Ids are hexadecimal digits, so a tilde is above them all. */
	const struct db_value values[] = {DB_T(webhook), DB_T(slice_empty(before) ? SLICE("~") : before), DB_I(limit)};
	return give_rows(db_query(db, sql, values, ARRAY_LEN(values)), fn, arg);
}

/* ---- what came of a try ---- */

static int set_health(struct db *db, struct slice webhook, int64_t failed_us, int64_t off_us)
{
	static const char well[] = "UPDATE webhooks SET failing_us = 0 WHERE id = $1 AND failing_us <> 0";
	static const char failing[] = "UPDATE webhooks SET failing_us = $1 WHERE id = $2 AND failing_us = 0";
	static const char off[] = "UPDATE webhooks SET state = 2, updated_us = CASE WHEN updated_us >= $1 THEN "
				  "updated_us + 1 ELSE $1 END WHERE id = $2 AND state = 0 AND failing_us < $3";
	if (!failed_us)
		return db_do(db, well, DB_T(webhook));
	int rc = db_do(db, failing, DB_I(failed_us), DB_T(webhook));
	return rc == DB_OK ? db_do(db, off, DB_I(failed_us), DB_T(webhook), DB_I(off_us)) : rc;
}

/* Whoever shows the webhook is told; the next delivery is looked for. */
static int note_webhook(struct db *db, struct slice id)
{
	struct db_rows *rows = db_query(db, "SELECT tenant_id FROM webhooks WHERE id = $1", &DB_T(id), 1);
	if (!rows)
		return DB_FAILED;
	char tenant[STORE_ID_CAP] = "";
	int rc = db_next(rows);
	bool found = rc == DB_ROW;
	if (found)
		snprintf(tenant, sizeof(tenant), "%.*s", SLICE_ARG(db_text(rows, 0)));
	db_end(rows);
	return found ? store_note_change(db, slice_from_string(tenant), STORE_WEBHOOK, id) : rc;
}

int store_delivery_tried(struct db *db, const struct store_delivery *d, int64_t failed_us, int64_t off_us)
{
	static const char sql[] = "UPDATE deliveries SET state = $1, tries = $2, next_us = $3, tried_us = $4, "
				  "took_us = $5, status = $6, said = $7 WHERE id = $8";
	int rc = db_do(db, sql, DB_I(d->state), DB_I(d->tries), DB_I(d->next_us), DB_I(d->tried_us), DB_I(d->took_us),
		       DB_I(d->status), DB_T(d->said), DB_T(d->id));
	if (rc == DB_OK)
		rc = set_health(db, d->webhook, failed_us, off_us);
	return rc == DB_OK ? note_webhook(db, d->webhook) : rc;
}

int store_delivery_again(struct db *db, struct slice webhook, struct slice id, int64_t wall_us, bool *ret_found)
{
	static const char sql[] = "UPDATE deliveries SET state = 0, next_us = $1 WHERE id = $2 AND webhook_id = $3 "
				  "RETURNING id";
	const struct db_value values[] = {DB_I(wall_us), DB_T(id), DB_T(webhook)};
	struct db_rows *rows = db_query(db, sql, values, ARRAY_LEN(values));
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	*ret_found = rc == DB_ROW;
	if (rc == DB_ROW)
		rc = db_next(rows);
	db_end(rows);
	return rc == DB_OK && *ret_found ? note_webhook(db, webhook) : rc;
}

int store_deliveries_expire(struct db *db, int64_t wall_us)
{
	char text[16];
	struct slice oldest = store_id_at(wall_us - STORE_DELIVERIES_DAYS * 86400 * SECOND_US, text);
	int rc = db_do(db, "DELETE FROM deliveries WHERE id < $1", DB_T(oldest));
	return rc == DB_OK ? store_instants_sweep(db) : rc;
}
