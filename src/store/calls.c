/* store/calls.c - rows of calls: written at the first INVITE, the answer and the end */
#include "store/change.h"
#include "store/compliance.h"
#include "store/row.h"

#define LEG_COLUMNS(s)                                                                                                 \
	s "_user, " s "_device, " s "_uri, " s "_transport, " s "_tls, " s "_srtp, " s "_keys_in_clear, " s            \
	  "_codec, " s "_packets_in, " s "_packets_out, " s "_lost, " s "_jitter_us, " s "_round_trip_us, " s          \
	  "_trunk, "
#define COLUMNS                                                                                                        \
	"id, tenant_id, call_id, " LEG_COLUMNS("a")                                                                    \
		LEG_COLUMNS("b") "started_us, answered_us, ended_us, status, cause, ended_by, trace"
#define SET(column) column " = excluded." column ", "
/* A row of calls to a macro is not code that the formatter lays out well. */
/* clang-format off */
#define SET_LEG(s)                                                                                                     \
	SET(s "_user") SET(s "_device") SET(s "_uri") SET(s "_transport") SET(s "_tls") SET(s "_srtp")                 \
	SET(s "_keys_in_clear") SET(s "_codec") SET(s "_packets_in") SET(s "_packets_out") SET(s "_lost")              \
	SET(s "_jitter_us") SET(s "_round_trip_us") SET(s "_trunk")
/* clang-format on */

#define TEXT(member) COLUMN(COLUMN_TEXT, store_call, member)
#define INT64(member) COLUMN(COLUMN_INT64, store_call, member)
#define LEG(side)                                                                                                      \
	TEXT(side.user), TEXT(side.device), TEXT(side.uri), TEXT(side.transport), TEXT(side.tls), TEXT(side.srtp),     \
		COLUMN(COLUMN_BOOL, store_call, side.keys_in_clear), TEXT(side.codec), INT64(side.packets_in),         \
		INT64(side.packets_out), INT64(side.lost), INT64(side.jitter_us), INT64(side.round_trip_us),           \
		TEXT(side.trunk)
static const struct store_column columns[] = {
	TEXT(id),           TEXT(tenant),    TEXT(call_id), LEG(caller), LEG(callee),    INT64(started_us),
	INT64(answered_us), INT64(ended_us), INT64(status), TEXT(cause), TEXT(ended_by), TEXT(trace),
};
static const struct store_rows call_rows = {
	.bytes = sizeof(struct store_call),
	.columns = columns,
	.count = ARRAY_LEN(columns),
};

int store_call_put(struct db *db, const struct store_call *c)
{
	static const char sql[] =
		"INSERT INTO calls (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
		"$15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, "
		"$35, $36, $37, $38) ON CONFLICT (id) DO UPDATE SET " SET_LEG("a") SET_LEG("b") SET("answered_us")
			SET("ended_us") SET("status") SET("cause") SET("ended_by") "trace = excluded.trace";
	int rc = store_call_day_count(db, c);
	return rc == DB_OK ? store_row_put(db, sql, &call_rows, c, c->tenant, STORE_CALL, c->id) : rc;
}

static int give_rows(struct db_rows *rows, void (*fn)(void *arg, const struct store_call *c), void *arg)
{
	if (!rows)
		return DB_FAILED;
	struct store_call call;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		store_row_read(&call_rows, rows, &call);
		fn(arg, &call);
	}
	db_end(rows);
	return rc;
}

struct counting {
	struct db *db;
	int rc;
};

static void count_crashed(void *arg, const struct store_call *c)
{
	struct counting *counting = arg;
	struct store_call over = *c;
	over.ended_us = c->started_us;
	if (counting->rc == DB_OK)
		counting->rc = store_call_day_count(counting->db, &over);
}

