/* call/incoming.c - a new INVITE: who calls (a device, or somebody beyond a trunk), whom, and may they */
#include "base/reserve.h"
#include "call/callee.h"
#include "call/callers.h"
#include "call/messages.h"
#include "call/offer.h"
#include "call/transfer.h"
#include "call/webrtc.h"

#include <errno.h>

/* The last of it is for what is in progress; `alto status` names it for a while. */
static void no_memory(struct switchboard *sb)
{
	sb->no_memory_us = sb->wheel->now_us;
	reserve_spend();
}

bool calls_refused(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow)
{
	bool poor = !reserve_is_whole();
	bool stalled = req->method != SIP_MESSAGE && history_stalled(sb->history); /* a message has no row there */
	if (!sb->stopping && !stalled && !poor)
		return false;
	if (poor)
		sb->no_memory_us = sb->wheel->now_us;
	struct slice why = sb->stopping ? SLICE("Shutting Down")
			   : poor       ? SLICE("No Memory")
					: SLICE("Call History Cannot Be Written");
	refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){503, why});
	return true;
}

int incoming_forwards(const struct sip_message *req)
{
	uint32_t forwards = SIP_MAX_FORWARDS_DEFAULT;
	struct slice value = sip_field_value(req, SIP_MAX_FORWARDS);
	return value.n && !sip_number_parse(value, 255, &forwards) ? -1 : (int)forwards;
}

bool incoming_may_begin(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			const struct sip_flow *flow)
{
	int forwards = incoming_forwards(req);
	if (forwards < 0)
		refuse(sb, server, 400, SLICE("Malformed Max-Forwards"));
	else if (!forwards)
		refuse(sb, server, 483, SLICE_NONE);
	else if (!calls_refused(sb, server, req, flow))
		return true;
	return false;
}

/* Can we agree with the caller on voice at all? Its offer says so; without one it will answer ours (RFC 3261 §13.2.1).
 */
bool incoming_may_speak(struct leg *caller, struct refusal *ret_why)
{
	struct sdp_session session;
	if (!caller->delayed)
		return offer_check(caller, text_slice(&caller->pending), &session, ret_why);
	*ret_why = (struct refusal){.status = 488, .reason = SLICE("Encrypted Voice Required")};
	return offer_allowed(caller);
}

/* What is known before there is a leg. */
struct incoming {
	struct party from;
	bool plain_allowed, webrtc; /* on the caller's side */
	struct callee callee;
	struct trunk_call trunk;
	struct identity identity; /* of a device */
};

/* false: answered. */
static bool from_device(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			const struct sip_flow *flow, struct incoming *ret)
{
	struct directory_device *device;
	if (authenticate(sb, server, req, flow, &device) != AUTH_OK)
		return false;
	unsigned status = callee_find(sb, device->user, &req->uri, &ret->callee);
	if (status) {
		refuse(sb, server, status, SLICE_NONE);
		return false;
	}
	ret->from = party_of_device(device);
	ret->plain_allowed = sb->config.plain_rtp && device->srtp == STORE_SRTP_OFF;
	ret->webrtc = webrtc_wanted(device, flow);
	identity_read(sb, req, device->user, &ret->identity);
	return true;
}

static bool from_trunk(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow, struct incoming *ret)
{
	if (!trunk_read_call(sb, server, req, flow, &ret->trunk))
		return false;
	sip_server_set_guest(server, false);
	ret->from = ret->trunk.from;
	ret->plain_allowed = sb->config.plain_rtp && ret->from.trunk->srtp == STORE_SRTP_OFF;
	ret->callee = (struct callee){
		.to = ret->trunk.number, .user = ret->trunk.user, .tenant = ret->trunk.user->tenant};
	return true;
}

static void route(struct call *c, const struct incoming *in)
{
	const struct directory_tenant *tenant = in->from.tenant;
	struct refusal why;
	if (!in->callee.user && !in->callee.outside) {
		call_trace(c, DECIDED_NO_SUCH_NUMBER);
		call_end(c, 404, "no-such-number", "alto");
	} else if (tenant->lines && tenant->calls > tenant->lines) {
		call_trace_with(c, DECIDED_NO_LINE, "%u", tenant->lines);
		call_end(c, 503, "no-line", "alto");
	} else if (!incoming_may_speak(c->caller, &why)) {
		call_trace_with(c, DECIDED_OFFER_REFUSED, "%.*s", SLICE_ARG(why.reason));
		leg_refuse_why(c->caller, &why);
		call_end(c, why.status, "offer-refused", "alto");
	} else if (offer_open_stream(c->caller, 0) < 0) {
		call_trace(c, DECIDED_NO_VOICE_PORT);
		call_end(c, 503, "no-voice-port", "alto");
	} else {
		callee_ring(c, &in->callee, &in->from, in->trunk.diverted);
	}
}

struct leg *incoming_leg(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			 const struct sip_flow *flow)
{
	struct leg *leg;
	if (identity_refuse(sb, server, req, flow) || refuse_body(sb, server, req, flow, SLICE_NONE) ||
	    leg_session_refuse(sb, server, req, flow, SLICE_NONE))
		return NULL;
	int rc = leg_take_invite(sb, server, req, flow, NULL, NULL, &leg);
	if (rc == 0)
		return leg;
	if (rc == -ENOMEM) {
		no_memory(sb);
		refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){.status = 503});
	} else {
		refuse(sb, server, 400, SLICE("Unusable Contact Or Record-Route"));
	}
	return NULL;
}

void incoming_invite(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow)
{
	struct incoming in = {.plain_allowed = false};
	if (!incoming_may_begin(sb, server, req, flow))
		return;
	bool from_outside = trunk_sends(sb, req, flow);
	if (req->first[SIP_REPLACES]) {
		replace_request(sb, server, req, flow, from_outside);
		return;
	}
	bool known = from_outside ? from_trunk(sb, server, req, flow, &in) : from_device(sb, server, req, flow, &in);
	if (known && callers_have(sb, req, in.callee.to)) {
		refuse(sb, server, 482, SLICE_NONE);
		return;
	}
	struct leg *leg = known ? incoming_leg(sb, server, req, flow) : NULL;
	if (!leg)
		return;
	leg->plain_allowed = in.plain_allowed;
	leg->webrtc = in.webrtc;
	struct call *c = call_new(sb, leg, &in.from, in.callee.to);
	if (!c) {
		no_memory(sb);
		leg_refuse(leg, 503, SLICE_NONE);
		return;
	}
	c->identity = in.identity;
	messages_follow(leg, c->id, false);
	messages_claim(leg);
	route(c, &in);
}
