/*
 * audio/g722.c - G.722 at 64 kbit/s   ITU-T G.722 §3, §4
 *
 * Integers as the Recommendation has them: 16 bits that saturate, products shifted down. What is done to all six zeros
 * at once is done in lanes, and the search through the quantiser's steps without a branch that depends on the voice.
 */
#include "audio/g722.h"

#define LANES 8
#define CHUNK 160     /* pairs of samples filtered at a time: 20 ms */
#define DOT_LANES 16  /* G722_TAPS, filled up for whole vectors */
#define LOW_LEVELS 32 /* thresholds of the lower quantiser, filled up likewise */

static int32_t saturate(int32_t x)
{
	if (__builtin_expect(x != (int16_t)x, 0))
		return (x >> 31) ^ INT16_MAX;
	return x;
}

static int32_t bounded(int32_t x, int32_t most)
{
	return x > most ? most : x < -most ? -most : x;
}

/* ---- quantisers: §3.6, tables 14 to 21 ---- */

/* Where the steps of the lower sub-band's quantiser end, in 4096 of its step; not reached: INT16_MAX. */
static const int16_t low_ends[LOW_LEVELS] = {
	35,  72,  110,  150,  190,  233,  276,  323,  370,  422,  473,  530,  587,  650,       714,       786,
	858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919, INT16_MAX, INT16_MAX, INT16_MAX,
};

/* Six bits for each step, counted from the one around zero: below zero and above. */
static const uint8_t low_codes[2][30] = {
	{63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,
	 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4},
	{61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
	 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32},
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

/* shift: what makes the largest power the smallest step (blocks LOGSCL, SCALEL; LOGSCH, SCALEH). */
static void move_step(struct g722_band *b, int32_t move, int32_t most, int32_t shift)
{
	int32_t log_step = ((b->log_step * 127) >> 7) + move;
	b->log_step = log_step < 0 ? 0 : log_step > most ? most : log_step;
	int32_t power = powers[(b->log_step >> 6) & 31], down = shift - (b->log_step >> 11);
	b->step = (down < 0 ? power << -down : power >> down) << 2;
}

/* ---- prediction: §3.7, blocks RECONS to PREDIC ---- */

/* The lanes by four, the first one lowest. */
typedef uint64_t halves __attribute__((vector_size(16)));
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lanes are moved up by shifting");

/* UPZERO: each leaks by 1/256 and moves towards what would have told this difference from the one before. */
static void move_zeros(struct g722_band *b, int16_t difference)
{
	const g722_lanes used = {128, 128, 128, 128, 128, 128};
	g722_lanes all = {difference, difference, difference, difference, difference, difference};
	g722_lanes apart = (b->history ^ all) >> 15, moves = used & (g722_lanes)(all != 0);
	b->zero = b->zero - (b->zero >> 8) + ((b->zero & 255) != 0) + ((moves ^ apart) - apart);
}

/* All move up a lane, the last one out: as two halves of four, for which processors have an instruction. */
static void remember(struct g722_band *b, int16_t doubled)
{
	halves h = (halves)b->history;
	halves come = {(uint16_t)doubled, h[0] >> 48};
	b->history = (g722_lanes)((h << 16) | come);
}

/* FILTEZ. The two lanes that are not used add nothing; with them the compiler keeps it in lanes. */
static int32_t sum_of_zeros(const struct g722_band *b)
{
	int16_t zero[LANES], history[LANES];
	memcpy(zero, &b->zero, sizeof(zero));
	memcpy(history, &b->history, sizeof(history));
	int32_t sum = 0;
	for (size_t i = 0; i < LANES; i++)
		sum += (zero[i] * history[i]) >> 15;
	return saturate(sum);
}

/* The quantised difference of this sample has become known. Signs choose by masks: they are as good as random. */
static void predict_next(struct g722_band *b, int32_t difference)
{
	int32_t again = saturate(2 * saturate(b->predicted + difference)); /* RECONS, doubled for FILTEP */
	int32_t sign = (b->from_zeros + difference) >> 31;                 /* of PARREC */
	int32_t same = ~(sign ^ b->sign[0]), same_as_second = ~(sign ^ b->sign[1]);
	/* UPPOL2, UPPOL1 */
	int32_t slope = MIN((saturate(4 * b->pole[0]) ^ same) - same, INT16_MAX);
	int32_t second = (256 & same_as_second) - 128 + (slope >> 7) + ((b->pole[1] * 32512) >> 15);
	second = bounded(second, 12288);
	int32_t first = (384 & same) - 192 + ((b->pole[0] * 32640) >> 15);
	first = bounded(first, 15360 - second);
	/* FILTEP, PREDIC */
	int32_t from_poles = saturate(((first * again) >> 15) + ((second * b->again) >> 15));
	move_zeros(b, (int16_t)difference);
	remember(b, (int16_t)saturate(2 * difference));
	b->from_zeros = sum_of_zeros(b);
	b->predicted = saturate(from_poles + b->from_zeros);
	b->pole[0] = first;
	b->pole[1] = second;
	b->again = again;
	b->sign[1] = b->sign[0];
	b->sign[0] = sign;
}

static void low_known(struct g722_band *b, unsigned code)
{
	int32_t difference = (b->step * low_4[code >> 2]) >> 15;
	move_step(b, low_moves[code >> 2], LOW_LOG_MAX, 8);
	predict_next(b, difference);
}

static void high_known(struct g722_band *b, unsigned code)
{
	int32_t difference = (b->step * high_2[code]) >> 15;
	move_step(b, high_moves[code], HIGH_LOG_MAX, 10);
	predict_next(b, difference);
}

/* ---- encoding ---- */

/* QUANTL: how many steps end at or below the size, end * step / 4096 <= size, as one division for all of them. */
static unsigned low_code(const struct g722_band *b, int32_t difference)
{
	int32_t size = difference < 0 ? ~difference : difference;
	int16_t beyond = (int16_t)MIN(((size + 1) * 4096 - 1) / b->step, INT16_MAX - 1);
	int16_t index = 0;
	for (size_t i = 0; i < LOW_LEVELS; i++)
		index = (int16_t)(index + (low_ends[i] <= beyond));
	return low_codes[difference >= 0][index];
}

/* QUANTH */
static unsigned high_code(const struct g722_band *b, int32_t difference)
{
	int32_t size = difference < 0 ? ~difference : difference;
	unsigned large = size >= (564 * b->step) >> 12;
	return (difference < 0 ? 1 : 3) - large;
}

/* ---- the filter: §3.1, §4.4, table 11 ---- */

static const int16_t from_first[DOT_LANES] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
static const int16_t from_second[DOT_LANES] = {-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3};

static int32_t dot(const int16_t *samples, const int16_t weights[DOT_LANES])
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
	*g = (struct g722){.low.step = LOW_STEP_MIN, .high.step = HIGH_STEP_MIN};
}

