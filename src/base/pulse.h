/*
 * base/pulse.h - does a thread still turn? It is asked, and answers from its own rounds
 *
 * Each thread that must not stand still begins a pulse and answers it once a round. One other, the watchdog, goes
 * through all of them again and again. Time is counted in its rounds and not by a clock: a machine that was suspended,
 * or that had no processor for anybody, cost the watchdog a round like everybody else, and accuses nobody.
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "base/common.h"

/* Not blocked on a thread that has a pulse: the watchdog has its stack written by a handler of this signal. */
#define PULSE_SIGNAL SIGUSR2

struct pulse {
	const char *name;
	void (*wake)(void *arg); /* any thread: a sleeping one comes round */
	void *arg;
	pthread_t thread;
	_Atomic uint32_t asked, answered;
	_Atomic bool outside;
	unsigned missed; /* rounds of the watchdog; its own */
	struct pulse *next;
};

/* On the thread itself, at its begin and its end. name: borrowed. The storage is the caller's until the end. */
void pulse_begin(struct pulse *p, const char *name, void (*wake)(void *arg), void *arg);
void pulse_end(struct pulse *p);

/* On the thread itself, in each of its rounds. Costs two loads when nobody has asked. */
static inline void pulse_answer(struct pulse *p)
{
	uint32_t asked = atomic_load_explicit(&p->asked, memory_order_relaxed);
	if (asked != atomic_load_explicit(&p->answered, memory_order_relaxed))
		atomic_store_explicit(&p->answered, asked, memory_order_relaxed);
}

/*
 * On the thread itself, around a wait for a disk or a server: however long that takes, it is their slowness, which a
 * new start would not cure. An endless loop or a lock of our own between two such waits is a hang.
 */
static inline void pulse_wait(struct pulse *p, bool outside)
{
	atomic_store_explicit(&p->outside, outside, memory_order_relaxed);
}

/*
 * The watchdog's round, from one thread: who has answered (or waits outside) is asked anew; who has not answered for
 * `missed_max` rounds is handed to stuck(), which may not call anything of this header. Returns how many owe an answer.
 */
unsigned pulse_round(unsigned missed_max, void (*stuck)(const struct pulse *p, void *arg), void *arg);
