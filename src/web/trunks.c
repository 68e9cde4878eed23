/* web/trunks.c - /api/v1/trunks: operators and gateways, the provider's or a tenant's */
#include "transport/transport.h"
#include "web/fields.h"
#include "web/find.h"
#include "web/listing.h"
#include "web/route.h"
#include "web/write.h"

static const struct {
	const char *name;
	enum sip_transport transport;
} transports[] = {{"udp", SIP_UDP}, {"tcp", SIP_TCP}, {"tls", SIP_TLS}};

static enum sip_transport transport_of(struct slice name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(transports) - 1 && !slice_eq(name, slice_from_string(transports[i].name)))
		i++;
	return transports[i].transport;
}

static json_t *listener_json(const struct address *a)
{
	char text[80];
	struct writer w = writer_on(text, sizeof(text));
	write_address_with_port(&w, a);
	return a->port ? web_json_text(writer_slice(&w)) : json_null();
}

static json_t *trunk_json(const struct directory_trunk *t)
{
	return WEB_OBJECT(
		{"id", web_json_text(t->id)}, {"tenant", t->tenant ? web_json_text(t->tenant->name) : json_null()},
		{"name", web_json_text(t->name)}, {"host", web_json_text(t->host)},
		{"port", t->port ? json_integer(t->port) : json_null()}, {"from", web_json_text(t->from)},
		{"listener", listener_json(&t->listener)}, {"transport", json_string(transports[t->transport].name)},
		{"srtp", json_string(t->srtp == STORE_SRTP_OFF ? "off" : "sdes")},
		{"created", web_json_id_time(t->id)});
}

static bool item(struct web_listing *l, json_t **ret)
{
	if (l->at == l->count)
		return false;
	const struct directory_trunk *t = directory_trunk_by_id(l->request->context->directory, l->ids[l->at++]);
	*ret = t ? trunk_json(t) : NULL;
	return true;
}

/* owner NULL: the provider. */
static const struct directory_trunk *trunk_of(const struct web_request *r, const struct directory_tenant *owner,
					      struct slice name)
{
	const struct directory_trunk *t = owner ? owner->first_trunk : directory_shared_trunks(r->context->directory);
	while (t && !slice_eq(t->name, name))
		t = t->next_of_owner;
	return t;
}

/* All, or those of the parameter `tenant`; with `name` the one of the tenant or, without a tenant, the shared one. */
void web_trunks_list(struct web_request *r)
{
	struct directory_tenant *t;
	if (!web_tenant_argument(r, &t))
		return;
	struct slice name = web_argument(r, "name");
	if (!slice_empty(name)) {
		const struct directory_trunk *trunk = trunk_of(r, t, name);
		web_listing_answer_one(r, trunk != NULL, trunk ? trunk_json(trunk) : NULL);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (!l || (t && !web_keep(r, t->id, &l->tenant)))
		return;
	l->kind = STORE_TRUNK;
	l->item = item;
	web_listing_start(l);
}

/* NULL: answered. */
static struct directory_trunk *named_by_path(struct web_request *r)
{
	struct directory_trunk *t = directory_trunk_by_id(r->context->directory, r->id);
	if (!t)
		web_problem(r, WEB_UNKNOWN_TRUNK, NULL, "there is no trunk with the id \"%.*s\"",
			    SLICE_ARG(slice_first(r->id, 64)));
	return t;
}

void web_trunks_get(struct web_request *r)
{
	const struct directory_trunk *t = named_by_path(r);
	if (t)
		web_answer_json(r, 200, trunk_json(t));
}

/* ---- create ---- */

struct trunk_write {
	struct web_write write;
	struct store_trunk row;
};

static bool refused(struct web_write *w, struct web_problem *ret)
{
	const struct store_trunk *row = &container_of(w, struct trunk_write, write)->row;
	const struct directory_tenant *owner = directory_tenant_by_id(w->request->context->directory, row->tenant);
	if (!owner && !slice_empty(row->tenant)) {
		web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant", "the tenant was removed meanwhile");
		return true;
	}
	if (trunk_of(w->request, owner, row->name)) {
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "there is a trunk %.*s already", SLICE_ARG(row->name));
		return true;
	}
	return false;
}

