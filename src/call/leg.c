/* call/leg.c - a leg's life: made, asked things inside its dialog, ended */
#include "call/early.h"
#include "call/offer.h"

#include <errno.h>

/* ---- descriptions ---- */

bool description_set(struct description *d, struct slice text)
{
	char *copy = slice_dup(text);
	if (!copy)
		return false;
	free(d->text);
	*d = (struct description){.text = copy, .n = text.n};
	return true;
}

void description_done(struct description *d)
{
	free(d->text);
	*d = (struct description){0};
}

struct slice description_slice(const struct description *d)
{
	return slice_of(d->text, d->n);
}

/* ---- made ---- */

void leg_report(struct leg *leg, enum leg_event event)
{
	if (leg->fn)
		leg->fn(leg->user, leg, event);
}

static void repeat_due(struct timer *t, void *arg);

static void settle_due(struct timer *t, void *arg)
{
	struct leg *leg = arg;
	if (offer_settle(leg) < 0)
		leg_report(leg, LEG_VOICE_LOST);
	else if (!timer_running(t))
		leg_report(leg, LEG_CHANGED);
}

struct leg *leg_alloc(struct switchboard *sb, const struct sip_flow *flow, leg_fn fn, void *user)
{
	struct leg *leg = pool_take(&sb->legs);
	if (!leg)
		return NULL;
	leg->sb = sb;
	leg->fn = fn;
	leg->user = user;
	leg->flow = *flow;
	leg->name = (struct sip_name){.handle = pool_handle_of(&sb->legs, leg), .secret = random_u64(sb->random)};
	leg->sdp_id = random_u64(sb->random) >> 2; /* fits in the 63 bits that some phones read */
	timer_init(&leg->repeat, repeat_due, leg);
	timer_init(&leg->settle, settle_due, leg);
	return leg;
}

static void leg_release(struct leg *leg)
{
	timer_stop(leg->sb->wheel, &leg->repeat);
	timer_stop(leg->sb->wheel, &leg->settle);
	description_done(&leg->ok);
	description_done(&leg->remote);
	description_done(&leg->local);
	description_done(&leg->pending);
	crypto_wipe(&leg->send_key, sizeof(leg->send_key));
	crypto_wipe(&leg->receive_key, sizeof(leg->receive_key));
	crypto_wipe(leg->offered, sizeof(leg->offered));
	reliable_done(leg);
	early_done(leg);
	sip_dialog_done(&leg->dialog);
	pool_give(&leg->sb->legs, leg);
}

int leg_take_invite(struct switchboard *sb, struct sip_server *server, const struct sip_message *invite,
		    const struct sip_flow *flow, leg_fn fn, void *user, struct leg **ret)
{
	struct leg *leg = leg_alloc(sb, flow, fn, user);
	if (!leg)
		return -ENOMEM;
	char tag[SIP_NAME_CAP];
	struct writer w = writer_on(tag, sizeof(tag));
	struct sip_reason err;
	sip_write_name(&w, sb->config.node, &leg->name);
	int rc = sip_dialog_init_uas(&leg->dialog, invite, writer_slice(&w), &err);
	leg->delayed = body_of(invite) != BODY_SESSION;
	if (rc == 0 && !leg->delayed && !description_set(&leg->pending, invite->body))
		rc = -ENOMEM;
	if (rc < 0) {
		leg_release(leg);
		return rc;
	}
	uint32_t forwards = SIP_MAX_FORWARDS_DEFAULT;
	if (!sip_number_parse(sip_field_value(invite, SIP_MAX_FORWARDS), 255, &forwards))
		forwards = SIP_MAX_FORWARDS_DEFAULT;
	leg->max_forwards = (uint8_t)forwards;
	leg->peer_invite_cseq = leg->dialog.remote_cseq;
	leg->state = LEG_INCOMING;
	leg->server = sip_server_handle(server);
	sip_server_set_owner(server, leg);
	sip_server_set_tag(server, &leg->name); /* the 200 to a CANCEL says the same tag (§9.2) */
	*ret = leg;
	return 0;
}

/* ---- ended ---- */

static void leg_gone(struct leg *leg)
{
	leg_report(leg, LEG_GONE);
	leg_release(leg);
}

void leg_end(struct leg *leg)
{
	if (leg->state == LEG_ENDED)
		return;
	leg->state = LEG_ENDED;
	leg_repeat_stop(leg);
	reliable_stop(leg);
	timer_stop(leg->sb->wheel, &leg->settle);
	if (leg->client)
		sip_client_detach(leg->client);
	if (leg->probe)
		sip_client_detach(leg->probe);
	leg->client = leg->probe = NULL;
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	if (server)
		sip_server_set_owner(server, NULL);
	leg->server = 0;
	if (leg->stream)
		media_close(leg->sb->config.media, leg->stream); /* LEG_GONE follows with the last figures */
	else
		timer_start(leg->sb->wheel, &leg->repeat, 0); /* never from inside the caller's own step */
}

