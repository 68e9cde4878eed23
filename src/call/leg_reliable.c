/*
 * call/leg_reliable.c - 1xx that arrive for certain: RSeq and PRACK, both roles.   RFC 3262
 *
 * As callee one reliable 1xx is on its way at a time; the next one and a 200 wait where they must. As caller each early
 * dialog has its own order.
 */
#include "call/early.h"
#include "call/offer.h"

#include <errno.h>

#define EXTENSION SLICE("100rel")

/* What is kept of our reliable 1xx to an INVITE; made with the first one. */
struct reliable {
	struct leg *leg;
	struct timer repeat;
	int64_t interval_us, until_us;
	struct own_text text; /* repeated until its PRACK */
	uint32_t rseq;        /* of the last one; 0: none yet */
	uint16_t status;
	uint16_t next_status; /* waits until the last one is acknowledged (§3); 0: none */
	bool next_described;
	bool awaited;     /* the PRACK of the last one has not come */
	bool described;   /* it carries our offer or answer */
	bool answer_held; /* the 200 waits as well */
};

/* ---- as caller ---- */

static int send_prack(struct leg *leg, struct early *e, uint32_t rseq, const struct sip_message *msg)
{
	uint32_t before = e->dialog.local_cseq;
	struct sip_client *t = sip_client_new(leg->sb->stack, &leg->flow, SIP_PRACK, NULL, NULL);
	if (!t)
		return -ENOMEM;
	struct writer w = leg_request_in(leg, &e->dialog, SIP_PRACK, 0, sip_client_branch(t));
	sip_write_field_begin(&w, SIP_RACK);
	write_u64(&w, rseq);
	write_char(&w, ' ');
	write_slice(&w, sip_field_value(msg, SIP_CSEQ));
	sip_write_field_end(&w);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	if (w.overflow)
		sip_client_drop(t);
	/* Whatever the answer to it: the INVITE's own says how this dialog ends. */
	int rc = w.overflow ? -E2BIG : sip_client_start(t, writer_slice(&w));
	if (rc < 0)
		e->dialog.local_cseq = before;
	return rc;
}

uint32_t reliable_rseq(const struct sip_message *response)
{
	uint32_t rseq = 0;
	bool given = sip_number_parse(sip_field_value(response, SIP_RSEQ), UINT32_MAX, &rseq);
	return given && sip_list_has(response, SIP_REQUIRE, EXTENSION) ? rseq : 0;
}

bool reliable_take(struct leg *leg, struct early *e, const struct sip_message *msg)
{
	uint32_t rseq = reliable_rseq(msg);
	if (!rseq)
		return true;
	/* §4: one of ours that is older is a copy, one that skips others must not be acknowledged before those. */
	if (e->rseq && rseq != e->rseq + 1)
		return false;
	if (send_prack(leg, e, rseq, msg) < 0) /* its next copy is another chance */
		return false;
	e->rseq = rseq;
	return true;
}

/* ---- as callee: sent ---- */

static bool requires(const struct sip_message *invite)
{
	return sip_list_has(invite, SIP_REQUIRE, EXTENSION);
}

static bool supports(const struct sip_message *invite)
{
	return requires(invite) || sip_list_has(invite, SIP_SUPPORTED, EXTENSION);
}

/* The peer has had 64*T1 (§3). */
static void repeat_due(struct timer *t, void *arg)
{
	struct reliable *r = arg;
	struct switchboard *sb = r->leg->sb;
	struct sip_server *server = sip_server_get(sb->stack, r->leg->server);
	if (sb->wheel->now_us >= r->until_us) {
		leg_fail(r->leg, 504, "no-prack");
		return;
	}
	if (server && r->text.p)
		(void)sip_server_respond(server, r->status, text_slice(&r->text));
	r->interval_us *= 2; /* without the bound that a 2xx has */
	timer_start(sb->wheel, &r->repeat, MIN(r->interval_us, r->until_us - sb->wheel->now_us));
}

