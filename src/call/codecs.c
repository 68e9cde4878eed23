/* call/codecs.c - the two sides of a call come to speak the same: one asks and the other is asked, or Alto asks one
 */
#include "call/call.h"
#include "call/offer.h"
#include "call/transcoding.h"

#include <errno.h>

/* What `from` offers, or has agreed to, offered to `to`. -ENOENT: nothing; else as leg_offer(). */
static int offer_onwards(const struct leg *from, struct leg *to)
{
	struct sdp_format formats[SDP_FORMATS_MAX];
	uint16_t ptime_ms = 0;
	size_t n = to ? leg_offered_formats(from, formats, ARRAY_LEN(formats), &ptime_ms) : 0;
	n = transcoding_offer(formats, n, ARRAY_LEN(formats));
	return n ? leg_offer(to, formats, n) : -ENOENT;
}

void codecs_ask(struct call *c, struct leg *from, struct leg *to)
{
	call_trace_with(c, DECIDED_CODEC_ASKED, "%s", from == c->caller ? "caller" : "callee");
	int rc = offer_onwards(from, to);
	if (rc < 0)
		leg_refuse_offer(from, rc == -ENOENT ? 488 : rc == -EBUSY ? 491 : 500);
}

/* Its Opus, which was made anew, is passed on from now on: it may send all of its voice. Refused, it goes on as it did.
 */
static void widen(struct call *c, struct leg *leg, const struct leg *other)
{
	if (transcoding_over(leg, other) && leg_offer(leg, other->agreed, other->agreed_count) == 0)
		call_trace_with(c, DECIDED_WHOLE_VOICE, "%s", leg == c->caller ? "caller" : "callee");
}

/* Its Opus is made anew from now on, here or further on: it need not send what nobody hears. Likewise. */
static void limit(struct call *c, struct leg *leg, const struct leg *other)
{
	struct sdp_format formats[LEG_FORMATS_MAX];
	if (!transcoding_begun(leg, other))
		return;
	memcpy(formats, leg->agreed, leg->agreed_count * sizeof(formats[0]));
	transcoding_limit(formats, leg->agreed_count);
	if (leg_offer(leg, formats, leg->agreed_count) == 0)
		call_trace_with(c, DECIDED_LESS_VOICE, "%s", leg == c->caller ? "caller" : "callee");
}

/* What it was told of its Opus is made true again. */
static void tell_anew(struct call *c, struct leg *leg, const struct leg *other)
{
	widen(c, leg, other);
	limit(c, leg, other);
}

/* Who speaks Opus that is passed on is heard as the other side wants it, and that has just said so anew. */
void codecs_changed(struct call *c, const struct leg *leg, struct leg *other)
{
	call_join(c);
	if (c->state == CALL_ANSWERED && other)
		tell_anew(c, other, leg);
}

/* The two sides may have ended up without a codec in common: what was told early does not fit who answered, or an offer
 * was accepted that the asker had taken back. Then one is asked for what the other speaks. */
void codecs_must_fit(struct call *c, struct leg *leg, const struct leg *other)
{
	if (!other || leg->state != LEG_UP)
		return;
	if (offer_have_common_codec(leg, other) && !transcoding_needed(leg, other)) {
		widen(c, leg, other); /* what it was told early was for another that rang */
		return;
	}
	/* Nobody is asked for what it does not know, if its voice can be made into that. */
	if (offer_can_join(leg, other) && !offer_could_share(leg, other))
		return;
	call_trace_with(c, DECIDED_CODEC_MISSING, "%s", leg == c->caller ? "caller" : "callee");
	if (leg_offer(leg, other->agreed, other->agreed_count) < 0)
		call_end(c, 500, "media-failed", "alto");
}

/* Did `leg` ask for another codec, and still wait for what the other side says? */
static bool still_asks(const struct leg *leg)
{
	return leg && leg->state == LEG_UP && leg->pending.p;
}

void codecs_accepted(struct call *c, struct leg *asker, struct leg *answerer)
{
	if (still_asks(asker) && leg_answer_offer(asker, answerer->agreed, answerer->agreed_count) < 0)
		call_end(c, 500, "media-failed", "alto");
	if (c->state == CALL_ANSWERED)
		codecs_must_fit(c, answerer, asker);
	if (c->state == CALL_ANSWERED)
		call_join(c);
	if (c->state == CALL_ANSWERED && asker && transcoding_needed(asker, answerer))
		limit(c, asker, answerer);
}

void codecs_refused(struct call *c, struct leg *asker, const struct leg *answerer)
{
	unsigned status = answerer->last_status;
	bool later = status == 491 || status == 504;
	if (still_asks(asker)) {
		call_trace_with(c, DECIDED_CODEC_REFUSED, "%u", status);
		if (later)
			leg_refuse_offer(asker, status);
		else if (leg_answer_offer(asker, answerer->agreed, answerer->agreed_count) == 0) /* else it says 488 */
			call_join(c);
	} else if (asker && !offer_can_join(asker, answerer)) {
		call_trace_with(c, DECIDED_ANEW_REFUSED, "%u", status);
		call_end(c, 488, "no-common-codec", "alto");
	} else if (asker && transcoding_needed(asker, answerer)) { /* and so it stays */
		limit(c, asker, answerer);
	}
}

/* Once more, after it met an offer of its own: for whoever asks, because the two do not fit, or for more or less of it.
 */
void codecs_ask_again(struct call *c, struct leg *asker, struct leg *answerer)
{
	bool wanted = asker && (still_asks(asker) || !offer_have_common_codec(asker, answerer));
	if (asker && !wanted)
		tell_anew(c, answerer, asker);
	else if (wanted && offer_onwards(asker, answerer) < 0)
		codecs_refused(c, asker, answerer);
}

/*
 * One of them is asked for no more than what the other speaks: the one that knows more. If it knows nothing of that, as
 * far as it has said, it is told by the same offer what can be made of it, and how much of that is heard.
 */
static void narrow(struct call *c, struct leg *asked, const struct leg *other)
{
	struct sdp_format formats[SDP_FORMATS_MAX];
	size_t n = other->agreed_count;
	memcpy(formats, other->agreed, n * sizeof(formats[0]));
	if (!offer_could_share(asked, other))
		n = transcoding_offer(formats, n, ARRAY_LEN(formats));
	call_trace_with(c, DECIDED_CODECS_DIFFER, "%s", asked == c->caller ? "caller" : "callee");
	int rc = leg_offer(asked, formats, n);
	/* One that is asked already, or whose ACK is still to come, is looked at again after that. */
	if (rc < 0 && rc != -EBUSY && !offer_can_join(asked, other))
		call_end(c, 500, "media-failed", "alto");
}

static void fit(struct call *c)
{
	struct leg *a = c->caller, *b = c->callee;
	bool ab = offer_fits(a, b), ba = offer_fits(b, a);
	if (!a->agreed_count || !b->agreed_count) /* one may have yet to answer, in its ACK */
		return;
	if (!ab || !ba)
		narrow(c, ab ? b : a, ab ? a : b);
	if (c->state != CALL_ANSWERED)
		return;
	widen(c, a, b);
	widen(c, b, a);
}

void codecs_join(struct call *c)
{
	call_join(c);
	if (c->state == CALL_ANSWERED)
		fit(c);
}
