/* web/users.c - /api/v1/users: the people of a tenant */
#include "web/fields.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/route.h"
#include "web/write.h"

json_t *web_user_json(const struct directory_user *u)
{
	int devices = 0, registered = 0;
	for (const struct directory_device *d = u->first_device; d; d = d->next_of_user) {
		devices++;
		registered += d->first_binding != NULL;
	}
	return WEB_OBJECT({"id", web_json_text(u->id)}, {"tenant", web_json_text(u->tenant->name)},
			  {"login", web_json_text(u->login)}, {"extension", web_json_text(u->extension)},
			  {"name", web_json_text(u->name)}, {"role", web_json_text(u->role)},
			  {"devices", json_integer(devices)}, {"devices_registered", json_integer(registered)},
			  {"created", web_json_id_time(u->id)});
}

static bool item(struct web_listing *l, json_t **ret)
{
	if (l->at == l->count)
		return false;
	const struct directory_user *u = directory_user_by_id(l->request->context->directory, l->ids[l->at++]);
	*ret = u ? web_user_json(u) : NULL;
	return true;
}

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
		web_listing_answer_one(r, u != NULL, u ? web_user_json(u) : NULL);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (!l || (t && !web_keep(r, t->id, &l->tenant)))
		return;
	l->kind = STORE_USER;
	l->item = item;
	web_listing_start(l);
}

/* NULL: answered. */
static struct directory_user *named_by_path(struct web_request *r)
{
	struct directory_user *u = directory_user_by_id(r->context->directory, r->id);
	if (!u)
		web_problem(r, WEB_UNKNOWN_USER, NULL, "there is no user with the id \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
	return u;
}

void web_users_get(struct web_request *r)
{
	const struct directory_user *u = named_by_path(r);
	if (u)
		web_answer_json(r, 200, web_user_json(u));
}

struct user_write {
	struct web_write write;
	struct store_user row;
};

/* What stands in the way of this user now. */
static bool refused(struct web_write *w, struct web_problem *ret)
{
	const struct store_user *row = &container_of(w, struct user_write, write)->row;
	struct directory *d = w->request->context->directory;
	const struct directory_tenant *t = directory_tenant_by_id(d, row->tenant);
	if (!t) {
		web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant", "the tenant was removed meanwhile");
		return true;
	}
	if (directory_user_by_login(d, t, row->login)) {
		web_problem_set(ret, WEB_LOGIN_TAKEN, "login", "tenant %.*s has a user %.*s already",
				SLICE_ARG(t->name), SLICE_ARG(row->login));
		return true;
	}
	if (directory_user_by_extension(d, t, row->extension)) {
		web_problem_set(ret, WEB_EXTENSION_TAKEN, "extension",
				"another user of tenant %.*s has the extension %.*s", SLICE_ARG(t->name),
				SLICE_ARG(row->extension));
		return true;
	}
	return false;
}

static int create_run(struct db *db, struct web_write *w)
{
	return store_user_put(db, &container_of(w, struct user_write, write)->row);
}

static void created(struct web_write *w)
{
	const struct store_user *row = &container_of(w, struct user_write, write)->row;
	const struct directory_user *u = directory_user_by_id(w->request->context->directory, row->id);
	if (u)
		web_answer_json(w->request, 201, web_user_json(u));
	else
		web_problem(w->request, WEB_UNKNOWN_USER, NULL, "the user was removed meanwhile");
}

void web_users_create(struct web_request *r)
{
	struct web_user_fields given;
	struct web_problem p;
	if (web_user_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	const struct directory_tenant *t = web_tenant(r, given.tenant);
	if (!t) {
		web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(given.tenant));
		return;
	}
	struct user_write *w = web_alloc(r, sizeof(*w));
	if (!w || !web_new_id(r, &w->row.id) || !web_keep(r, t->id, &w->row.tenant))
		return;
	w->row.login = given.login;
	w->row.extension = given.extension;
	w->row.name = given.name;
	w->row.role = given.role;
	w->row.created_us = web_now_us(r);
	w->write.request = r;
	w->write.run = create_run;
	w->write.committed = created;
	w->write.explain = refused;
	if (refused(&w->write, &p))
		web_problem_given(r, &p);
	else
		web_write_post(&w->write, r);
}

void web_users_remove(struct web_request *r)
{
	const struct directory_user *u = named_by_path(r);
	if (u)
		web_remove(r, u->id, store_user_remove);
}
