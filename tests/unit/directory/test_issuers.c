/* Issuers: one of a tenant, changed in its place, gone with it */
#include <errno.h>

#include "directory/directory.h"
#include "support/failing.h"
#include "support/test.h"

#define S(text) slice_from_string(text)

static void put(struct directory *d, const char *id, const char *tenant, const char *name)
{
	struct store_issuer i = {
		.id = S(id), .tenant = S(tenant), .name = S(name), .url = S("https://login.example"), .on = true};
	directory_apply(d, &(struct store_change){.kind = STORE_ISSUER, .id = i.id, .row = &i});
}

static int fill(struct directory **ret)
{
	struct random random;
	random_init_seeded(&random, 5);
	int rc = directory_new(&random, ret);
	if (rc < 0)
		return rc;
	struct store_tenant t = {.id = S("t1"), .name = S("Acme"), .domain = S("acme.example")};
	directory_apply(*ret, &(struct store_change){.kind = STORE_TENANT, .id = t.id, .row = &t});
	put(*ret, "i1", "t1", "SSO");
	return 0;
}

static void test_one_of_a_tenant(void **state)
{
	struct directory *d = NULL;
	struct directory_figures f;
	assert_int_equal(fill(&d), 0);
	const struct directory_tenant *t = directory_tenant_by_id(d, S("t1"));
	const struct directory_issuer *i = directory_issuer_by_id(d, S("i1"));
	assert_ptr_equal(t->issuer, i);
	put(d, "i1", "t1", "Keycloak");
	assert_ptr_equal(directory_issuer_by_id(d, S("i1")), i);
	assert_slice(i->name, "Keycloak");
	put(d, "i2", "t1", "Other");
	assert_null(directory_issuer_by_id(d, S("i1")));
	assert_slice(t->issuer->id, "i2");
	put(d, "i3", "nobody", "Other");
	directory_figures(d, &f);
	assert_int_equal(f.changes_ignored, 1);
	directory_apply(d, &(struct store_change){.kind = STORE_ISSUER, .id = S("i2")});
	assert_null(t->issuer);
	put(d, "i2", "t1", "Other");
	directory_apply(d, &(struct store_change){.kind = STORE_TENANT, .id = S("t1")});
	assert_null(directory_issuer_by_id(d, S("i2")));
	directory_free(d);
}

/* What the read model lacks is counted, and nothing is half there. */
static int fill_once(void *arg)
{
	struct directory *d = NULL;
	struct directory_figures f;
	int rc = fill(&d);
	if (rc < 0)
		return rc;
	directory_figures(d, &f);
	const struct directory_tenant *t = directory_tenant_by_id(d, S("t1"));
	rc = f.changes_missed || f.changes_ignored ? -ENOMEM : 0;
	assert_true(rc < 0 || (t && t->issuer));
	directory_free(d);
	return rc;
}

static void test_memory_runs_out(void **state)
{
	failing_each(fill_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_of_a_tenant),
					   cmocka_unit_test(test_memory_runs_out)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
