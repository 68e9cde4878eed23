/* web/events.c - changes of the feed, as the API names them, within the table of rights */
#include "web/events.h"

#include "call/switchboard.h"
#include "web/find.h"
#include "web/policy.h"

static const struct {
	const char *name; /* NULL: not told */
	enum web_resource resource;
} kinds[STORE_KIND_COUNT] = {
	[STORE_TENANT] = {"tenant", WEB_ON_TENANTS}, [STORE_USER] = {"user", WEB_ON_USERS},
	[STORE_DEVICE] = {"device", WEB_ON_DEVICES}, [STORE_BINDING] = {"binding", WEB_ON_DEVICES},
	[STORE_CALL] = {"call", WEB_ON_CALLS},       [STORE_TRUNK] = {"trunk", WEB_ON_TRUNKS},
	[STORE_NUMBER] = {"number", WEB_ON_NUMBERS}, [STORE_WEBHOOK] = {"webhook", WEB_ON_WEBHOOKS},
	[STORE_ISSUER] = {"issuer", WEB_ON_ISSUERS}, [STORE_AUDIT] = {"audit", WEB_ON_AUDIT},
};

static void describe_call(const struct web_context *c, struct web_event *e)
{
	struct call_view v;
	e->action = "ended";
	if (!switchboard_find_call(c->switchboard, e->id, &v))
		return;
	e->action = v.state;
	e->user = v.caller.user;
	e->other_user = v.callee.user;
}

bool web_event_describe(const struct web_context *c, const struct store_change *change, struct web_event *ret)
{
	if (!kinds[change->kind].name)
		return false;
	*ret = (struct web_event){.kind = kinds[change->kind].name,
				  .resource = kinds[change->kind].resource,
				  .id = change->id,
				  .tenant = change->kind == STORE_TENANT ? change->id : change->tenant,
				  .action = change->row || change->kind == STORE_AUDIT ? "changed" : "removed"};
	if (change->kind == STORE_DEVICE && change->row)
		ret->user = ((const struct store_device *)change->row)->user;
	else if (change->kind == STORE_BINDING && change->row)
		ret->user = ((const struct store_binding *)change->row)->user;
	else if (change->kind == STORE_CALL)
		describe_call(c, ret);
	return true;
}

void web_event_describe_presence(const struct directory_user *u, struct web_event *ret)
{
	*ret = (struct web_event){.kind = kinds[STORE_USER].name,
				  .resource = kinds[STORE_USER].resource,
				  .id = u->id,
				  .tenant = u->tenant->id,
				  .action = "changed",
				  .presence = u};
}

bool web_event_seen(const struct web_event *e, struct web_request *r, json_t **ret)
{
	r->reach = web_policy_reach(e->resource, WEB_READ, r->who.role);
	bool seen = web_policy_sees(r, e->tenant, e->user, e->other_user);
	/* Whose it was is not known any more: perhaps this person's. */
	bool perhaps = !seen && r->reach == WEB_REACH_OWN && slice_empty(e->user) && slice_empty(e->other_user) &&
		       slice_eq(e->tenant, r->who.tenant);
	if (!seen && !perhaps)
		return false;
	if (!ret)
		return true;
	*ret = WEB_OBJECT({"seq", json_integer(r->who.role == WEB_PROVIDER ? e->seq_of_all : e->seq)},
			  {"kind", json_string(e->kind)}, {"id", seen ? web_json_text(e->id) : json_null()},
			  {"tenant", web_tenant_name_json(r, e->tenant)}, {"action", json_string(e->action)});
	if (e->presence && json_object_set_new(*ret, "presence", web_user_presence_json(e->presence)) < 0) {
		json_decref(*ret);
		*ret = NULL;
	}
	return true;
}
