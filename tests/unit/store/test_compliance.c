/* test_compliance.c - calls are counted by day, each once; who spoke in plain is found; ways to log in are summed */
#include "scratch.h"
#include "store/compliance.h"
#include "store/migrate.h"

static struct db *open_filled(void)
{
	struct db *db = backend_open();
	struct store_reason reason;
	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	assert_int_equal(store_tenant_put(db, &tenant_one), DB_OK);
	assert_int_equal(store_user_put(db, &user_one), DB_OK);
	return db;
}

static const struct store_leg safe = {.device = TEXT("d1"), .transport = TEXT("TLS"), .srtp = TEXT("AEAD_AES_128_GCM")};
static const struct store_leg page = {
	.device = TEXT("d2"), .transport = TEXT("WSS"), .srtp = TEXT("DTLS AEAD_AES_128_GCM")};
static const struct store_leg plain = {.trunk = TEXT("k1"), .transport = TEXT("UDP")};
static const struct store_leg keys_seen = {
	.device = TEXT("d3"), .transport = TEXT("TCP"), .srtp = TEXT("AEAD_AES_128_GCM"), .keys_in_clear = true};
static const struct store_leg other_company = {.transport = TEXT("UDP")};
static const struct store_leg unknown = {.uri = TEXT("+33142685300")};

/* Begins on a day, at this second, and ends. */
static void put(struct db *db, int day, int second, const struct store_leg *a, const struct store_leg *b, bool answered)
{
	struct random noise;
	char id[STORE_ID_CAP];
	int64_t at_us = day * STORE_DAY_US + second * SECOND_US;
	random_init_seeded(&noise, (uint64_t)second + 1);
	store_new_id(&noise, at_us, id);
	struct store_call c = {
		.id = slice_from_string(id), .tenant = SLICE("t1"), .caller = *a, .callee = *b, .started_us = at_us};
	assert_int_equal(store_call_put(db, &c), DB_OK);
	c.answered_us = answered ? at_us + 1 : 0;
	c.ended_us = at_us + 2;
	/* Its last figures come after its end. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_call_put(db, &c), DB_OK);
}

struct days {
	int count;
	struct store_call_day at[8];
};

static void take_day(void *arg, const struct store_call_day *d)
{
	struct days *days = arg;
	days->at[days->count++] = *d;
}

static struct days days_of(struct db *db, const char *tenant, int64_t from, int64_t to)
{
	struct days days = {0};
	assert_int_equal(store_call_days_list(db, slice_from_string(tenant), from, to, take_day, &days), DB_OK);
	return days;
}

static void each_call_is_counted_once(void **state)
{
	struct db *db = open_filled();
	int64_t first;
	assert_int_equal(store_call_days_first(db, SLICE("t1"), &first), DB_OK);
	assert_int_equal(first, 0);
	put(db, 19000, 1, &safe, &page, true);
	put(db, 19000, 2, &safe, &plain, true);
	put(db, 19000, 3, &plain, &plain, true);
	put(db, 19000, 4, &keys_seen, &safe, true);
	put(db, 19000, 86399, &safe, &unknown, false);
	put(db, 19001, 0, &unknown, &page, true);
	put(db, 19001, 5, &plain, &unknown, false);
	put(db, 19001, 6, &safe, &other_company, true);
	put(db, 19001, 7, &other_company, &unknown, false); /* nothing is known of it */
	struct days days = days_of(db, "t1", 18999, 19002);
	assert_int_equal(days.count, 2);
	struct store_call_day want[] = {
		{.day = 19000,
		 .calls = 5,
		 .answered = 4,
		 .voice_all = 1,
		 .voice_some = 2,
		 .voice_none = 1,
		 .keys_in_clear = 1,
		 .signalling_all = 2,
		 .signalling_some = 2,
		 .signalling_none = 1},
		{.day = 19001, .calls = 4, .answered = 2, .voice_all = 2, .signalling_all = 2, .signalling_none = 1}};
	assert_memory_equal(days.at, want, sizeof(want));
	assert_int_equal(days_of(db, "t1", 19000, 19001).count, 1);
	assert_int_equal(days_of(db, "t2", 0, INT64_MAX).count, 0);
	assert_int_equal(store_call_days_first(db, SLICE("t1"), &first), DB_OK);
	assert_int_equal(first, 19000);
	db_close(db);
}

static void a_call_that_crashed_is_counted_with_its_end(void **state)
{
	struct db *db = open_filled();
	struct store_call c = a_call(SLICE("c1"));
	assert_int_equal(store_call_put(db, &c), DB_OK);
	assert_int_equal(days_of(db, "t1", 0, 2).count, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_calls_close_crashed(db, 2000), i ? 0 : 1);
	struct days days = days_of(db, "t1", 0, 2);
	assert_int_equal(days.count, 1);
	assert_int_equal(days.at[0].calls, 1);
	assert_int_equal(days.at[0].signalling_some, 1);
	db_close(db);
}

struct peers {
	int count;
	char names[8][16];
	struct store_plain_peer at[8];
};

static void take_peer(void *arg, const struct store_plain_peer *p)
{
	struct peers *peers = arg;
	snprintf(peers->names[peers->count], sizeof(peers->names[0]), "%.*s/%.*s", SLICE_ARG(p->device),
		 SLICE_ARG(p->trunk));
	peers->at[peers->count++] = *p;
}

