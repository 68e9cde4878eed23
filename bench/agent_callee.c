/* bench/agent_callee.c - the answering side of agent.h: 180 and 200 at once.   RFC 3261 §13.3.1.4, §17.2 */
#include "bench/agent_private.h"
#include "rtp/sdes.h"

static uint32_t slot_of(const struct agent *a, const struct callee_leg *leg)
{
	return (uint32_t)(leg - a->callees);
}

static uint64_t hash_of(struct slice s)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * UINT64_C(1099511628211);
	return h ^ h >> 32;
}

/* What a response repeats from its request (§8.2.6), with our tag if it has none yet. */
static void write_response(const struct agent *a, struct writer *w, const struct glance *g, struct slice status,
			   const struct callee_leg *leg, uint32_t slot)
{
	write_slice(w, SLICE("SIP/2.0 "));
	write_slice(w, status);
	write_slice(w, SLICE("\r\n"));
	for (unsigned i = 0; i < g->via_count; i++) {
		write_slice(w, g->vias[i]);
		write_slice(w, SLICE("\r\n"));
	}
	for (unsigned i = 0; i < g->record_route_count; i++) {
		write_slice(w, SLICE("Record-Route: "));
		write_slice(w, g->record_routes[i]);
		write_slice(w, SLICE("\r\n"));
	}
	write_slice(w, SLICE("From: "));
	write_slice(w, g->from);
	write_slice(w, SLICE("\r\nTo: "));
	write_slice(w, g->to);
	if (!g->to_tag.n) {
		write_slice(w, SLICE(";tag="));
		write_leg_name(a, w, slot, leg ? leg->generation : 0);
	}
	write_slice(w, SLICE("\r\nCall-ID: "));
	write_slice(w, g->call_id);
	write_slice(w, SLICE("\r\nCSeq: "));
	write_slice(w, g->cseq_value);
	write_slice(w, SLICE("\r\n"));
}

static void write_contact(struct writer *w, const struct agent *a)
{
	write_slice(w, SLICE("Contact: <sip:callee@"));
	write_address_with_port(w, &a->callee_wire->local);
	wire_write_contact_transport(w, a->callee_wire);
	write_slice(w, SLICE(">\r\n"));
}

static void send_ringing(struct agent *a, const struct callee_leg *leg, const struct glance *g)
{
	struct writer w = wire_begin(a->callee_wire);
	write_response(a, &w, g, SLICE("180 Ringing"), leg, slot_of(a, leg));
	write_contact(&w, a);
	write_body(&w, SLICE_NONE);
	wire_end(a->callee_wire, &w, &leg->from);
}

static void make_answer(struct agent *a, struct callee_leg *leg, const struct glance *g)
{
	char body_text[512];
	struct writer body = writer_on(body_text, sizeof(body_text));
	struct writer w = writer_on(leg->answer, sizeof(leg->answer));
	write_description(&body, a, a->callee_wire, slot_of(a, leg), leg->key.suite ? &leg->key : NULL);
	write_response(a, &w, g, SLICE("200 OK"), leg, slot_of(a, leg));
	write_contact(&w, a);
	write_slice(&w, SLICE("Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n"));
	write_body(&w, writer_slice(&body));
	ASSERT(!w.overflow);
	leg->answer_n = (uint16_t)w.n;
}

static void send_answer(struct agent *a, const struct callee_leg *leg)
{
	wire_send(a->callee_wire, slice_of(leg->answer, leg->answer_n), &leg->from);
}

static void leg_end(struct agent *a, struct callee_leg *leg)
{
	wait_stop(a, &leg->waiting);
	leg->state = CALLEE_FREE;
	leg->generation++;
	leg->next_free = a->free_callee;
	a->free_callee = slot_of(a, leg) + 1;
}

/* Its far end, and where a key is offered one of ours in return. False: there is no voice in it that we can take. */
static bool read_voice(struct callee_leg *leg, struct slice body, struct agent_leg *ret)
{
	struct sdes line = {0};
	leg->key = (struct srtp_key){0};
	*ret = (struct agent_leg){0};
	if (!glance_audio(body, &ret->remote))
		return false;
	if (!glance_crypto(body, &line.suite, &line.key))
		return true;
	if (!sdes_parse(&line, &ret->receive))
		return false;
	make_key(&leg->key, ret->receive.suite);
	ret->send = leg->key;
	return true;
}

static void take_invite(struct agent *a, const struct glance *g, const struct address *from)
{
	uint64_t hash = hash_of(g->call_id);
	uint32_t *recent = &a->recent[hash % CALLEE_RECENT];
	/* An entry that was never set names slot 0, which is then free or of another hash. */
	const struct callee_leg *known = &a->callees[*recent];
	if (known->state != CALLEE_FREE && known->call_id_hash == hash) {
		a->counts.repeats++;
		send_answer(a, known);
		return;
	}
	if (!a->free_callee) {
		a->counts.strays++;
		return;
	}
	struct agent_leg voice;
	struct callee_leg *leg = &a->callees[a->free_callee - 1];
	a->free_callee = leg->next_free;
	leg->state = CALLEE_ANSWERED;
	leg->call_id_hash = hash;
	leg->from = *from;
	*recent = slot_of(a, leg);
	bool heard = read_voice(leg, g->body, &voice);
	send_ringing(a, leg, g);
	make_answer(a, leg, g);
	send_answer(a, leg);
	wait_answer(a, &leg->waiting, a->callee_wire);
	if (a->config.on_leg && heard)
		a->config.on_leg(a->config.owner, false, slot_of(a, leg), &voice);
}

void callee_due(struct agent *a, struct callee_leg *leg)
{
	if (wait_longer(a, &leg->waiting))
		send_answer(a, leg);
	else
		leg_end(a, leg);
}

/* The leg that our tag in To names; NULL if it has ended. */
static struct callee_leg *leg_of(struct agent *a, const struct glance *g)
{
	uint32_t slot, generation;
	if (!read_leg_name(a, g->to_tag, &slot, &generation) || slot >= a->config.calls_max)
		return NULL;
	struct callee_leg *leg = &a->callees[slot];
	return leg->generation == generation && leg->state != CALLEE_FREE ? leg : NULL;
}

void callee_input(struct agent *a, const struct glance *g, const struct address *from)
{
	if (slice_eq(g->method, SLICE("INVITE")) && !g->to_tag.n) {
		take_invite(a, g, from);
		return;
	}
	struct callee_leg *leg = leg_of(a, g);
	if (slice_eq(g->method, SLICE("ACK"))) {
		if (leg && leg->state == CALLEE_ANSWERED) {
			leg->state = CALLEE_TALKING;
			wait_stop(a, &leg->waiting);
		}
		return;
	}
	/* BYE, and what else a server may ask of a phone: all are welcome. A BYE again is answered again. */
	struct writer w = wire_begin(a->callee_wire);
	write_response(a, &w, g, SLICE("200 OK"), NULL, 0);
	write_body(&w, SLICE_NONE);
	wire_end(a->callee_wire, &w, from);
	if (slice_eq(g->method, SLICE("BYE"))) {
		if (leg)
			leg_end(a, leg);
		else
			a->counts.repeats++;
	}
}
