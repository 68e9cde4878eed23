/* store/passkeys.c - rows of passkeys: read when somebody shows one, held by nobody in between */
#include "store/rows.h"

#define READ "id, tenant_id, user_id, credential, public_key, host, signs, name, created_us, used_us"

static void give(struct db_rows *rows, void (*fn)(void *arg, const struct store_passkey *p), void *arg)
{
	struct store_passkey p = {
		.id = db_text(rows, 0),
		.tenant = db_text(rows, 1),
		.user = db_text(rows, 2),
		.credential = db_bytes(rows, 3),
		.key = db_bytes(rows, 4),
		.host = db_text(rows, 5),
		.count = db_int(rows, 6),
		.name = db_text(rows, 7),
		.created_us = db_int(rows, 8),
		.used_us = db_int(rows, 9),
	};
	fn(arg, &p);
}

static int give_all(struct db *db, const char *sql, struct db_value value,
		    void (*fn)(void *arg, const struct store_passkey *p), void *arg)
{
	struct db_rows *rows = db_query(db, sql, &value, 1);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW)
		give(rows, fn, arg);
	db_end(rows);
	return rc;
}

int store_passkey_get(struct db *db, struct slice credential, void (*fn)(void *arg, const struct store_passkey *p),
		      void *arg)
{
	return give_all(db, "SELECT " READ " FROM passkeys WHERE credential = $1", DB_B(credential), fn, arg);
}

int store_passkeys_list(struct db *db, struct slice user, void (*fn)(void *arg, const struct store_passkey *p),
			void *arg)
{
	return give_all(db, "SELECT " READ " FROM passkeys WHERE user_id = $1 ORDER BY id", DB_T(user), fn, arg);
}

/* *ret: there was such a row. */
static int changed(struct db *db, const char *sql, const struct db_value *values, size_t count, bool *ret)
{
	struct db_rows *rows = db_query(db, sql, values, count);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	bool there = rc == DB_ROW;
	if (there)
		rc = db_next(rows);
	db_end(rows);
	if (rc == DB_OK)
		*ret = there;
	return rc;
}

int store_passkey_put(struct db *db, const struct store_passkey *p, int64_t most, bool *ret_room)
{
	static const char sql[] = "INSERT INTO passkeys (" READ ") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 "
				  "WHERE (SELECT count(*) FROM passkeys WHERE user_id = $11) < $12 RETURNING id";
	const struct db_value values[] = {DB_T(p->id),         DB_T(p->tenant),  DB_T(p->user),  DB_B(p->credential),
					  DB_B(p->key),        DB_T(p->host),    DB_I(p->count), DB_T(p->name),
					  DB_I(p->created_us), DB_I(p->used_us), DB_T(p->user),  DB_I(most)};
	return changed(db, sql, values, ARRAY_LEN(values), ret_room);
}

/* WebAuthn level 2 §7.2 step 21: an authenticator that counts has counted on, or there are two of it. */
int store_passkey_use(struct db *db, struct slice id, int64_t count, int64_t before_us, int64_t now_us, bool *ret_fresh)
{
	static const char sql[] = "UPDATE passkeys SET signs = $1, used_us = $2 WHERE id = $3 AND "
				  "(signs < $1 OR (signs = 0 AND $1 = 0)) AND used_us < $4 RETURNING id";
	const struct db_value values[] = {DB_I(count), DB_I(now_us), DB_T(id), DB_I(before_us)};
	return changed(db, sql, values, ARRAY_LEN(values), ret_fresh);
}

int store_passkey_rename(struct db *db, struct slice user, struct slice id, struct slice name, bool *ret_there)
{
	const struct db_value values[] = {DB_T(name), DB_T(user), DB_T(id)};
	return changed(
		db,
		"UPDATE passkeys SET name = coalesce(nullif($1, ''), name) WHERE user_id = $2 AND id = $3 RETURNING id",
		values, ARRAY_LEN(values), ret_there);
}

int store_passkey_remove(struct db *db, struct slice user, struct slice id, bool *ret_there)
{
	const struct db_value values[] = {DB_T(user), DB_T(id)};
	return changed(db, "DELETE FROM passkeys WHERE user_id = $1 AND id = $2 RETURNING id", values,
		       ARRAY_LEN(values), ret_there);
}

int store_passkeys_remove_of_user(struct db *db, struct slice user)
{
	return db_do(db, "DELETE FROM passkeys WHERE user_id = $1", DB_T(user));
}
