/* web/policy.c - the table of rights, and how it is applied */
#include "web/policy.h"

#include "directory/directory.h"
#include "web/hooks.h"

static const char *const role_names[WEB_ROLE_COUNT] = {[WEB_USER] = "user",
						       [WEB_AUDITOR] = "auditor",
						       [WEB_SUPERVISOR] = "supervisor",
						       [WEB_COMPANY_ADMIN] = "admin",
						       [WEB_PROVIDER] = "provider"};

/*
 * Reach for read, create, change, remove: A everything, T the company's, O one's own, - nothing.
 *
 * A trunk is believed by its address, and a number exists once in the installation: whoever may add these may take
 * calls that are another company's, so both are the provider's. An auditor reads how the company is set up, and nothing
 * of who spoke with whom; that somebody is on a call, everybody in the company sees of each (User.busy). SIP messages
 * show numbers and addresses of everybody in the call: they are for those who look after the system. A phone that is
 * set up has no account yet: it shows what it was given, web/provision.c.
 */
static const char *const table[WEB_RESOURCE_COUNT][WEB_ROLE_COUNT] = {
	/* nobody, user, auditor, supervisor, company admin, provider */
	[WEB_ON_HEALTH] = {"A---", "A---", "A---", "A---", "A---", "A---"},
	[WEB_ON_METRICS] = {"----", "----", "----", "----", "----", "A---"},
	[WEB_ON_STATUS] = {"----", "----", "----", "----", "----", "A---"},
	[WEB_ON_TENANTS] = {"----", "T---", "T---", "T---", "T-T-", "AAAA"},
	[WEB_ON_USERS] = {"----", "T---", "T---", "T---", "TTTT", "AAAA"},
	[WEB_ON_DEVICES] = {"----", "O---", "T---", "T---", "TTTT", "AAAA"},
	[WEB_ON_TRUNKS] = {"----", "----", "T---", "----", "T---", "AAAA"},
	[WEB_ON_NUMBERS] = {"----", "T---", "T---", "T---", "T-T-", "AAAA"},
	[WEB_ON_BANS] = {"----", "----", "----", "----", "----", "A--A"},
	[WEB_ON_CERTIFICATES] = {"----", "----", "T---", "----", "T---", "A-A-"},
	[WEB_ON_CALLS] = {"----", "O--O", "----", "T--T", "T--T", "A--A"},
	[WEB_ON_ALL_CALLS] = {"----", "----", "----", "----", "---T", "---A"},
	[WEB_ON_MESSAGES] = {"----", "----", "----", "----", "T---", "A---"},
	[WEB_ON_PEAK] = {"----", "----", "----", "T---", "T---", "A---"},
	[WEB_ON_TOKENS] = {"----", "----", "T---", "----", "TT-T", "AA-A"},
	[WEB_ON_SESSION] = {"-A--", "OA-O", "OA-O", "OA-O", "OA-O", "OA-O"},
	[WEB_ON_TOTP] = {"----", "OO-O", "OO-O", "OO-O", "OO-O", "OO-O"},
	[WEB_ON_PHONE] = {"----", "-O--", "-O--", "-O--", "-O--", "----"},
	[WEB_ON_PASSKEYS] = {"----", "OOOO", "OOOO", "OOOO", "OOOO", "OOOO"},
	[WEB_ON_EVENTS] = {"----", "T---", "T---", "T---", "T---", "A---"},
	[WEB_ON_WEBHOOKS] = {"----", "----", "T---", "----", "TTTT", "AAAA"},
	[WEB_ON_AUDIT] = {"----", "----", "T---", "----", "T---", "A---"},
	[WEB_ON_COMPLIANCE] = {"----", "----", "T---", "----", "T---", "A---"},
	[WEB_ON_ISSUERS] = {"----", "----", "T---", "----", "TTTT", "AAAA"},
	[WEB_ON_SIGN_IN] = {"AA--", "AA--", "AA--", "AA--", "AA--", "AA--"},
	[WEB_ON_PROVISIONING] = {"A---", "A---", "A---", "A---", "A---", "A---"},
	[WEB_ON_PASSWORDS] = {"----", "--O-", "--O-", "--O-", "--T-", "--A-"},
};