static bool prepare(struct leg *leg)
{
	if (leg->reliable)
		return true;
	struct reliable *r = leg->reliable = calloc(1, sizeof(*r));
	if (!r)
		return false;
	r->leg = leg;
	timer_init(&r->repeat, repeat_due, r);
	return true;
}

bool reliable_possible(struct leg *leg, const struct sip_message *invite)
{
	return supports(invite) && prepare(leg);
}

static struct writer begin(struct leg *leg, const struct sip_message *invite, unsigned status)
{
	struct writer w = response_begin(leg->sb, invite, &leg->flow, status, SLICE_NONE, leg->dialog.local_tag);
	leg_write_dialog(leg, &w, invite);
	return w;
}

static void send_reliable(struct reliable *r, struct sip_server *server, const struct sip_message *invite,
			  unsigned status, bool described)
{
	struct leg *leg = r->leg;
	struct wheel *wheel = leg->sb->wheel;
	struct writer w = begin(leg, invite, status);
	r->rseq = r->rseq ? r->rseq + 1 : 1 + random_below(leg->sb->random, INT32_MAX); /* §3: 1 to 2^31 - 1 at first */
	sip_write_field(&w, SIP_REQUIRE, EXTENSION);
	sip_write_field_u64(&w, SIP_RSEQ, r->rseq);
	if (response_send(leg->sb, server, &w, status, described ? text_slice(&leg->local) : SLICE_NONE) < 0)
		return;                              /* a caller that is gone shows at the answer */
	(void)!text_set(&r->text, writer_slice(&w)); /* without memory it is sent once, and its PRACK awaited */
	r->status = (uint16_t)status;
	r->described = described;
	r->awaited = true;
	r->interval_us = SIP_T1_US;
	r->until_us = wheel->now_us + 64 * SIP_T1_US;
	timer_start(wheel, &r->repeat, r->interval_us);
}

void reliable_progress(struct leg *leg, struct sip_server *server, const struct sip_message *invite, unsigned status,
		       bool described)
{
	bool must = requires(invite);
	bool reliable = (must || (described && supports(invite))) && prepare(leg);
	struct reliable *r = leg->reliable;
	if (reliable && r->awaited) {
		r->next_status = (uint16_t)status;
		r->next_described = described;
	} else if (reliable) {
		send_reliable(r, server, invite, status, described);
	} else if (!must) {
		struct writer w = begin(leg, invite, status);
		(void)response_send(leg->sb, server, &w, status, described ? text_slice(&leg->local) : SLICE_NONE);
	}
}

/* ---- as callee: the 200 and the end ---- */

bool reliable_holds_answer(struct leg *leg)
{
	struct reliable *r = leg->reliable;
	/* §3: not before an offer or answer in a 1xx is known to have arrived. One not sent yet goes in the 200. */
	bool holds = r && r->awaited && r->described;
	if (holds)
		r->answer_held = true;
	return holds;
}

void reliable_stop(struct leg *leg)
{
	if (!leg->reliable)
		return;
	timer_stop(leg->sb->wheel, &leg->reliable->repeat);
	text_done(&leg->reliable->text);
	leg->reliable->next_status = 0;
}

void reliable_done(struct leg *leg)
{
	reliable_stop(leg);
	free(leg->reliable);
	leg->reliable = NULL;
}

/* ---- as callee: PRACK ---- */

/* §5: the answer to our offer comes with the PRACK. Without a usable one nobody could speak. */
static void take_answer(struct leg *leg, struct sip_server *server, const struct sip_message *prack)
{
	struct refusal why = {.status = 488};
	(void)sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	if (body_of(prack) != BODY_SESSION || !offer_take_answer(leg, session_of(prack), &why)) {
		leg_fail(leg, why.status, "unusable-answer");
		return;
	}
	leg->settled = true;
	leg_report(leg, LEG_CHANGED);
}

