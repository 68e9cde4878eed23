/* call/authenticate.c - who sent a request: digest, or the connection it came on.   RFC 3261 §22, RFC 7616, RFC 8760 */
#include "call/private.h"
#include "sip/message.h"

/*
 * A connection on which devices have authenticated carries a tag: the handle of the first of a short list of these. A
 * phone with several accounts brings them all over one connection, so an INVITE is matched to its own account by From.
 */
struct identity {
	pool_handle next;
	char device_id[STORE_ID_CAP];
};

void identities_init(struct switchboard *sb)
{
	pool_init(&sb->identities, sizeof(struct identity), CALL_IDENTITIES_MAX);
}

bool identities_know(struct switchboard *sb, const struct sip_flow *flow, struct slice device_id)
{
	struct identity *i = pool_get(&sb->identities, transport_tag(sb->config.transport, flow));
	while (i && !slice_eq(slice_from_string(i->device_id), device_id))
		i = pool_get(&sb->identities, i->next);
	return i != NULL;
}

static void identities_remember(struct switchboard *sb, const struct sip_flow *flow,
				const struct directory_device *device)
{
	/* Each datagram speaks for itself. */
	if (!flow->connection || identities_know(sb, flow, device->id))
		return;
	pool_handle first = transport_tag(sb->config.transport, flow);
	unsigned count = 0;
	for (struct identity *i = pool_get(&sb->identities, first); i; i = pool_get(&sb->identities, i->next))
		count++;
	struct identity *i = count < CONNECTION_IDENTITIES_MAX ? pool_take(&sb->identities) : NULL;
	if (!i)
		return;
	i->next = first;
	struct writer w = writer_on(i->device_id, sizeof(i->device_id) - 1);
	write_slice(&w, device->id);
	transport_set_tag(sb->config.transport, flow, pool_handle_of(&sb->identities, i));
}

void identities_forget(struct switchboard *sb, uint64_t tag)
{
	struct identity *i = pool_get(&sb->identities, tag);
	while (i) {
		struct identity *next = pool_get(&sb->identities, i->next);
		pool_give(&sb->identities, i);
		i = next;
	}
}

/*
 * Does From speak for this device: by its user name, or by its extension in its own company? A host that is no domain
 * of ours, such as an address, may be any company's.
 */
static bool speaks_for(struct switchboard *sb, const struct sip_address *from, const struct directory_device *d)
{
	if (slice_eq(from->uri.user, d->username))
		return true;
	const struct directory_tenant *said = directory_tenant_by_domain(sb->config.directory, from->uri.host);
	return slice_eq(from->uri.user, d->user->extension) && (!said || said == d->user->tenant);
}

/*
 * The device that authenticated on this connection and that From speaks for; the only one there is speaks for any From.
 * Of several that fit none is taken: a challenge tells them apart.
 */
static struct directory_device *device_of_connection(struct switchboard *sb, const struct sip_message *req,
						     const struct sip_flow *flow)
{
	if (!sip_transport_secure(flow->transport)) /* whoever can write into a plain TCP stream would be believed */
		return NULL;
	struct directory_device *only = NULL, *named = NULL;
	unsigned count = 0, named_count = 0;
	struct identity *i = pool_get(&sb->identities, transport_tag(sb->config.transport, flow));
	for (; i; i = pool_get(&sb->identities, i->next)) {
		struct directory_device *d = directory_device_by_id(sb->config.directory,
								    slice_from_string(i->device_id));
		if (!d)
			continue;
		only = d;
		count++;
		if (speaks_for(sb, &req->from, d)) {
			named = d;
			named_count++;
		}
	}
	return named_count == 1 ? named : count == 1 ? only : NULL;
}

/*
 * The algorithm to challenge with before anybody has said a user name: that of the device that From names, by user name
 * or, where all devices of that extension agree, by extension. Once credentials name the device, its own setting
 * decides.
 */
static enum sip_digest_algorithm algorithm_guess(struct switchboard *sb, const struct sip_message *req,
						 const struct sip_flow *flow)
{
	const struct sip_uri *from = &req->from.uri;
	struct directory *dir = sb->config.directory;
	struct directory_device *d = directory_device_by_username(dir, from->user);
	if (d)
		return d->digest;
	struct directory_tenant *t = directory_tenant_by_domain(dir, from->host);
	struct directory_user *u = t ? directory_user_by_extension(dir, t, from->user) : NULL;
	/* A page is one of the browsers that its person has, and no desk phone is. */
	bool page = !slice_empty(transport_person(sb->config.transport, flow)), any = false;
	for (d = u ? u->first_device : NULL; d; d = d->next_of_user) {
		if ((d->browser != NULL) != page)
			continue;
		if (d->digest != SIP_DIGEST_SHA256)
			return SIP_DIGEST_MD5;
		any = true;
	}
	return any ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5;
}

static void challenge(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		      const struct sip_flow *flow, enum sip_digest_algorithm algorithm, bool stale)
{
	sip_server_set_guest(server, true);
	struct writer w = response_begin(sb, req, flow, 401, SLICE_NONE, SLICE_NONE);
	sip_write_field_begin(&w, SIP_WWW_AUTHENTICATE);
	sip_write_challenge(&w, sb->nonces, SLICE(SWITCHBOARD_REALM), algorithm, stale, &flow->remote,
			    sb->wheel->now_us);
	sip_write_field_end(&w);
	(void)response_send(sb, server, &w, 401, SLICE_NONE);
}

