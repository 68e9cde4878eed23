/* store/compliance.c - how calls were protected, by day; who spoke in plain; how people log in */
#include "store/compliance.h"

/* ---- by day ---- */

#define COLUMNS                                                                                                        \
	"tenant_id, day, calls, answered, voice_all, voice_some, voice_none, keys_in_clear, signalling_all, "          \
	"signalling_some, signalling_none"
#define ADD(column) column " = call_days." column " + excluded." column
#define ADDED                                                                                                          \
	" ON CONFLICT (tenant_id, day) DO UPDATE SET " ADD("calls") ", " ADD("answered") ", " ADD(                     \
		"voice_all") ", " ADD("voice_some") ", " ADD("voice_none") ", " ADD("keys_in_clear") ", " ADD("signal" \
													      "ling_"  \
													      "all") ", " ADD("signalling_some") ", " ADD("signalling_none")

/* What is known of the legs of a call, in all of them. */
struct legs {
	bool safe_voice, plain_voice, keys_in_clear, safe_signalling, plain_signalling;
};

static bool is_safe_transport(struct slice transport)
{
	return slice_eq(transport, SLICE("TLS")) || slice_eq(transport, SLICE("WSS"));
}

static void look_at(const struct store_leg *l, struct legs *ret)
{
	/* Of neither a device nor a trunk: another company's. */
	if (slice_empty(l->transport) || (slice_empty(l->device) && slice_empty(l->trunk)))
		return;
	bool encrypted = !slice_empty(l->srtp);
	ret->safe_voice |= encrypted && !l->keys_in_clear;
	ret->plain_voice |= !encrypted || l->keys_in_clear;
	ret->keys_in_clear |= encrypted && l->keys_in_clear;
	ret->safe_signalling |= is_safe_transport(l->transport);
	ret->plain_signalling |= !is_safe_transport(l->transport);
}

int store_call_day_count(struct db *db, const struct store_call *c)
{
	/* A call is written again after its end, with its last figures. */
	static const char sql[] = "INSERT INTO call_days (" COLUMNS
				  ") SELECT $1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10 "
				  "WHERE NOT EXISTS (SELECT 1 FROM calls WHERE id = $11 AND ended_us > 0)" ADDED;
	if (!c->ended_us)
		return DB_OK;
	struct legs l = {0};
	look_at(&c->caller, &l);
	look_at(&c->callee, &l);
	bool answered = c->answered_us > 0;
	return db_do(db, sql, DB_T(c->tenant), DB_I(c->started_us / STORE_DAY_US), DB_I(answered),
		     DB_I(answered && l.safe_voice && !l.plain_voice), DB_I(answered && l.plain_voice && l.safe_voice),
		     DB_I(answered && l.plain_voice && !l.safe_voice), DB_I(answered && l.keys_in_clear),
		     DB_I(l.safe_signalling && !l.plain_signalling), DB_I(l.plain_signalling && l.safe_signalling),
		     DB_I(l.plain_signalling && !l.safe_signalling), DB_T(c->id));
}

int store_call_days_list(struct db *db, struct slice tenant, int64_t from, int64_t to,
			 void (*fn)(void *arg, const struct store_call_day *d), void *arg)
{
	static const char sql[] = "SELECT " COLUMNS
				  " FROM call_days WHERE tenant_id = $1 AND day >= $2 AND day < $3 ORDER BY day";
	struct db_rows *rows = db_query(db, sql, (struct db_value[]){DB_T(tenant), DB_I(from), DB_I(to)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW)
		fn(arg, &(struct store_call_day){.day = db_int(rows, 1),
						 .calls = db_int(rows, 2),
						 .answered = db_int(rows, 3),
						 .voice_all = db_int(rows, 4),
						 .voice_some = db_int(rows, 5),
						 .voice_none = db_int(rows, 6),
						 .keys_in_clear = db_int(rows, 7),
						 .signalling_all = db_int(rows, 8),
						 .signalling_some = db_int(rows, 9),
						 .signalling_none = db_int(rows, 10)});
	db_end(rows);
	return rc;
}

int store_call_days_first(struct db *db, struct slice tenant, int64_t *ret)
{
	return db_number(db, "SELECT day FROM call_days WHERE tenant_id = $1 ORDER BY day LIMIT 1", &DB_T(tenant), 1,
			 ret);
}

/* ---- in plain ---- */

/* The newest calls of a period. Ids know when they were made: a minute is left for a clock that was set. */
#define SET_CLOCK_US INT64_C(60000000)
#define NEWEST                                                                                                         \
	" FROM calls WHERE tenant_id = $1 AND id >= $2 AND id < $3 AND started_us >= $4 AND started_us < $5 ORDER BY " \
	"id DESC LIMIT $6"
#define LEG(side)                                                                                                      \
	"SELECT " side "_device AS device, " side "_trunk AS trunk, started_us, CASE WHEN answered_us > 0 AND (" side  \
	"_srtp = '' OR " side "_keys_in_clear <> 0) THEN 1 ELSE 0 END AS voice, CASE WHEN " side                       \
	"_transport IN ('TLS', 'WSS') THEN 0 ELSE 1 END AS signalling FROM looked_at WHERE " side                      \
	"_transport <> '' AND (" side "_device <> '' OR " side "_trunk <> '')"

static int list_peers(struct db *db, const struct db_value *values, size_t count,
		      void (*fn)(void *arg, const struct store_plain_peer *p), void *arg)
{
	static const char sql[] =
		"WITH looked_at AS (SELECT a_device, a_trunk, a_transport, a_srtp, a_keys_in_clear, b_device, b_trunk, "
		"b_transport, b_srtp, b_keys_in_clear, started_us, answered_us" NEWEST "), legs AS (" LEG(
			"a") " UNION ALL " LEG("b") ") SELECT device, trunk, sum(voice), sum(signalling), "
						    "max(started_us) FROM legs WHERE voice + signalling > 0 GROUP BY "
						    "device, trunk ORDER BY count(*) DESC, device, trunk LIMIT $7";
	struct db_rows *rows = db_query(db, sql, values, count);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW)
		fn(arg, &(struct store_plain_peer){.device = db_text(rows, 0),
						   .trunk = db_text(rows, 1),
						   .voice = db_int(rows, 2),
						   .signalling = db_int(rows, 3),
						   .last_us = db_int(rows, 4)});
	db_end(rows);
	return rc;
}

