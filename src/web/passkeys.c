/*
 * web/passkeys.c - /api/v1/session/passkeys: a person's own passkeys.   WebAuthn level 2 §7.1
 *
 * POST {} gives a challenge to sign; POST with what the browser made of it keeps the new key. Whoever found an open
 * page must not make themselves a key to come back with: a session that is not quite new is asked for the password.
 */
#include "directory/directory.h"
#include "web/again.h"
#include "web/enter.h"
#include "web/fields.h"
#include "web/passkey.h"
#include "web/route.h"

static bool is_attestation(struct slice s)
{
	uint8_t bytes[WEB_ATTESTATION_MAX];
	size_t n;
	return s.n && base64url_decode(s, bytes, sizeof(bytes), &n);
}

struct given {
	struct slice name, client_data, attestation, password;
};
static const struct web_field fields[] = {
	{.name = "name",
	 .offset = offsetof(struct given, name),
	 .valid = web_is_display_name,
	 .must = "must be 1 to 128 bytes that say where it is kept, without invisible characters"},
	{.name = "client_data",
	 .fixed = true,
	 .offset = offsetof(struct given, client_data),
	 .valid = web_is_client_data,
	 .must = "must be the browser's clientDataJSON in base64url"},
	{.name = "attestation",
	 .fixed = true,
	 .offset = offsetof(struct given, attestation),
	 .valid = is_attestation,
	 .must = "must be the browser's attestationObject in base64url"},
	{.name = "password",
	 .fixed = true,
	 .offset = offsetof(struct given, password),
	 .valid = web_is_any_text,
	 .must = "must be 1 to 128 bytes"},
};
const struct web_body web_passkey_body = {.schema = "Passkey", .fields = fields, .count = ARRAY_LEN(fields)};

static json_t *passkey_json(const struct store_passkey *p)
{
	char credential[WEBAUTHN_CREDENTIAL_MAX * 4 / 3 + 4];
	struct writer w = writer_on(credential, sizeof(credential));
	write_base64url(&w, p->credential.p, p->credential.n);
	return WEB_OBJECT({"id", web_json_text(p->id)}, {"name", web_json_text(p->name)},
			  {"host", web_json_text(p->host)}, {"credential", web_json_text(writer_slice(&w))},
			  {"created", web_json_time(p->created_us)}, {"used", web_json_time(p->used_us)});
}

/* ---- list ---- */

struct list {
	struct store_job job;
	struct web_request *request;
	struct slice user;
	json_t *items; /* NULL: out of memory */
};

static void take(void *arg, const struct store_passkey *p)
{
	struct list *l = arg;
	if (l->items && json_array_append_new(l->items, passkey_json(p)) == 0)
		return;
	json_decref(l->items);
	l->items = NULL;
}

static int list_run(struct db *db, struct store_job *job)
{
	struct list *l = container_of(job, struct list, job);
	l->items = json_array();
	return store_passkeys_list(db, l->user, take, l);
}

static void listed(struct store_job *job, int result)
{
	struct list *l = container_of(job, struct list, job);
	if (result == DB_OK) {
		web_answer_json(l->request, 200, WEB_OBJECT({"items", l->items}, {"next", json_null()}));
		return;
	}
	json_decref(l->items);
	web_problem_store(l->request, result);
}

void web_passkeys_list(struct web_request *r)
{
	struct list *l = web_alloc(r, sizeof(*l));
	if (!l || !web_keep(r, r->who.user, &l->user))
		return;
	l->request = r;
	l->job = (struct store_job){.run = list_run, .done = listed, .bytes = sizeof(*l), .read_only = true};
	int rc = store_post(r->context->store, &l->job);
	if (rc < 0)
		web_problem_store(r, rc);
}

/* ---- register ---- */

struct registration {
	struct web_request *request;
	struct web_write write;
	struct web_again again;
	struct given given;
	struct store_passkey row;
	struct web_passkey_said said;
	struct webauthn_data data;
	bool room;
};

static void tell(struct web_write *w, struct slice user, struct slice id, struct slice name)
{
	w->act.row.tenant = w->request->who.tenant;
	w->act.row.owner = user;
	w->act.row.object = id;
	w->act.row.object_name = name;
}

static int put_run(struct db *db, struct web_write *w)
{
	struct registration *g = container_of(w, struct registration, write);
	int rc = store_passkey_put(db, &g->row, WEB_PASSKEYS_OF_PERSON, &g->room);
	if (g->room)
		tell(w, g->row.user, g->row.id, g->row.name);
	return rc;
}

