/* audio/conceal.c - sound in place of what is lost.   After ITU-T G.711 appendix I */
#include "audio/conceal.h"

/* Of voices, in Hz. */
#define PITCH_LOWEST 66
#define PITCH_HIGHEST 400
#define COMPARED_MS 20 /* of sound, with itself a period before */
#define STEADY_MS 10   /* as loud as it was for so long, */
#define FADE_MS 50     /* ... then ever quieter; nobody's vowel is longer than both */
#define BACK_MS 5      /* to pass over from made-up sound to what comes */

void conceal_init(struct concealment *c, uint32_t rate)
{
	ASSERT(rate > 0 && rate <= AUDIO_CONCEAL_RATE_MAX);
	*c = (struct concealment){.rate = rate};
}

static void remember(struct concealment *c, const int16_t *samples, size_t n)
{
	size_t kept = n < AUDIO_HISTORY_MAX ? AUDIO_HISTORY_MAX - n : 0;
	memmove(c->history, c->history + AUDIO_HISTORY_MAX - kept, kept * sizeof(c->history[0]));
	memcpy(c->history + kept, samples + n - (AUDIO_HISTORY_MAX - kept),
	       (AUDIO_HISTORY_MAX - kept) * sizeof(c->history[0]));
}

/* How much the last sound is like that of `period` samples before. */
static float likeness(const struct concealment *c, size_t period)
{
	size_t n = c->rate / 1000 * COMPARED_MS;
	const int16_t *now = c->history + AUDIO_HISTORY_MAX - n, *before = now - period;
	float product = 0, energy = 1;
	for (size_t i = 0; i < n; i++) {
		product += (float)now[i] * (float)before[i];
		energy += (float)before[i] * (float)before[i];
	}
	return product > 0 ? product * product / energy : 0;
}

/* One period of the voice that can be repeated: its end passes over into what came before its beginning. */
static void cycle_find(struct concealment *c)
{
	float best = -1;
	for (size_t period = c->rate / PITCH_HIGHEST; period <= c->rate / PITCH_LOWEST; period++) {
		float like = likeness(c, period);
		if (like > best) {
			best = like;
			c->period = period;
		}
	}
	size_t over = c->period / 4;
	const int16_t *begin = c->history + AUDIO_HISTORY_MAX - c->period;
	memcpy(c->cycle, begin, c->period * sizeof(c->cycle[0]));
	for (size_t i = 0; i < over; i++) {
		int16_t *p = &c->cycle[c->period - over + i];
		*p = (int16_t)((*p * (int32_t)(over - i) + begin[(ptrdiff_t)i - (ptrdiff_t)over] * (int32_t)i) /
			       (int32_t)over);
	}
}

/* The sample in place of the next lost one. */
static int16_t next_sample(struct concealment *c)
{
	int32_t fade = (int32_t)(c->rate / 1000 * FADE_MS), steady = (int32_t)(c->rate / 1000 * STEADY_MS);
	int32_t left = MIN(fade + steady - (int32_t)MIN(c->lost, (size_t)(fade + steady)), fade);
	int32_t sample = c->cycle[c->lost % c->period];
	c->lost++;
	return (int16_t)(sample * left / fade);
}

void conceal_heard(struct concealment *c, int16_t *samples, size_t n)
{
	size_t over = c->lost ? MIN(n, (size_t)(c->rate / 1000 * BACK_MS)) : 0;
	for (size_t i = 0; i < over; i++)
		samples[i] = (int16_t)((next_sample(c) * (int32_t)(over - i) + samples[i] * (int32_t)i) /
				       (int32_t)over);
	c->lost = 0;
	remember(c, samples, n);
}

void conceal_fill(struct concealment *c, int16_t *ret, size_t n)
{
	if (c->lost == 0)
		cycle_find(c);
	for (size_t i = 0; i < n; i++)
		ret[i] = next_sample(c);
	remember(c, ret, n);
}
