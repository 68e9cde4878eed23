/*
 * call/replace.c - INVITE with Replaces: a phone takes the place of another one of its user.   RFC 3891
 *
 * The dialog that it names is one of that other phone with us: in a call, or ringing. Only phones of the same user may:
 * who picks up the calls of others is a question of its own.
 */
#include "call/call.h"
#include "call/early.h"
#include "call/messages.h"
#include "call/offer.h"
#include "call/outside.h"
#include "call/transfer.h"
#include "call/webrtc.h"

struct leg *replace_find(struct switchboard *sb, const struct sip_replaces *dialog)
{
	struct leg *leg = leg_of_tag(sb, dialog->to_tag);
	if (!leg || leg->state == LEG_ENDED || !slice_eq(leg->dialog.call_id, dialog->call_id))
		return NULL;
	bool known = leg->state == LEG_CALLING ? early_find(leg, dialog->from_tag) != NULL
					       : slice_eq(leg->dialog.remote_tag, dialog->from_tag);
	return known ? leg : NULL;
}

/* Both are in one call from here on, or it has been refused. */
struct replacing {
	struct call *call;
	struct leg *old;
	const struct directory_device *device; /* of the new one */
};

static bool find_replaced(struct switchboard *sb, const struct sip_replaces *dialog, struct replacing *r,
			  struct refusal *why)
{
	struct directory *d = sb->config.directory;
	r->old = replace_find(sb, dialog);
	r->call = r->old ? call_of_leg(r->old) : NULL;
	const struct directory_user *owner = r->call ? directory_user_by_id(d, slice_from_string(r->old->user_id))
						     : NULL;
	if (!owner || owner->tenant != r->device->user->tenant)
		return no(why, 481, ""); /* who does not know it, does not learn of it */
	if (owner != r->device->user)
		return no(why, 403, "Not Your Call");
	if (r->old->state == LEG_CALLING && r->call->state == CALL_RINGING)
		return true;
	if (r->old->state != LEG_UP) /* RFC 3891 §3: an early dialog must be one that we began */
		return no(why, 481, "");
	if (dialog->early_only)
		return no(why, 486, "");
	const struct leg *other = call_other(r->call, r->old);
	if (r->call->callee_tenant[0])
		return no(why, 403, "A Call Between Companies");
	if (r->call->state != CALL_ANSWERED || r->call->transfer || !other || other->state != LEG_UP || other->server ||
	    other->offering || r->old->server)
		return no(why, 491, "");
	return r->call->transfers < TRANSFERS_MAX || no(why, 403, "Too Many Transfers");
}

/* ---- in a call ---- */

/* What the new one may speak: what the other side speaks now, else whatever it knows, and it is asked for that. */
static size_t formats_for(const struct leg *taken, const struct leg *other, struct sdp_format ret[SDP_FORMATS_MAX])
{
	struct sdp_format offered[SDP_FORMATS_MAX];
	uint16_t ptime_ms;
	size_t n = leg_offered_formats(taken, offered, ARRAY_LEN(offered), &ptime_ms);
	for (size_t i = 0; i < n; i++)
		for (uint8_t k = 0; k < other->agreed_count; k++)
			if (!sdp_format_is_event(&offered[i]) && sdp_format_same(&offered[i], &other->agreed[k])) {
				memcpy(ret, other->agreed, other->agreed_count * sizeof(ret[0]));
				return other->agreed_count;
			}
	return leg_offered_formats(other, ret, SDP_FORMATS_MAX, &ptime_ms);
}

