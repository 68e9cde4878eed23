/* call/call.c - a call: begun, answered, ended */
#include "call/callers.h"
#include "call/info.h"
#include "call/messages.h"
#include "call/offer.h"
#include "call/outside.h"
#include "call/ringing.h"
#include "call/transcoding.h"
#include "call/transfer.h"

#include <errno.h>

/* ---- begun ---- */

static bool match_id(const struct map_node *node, const void *key)
{
	const struct call *c = container_of(node, const struct call, by_id);
	return slice_eq(slice_from_string(c->id), *(const struct slice *)key);
}

struct call *call_find(struct switchboard *sb, struct slice id)
{
	struct map_node *n = map_find(&sb->calls_by_id, map_hash(&sb->calls_by_id, id), match_id, &id);
	return n ? container_of(n, struct call, by_id) : NULL;
}

/* What the history keeps of a leg: how it was protected, by what it spoke. */
static void side_copy(struct call_side *side, const struct leg *leg)
{
	memcpy(side->user_id, leg->user_id, sizeof(side->user_id));
	memcpy(side->device_id, leg->device_id, sizeof(side->device_id));
	memcpy(side->trunk_id, leg->trunk_id, sizeof(side->trunk_id));
	side->transport = (uint8_t)leg->flow.transport;
	side->known = true;
	side->dtls = leg->webrtc;
	side->suite = leg->webrtc ? leg->webrtc_suite : leg->send_key.suite;
	side->keys_in_clear = side->suite != SRTP_NONE && !side->dtls && !sip_transport_secure(leg->flow.transport);
	if (leg->agreed_count)
		offer_codec_name(leg, side->codec, sizeof(side->codec));
	if (sip_transport_secure(leg->flow.transport) && !side->tls[0])
		transport_tls_name(leg->sb->config.transport, &leg->flow, side->tls, sizeof(side->tls));
	side->figures = leg->figures;
	side->figures.received_packets -= side->before.received_packets;
	side->figures.sent_packets -= side->before.sent_packets;
	side->figures.lost_packets -= MIN(side->before.lost_packets, side->figures.lost_packets);
}

static void set_state(struct call *c, enum call_state state)
{
	c->sb->calls_ringing -= c->state == CALL_RINGING;
	c->state = state;
}

static void caller_event(void *user, struct leg *leg, enum leg_event event);
static void join_due(struct timer *t, void *arg);
static void part_due(struct timer *t, void *arg);

static void name_caller(struct call *c, struct leg *caller, const struct party *from)
{
	if (from->device) {
		slice_to_string(from->device->user->id, caller->user_id, sizeof(caller->user_id));
		slice_to_string(from->device->id, caller->device_id, sizeof(caller->device_id));
	}
	if (from->trunk)
		slice_to_string(from->trunk->id, caller->trunk_id, sizeof(caller->trunk_id));
	slice_to_string(slice_empty(from->uri) ? SLICE("anonymous") : from->uri, c->side_a.uri, sizeof(c->side_a.uri));
}

struct call *call_new(struct switchboard *sb, struct leg *caller, const struct party *from, struct slice to)
{
	struct call *c = pool_take(&sb->calls);
	if (!c)
		return NULL;
	c->sb = sb;
	timer_init(&c->unanswered, ring_timeout, c);
	timer_init(&c->rejoin, join_due, c);
	timer_init(&c->parting, part_due, c);
	store_new_id(sb->random, sb->wheel->wall_us, c->id);
	struct slice id = slice_from_string(c->id);
	if (map_insert(&sb->calls_by_id, &c->by_id, map_hash(&sb->calls_by_id, id)) < 0) {
		pool_give(&sb->calls, c);
		return NULL;
	}
	c->caller = caller;
	if (callers_enter(c) < 0) {
		map_remove(&sb->calls_by_id, &c->by_id);
		pool_give(&sb->calls, c);
		return NULL;
	}
	metric_add(&sb->calls_open, 1);
	from->tenant->calls++;
	(void)!text_set(&c->sip_call_id, caller->dialog.call_id); /* without memory the row lacks it */
	slice_to_string(from->tenant->id, c->tenant, sizeof(c->tenant));
	name_caller(c, caller, from);
	copy_shown(c->side_b.uri, sizeof(c->side_b.uri), to);
	c->started_us = sb->wheel->wall_us;
	c->clock_set_us = sb->clock_set_us;
	c->started_mono_us = sb->wheel->now_us;
	sb->calls_ringing++;
	caller->fn = caller_event;
	caller->user = c;
	c->side_a.before = caller->figures; /* of one that was transferred */
	side_copy(&c->side_a, caller);
	metric_add(&sb->calls_total, 1);
	call_trace_with(c, DECIDED_CALLS, "%s\t%s", c->side_a.uri, c->side_b.uri);
	return c;
}

