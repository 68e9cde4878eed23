/*
 * call/leg_reinvite.c - the peer changes the session while it lasts, by re-INVITE or UPDATE.   RFC 3261 §14.2, RFC 3311
 * §5.2, RFC 3264 §8
 *
 * A change of address, direction or keys is between the peer and us, and answered at once; so is a refresh of the
 * session. A change of codec must be agreed to by the other side: LEG_OFFER asks for that.
 */
#include "call/early.h"
#include "call/offer.h"

#include <errno.h>

static void refuse_change(struct leg *leg, struct sip_server *server, const struct sip_message *req,
			  const struct refusal *why)
{
	refuse_fully(leg->sb, server, req, &leg->flow, leg->dialog.local_tag, why);
}

static void refuse_status(struct leg *leg, struct sip_server *server, const struct sip_message *req, unsigned status)
{
	refuse_change(leg, server, req, &(struct refusal){.status = status});
}

/* ---- answers ---- */

/* A dead flow shows at the next request. */
static void send_ok(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	if (req->method == SIP_INVITE) {
		(void)leg_send_ok(leg, server, req);
		return;
	}
	struct writer w = leg_ok_begin(leg, req);
	(void)response_send(leg->sb, server, &w, 200, body_of(req) == BODY_NONE ? SLICE_NONE : text_slice(&leg->local));
}

/* A change that concerns only the peer and us: what is in leg->pending, with the codecs in use. */
static void answer_now(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	int rc = offer_answer(leg, leg->agreed, leg->agreed_count);
	if (rc < 0) {
		text_done(&leg->pending);
		refuse_status(leg, server, req, rc == -ENOENT ? 488 : 500);
		return;
	}
	send_ok(leg, server, req);
	leg_report(leg, LEG_CHANGED); /* payload numbers may be others */
}

/* No offer in a re-INVITE: ours, with the codecs in use, is in the 200, and the ACK brings the answer (§14.1). */
static void offer_now(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	if (offer_write(leg, leg->agreed, leg->agreed_count, 0) < 0) {
		refuse_status(leg, server, req, 500);
		return;
	}
	leg->offered_in_ok = true;
	send_ok(leg, server, req);
}

/* The other side must be asked, and can be once the call is answered: before, it has nothing to answer with. */
static void ask_other(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	if (leg->state != LEG_UP && leg->state != LEG_ANSWERING) { /* RFC 3311 §5.2 */
		text_done(&leg->pending);
		refuse_status(leg, server, req, 504);
		return;
	}
	leg->server = sip_server_handle(server);
	leg->asked_by_update = req->method == SIP_UPDATE;
	sip_server_set_owner(server, leg);
	leg_report(leg, LEG_OFFER);
}

static void take_offer(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	struct sdp_session session;
	struct refusal why;
	uint8_t index;
	if (!text_set(&leg->pending, session_of(req))) {
		refuse_status(leg, server, req, 500);
		return;
	}
	if (!offer_check(leg, text_slice(&leg->pending), &session, &why)) {
		text_done(&leg->pending);
		refuse_change(leg, server, req, &why);
		return;
	}
	if (offer_keeps_codec(leg, sdp_audio(&session, &index)))
		answer_now(leg, server, req);
	else
		ask_other(leg, server, req);
}

/* ---- what comes ---- */

/* What every request that refreshes the dialog must have; answers if it has not. */
static bool unusable(struct leg *leg, struct sip_dialog *dialog, struct sip_server *server,
		     const struct sip_message *req)
{
	struct sip_reason err;
	if (leg_session_refuse(leg->sb, server, req, &leg->flow, leg->dialog.local_tag) ||
	    refuse_body(leg->sb, server, req, &leg->flow, leg->dialog.local_tag))
		return true;
	if (sip_dialog_refresh_target(dialog, req, &err) < 0) {
		refuse_change(leg, server, req, &(struct refusal){400, SLICE("Unusable Contact")});
		return true;
	}
	leg_learn_peer(leg, req);
	return false;
}

/* The status that stops a re-INVITE, as another exchange is open (§14.2); 0: none is. */
static unsigned reinvite_in_the_way(const struct leg *leg)
{
	if (leg->offering)
		return 491;
	return leg->state == LEG_UP && !leg->server && !leg->awaiting_ack ? 0 : 500;
}

void leg_reinvited(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	unsigned status = reinvite_in_the_way(leg);
	if (status) {
		refuse_status(leg, server, req, status);
		return;
	}
	if (unusable(leg, &leg->dialog, server, req))
		return;
	leg->peer_invite_cseq = leg->dialog.remote_cseq;
	if (body_of(req) == BODY_NONE)
		offer_now(leg, server, req);
	else
		take_offer(leg, server, req);
}

/*
 * RFC 3311 §5.2: 500 for a second UPDATE, and for an offer while the peer's own waits for our answer; 491 for one while
 * ours waits for the peer's, which in an early dialog is the INVITE's own.
 */
static unsigned update_in_the_way(const struct leg *leg, const struct early *early, bool offers)
{
	bool invite_open = early ? !leg->early || leg->heard != early : leg->delayed && !leg->settled;
	bool ours_open = leg->offering || leg->offered_in_ok || (leg->state != LEG_UP && invite_open);
	if ((leg->server && leg->asked_by_update) || (offers && leg->pending.p))
		return 500;
	return offers && ours_open ? 491 : 0;
}

void leg_updated(struct leg *leg, struct early *early, struct sip_server *server, const struct sip_message *req)
{
	bool offers = body_of(req) != BODY_NONE;
	unsigned status = update_in_the_way(leg, early, offers);
	if (status) {
		refuse_status(leg, server, req, status);
		return;
	}
	if (unusable(leg, early ? &early->dialog : &leg->dialog, server, req))
		return;
	if (offers)
		take_offer(leg, server, req);
	else
		send_ok(leg, server, req);
}

/* ---- what the other side says ---- */

size_t leg_offered_formats(const struct leg *leg, struct sdp_format *ret, size_t cap, uint16_t *ret_ptime_ms)
{
	struct sdp_session session;
	struct sdp_reason err;
	uint8_t index;
	struct slice text = text_slice(leg->pending.p ? &leg->pending : &leg->remote);
	if (!text.n)
		return offer_default_formats(ret, cap);
	if (sdp_parse(text, &session, &err) != SDP_OK || !sdp_audio(&session, &index))
		return 0;
	*ret_ptime_ms = session.media[index].ptime_ms;
	return sdp_offer_formats(&session.media[index], ret, cap);
}

int leg_answer_offer(struct leg *leg, const struct sdp_format *spoken, size_t count)
{
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	struct sip_message *req = &leg->sb->kept_message;
	if (!server || !leg->pending.p || sip_server_request(server, req) < 0)
		return -ENOENT;
	int rc = offer_answer(leg, spoken, count);
	if (rc < 0) {
		leg_refuse_offer(leg, rc == -ENOENT ? 488 : 500);
		return rc;
	}
	sip_server_set_owner(server, NULL);
	leg->server = 0;
	leg->asked_by_update = false;
	send_ok(leg, server, req);
	return 0;
}

void leg_refuse_offer(struct leg *leg, unsigned status)
{
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	struct sip_message *req = &leg->sb->kept_message;
	if (server && sip_server_request(server, req) == 0) {
		unsigned warning = status == 488 ? SIP_WARNING_FORMAT : 0;
		refuse_change(leg, server, req, &(struct refusal){.status = status, .warning = warning});
		sip_server_set_owner(server, NULL);
	}
	leg->server = 0;
	leg->asked_by_update = false;
	text_done(&leg->pending);
}
