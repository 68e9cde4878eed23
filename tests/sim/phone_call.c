/* sim/phone_call.c - a phone's calls, as caller and callee */
#include "sim/phone_private.h"

static void call_init(struct phone_call *c, struct sim_phone *p);

static struct phone_call *call_take(struct sim_phone *p)
{
	for (size_t i = 0; i < ARRAY_LEN(p->calls); i++)
		if (!p->calls[i].used || p->calls[i].ended) {
			phone_call_done(&p->calls[i]);
			call_init(&p->calls[i], p);
			return &p->calls[i];
		}
	fail_msg("the phone has no line left");
	return NULL;
}

bool phone_has_line(const struct sim_phone *p)
{
	for (size_t i = 0; i < ARRAY_LEN(p->calls); i++)
		if (!p->calls[i].used || p->calls[i].ended)
			return true;
	return false;
}

struct phone_call *phone_last(struct sim_phone *p)
{
	struct phone_call *last = &p->calls[0];
	for (size_t i = 1; i < ARRAY_LEN(p->calls); i++)
		if (p->calls[i].used && p->calls[i].port > last->port)
			last = &p->calls[i];
	return last;
}

void phone_call_done(struct phone_call *c)
{
	if (!c->used)
		return;
	if (c->client)
		sip_client_detach(c->client);
	timer_stop(&c->phone->sim->wheel, &c->repeat);
	timer_stop(&c->phone->sim->wheel, &c->ring);
	timer_stop(&c->phone->sim->wheel, &c->answer);
	timer_stop(&c->phone->sim->wheel, &c->prack);
	sip_dialog_done(&c->dialog);
	c->used = false;
}

/* ---- requests of ours ---- */

struct writer phone_request_begin(struct phone_call *c, enum sip_method method, uint32_t cseq, struct slice branch,
				  char *buf, size_t cap)
{
	char host[80];
	struct writer h = writer_on(host, sizeof(host));
	write_address_with_port(&h, &c->phone->address);
	struct writer w = writer_on(buf, cap);
	sip_dialog_write_request(&w, &c->dialog, method, cseq, c->phone->transport, writer_slice(&h), branch,
				 c->phone->max_forwards);
	return w;
}

static void send_ack(struct phone_call *c, const struct sip_message *ok)
{
	char buf[4000], branch[64];
	struct sip_cseq cseq;
	struct sip_reason err;
	if (c->phone->no_ack)
		return;
	assert_int_equal(sip_cseq_parse(sip_field_value(ok, SIP_CSEQ), &cseq, &err), SIP_OK);
	snprintf(branch, sizeof(branch), "z9hG4bKack%llx", (unsigned long long)random_u64(&c->phone->random));
	struct writer w = phone_request_begin(c, SIP_ACK, cseq.number, slice_from_string(branch), buf, sizeof(buf));
	if (!c->local[0] && !c->phone->answers_nothing) { /* the offer was in the 200 */
		c->local[phone_describe(c, ok->body, c->local, sizeof(c->local) - 1)] = 0;
		c->answered_in_ack = cseq.number;
	}
	bool answers = c->answered_in_ack == cseq.number; /* so does each copy of it */
	sip_write_body(&w, answers ? SLICE("application/sdp") : SLICE_NONE,
		       answers ? slice_from_string(c->local) : SLICE_NONE);
	phone_send_raw(c->phone, writer_slice(&w));
}

void phone_keep_remote(struct phone_call *c, const struct sip_message *msg)
{
	if (msg->body.n)
		slice_to_string(msg->body, c->remote, sizeof(c->remote));
}

static void send_invite(struct phone_call *c, const struct sip_message *challenge);

static void invite_answered(struct phone_call *c, const struct sip_message *msg)
{
	struct sip_reason err;
	c->oks++;
	c->status = msg->status;
	assert_int_equal(sip_dialog_learn(&c->dialog, msg, &err), 0);
	phone_keep_remote(c, msg);
	send_ack(c, msg);
	c->up = true;
}

