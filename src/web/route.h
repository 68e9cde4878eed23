/* web/route.h - which resource a path names */
#pragma once
#include "web/parameters.h"

/* What the policy speaks of: web/policy.c. */
enum web_resource {
	WEB_ON_HEALTH,
	WEB_ON_METRICS,
	WEB_ON_STATUS,
	WEB_ON_TENANTS,
	WEB_ON_USERS,
	WEB_ON_DEVICES,
	WEB_ON_TRUNKS,
	WEB_ON_NUMBERS,
	WEB_ON_BANS,
	WEB_ON_CERTIFICATES,
	WEB_ON_CALLS,
	WEB_ON_ALL_CALLS, /* the end of all of a company's */
	WEB_ON_MESSAGES,
	WEB_ON_TOKENS,
	WEB_ON_SESSION,
	WEB_ON_TOTP,
	WEB_ON_PASSKEYS,
	WEB_ON_PASSWORDS,
	WEB_ON_PHONE,
	WEB_ON_EVENTS,
	WEB_ON_WEBHOOKS,
	WEB_ON_PEAK,
	WEB_ON_AUDIT,
	WEB_ON_COMPLIANCE,
	WEB_ON_ISSUERS,
	WEB_ON_SIGN_IN, /* at one of them */
	WEB_ON_PROVISIONING,
	WEB_RESOURCE_COUNT
};
enum web_action { WEB_READ, WEB_CREATE, WEB_CHANGE, WEB_REMOVE };

struct web_route {
	const char *pattern; /* "/api/v1/users/{id}": at most one {id}, which stands for one non-empty part */
	enum web_method method;
	void (*handle)(struct web_request *r);
	const struct web_parameters *parameters;
	enum web_resource resource;
	enum web_action action;
};
/* All of them: tests/unit/web/test_openapi.c holds openapi.json against them. */
extern const struct web_route web_routes[];
extern const size_t web_route_count;
const char *web_method_name(enum web_method method); /* "GET"; not of WEB_OTHER */
/* ret_id: what stood for {id}, a part of path; empty if the pattern has none. */
bool web_pattern_matches(const char *pattern, struct slice path, struct slice *ret_id);
/* The route; NULL with *ret_allow empty (no such path) or with the methods that the path knows: "GET, POST". */
/* May the request, which asks for a WebSocket, have the one of live events? False: answered. */
MUST_USE bool web_route_admit_stream(struct web_request *r);
#define WEB_ALLOW_CAP 40
const struct web_route *web_route_find(enum web_method method, struct slice path, struct slice *ret_id,
				       char ret_allow[WEB_ALLOW_CAP]);

/* The resources. */
void web_tenants_list(struct web_request *r);
void web_tenants_write(struct web_request *r);
void web_tenants_get(struct web_request *r);
void web_tenants_remove(struct web_request *r);
void web_users_list(struct web_request *r);
void web_users_write(struct web_request *r);
void web_users_get(struct web_request *r);
void web_users_remove(struct web_request *r);
void web_devices_list(struct web_request *r);
void web_devices_write(struct web_request *r);
void web_devices_get(struct web_request *r);
void web_devices_remove(struct web_request *r);
void web_provisioning_get(struct web_request *r);
void web_trunks_list(struct web_request *r);
void web_trunks_write(struct web_request *r);
void web_trunks_get(struct web_request *r);
void web_trunks_remove(struct web_request *r);
void web_numbers_list(struct web_request *r);
void web_numbers_write(struct web_request *r);
void web_numbers_get(struct web_request *r);
void web_numbers_remove(struct web_request *r);
void web_tokens_list(struct web_request *r);
void web_tokens_create(struct web_request *r);
void web_tokens_remove(struct web_request *r);
void web_webhooks_list(struct web_request *r);
void web_webhooks_write(struct web_request *r);
void web_webhooks_get(struct web_request *r);
void web_webhooks_remove(struct web_request *r);
void web_webhooks_renew(struct web_request *r);
void web_deliveries_list(struct web_request *r);
void web_deliveries_test(struct web_request *r);
void web_deliveries_retry(struct web_request *r);
void web_issuers_list(struct web_request *r);
void web_issuers_write(struct web_request *r);
void web_issuers_get(struct web_request *r);
void web_issuers_remove(struct web_request *r);
void web_issuers_check(struct web_request *r);
void web_openid_get(struct web_request *r);
void web_openid_sign(struct web_request *r);
void web_session_get(struct web_request *r);
void web_session_begin(struct web_request *r);
void web_session_end(struct web_request *r);
void web_phone_begin(struct web_request *r);
void web_totp_get(struct web_request *r);
void web_totp_set(struct web_request *r);
void web_totp_remove(struct web_request *r);
void web_passkey_sign(struct web_request *r);
void web_passkeys_list(struct web_request *r);
void web_passkeys_create(struct web_request *r);
void web_passkeys_rename(struct web_request *r);
void web_passkeys_remove(struct web_request *r);
void web_password_set(struct web_request *r);
void web_events_get(struct web_request *r);
void web_peak_get(struct web_request *r);
void web_audit_list(struct web_request *r);
void web_audit_check(struct web_request *r);
void web_compliance_get(struct web_request *r);
void web_bans_list(struct web_request *r);
void web_bans_lift(struct web_request *r);
void web_certificates_list(struct web_request *r);
void web_certificates_renew(struct web_request *r);
void web_calls_list(struct web_request *r);
void web_calls_hang_up(struct web_request *r);
void web_call_get(struct web_request *r);
void web_call_messages(struct web_request *r);
void web_call_hang_up(struct web_request *r);
void web_status_get(struct web_request *r);
void web_health_get(struct web_request *r);
void web_metrics_get(struct web_request *r);
void web_openapi_get(struct web_request *r);
