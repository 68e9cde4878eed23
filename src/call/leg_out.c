/* call/leg_out.c - a leg that we call: INVITE, what comes back, and its ACK.   RFC 3261 §13.2, §9.1 */
#include "call/binding.h"
#include "call/diversion.h"
#include "call/early.h"
#include "call/messages.h"
#include "call/offer.h"

#include <errno.h>

void leg_send_ack(struct leg *leg, uint32_t cseq)
{
	/* An ACK to a 2xx is a request of its own with a branch that nothing answers (§13.2.2.4). */
	char branch[SIP_BRANCH_CAP];
	leg_find_flow(leg);
	struct writer w = leg_request_begin(leg, SIP_ACK, cseq, leg_branch(leg, branch));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	if (!w.overflow)
		(void)send_message(leg->sb, &leg->flow, writer_slice(&w));
}

static bool same_peer(const struct leg *leg, const struct sip_message *msg)
{
	return slice_eq(early_tag(msg), leg->dialog.remote_tag);
}

/* The answer in a 1xx: a reliable one counts, another one is a glimpse of what the 2xx will say (§13.2.1). */
static void take_early_answer(struct leg *leg, struct early *e, const struct sip_message *msg)
{
	struct refusal why;
	if (e->answer.p || session_of(msg).n > SDP_BYTES_MAX ||
	    (reliable_rseq(msg) && !text_set(&e->answer, session_of(msg))))
		return;
	if (!offer_take_answer(leg, session_of(msg), &why))
		return; /* of no use: the 2xx shows whether there is a better one */
	leg->early = true;
	leg->heard = e;
}

static void provisional(struct leg *leg, const struct sip_message *msg)
{
	if (msg->status == 100 || leg->state != LEG_CALLING)
		return;
	struct early *e = early_learn(leg, msg);
	if (e && !reliable_take(leg, e, msg))
		return;
	leg->last_status = msg->status;
	if (e && session_of(msg).n)
		take_early_answer(leg, e, msg);
	leg_report(leg, LEG_PROGRESS);
}

/* What a 3xx offers instead, as one list, for whoever decides about it. */
static void keep_contacts(struct leg *leg, const struct sip_message *msg)
{
	char text[1024];
	size_t kept = 0;
	struct writer w = writer_on(text, sizeof(text));
	for (const struct sip_field *f = sip_field_first(msg, SIP_CONTACT); f; f = sip_field_next(msg, f)) {
		write_string(&w, kept ? ", " : "");
		write_slice(&w, f->value);
		if (w.overflow)
			break;
		kept = w.n;
	}
	(void)!text_set(&leg->moved, slice_of(text, kept)); /* without memory it is a refusal like others */
}

static int send_invite(struct leg *leg);

/* The callee wants a longer session (RFC 4028 §7.3): the same target is asked anew, as if for the first time. */
static bool asked_anew(struct leg *leg, const struct sip_message *msg)
{
	if (msg->status != 422 || leg->state != LEG_CALLING || leg->forks || !leg_session_raise(leg, msg))
		return false;
	leg->invite_cseq = 0;
	if (leg->out)
		return outgoing_again(leg->out) == 0;
	leg_detach_invite(leg);
	return send_invite(leg) == 0;
}

static void failed(struct leg *leg, unsigned status)
{
	leg->last_status = (uint16_t)status;
	bool wanted = leg->state == LEG_CALLING;
	leg_end(leg);
	if (wanted)
		leg_report(leg, LEG_FAILED);
}

static void refused(struct leg *leg, const struct sip_message *msg)
{
	if (asked_anew(leg, msg))
		return;
	leg_hear_reason(leg, msg);
	if (msg->status < 400) {
		keep_contacts(leg, msg);
		leg->moved_by = diversion_reason(msg, leg->forks != NULL);
	}
	failed(leg, msg->status);
}

/* Is there a usable answer in force? One that came reliably before is not changed by the 2xx (RFC 3262 §5). */
static bool take_answer(struct leg *leg, const struct sip_message *msg, struct own_text *before, bool heard,
			struct refusal *ret_why)
{
	if (!before->p)
		return session_of(msg).n && offer_take_answer(leg, session_of(msg), ret_why);
	bool taken = heard || offer_take_answer(leg, text_slice(before), ret_why);
	text_done(before);
	return taken;
}

