/*
 * web/sign_in.h - an attempt to log in at a company's issuer of identity: what goes out with the browser and comes back
 *
 * Nothing is held of it here: all is derived from the cookie of the attempt, the issuer as it is set, and the state
 * that travels, with a key that the process drew. So a state is good in the browser that asked for it, for the issuer
 * that it asked for as it was set then, and under the host name where it asked; and nobody but this process has its
 * nonce and verifier.
 */
#pragma once
#include "directory/directory.h"
#include "web/challenge.h"
#include "web/openid.h"
#include "web/request.h"

#define WEB_SIGN_IN_PATH "/sign-in/" /* of the page that browsers come back to; a tenant's id behind it */
#define WEB_STATE_CHARS 54           /* WEB_CHALLENGE_BYTES in base64url */

struct web_sign_in {
	struct openid_attempt attempt; /* texts in the request's arena, or below; state set by who calls */
	uint8_t challenge[WEB_CHALLENGE_BYTES];
	char owner[WEB_CHALLENGE_OWNER_MAX + 1], state[WEB_STATE_CHARS], nonce[OPENID_VERIFIER_CHARS],
		verifier[OPENID_VERIFIER_CHARS];
};
/* A new one, its state too, for the browser with this secret. False: answered. */
MUST_USE bool web_sign_in_draw(struct web_request *r, const struct directory_issuer *i, struct slice secret,
			       struct web_sign_in *ret);
/* The one that this state is of: of this browser, for this issuer. False: answered, begin anew. */
MUST_USE bool web_sign_in_find(struct web_request *r, const struct directory_issuer *i, struct slice state,
			       struct web_sign_in *ret);
/* One sentence for everything that is wrong with what came back. */
void web_sign_in_wrong(struct web_request *r);
bool web_is_state(struct slice s);
