/* web/devices.c - /api/v1/devices: the phones of a user; creating one gives its SIP account, once */
#include "call/switchboard.h"
#include "sip/flow.h"
#include "web/account.h"
#include "web/find.h"
#include "web/route.h"

static const char *const keepalive_words[] = {
	[STORE_KEEPALIVE_CRLF] = "crlf", [STORE_KEEPALIVE_OPTIONS] = "options", [STORE_KEEPALIVE_OFF] = "off"};

static const char *const srtp_words[] = {
	[STORE_SRTP_SDES] = "sdes", [STORE_SRTP_OFF] = "off", [STORE_SRTP_DTLS] = "dtls"};

/* The place of a word that was checked to be one of them. */
static size_t place_of(struct slice word, const char *const *words, size_t count)
{
	size_t i = 0;
	while (i < count - 1 && !slice_eq(word, slice_from_string(words[i])))
		i++;
	return i;
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

static const void *find(const struct web_request *r, struct slice id)
{
	const struct directory_device *d = directory_device_by_id(r->context->directory, id);
	return d && !d->browser ? d : NULL; /* a page's is nobody's to change */
}

static json_t *show(const struct web_request *r, const void *object)
{
	const struct directory_device *d = object;
	return WEB_OBJECT({"id", web_json_text(d->id)}, {"tenant", web_json_text(d->user->tenant->name)},
			  {"user", web_json_text(d->user->login)}, {"name", web_json_text(d->name)},
			  {"username", web_json_text(d->username)},
			  {"digest", json_string(d->digest == SIP_DIGEST_SHA256 ? "sha-256" : "md5")},
			  {"srtp", json_string(srtp_words[d->srtp])},
			  {"keepalive", json_string(keepalive_words[d->keepalive])},
			  {"registrations", registrations_json(r->context, d)},
			  {"created", web_json_time(d->created_us)}, {"updated", web_json_time(d->updated_us)});
}

static const struct web_kind device = {STORE_DEVICE,
				       "device",
				       WEB_UNKNOWN_DEVICE,
				       offsetof(struct directory_device, id),
				       offsetof(struct directory_device, updated_us),
				       find,
				       show};

static const struct directory_device *device_of(const struct directory_user *u, struct slice name)
{
	const struct directory_device *d = u->first_device;
	while (d && (d->browser || !slice_eq(d->name, name)))
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
		web_listing_answer_one(r, d != NULL, d ? show(r, d) : NULL);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && (!t || web_keep(r, t->id, &l->tenant)) && (!u || web_keep(r, u->id, &l->user)) &&
	    web_listing_search(l))
		web_kind_list(l, &device);
}

void web_devices_get(struct web_request *r)
{
	web_kind_get(r, &device);
}

/* ---- make and change ---- */

struct device_change {
	struct web_change change;
	struct slice tenant, user; /* ids; empty: as they are */
	struct web_device_fields given;
	bool new_secret; /* user name, hash and password go together: all three are in `secret`, or stay */
	enum sip_digest_algorithm digest;
	struct web_secret secret; /* shown once, in the answer */
};

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	const struct device_change *w = container_of(c, struct device_change, change);
	struct store_device *d = &next->device;
	if (!exists)
		*d = (struct store_device){.id = c->id, .tenant = w->tenant, .user = w->user, .created_us = c->now_us};
	web_give(&d->name, w->given.name);
	if (!slice_empty(w->given.srtp))
		d->srtp = (int64_t)place_of(w->given.srtp, srtp_words, ARRAY_LEN(srtp_words));
	if (!slice_empty(w->given.keepalive))
		d->keepalive = (int64_t)place_of(w->given.keepalive, keepalive_words, ARRAY_LEN(keepalive_words));
	if (w->new_secret) {
		d->username = slice_from_string(w->secret.username);
		d->digest = w->digest;
		d->ha1 = slice_of(w->secret.ha1, w->digest == SIP_DIGEST_SHA256 ? 32 : 16);
	}
	return (exists || w->new_secret) && (slice_empty(w->user) || slice_eq(w->user, d->user));
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct device_change *w = container_of(c, struct device_change, change);
	struct directory *directory = c->request->context->directory;
	const struct directory_device *now = directory_device_by_id(directory, c->id);
	if (now && now->browser) {
		web_problem_set(ret, WEB_ID_TAKEN, NULL, "the id is that of a page's phone: choose another");
		return true;
	}
	const struct directory_user *u = slice_empty(w->user) && now ? now->user
								     : directory_user_by_id(directory, w->user);
	if (!u) {
		web_problem_set(ret, WEB_UNKNOWN_USER, "user", "the user was removed meanwhile");
		return true;
	}
	const struct directory_device *same = device_of(u, w->given.name);
	if (same && !slice_eq(same->id, c->id)) {
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "%.*s has a device %.*s already", SLICE_ARG(u->login),
				SLICE_ARG(w->given.name));
		return true;
	}
	same = directory_device_by_username(directory, slice_from_string(w->secret.username));
	if (same && !slice_eq(same->id, c->id)) {
		web_problem_set(ret, WEB_USERNAME_TAKEN, "username", "another device has the user name %s",
				w->secret.username);
		return true;
	}
	return false;
}

static bool add_account(struct web_change *c, const void *object, json_t *answer)
{
	struct device_change *w = container_of(c, struct device_change, change);
	json_t *account = web_account_json(c->request->context, object, &w->secret);
	web_secret_wipe(&w->secret);
	if (account && !web_json_set(account, "provisioning", web_provisioning_json(c->request, object))) {
		json_decref(account);
		return false;
	}
	return web_json_set(answer, "account", account);
}

/* A secret if one is given or needed. False: answered. */
static bool make_secret(struct device_change *w, const struct directory_device *now)
{
	struct web_request *r = w->change.request;
	const struct web_device_fields *given = &w->given;
	w->digest = now ? (enum sip_digest_algorithm)now->digest : SIP_DIGEST_MD5;
	if (!slice_empty(given->digest))
		w->digest = slice_eq(given->digest, SLICE("sha-256")) ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5;
	bool other_name = !slice_empty(given->username) && now && !slice_eq(given->username, now->username);
	if (now && slice_empty(given->password)) {
		if (!other_name && w->digest == now->digest)
			return true;
		web_problem(r, WEB_MISSING_FIELD, "password",
			    "password is missing: it is kept only as a hash that user name and digest are part of, so "
			    "give a password with another one of them");
		return false;
	}
	int rc = web_secret_make(r->context, now && !other_name ? now->username : given->username, given->password,
				 w->digest, &w->secret);
	if (rc < 0) {
		web_problem_store(r, rc);
		return false;
	}
	w->new_secret = true;
	w->change.add = add_account;
	return true;
}

void web_devices_write(struct web_request *r)
{
	struct web_problem p;
	struct device_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	if (web_device_read(r->body, web_use_of(r), &w->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	w->change.merge = merge;
	w->change.taken = taken;
	if (web_tenant_of_body(r, w->given.tenant, &w->tenant) &&
	    web_user_of_body(r, w->tenant, w->given.user, &w->user) && web_change_begin(&w->change, r, &device) &&
	    make_secret(w, find(r, w->change.id)))
		web_change_post(&w->change);
}

void web_devices_remove(struct web_request *r)
{
	web_kind_remove(r, &device);
}
