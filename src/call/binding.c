/* call/binding.c - one way to a device: see binding.h */
#include "call/binding.h"
#include <errno.h>

#define USER_AGENT_MAX 128 /* shown to people; longer ones are cut */

static uint32_t expires_wanted(const struct sip_message *req, const struct sip_address *contact)
{
	struct slice value;
	uint32_t seconds;
	/* §10.2.1.1: the Contact's own parameter, else the field, else our default; what cannot be read is as if
	 * absent. */
	if (sip_param_find(contact->params, SLICE("expires"), &value) && sip_number_parse(value, UINT32_MAX, &seconds))
		return seconds;
	if (sip_number_parse(sip_field_value(req, SIP_EXPIRES), UINT32_MAX, &seconds))
		return seconds;
	return REGISTER_EXPIRES_DEFAULT_S;
}

/* Several Path fields are one list (RFC 3261 §7.3.1). false: too long. */
static bool read_path(const struct sip_message *req, struct binding_request *ret)
{
	const struct sip_field *f = sip_field_first(req, SIP_PATH);
	struct writer w = writer_on(ret->path_text, sizeof(ret->path_text));
	for (; f; f = sip_field_next(req, f)) {
		write_string(&w, w.n ? ", " : "");
		write_slice(&w, f->value);
	}
	ret->path = writer_slice(&w);
	return !w.overflow;
}

static struct slice unquoted(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return slice_of(s.p + 1, s.n - 2);
	return s;
}

/* Via has another value than that of who sent it. An empty one between commas is none (RFC 3261 §25.1). */
static bool came_through_proxy(const struct sip_message *req)
{
	size_t hops = 0;
	for (const struct sip_field *f = sip_field_first(req, SIP_VIA); f; f = sip_field_next(req, f)) {
		struct slice rest = f->value, item;
		while (sip_list_next(&rest, &item))
			hops++;
	}
	return hops > 1;
}

/*
 * RFC 5626 §6: what comes through a proxy may use outbound only if the proxy next to the phone, whose Path is the first
 * that was added and so the last, keeps its flow (`ob`). Otherwise reg-id counts for nothing, and a phone that counts
 * on it is told. DEVIATION: the RFC calls it "the first URI" of Path, but proxies put theirs in front (RFC 3327 §5.2).
 */
static bool first_hop_lacks_outbound(const struct sip_message *req, struct slice path)
{
	struct slice item, last = SLICE_NONE;
	struct sip_address address;
	struct sip_reason err;
	while (sip_list_next(&path, &item))
		last = item;
	if (slice_empty(last))
		return came_through_proxy(req);
	return sip_address_parse(last, &address, &err) != SIP_OK ||
	       !sip_param_find(address.uri.params, SLICE("ob"), &item);
}

unsigned binding_request_read(const struct sip_message *req, const struct sip_address *contact,
			      const struct sip_flow *flow, struct binding_request *ret)
{
	struct slice value;
	uint64_t reg_id = 0;
	if (contact->uri.scheme != SIP_SCHEME_SIP && contact->uri.scheme != SIP_SCHEME_SIPS)
		return 400;
	if (sip_param_find(contact->uri.params, SLICE("gr"), &value)) /* RFC 5627 §5.1: it would lead back to us */
		return 403;
	*ret = (struct binding_request){
		.contact = contact->uri.text,
		.contact_user = contact->uri.user,
		.call_id = sip_field_value(req, SIP_CALL_ID),
		.user_agent = slice_first(sip_field_value(req, SIP_USER_AGENT), USER_AGENT_MAX),
		.cseq = req->cseq.number,
		.expires_s = expires_wanted(req, contact),
	};
	if (!read_path(req, ret) || ret->contact.n > SIP_TOKEN_MAX || ret->call_id.n > SIP_TOKEN_MAX)
		return 400;
	if (sip_param_find(contact->params, SLICE("+sip.instance"), &value))
		ret->instance = slice_first(unquoted(value), SIP_TOKEN_MAX);
	if (sip_param_find(contact->params, SLICE("reg-id"), &value) && slice_u64(value, INT32_MAX, &reg_id))
		ret->reg_id = (uint32_t)reg_id;
	if (slice_empty(ret->instance)) /* §6: without an instance it names nothing */
		ret->reg_id = 0;
	if (ret->reg_id && ret->expires_s && first_hop_lacks_outbound(req, ret->path)) {
		if (sip_list_has(req, SIP_SUPPORTED, SLICE("outbound")))
			return 439;
		ret->reg_id = 0;
	}
	if (ret->expires_s == 0)
		return 0;
	if (ret->expires_s < REGISTER_EXPIRES_MIN_S)
		return 423;
	uint32_t most = REGISTER_EXPIRES_MAX_S;
	if (sip_transport_reliable(flow->transport) && !ret->reg_id)
		most = REGISTER_EXPIRES_CONNECTION_S;
	ret->expires_s = MIN(ret->expires_s, most);
	return 0;
}