void leg_drop(struct leg *leg)
{
	if (leg->probe)
		sip_client_detach(leg->probe);
	if (leg->client)
		sip_client_detach(leg->client);
	if (leg->stream)
		media_close(leg->sb->config.media, leg->stream);
	leg_release(leg);
}

void leg_media_event(struct leg *leg, const struct media_event *event)
{
	switch (event->kind) {
	case MEDIA_FIGURES:
		leg->figures = event->figures;
		break;
	case MEDIA_CLOSED:
		leg->figures = event->figures;
		leg->stream = 0;
		if (leg->state == LEG_ENDED)
			leg_gone(leg);
		break;
	case MEDIA_SILENT:
		leg_check_alive(leg);
		break;
	case MEDIA_STARTED:
		break;
	}
}

/* ---- the 2xx, repeated until its ACK (§13.3.1.4) ---- */

void leg_repeat_stop(struct leg *leg)
{
	timer_stop(leg->sb->wheel, &leg->repeat);
	description_done(&leg->ok);
	leg->awaiting_ack = false;
}

static void ack_never_came(struct leg *leg)
{
	leg->end_cause = "no-ack";
	leg_send_bye(leg, SLICE_NONE);
	leg_end(leg);
	leg_report(leg, LEG_HUNG_UP);
}

static void repeat_due(struct timer *t, void *arg)
{
	struct leg *leg = arg;
	struct wheel *wheel = leg->sb->wheel;
	if (leg->state == LEG_ENDED) {
		leg_gone(leg);
		return;
	}
	if (wheel->now_us >= leg->repeat_until_us) {
		leg_repeat_stop(leg);
		ack_never_came(leg);
		return;
	}
	if (leg->ok.text)
		(void)transport_send(leg->sb->config.transport, &leg->flow, description_slice(&leg->ok));
	leg->repeat_us = MIN(leg->repeat_us * 2, SIP_T2_US);
	timer_start(wheel, &leg->repeat, leg->repeat_us);
}

void leg_write_dialog(struct leg *leg, struct writer *w, const struct sip_message *invite)
{
	const struct sip_field *rr = sip_field_first(invite, SIP_RECORD_ROUTE);
	for (; rr; rr = sip_field_next(invite, rr))
		sip_write_field(w, SIP_RECORD_ROUTE, rr->value);
	write_contact(leg->sb, w, &leg->flow);
	sip_write_field(w, SIP_ALLOW, ALLOWED_METHODS);
}

int leg_send_ok(struct leg *leg, struct sip_server *server, const struct sip_message *invite)
{
	struct switchboard *sb = leg->sb;
	struct writer w = response_begin(sb, invite, &leg->flow, 200, SLICE_NONE, leg->dialog.local_tag);
	leg_write_dialog(leg, &w, invite);
	bool told = leg->state == LEG_ANSWERING && leg->settled; /* RFC 3262 §5: not once more */
	int rc = response_send(sb, server, &w, 200, told ? SLICE_NONE : description_slice(&leg->local));
	leg->server = 0;
	if (rc < 0)
		return rc;
	leg->awaiting_ack = true;
	(void)!description_set(&leg->ok, writer_slice(&w)); /* without memory it is sent once, and its ACK awaited */
	leg->repeat_us = SIP_T1_US;
	leg->repeat_until_us = sb->wheel->now_us + 64 * SIP_T1_US;
	timer_start(sb->wheel, &leg->repeat, leg->repeat_us);
	return 0;
}

void leg_voice_lost(struct leg *leg)
{
	leg->end_cause = "media-failed";
	leg_send_bye(leg, SLICE_NONE);
	leg_end(leg);
	leg_report(leg, LEG_HUNG_UP);
}

/* The ACK of a 200 with our offer in it has the answer (§13.2.1). Without one, the session stays as it was. */
static void take_late_answer(struct leg *leg, const struct sip_message *ack)
{
	struct offer_refusal why;
	if (body_of(ack) != BODY_SESSION)
		return;
	if (offer_take_answer(leg, ack->body, &why))
		leg_report(leg, LEG_CHANGED);
	else if (why.status == 500)
		leg_voice_lost(leg);
}

/* The same for the first 200 of a call: there is no session yet that could stay. */
static void take_first_answer(struct leg *leg, const struct sip_message *ack)
{
	struct offer_refusal why = {.status = 488};
	if (body_of(ack) == BODY_SESSION && offer_take_answer(leg, ack->body, &why)) {
		leg_report(leg, LEG_CONFIRMED);
		leg_report(leg, LEG_CHANGED);
		return;
	}
	leg->end_cause = why.status == 500 ? "media-failed" : "unusable-answer";
	leg_send_bye(leg, SLICE("SIP;cause=488;text=\"Unusable Answer\""));
	leg_end(leg);
	leg_report(leg, LEG_HUNG_UP);
}