static int create_run(struct db *db, struct web_write *w)
{
	return store_trunk_put(db, &container_of(w, struct trunk_write, write)->row);
}

static void created(struct web_write *w)
{
	const struct store_trunk *row = &container_of(w, struct trunk_write, write)->row;
	const struct directory_trunk *t = directory_trunk_by_id(w->request->context->directory, row->id);
	if (t)
		web_answer_json(w->request, 201, trunk_json(t));
	else
		web_problem(w->request, WEB_UNKNOWN_TRUNK, NULL, "the trunk was removed meanwhile");
}

/* Does this node listen there? Without `at`: anywhere by this transport. */
static bool listens(const struct web_request *r, enum sip_transport transport, struct slice at)
{
	struct address wanted = {.port = 0};
	bool any = !address_parse_with_port(at, &wanted);
	for (size_t i = 0; i < transport_listener_count(r->context->transport); i++) {
		struct transport_listen l;
		transport_listener(r->context->transport, i, &l);
		if (l.transport == transport && (any || address_eq(&l.at, &wanted)))
			return true;
	}
	return false;
}

/* What goes together. False: answered. */
static bool makes_sense(struct web_request *r, const struct store_trunk *row)
{
	enum sip_transport transport = (enum sip_transport)row->transport;
	struct slice name = sip_transport_name(transport);
	bool named = !slice_empty(row->listener);
	if (!listens(r, transport, row->listener))
		web_problem(
			r, WEB_INVALID_FIELD, named ? "listener" : "transport",
			"this node does not listen for %.*s%s%.*s: what it listens on stands under `listen:` in its "
			"file, and `alto status` shows it",
			SLICE_ARG(name), named ? " on " : "", SLICE_ARG(row->listener));
	else if (row->srtp == STORE_SRTP_SDES && !sip_transport_secure(transport))
		web_problem(r, WEB_INVALID_FIELD, "srtp",
			    "over %.*s voice keys would go in clear: srtp must be off, or transport tls",
			    SLICE_ARG(name));
	else
		return true;
	return false;
}

void web_trunks_create(struct web_request *r)
{
	struct web_trunk_fields given;
	struct web_problem p;
	if (web_trunk_read(r->body, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	const struct directory_tenant *t = slice_empty(given.tenant) ? NULL : web_tenant(r, given.tenant);
	if (!t && !slice_empty(given.tenant)) {
		web_problem(r, WEB_UNKNOWN_TENANT, "tenant", "there is no tenant \"%.*s\"", SLICE_ARG(given.tenant));
		return;
	}
	struct trunk_write *w = web_alloc(r, sizeof(*w));
	if (!w || !web_new_id(r, &w->row.id) || (t && !web_keep(r, t->id, &w->row.tenant)))
		return;
	uint16_t port;
	struct address literal;
	bool good = web_host_port(given.host, &w->row.host, &port);
	ASSERT(good);
	w->row.name = given.name;
	w->row.port = port;
	/* An address speaks for itself; a name does not say whence its owner calls. */
	w->row.sources = slice_empty(given.from) && address_parse(w->row.host, &literal) ? w->row.host : given.from;
	w->row.listener = given.listener;
	w->row.transport = transport_of(given.transport);
	w->row.srtp = slice_eq(given.srtp, SLICE("off")) ? STORE_SRTP_OFF : STORE_SRTP_SDES;
	w->row.created_us = web_now_us(r);
	w->write.request = r;
	w->write.run = create_run;
	w->write.committed = created;
	w->write.explain = refused;
	if (!makes_sense(r, &w->row))
		return;
	if (refused(&w->write, &p))
		web_problem_given(r, &p);
	else
		web_write_post(&w->write, r);
}

void web_trunks_remove(struct web_request *r)
{
	const struct directory_trunk *t = named_by_path(r);
	if (t)
		web_remove(r, t->id, store_trunk_remove);
}