static void put(struct web_write *w)
{
	struct registration *g = container_of(w, struct registration, write);
	if (g->room)
		web_answer_json(w->request, 201, passkey_json(&g->row));
	else
		web_problem(w->request, WEB_CONFLICT, NULL, "there are %d passkeys already: remove one first",
			    WEB_PASSKEYS_OF_PERSON);
}

static bool is_there(struct web_write *w, struct web_problem *ret)
{
	web_problem_set(ret, WEB_CONFLICT, NULL, "this passkey is there already");
	return true;
}

static void keep(struct web_again *a)
{
	struct registration *g = container_of(a, struct registration, again);
	struct web_request *r = g->request;
	/* One that was forgotten can bring nothing but a passkey that is there, or that this person had and removed. */
	if (web_challenge_use(&r->context->access->challenges, web_now_us(r), g->said.challenge) ==
	    WEB_CHALLENGE_USED) {
		web_passkey_wrong(r);
		return;
	}
	g->row.credential = g->data.credential;
	g->row.key = slice_of(g->data.key, sizeof(g->data.key));
	g->row.count = g->data.count;
	g->row.name = g->given.name;
	g->row.created_us = web_now_us(r);
	g->write.run = put_run;
	g->write.committed = put;
	g->write.explain = is_there;
	web_write_post(&g->write, r);
}

/* False: answered. */
static bool read_key(struct registration *g, struct web_request *r, const struct directory_user *u)
{
	struct slice object;
	if (slice_empty(g->given.attestation) || slice_empty(g->given.name)) {
		const char *missing = slice_empty(g->given.name) ? "name" : "attestation";
		web_problem(r, WEB_MISSING_FIELD, missing, "%s is missing: it is needed with client_data", missing);
		return false;
	}
	if (!web_new_id(r, &g->row.id) || !web_keep(r, u->id, &g->row.user) ||
	    !web_keep(r, u->tenant->id, &g->row.tenant) || !web_passkey_host(r, &g->row.host) ||
	    !web_passkey_said(r, g->given.client_data, "webauthn.create", r->who.pass, &g->said) ||
	    !web_passkey_decode(r, g->given.attestation, &object))
		return false;
	if (webauthn_attestation(object, &g->data) && web_passkey_is_here(&g->data, g->row.host))
		return true;
	web_problem(r, WEB_WRONG_PASSKEY, NULL,
		    "this device makes keys that cannot be used here: an ES256 key without attestation is needed");
	return false;
}

void web_passkeys_create(struct web_request *r)
{
	struct web_problem p;
	const struct directory_user *u = directory_user_by_id(r->context->directory, r->who.user);
	struct registration *g = web_alloc(r, sizeof(*g));
	if (!g)
		return;
	if (r->body && web_fields_read(r->body, &web_passkey_body, WEB_WHOLE, &g->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	if (slice_empty(g->given.client_data)) {
		web_passkey_offer(r, r->who.pass);
		return;
	}
	g->request = r;
	if (u && read_key(g, r, u))
		web_again(&g->again, r, g->row.user, g->given.password, keep);
}

/* ---- rename and remove ---- */

struct change {
	struct web_write write;
	struct given given;
	struct slice user, id;
	bool there;
};

static int rename_run(struct db *db, struct web_write *w)
{
	struct change *c = container_of(w, struct change, write);
	int rc = store_passkey_rename(db, c->user, c->id, c->given.name, &c->there);
	if (c->there)
		tell(w, c->user, c->id, c->given.name);
	return rc;
}

static int remove_run(struct db *db, struct web_write *w)
{
	struct change *c = container_of(w, struct change, write);
	int rc = store_passkey_remove(db, c->user, c->id, &c->there);
	if (c->there)
		tell(w, c->user, c->id, SLICE_NONE);
	return rc;
}

static void changed(struct web_write *w)
{
	struct change *c = container_of(w, struct change, write);
	if (c->there)
		web_answer_empty(w->request);
	else
		web_problem(w->request, WEB_UNKNOWN_PASSKEY, NULL, "there is no passkey with the id \"%.*s\"",
			    SLICE_ARG(slice_first(c->id, 64)));
}

static void change(struct web_request *r, int (*run)(struct db *db, struct web_write *w))
{
	struct web_problem p;
	struct change *c = web_alloc(r, sizeof(*c));
	if (!c || !web_keep(r, r->who.user, &c->user) || !web_keep(r, r->id, &c->id))
		return;
	if (r->method == WEB_PATCH && web_fields_read(r->body, &web_passkey_body, WEB_PART, &c->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	c->write.run = run;
	c->write.committed = changed;
	web_write_post(&c->write, r);
}

void web_passkeys_rename(struct web_request *r)
{
	change(r, rename_run);
}

void web_passkeys_remove(struct web_request *r)
{
	change(r, remove_run);
}
