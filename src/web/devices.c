/* web/devices.c - /api/v1/devices: the phones of a user; creating one gives its SIP account, once */
#include "base/clock.h"
#include "call/switchboard.h"
#include "sip/flow.h"
#include "web/account.h"
#include "web/fields.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/route.h"
#include "web/write.h"

static const char *const keepalive_words[] = {
	[STORE_KEEPALIVE_CRLF] = "crlf", [STORE_KEEPALIVE_OPTIONS] = "options", [STORE_KEEPALIVE_OFF] = "off"};

static enum store_keepalive keepalive_of(struct slice word)
{
	size_t i = 0;
	/* It was checked: web_is_keepalive(). */
	while (i < ARRAY_LEN(keepalive_words) - 1 && !slice_eq(word, slice_from_string(keepalive_words[i])))
		i++;
	return (enum store_keepalive)i;
}

static json_t *registration_json(const struct web_context *c, const struct directory_binding *b)
{
	char remote[80];
	struct writer w = writer_on(remote, sizeof(remote));
	write_address_with_port(&w, &b->remote);
	return WEB_OBJECT({"transport", web_json_text(sip_transport_name((enum sip_transport)b->transport))},
			  {"remote", web_json_text(writer_slice(&w))},
			  {"user_agent", web_json_text(directory_binding_text(b, BINDING_USER_AGENT))},
			  {"reachable", json_boolean(switchboard_reachable(c->switchboard, b))},
			  {"expires", web_json_time(b->expires_us)});
}

