/* The jitter buffer on a network that loses, delays, repeats and reorders: what is heard, when, and by which delay. */
#include "rtp/jitter.h"
#include "rtp_rig.h"

#define FRAME_US (20 * MS_US)
#define UNITS 160u

/* A sender, a network, a listener who asks every 20 ms. Chance is repeatable. */
struct world {
	struct jitter j;
	int64_t now_us;
	uint32_t chance;
	uint16_t sequence;
	uint32_t timestamp;
	struct {
		int64_t at_us; /* 0: nothing is on its way here */
		struct jitter_packet packet;
		uint16_t number;
	} wire[256];
	/* heard */
	unsigned sent, packets, shorter, lost, empty, longer, nothing;
	int64_t last; /* sequence number, extended; -1: none */
	int64_t delay_sum_us;
};

static uint32_t chance(struct world *w, uint32_t below)
{
	w->chance = w->chance * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)w->chance * below >> 32);
}

static void world_init(struct world *w, uint32_t seed)
{
	*w = (struct world){
		.now_us = 77 * SECOND_US, .chance = seed, .sequence = 65500, .timestamp = 0xfffff000, .last = -1};
	jitter_init(&w->j);
	jitter_restart(&w->j, 8);
}

static void put(struct world *w, int64_t at_us)
{
	size_t i = 0;
	while (w->wire[i].at_us)
		assert_true(++i < ARRAY_LEN(w->wire));
	w->wire[i].at_us = at_us;
	w->wire[i].number = w->sequence;
	w->wire[i].packet = (struct jitter_packet){
		.sequence = w->sequence, .timestamp = w->timestamp, .duration = UNITS, .bytes = 2};
}

static void deliver(struct world *w, int64_t until_us)
{
	for (;;) {
		size_t best = ARRAY_LEN(w->wire);
		for (size_t i = 0; i < ARRAY_LEN(w->wire); i++)
			if (w->wire[i].at_us && w->wire[i].at_us <= until_us &&
			    (best == ARRAY_LEN(w->wire) || w->wire[i].at_us < w->wire[best].at_us))
				best = i;
		if (best == ARRAY_LEN(w->wire))
			return;
		uint8_t bytes[2];
		write_be16(bytes, w->wire[best].number);
		w->wire[best].packet.p = bytes;
		jitter_put(&w->j, &w->wire[best].packet, w->wire[best].at_us);
		w->wire[best].at_us = 0;
	}
}

/* Sound of 20 ms, in as many answers as it takes. */
static void listen(struct world *w)
{
	uint32_t units = 0;
	while (units < UNITS) {
		struct jitter_packet p;
		enum jitter_next next = jitter_get(&w->j, w->now_us, false, &p);
		if (next == JITTER_NOTHING) {
			w->nothing++;
			return;
		}
		assert_in_range(p.duration, 1, UNITS);
		if (next == JITTER_PACKET || next == JITTER_SHORTER) {
			/* In order, each once, with its own bytes. */
			assert_int_equal(read_be16(p.p), p.sequence);
			int64_t number = w->last < 0 ? p.sequence : w->last + (int16_t)(p.sequence - (uint16_t)w->last);
			assert_true(number > w->last);
			w->last = number;
		}
		w->packets += next == JITTER_PACKET;
		w->shorter += next == JITTER_SHORTER;
		w->lost += next == JITTER_LOST;
		w->empty += next == JITTER_EMPTY;
		w->longer += next == JITTER_LONGER;
		units += next == JITTER_SHORTER ? 0 : p.duration;
	}
	w->delay_sum_us += jitter_delay_us(&w->j, w->now_us);
}

struct weather {
	unsigned loss, twice; /* of a thousand */
	uint32_t jitter_us;   /* evenly up to that */
	unsigned spikes;      /* of a thousand come 150 ms later */
	int drift_ppm;        /* of the sender's clock */
};

static void speak(struct world *w, const struct weather *weather, unsigned frames)
{
	for (unsigned i = 0; i < frames; i++) {
		w->sequence++;
		w->timestamp += UNITS;
		w->sent++;
		int64_t late_us = weather->jitter_us ? chance(w, weather->jitter_us) : 0;
		if (chance(w, 1000) < weather->spikes)
			late_us += 150 * MS_US;
		int64_t drifted_us = FRAME_US * i / 1000000 * weather->drift_ppm;
		if (chance(w, 1000) >= weather->loss)
			put(w, w->now_us + 30 * MS_US + late_us + drifted_us);
		if (chance(w, 1000) < weather->twice)
			put(w, w->now_us + 31 * MS_US + late_us + drifted_us);
		w->now_us += FRAME_US;
		deliver(w, w->now_us);
		listen(w);
	}
}

/* What came is heard, passed over, or too late: nothing else, and nothing twice. */
static void assert_adds_up(const struct world *w)
{
	const struct jitter_figures *f = &w->j.figures;
	assert_int_equal(w->packets, f->played);
	assert_int_equal(w->shorter, f->shorter);
	assert_int_equal(w->longer, f->longer);
	assert_int_equal(f->overflows, 0);
}

