/* sine.h - tones for the tests of this room, and how much of a sound they are */
#pragma once
#include "support/test.h"

#include <math.h>

#define PI 3.14159265358979

static inline void sine(int16_t *ret, size_t n, double frequency, double rate, double peak)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (int16_t)lrint(peak * sin(2 * PI * frequency * (double)i / rate));
}

static inline double power(const int16_t *p, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)p[i] * p[i];
	return sum / (double)n;
}

/* The power of this tone in the sound, whatever its phase. */
static inline double power_at(const int16_t *p, size_t n, double frequency, double rate)
{
	double re = 0, im = 0;
	for (size_t i = 0; i < n; i++) {
		re += p[i] * cos(2 * PI * frequency * (double)i / rate);
		im += p[i] * sin(2 * PI * frequency * (double)i / rate);
	}
	return 2 * (re * re + im * im) / ((double)n * (double)n);
}

/* The tone against all else, in dB. */
static inline double tone_ratio(const int16_t *p, size_t n, double frequency, double rate)
{
	double tone = power_at(p, n, frequency, rate), rest = power(p, n) - tone;
	return 10 * log10(tone / (rest > 1e-9 ? rest : 1e-9));
}
