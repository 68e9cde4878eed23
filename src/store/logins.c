/* store/logins.c - passwords, secrets of code apps, failed tries: read when somebody logs in, held by nobody since */
#include "store/rows.h"

int store_login_get(struct db *db, struct slice user, void (*fn)(void *arg, const struct store_login *l), void *arg)
{
	struct db_rows *rows = db_query(db, "SELECT password, totp, totp_step FROM logins WHERE user_id = $1",
					&DB_T(user), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW) {
		struct store_login l = {
			.password = db_text(rows, 0), .totp = db_bytes(rows, 1), .totp_step = db_int(rows, 2)};
		fn(arg, &l);
		rc = DB_OK;
	}
	db_end(rows);
	return rc;
}

int store_password_set(struct db *db, struct slice tenant, struct slice user, struct slice hash)
{
	return db_do(db,
		     "INSERT INTO logins (tenant_id, user_id, password, totp, totp_step) VALUES ($1, $2, $3, $4, 0) "
		     "ON CONFLICT (user_id) DO UPDATE SET password = excluded.password",
		     DB_T(tenant), DB_T(user), DB_T(hash), DB_B(SLICE("")));
}

int store_totp_set(struct db *db, struct slice user, struct slice secret, int64_t step)
{
	return db_do(db, "UPDATE logins SET totp = $1, totp_step = $2 WHERE user_id = $3", DB_B(secret), DB_I(step),
		     DB_T(user));
}

int store_totp_use(struct db *db, struct slice user, int64_t step, bool *ret_fresh)
{
	struct db_rows *rows = db_query(
		db, "UPDATE logins SET totp_step = $1 WHERE user_id = $2 AND totp_step < $1 RETURNING user_id",
		(struct db_value[]){DB_I(step), DB_T(user)}, 2);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	bool fresh = rc == DB_ROW;
	if (fresh)
		rc = db_next(rows);
	db_end(rows);
	if (rc == DB_OK)
		*ret_fresh = fresh;
	return rc;
}

int store_try_failed(struct db *db, struct slice user, int64_t *ret)
{
	static const char sql[] = "INSERT INTO tries (user_id, failed) VALUES ($1, 1) ON CONFLICT (user_id) DO UPDATE "
				  "SET failed = tries.failed + 1 RETURNING failed";
	return db_number(db, sql, &DB_T(user), 1, ret);
}

int store_try_succeeded(struct db *db, struct slice user, int64_t *ret)
{
	return db_number(db, "DELETE FROM tries WHERE user_id = $1 RETURNING failed", &DB_T(user), 1, ret);
}
