/* call/view.c - what the API shows of calls in progress, and how it ends them */
#include "call/call.h"
#include "call/overload.h"

#include <errno.h>

/* The suite, and where its keys come from if not from descriptions. A browser has no voice before its keys. */
static struct slice protection_name(const struct call_side *side)
{
	if (!side->dtls)
		return side->suite == SRTP_NONE ? SLICE_NONE : srtp_suite_name(side->suite);
	if (side->suite == SRTP_NONE)
		return SLICE("DTLS");
	return side->suite == SRTP_AEAD_AES_128_GCM ? SLICE("DTLS AEAD_AES_128_GCM")
						    : SLICE("DTLS AES_CM_128_HMAC_SHA1_80");
}

void side_row(const struct call_side *side, struct store_leg *ret)
{
	*ret = (struct store_leg){
		.user = slice_from_string(side->user_id),
		.device = slice_from_string(side->device_id),
		.trunk = slice_from_string(side->trunk_id),
		.uri = slice_from_string(side->uri),
		.transport = side->known ? sip_transport_name(side->transport) : SLICE_NONE,
		.tls = slice_from_string(side->tls),
		.srtp = protection_name(side),
		.keys_in_clear = side->keys_in_clear,
		.codec = slice_from_string(side->codec),
		.packets_in = (int64_t)side->figures.received_packets,
		.packets_out = (int64_t)side->figures.sent_packets,
		.lost = (int64_t)side->figures.lost_packets,
		.jitter_us = side->figures.jitter_us,
		.round_trip_us = side->figures.round_trip_us,
	};
}

void call_hide_callee(const struct call *c, struct store_leg *callee)
{
	if (c->callee_tenant[0])
		callee->user = callee->device = SLICE_NONE;
}

static const char *const state_names[] = {"ringing", "answered", "ending"};

static void view(const struct call *c, struct call_view *ret)
{
	*ret = (struct call_view){
		.id = slice_from_string(c->id),
		.tenant = slice_from_string(c->tenant),
		.from = slice_from_string(c->side_a.uri),
		.to = slice_from_string(c->side_b.uri),
		.state = state_names[c->state],
		.started_us = c->started_us,
		.answered_us = c->answered_us,
	};
	side_row(&c->side_a, &ret->caller);
	side_row(&c->side_b, &ret->callee);
	call_hide_callee(c, &ret->callee);
}

bool switchboard_find_call(struct switchboard *sb, struct slice call_id, struct call_view *ret)
{
	ASSERT_ON(sb->thread);
	const struct call *c = call_find(sb, call_id);
	if (c)
		view(c, ret);
	return c != NULL;
}

bool switchboard_next_call(struct switchboard *sb, struct slice tenant, uint32_t *cursor, struct call_view *ret)
{
	ASSERT_ON(sb->thread);
	struct call *c;
	while ((c = pool_next(&sb->calls, cursor))) {
		if (c->released || (tenant.n && !slice_eq(tenant, slice_from_string(c->tenant))))
			continue;
		view(c, ret);
		return true;
	}
	return false;
}

int switchboard_hang_up(struct switchboard *sb, struct slice call_id)
{
	ASSERT_ON(sb->thread);
	struct call *c = call_find(sb, call_id);
	if (!c)
		return -ENOENT;
	call_end(c, 480, "hung-up", "alto");
	return 0;
}

void switchboard_end_devices(struct switchboard *sb, bool (*ended)(void *arg, struct slice device_id), void *arg)
{
	ASSERT_ON(sb->thread);
	uint32_t cursor = 0;
	for (struct call *c = pool_next(&sb->calls, &cursor); c; c = pool_next(&sb->calls, &cursor)) {
		if (c->released)
			continue;
		bool caller = c->caller && ended(arg, slice_from_string(c->caller->device_id));
		if (caller || (c->callee && ended(arg, slice_from_string(c->callee->device_id))))
			call_end(c, 480, "logged-out", caller ? "caller" : "callee");
	}
}

void switchboard_media_event(struct switchboard *sb, const struct media_event *event)
{
	ASSERT_ON(sb->thread);
	struct leg *leg = pool_get(&sb->legs, event->owner);
	if (leg && leg->stream == event->stream)
		leg_media_event(leg, event);
}

void switchboard_figures(struct switchboard *sb, struct switchboard_figures *ret)
{
	ASSERT_ON(sb->thread);
	*ret = (struct switchboard_figures){
		.calls = (uint32_t)sb->calls_by_id.count,
		.calls_ringing = sb->calls_ringing,
		.unreachable = registrar_unreachable(sb->registrar),
		.calls_total = (uint64_t)atomic_load_explicit(&sb->calls_total.value, memory_order_relaxed),
		.calls_answered_total = (uint64_t)atomic_load_explicit(&sb->calls_answered.value, memory_order_relaxed),
		.bad_messages_total = (uint64_t)atomic_load_explicit(&sb->bad_messages.value, memory_order_relaxed),
	};
	if (history_stalled(sb->history))
		warning_set(&ret->trouble, WARNING_CALLS_NO_HISTORY);
	else if (sb->stopping)
		warning_set(&ret->trouble, WARNING_CALLS_STOPPING);
	else if (overload_tell(sb, &ret->trouble))
		return;
	else if (sb->no_memory_us && sb->wheel->now_us - sb->no_memory_us < SHORTAGE_SHOWN_US)
		warning_set(&ret->trouble, WARNING_CALLS_NO_MEMORY);
	else if (sb->no_port_us && sb->wheel->now_us - sb->no_port_us < SHORTAGE_SHOWN_US)
		warning_set(&ret->trouble, WARNING_CALLS_NO_PORT);
}
