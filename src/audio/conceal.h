/*
 * audio/conceal.h - sound in place of what is lost, for codecs that make none themselves: the last period of the voice
 * goes on, and fades.   After ITU-T G.711 appendix I
 *
 * Pure values, no memory of their own.
 */
#pragma once
#include "audio/limits.h"
#include "base/common.h"

struct concealment {
	uint32_t rate; /* at most AUDIO_CONCEAL_RATE_MAX */
	size_t lost;   /* samples in place of what is lost, since the last that were not */
	size_t period; /* of the voice, in samples; AUDIO_PERIOD_MAX at most */
	int16_t cycle[AUDIO_PERIOD_MAX];
	int16_t history[AUDIO_HISTORY_MAX];
};

void conceal_init(struct concealment *c, uint32_t rate);
/* These samples came, and are heard next: their beginning is changed if it follows made-up ones. */
void conceal_heard(struct concealment *c, int16_t *samples, size_t n);
void conceal_fill(struct concealment *c, int16_t *ret, size_t n);
