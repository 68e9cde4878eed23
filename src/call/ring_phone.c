/*
 * call/ring_phone.c - the phones of a user who is rung, and the flow by which each is called   RFC 5626 §7
 *
 * A phone may have registered over several flows: it is called by the newest that lives, and by the next one when that
 * fails. One without any living flow is waited for, since phones on connections come back by themselves.
 */
#include "call/binding.h"
#include "call/gruu.h"
#include "call/ringing.h"
#include "call/transfer.h"
#include "call/webrtc.h"

uint64_t ring_hash(const struct switchboard *sb, struct slice binding_id)
{
	return map_hash(&sb->rung_by_user, binding_id);
}

uint64_t ring_phone_id(const struct switchboard *sb, const struct directory_binding *b)
{
	if (slice_empty(directory_binding_text(b, BINDING_INSTANCE)))
		return ring_hash(sb, directory_binding_text(b, BINDING_ID));
	return map_hash_with(&sb->rung_by_user, map_hash(&sb->rung_by_user, b->device->id),
			     directory_binding_text(b, BINDING_INSTANCE));
}

struct ring_phone *ring_phone_find(struct ringing *r, uint64_t id)
{
	for (uint8_t i = 0; i < r->phone_count; i++)
		if (r->phones[i].id == id)
			return &r->phones[i];
	return NULL;
}

bool ring_has(const struct ringing *r, enum ring_state state)
{
	for (uint8_t i = 0; i < r->phone_count; i++)
		if (r->phones[i].state == state)
			return true;
	return false;
}

struct ring_phone *ring_phone_of(struct ringing *r, const struct leg *leg)
{
	for (uint8_t i = 0; i < r->phone_count; i++)
		if (r->phones[i].leg == leg)
			return &r->phones[i];
	return NULL;
}

static struct ring_phone *phone_get(struct ringing *r, uint64_t id)
{
	struct ring_phone *p = ring_phone_find(r, id);
	if (!p && r->phone_count < ARRAY_LEN(r->phones)) {
		p = &r->phones[r->phone_count++];
		*p = (struct ring_phone){.id = id};
	}
	return p;
}

void ring_phone_failed(struct ring_phone *p)
{
	p->leg = NULL;
	/* More flows than a device may have bindings: they came and went while it rings, and it has had its chances. */
	p->state = p->failed_count < ARRAY_LEN(p->failed) ? RING_NEW : RING_OVER;
	if (p->state == RING_NEW)
		p->failed[p->failed_count++] = p->flow;
}

static bool has_failed(const struct ring_phone *p, uint64_t flow)
{
	for (uint8_t i = 0; i < p->failed_count; i++)
		if (p->failed[i] == flow)
			return true;
	return false;
}

/* The newest living flow of a phone that has not failed; *gone: it has one whose connection is gone. */
static const struct directory_binding *find_way(struct switchboard *sb, const struct directory_device *d,
						const struct ring_phone *p, struct sip_flow *ret_flow, bool *gone)
{
	const struct directory_binding *best = NULL;
	*gone = false;
	for (const struct directory_binding *b = d->first_binding; b; b = b->next_of_device) {
		struct sip_flow flow;
		if (ring_phone_id(sb, b) != p->id)
			continue;
		if (!registrar_flow(sb, b, &flow)) {
			*gone = true;
		} else if (!has_failed(p, ring_hash(sb, directory_binding_text(b, BINDING_ID))) &&
			   (!best || b->updated_us > best->updated_us)) {
			best = b;
			*ret_flow = flow;
		}
	}
	return best;
}

/* ---- calling one ---- */

/* Another company's devices are not the caller's company's to see. */
static struct slice device_shown(const struct call *c, const struct directory_device *device)
{
	return c->callee_tenant[0] ? SLICE_NONE : device->name;
}

/* RFC 3892: who sent the caller here, as the directory knows them. Another company does not hear of its people. */
static void write_referrer(struct writer *w, const struct call *c)
{
	const struct directory_user *u = directory_user_by_id(c->sb->config.directory, slice_from_string(c->by_user));
	char referred_by[PARTY_TEXT_CAP];
	if (!u || c->callee_tenant[0])
		return;
	party_write(referred_by, u->name, u->extension, u->tenant->domain);
	sip_write_field(w, SIP_REFERRED_BY, slice_from_string(referred_by));
}

