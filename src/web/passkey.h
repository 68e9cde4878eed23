/*
 * web/passkey.h - what registering a passkey and logging in with one have in common.   WebAuthn level 2
 *
 * A passkey belongs to the host name that the browser believes to be at, and works there alone: the RP ID is the name
 * in Host, which is_own_origin() of web/who.c has held against Origin, and the browser says both again, signed.
 */
#pragma once
#include "web/challenge.h"
#include "web/webauthn.h"
#include "web/write.h"

/* The host name of the request, in lower case, in its arena. False: an address, which cannot have passkeys; answered.
 */
MUST_USE bool web_passkey_host(struct web_request *r, struct slice *ret);
/* A challenge for this owner: web/challenge.h. */
void web_passkey_offer(struct web_request *r, struct slice owner);
/* One sentence for everything that is wrong with what was shown. */
void web_passkey_wrong(struct web_request *r);

/* What a browser said, out of its base64url: in the request's arena. */
struct web_passkey_said {
	struct slice client_data; /* JSON */
	uint8_t challenge[WEB_CHALLENGE_BYTES];
};
/* From a page of ours, with a challenge of this owner. False: answered. */
MUST_USE bool web_passkey_said(struct web_request *r, struct slice client_data, const char *type, struct slice owner,
			       struct web_passkey_said *ret);
/* Of a field that was checked. False: answered. */
MUST_USE bool web_passkey_decode(struct web_request *r, struct slice text, struct slice *ret);
/* Touched by somebody, and at this host. */
bool web_passkey_is_here(const struct webauthn_data *d, struct slice host);

/* Fields. */
bool web_is_credential(struct slice s);
bool web_is_client_data(struct slice s);
