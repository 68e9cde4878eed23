/* web/bodies.c - the fields of each resource's bodies */
#include "web/fields.h"

#include "web/limits.h"

#define REQUIRED .required = true
#define OPTIONAL .required = false
/* Of what it belongs to, or is: said when it is made, and never changed. */
#define FIXED .required = true, .fixed = true
#define TEXT_FIELD(type, member, how, check, sentence)                                                                 \
	{                                                                                                              \
		.name = #member, .kind = WEB_TEXT, how, .offset = offsetof(struct type, member), .valid = (check),     \
		.must = (sentence)                                                                                     \
	}
#define TENANT_FIELD(type) TEXT_FIELD(type, tenant, FIXED, web_is_reference, "must be the name or id of a tenant")
#define NAME_FIELD(type)                                                                                               \
	TEXT_FIELD(type, name, REQUIRED, web_is_display_name,                                                          \
		   "must be 1 to 128 bytes of text that can be seen: without control characters, and without ones "    \
		   "that are invisible or turn the direction of others")
#define BODY(word, list)                                                                                               \
	{                                                                                                              \
		.schema = (word), .fields = (list), .count = ARRAY_LEN(list)                                           \
	}

static const struct web_field tenant_fields[] = {
	TEXT_FIELD(web_tenant_fields, name, REQUIRED, web_is_tenant_name,
		   "must be 1 to 63 of the characters a-z, 0-9 and -"),
	TEXT_FIELD(web_tenant_fields, domain, REQUIRED, web_is_domain,
		   "must be a host name such as example.com, 253 characters at most"),
	{.name = "lines",
	 .kind = WEB_NUMBER,
	 .offset = offsetof(struct web_tenant_fields, lines),
	 .max = WEB_LINES_MAX,
	 .must = "must be a number of calls at once from 0 (not limited) to " TEXT_OF(WEB_LINES_MAX)},
	{.name = "lines_bought",
	 .kind = WEB_NUMBER,
	 .offset = offsetof(struct web_tenant_fields, lines_bought),
	 .max = WEB_LINES_MAX,
	 .must = "must be a number of calls at once from 0 (no bound) to " TEXT_OF(WEB_LINES_MAX)},
};

static const struct web_field user_fields[] = {
	TENANT_FIELD(web_user_fields),
	TEXT_FIELD(web_user_fields, login, REQUIRED, web_is_login,
		   "must be 1 to 64 of the characters a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_user_fields, extension, REQUIRED, web_is_extension, "must be 2 to 10 digits"),
	NAME_FIELD(web_user_fields),
	TEXT_FIELD(web_user_fields, role, OPTIONAL, web_is_role,
		   "must be user, admin, supervisor, auditor or provider"),
};

static const struct web_field device_fields[] = {
	TENANT_FIELD(web_device_fields),
	TEXT_FIELD(web_device_fields, user, FIXED, web_is_reference, "must be the login or id of a user of the tenant"),
	TEXT_FIELD(web_device_fields, name, REQUIRED, web_is_device_name,
		   "must be 1 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_device_fields, username, OPTIONAL, web_is_username,
		   "must be 3 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_device_fields, password, OPTIONAL, web_is_password,
		   "must have " TEXT_OF(WEB_PASSWORD_MIN) " to " TEXT_OF(
			   WEB_PASSWORD_MAX) " bytes, without control characters; leave it out to have one made"),
	TEXT_FIELD(web_device_fields, digest, OPTIONAL, web_is_digest, "must be md5 or sha-256"),
	TEXT_FIELD(web_device_fields, srtp, OPTIONAL, web_is_device_srtp, "must be sdes, dtls or off"),
	TEXT_FIELD(web_device_fields, keepalive, OPTIONAL, web_is_keepalive, "must be crlf, options or off"),
};

static const struct web_field trunk_fields[] = {
	{.name = "tenant",
	 .kind = WEB_TEXT,
	 .fixed = true,
	 .offset = offsetof(struct web_trunk_fields, tenant),
	 .valid = web_is_reference,
	 .must = "must be the name or id of a tenant; leave it out for a trunk that all tenants share"},
	TEXT_FIELD(web_trunk_fields, name, REQUIRED, web_is_device_name,
		   "must be 1 to 64 of the characters A-Z, a-z, 0-9, dot, _ and -"),
	TEXT_FIELD(web_trunk_fields, host, REQUIRED, web_is_host_port,
		   "must be a host name or address, with :PORT or without"),
	TEXT_FIELD(web_trunk_fields, from, OPTIONAL, web_is_sources,
		   "must be at most 16 addresses or blocks such as 192.0.2.0/24, comma separated, none wider than /16 "
		   "(IPv6: /32), with no bits set behind the prefix"),
	TEXT_FIELD(web_trunk_fields, listener, OPTIONAL, web_is_address_port,
		   "must be an address and port that this node listens on, such as 192.0.2.1:5060"),
	TEXT_FIELD(web_trunk_fields, transport, OPTIONAL, web_is_trunk_transport, "must be udp, tcp or tls"),
	TEXT_FIELD(web_trunk_fields, srtp, OPTIONAL, web_is_srtp, "must be sdes or off"),
};

static const struct web_field number_fields[] = {
	TENANT_FIELD(web_number_fields),
	TEXT_FIELD(web_number_fields, number, FIXED, web_is_number,
		   "must be an international number: + and 5 to 15 digits, such as +33142685300"),
	/* Settled for a later version (docs/decisions/011). */
	TEXT_FIELD(web_number_fields, flow, OPTIONAL, web_is_flow,
		   "cannot be used: this version has no flows; name a user instead"),
	TEXT_FIELD(web_number_fields, user, REQUIRED, web_is_reference,
		   "must be the login or id of a user of the tenant"),
};

static const struct web_field webhook_fields[] = {
	TENANT_FIELD(web_webhook_fields),
	NAME_FIELD(web_webhook_fields),
	TEXT_FIELD(web_webhook_fields, url, REQUIRED, web_is_hook_url,
		   "must be an https: URL without a user's name and without a fragment (#), of at most 2000 bytes, to "
		   "port 443 or one from 1024 on"),
	TEXT_FIELD(
		web_webhook_fields, events, OPTIONAL, web_is_hook_events,
		"must be one or more of call.started, call.answered, call.ended, message.delivered and message.failed, "
		"comma separated, none twice"),
	TEXT_FIELD(web_webhook_fields, state, OPTIONAL, web_is_switch, "must be on or off"),
};

static const struct web_field issuer_fields[] = {
	TENANT_FIELD(web_issuer_fields),
	NAME_FIELD(web_issuer_fields),
	TEXT_FIELD(web_issuer_fields, url, REQUIRED, web_is_issuer_url,
		   "must be an https: URL as the issuer calls itself, without query and fragment, of at most 2000 "
		   "bytes, to port 443 or one from 1024 on"),
	TEXT_FIELD(web_issuer_fields, client_id, REQUIRED, web_is_client_id,
		   "must be 1 to " TEXT_OF(WEB_CLIENT_ID_MAX) " characters of ASCII without spaces"),
	TEXT_FIELD(web_issuer_fields, client_secret, REQUIRED, web_is_client_secret,
		   "must be 1 to " TEXT_OF(WEB_CLIENT_SECRET_MAX) " characters of ASCII without spaces"),
	TEXT_FIELD(web_issuer_fields, claim, OPTIONAL, web_is_claim,
		   "must be the name of a claim, such as email or preferred_username"),
	TEXT_FIELD(web_issuer_fields, mail_domain, OPTIONAL, web_is_domain,
		   "must be a host name such as example.com, 253 characters at most"),
	TEXT_FIELD(web_issuer_fields, state, OPTIONAL, web_is_switch, "must be on or off"),
	TEXT_FIELD(web_issuer_fields, passwords, OPTIONAL, web_is_switch, "must be on or off"),
};

const struct web_body web_bodies[WEB_BODIES] = {
	[WEB_BODY_TENANT] = BODY("Tenant", tenant_fields), [WEB_BODY_USER] = BODY("User", user_fields),
	[WEB_BODY_DEVICE] = BODY("Device", device_fields), [WEB_BODY_TRUNK] = BODY("Trunk", trunk_fields),
	[WEB_BODY_NUMBER] = BODY("Number", number_fields), [WEB_BODY_WEBHOOK] = BODY("Webhook", webhook_fields),
	[WEB_BODY_ISSUER] = BODY("Issuer", issuer_fields),
};

int web_tenant_read(const json_t *body, enum web_use use, struct web_tenant_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_tenant_fields){.lines = -1, .lines_bought = -1};
	int rc = web_fields_read(body, &web_bodies[WEB_BODY_TENANT], use, ret, reterr);
	if (rc == 0 && use == WEB_WHOLE) {
		/* One of the two says both: what is given has been bought, and may be used. */
		int64_t given = MAX(MAX(ret->lines, ret->lines_bought), INT64_C(0));
		ret->lines = ret->lines < 0 ? given : ret->lines;
		ret->lines_bought = ret->lines_bought < 0 ? given : ret->lines_bought;
	}
	return rc;
}

