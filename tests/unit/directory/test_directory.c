/* The read model: found by every name, moved, removed with what belongs to it; bindings from memory and from the feed
 */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "directory/directory.h"
#include "store/migrate.h"
#include "support/backend.h"
#include "support/failing.h"
#include "support/postgresql.h"

#define S(text) slice_from_string(text)

struct fixture {
	struct random random;
	struct directory *d;
	char told[256]; /* what the registrar would hear */
	int64_t clock_us;
};

static void on_added(void *arg, struct directory_binding *b, const struct store_binding *row)
{
	struct fixture *f = arg;
	assert_true(slice_eq(row->id, directory_binding_text(b, BINDING_ID)));
	size_t n = strlen(f->told);
	snprintf(f->told + n, sizeof(f->told) - n, "+%.*s ", SLICE_ARG(directory_binding_text(b, BINDING_ID)));
}

static void on_removed(void *arg, struct directory_binding *b)
{
	struct fixture *f = arg;
	size_t n = strlen(f->told);
	/* Still whole: its device and user can be asked. */
	assert_non_null(b->device->user->tenant);
	snprintf(f->told + n, sizeof(f->told) - n, "-%.*s ", SLICE_ARG(directory_binding_text(b, BINDING_ID)));
}

static void apply(struct fixture *f, enum store_kind kind, const char *id, const void *row)
{
	/* The feed's memory is gone after the call: nothing may point into it. */
	char *copy = strdup(id);
	directory_apply(f->d, &(struct store_change){.kind = kind, .tenant = S("t1"), .id = S(copy), .row = row});
	free(copy);
}

static void put_tenant(struct fixture *f, const char *id, const char *name, const char *domain)
{
	struct store_tenant t = {.id = S(id), .name = S(name), .domain = S(domain), .lines = 5};
	apply(f, STORE_TENANT, id, &t);
}

static void put_user(struct fixture *f, const char *id, const char *tenant, const char *login, const char *extension)
{
	struct store_user u = {.id = S(id),
			       .tenant = S(tenant),
			       .login = S(login),
			       .extension = S(extension),
			       .name = S("Somebody"),
			       .role = S("user")};
	apply(f, STORE_USER, id, &u);
}

static void put_device(struct fixture *f, const char *id, const char *user, const char *username)
{
	struct store_device d = {.id = S(id),
				 .tenant = S("t1"),
				 .user = S(user),
				 .name = S("desk"),
				 .username = S(username),
				 .digest = 1,
				 .ha1 = SLICE("0123456789abcdef0123456789abcdef")};
	apply(f, STORE_DEVICE, id, &d);
}

static struct store_binding binding_row(const char *id, const char *device, const char *contact, int64_t updated_us)
{
	return (struct store_binding){.id = S(id),
				      .tenant = S("t1"),
				      .user = S("u1"),
				      .device = S(device),
				      .contact = S(contact),
				      .transport = 2,
				      .listener = S("0.0.0.0:5061"),
				      .local = S("192.0.2.1:5061"),
				      .remote = S("[2001:db8::9]:40000"),
				      .cseq = 3,
				      .expires_us = 99,
				      .updated_us = updated_us};
}

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	random_init_seeded(&f->random, 5);
	if (directory_new(&f->random, &f->d) < 0)
		return -1;
	directory_on_binding(f->d, on_added, on_removed, f);
	put_tenant(f, "t1", "Acme", "acme.example");
	put_tenant(f, "t2", "Bee", "bee.example");
	put_user(f, "u1", "t1", "ana", "101");
	put_user(f, "u2", "t1", "bob", "102");
	put_user(f, "u3", "t2", "ana", "101");
	put_device(f, "d1", "u1", "x1");
	put_device(f, "d2", "u1", "x2");
	put_device(f, "d3", "u3", "x3");
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;
	directory_free(f->d);
	free(f);
	return 0;
}

static void figures(struct fixture *f, const char *want)
{
	struct directory_figures got;
	char text[64];
	directory_figures(f->d, &got);
	snprintf(text, sizeof(text), "%u %u %u %u %u", got.tenants, got.users, got.devices, got.bindings,
		 got.devices_reachable);
	assert_string_equal(text, want);
}

