/*
 * web/fields.h - the members of a body, read by a table into a struct
 *
 * Pure: bytes in, values or a problem out. What is accepted here is what the store may be given.
 */
#pragma once
#include <jansson.h>

#include "web/problem.h"

/* An object within WEB_BODY_MAX bytes, no member twice. 0, -EINVAL with *reterr. */
MUST_USE int web_body_parse(struct slice text, json_t **ret, struct web_problem *reterr);

enum web_field_kind { WEB_TEXT, WEB_NUMBER };
struct web_field {
	const char *name;
	enum web_field_kind kind;
	bool required;               /* of WEB_WHOLE */
	bool fixed;                  /* not in WEB_PART */
	size_t offset;               /* of a struct slice, or of an int64_t */
	bool (*valid)(struct slice); /* text, never an empty one */
	int64_t max;                 /* number: from 0 to this */
	const char *must;            /* "must be 2 to 10 digits": the end of the sentence that refuses it */
};
/* What a body is for: POST and PUT say everything that is not usual, PATCH what is to be another. */
enum web_use { WEB_WHOLE, WEB_PART };
struct web_body {
	const char *schema; /* "User": in openapi.json UserNew and UserChange say the same */
	const struct web_field *fields;
	size_t count;
};
enum {
	WEB_BODY_TENANT,
	WEB_BODY_USER,
	WEB_BODY_DEVICE,
	WEB_BODY_TRUNK,
	WEB_BODY_NUMBER,
	WEB_BODY_WEBHOOK,
	WEB_BODY_ISSUER,
	WEB_BODIES
};
extern const struct web_body web_bodies[WEB_BODIES];
/* Of what is only asked for with POST; each beside its resource. */
extern const struct web_body web_token_body, web_session_body, web_totp_body, web_password_body, web_phone_body,
	web_retry_body, web_passkey_body, web_sign_body, web_openid_body;

/*
 * Every member must be in the table and valid. What is not given, or null, leaves ret's value alone. Slices borrow from
 * the body. 0; -EINVAL with *reterr, ret is then not to be used.
 */
MUST_USE int web_fields_read(const json_t *body, const struct web_body *kind, enum web_use use, void *ret,
			     struct web_problem *reterr);

/* ---- what they are read into. Not given: empty, or below zero; of WEB_WHOLE the usual, if there is one ---- */
struct web_tenant_fields {
	struct slice name, domain;
	int64_t lines, lines_bought;
};
struct web_user_fields {
	struct slice tenant, login, extension, name, role;
};
struct web_device_fields {
	struct slice tenant, user, name, username, password, digest, srtp, keepalive;
};
struct web_trunk_fields {
	struct slice tenant, name, host, from, listener, transport, srtp;
};
struct web_number_fields {
	struct slice tenant, number, user, flow;
};
struct web_webhook_fields {
	struct slice tenant, name, url, events, state;
};
struct web_issuer_fields {
	struct slice tenant, name, url, client_id, client_secret, claim, mail_domain, state, passwords;
};
MUST_USE int web_tenant_read(const json_t *body, enum web_use use, struct web_tenant_fields *ret,
			     struct web_problem *reterr);
MUST_USE int web_user_read(const json_t *body, enum web_use use, struct web_user_fields *ret,
			   struct web_problem *reterr);
MUST_USE int web_device_read(const json_t *body, enum web_use use, struct web_device_fields *ret,
			     struct web_problem *reterr);
MUST_USE int web_trunk_read(const json_t *body, enum web_use use, struct web_trunk_fields *ret,
			    struct web_problem *reterr);
MUST_USE int web_number_read(const json_t *body, enum web_use use, struct web_number_fields *ret,
			     struct web_problem *reterr);

MUST_USE int web_webhook_read(const json_t *body, enum web_use use, struct web_webhook_fields *ret,
			      struct web_problem *reterr);
MUST_USE int web_issuer_read(const json_t *body, enum web_use use, struct web_issuer_fields *ret,
			     struct web_problem *reterr);

/* ---- checks ---- */
bool web_is_tenant_name(struct slice s);  /* [a-z0-9-]{1,63} */
bool web_is_domain(struct slice s);       /* a host name, RFC 1123 §2.1, any case */
bool web_is_extension(struct slice s);    /* 2 to 10 digits */
bool web_is_login(struct slice s);        /* [a-z0-9._-]{1,64} */
bool web_is_display_name(struct slice s); /* 1 to 128 bytes of UTF-8, visible: web/name.c */
bool web_is_device_name(struct slice s);  /* [A-Za-z0-9._-]{1,64} */
bool web_is_username(struct slice s);     /* [A-Za-z0-9._-]{3,64} */
bool web_is_password(struct slice s);     /* WEB_PASSWORD_MIN to _MAX bytes of UTF-8 without control characters */
bool web_is_role(struct slice s);
bool web_is_digest(struct slice s);
bool web_is_srtp(struct slice s);
bool web_is_device_srtp(struct slice s); /* what a trunk may say, and dtls */
bool web_is_host_port(struct slice s);   /* a host name or address, with :PORT or without */
bool web_is_sources(struct slice s);     /* addresses and CIDR blocks, comma separated, none too wide */
bool web_is_address_port(struct slice s);
bool web_is_trunk_transport(struct slice s); /* udp, tcp or tls */
bool web_is_number(struct slice s);          /* E.164: directory/e164.h */
bool web_is_flow(struct slice s);            /* none yet */
/* Take what web_is_host_port() accepts apart: the host without brackets, port 0: not given. */
MUST_USE bool web_host_port(struct slice s, struct slice *ret_host, uint16_t *ret_port);
bool web_is_keepalive(struct slice s);
bool web_is_hook_url(struct slice s);    /* https, and a port that is no other service's */
bool web_is_hook_events(struct slice s); /* names of events, comma separated, none twice */
bool web_is_switch(struct slice s);      /* on or off */
bool web_is_issuer_url(struct slice s);  /* the same as of a hook, in ASCII, without query and fragment */
bool web_is_client_id(struct slice s);   /* ASCII that can be seen, WEB_CLIENT_ID_MAX at most */
bool web_is_client_secret(struct slice s);
bool web_is_claim(struct slice s);     /* [A-Za-z0-9:/._-]{1,64} */
bool web_is_who(struct slice s);       /* a login with its company's domain, or the domain */
bool web_is_id(struct slice s);        /* 36 characters of a UUID in lower case */
bool web_is_reference(struct slice s); /* a name or an id of something that should exist: 1 to 64 plain characters */