static void answered(struct leg *leg, const struct sip_message *msg)
{
	struct refusal why = {.status = 488};
	struct own_text before;
	bool heard;
	if (leg->state == LEG_UP) { /* our ACK was lost, or a second phone behind a fork answered as well */
		leg_stray_2xx(leg->sb, leg, msg, &leg->flow);
		return;
	}
	if (early_decide(leg, msg, &before, &heard) < 0) {
		leg_stray_2xx(leg->sb, NULL, msg, &leg->flow);
		failed(leg, 502);
		return;
	}
	leg_send_ack(leg, msg->cseq.number);
	if (leg->state == LEG_CANCELLING) { /* the answer crossed our CANCEL */
		text_done(&before);
		leg_send_bye(leg, SLICE_NONE);
		leg_end(leg);
		return;
	}
	if (!take_answer(leg, msg, &before, heard, &why)) {
		leg_send_bye(leg, why.status == 500 ? SLICE("SIP;cause=500;text=\"Voice Cannot Be Set\"")
						    : SLICE("SIP;cause=488;text=\"Unusable Answer\""));
		failed(leg, why.status);
		return;
	}
	leg_up(leg);
	leg->last_status = msg->status;
	leg_learn_peer(leg, msg);
	leg_session_agreed(leg, msg);
	leg_report(leg, LEG_ANSWERED);
}

static void invite_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct leg *leg = arg;
	switch (event) {
	case SIP_CLIENT_RESPONSE:
		leg->responded = true;
		if (msg->status < 200)
			provisional(leg, msg);
		else if (msg->status < 300)
			answered(leg, msg);
		else
			refused(leg, msg);
		break;
	case SIP_CLIENT_TIMEOUT:
		failed(leg, 408);
		break;
	case SIP_CLIENT_SEND_FAILED:
		failed(leg, 503);
		break;
	case SIP_CLIENT_GONE:
		leg->client = NULL;
		break;
	}
}

/*
 * Our offer, as this flow wants it: the first with what was asked for, to another target with the same formats. It says
 * where our voice is, which a target of another network sees elsewhere; and how it is protected.
 */
static int describe(struct leg *leg)
{
	const struct leg_call *asked = leg->asked;
	struct sdp_format formats[SDP_FORMATS_MAX];
	uint16_t ptime_ms = asked ? asked->ptime_ms : 0;
	size_t n = asked ? MIN(asked->format_count, ARRAY_LEN(formats))
			 : offer_described(leg, formats, ARRAY_LEN(formats), &ptime_ms);
	if (asked && n)
		memcpy(formats, asked->formats, n * sizeof(formats[0]));
	if (leg->stream && !address_same_host(&leg->media_address, &leg->flow.local)) {
		media_close(leg->sb->config.media, leg->stream);
		leg->stream = 0;
	}
	int rc = offer_open_stream(leg, asked ? asked->near : 0);
	return rc < 0 ? rc : offer_write(leg, formats, n, ptime_ms);
}

/* Another target is asked: what an earlier one said early is over, and it shall not know the keys of what follows. */
static void forget_target(struct leg *leg)
{
	early_done(leg);
	crypto_wipe(&leg->send_key, sizeof(leg->send_key));
	crypto_wipe(&leg->receive_key, sizeof(leg->receive_key));
}

/* The same request for each target: the first takes a CSeq, which the others keep (RFC 3263 §4.3). */
static int write_invite(void *arg, struct sip_client *t, const struct sip_flow *flow, struct writer *w)
{
	struct leg *leg = arg;
	struct switchboard *sb = leg->sb;
	char host[80];
	struct writer h = writer_on(host, sizeof(host));
	transport_write_host(sb->config.transport, &h, flow);
	leg->flow = *flow;
	forget_target(leg);
	int rc = describe(leg);
	if (rc < 0)
		return rc;
	sip_dialog_write_request(w, &leg->dialog, SIP_INVITE, leg->invite_cseq, flow->transport, writer_slice(&h),
				 sip_client_branch(t), leg->max_forwards);
	leg->invite_cseq = leg->dialog.local_cseq;
	write_contact(sb, w, flow);
	write_slice(w, text_slice(&leg->fields));
	sip_write_field(w, SIP_ALLOW, ALLOWED_IN_CALLS);
	leg_session_ask(leg, w);
	sip_write_body(w, SLICE("application/sdp"), text_slice(&leg->local));
	return w->overflow ? -E2BIG : 0;
}

