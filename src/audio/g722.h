/*
 * audio/g722.h - G.722 at 64 kbit/s: 16,000 samples a second in two sub-bands, of 6 and 2 bits.   ITU-T G.722
 *
 * Pure values, no memory of their own. Gives the bits that the Recommendation's reference gives.
 */
#pragma once
#include "base/common.h"

#define G722_TAPS 12 /* of each phase of the quadrature mirror filter */

/* Eight lanes of the lower sub-band, then eight of the higher; of each the last two are not used. */
typedef int16_t g722_lanes __attribute__((vector_size(32), aligned(16)));
/* The lower sub-band, the higher, and two that are not used. */
typedef int32_t g722_pair __attribute__((vector_size(16)));

/* Adaptive predictors and quantisers of both sub-bands, the same in encoder and decoder: §3.5, §3.6, figure 8. */
struct g722 {
	g722_lanes zero;      /* coefficients b1 to b6, 32768 is 2 */
	g722_lanes history;   /* the last six quantised differences, doubled */
	g722_pair pole[2];    /* coefficients a1 and a2, 32768 is 2 */
	g722_pair again;      /* the last reconstructed signal, doubled */
	g722_pair sign[2];    /* of the last two partially reconstructed signals: 0 or -1 */
	g722_pair from_zeros; /* the zero section's part of the prediction */
	g722_pair predicted;
	int32_t log_step[2], step[2];                        /* of the quantisers */
	int16_t first[G722_TAPS - 1], second[G722_TAPS - 1]; /* of the filter: what it has yet to weigh again */
};

void g722_init(struct g722 *g);
/* n: even. Writes n / 2 bytes. */
void g722_from_samples(struct g722 *g, const int16_t *samples, size_t n, uint8_t *ret);
/* Writes 2 * n samples. */
void g722_to_samples(struct g722 *g, const uint8_t *p, size_t n, int16_t *ret);