static void invite_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct phone_call *c = arg;
	struct sip_reason err;
	if (event == SIP_CLIENT_GONE) {
		if (c->client == t)
			c->client = NULL;
	} else if (event != SIP_CLIENT_RESPONSE) {
		c->status = 408;
		c->ended = true;
	} else if (msg->status < 200) {
		(void)!sip_dialog_learn(&c->dialog, msg, &err);
		if (!phone_progress_came(c, msg))
			return;
		c->rang += msg->status > 100;
	} else if (msg->status < 300) {
		invite_answered(c, msg);
	} else if (msg->status == 401 && !c->authorized) {
		c->authorized = true;
		sip_client_detach(t);
		send_invite(c, msg);
	} else {
		c->status = msg->status;
		c->ended = true;
	}
}

static void send_invite(struct phone_call *c, const struct sip_message *challenge)
{
	char buf[6000];
	struct sip_flow flow = phone_flow(c->phone);
	c->client = sip_client_new(c->phone->stack, &flow, SIP_INVITE, invite_event, c);
	assert_non_null(c->client);
	struct writer w = phone_request_begin(c, SIP_INVITE, 0, sip_client_branch(c->client), buf, sizeof(buf));
	phone_write_contact(c->phone, &w);
	write_string(&w, c->phone->says);
	write_string(&w, c->phone->extra);
	if (c->phone->reliable)
		sip_write_field(&w, SIP_SUPPORTED, SLICE("100rel"));
	if (challenge)
		phone_write_authorization(c->phone, &w, SIP_INVITE, c->dialog.remote_target, challenge);
	sip_write_body(&w, slice_from_string(c->phone->no_body ? "" : c->phone->content_type),
		       slice_from_string(c->local));
	assert_false(w.overflow);
	assert_int_equal(sip_client_start(c->client, writer_slice(&w)), 0);
}

struct phone_call *phone_dial(struct sim_phone *p, const char *extension)
{
	struct phone_call *c = call_take(p);
	char call_id[64], from[128], to[256], tag[32];
	snprintf(call_id, sizeof(call_id), "call-%llx", (unsigned long long)random_u64(&p->random));
	snprintf(tag, sizeof(tag), "f%llx", (unsigned long long)random_u64(&p->random));
	snprintf(from, sizeof(from), "%s%s%s", p->from ? p->from : "<sip:", p->from ? "" : p->extension,
		 p->from ? "" : "@acme.example>");
	if (p->target)
		snprintf(to, sizeof(to), "%s", p->target);
	else
		snprintf(to, sizeof(to), "sip:%s%sacme.example", extension, extension[0] ? "@" : "");
	c->outgoing = true;
	assert_int_equal(sip_dialog_init_uac(&c->dialog, slice_from_string(call_id), slice_from_string(from),
					     slice_from_string(tag), slice_from_string(p->to ? p->to : to),
					     slice_from_string(to)),
			 0);
	c->local[p->no_body ? 0 : phone_describe(c, SLICE_NONE, c->local, sizeof(c->local) - 1)] = 0;
	send_invite(c, NULL);
	return c;
}

void phone_cancel(struct phone_call *c)
{
	if (c->client)
		sip_client_cancel(c->client, slice_from_string(c->phone->says_cancel));
}

static void in_dialog_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct phone_call *c = arg;
	if (event != SIP_CLIENT_RESPONSE || msg->status < 200)
		return;
	c->reinvite_status = msg->status;
	if (msg->method == SIP_UPDATE && msg->status < 300)
		phone_keep_remote(c, msg);
	c->asking = c->asking && msg->method != SIP_UPDATE;
}

void phone_update(struct phone_call *c, bool without, const char *extra)
{
	char buf[6000];
	struct sip_flow flow = phone_flow(c->phone);
	struct sip_client *t = sip_client_new(c->phone->stack, &flow, SIP_UPDATE, in_dialog_event, c);
	assert_non_null(t);
	c->reinvite_status = 0;
	c->asking = !without;
	struct writer w = phone_request_begin(c, SIP_UPDATE, 0, sip_client_branch(t), buf, sizeof(buf));
	phone_write_contact(c->phone, &w);
	write_string(&w, c->phone->says);
	write_string(&w, extra);
	if (!without)
		c->local[phone_describe(c, SLICE_NONE, c->local, sizeof(c->local) - 1)] = 0;
	sip_write_body(&w, without ? SLICE_NONE : SLICE("application/sdp"),
		       without ? SLICE_NONE : slice_from_string(c->local));
	assert_int_equal(sip_client_start(t, writer_slice(&w)), 0);
}

