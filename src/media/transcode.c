/* media/transcode.c - voice made anew: the tick, and what it sends   RFC 3550 §5.1, RFC 4733 §2.3, RFC 3389 */
#include "media/transcode.h"
#include "audio/limits.h"
#include "media/sound.h"
#include "media/worker.h"
#include "rtp/bytes.h"
#include "rtp/event.h"

#include <errno.h>

/* In a sender's view a transcoder is a source of its own; the numbers of relayed ones count from below. */
#define MADE_EPOCH UINT32_C(0x80000000)

#define EVENT_DURATION_AT 2 /* RFC 4733 §2.3 */

struct transcoder {
	struct media_plan plan;
	struct media_stream *to; /* who sends what is made */
	pool_handle from;        /* the source, and the number of its present SSRC */
	uint32_t from_epoch;
	bool ours; /* the last voice of the source was for us */
	struct timer tick;
	int64_t due_us;
	struct encoder *encoder;
	unsigned lost;      /* of 256 of its packets, lately */
	size_t frame, owed; /* samples of a packet, and those whose time has come */
	uint8_t clock_khz;
	/* of what is sent */
	uint32_t epoch, timestamp; /* timestamp: of the first sample not yet sent */
	uint16_t sequence;
	bool paused; /* the next packet begins anew */
	int64_t noise_us;
	/* the telephone event that passes */
	int64_t event_us; /* of its last packet; 0: none passed yet */
	uint32_t event_came_at, event_timestamp;
	struct sound sound;
};

/* ---- made and ended ---- */

/* Opus takes the rate of what it is made of. */
static uint32_t rate_of(const struct media_plan *plan)
{
	if (plan->to.kind != CODEC_OPUS)
		return codec_rate(plan->to.kind);
	return memchr(plan->from, CODEC_G722, sizeof(plan->from)) ? 16000 : 8000;
}

int transcoder_new(const struct media_plan *plan, const struct opus_tables *tables, struct transcoder **ret)
{
	struct transcoder *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->plan = *plan;
	struct encoder_settings settings = plan->to;
	settings.rate = rate_of(plan);
	settings.tables = tables;
	int rc = encoder_new(&settings, &t->encoder);
	if (rc == 0)
		rc = sound_init(&t->sound, plan->from, settings.rate);
	if (rc < 0) {
		transcoder_free(t);
		return rc;
	}
	t->frame = settings.rate / 1000 * plan->packet_ms;
	t->clock_khz = (uint8_t)(codec_clock(plan->to.kind) / 1000);
	t->paused = true;
	*ret = t;
	return 0;
}

struct transcoder *transcoder_free(struct transcoder *t)
{
	if (!t)
		return NULL;
	if (t->to)
		timer_stop(&t->to->worker->wheel, &t->tick);
	sound_done(&t->sound);
	encoder_free(t->encoder);
	free(t);
	return NULL;
}

static bool plan_eq(const struct media_plan *a, const struct media_plan *b)
{
	return memcmp(a->from, b->from, sizeof(a->from)) == 0 && a->to.kind == b->to.kind && a->to.fec == b->to.fec &&
	       a->to.dtx == b->to.dtx && a->to.bitrate_max == b->to.bitrate_max && a->payload == b->payload &&
	       a->noise_payload == b->noise_payload && a->event_payload == b->event_payload &&
	       a->event_rate_khz == b->event_rate_khz && a->packet_ms == b->packet_ms;
}

static void tick(struct timer *timer, void *arg);

void transcoder_install(struct media_stream *s, struct transcoder *t)
{
	struct transcoder *before = s->transcoder;
	struct worker *w = s->worker;

	if (t && before && before->from == s->joined && plan_eq(&t->plan, &before->plan)) {
		transcoder_free(t);
		return;
	}
	s->transcoder = t;
	transcoder_free(before);
	if (!t)
		return;
	t->to = s;
	t->from = s->joined;
	t->epoch = MADE_EPOCH | ++s->transcoders;
	timer_init(&t->tick, tick, t);
	timer_start(&w->wheel, &t->tick, MEDIA_TICK_US);
	t->due_us = w->wheel.now_us + MEDIA_TICK_US;
}

/* A digit of ours is said instead (media/event.c). */
static void send_out(struct transcoder *t, const struct relay_packet *packet)
{
	if (!t->to->saying)
		relay_send_own(t->to, packet);
}

/* ---- what comes ---- */

/* Its own time goes on with ours: packets of one event bear the time of its beginning (RFC 4733 §2.2.2). */
static void pass_event(struct transcoder *t, const struct relay_packet *packet)
{
	int64_t now_us = t->to->worker->wheel.now_us;
	bool begins = t->event_us == 0 || packet->timestamp != t->event_came_at;

	if (t->plan.event_payload > 127 || packet->bytes < RTP_EVENT_BYTES)
		return;
	if (begins) {
		t->event_came_at = packet->timestamp;
		t->event_timestamp = t->timestamp;
	}
	t->event_us = now_us;
	/* DEVIATION: an event that is longer than the field holds in the other clock is not cut in two (§2.5.1.3): it
	 * stays at the longest that can be said, and its end is told all the same. */
	for (size_t i = 0; i + RTP_EVENT_BYTES <= packet->bytes; i += RTP_EVENT_BYTES) {
		uint8_t *p = packet->at + i + EVENT_DURATION_AT;
		uint32_t duration = (uint32_t)read_be16(p) * t->plan.event_rate_khz / packet->rate_khz;
		write_be16(p, (uint16_t)MIN(duration, UINT16_MAX));
	}
	struct relay_packet out = *packet;
	out.epoch = t->epoch;
	out.sequence = t->sequence++;
	out.timestamp = t->event_timestamp;
	out.payload = t->plan.event_payload;
	out.rate_khz = t->clock_khz;
	out.marker = begins;
	send_out(t, &out);
}

