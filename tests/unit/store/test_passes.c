/* test_passes.c - sessions, tokens, passwords, codes and issuers as rows: whose they are, what takes them away, what is
 * used once */
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

static int told(void *arg, const struct store_pass *p)
{
	assert_true(slice_eq(p->maker, SLICE("u1")) && slice_empty(p->user));
	++*(int *)arg;
	return slice_eq(p->id, SLICE("bad")) ? DB_FAILED : DB_OK;
}

static void tokens_go_with_whoever_made_them(void **state)
{
	struct db *db = open_filled();
	struct store_pass p = session;
	int seen = 0;
	p.kind = STORE_TOKEN;
	p.user = SLICE_NONE;
	p.id = SLICE("p1");
	p.hash = HASH(a);
	p.maker = SLICE("nobody");
	assert_int_equal(store_pass_put(db, &p), DB_CONFLICT);
	p.maker = SLICE("u1");
	assert_int_equal(store_pass_put(db, &p), DB_OK);
	p.id = SLICE("p2"); /* the provider's, made by somebody whose account is a company's */
	p.hash = HASH(b);
	p.tenant = SLICE_NONE;
	assert_int_equal(store_pass_put(db, &p), DB_OK);
	put(db, "p3", HASH(c), STORE_TOKEN, SLICE("t1"), SLICE_NONE);
	put(db, "p4", HASH(d), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	assert_int_equal(store_tokens_remove_of_maker(db, SLICE("u2"), told, &seen), DB_OK);
	assert_int_equal(seen, 0);
	assert_int_equal(store_tokens_remove_of_maker(db, SLICE("u1"), told, &seen), DB_OK);
	assert_int_equal(seen, 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes WHERE id IN ('p3', 'p4')"), 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE id = 'p2' AND tenant = ''"), 2);
	/* Who cannot be told of one keeps all. */
	p.id = SLICE("bad");
	assert_int_equal(store_pass_put(db, &p), DB_OK);
	assert_int_equal(store_tokens_remove_of_maker(db, SLICE("u1"), told, &seen), DB_FAILED);
	db_close(db);
	/* A company takes its people away, and they whatever they made. */
	db = open_filled();
	p.id = SLICE("p5");
	assert_int_equal(store_pass_put(db, &p), DB_OK);
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 0);
	db_close(db);
}

