/* call/incoming.c - a new INVITE: who calls, whom, and may they */
#include "call/call.h"
#include "call/offer.h"

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
	if (uri.scheme == SIP_SCHEME_OTHER)
		return 416;
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

static void route(struct call *c, const struct directory_device *from, struct slice to)
{
	struct switchboard *sb = c->sb;
	const struct directory_tenant *tenant = from->user->tenant;
	struct refusal why;
	const struct directory_user *user = directory_user_by_extension(sb->config.directory, tenant, to);
	if (!user) {
		call_trace(c, "no such extension");
		call_end(c, 404, "no-such-number", "alto");
	} else if (tenant->lines && tenant->calls > tenant->lines) {
		call_trace(c, "all %u lines in use", tenant->lines);
		call_end(c, 503, "no-line", "alto");
	} else if (!may_speak(c->caller, &why)) {
		call_trace(c, "offer refused: %.*s", SLICE_ARG(why.reason));
		leg_refuse_why(c->caller, &why);
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
	unsigned status = dialled(req, buf, sizeof(buf), &to);
	if (status) {
		refuse(sb, server, status, SLICE_NONE);
		return;
	}
	if (refuse_body(sb, server, req, flow, SLICE_NONE) || leg_session_refuse(sb, server, req, flow, SLICE_NONE))
		return;
	int rc = leg_take_invite(sb, server, req, flow, NULL, NULL, &leg);
	if (rc < 0) {
		if (rc == -ENOMEM)
			refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){.status = 503});
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
