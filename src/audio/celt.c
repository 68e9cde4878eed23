/* audio/celt.c - see celt.h */
#include "audio/celt.h"
#include "audio/limits.h"

#include <errno.h>
#include <opus/opus.h>
#include <opus/opus_custom.h>

#define FRAME_MS 20 /* the longest of CELT */
#define FRAMES_MAX 3

/* RFC 6716 §3.1: the upper five bits of a packet's first byte are its configuration. */
#define TOC(configuration) ((configuration) << 3)

static const struct {
	uint32_t rate;
	uint8_t toc_10_ms, toc_20_ms; /* table 2: CELT alone, narrow, wide or full band */
} rates[] = {
	{8000, TOC(18), TOC(19)},
	{16000, TOC(22), TOC(23)},
	{48000, TOC(30), TOC(31)},
};

struct opus_tables {
	OpusCustomMode *modes[ARRAY_LEN(rates)];
};

struct celt {
	OpusCustomEncoder *coder;
	OpusRepacketizer *frames; /* of one packet */
	size_t frame;             /* samples of FRAME_MS */
	size_t rate;              /* in rates */
	uint32_t bitrate;
	bool burst;        /* the frame before had one in it */
	uint32_t loudness; /* of 2.5 ms: as loud as it was, and fading */
};

int opus_tables_new(struct opus_tables **ret)
{
	struct opus_tables *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		int failed, frame = (int)(rates[i].rate / 1000 * FRAME_MS);
		t->modes[i] = opus_custom_mode_create((opus_int32)rates[i].rate, frame, &failed);
		if (!t->modes[i]) {
			opus_tables_free(t);
			return -ENOMEM;
		}
	}
	*ret = t;
	return 0;
}

struct opus_tables *opus_tables_free(struct opus_tables *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		if (t->modes[i])
			opus_custom_mode_destroy(t->modes[i]);
	free(t);
	return NULL;
}

static bool make_coder(struct celt *c, const OpusCustomMode *mode)
{
	int failed;
	c->frames = opus_repacketizer_create();
	c->coder = opus_custom_encoder_create(mode, 1, &failed);
	if (!c->frames || !c->coder)
		return false;
	const int set[] = {
		opus_custom_encoder_ctl(c->coder, OPUS_SET_VBR(1)),
		opus_custom_encoder_ctl(c->coder, OPUS_SET_LSB_DEPTH(16)),
	};
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		ASSERT(set[i] == OPUS_OK);
	return true;
}

int celt_new(const struct opus_tables *tables, uint32_t rate, uint32_t bitrate, struct celt **ret)
{
	struct celt *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	while (rates[c->rate].rate != rate) {
		c->rate++;
		ASSERT(c->rate < ARRAY_LEN(rates));
	}
	c->frame = rate / 1000 * FRAME_MS;
	c->bitrate = bitrate;
	if (!make_coder(c, tables->modes[c->rate])) {
		celt_free(c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

struct celt *celt_free(struct celt *c)
{
	if (!c)
		return NULL;
	if (c->coder)
		opus_custom_encoder_destroy(c->coder);
	if (c->frames)
		opus_repacketizer_destroy(c->frames);
	free(c);
	return NULL;
}

void celt_restart(struct celt *c)
{
	int rc = opus_custom_encoder_ctl(c->coder, OPUS_RESET_STATE);
	ASSERT(rc == OPUS_OK);
}

/* Sound sets in: within 2.5 ms it has become four times as loud as it was. Units of power that fit at 48 kHz too. */
static bool has_burst(struct celt *c, const int16_t *samples, size_t n)
{
	size_t piece = c->frame / 8;
	bool found = false;
	for (size_t at = 0; at + piece <= n; at += piece) {
		uint32_t sum = 0;
		for (size_t i = at; i < at + piece; i++)
			sum += (uint32_t)(samples[i] * samples[i]) >> 6;
		found |= sum / 4 > c->loudness && sum > piece * AUDIO_OPUS_BURST_MIN;
		c->loudness = MAX(c->loudness - c->loudness / 8, sum);
	}
	return found;
}

/*
 * CELT can look for bursts, to code them in pieces so that nothing is heard before them; that is a sixth of its time,
 * and at low rates it finds them less well. So it is let look, and has half as many bits again, only where a burst is:
 * in this frame, or at the end of the one before, of which the coder is still to take 2.5 ms.
 */
static void choose_effort(struct celt *c, const int16_t *samples, size_t n)
{
	bool before = c->burst;
	c->burst = has_burst(c, samples, n);
	bool more = c->burst || before;
	const int set[] = {
		opus_custom_encoder_ctl(c->coder, OPUS_SET_COMPLEXITY(more ? AUDIO_OPUS_COMPLEXITY : 0)),
		opus_custom_encoder_ctl(c->coder,
					OPUS_SET_BITRATE((opus_int32)(more ? c->bitrate / 2 * 3 : c->bitrate))),
	};
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		ASSERT(set[i] == OPUS_OK);
}

/* OpusCustom begins with a byte that says less than the first one of Opus, which takes its place. */
static size_t encode_frame(struct celt *c, const int16_t *samples, size_t n, uint8_t *ret, size_t cap)
{
	choose_effort(c, samples, n);
	int got = opus_custom_encode(c->coder, samples, (int)n, ret, (int)cap);
	if (got <= 0)
		return 0;
	ret[0] = n == c->frame ? rates[c->rate].toc_20_ms : rates[c->rate].toc_10_ms;
	return (size_t)got;
}

size_t celt_encode(struct celt *c, const int16_t *samples, size_t n, uint8_t *ret, size_t cap)
{
	uint8_t frames[FRAMES_MAX][AUDIO_PAYLOAD_MAX];

	if (n <= c->frame)
		return encode_frame(c, samples, n, ret, cap);
	ASSERT(n <= FRAMES_MAX * c->frame);
	opus_repacketizer_init(c->frames);
	for (size_t i = 0; i < n / c->frame; i++) {
		size_t bytes = encode_frame(c, samples + i * c->frame, c->frame, frames[i], sizeof(frames[i]));
		if (bytes == 0 || opus_repacketizer_cat(c->frames, frames[i], (opus_int32)bytes) != OPUS_OK)
			return 0;
	}
	opus_int32 got = opus_repacketizer_out(c->frames, ret, (opus_int32)cap);
	return got > 0 ? (size_t)got : 0;
}
