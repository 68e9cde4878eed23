/* store/worker.c - a store thread: waits for jobs, takes them in batches, hands the batches back */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/rights.h"
#include "store/store_private.h"

int store_signal_init(struct store_signal *signal)
{
	atomic_init(&signal->raised, false);
	return sem_init(&signal->semaphore, 0, 0) < 0 ? -errno : 0;
}

void store_signal_done(struct store_signal *signal)
{
	sem_destroy(&signal->semaphore);
}

void store_signal_raise(struct store_signal *signal)
{
	if (!atomic_exchange(&signal->raised, true))
		(void)sem_post(&signal->semaphore);
}

void store_signal_wait(struct store_signal *signal, int64_t at_most_us)
{
	int rc;

	if (at_most_us == INT64_MAX) {
		do
			rc = sem_wait(&signal->semaphore);
		while (rc < 0 && errno == EINTR);
	} else {
		int64_t until_us = clock_monotonic_us() + at_most_us;
		struct timespec until = {.tv_sec = until_us / SECOND_US, .tv_nsec = until_us % SECOND_US * 1000};
		do
			rc = sem_clockwait(&signal->semaphore, CLOCK_MONOTONIC, &until);
		while (rc < 0 && errno == EINTR);
	}
	/*
	 * Before the caller looks: what is raised from now on wakes it again. An exchange, because it reads what the
	 * last raise wrote, and so sees what was left before a raise that posted nothing.
	 */
	if (rc == 0)
		(void)atomic_exchange(&signal->raised, false);
}

/* In the order they were posted; NULL: none waits. */
static struct store_job *take_jobs(struct store_worker *w)
{
	struct store_job *first = NULL, **end = &first, *job;
	size_t count = 0, bytes = 0;

	while (count < STORE_BATCH_JOBS_MAX && bytes < STORE_BATCH_BYTES_MAX && ring_pop(w->jobs, &job)) {
		if (!first)
			atomic_store_explicit(&w->oldest_us, job->posted_us, memory_order_relaxed);
		job->next = NULL;
		*end = job;
		end = &job->next;
		count++;
		bytes += MIN(job->bytes, (size_t)STORE_BATCH_BYTES_MAX);
	}
	return first;
}

bool store_worker_turn(struct store_worker *w)
{
	struct store *s = w->store;
	struct store_batch batch = {.jobs = take_jobs(w)};
	if (!batch.jobs)
		return false;

	if (w == &s->writer)
		store_write_batch(w, batch.jobs, &batch.changes);
	else
		store_read_batch(w, batch.jobs);
	atomic_store_explicit(&w->oldest_us, 0, memory_order_relaxed);

	/* A batch has at least one job, and there are as many places as jobs can be out. */
	int rc = ring_push(w->batches, &batch);
	ASSERT(rc == 0);
	return true;
}

static void wake_asked(void *arg)
{
	struct store_worker *w = arg;
	store_signal_raise(&w->work);
}

static void work(struct store_worker *w)
{
	struct store *s = w->store;

	for (;;) {
		pulse_answer(&w->pulse);
		/* Read before the look into the ring: what was posted before the stop is still run. */
		bool stopping = atomic_load(&w->stopping);
		if (store_worker_turn(w)) {
			store_signal_raise(&s->ready);
			s->config.wake(s->config.wake_arg);
			continue;
		}
		if (stopping)
			return;
		store_signal_wait(&w->work, w->calls_open ? STORE_IDLE_BEAT_US : INT64_MAX);
		if (w->calls_open && clock_monotonic_us() - w->last_beat_us >= STORE_IDLE_BEAT_US)
			store_write_beat(w);
	}
}

static void *worker_main(void *arg)
{
	struct store_worker *w = arg;
	const char *name = w == &w->store->writer ? "store-writer" : "store-reader";

	(void)pthread_setname_np(pthread_self(), name);
	int rc = rights_give_up();
	ASSERT(rc == 0);
	pulse_begin(&w->pulse, name, wake_asked, w);
	w->db->pulse = &w->pulse;
	work(w);
	w->db->pulse = NULL;
	pulse_end(&w->pulse);
	return NULL;
}

int store_worker_start(struct store_worker *w)
{
	int rc = pthread_create(&w->thread, NULL, worker_main, w);
	if (rc == 0)
		w->started = true;
	return -rc;
}

void store_worker_stop(struct store_worker *w)
{
	if (!w->started)
		return;
	atomic_store(&w->stopping, true);
	store_signal_raise(&w->work);
	pthread_join(w->thread, NULL);
	w->started = false;
}