static void the_oldest_sessions_end(void **state)
{
	struct db *db = open_filled();
	int64_t tokens = 0;
	put(db, "p1", HASH(a), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	put(db, "p2", HASH(b), STORE_TOKEN, SLICE("t1"), SLICE_NONE);
	put(db, "p3", HASH(c), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	put(db, "p4", HASH(d), STORE_SESSION, SLICE("t1"), SLICE("u1"));
	put(db, "p5", HASH(e), STORE_TOKEN, SLICE_NONE, SLICE_NONE);
	assert_int_equal(store_sessions_trim(db, SLICE("u1"), 3), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 5);
	assert_int_equal(store_sessions_trim(db, SLICE("u1"), 1), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes WHERE id IN ('p2', 'p4', 'p5')"), 3);
	assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 3);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE id = 'p3'"), 2);
	assert_int_equal(store_tokens_count(db, SLICE("t1"), &tokens), DB_OK);
	assert_int_equal(tokens, 1);
	assert_int_equal(store_tokens_count(db, SLICE_NONE, &tokens), DB_OK);
	assert_int_equal(tokens, 1);
	db_close(db);
}

static const struct store_passkey passkey = {.id = TEXT("k1"),
					     .tenant = TEXT("t1"),
					     .user = TEXT("u1"),
					     .credential = TEXT("credential"),
					     .key = TEXT("key"),
					     .host = TEXT("alto.example"),
					     .name = TEXT("Stick"),
					     .created_us = 5};

static void see_passkey(void *arg, const struct store_passkey *p)
{
	assert_true(slice_eq(p->user, SLICE("u1")) && slice_eq(p->key, SLICE("key")) &&
		    slice_eq(p->host, SLICE("alto.example")));
	*(int64_t *)arg = p->count;
}

static void a_passkey_counts_on(void **state)
{
	struct db *db = open_filled();
	struct store_passkey again = passkey;
	bool yes = false;
	int64_t seen = -1;
	assert_int_equal(store_passkey_get(db, passkey.credential, see_passkey, &seen), DB_OK);
	assert_int_equal(seen, -1);
	assert_int_equal(store_passkey_put(db, &passkey, 1, &yes), DB_OK);
	assert_true(yes);
	again.id = SLICE("k2");
	assert_int_equal(store_passkey_put(db, &again, 2, &yes), DB_CONFLICT);
	again.credential = SLICE("another");
	assert_int_equal(store_passkey_put(db, &again, 1, &yes), DB_OK);
	assert_false(yes);
	/* One that does not count may go on so; once it has counted, it counts up. */
	static const struct {
		int64_t count;
		bool fresh;
	} uses[] = {{0, true}, {0, true}, {7, true}, {7, false}, {6, false}, {0, false}, {8, true}};
	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		assert_int_equal(store_passkey_use(db, SLICE("k1"), uses[i].count, INT64_MAX, 9, &yes), DB_OK);
		assert_int_equal(yes, uses[i].fresh);
	}
	assert_int_equal(store_passkey_use(db, SLICE("k1"), 9, 9, 12, &yes), DB_OK); /* used at 9 */
	assert_false(yes);
	assert_int_equal(store_passkeys_list(db, SLICE("u1"), see_passkey, &seen), DB_OK);
	assert_int_equal(seen, 8);
	assert_int_equal(store_passkey_rename(db, SLICE("u2"), SLICE("k1"), SLICE("Other"), &yes), DB_OK);
	assert_false(yes);
	assert_int_equal(store_passkey_rename(db, SLICE("u1"), SLICE("k1"), SLICE("Other"), &yes), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passkeys WHERE name = 'Other'"), 1);
	assert_int_equal(store_passkey_remove(db, SLICE("u2"), SLICE("k1"), &yes), DB_OK);
	assert_false(yes);
	assert_int_equal(store_passkey_remove(db, SLICE("u1"), SLICE("k1"), &yes), DB_OK);
	assert_true(yes);
	assert_int_equal(store_passkey_put(db, &passkey, 1, &yes), DB_OK);
	assert_int_equal(store_user_remove(db, SLICE("u1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM passkeys"), 0);
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

static const struct store_issuer issuer = {.id = TEXT("i1"),
					   .tenant = TEXT("t1"),
					   .name = TEXT("SSO"),
					   .url = TEXT("https://login.example"),
					   .client_id = TEXT("alto"),
					   .client_secret = TEXT("secret"),
					   .claim = TEXT("email"),
					   .mail_domain = TEXT("acme.example"),
					   .on = true};

static bool keeps(struct db *db, struct slice subject, struct slice user)
{
	bool his = false;
	const struct store_identity i = {.issuer = issuer.id, .subject = subject};
	assert_int_equal(store_identity_keep(db, &i, SLICE("t1"), user, 7, &his), DB_OK);
	return his;
}

static void an_issuer_knows_one_person_by_one_subject(void **state)
{
	struct db *db = open_filled();
	struct store_user other = user_one;
	struct store_issuer changed = issuer;
	bool his;
	other.id = other.login = SLICE("u2");
	other.extension = SLICE("202");
	assert_int_equal(store_user_put(db, &other), DB_OK);
	assert_int_equal(store_issuer_put(db, &issuer), DB_OK);
	assert_true(keeps(db, SLICE("sub-1"), SLICE("u1")));
	assert_true(keeps(db, SLICE("sub-1"), SLICE("u1")));
	assert_false(keeps(db, SLICE("sub-1"), SLICE("u2")));
	assert_false(keeps(db, SLICE("sub-2"), SLICE("u1")));
	assert_int_equal(store_identities_remove_of_user(db, SLICE("u1")), DB_OK);
	assert_true(keeps(db, SLICE("sub-2"), SLICE("u1")));
	/* Another name for it changes nothing; another client makes other subjects. */
	changed.name = SLICE("Keycloak");
	assert_int_equal(store_issuer_put(db, &changed), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM identities"), 1);
	changed.client_id = SLICE("other");
	assert_int_equal(store_issuer_put(db, &changed), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM identities"), 0);
	assert_true(keeps(db, SLICE("sub-1"), SLICE("u1")));
	changed.url = SLICE("https://other.example");
	assert_int_equal(store_issuer_put(db, &changed), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM identities"), 0);
	assert_true(keeps(db, SLICE("sub-1"), SLICE("u1")));
	assert_int_equal(store_user_remove(db, SLICE("u1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM identities"), 0);
	/* A person of no such company is nobody's; and a company has one issuer. */
	const struct store_identity i = {.issuer = issuer.id, .subject = SLICE("sub-3")};
	assert_int_equal(store_identity_keep(db, &i, SLICE("t2"), SLICE("u2"), 7, &his), DB_CONFLICT);
	changed.id = SLICE("i2");
	assert_int_equal(store_issuer_put(db, &changed), DB_CONFLICT);
	assert_int_equal(store_issuer_remove(db, SLICE("i1")), DB_OK);
	assert_int_equal(store_issuer_put(db, &changed), DB_OK);
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM issuers"), 0);
	db_close(db);
}

static void with_an_issuer_the_sessions_of_its_people_end(void **state)
{
	struct db *db = open_filled();
	struct store_user other = user_one;
	struct store_issuer next = issuer;
	other.id = other.login = SLICE("u2");
	other.extension = SLICE("202");
	assert_int_equal(store_user_put(db, &other), DB_OK);
	assert_int_equal(store_issuer_put(db, &issuer), DB_OK);
	put(db, "p1", HASH(a), STORE_SESSION, SLICE("t1"), SLICE("u2"));
	put(db, "p2", HASH(b), STORE_TOKEN, SLICE("t1"), SLICE_NONE);
	for (int i = 0; i < 5; i++) {
		char id[] = "s0";
		id[1] = (char)('0' + i);
		assert_true(keeps(db, SLICE("sub-1"), SLICE("u1")));
		put(db, id, HASH(c), STORE_SESSION, SLICE("t1"), SLICE("u1"));
		/* Another name ends nothing; nor does what is off already, or comes on again. */
		next.name = i % 2 ? SLICE("SSO") : SLICE("Keycloak");
		assert_int_equal(store_issuer_put(db, &next), DB_OK);
		assert_int_equal(ask(db, "SELECT count(*) FROM passes"), 3);
		if (i == 0)
			next.url = SLICE("https://other.example");
		else if (i == 1)
			next.client_id = SLICE("other");
		else
			next.on = i % 2;
		if (i == 4)
			assert_int_equal(store_issuer_remove(db, issuer.id), DB_OK);
		else
			assert_int_equal(store_issuer_put(db, &next), DB_OK);
		bool ends = i != 3;
		assert_int_equal(ask(db, "SELECT count(*) FROM passes WHERE id IN ('p1', 'p2')"), 2);
		assert_int_equal(ask(db, "SELECT count(*) FROM passes"), ends ? 2 : 3);
		assert_int_equal(store_pass_remove(db, slice_from_string(id)), DB_OK);
	}
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE id LIKE 's%' AND tenant = 't1'"), 10);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_go_with_what_they_are_of),
		cmocka_unit_test(tokens_go_with_whoever_made_them),
		cmocka_unit_test(the_oldest_sessions_end),
		cmocka_unit_test(a_passkey_counts_on),
		cmocka_unit_test(a_use_brings_none_back),
		cmocka_unit_test(a_step_is_used_once),
		cmocka_unit_test(an_issuer_knows_one_person_by_one_subject),
		cmocka_unit_test(with_an_issuer_the_sessions_of_its_people_end),
	};
	return BACKEND_RUN(tests);
}