bool credentials_find(const struct sip_message *req, struct sip_credentials *ret)
{
	const struct sip_field *f = sip_field_first(req, SIP_AUTHORIZATION);
	for (; f; f = sip_field_next(req, f)) {
		struct sip_reason err;
		if (sip_credentials_parse(f->value, ret, &err) == SIP_OK &&
		    slice_eq(ret->realm, SLICE(SWITCHBOARD_REALM)))
			return true;
	}
	return false;
}

/*
 * DEVIATION: RFC 7616 §3.4.6 wants the credentials' `uri` to be the Request-URI, all of it. Alto routes by the user
 * part alone (any host may be ours), and so looks at that: a number that somebody on the way has put into an INVITE in
 * the place of the one vouched for is refused. Phones behind an outbound proxy, which write another host, and those
 * that vouch for a host without a number, work.
 */
static bool vouches_for(const struct sip_credentials *c, const struct sip_message *req)
{
	struct sip_uri said;
	struct sip_reason err;
	if (sip_uri_parse(c->uri, &said, &err) != SIP_OK || slice_empty(said.user)) /* no number in it */
		return true;
	return slice_eq(said.user, req->uri.user);
}

/*
 * Whom credentials name, and what to challenge with. A page's are good on that person's own pages alone: elsewhere
 * there is no such device. A name that nobody has seems to be set to one algorithm or the other, always the same: a
 * challenge tells no device from it.
 */
static struct directory_device *device_named(struct switchboard *sb, struct slice name, const struct sip_flow *flow,
					     enum sip_digest_algorithm *ret_want)
{
	struct directory_device *d = directory_device_by_username(sb->config.directory, name);
	if (d && d->browser && !slice_eq(transport_person(sb->config.transport, flow), d->user->id))
		d = NULL;
	*ret_want = d ? d->digest : siphash24(sb->unknown_ha1, name.p, name.n) & 1 ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5;
	return d;
}

enum auth_result authenticate(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			      const struct sip_flow *flow, struct directory_device **ret_device)
{
	ASSERT_ON(sb->thread);
	if (req->method != SIP_REGISTER) {
		struct directory_device *d = device_of_connection(sb, req, flow);
		if (d) {
			*ret_device = d;
			return AUTH_OK;
		}
	}

	struct sip_credentials c;
	if (!credentials_find(req, &c)) {
		challenge(sb, server, req, flow, algorithm_guess(sb, req, flow), false);
		return AUTH_ANSWERED;
	}

	if (!slice_empty(c.uri) && !vouches_for(&c, req)) {
		refuse(sb, server, 400, SLICE("Digest uri Names Another Target"));
		return AUTH_ANSWERED;
	}

	/* Over UDP whoever sends with the nonce of another host could guess and never be counted: nothing is looked at
	 * before the sender has shown that it is there. */
	if (!guest_is_there(sb, flow, &c)) {
		challenge(sb, server, req, flow, c.algorithm_known ? c.algorithm : SIP_DIGEST_MD5, true);
		return AUTH_ANSWERED;
	}

	/* However it is spelled: "a\bc" is the device abc, and its tries are counted as one's. */
	char unquoted[SIP_TOKEN_MAX];
	size_t n = 0;
	struct slice name = sip_unquote(c.username, unquoted, sizeof(unquoted), &n) ? slice_of(unquoted, n)
										    : c.username;
	if (!guest_may_try(sb, flow, &c, name)) {
		sip_server_drop(server);
		return AUTH_ANSWERED;
	}

	enum sip_digest_algorithm want;
	struct directory_device *device = device_named(sb, name, flow, &want);
	if (c.algorithm_known && c.algorithm != want) {
		/* It counts, or names could be tried without end. But it is answered, which tells nothing: a phone
		 * that From does not name has been asked with the wrong one. */
		(void)guest_failed(sb, flow, &c, name, device != NULL);
		challenge(sb, server, req, flow, want, false);
		return AUTH_ANSWERED;
	}
	switch (sip_digest_check(sb->nonces, sb->hasher, &c, req->method_text, SLICE(SWITCHBOARD_REALM), want,
				 device ? device->ha1 : sb->unknown_ha1, device != NULL, sb->wheel->now_us)) {
	case SIP_DIGEST_OK:
		ASSERT(device);
		sip_server_set_guest(server, false);
		guest_is_device(sb, &flow->remote, name);
		identities_remember(sb, flow, device);
		*ret_device = device;
		return AUTH_OK;
	case SIP_DIGEST_STALE:
		challenge(sb, server, req, flow, want, true);
		return AUTH_ANSWERED;
	case SIP_DIGEST_UNSUPPORTED:
		refuse(sb, server, 400, SLICE("Digest With qop=auth And Our Algorithm Only"));
		return AUTH_ANSWERED;
	case SIP_DIGEST_WRONG:
		break;
	}
	metric_add(&sb->auth_failed, 1);
	if (guest_failed(sb, flow, &c, name, device != NULL))
		challenge(sb, server, req, flow, want, false);
	else
		sip_server_drop(server);
	return AUTH_ANSWERED;
}