enum web_reach web_policy_reach(enum web_resource resource, enum web_action action, enum web_role role)
{
	switch (table[resource][role][action]) {
	case 'A':
		return WEB_REACH_ALL;
	case 'T':
		return WEB_REACH_TENANT;
	case 'O':
		return WEB_REACH_OWN;
	default:
		return WEB_REACH_NONE;
	}
}

const char *web_role_name(enum web_role role)
{
	return role_names[role];
}

enum web_role web_role_find(struct slice name)
{
	for (enum web_role role = WEB_USER; role < WEB_ROLE_COUNT; role++)
		if (slice_eq(name, slice_from_string(role_names[role])))
			return role;
	return WEB_NOBODY;
}

bool web_policy_sees(const struct web_request *r, struct slice tenant, struct slice user, struct slice other_user)
{
	const struct web_who *who = &r->who;
	if (r->reach == WEB_REACH_ALL)
		return true;
	if (r->reach == WEB_REACH_NONE || slice_empty(who->tenant) || !slice_eq(tenant, who->tenant))
		return false;
	if (r->reach == WEB_REACH_TENANT)
		return true;
	return !slice_empty(who->user) && (slice_eq(user, who->user) || slice_eq(other_user, who->user));
}

/* ---- ids in the path ---- */

struct owner {
	struct slice tenant;
	const struct directory_user *user; /* NULL: it is nobody's in particular */
};

/* False: there is no such thing in the directory. */
static bool find_owner(const struct web_request *r, enum web_resource resource, struct owner *ret)
{
	struct directory *d = r->context->directory;
	const struct directory_tenant *tenant = NULL;
	const struct directory_user *user = NULL;
	if (resource == WEB_ON_USERS || resource == WEB_ON_PASSWORDS) {
		user = directory_user_by_id(d, r->id);
	} else if (resource == WEB_ON_DEVICES) {
		const struct directory_device *device = directory_device_by_id(d, r->id);
		user = device && !device->browser ? device->user : NULL; /* pages are in no list */
	} else if (resource == WEB_ON_NUMBERS) {
		const struct directory_number *number = directory_number_by_id(d, r->id);
		user = number ? number->user : NULL;
	} else if (resource == WEB_ON_TRUNKS) {
		const struct directory_trunk *trunk = directory_trunk_by_id(d, r->id);
		*ret = (struct owner){.tenant = trunk && trunk->tenant ? trunk->tenant->id : SLICE_NONE};
		return trunk != NULL;
	} else if (resource == WEB_ON_WEBHOOKS) {
		const struct store_webhook *webhook = web_hooks_find(r->context->hooks, r->id);
		tenant = webhook ? directory_tenant_by_id(d, webhook->tenant) : NULL;
	} else if (resource == WEB_ON_ISSUERS) {
		const struct directory_issuer *issuer = directory_issuer_by_id(d, r->id);
		tenant = issuer ? issuer->tenant : NULL;
	}
	if (user)
		tenant = user->tenant;
	*ret = (struct owner){.tenant = tenant ? tenant->id : SLICE_NONE, .user = user};
	return tenant != NULL;
}

/* A tenant is found by web_tenant(), by its name too. What the resource says of an id that is not there is said of one
 * that is not reached: the same bytes. */
static const struct {
	enum web_resource resource;
	enum web_problem_code code;
	const char *what;
} unknown[] = {
	{WEB_ON_USERS, WEB_UNKNOWN_USER, "user"},       {WEB_ON_DEVICES, WEB_UNKNOWN_DEVICE, "device"},
	{WEB_ON_NUMBERS, WEB_UNKNOWN_NUMBER, "number"}, {WEB_ON_TRUNKS, WEB_UNKNOWN_TRUNK, "trunk"},
	{WEB_ON_PASSWORDS, WEB_UNKNOWN_USER, "user"},   {WEB_ON_WEBHOOKS, WEB_UNKNOWN_WEBHOOK, "webhook"},
	{WEB_ON_ISSUERS, WEB_UNKNOWN_ISSUER, "issuer"},
};

