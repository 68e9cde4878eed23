/* store/issuers.c - rows of issuers of identity, and of those whom they have vouched for */
#include "store/row.h"

#define COLUMNS                                                                                                        \
	"id, tenant_id, name, url, client_id, client_secret, claim, mail_domain, enabled, passwords, created_us, "     \
	"updated_us"
static const struct store_column columns[] = {
	COLUMN(COLUMN_TEXT, store_issuer, id),          COLUMN(COLUMN_TEXT, store_issuer, tenant),
	COLUMN(COLUMN_TEXT, store_issuer, name),        COLUMN(COLUMN_TEXT, store_issuer, url),
	COLUMN(COLUMN_TEXT, store_issuer, client_id),   COLUMN(COLUMN_BYTES, store_issuer, client_secret),
	COLUMN(COLUMN_TEXT, store_issuer, claim),       COLUMN(COLUMN_TEXT, store_issuer, mail_domain),
	COLUMN(COLUMN_BOOL, store_issuer, on),          COLUMN(COLUMN_BOOL, store_issuer, passwords),
	COLUMN(COLUMN_INT64, store_issuer, created_us), COLUMN(COLUMN_INT64, store_issuer, updated_us),
};
const struct store_rows store_issuer_rows = {
	.bytes = sizeof(struct store_issuer),
	.columns = columns,
	.count = ARRAY_LEN(columns),
	.updated = ARRAY_LEN(columns) - 1,
	.all = "SELECT count(*) FROM issuers",
	.get = "SELECT " COLUMNS " FROM issuers WHERE id = $1",
	.list = "SELECT " COLUMNS " FROM issuers WHERE id > $1 ORDER BY id LIMIT $2",
	.list_of_tenant = "SELECT " COLUMNS " FROM issuers WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
};

/* OpenID Connect Core 1.0 §5.7: a `sub` says who it is only beside its issuer, and may differ for each client (§8). */
static int forget_those_of_another(struct db *db, const struct store_issuer *i)
{
	return db_do(db,
		     "DELETE FROM identities WHERE issuer_id = $1 AND NOT EXISTS "
		     "(SELECT 1 FROM issuers WHERE id = $1 AND url = $2 AND client_id = $3)",
		     DB_T(i->id), DB_T(i->url), DB_T(i->client_id));
}

/* An issuer stays with the company that it was made for. */
int store_issuer_put(struct db *db, const struct store_issuer *i)
{
	static const char sql[] =
		"INSERT INTO issuers (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
		"ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, "
		"client_id = excluded.client_id, client_secret = excluded.client_secret, claim = excluded.claim, "
		"mail_domain = excluded.mail_domain, enabled = excluded.enabled, passwords = excluded.passwords, "
		"updated_us = excluded.updated_us";
	int rc = store_sessions_remove_of_issuer(db, i->id, i);
	if (rc == DB_OK)
		rc = forget_those_of_another(db, i);
	return rc == DB_OK ? store_row_put(db, sql, &store_issuer_rows, i, i->tenant, STORE_ISSUER, i->id) : rc;
}

int store_issuer_remove(struct db *db, struct slice id)
{
	int rc = store_sessions_remove_of_issuer(db, id, NULL);
	if (rc < 0)
		return rc;
	return store_row_remove(db, "DELETE FROM issuers WHERE id = $1 RETURNING tenant_id", STORE_ISSUER, id);
}

int store_identity_get(struct db *db, const struct store_identity *i, void (*fn)(void *arg, struct slice user),
		       void *arg)
{
	struct db_rows *rows = db_query(db, "SELECT user_id FROM identities WHERE issuer_id = $1 AND subject = $2",
					(struct db_value[]){DB_T(i->issuer), DB_T(i->subject)}, 2);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW)
		fn(arg, db_text(rows, 0));
	db_end(rows);
	return rc;
}

struct look {
	struct slice user;
	bool same;
};

static void compare(void *arg, struct slice user)
{
	struct look *look = arg;
	look->same = slice_eq(user, look->user);
}

int store_identity_keep(struct db *db, const struct store_identity *i, struct slice tenant, struct slice user,
			int64_t now_us, bool *ret)
{
	struct look look = {.user = user};
	int rc = db_do(db,
		       "INSERT INTO identities (issuer_id, subject, tenant_id, user_id, created_us) "
		       "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		       DB_T(i->issuer), DB_T(i->subject), DB_T(tenant), DB_T(user), DB_I(now_us));
	if (rc == DB_OK)
		rc = store_identity_get(db, i, compare, &look);
	if (rc == DB_OK)
		*ret = look.same;
	return rc;
}

int store_identities_remove_of_user(struct db *db, struct slice user)
{
	return db_do(db, "DELETE FROM identities WHERE user_id = $1", DB_T(user));
}
