/* store/audit.c - rows of the audit trail: numbered, chained, listed, and dropped when they are old */
#include "store/audit.h"
#include "crypto/crypto.h"
#include "store/db_private.h"
#include "store/row.h"

#define NAME_CAP 256 /* of names that the API takes, with room */
#define ROW_MAX 4096 /* all members of a row as text */

#define COLUMNS                                                                                                        \
	"id, tenant, number, at_us, act, thing, actor_kind, actor, actor_name, actor_tenant, address, object, "        \
	"object_name, owner, owner_name, changed, how, failed, hash"
#define TEXT(member) COLUMN(COLUMN_TEXT, store_audit, member)
#define INT64(member) COLUMN(COLUMN_INT64, store_audit, member)
static const struct store_column columns[] = {
	TEXT(id),
	TEXT(tenant),
	INT64(number),
	INT64(at_us),
	TEXT(act),
	TEXT(thing),
	TEXT(actor_kind),
	TEXT(actor),
	TEXT(actor_name),
	TEXT(actor_tenant),
	TEXT(address),
	TEXT(object),
	TEXT(object_name),
	TEXT(owner),
	TEXT(owner_name),
	TEXT(changed),
	TEXT(how),
	INT64(failed),
	COLUMN(COLUMN_BYTES, store_audit, hash),
};
static const struct store_rows audit_rows = {
	.bytes = sizeof(struct store_audit),
	.columns = columns,
	.count = ARRAY_LEN(columns),
};

/* ---- the chain ---- */

/* False: the row is longer than any that can come from the API. */
static bool hash_of(const struct store_audit *a, struct slice before, uint8_t ret[STORE_AUDIT_HASH])
{
	char text[ROW_MAX];
	struct writer w = writer_on(text, sizeof(text));
	for (size_t i = 0; i + 1 < ARRAY_LEN(columns); i++) {
		const void *member = (const char *)a + columns[i].offset;
		if (columns[i].type == COLUMN_INT64)
			write_i64(&w, *(const int64_t *)member);
		else
			write_slice(&w, *(const struct slice *)member);
		write_char(&w, '\n');
	}
	if (w.overflow)
		return false;
	crypto_hmac_sha256(before, writer_slice(&w), ret);
	return true;
}

/* The newest of this tenant: its number, or 0, and the hash that the next one follows. */
static int newest(struct db *db, struct slice tenant, int64_t *ret_number, uint8_t ret_hash[STORE_AUDIT_HASH],
		  size_t *ret_n)
{
	struct db_rows *rows = db_query(
		db, "SELECT number, hash FROM audit WHERE tenant = $1 ORDER BY number DESC LIMIT 1", &DB_T(tenant), 1);
	if (!rows)
		return DB_FAILED;
	static const char start[] = "alto audit";
	*ret_n = sizeof(start) - 1;
	memcpy(ret_hash, start, *ret_n);
	int rc = db_next(rows);
	if (rc == DB_ROW && db_bytes(rows, 1).n == STORE_AUDIT_HASH) {
		*ret_n = STORE_AUDIT_HASH;
		memcpy(ret_hash, db_bytes(rows, 1).p, STORE_AUDIT_HASH);
	}
	*ret_number = rc == DB_ROW ? db_int(rows, 0) : 0;
	db_end(rows);
	return MIN(rc, DB_OK);
}

/* ---- adding ---- */

