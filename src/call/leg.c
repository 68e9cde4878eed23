/* call/leg.c - a leg's life: made, its 2xx told until it is acknowledged, ended */
#include "call/early.h"
#include "call/info.h"
#include "call/messages.h"
#include "call/offer.h"
#include "call/refer.h"

#include <errno.h>

/* ---- made ---- */

void leg_report(struct leg *leg, enum leg_event event)
{
	if (leg->fn)
		leg->fn(leg->user, leg, event);
}

static void gone_due(struct timer *t, void *arg);
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
	metric_add(&sb->legs_open, 1);
	leg->sb = sb;
	leg->fn = fn;
	leg->user = user;
	leg->flow = *flow;
	leg->name = (struct sip_name){.handle = pool_handle_of(&sb->legs, leg), .secret = random_u64(sb->random)};
	leg->sdp_id = random_u64(sb->random) >> 2; /* fits in the 63 bits that some phones read */
	timer_init(&leg->gone, gone_due, leg);
	timer_init(&leg->repeat, repeat_due, leg);
	timer_init(&leg->settle, settle_due, leg);
	leg_change_init(leg);
	leg_session_init(leg);
	return leg;
}

static void leg_release(struct leg *leg)
{
	messages_leave(leg);
	timer_stop(leg->sb->wheel, &leg->gone);
	timer_stop(leg->sb->wheel, &leg->repeat);
	timer_stop(leg->sb->wheel, &leg->settle);
	leg_change_stop(leg);
	leg_session_stop(leg);
	text_done(&leg->ok);
	text_done(&leg->remote);
	free(leg->agreed);
	text_done(&leg->local);
	text_done(&leg->before);
	text_done(&leg->pending);
	text_done(&leg->fields);
	text_done(&leg->said);
	text_done(&leg->parting);
	text_done(&leg->moved);
	free(leg->refer);
	free(leg->info);
	crypto_wipe(&leg->send_key, sizeof(leg->send_key));
	crypto_wipe(&leg->receive_key, sizeof(leg->receive_key));
	crypto_wipe(leg->offered, sizeof(leg->offered));
	reliable_done(leg);
	early_done(leg);
	sip_dialog_done(&leg->dialog);
	free(leg->out);
	metric_add(&leg->sb->legs_open, -1);
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
	if (rc == 0 && !leg->delayed && !text_set(&leg->pending, session_of(invite)))
		rc = -ENOMEM;
	if (rc < 0) {
		leg_release(leg);
		return rc;
	}
	leg->max_forwards = (uint8_t)MAX(incoming_forwards(invite), 0);
	leg->peer_invite_cseq = leg->dialog.remote_cseq;
	leg_learn_peer(leg, invite);
	leg->state = LEG_INCOMING;
	leg->server = sip_server_handle(server);
	sip_server_set_owner(server, leg);
	sip_server_set_tag(server, &leg->name); /* the 200 to a CANCEL says the same tag (§9.2) */
	*ret = leg;
	return 0;
}

/* ---- up ---- */

static void count_speaking(struct leg *leg, bool speaks)
{
	if (leg->speaks == speaks)
		return;
	leg->speaks = speaks;
	directory_count_speaking(leg->sb->config.directory, slice_from_string(leg->user_id), speaks);
}

void leg_up(struct leg *leg)
{
	leg->state = LEG_UP;
	count_speaking(leg, true);
}

/* ---- ended ---- */

static void leg_gone(struct leg *leg)
{
	leg_report(leg, LEG_GONE);
	leg_release(leg);
}

void leg_detach_invite(struct leg *leg)
{
	if (leg->out)
		outgoing_done(leg->out);
	else if (leg->client)
		sip_client_detach(leg->client);
	leg->client = NULL;
}

void leg_cancel_invite(struct leg *leg, struct slice reason)
{
	if (leg->out)
		outgoing_cancel(leg->out, reason);
	else if (leg->client)
		sip_client_cancel(leg->client, reason);
}

static void gone_due(struct timer *t, void *arg)
{
	leg_gone(arg);
}

void leg_end(struct leg *leg)
{
	if (leg->state == LEG_ENDED)
		return;
	leg->state = LEG_ENDED;
	count_speaking(leg, false);
	leg_repeat_stop(leg);
	leg_change_stop(leg);
	leg_session_stop(leg);
	reliable_stop(leg);
	refer_stop(leg);
	info_stop(leg);
	timer_stop(leg->sb->wheel, &leg->settle);
	leg_detach_invite(leg);
	if (leg->probe)
		sip_client_detach(leg->probe);
	leg->probe = NULL;
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	if (server)
		sip_server_set_owner(server, NULL);
	leg->server = 0;
	if (leg->stream)
		media_close(leg->sb->config.media, leg->stream); /* LEG_GONE follows with the last figures */
	else
		timer_start(leg->sb->wheel, &leg->gone, 0); /* never from inside the caller's own step */
}

