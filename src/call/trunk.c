/*
 * call/trunk.c - calls from an operator or gateway, known by its address.   RFC 3325 §9.1, RFC 3261 §8.2
 *
 * Several tenants may have a trunk to one operator, whose requests all come from the same addresses: the number that
 * was dialled tells whose call it is. A tenant's own trunk brings calls for its own numbers only.
 */
#include "base/log.h"
#include "call/outside.h"
#include "sip/privacy.h"

/* ---- which trunk ---- */

struct arrival {
	struct transport *transport;
	const struct sip_flow *flow;
	const struct directory_tenant *tenant; /* a trunk of this one, or a shared one; NULL: any trunk */
	bool shared;
};

bool trunk_same_listener(const struct address *named, const struct address *at)
{
	return address_eq(named, at) || (named->port == at->port && address_is_any(named) && address_is_any(at));
}

static bool arrived(const struct directory_trunk *t, const void *arg)
{
	const struct arrival *a = arg;
	struct transport_listen l;
	if (t->transport != a->flow->transport)
		return false;
	if (a->tenant && t->tenant != (a->shared ? NULL : a->tenant))
		return false;
	if (!t->listener.port)
		return true;
	transport_listener(a->transport, a->flow->listener, &l);
	return trunk_same_listener(&t->listener, &l.at);
}

bool switchboard_knows(struct switchboard *sb, const struct sip_flow *flow)
{
	ASSERT_ON(sb->thread);
	const struct arrival any = {sb->config.transport, flow, NULL, false};
	return directory_trunk_by_source(sb->config.directory, &flow->remote, arrived, &any) != NULL;
}

bool trunk_sends(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow)
{
	return !sip_field_first(req, SIP_AUTHORIZATION) && !transport_tag(sb->config.transport, flow) &&
	       switchboard_knows(sb, flow);
}

/* The trunk over which a call for this tenant came: its own, else a shared one. */
static const struct directory_trunk *trunk_for(struct switchboard *sb, const struct sip_flow *flow,
					       const struct directory_tenant *tenant)
{
	const struct arrival own = {sb->config.transport, flow, tenant, false};
	const struct arrival shared = {sb->config.transport, flow, tenant, true};
	const struct directory_trunk *t = directory_trunk_by_source(sb->config.directory, &flow->remote, arrived, &own);
	return t ? t : directory_trunk_by_source(sb->config.directory, &flow->remote, arrived, &shared);
}

/* ---- whom ---- */

/* Ours? Operators write E.164 with a plus sign, behind 00, or as digits alone. */
static const struct directory_number *find_number(struct switchboard *sb, const struct sip_uri *uri)
{
	char number[NUMBER_CAP], plus[NUMBER_CAP + 1];
	if (!party_number(uri, number))
		return NULL;
	snprintf(plus, sizeof(plus), "%s%s", number[0] == '+' ? "" : "+", number);
	return directory_number_find(sb->config.directory, slice_from_string(plus));
}

/* By the Request-URI, or where that names only the connection (RFC 3261 §8.1.1.1 notwithstanding), by To. */
static const struct directory_number *dialled(struct switchboard *sb, const struct sip_message *req)
{
	const struct directory_number *n = find_number(sb, &req->uri);
	return n ? n : find_number(sb, &req->to.uri);
}

/* ---- from whom ---- */

/* Trunks are the provider's to make, so the operators behind them are trusted to assert who calls (record 017); but
 * what a caller has asked to be withheld goes no further (RFC 3325 §7). */
static bool asserted(const struct sip_message *req, struct sip_address *ret)
{
	struct sip_reason err;
	struct sip_address a;
	char number[NUMBER_CAP];
	const struct sip_field *f = sip_privacy_of(req) & SIP_PRIVACY_ID
					    ? NULL
					    : sip_field_first(req, SIP_P_ASSERTED_IDENTITY);
	for (; f; f = sip_field_next(req, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest) && sip_address_next(&rest, &a, &err) == SIP_OK) {
			if (!party_number(&a.uri, number))
				continue;
			*ret = a;
			return true;
		}
	}
	return false;
}