/* sql gives the name of what has this id, or nothing. */
static int name_of(struct db *db, const char *sql, struct slice id, char text[NAME_CAP], struct slice *ret)
{
	*ret = SLICE_NONE;
	if (slice_empty(id))
		return DB_OK;
	struct db_rows *rows = db_query(db, sql, &DB_T(id), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	struct writer w = writer_on(text, NAME_CAP);
	if (rc == DB_ROW)
		write_slice(&w, db_text(rows, 0));
	db_end(rows);
	*ret = writer_slice(&w);
	return MIN(rc, DB_OK);
}

static int insert(struct db *db, const struct store_audit *a)
{
	static const char sql[] = "INSERT INTO audit (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
				  "$11, $12, $13, $14, $15, $16, $17, $18, $19)";
	return store_row_write(db, sql, &audit_rows, a);
}

int store_audit_add(struct db *db, const struct store_audit *a)
{
	static const char of_user[] = "SELECT name FROM users WHERE id = $1";
	static const char of_token[] = "SELECT name FROM passes WHERE id = $1";
	struct store_audit row = *a;
	char actor[NAME_CAP], owner[NAME_CAP];
	uint8_t before[STORE_AUDIT_HASH], hash[STORE_AUDIT_HASH];
	size_t before_n;
	bool person = slice_eq(a->actor_kind, SLICE("person"));
	int rc = name_of(db, person ? of_user : of_token, a->actor, actor, &row.actor_name);
	if (rc == DB_OK)
		rc = name_of(db, of_user, a->owner, owner, &row.owner_name);
	if (rc == DB_OK)
		rc = newest(db, a->tenant, &row.number, before, &before_n);
	if (rc != DB_OK)
		return rc;
	row.number++;
	if (!hash_of(&row, slice_of(before, before_n), hash)) {
		db_set_message(db, "a row of the audit trail is longer than %d bytes", ROW_MAX);
		return DB_FAILED;
	}
	row.hash = slice_of(hash, sizeof(hash));
	rc = insert(db, &row);
	return rc == DB_OK ? store_note_change(db, row.tenant, STORE_AUDIT, row.id) : rc;
}

int store_audit_done(struct db *db, const struct store_audit *a, int64_t since_us, bool *ret)
{
	static const char sql[] = "SELECT 1 FROM audit WHERE object = $1 AND id >= $2 AND actor = $3 AND act = $4 "
				  "LIMIT 1";
	char text[16];
	const struct db_value values[] = {DB_T(a->object), DB_T(store_id_at(since_us, text)), DB_T(a->actor),
					  DB_T(a->act)};
	struct db_rows *rows = db_query(db, sql, values, ARRAY_LEN(values));
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc >= 0)
		*ret = rc == DB_ROW;
	db_end(rows);
	return MIN(rc, DB_OK);
}

/* ---- reading ---- */

static bool is_asked_for(const struct store_audit_page *p, const struct store_audit *a)
{
	bool by_user = slice_eq(p->user, a->actor) && !(p->hidden && slice_empty(a->actor_tenant));
	bool of_user = slice_empty(p->user) || by_user || slice_eq(p->user, a->owner) || slice_eq(p->user, a->object);
	return of_user && (slice_empty(p->act) || slice_eq(p->act, a->act)) &&
	       (slice_empty(p->thing) || slice_eq(p->thing, a->thing)) && a->at_us >= p->from_us &&
	       (!p->to_us || a->at_us < p->to_us);
}

/* One row more than is looked at says that there are more. */
static struct db_rows *query(struct db *db, const struct store_audit_page *page)
{
	static const char all[] = "SELECT " COLUMNS
				  " FROM audit WHERE id < $1 AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4";
	static const char of_tenant[] =
		"SELECT " COLUMNS
		" FROM audit WHERE tenant = $1 AND id < $2 AND id < $3 AND id >= $4 ORDER BY id DESC LIMIT $5";
	char low[16], high[16];
	/* Ids are hexadecimal digits, so a tilde is above them all. */
	const struct db_value values[] = {DB_T(page->tenant),
					  DB_T(slice_empty(page->before) ? SLICE("~") : page->before),
					  /* Ids know milliseconds: is_asked_for() has the rest. */
					  DB_T(page->to_us ? store_id_at(page->to_us + MS_US, high) : SLICE("~")),
					  DB_T(store_id_at(page->from_us, low)), DB_I(page->scan + 1)};
	return page->all ? db_query(db, all, values + 1, ARRAY_LEN(values) - 1)
			 : db_query(db, of_tenant, values, ARRAY_LEN(values));
}

int store_audit_list(struct db *db, const struct store_audit_page *page,
		     void (*fn)(void *arg, const struct store_audit *a), void *arg, char ret_more[STORE_ID_CAP])
{
	struct db_rows *rows = query(db, page);
	if (!rows)
		return DB_FAILED;
	int64_t given = 0, looked = 0;
	char last[STORE_ID_CAP] = "";
	int rc;
	*ret_more = 0;
	while ((rc = db_next(rows)) == DB_ROW) {
		if (given == page->limit || looked++ == page->scan) {
			snprintf(ret_more, STORE_ID_CAP, "%s", last);
			rc = DB_OK;
			break;
		}
		struct store_audit a;
		store_row_read(&audit_rows, rows, &a);
		snprintf(last, sizeof(last), "%.*s", SLICE_ARG(a.id));
		if (!is_asked_for(page, &a))
			continue;
		fn(arg, &a);
		given++;
	}
	db_end(rows);
	return rc;
}

const struct store_audit *store_audit_copy(struct arena *arena, const struct store_audit *a)
{
	return store_row_copy(&audit_rows, arena, a);
}

