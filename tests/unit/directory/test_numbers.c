/* Numbers: found by what is dialled, moved between users, in their order, gone with their user */
#include <errno.h>

#include "directory/directory.h"
#include "support/failing.h"
#include "support/test.h"

#define S(text) slice_from_string(text)

static void put_user(struct directory *d, const char *id)
{
	struct store_user u = {.id = S(id), .tenant = S("t1"), .login = S(id), .extension = S(id), .name = S(id)};
	directory_apply(d, &(struct store_change){.kind = STORE_USER, .id = u.id, .row = &u});
}

static void put(struct directory *d, const char *number, const char *user)
{
	struct store_number n = {.id = S(number), .tenant = S("t1"), .user = S(user), .number = S(number)};
	directory_apply(d, &(struct store_change){.kind = STORE_NUMBER, .id = n.id, .row = &n});
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
	put_user(*ret, "u1");
	put_user(*ret, "u2");
	put(*ret, "+331", "u1");
	put(*ret, "+332", "u1");
	put(*ret, "+333", "u2");
	return 0;
}

/* "+331 +332": of the tenant, then of each user. */
static void expect(struct directory *d, const char *want)
{
	char text[128];
	struct writer w = writer_on(text, sizeof(text) - 1);
	const struct directory_tenant *t = directory_tenant_by_id(d, S("t1"));
	for (const struct directory_number *n = t->first_number; n; n = n->next_in_tenant)
		write_format(&w, "%.*s ", SLICE_ARG(n->number));
	for (const char *const *id = (const char *const[]){"u1", "u2", NULL}; *id; id++) {
		const struct directory_user *u = directory_user_by_id(d, S(*id));
		write_format(&w, "| ");
		for (const struct directory_number *n = u ? u->first_number : NULL; n; n = n->next_of_user)
			write_format(&w, "%.*s ", SLICE_ARG(n->number));
	}
	text[w.n] = 0;
	assert_string_equal(text, want);
}

static void test_found_moved_and_gone(void **state)
{
	struct directory *d = NULL;
	struct directory_figures f;
	assert_int_equal(fill(&d), 0);
	expect(d, "+331 +332 +333 | +331 +332 | +333 ");
	assert_true(slice_eq(directory_number_find(d, S("+332"))->user->id, S("u1")));
	assert_null(directory_number_find(d, S("+33")));
	put(d, "+331", "u2");
	expect(d, "+331 +332 +333 | +332 | +333 +331 ");
	put(d, "+331", "nobody"); /* the user was removed in the same transaction: as it was */
	expect(d, "+331 +332 +333 | +332 | +333 +331 ");
	directory_apply(d, &(struct store_change){.kind = STORE_NUMBER, .id = S("+333")});
	expect(d, "+331 +332 | +332 | +331 ");
	put(d, "+334", "u2");
	expect(d, "+331 +332 +334 | +332 | +331 +334 ");
	directory_apply(d, &(struct store_change){.kind = STORE_USER, .id = S("u2")});
	expect(d, "+332 | +332 | ");
	assert_null(directory_number_find(d, S("+331")));
	put(d, "+335", "nobody");
	directory_figures(d, &f);
	assert_int_equal(f.numbers * 10 + f.changes_ignored, 12);
	directory_free(d);
}

static int made(void *arg)
{
	struct directory *d = NULL;
	struct directory_figures f;
	int rc = fill(&d);
	if (rc < 0)
		return rc;
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
		cmocka_unit_test(test_found_moved_and_gone),
		cmocka_unit_test(test_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
