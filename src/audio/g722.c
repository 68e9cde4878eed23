/*
 * audio/g722.c - G.722 at 64 kbit/s   ITU-T G.722 §3, §4
 *
 * Integers as the Recommendation has them: 16 bits that saturate, products shifted down. What is done to both
 * sub-bands, and to all six zeros of each, is done at once in lanes, and nothing branches by what the voice is.
 */
#include "audio/g722.h"

/* Compiled for what processors have, what they call inlined; the loader chooses. Not with clang 14, nor under TSan. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "sse4.1", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
#define INLINE static inline __attribute__((always_inline))

#define LANES 16
#define CHUNK 160     /* pairs of samples filtered at a time: 20 ms */
#define DOT_LANES 16  /* G722_TAPS, filled up for whole vectors */
#define LOW_LEVELS 32 /* thresholds of the lower quantiser, filled up likewise */

enum { LOW, HIGH };

/* ---- quantisers: §3.6, tables 14 to 21 ---- */

/* Where the steps of the lower sub-band's quantiser end, in 65536 of its step; those that fill up end with the last. */
#define END(x) ((x) << 4)
static const uint16_t low_ends[LOW_LEVELS] = {
	END(35),   END(72),   END(110),  END(150),  END(190),  END(233),  END(276),  END(323),
	END(370),  END(422),  END(473),  END(530),  END(587),  END(650),  END(714),  END(786),
	END(858),  END(940),  END(1023), END(1121), END(1219), END(1339), END(1458), END(1612),
	END(1765), END(1980), END(2195), END(2557), END(2919), END(2919), END(2919), END(2919),
};

/* Six bits for each step, counted from the one around zero: below zero and above. */
static const uint8_t low_codes[2][LOW_LEVELS + 1] = {
	{63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
	 16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  4,  4,  4},
	{61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45,
	 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 32, 32, 32},
};