static struct slice contact_user(struct slice uri)
{
	struct sip_uri u;
	struct sip_reason err;
	return sip_uri_parse(uri, &u, &err) == SIP_OK ? u.user : SLICE_NONE;
}

struct slice binding_target(const struct directory_binding *b)
{
	struct slice contact = directory_binding_text(b, BINDING_CONTACT);
	struct sip_uri u;
	struct sip_reason err;
	if (sip_uri_parse(contact, &u, &err) == SIP_OK && u.headers.n)
		contact.n = (size_t)(u.headers.p - 1 - contact.p);
	return contact;
}

bool binding_is_meant(const struct binding_request *want, struct slice instance, uint32_t reg_id, struct slice contact)
{
	if (want->instance.n && instance.n)
		return slice_eq(instance, want->instance) && reg_id == want->reg_id;
	return slice_eq(contact_user(contact), want->contact_user);
}

struct directory_binding *binding_match(const struct directory_device *device, const struct binding_request *want)
{
	for (struct directory_binding *b = device->first_binding; b; b = b->next_of_device)
		if (binding_is_meant(want, directory_binding_text(b, BINDING_INSTANCE), b->reg_id,
				     directory_binding_text(b, BINDING_CONTACT)))
			return b;
	return NULL;
}

bool binding_is_refresh(const struct directory_binding *b, const struct binding_request *want,
			const struct sip_flow *flow)
{
	if (b->transport != flow->transport)
		return false;
	if (sip_transport_reliable(flow->transport))
		return slice_eq(directory_binding_text(b, BINDING_CONTACT), want->contact) &&
		       slice_eq(directory_binding_text(b, BINDING_PATH), want->path);
	return slice_eq(directory_binding_text(b, BINDING_CONTACT), want->contact) &&
	       slice_eq(directory_binding_text(b, BINDING_PATH), want->path) && address_eq(&b->remote, &flow->remote) &&
	       b->listener == flow->listener;
}

void binding_refresh(struct directory *d, const struct binding_refresh *r, int64_t wall_us)
{
	struct directory_binding *b = r->binding;
	if (directory_binding_set_call_id(d, b, r->call_id) < 0)
		return; /* without memory the binding lives on until its old expiry */
	b->expires_us = wall_us + r->expires_s * SECOND_US;
	b->updated_us = wall_us;
	b->cseq = r->cseq;
}

static bool dup_address(struct arena *text, const struct address *a, struct slice *ret)
{
	char buf[64];
	struct writer w = writer_on(buf, sizeof(buf));
	write_address_with_port(&w, a);
	return arena_dup(text, writer_slice(&w), ret);
}

int binding_new_row(struct switchboard *sb, struct arena *text, const struct directory_device *device,
		    const struct directory_binding *old, const struct binding_request *want,
		    const struct sip_flow *flow, struct store_binding *ret)
{
	struct transport_listen listener;
	char id[STORE_ID_CAP];
	store_new_id(sb->random, sb->wheel->wall_us, id);
	transport_listener(sb->config.transport, flow->listener, &listener);
	*ret = (struct store_binding){
		.reg_id = want->reg_id,
		.cseq = want->cseq,
		.transport = flow->transport,
		.expires_us = sb->wheel->wall_us + want->expires_s * SECOND_US,
		.updated_us = sb->wheel->wall_us,
	};
	bool ok = arena_dup(text, old ? directory_binding_text(old, BINDING_ID) : slice_from_string(id), &ret->id) &&
		  arena_dup(text, device->user->tenant->id, &ret->tenant) &&
		  arena_dup(text, device->user->id, &ret->user) && arena_dup(text, device->id, &ret->device) &&
		  arena_dup(text, want->instance, &ret->instance) && arena_dup(text, want->contact, &ret->contact) &&
		  arena_dup(text, want->path, &ret->path) && arena_dup(text, want->call_id, &ret->call_id) &&
		  arena_dup(text, want->user_agent, &ret->user_agent) &&
		  dup_address(text, &listener.at, &ret->listener) && dup_address(text, &flow->local, &ret->local) &&
		  dup_address(text, &flow->remote, &ret->remote);
	return ok ? 0 : -ENOMEM;
}

