/* Each step from the one before it with rows in it; that released ones stay as they are; a step that fails; a database
 * from the future */
#include <errno.h>

#include "base/writer.h"
#include "crypto/crypto.h"
#include "scratch.h"
#include "store/migrate.h"

static int64_t ask(struct db *db, const char *sql)
{
	struct db_rows *rows = db_query(db, sql, NULL, 0);
	if (!rows)
		fail_msg("%s", db_message(db));
	assert_int_equal(db_next(rows), DB_ROW);
	int64_t answer = db_int(rows, 0);
	db_end(rows);
	return answer;
}

/*
 * For every step: SQL that fills the schema before it, as the program of that time wrote it, and questions that are
 * answered 1 after the step. A new migration adds a line here.
 */
static const struct {
	const char *rows_before[4];
	const char *true_after[4];
} steps[] = {
	{{NULL}, {"SELECT count(*) = 0 FROM calls", "SELECT count(*) = 1 FROM migration WHERE number > 0"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 1)",
	  "INSERT INTO calls VALUES ('c1', 't1', 'x', 'u1', 'd1', '10', 'UDP', '', '', 0, 'PCMA/8000', 1, 2, 3, 4, 5, "
	  "'u2', "
	  "'d2', '20', 'TLS', '', '', 0, '', 6, 7, 8, 9, 10, 11, 12, 13, 200, 'answered', 'caller', 'trace')"},
	 {"SELECT a_trunk = '' AND b_trunk = '' AND a_uri = '10' AND trace = 'trace' FROM calls",
	  "SELECT (SELECT count(*) FROM trunks) + (SELECT count(*) FROM numbers) = 0"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7)"},
	 {"SELECT count(*) = 1 FROM tenants", "SELECT count(*) = 0 FROM messages"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7)",
	  "INSERT INTO users VALUES ('u', 't1', 'u', '10', 'U', 'user', 1)",
	  "INSERT INTO devices VALUES ('d', 't1', 'u', 'desk', 'u-desk', 0, 'h', 1, 1)"},
	 {"SELECT keepalive = 0 AND srtp = 1 FROM devices"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7)",
	  "INSERT INTO users VALUES ('u', 't1', 'u', '10', 'U', 'user', 8)"},
	 {"SELECT updated_us = 7 FROM tenants", "SELECT updated_us = 8 FROM users"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7, 7)"},
	 {"SELECT count(*) = 1 FROM tenants",
	  "SELECT (SELECT count(*) FROM passes) + (SELECT count(*) FROM logins) = 0"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7, 7)",
	  "INSERT INTO calls VALUES ('c1', 't1', 'x', 'u1', 'd1', '10', 'UDP', '', '', 0, 'PCMA/8000', 1, 2, 3, 4, 5, "
	  "'u2', 'd2', '20', 'TLS', '', '', 0, '', 6, 7, 8, 9, 10, 11, 12, 13, 200, 'answered', 'caller', 'trace', '', "
	  "'')"},
	 {"SELECT told = 0 AND trace = 'trace' FROM calls",
	  "SELECT (SELECT count(*) FROM webhooks) + (SELECT count(*) FROM deliveries) = 0"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7, 7)",
	  "INSERT INTO users VALUES ('u', 't1', 'u', '10', 'U', 'user', 8, 8)",
	  "INSERT INTO logins VALUES ('u', 't1', 'hash', '', 0)"},
	 {"SELECT count(*) = 1 FROM logins WHERE password = 'hash'", "SELECT count(*) = 0 FROM passkeys"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7, 7)",
	  "INSERT INTO users VALUES ('u', 't1', 'u', '10', 'U', 'user', 8, 8)"},
	 {"SELECT count(*) = 1 FROM users", "SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM tries) = 0"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7, 7)",
	  "INSERT INTO users VALUES ('u', 't1', 'u', '10', 'U', 'user', 8, 8)",
	  "INSERT INTO passkeys VALUES ('p', 't1', 'u', 'c', 'k', 'alto.example', 0, 'Stick', 1, 0)"},
	 {"SELECT count(*) = 1 FROM passkeys WHERE name = 'Stick'",
	  "SELECT (SELECT count(*) FROM issuers) + (SELECT count(*) FROM identities) = 0"}},