void phone_send_in_dialog(struct phone_call *c, enum sip_method method, const char *extra)
{
	phone_send_body(c, method, extra, SLICE_NONE);
}

void phone_send_body(struct phone_call *c, enum sip_method method, const char *fields, struct slice body)
{
	char buf[10000];
	struct sip_flow flow = phone_flow(c->phone);
	struct sip_client *t = sip_client_new(c->phone->stack, &flow, method, in_dialog_event, c);
	assert_non_null(t);
	c->reinvite_status = 0;
	struct writer w = phone_request_begin(c, method, 0, sip_client_branch(t), buf, sizeof(buf));
	write_string(&w, fields);
	sip_write_body(&w, SLICE_NONE, body);
	assert_false(w.overflow);
	assert_int_equal(sip_client_start(t, writer_slice(&w)), 0);
	if (method == SIP_BYE)
		sip_client_detach(t);
}

void phone_hang_up(struct phone_call *c)
{
	c->ended = true;
	timer_stop(&c->phone->sim->wheel, &c->repeat);
	phone_send_in_dialog(c, SIP_BYE, c->phone->says_bye);
}

static void send_reinvite(struct phone_call *c, const struct sip_message *challenge);

static void reinvite_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct phone_call *c = arg;
	if (event == SIP_CLIENT_GONE && c->client == t)
		c->client = NULL;
	if (event == SIP_CLIENT_TIMEOUT || event == SIP_CLIENT_SEND_FAILED)
		c->reinvite_status = 408;
	c->asking = c->asking && event == SIP_CLIENT_RESPONSE && msg->status < 200;
	if (event != SIP_CLIENT_RESPONSE || msg->status < 200)
		return;
	if (msg->status == 401 && !c->reauthorized && !c->phone->forgets_password) {
		c->reauthorized = true;
		sip_client_detach(t);
		send_reinvite(c, msg);
		return;
	}
	c->reinvite_status = msg->status;
	if (msg->status < 300) {
		phone_keep_remote(c, msg);
		send_ack(c, msg);
	}
}

static void send_reinvite(struct phone_call *c, const struct sip_message *challenge)
{
	char buf[6000];
	struct sip_flow flow = phone_flow(c->phone);
	c->asking = true;
	c->client = sip_client_new(c->phone->stack, &flow, SIP_INVITE, reinvite_event, c);
	assert_non_null(c->client);
	struct writer w = phone_request_begin(c, SIP_INVITE, 0, sip_client_branch(c->client), buf, sizeof(buf));
	phone_write_contact(c->phone, &w);
	write_string(&w, c->phone->says);
	write_string(&w, c->phone->extra);
	if (challenge)
		phone_write_authorization(c->phone, &w, SIP_INVITE, c->dialog.remote_target, challenge);
	sip_write_body(&w, slice_from_string(c->local[0] ? c->phone->content_type : ""), slice_from_string(c->local));
	assert_int_equal(sip_client_start(c->client, writer_slice(&w)), 0);
}

void phone_reinvite(struct phone_call *c, bool without)
{
	if (c->client)
		sip_client_detach(c->client);
	c->reinvite_status = 0;
	c->reauthorized = false;
	c->local[without ? 0 : phone_describe(c, SLICE_NONE, c->local, sizeof(c->local) - 1)] = 0;
	send_reinvite(c, NULL);
}

void phone_ack(struct phone_call *c, uint32_t cseq)
{
	char buf[4000];
	struct writer w = phone_request_begin(c, SIP_ACK, cseq, SLICE("z9hG4bKagain"), buf, sizeof(buf));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	phone_send_raw(c->phone, writer_slice(&w));
}

/* ---- requests that come ---- */

static struct slice tag_of(struct phone_call *c)
{
	return c->dialog.local_tag;
}

struct sip_server *phone_invite_of(struct phone_call *c, struct sip_message *ret)
{
	struct sip_server *t = sip_server_get(c->phone->stack, c->server);
	return t && sip_server_request(t, ret) == 0 ? t : NULL;
}

