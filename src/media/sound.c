/* media/sound.c - packets of one source as an unbroken sound: see sound.h */
#include "media/sound.h"
#include "media/stream.h"

#include <errno.h>

static int make_decoder(struct sound *s, enum codec_kind kind)
{
	uint32_t rate = kind == CODEC_OPUS ? s->rate : codec_rate(kind);
	int rc = decoder_new(kind, rate, &s->decoders[kind]);
	if (rc == 0 && rate != s->rate && !s->resampler)
		rc = resampler_new(rate, s->rate, &s->resampler);
	s->decoder = s->decoders[kind];
	return rc;
}

int sound_init(struct sound *s, const uint8_t from[128], uint32_t rate)
{
	int rc = 0;

	ASSERT(rate == 8000 || rate == 16000);
	jitter_init(&s->jitter);
	s->rate = rate;
	for (enum codec_kind kind = CODEC_PCMU; kind < CODEC_KINDS && rc == 0; kind++)
		if (memchr(from, (int)kind, 128))
			rc = make_decoder(s, kind);
	return rc;
}

void sound_done(struct sound *s)
{
	for (size_t kind = 0; kind < CODEC_KINDS; kind++)
		decoder_free(s->decoders[kind]);
	resampler_free(s->resampler);
}

void sound_restart(struct sound *s, uint32_t rate_khz)
{
	jitter_restart(&s->jitter, rate_khz);
	s->noisy = false;
}

void sound_put(struct sound *s, uint8_t kind, const struct relay_packet *packet, int64_t now_us)
{
	struct jitter_packet p = {
		.sequence = packet->sequence,
		.timestamp = packet->timestamp,
		.bytes = packet->bytes,
		.payload_type = kind,
		.p = packet->at,
	};

	/* Noise lasts until something else comes: the buffer makes up what lies between. */
	p.duration = kind == MEDIA_NOISE ? (uint32_t)(JITTER_PIECE_US / MS_US * packet->rate_khz)
					 : codec_duration(kind, packet->at, packet->bytes);
	if (p.duration > 0)
		jitter_put(&s->jitter, &p, now_us);
}

/* ---- pieces ---- */

static size_t samples_of(const struct sound *s, uint32_t units)
{
	return (size_t)((uint64_t)units * decoder_rate(s->decoder) / (s->jitter.rate_khz * 1000));
}

static size_t decode(struct sound *s, const struct jitter_packet *p, int16_t *ret)
{
	if (p->payload_type == MEDIA_NOISE) {
		s->noisy |= noise_read(&s->noise, p->p, p->bytes);
		return 0;
	}
	s->noisy = false;
	s->decoder = s->decoders[p->payload_type];
	return decoder_decode(s->decoder, p->p, p->bytes, ret, MEDIA_SOUND_MAX);
}

static size_t make_up(struct sound *s, const struct jitter_packet *p, int16_t *ret)
{
	size_t n = MIN(samples_of(s, p->duration), (size_t)MEDIA_SOUND_MAX);

	if (s->noisy)
		noise_make(&s->noise, ret, n);
	else if (p->p && s->decoders[p->payload_type % CODEC_KINDS] == s->decoder)
		decoder_recover(s->decoder, p->p, p->bytes, ret, n);
	else
		decoder_conceal(s->decoder, ret, n);
	return n;
}

static bool is_quiet(const int16_t *samples, size_t n)
{
	int64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += samples[i] * samples[i];
	return sum < (int64_t)n * MEDIA_QUIET * MEDIA_QUIET;
}

/* What was left out passes over into this, so that the cut is not heard. */
static void pass_over(struct sound *s, int16_t *samples, size_t n)
{
	size_t over = MIN(n, s->passing_n);
	for (size_t i = 0; i < over; i++)
		samples[i] = (int16_t)((s->passing[i] * (int32_t)(over - i) + samples[i] * (int32_t)i) / (int32_t)over);
	s->passing_n = 0;
}

static void append(struct sound *s, const int16_t *samples, size_t n)
{
	int16_t *end = s->made + s->made_n;
	size_t room = MEDIA_MADE_MAX - s->made_n;

	if (decoder_rate(s->decoder) != s->rate) {
		n = resampler_run(s->resampler, samples, n, end, room);
	} else {
		n = MIN(n, room);
		memcpy(end, samples, n * sizeof(samples[0]));
	}
	pass_over(s, end, n);
	s->made_n += n;
}

/* What was made last is not heard but for passing over into the next. */
static void leave_out(struct sound *s, size_t from)
{
	s->passing_n = MIN(s->made_n - from, (size_t)MEDIA_SOUND_MAX);
	memcpy(s->passing, s->made + from, s->passing_n * sizeof(s->passing[0]));
	s->made_n = from;
}

/* One answer of the jitter buffer as sound. false: nobody speaks. */
static bool make_piece(struct sound *s, int64_t now_us)
{
	struct jitter_packet p = {0};
	int16_t samples[MEDIA_SOUND_MAX];
	enum jitter_next next = jitter_get(&s->jitter, now_us, s->quiet, &p);
	size_t n = 0, before = s->made_n;

	if (next == JITTER_NOTHING) {
		if (!s->noisy)
			return false;
		p.duration = (uint32_t)(JITTER_PIECE_US / MS_US * s->jitter.rate_khz);
	}
	if (next == JITTER_PACKET || next == JITTER_SHORTER) {
		n = decode(s, &p, samples);
		p.p = NULL; /* it says nothing of what is to be made up instead */
	}
	s->soundless = next == JITTER_EMPTY ? s->soundless + 1 : 0;
	if (n == 0)
		n = make_up(s, &p, samples);
	s->quiet = is_quiet(samples, n);
	append(s, samples, n);
	if (next == JITTER_SHORTER)
		leave_out(s, before);
	return true;
}

bool sound_fill(struct sound *s, size_t n, int64_t now_us)
{
	s->made_n -= s->taken_n;
	memmove(s->made, s->made + s->taken_n, s->made_n * sizeof(s->made[0]));
	s->taken_n = 0;
	while (s->made_n < n) {
		if (!make_piece(s, now_us)) {
			s->made_n = s->passing_n = 0;
			return false;
		}
	}
	return true;
}

const int16_t *sound_take(struct sound *s, size_t n)
{
	const int16_t *next = s->made + s->taken_n;

	if (n > s->made_n - s->taken_n)
		return NULL;
	s->taken_n += n;
	return next;
}

bool sound_is_silence(const struct sound *s)
{
	return s->noisy || s->soundless >= MEDIA_SOUNDLESS_MIN;
}
