/* call/leg_request.c - requests inside a leg's dialog: ours as they are written, the peer's as they are judged.   RFC
 * 3261 §12.2 */
#include "call/early.h"
#include "call/info.h"
#include "call/offer.h"
#include "call/outside.h"
#include "call/refer.h"

/* ---- requests of ours ---- */

struct slice leg_branch(struct leg *leg, char buf[SIP_BRANCH_CAP])
{
	struct writer w = writer_on(buf, SIP_BRANCH_CAP);
	struct sip_name name = {.handle = leg->name.handle, .secret = random_u64(leg->sb->random)};
	write_string(&w, "z9hG4bK");
	sip_write_name(&w, leg->sb->config.node, &name);
	return writer_slice(&w);
}

struct writer leg_request_begin(struct leg *leg, enum sip_method method, uint32_t cseq, struct slice branch)
{
	return leg_request_in(leg, &leg->dialog, method, cseq, branch);
}

struct writer leg_request_in(struct leg *leg, struct sip_dialog *dialog, enum sip_method method, uint32_t cseq,
			     struct slice branch)
{
	struct switchboard *sb = leg->sb;
	char host[80];
	struct writer h = writer_on(host, sizeof(host));
	transport_write_host(sb->config.transport, &h, &leg->flow);
	struct writer w = writer_on(sb->work, sizeof(sb->work));
	sip_dialog_write_request(&w, dialog, method, cseq, leg->flow.transport, writer_slice(&h), branch,
				 SIP_MAX_FORWARDS_DEFAULT);
	return w;
}

static void bye_done(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	/* Whatever the answer, the dialog is over (§15.1.1). */
}

/*
 * A phone whose connection broke, and which has come back on another, hears of what happens to its call there. To a
 * target we make another connection. A trunk listens elsewhere than it sends from.
 */
void leg_find_flow(struct leg *leg)
{
	bool alive = transport_alive(leg->sb->config.transport, &leg->flow);
	if (!alive && leg->out)
		(void)!outgoing_flow(leg->out, &leg->flow); /* without one the request fails, as it would have */
	else if (leg->trunk_id[0])
		trunk_find_way(leg->sb, leg, &leg->flow);
	else if (!alive && leg->device_id[0])
		registrar_find_flow(leg->sb, slice_from_string(leg->device_id), &leg->flow);
}

void leg_send_bye(struct leg *leg, struct slice reason)
{
	leg_find_flow(leg);
	char buf[SIP_BRANCH_CAP];
	struct sip_client *t = sip_client_new(leg->sb->stack, &leg->flow, SIP_BYE, bye_done, NULL);
	struct writer w = leg_request_begin(leg, SIP_BYE, 0, t ? sip_client_branch(t) : leg_branch(leg, buf));
	if (!slice_empty(reason))
		sip_write_field(&w, SIP_REASON, reason);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	if (w.overflow) {
		sip_client_drop(t);
	} else if (t && sip_client_start(t, writer_slice(&w)) == 0) {
		sip_client_detach(t);
	} else {
		/* No memory for repeating it: said once is better than not at all. */
		(void)send_message(leg->sb, &leg->flow, writer_slice(&w));
	}
}

/* ---- the peer's ---- */

/* The ACK of a 200 with our offer in it has the answer (§13.2.1). Without one, the session stays as it was. */
static void take_late_answer(struct leg *leg, const struct sip_message *ack)
{
	struct refusal why;
	if (body_of(ack) != BODY_SESSION)
		return;
	if (offer_take_answer(leg, session_of(ack), &why))
		leg_report(leg, LEG_CHANGED);
	else if (why.status == 500)
		leg_voice_lost(leg);
}

/* The same for the first 200 of a call: there is no session yet that could stay. */
static void take_first_answer(struct leg *leg, const struct sip_message *ack)
{
	struct refusal why = {.status = 488};
	if (body_of(ack) == BODY_SESSION && offer_take_answer(leg, session_of(ack), &why)) {
		leg_report(leg, LEG_CONFIRMED);
		leg_report(leg, LEG_CHANGED);
		return;
	}
	leg_lost(leg, why.status == 500 ? "media-failed" : "unusable-answer",
		 SLICE("SIP;cause=488;text=\"Unusable Answer\""));
}

/* By a flow that is none of the device's (leg_source.c). */
static bool ack_counts_from(const struct leg *leg, const struct sip_flow *flow)
{
	return sip_transport_reliable(flow->transport) && !leg->offered_in_ok;
}