struct call *call_of_leg(const struct leg *leg)
{
	return leg->fn ? leg->user : NULL; /* who hears of a leg is always a call */
}

struct leg *call_other(const struct call *c, const struct leg *leg)
{
	return leg == c->caller ? c->callee : c->caller;
}

bool call_enter_tenant(struct call *c, struct directory_tenant *tenant, struct slice shown_as)
{
	if (tenant->lines && tenant->calls >= tenant->lines)
		return false;
	tenant->calls++;
	store_new_id(c->sb->random, c->sb->wheel->wall_us, c->callee_row);
	slice_to_string(tenant->id, c->callee_tenant, sizeof(c->callee_tenant));
	slice_to_string(slice_empty(shown_as) ? SLICE("anonymous") : shown_as, c->shown_as, sizeof(c->shown_as));
	history_touch(c);
	return true;
}

/* Now, in the row; never before what stands there, though the clock may have been corrected by a moment. */
static int64_t row_time_us(const struct call *c)
{
	int64_t now_us = c->sb->wheel->wall_us - (c->sb->clock_set_us - c->clock_set_us);
	return MAX(now_us, MAX(c->started_us, c->answered_us));
}

/* ---- answered ---- */

/* The one reason why voice is made anew, told as often as it comes up. */
static void trace_transcoding(struct call *c, const struct leg *a, const struct leg *b)
{
	char codec_a[32], codec_b[32];
	bool transcoded = transcoding_needed(a, b) || transcoding_needed(b, a);
	if (transcoded && !c->transcoded) {
		offer_codec_name(a, codec_a, sizeof(codec_a));
		offer_codec_name(b, codec_b, sizeof(codec_b));
		call_trace_with(c, DECIDED_TRANSCODING, "%s\t%s", codec_a, codec_b);
	} else if (c->transcoded && !transcoded) {
		call_trace(c, DECIDED_TRANSCODING_OVER);
	}
	c->transcoded = transcoded;
}

/* Both sides hear each other. A worker that is too busy to be told is asked again a moment later. */
void call_join(struct call *c)
{
	struct leg *a = c->caller ? c->caller : transfer_lent(c), *b = c->callee ? c->callee : transfer_lent(c);
	int rc = a && b ? offer_join(a, b) : 0;
	if (rc == -EAGAIN) {
		timer_start(c->sb->wheel, &c->rejoin, MEDIA_RETRY_US);
	} else if (rc < 0) {
		call_end(c, 500, "media-failed", "alto");
	} else if (a && b) {
		trace_transcoding(c, a, b);
	}
}

static void join_due(struct timer *t, void *arg)
{
	call_join(arg);
}

/* What both sides of an answered call have in common. */
static void session_event(struct call *c, struct leg *leg, struct leg *other, enum leg_event event)
{
	switch (event) {
	case LEG_CONFIRMED: /* the caller has its answer, or has given one to our offer */
		side_copy(leg == c->caller ? &c->side_a : &c->side_b, leg);
		if (c->transfers && other)
			codecs_join(c);
		else
			codecs_must_fit(c, leg, other);
		break;
	case LEG_VOICE_LOST:
		call_end(c, 500, "media-failed", "alto");
		break;
	case LEG_CHANGED:
		if (c->state == CALL_ANSWERED)
			codecs_changed(c, leg, other);
		break;
	case LEG_HUNG_UP:
		call_end(c, 0,
			 leg->end_cause ? leg->end_cause
			 : c->transfer  ? "transferred"
					: "answered",
			 leg == c->caller ? "caller" : "callee");
		break;
	case LEG_REFER:
		transfer_asked(c, leg);
		break;
	case LEG_DIGIT:
		info_pass_on(c, leg, other);
		break;
	case LEG_OFFER:
		codecs_ask(c, leg, other);
		break;
	case LEG_OFFER_ANSWERED:
		codecs_accepted(c, other, leg);
		break;
	case LEG_OFFER_REFUSED:
		codecs_refused(c, other, leg);
		break;
	case LEG_OFFER_AGAIN:
		codecs_ask_again(c, other, leg);
		break;
	case LEG_OFFER_DROPPED:
		if (other)
			leg_withdraw_offer(other);
		break;
	case LEG_GONE:
		call_leg_gone(c, leg);
		break;
	default:
		break;
	}
}