static void test_found_by_every_name(void **state)
{
	struct fixture *f = *state;
	struct directory *d = f->d;
	struct directory_tenant *t1 = directory_tenant_by_id(d, S("t1")), *t2 = directory_tenant_by_id(d, S("t2"));

	assert_non_null(t1);
	assert_ptr_equal(directory_tenant_by_name(d, S("Acme")), t1);
	assert_null(directory_tenant_by_name(d, S("acme")));
	assert_ptr_equal(directory_tenant_by_domain(d, S("ACME.Example")), t1);
	assert_null(directory_tenant_by_domain(d, S("acme.exampl")));
	assert_int_equal(t1->lines, 5);
	assert_int_equal(t1->users, 2);

	struct directory_user *u1 = directory_user_by_extension(d, t1, S("101"));
	assert_true(slice_eq(u1->id, S("u1")));
	assert_true(slice_eq(directory_user_by_extension(d, t2, S("101"))->id, S("u3")));
	assert_null(directory_user_by_extension(d, t2, S("102")));
	assert_ptr_equal(directory_user_by_login(d, t1, S("ana")), u1);
	assert_ptr_equal(directory_user_by_id(d, S("u1")), u1);
	assert_ptr_equal(u1->tenant, t1);

	struct directory_device *d1 = directory_device_by_username(d, S("x1"));
	assert_ptr_equal(directory_device_by_id(d, S("d1")), d1);
	assert_ptr_equal(d1->user, u1);
	assert_memory_equal(d1->ha1, "0123456789abcdef0123456789abcdef", 32);
	assert_null(directory_device_by_username(d, S("X1")));
	assert_null(directory_device_by_username(d, SLICE_NONE));
	figures(f, "2 3 3 0 0");
}

static void test_long_domain(void **state)
{
	struct fixture *f = *state;
	char domain[200];
	memset(domain, 'd', sizeof(domain) - 1);
	domain[sizeof(domain) - 1] = '\0';
	put_tenant(f, "t1", "Acme", domain);
	domain[150] = 'D';
	assert_non_null(directory_tenant_by_domain(f->d, S(domain)));
	domain[150] = 'e';
	assert_null(directory_tenant_by_domain(f->d, S(domain)));
}

static void test_names_move(void **state)
{
	struct fixture *f = *state;
	struct directory_tenant *t1 = directory_tenant_by_id(f->d, S("t1"));
	struct directory_user *u1 = directory_user_by_id(f->d, S("u1"));

	put_tenant(f, "t1", "Acme & Sons", "sons.example");
	assert_null(directory_tenant_by_domain(f->d, S("acme.example")));
	assert_null(directory_tenant_by_name(f->d, S("Acme")));
	/* The same object, with all that points at it. */
	assert_ptr_equal(directory_tenant_by_domain(f->d, S("sons.example")), t1);
	assert_ptr_equal(directory_tenant_by_name(f->d, S("Acme & Sons")), t1);

	/* Two users change places, which one moment looks like two of one name. */
	put_user(f, "u1", "t1", "ana", "102");
	put_user(f, "u2", "t1", "bob", "101");
	assert_ptr_equal(directory_user_by_extension(f->d, t1, S("102")), u1);
	assert_true(slice_eq(directory_user_by_extension(f->d, t1, S("101"))->id, S("u2")));
	put_user(f, "u1", "t1", "anna", "102");
	assert_null(directory_user_by_login(f->d, t1, S("ana")));
	assert_ptr_equal(directory_user_by_login(f->d, t1, S("anna")), u1);

	put_device(f, "d1", "u1", "renamed-and-longer");
	assert_null(directory_device_by_username(f->d, S("x1")));
	assert_ptr_equal(directory_device_by_username(f->d, S("renamed-and-longer"))->user, u1);
	figures(f, "2 3 3 0 0");
}

static void test_removed_with_children(void **state)
{
	struct fixture *f = *state;
	struct store_binding b = binding_row("b1", "d1", "sip:x1@192.0.2.9", 1);

	apply(f, STORE_BINDING, "b1", &b);
	apply(f, STORE_USER, "u2", NULL);
	figures(f, "2 2 3 1 0");
	apply(f, STORE_DEVICE, "d2", NULL);
	figures(f, "2 2 2 1 0");
	assert_null(directory_device_by_username(f->d, S("x2")));
	apply(f, STORE_TENANT, "t1", NULL);
	figures(f, "1 1 1 0 0");
	assert_string_equal(f->told, "+b1 -b1 ");
	assert_null(directory_device_by_username(f->d, S("x1")));
	assert_null(directory_tenant_by_domain(f->d, S("acme.example")));
	assert_non_null(directory_device_by_username(f->d, S("x3")));
	/* Once more, and what was never there: nothing happens. */
	apply(f, STORE_TENANT, "t1", NULL);
	apply(f, STORE_BINDING, "b9", NULL);
	apply(f, STORE_CALL, "c1", NULL);
	figures(f, "1 1 1 0 0");
}

