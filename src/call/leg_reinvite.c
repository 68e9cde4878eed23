/*
 * call/leg_reinvite.c - a session changed while it lasts.   RFC 3261 §14, RFC 3264 §8
 *
 * A change of address, direction or keys is between the peer and us, and answered at once. A change of codec must be
 * agreed to by the other side: LEG_OFFER asks for that.
 */
#include "call/leg.h"
#include "call/offer.h"

#include <errno.h>

/* A change that concerns only the peer and us: what is in leg->pending, with the codecs in use. */
static void answer_now(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	int rc = offer_answer(leg, leg->agreed, leg->agreed_count);
	if (rc < 0) {
		description_done(&leg->pending);
		refuse(leg->sb, server, rc == -ENOENT ? 488 : 500, SLICE_NONE);
		return;
	}
	(void)leg_send_ok(leg, server, req); /* a dead flow shows at the next request */
	leg_report(leg, LEG_CHANGED);        /* payload numbers may be others */
}

/* No offer in it: ours, with the codecs in use, is in the 200, and the ACK brings the answer (§14.1). */
static void offer_now(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	if (offer_write(leg, leg->agreed, leg->agreed_count, 0) < 0) {
		refuse(leg->sb, server, 500, SLICE_NONE);
		return;
	}
	leg->offered_in_ok = true;
	(void)leg_send_ok(leg, server, req);
}

/* Is there an exchange open already? Answers if so (§14.2). */
static bool in_the_way(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	struct switchboard *sb = leg->sb;
	if (leg->offering) {
		refuse(sb, server, 491, SLICE_NONE);
		return true;
	}
	if (leg->state == LEG_UP && !leg->server && !leg->awaiting_ack)
		return false;
	struct writer w = response_begin(sb, req, &leg->flow, 500, SLICE_NONE, leg->dialog.local_tag);
	sip_write_field_u64(&w, SIP_RETRY_AFTER, random_below(sb->random, 10));
	(void)response_send(sb, server, &w, 500, SLICE_NONE);
	return true;
}

void leg_reinvited(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	struct switchboard *sb = leg->sb;
	struct sdp_session session;
	struct offer_refusal why;
	struct sip_reason err;
	uint8_t index;
	enum body body = body_of(req);
	if (in_the_way(leg, server, req))
		return;
	if (body == BODY_UNKNOWN || body == BODY_TOO_LARGE) {
		body_refuse(sb, server, req, &leg->flow, body);
		return;
	}
	if (sip_dialog_refresh_target(&leg->dialog, req, &err) < 0) {
		refuse(sb, server, 400, SLICE("Unusable Contact"));
		return;
	}
	leg->peer_invite_cseq = leg->dialog.remote_cseq;
	if (body == BODY_NONE) {
		offer_now(leg, server, req);
		return;
	}
	if (!description_set(&leg->pending, req->body)) {
		refuse(sb, server, 500, SLICE_NONE);
		return;
	}
	if (!offer_check(leg, description_slice(&leg->pending), &session, &why)) {
		description_done(&leg->pending);
		refuse(sb, server, why.status, why.reason);
		return;
	}
	if (offer_keeps_codec(leg, sdp_audio(&session, &index))) {
		answer_now(leg, server, req);
		return;
	}
	leg->server = sip_server_handle(server);
	sip_server_set_owner(server, leg);
	leg_report(leg, LEG_OFFER);
}

size_t leg_offered_formats(const struct leg *leg, struct sdp_format *ret, size_t cap, uint16_t *ret_ptime_ms)
{
	struct sdp_session session;
	struct sdp_reason err;
	uint8_t index;
	struct slice text = description_slice(leg->pending.text ? &leg->pending : &leg->remote);
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
	if (!server || !leg->pending.text || sip_server_request(server, req) < 0)
		return -ENOENT;
	int rc = offer_answer(leg, spoken, count);
	if (rc < 0) {
		leg_refuse_offer(leg, rc == -ENOENT ? 488 : 500);
		return rc;
	}
	(void)leg_send_ok(leg, server, req);
	return 0;
}

void leg_refuse_offer(struct leg *leg, unsigned status)
{
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	if (server) {
		(void)sip_server_respond_simple(server, status, SLICE_NONE, leg->dialog.local_tag);
		sip_server_set_owner(server, NULL);
	}
	leg->server = 0;
	description_done(&leg->pending);
}

/* ---- our own re-INVITE ---- */

static void offer_ended(struct leg *leg, enum leg_event event)
{
	leg->offering = false;
	leg_report(leg, event);
}

static void offer_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct leg *leg = arg;
	struct offer_refusal why;
	struct sip_reason err;
	if (event == SIP_CLIENT_GONE) {
		if (leg->client == t)
			leg->client = NULL;
		return;
	}
	if (event == SIP_CLIENT_RESPONSE && msg->status < 200)
		return;
	if (event == SIP_CLIENT_RESPONSE && msg->status < 300) {
		struct sip_cseq cseq = {0};
		(void)!sip_cseq_parse(sip_field_value(msg, SIP_CSEQ), &cseq, &err);
		leg_send_ack(leg, cseq.number);
		if (!leg->offering) /* a repeated 200: our ACK was lost */
			return;
		(void)!sip_dialog_refresh_target(&leg->dialog, msg, &err); /* a broken Contact leaves the old target */
		leg->last_status = msg->status;
		bool taken = offer_take_answer(leg, msg->body, &why);
		offer_ended(leg, taken ? LEG_OFFER_ANSWERED : LEG_OFFER_REFUSED);
		if (!taken && why.status == 500 && leg->state == LEG_UP) /* the peer speaks by it already */
			leg_voice_lost(leg);
		return;
	}
	leg->last_status = event == SIP_CLIENT_RESPONSE ? msg->status : event == SIP_CLIENT_TIMEOUT ? 408 : 503;
	/* 408 and 481 end the dialog (§12.2.1.2); any other refusal leaves the session as it was. */
	bool over = leg->last_status == 408 || leg->last_status == 481;
	offer_ended(leg, LEG_OFFER_REFUSED);
	if (over && leg->state == LEG_UP) {
		leg->end_cause = "lost";
		leg_send_bye(leg, SLICE_NONE);
		leg_end(leg);
		leg_report(leg, LEG_HUNG_UP);
	}
}

int leg_offer(struct leg *leg, const struct sdp_format *formats, size_t count)
{
	struct switchboard *sb = leg->sb;
	if (leg->state != LEG_UP || leg->offering || leg->server || leg->awaiting_ack)
		return -EBUSY;
	leg_find_flow(leg);
	if (leg->client) /* the first INVITE's, waiting for repeated 2xx: those now reach us as strays */
		sip_client_detach(leg->client);
	leg->client = sip_client_new(sb->stack, &leg->flow, SIP_INVITE, offer_event, leg);
	if (!leg->client)
		return -ENOMEM;
	int rc = offer_write(leg, formats, count, 0);
	if (rc == 0) {
		struct writer w = leg_request_begin(leg, SIP_INVITE, 0, sip_client_branch(leg->client));
		write_contact(sb, &w, &leg->flow);
		sip_write_body(&w, SLICE("application/sdp"), description_slice(&leg->local));
		rc = w.overflow ? -E2BIG : 0;
		if (rc == 0) {
			leg->offering = true;
			rc = sip_client_start(leg->client, writer_slice(&w));
			if (rc == 0)
				return 0;
			leg->offering = false;
			leg->client = NULL;
			return rc;
		}
	}
	sip_client_drop(leg->client);
	leg->client = NULL;
	return rc;
}
