/* store/passes.c - rows of sessions and tokens */
#include "store/row.h"

#define COLUMNS                                                                                                        \
	"id, tenant_id, user_id, kind, hash, name, role, read_only, created_us, used_us, expires_us, "                 \
	"maker_id"
#define READ                                                                                                           \
	"id, coalesce(tenant_id, ''), coalesce(user_id, ''), kind, hash, name, role, read_only, created_us, used_us, " \
	"expires_us, coalesce(maker_id, '')"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_pass, id),          COLUMN(COLUMN_TEXT, store_pass, tenant),
	COLUMN(COLUMN_TEXT, store_pass, user),        COLUMN(COLUMN_INT64, store_pass, kind),
	COLUMN(COLUMN_BYTES, store_pass, hash),       COLUMN(COLUMN_TEXT, store_pass, name),
	COLUMN(COLUMN_TEXT, store_pass, role),        COLUMN(COLUMN_BOOL, store_pass, read_only),
	COLUMN(COLUMN_INT64, store_pass, created_us), COLUMN(COLUMN_INT64, store_pass, used_us),
	COLUMN(COLUMN_INT64, store_pass, expires_us), COLUMN(COLUMN_TEXT, store_pass, maker),
};
const struct store_rows store_pass_rows = {
	.bytes = sizeof(struct store_pass),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.all = "SELECT count(*) FROM passes",
	.get = "SELECT " READ " FROM passes WHERE id = $1",
	.list = "SELECT " READ " FROM passes WHERE id > $1 ORDER BY id LIMIT $2",
	.list_of_tenant = "SELECT " READ " FROM passes WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.list_of_user = "SELECT " READ
			" FROM passes WHERE user_id = $1 AND id > $2 AND ($3 = '' OR tenant_id = $3) ORDER BY id "
			"LIMIT $4",
};

int store_pass_put(struct db *db, const struct store_pass *p)
{
	static const char sql[] = "INSERT INTO passes (" COLUMNS
				  ") VALUES ($1, nullif($2, ''), nullif($3, ''), $4, $5, "
				  "$6, $7, $8, $9, $10, $11, nullif($12, ''))";
	return store_row_put(db, sql, &store_pass_rows, p, p->tenant, STORE_PASS, p->id);
}

int store_pass_use(struct db *db, struct slice id, int64_t now_us)
{
	const struct db_value values[] = {DB_I(now_us), DB_T(id)};
	return store_row_change(db, "UPDATE passes SET used_us = $1 WHERE id = $2 RETURNING coalesce(tenant_id, '')",
				values, ARRAY_LEN(values), STORE_PASS, id);
}

int store_pass_remove(struct db *db, struct slice id)
{
	return store_row_remove(db, "DELETE FROM passes WHERE id = $1 RETURNING coalesce(tenant_id, '')", STORE_PASS,
				id);
}

/* Takes rows, which give tenant and id of what they removed. */
static int note_removals(struct db *db, struct db_rows *rows)
{
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		rc = store_note_change(db, db_text(rows, 0), STORE_PASS, db_text(rows, 1));
		if (rc < 0)
			break;
	}
	db_end(rows);
	return rc;
}

int store_passes_remove_of_user(struct db *db, struct slice user, struct slice except)
{
	static const char sql[] = "DELETE FROM passes WHERE user_id = $1 AND id <> $2 "
				  "RETURNING coalesce(tenant_id, ''), id";
	return note_removals(db, db_query(db, sql, (struct db_value[]){DB_T(user), DB_T(except)}, 2));
}

int store_sessions_remove_of_issuer(struct db *db, struct slice issuer, const struct store_issuer *next)
{
	static const char sql[] = "DELETE FROM passes WHERE kind = 0 AND user_id IN (SELECT user_id FROM identities "
				  "WHERE issuer_id = $1) "
				  "AND NOT EXISTS (SELECT 1 FROM issuers WHERE id = $1 AND url = $2 AND client_id = $3 "
				  "AND enabled <= $4) "
				  "RETURNING coalesce(tenant_id, ''), id";
	static const struct store_issuer none = {.url = {"", 0}};
	const struct store_issuer *n = next ? next : &none; /* no issuer has this URL */
	return note_removals(
		db,
		db_query(db, sql, (struct db_value[]){DB_T(issuer), DB_T(n->url), DB_T(n->client_id), DB_I(n->on)}, 4));
}

/* Ids grow with time, within one process each above the last. */
int store_sessions_trim(struct db *db, struct slice user, int64_t keep)
{
	static const char sql[] = "DELETE FROM passes WHERE user_id = $1 AND kind = 0 AND id <= (SELECT id FROM passes "
				  "WHERE user_id = $1 AND kind = 0 ORDER BY id DESC LIMIT 1 OFFSET $2) "
				  "RETURNING coalesce(tenant_id, ''), id";
	return note_removals(db, db_query(db, sql, (struct db_value[]){DB_T(user), DB_I(keep)}, 2));
}

int store_tokens_remove_of_maker(struct db *db, struct slice maker, int (*fn)(void *arg, const struct store_pass *p),
				 void *arg)
{
	struct db_rows *rows = db_query(db, "DELETE FROM passes WHERE kind = 1 AND maker_id = $1 RETURNING " READ,
					&DB_T(maker), 1);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		struct store_pass p;
		store_row_read(&store_pass_rows, rows, &p);
		rc = store_note_change(db, p.tenant, STORE_PASS, p.id);
		if (rc == DB_OK)
			rc = fn(arg, &p);
		if (rc < 0)
			break;
	}
	db_end(rows);
	return rc;
}

int store_tokens_count(struct db *db, struct slice tenant, int64_t *ret)
{
	return db_number(db, "SELECT count(*) FROM passes WHERE kind = 1 AND coalesce(tenant_id, '') = $1",
			 &DB_T(tenant), 1, ret);
}

int store_passes_expire(struct db *db, int64_t now_us)
{
	static const char sql[] = "DELETE FROM passes WHERE expires_us <= $1 RETURNING coalesce(tenant_id, ''), id";
	return note_removals(db, db_query(db, sql, &DB_I(now_us), 1));
}

int store_tokens_list(struct db *db, const struct store_page *page, void (*fn)(void *arg, const void *row), void *arg)
{
	static const char sql[] = "SELECT " READ " FROM passes WHERE kind = 1 AND id > $1 AND "
				  "($2 = '' OR tenant_id = $2) ORDER BY id LIMIT $3";
	struct db_rows *rows = db_query(
		db, sql, (struct db_value[]){DB_T(page->after), DB_T(page->tenant), DB_I(page->limit)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		struct store_pass p;
		store_row_read(&store_pass_rows, rows, &p);
		fn(arg, &p);
	}
	db_end(rows);
	return rc;
}
