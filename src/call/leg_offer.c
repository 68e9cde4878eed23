/*
 * call/leg_offer.c - we change or refresh the session while it lasts.   RFC 3261 §14.1, RFC 3311 §5.1, RFC 4028 §7.4
 *
 * By UPDATE where the peer allows it, since nobody need acknowledge it; else, or where it wants to be asked otherwise,
 * by re-INVITE. What meets a change of the peer's own (491) is tried again after a random time, as often and as long as
 * limits.h says. A change that is refused was never asked for: our description is again the one before.
 */
#include "call/leg.h"
#include "call/offer.h"

#include <errno.h>

/* ---- what is open ---- */

static void change_over(struct leg *leg)
{
	leg->changing = CHANGE_NONE;
	leg->offering = false;
	timer_stop(leg->sb->wheel, &leg->change_timer);
}

/* §14.1: as if it had never been sent. */
static void take_back(struct leg *leg)
{
	if (!leg->before.p)
		return;
	text_done(&leg->local);
	leg->local = leg->before;
	leg->before = (struct own_text){0};
}

void leg_change_stop(struct leg *leg)
{
	if (leg->change)
		sip_client_detach(leg->change);
	leg->change = NULL;
	change_over(leg);
}

/* ---- sent ---- */

static void change_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg);

/* sdp empty: an UPDATE that changes nothing. What is open is kept by the caller. */
static int send_change(struct leg *leg, enum leg_change change, enum sip_method method, struct slice sdp)
{
	struct switchboard *sb = leg->sb;
	leg_find_flow(leg);
	if (leg->change) /* over, but for copies of its 2xx: those now reach us as strays */
		sip_client_detach(leg->change);
	leg->change = sip_client_new(sb->stack, &leg->flow, method, change_event, leg);
	if (!leg->change)
		return -ENOMEM;
	struct writer w = leg_request_begin(leg, method, 0, sip_client_branch(leg->change));
	write_contact(sb, &w, &leg->flow);
	sip_write_field(&w, SIP_ALLOW, ALLOWED_IN_CALLS);
	leg_session_ask(leg, &w);
	sip_write_body(&w, slice_empty(sdp) ? SLICE_NONE : SLICE("application/sdp"), sdp);
	int rc = w.overflow ? -E2BIG : sip_client_start(leg->change, writer_slice(&w));
	if (rc < 0) {
		if (w.overflow)
			sip_client_drop(leg->change);
		leg->change = NULL;
		return rc;
	}
	leg->changing = (uint8_t)change;
	leg->change_method = (uint8_t)method;
	leg->offering = !slice_empty(sdp);
	return 0;
}

static enum sip_method method_for(const struct leg *leg)
{
	return leg->peer_updates && !leg->no_updates ? SIP_UPDATE : SIP_INVITE;
}

static int send_offer(struct leg *leg, enum leg_change change, enum sip_method method)
{
	int rc = send_change(leg, change, method, text_slice(&leg->local));
	if (rc == 0)
		timer_start(leg->sb->wheel, &leg->change_timer, leg->change_until_us - leg->sb->wheel->now_us);
	return rc;
}

static bool busy(const struct leg *leg)
{
	return leg->state != LEG_UP || leg->changing || leg->server || leg->awaiting_ack;
}

int leg_offer(struct leg *leg, const struct sdp_format *formats, size_t count)
{
	if (busy(leg) || timer_running(&leg->change_timer))
		return -EBUSY;
	if (!leg->change_tries)
		leg->change_until_us = leg->sb->wheel->now_us + CHANGE_PATIENCE_US;
	leg->before = leg->local;
	leg->local = (struct own_text){0};
	int rc = offer_write(leg, formats, count, 0);
	if (rc == 0)
		rc = send_offer(leg, CHANGE_ASKED, method_for(leg));
	if (rc < 0) {
		take_back(leg);
		leg->change_tries = 0;
		return rc;
	}
	leg->change_tries++;
	return 0;
}

int leg_refresh(struct leg *leg)
{
	enum sip_method method = method_for(leg);
	if (busy(leg) || timer_running(&leg->change_timer))
		return -EBUSY;
	int rc = method == SIP_UPDATE ? 0 : offer_repeat(leg);
	leg->change_until_us = leg->sb->wheel->now_us + CHANGE_PATIENCE_US;
	if (rc == 0)
		rc = method == SIP_UPDATE ? send_change(leg, CHANGE_REFRESH, method, SLICE_NONE)
					  : send_offer(leg, CHANGE_REFRESH, method);
	return rc;
}

/* ---- accepted ---- */

static void take_answer(struct leg *leg, const struct sip_message *ok, bool refreshed)
{
	struct refusal why;
	bool taken = offer_take_answer(leg, session_of(ok), &why);
	leg->last_status = (uint16_t)(taken ? ok->status : why.status);
	leg->change_tries = 0;
	if (taken)
		text_done(&leg->before);
	else
		take_back(leg);
	if (taken || !refreshed)
		leg_report(leg, refreshed ? LEG_CHANGED : taken ? LEG_OFFER_ANSWERED : LEG_OFFER_REFUSED);
	if (!taken && why.status == 500 && leg->state == LEG_UP) /* the peer speaks by it already */
		leg_voice_lost(leg);
}

