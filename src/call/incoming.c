/* call/incoming.c - a new INVITE: who calls, whom, and may they */
#include "call/call.h"
#include "call/offer.h"

#include <errno.h>

static void refuse_later(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			 const struct sip_flow *flow, struct slice reason)
{
	struct writer w = response_begin(sb, req, flow, 503, reason, SLICE_NONE);
	sip_write_field_u64(&w, SIP_RETRY_AFTER, 5 + random_below(sb->random, 10));
	(void)response_send(sb, server, &w, 503, SLICE_NONE);
}

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
		refuse_later(sb, server, req, flow, SLICE("Shutting Down"));
	else if (history_stalled(sb->history))
		refuse_later(sb, server, req, flow, SLICE("Call History Cannot Be Written"));
	else
		return true;
	return false;
}

/* The dialled extension. The host may be any domain or address of ours. */
static bool dialled(const struct sip_message *req, char *buf, size_t cap, struct slice *ret)
{
	struct sip_uri uri;
	struct sip_reason err;
	size_t n;
	if (sip_uri_parse(req->request_uri, &uri, &err) != SIP_OK || uri.scheme == SIP_SCHEME_OTHER ||
	    slice_empty(uri.user) || !sip_user_unescape(uri.user, buf, cap, &n))
		return false;
	*ret = slice_of(buf, n);
	return true;
}

/* Can we agree with the caller on voice at all? Its offer says so; without one it will answer ours (RFC 3261 §13.2.1).
 */
static bool may_speak(struct leg *caller, struct offer_refusal *ret_why)
{
	struct sdp_session session;
	if (!caller->delayed)
		return offer_check(caller, description_slice(&caller->pending), &session, ret_why);
	*ret_why = (struct offer_refusal){.status = 488, .reason = SLICE("Encrypted Voice Required")};
	return offer_allowed(caller);
}

static void route(struct call *c, const struct directory_device *from, struct slice to)
{
	struct switchboard *sb = c->sb;
	const struct directory_tenant *tenant = from->user->tenant;
	struct offer_refusal why;
	const struct directory_user *user = directory_user_by_extension(sb->config.directory, tenant, to);
	if (!user) {
		call_trace(c, "no such extension");
		call_end(c, 404, "no-such-number", "alto");
	} else if (tenant->lines && tenant->calls > tenant->lines) {
		call_trace(c, "all %u lines in use", tenant->lines);
		call_end(c, 503, "no-line", "alto");
	} else if (!may_speak(c->caller, &why)) {
		call_trace(c, "offer refused: %.*s", SLICE_ARG(why.reason));
		leg_refuse(c->caller, why.status, why.reason);
		call_end(c, why.status, "offer-refused", "alto");
	} else if (offer_open_stream(c->caller, 0) < 0) {
		call_trace(c, "no voice port is left");
		call_end(c, 503, "no-voice-port", "alto");
	} else {
		ring_user(c, user, from);
	}
}

void incoming_invite(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow)
{
	struct directory_device *device;
	struct leg *leg;
	struct slice to;
	char buf[64];
	if (!may_begin(sb, server, req, flow) || authenticate(sb, server, req, flow, &device) != AUTH_OK)
		return;
	if (!dialled(req, buf, sizeof(buf), &to)) {
		refuse(sb, server, 404, SLICE_NONE);
		return;
	}
	enum body body = body_of(req);
	if (body == BODY_UNKNOWN || body == BODY_TOO_LARGE) {
		body_refuse(sb, server, req, flow, body);
		return;
	}
	int rc = leg_take_invite(sb, server, req, flow, NULL, NULL, &leg);
	if (rc < 0) {
		if (rc == -ENOMEM)
			refuse_later(sb, server, req, flow, SLICE_NONE);
		else
			refuse(sb, server, 400, SLICE("Unusable Contact Or Record-Route"));
		return;
	}
	leg->plain_allowed = sb->config.plain_rtp && device->srtp == STORE_SRTP_OFF;
	struct call *c = call_new(sb, leg, device, to);
	if (!c) {
		leg_refuse(leg, 503, SLICE_NONE);
		return;
	}
	route(c, device, to);
}
