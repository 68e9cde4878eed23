/*
 * call/guests.c - what is told of those who are nobody yet: transport/bans.h decides who is heard on
 *
 * A guest's request leaves nothing behind once it is answered (sip_server_set_guest()), so no table grows with what
 * comes from nobody; it becomes somebody's when authenticate() or trunk.c says whose.
 */
#include "call/private.h"
#include "transport/bans.h"

/* How scanners name themselves in User-Agent, unless their user takes the trouble. Phones of these names do not exist.
 */
static const char *const scanners[] = {"friendly-scanner", "friendly-request", "sipvicious", "sipcli",
				       "sip-scan",         "sundayddr",        "iWar",       "pplsip"};

static bool is_scanner(const struct sip_message *req)
{
	struct slice agent = sip_field_value(req, SIP_USER_AGENT);
	for (size_t i = 0; i < ARRAY_LEN(scanners); i++)
		if (slice_casestarts(agent, slice_from_string(scanners[i])))
			return true;
	return false;
}

static bool any_trunk(const struct directory_trunk *t, const void *arg)
{
	return true;
}

/* On whichever listener: a ban is for all of them. */
static bool is_operator(void *arg, const struct address *at)
{
	struct switchboard *sb = arg;
	return directory_trunk_by_source(sb->config.directory, at, any_trunk, NULL) != NULL;
}

void guests_init(struct switchboard *sb)
{
	bans_set_spared(sb->config.bans, is_operator, sb);
}

void guests_done(struct switchboard *sb)
{
	bans_set_spared(sb->config.bans, NULL, NULL);
}

bool guest_is_there(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c)
{
	return sip_transport_reliable(flow->transport) ||
	       (c && sip_nonce_returned_by(sb->nonces, c->nonce, &flow->remote, sb->wheel->now_us));
}

/* A scanner is challenged while its address may be forged: what it brings back is its proof. It learns nothing else. */
static bool scanner_may_ask(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow)
{
	struct sip_credentials c;
	bool proven = guest_is_there(sb, flow, credentials_find(req, &c) ? &c : NULL);
	const struct guest g = {.from = &flow->remote, .proven = proven};
	return bans_deed(sb->config.bans, &g, GUEST_SCANNER) &&
	       (req->method == SIP_REGISTER || req->method == SIP_INVITE);
}

bool guest_is_known(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow)
{
	struct sip_credentials c;
	return transport_tag(sb->config.transport, flow) || bans_trusts(sb->config.bans, &flow->remote) ||
	       is_operator(sb, &flow->remote) ||
	       (credentials_find(req, &c) &&
		sip_nonce_returned_by(sb->nonces, c.nonce, &flow->remote, sb->wheel->now_us));
}

bool guest_is_heard(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow)
{
	if (transport_tag(sb->config.transport, flow))
		return true;
	const struct guest g = {.from = &flow->remote, .proven = guest_is_there(sb, flow, NULL)};
	return (is_scanner(req) ? scanner_may_ask(sb, req, flow) : bans_deed(sb->config.bans, &g, GUEST_ASKED)) ||
	       is_operator(sb, &flow->remote);
}

bool guest_may_ask(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow)
{
	sip_server_set_guest(server, !transport_tag(sb->config.transport, flow));
	bool heard = guest_is_heard(sb, req, flow);
	if (!heard)
		sip_server_drop(server);
	return heard;
}

bool guest_sent_garbage(struct switchboard *sb, const struct sip_flow *flow)
{
	if (transport_tag(sb->config.transport, flow) || is_operator(sb, &flow->remote))
		return true;
	const struct guest g = {.from = &flow->remote, .proven = guest_is_there(sb, flow, NULL)};
	return bans_deed(sb->config.bans, &g, GUEST_GARBAGE);
}

static struct guest guest_of(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c,
			     struct slice name)
{
	return (struct guest){.from = &flow->remote,
			      .proven = guest_is_there(sb, flow, c),
			      .name = name,
			      .attempt = map_hash(&sb->calls_by_id, c->response)};
}

bool guest_may_try(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c,
		   struct slice name)
{
	const struct guest who = {.from = &flow->remote, .name = name};
	if (bans_may_try(sb->config.bans, &who))
		return true;
	const struct guest g = guest_of(sb, flow, c, name);
	bans_tried(sb->config.bans, &g);
	return false;
}

bool guest_failed(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c,
		  struct slice name, bool exists)
{
	const struct guest g = guest_of(sb, flow, c, name);
	return bans_deed(sb->config.bans, &g, exists ? GUEST_WRONG_PASSWORD : GUEST_UNKNOWN_USER);
}

void guest_is_device(struct switchboard *sb, const struct address *from, struct slice username)
{
	const struct guest g = {.from = from, .proven = true, .name = username};
	bans_trust(sb->config.bans, &g);
}
