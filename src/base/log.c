/* base/log.c - the one sink: standard error, a line a write(2), from any thread */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_line.h"

static _Atomic int lowest_level = LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `limiter`, and the sink between look and write */
static struct log_limiter limiter;

void log_set_level(enum log_level lowest)
{
	atomic_store_explicit(&lowest_level, (int)lowest, memory_order_relaxed);
}

/*
 * False: whoever reads standard error is behind, or there is nobody. A call must not wait for a terminal that was
 * stopped or a collector that hangs. A pipe that is ready takes PIPE_BUF bytes, which is more than a line.
 */
static bool put_line(struct slice line)
{
	struct pollfd sink = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&sink, 1, 0) == 1 && (sink.revents & POLLOUT) && write(STDERR_FILENO, line.p, line.n) >= 0;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
	char line[LOG_LINE_MAX];
	struct writer w = writer_on(line, sizeof(line));
	uint64_t skipped = 0;

	if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed))
		return;
	pthread_mutex_lock(&lock);
	bool admitted = log_admit(&limiter, event, clock_monotonic_us(), &skipped);
	pthread_mutex_unlock(&lock);
	if (!admitted)
		return;

	log_format(&w, clock_wall_us(), level, event, fields, n, skipped);
	pthread_mutex_lock(&lock);
	if (!put_line(writer_slice(&w)))
		log_put_back(&limiter, event, skipped + 1);
	pthread_mutex_unlock(&lock);
}