static void test_calm(void **state)
{
	struct world w;
	world_init(&w, 1);
	speak(&w, &(struct weather){0}, 1000);
	assert_adds_up(&w);
	assert_int_equal(w.lost + w.empty + w.longer, 0);
	/* Held for 40 ms at first, then for as long as its own steps want. */
	assert_true(w.shorter <= 2 && w.nothing < 8);
	assert_true(w.packets + w.shorter + w.nothing >= 998);
	assert_true(jitter_delay_us(&w.j, w.now_us) <= 40 * MS_US);
}

static const struct {
	struct weather weather;
	unsigned late_percent, repaired_percent; /* at most */
	int64_t delay_us;                        /* at most, on average */
} seasons[] = {
	{{.loss = 30}, 0, 2, 50 * MS_US},
	{{.jitter_us = 15 * MS_US}, 1, 2, 60 * MS_US},
	{{.jitter_us = 80 * MS_US}, 3, 4, 130 * MS_US}, /* reorders up to four */
	{{.jitter_us = 40 * MS_US, .loss = 50, .twice = 50}, 3, 4, 90 * MS_US},
	{{.spikes = 5}, 1, 2, 60 * MS_US},                           /* too seldom to wait for them */
	{{.spikes = 40, .jitter_us = 5 * MS_US}, 3, 5, 200 * MS_US}, /* too often not to */
	{{.drift_ppm = 200, .jitter_us = 10 * MS_US}, 2, 2, 70 * MS_US},
	{{.drift_ppm = -200, .jitter_us = 10 * MS_US}, 2, 2, 70 * MS_US},
};

static void test_weather(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(seasons); i++)
		for (uint32_t seed = 1; seed <= 5; seed++) {
			struct world w;
			world_init(&w, seed);
			speak(&w, &seasons[i].weather, 6000);
			assert_adds_up(&w);
			unsigned repaired = w.empty + w.longer + w.shorter;
			int64_t delay_us = w.delay_sum_us / 6000;
			if (w.j.figures.late * 100 > w.sent * seasons[i].late_percent + 100 ||
			    repaired * 100 > w.sent * (seasons[i].repaired_percent + seasons[i].weather.loss / 10) ||
			    delay_us > seasons[i].delay_us)
				fail_msg("season %zu: %u late, %u empty, %u longer, %u shorter of %u, %lld us", i,
					 w.j.figures.late, w.empty, w.longer, w.shorter, w.sent, (long long)delay_us);
			/* What did not come at all is known as such. */
			unsigned missing = w.sent - w.packets - w.shorter - w.j.figures.late;
			assert_true(w.lost <= missing + w.j.figures.late);
		}
}

/* The way gets longer in mid-call, and shorter again: the delay follows both, within seconds. */
static void test_way_changes(void **state)
{
	struct world w;
	world_init(&w, 3);
	speak(&w, &(struct weather){.jitter_us = 5 * MS_US}, 500);
	speak(&w, &(struct weather){.jitter_us = 90 * MS_US}, 500);
	int64_t high_us = jitter_delay_us(&w.j, w.now_us);
	assert_in_range(high_us, 60 * MS_US, 150 * MS_US);
	unsigned empty = w.empty;
	speak(&w, &(struct weather){.jitter_us = 90 * MS_US}, 500);
	assert_true(w.empty - empty < 20);
	speak(&w, &(struct weather){.jitter_us = 5 * MS_US}, 2500);
	assert_true(jitter_delay_us(&w.j, w.now_us) <= 50 * MS_US);
	assert_adds_up(&w);
}

/* One packet is missing: the next is handed along, for what it says of it. A second before it is only lost. */
static void test_loss_is_told(void **state)
{
	struct world w;
	world_init(&w, 1);
	speak(&w, &(struct weather){0}, 100);
	w.sequence += 2;
	w.timestamp += 2 * UNITS;
	uint16_t next = (uint16_t)(w.sequence + 1);
	w.now_us += 2 * FRAME_US;
	listen(&w);
	speak(&w, &(struct weather){0}, 3);
	struct jitter_packet p;
	bool told = false;
	for (int i = 0; i < 8; i++) {
		enum jitter_next what = jitter_get(&w.j, w.now_us, false, &p);
		if (what != JITTER_LOST)
			continue;
		assert_int_equal(p.duration, UNITS);
		told |= p.p != NULL && p.sequence == next && read_be16(p.p) == next;
	}
	assert_true(told);
}

/* A pause of the sender, with its numbers going on and its time too: nothing is lost, and it is heard again. */
static void test_pause(void **state)
{
	struct world w;
	world_init(&w, 1);
	speak(&w, &(struct weather){0}, 100);
	unsigned packets = w.packets;
	for (int i = 0; i < 200; i++) {
		w.now_us += FRAME_US;
		w.timestamp += UNITS;
		deliver(&w, w.now_us);
		listen(&w);
	}
	assert_true(w.nothing > 170); /* it knows that nobody speaks */
	unsigned lost = w.lost, late = w.j.figures.late;
	speak(&w, &(struct weather){0}, 50);
	assert_true(w.packets - packets > 46);
	assert_int_equal(w.lost, lost);
	assert_int_equal(w.j.figures.late, late);
}

