/*
 * media/event.c - digits that Alto itself says on a stream, as events   RFC 4733 §2.5.1
 *
 * To relay.c a digit is one more source: it begins with the marker and the next number, at the moment that has come by
 * the stream's own time, and all its packets have that timestamp. Voice that arrives meanwhile is dropped, and goes on
 * behind it as after any change of source.
 */
#include "rtp/event.h"
#include "media/worker.h"

/* What most phones send: loud enough for any receiver, and not at the limit of any line. */
#define VOLUME 10

static void due(struct timer *t, void *arg);

void event_init(struct media_stream *s)
{
	timer_init(&s->digits.next, due, s);
}

/* The far end hears us, and the type is still one that it knows. */
static bool may_say(const struct media_stream *s, const struct media_digit *digit)
{
	return s->send && s->rtp.current.n && s->rate_khz[digit->payload];
}

void event_queue(struct media_stream *s, const struct media_digit *digit)
{
	struct digits *q = &s->digits;

	ASSERT_ON(s->worker->thread);
	if (q->count == MEDIA_DIGITS_MAX || !may_say(s, digit)) {
		s->worker->counts.digits_dropped++;
		return;
	}
	struct media_digit *place = &q->waiting[(q->first + q->count++) % MEDIA_DIGITS_MAX];
	*place = *digit;
	place->duration_ms = (uint16_t)MIN(MAX(digit->duration_ms, MEDIA_DIGIT_MIN_MS), MEDIA_DIGIT_MAX_MS);
	s->saying = true;
	if (!timer_running(&q->next))
		due(&q->next, s);
}

/* The next packet of the first digit. True: it was the last one. */
static bool say(struct media_stream *s, const struct media_digit *digit)
{
	struct digits *q = &s->digits;
	unsigned rate_khz = s->rate_khz[digit->payload], told_ms = MEDIA_DIGIT_STEP_MS * (q->sent + 1u);
	struct rtp_event event = {
		.event = digit->event,
		.end = told_ms >= digit->duration_ms,
		.volume = VOLUME,
		.duration = (uint16_t)(MIN(told_ms, digit->duration_ms) * rate_khz),
	};
	struct relay_packet packet = {
		.from = s->handle,
		.to = s->handle,
		.epoch = q->number,
		.sequence = q->sent,
		.bytes = RTP_EVENT_BYTES,
		.payload = digit->payload,
		.rate_khz = (uint8_t)rate_khz,
		.at = s->worker->packet + RTP_HEADER_MIN, /* no packet is being handled now */
	};

	rtp_event_write(packet.at, &event);
	relay_send_own(s, &packet);
	q->sent++;
	q->ends += event.end;
	return q->ends == MEDIA_DIGIT_ENDS;
}

static void forget_all(struct media_stream *s)
{
	s->worker->counts.digits_dropped += s->digits.count;
	s->digits.count = 0;
	s->digits.sent = s->digits.ends = 0;
	s->saying = false;
}

static void due(struct timer *t, void *arg)
{
	struct media_stream *s = arg;
	struct digits *q = &s->digits;
	struct wheel *wheel = &s->worker->wheel;

	if (q->count == 0) /* the pause behind the last one is over */
		return;
	const struct media_digit *digit = &q->waiting[q->first];
	if (!may_say(s, digit)) { /* held meanwhile, or another codec */
		forget_all(s);
		return;
	}
	if (q->sent == 0)
		q->began_us = wheel->now_us;
	if (!say(s, digit)) {
		/* By its beginning, so that what is late once does not make all the rest late. */
		int64_t at_us = q->began_us + q->sent * MEDIA_DIGIT_STEP_MS * MS_US;
		timer_start(wheel, t, MAX(at_us - wheel->now_us, MS_US));
		return;
	}
	s->worker->counts.digits++;
	q->first = (uint8_t)((q->first + 1) % MEDIA_DIGITS_MAX);
	q->number++;
	q->sent = q->ends = 0;
	s->saying = --q->count > 0;
	/* With the repeated ends, 60 ms and more of silence tell it from the next one. */
	timer_start(wheel, t, 2 * MEDIA_DIGIT_STEP_MS * MS_US);
}