static void replace_in_call(const struct replacing *r, struct leg *taken)
{
	struct call *old = r->call;
	struct leg *other = call_other(old, r->old);
	bool was_caller = r->old == old->caller;
	struct sdp_format formats[SDP_FORMATS_MAX];
	if (leg_answer(taken, formats, formats_for(taken, other, formats)) < 0)
		return;
	const struct party party = party_of_device(r->device);
	struct slice to = slice_from_string(old->side_b.uri);
	call_unseat(old, other);
	struct party caller = {.tenant = party.tenant, .uri = slice_from_string(old->side_a.uri)};
	struct call *c = call_new(old->sb, was_caller ? taken : other, was_caller ? &party : &caller, to);
	if (!c) {
		call_seat(old, other, !was_caller);
		leg_hang_up(taken, 0, SLICE_NONE);
		return;
	}
	call_seat(c, was_caller ? taken : other, true);
	call_seat(c, was_caller ? other : taken, false);
	c->transfers = old->transfers + 1;
	call_set_answered(c);
	call_trace_with(old, DECIDED_TAKEN_OVER, "%s\t%.*s\t%s", was_caller ? "caller" : "callee",
			SLICE_ARG(r->device->name), c->id);
	call_trace_with(c, DECIDED_TOOK_OVER, "%.*s\t%s", SLICE_ARG(r->device->name), old->id);
	call_end(old, 0, "transferred", was_caller ? "caller" : "callee");
	codecs_join(c);
}

/* ---- while it rings ---- */

static void replace_ringing(const struct replacing *r, struct leg *taken)
{
	struct call *c = r->call;
	struct sdp_format formats[SDP_FORMATS_MAX];
	uint16_t ptime_ms;
	size_t n = leg_offered_formats(c->caller, formats, ARRAY_LEN(formats), &ptime_ms);
	if (leg_answer(taken, formats, n) < 0)
		return;
	call_trace_with(c, DECIDED_PICKED_UP, "%.*s", SLICE_ARG(r->device->name));
	timer_stop(c->sb->wheel, &c->unanswered);
	call_answered(c, taken);
	ring_stop(c, SLICE("SIP;cause=200;text=\"Call completed elsewhere\""));
}

/* ---- asked ---- */

static void name_leg(struct leg *leg, const struct directory_device *d)
{
	slice_to_string(d->user->id, leg->user_id, sizeof(leg->user_id));
	slice_to_string(d->id, leg->device_id, sizeof(leg->device_id));
	leg->plain_allowed = leg->sb->config.plain_rtp && d->srtp == STORE_SRTP_OFF;
	leg->webrtc = webrtc_wanted(d, &leg->flow);
}

static bool can_speak(const struct replacing *r, struct leg *taken, struct refusal *why)
{
	if (!incoming_may_speak(taken, why))
		return false;
	if (taken->delayed && r->old->state == LEG_CALLING) /* the caller would have to wait for its ACK */
		return no(why, 488, "Offer Required");
	return offer_open_stream(taken, r->old->stream) == 0 || no(why, 503, "");
}

void replace_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow, bool from_outside)
{
	struct replacing r = {0};
	struct directory_device *device;
	struct sip_replaces dialog;
	struct sip_reason err;
	struct refusal why;
	if (from_outside) {
		refuse(sb, server, 403, SLICE("Not For Operators"));
		return;
	}
	if (authenticate(sb, server, req, flow, &device) != AUTH_OK)
		return;
	r.device = device;
	if (sip_replaces_parse(sip_field_value(req, SIP_REPLACES), &dialog, &err) != SIP_OK) {
		refuse(sb, server, 400, slice_from_string(err.text));
		return;
	}
	if (!find_replaced(sb, &dialog, &r, &why)) {
		refuse_fully(sb, server, req, flow, SLICE_NONE, &why);
		return;
	}
	struct leg *taken = incoming_leg(sb, server, req, flow);
	if (!taken)
		return;
	name_leg(taken, device);
	messages_follow(taken, r.call->id, true);
	messages_claim(taken);
	if (!can_speak(&r, taken, &why))
		leg_refuse_why(taken, &why);
	else if (r.old->state == LEG_CALLING)
		replace_ringing(&r, taken);
	else
		replace_in_call(&r, taken);
}
