/*
 * audio/noise.h - comfort noise: what is heard while the far end sends no voice.   RFC 3389
 *
 * Pure values, no memory of their own. The noise made is white: which spectrum it has is told by optional bytes of the
 * payload, which are neither read nor written.
 */
#pragma once
#include "base/common.h"

#define NOISE_LEVEL_MAX 127 /* -dBov: the higher, the quieter */

struct noise {
	uint32_t state; /* of its random numbers */
	uint32_t peak;  /* of its samples */
};

/* From now on noise of this payload. false: it is none, and nothing has changed. */
MUST_USE bool noise_read(struct noise *noise, const uint8_t *p, size_t n);
void noise_make(struct noise *noise, int16_t *ret, size_t n);
/* The level of these samples, as a payload of one byte. */
uint8_t noise_level(const int16_t *samples, size_t n);
