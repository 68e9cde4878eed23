/* net/loop.c - one turn after the other: time and timers, libuv's callbacks, the flush, sleep */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop_private.h"

struct loop_signal {
	uv_signal_t handle;
	void (*fn)(void *arg);
	void *arg;
	struct loop_signal *next;
};

struct loop_waker {
	uv_async_t handle;
	void (*fn)(void *arg);
	void *arg;
};

/* 5 ms is what a callback may take, 20 ms an alarm. */
static const int64_t turn_bounds[] = {100,        250,        500,        1 * MS_US,   2 * MS_US,  5 * MS_US,
				      10 * MS_US, 20 * MS_US, 50 * MS_US, 100 * MS_US, 500 * MS_US};

static void keeper_woken(uv_async_t *handle) {}

static void wake_keeper(void *arg)
{
	(void)uv_async_send(arg);
}

int loop_new(struct loop **ret_loop)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	int rc = uv_loop_init(&l->uv);
	if (rc < 0)
		goto out;
	rc = uv_async_init(&l->uv, &l->keeper, keeper_woken);
	if (rc < 0) {
		uv_loop_close(&l->uv);
		goto out;
	}
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		ASSERT(!"SIGPIPE can always be ignored");
	l->rested_us = clock_monotonic_us();
	wheel_init(&l->wheel, l->rested_us, clock_wall_us());
	thread_owner_take(&l->thread);
	l->turn_time = (struct metric){.name = "alto_net_turn_seconds",
				       .help = "Time of one turn of the loop, without its sleep",
				       .kind = METRIC_HISTOGRAM,
				       .bounds = turn_bounds,
				       .bound_count = ARRAY_LEN(turn_bounds)};
	l->timers = (struct metric){.name = "alto_net_timers", .help = "Timers that run", .kind = METRIC_GAUGE};
	*ret_loop = l;
	return 0;
out:
	free(l);
	return rc;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	ASSERT_ON(l->thread);
	loop_drain(l);
	int rc = uv_loop_close(&l->uv);
	ASSERT(rc == 0);
	udp_batch_free(l->udp);
	stream_shared_free(l->streams);
	free(l);
	return NULL;
}

struct wheel *loop_wheel(struct loop *l)
{
	return &l->wheel;
}

uv_loop_t *loop_uv(struct loop *l)
{
	return &l->uv;
}

static void run_flushes(struct loop *l)
{
	for (struct loop_flush *f = l->flushes; f; f = l->flush_next) {
		l->flush_next = f->next;
		f->fn(f->arg);
	}
	l->flush_next = NULL;
}

static void turn(struct loop *l)
{
	int64_t start_us = clock_monotonic_us();

	if (!l->full)
		l->rested_us = start_us;
	l->full_turns = l->full ? l->full_turns + 1 : 0;
	l->full = false;
	l->want_turn = false;
	pulse_answer(&l->pulse);
	wheel_turn(&l->wheel, start_us, clock_wall_us());
	uv_run(&l->uv, UV_RUN_NOWAIT);
	run_flushes(l);
	metric_observe(&l->turn_time, clock_monotonic_us() - start_us);
	metric_set(&l->timers, (int64_t)l->wheel.running);
}

/* Milliseconds until the next timer of the wheel, rounded up so that none is met too early and awaited by spinning. */
static int wheel_wait_ms(const struct loop *l)
{
	int64_t next_us = wheel_next_us(&l->wheel);
	if (next_us == INT64_MAX)
		return -1;
	/* A test may have moved the wheel ahead of the clock: what is due there is due. */
	int64_t left_us = next_us - MAX(clock_monotonic_us(), l->wheel.now_us);
	if (left_us <= 0)
		return 0;
	return (int)MIN((left_us + MS_US - 1) / MS_US, INT64_C(3600000));
}

static void sleep_until_work(struct loop *l)
{
	if (l->want_turn)
		return;
	uv_update_time(&l->uv);
	int timeout_ms = uv_backend_timeout(&l->uv);
	int wheel_ms = wheel_wait_ms(l);
	if (timeout_ms < 0 || (wheel_ms >= 0 && wheel_ms < timeout_ms))
		timeout_ms = wheel_ms;

	struct pollfd backend = {.fd = uv_backend_fd(&l->uv), .events = POLLIN};
	/* However much the last turn took: does anything wait? */
	if (l->full && poll(&backend, 1, 0) == 0)
		l->full = false;
	int rc = poll(&backend, 1, timeout_ms);
	ASSERT(rc >= 0 || errno == EINTR || errno == ENOMEM);
}