static void who_was_in_plain_is_found(void **state)
{
	struct db *db = open_filled();
	for (int i = 0; i < 3; i++)
		put(db, 19000, 10 + i, &safe, &plain, i != 1);
	put(db, 19000, 20, &keys_seen, &page, true);
	put(db, 19000, 21, &safe, &other_company, true);
	put(db, 19002, 20, &plain, &safe, true); /* another time */
	struct store_plain_page asked = {.tenant = SLICE("t1"),
					 .from_us = 19000 * STORE_DAY_US,
					 .to_us = 19001 * STORE_DAY_US,
					 .scan = 100,
					 .limit = 8};
	struct peers peers = {0};
	int64_t looked, oldest_us;
	assert_int_equal(store_plain_peers_list(db, &asked, take_peer, &peers, &looked, &oldest_us), DB_OK);
	assert_int_equal(looked, 5);
	assert_int_equal(oldest_us, asked.from_us + 10 * SECOND_US);
	assert_int_equal(peers.count, 2);
	assert_string_equal(peers.names[0], "/k1");
	assert_int_equal(peers.at[0].voice, 2);
	assert_int_equal(peers.at[0].signalling, 3);
	assert_int_equal(peers.at[0].last_us, asked.from_us + 12 * SECOND_US);
	assert_string_equal(peers.names[1], "d3/");
	/* Only the newest are looked at, and only so many are given. */
	asked.scan = 4;
	asked.limit = 1;
	peers.count = 0;
	assert_int_equal(store_plain_peers_list(db, &asked, take_peer, &peers, &looked, &oldest_us), DB_OK);
	assert_int_equal(looked, 4);
	assert_int_equal(peers.count, 1);
	assert_int_equal(peers.at[0].signalling, 2);
	asked.tenant = SLICE("t2");
	assert_int_equal(store_plain_peers_list(db, &asked, take_peer, &peers, &looked, &oldest_us), DB_OK);
	assert_int_equal(looked + oldest_us, 0);
	db_close(db);
}

static void add_person(struct db *db, const char *id)
{
	struct store_user u = user_one;
	u.id = u.login = u.extension = slice_from_string(id);
	assert_int_equal(store_user_put(db, &u), DB_OK);
}

static void ways_to_log_in_are_summed(void **state)
{
	struct db *db = open_filled();
	static const struct store_passkey passkey = {.id = TEXT("p"),
						     .tenant = TEXT("t1"),
						     .user = TEXT("u3"),
						     .credential = TEXT("c"),
						     .key = TEXT("k"),
						     .host = TEXT("alto.example"),
						     .name = TEXT("Stick")};
	bool room;
	add_person(db, "u2");
	add_person(db, "u3");
	add_person(db, "u4");
	assert_int_equal(store_password_set(db, SLICE("t1"), SLICE("u2"), SLICE("hash")), DB_OK);
	assert_int_equal(store_password_set(db, SLICE("t1"), SLICE("u3"), SLICE("hash")), DB_OK);
	assert_int_equal(store_totp_set(db, SLICE("u3"), SLICE("secret"), 1), DB_OK);
	assert_int_equal(store_passkey_put(db, &passkey, 16, &room), DB_OK);
	assert_int_equal(store_issuer_put(db, &(struct store_issuer){.id = SLICE("i"), .tenant = SLICE("t1")}), DB_OK);
	assert_int_equal(db_run(db, "INSERT INTO identities VALUES ('i', 'sub', 't1', 'u4', 1)", NULL, 0), DB_OK);
	for (int limit = 1; limit < 6; limit++) {
		struct store_ways_in sum = {0};
		char after[STORE_ID_CAP] = "";
		do {
			char from[STORE_ID_CAP];
			memcpy(from, after, sizeof(from));
			assert_int_equal(
				store_ways_in_add(db, SLICE("t1"), slice_from_string(from), limit, &sum, after), DB_OK);
		} while (*after);
		struct store_ways_in want = {
			.people = 4, .password = 2, .code = 1, .passkey = 1, .issuer = 1, .none = 1};
		assert_memory_equal(&sum, &want, sizeof(want));
	}
	db_close(db);
}

static void put_token(struct db *db, const char *id, bool read_only, int64_t used_us, int64_t expires_us)
{
	const struct store_pass p = {.id = slice_from_string(id),
				     .tenant = SLICE("t1"),
				     .kind = STORE_TOKEN,
				     .hash = slice_from_string(id),
				     .role = SLICE("admin"),
				     .read_only = read_only,
				     .used_us = used_us,
				     .expires_us = expires_us};
	assert_int_equal(store_pass_put(db, &p), DB_OK);
}

static void tokens_are_summed(void **state)
{
	struct db *db = open_filled();
	struct store_tokens_sum sum = {.tokens = 9};
	assert_int_equal(store_tokens_sum(db, SLICE("t1"), 100, 50, &sum), DB_OK);
	assert_int_equal(sum.tokens + sum.last_expires_us, 0);
	put_token(db, "k1", true, 49, 101);
	put_token(db, "k2", false, 50, 300);
	put_token(db, "k3", false, 10, 100); /* its time is over */
	const struct store_pass session = {
		.id = SLICE("s1"), .tenant = SLICE("t1"), .user = SLICE("u1"), .hash = SLICE("s1"), .expires_us = 500};
	assert_int_equal(store_pass_put(db, &session), DB_OK);
	assert_int_equal(store_tokens_sum(db, SLICE("t1"), 100, 50, &sum), DB_OK);
	struct store_tokens_sum want = {.tokens = 2, .writing = 1, .unused = 1, .last_expires_us = 300};
	assert_memory_equal(&sum, &want, sizeof(want));
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_is_counted_once),
		cmocka_unit_test(a_call_that_crashed_is_counted_with_its_end),
		cmocka_unit_test(who_was_in_plain_is_found),
		cmocka_unit_test(ways_to_log_in_are_summed),
		cmocka_unit_test(tokens_are_summed),
	};
	return BACKEND_RUN(tests);
}
