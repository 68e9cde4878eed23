/* web/find.c - look-ups in the directory that several resources share */
#include "web/find.h"

#include "web/policy.h"

struct directory_tenant *web_tenant(const struct web_request *r, struct slice name_or_id)
{
	struct directory_tenant *t = directory_tenant_by_name(r->context->directory, name_or_id);
	if (!t)
		t = directory_tenant_by_id(r->context->directory, name_or_id);
	return t && (r->reach == WEB_REACH_ALL || slice_eq(t->id, r->who.tenant)) ? t : NULL;
}

struct directory_user *web_user(const struct web_request *r, struct directory_tenant *t, struct slice login_or_id)
{
	struct directory_user *u = directory_user_by_login(r->context->directory, t, login_or_id);
	if (u)
		return u;
	u = directory_user_by_id(r->context->directory, login_or_id);
	return u && u->tenant == t ? u : NULL;
}

bool web_tenant_argument(struct web_request *r, struct directory_tenant **ret)
{
	struct slice given = web_argument(r, "tenant");
	if (slice_empty(given) && r->reach != WEB_REACH_ALL)
		given = r->who.tenant;
	*ret = slice_empty(given) ? NULL : web_tenant(r, given);
	if (*ret || (slice_empty(given) && r->reach == WEB_REACH_ALL))
		return true;
	web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(slice_first(given, 64)));
	return false;
}

bool web_user_argument(struct web_request *r, struct directory_tenant *t, struct directory_user **ret)
{
	struct slice given = web_argument(r, "user");
	*ret = NULL;
	if (slice_empty(given) && r->reach == WEB_REACH_OWN)
		given = r->who.user;
	if (slice_empty(given))
		return true;
	if (!t) {
		web_problem(r, WEB_INVALID_PARAMETER, "user", "user needs the parameter tenant too");
		return false;
	}
	*ret = web_user(r, t, given);
	if (*ret && (r->reach != WEB_REACH_OWN || slice_eq((*ret)->id, r->who.user)))
		return true;
	web_problem(r, WEB_UNKNOWN_USER, "user", "tenant %.*s has no user \"%.*s\"", SLICE_ARG(t->name),
		    SLICE_ARG(slice_first(given, 64)));
	return false;
}

bool web_tenant_of_body(struct web_request *r, struct slice name_or_id, struct slice *ret_id)
{
	*ret_id = SLICE_NONE;
	if (slice_empty(name_or_id))
		return true;
	const struct directory_tenant *t = web_tenant(r, name_or_id);
	if (t)
		return web_keep(r, t->id, ret_id);
	web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(name_or_id));
	return false;
}

bool web_user_of_body(struct web_request *r, struct slice tenant_id, struct slice login_or_id, struct slice *ret_id)
{
	*ret_id = SLICE_NONE;
	if (slice_empty(login_or_id))
		return true;
	struct directory_tenant *t = directory_tenant_by_id(r->context->directory, tenant_id);
	const struct directory_user *u = t ? web_user(r, t, login_or_id) : NULL;
	if (u)
		return web_policy_may_change(r, u, "user") && web_keep(r, u->id, ret_id);
	web_problem(r, WEB_UNKNOWN_USER, "user", "tenant %.*s has no user \"%.*s\"", SLICE_ARG(t ? t->name : tenant_id),
		    SLICE_ARG(login_or_id));
	return false;
}

json_t *web_tenant_name_json(const struct web_request *r, struct slice id)
{
	const struct directory_tenant *t = directory_tenant_by_id(r->context->directory, id);
	return t ? web_json_text(t->name) : json_null();
}

const struct directory_issuer *web_issuer_of(const struct directory_tenant *t)
{
	return t && t->issuer && t->issuer->on ? t->issuer : NULL;
}