void loop_run(struct loop *l)
{
	thread_owner_take(&l->thread);
	l->stopped = false;
	/* The first turn does not sleep: what was queued before it leaves now. */
	l->want_turn = true;
	pulse_begin(&l->pulse, "switchboard", wake_keeper, &l->keeper);
	while (!l->stopped) {
		sleep_until_work(l);
		turn(l);
	}
	pulse_end(&l->pulse);
}

void loop_stop(struct loop *l)
{
	ASSERT_ON(l->thread);
	l->stopped = true;
	l->want_turn = true;
}

static void signal_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void loop_drain(struct loop *l)
{
	ASSERT_ON(l->thread);
	if (!l->draining) {
		l->draining = true;
		uv_close((uv_handle_t *)&l->keeper, NULL);
		for (struct loop_signal *s = l->signals, *next; s; s = next) {
			next = s->next;
			uv_close((uv_handle_t *)&s->handle, signal_closed);
		}
		l->signals = NULL;
	}
	l->want_turn = true;
	while (uv_loop_alive(&l->uv)) {
		sleep_until_work(l);
		turn(l);
	}
}

void loop_add_flush(struct loop *l, struct loop_flush *f)
{
	ASSERT_ON(l->thread);
	struct loop_flush **at = &l->flushes;
	while (*at)
		at = &(*at)->next;
	f->next = NULL;
	*at = f;
}

void loop_remove_flush(struct loop *l, struct loop_flush *f)
{
	ASSERT_ON(l->thread);
	for (struct loop_flush **at = &l->flushes; *at; at = &(*at)->next) {
		if (*at != f)
			continue;
		*at = f->next;
		if (l->flush_next == f)
			l->flush_next = f->next;
		return;
	}
}

int64_t loop_behind_us(const struct loop *l)
{
	return l->full_turns < LOOP_BEHIND_TURNS ? 0 : clock_monotonic_us() - l->rested_us;
}

void loop_want_turn(struct loop *l)
{
	ASSERT_ON(l->thread);
	l->want_turn = true;
}

static void never_ready(uv_poll_t *handle, int status, int events) {}

static void reserve_closed(uv_handle_t *handle)
{
	free(handle);
}

/* libuv's table is as long as the highest number that it has seen; it is never cut back. */
static int watch_once(struct loop *l, int fd)
{
	uv_poll_t *p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	int rc = uv_poll_init(&l->uv, p, fd);
	if (rc < 0) {
		free(p);
		return rc;
	}
	rc = uv_poll_start(p, UV_READABLE, never_ready);
	(void)uv_poll_stop(p);
	uv_close((uv_handle_t *)p, reserve_closed);
	return rc;
}

int loop_reserve(struct loop *l, unsigned descriptors)
{
	ASSERT_ON(l->thread);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, (int)descriptors - 1);
	int rc = high < 0 ? -EMFILE : watch_once(l, high);
	if (high >= 0)
		close(high);
	close(fd);
	return rc;
}

static void waker_woken(uv_async_t *handle)
{
	struct loop_waker *w = handle->data;
	w->fn(w->arg);
}

int loop_waker_new(struct loop *l, void (*fn)(void *arg), void *arg, struct loop_waker **ret)
{
	ASSERT_ON(l->thread);
	struct loop_waker *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	int rc = uv_async_init(&l->uv, &w->handle, waker_woken);
	if (rc < 0) {
		free(w);
		return rc;
	}
	w->handle.data = w;
	w->fn = fn;
	w->arg = arg;
	*ret = w;
	return 0;
}

void loop_waker_wake(struct loop_waker *w)
{
	/* Its only error is a handle of another kind. */
	(void)uv_async_send(&w->handle);
}

static void waker_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void loop_waker_close(struct loop_waker *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->handle, waker_closed);
}

static void signal_came(uv_signal_t *handle, int signal_number)
{
	struct loop_signal *s = handle->data;
	s->fn(s->arg);
}

int loop_on_signal(struct loop *l, int signal_number, void (*fn)(void *arg), void *arg)
{
	ASSERT_ON(l->thread);
	struct loop_signal *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int rc = uv_signal_init(&l->uv, &s->handle);
	if (rc < 0) {
		free(s);
		return rc;
	}
	s->handle.data = s;
	s->fn = fn;
	s->arg = arg;
	rc = uv_signal_start(&s->handle, signal_came, signal_number);
	if (rc < 0) {
		uv_close((uv_handle_t *)&s->handle, signal_closed);
		return rc;
	}
	s->next = l->signals;
	l->signals = s;
	return 0;
}

void loop_metrics(struct loop *l, struct metrics *m)
{
	metrics_add(m, &l->turn_time);
	metrics_add(m, &l->timers);
}
