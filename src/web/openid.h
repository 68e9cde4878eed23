/*
 * web/openid.h - what an issuer of identity is asked and says.   OpenID Connect Core and Discovery 1.0, RFC 6749, 7636
 *
 * Pure. The JSON is the issuer's, and so a stranger's.
 */
#pragma once
#include <jansson.h>

#include "base/writer.h"
#include "web/limits.h"

/* Where a company's issuer says that it is asked. The texts borrow from its document. */
struct openid_metadata {
	struct slice authorization, token, keys; /* URLs */
	bool secret_in_form;                     /* client_secret_post: it takes no other of the two that we know */
	bool says_issuer;                        /* RFC 9207 §3: with each code it says who it is */
};
/* document: of its discovery; issuer: as the company has set it. False with *ret_why, for people. */
MUST_USE bool openid_metadata_read(const json_t *document, struct slice issuer, struct openid_metadata *ret,
				   const char **ret_why);
/* Discovery §4: where that document is. */
void openid_discovery_url(struct slice issuer, struct writer *ret);

/* What goes with one attempt to sign in. */
struct openid_attempt {
	struct slice client_id, redirect, state, nonce;
	struct slice verifier; /* RFC 7636 §4.1: 43 characters */
};
#define OPENID_VERIFIER_CHARS 43
/* Where the browser is sent. False: out of memory for a hash. */
MUST_USE bool openid_authorization_url(struct slice endpoint, const struct openid_attempt *a, struct writer *ret);
/* The body that a code is exchanged with; secret empty: it goes by openid_basic(). */
void openid_token_form(const struct openid_attempt *a, struct slice code, struct slice secret, struct writer *ret);
/* "Authorization: Basic ...", RFC 6749 §2.3.1. */
#define OPENID_BASIC_MAX (4 * (WEB_CLIENT_ID_MAX + WEB_CLIENT_SECRET_MAX) + 32)
void openid_basic(struct slice client_id, struct slice secret, struct writer *ret);
/* What was refused, if an answer of the token endpoint says it in a word; else empty (RFC 6749 §5.2). */
struct slice openid_error(const json_t *answer);

/*
 * Whom a token is about, by the claim that the company has chosen. An address must be of the mail domain, and in the
 * claim email also verified; what is no address is a login as it is. Lower case in `text`.
 */
#define OPENID_NAME_MAX 64
struct openid_name {
	char text[OPENID_NAME_MAX];
	size_t n;
};
MUST_USE bool openid_name_read(const json_t *claims, struct slice claim, struct slice mail_domain,
			       struct openid_name *ret, const char **ret_why);
