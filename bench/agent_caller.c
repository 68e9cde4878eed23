/* bench/agent_caller.c - the calling side of agent.h.   RFC 3261 §12, §13, §17.1 */
#include "bench/agent_private.h"
#include "rtp/sdes.h"

/* Request-URI to caller leg: whom it called, until the answer's Contact takes its place. */
static void write_callee_uri(struct writer *w, const struct agent *a, const struct caller_leg *leg)
{
	write_slice(w, SLICE("sip:"));
	write_string(w, leg->to->extension);
	write_char(w, '@');
	write_string(w, a->config.domain);
}

static uint32_t slot_of(const struct agent *a, const struct caller_leg *leg)
{
	return (uint32_t)(leg - a->callers);
}

/* Everything from the first line to CSeq. branch_cseq: an ACK to a refusal goes under the branch of its INVITE. */
static void write_head(struct writer *w, const struct agent *a, const struct caller_leg *leg, struct slice method,
		       struct slice uri, struct slice routes, struct slice to, uint32_t cseq, char branch_kind)
{
	uint32_t slot = slot_of(a, leg);
	write_slice(w, method);
	write_char(w, ' ');
	write_slice(w, uri);
	write_slice(w, SLICE(" SIP/2.0\r\nVia: "));
	wire_write_via(w, a->caller_wire);
	write_slice(w, SLICE(";branch=z9hG4bK"));
	write_char(w, branch_kind);
	write_leg_name(a, w, slot, leg->generation);
	write_char(w, '.');
	write_u64(w, cseq);
	write_slice(w, SLICE("\r\n"));
	write_slice(w, routes);
	write_slice(w, SLICE("From: <sip:"));
	write_string(w, leg->from->extension);
	write_char(w, '@');
	write_string(w, a->config.domain);
	write_slice(w, SLICE(">;tag=a"));
	write_leg_name(a, w, slot, leg->generation);
	write_slice(w, SLICE("\r\nTo: "));
	write_slice(w, to);
	write_slice(w, SLICE("\r\nCall-ID: "));
	write_leg_name(a, w, slot, leg->generation);
	write_slice(w, SLICE("\r\nCSeq: "));
	write_u64(w, cseq);
	write_char(w, ' ');
	write_slice(w, method);
	write_slice(w, SLICE("\r\nMax-Forwards: 70\r\n"));
}

static void send_invite(struct agent *a, struct caller_leg *leg)
{
	char uri_text[96], to_text[128], body_text[512];
	struct writer uri = writer_on(uri_text, sizeof(uri_text)), to = writer_on(to_text, sizeof(to_text));
	struct writer body = writer_on(body_text, sizeof(body_text));
	write_callee_uri(&uri, a, leg);
	write_char(&to, '<');
	write_slice(&to, writer_slice(&uri));
	write_char(&to, '>');
	write_description(&body, a, a->caller_wire, slot_of(a, leg), a->config.srtp ? &leg->key : NULL);

	struct writer w = wire_begin(a->caller_wire);
	write_head(&w, a, leg, SLICE("INVITE"), writer_slice(&uri), SLICE_NONE, writer_slice(&to), leg->cseq, 'i');
	write_slice(&w, SLICE("Contact: <sip:"));
	write_string(&w, leg->from->extension);
	write_char(&w, '@');
	write_address_with_port(&w, &a->caller_wire->local);
	wire_write_contact_transport(&w, a->caller_wire);
	write_slice(&w, SLICE(">\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n"));
	write_authorization(a, &w, leg->from, SLICE("INVITE"), writer_slice(&uri));
	write_body(&w, writer_slice(&body));
	wire_end(a->caller_wire, &w, &a->config.server);
}