/* Silence between two packets, as DTX makes it, keeps its length. */
static void test_short_silence(void **state)
{
	struct world w;
	world_init(&w, 1);
	speak(&w, &(struct weather){0}, 100);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10; i++) {
			w.now_us += FRAME_US;
			w.timestamp += UNITS;
			deliver(&w, w.now_us);
			listen(&w);
		}
		speak(&w, &(struct weather){0}, 5);
	}
	assert_int_equal(w.lost, 0);
	assert_int_equal(w.j.figures.late, 0);
	assert_in_range(w.empty, 180, 205);
}

/* Another clock, or the same set anew: it begins again, and hears at once. */
static void test_jumps(void **state)
{
	struct world w;
	world_init(&w, 1);
	speak(&w, &(struct weather){0}, 100);
	w.timestamp += 0x40000000;
	unsigned packets = w.packets;
	speak(&w, &(struct weather){0}, 50);
	assert_true(w.packets - packets >= 46);
	assert_int_equal(w.j.figures.restarts, 1);
	deliver(&w, w.now_us + SECOND_US);
	jitter_restart(&w.j, 8); /* another SSRC */
	w.sequence = 4;
	w.timestamp = 0x80000000;
	w.last = -1;
	packets = w.packets;
	speak(&w, &(struct weather){0}, 50);
	assert_true(w.packets - packets >= 46);
}

/* All that was held up comes at once: more than has room, and what is kept is the newest. */
static void test_burst(void **state)
{
	struct world w;
	uint8_t bytes[1500] = {0};
	world_init(&w, 1);
	for (uint16_t i = 0; i < 500; i++) {
		struct jitter_packet p = {
			.sequence = i, .timestamp = i * UNITS, .duration = UNITS, .bytes = 1500, .p = bytes};
		write_be16(bytes, i);
		jitter_put(&w.j, &p, w.now_us);
	}
	assert_true(w.j.figures.overflows >= 500 - JITTER_PACKETS_MAX);
	struct jitter_packet p;
	int64_t last = -1;
	unsigned heard = 0;
	for (int i = 0; i < 600; i++) {
		enum jitter_next what = jitter_get(&w.j, w.now_us += FRAME_US, false, &p);
		if (what != JITTER_PACKET && what != JITTER_SHORTER)
			continue;
		assert_true(p.sequence > last);
		assert_int_equal(read_be16(p.p), p.sequence);
		last = p.sequence;
		heard++;
	}
	assert_int_equal(last, 499);
	assert_in_range(heard, 9, 11); /* 16 KiB of 1500 */
}

/* One packet that took long is known for a minute; after that only what is usual is looked at. */
static void test_forgets(void **state)
{
	struct world w;
	world_init(&w, 1);
	speak(&w, &(struct weather){0}, 500);
	assert_int_equal(w.j.bins, 1);
	put(&w, w.now_us + 200 * MS_US); /* the last one again */
	speak(&w, &(struct weather){0}, 50);
	assert_in_range(w.j.bins, 30, JITTER_BINS);
	speak(&w, &(struct weather){0}, 3000);
	assert_int_equal(w.j.bins, 1);
	for (size_t i = 1; i < JITTER_BINS; i++)
		assert_true(w.j.share[i] == 0);
}

/* Long packets, and short ones, keep their pace. */
static void test_lengths(void **state)
{
	static const uint32_t lengths[] = {80, 240, 320, 480, 960};
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct jitter j;
		struct jitter_packet p;
		uint32_t units = lengths[i], came = 0, heard = 0, asked = 0, bad = 0;
		jitter_init(&j);
		jitter_restart(&j, 8);
		for (uint32_t ms = 1; ms <= 20000; ms++) {
			int64_t now_us = ms * MS_US;
			if (ms * 8 % units == 0) {
				p = (struct jitter_packet){.sequence = (uint16_t)came,
							   .timestamp = came * units,
							   .duration = units,
							   .p = (const uint8_t *)""};
				jitter_put(&j, &p, now_us);
				came++;
			}
			if (ms % 20 == 7)
				asked += UNITS;
			while (heard < asked) {
				enum jitter_next what = jitter_get(&j, now_us, true, &p);
				if (what == JITTER_NOTHING)
					asked = heard;
				else if (what != JITTER_SHORTER)
					heard += p.duration;
				bad += what == JITTER_EMPTY || what == JITTER_LOST;
			}
		}
		assert_int_equal(bad, 0);
		assert_in_range(j.figures.played, came - 12, came);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),        cmocka_unit_test(test_weather),
		cmocka_unit_test(test_way_changes), cmocka_unit_test(test_loss_is_told),
		cmocka_unit_test(test_pause),       cmocka_unit_test(test_short_silence),
		cmocka_unit_test(test_jumps),       cmocka_unit_test(test_burst),
		cmocka_unit_test(test_forgets),     cmocka_unit_test(test_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