void leg_drop(struct leg *leg)
{
	if (leg->probe)
		sip_client_detach(leg->probe);
	leg_detach_invite(leg);
	refer_stop(leg);
	info_stop(leg);
	if (leg->stream)
		media_close(leg->sb->config.media, leg->stream);
	leg_release(leg);
}

void leg_media_event(struct leg *leg, const struct media_event *event)
{
	if (event->stream != leg->stream) /* one given up, for a target that sees us at another address */
		return;
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
	case MEDIA_SECURED:
		leg->webrtc_suite = event->suite;
		break;
	case MEDIA_UNSECURED:
		if (leg->state == LEG_UP || leg->state == LEG_ANSWERING)
			leg_voice_lost(leg);
		break;
	case MEDIA_STARTED:
		break;
	}
}

/* ---- the 2xx, repeated until its ACK (§13.3.1.4) ---- */

void leg_repeat_stop(struct leg *leg)
{
	timer_stop(leg->sb->wheel, &leg->repeat);
	text_done(&leg->ok);
	leg->awaiting_ack = false;
}

static void repeat_due(struct timer *t, void *arg)
{
	struct leg *leg = arg;
	struct wheel *wheel = leg->sb->wheel;
	if (wheel->now_us >= leg->repeat_until_us) {
		leg_repeat_stop(leg);
		leg_lost(leg, "no-ack", SLICE_NONE);
		return;
	}
	if (leg->ok.p)
		(void)send_message(leg->sb, &leg->flow, text_slice(&leg->ok));
	leg->repeat_us = MIN(leg->repeat_us * 2, SIP_T2_US);
	timer_start(wheel, &leg->repeat, leg->repeat_us);
}

void leg_write_dialog(struct leg *leg, struct writer *w, const struct sip_message *invite)
{
	const struct sip_field *rr = sip_field_first(invite, SIP_RECORD_ROUTE);
	for (; rr; rr = sip_field_next(invite, rr))
		sip_write_field(w, SIP_RECORD_ROUTE, rr->value);
	write_contact(leg->sb, w, &leg->flow);
	sip_write_field(w, SIP_ALLOW, ALLOWED_IN_CALLS);
}

struct writer leg_ok_begin(struct leg *leg, const struct sip_message *req)
{
	struct writer w = response_begin(leg->sb, req, &leg->flow, 200, SLICE_NONE, leg->dialog.local_tag);
	leg_write_dialog(leg, &w, req);
	sip_write_field(&w, SIP_SUPPORTED, SUPPORTED_IN_CALLS);
	leg_session_accept(leg, req, &w);
	return w;
}

int leg_send_ok(struct leg *leg, struct sip_server *server, const struct sip_message *invite)
{
	struct switchboard *sb = leg->sb;
	struct writer w = leg_ok_begin(leg, invite);
	bool told = leg->state == LEG_ANSWERING && leg->settled; /* RFC 3262 §5: not once more */
	int rc = response_send(sb, server, &w, 200, told ? SLICE_NONE : text_slice(&leg->local));
	leg->server = 0;
	if (rc < 0)
		return rc;
	leg->awaiting_ack = true;
	(void)!text_set(&leg->ok, writer_slice(&w)); /* without memory it is sent once, and its ACK awaited */
	leg->repeat_us = SIP_T1_US;
	leg->repeat_until_us = sb->wheel->now_us + 64 * SIP_T1_US;
	timer_start(sb->wheel, &leg->repeat, leg->repeat_us);
	return 0;
}

void leg_lost(struct leg *leg, const char *cause, struct slice reason)
{
	leg->end_cause = cause;
	leg_send_bye(leg, reason);
	leg_end(leg);
	leg_report(leg, LEG_HUNG_UP);
}

void leg_voice_lost(struct leg *leg)
{
	leg_lost(leg, "media-failed", SLICE_NONE);
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
		(void)!text_set(&leg->parting, reason); /* without memory it is not told why */
		break;
	case LEG_CALLING:
		/* A final answer still comes: 487, or a 200 that crossed the CANCEL and is then hung up. */
		leg->state = LEG_CANCELLING;
		leg_cancel_invite(leg, reason);
		break;
	case LEG_UP:
		leg_refuse_offer(leg, 487); /* a re-INVITE or UPDATE that waits (§15.1.2) */
		leg_send_bye(leg, reason);
		leg_end(leg);
		break;
	case LEG_CANCELLING:
	case LEG_ENDED:
		break;
	}
}