/* One more leg that rings, for this binding. As ring_leg(). */
static int call_binding(struct ringing *r, const struct directory_binding *b, const struct sip_flow *flow,
			struct leg **ret)
{
	const struct directory_device *device = b->device;
	const struct directory_user *user = device->user;
	struct invitation invitation;
	invitation_init(&invitation, r->call);
	snprintf(invitation.from, sizeof(invitation.from), "%s", r->from);
	party_write(invitation.callee, user->name, user->extension, user->tenant->domain);
	struct writer fields = writer_on(invitation.fields, sizeof(invitation.fields) - 1);
	diversion_write(&fields, slice_from_string(r->diverted), user->extension, user->tenant->domain);
	write_referrer(&fields, r->call);
	invitation.fields[fields.overflow ? 0 : fields.n] = 0;
	invitation.to.flow = *flow;
	invitation.to.target = binding_target(b);
	invitation.to.path = directory_binding_text(b, BINDING_PATH);
	invitation.to.webrtc = webrtc_wanted(device, flow);
	invitation.to.plain_allowed = r->call->sb->config.plain_rtp && device->srtp == STORE_SRTP_OFF;
	int rc = ring_leg(&invitation, ret);
	if (rc < 0)
		return rc;
	slice_to_string(user->id, (*ret)->user_id, sizeof((*ret)->user_id));
	slice_to_string(device->id, (*ret)->device_id, sizeof((*ret)->device_id));
	return 0;
}

static void call_phone(struct ringing *r, struct ring_phone *p, const struct directory_binding *b,
		       const struct sip_flow *flow)
{
	struct call *c = r->call;
	struct slice name = device_shown(c, b->device);
	struct leg *leg;
	int rc = call_binding(r, b, flow, &leg);
	if (rc < 0) {
		call_trace_with(c, DECIDED_DEVICE_FAILED, "%.*s\t%s", SLICE_ARG(name), ring_leg_error(rc));
		p->state = RING_OVER;
		ring_note_refusal(c, 503);
		return;
	}
	if (p->state == RING_NEW && p->failed_count)
		call_trace_with(c, DECIDED_RING_NEXT, "%.*s", SLICE_ARG(name));
	else if (p->state == RING_NEW)
		call_trace_with(c, DECIDED_RING, "%.*s", SLICE_ARG(name));
	else
		call_trace_with(c, DECIDED_BACK, "%.*s", SLICE_ARG(name));
	p->leg = leg;
	p->flow = ring_hash(c->sb, directory_binding_text(b, BINDING_ID));
	p->state = RING_CALLED;
}

/* ---- all of them ---- */

/* No way leads to it now. */
static void settle_unreached(struct ringing *r, struct ring_phone *p, const struct directory_device *d, bool gone)
{
	struct slice name = device_shown(r->call, d);
	bool wait = gone && timer_running(&r->patience);
	if (p->state == RING_NEW && gone)
		call_trace_with(r->call, wait ? DECIDED_GONE_WAITING : DECIDED_GONE, "%.*s", SLICE_ARG(name));
	else if (p->state == RING_WAITED && !wait)
		call_trace_with(r->call, DECIDED_NOT_BACK, "%.*s", SLICE_ARG(name));
	if (p->state == RING_NEW || p->state == RING_WAITED)
		p->state = wait ? RING_WAITED : RING_LOST;
	if (p->state == RING_LOST)
		ring_note_refusal(r->call, 503);
}

static void review_phone(struct ringing *r, const struct directory_binding *b)
{
	struct switchboard *sb = r->call->sb;
	struct ring_phone *p = phone_get(r, ring_phone_id(sb, b));
	struct sip_flow flow;
	bool gone;
	if (!p || p->seen)
		return;
	p->seen = true;
	if (p->state == RING_OVER || (p->state == RING_CALLED && transport_alive(sb->config.transport, &p->leg->flow)))
		return;
	const struct directory_binding *way = find_way(sb, b->device, p, &flow, &gone);
	if (!way && p->state != RING_CALLED) {
		settle_unreached(r, p, b->device, gone);
	} else if (way) {
		if (p->state == RING_CALLED) { /* by a connection that has closed since, and it has another one now */
			struct leg *old = p->leg;
			p->leg = NULL;
			p->state = RING_WAITED;
			leg_hang_up(old, 0, SLICE_NONE);
		}
		call_phone(r, p, way, &flow);
	}
}

/* Not the device that calls, nor the one that sends the call there. */
static bool calls_itself(const struct call *c, const struct directory_device *d)
{
	return slice_eq(d->id, slice_from_string(c->side_a.device_id)) || transfer_spares(c, d->id);
}

void ring_phones_review(struct ringing *r)
{
	const struct directory_user *user = ring_callee(r);
	for (uint8_t i = 0; i < r->phone_count; i++)
		r->phones[i].seen = false;
	for (const struct directory_device *d = user ? user->first_device : NULL; d; d = d->next_of_user)
		for (const struct directory_binding *b = calls_itself(r->call, d) ? NULL : d->first_binding; b;
		     b = b->next_of_device)
			if (!r->instance ||
			    gruu_instance(r->call->sb, directory_binding_text(b, BINDING_INSTANCE)) == r->instance)
				review_phone(r, b);
	for (uint8_t i = 0; i < r->phone_count; i++) {
		struct ring_phone *p = &r->phones[i];
		if (p->seen || p->state != RING_WAITED)
			continue;
		call_trace(r->call, DECIDED_NOT_REGISTERED);
		p->state = RING_LOST;
		ring_note_refusal(r->call, 503);
	}
}
