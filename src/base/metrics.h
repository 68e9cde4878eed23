/*
 * base/metrics.h - counters, gauges and histograms, shown in Prometheus' text form
 *
 * A metric is a plain struct in its owner's memory, registered once at start. Writing is one relaxed atomic, from any
 * thread. Reading may be a little behind. Names follow Prometheus: alto_<room>_<what>_<unit>[_total].
 */
#pragma once
#include <stdatomic.h>

#include "base/writer.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
#define METRIC_BUCKETS_MAX 16

struct metric {
	const char *name;   /* static text */
	const char *labels; /* static text such as method="INVITE", or NULL */
	const char *help;
	enum metric_kind kind;
	const int64_t *bounds; /* histogram: ascending upper bounds, microseconds shown as seconds */
	size_t bound_count;    /* <= METRIC_BUCKETS_MAX */
	_Atomic int64_t value; /* counter, gauge; histogram: sum */
	_Atomic int64_t buckets[METRIC_BUCKETS_MAX + 1];
	struct metric *next;
};

struct metrics {
	struct metric *first, **last;
};

void metrics_init(struct metrics *m);
/* Before other threads start. The metric must outlive the registry. Metrics of one name are registered one after the
 * other. */
void metrics_add(struct metrics *m, struct metric *metric);
void metrics_write(const struct metrics *m, struct writer *w);

static inline void metric_add(struct metric *m, int64_t n)
{
	atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}
static inline void metric_set(struct metric *m, int64_t n)
{
	atomic_store_explicit(&m->value, n, memory_order_relaxed);
}
void metric_observe(struct metric *m, int64_t value);
