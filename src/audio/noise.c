/* audio/noise.c - comfort noise.   RFC 3389 §3 */
#include "audio/noise.h"

#include <math.h>

/* §3.1: 0 dBov is the level of a square wave as loud as samples can be. */
#define OVERLOAD 32768.0F

bool noise_read(struct noise *noise, const uint8_t *p, size_t n)
{
	if (n == 0 || p[0] > NOISE_LEVEL_MAX)
		return false;
	/* Numbers spread evenly up to a peak have the level of that peak, divided by the root of 3. */
	float peak = OVERLOAD * powf(10.0F, -(float)p[0] / 20.0F) * 1.7320508F;
	noise->peak = (uint32_t)MIN(peak, 32767.0F);
	return true;
}

void noise_make(struct noise *noise, int16_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		noise->state = noise->state * 1664525 + 1013904223; /* good enough for the ear */
		ret[i] = (int16_t)((int64_t)(int32_t)noise->state * noise->peak / INT64_C(2147483648));
	}
}

uint8_t noise_level(const int16_t *samples, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (float)samples[i] * (float)samples[i];
	if (n == 0 || sum < (float)n)
		return NOISE_LEVEL_MAX;
	float level = 10.0F * log10f(OVERLOAD * OVERLOAD * (float)n / sum);
	return (uint8_t)MIN(level + 0.5F, (float)NOISE_LEVEL_MAX);
}
