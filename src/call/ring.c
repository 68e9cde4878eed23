/* call/ring.c - all devices of a user ring; the first answer wins, the others are told so.   RFC 3261 §16.7, RFC 3326
 */
#include "call/info.h"
#include "call/offer.h"
#include "call/outcome.h"
#include "call/outside.h"
#include "call/ringing.h"
#include "call/transcoding.h"
#include "call/transfer.h"

#include <errno.h>

/* What a device's refusal means for the caller: first what says most about the person. */
static const struct outcome outcomes[] = {
	{606, 606, 488, "no-common-codec"}, {600, 699, 0, "declined"},           {486, 486, 0, "busy"},
	{480, 480, 0, "no-answer"},         {488, 488, 0, "no-common-codec"},    {415, 415, 488, "no-common-codec"},
	{300, 399, 480, "redirected"},      {408, 408, 480, "unreachable"},      {503, 503, 480, "unreachable"},
	{400, 699, 480, "refused"},         {0, UINT16_MAX, 480, "unreachable"},
};

void ring_note_refusal(struct call *c, unsigned status)
{
	outcome_note(outcomes, status, &c->best_status);
}

static void give_up(struct call *c)
{
	unsigned status = outcome_status(outcomes, c->best_status);
	const char *cause = outcome_of(outcomes, c->best_status)->words;
	call_end(c, status, cause, status >= 600 || status == 486 ? "callee" : "alto");
}

static void target_remove(struct call *c, const struct leg *leg)
{
	for (uint8_t i = 0; i < c->target_count; i++)
		if (c->targets[i] == leg) {
			c->targets[i] = c->targets[--c->target_count];
			return;
		}
}

/* Targets whose INVITE still waits for an answer that we would take: a phone that is waited for is none. */
static unsigned calling(const struct call *c)
{
	unsigned n = 0;
	for (uint8_t i = 0; i < c->target_count; i++)
		n += c->targets[i]->state == LEG_CALLING;
	return n;
}

/*
 * Early voice passes only while one target rings: of two, whose would it be? (One that is heard already stays so when
 * another phone joins.) false: the caller cannot be given any.
 */
static bool pass_early(struct call *c, struct leg *leg)
{
	bool told = c->caller->early || c->transfer;
	if (!leg->early || calling(c) != 1)
		return false;
	if (!told)
		leg_progress(c->caller, 183, leg->agreed, leg->agreed_count);
	/* Who is transferred speaks already, and is asked for another codec only by an answer. */
	if (c->transfer ? !offer_can_join(c->caller, leg) : !c->caller->early)
		return false;
	if (!told)
		call_trace(c, DECIDED_EARLY);
	if (offer_join(c->caller, leg) < 0)
		call_trace(c, DECIDED_EARLY_FAILED);
	else if (c->transfer)
		transfer_heard(c);
	return true;
}

struct leg *ring_heard(const struct call *c)
{
	bool joined = c->transfer ? c->transfer->heard : c->caller && c->caller->early;
	for (uint8_t i = 0; joined && calling(c) == 1 && i < c->target_count; i++)
		if (c->targets[i]->state == LEG_CALLING && c->targets[i]->early)
			return c->targets[i];
	return NULL;
}

static void tell_ringing(struct call *c)
{
	/* Without a description, so that the caller's phone makes its tone. */
	if (!c->ringing_told)
		leg_progress(c->caller, 180, NULL, 0);
	c->ringing_told = true;
}

static void progress(struct call *c, struct leg *leg)
{
	if (c->caller && !pass_early(c, leg))
		tell_ringing(c);
	if (c->transfer)
		transfer_rings(c, leg->last_status);
}

void ring_join(struct call *c)
{
	for (uint8_t i = 0; c->caller && i < c->target_count; i++)
		if (c->targets[i]->state == LEG_CALLING)
			(void)pass_early(c, c->targets[i]);
}

/* Something has changed in who rings: the one that is left is heard from now on, or the call is over. */
static void settle(struct call *c)
{
	bool waiting = false;
	for (const struct ringing *r = c->rings; r; r = r->next_of_call)
		waiting |= ring_has(r, RING_WAITED);
	if (calling(c))
		ring_join(c);
	else if (waiting)
		tell_ringing(c);
	else
		give_up(c);
}

static void review(struct call *c)
{
	for (struct ringing *r = c->rings; r; r = r->next_of_call)
		ring_phones_review(r);
	settle(c);
}

void ring_review_due(struct timer *t, void *arg)
{
	struct ringing *r = arg;
	review(r->call);
}

/* A target rings no more. RFC 5626 §7: its flow failed (430, or no answer, or a dead connection), another may work. */
static void phone_over(struct call *c, const struct leg *leg, unsigned status)
{
	struct ring_phone *p = NULL;
	for (struct ringing *r = c->rings; r && !p; r = r->next_of_call)
		p = ring_phone_of(r, leg);
	if (p && (status == 430 || status == 408 || status == 503)) {
		ring_phone_failed(p);
	} else if (p) {
		p->leg = NULL;
		p->state = RING_OVER;
	}
}

static void target_lost(struct call *c, const struct leg *leg, unsigned status)
{
	ring_note_refusal(c, status);
	if (c->state != CALL_RINGING)
		return;
	phone_over(c, leg, status);
	if (status >= 600) /* §16.7: a 6xx speaks for the person, not for one device */
		give_up(c);
	else
		review(c);
}

/* A 3xx. true: somebody rings instead. */
static bool target_moved(struct call *c, const struct leg *leg)
{
	if (c->state != CALL_RINGING || leg->trunk_id[0] || !redirect_followed(c, leg))
		return false;
	phone_over(c, leg, leg->last_status);
	settle(c);
	return true;
}