struct writer phone_respond_begin(struct phone_call *c, const struct sip_message *req, unsigned status,
				  struct slice tag, char *buf, size_t cap)
{
	struct sip_flow flow = phone_flow(c->phone);
	struct writer w = writer_on(buf, cap);
	sip_write_response_head(&w, req, &flow, status, SLICE_NONE, tag);
	phone_write_contact(c->phone, &w);
	return w;
}

void phone_describe_answer(struct phone_call *c, const struct sip_message *req)
{
	phone_keep_remote(c, req);
	c->local[phone_describe(c, req->body, c->local, sizeof(c->local) - 1)] = 0;
}

static void repeat_due(struct timer *t, void *arg)
{
	struct phone_call *c = arg;
	struct wheel *w = &c->phone->sim->wheel;
	if (w->now_us >= c->repeat_until_us)
		return;
	phone_send_raw(c->phone, slice_of(c->ok, c->ok_n));
	c->repeat_us = MIN(2 * c->repeat_us, SIP_T2_US);
	timer_start(w, &c->repeat, c->repeat_us);
}

static void send_ok(struct phone_call *c, struct sip_server *server, const struct sip_message *req)
{
	struct wheel *wheel = &c->phone->sim->wheel;
	struct sip_cseq cseq;
	struct sip_reason err;
	struct writer w = phone_respond_begin(c, req, 200, tag_of(c), c->ok, sizeof(c->ok));
	write_string(&w, c->phone->says);
	write_string(&w, c->phone->says_ok);
	bool described = !c->phone->answer_no_sdp && c->local[0];
	sip_write_body(&w, described ? SLICE("application/sdp") : SLICE_NONE,
		       described ? slice_from_string(c->local) : SLICE_NONE);
	c->ok_n = w.n;
	assert_int_equal(sip_cseq_parse(sip_field_value(req, SIP_CSEQ), &cseq, &err), SIP_OK);
	c->ack_cseq = cseq.number;
	(void)!sip_server_respond(server, 200, writer_slice(&w));
	c->repeat_us = SIP_T1_US;
	c->repeat_until_us = wheel->now_us + 64 * SIP_T1_US;
	timer_start(wheel, &c->repeat, c->repeat_us);
}

void phone_respond_raw(struct phone_call *c, unsigned status, const char *tag, const char *sdp)
{
	char buf[6000];
	struct sip_message req;
	assert_non_null(phone_invite_of(c, &req));
	struct writer w = phone_respond_begin(c, &req, status, slice_from_string(tag), buf, sizeof(buf));
	sip_write_body(&w, sdp ? SLICE("application/sdp") : SLICE_NONE, slice_from_string(sdp));
	phone_send_raw(c->phone, writer_slice(&w));
}

static void turn_down(struct phone_call *c, struct sip_server *server, const struct sip_message *req, unsigned status)
{
	char buf[6000];
	struct sip_flow flow = phone_flow(c->phone);
	struct writer w = writer_on(buf, sizeof(buf));
	sip_write_response_head(&w, req, &flow, status, SLICE_NONE, tag_of(c));
	write_string(&w, c->phone->says_refused);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	(void)!sip_server_respond(server, status, writer_slice(&w));
}

void phone_answer(struct phone_call *c, unsigned status)
{
	struct sip_message req;
	struct sip_server *server = phone_invite_of(c, &req);
	timer_stop(&c->phone->sim->wheel, &c->ring);
	timer_stop(&c->phone->sim->wheel, &c->answer);
	if (!server)
		return;
	if (status < 300 && c->prack_awaited) { /* RFC 3262 §3 */
		c->answer_waits = true;
		return;
	}
	timer_stop(&c->phone->sim->wheel, &c->prack);
	if (status >= 300) {
		c->ended = true;
		turn_down(c, server, &req, status);
		return;
	}
	if (!c->local[0])
		phone_describe_answer(c, &req);
	c->dialog.confirmed = true;
	send_ok(c, server, &req);
}

static void answer_due(struct timer *t, void *arg)
{
	struct phone_call *c = arg;
	phone_answer(c, c->phone->status);
}

static void ring_due(struct timer *t, void *arg)
{
	struct phone_call *c = arg;
	phone_progress(c, c->phone->early ? 183 : 180, c->phone->early);
}