int web_user_read(const json_t *body, enum web_use use, struct web_user_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_user_fields){.role = use == WEB_WHOLE ? SLICE("user") : SLICE_NONE};
	return web_fields_read(body, &web_bodies[WEB_BODY_USER], use, ret, reterr);
}

int web_device_read(const json_t *body, enum web_use use, struct web_device_fields *ret, struct web_problem *reterr)
{
	/* What the password is kept by has no usual value: web/devices.c. */
	*ret = (struct web_device_fields){.name = SLICE_NONE};
	if (use == WEB_WHOLE)
		*ret = (struct web_device_fields){.srtp = SLICE("sdes"), .keepalive = SLICE("crlf")};
	return web_fields_read(body, &web_bodies[WEB_BODY_DEVICE], use, ret, reterr);
}

int web_trunk_read(const json_t *body, enum web_use use, struct web_trunk_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_trunk_fields){.name = SLICE_NONE};
	if (use == WEB_WHOLE)
		*ret = (struct web_trunk_fields){.transport = SLICE("tls"), .srtp = SLICE("sdes")};
	return web_fields_read(body, &web_bodies[WEB_BODY_TRUNK], use, ret, reterr);
}

int web_number_read(const json_t *body, enum web_use use, struct web_number_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_number_fields){.number = SLICE_NONE};
	return web_fields_read(body, &web_bodies[WEB_BODY_NUMBER], use, ret, reterr);
}

int web_webhook_read(const json_t *body, enum web_use use, struct web_webhook_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_webhook_fields){.name = SLICE_NONE};
	if (use == WEB_WHOLE)
		*ret = (struct web_webhook_fields){.events = SLICE("call.started,call.answered,call.ended"),
						   .state = SLICE("on")};
	return web_fields_read(body, &web_bodies[WEB_BODY_WEBHOOK], use, ret, reterr);
}

int web_issuer_read(const json_t *body, enum web_use use, struct web_issuer_fields *ret, struct web_problem *reterr)
{
	*ret = (struct web_issuer_fields){.name = SLICE_NONE};
	if (use == WEB_WHOLE)
		*ret = (struct web_issuer_fields){
			.claim = SLICE("email"), .state = SLICE("on"), .passwords = SLICE("on")};
	return web_fields_read(body, &web_bodies[WEB_BODY_ISSUER], use, ret, reterr);
}
