/* Trunks by their addresses: the narrowest block, equal blocks of several, both families, moved and gone */
#include <errno.h>

#include "directory/directory.h"
#include "support/failing.h"
#include "support/test.h"

#define S(text) slice_from_string(text)

static struct directory *directory_one(void)
{
	struct random random;
	struct directory *d = NULL;
	random_init_seeded(&random, 5);
	assert_int_equal(directory_new(&random, &d), 0);
	struct store_tenant t = {.id = S("t1"), .name = S("Acme"), .domain = S("acme.example")};
	directory_apply(d, &(struct store_change){.kind = STORE_TENANT, .id = t.id, .row = &t});
	return d;
}

static void put(struct directory *d, const char *id, const char *tenant, const char *sources)
{
	struct store_trunk t = {
		.id = S(id), .tenant = S(tenant), .name = S(id), .host = S("op"), .sources = S(sources)};
	directory_apply(d, &(struct store_change){.kind = STORE_TRUNK, .id = t.id, .row = &t});
}

static void take(struct directory *d, const char *id)
{
	directory_apply(d, &(struct store_change){.kind = STORE_TRUNK, .id = S(id)});
}

/* arg: ids that do not fit. */
static bool fits(const struct directory_trunk *t, const void *arg)
{
	return slice_find(S(arg), t->id.p[0]) < 0;
}

static void expect(struct directory *d, const char *from, const char *but, const char *want)
{
	struct address a;
	assert_true(address_parse(S(from), &a));
	a.port = 12345;
	const struct directory_trunk *t = directory_trunk_by_source(d, &a, fits, but);
	if (!slice_eq(t ? t->id : SLICE_NONE, S(want)))
		fail_msg("%s: %.*s instead of %s", from, t ? (int)t->id.n : 0, t ? t->id.p : "", want);
}

static void test_narrowest_block(void **state)
{
	struct directory *d = directory_one();
	expect(d, "192.0.2.7", "", "");
	put(d, "a", "", "192.0.0.0/16, 2001:db8::/32");
	put(d, "b", "t1", "192.0.2.0/24");
	put(d, "c", "t1", "192.0.2.7");
	put(d, "d", "", "192.0.2.7,10.0.0.0/17");
	expect(d, "192.0.3.1", "", "a");
	expect(d, "192.0.2.8", "", "b");
	expect(d, "192.0.2.7", "d", "c");
	expect(d, "192.0.2.7", "c", "d");
	expect(d, "192.0.2.7", "cd", "b");
	expect(d, "192.0.2.7", "cdb", "a");
	expect(d, "192.0.2.7", "cdba", "");
	expect(d, "10.0.127.255", "", "d");
	expect(d, "10.0.128.0", "", "");
	expect(d, "2001:db8:ffff::1", "", "a");
	expect(d, "2001:db9::1", "", "");
	put(d, "c", "t1", "198.51.100.1"); /* it moves */
	expect(d, "192.0.2.7", "d", "b");
	expect(d, "198.51.100.1", "", "c");
	take(d, "c");
	expect(d, "198.51.100.1", "", "");
	/* An IPv6 block as wide as all of it has no IPv4 address in it. */
	put(d, "e", "", "::/0");
	expect(d, "198.51.100.1", "", "");
	expect(d, "2001:db9::1", "", "e");
	directory_apply(d, &(struct store_change){.kind = STORE_TENANT, .id = S("t1")});
	expect(d, "192.0.2.8", "", "a");
	assert_ptr_equal(directory_shared_trunks(d), directory_trunk_by_id(d, S("a")));
	directory_free(d);
}

static void test_order_and_parents(void **state)
{
	struct directory *d = directory_one();
	struct directory_figures f;
	put(d, "a", "t1", "");
	put(d, "b", "t1", "");
	put(d, "x", "nobody", "192.0.2.1");
	expect(d, "192.0.2.1", "", "");
	struct directory_tenant *t = directory_tenant_by_id(d, S("t1"));
	assert_true(slice_eq(t->first_trunk->id, S("a")) && slice_eq(t->first_trunk->next_of_owner->id, S("b")));
	directory_figures(d, &f);
	assert_int_equal(f.trunks * 10 + f.changes_ignored, 21);
	directory_free(d);
}

static void test_parse(void **state)
{
	struct address_block blocks[DIRECTORY_SOURCES_MAX];
	size_t n = 99;
	assert_true(directory_sources_parse(S("192.0.2.1, 2001:db8::/33"), blocks, &n));
	assert_int_equal(n, 2);
	assert_true(directory_sources_parse(S(""), blocks, &n));
	assert_int_equal(n, 0);
	assert_false(directory_sources_parse(S("192.0.2.1/24"), blocks, &n));
	assert_false(directory_sources_parse(S("op.example"), blocks, &n));
	assert_false(directory_sources_parse(S("1.1.1.1,,1.1.1.2"), blocks, &n));
	char many[17 * 8 + 1] = "";
	for (size_t i = 0; i < 17; i++)
		memcpy(many + i * 8, "1.1.1.1,", 9);
	assert_true(directory_sources_parse(slice_of(many, 16 * 8), blocks, &n));
	assert_int_equal(n, 16);
	assert_false(directory_sources_parse(slice_of(many, 17 * 8), blocks, &n));
}

static int made(void *arg)
{
	struct random random;
	struct directory *d = NULL;
	random_init_seeded(&random, 5);
	int rc = directory_new(&random, &d);
	if (rc < 0)
		return rc;
	put(d, "a", "", "192.0.2.0/24,198.51.100.1");
	put(d, "a", "", "203.0.113.0/25,203.0.113.128/26");
	struct directory_figures f;
	directory_figures(d, &f);
	directory_free(d);
	return f.changes_missed ? -ENOMEM : 0;
}

static void test_without_memory(void **state)
{
	failing_each(made, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_narrowest_block),
		cmocka_unit_test(test_order_and_parents),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
