/* sim/phone_reliable.c - a phone's 1xx, and PRACK as it sends and awaits them.   RFC 3262 */
#include "sim/phone_private.h"

/* ---- as caller ---- */

static void prack_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct phone_call *c = arg;
	if (event != SIP_CLIENT_RESPONSE || msg->status < 200)
		return;
	c->prack_status = msg->status;
	phone_keep_remote(c, msg);
}

void phone_prack(struct phone_call *c, const char *rack, const char *sdp)
{
	char buf[6000];
	struct sip_flow flow = phone_flow(c->phone);
	struct sip_client *t = sip_client_new(c->phone->stack, &flow, SIP_PRACK, prack_event, c);
	assert_non_null(t);
	struct writer w = phone_request_begin(c, SIP_PRACK, 0, sip_client_branch(t), buf, sizeof(buf));
	if (rack[0])
		sip_write_field(&w, SIP_RACK, slice_from_string(rack));
	sip_write_body(&w, slice_from_string(sdp[0] ? c->phone->content_type : ""), slice_from_string(sdp));
	assert_int_equal(sip_client_start(t, writer_slice(&w)), 0);
}

static void acknowledge(struct phone_call *c, const struct sip_message *msg)
{
	const struct sim_phone *p = c->phone;
	char rack[64];
	const char *sdp = "";
	snprintf(rack, sizeof(rack), "%u %.*s", c->rseq, SLICE_ARG(sip_field_value(msg, SIP_CSEQ)));
	if (!c->local[0] && msg->body.n) { /* it holds the offer */
		phone_describe_answer(c, msg);
		sdp = p->answers_nothing ? "" : c->local;
	} else if (p->prack_offers && msg->body.n) {
		c->local[phone_describe(c, SLICE_NONE, c->local, sizeof(c->local) - 1)] = 0;
		sdp = c->local;
	}
	phone_prack(c, rack, sdp);
}

bool phone_progress_came(struct phone_call *c, const struct sip_message *msg)
{
	uint32_t rseq = 0;
	if (sip_list_has(msg, SIP_REQUIRE, SLICE("100rel"))) {
		assert_true(sip_number_parse(sip_field_value(msg, SIP_RSEQ), UINT32_MAX, &rseq) && rseq);
		if (c->rseq && rseq != c->rseq + 1)
			return false;
		c->rseq = rseq;
	}
	phone_keep_remote(c, msg);
	if (rseq && !c->phone->no_prack)
		acknowledge(c, msg);
	return true;
}

/* ---- as callee ---- */

static void write_progress(struct writer *w, uint32_t rseq, const char *sdp)
{
	if (rseq) {
		sip_write_field(w, SIP_REQUIRE, SLICE("100rel"));
		sip_write_field_u64(w, SIP_RSEQ, rseq);
	}
	sip_write_body(w, sdp ? SLICE("application/sdp") : SLICE_NONE, slice_from_string(sdp));
	assert_false(w->overflow);
}

void phone_progress_raw(struct phone_call *c, unsigned status, const char *tag, const char *sdp, uint32_t rseq)
{
	char buf[6000];
	struct sip_message req;
	assert_non_null(phone_invite_of(c, &req));
	struct writer w = phone_respond_begin(c, &req, status, slice_from_string(tag), buf, sizeof(buf));
	write_progress(&w, rseq, sdp);
	phone_send_raw(c->phone, writer_slice(&w));
}

void phone_progress(struct phone_call *c, unsigned status, bool described)
{
	struct wheel *wheel = &c->phone->sim->wheel;
	struct sip_message req;
	struct sip_server *server = phone_invite_of(c, &req);
	if (!server)
		return;
	if (described)
		phone_describe_answer(c, &req);
	bool reliable = c->phone->reliable && sip_list_has(&req, SIP_SUPPORTED, SLICE("100rel"));
	struct writer w = phone_respond_begin(c, &req, status, c->dialog.local_tag, c->progress, sizeof(c->progress));
	c->rseq += reliable ? (c->rseq ? 1 : 4711) : 0;
	write_progress(&w, reliable ? c->rseq : 0, described ? c->local : NULL);
	(void)!sip_server_respond(server, status, writer_slice(&w));
	if (!reliable)
		return;
	c->progress_n = w.n;
	c->progress_status = status;
	c->prack_awaited = true;
	c->progress_us = SIP_T1_US;
	c->progress_until_us = wheel->now_us + 64 * SIP_T1_US;
	timer_start(wheel, &c->prack, c->progress_us);
}

void phone_prack_due(struct timer *t, void *arg)
{
	struct phone_call *c = arg;
	struct wheel *wheel = &c->phone->sim->wheel;
	struct sip_message req;
	struct sip_server *server = phone_invite_of(c, &req);
	if (!server)
		return;
	if (wheel->now_us >= c->progress_until_us) {
		phone_answer(c, 504);
		return;
	}
	(void)!sip_server_respond(server, c->progress_status, slice_of(c->progress, c->progress_n));
	c->progress_us *= 2;
	timer_start(wheel, t, MIN(c->progress_us, c->progress_until_us - wheel->now_us));
}

void phone_prack_came(struct phone_call *c, struct sip_server *server, const struct sip_message *prack)
{
	struct sip_rack rack;
	struct sip_reason err;
	struct sip_address to;
	assert_int_equal(sip_rack_parse(sip_field_value(prack, SIP_RACK), &rack, &err), SIP_OK);
	assert_int_equal(rack.cseq.method, SIP_INVITE);
	assert_int_equal(sip_address_parse(sip_field_value(prack, SIP_TO), &to, &err), SIP_OK);
	(void)!sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	if (!slice_eq(sip_address_tag(&to), c->dialog.local_tag) || rack.rseq != c->rseq || !c->prack_awaited) {
		c->stray_pracks++;
		return;
	}
	c->pracks++;
	c->prack_awaited = false;
	timer_stop(&c->phone->sim->wheel, &c->prack);
	if (c->answer_waits)
		phone_answer(c, c->phone->status);
}
