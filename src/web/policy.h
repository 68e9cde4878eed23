/*
 * web/policy.h - who may do what: one table, asked once for each request before its resource runs
 *
 * The table gives each role, for each resource and action, how far it reaches: nothing, the person's own, the
 * company's, everything. web_policy_admit() refuses what has no reach, and an id that it does not reach as one that is
 * not there, so that ids cannot be guessed. What a listing or a body names goes through web/find.h, which sees no
 * further than r->reach, and gives a user of a body only to who may change that account. Calls are the one thing that
 * is not in the directory: their resource asks web_policy_sees().
 */
#pragma once
#include "web/route.h"

struct directory_user;

enum web_reach web_policy_reach(enum web_resource resource, enum web_action action, enum web_role role);
/* "admin"; NULL for WEB_NOBODY. */
const char *web_role_name(enum web_role role);
/* WEB_NOBODY: there is no such role. */
enum web_role web_role_find(struct slice name);

/* Sets r->reach. r->who, r->id and r->body are set. False: answered with 401, 403 or 404. */
MUST_USE bool web_policy_admit(struct web_request *r, const struct web_route *route);
/* May who asks change this user's account, and what hangs on it? NULL: it is nobody's. False: answered with 403. */
MUST_USE bool web_policy_may_change(struct web_request *r, const struct directory_user *u, const char *field);
/* Does what this request may do reach something of this tenant and of these users (ids, empty: none)? */
bool web_policy_sees(const struct web_request *r, struct slice tenant, struct slice user, struct slice other_user);