int store_plain_peers_list(struct db *db, const struct store_plain_page *page,
			   void (*fn)(void *arg, const struct store_plain_peer *p), void *arg, int64_t *ret_looked,
			   int64_t *ret_oldest_us)
{
	static const char how_far[] = "SELECT count(*), coalesce(min(started_us), 0) FROM (SELECT started_us" NEWEST
				      ") AS looked_at";
	char low[16], high[16];
	const struct db_value values[] = {DB_T(page->tenant),
					  DB_T(store_id_at(MAX(page->from_us - SET_CLOCK_US, INT64_C(0)), low)),
					  DB_T(store_id_at(page->to_us + SET_CLOCK_US, high)),
					  DB_I(page->from_us),
					  DB_I(page->to_us),
					  DB_I(page->scan),
					  DB_I(page->limit)};
	struct db_rows *rows = db_query(db, how_far, values, ARRAY_LEN(values) - 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW) {
		*ret_looked = db_int(rows, 0);
		*ret_oldest_us = db_int(rows, 1);
	}
	db_end(rows);
	return rc < 0 ? rc : list_peers(db, values, ARRAY_LEN(values), fn, arg);
}

/* ---- tokens and people ---- */

int store_tokens_sum(struct db *db, struct slice tenant, int64_t now_us, int64_t unused_us,
		     struct store_tokens_sum *ret)
{
	static const char sql[] = "SELECT count(*), coalesce(sum(CASE WHEN read_only = 0 THEN 1 ELSE 0 END), 0), "
				  "coalesce(sum(CASE WHEN used_us < $1 "
				  "THEN 1 ELSE 0 END), 0), coalesce(max(expires_us), 0) FROM passes WHERE kind = 1 AND "
				  "tenant_id = $2 AND expires_us > $3";
	struct db_rows *rows = db_query(db, sql, (struct db_value[]){DB_I(unused_us), DB_T(tenant), DB_I(now_us)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW)
		*ret = (struct store_tokens_sum){.tokens = db_int(rows, 0),
						 .writing = db_int(rows, 1),
						 .unused = db_int(rows, 2),
						 .last_expires_us = db_int(rows, 3)};
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_ways_in_add(struct db *db, struct slice tenant, struct slice after, int64_t limit, struct store_ways_in *sum,
		      char ret_after[STORE_ID_CAP])
{
	static const char sql[] =
		"WITH people AS (SELECT u.id AS id, CASE WHEN coalesce(l.password, '') <> '' THEN 1 ELSE 0 END AS "
		"password, CASE WHEN length(l.totp) > 0 THEN 1 ELSE 0 END AS code, CASE WHEN EXISTS (SELECT 1 FROM "
		"passkeys p WHERE p.user_id = u.id) THEN 1 ELSE 0 END AS passkey, CASE WHEN EXISTS (SELECT 1 FROM "
		"identities i WHERE i.user_id = u.id) THEN 1 ELSE 0 END AS issuer FROM users u LEFT JOIN logins l ON "
		"l.user_id = u.id WHERE u.tenant_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3) SELECT count(*), "
		"coalesce(max(id), ''), coalesce(sum(password), 0), coalesce(sum(password * code), 0), "
		"coalesce(sum(passkey), 0), coalesce(sum(issuer), 0), coalesce(sum(CASE WHEN password + passkey + "
		"issuer = 0 THEN 1 ELSE 0 END), 0) FROM people";
	struct db_rows *rows = db_query(db, sql, (struct db_value[]){DB_T(tenant), DB_T(after), DB_I(limit)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW) {
		int64_t people = db_int(rows, 0);
		struct slice last = people == limit ? db_text(rows, 1) : SLICE_NONE;
		snprintf(ret_after, STORE_ID_CAP, "%.*s", SLICE_ARG(last));
		sum->people += people;
		sum->password += db_int(rows, 2);
		sum->code += db_int(rows, 3);
		sum->passkey += db_int(rows, 4);
		sum->issuer += db_int(rows, 5);
		sum->none += db_int(rows, 6);
	}
	db_end(rows);
	return MIN(rc, DB_OK);
}