static void test_unknown_parent_is_counted(void **state)
{
	struct fixture *f = *state;
	struct directory_figures got;
	struct store_binding b = binding_row("b1", "d9", "sip:x@192.0.2.9", 1);

	put_user(f, "u9", "t9", "zoe", "900");
	put_device(f, "d9", "u9", "x9");
	apply(f, STORE_BINDING, "b1", &b);
	directory_figures(f->d, &got);
	assert_int_equal(got.changes_ignored, 3);
	assert_int_equal(got.changes_missed, 0);
	figures(f, "2 3 3 0 0");
}

static void test_bindings_of_the_feed(void **state)
{
	struct fixture *f = *state;
	struct store_binding b = binding_row("b1", "d1", "sip:x1@192.0.2.9", 10);

	apply(f, STORE_BINDING, "b1", &b);
	struct directory_binding *got = directory_binding_by_id(f->d, S("b1"));
	assert_ptr_equal(got->device, directory_device_by_id(f->d, S("d1")));
	assert_true(slice_eq(directory_binding_text(got, BINDING_CONTACT), S("sip:x1@192.0.2.9")));
	assert_int_equal(got->remote.port, 40000);
	assert_true(address_is_v4(&got->local));
	got->connection = 77;

	/* Not newer: our own write, coming back. */
	b.contact = S("sip:other@192.0.2.9");
	apply(f, STORE_BINDING, "b1", &b);
	assert_true(slice_eq(directory_binding_text(got, BINDING_CONTACT), S("sip:x1@192.0.2.9")));
	assert_string_equal(f->told, "+b1 ");
	/* Newer: someone else's. What only memory knows stays. */
	b.updated_us = 11;
	apply(f, STORE_BINDING, "b1", &b);
	assert_ptr_equal(directory_binding_by_id(f->d, S("b1")), got);
	assert_true(slice_eq(directory_binding_text(got, BINDING_CONTACT), S("sip:other@192.0.2.9")));
	assert_int_equal(got->connection, 77);
	assert_string_equal(f->told, "+b1 +b1 ");
	apply(f, STORE_BINDING, "b1", NULL);
	assert_string_equal(f->told, "+b1 +b1 -b1 ");
	figures(f, "2 3 3 0 0");
}

static void test_bindings_of_the_registrar(void **state)
{
	struct fixture *f = *state;
	struct directory_binding *a = NULL, *b = NULL, *again = NULL;
	char contact[] = "sip:x1@192.0.2.9";
	struct store_binding row = binding_row("b1", "d9", contact, 1);

	assert_int_equal(directory_binding_put(f->d, &row, &a), -ENOENT);
	assert_null(a);
	row.device = S("d1");
	assert_int_equal(directory_binding_put(f->d, &row, &a), 0);
	row.id = S("b2");
	assert_int_equal(directory_binding_put(f->d, &row, &b), 0);
	contact[4] = 'y'; /* the request's memory is used again */
	assert_true(slice_eq(directory_binding_text(a, BINDING_CONTACT), S("sip:x1@192.0.2.9")));
	a->connection = 77;
	a->unsaved = true;
	figures(f, "2 3 3 2 0");

	/* The same texts: the same object, and nothing is allocated. What only this process knows stays. */
	row = binding_row("b1", "d1", "sip:x1@192.0.2.9", 2);
	row.expires_us = 6;
	failing_start(1);
	assert_int_equal(directory_binding_put(f->d, &row, &again), 0);
	assert_int_equal(directory_binding_set_call_id(f->d, a, SLICE_NONE), 0);
	assert_false(failing_stop());
	assert_ptr_equal(again, a);
	assert_true(a->expires_us == 6 && !a->unsaved && a->connection == 77);
	row.path = S("<sip:edge;lr>");
	assert_int_equal(directory_binding_put(f->d, &row, &again), 0);
	assert_int_equal(directory_binding_set_call_id(f->d, a, S("c2@192.0.2.9")), 0);
	assert_true(slice_eq(directory_binding_text(a, BINDING_ID), S("b1")));
	assert_true(slice_eq(directory_binding_text(a, BINDING_PATH), S("<sip:edge;lr>")));
	assert_true(slice_eq(directory_binding_text(a, BINDING_CONTACT), S("sip:x1@192.0.2.9")));
	assert_true(slice_eq(directory_binding_text(a, BINDING_CALL_ID), S("c2@192.0.2.9")));
	failing_start(1);
	assert_int_equal(directory_binding_set_call_id(f->d, a, S("c3@192.0.2.9")), -ENOMEM);
	assert_true(failing_stop());
	assert_true(slice_eq(directory_binding_text(a, BINDING_CALL_ID), S("c2@192.0.2.9")));
	assert_string_equal(f->told, "");

	directory_binding_remove(f->d, a);
	figures(f, "2 3 3 1 0");
	directory_binding_remove(f->d, b);
	figures(f, "2 3 3 0 0");
	assert_string_equal(f->told, "-b1 -b2 ");
}

