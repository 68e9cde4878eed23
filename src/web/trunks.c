/* web/trunks.c - /api/v1/trunks: operators and gateways, the provider's or a tenant's */
#include "transport/transport.h"
#include "web/find.h"
#include "web/route.h"

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

static const void *find(const struct web_request *r, struct slice id)
{
	return directory_trunk_by_id(r->context->directory, id);
}

static json_t *show(const struct web_request *r, const void *object)
{
	const struct directory_trunk *t = object;
	return WEB_OBJECT(
		{"id", web_json_text(t->id)}, {"tenant", t->tenant ? web_json_text(t->tenant->name) : json_null()},
		{"name", web_json_text(t->name)}, {"host", web_json_text(t->host)},
		{"port", t->port ? json_integer(t->port) : json_null()}, {"from", web_json_text(t->from)},
		{"listener", listener_json(&t->listener)}, {"transport", json_string(transports[t->transport].name)},
		{"srtp", json_string(t->srtp == STORE_SRTP_OFF ? "off" : "sdes")},
		{"created", web_json_time(t->created_us)}, {"updated", web_json_time(t->updated_us)});
}

static const struct web_kind trunk = {STORE_TRUNK,
				      "trunk",
				      WEB_UNKNOWN_TRUNK,
				      offsetof(struct directory_trunk, id),
				      offsetof(struct directory_trunk, updated_us),
				      find,
				      show};

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
		const struct directory_trunk *one = trunk_of(r, t, name);
		web_listing_answer_one(r, one != NULL, one ? show(r, one) : NULL);
		return;
	}
	struct web_listing *l = web_listing_new(r, web_is_id);
	if (l && (!t || web_keep(r, t->id, &l->tenant)))
		web_kind_list(l, &trunk);
}

void web_trunks_get(struct web_request *r)
{
	web_kind_get(r, &trunk);
}

/* ---- make and change ---- */

struct trunk_change {
	struct web_change change;
	bool whole; /* POST and PUT say everything: what is not given is none */
	struct slice tenant;
	struct slice host; /* of given.host */
	uint16_t port;
	struct web_trunk_fields given;
};

static bool merge(struct web_change *c, bool exists, union store_any_row *next)
{
	const struct trunk_change *w = container_of(c, struct trunk_change, change);
	const struct web_trunk_fields *given = &w->given;
	struct store_trunk *t = &next->trunk;
	struct address literal;
	if (!exists)
		*t = (struct store_trunk){.id = c->id, .tenant = w->tenant, .created_us = c->now_us};
	web_give(&t->name, given->name);
	if (!slice_empty(w->host)) {
		t->host = w->host;
		t->port = w->port;
	}
	/* An address speaks for itself; a name does not say whence its owner calls. */
	if (w->whole)
		t->sources = address_parse(w->host, &literal) ? w->host : SLICE_NONE;
	web_give(&t->sources, given->from);
	if (w->whole || !slice_empty(given->listener))
		t->listener = given->listener;
	if (!slice_empty(given->transport))
		t->transport = transport_of(given->transport);
	if (!slice_empty(given->srtp))
		t->srtp = slice_eq(given->srtp, SLICE("off")) ? STORE_SRTP_OFF : STORE_SRTP_SDES;
	return !w->whole || slice_eq(w->tenant, t->tenant);
}

static bool taken(struct web_change *c, struct web_problem *ret)
{
	const struct trunk_change *w = container_of(c, struct trunk_change, change);
	struct directory *d = c->request->context->directory;
	const struct directory_trunk *now = directory_trunk_by_id(d, c->id);
	const struct directory_tenant *owner = now ? now->tenant : directory_tenant_by_id(d, w->tenant);
	if (!owner && !slice_empty(w->tenant)) {
		web_problem_set(ret, WEB_UNKNOWN_TENANT, "tenant", "the tenant was removed meanwhile");
		return true;
	}
	const struct directory_trunk *same = trunk_of(c->request, owner, w->given.name);
	if (same && !slice_eq(same->id, c->id)) {
		web_problem_set(ret, WEB_NAME_TAKEN, "name", "there is a trunk %.*s already", SLICE_ARG(w->given.name));
		return true;
	}
	return false;
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

/* What goes together, with what stays of the trunk as it is. False: answered. */
static bool makes_sense(struct trunk_change *w, const struct directory_trunk *now)
{
	struct web_request *r = w->change.request;
	const struct web_trunk_fields *given = &w->given;
	char text[80];
	struct writer old = writer_on(text, sizeof(text));
	bool stays = !w->whole && now && now->listener.port && slice_empty(given->listener);
	if (stays)
		write_address_with_port(&old, &now->listener);
	struct slice listener = stays ? writer_slice(&old) : given->listener;
	enum sip_transport transport = slice_empty(given->transport) && now ? now->transport
									    : transport_of(given->transport);
	bool sdes = slice_empty(given->srtp) && now ? now->srtp == STORE_SRTP_SDES
						    : slice_eq(given->srtp, SLICE("sdes"));
	struct slice name = sip_transport_name(transport);
	bool named = !slice_empty(listener);
	if (!listens(r, transport, listener))
		web_problem(
			r, WEB_INVALID_FIELD, named ? "listener" : "transport",
			"this node does not listen for %.*s%s%.*s: what it listens on stands under `listen:` in its "
			"file, and `alto status` shows it",
			SLICE_ARG(name), named ? " on " : "", SLICE_ARG(listener));
	else if (sdes && !sip_transport_secure(transport))
		web_problem(r, WEB_INVALID_FIELD, "srtp",
			    "over %.*s voice keys would go in clear: srtp must be off, or transport tls",
			    SLICE_ARG(name));
	else
		return true;
	return false;
}

void web_trunks_write(struct web_request *r)
{
	struct web_problem p;
	struct trunk_change *w = web_alloc(r, sizeof(*w));
	if (!w)
		return;
	w->whole = web_use_of(r) == WEB_WHOLE;
	if (web_trunk_read(r->body, web_use_of(r), &w->given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	w->change.merge = merge;
	w->change.taken = taken;
	bool good = slice_empty(w->given.host) || web_host_port(w->given.host, &w->host, &w->port);
	ASSERT(good);
	if (web_tenant_of_body(r, w->given.tenant, &w->tenant) && web_change_begin(&w->change, r, &trunk) &&
	    makes_sense(w, find(r, w->change.id)))
		web_change_post(&w->change);
}

void web_trunks_remove(struct web_request *r)
{
	web_kind_remove(r, &trunk);
}
