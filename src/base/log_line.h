/* base/log_line.h - what stands between log_write() and the sink: how a line reads, and how often one may come */
#pragma once
#include "base/log.h"
#include "base/writer.h"

/* What one write(2) takes, newline included; longer lines are cut and say cut=1. */
#define LOG_LINE_MAX 1024
#define LOG_BURST 50
#define LOG_A_SECOND 10
#define LOG_EVENTS_MAX 256 /* event names counted apart; those that come later share one count */

struct log_rate {
	const char *event;
	int64_t credit_us; /* a line costs 1/LOG_A_SECOND seconds of it */
	int64_t last_us;
	uint64_t skipped;
};

/* Zeroed is ready. Not thread-safe. */
struct log_limiter {
	struct log_rate rates[LOG_EVENTS_MAX];
	size_t count;
};

/* May a line of this event be written now? Then *ret_skipped is how many were not since the last that was. */
MUST_USE bool log_admit(struct log_limiter *l, const char *event, int64_t now_us, uint64_t *ret_skipped);

/* `count` lines of this event could not be written after all: the next one says so. */
void log_put_back(struct log_limiter *l, const char *event, uint64_t count);

/* The line, newline included, into w (of LOG_LINE_MAX bytes). */
void log_format(struct writer *w, int64_t wall_us, enum log_level level, const char *event,
		const struct log_field *fields, size_t n, uint64_t skipped);