static void call_init(struct phone_call *c, struct sim_phone *p)
{
	uint16_t *port = &p->sim->phone_port;
	*port = (uint16_t)(*port + 2);
	*c = (struct phone_call){.phone = p, .used = true, .port = (uint16_t)(20000 + *port % 40000)};
	timer_init(&c->repeat, repeat_due, c);
	timer_init(&c->ring, ring_due, c);
	timer_init(&c->answer, answer_due, c);
	timer_init(&c->prack, phone_prack_due, c);
}

static struct phone_call *call_of(struct sim_phone *p, const struct sip_message *req)
{
	for (size_t i = 0; i < ARRAY_LEN(p->calls); i++)
		if (p->calls[i].used && slice_eq(p->calls[i].dialog.call_id, sip_field_value(req, SIP_CALL_ID)))
			return &p->calls[i];
	return NULL;
}

static void refuse_invite(struct sim_phone *p, struct sip_server *server, const struct sip_message *req)
{
	char buf[6000];
	struct sip_flow flow = phone_flow(p);
	struct writer w = writer_on(buf, sizeof(buf));
	sip_write_response_head(&w, req, &flow, 486, SLICE_NONE, SLICE("full"));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	(void)!sip_server_respond(server, 486, writer_slice(&w));
}

static void invited(struct sim_phone *p, struct sip_server *server, const struct sip_message *req)
{
	if (!phone_has_line(p)) {
		refuse_invite(p, server, req);
		return;
	}
	struct phone_call *c = call_take(p);
	struct sip_reason err;
	char tag[32];
	snprintf(tag, sizeof(tag), "t%llx", (unsigned long long)random_u64(&p->random));
	assert_int_equal(sip_dialog_init_uas(&c->dialog, req, slice_from_string(tag), &err), 0);
	c->server = sip_server_handle(server);
	sip_server_set_owner(server, c);
	if (p->ring_ms >= 0)
		timer_start(&p->sim->wheel, &c->ring, p->ring_ms * MS_US);
	if (p->answer_ms >= 0)
		timer_start(&p->sim->wheel, &c->answer, p->answer_ms * MS_US);
}

static bool glare(struct phone_call *c)
{
	if (c->phone->glares) {
		c->phone->glares--;
		return true;
	}
	return c->asking;
}

static void reinvited(struct phone_call *c, struct sip_server *server, const struct sip_message *req)
{
	struct sip_reason err;
	c->reinvites++;
	c->server = sip_server_handle(server);
	sip_server_set_owner(server, c);
	(void)!sip_dialog_refresh_target(&c->dialog, req, &err);
	unsigned status = glare(c) ? 491 : c->phone->reinvite_status;
	if (status >= 300)
		turn_down(c, server, req, status);
	if (status != 200)
		return;
	phone_describe_answer(c, req);
	send_ok(c, server, req);
}

static void updated(struct phone_call *c, struct sip_server *server, const struct sip_message *req)
{
	struct sip_reason err;
	char buf[6000];
	c->updates++;
	(void)!sip_dialog_refresh_target(&c->dialog, req, &err);
	unsigned status = glare(c) ? 491 : c->phone->update_status;
	if (status >= 300)
		turn_down(c, server, req, status);
	if (status != 200)
		return;
	if (req->body.n)
		phone_describe_answer(c, req);
	struct writer w = phone_respond_begin(c, req, 200, tag_of(c), buf, sizeof(buf));
	write_string(&w, c->phone->says);
	write_string(&w, c->phone->says_ok);
	sip_write_body(&w, req->body.n ? SLICE("application/sdp") : SLICE_NONE,
		       req->body.n ? slice_from_string(c->local) : SLICE_NONE);
	(void)!sip_server_respond(server, 200, writer_slice(&w));
}

static void acknowledged(struct phone_call *c, const struct sip_message *ack)
{
	struct sip_cseq cseq;
	struct sip_reason err;
	assert_int_equal(sip_cseq_parse(sip_field_value(ack, SIP_CSEQ), &cseq, &err), SIP_OK);
	c->acks++;
	if (cseq.number != c->ack_cseq)
		return;
	timer_stop(&c->phone->sim->wheel, &c->repeat);
	c->up = !c->ended;
}