/* The difference that six bits stand for, and the four of them that the predictor hears, in 32768 of the step. */
static const int16_t low_6[64] = {
	-136,  -136,  -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
	-9360, -8576, -7856, -7192, -6576,  -6000,  -5456,  -4944,  -4464,  -4008,  -3576,  -3168,  -2776,
	-2400, -2032, -1688, -1360, -1040,  -728,   24808,  21904,  19008,  16704,  14984,  13512,  12280,
	11192, 10232, 9360,  8576,  7856,   7192,   6576,   6000,   5456,   4944,   4464,   4008,   3576,
	3168,  2776,  2400,  2032,  1688,   1360,   1040,   728,    432,    136,    -432,   -136,
};
static const int16_t low_4[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
				  20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
static const int16_t high_2[4] = {-7408, -1616, 7408, 1616};
/* By how much they move the step's logarithm. */
static const int16_t low_moves[16] = {-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
static const int16_t high_moves[4] = {798, -214, 798, -214};

/* 2048 * 2^(i / 32) */
static const int16_t powers[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543,
				   2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228,
				   3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};

#define LOW_LOG_MAX 18432
#define HIGH_LOG_MAX 22528
#define LOW_STEP_MIN 32
#define HIGH_STEP_MIN 8

INLINE int32_t saturate(int32_t x)
{
	return MAX(MIN(x, INT16_MAX), INT16_MIN);
}

/* down: what makes the largest power the smallest step (blocks LOGSCL, SCALEL; LOGSCH, SCALEH). */
INLINE void move_step(struct g722 *g, int band, int32_t move, int32_t most, int down)
{
	int32_t log_step = ((g->log_step[band] * 127) >> 7) + move;
	log_step = MIN(MAX(log_step, 0), most);
	g->log_step[band] = log_step;
	g->step[band] = (powers[(log_step >> 6) & 31] << (log_step >> 11)) >> down << 2;
}

/* ---- prediction: §3.7, blocks RECONS to PREDIC ---- */

typedef int16_t halves __attribute__((vector_size(16))); /* of the four of a pair, little end first */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first half of 32 bits is the lower one");

INLINE g722_pair both(int32_t x)
{
	return (g722_pair){x, x, x, x};
}

INLINE g722_pair least(g722_pair a, g722_pair b)
{
	for (size_t i = 0; i < 4; i++)
		a[i] = MIN(a[i], b[i]);
	return a;
}

INLINE g722_pair most(g722_pair a, g722_pair b)
{
	for (size_t i = 0; i < 4; i++)
		a[i] = MAX(a[i], b[i]);
	return a;
}

INLINE g722_pair saturated(g722_pair x)
{
	return most(least(x, both(INT16_MAX)), both(INT16_MIN));
}

/* Each of the pair in all lanes of its sub-band. */
#define IN_ALL_LANES(pair)                                                                                             \
	__builtin_shufflevector((halves)(pair), (halves)(pair), 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2)
/* All move up to their sub-band's next lane; what comes is in the first. */
#define MOVED_UP(lanes, come) __builtin_shufflevector(lanes, come, 16, 17, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)

/* UPZERO: each leaks by 1/256 and moves towards what would have told this difference from the one before. */
INLINE void move_zeros(struct g722 *g, g722_pair difference)
{
	const g722_lanes used = {128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};
	g722_lanes all = IN_ALL_LANES(difference);
	g722_lanes apart = (g->history ^ all) >> 15, moves = used & (g722_lanes)(all != 0);
	g->zero = g->zero - (g->zero >> 8) + ((g->zero & 255) != 0) + ((moves ^ apart) - apart);
}

/* FILTEZ. The lanes that are not used add nothing. */
INLINE g722_pair sum_of_zeros(const struct g722 *g)
{
	int16_t zero[LANES], history[LANES];
	int32_t products[LANES];
	g722_pair sums[LANES / 4];
	memcpy(zero, &g->zero, sizeof(zero));
	memcpy(history, &g->history, sizeof(history));
	for (size_t i = 0; i < LANES; i++)
		products[i] = (zero[i] * history[i]) >> 15;
	memcpy(sums, products, sizeof(sums));
	g722_pair sum = sums[0] + sums[1] + sums[2] + sums[3];
	return saturated(sum + __builtin_shufflevector(sum, sum, 2, 3, 0, 1));
}

/* The quantised differences of this sample have become known. Signs choose by masks: they are as good as random. */
INLINE void predict_next(struct g722 *g, g722_pair difference)
{
	g722_pair again = saturated(2 * saturated(g->predicted + difference)); /* RECONS, doubled for FILTEP */
	g722_pair sign = (g->from_zeros + difference) >> 31;                   /* of PARREC */
	g722_pair same = ~(sign ^ g->sign[0]), same_as_second = ~(sign ^ g->sign[1]);
	/* UPPOL2, UPPOL1 */
	g722_pair slope = least((saturated(4 * g->pole[0]) ^ same) - same, both(INT16_MAX));
	g722_pair second = (256 & same_as_second) - 128 + (slope >> 7) + ((g->pole[1] * 32512) >> 15);
	second = most(least(second, both(12288)), both(-12288));
	g722_pair first = (384 & same) - 192 + ((g->pole[0] * 32640) >> 15);
	first = most(least(first, 15360 - second), second - 15360);
	/* FILTEP, PREDIC */
	g722_pair from_poles = saturated(((first * again) >> 15) + ((second * g->again) >> 15));
	move_zeros(g, difference);
	g722_lanes doubled = IN_ALL_LANES(saturated(2 * difference));
	g->history = MOVED_UP(g->history, doubled);
	g->from_zeros = sum_of_zeros(g);
	g->predicted = saturated(from_poles + g->from_zeros);
	g->pole[0] = first;
	g->pole[1] = second;
	g->again = again;
	g->sign[1] = g->sign[0];
	g->sign[0] = sign;
}

INLINE void codes_known(struct g722 *g, unsigned low, unsigned high)
{
	g722_pair difference = {(g->step[LOW] * low_4[low >> 2]) >> 15, (g->step[HIGH] * high_2[high]) >> 15};
	move_step(g, LOW, low_moves[low >> 2], LOW_LOG_MAX, 8);
	move_step(g, HIGH, high_moves[high], HIGH_LOG_MAX, 10);
	predict_next(g, difference);
}

/* ---- encoding ---- */

/* QUANTL: how many steps end at or below the size. */
INLINE unsigned low_code(int32_t step, int32_t size, bool negative)
{
	uint16_t ends[LOW_LEVELS];
	int16_t above = 0;
	for (size_t i = 0; i < LOW_LEVELS; i++)
		ends[i] = (uint16_t)(((uint32_t)low_ends[i] * (uint16_t)step) >> 16);
	for (size_t i = 0; i < LOW_LEVELS; i++)
		above = (int16_t)(above + ((int16_t)ends[i] > (int16_t)size));
	return low_codes[!negative][LOW_LEVELS - above];
}

/* QUANTH */
INLINE unsigned high_code(int32_t step, int32_t size, bool negative)
{
	unsigned large = size >= (564 * step) >> 12;
	return (negative ? 1 : 3) - large;
}

/* SUBTRA, and both quantisers. */
INLINE void encode_pair(struct g722 *g, g722_pair signal, uint8_t *ret)
{
	g722_pair difference = saturated(signal - g->predicted), negative = difference >> 31;
	g722_pair size = difference ^ negative;
	unsigned low = low_code(g->step[LOW], size[LOW], negative[LOW]);
	unsigned high = high_code(g->step[HIGH], size[HIGH], negative[HIGH]);
	codes_known(g, low, high);
	*ret = (uint8_t)(high << 6 | low);
}

/* ---- the filter: §3.1, §4.4, table 11 ---- */

static const int16_t from_first[DOT_LANES] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
static const int16_t from_second[DOT_LANES] = {-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3};

INLINE int32_t dot(const int16_t *samples, const int16_t weights[DOT_LANES])
{
	int32_t sum = 0;
	for (size_t i = 0; i < DOT_LANES; i++)
		sum += samples[i] * weights[i];
	return sum;
}

/* One phase of a chunk, behind what was left of the one before; dot() reads a little beyond it. */
struct phase {
	int16_t samples[G722_TAPS - 1 + CHUNK + DOT_LANES - G722_TAPS];
};

static int16_t *phase_begin(struct phase *p, const int16_t before[G722_TAPS - 1], size_t n)
{
	memcpy(p->samples, before, (G722_TAPS - 1) * sizeof(before[0]));
	memset(p->samples + G722_TAPS - 1 + n, 0, (DOT_LANES - G722_TAPS) * sizeof(p->samples[0]));
	return p->samples + G722_TAPS - 1;
}

static void phase_end(const struct phase *p, int16_t before[G722_TAPS - 1], size_t n)
{
	memcpy(before, p->samples + n, (G722_TAPS - 1) * sizeof(before[0]));
}

void g722_init(struct g722 *g)
{
	*g = (struct g722){.step = {LOW_STEP_MIN, HIGH_STEP_MIN}};
}

INLINE void encode_chunk(struct g722 *g, const int16_t *samples, size_t n, uint8_t *ret)
{
	struct phase first, second;
	int16_t *p = phase_begin(&first, g->first, n), *q = phase_begin(&second, g->second, n);

	for (size_t i = 0; i < n; i++) {
		p[i] = samples[2 * i];
		q[i] = samples[2 * i + 1];
	}
	for (size_t i = 0; i < n; i++) {
		int32_t one = dot(first.samples + i, from_first), other = dot(second.samples + i, from_second);
		encode_pair(g, (g722_pair){(one + other) >> 14, (other - one) >> 14}, ret + i);
	}
	phase_end(&first, g->first, n);
	phase_end(&second, g->second, n);
}

INLINE void decode_chunk(struct g722 *g, const uint8_t *bytes, size_t n, int16_t *ret)
{
	struct phase sum, difference;
	int16_t *p = phase_begin(&sum, g->first, n), *q = phase_begin(&difference, g->second, n);

	for (size_t i = 0; i < n; i++) {
		unsigned low = bytes[i] & 63, high = bytes[i] >> 6;
		/* RECONS of both, at most 15 bits (LIMIT) */
		int32_t r = g->predicted[LOW] + ((g->step[LOW] * low_6[low]) >> 15);
		int32_t s = g->predicted[HIGH] + ((g->step[HIGH] * high_2[high]) >> 15);
		r = MAX(MIN(r, 16383), -16384);
		s = MAX(MIN(s, 16383), -16384);
		codes_known(g, low, high);
		p[i] = (int16_t)(r + s);
		q[i] = (int16_t)(r - s);
	}
	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = (int16_t)saturate(dot(difference.samples + i, from_second) >> 11);
		ret[2 * i + 1] = (int16_t)saturate(dot(sum.samples + i, from_first) >> 11);
	}
	phase_end(&sum, g->first, n);
	phase_end(&difference, g->second, n);
}

FOR_EACH_PROCESSOR
void g722_from_samples(struct g722 *g, const int16_t *samples, size_t n, uint8_t *ret)
{
	struct g722 here = *g;
	for (size_t at = 0; at < n / 2; at += CHUNK)
		encode_chunk(&here, samples + 2 * at, MIN(n / 2 - at, (size_t)CHUNK), ret + at);
	*g = here;
}

FOR_EACH_PROCESSOR
void g722_to_samples(struct g722 *g, const uint8_t *p, size_t n, int16_t *ret)
{
	struct g722 here = *g;
	for (size_t at = 0; at < n; at += CHUNK)
		decode_chunk(&here, p + at, MIN(n - at, (size_t)CHUNK), ret + 2 * at);
	*g = here;
}
