/*
 * call/leg_session.c - a session lasts only as long as somebody refreshes it.   RFC 4028
 *
 * Each leg by itself, in both roles. A peer that knows the timer agrees with us on the interval and on who refreshes;
 * should no refresh come, whoever waits for it hangs up. One that does not know it is asked by our own refreshes
 * whether it still lives, and nothing ends by time. The peer's refreshes are answered where they come in, and never
 * reach the other leg.
 */
#include "call/leg.h"
#include "sip/session.h"

#include <errno.h>

/* ---- time ---- */

static void arm(struct leg *leg, int64_t delay_us)
{
	struct leg_session *s = &leg->session;
	if (s->agreed)
		delay_us = MIN(delay_us, s->end_us - leg->sb->wheel->now_us);
	timer_start(leg->sb->wheel, &s->timer, delay_us);
}

static void session_begin(struct leg *leg, uint32_t interval_s, bool ours, bool agreed)
{
	struct leg_session *s = &leg->session;
	int64_t interval_us = interval_s * SECOND_US;
	s->interval_s = interval_s;
	s->ours = ours;
	s->agreed = agreed;
	/* §10: a little before the end, so that the peer's BYE and ours do not cross. */
	s->end_us = leg->sb->wheel->now_us + interval_us - MIN(32 * SECOND_US, interval_us / 3);
	arm(leg, ours ? interval_us / 2 : interval_us);
}

static void session_due(struct timer *t, void *arg)
{
	struct leg *leg = arg;
	struct leg_session *s = &leg->session;
	if (s->agreed && leg->sb->wheel->now_us >= s->end_us)
		leg_lost(leg, "session-expired", SLICE("SIP;cause=408;text=\"Session Expired\""));
	else
		arm(leg, leg_refresh(leg) < 0 ? SESSION_RETRY_US : s->interval_s * SECOND_US / 2);
}

void leg_session_refused(struct leg *leg, int64_t delay_us)
{
	/* Whoever answers lives: one that knows no timer is asked again at its usual time. */
	if (!leg->session.agreed && !delay_us)
		delay_us = leg->session.interval_s * SECOND_US / 2;
	arm(leg, delay_us ? delay_us : SESSION_RETRY_US);
}

void leg_session_init(struct leg *leg)
{
	timer_init(&leg->session.timer, session_due, leg);
}

void leg_session_stop(struct leg *leg)
{
	timer_stop(leg->sb->wheel, &leg->session.timer);
}

/* ---- what a request asks for ---- */

/* Session-Expires and Min-SE of a request. false: one cannot be read. */
static bool read_fields(const struct sip_message *req, struct sip_session_expires *ret, uint32_t *ret_min_s)
{
	struct slice expires = sip_field_value(req, SIP_SESSION_EXPIRES), min = sip_field_value(req, SIP_MIN_SE);
	*ret = (struct sip_session_expires){0};
	*ret_min_s = SESSION_MIN_S;
	return (!req->first[SIP_SESSION_EXPIRES] || sip_session_expires_parse(expires, ret)) &&
	       (!req->first[SIP_MIN_SE] || sip_number_parse(min, UINT32_MAX, ret_min_s));
}

bool leg_session_refuse(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			const struct sip_flow *flow, struct slice to_tag)
{
	struct sip_session_expires asked;
	uint32_t min_s;
	struct refusal why = {0};
	if (!read_fields(req, &asked, &min_s))
		why = (struct refusal){400, SLICE("Malformed Session-Expires Or Min-SE")};
	/* §9: only one that knows the timer can do something about it; for another the interval is raised. */
	else if (req->first[SIP_SESSION_EXPIRES] && asked.seconds < SESSION_MIN_S &&
		 sip_list_has(req, SIP_SUPPORTED, SLICE("timer")))
		why.status = 422;
	if (!why.status)
		return false;
	refuse_fully(sb, server, req, flow, to_tag, &why);
	return true;
}

/* ---- our 2xx ---- */

