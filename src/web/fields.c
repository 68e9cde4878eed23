/* web/fields.c - bodies: JSON within bounds, then member by member against a table */
#include "web/fields.h"
#include <errno.h>

#include "web/limits.h"

int web_body_parse(struct slice text, json_t **ret, struct web_problem *reterr)
{
	if (text.n > WEB_BODY_MAX) {
		web_problem_set(reterr, WEB_TOO_LARGE, NULL, "a body may have %zu bytes at most", WEB_BODY_MAX);
		return -EINVAL;
	}
	json_error_t error;
	json_t *body = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		/* The parser quotes the input; that may be a password. Its position is enough. */
		web_problem_set(reterr, WEB_BAD_JSON, NULL, "the body is not JSON: error in line %d, column %d",
				error.line, error.column);
		return -EINVAL;
	}
	if (!json_is_object(body)) {
		json_decref(body);
		web_problem_set(reterr, WEB_BAD_JSON, NULL, "the body must be a JSON object");
		return -EINVAL;
	}
	*ret = body;
	return 0;
}

static const struct web_field *find(const struct web_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq(slice_from_string(fields[i].name), slice_from_string(name)))
			return &fields[i];
	return NULL;
}

static bool take(const struct web_field *f, const json_t *value, void *ret)
{
	void *target = (char *)ret + f->offset;
	if (f->kind == WEB_NUMBER) {
		json_int_t n = json_integer_value(value);
		if (!json_is_integer(value) || n < 0 || n > f->max)
			return false;
		*(int64_t *)target = n;
		return true;
	}
	struct slice s = slice_of(json_string_value(value), json_string_length(value));
	if (!json_is_string(value) || !f->valid(s))
		return false;
	*(struct slice *)target = s;
	return true;
}