#define CALL(id, transport, srtp, keys_in_clear, ended)                                                                \
	"INSERT INTO calls VALUES ('" id "', 't1', 'x', 'u1', 'd1', '10', 'UDP', '', '', 0, '', 1, 2, 3, 4, 5, 'u2', " \
	"'d2', '20', '" transport "', '', '" srtp "', " keys_in_clear ", '', 6, 7, 8, 9, 10, 172800000011, 12, " ended \
	", 200, 'answered', 'caller', 'trace', '', '', 0)"
	{{CALL("c1", "TLS", "AEAD", "0", "13"), CALL("c2", "TCP", "AEAD", "1", "13"), CALL("c3", "TLS", "", "0", "0")},
	 {"SELECT count(*) = 1 FROM call_days",
	  "SELECT day = 2 AND calls = 2 AND answered = 2 AND voice_all = 0 AND voice_some = 1 AND voice_none = 1 AND "
	  "keys_in_clear = 1 FROM call_days",
	  "SELECT signalling_all = 0 AND signalling_some = 1 AND signalling_none = 1 FROM call_days"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 5, 7, 7), ('t2', 'b', 'b.example', 0, 7, 7)",
	  "INSERT INTO passes VALUES ('p', 't1', NULL, 1, 'h', 'crm', 'admin', 0, 1, 1, 9)"},
	 {"SELECT sum(lines) = 5 AND sum(lines_bought) = 5 FROM tenants",
	  "SELECT lines_bought = 5 FROM tenants WHERE id = 't1'",
	  "SELECT count(*) = 1 FROM passes WHERE name = 'crm' AND maker_id IS NULL"}},
	{{"INSERT INTO tenants VALUES ('t1', 'acme', 'acme.example', 0, 7, 7, 0)",
	  "INSERT INTO webhooks VALUES ('w', 't1', 'crm', 'https://crm.example/', 7, 's', 0, 1, 0, 1, 1)",
	  "INSERT INTO deliveries VALUES ('d', 'w', 2, 'c1', 3, 0, 0, 3, 0, 0, 0, '')"},
	 {"SELECT count(*) = 1 FROM deliveries WHERE call = 'c1'", "SELECT count(*) = 0 FROM instants"}},
};

static void test_each_step_with_rows(void **state)
{
	struct store_reason reason = {{0}};

	assert_int_equal(ARRAY_LEN(steps), store_migration_count);
	for (size_t i = 0; i < store_migration_count; i++) {
		struct db *db = backend_open();
		assert_int_equal(db_migrate(db, store_migrations, i, 1, &reason), 0);
		for (size_t j = 0; j < 4 && steps[i].rows_before[j]; j++)
			assert_int_equal(db_run(db, steps[i].rows_before[j], NULL, 0), DB_OK);
		assert_int_equal(db_migrate(db, store_migrations, i + 1, 2, &reason), 0);
		for (size_t j = 0; j < 4 && steps[i].true_after[j]; j++)
			assert_int_equal(ask(db, steps[i].true_after[j]), 1);
		db_close(db);
	}
}

/* SHA-256 of the SQL of each step that has been released, in order; the next release adds its own. */
static const char *const released[] = {
	"55ca89082ed88c403f205ac47b32584195e0528a2aea7df1b305cd089b2f2720",
	"9c129d6120cc5e6f48150e28a20d9400c7cf7c2f96464520f2c49ecc6e974f62",
	"3d352c7ed7dda2a53d02f9681744a8a7d23734d09e13b5e2085dd5e0a5dd3e32",
	"4485a93f6c96bf05f11280c86c4503481055165465599c4d89258352558fb489",
	"774644478e0bdb0daa6fb769b6d497bcb5d1f3a23ce86f81eaa3f0eedbf07bc5",
	"01863ae24a7d2a4c8815399e58a543468272fbefd9abc558f26f5f913f226b53",
	"ff4fa2d853b1b1cd064b5aa1005650adfdcd54723c8e3b05f8a12e51cf424b8f",
	"6117a7c2f567b6262aa81eb67e6164bd25e73328424929d6c009a5e53dd3701c",
	"a5f7298bfd7c570e9fd37ce557643f83c7efac2dbe83d52ba4ad7beb60e52839",
	"ad35b6516d7a861ce7ab27398a82f4f294c9d807bcc96145ed0b924e70443161",
	"2b6deb36c84dda4024fdd0f37fb184289ba43fc2594bd67f2ea15aca72f220ea",
	"7139f2923be700a59b8966d77bad297c98316bedc999fd7a837f77230506c794",
};