static void ack_came(struct leg *leg, const struct sip_message *ack)
{
	struct sip_cseq cseq;
	struct sip_reason err;
	if (sip_cseq_parse(sip_field_value(ack, SIP_CSEQ), &cseq, &err) != SIP_OK ||
	    cseq.number != leg->peer_invite_cseq || !leg->awaiting_ack)
		return;
	bool first = leg->state == LEG_ANSWERING, answers = leg->offered_in_ok;
	leg_repeat_stop(leg);
	leg->offered_in_ok = false;
	if (leg->hang_up_on_ack) {
		leg_send_bye(leg, SLICE_NONE);
		leg_end(leg);
		return;
	}
	leg->state = LEG_UP;
	if (first && answers)
		take_first_answer(leg, ack);
	else if (first)
		leg_report(leg, LEG_CONFIRMED);
	else if (answers)
		take_late_answer(leg, ack);
}

/* ---- requests inside the dialog ---- */

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

/* A phone whose connection broke, and which has come back on another, hears of what happens to its call there. */
void leg_find_flow(struct leg *leg)
{
	if (leg->device_id[0] && !transport_alive(leg->sb->config.transport, &leg->flow))
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
		(void)transport_send(leg->sb->config.transport, &leg->flow, writer_slice(&w));
	}
}

/* early: the early dialog that it is for; NULL: the leg's own. */
static void bye_came(struct leg *leg, struct early *early, struct sip_server *server)
{
	(void)sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	if (early && (leg->forks->next || leg->state == LEG_CANCELLING)) { /* the other forks go on */
		early_drop(leg, early);
		return;
	}
	struct sip_server *invite = sip_server_get(leg->sb->stack, leg->server);
	if (invite) { /* an early dialog, or a re-INVITE not yet answered (§15.1.2) */
		(void)sip_server_respond_simple(invite, 487, SLICE_NONE, leg->dialog.local_tag);
		leg->server = 0;
	}
	if (leg->state == LEG_CALLING &&
	    leg->client) /* the callee ends its early dialog with BYE: rare, and no answer */
		sip_client_cancel(leg->client, SLICE_NONE);
	leg_end(leg);
	leg_report(leg, LEG_HUNG_UP);
}

/*
 * The dialog that a request is for, by its sender's tag: NULL if it is from nobody we speak with. A caller we have not
 * answered has no other tag to be known by than its own; of those we call each early dialog has one.
 */
static struct sip_dialog *dialog_of(struct leg *leg, const struct sip_message *req, struct early **ret_early)
{
	struct sip_address from;
	struct sip_reason err;
	*ret_early = NULL;
	if (leg->state == LEG_ENDED || sip_address_parse(sip_field_value(req, SIP_FROM), &from, &err) != SIP_OK)
		return NULL;
	struct slice tag = sip_address_tag(&from);
	if (leg->state == LEG_CALLING || leg->state == LEG_CANCELLING) {
		*ret_early = early_find(leg, tag);
		return *ret_early ? &(*ret_early)->dialog : NULL;
	}
	return slice_eq(tag, leg->dialog.remote_tag) ? &leg->dialog : NULL;
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
	if (req->method == SIP_ACK) {
		ack_came(leg, req);
		return;
	}
	if (sip_dialog_accept(dialog, req) < 0) {
		refuse(sb, server, 500, SLICE("Out Of Order"));
		return;
	}
	leg->flow = *flow; /* a phone that moved, or came back on another connection */
	switch (req->method) {
	case SIP_BYE:
		bye_came(leg, early, server);
		break;
	case SIP_PRACK:
		reliable_acknowledged(leg, server, req);
		break;
	case SIP_INVITE:
		leg_reinvited(leg, server, req);
		break;
	case SIP_OPTIONS:
		(void)sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
		break;
	default:
		refuse(sb, server, 405, SLICE_NONE);
	}
}

/* ---- hang up ---- */

void leg_hang_up(struct leg *leg, unsigned status, struct slice reason)
{
	switch (leg->state) {
	case LEG_INCOMING:
		leg_refuse(leg, status, SLICE_NONE);
		break;
	case LEG_ANSWERING:
		leg->hang_up_on_ack = true;
		break;
	case LEG_CALLING:
		/* A final answer still comes: 487, or a 200 that crossed the CANCEL and is then hung up. */
		leg->state = LEG_CANCELLING;
		sip_client_cancel(leg->client, reason);
		break;
	case LEG_UP:
		leg_send_bye(leg, reason);
		leg_end(leg);
		break;
	case LEG_CANCELLING:
	case LEG_ENDED:
		break;
	}
}
