/* web/users.c - /api/v1/users: the people of a tenant */
#include "web/find.h"
#include "web/route.h"
#include "web/write.h"

static const void *find(const struct web_request *r, struct slice id)
{
	return directory_user_by_id(r->context->directory, id);
}

json_t *web_user_presence_json(const struct directory_user *u)
{
	int devices = 0, reachable = 0;
	for (const struct directory_device *d = u->first_device; d; d = d->next_of_user) {
		devices += d->reachable || !d->browser; /* a page is one while it is open */
		reachable += d->reachable;
	}
	return WEB_OBJECT({"devices", json_integer(devices)}, {"devices_registered", json_integer(reachable)},
			  {"busy", json_boolean(u->speaking > 0)});
}

json_t *web_user_json(const struct web_request *r, const void *object)
{
	const struct directory_user *u = object;
	json_t *shown = WEB_OBJECT({"id", web_json_text(u->id)}, {"tenant", web_json_text(u->tenant->name)},
				   {"login", web_json_text(u->login)}, {"extension", web_json_text(u->extension)},
				   {"name", web_json_text(u->name)}, {"role", web_json_text(u->role)},
				   {"created", web_json_time(u->created_us)},
				   {"updated", web_json_time(u->updated_us)});
	json_t *presence = web_user_presence_json(u);
	if (json_object_update_new(shown, presence) == 0)
		return shown;
	json_decref(shown);
	return NULL;
}

static const struct web_kind user = {STORE_USER,
				     "user",
				     WEB_UNKNOWN_USER,
				     offsetof(struct directory_user, id),
				     offsetof(struct directory_user, updated_us),
				     find,
				     web_user_json};

void web_users_list(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	struct slice login = web_argument(r, "login");
	if (!slice_empty(login)) {
		if (!t) {
			web_problem(r, WEB_INVALID_PARAMETER, "login", "login needs the parameter tenant too");
			return;
		}
		const struct directory_user *u = directory_user_by_login(r->context->directory, t, login);
		web_listing_answer_one(r, u != NULL, u ? web_user_json(r, u) : NULL);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && (!t || web_keep(r, t->id, &l->tenant)) && web_keep(r, web_argument(r, "role"), &l->role) &&
	    web_listing_search(l))
		web_kind_list(l, &user);
}

void web_users_get(struct web_request *r)
{
	web_kind_get(r, &user);
}

struct user_change {
	struct web_change change;
	struct slice tenant; /* id; empty: as it is */
	struct web_user_fields given;
};

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	const struct user_change *w = container_of(c, struct user_change, change);
	struct store_user *u = &next->user;
	if (!exists)
		*u = (struct store_user){.id = c->id, .tenant = w->tenant, .created_us = c->now_us};
	web_give(&u->login, w->given.login);
	web_give(&u->extension, w->given.extension);
	web_give(&u->name, w->given.name);
	web_give(&u->role, w->given.role);
	return slice_empty(w->tenant) || slice_eq(w->tenant, u->tenant);
}

/* Of the tenant that was named, or else of the one that the user is in. */
static const struct directory_tenant *tenant_of(const struct web_change *c, struct slice tenant)
{
	struct directory *d = c->request->context->directory;
	const struct directory_user *u = directory_user_by_id(d, c->id);
	if (slice_empty(tenant) && u)
		return u->tenant;
	return directory_tenant_by_id(d, tenant);
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct user_change *w = container_of(c, struct user_change, change);
	struct directory *d = c->request->context->directory;
	const struct directory_tenant *t = tenant_of(c, w->tenant);
	if (!t) {
		web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant", "the tenant was removed meanwhile");
		return true;
	}
	const struct directory_user *same = directory_user_by_login(d, t, w->given.login);
	if (same && !slice_eq(same->id, c->id)) {
		web_problem_set(ret, WEB_LOGIN_TAKEN, "login", "tenant %.*s has a user %.*s already",
				SLICE_ARG(t->name), SLICE_ARG(w->given.login));
		return true;
	}
	same = directory_user_by_extension(d, t, w->given.extension);
	if (same && !slice_eq(same->id, c->id)) {
		web_problem_set(ret, WEB_EXTENSION_TAKEN, "extension",
				"another user of tenant %.*s has the extension %.*s", SLICE_ARG(t->name),
				SLICE_ARG(w->given.extension));
		return true;
	}
	return false;
}

void web_users_write(struct web_request *r)
{
	struct web_problem p;
	struct user_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	if (web_user_read(r->body, web_use_of(r), &w->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	w->change.merge = merge;
	w->change.taken = taken;
	if (web_tenant_of_body(r, w->given.tenant, &w->tenant) && web_change_begin(&w->change, r, &user))
		web_change_post(&w->change);
}

void web_users_remove(struct web_request *r)
{
	web_kind_remove_with(r, &user, web_tokens_leave);
}