static void accepted(struct leg *leg, const struct sip_message *ok)
{
	struct sip_reason err;
	if (ok->method == SIP_INVITE)
		leg_send_ack(leg, ok->cseq.number);
	if (!leg->changing) /* a repeated 200: our ACK was lost */
		return;
	bool offered = leg->offering, refreshed = leg->changing == CHANGE_REFRESH;
	change_over(leg);
	(void)!sip_dialog_refresh_target(&leg->dialog, ok, &err); /* a broken Contact leaves the old target */
	leg_learn_peer(leg, ok);
	leg_session_agreed(leg, ok);
	if (offered)
		take_answer(leg, ok, refreshed);
}

/* ---- refused ---- */

/* §14.1: who made the Call-ID waits longer, so that the two do not meet again. */
static int64_t glare_us(struct leg *leg)
{
	uint32_t steps = leg->outgoing ? 210 + random_below(leg->sb->random, 191) : random_below(leg->sb->random, 201);
	return steps * 10 * MS_US;
}

/* How long to wait before the same may be asked again; 0: it was a refusal. */
static int64_t wait_us(struct leg *leg, unsigned status, const struct sip_message *msg)
{
	uint32_t seconds;
	if (status == 491)
		return glare_us(leg);
	if (msg && (status == 500 || status == 503) &&
	    sip_number_parse(sip_field_value(msg, SIP_RETRY_AFTER), CHANGE_PATIENCE_US / SECOND_US, &seconds))
		return MAX(seconds * SECOND_US, (int64_t)MS_US);
	return 0;
}

/* Sent anew at once, in another way: the peer lets the session last longer, or wants to be asked by re-INVITE. */
static bool sent_otherwise(struct leg *leg, unsigned status, const struct sip_message *msg)
{
	enum sip_method method = (enum sip_method)leg->change_method;
	bool again = status == 422 && msg && leg_session_raise(leg, msg);
	bool by_invite = method == SIP_UPDATE && (status == 405 || status == 501 || (status == 504 && leg->offering));
	if (!again && !by_invite)
		return false;
	if (by_invite && status != 504)
		leg->no_updates = true;
	if (by_invite && !leg->offering && offer_repeat(leg) < 0)
		return false;
	struct slice sdp = leg->offering || by_invite ? text_slice(&leg->local) : SLICE_NONE;
	if (send_change(leg, (enum leg_change)leg->changing, by_invite ? SIP_INVITE : method, sdp) < 0)
		return false;
	timer_start(leg->sb->wheel, &leg->change_timer, leg->change_until_us - leg->sb->wheel->now_us);
	return true;
}

static void offer_refused(struct leg *leg, int64_t wait)
{
	int64_t left_us = leg->change_until_us - leg->sb->wheel->now_us;
	if (wait && wait < left_us && leg->change_tries < CHANGE_TRIES_MAX) {
		timer_start(leg->sb->wheel, &leg->change_timer, wait);
		return;
	}
	leg->change_tries = 0;
	leg_report(leg, LEG_OFFER_REFUSED);
}

static void refused(struct leg *leg, unsigned status, const struct sip_message *msg)
{
	leg->last_status = (uint16_t)status;
	enum leg_change change = (enum leg_change)leg->changing;
	if (change != CHANGE_WITHDRAWN && sent_otherwise(leg, status, msg))
		return;
	change_over(leg);
	take_back(leg);
	/* 408 and 481 end the dialog (§12.2.1.2); any other refusal leaves the session as it was. */
	if (status == 408 || status == 481)
		leg_lost(leg, "lost", SLICE_NONE);
	else if (change == CHANGE_REFRESH)
		leg_session_refused(leg, wait_us(leg, status, msg));
	else if (change == CHANGE_ASKED)
		offer_refused(leg, wait_us(leg, status, msg));
}

static void change_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct leg *leg = arg;
	bool response = event == SIP_CLIENT_RESPONSE;
	if (event == SIP_CLIENT_GONE)
		leg->change = NULL;
	else if (response && msg->status >= 200 && msg->status < 300)
		accepted(leg, msg);
	else if (!response || msg->status >= 300)
		refused(leg, response ? msg->status : event == SIP_CLIENT_TIMEOUT ? 408 : 503, response ? msg : NULL);
}

/* ---- no longer wanted ---- */

void leg_withdraw_offer(struct leg *leg)
{
	leg->change_tries = 0;
	if (!leg->changing) { /* it was to be tried again */
		timer_stop(leg->sb->wheel, &leg->change_timer);
	} else if (leg->changing == CHANGE_ASKED) {
		leg->changing = CHANGE_WITHDRAWN;
		sip_client_cancel(leg->change, SLICE_NONE); /* an UPDATE has its own end */
	}
}

/* The next try, or no answer in time. */
static void change_due(struct timer *t, void *arg)
{
	struct leg *leg = arg;
	if (!leg->changing) {
		leg_report(leg, LEG_OFFER_AGAIN);
		if (!leg->changing)
			leg->change_tries = 0;
	} else if (leg->changing == CHANGE_REFRESH) {
		sip_client_cancel(leg->change, SLICE_NONE);
	} else {
		leg_withdraw_offer(leg);
		leg->last_status = 504;
		leg_report(leg, LEG_OFFER_REFUSED);
	}
}

void leg_change_init(struct leg *leg)
{
	timer_init(&leg->change_timer, change_due, leg);
}