static void on_presence(void *arg, const struct directory_user *user)
{
	struct fixture *f = arg;
	size_t n = strlen(f->told);
	snprintf(f->told + n, sizeof(f->told) - n, "%.*s ", SLICE_ARG(user->login));
}

/* Told once for each change; and the last binding's end is one. */
static void test_reachable(void **state)
{
	struct fixture *f = *state;
	struct directory_device *d1 = directory_device_by_id(f->d, S("d1"));
	struct store_binding b = binding_row("b1", "d1", "sip:x1@192.0.2.9", 10);

	directory_on_presence(f->d, on_presence, f);
	apply(f, STORE_BINDING, "b1", &b);
	figures(f, "2 3 3 1 0");
	directory_set_reachable(f->d, d1, true);
	directory_set_reachable(f->d, d1, true);
	figures(f, "2 3 3 1 1");
	directory_set_reachable(f->d, d1, false);
	figures(f, "2 3 3 1 0");
	assert_string_equal(f->told, "+b1 ana ana ");
	directory_set_reachable(f->d, d1, true);
	apply(f, STORE_DEVICE, "d1", NULL);
	figures(f, "2 3 2 0 0");
	assert_string_equal(f->told, "+b1 ana ana ana -b1 ana ana ");

	/* And whoever has a phone more; not one that is called otherwise. */
	const struct store_device row = {
		.id = S("d1"), .tenant = S("t1"), .user = S("u1"), .name = S("phone"), .username = S("x1")};
	f->told[0] = '\0';
	apply(f, STORE_DEVICE, "d1", &row);
	apply(f, STORE_DEVICE, "d1", &row);
	assert_string_equal(f->told, "ana ");
	apply(f, STORE_USER, "u1", NULL);
	assert_string_equal(f->told, "ana ");
}

/* Told when the first call begins and when the last one ends. */
static void test_speaking(void **state)
{
	struct fixture *f = *state;
	const struct directory_device *d1 = directory_device_by_id(f->d, S("d1"));
	const struct directory_user *u = d1->user;
	directory_on_presence(f->d, on_presence, f);
	directory_count_speaking(f->d, u->id, false); /* of one that was removed, and made anew */
	assert_int_equal(u->speaking, 0);
	directory_count_speaking(f->d, u->id, true);
	directory_count_speaking(f->d, u->id, true);
	assert_string_equal(f->told, "ana ");
	directory_count_speaking(f->d, u->id, false);
	assert_int_equal(u->speaking, 1);
	assert_string_equal(f->told, "ana ");
	directory_count_speaking(f->d, u->id, false);
	assert_string_equal(f->told, "ana ana ");
	directory_count_speaking(f->d, S("nobody"), true);
	directory_count_speaking(f->d, SLICE_NONE, true); /* a trunk's */
	assert_string_equal(f->told, "ana ana ");
}

/* A closed page leaves its account for a while: nobody would call that a phone. */
static void test_pages_are_counted_while_open(void **state)
{
	struct fixture *f = *state;
	const struct store_device row = {
		.id = S("p1"), .tenant = S("t1"), .user = S("u1"), .name = S("browser"), .username = S("page-1")};
	struct store_binding b = binding_row("b1", "p1", "sip:page@192.0.2.9", 10);

	assert_int_equal(directory_browser_add(f->d, &row, f), 0);
	struct directory_device *page = directory_device_by_id(f->d, S("p1"));
	figures(f, "2 3 3 0 0");
	apply(f, STORE_BINDING, "b1", &b);
	directory_set_reachable(f->d, page, true);
	figures(f, "2 3 4 1 1");
	directory_set_reachable(f->d, page, false);
	figures(f, "2 3 3 1 0");
	directory_set_reachable(f->d, page, true);
	directory_browser_remove(f->d, page);
	figures(f, "2 3 3 0 0");
}