static json_t *registrations_json(const struct web_context *c, const struct directory_device *d)
{
	json_t *list = json_array();
	for (const struct directory_binding *b = d->first_binding; list && b; b = b->next_of_device) {
		if (json_array_append_new(list, registration_json(c, b)) == 0)
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

json_t *web_device_json(const struct web_context *c, const struct directory_device *d)
{
	return WEB_OBJECT({"id", web_json_text(d->id)}, {"tenant", web_json_text(d->user->tenant->name)},
			  {"user", web_json_text(d->user->login)}, {"name", web_json_text(d->name)},
			  {"username", web_json_text(d->username)},
			  {"digest", json_string(d->digest == SIP_DIGEST_SHA256 ? "sha-256" : "md5")},
			  {"srtp", json_string(d->srtp == STORE_SRTP_OFF ? "off" : "sdes")},
			  {"keepalive", json_string(keepalive_words[d->keepalive])},
			  {"registrations", registrations_json(c, d)}, {"created", web_json_id_time(d->id)});
}

static bool item(struct web_listing *l, json_t **ret)
{
	if (l->at == l->count)
		return false;
	const struct directory_device *d = directory_device_by_id(l->request->context->directory, l->ids[l->at++]);
	*ret = d ? web_device_json(l->request->context, d) : NULL;
	return true;
}

static const struct directory_device *device_of(const struct directory_user *u, struct slice name)
{
	const struct directory_device *d = u->first_device;
	while (d && !slice_eq(d->name, name))
		d = d->next_of_user;
	return d;
}

void web_devices_list(struct web_request *r)
{
	struct directory_tenant *t;
	struct directory_user *u;
	if (!web_tenant_argument(r, &t) || !web_user_argument(r, t, &u))
		return;
	struct slice name = web_argument(r, "name");
	if (!slice_empty(name)) {
		if (!u) {
			web_problem(r, WEB_INVALID_PARAMETER, "name", "name needs the parameters tenant and user too");
			return;
		}
		const struct directory_device *d = device_of(u, name);
		web_listing_answer_one(r, d != NULL, d ? web_device_json(r->context, d) : NULL);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (!l || (t && !web_keep(r, t->id, &l->tenant)) || (u && !web_keep(r, u->id, &l->user)))
		return;
	l->kind = STORE_DEVICE;
	l->item = item;
	web_listing_start(l);
}

/* NULL: answered. */
static struct directory_device *named_by_path(struct web_request *r)
{
	struct directory_device *d = directory_device_by_id(r->context->directory, r->id);
	if (!d)
		web_problem(r, WEB_UNKNOWN_DEVICE, NULL, "there is no device with the id \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
	return d;
}

void web_devices_get(struct web_request *r)
{
	const struct directory_device *d = named_by_path(r);
	if (d)
		web_answer_json(r, 200, web_device_json(r->context, d));
}

/* ---- create ---- */

struct device_write {
	struct web_write write;
	struct store_device row;
	struct web_secret secret; /* shown once, in the answer */
};

static bool refused(struct web_write *w, struct web_problem *ret)
{
	const struct store_device *row = &container_of(w, struct device_write, write)->row;
	struct directory *d = w->request->context->directory;
	const struct directory_user *u = directory_user_by_id(d, row->user);
	if (!u) {
		web_problem_set(ret, WEB_UNKNOWN_USER, "user", "the user was removed meanwhile");
		return true;
	}
	if (device_of(u, row->name)) {
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "%.*s has a device %.*s already", SLICE_ARG(u->login),
				SLICE_ARG(row->name));
		return true;
	}
	if (directory_device_by_username(d, row->username)) {
		web_problem_set(ret, WEB_USERNAME_TAKEN, "username", "another device has the user name %.*s",
				SLICE_ARG(row->username));
		return true;
	}
	return false;
}

static int create_run(struct db *db, struct web_write *w)
{
	return store_device_put(db, &container_of(w, struct device_write, write)->row);
}

static void created(struct web_write *w)
{
	struct device_write *dw = container_of(w, struct device_write, write);
	struct web_request *r = w->request;
	const struct directory_device *d = directory_device_by_id(r->context->directory, dw->row.id);
	if (!d) {
		web_secret_wipe(&dw->secret);
		web_problem(r, WEB_UNKNOWN_DEVICE, NULL, "the device was removed meanwhile");
		return;
	}
	json_t *o = web_device_json(r->context, d);
	if (o && !web_json_set(o, "account", web_account_json(r->context, d, &dw->secret))) {
		json_decref(o);
		o = NULL;
	}
	web_secret_wipe(&dw->secret);
	web_answer_json(r, 201, o);
}

static void fill_row(struct device_write *w, const struct web_device_fields *given)
{
	w->row.name = given->name;
	w->row.digest = slice_eq(given->digest, SLICE("sha-256")) ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5;
	w->row.srtp = slice_eq(given->srtp, SLICE("off")) ? STORE_SRTP_OFF : STORE_SRTP_SDES;
	w->row.keepalive = keepalive_of(given->keepalive);
	w->row.created_us = web_now_us(w->write.request);
	w->write.run = create_run;
	w->write.committed = created;
	w->write.explain = refused;
}

static void create_for(struct web_request *r, const struct web_device_fields *given, const struct directory_user *u)
{
	struct device_write *w = web_alloc(r, sizeof(*w));
	if (!w || !web_new_id(r, &w->row.id) || !web_keep(r, u->tenant->id, &w->row.tenant) ||
	    !web_keep(r, u->id, &w->row.user))
		return;
	w->write.request = r;
	fill_row(w, given);
	int rc = web_secret_make(r->context, given->username, given->password, (enum sip_digest_algorithm)w->row.digest,
				 &w->secret);
	if (rc < 0) {
		web_problem_store(r, rc);
		return;
	}
	w->row.username = slice_from_string(w->secret.username);
	w->row.ha1 = slice_of(w->secret.ha1, w->row.digest == SIP_DIGEST_SHA256 ? 32 : 16);
	struct web_problem p;
	if (refused(&w->write, &p))
		web_problem_given(r, &p);
	else
		web_write_post(&w->write, r);
}

void web_devices_create(struct web_request *r)
{
	struct web_device_fields given;
	struct web_problem p;
	if (web_device_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	struct directory_tenant *t = web_tenant(r, given.tenant);
	if (!t) {
		web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(given.tenant));
		return;
	}
	const struct directory_user *u = web_user_of_body(r, t, given.user);
	if (u)
		create_for(r, &given, u);
}

/* ---- change ---- */

static int change_run(struct db *db, struct web_write *w)
{
	const struct store_device *row = &container_of(w, struct device_write, write)->row;
	return store_device_set_keepalive(db, row->id, (enum store_keepalive)row->keepalive);
}

static void changed(struct web_write *w)
{
	const struct store_device *row = &container_of(w, struct device_write, write)->row;
	const struct directory_device *d = directory_device_by_id(w->request->context->directory, row->id);
	if (d)
		web_answer_json(w->request, 200, web_device_json(w->request->context, d));
	else
		web_problem(w->request, WEB_UNKNOWN_DEVICE, NULL, "the device was removed meanwhile");
}

void web_devices_change(struct web_request *r)
{
	struct web_device_fields given;
	struct web_problem p;
	if (web_device_change_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	const struct directory_device *d = named_by_path(r);
	if (!d)
		return;
	struct device_write *w = web_alloc(r, sizeof(*w));
	if (!w || !web_keep(r, d->id, &w->row.id))
		return;
	w->row.keepalive = keepalive_of(given.keepalive);
	w->write.run = change_run;
	w->write.committed = changed;
	web_write_post(&w->write, r);
}

void web_devices_remove(struct web_request *r)
{
	const struct directory_device *d = named_by_path(r);
	if (d)
		web_remove(r, d->id, store_device_remove);
}
