/*
 * base/wheel.h - the timer wheel: start, stop and fire in O(1), millisecond grain, any number of timers
 *
 * The wheel holds the time that everything above `net` lives by: wheel->now_us. It is moved by whoever owns the
 * loop (net/loop.c in the program, tests/sim on an injected clock) and by nobody else. One thread.
 */
#pragma once
#include "base/common.h"

struct timer;
typedef void (*timer_fn)(struct timer *t, void *arg);

struct timer {
	struct timer *next, **prev; /* private; prev NULL: not running */
	int64_t due_us;
	timer_fn fn;
	void *arg;
};

#define WHEEL_LEVELS 6
#define WHEEL_SLOTS 64
struct wheel {
	int64_t now_us;  /* monotonic; the time of this turn */
	int64_t wall_us; /* UTC microseconds since 1970, only for what is recorded or shown */
	size_t running;  /* timers started */
	/* How far the wall clock was set when it last was (back: negative), and now_us then; 0: never. */
	int64_t jump_us, jumped_at_us;
	/* Called when it has been set, before any timer of that turn; NULL: nobody asks. */
	void (*on_jump)(void *arg, int64_t by_us);
	void *on_jump_arg;
	/* private */
	int64_t first_offset_us, offset_us; /* wall clock - monotonic clock, at the start and now */
	uint64_t tick;
	uint64_t occupied[WHEEL_LEVELS];
	struct timer *slots[WHEEL_LEVELS][WHEEL_SLOTS];
	struct timer *ready, **ready_end; /* started with no delay: for the next turn */
};

/* Between two turns a clock that is kept by NTP is off by less, even after an hour's sleep; more has been set. */
#define WHEEL_JUMP_US (5 * SECOND_US)

void wheel_init(struct wheel *w, int64_t now_us, int64_t wall_us);
/*
 * Move time to now_us and fire every timer due, in order of due time to the millisecond. A timer never fires early;
 * it is stopped before its fn runs, which may start and stop any timer, itself included. A now_us before the
 * wheel's own is ignored (time does not go back); wall_us may jump.
 */
void wheel_turn(struct wheel *w, int64_t now_us, int64_t wall_us);
/* The wall clock as it would be, had nobody set it since the start: for times whose distance others measure. */
static inline int64_t wheel_steady_us(const struct wheel *w)
{
	return w->now_us + w->first_offset_us;
}
/* When the wheel wants its next turn at the latest, or INT64_MAX. May be earlier than the next timer, never later. */
int64_t wheel_next_us(const struct wheel *w);

static inline bool timer_running(const struct timer *t)
{
	return t->prev != NULL;
}
/*
 * Once, where the object is made that holds it: one timer has one meaning. In memory that is zeroed, or that held a
 * timer which has stopped: a running one would leave the wheel's list in pieces, and time would never get past it.
 */
static inline void timer_init(struct timer *t, timer_fn fn, void *arg)
{
	ASSERT(!timer_running(t));
	*t = (struct timer){.fn = fn, .arg = arg};
}
/* From w->now_us; restarts a running timer. With a delay of 0 or less it fires in the next turn, never in this one. */
void timer_start(struct wheel *w, struct timer *t, int64_t delay_us);
void timer_stop(struct wheel *w, struct timer *t); /* a timer that is not running is fine */