static struct db *filled_database(int users)
{
	struct db *db = backend_open();
	struct store_reason reason;
	char id[40], name[16], contact[64];

	assert_int_equal(db_migrate(db, store_migrations, store_migration_count, 1, &reason), 0);
	struct store_tenant t = {.id = S("t1"), .name = S("Acme"), .domain = S("acme.example")};
	assert_int_equal(db_begin(db), DB_OK);
	assert_int_equal(store_tenant_put(db, &t), DB_OK);
	for (int i = 0; i < users; i++) {
		snprintf(id, sizeof(id), "01930000-0000-7000-8000-%012d", i);
		snprintf(name, sizeof(name), "user%d", i);
		snprintf(contact, sizeof(contact), "sip:user%d@192.0.2.9:40000;transport=udp", i);
		struct store_user u = {.id = S(id),
				       .tenant = S("t1"),
				       .login = S(name),
				       .extension = S(name),
				       .name = S("Somebody Somewhere"),
				       .role = S("user")};
		struct store_device d = {.id = S(id),
					 .tenant = S("t1"),
					 .user = S(id),
					 .name = S("desk"),
					 .username = S(name),
					 .ha1 = SLICE("0123456789abcdef")};
		struct store_binding b = binding_row(id, id, contact, 1);
		b.user = S(id);
		b.call_id = S("3848276298220188511@192.0.2.9");
		b.instance = S("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>");
		b.user_agent = S("Yealink SIP-T46S 66.86.0.15");
		assert_int_equal(store_user_put(db, &u), DB_OK);
		assert_int_equal(store_device_put(db, &d), DB_OK);
		assert_int_equal(store_binding_put(db, &b), DB_OK);
	}
	assert_int_equal(db_commit(db), DB_OK);
	return db;
}

static int load(void *db)
{
	struct random random;
	struct directory *d = NULL;
	random_init_seeded(&random, 6);
	int rc = directory_new(&random, &d);
	if (rc < 0)
		return rc;
	rc = directory_load(d, db);
	if (rc == 0) {
		struct directory_figures got;
		directory_figures(d, &got);
		assert_int_equal(got.users + got.devices + got.bindings, 300);
	}
	directory_free(d);
	return rc;
}

static void test_load(void **state)
{
	struct db *db = filled_database(100);
	/* Its statements are prepared once, so that only our own memory can fail. */
	assert_int_equal(load(db), 0);
	failing_each(load, db);
	db_close(db);
}

/* design: at most 1 KiB a registered device beyond its user record; and the same again for user and device. */
static void test_memory(void **state)
{
	struct db *db = filled_database(2000);
	struct random random;
	struct directory *d = NULL;

	random_init_seeded(&random, 7);
	assert_int_equal(directory_new(&random, &d), 0);
	size_t before = mallinfo2().uordblks;
	assert_int_equal(directory_load(d, db), 0);
	size_t all = (mallinfo2().uordblks - before) / 2000;
	/* Under a sanitizer the heap is another one, and mallinfo2() says 0. */
	if (before > 0)
		assert_in_range(all, 100, 2048);
	directory_free(d);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found_by_every_name, start, stop),
		cmocka_unit_test_setup_teardown(test_long_domain, start, stop),
		cmocka_unit_test_setup_teardown(test_names_move, start, stop),
		cmocka_unit_test_setup_teardown(test_removed_with_children, start, stop),
		cmocka_unit_test_setup_teardown(test_unknown_parent_is_counted, start, stop),
		cmocka_unit_test_setup_teardown(test_bindings_of_the_feed, start, stop),
		cmocka_unit_test_setup_teardown(test_bindings_of_the_registrar, start, stop),
		cmocka_unit_test_setup_teardown(test_reachable, start, stop),
		cmocka_unit_test_setup_teardown(test_speaking, start, stop),
		cmocka_unit_test_setup_teardown(test_pages_are_counted_while_open, start, stop),
	};
	const struct CMUnitTest loads[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL) + BACKEND_RUN(loads);
}