static void read_caller(struct switchboard *sb, const struct sip_message *req, struct trunk_call *ret)
{
	struct sip_address a = req->from;
	(void)asserted(req, &a);
	/* RFC 3323 §5.3: nor what it says of itself, should nobody on the way have taken that out. */
	if (sip_privacy_of(req) & SIP_PRIVACY_USER || !party_number(&a.uri, ret->from_number))
		return;
	struct slice number = slice_from_string(ret->from_number);
	/* Nobody outside looks like a colleague. */
	if (directory_user_by_extension(sb->config.directory, ret->from.tenant, number))
		return;
	ret->from.uri = number;
	ret->from.name = party_name_read(a.display, ret->from_name);
}

/* ---- the call ---- */

bool trunk_sent_on(const struct leg *leg, const struct sip_message *req)
{
	struct sip_address called;
	struct sip_reason err;
	char number[NUMBER_CAP], sent[NUMBER_CAP];
	return leg->trunk_id[0] && sip_address_parse(leg->dialog.remote_uri, &called, &err) == SIP_OK &&
	       party_number(&req->uri, number) && party_number(&called.uri, sent) &&
	       !slice_eq(slice_from_string(number), slice_from_string(sent));
}

bool trunk_read_call(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow, struct trunk_call *ret)
{
	const struct directory_number *n = dialled(sb, req);
	const struct directory_trunk *t = n ? trunk_for(sb, flow, n->tenant) : NULL;
	if (!t) {
		/* It is nobody's call, so it has no row. */
		metric_add(&sb->unknown_numbers, 1);
		log_event(LOG_WARN, "trunk.unknown_number", LOG_INT("listener", flow->listener));
		refuse(sb, server, 404, SLICE_NONE);
		return false;
	}
	*ret = (struct trunk_call){.from = {.tenant = n->tenant, .trunk = t}, .user = n->user, .number = n->number};
	read_caller(sb, req, ret);
	diversion_read(req, n->tenant->domain, ret->diverted);
	return true;
}

/* ---- inside its dialogs ---- */

static bool address_is_of(const struct directory_trunk *t, const struct address *at)
{
	for (size_t i = 0; i < t->source_count; i++)
		if (address_block_has(&t->sources[i].block, at))
			return true;
	return false;
}

bool trunk_has_flow(struct switchboard *sb, struct slice id, const struct sip_flow *flow)
{
	const struct directory_trunk *t = directory_trunk_by_id(sb->config.directory, id);
	const struct arrival any = {sb->config.transport, flow, NULL, false};
	return t && arrived(t, &any) && address_is_of(t, &flow->remote);
}

/* Where the peer wants its requests: its first route, else its Contact; if that is one of the trunk's addresses. */
static bool next_hop(const struct directory_trunk *t, const struct sip_dialog *d, struct address *ret)
{
	struct sip_address route;
	struct sip_uri uri;
	struct sip_reason err;
	struct address at;
	if (d->route_count) {
		if (sip_address_parse(d->routes[0], &route, &err) != SIP_OK)
			return false;
		uri = route.uri;
	} else if (sip_uri_parse(d->remote_target, &uri, &err) != SIP_OK) {
		return false;
	}
	if (!address_parse(uri.host, &at))
		return false;
	at.port = uri.port ? uri.port : t->transport == SIP_TLS ? 5061 : 5060;
	if (!address_is_of(t, &at))
		return false;
	*ret = at;
	return true;
}

void trunk_find_way(struct switchboard *sb, const struct leg *leg, struct sip_flow *flow)
{
	const struct directory_trunk *t = directory_trunk_by_id(sb->config.directory, slice_from_string(leg->trunk_id));
	struct target_list again = {.listener = flow->listener, .count = 1, .of = {{.transport = flow->transport}}};
	struct sip_flow found;
	if (!t || (sip_transport_reliable(flow->transport) && transport_alive(sb->config.transport, flow)) ||
	    !next_hop(t, &leg->dialog, &again.of[0].address))
		return;
	slice_to_string(t->host, again.name, sizeof(again.name));
	if (target_flow(sb->config.transport, &again, 0, &found) == 0)
		*flow = found;
}
