/* web/find.h - from the names and ids that clients use to what the directory knows */
#pragma once
#include "directory/directory.h"
#include "web/kind.h"

/* These see no further than r->reach: what is another company's is not there. */
struct directory_tenant *web_tenant(const struct web_request *r, struct slice name_or_id);
struct directory_user *web_user(const struct web_request *r, struct directory_tenant *t, struct slice login_or_id);

/* The parameter `tenant`, else the company of who asks. False: answered (no such tenant). *ret NULL: all, for the
 * provider. */
MUST_USE bool web_tenant_argument(struct web_request *r, struct directory_tenant **ret);
/* The parameter `user`, which needs a tenant; else, where one reaches no further than oneself, who asks. */
MUST_USE bool web_user_argument(struct web_request *r, struct directory_tenant *t, struct directory_user **ret);

/* The id of what a body names, in the request's arena; nothing named: empty. False: answered (no such one, or a user
 * whose account who asks may not change). */
MUST_USE bool web_tenant_of_body(struct web_request *r, struct slice name_or_id, struct slice *ret_id);
MUST_USE bool web_user_of_body(struct web_request *r, struct slice tenant_id, struct slice login_or_id,
			       struct slice *ret_id);

/* Who vouches for its people now. NULL: nobody, or no tenant. */
const struct directory_issuer *web_issuer_of(const struct directory_tenant *t);

/* How the API shows them. NULL: out of memory. */
json_t *web_user_json(const struct web_request *r, const void *object);
/* What of it changes without being written: events carry it, so that no page has to ask. */
json_t *web_user_presence_json(const struct directory_user *u);
json_t *web_call_json(const struct web_request *r, const struct store_call *c);
/* Names of what may be gone: null then. */
json_t *web_tenant_name_json(const struct web_request *r, struct slice id);
