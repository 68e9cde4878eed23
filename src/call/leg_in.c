/* call/leg_in.c - a leg whose peer calls us: progress, the answer, refusal, CANCEL.   RFC 3261 §13.3 */
#include "call/leg.h"
#include "call/offer.h"

#include <errno.h>

static struct sip_server *invite_of(struct leg *leg, struct sip_message *ret)
{
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	return server && sip_server_request(server, ret) == 0 ? server : NULL;
}

void leg_progress(struct leg *leg, unsigned status, const struct sdp_format *formats, size_t count)
{
	struct switchboard *sb = leg->sb;
	struct sip_message *invite = &sb->kept_message;
	struct sip_server *server = leg->state == LEG_INCOMING ? invite_of(leg, invite) : NULL;
	if (!server)
		return;
	if (count && leg->pending.text && offer_answer(leg, formats, count) == 0)
		leg->early = true;
	struct slice sdp = count && leg->early ? description_slice(&leg->local) : SLICE_NONE;
	struct writer w = response_begin(sb, invite, &leg->flow, status, SLICE_NONE, leg->dialog.local_tag);
	const struct sip_field *rr = sip_field_first(invite, SIP_RECORD_ROUTE);
	for (; rr; rr = sip_field_next(invite, rr))
		sip_write_field(&w, SIP_RECORD_ROUTE, rr->value);
	write_contact(sb, &w, &leg->flow);
	(void)response_send(sb, server, &w, status, sdp); /* a caller that is gone shows at the answer */
}

int leg_answer(struct leg *leg, const struct sdp_format *spoken, size_t count)
{
	struct sip_message *invite = &leg->sb->kept_message;
	int rc = leg->early ? 0 : offer_answer(leg, spoken, count);
	if (rc < 0) {
		leg_refuse(leg, rc == -ENOENT ? 488 : 500, rc == -ENOENT ? SLICE("No Common Codec") : SLICE_NONE);
		return rc;
	}
	struct sip_server *server = invite_of(leg, invite);
	leg->state = LEG_ANSWERING;
	leg->dialog.confirmed = true;
	rc = server ? leg_send_ok(leg, server, invite) : -ENOTCONN;
	if (rc < 0) /* its connection has closed while it waited */
		leg_end(leg);
	return rc;
}

void leg_refuse(struct leg *leg, unsigned status, struct slice reason)
{
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	if (server)
		(void)sip_server_respond_simple(server, status, reason, leg->dialog.local_tag);
	leg->last_status = (uint16_t)status;
	leg_end(leg);
}

void leg_cancelled(struct leg *leg)
{
	if (leg->state == LEG_INCOMING) {
		struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
		if (server)
			(void)sip_server_respond_simple(server, 487, SLICE_NONE, leg->dialog.local_tag);
		leg->last_status = 487;
		leg_end(leg);
		leg_report(leg, LEG_CANCELLED);
		return;
	}
	/* A re-INVITE of a leg that is up: only that is cancelled. */
	if (leg->pending.text)
		leg_refuse_offer(leg, 487);
}