static int send_invite(struct leg *leg)
{
	struct writer w = writer_on(leg->sb->work, sizeof(leg->sb->work));
	struct sip_client *t = sip_client_new(leg->sb->stack, &leg->flow, SIP_INVITE, invite_event, leg);
	if (!t)
		return -ENOMEM;
	int rc = write_invite(leg, t, &leg->flow, &w);
	if (rc < 0)
		sip_client_drop(t);
	else
		rc = sip_client_start(t, writer_slice(&w));
	if (rc == 0)
		leg->client = t;
	return rc;
}

/* leg->out stays with the leg, for the connection to its target may have to be made again. */
static int send_invite_by_targets(struct leg *leg, const struct leg_call *to)
{
	leg->out = calloc(1, sizeof(*leg->out));
	if (!leg->out)
		return -ENOMEM;
	return outgoing_start(leg->out, leg->sb, to->targets, SIP_INVITE, to->patience_us, write_invite, invite_event,
			      leg);
}

int leg_call(struct switchboard *sb, const struct leg_call *to, leg_fn fn, void *user, struct leg **ret)
{
	struct leg *leg = leg_alloc(sb, &to->flow, fn, user);
	if (!leg)
		return -ENOMEM;
	leg->state = LEG_CALLING;
	leg->outgoing = true;
	leg->max_forwards = to->max_forwards;
	leg->plain_allowed = to->plain_allowed;
	leg->webrtc = to->webrtc;
	char tag[SIP_NAME_CAP], call_id[SIP_NAME_CAP];
	struct writer t = writer_on(tag, sizeof(tag)), c = writer_on(call_id, sizeof(call_id));
	struct sip_name id = {.handle = leg->name.handle, .secret = random_u64(sb->random)};
	sip_write_name(&t, sb->config.node, &leg->name);
	sip_write_name(&c, sb->config.node, &id);
	int rc = sip_dialog_init_uac(&leg->dialog, writer_slice(&c), to->from, writer_slice(&t), to->to, to->target);
	if (rc == 0)
		rc = binding_set_routes(&leg->dialog, to->path);
	if (rc == 0 && !slice_empty(to->fields) && !text_set(&leg->fields, to->fields))
		rc = -ENOMEM;
	leg->asked = to;
	messages_follow(leg, to->call, true);
	if (rc == 0)
		rc = to->targets ? send_invite_by_targets(leg, to) : send_invite(leg);
	leg->asked = NULL;
	if (rc < 0) {
		leg_drop(leg);
		return rc;
	}
	*ret = leg;
	return 0;
}

/*
 * A 2xx to an INVITE of ours outside the usual order. From the peer we speak with: our ACK was lost, it gets another.
 * From anybody else (a fork, or a call that is over): the dialog is made up from the 2xx alone, acknowledged and hung
 * up, so that nobody is left listening to nothing.
 */
void leg_stray_2xx(struct switchboard *sb, struct leg *leg, const struct sip_message *msg, const struct sip_flow *flow)
{
	if (leg && leg->state == LEG_UP && same_peer(leg, msg)) {
		leg_send_ack(leg, msg->cseq.number);
		return;
	}
	struct sip_reason err;
	char local[512], remote[512];
	struct writer l = writer_on(local, sizeof(local)), r = writer_on(remote, sizeof(remote));
	write_format(&l, "<%.*s>", SLICE_ARG(msg->from.uri.text));
	write_format(&r, "<%.*s>", SLICE_ARG(msg->to.uri.text));
	struct leg *stray = leg_alloc(sb, flow, NULL, NULL);
	if (!stray)
		return;
	if (!l.overflow && !r.overflow &&
	    sip_dialog_init_uac(&stray->dialog, sip_field_value(msg, SIP_CALL_ID), writer_slice(&l),
				sip_address_tag(&msg->from), writer_slice(&r), msg->to.uri.text) == 0 &&
	    sip_dialog_learn(&stray->dialog, msg, &err) == 0) {
		stray->dialog.local_cseq = msg->cseq.number;
		leg_send_ack(stray, msg->cseq.number);
		leg_send_bye(stray, SLICE_NONE);
	}
	leg_drop(stray);
}