bool binding_row(struct switchboard *sb, struct arena *text, const struct directory_binding *b,
		 struct store_binding *ret)
{
	struct transport_listen listener;
	transport_listener(sb->config.transport, b->listener, &listener);
	*ret = (struct store_binding){
		.reg_id = b->reg_id,
		.cseq = b->cseq,
		.transport = b->transport,
		.expires_us = b->expires_us,
		.updated_us = b->updated_us,
	};
	const struct directory_user *u = b->device->user;
	return arena_dup(text, directory_binding_text(b, BINDING_ID), &ret->id) &&
	       arena_dup(text, u->tenant->id, &ret->tenant) && arena_dup(text, u->id, &ret->user) &&
	       arena_dup(text, b->device->id, &ret->device) &&
	       arena_dup(text, directory_binding_text(b, BINDING_INSTANCE), &ret->instance) &&
	       arena_dup(text, directory_binding_text(b, BINDING_CONTACT), &ret->contact) &&
	       arena_dup(text, directory_binding_text(b, BINDING_PATH), &ret->path) &&
	       arena_dup(text, directory_binding_text(b, BINDING_CALL_ID), &ret->call_id) &&
	       arena_dup(text, directory_binding_text(b, BINDING_USER_AGENT), &ret->user_agent) &&
	       dup_address(text, &listener.at, &ret->listener) && dup_address(text, &b->local, &ret->local) &&
	       dup_address(text, &b->remote, &ret->remote);
}

void binding_flow(const struct directory_binding *b, struct sip_flow *ret)
{
	*ret = (struct sip_flow){
		.transport = b->transport,
		.connection = b->connection,
		.listener = b->listener,
		.local = b->local,
		.remote = b->remote,
	};
}

void binding_find_listener(struct switchboard *sb, struct directory_binding *b, struct slice name)
{
	struct address named;
	bool found = false;
	if (!address_parse_with_port(name, &named))
		named = (struct address){0};
	for (size_t i = 0; i < transport_listener_count(sb->config.transport); i++) {
		struct transport_listen l;
		transport_listener(sb->config.transport, i, &l);
		if (l.transport != b->transport)
			continue;
		if (!found || address_eq(&l.at, &named))
			b->listener = (uint16_t)i;
		found = true;
	}
}

int binding_set_routes(struct sip_dialog *d, struct slice path)
{
	struct slice routes[SIP_ROUTE_MAX], item;
	size_t n = 0;
	while (sip_list_next(&path, &item)) {
		if (n == ARRAY_LEN(routes))
			return -E2BIG;
		routes[n++] = item;
	}
	return n ? sip_dialog_set_routes(d, routes, n) : 0;
}

void binding_write_contact(struct writer *w, const struct directory_binding *b, int64_t wall_us)
{
	int64_t left_us = b->expires_us - wall_us;
	write_char(w, '<');
	write_slice(w, directory_binding_text(b, BINDING_CONTACT));
	write_string(w, ">;expires=");
	write_u64(w, left_us > 0 ? (uint64_t)(left_us / SECOND_US) : 0);
	if (directory_binding_text(b, BINDING_INSTANCE).n) {
		write_string(w, ";+sip.instance=\"");
		write_slice(w, directory_binding_text(b, BINDING_INSTANCE));
		write_char(w, '"');
	}
	if (b->reg_id) {
		write_string(w, ";reg-id=");
		write_u64(w, b->reg_id);
	}
}
