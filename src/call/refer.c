/* call/refer.c - REFER and its NOTIFYs on a leg: see refer.h */
#include "call/refer.h"

#include <errno.h>

/* ---- told ---- */

static void notify_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg);

static void write_notify(struct leg *leg, struct writer *w)
{
	const struct refer *r = leg->refer;
	char body[64];
	struct writer fragment = writer_on(body, sizeof(body));
	sip_write_fragment(&fragment, r->status);
	write_contact(leg->sb, w, &leg->flow);
	sip_write_field_begin(w, SIP_EVENT);
	write_string(w, "refer");
	if (r->again)
		write_format(w, ";id=%u", r->cseq);
	sip_write_field_end(w);
	sip_write_named(w, SLICE("Subscription-State"),
			r->status < 200 ? SLICE("active;expires=" REFER_EXPIRES_S)
					: SLICE("terminated;reason=noresource"));
	sip_write_body(w, SLICE("message/sipfrag;version=2.0"), writer_slice(&fragment));
}

/* Without memory this status is not told: the next one is, or the BYE says that it is over. */
static void send_notify(struct leg *leg)
{
	struct refer *r = leg->refer;
	leg_find_flow(leg);
	struct sip_client *t = sip_client_new(leg->sb->stack, &leg->flow, SIP_NOTIFY, notify_event, leg);
	if (!t)
		return;
	struct writer w = leg_request_begin(leg, SIP_NOTIFY, 0, sip_client_branch(t));
	write_notify(leg, &w);
	if (w.overflow)
		sip_client_drop(t);
	else if (sip_client_start(t, writer_slice(&w)) == 0)
		r->notify = t;
	r->told = r->status;
}

static void notify_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct leg *leg = arg;
	struct refer *r = leg->refer;
	if (event == SIP_CLIENT_GONE) {
		r->notify = NULL;
		return;
	}
	if (event == SIP_CLIENT_RESPONSE && msg->status < 200)
		return;
	sip_client_detach(t);
	r->notify = NULL;
	/* RFC 6665 §4.2.2: whoever does not take one, gets no other. */
	r->listening = r->listening && event == SIP_CLIENT_RESPONSE && msg->status < 300;
	if (r->listening && r->status != r->told)
		send_notify(leg);
}

void refer_tell(struct leg *leg, unsigned status)
{
	struct refer *r = leg->refer;
	if (!r || !r->open)
		return;
	r->status = (uint16_t)status;
	r->open = status < 200;
	if (r->listening && !r->notify && r->status != r->told)
		send_notify(leg);
}

void refer_stop(struct leg *leg)
{
	struct refer *r = leg->refer;
	if (!r)
		return;
	if (r->notify)
		sip_client_detach(r->notify);
	r->notify = NULL;
	r->open = r->listening = false;
}

/* ---- asked ---- */

static void answered(struct refer *r)
{
	r->asked = NULL;
	r->server = NULL;
	r->req = NULL;
}

void refer_accept(struct leg *leg)
{
	struct refer *r = leg->refer;
	struct writer w = response_begin(leg->sb, r->req, &leg->flow, 202, SLICE_NONE, leg->dialog.local_tag);
	write_contact(leg->sb, &w, &leg->flow);
	if (r->silent)
		sip_write_field(&w, SIP_REFER_SUB, SLICE("false"));
	(void)response_send(leg->sb, r->server, &w, 202, SLICE_NONE);
	answered(r);
	r->open = true;
	r->listening = !r->silent;
	r->told = 0;
	refer_tell(leg, 100);
}

void refer_refuse(struct leg *leg, const struct refusal *why)
{
	struct refer *r = leg->refer;
	refuse_fully(leg->sb, r->server, r->req, &leg->flow, leg->dialog.local_tag, why);
	answered(r);
}

/* Its fields. false: *ret_why. The dialog that is named is unescaped into buf. */
static bool read_asked(const struct sip_message *req, char *buf, size_t cap, struct refer_asked *ret, bool *ret_wanted,
		       struct refusal *ret_why)
{
	struct sip_reason err = {.text = "Bad Refer-Sub"};
	struct sip_address by;
	size_t n;
	*ret_why = (struct refusal){.status = 400};
	*ret_wanted = true;
	bool ok = sip_refer_to_parse(sip_field_value(req, SIP_REFER_TO), &ret->to, &err) == SIP_OK;
	if (ok && req->first[SIP_REFERRED_BY]) /* whom it names does not matter: who refers is known */
		ok = sip_address_parse(sip_field_value(req, SIP_REFERRED_BY), &by, &err) == SIP_OK;
	if (ok && req->first[SIP_REFER_SUB])
		ok = sip_refer_sub_parse(sip_field_value(req, SIP_REFER_SUB), ret_wanted);
	ret->replaces = ok && !slice_empty(ret->to.replaces);
	if (ret->replaces) {
		ok = sip_user_unescape(ret->to.replaces, buf, cap, &n);
		err.text = ok ? err.text : "Bad Replaces";
		ok = ok && sip_replaces_parse(slice_of(buf, n), &ret->dialog, &err) == SIP_OK;
	}
	if (!ok)
		ret_why->reason = slice_from_string(err.text);
	return ok;
}

/* A REFER that nobody is asked about. The status; 0: it may be reported. */
static unsigned in_the_way(struct leg *leg, const struct refer_asked *asked)
{
	if (!asked->to.invites)
		return 403;
	if (leg->state != LEG_UP || (leg->refer && leg->refer->open))
		return 491;
	if (!leg->refer)
		leg->refer = calloc(1, sizeof(*leg->refer));
	return leg->refer ? 0 : 500;
}

void refer_came(struct leg *leg, struct sip_server *server, const struct sip_message *req)
{
	char dialog[3 * SIP_TOKEN_MAX + 64]; /* a Call-ID and two tags */
	struct refer_asked asked;
	struct refusal why;
	bool wanted;
	if (refuse_body(leg->sb, server, req, &leg->flow, leg->dialog.local_tag))
		return;
	bool ok = read_asked(req, dialog, sizeof(dialog), &asked, &wanted, &why);
	if (ok) {
		why.status = in_the_way(leg, &asked);
		ok = !why.status;
	}
	if (!ok) {
		refuse_fully(leg->sb, server, req, &leg->flow, leg->dialog.local_tag, &why);
		return;
	}
	struct refer *r = leg->refer;
	refer_stop(leg); /* the last word on the one before was said, and need not be heard any more */
	r->again = r->cseq != 0;
	r->cseq = leg->dialog.remote_cseq;
	r->silent = !wanted;
	r->asked = &asked;
	r->server = server;
	r->req = req;
	leg_report(leg, LEG_REFER);
	if (r->asked) /* whose leg this is knows no transfer */
		refer_refuse(leg, &(struct refusal){.status = 403});
}