/*
 * §5: an offer in a PRACK is answered in its 200. It is taken by its own codecs where it leaves out those in use: who
 * answers the call may need other ones anyway, and a re-INVITE follows then.
 * DEVIATION: an offer that our policy forbids (no usable keys) gets 488, where §3 wants a 2xx for every PRACK that
 * matches: a 2xx would need an answer. The 1xx counts as acknowledged, and the session stays as it was.
 */
static void answer_offer(struct leg *leg, struct sip_server *server, const struct sip_message *prack)
{
	struct sdp_session session;
	struct sdp_format own[LEG_FORMATS_MAX];
	struct refusal why = {.status = 500};
	uint8_t index;
	bool usable = text_set(&leg->pending, session_of(prack)) &&
		      offer_check(leg, text_slice(&leg->pending), &session, &why);
	const struct sdp_media *audio = usable ? sdp_audio(&session, &index) : NULL;
	bool keeps = audio && offer_keeps_codec(leg, audio);
	size_t n = !audio ? 0 : keeps ? leg->agreed_count : sdp_offer_formats(audio, own, ARRAY_LEN(own));
	int rc = audio ? offer_answer(leg, keeps ? leg->agreed : own, n) : 0;
	if (!audio || rc < 0) {
		text_done(&leg->pending);
		if (audio)
			why = (struct refusal){.status = rc == -ENOENT ? 488 : 500};
		refuse_fully(leg->sb, server, prack, &leg->flow, leg->dialog.local_tag, &why);
		return;
	}
	struct writer w = response_begin(leg->sb, prack, &leg->flow, 200, SLICE_NONE, SLICE_NONE);
	(void)response_send(leg->sb, server, &w, 200, text_slice(&leg->local));
	leg_report(leg, LEG_CHANGED);
}

/* Does it acknowledge our last one (§7.2)? Answers if not, or if its body has no place here. */
static bool matches(struct leg *leg, struct sip_server *server, const struct sip_message *prack)
{
	const struct reliable *r = leg->reliable;
	struct switchboard *sb = leg->sb;
	struct sip_rack rack;
	struct sip_reason err;
	if (sip_rack_parse(sip_field_value(prack, SIP_RACK), &rack, &err) != SIP_OK)
		refuse(sb, server, 400, SLICE("Bad RAck"));
	else if (!r || !r->awaited || rack.rseq != r->rseq || rack.cseq.number != leg->peer_invite_cseq ||
		 rack.cseq.method != SIP_INVITE)
		refuse(sb, server, 481, SLICE_NONE);
	else if (refuse_body(sb, server, prack, &leg->flow, leg->dialog.local_tag))
		return false;
	else if (body_of(prack) == BODY_SESSION && !r->described && !leg->settled)
		refuse(sb, server, 400, SLICE("Offer Before An Answer")); /* the INVITE's own is still open */
	else
		return true;
	return false;
}

/* What has waited for the PRACK: the 200 before any further 1xx. */
static void go_on(struct leg *leg)
{
	struct reliable *r = leg->reliable;
	struct sip_message *invite = &leg->sb->kept_message;
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	unsigned status = r->next_status;
	if (r->answer_held) {
		if (leg_answer_now(leg) == 0)
			return;
		leg->last_status = 487;
		leg->end_cause = "caller-lost";
		leg_report(leg, LEG_HUNG_UP);
	} else if (status && server && sip_server_request(server, invite) == 0) {
		r->next_status = 0;
		send_reliable(r, server, invite, status, r->next_described);
	}
}

void reliable_acknowledged(struct leg *leg, struct sip_server *server, const struct sip_message *prack)
{
	if (!matches(leg, server, prack))
		return;
	struct reliable *r = leg->reliable;
	timer_stop(leg->sb->wheel, &r->repeat);
	text_done(&r->text);
	r->awaited = false;
	if (r->described && leg->delayed && !leg->settled) {
		take_answer(leg, server, prack);
	} else {
		leg->settled |= r->described;
		if (body_of(prack) == BODY_SESSION)
			answer_offer(leg, server, prack);
		else
			(void)sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	}
	if (leg->state == LEG_INCOMING)
		go_on(leg);
}