/* A caller that is still to be answered, or one that is transferred and speaks already. */
static void rejoin_ringing(struct call *c)
{
	ring_join(c);
	if (c->transfer && !c->transfer->heard && c->transfer->from)
		call_join(c->transfer->from);
}

static void caller_event(void *user, struct leg *leg, enum leg_event event)
{
	struct call *c = user;
	if ((event == LEG_CANCELLED || event == LEG_HUNG_UP) && leg->said.p)
		call_trace_with(c, DECIDED_SAYS, "caller\t%.*s", SLICE_ARG(text_slice(&leg->said)));
	if (event == LEG_CANCELLED)
		call_end(c, 487, "cancelled", "caller");
	else if (event == LEG_HUNG_UP && (!leg->dialog.confirmed || c->state == CALL_RINGING))
		call_end(c, leg->end_cause && !leg->dialog.confirmed ? leg->last_status : 487,
			 leg->end_cause ? leg->end_cause : "cancelled", "caller");
	else if (event == LEG_CHANGED && c->state == CALL_RINGING)
		rejoin_ringing(c);
	else if (event == LEG_DIGIT && c->state == CALL_RINGING)
		info_pass_on(c, leg, ring_heard(c));
	else
		session_event(c, leg, c->callee, event);
}

static void callee_event(void *user, struct leg *leg, enum leg_event event)
{
	struct call *c = user;
	if (event == LEG_HUNG_UP && leg->said.p)
		call_trace_with(c, DECIDED_SAYS, "callee\t%.*s", SLICE_ARG(text_slice(&leg->said)));
	session_event(c, leg, c->caller, event);
}

void call_unseat(struct call *c, struct leg *leg)
{
	bool as_caller = leg == c->caller;
	side_copy(as_caller ? &c->side_a : &c->side_b, leg);
	*(as_caller ? &c->caller : &c->callee) = NULL;
	leg->fn = NULL;
	leg->user = NULL;
}

void call_seat(struct call *c, struct leg *leg, bool as_caller)
{
	struct call_side *side = as_caller ? &c->side_a : &c->side_b;
	*(as_caller ? &c->caller : &c->callee) = leg;
	leg->fn = as_caller ? caller_event : callee_event;
	leg->user = c;
	if (!side->known)
		side->before = leg->figures;
	side_copy(side, leg);
	messages_move(leg, c->id, !as_caller);
}

void call_set_answered(struct call *c)
{
	set_state(c, CALL_ANSWERED);
	c->status = 200;
	c->answered_us = row_time_us(c);
	metric_add(&c->sb->calls_answered, 1);
	side_copy(&c->side_a, c->caller);
	history_touch(c);
}

/* The caller's answer; one that speaks already, being transferred, has had its own. */
static int answer_caller(struct call *c, const struct leg *winner)
{
	if (!c->caller)
		return -ENOTCONN;
	return c->caller->state == LEG_UP ? 0 : leg_answer(c->caller, winner->agreed, winner->agreed_count);
}

void call_answered(struct call *c, struct leg *winner)
{
	c->callee = winner;
	winner->fn = callee_event;
	winner->user = c;
	side_copy(&c->side_b, winner);
	call_trace(c, DECIDED_ANSWERED);
	int rc = answer_caller(c, winner);
	if (rc < 0) {
		bool gone = rc == -ENOTCONN;
		call_end(c,
			 gone            ? 487
			 : rc == -ENOENT ? 488
					 : 500,
			 gone            ? "caller-lost"
			 : rc == -ENOENT ? "no-common-codec"
					 : "media-failed",
			 gone ? "caller" : "alto");
		return;
	}
	call_set_answered(c);
	if (c->transfer)
		transfer_answered(c);
	else
		call_join(c);
}

/* ---- ended ---- */

static void release_if_empty(struct call *c)
{
	if (c->state != CALL_ENDING || c->caller || c->callee || c->target_count || c->released)
		return;
	map_remove(&c->sb->calls_by_id, &c->by_id);
	callers_leave(c);
	history_release(c);
}

