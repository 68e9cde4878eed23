/*
 * base/wheel.c - six wheels of 64 slots, each turning 64 times slower than the one below
 *
 * A timer stands at the level of the highest base-64 digit in which its due tick differs from the present tick, in the
 * slot of that digit. So all timers of a level are due before those of the level above, a slot's time is known without
 * looking into it, and one bitmap a level says where the next work is, however far time jumps. The top level is read
 * as a circle, because the tick count may be larger than six digits.
 */
#include "base/wheel.h"

#define DIGIT_BITS 6
#define TOP (WHEEL_LEVELS - 1)
#define TICK_US MS_US
/* 140,000 years: far enough for "never", near enough that sums of times do not overflow. */
#define FAR_US (INT64_MAX / 2)

static unsigned digit(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (DIGIT_BITS * level)) % WHEEL_SLOTS;
}

static void link_at(struct timer **head, struct timer *t)
{
	t->next = *head;
	t->prev = head;
	if (t->next)
		t->next->prev = &t->next;
	*head = t;
}

static void place(struct wheel *w, struct timer *t)
{
	/* Rounded up: never early. */
	uint64_t due = ((uint64_t)t->due_us + TICK_US - 1) / TICK_US;
	uint64_t differs = due ^ w->tick;
	unsigned level = differs ? (63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS : 0;
	unsigned slot;

	if (level >= TOP) {
		level = TOP;
		uint64_t now = w->tick >> (DIGIT_BITS * TOP);
		/* What is beyond one round of the top level waits in its last slot and is placed again from there. */
		slot = MIN(due >> (DIGIT_BITS * TOP), now + WHEEL_SLOTS - 1) % WHEEL_SLOTS;
	} else {
		slot = digit(due, level);
	}
	link_at(&w->slots[level][slot], t);
	w->occupied[level] |= UINT64_C(1) << slot;
}

/* Where the next work is: false if nowhere. At level 0 timers are due at *ret_tick, above they are to be placed anew.
 */
static bool next_work(const struct wheel *w, unsigned *ret_level, uint64_t *ret_tick)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		unsigned now = digit(w->tick, level);
		/* The present slot is in use at level 0 alone; what is due now has been placed further down. */
		unsigned from = level ? now + 1 : now;
		uint64_t bits = from < WHEEL_SLOTS ? w->occupied[level] >> from << from : 0;
		uint64_t round = w->tick >> (DIGIT_BITS * level) >> DIGIT_BITS;

		if (level == TOP && !bits) {
			bits = w->occupied[level];
			round++;
		}
		if (bits) {
			uint64_t slot = (uint64_t)__builtin_ctzll(bits);
			*ret_level = level;
			*ret_tick = (round * WHEEL_SLOTS + slot) << (DIGIT_BITS * level);
			return true;
		}
	}
	return false;
}

/* Empties a list into *to, which the list's first timer points back to from then on. */
static void take_list(struct timer **from, struct timer **to)
{
	*to = *from;
	*from = NULL;
	if (*to)
		(*to)->prev = to;
}

static void fire_list(struct wheel *w, struct timer **list)
{
	/* From the head each time: a callback may stop any timer that still waits in the list. */
	while (*list) {
		struct timer *t = *list;
		timer_stop(w, t);
		t->fn(t, t->arg);
	}
}

void wheel_init(struct wheel *w, int64_t now_us, int64_t wall_us)
{
	ASSERT(now_us >= 0);
	*w = (struct wheel){.now_us = now_us, .wall_us = wall_us, .tick = (uint64_t)now_us / TICK_US};
	w->first_offset_us = w->offset_us = wall_us - now_us;
	w->ready_end = &w->ready;
}

static void take_time(struct wheel *w, int64_t now_us, int64_t wall_us)
{
	w->now_us = MAX(w->now_us, now_us);
	w->wall_us = wall_us;
	int64_t by_us = wall_us - w->now_us - w->offset_us;
	w->offset_us += by_us;
	if (by_us < WHEEL_JUMP_US && by_us > -WHEEL_JUMP_US)
		return;
	w->jump_us = by_us;
	w->jumped_at_us = w->now_us;
	if (w->on_jump)
		w->on_jump(w->on_jump_arg, by_us);
}

void wheel_turn(struct wheel *w, int64_t now_us, int64_t wall_us)
{
	struct timer *due;
	uint64_t tick;
	unsigned level;

	take_time(w, now_us, wall_us);
	uint64_t target = (uint64_t)w->now_us / TICK_US;

	take_list(&w->ready, &due);
	w->ready_end = &w->ready;
	fire_list(w, &due);

	while (next_work(w, &level, &tick) && tick <= target) {
		w->tick = tick;
		unsigned slot = digit(tick, level);
		w->occupied[level] &= ~(UINT64_C(1) << slot);
		take_list(&w->slots[level][slot], &due);
		if (level == 0) {
			fire_list(w, &due);
			continue;
		}
		while (due) {
			struct timer *t = due;
			due = t->next;
			place(w, t);
		}
	}
	w->tick = target;
}

int64_t wheel_next_us(const struct wheel *w)
{
	uint64_t tick;
	unsigned level;

	if (w->ready)
		return w->now_us;
	return next_work(w, &level, &tick) ? (int64_t)tick * TICK_US : INT64_MAX;
}

void timer_start(struct wheel *w, struct timer *t, int64_t delay_us)
{
	timer_stop(w, t);
	w->running++;
	if (delay_us > 0) {
		t->due_us = w->now_us + MIN(delay_us, FAR_US - w->now_us);
		place(w, t);
		return;
	}
	/* Due at once means in the next turn: a callback that starts itself so must not keep this turn from ending. */
	t->due_us = w->now_us;
	t->next = NULL;
	t->prev = w->ready_end;
	*w->ready_end = t;
	w->ready_end = &t->next;
}

void timer_stop(struct wheel *w, struct timer *t)
{
	if (!timer_running(t))
		return;
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else if (w->ready_end == &t->next)
		w->ready_end = t->prev;

	/* Was it the last of its slot? Then prev points at the slot's head; elsewhere it points at a timer or a list.
	 */
	uintptr_t at = (uintptr_t)t->prev, slots = (uintptr_t)w->slots;
	if (!*t->prev && at >= slots && at - slots < sizeof(w->slots)) {
		size_t index = (at - slots) / sizeof(struct timer *);
		w->occupied[index / WHEEL_SLOTS] &= ~(UINT64_C(1) << index % WHEEL_SLOTS);
	}
	t->next = NULL;
	t->prev = NULL;
	w->running--;
}
