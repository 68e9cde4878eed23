/* voice.h - something like speech for the tests of this room: vowels that glide, hisses, bursts out of silence */
#pragma once
#include "sine.h"

static inline uint32_t voice_chance(uint32_t *state)
{
	return (*state = *state * 1664525 + 1013904223) >> 8;
}

/*
 * Half-second syllables: a stop of 60 ms, a burst, a hiss of 60 ms, a vowel whose pitch and formants glide and which
 * fades. Peaks at about `peak`.
 */
static inline void voice_make(int16_t *ret, size_t n, uint32_t rate, double peak)
{
	double phase = 0, low[2] = {0}, high[2] = {0}, hiss = 0;
	uint32_t state = 1;
	for (size_t i = 0; i < n; i++) {
		double t = (double)i / rate, in = fmod(t, 0.5), which = floor(t / 0.5);
		double pitch = 115 + 35 * sin(2.1 * t + which), source = 0;
		phase += pitch / rate;
		if (phase >= 1) {
			phase -= 1;
			source = in > 0.12 ? 1 - (in - 0.12) / 0.4 : 0;
		}
		double noise = (double)(voice_chance(&state) % 65536) / 32768 - 1;
		double burst = in >= 0.06 && in < 0.064 ? noise : 0, rush = in >= 0.06 && in < 0.12 ? noise * 0.15 : 0;
		source += burst;
		/* Two resonances, and what is left of the hiss above them. */
		double f1 = 500 + 250 * sin(1.3 * t + 2 * which), f2 = 1500 + 600 * sin(1.7 * t + which);
		double r1 = exp(-PI * 80 / rate), r2 = exp(-PI * 120 / rate);
		double y1 = source + 2 * r1 * cos(2 * PI * f1 / rate) * low[0] - r1 * r1 * low[1];
		double y2 = source + 2 * r2 * cos(2 * PI * f2 / rate) * high[0] - r2 * r2 * high[1];
		low[1] = low[0], low[0] = y1, high[1] = high[0], high[0] = y2;
		double sound = 0.25 * y1 + 0.15 * y2 + (rush - hiss);
		hiss = rush;
		ret[i] = (int16_t)lrint(fmax(fmin(peak * sound, INT16_MAX), INT16_MIN));
	}
}

/* By how many samples of `heard`, which has `times` of them for each of `said`, it comes later: 0 to most - 1. */
static inline size_t voice_delay(const int16_t *said, const int16_t *heard, size_t n, size_t times, size_t most)
{
	double best = 0;
	size_t found = 0;
	for (size_t delay = 0; delay < most; delay++) {
		double product = 0;
		for (size_t i = 0; i * times + most < n * times; i++)
			product += (double)said[i] * heard[i * times + delay];
		if (product > best) {
			best = product;
			found = delay;
		}
	}
	return found;
}

/* Signal against error in dB, by segments of 10 ms that are not quiet: the mean of what lies between -10 and 35. */
static inline double voice_ratio(const int16_t *said, const int16_t *heard, size_t n, uint32_t rate)
{
	size_t segment = rate / 100, count = 0;
	double sum = 0;
	for (size_t at = segment; at + segment <= n; at += segment) {
		double signal = 0, error = 1;
		for (size_t i = at; i < at + segment; i++) {
			signal += (double)said[i] * said[i];
			error += ((double)said[i] - heard[i]) * ((double)said[i] - heard[i]);
		}
		if (signal < 100.0 * 100.0 * (double)segment)
			continue;
		sum += fmax(fmin(10 * log10(signal / error), 35), -10);
		count++;
	}
	return sum / (double)count;
}