void call_leg_gone(struct call *c, struct leg *leg)
{
	bool mattered = leg == c->caller || leg == c->callee;
	if (leg == c->caller) {
		side_copy(&c->side_a, leg);
		c->caller = NULL;
	} else if (leg == c->callee) {
		side_copy(&c->side_b, leg);
		c->callee = NULL;
	}
	if (mattered) {
		timer_stop(c->sb->wheel, &c->rejoin);
		timer_stop(c->sb->wheel, &c->parting);
	}
	if (mattered &&
	    c->state != CALL_ENDING) /* a leg says why before it goes; should one not, the call is over all the same */
		call_end(c, 500, "lost", "alto");
	release_if_empty(c);
}

static void free_line(struct switchboard *sb, const char *tenant)
{
	struct directory_tenant *t = directory_tenant_by_id(sb->config.directory, slice_from_string(tenant));
	if (t && t->calls)
		t->calls--;
}

static void stop_timers(struct call *c)
{
	timer_stop(c->sb->wheel, &c->unanswered);
	timer_stop(c->sb->wheel, &c->rejoin);
	timer_stop(c->sb->wheel, &c->parting);
	timer_stop(c->sb->wheel, &c->lost);
}

/* Its row is complete but for the last figures. false: it was already. */
static bool close_call(struct call *c, unsigned status, const char *cause, const char *ended_by)
{
	if (c->state == CALL_ENDING)
		return false;
	if (c->transfer)
		transfer_call_ends(c, status);
	/* A caller whose 200 still waited for a PRACK has not been answered. */
	if (c->state == CALL_RINGING || (c->caller && !c->caller->dialog.confirmed)) {
		c->status = (uint16_t)(status ? status : 480);
		c->answered_us = 0;
	}
	set_state(c, CALL_ENDING);
	/* Lines are free, whatever a phone that does not answer still holds up. */
	free_line(c->sb, c->tenant);
	free_line(c->sb, c->callee_tenant);
	c->ended_us = row_time_us(c);
	c->cause = cause;
	c->ended_by = ended_by;
	stop_timers(c);
	call_trace_with(c, DECIDED_ENDED, "%s\t%s", cause, ended_by);
	history_touch(c);
	return true;
}

void call_end(struct call *c, unsigned status, const char *cause, const char *ended_by)
{
	if (!close_call(c, status, cause, ended_by))
		return;
	if (c->caller)
		leg_hang_up(c->caller, status ? status : 480, reason_told(cause, c->callee));
	if (c->callee)
		leg_hang_up(c->callee, 480, reason_told(cause, c->caller));
	ring_stop(c, reason_told(cause, c->caller));
	release_if_empty(c);
}

static void part_due(struct timer *t, void *arg)
{
	const struct call *c = arg;
	leg_hang_up(c->caller ? c->caller : c->callee, 0, SLICE_NONE);
}

void call_part(struct call *c, struct leg *leg, const char *cause)
{
	if (!close_call(c, 0, cause, leg == c->caller ? "caller" : "callee"))
		return;
	/* Nobody hears it any more; a worker that is too busy to be told that ends its stream all the same. */
	if (media_split(c->sb->config.media, leg->stream) < 0)
		leg_hang_up(leg, 0, SLICE_NONE);
	else
		timer_start(c->sb->wheel, &c->parting, TRANSFER_PARTING_US);
}

bool calls_end_some(struct switchboard *sb, uint32_t *cursor, const char *cause)
{
	for (unsigned n = 0; n < CALL_STOP_CHUNK; n++) {
		struct call *c = pool_next(&sb->calls, cursor);
		if (!c)
			return false;
		if (!c->released)
			call_end(c, 503, cause, "alto");
	}
	return true;
}

void call_free(struct call *c)
{
	stop_timers(c);
	outside_stop(c);
	rings_free(c);
	transfer_drop(c);
	text_done(&c->sip_call_id);
	free(c->trace);
	metric_add(&c->sb->calls_open, -1);
	pool_give(&c->sb->calls, c);
}

void calls_drop_all(struct switchboard *sb)
{
	uint32_t cursor = 0;
	for (struct leg *leg = pool_next(&sb->legs, &cursor); leg; leg = pool_next(&sb->legs, &cursor))
		leg_drop(leg);
	cursor = 0;
	for (struct call *c = pool_next(&sb->calls, &cursor); c; c = pool_next(&sb->calls, &cursor)) {
		call_free(c);
	}
}