static int one_end(struct db *db, const char *sql, struct slice tenant, int64_t *ret_number, int64_t *ret_us)
{
	struct db_rows *rows = db_query(db, sql, &DB_T(tenant), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc >= 0) {
		*ret_number = rc == DB_ROW ? db_int(rows, 0) : 0;
		*ret_us = rc == DB_ROW ? db_int(rows, 1) : 0;
	}
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_audit_ends(struct db *db, struct slice tenant, struct store_audit_ends *ret)
{
	int rc = one_end(db, "SELECT number, at_us FROM audit WHERE tenant = $1 ORDER BY number LIMIT 1", tenant,
			 &ret->first, &ret->first_us);
	return rc == DB_OK
		       ? one_end(db, "SELECT number, at_us FROM audit WHERE tenant = $1 ORDER BY number DESC LIMIT 1",
				 tenant, &ret->last, &ret->last_us)
		       : rc;
}

static int check_rows(struct db_rows *rows, struct store_audit_chain *c)
{
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		struct store_audit a;
		uint8_t hash[STORE_AUDIT_HASH];
		store_row_read(&audit_rows, rows, &a);
		struct slice before = c->rows ? slice_of(c->hash, sizeof(c->hash)) : SLICE("alto audit");
		bool follows = (c->rows ? a.number == c->last + 1 : true) && a.hash.n == sizeof(hash);
		/* What the oldest follows was not read, or is gone with its time. */
		if (follows && (c->rows || a.number == 1))
			follows = hash_of(&a, before, hash) && crypto_equal(hash, a.hash.p, sizeof(hash));
		if (!follows && !c->broken)
			c->broken = a.number;
		if (!c->rows++)
			c->first = a.number;
		c->last = a.number;
		if (a.hash.n == sizeof(c->hash))
			memcpy(c->hash, a.hash.p, sizeof(c->hash));
	}
	return rc;
}

int store_audit_check(struct db *db, struct slice tenant, int64_t last, int64_t most, struct store_audit_chain *ret)
{
	static const char sql[] = "SELECT * FROM (SELECT " COLUMNS " FROM audit WHERE tenant = $1 AND number <= $2 "
				  "ORDER BY number DESC LIMIT $3) AS newest ORDER BY number";
	struct store_audit_chain chain = {0};
	struct db_rows *rows = db_query(db, sql, (struct db_value[]){DB_T(tenant), DB_I(last), DB_I(most)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc = check_rows(rows, &chain);
	db_end(rows);
	if (rc == DB_OK)
		*ret = chain;
	return rc;
}

/* ---- old ones ---- */

int store_audit_newest(struct db *db, int64_t *ret_us)
{
	return db_number(db, "SELECT at_us FROM audit ORDER BY id DESC LIMIT 1", NULL, 0, ret_us);
}

/* The last of the oldest rows that are to go, which another row follows; 0: none. */
static int find_last(struct db *db, struct slice tenant, int64_t before_us, int64_t *ret, bool *ret_more)
{
	static const char sql[] = "SELECT number, at_us FROM audit WHERE tenant = $1 ORDER BY number LIMIT $2";
	struct db_rows *rows = db_query(db, sql, (struct db_value[]){DB_T(tenant), DB_I(STORE_AUDIT_EXPIRED + 1)}, 2);
	if (!rows)
		return DB_FAILED;
	int64_t old = 0, count = 0;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		*ret = old;
		if (db_int(rows, 1) >= before_us)
			break;
		old = db_int(rows, 0);
		count++;
	}
	db_end(rows);
	*ret_more = count > STORE_AUDIT_EXPIRED;
	return MIN(rc, DB_OK);
}

static int next_tenant(struct db *db, char tenant[STORE_ID_CAP], bool *ret)
{
	struct db_rows *rows = db_query(db, "SELECT tenant FROM audit WHERE tenant > $1 ORDER BY tenant LIMIT 1",
					&DB_T(slice_from_string(tenant)), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	*ret = rc == DB_ROW;
	if (rc == DB_ROW)
		snprintf(tenant, STORE_ID_CAP, "%.*s", SLICE_ARG(db_text(rows, 0)));
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_audit_expire(struct db *db, int64_t before_us, char tenant[STORE_ID_CAP], bool *ret_more)
{
	struct slice whose = slice_from_string(tenant);
	int64_t last = 0;
	int rc = find_last(db, whose, before_us, &last, ret_more);
	if (rc == DB_OK && last)
		rc = db_do(db, "DELETE FROM audit WHERE tenant = $1 AND number <= $2", DB_T(whose), DB_I(last));
	return rc == DB_OK && !*ret_more ? next_tenant(db, tenant, ret_more) : rc;
}