/* The source speaks a codec that both sides know: what waits here is not to be heard beside it. */
static bool leave_to_relay(struct transcoder *t)
{
	if (t->ours)
		sound_restart(&t->sound, t->sound.jitter.rate_khz);
	t->ours = false;
	return false;
}

bool transcoder_take(struct transcoder *t, const struct relay_packet *packet)
{
	uint8_t kind = t->plan.from[packet->came_as];

	if (kind == CODEC_NONE)
		return leave_to_relay(t);
	if (kind < CODEC_KINDS) {
		t->ours = true;
	} else if (!t->ours && packet->payload <= 127) {
		return false; /* goes where the voice goes */
	}
	if (kind == MEDIA_EVENT) {
		pass_event(t, packet);
		return true;
	}
	if (packet->epoch != t->from_epoch || packet->rate_khz != t->sound.jitter.rate_khz)
		sound_restart(&t->sound, packet->rate_khz);
	t->from_epoch = packet->epoch;
	sound_put(&t->sound, kind, packet, t->to->worker->wheel.now_us);
	return true;
}

/* ---- what is sent ---- */

/* Believed at once, forgotten slowly: a bad network is so for longer than between two reports. */
void transcoder_hear_loss(struct transcoder *t, uint8_t fraction)
{
	t->lost = MAX(fraction, t->lost * 3 / 4);
	encoder_expect_loss(t->encoder, t->lost * 100 / 256);
}

/* RFC 3389 §4: said at the beginning of a silence and now and then; nothing is sent in between. */
static size_t say_noise(struct transcoder *t, const int16_t *samples, uint8_t *ret)
{
	int64_t now_us = t->to->worker->wheel.now_us;
	if (t->noise_us && now_us - t->noise_us < MEDIA_NOISE_US)
		return 0;
	t->noise_us = now_us;
	*ret = noise_level(samples, t->frame);
	return 1;
}

static void send_frame(struct transcoder *t, const int16_t *samples)
{
	uint8_t packet[RTP_HEADER_MIN + AUDIO_PAYLOAD_MAX + SRTP_TRAILER_MAX], *payload = packet + RTP_HEADER_MIN;
	bool silent = t->plan.noise_payload <= 127 && sound_is_silence(&t->sound);
	bool event = t->event_us && t->to->worker->wheel.now_us - t->event_us < MEDIA_EVENT_US;
	size_t n = 0;

	/* An event is heard instead of what else was to be heard (RFC 4733 §2.1). */
	if (silent && !event)
		n = say_noise(t, samples, payload);
	else if (!event)
		n = encoder_encode(t->encoder, samples, t->frame, payload, AUDIO_PAYLOAD_MAX);
	if (!silent)
		t->noise_us = 0;
	if (n > 0) {
		struct relay_packet out = {
			.from = t->from,
			.epoch = t->epoch,
			.timestamp = t->timestamp,
			.sequence = t->sequence++,
			.bytes = (uint16_t)n,
			.payload = silent ? t->plan.noise_payload : t->plan.payload,
			.rate_khz = t->clock_khz,
			.marker = t->paused && !silent, /* RFC 3551 §4.1 */
			.at = payload,
		};
		send_out(t, &out);
	}
	t->paused = n == 0 || silent;
	t->timestamp += t->plan.packet_ms * t->clock_khz;
}

static void make_20_ms(struct transcoder *t)
{
	int64_t now_us = t->to->worker->wheel.now_us;

	t->owed += encoder_rate(t->encoder) / 1000 * (MEDIA_TICK_US / MS_US);
	if (!sound_fill(&t->sound, t->owed, now_us)) {
		/* Nobody speaks: time goes on. */
		t->timestamp += (uint32_t)(t->owed * t->clock_khz * 1000 / encoder_rate(t->encoder));
		t->owed = 0;
		t->paused = true;
		return;
	}
	for (; t->owed >= t->frame; t->owed -= t->frame)
		send_frame(t, sound_take(&t->sound, t->frame));
}

static void tick(struct timer *timer, void *arg)
{
	struct transcoder *t = arg;
	struct wheel *wheel = &t->to->worker->wheel;

	/* From when it was due, so that the pace is kept; who stood still for long does not run after it. */
	t->due_us += MEDIA_TICK_US;
	if (wheel->now_us - t->due_us > MEDIA_TICKS_LATE_MAX * MEDIA_TICK_US)
		t->due_us = wheel->now_us + MEDIA_TICK_US;
	timer_start(wheel, timer, t->due_us - wheel->now_us);
	make_20_ms(t);
}