int web_fields_read(const json_t *body, const struct web_field *fields, size_t count, void *ret,
		    struct web_problem *reterr)
{
	if (!body) {
		web_problem_set(reterr, WEB_BAD_JSON, NULL, "a JSON object is expected as the body");
		return -EINVAL;
	}
	/* jansson iterates over what it may not change, too, only through a pointer that is not const. */
	json_t *object = (json_t *)(uintptr_t)body;
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		const struct web_field *f = find(fields, count, name);
		if (!f) {
			web_problem_set(reterr, WEB_UNKNOWN_FIELD, NULL, "\"%.40s\" is not a field of this resource",
					name);
			/* Not the stranger's own word as `field`, unless it is a plain one. */
			if (web_is_reference(slice_from_string(name)))
				snprintf(reterr->field, sizeof(reterr->field), "%s", name);
			return -EINVAL;
		}
		if (!json_is_null(value) && !take(f, value, ret)) {
			web_problem_set(reterr, WEB_INVALID_FIELD, f->name, "%s %s", f->name, f->must);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *given = json_object_get(object, fields[i].name);
		if (fields[i].required && (!given || json_is_null(given))) {
			web_problem_set(reterr, WEB_MISSING_FIELD, fields[i].name, "%s is missing: it %s",
					fields[i].name, fields[i].must);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- the tables ---- */

#define STRINGIFY(x) #x
#define TEXT_OF(x) STRINGIFY(x)
#define TEXT_FIELD(type, member, needed, check, sentence)                                                              \
	{                                                                                                              \
		.name = #member, .kind = WEB_TEXT, .required = (needed), .offset = offsetof(struct type, member),      \
		.valid = (check), .must = (sentence)                                                                   \
	}
#define LINES_FIELD(needed)                                                                                            \
	{                                                                                                              \
		.name = "lines", .kind = WEB_NUMBER, .required = (needed),                                             \
		.offset = offsetof(struct web_tenant_fields, lines), .max = WEB_LINES_MAX,                             \
		.must = "must be a number of calls at once from 0 (not limited) to " TEXT_OF(WEB_LINES_MAX)            \
	}

static const struct web_field tenant_fields[] = {
	TEXT_FIELD(web_tenant_fields, name, true, web_is_tenant_name,
		   "must be 1 to 63 of the characters a-z, 0-9 and -"),
	TEXT_FIELD(web_tenant_fields, domain, true, web_is_domain,
		   "must be a host name such as example.com, 253 characters at most"),
	LINES_FIELD(false),
};
static const struct web_field tenant_change_fields[] = {LINES_FIELD(true)};

static const struct web_field user_fields[] = {
	TEXT_FIELD(web_user_fields, tenant, true, web_is_reference, "must be the name or id of a tenant"),
	TEXT_FIELD(web_user_fields, login, true, web_is_login,
		   "must be 1 to 64 of the characters a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_user_fields, extension, true, web_is_extension, "must be 2 to 10 digits"),
	TEXT_FIELD(web_user_fields, name, true, web_is_display_name,
		   "must be 1 to 128 bytes of text without control characters"),
	TEXT_FIELD(web_user_fields, role, false, web_is_role, "must be user, admin, supervisor or auditor"),
};

#define KEEPALIVE_FIELD(needed)                                                                                        \
	TEXT_FIELD(web_device_fields, keepalive, needed, web_is_keepalive, "must be crlf, options or off")
static const struct web_field device_fields[] = {
	TEXT_FIELD(web_device_fields, tenant, true, web_is_reference, "must be the name or id of a tenant"),
	TEXT_FIELD(web_device_fields, user, true, web_is_reference, "must be the login or id of a user of the tenant"),
	TEXT_FIELD(web_device_fields, name, true, web_is_device_name,
		   "must be 1 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_device_fields, username, false, web_is_username,
		   "must be 3 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_device_fields, password, false, web_is_password,
		   "must have " TEXT_OF(WEB_PASSWORD_MIN) " to " TEXT_OF(
			   WEB_PASSWORD_MAX) " bytes, without control characters; leave it out to have one made"),
	TEXT_FIELD(web_device_fields, digest, false, web_is_digest, "must be md5 or sha-256"),
	TEXT_FIELD(web_device_fields, srtp, false, web_is_srtp, "must be sdes or off"),
	KEEPALIVE_FIELD(false),
};
static const struct web_field device_change_fields[] = {KEEPALIVE_FIELD(true)};

static const struct web_field trunk_fields[] = {
	TEXT_FIELD(web_trunk_fields, tenant, false, web_is_reference,
		   "must be the name or id of a tenant; leave it out for a trunk that all tenants share"),
	TEXT_FIELD(web_trunk_fields, name, true, web_is_device_name,
		   "must be 1 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_trunk_fields, host, true, web_is_host_port,
		   "must be a host name or address, with :PORT or without"),
	TEXT_FIELD(web_trunk_fields, from, false, web_is_sources,
		   "must be at most 16 addresses or blocks such as 192.0.2.0/24, comma separated, none wider than /16 "
		   "(IPv6: /32), with no bits set behind the prefix"),
	TEXT_FIELD(web_trunk_fields, listener, false, web_is_address_port,
		   "must be an address and port that this node listens on, such as 192.0.2.1:5060"),
	TEXT_FIELD(web_trunk_fields, transport, false, web_is_trunk_transport, "must be udp, tcp or tls"),
	TEXT_FIELD(web_trunk_fields, srtp, false, web_is_srtp, "must be sdes or off"),
};

#define USER_OF_NUMBER                                                                                                 \
	TEXT_FIELD(web_number_fields, user, true, web_is_reference, "must be the login or id of a user of the tenant")
/* Settled for a later version (docs/decisions/011). */
#define FLOW_OF_NUMBER                                                                                                 \
	TEXT_FIELD(web_number_fields, flow, false, web_is_flow,                                                        \
		   "cannot be used: this version has no flows; name a user instead")
static const struct web_field number_fields[] = {
	TEXT_FIELD(web_number_fields, tenant, true, web_is_reference, "must be the name or id of a tenant"),
	TEXT_FIELD(web_number_fields, number, true, web_is_number,
		   "must be an international number: + and 5 to 15 digits, such as +33142685300"),
	FLOW_OF_NUMBER,
	USER_OF_NUMBER,
};
static const struct web_field number_change_fields[] = {FLOW_OF_NUMBER, USER_OF_NUMBER};

#define BODY(name, table)                                                                                              \
	{                                                                                                              \
		.schema = (name), .fields = (table), .count = ARRAY_LEN(table)                                         \
	}
const struct web_body web_bodies[WEB_BODIES] = {
	BODY("TenantNew", tenant_fields), BODY("TenantChange", tenant_change_fields), BODY("UserNew", user_fields),
	BODY("DeviceNew", device_fields), BODY("DeviceChange", device_change_fields), BODY("TrunkNew", trunk_fields),
	BODY("NumberNew", number_fields), BODY("NumberChange", number_change_fields),
};

int web_tenant_read(const json_t *body, struct web_tenant_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_tenant_fields){.lines = 0};
	return web_fields_read(body, tenant_fields, ARRAY_LEN(tenant_fields), ret, reterr);
}

int web_tenant_change_read(const json_t *body, struct web_tenant_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_tenant_fields){.lines = 0};
	return web_fields_read(body, tenant_change_fields, ARRAY_LEN(tenant_change_fields), ret, reterr);
}

int web_user_read(const json_t *body, struct web_user_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_user_fields){.role = SLICE("user")};
	return web_fields_read(body, user_fields, ARRAY_LEN(user_fields), ret, reterr);
}

int web_device_read(const json_t *body, struct web_device_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_device_fields){.digest = SLICE("md5"), .srtp = SLICE("sdes"), .keepalive = SLICE("crlf")};
	return web_fields_read(body, device_fields, ARRAY_LEN(device_fields), ret, reterr);
}

int web_trunk_read(const json_t *body, struct web_trunk_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_trunk_fields){.transport = SLICE("tls"), .srtp = SLICE("sdes")};
	return web_fields_read(body, trunk_fields, ARRAY_LEN(trunk_fields), ret, reterr);
}

int web_number_read(const json_t *body, struct web_number_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_number_fields){.tenant = SLICE_NONE};
	return web_fields_read(body, number_fields, ARRAY_LEN(number_fields), ret, reterr);
}

int web_number_change_read(const json_t *body, struct web_number_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_number_fields){.tenant = SLICE_NONE};
	return web_fields_read(body, number_change_fields, ARRAY_LEN(number_change_fields), ret, reterr);
}

int web_device_change_read(const json_t *body, struct web_device_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_device_fields){.keepalive = SLICE_NONE};
	return web_fields_read(body, device_change_fields, ARRAY_LEN(device_change_fields), ret, reterr);
}
