/*
 * net/loop.h - the switchboard's loop: libuv and the timer wheel, turned together
 *
 * A turn: the wheel's time is moved and its timers fire, then every callback of libuv that is due runs, then what was
 * batched is flushed, then the loop sleeps until there is work. It does the sleeping itself, on libuv's descriptor, for
 * libuv has no place to set a time between its sleep and the first callback after it: so whatever runs here,
 * libwebsockets included, finds the wheel's time fresh, once and the same for the whole turn. Owner: the thread that
 * calls loop_run(). Only loop_waker_wake() may be called from elsewhere.
 */
#pragma once
#include "base/metrics.h"
#include "base/wheel.h"

struct loop;
typedef struct uv_loop_s uv_loop_t;

/* Makes the process ignore SIGPIPE: a peer that has gone is an error of the write, not a reason to die. */
MUST_USE int loop_new(struct loop **ret_loop);
struct loop *loop_free(struct loop *l); /* everything on it has been closed and drained; NULL is fine */
struct wheel *loop_wheel(struct loop *l);
uv_loop_t *loop_uv(struct loop *l); /* for libwebsockets, which shares the loop; nobody else calls uv_run() on it */
void loop_run(struct loop *l);      /* until loop_stop() */
void loop_stop(struct loop *l);     /* at the end of the present turn */
/*
 * Runs the loop until all handles have closed: after everything was told to close, before loop_free(). Timers still
 * fire; signals are given up.
 */
void loop_drain(struct loop *l);

/*
 * Called once a turn before the loop sleeps, after all input of the turn was handled: where batched output leaves.
 * fn may remove any hook, itself included.
 */
struct loop_flush {
	void (*fn)(void *arg);
	void *arg;
	struct loop_flush *next;
};
void loop_add_flush(struct loop *l, struct loop_flush *f);
void loop_remove_flush(struct loop *l, struct loop_flush *f);

/*
 * How long there has been more input in each turn than a turn takes: the age that the oldest of it may have. 0 as soon
 * as a turn has read everything, and while one slow turn, or a machine that was away, is all there is. Beyond some 10
 * ms more comes in than is done.
 */
int64_t loop_behind_us(const struct loop *l);

/*
 * Room for descriptors below this number, taken now: libuv ends the process when it finds none later. -EMFILE: no such
 * number is allowed; -ENOMEM.
 */
MUST_USE int loop_reserve(struct loop *l, unsigned descriptors);

/* The next turn begins without sleep: for work that was cut off so that this turn stays short. */
void loop_want_turn(struct loop *l);

/* Another thread asks for a turn; calls may be merged into one. fn runs on the loop's thread. */
struct loop_waker;
MUST_USE int loop_waker_new(struct loop *l, void (*fn)(void *arg), void *arg, struct loop_waker **ret);
void loop_waker_wake(struct loop_waker *w);  /* any thread, async-signal-safe */
void loop_waker_close(struct loop_waker *w); /* freed by the loop once closed; fn is not called again */

/* SIGINT, SIGTERM, SIGHUP as events of a turn, until loop_drain(). */
MUST_USE int loop_on_signal(struct loop *l, int signal_number, void (*fn)(void *arg), void *arg);

void loop_metrics(struct loop *l, struct metrics *m); /* time of a turn: histogram, 20 ms is an alarm; timers */
