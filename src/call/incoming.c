/* call/incoming.c - a new INVITE: who calls (a device, or somebody beyond a trunk), whom, and may they */
#include "call/call.h"
#include "call/messages.h"
#include "call/offer.h"
#include "call/outside.h"

#include <errno.h>

/* Can we take a call at all now? Answers if not. */
static bool may_begin(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		      const struct sip_flow *flow)
{
	uint32_t forwards = SIP_MAX_FORWARDS_DEFAULT;
	struct slice value = sip_field_value(req, SIP_MAX_FORWARDS);
	if (value.n && !sip_number_parse(value, 255, &forwards))
		refuse(sb, server, 400, SLICE("Malformed Max-Forwards"));
	else if (!forwards)
		refuse(sb, server, 483, SLICE_NONE);
	else if (sb->stopping)
		refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){503, SLICE("Shutting Down")});
	else if (history_stalled(sb->history))
		refuse_fully(sb, server, req, flow, SLICE_NONE,
			     &(struct refusal){503, SLICE("Call History Cannot Be Written")});
	else
		return true;
	return false;
}

/* The dialled extension, and 0; else the status that says what is wrong (§8.2.2.1). The host may be any domain or
 * address of ours. */
static unsigned dialled(const struct sip_message *req, char *buf, size_t cap, struct slice *ret)
{
	struct sip_uri uri;
	struct sip_reason err;
	size_t n;
	if (sip_uri_parse(req->request_uri, &uri, &err) != SIP_OK)
		return 400;
	if (slice_empty(uri.user) || !sip_user_unescape(uri.user, buf, cap, &n))
		return 404;
	*ret = slice_of(buf, n);
	return 0;
}

/* Can we agree with the caller on voice at all? Its offer says so; without one it will answer ours (RFC 3261 §13.2.1).
 */
static bool may_speak(struct leg *caller, struct refusal *ret_why)
{
	struct sdp_session session;
	if (!caller->delayed)
		return offer_check(caller, description_slice(&caller->pending), &session, ret_why);
	*ret_why = (struct refusal){.status = 488, .reason = SLICE("Encrypted Voice Required")};
	return offer_allowed(caller);
}

/* What is known before there is a leg. */
struct incoming {
	struct party from;
	struct party shown;                /* the same, as who is rung sees it */
	bool plain_allowed;                /* on the caller's side */
	struct slice to;                   /* as it was dialled, or the number that this means */
	const struct directory_user *user; /* who is rung; NULL: nobody of ours */
	bool outside;                      /* `to` is called over a trunk */
	char dialled[64], number[NUMBER_CAP];
	struct trunk_call trunk;
	struct identity identity; /* of a device */
};

static struct slice number_shown(const struct identity *i)
{
	return i->withheld ? SLICE_NONE : slice_from_string(i->number);
}

/* An extension of the tenant, else a number: of ours, which needs no operator, or of the outside. */
static void find_callee(struct switchboard *sb, struct incoming *in, struct slice to)
{
	struct directory *d = sb->config.directory;
	in->to = to;
	if (in->identity.withheld)
		in->shown.uri = in->shown.name = SLICE_NONE;
	in->user = directory_user_by_extension(d, in->from.tenant, to);
	if (in->user || !number_read(to, in->number))
		return;
	struct slice number = slice_from_string(in->number);
	const struct directory_number *n = directory_number_find(d, number);
	in->user = n ? n->user : NULL;
	if (n && n->tenant != in->from.tenant) /* a company like any outside */
		in->shown = (struct party){.tenant = n->tenant, .uri = number_shown(&in->identity)};
	in->outside = !n && outside_dialled(sb, in->from.tenant, to, in->number);
	if (n || in->outside)
		in->to = number;
}

/* false: answered. */
static bool from_device(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			const struct sip_flow *flow, struct incoming *ret)
{
	struct directory_device *device;
	struct slice to;
	if (authenticate(sb, server, req, flow, &device) != AUTH_OK)
		return false;
	unsigned status = dialled(req, ret->dialled, sizeof(ret->dialled), &to);
	if (status) {
		refuse(sb, server, status, SLICE_NONE);
		return false;
	}
	ret->from = ret->shown = party_of_device(device);
	ret->plain_allowed = sb->config.plain_rtp && device->srtp == STORE_SRTP_OFF;
	identity_read(sb, req, device->user, &ret->identity);
	find_callee(sb, ret, to);
	return true;
}

static bool from_trunk(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow, struct incoming *ret)
{
	if (!trunk_read_call(sb, server, req, flow, &ret->trunk))
		return false;
	sip_server_set_guest(server, false);
	ret->from = ret->shown = ret->trunk.from;
	ret->plain_allowed = sb->config.plain_rtp && ret->from.trunk->srtp == STORE_SRTP_OFF;
	ret->to = ret->trunk.number;
	ret->user = ret->trunk.user;
	return true;
}

static void route(struct call *c, const struct incoming *in)
{
	const struct directory_tenant *tenant = in->from.tenant;
	struct refusal why;
	if (!in->user && !in->outside) {
		call_trace(c, "no such extension");
		call_end(c, 404, "no-such-number", "alto");
	} else if (tenant->lines && tenant->calls > tenant->lines) {
		call_trace(c, "all %u lines in use", tenant->lines);
		call_end(c, 503, "no-line", "alto");
	} else if (in->shown.tenant != tenant && !call_enter_tenant(c, in->shown.tenant, in->shown.uri)) {
		call_trace(c, "all lines of the company called are in use");
		call_end(c, 503, "no-line", "alto");
	} else if (!may_speak(c->caller, &why)) {
		call_trace(c, "offer refused: %.*s", SLICE_ARG(why.reason));
		leg_refuse_why(c->caller, &why);
		call_end(c, why.status, "offer-refused", "alto");
	} else if (offer_open_stream(c->caller, 0) < 0) {
		call_trace(c, "no voice port is left");
		call_end(c, 503, "no-voice-port", "alto");
	} else if (in->user) {
		ring_user(c, in->user, &in->shown, in->trunk.diverted);
	} else {
		outside_call(c, in->to);
	}
}

void incoming_invite(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow)
{
	struct incoming in = {.outside = false};
	struct leg *leg;
	if (!may_begin(sb, server, req, flow))
		return;
	bool known = trunk_sends(sb, req, flow) ? from_trunk(sb, server, req, flow, &in)
						: from_device(sb, server, req, flow, &in);
	if (!known || identity_refuse(sb, server, req, flow) || refuse_body(sb, server, req, flow, SLICE_NONE) ||
	    leg_session_refuse(sb, server, req, flow, SLICE_NONE))
		return;
	int rc = leg_take_invite(sb, server, req, flow, NULL, NULL, &leg);
	if (rc < 0) {
		if (rc == -ENOMEM) {
			sb->no_memory_us = sb->wheel->now_us; /* `alto status` names it for a while */
			refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){.status = 503});
		} else {
			refuse(sb, server, 400, SLICE("Unusable Contact Or Record-Route"));
		}
		return;
	}
	leg->plain_allowed = in.plain_allowed;
	struct call *c = call_new(sb, leg, &in.from, in.to);
	if (!c) {
		sb->no_memory_us = sb->wheel->now_us;
		leg_refuse(leg, 503, SLICE_NONE);
		return;
	}
	c->identity = in.identity;
	messages_follow(leg, c->id, false);
	messages_claim(leg);
	route(c, &in);
}