/* ACK to a 200, or BYE: within the dialog. */
static void send_in_dialog(struct agent *a, const struct caller_leg *leg, struct slice method, uint32_t cseq)
{
	struct writer w = wire_begin(a->caller_wire);
	write_head(&w, a, leg, method, slice_of(leg->target, leg->target_n), slice_of(leg->routes, leg->routes_n),
		   slice_of(leg->to_value, leg->to_n), cseq, method.p[0] == 'A' ? 'a' : 'b');
	write_body(&w, SLICE_NONE);
	wire_end(a->caller_wire, &w, &a->config.server);
}

/* §17.1.1.3: to what was refused, hop by hop. */
static void send_ack_of_refusal(struct agent *a, const struct caller_leg *leg, const struct glance *g)
{
	char uri_text[96];
	struct writer uri = writer_on(uri_text, sizeof(uri_text));
	write_callee_uri(&uri, a, leg);
	struct writer w = wire_begin(a->caller_wire);
	write_head(&w, a, leg, SLICE("ACK"), writer_slice(&uri), SLICE_NONE, g->to, leg->cseq, 'i');
	write_body(&w, SLICE_NONE);
	wire_end(a->caller_wire, &w, &a->config.server);
}

static void leg_end(struct agent *a, struct caller_leg *leg, bool good)
{
	wait_stop(a, &leg->waiting);
	leg->state = CALLER_FREE;
	leg->generation++;
	leg->next_free = a->free_caller;
	a->free_caller = slot_of(a, leg) + 1;
	a->in_progress--;
	if (good)
		a->counts.completed++;
	else
		a->counts.failed++;
}

bool agent_call(struct agent *a, int64_t now_us)
{
	if (!a->free_caller)
		return false;
	a->now_us = now_us;
	struct caller_leg *leg = &a->callers[a->free_caller - 1];
	a->free_caller = leg->next_free;
	a->in_progress++;
	a->counts.started++;
	leg->state = CALLER_CALLING;
	leg->cseq = 1;
	leg->tried_again = false;
	if (a->config.srtp)
		make_key(&leg->key, SRTP_AEAD_AES_128_GCM);
	leg->started_us = now_us;
	leg->from = &a->accounts[a->next_caller++ % a->config.callers];
	leg->to = &a->accounts[a->config.callers + a->next_callee++ % a->config.callees];
	send_invite(a, leg);
	wait_answer(a, &leg->waiting, a->caller_wire);
	return true;
}

static void hang_up(struct agent *a, struct caller_leg *leg)
{
	leg->state = CALLER_HANGING_UP;
	send_in_dialog(a, leg, SLICE("BYE"), leg->cseq + 1);
	wait_answer(a, &leg->waiting, a->caller_wire);
}

void agent_hang_up(struct agent *a, int64_t now_us)
{
	a->now_us = now_us;
	for (uint32_t slot = 0; slot < a->config.calls_max; slot++)
		if (a->callers[slot].state == CALLER_TALKING)
			hang_up(a, &a->callers[slot]);
}

void agent_abandon(struct agent *a)
{
	for (uint32_t slot = 0; slot < a->config.calls_max; slot++)
		if (a->callers[slot].state != CALLER_FREE)
			leg_end(a, &a->callers[slot], false);
}

void caller_due(struct agent *a, struct caller_leg *leg)
{
	enum wait was = leg->waiting.wait;
	if (was == WAIT_HOLD)
		hang_up(a, leg);
	else if (!wait_longer(a, &leg->waiting))
		leg_end(a, leg, false);
	else if (leg->state == CALLER_CALLING)
		send_invite(a, leg);
	else
		send_in_dialog(a, leg, SLICE("BYE"), leg->cseq + 1);
}

/* The dialog's target, remote tag and route set (§12.1.2: the recorded routes in reverse). False: longer than we keep.
 */