static void keep_reason(struct phone_call *c, const struct sip_message *req)
{
	slice_to_string(sip_field_value(req, SIP_REASON), c->reason, sizeof(c->reason));
}

/* Outside a dialog: the first INVITE of a call, or that INVITE asked anew after a refusal. */
static bool begins(const struct sip_message *req)
{
	struct sip_address to;
	struct sip_reason err;
	assert_int_equal(sip_address_parse(sip_field_value(req, SIP_TO), &to, &err), SIP_OK);
	return slice_empty(sip_address_tag(&to));
}

/* How a REFER of ours goes (RFC 3515 §2.4.4): the state of the subscription fits what the fragment says. */
static void notified(struct sim_phone *p, struct sip_server *server, const struct sip_message *req)
{
	char text[64];
	size_t used = strlen(p->fragments);
	slice_to_string(req->body, text, sizeof(text));
	assert_true(sip_content_is(req, SLICE("message/sipfrag")));
	assert_true(slice_starts(req->body, SLICE("SIP/2.0 ")));
	assert_string_equal(text + strlen(text) - 2, "\r\n");
	assert_true(slice_starts(sip_field_value(req, SIP_EVENT), SLICE("refer")));
	assert_non_null(strstr(p->last_request, text[8] == '1' ? "Subscription-State: active;expires="
							       : "Subscription-State: terminated;reason="));
	snprintf(p->fragments + used, sizeof(p->fragments) - used, " %.3s", text + 8);
	(void)!sip_server_respond_simple(server, p->notify_status ? p->notify_status : 200, SLICE_NONE, SLICE_NONE);
}

static void told_key(struct sim_phone *p, struct sip_server *server, const struct sip_message *req)
{
	size_t n = strlen(p->keys);
	assert_true(n + 1 < sizeof(p->keys) && slice_starts(req->body, SLICE("Signal=")));
	p->keys[n] = req->body.p[7];
	if (p->info_status)
		(void)!sip_server_respond_simple(server, p->info_status, SLICE_NONE, SLICE_NONE);
}

void phone_on_request(void *owner, struct sip_server *server, const struct sip_message *req,
		      const struct sip_flow *flow)
{
	struct sim_phone *p = owner;
	struct phone_call *c = call_of(p, req);
	if (req->method == SIP_ACK) {
		if (c)
			acknowledged(c, req);
	} else if (req->method == SIP_INVITE && (!c || (c->ended && begins(req)))) {
		invited(p, server, req);
	} else if (!c && req->method == SIP_MESSAGE) {
		phone_message_came(p, server, req);
	} else if (!c || c->ended) {
		(void)!sip_server_respond_simple(server, 481, SLICE_NONE, SLICE_NONE);
	} else if (req->method == SIP_INVITE) {
		reinvited(c, server, req);
	} else if (req->method == SIP_UPDATE) {
		updated(c, server, req);
	} else if (req->method == SIP_PRACK) {
		phone_prack_came(c, server, req);
	} else if (req->method == SIP_NOTIFY) {
		notified(p, server, req);
	} else if (req->method == SIP_INFO) {
		told_key(p, server, req);
	} else {
		if (req->method == SIP_BYE) {
			c->byes++;
			c->ended = true;
			keep_reason(c, req);
			timer_stop(&p->sim->wheel, &c->repeat);
		}
		(void)!sip_server_respond_simple(server, 200, SLICE_NONE, SLICE_NONE);
	}
}

void phone_on_cancel(void *owner, struct sip_server *server, const struct sip_message *cancel)
{
	struct phone_call *c = sip_server_owner(server);
	if (!c)
		return;
	struct sip_message invite;
	c->cancels++;
	keep_reason(c, cancel);
	if (!c->up)
		phone_answer(c, 487);
	else if (phone_invite_of(c, &invite)) /* only a re-INVITE */
		turn_down(c, server, &invite, 487);
}

void phone_on_stray_2xx(void *owner, const struct sip_message *msg, const struct sip_flow *flow)
{
	struct phone_call *c = call_of(owner, msg);
	if (c)
		send_ack(c, msg);
}
