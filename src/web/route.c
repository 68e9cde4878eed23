/* web/route.c - the table of routes, and what every request goes through before its resource */
#include "web/route.h"
#include <errno.h>

#include "web/fields.h"

const struct web_route web_routes[] = {
	{"/healthz", WEB_GET, web_health_get, &web_no_parameters},
	{"/metrics", WEB_GET, web_metrics_get, &web_no_parameters},
	{"/api/v1/openapi.json", WEB_GET, web_openapi_get, &web_no_parameters},
	{"/api/v1/status", WEB_GET, web_status_get, &web_no_parameters},
	{"/api/v1/tenants", WEB_GET, web_tenants_list, &web_tenant_parameters},
	{"/api/v1/tenants", WEB_POST, web_tenants_write, &web_no_parameters},
	{"/api/v1/tenants/{id}", WEB_GET, web_tenants_get, &web_no_parameters},
	{"/api/v1/tenants/{id}", WEB_PUT, web_tenants_write, &web_no_parameters},
	{"/api/v1/tenants/{id}", WEB_PATCH, web_tenants_write, &web_no_parameters},
	{"/api/v1/tenants/{id}", WEB_DELETE, web_tenants_remove, &web_no_parameters},
	{"/api/v1/users", WEB_GET, web_users_list, &web_user_parameters},
	{"/api/v1/users", WEB_POST, web_users_write, &web_no_parameters},
	{"/api/v1/users/{id}", WEB_GET, web_users_get, &web_no_parameters},
	{"/api/v1/users/{id}", WEB_PUT, web_users_write, &web_no_parameters},
	{"/api/v1/users/{id}", WEB_PATCH, web_users_write, &web_no_parameters},
	{"/api/v1/users/{id}", WEB_DELETE, web_users_remove, &web_no_parameters},
	{"/api/v1/devices", WEB_GET, web_devices_list, &web_device_parameters},
	{"/api/v1/devices", WEB_POST, web_devices_write, &web_no_parameters},
	{"/api/v1/devices/{id}", WEB_GET, web_devices_get, &web_no_parameters},
	{"/api/v1/devices/{id}", WEB_PUT, web_devices_write, &web_no_parameters},
	{"/api/v1/devices/{id}", WEB_PATCH, web_devices_write, &web_no_parameters},
	{"/api/v1/devices/{id}", WEB_DELETE, web_devices_remove, &web_no_parameters},
	{"/api/v1/trunks", WEB_GET, web_trunks_list, &web_trunk_parameters},
	{"/api/v1/trunks", WEB_POST, web_trunks_write, &web_no_parameters},
	{"/api/v1/trunks/{id}", WEB_GET, web_trunks_get, &web_no_parameters},
	{"/api/v1/trunks/{id}", WEB_PUT, web_trunks_write, &web_no_parameters},
	{"/api/v1/trunks/{id}", WEB_PATCH, web_trunks_write, &web_no_parameters},
	{"/api/v1/trunks/{id}", WEB_DELETE, web_trunks_remove, &web_no_parameters},
	{"/api/v1/numbers", WEB_GET, web_numbers_list, &web_number_parameters},
	{"/api/v1/numbers", WEB_POST, web_numbers_write, &web_no_parameters},
	{"/api/v1/numbers/{id}", WEB_GET, web_numbers_get, &web_no_parameters},
	{"/api/v1/numbers/{id}", WEB_PUT, web_numbers_write, &web_no_parameters},
	{"/api/v1/numbers/{id}", WEB_PATCH, web_numbers_write, &web_no_parameters},
	{"/api/v1/numbers/{id}", WEB_DELETE, web_numbers_remove, &web_no_parameters},
	{"/api/v1/bans", WEB_GET, web_bans_list, &web_page_parameters},
	{"/api/v1/bans", WEB_DELETE, web_bans_lift, &web_lift_parameters},
	{"/api/v1/calls", WEB_GET, web_calls_list, &web_call_parameters},
	{"/api/v1/calls", WEB_DELETE, web_calls_hang_up, &web_clear_parameters},
	{"/api/v1/calls/{id}", WEB_GET, web_call_get, &web_no_parameters},
	{"/api/v1/calls/{id}", WEB_DELETE, web_call_hang_up, &web_no_parameters},
	{"/api/v1/calls/{id}/hangup", WEB_POST, web_call_hang_up, &web_no_parameters},
	{"/api/v1/calls/{id}/messages", WEB_GET, web_call_messages, &web_page_parameters},
};
const size_t web_route_count = ARRAY_LEN(web_routes);

