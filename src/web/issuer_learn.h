/*
 * web/issuer_learn.h - what companies' issuers of identity say of themselves: where they are asked, and their keys
 *
 * Asked for when somebody signs in, by many at once only once, and kept for a while. Owner: the switchboard's thread.
 */
#pragma once
#include "directory/directory.h"
#include "web/issuer_ask.h"
#include "web/openid.h"
#include "web/request.h"

struct web_issuers;
MUST_USE int web_issuers_new(const struct web_context *context, struct web_issuers **ret); /* -ENOMEM */
struct web_issuers *web_issuers_free(struct web_issuers *all);
/* Who waits is answered; nobody is asked any more. Before http_free(). */
void web_issuers_close(struct web_issuers *all);

struct web_issuer_facts {
	struct openid_metadata metadata;
	struct slice keys; /* a JWK set as text */
};
/* In the request's arena, inside the resource's own struct. */
struct web_learning {
	struct web_learning *next;
	struct web_request *request;
	int64_t version; /* of the issuer's row: what another one said is no answer */
	/* facts: good for the call. NULL: why not, for people. */
	void (*done)(struct web_learning *l, const struct web_issuer_facts *facts, const char *why);
};
/*
 * anew: a token is signed with a key that was not among them; only who says so waits for the new ones. done() may be
 * called from inside; it is not where the client has gone or too many wait: then the request is answered.
 */
void web_issuer_learn(struct web_request *r, const struct directory_issuer *i, bool anew, struct web_learning *l,
		      void (*done)(struct web_learning *, const struct web_issuer_facts *, const char *));
/* A POST to its token endpoint: web_ask_in_turn(). */
struct web_askings *web_issuers_askings(struct web_issuers *all);

/* Why somebody could not sign in with it, as its row is now, the last time, for the company's admin; why NULL: somebody
 * could, or it can be used. */
void web_issuer_tell(struct web_issuers *all, const struct directory_issuer *i, const char *why);
const char *web_issuer_trouble(struct web_issuers *all, const struct directory_issuer *i); /* NULL: none */