static void write_expires(struct writer *w, uint32_t seconds, enum sip_refresher who)
{
	sip_write_field_begin(w, SIP_SESSION_EXPIRES);
	write_u64(w, seconds);
	write_string(w, who == SIP_REFRESHER_UAC ? ";refresher=uac" : who == SIP_REFRESHER_UAS ? ";refresher=uas" : "");
	sip_write_field_end(w);
}

void leg_session_accept(struct leg *leg, const struct sip_message *req, struct writer *w)
{
	struct leg_session *s = &leg->session;
	struct sip_session_expires asked;
	uint32_t min_s;
	if (leg->state == LEG_INCOMING || leg->state == LEG_CALLING || leg->state == LEG_CANCELLING ||
	    !read_fields(req, &asked, &min_s)) /* an UPDATE in an early dialog; it was read once before */
		return;
	bool knows = sip_list_has(req, SIP_SUPPORTED, SLICE("timer")), asks = req->first[SIP_SESSION_EXPIRES] != 0;
	/* §9: we may shorten what is asked for, down to its Min-SE, and must not lengthen it. */
	uint32_t seconds = asks ? MIN(asked.seconds, MAX((uint32_t)SESSION_DEFAULT_S, min_s))
				: MAX((uint32_t)SESSION_DEFAULT_S, s->min_s);
	enum sip_refresher who = asked.refresher;
	if (!knows) /* table 2 of §9 */
		who = SIP_REFRESHER_UAS;
	else if (who == SIP_REFRESHER_NONE) /* roles stay; at first, who asks also refreshes */
		who = s->interval_s && s->ours ? SIP_REFRESHER_UAS : SIP_REFRESHER_UAC;
	if (knows || asks)
		write_expires(w, MAX(seconds, (uint32_t)SESSION_MIN_S), who);
	if (who == SIP_REFRESHER_UAC)
		sip_write_field(w, SIP_REQUIRE, SLICE("timer"));
	session_begin(leg, MAX(seconds, (uint32_t)SESSION_MIN_S), who == SIP_REFRESHER_UAS, knows || asks);
}

/* ---- our requests ---- */

static uint32_t interval_to_ask(const struct leg *leg)
{
	const struct leg_session *s = &leg->session;
	return MAX(s->interval_s ? s->interval_s : SESSION_DEFAULT_S, s->min_s);
}

void leg_session_ask(struct leg *leg, struct writer *w)
{
	const struct leg_session *s = &leg->session;
	sip_write_field(w, SIP_SUPPORTED, leg->state == LEG_CALLING ? SUPPORTED_IN_CALLS : SUPPORTED_IN_DIALOG);
	/* §7.4: roles stay as they are; the first time the callee may choose. */
	enum sip_refresher who = !s->interval_s ? SIP_REFRESHER_NONE : s->ours ? SIP_REFRESHER_UAC : SIP_REFRESHER_UAS;
	write_expires(w, interval_to_ask(leg), who);
	if (s->min_s)
		sip_write_field_u64(w, SIP_MIN_SE, s->min_s);
}

void leg_session_agreed(struct leg *leg, const struct sip_message *ok)
{
	struct sip_session_expires told;
	uint32_t asked = interval_to_ask(leg);
	if (!sip_session_expires_parse(sip_field_value(ok, SIP_SESSION_EXPIRES), &told))
		session_begin(leg, asked, true, false); /* §7.2: it knows no timer; we refresh */
	else if (told.seconds > asked) /* §9: it may not; a phone that vanished would keep its call for as long */
		session_begin(leg, asked, true, true);
	else
		session_begin(leg, MAX(told.seconds, (uint32_t)SESSION_MIN_S), told.refresher != SIP_REFRESHER_UAS,
			      true);
}

bool leg_session_raise(struct leg *leg, const struct sip_message *msg)
{
	struct leg_session *s = &leg->session;
	uint32_t min_s;
	if (s->raises == SESSION_RAISES_MAX ||
	    !sip_number_parse(sip_field_value(msg, SIP_MIN_SE), SESSION_MAX_S, &min_s) || min_s <= interval_to_ask(leg))
		return false;
	s->raises++;
	s->min_s = min_s;
	return true;
}