/* A company's admin does not become the provider by way of a provider's account in that company, nor is heard as them.
 */
bool web_policy_may_change(struct web_request *r, const struct directory_user *u, const char *field)
{
	if (!u || web_role_find(u->role) <= r->who.role)
		return true;
	web_problem(r, WEB_FORBIDDEN, field, "an account with the role %.*s is changed by the provider alone",
		    SLICE_ARG(u->role));
	return false;
}

/* False: answered. */
static bool check_id(struct web_request *r, const struct web_route *route)
{
	size_t i = 0;
	while (i < ARRAY_LEN(unknown) && unknown[i].resource != route->resource)
		i++;
	if (slice_empty(r->id) || i == ARRAY_LEN(unknown))
		return true;
	struct owner owner = {0};
	bool found = find_owner(r, route->resource, &owner);
	/* PUT makes what is not there. Of others, who may not know whether an id is another company's: they POST. */
	if (!found && r->method == WEB_PUT && r->reach == WEB_REACH_ALL)
		return true;
	if (!found || !web_policy_sees(r, owner.tenant, owner.user ? owner.user->id : SLICE_NONE, SLICE_NONE)) {
		web_problem(r, unknown[i].code, NULL, "there is no %s with the id \"%.*s\"", unknown[i].what,
			    SLICE_ARG(slice_first(r->id, 64)));
		return false;
	}
	return route->action == WEB_READ || web_policy_may_change(r, owner.user, NULL);
}

/* Nobody gives a role above their own, to a person or to a token. False: answered. */
static bool check_role(struct web_request *r)
{
	const json_t *given = json_object_get(r->body, "role");
	if (!json_is_string(given))
		return true;
	struct slice name = slice_of(json_string_value(given), json_string_length(given));
	if (web_role_find(name) <= r->who.role)
		return true;
	web_problem(r, WEB_FORBIDDEN, "role", "the role %.*s is above yours", SLICE_ARG(slice_first(name, 40)));
	return false;
}

/* What identifies a company or a number is the provider's: others change the rest. False: answered. */
static bool check_members(struct web_request *r, const struct web_route *route)
{
	const char *only = route->resource == WEB_ON_TENANTS ? "lines" : "user", *name;
	json_t *value;
	if (r->reach == WEB_REACH_ALL || route->action != WEB_CHANGE ||
	    (route->resource != WEB_ON_TENANTS && route->resource != WEB_ON_NUMBERS))
		return true;
	json_object_foreach(r->body, name, value)
	{
		if (strcmp(name, only) == 0)
			continue;
		web_problem(r, WEB_FORBIDDEN, NULL, "of this the provider alone changes more than %s", only);
		return false;
	}
	return true;
}

bool web_policy_admit(struct web_request *r, const struct web_route *route)
{
	r->reach = web_policy_reach(route->resource, route->action, r->who.role);
	if (r->reach == WEB_REACH_NONE && r->who.role == WEB_NOBODY)
		web_problem(r, WEB_NO_LOGIN, NULL, "log in, or show an API token: Authorization: Bearer TOKEN");
	else if (r->reach == WEB_REACH_NONE)
		web_problem(r, WEB_FORBIDDEN, NULL, "the role %s may not do this", web_role_name(r->who.role));
	else if (r->reach == WEB_REACH_OWN && slice_empty(r->who.user))
		web_problem(r, WEB_FORBIDDEN, NULL, "this is for a person who has logged in");
	else if (r->who.read_only && route->action != WEB_READ)
		web_problem(r, WEB_FORBIDDEN, NULL, "this token may only read");
	else
		return check_id(r, route) && check_role(r) && check_members(r, route);
	return false;
}