static void ack_came(struct leg *leg, const struct sip_message *ack)
{
	if (ack->cseq.number != leg->peer_invite_cseq || !leg->awaiting_ack)
		return;
	bool first = leg->state == LEG_ANSWERING, answers = leg->offered_in_ok;
	leg_repeat_stop(leg);
	leg->offered_in_ok = false;
	if (leg->hang_up_on_ack) {
		leg_send_bye(leg, text_slice(&leg->parting));
		leg_end(leg);
		return;
	}
	leg_up(leg);
	if (first && answers)
		take_first_answer(leg, ack);
	else if (first)
		leg_report(leg, LEG_CONFIRMED);
	else if (answers)
		take_late_answer(leg, ack);
}

/* early: the early dialog that it is for; NULL: the leg's own. */
static void bye_came(struct leg *leg, struct early *early, struct sip_server *server, const struct sip_message *bye)
{
	(void)sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	if (early && (leg->forks->next || leg->state == LEG_CANCELLING)) { /* the other forks go on */
		early_drop(leg, early);
		return;
	}
	leg_hear_reason(leg, bye);
	leg_refuse_offer(leg, 487);    /* an early dialog, or a re-INVITE or UPDATE not yet answered (§15.1.2) */
	if (leg->state == LEG_CALLING) /* the callee ends its early dialog with BYE: rare, and no answer */
		leg_cancel_invite(leg, SLICE_NONE);
	leg_end(leg);
	leg_report(leg, LEG_HUNG_UP);
}

/*
 * The dialog that a request is for, by its sender's tag: NULL if it is from nobody we speak with. A caller we have not
 * answered has no other tag to be known by than its own; of those we call each early dialog has one.
 */
static struct sip_dialog *dialog_of(struct leg *leg, const struct sip_message *req, struct early **ret_early)
{
	*ret_early = NULL;
	if (leg->state == LEG_ENDED)
		return NULL;
	struct slice tag = sip_address_tag(&req->from);
	if (leg->state == LEG_CALLING || leg->state == LEG_CANCELLING) {
		*ret_early = early_find(leg, tag);
		return *ret_early ? &(*ret_early)->dialog : NULL;
	}
	return slice_eq(tag, leg->dialog.remote_tag) ? &leg->dialog : NULL;
}

void leg_learn_peer(struct leg *leg, const struct sip_message *msg)
{
	if (msg->first[SIP_ALLOW]) { /* one that says nothing has not changed its mind */
		leg->peer_updates = sip_list_has(msg, SIP_ALLOW, SLICE("UPDATE"));
		leg->peer_takes_info = sip_list_has(msg, SIP_ALLOW, SLICE("INFO"));
	}
}

void leg_request(struct leg *leg, struct sip_server *server, const struct sip_message *req, const struct sip_flow *flow)
{
	struct switchboard *sb = leg->sb;
	struct early *early;
	struct sip_dialog *dialog = dialog_of(leg, req, &early);
	if (!dialog) {
		if (server)
			refuse(sb, server, 481, SLICE_NONE);
		return;
	}
	if (sip_transport_secure(leg->flow.transport) && !sip_transport_secure(flow->transport)) {
		/* Knowing the tags does not take a call off TLS. */
		if (server)
			refuse(sb, server, 403, SLICE("Call Is Encrypted"));
		return;
	}
	bool known = leg_knows_flow(leg, flow);
	if (req->method == SIP_ACK) {
		if (known || ack_counts_from(leg, flow))
			ack_came(leg, req);
		return;
	}
	if (!known && req->method != SIP_BYE && !leg_proves_itself(leg, server, req, flow))
		return;
	if (sip_dialog_accept(dialog, req) < 0) {
		refuse_fully(sb, server, req, flow, leg->dialog.local_tag,
			     &(struct refusal){500, SLICE("Out Of Order")});
		return;
	}
	if (known || req->method != SIP_BYE)
		leg->flow = *flow; /* a phone that moved, or came back on another connection */
	switch (req->method) {
	case SIP_BYE:
		bye_came(leg, early, server, req);
		break;
	case SIP_PRACK:
		reliable_acknowledged(leg, server, req);
		break;
	case SIP_INVITE:
		leg_reinvited(leg, server, req);
		break;
	case SIP_UPDATE:
		leg_updated(leg, early, server, req);
		break;
	case SIP_REFER:
		refer_came(leg, server, req);
		break;
	case SIP_INFO:
		info_came(leg, server, req);
		break;
	case SIP_OPTIONS:
		answer_options(sb, server, req, flow, leg->dialog.local_tag);
		break;
	default: /* DEVIATION: RFC 3428 §4 lets a MESSAGE belong to a call; ours are people's, whatever they speak */
		refuse_method(sb, server, req, flow, leg->dialog.local_tag);
	}
}
