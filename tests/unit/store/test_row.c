/* Rows of all kinds: what is written is read, conflicts, cascades, pages, calls and their end at a crash */
#include "scratch.h"
#include "store/migrate.h"

static struct db *open_filled(void)
{
	struct db *db = backend_open();
	struct store_reason reason;

	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	assert_int_equal(store_tenant_put(db, &tenant_one), DB_OK);
	assert_int_equal(store_user_put(db, &user_one), DB_OK);
	assert_int_equal(store_device_put(db, &device_one), DB_OK);
	return db;
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

static void see_device(void *arg, const void *row)
{
	const struct store_device *d = row;
	int *seen = arg;
	assert_true(slice_eq(d->id, device_one.id));
	assert_true(slice_eq(d->tenant, device_one.tenant));
	assert_true(slice_eq(d->user, device_one.user));
	assert_true(slice_eq(d->name, device_one.name));
	assert_true(slice_eq(d->username, device_one.username));
	assert_true(slice_eq(d->ha1, device_one.ha1));
	assert_int_equal(d->digest, 1);
	assert_int_equal(d->created_us, 8);
	++*seen;
}

static const struct store_binding binding_one = {.id = TEXT("b1"),
						 .tenant = TEXT("t1"),
						 .user = TEXT("u1"),
						 .device = TEXT("d1"),
						 .instance = TEXT("<urn:uuid:1>"),
						 .reg_id = 1,
						 .contact = TEXT("sip:x7@192.0.2.9:5060"),
						 .call_id = TEXT("c"),
						 .cseq = 2,
						 .transport = 1,
						 .listener = TEXT("0.0.0.0:5060"),
						 .local = TEXT("192.0.2.1:5060"),
						 .remote = TEXT("192.0.2.9:5060"),
						 .user_agent = TEXT("phone"),
						 .expires_us = 3,
						 .updated_us = 4};

static void see_binding(void *arg, const void *row)
{
	const struct store_binding *b = row, *want = &binding_one;
	assert_true(slice_eq(b->instance, want->instance) && slice_eq(b->contact, want->contact));
	assert_true(slice_eq(b->path, want->path) && slice_eq(b->call_id, want->call_id));
	assert_true(slice_eq(b->listener, want->listener) && slice_eq(b->local, want->local));
	assert_true(slice_eq(b->remote, want->remote) && slice_eq(b->user_agent, want->user_agent));
	assert_true(slice_eq(b->device, want->device) && slice_eq(b->user, want->user));
	assert_int_equal(b->reg_id * 1000 + b->cseq * 100 + b->transport * 10 + b->expires_us, 1213);
	assert_int_equal(b->updated_us, 4);
	++*(int *)arg;
}

static void test_written_is_read(void **state)
{
	struct db *db = open_filled();
	int devices = 0, bindings = 0;

	assert_int_equal(store_binding_put(db, &binding_one), DB_OK);
	assert_int_equal(store_list(db, STORE_DEVICE, &(struct store_page){0}, see_device, &devices), DB_OK);
	assert_int_equal(store_list(db, STORE_DEVICE, &(struct store_page){.user = SLICE("u1")}, see_device, &devices),
			 DB_OK);
	assert_int_equal(devices, 2);
	assert_int_equal(
		store_list(db, STORE_BINDING, &(struct store_page){.tenant = SLICE("t1")}, see_binding, &bindings),
		DB_OK);
	assert_int_equal(bindings, 1);
	/* Each write noted its change, in order. */
	assert_int_equal(ask(db, "SELECT count(*) = 4 AND max(seq) = 4 FROM change"), 1);
	assert_int_equal(ask(db, "SELECT kind FROM change WHERE seq = 4 AND tenant = 't1' AND id = 'b1'"),
			 STORE_BINDING);
	db_close(db);
}

static void test_conflicts(void **state)
{
	struct db *db = open_filled();
	struct store_tenant t = tenant_one;
	struct store_user u = user_one;
	struct store_device d = device_one;

	t.id = SLICE("t2");
	assert_int_equal(store_tenant_put(db, &t), DB_CONFLICT);
	t.name = SLICE("Other");
	/* The domain is taken, whatever its case. */
	t.domain = SLICE("ACME.example");
	assert_int_equal(store_tenant_put(db, &t), DB_CONFLICT);
	t.domain = SLICE("other.example");
	assert_int_equal(store_tenant_put(db, &t), DB_OK);

	u.id = SLICE("u2");
	assert_int_equal(store_user_put(db, &u), DB_CONFLICT);
	u.login = SLICE("bob");
	assert_int_equal(store_user_put(db, &u), DB_CONFLICT);
	/* Every tenant has its own 101 and its own ana. */
	u.login = user_one.login;
	u.tenant = SLICE("t2");
	assert_int_equal(store_user_put(db, &u), DB_OK);
	u.id = SLICE("u3");
	u.tenant = SLICE("nobody");
	assert_int_equal(store_user_put(db, &u), DB_CONFLICT);

	d.id = SLICE("d2");
	d.user = SLICE("u2");
	d.tenant = SLICE("t2");
	assert_int_equal(store_device_put(db, &d), DB_CONFLICT);
	/* A device is in its user's tenant. */
	d.username = SLICE("x8");
	d.tenant = SLICE("t1");
	assert_int_equal(store_device_put(db, &d), DB_CONFLICT);
	d.tenant = SLICE("t2");
	assert_int_equal(store_device_put(db, &d), DB_OK);
	db_close(db);
}

static void test_update_and_remove(void **state)
{
	struct db *db = open_filled();
	struct store_user u = user_one;

	u.extension = SLICE("202");
	u.created_us = 99;
	assert_int_equal(store_user_put(db, &u), DB_OK);
	assert_int_equal(ask(db, "SELECT extension = '202' AND created_us = 7 FROM users"), 1);
	assert_int_equal(store_binding_put(db, &binding_one), DB_OK);
	int64_t changes = ask(db, "SELECT count(*) FROM change");

	/* Nothing there: nothing changed. */
	assert_int_equal(store_user_remove(db, SLICE("u9")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM change"), changes);
	/* One change; the children go without their own. */
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM change"), changes + 1);
	assert_int_equal(ask(db, "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM devices) + "
				 "(SELECT count(*) FROM bindings)"),
			 0);
	db_close(db);
}

static const struct store_trunk trunk_one = {.id = TEXT("k1"),
					     .tenant = TEXT("t1"),
					     .name = TEXT("op"),
					     .host = TEXT("op.example"),
					     .port = 5070,
					     .sources = TEXT("192.0.2.0/24"),
					     .listener = TEXT("192.0.2.1:5060"),
					     .transport = 1,
					     .srtp = 1,
					     .created_us = 9};

struct trunks {
	unsigned shared, owned;
};

static void see_trunk(void *arg, const void *row)
{
	const struct store_trunk *t = row, *want = &trunk_one;
	struct trunks *seen = arg;
	assert_true(slice_eq(t->name, want->name) && slice_eq(t->host, want->host));
	assert_true(slice_eq(t->sources, want->sources) && slice_eq(t->listener, want->listener));
	assert_int_equal(t->port * 1000 + t->transport * 100 + t->srtp * 10 + t->created_us, 5070119);
	seen->shared += slice_empty(t->tenant);
	seen->owned += slice_eq(t->tenant, SLICE("t1"));
}

/* A trunk of the provider is nobody's: told as an empty tenant, kept so that its name is unique, and it stays. */
static void test_trunks(void **state)
{
	struct db *db = open_filled();
	struct store_trunk shared = trunk_one, again = trunk_one;
	struct trunks seen = {0, 0};

	shared.id = SLICE("k2");
	shared.tenant = SLICE_NONE;
	assert_int_equal(store_trunk_put(db, &trunk_one), DB_OK);
	assert_int_equal(store_trunk_put(db, &shared), DB_OK);
	assert_int_equal(store_list(db, STORE_TRUNK, &(struct store_page){0}, see_trunk, &seen), DB_OK);
	assert_int_equal(store_list(db, STORE_TRUNK, &(struct store_page){.tenant = SLICE("t1")}, see_trunk, &seen),
			 DB_OK);
	assert_int_equal(seen.shared * 10 + seen.owned, 12);
	again.id = SLICE("k3");
	assert_int_equal(store_trunk_put(db, &again), DB_CONFLICT);
	again.tenant = SLICE_NONE;
	assert_int_equal(store_trunk_put(db, &again), DB_CONFLICT);
	again.name = SLICE("other");
	again.tenant = SLICE("nobody");
	assert_int_equal(store_trunk_put(db, &again), DB_CONFLICT);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE kind = 5 AND tenant IN ('t1', '')"), 2);
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM trunks WHERE id = 'k2'"), 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM trunks"), 1);
	assert_int_equal(store_trunk_remove(db, SLICE("k2")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM change WHERE id = 'k2' AND tenant = ''"), 2);
	db_close(db);
}

static void test_numbers(void **state)
{
	struct db *db = open_filled();
	struct store_tenant t = {.id = SLICE("t2"), .name = SLICE("B"), .domain = SLICE("b.example")};
	struct store_user bob = user_one, eve = user_one;
	bob.id = SLICE("u2");
	bob.login = bob.extension = SLICE("2");
	eve.id = SLICE("u3");
	eve.tenant = t.id;
	assert_int_equal(store_tenant_put(db, &t), DB_OK);
	assert_int_equal(store_user_put(db, &bob), DB_OK);
	assert_int_equal(store_user_put(db, &eve), DB_OK);

	struct store_number n = {
		.id = SLICE("n1"), .tenant = SLICE("t1"), .user = SLICE("u1"), .number = SLICE("+331")};
	assert_int_equal(store_number_put(db, &n), DB_OK);
	/* Once in the installation. */
	struct store_number again = {
		.id = SLICE("n2"), .tenant = SLICE("t2"), .user = SLICE("u3"), .number = SLICE("+331")};
	assert_int_equal(store_number_put(db, &again), DB_CONFLICT);
	/* It rings somebody of its tenant. */
	struct store_number moved = n;
	moved.user = SLICE("u3");
	assert_int_equal(store_number_put(db, &moved), DB_CONFLICT);
	moved.user = SLICE("u2");
	assert_int_equal(store_number_put(db, &moved), DB_OK);
	assert_int_equal(ask(db, "SELECT user_id = 'u2' AND number = '+331' FROM numbers WHERE id = 'n1'"), 1);
	assert_int_equal(store_user_remove(db, SLICE("u2")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM numbers"), 0);
	assert_int_equal(store_number_put(db, &n), DB_OK);
	assert_int_equal(store_number_remove(db, SLICE("n1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM numbers"), 0);
	db_close(db);
}

struct names {
	char text[64];
	size_t n;
};

static void add_user(void *arg, const void *row)
{
	struct names *names = arg;
	const struct store_user *u = row;
	assert_true(u->id.n + 1 < sizeof(names->text) - names->n);
	memcpy(names->text + names->n, u->id.p, u->id.n);
	names->n += u->id.n;
	names->text[names->n++] = ' ';
	names->text[names->n] = '\0';
}

static void test_pages(void **state)
{
	struct db *db = open_filled();
	struct store_tenant t = {.id = SLICE("t2"), .name = SLICE("B"), .domain = SLICE("b.example")};
	static const struct {
		const char *id, *tenant;
	} users[] = {{"u5", "t1"}, {"u2", "t2"}, {"u3", "t1"}, {"u4", "t2"}};

	assert_int_equal(store_tenant_put(db, &t), DB_OK);
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		struct store_user u = user_one;
		u.id = u.login = u.extension = slice_from_string(users[i].id);
		u.tenant = slice_from_string(users[i].tenant);
		assert_int_equal(store_user_put(db, &u), DB_OK);
	}
	static const struct {
		struct store_page page;
		const char *want;
	} cases[] = {
		{{.limit = 0}, "u1 u2 u3 u4 u5 "},
		{{.limit = 2}, "u1 u2 "},
		{{.limit = 2, .after = TEXT("u2")}, "u3 u4 "},
		{{.tenant = TEXT("t1")}, "u1 u3 u5 "},
		{{.tenant = TEXT("t1"), .after = TEXT("u1"), .limit = 1}, "u3 "},
		{{.user = TEXT("u4")}, "u4 "},
		{{.user = TEXT("u4"), .tenant = TEXT("t1")}, ""},
		{{.after = TEXT("u5")}, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct names names = {.n = 0};
		assert_int_equal(store_list(db, STORE_USER, &cases[i].page, add_user, &names), DB_OK);
		assert_string_equal(names.text, cases[i].want);
	}
	int64_t count = -1;
	assert_int_equal(store_count(db, STORE_USER, &count), DB_OK);
	assert_int_equal(count, 5);
	assert_int_equal(store_count(db, STORE_BINDING, &count), DB_OK);
	assert_int_equal(count, 0);
	db_close(db);
}

struct calls {
	unsigned count;
	char ids[32];
	int64_t ended_us;
	bool crashed;
};

static void see_call(void *arg, const struct store_call *c)
{
	struct calls *calls = arg;
	struct store_call want = a_call(c->id);

	calls->ids[calls->count++] = c->id.p[c->id.n - 1];
	calls->ended_us = c->ended_us;
	calls->crashed = slice_eq(c->cause, SLICE("crashed"));
	assert_true(slice_eq(c->call_id, want.call_id) && slice_eq(c->trace, want.trace));
	assert_true(slice_eq(c->caller.tls, want.caller.tls) && slice_eq(c->caller.srtp, want.caller.srtp));
	assert_true(slice_eq(c->caller.codec, want.caller.codec) && slice_eq(c->caller.device, want.caller.device));
	assert_true(slice_eq(c->callee.uri, want.callee.uri) && slice_eq(c->callee.transport, want.callee.transport));
	assert_int_equal(c->caller.packets_in * 10000 + c->caller.packets_out * 1000 + c->caller.lost * 100 +
				 c->caller.jitter_us * 10 + c->caller.round_trip_us,
			 12345);
	assert_true(!c->caller.keys_in_clear && c->callee.keys_in_clear);
	assert_int_equal(c->callee.packets_in, 6);
	assert_true(slice_eq(c->callee.trunk, want.callee.trunk) && slice_empty(c->caller.trunk));
	assert_int_equal(c->started_us, 1000);
}

static void a_call_of(struct db *db, const char *id, const char *from, const char *to, const char *cause, int64_t at_us)
{
	struct store_call c = a_call(slice_from_string(id));
	c.caller.uri = slice_from_string(from);
	c.callee.uri = slice_from_string(to);
	c.caller.user = SLICE("u1");
	c.callee.user = SLICE("u2");
	c.cause = slice_from_string(cause);
	c.started_us = at_us;
	c.answered_us = slice_eq(c.cause, SLICE("answered")) ? at_us + 1 : 0;
	assert_int_equal(store_call_put(db, &c), DB_OK);
}

static void see_id(void *arg, const struct store_call *c)
{
	struct calls *calls = arg;
	calls->ids[calls->count++] = c->id.p[c->id.n - 1];
}

static void test_calls_are_found(void **state)
{
	/* Ids as they are made, of the milliseconds in which the calls begin. */
	static const char one[] = "00000000-2710-7000-8000-000000000001",
			  two[] = "00000000-4e20-7000-8000-000000000002",
			  three[] = "00000000-7530-7000-8000-000000000003";
	struct db *db = open_filled();
	a_call_of(db, one, "10", "+33142685300", "answered", 10000000);
	a_call_of(db, two, "10%", "20", "busy", 20000000);
	a_call_of(db, three, "Ana_1", "10", "answered", 30000000);
	char pattern[32];
	struct writer any = writer_on(pattern, sizeof(pattern));
	assert_true(store_like(SLICE("NA_"), &any));
	assert_true(slice_eq(writer_slice(&any), SLICE("%na\\_%")));
	const struct {
		struct store_calls_page page;
		const char *found;
	} table[] = {
		{{.scan = 9}, "321"},
		{{.scan = 9, .user = SLICE("u1")}, "321"},
		{{.scan = 9, .user = SLICE("u3")}, ""},
		{{.scan = 9, .number = SLICE("10")}, "31"},
		{{.scan = 9, .number = SLICE("10"), .cause = SLICE("busy")}, ""},
		{{.scan = 9, .cause = SLICE("answered"), .limit = 1}, "3"},
		{{.scan = 9, .answered = 1}, "31"},
		{{.scan = 9, .answered = -1}, "2"},
		{{.scan = 9, .like = SLICE("%0\\%%")}, "2"},
		{{.scan = 9, .like = writer_slice(&any)}, "3"},
		{{.scan = 9, .like = SLICE("%busy%")}, "2"},
		{{.scan = 9, .from_us = 20000000}, "32"},
		{{.scan = 9, .to_us = 20000000}, "1"},
		{{.scan = 9, .from_us = 20000000, .to_us = 30000000}, "2"},
		{{.scan = 9, .from_us = 20000000, .tenant = SLICE("t1")}, "32"},
		{{.scan = 9, .tenant = SLICE("t2")}, ""},
		{{.scan = 9, .before = slice_of(three, 36), .to_us = 90000000}, "21"},
		/* By the ids alone, which are made a minute apart at least. */
		{{.scan = 9, .from_us = 200000000}, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct calls seen = {.count = 0};
		char more[STORE_ID_CAP];
		assert_int_equal(store_calls_list(db, &table[i].page, see_id, &seen, more), DB_OK);
		if (strcmp(seen.ids, table[i].found) != 0)
			fail_msg("line %zu of the table: \"%s\"", i, seen.ids);
		assert_string_equal(more, "");
	}
	/* Two were looked at, and one is left. */
	struct store_calls_page rare = {.scan = 2, .number = SLICE("+33142685300")};
	struct calls seen = {.count = 0};
	char more[STORE_ID_CAP];
	assert_int_equal(store_calls_list(db, &rare, see_id, &seen, more), DB_OK);
	assert_string_equal(seen.ids, "");
	assert_string_equal(more, two);
	rare.before = slice_of(two, 36);
	assert_int_equal(store_calls_list(db, &rare, see_id, &seen, more), DB_OK);
	assert_string_equal(seen.ids, "1");
	assert_string_equal(more, "");
	db_close(db);
}

static void test_calls(void **state)
{
	struct db *db = open_filled();
	static const char *const ids[] = {"c1", "c2", "c3"};

	for (size_t i = 0; i < 3; i++) {
		struct store_call c = a_call(slice_from_string(ids[i]));
		assert_int_equal(store_call_put(db, &c), DB_OK);
		c.answered_us = 2000;
		c.ended_us = 3000;
		c.cause = SLICE("answered");
		assert_int_equal(store_call_put(db, &c), DB_OK);
	}
	struct calls seen = {.count = 0};
	char more[STORE_ID_CAP];
	assert_int_equal(store_calls_list(db, &(struct store_calls_page){.tenant = SLICE("t1"), .limit = 2}, see_call,
					  &seen, more),
			 DB_OK);
	assert_string_equal(seen.ids, "32");
	assert_int_equal(store_calls_list(db, &(struct store_calls_page){.before = SLICE("c2")}, see_call, &seen, more),
			 DB_OK);
	assert_string_equal(seen.ids, "321");
	assert_int_equal(seen.ended_us, 3000);
	assert_int_equal(store_calls_list(db, &(struct store_calls_page){.tenant = SLICE("t2")}, see_call, &seen, more),
			 DB_OK);
	assert_int_equal(seen.count, 3);
	assert_string_equal(more, "");
	/* The history of a tenant that goes stays until retention takes it. */
	assert_int_equal(store_tenant_remove(db, SLICE("t1")), DB_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM calls"), 3);
	db_close(db);
}

static void test_crashed(void **state)
{
	/* heartbeat (0: none), answered, wall clock now, and where the call then ends */
	static const int64_t cases[][4] = {
		{0, 0, 9000, 1000},       {0, 2000, 9000, 2000}, {5000, 2000, 9000, 5000},
		{5000, 6000, 9000, 6000}, {9500, 0, 9000, 9000}, /* the clock was set back meanwhile */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct db *db = open_filled();
		struct store_call ended = a_call(SLICE("c1")), open = a_call(SLICE("c2"));
		ended.ended_us = 1500;
		open.answered_us = cases[i][1];
		assert_int_equal(store_call_put(db, &ended), DB_OK);
		assert_int_equal(store_call_put(db, &open), DB_OK);
		if (cases[i][0])
			assert_int_equal(
				db_do(db, "INSERT INTO heartbeat (number, alive_us) VALUES (1, $1)", DB_I(cases[i][0])),
				DB_OK);
		int64_t changes = ask(db, "SELECT count(*) FROM change");
		assert_int_equal(store_calls_close_crashed(db, cases[i][2]), 1);
		assert_int_equal(ask(db, "SELECT count(*) FROM change"), changes + 1);
		struct calls seen = {.count = 0};
		char more[STORE_ID_CAP];
		assert_int_equal(store_calls_list(db, &(struct store_calls_page){.limit = 1}, see_call, &seen, more),
				 DB_OK);
		assert_int_equal(seen.ended_us, cases[i][3]);
		assert_true(seen.crashed);
		assert_int_equal(ask(db, "SELECT ended_us FROM calls WHERE id = 'c1'"), 1500);
		assert_int_equal(ask(db, "SELECT answered_us FROM calls WHERE id = 'c2'"), cases[i][1]);
		assert_int_equal(store_calls_close_crashed(db, cases[i][2]), 0);
		db_close(db);
	}
}

static void test_long_ids_are_refused(void **state)
{
	struct db *db = open_filled();
	assert_int_equal(store_note_change(db, SLICE("t1"), STORE_USER, SLICE("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")),
			 DB_OK);
	assert_int_equal(store_note_change(db, SLICE("t1"), STORE_USER, SLICE("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5bX")),
			 DB_FAILED);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_is_read),   cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_update_and_remove), cmocka_unit_test(test_trunks),
		cmocka_unit_test(test_numbers),           cmocka_unit_test(test_pages),
		cmocka_unit_test(test_calls_are_found),   cmocka_unit_test(test_calls),
		cmocka_unit_test(test_crashed),           cmocka_unit_test(test_long_ids_are_refused),
	};
	return BACKEND_RUN(tests);
}