int store_calls_close_crashed(struct db *db, int64_t wall_us)
{
	int64_t alive_us;
	int rc = db_number(db, "SELECT alive_us FROM heartbeat WHERE number = 1", NULL, 0, &alive_us);
	if (rc < 0)
		return rc;
	struct counting counting = {.db = db};
	rc = give_rows(db_query(db, "SELECT " COLUMNS " FROM calls WHERE ended_us = 0", NULL, 0), count_crashed,
		       &counting);
	if (rc < 0 || counting.rc < 0)
		return MIN(rc, counting.rc);

	struct db_rows *rows = db_query(db,
					"UPDATE calls SET cause = 'crashed', ended_by = 'alto', ended_us = CASE "
					"WHEN answered_us > $1 THEN answered_us WHEN started_us > $1 THEN started_us "
					"ELSE $1 END WHERE ended_us = 0 RETURNING tenant_id, id",
					&DB_I(MIN(alive_us, wall_us)), 1);
	if (!rows)
		return DB_FAILED;
	int closed = 0;
	while ((rc = db_next(rows)) == DB_ROW) {
		rc = store_note_change(db, db_text(rows, 0), STORE_CALL, db_text(rows, 1));
		if (rc < 0)
			break;
		closed++;
	}
	db_end(rows);
	return rc < 0 ? rc : closed;
}

int store_calls_any_open(struct db *db, bool *ret)
{
	struct db_rows *rows = db_query(db, "SELECT 1 FROM calls WHERE ended_us = 0 LIMIT 1", NULL, 0);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc >= 0)
		*ret = rc == DB_ROW;
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_call_get(struct db *db, struct slice id, void (*fn)(void *arg, const struct store_call *c), void *arg)
{
	return give_rows(db_query(db, "SELECT " COLUMNS " FROM calls WHERE id = $1", &DB_T(id), 1), fn, arg);
}

bool store_like(struct slice words, struct writer *ret)
{
	write_char(ret, '%');
	for (size_t i = 0; i < words.n; i++) {
		char c = words.p[i];
		if (c == '%' || c == '_' || c == '\\')
			write_char(ret, '\\');
		write_char(ret, ascii_lower(c));
	}
	write_char(ret, '%');
	return !ret->overflow;
}

/*
 * The bound on ids that a time gives: they are UUIDv7, made with the call, so all of an earlier or later time need not
 * be looked at. A minute is left for a clock that was set.
 */
#define SET_CLOCK_US INT64_C(60000000)

/* Ids are hexadecimal digits, so a tilde is above them all. */
struct bounds {
	char low_text[16], high_text[16];
	struct slice low, high;
};
static void bounds_of(const struct store_calls_page *page, struct bounds *ret)
{
	ret->low = page->from_us ? store_id_at(page->from_us - SET_CLOCK_US, ret->low_text) : SLICE_NONE;
	ret->high = slice_empty(page->before) ? SLICE("~") : page->before;
	struct slice to = page->to_us ? store_id_at(page->to_us + SET_CLOCK_US, ret->high_text) : ret->high;
	size_t n = MIN(to.n, ret->high.n);
	if (memcmp(to.p, ret->high.p, n) < 0)
		ret->high = to;
}

#define FILTERED                                                                                                       \
	"started_us >= $5 AND started_us < $6 AND ($7 = '' OR a_user = $7 OR b_user = $7) AND ($8 = '' OR a_uri = $8 " \
	"OR b_uri = $8) AND ($9 = '' OR cause = $9) AND ($10 = 0 OR ($10 > 0) = (answered_us > 0)) AND ($11 = '' OR "  \
	"lower(a_uri) LIKE $11 ESCAPE '\\' OR lower(b_uri) LIKE $11 ESCAPE '\\' OR cause LIKE $11 ESCAPE '\\' OR "     \
	"lower(call_id) LIKE $11 ESCAPE '\\') ORDER BY id DESC LIMIT $12"
/* $1 is empty where all tenants are asked for. */
#define OF_ALL "FROM calls WHERE $1 = '' AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4"
#define OF_TENANT "FROM calls WHERE tenant_id = $1 AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4"

