/*
 * web/phone.c - /api/v1/session/phone: the signed-in person's browser becomes a phone, without a password to type
 *
 * The page registers with what it is given at WEB_SIP_PATH, and asks again with the user name before its time is over.
 */
#include "sip/digest.h"
#include "web/fields.h"
#include "web/phones.h"
#include "web/route.h"
#include "web/sip.h"
#include "web/turn.h"
#include <errno.h>

struct given {
	struct slice username, digest;
};
static const struct web_field fields[] = {
	{.name = "username",
	 .offset = offsetof(struct given, username),
	 .valid = web_is_username,
	 .must = "must be the user name that this resource gave, to have it for longer"},
	{.name = "digest",
	 .offset = offsetof(struct given, digest),
	 .valid = web_is_digest,
	 .must = "must be md5 or sha-256"},
};
const struct web_body web_phone_body = {.schema = "Phone", .fields = fields, .count = ARRAY_LEN(fields)};

static void answer(struct web_request *r, const struct directory_user *u, const struct web_phone *p)
{
	char aor[320];
	snprintf(aor, sizeof(aor), "sip:%.*s@%.*s", SLICE_ARG(u->extension), SLICE_ARG(u->tenant->domain));
	web_answer_json(
		r, 201,
		WEB_OBJECT({"aor", json_string(aor)}, {"display_name", web_json_text(u->name)},
			   {"username", json_string(p->secret.username)}, {"password", json_string(p->secret.password)},
			   {"expires_at", web_json_time(p->expires_us)}, {"websocket", json_string(WEB_SIP_PATH)},
			   {"ice_servers", web_ice_servers(r->context, p->secret.username)}));
}

void web_phone_begin(struct web_request *r)
{
	struct web_problem problem;
	struct given given = {0};
	struct web_phones *phones = r->context->phones;
	const struct directory_user *u = directory_user_by_id(r->context->directory, r->who.user);
	if (!u) {
		web_problem(r, WEB_NO_LOGIN, NULL, "this is no session of a person");
		return;
	}
	if (r->body && web_fields_read(r->body, &web_phone_body, WEB_WHOLE, &given, &problem) < 0) {
		web_problem_given(r, &problem);
		return;
	}
	struct web_phone *p = NULL;
	if (!slice_empty(given.username))
		p = web_phones_renew(phones, r->who.pass, given.username);
	bool sha256 = slice_eq(given.digest, SLICE("sha-256"));
	int rc = p ? 0 : web_phones_add(phones, u, r->who.pass, sha256 ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5, &p);
	if (rc == -EBUSY)
		web_problem(r, WEB_BUSY, NULL, "%u browsers are your phones now, as many as may be: close one of them",
			    WEB_PHONES_OF_PERSON);
	else if (rc == -EDQUOT)
		web_problem(r, WEB_BUSY, NULL,
			    "the company has %u phones in browsers, as many as it may: close pages that nobody uses",
			    WEB_PHONES_OF_TENANT);
	else if (rc == -ENOSPC)
		web_problem(r, WEB_BUSY, NULL, "this node has as many phones in browsers as it takes");
	else if (rc < 0)
		web_problem(r, WEB_NO_MEMORY, NULL, "there is no memory for another phone");
	else
		answer(r, u, p);
}