static const char *const method_names[] = {
	[WEB_GET] = "GET", [WEB_PUT] = "PUT", [WEB_POST] = "POST", [WEB_PATCH] = "PATCH", [WEB_DELETE] = "DELETE"};

const char *web_method_name(enum web_method method)
{
	return method_names[method];
}

bool web_pattern_matches(const char *pattern, struct slice path, struct slice *ret_id)
{
	struct slice id = SLICE_NONE, p = slice_from_string(pattern);
	while (!slice_empty(p)) {
		struct slice want = slice_cut(&p, '/');
		/* As many parts on both sides, and no slash at the end that the pattern lacks. */
		if (!slice_empty(p) && slice_find(path, '/') < 0)
			return false;
		if (slice_empty(p) && slice_find(path, '/') >= 0)
			return false;
		struct slice part = slice_cut(&path, '/');
		if (slice_eq(want, SLICE("{id}"))) {
			if (slice_empty(part))
				return false;
			id = part;
		} else if (!slice_eq(want, part)) {
			return false;
		}
	}
	*ret_id = id;
	return true;
}

const struct web_route *web_route_find(enum web_method method, struct slice path, struct slice *ret_id,
				       char ret_allow[WEB_ALLOW_CAP])
{
	struct writer allow = writer_on(ret_allow, WEB_ALLOW_CAP - 1);
	for (size_t i = 0; i < web_route_count; i++) {
		if (!web_pattern_matches(web_routes[i].pattern, path, ret_id))
			continue;
		if (web_routes[i].method == method)
			return &web_routes[i];
		write_string(&allow, allow.n ? ", " : "");
		write_string(&allow, method_names[web_routes[i].method]);
	}
	ret_allow[allow.n] = 0;
	return NULL;
}

bool web_method_takes_body(enum web_method m)
{
	return m == WEB_PUT || m == WEB_POST || m == WEB_PATCH;
}

/* False: answered. */
static bool take_body(struct web_request *r)
{
	if (slice_empty(r->body_text))
		return true;
	if (!web_method_takes_body(r->method)) {
		web_problem(r, WEB_BAD_REQUEST, NULL, "this request takes no body");
		return false;
	}
	if (!r->json_type) {
		web_problem(r, WEB_NOT_JSON, NULL, "the body must be JSON, with Content-Type: application/json");
		return false;
	}
	struct web_problem p;
	if (web_body_parse(r->body_text, &r->body, &p) < 0) {
		web_problem_given(r, &p);
		return false;
	}
	return true;
}

void web_handle(struct web_request *r)
{
	char allow[WEB_ALLOW_CAP];
	const struct web_route *route = web_route_find(r->method, r->path, &r->id, allow);
	if (r->plane != WEB_LOCAL && (!route || route->handle != web_health_get)) {
		web_problem(r, WEB_NO_LOGIN, NULL, "nobody can log in yet: use the unix socket");
		return;
	}
	if (route) {
		if (web_parameters_check(r, route->parameters) && take_body(r))
			route->handle(r);
		return;
	}
	if (!*allow) {
		web_problem(r, WEB_NOT_FOUND, NULL, "there is nothing at this path");
		return;
	}
	struct slice kept;
	if (arena_dup(&r->arena, slice_of(allow, strlen(allow) + 1), &kept))
		r->answer.allow = kept.p;
	web_problem(r, WEB_METHOD_NOT_ALLOWED, NULL, "this resource knows %s", allow);
}