static bool keep_dialog(struct caller_leg *leg, const struct glance *g)
{
	struct writer target = writer_on(leg->target, sizeof(leg->target));
	struct writer to = writer_on(leg->to_value, sizeof(leg->to_value));
	struct writer routes = writer_on(leg->routes, sizeof(leg->routes));
	write_slice(&target, g->contact);
	write_slice(&to, g->to);
	for (unsigned i = g->record_route_count; i-- > 0;) {
		write_slice(&routes, SLICE("Route: "));
		write_slice(&routes, g->record_routes[i]);
		write_slice(&routes, SLICE("\r\n"));
	}
	leg->target_n = (uint16_t)target.n;
	leg->to_n = (uint16_t)to.n;
	leg->routes_n = (uint16_t)routes.n;
	return target.n && !target.overflow && !to.overflow && !routes.overflow;
}

/* False: the answer names no address, or lacks the key that our offer asked for. */
static bool read_voice(const struct agent *a, const struct caller_leg *leg, struct slice body, struct agent_leg *ret)
{
	struct sdes line = {0};
	*ret = (struct agent_leg){0};
	if (!glance_audio(body, &ret->remote))
		return false;
	if (!a->config.srtp)
		return true;
	ret->send = leg->key;
	return glance_crypto(body, &line.suite, &line.key) && sdes_parse(&line, &ret->receive);
}

static void answered(struct agent *a, struct caller_leg *leg, const struct glance *g)
{
	struct agent_leg voice;
	a->counts.answered++;
	latency_add(&a->setup_times, a->now_us - leg->started_us);
	wait_stop(a, &leg->waiting);
	if (!keep_dialog(leg, g)) {
		leg_end(a, leg, false);
		return;
	}
	leg->state = CALLER_TALKING;
	send_in_dialog(a, leg, SLICE("ACK"), leg->cseq);
	if (a->config.on_leg && read_voice(a, leg, g->body, &voice))
		a->config.on_leg(a->config.owner, true, slot_of(a, leg), &voice);
	if (a->config.hold_us == 0)
		hang_up(a, leg);
	else if (a->config.hold_us > 0)
		wait_start(a, &leg->waiting, WAIT_HOLD);
}

static void refused(struct agent *a, struct caller_leg *leg, const struct glance *g)
{
	send_ack_of_refusal(a, leg, g);
	if (g->status == 401 && !leg->tried_again && account_challenge(a, leg->from, g->challenge)) {
		a->counts.challenges++;
		leg->tried_again = true;
		leg->cseq++;
		leg->state = CALLER_CALLING;
		send_invite(a, leg);
		wait_answer(a, &leg->waiting, a->caller_wire);
		return;
	}
	a->counts.last_status = g->status;
	leg_end(a, leg, false);
}

static void invite_answer(struct agent *a, struct caller_leg *leg, const struct glance *g)
{
	bool waits = leg->state == CALLER_CALLING || leg->state == CALLER_RINGING;
	if (g->cseq != leg->cseq)
		return;
	if (waits && g->status >= 300) {
		refused(a, leg, g);
	} else if (waits && g->status >= 200) {
		answered(a, leg, g);
	} else if (waits) {
		leg->state = CALLER_RINGING;
		wait_start(a, &leg->waiting, a->config.tls ? WAIT_30_S : WAIT_4_S);
	} else if (g->status == 200) {
		a->counts.repeats++;
		send_in_dialog(a, leg, SLICE("ACK"), leg->cseq);
	}
}

void caller_input(struct agent *a, const struct glance *g)
{
	uint32_t slot, generation;
	bool ours = read_leg_name(a, g->call_id, &slot, &generation) && slot < a->config.calls_max &&
		    a->callers[slot].generation == generation && a->callers[slot].state != CALLER_FREE;
	if (!ours) {
		a->counts.strays++;
		return;
	}
	struct caller_leg *leg = &a->callers[slot];
	if (slice_eq(g->method, SLICE("INVITE")))
		invite_answer(a, leg, g);
	else if (slice_eq(g->method, SLICE("BYE")) && leg->state == CALLER_HANGING_UP && g->status >= 200)
		leg_end(a, leg, g->status == 200);
}