/* Databases have run it, and will not again: an edit would leave them another schema than new ones have. */
static void test_released_steps_are_as_they_were(void **state)
{
	struct crypto_hasher *h = crypto_hasher_new();

	assert_non_null(h);
	assert_true(ARRAY_LEN(released) <= store_migration_count);
	for (size_t i = 0; i < ARRAY_LEN(released); i++) {
		const struct slice sql = slice_from_string(store_migrations[i].sql);
		uint8_t hash[CRYPTO_HASH_MAX];
		char text[2 * CRYPTO_HASH_MAX];
		crypto_hash_parts(h, CRYPTO_SHA256, &sql, 1, hash);
		struct writer w = writer_on(text, sizeof(text));
		write_hex(&w, hash, sizeof(hash));
		if (!slice_eq(writer_slice(&w), slice_from_string(released[i])))
			fail_msg("step %lld is %.*s: a released step never changes; add another",
				 (long long)store_migrations[i].number, SLICE_ARG(writer_slice(&w)));
	}
	crypto_hasher_free(h);
}

static const struct migration made_up[] = {
	{1, "first", "CREATE TABLE one (id ID PRIMARY KEY, IDEA TEXT, n INT64, b BYTES);"},
	{2, "second", "ALTER TABLE one ADD COLUMN m INT64 NOT NULL DEFAULT 4; UPDATE one SET n = n + 1;"},
};

static void test_steps_run_once_and_keep_rows(void **state)
{
	struct store_reason reason = {{0}};
	struct db *db = backend_open();

	assert_int_equal(db_migrate(db, made_up, 1, 10, &reason), 0);
	/* Words are replaced whole, and only those four. */
	assert_int_equal(db_run(db, "INSERT INTO one (id, IDEA, n, b) VALUES ('a', 'x', 5, 'b')", NULL, 0), DB_OK);
	assert_int_equal(
		ask(db, backend_is_postgresql
				? "SELECT count(*) FROM information_schema.columns WHERE table_name = 'one' AND "
				  "table_schema = current_schema() AND column_name || ' ' || data_type IN "
				  "('id text', 'idea text', 'n bigint', 'b bytea')"
				: "SELECT count(*) FROM pragma_table_info('one') WHERE name || ' ' || type IN "
				  "('id TEXT', 'IDEA TEXT', 'n INTEGER', 'b BLOB')"),
		4);
	for (int i = 0; i < 3; i++)
		assert_int_equal(db_migrate(db, made_up, 2, 20, &reason), 0);
	assert_int_equal(ask(db, "SELECT n * 10 + m FROM one"), 64);
	assert_int_equal(ask(db, "SELECT CAST(sum(number * applied_us) AS BIGINT) FROM migration"), 1 * 10 + 2 * 20);
	db_close(db);
}

static void test_newer_is_refused(void **state)
{
	struct store_reason reason = {{0}};
	struct db *db = backend_open();

	assert_int_equal(db_migrate(db, made_up, 2, 1, &reason), 0);
	assert_int_equal(db_migrate(db, made_up, 1, 1, &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "newer alto (schema 2, this program knows 1)"));
	db_close(db);
}

static void test_failing_step_changes_nothing(void **state)
{
	static const struct migration broken[] = {
		{1, "first", "CREATE TABLE one (id ID PRIMARY KEY);"},
		{2, "broken", "CREATE TABLE two (id ID PRIMARY KEY); INSERT INTO three VALUES (1);"},
	};
	struct store_reason reason = {{0}};
	struct db *db = backend_open();

	assert_int_equal(db_migrate(db, broken, 2, 1, &reason), -EIO);
	assert_non_null(strstr(reason.text, "schema 2 (broken)"));
	assert_int_equal(ask(db, "SELECT max(number) FROM migration"), 1);
	assert_int_equal(
		ask(db, backend_is_postgresql
				? "SELECT count(*) FROM information_schema.tables WHERE table_name = 'two' AND "
				  "table_schema = current_schema()"
				: "SELECT count(*) FROM sqlite_master WHERE name = 'two'"),
		0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_step_with_rows),
		cmocka_unit_test(test_released_steps_are_as_they_were),
		cmocka_unit_test(test_steps_run_once_and_keep_rows),
		cmocka_unit_test(test_newer_is_refused),
		cmocka_unit_test(test_failing_step_changes_nothing),
	};
	return BACKEND_RUN(tests);
}