/* The last of the rows that were looked at, if there were as many as there may be. */
static int where_to_go_on(struct db *db, const struct store_calls_page *page, const struct bounds *b,
			  char ret_more[STORE_ID_CAP])
{
	static const char all[] = "SELECT id " OF_ALL " OFFSET $5";
	static const char of_tenant[] = "SELECT id " OF_TENANT " OFFSET $5";
	const struct db_value values[] = {DB_T(page->tenant), DB_T(b->high), DB_T(b->low), DB_I(1),
					  DB_I(page->scan - 1)};
	struct db_rows *rows = db_query(db, slice_empty(page->tenant) ? all : of_tenant, values, ARRAY_LEN(values));
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW)
		snprintf(ret_more, STORE_ID_CAP, "%.*s", SLICE_ARG(db_text(rows, 0)));
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_calls_list(struct db *db, const struct store_calls_page *page,
		     void (*fn)(void *arg, const struct store_call *c), void *arg, char ret_more[STORE_ID_CAP])
{
	static const char all[] = "SELECT " COLUMNS " FROM (SELECT " COLUMNS " " OF_ALL
				  ") AS looked_at WHERE " FILTERED;
	static const char of_tenant[] = "SELECT " COLUMNS " FROM (SELECT " COLUMNS " " OF_TENANT
					") AS looked_at WHERE " FILTERED;
	struct bounds b;
	bounds_of(page, &b);
	int64_t limit = page->limit > 0 ? page->limit : INT64_MAX;
	const struct db_value values[] = {DB_T(page->tenant),  DB_T(b.high),
					  DB_T(b.low),         DB_I(page->scan ? page->scan : limit),
					  DB_I(page->from_us), DB_I(page->to_us ? page->to_us : INT64_MAX),
					  DB_T(page->user),    DB_T(page->number),
					  DB_T(page->cause),   DB_I(page->answered),
					  DB_T(page->like),    DB_I(limit)};
	*ret_more = 0;
	int rc = give_rows(db_query(db, slice_empty(page->tenant) ? all : of_tenant, values, ARRAY_LEN(values)), fn,
			   arg);
	return rc == DB_OK && page->scan ? where_to_go_on(db, page, &b, ret_more) : rc;
}

/* Hardly anybody speaks for longer; each hour more is as many calls more to look at. */
#define PEAK_BEFORE_US (6 * 3600 * SECOND_US)

/* One step up for a call that begins, one down for one that ends; of the same moment the ends come first. */
#define PEAK(of_whom)                                                                                                  \
	"WITH near AS (SELECT started_us, ended_us FROM calls WHERE " of_whom " AND id >= $2 AND id < $3 AND "         \
	"cause <> 'no-line' ORDER BY id DESC LIMIT $4), steps AS (SELECT started_us AS at_us, 1 AS step FROM near "    \
	"UNION ALL SELECT ended_us, -1 FROM near WHERE ended_us > 0 UNION ALL SELECT $5, 0), swept AS (SELECT at_us, " \
	"sum(step) OVER (ORDER BY at_us, step ROWS UNBOUNDED PRECEDING) AS at_once FROM steps) "                       \
	"SELECT coalesce(max(at_once), 0) FROM swept WHERE at_us >= $5 AND at_us < $6"

int store_calls_peak(struct db *db, struct slice tenant, int64_t from_us, int64_t to_us, int64_t *ret)
{
	char low[16], high[16];
	const struct db_value values[] = {DB_T(tenant),
					  DB_T(store_id_at(from_us - PEAK_BEFORE_US, low)),
					  DB_T(store_id_at(to_us + SET_CLOCK_US, high)),
					  DB_I(STORE_PEAK_CALLS),
					  DB_I(from_us),
					  DB_I(to_us)};
	return db_number(db, slice_empty(tenant) ? PEAK("$1 = ''") : PEAK("tenant_id = $1"), values, ARRAY_LEN(values),
			 ret);
}