static void trace_refused(struct call *c, const struct leg *leg)
{
	bool trunk = leg->trunk_id[0];
	if (leg->said.p)
		call_trace_with(c, trunk ? DECIDED_TRUNK_REFUSED_SAYS : DECIDED_REFUSED_SAYS, "%u\t%.*s",
				leg->last_status, SLICE_ARG(text_slice(&leg->said)));
	else
		call_trace_with(c, trunk ? DECIDED_TRUNK_REFUSED : DECIDED_REFUSED, "%u", leg->last_status);
}

void ring_target_event(void *user, struct leg *leg, enum leg_event event)
{
	struct call *c = user;
	switch (event) {
	case LEG_PROGRESS:
		progress(c, leg);
		break;
	case LEG_ANSWERED:
		timer_stop(c->sb->wheel, &c->unanswered);
		target_remove(c, leg);
		call_answered(c, leg);
		ring_stop(c, SLICE("SIP;cause=200;text=\"Call completed elsewhere\"")); /* no missed call is shown */
		break;
	case LEG_FAILED:
		if (target_moved(c, leg))
			break;
		trace_refused(c, leg);
		if (leg->trunk_id[0])
			outside_refused(c, leg);
		else
			target_lost(c, leg, leg->last_status);
		break;
	case LEG_HUNG_UP:
		target_lost(c, leg, 480);
		break;
	case LEG_DIGIT:
		info_pass_on(c, leg, leg == ring_heard(c) ? c->caller : NULL);
		break;
	case LEG_CHANGED: /* its stream is set only now */
		ring_join(c);
		break;
	case LEG_GONE:
		target_remove(c, leg);
		call_leg_gone(c, leg);
		break;
	default:
		break;
	}
}

void ring_timeout(struct timer *t, void *arg)
{
	struct call *c = arg;
	bool heard = c->best_status && strcmp(outcome_of(outcomes, c->best_status)->words, "unreachable") != 0;
	for (uint8_t i = 0; i < c->target_count; i++)
		heard |= c->targets[i]->responded;
	call_trace(c, heard ? DECIDED_NO_ANSWER : DECIDED_NOTHING_HEARD);
	call_end(c, 480, heard ? "no-answer" : "unreachable", "alto");
}

void ring_stop(struct call *c, struct slice reason)
{
	outside_stop(c);
	for (uint8_t i = 0; i < c->target_count; i++)
		leg_hang_up(c->targets[i], 0, reason);
	rings_free(c);
}

void invitation_init(struct invitation *i, struct call *c)
{
	*i = (struct invitation){.call = c};
	uint8_t hops = (uint8_t)(1 + c->redirects);
	i->to.max_forwards = c->caller->max_forwards > hops ? (uint8_t)(c->caller->max_forwards - hops) : 0;
	i->to.formats = i->formats;
	i->to.format_count = leg_offered_formats(c->caller, i->formats, ARRAY_LEN(i->formats), &i->to.ptime_ms);
	i->to.format_count = transcoding_offer(i->formats, i->to.format_count, ARRAY_LEN(i->formats));
	i->to.near = c->caller->stream;
	i->to.call = c->id;
}

int ring_leg(struct invitation *i, struct leg **ret)
{
	struct call *c = i->call;
	if (c->target_count == CALL_LEGS_MAX)
		return -E2BIG;
	i->to.from = slice_from_string(i->from);
	i->to.to = slice_from_string(i->callee);
	i->to.fields = slice_from_string(i->fields);
	int rc = leg_call(c->sb, &i->to, ring_target_event, c, ret);
	if (rc == 0)
		c->targets[c->target_count++] = *ret;
	return rc;
}

const char *ring_leg_error(int rc)
{
	return decision_why(rc == -EMFILE         ? WHY_NO_VOICE_PORT
			    : rc == -EACCES       ? WHY_KEYS_IN_CLEAR
			    : rc == -E2BIG        ? WHY_TOO_MANY
			    : rc == -EHOSTUNREACH ? WHY_NO_WAY
						  : WHY_NO_MEMORY);
}

void ring_start(struct call *c, int64_t for_us)
{
	timer_start(c->sb->wheel, &c->unanswered, for_us);
}

/* Begin with the devices of a user. from: the caller, as they see it. instance: one phone alone, or 0. false: none
 * rings, and none is expected. */
static bool ring_devices(struct call *c, const struct directory_user *user, struct slice from, const char *diverted,
			 uint64_t instance)
{
	struct ringing *r = ringing_new(c, user, from, diverted, instance);
	if (!r) {
		call_trace(c, DECIDED_NOT_RUNG);
		ring_note_refusal(c, 503);
		return false;
	}
	timer_start(c->sb->wheel, &r->patience, CALL_RETURN_US);
	ring_phones_review(r);
	if (ring_has(r, RING_CALLED) || ring_has(r, RING_WAITED))
		return true;
	call_trace(c, DECIDED_NO_DEVICE);
	return false;
}

void ring_user(struct call *c, const struct directory_user *user, const struct party *from, const char *diverted)
{
	char shown[PARTY_TEXT_CAP];
	party_write_from(shown, from, user->tenant->domain);
	(void)redirect_rung(c, user);
	if (!ring_devices(c, user, slice_from_string(shown), diverted, c->instance)) {
		give_up(c);
		return;
	}
	ring_start(c, CALL_RING_US);
	settle(c);
}

bool ring_more(struct call *c, const struct directory_user *user, const struct ringing *by, const char *diverted)
{
	if (!ring_devices(c, user, slice_from_string(by->from), diverted, 0))
		return false;
	timer_start(c->sb->wheel, &c->unanswered, CALL_RING_US);
	leg_progress(c->caller, 181, NULL, 0);
	return true;
}