static void encode_chunk(struct g722 *g, const int16_t *samples, size_t n, uint8_t *ret)
{
	struct phase first, second;
	int16_t *p = phase_begin(&first, g->first, n), *q = phase_begin(&second, g->second, n);

	for (size_t i = 0; i < n; i++) {
		p[i] = samples[2 * i];
		q[i] = samples[2 * i + 1];
	}
	for (size_t i = 0; i < n; i++) {
		int32_t one = dot(first.samples + i, from_first), other = dot(second.samples + i, from_second);
		unsigned low = low_code(&g->low, saturate(((one + other) >> 14) - g->low.predicted));
		unsigned high = high_code(&g->high, saturate(((other - one) >> 14) - g->high.predicted));
		low_known(&g->low, low);
		high_known(&g->high, high);
		ret[i] = (uint8_t)(high << 6 | low);
	}
	phase_end(&first, g->first, n);
	phase_end(&second, g->second, n);
}

static void decode_chunk(struct g722 *g, const uint8_t *bytes, size_t n, int16_t *ret)
{
	struct phase sum, difference;
	int16_t *p = phase_begin(&sum, g->first, n), *q = phase_begin(&difference, g->second, n);

	for (size_t i = 0; i < n; i++) {
		unsigned low = bytes[i] & 63, high = bytes[i] >> 6;
		/* RECONS of both, at most 15 bits (LIMIT) */
		int32_t r = g->low.predicted + ((g->low.step * low_6[low]) >> 15);
		int32_t s = g->high.predicted + ((g->high.step * high_2[high]) >> 15);
		r = r > 16383 ? 16383 : r < -16384 ? -16384 : r;
		s = s > 16383 ? 16383 : s < -16384 ? -16384 : s;
		low_known(&g->low, low);
		high_known(&g->high, high);
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

void g722_from_samples(struct g722 *g, const int16_t *samples, size_t n, uint8_t *ret)
{
	for (size_t at = 0; at < n / 2; at += CHUNK)
		encode_chunk(g, samples + 2 * at, MIN(n / 2 - at, (size_t)CHUNK), ret + at);
}

void g722_to_samples(struct g722 *g, const uint8_t *p, size_t n, int16_t *ret)
{
	for (size_t at = 0; at < n; at += CHUNK)
		decode_chunk(g, p + at, MIN(n - at, (size_t)CHUNK), ret + 2 * at);
}
