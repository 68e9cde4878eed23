/* call/info.c - INFO with digits: see info.h */
#include "call/info.h"
#include "call/call.h"
#include "call/offer.h"

#include <errno.h>

/* ---- what comes ---- */

static bool not_encoded(const struct sip_message *req)
{
	struct slice encoding = sip_field_value(req, SIP_CONTENT_ENCODING);
	return slice_empty(encoding) || slice_caseeq(encoding, SLICE("identity"));
}

/* false: *ret_why. *ret_any: there is a digit in it. */
static bool read_digit(const struct sip_message *req, struct sip_dtmf *ret, bool *ret_any, struct refusal *ret_why)
{
	struct sip_reason err;
	*ret_any = false;
	if (req->first[SIP_INFO_PACKAGE]) { /* RFC 6086 §4.2.2: none was said to be wanted */
		*ret_why = (struct refusal){.status = 469};
		return false;
	}
	if (slice_empty(req->body))
		return true;
	bool relay = sip_content_is(req, SLICE("application/dtmf-relay"));
	if (!not_encoded(req) || (!relay && !sip_content_is(req, SLICE("application/dtmf")))) {
		*ret_why = (struct refusal){.status = 415};
		return sip_disposition_of(req).optional;
	}
	*ret_any = (relay ? sip_dtmf_relay_parse : sip_dtmf_parse)(req->body, ret, &err) == SIP_OK;
	if (!*ret_any)
		*ret_why = (struct refusal){.status = 400, .reason = slice_from_string(err.text)};
	return *ret_any;
}

void info_came(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	struct sip_dtmf digit;
	struct refusal why;
	bool any;
	if (!read_digit(req, &digit, &any, &why)) {
		refuse_fully(leg->sb, server, req, &leg->flow, leg->dialog.local_tag, &why);
		return;
	}
	/* Whether anybody is there to hear it is not its sender's matter: it was understood (RFC 6086 §4.2.2). */
	(void)sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	if (!any)
		return;
	leg->digit = &digit;
	leg_report(leg, LEG_DIGIT);
	leg->digit = NULL;
}

/* ---- what goes, by INFO ---- */

static void send_next(struct leg *leg);

static void drop_all(struct leg *leg)
{
	metric_add(&leg->sb->digits_lost, leg->info->count);
	leg->info->count = 0;
}

static void info_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct leg *leg = arg;
	if (event == SIP_CLIENT_RESPONSE && msg->status < 200)
		return;
	if (event != SIP_CLIENT_GONE)
		sip_client_detach(t);
	leg->info->client = NULL;
	unsigned status = event == SIP_CLIENT_RESPONSE ? msg->status : 408;
	if (status == 405 || status == 415 || status == 501)
		leg->peer_takes_info = false; /* whatever its Allow says */
	if (!leg->peer_takes_info || status == 408 || status == 481)
		drop_all(leg);
	send_next(leg);
}

static void send_next(struct leg *leg)
{
	struct info *i = leg->info;
	char body[64];
	struct writer b = writer_on(body, sizeof(body));
	if (i->client || !i->count)
		return;
	leg_find_flow(leg);
	struct sip_client *t = sip_client_new(leg->sb->stack, &leg->flow, SIP_INFO, info_event, leg);
	if (!t) {
		drop_all(leg);
		return;
	}
	sip_write_dtmf_relay(&b, &i->waiting[i->first]);
	i->first = (uint8_t)((i->first + 1) % INFO_DIGITS_MAX);
	i->count--;
	struct writer w = leg_request_begin(leg, SIP_INFO, 0, sip_client_branch(t));
	sip_write_body(&w, SLICE("application/dtmf-relay"), writer_slice(&b));
	if (w.overflow)
		sip_client_drop(t);
	else if (sip_client_start(t, writer_slice(&w)) == 0)
		i->client = t;
	if (!i->client) {
		metric_add(&leg->sb->digits_lost, 1);
		drop_all(leg);
	}
}

/* NULL: it is on its way; else why it is not. */
static const char *tell_by_info(struct leg *leg, const struct sip_dtmf *digit)
{
	if (!leg->info)
		leg->info = calloc(1, sizeof(*leg->info));
	struct info *i = leg->info;
	if (!i)
		return decision_why(WHY_NO_MEMORY);
	if (i->count == INFO_DIGITS_MAX)
		return decision_why(WHY_TOO_MANY_WAIT);
	i->waiting[(i->first + i->count++) % INFO_DIGITS_MAX] = *digit;
	send_next(leg);
	return NULL;
}

void info_stop(struct leg *leg)
{
	struct info *i = leg->info;
	if (!i)
		return;
	if (i->client)
		sip_client_detach(i->client);
	i->client = NULL;
	drop_all(leg);
}

/* ---- where it goes ---- */

static const char *tell_in_voice(struct leg *leg, const struct sip_dtmf *digit, const struct sdp_format *format)
{
	struct media_digit d = {
		.event = digit->event, .payload = format->payload & 127, .duration_ms = digit->duration_ms};
	if (!offer_hears(leg))
		return decision_why(WHY_HELD);
	/* A full ring is a worker that has stood still: the digit would come too late to mean anything. */
	return media_send_digit(leg->sb->config.media, leg->stream, &d) < 0 ? decision_why(WHY_NO_VOICE) : NULL;
}

/* NULL: it is on its way; else why it is not. */
static const char *tell(struct leg *to, const struct sip_dtmf *digit)
{
	if (!to)
		return decision_why(WHY_NOBODY_HEARS);
	const struct sdp_format *format = offer_event_format(to);
	if (format && to->stream)
		return tell_in_voice(to, digit, format);
	if (to->state == LEG_UP && to->peer_takes_info)
		return tell_by_info(to, digit);
	return decision_why(WHY_TAKES_NEITHER);
}

void info_pass_on(struct call *c, struct leg *from, struct leg *to)
{
	const char *why = tell(to, from->digit);
	if (!why) {
		metric_add(&c->sb->digits_passed, 1);
		return;
	}
	metric_add(&c->sb->digits_lost, 1);
	if (from->digit_lost) /* said once: the trace is short, and people press on */
		return;
	from->digit_lost = true;
	call_trace_with(c, DECIDED_DIGIT_LOST, "%s\t%s", from == c->caller ? "caller" : "callee", why);
}
