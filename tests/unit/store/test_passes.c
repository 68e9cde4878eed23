/* test_passes.c - sessions, tokens, passwords and codes as rows: whose they are, what takes them away, what is used
 * once */
#include "scratch.h"
#include "store/migrate.h"

#define HASH(c)                                                                                                        \
	slice_of(#c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c, 32)

static const struct store_pass session = {.id = TEXT("p1"),
					  .tenant = TEXT("t1"),
					  .user = TEXT("u1"),
					  .kind = STORE_SESSION,
					  .role = TEXT("user"),
					  .created_us = 1,
					  .used_us = 1,
					  .expires_us = 100};

static struct db *open_filled(void)
{
	struct db *db = backend_open();
	struct store_reason reason;
	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	assert_int_equal(store_tenant_put(db, &tenant_one), DB_OK);
	assert_int_equal(store_user_put(db, &user_one), DB_OK);
	return db;
}

static void put(struct db *db, const char *id, struct slice hash, int64_t kind, struct slice tenant, struct slice user)
{
	struct store_pass p = session;
	p.id = slice_from_string(id);
	p.hash = hash;
	p.kind = kind;
	p.tenant = tenant;
	p.user = user;
	assert_int_equal(store_pass_put(db, &p), DB_OK);
}

static int64_t ask(struct db *db, const char *sql)
{
	struct db_rows *rows = db_query(db, sql, NULL, 0);
	assert_non_null(rows);
	assert_int_equal(db_next(rows), DB_ROW);
	int64_t answer = db_int(rows, 0);
	db_end(rows);
	return answer;
}

static void count(void *arg, const void *row)
{
	const struct store_pass *p = row;
	assert_int_equal(p->hash.n, STORE_PASS_HASH);
	++*(int *)arg;
}

static int tokens(struct db *db, struct slice tenant)
{
	int seen = 0;
	struct store_page page = {.tenant = tenant, .limit = 10};
	assert_int_equal(store_tokens_list(db, &page, count, &seen), DB_OK);
	return seen;
}

static void passes_go_with_what_they_are_of(void **state)
{
	struct db *db = open_filled();
	put(db, "p1", HASH(a), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	put(db, "p2", HASH(b), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	put(db, "p3", HASH(c), STORE_TOKEN, SLICE("t1"), SLICE_NONE);
	put(db, "p4", HASH(d), STORE_TOKEN, SLICE_NONE, SLICE_NONE);
	int seen = 0;
	assert_int_equal(store_list(db, STORE_PASS, &(struct store_page){0}, count, &seen), DB_OK);
	assert_int_equal(seen, 4);
	assert_int_equal(tokens(db, SLICE_NONE), 2);
	assert_int_equal(tokens(db, SLICE("t1")), 1);
	/* A secret opens one thing. */
	struct store_pass again = session;
	again.id = SLICE("p5");
	again.hash = HASH(a);
	assert_int_equal(store_pass_put(db, &again), DB_CONFLICT);
	assert_int_equal(store_passes_remove_of_user(db, SLICE("u1"), SLICE("p2")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes WHERE id = 'p1'"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE id = 'p1' AND tenant = 't1'"), 2);
	assert_int_equal(store_user_remove(db, SLICE("u1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes WHERE id = 'p2'"), 0);
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 1);
	assert_int_equal(store_passes_expire(db, 99), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 1);
	assert_int_equal(store_passes_expire(db, 100), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE id = 'p4' AND tenant = ''"), 2);
	db_close(db);
}

static void a_use_brings_none_back(void **state)
{
	struct db *db = open_filled();
	put(db, "p1", HASH(a), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	assert_int_equal(store_pass_use(db, SLICE("p1"), 50), DB_OK);
	assert_int_equal(ask(db, "SELECT used_us FROM passes"), 50);
	assert_int_equal(store_pass_remove(db, SLICE("p1")), DB_OK);
	assert_int_equal(store_pass_use(db, SLICE("p1"), 60), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 0);
	db_close(db);
}

static void see_login(void *arg, const struct store_login *l)
{
	int64_t *seen = arg;
	assert_true(slice_eq(l->password, SLICE("hash-2")) && l->totp.n == 3);
	*seen = l->totp_step;
}

static void a_step_is_used_once(void **state)
{
	struct db *db = open_filled();
	int64_t seen = -1;
	bool fresh = false;
	assert_int_equal(store_login_get(db, SLICE("u1"), see_login, &seen), DB_OK);
	assert_int_equal(seen, -1); /* there is none */
	assert_int_equal(store_password_set(db, SLICE("t1"), SLICE("u1"), SLICE("hash-1")), DB_OK);
	assert_int_equal(store_totp_set(db, SLICE("u1"), SLICE("key"), 7), DB_OK);
	/* A new password leaves the app alone. */
	assert_int_equal(store_password_set(db, SLICE("t1"), SLICE("u1"), SLICE("hash-2")), DB_OK);
	assert_int_equal(store_totp_use(db, SLICE("u1"), 7, &fresh), DB_OK);
	assert_false(fresh);
	assert_int_equal(store_totp_use(db, SLICE("u1"), 8, &fresh), DB_OK);
	assert_true(fresh);
	assert_int_equal(store_totp_use(db, SLICE("u1"), 8, &fresh), DB_OK);
	assert_false(fresh);
	assert_int_equal(store_login_get(db, SLICE("u1"), see_login, &seen), DB_OK);
	assert_int_equal(seen, 8);
	assert_int_equal(store_totp_set(db, SLICE("u1"), SLICE(""), 0), DB_OK);
	assert_int_equal(store_user_remove(db, SLICE("u1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM logins"), 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_go_with_what_they_are_of),
		cmocka_unit_test(a_use_brings_none_back),
		cmocka_unit_test(a_step_is_used_once),
	};
	return BACKEND_RUN(tests);
}
