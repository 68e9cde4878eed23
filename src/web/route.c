/* web/route.c - the table of routes, and what every request goes through before its resource */
#include "web/route.h"
#include <errno.h>

#include "web/act.h"
#include "web/console.h"
#include "web/fields.h"
#include "web/pace.h"
#include "web/plain.h"
#include "web/policy.h"
#include "web/who.h"

const struct web_route web_routes[] = {
	{"/healthz", WEB_GET, web_health_get, &web_no_parameters, WEB_ON_HEALTH, WEB_READ},
	{"/metrics", WEB_GET, web_metrics_get, &web_no_parameters, WEB_ON_METRICS, WEB_READ},
	{"/api/v1/openapi.json", WEB_GET, web_openapi_get, &web_no_parameters, WEB_ON_HEALTH, WEB_READ},
	{"/api/v1/status", WEB_GET, web_status_get, &web_no_parameters, WEB_ON_STATUS, WEB_READ},
	{"/api/v1/tenants", WEB_GET, web_tenants_list, &web_tenant_parameters, WEB_ON_TENANTS, WEB_READ},
	{"/api/v1/tenants", WEB_POST, web_tenants_write, &web_no_parameters, WEB_ON_TENANTS, WEB_CREATE},
	{"/api/v1/tenants/{id}", WEB_GET, web_tenants_get, &web_no_parameters, WEB_ON_TENANTS, WEB_READ},
	{"/api/v1/tenants/{id}", WEB_PUT, web_tenants_write, &web_no_parameters, WEB_ON_TENANTS, WEB_CHANGE},
	{"/api/v1/tenants/{id}", WEB_PATCH, web_tenants_write, &web_no_parameters, WEB_ON_TENANTS, WEB_CHANGE},
	{"/api/v1/tenants/{id}", WEB_DELETE, web_tenants_remove, &web_no_parameters, WEB_ON_TENANTS, WEB_REMOVE},
	{"/api/v1/users", WEB_GET, web_users_list, &web_user_parameters, WEB_ON_USERS, WEB_READ},
	{"/api/v1/users", WEB_POST, web_users_write, &web_no_parameters, WEB_ON_USERS, WEB_CREATE},
	{"/api/v1/users/{id}", WEB_GET, web_users_get, &web_no_parameters, WEB_ON_USERS, WEB_READ},
	{"/api/v1/users/{id}", WEB_PUT, web_users_write, &web_no_parameters, WEB_ON_USERS, WEB_CHANGE},
	{"/api/v1/users/{id}", WEB_PATCH, web_users_write, &web_no_parameters, WEB_ON_USERS, WEB_CHANGE},
	{"/api/v1/users/{id}", WEB_DELETE, web_users_remove, &web_no_parameters, WEB_ON_USERS, WEB_REMOVE},
	{"/api/v1/devices", WEB_GET, web_devices_list, &web_device_parameters, WEB_ON_DEVICES, WEB_READ},
	{"/api/v1/devices", WEB_POST, web_devices_write, &web_no_parameters, WEB_ON_DEVICES, WEB_CREATE},
	{"/api/v1/devices/{id}", WEB_GET, web_devices_get, &web_no_parameters, WEB_ON_DEVICES, WEB_READ},
	{"/api/v1/devices/{id}", WEB_PUT, web_devices_write, &web_no_parameters, WEB_ON_DEVICES, WEB_CHANGE},
	{"/api/v1/devices/{id}", WEB_PATCH, web_devices_write, &web_no_parameters, WEB_ON_DEVICES, WEB_CHANGE},
	{"/api/v1/devices/{id}", WEB_DELETE, web_devices_remove, &web_no_parameters, WEB_ON_DEVICES, WEB_REMOVE},
	{"/api/v1/provisioning/{id}", WEB_GET, web_provisioning_get, &web_no_parameters, WEB_ON_PROVISIONING, WEB_READ},
	{"/api/v1/trunks", WEB_GET, web_trunks_list, &web_trunk_parameters, WEB_ON_TRUNKS, WEB_READ},
	{"/api/v1/trunks", WEB_POST, web_trunks_write, &web_no_parameters, WEB_ON_TRUNKS, WEB_CREATE},
	{"/api/v1/trunks/{id}", WEB_GET, web_trunks_get, &web_no_parameters, WEB_ON_TRUNKS, WEB_READ},
	{"/api/v1/trunks/{id}", WEB_PUT, web_trunks_write, &web_no_parameters, WEB_ON_TRUNKS, WEB_CHANGE},
	{"/api/v1/trunks/{id}", WEB_PATCH, web_trunks_write, &web_no_parameters, WEB_ON_TRUNKS, WEB_CHANGE},
	{"/api/v1/trunks/{id}", WEB_DELETE, web_trunks_remove, &web_no_parameters, WEB_ON_TRUNKS, WEB_REMOVE},
	{"/api/v1/numbers", WEB_GET, web_numbers_list, &web_number_parameters, WEB_ON_NUMBERS, WEB_READ},
	{"/api/v1/numbers", WEB_POST, web_numbers_write, &web_no_parameters, WEB_ON_NUMBERS, WEB_CREATE},
	{"/api/v1/numbers/{id}", WEB_GET, web_numbers_get, &web_no_parameters, WEB_ON_NUMBERS, WEB_READ},
	{"/api/v1/numbers/{id}", WEB_PUT, web_numbers_write, &web_no_parameters, WEB_ON_NUMBERS, WEB_CHANGE},
	{"/api/v1/numbers/{id}", WEB_PATCH, web_numbers_write, &web_no_parameters, WEB_ON_NUMBERS, WEB_CHANGE},
	{"/api/v1/numbers/{id}", WEB_DELETE, web_numbers_remove, &web_no_parameters, WEB_ON_NUMBERS, WEB_REMOVE},
	{"/api/v1/bans", WEB_GET, web_bans_list, &web_page_parameters, WEB_ON_BANS, WEB_READ},
	{"/api/v1/bans", WEB_DELETE, web_bans_lift, &web_lift_parameters, WEB_ON_BANS, WEB_REMOVE},
	{"/api/v1/certificates", WEB_GET, web_certificates_list, &web_certificate_parameters, WEB_ON_CERTIFICATES,
	 WEB_READ},
	{"/api/v1/certificates/{id}/renew", WEB_POST, web_certificates_renew, &web_no_parameters, WEB_ON_CERTIFICATES,
	 WEB_CHANGE},
	{"/api/v1/calls", WEB_GET, web_calls_list, &web_call_parameters, WEB_ON_CALLS, WEB_READ},
	{"/api/v1/calls", WEB_DELETE, web_calls_hang_up, &web_clear_parameters, WEB_ON_ALL_CALLS, WEB_REMOVE},
	{"/api/v1/calls/{id}", WEB_GET, web_call_get, &web_no_parameters, WEB_ON_CALLS, WEB_READ},
	{"/api/v1/calls/{id}", WEB_DELETE, web_call_hang_up, &web_no_parameters, WEB_ON_CALLS, WEB_REMOVE},
	{"/api/v1/calls/{id}/hangup", WEB_POST, web_call_hang_up, &web_no_parameters, WEB_ON_CALLS, WEB_REMOVE},
	{"/api/v1/calls/{id}/messages", WEB_GET, web_call_messages, &web_page_parameters, WEB_ON_MESSAGES, WEB_READ},
	{"/api/v1/peak", WEB_GET, web_peak_get, &web_peak_parameters, WEB_ON_PEAK, WEB_READ},
	{"/api/v1/tokens", WEB_GET, web_tokens_list, &web_token_parameters, WEB_ON_TOKENS, WEB_READ},
	{"/api/v1/tokens", WEB_POST, web_tokens_create, &web_no_parameters, WEB_ON_TOKENS, WEB_CREATE},
	{"/api/v1/tokens/{id}", WEB_DELETE, web_tokens_remove, &web_no_parameters, WEB_ON_TOKENS, WEB_REMOVE},
	{"/api/v1/webhooks", WEB_GET, web_webhooks_list, &web_token_parameters, WEB_ON_WEBHOOKS, WEB_READ},
	{"/api/v1/webhooks", WEB_POST, web_webhooks_write, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_CREATE},
	{"/api/v1/webhooks/{id}", WEB_GET, web_webhooks_get, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_READ},
	{"/api/v1/webhooks/{id}", WEB_PUT, web_webhooks_write, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_CHANGE},
	{"/api/v1/webhooks/{id}", WEB_PATCH, web_webhooks_write, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_CHANGE},
	{"/api/v1/webhooks/{id}", WEB_DELETE, web_webhooks_remove, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_REMOVE},
	{"/api/v1/webhooks/{id}/secret", WEB_POST, web_webhooks_renew, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_CHANGE},
	{"/api/v1/webhooks/{id}/test", WEB_POST, web_deliveries_test, &web_no_parameters, WEB_ON_WEBHOOKS, WEB_CHANGE},
	{"/api/v1/webhooks/{id}/retry", WEB_POST, web_deliveries_retry, &web_no_parameters, WEB_ON_WEBHOOKS,
	 WEB_CHANGE},
	{"/api/v1/webhooks/{id}/deliveries", WEB_GET, web_deliveries_list, &web_page_parameters, WEB_ON_WEBHOOKS,
	 WEB_READ},
	{"/api/v1/issuers", WEB_GET, web_issuers_list, &web_token_parameters, WEB_ON_ISSUERS, WEB_READ},
	{"/api/v1/issuers", WEB_POST, web_issuers_write, &web_no_parameters, WEB_ON_ISSUERS, WEB_CREATE},
	{"/api/v1/issuers/{id}", WEB_GET, web_issuers_get, &web_no_parameters, WEB_ON_ISSUERS, WEB_READ},
	{"/api/v1/issuers/{id}", WEB_PUT, web_issuers_write, &web_no_parameters, WEB_ON_ISSUERS, WEB_CHANGE},
	{"/api/v1/issuers/{id}", WEB_PATCH, web_issuers_write, &web_no_parameters, WEB_ON_ISSUERS, WEB_CHANGE},
	{"/api/v1/issuers/{id}", WEB_DELETE, web_issuers_remove, &web_no_parameters, WEB_ON_ISSUERS, WEB_REMOVE},
	{"/api/v1/issuers/{id}/check", WEB_POST, web_issuers_check, &web_no_parameters, WEB_ON_ISSUERS, WEB_CHANGE},
	{"/api/v1/session", WEB_GET, web_session_get, &web_no_parameters, WEB_ON_SESSION, WEB_READ},
	{"/api/v1/session", WEB_POST, web_session_begin, &web_no_parameters, WEB_ON_SESSION, WEB_CREATE},
	{"/api/v1/session", WEB_DELETE, web_session_end, &web_no_parameters, WEB_ON_SESSION, WEB_REMOVE},
	{"/api/v1/session/totp", WEB_GET, web_totp_get, &web_no_parameters, WEB_ON_TOTP, WEB_READ},
	{"/api/v1/session/totp", WEB_POST, web_totp_set, &web_no_parameters, WEB_ON_TOTP, WEB_CREATE},
	{"/api/v1/session/totp", WEB_DELETE, web_totp_remove, &web_code_parameters, WEB_ON_TOTP, WEB_REMOVE},
	{"/api/v1/session/phone", WEB_POST, web_phone_begin, &web_no_parameters, WEB_ON_PHONE, WEB_CREATE},
	{"/api/v1/session/passkey", WEB_POST, web_passkey_sign, &web_no_parameters, WEB_ON_SESSION, WEB_CREATE},
	{"/api/v1/session/openid", WEB_GET, web_openid_get, &web_who_parameters, WEB_ON_SIGN_IN, WEB_READ},
	{"/api/v1/session/openid", WEB_POST, web_openid_sign, &web_no_parameters, WEB_ON_SIGN_IN, WEB_CREATE},
	{"/api/v1/session/passkeys", WEB_GET, web_passkeys_list, &web_no_parameters, WEB_ON_PASSKEYS, WEB_READ},
	{"/api/v1/session/passkeys", WEB_POST, web_passkeys_create, &web_no_parameters, WEB_ON_PASSKEYS, WEB_CREATE},
	{"/api/v1/session/passkeys/{id}", WEB_PATCH, web_passkeys_rename, &web_no_parameters, WEB_ON_PASSKEYS,
	 WEB_CHANGE},
	{"/api/v1/session/passkeys/{id}", WEB_DELETE, web_passkeys_remove, &web_no_parameters, WEB_ON_PASSKEYS,
	 WEB_REMOVE},
	{"/api/v1/users/{id}/password", WEB_POST, web_password_set, &web_no_parameters, WEB_ON_PASSWORDS, WEB_CHANGE},
	{"/api/v1/audit", WEB_GET, web_audit_list, &web_audit_parameters, WEB_ON_AUDIT, WEB_READ},
	{"/api/v1/audit/check", WEB_GET, web_audit_check, &web_check_parameters, WEB_ON_AUDIT, WEB_READ},
	{"/api/v1/compliance", WEB_GET, web_compliance_get, &web_compliance_parameters, WEB_ON_COMPLIANCE, WEB_READ},
	{"/api/v1/events", WEB_GET, web_events_get, &web_event_parameters, WEB_ON_EVENTS, WEB_READ},
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
		const struct web_route *route = &web_routes[i];
		if (!web_pattern_matches(route->pattern, path, ret_id))
			continue;
		if (route->method == method)
			return route;
		write_string(&allow, allow.n ? ", " : "");
		write_string(&allow, route->method == WEB_GET ? "GET, HEAD" : method_names[route->method]);
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

bool web_route_admit_stream(struct web_request *r)
{
	char allow[WEB_ALLOW_CAP];
	const struct web_route *route = web_route_find(r->method, r->path, &r->id, allow);
	if (!route || route->handle != web_events_get) {
		web_problem(r, WEB_NOT_FOUND, NULL, "there is no WebSocket at this path");
		return false;
	}
	return web_parameters_check(r, route->parameters) && web_who_find(r) && web_policy_admit(r, route);
}

/* What changes something is told, but for what has no word. False: answered. */
static bool may_do(struct web_request *r, const struct web_route *route)
{
	/* What stops a flood is never held back by it, and no more can be taken back than was made. */
	bool takes_back = route->action == WEB_REMOVE &&
			  (route->resource == WEB_ON_TOKENS || route->resource == WEB_ON_SESSION);
	return route->action == WEB_READ || takes_back || !web_act_thing(route->resource) || web_may_act(r);
}

void web_handle(struct web_request *r)
{
	char allow[WEB_ALLOW_CAP];
	if (r->plane == WEB_PLAIN) {
		web_plain_answer(r);
		return;
	}
	const struct web_route *route = web_route_find(r->method, r->path, &r->id, allow);
	if (route) {
		r->route = route;
		if (web_who_find(r) && web_parameters_check(r, route->parameters) && take_body(r) &&
		    web_policy_admit(r, route) && may_do(r, route))
			route->handle(r);
		return;
	}
	bool console = !*allow && r->plane != WEB_LOCAL && !slice_eq(slice_first(r->path, 5), SLICE("/api/"));
	if (console && r->method == WEB_GET) {
		web_console_get(r);
		return;
	}
	if (console)
		snprintf(allow, sizeof(allow), "GET, HEAD");
	if (!*allow) {
		web_problem(r, WEB_NOT_FOUND, NULL, "there is nothing at this path");
		return;
	}
	struct slice kept;
	if (arena_dup(&r->arena, slice_of(allow, strlen(allow) + 1), &kept))
		r->answer.allow = kept.p;
	web_problem(r, WEB_METHOD_NOT_ALLOWED, NULL, "this resource knows %s", allow);
}
