/* web/account.h - a device's credentials, and the SIP account that its owner types into a phone */
#pragma once
#include "directory/directory.h"
#include "sip/digest.h"
#include "web/request.h"

struct web_secret {
	char username[65];
	char password[WEB_PASSWORD_MAX + 1];
	uint8_t ha1[SIP_HA1_BYTES];
};
/*
 * Takes what is given and makes what is not: the password with at least 100 bits, of characters that are hard to
 * mistake for each other. The password leaves ret only in the one answer. 0, -ENOMEM.
 */
MUST_USE int web_secret_make(const struct web_context *c, struct slice username, struct slice password,
			     enum sip_digest_algorithm algorithm, struct web_secret *ret);
void web_secret_wipe(struct web_secret *s);

json_t *web_account_json(const struct web_context *c, const struct directory_device *d, const struct web_secret *s);
/*
 * The address that the account can be had from, once: {"url": ..., "expires_at": ...}; null where nothing listens that
 * it takes. d as it is in the directory, with its new password. NULL: out of memory.
 */
json_t *web_provisioning_json(const struct web_request *r, const struct directory_device *d);
/* [{"transport": "TLS", "address": "[::]:5061"}, ...] as the transport listens now. */
json_t *web_listeners_json(const struct web_context *c);
