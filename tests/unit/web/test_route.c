/* test_route.c - paths to resources, and the methods that a path knows */
#include "support/guard.h"
#include "support/test.h"
#include "web/route.h"

static void patterns_match_part_by_part(void **state)
{
	static const struct {
		const char *pattern, *path, *id; /* id NULL: no match */
	} table[] = {
		{"/healthz", "/healthz", ""},    {"/healthz", "/healthz/", NULL}, {"/healthz", "/health", NULL},
		{"/healthz", "/healthzz", NULL}, {"/healthz", "healthz", NULL},   {"/healthz", "", NULL},
		{"/healthz", "//healthz", NULL}, {"/a/{id}", "/a/1", "1"},        {"/a/{id}", "/a/", NULL},
		{"/a/{id}", "/a", NULL},         {"/a/{id}", "/a/1/", NULL},      {"/a/{id}", "/a/1/b", NULL},
		{"/a/{id}", "/a/..", ".."},      {"/a/{id}/b", "/a/1/b", "1"},    {"/a/{id}/b", "/a//b", NULL},
		{"/a/{id}/b", "/a/1/c", NULL},   {"/a/{id}/b", "/a/1/b/", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice path = guard_slice(slice_from_string(table[i].path)), id = SLICE("untouched");
		bool matches = web_pattern_matches(table[i].pattern, path, &id);
		if (matches != (table[i].id != NULL))
			fail_msg("%s against %s", table[i].path, table[i].pattern);
		assert_slice(id, table[i].id ? table[i].id : "untouched");
		guard_free(path.p);
	}
}

static void a_path_names_its_resource_or_its_methods(void **state)
{
	char allow[WEB_ALLOW_CAP];
	struct slice id;
	const struct web_route *r = web_route_find(WEB_PATCH, SLICE("/api/v1/tenants/acme"), &id, allow);
	assert_non_null(r);
	assert_ptr_equal(r->handle, web_tenants_write);
	assert_slice(id, "acme");
	r = web_route_find(WEB_POST, SLICE("/api/v1/calls/x/hangup"), &id, allow);
	assert_ptr_equal(r->handle, web_call_hang_up);
	assert_slice(id, "x");

	assert_null(web_route_find(WEB_OTHER, SLICE("/api/v1/tenants/acme"), &id, allow));
	assert_string_equal(allow, "GET, HEAD, PUT, PATCH, DELETE");
	assert_null(web_route_find(WEB_DELETE, SLICE("/api/v1/tenants"), &id, allow));
	assert_string_equal(allow, "GET, HEAD, POST");
	assert_null(web_route_find(WEB_GET, SLICE("/api/v2/tenants"), &id, allow));
	assert_string_equal(allow, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_part_by_part),
		cmocka_unit_test(a_path_names_its_resource_or_its_methods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
