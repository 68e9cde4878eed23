/* base/metrics.c - the registry and Prometheus' text exposition format 0.0.4 */
#include "base/metrics.h"

void metrics_init(struct metrics *m)
{
	*m = (struct metrics){0};
	m->last = &m->first;
}

void metrics_add(struct metrics *m, struct metric *metric)
{
	ASSERT(metric->bound_count <= METRIC_BUCKETS_MAX);
	metric->next = NULL;
	*m->last = metric;
	m->last = &metric->next;
}

void metric_observe(struct metric *m, int64_t value)
{
	size_t at = 0;

	while (at < m->bound_count && value > m->bounds[at])
		at++;
	atomic_fetch_add_explicit(&m->buckets[at], 1, memory_order_relaxed);
	metric_add(m, value);
}

static int64_t load(const _Atomic int64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void write_head(struct writer *w, const struct metric *metric)
{
	static const char *const kinds[] = {
		[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

	write_string(w, "# HELP ");
	write_string(w, metric->name);
	write_char(w, ' ');
	for (const char *c = metric->help ? metric->help : ""; *c; c++) {
		if (*c == '\\')
			write_string(w, "\\\\");
		else if (*c == '\n')
			write_string(w, "\\n");
		else
			write_char(w, *c);
	}
	write_string(w, "\n# TYPE ");
	write_string(w, metric->name);
	write_char(w, ' ');
	write_string(w, kinds[metric->kind]);
	write_char(w, '\n');
}

/* Microseconds as seconds, without zeros at the end. */
static void write_seconds(struct writer *w, int64_t us)
{
	uint64_t all = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
	uint64_t fraction = all % (uint64_t)SECOND_US;

	if (us < 0)
		write_char(w, '-');
	write_u64(w, all / (uint64_t)SECOND_US);
	if (fraction == 0)
		return;
	write_char(w, '.');
	for (uint64_t unit = (uint64_t)SECOND_US / 10; fraction; unit /= 10) {
		write_char(w, (char)('0' + fraction / unit));
		fraction %= unit;
	}
}

/* name<suffix>{labels,le="bound"} and a space; le may be NULL. */
static void write_name(struct writer *w, const struct metric *metric, const char *suffix, const int64_t *le, bool inf)
{
	bool labels = metric->labels && *metric->labels;

	write_string(w, metric->name);
	write_string(w, suffix);
	if (labels || le || inf) {
		write_char(w, '{');
		write_string(w, labels ? metric->labels : "");
		if (le || inf) {
			write_string(w, labels ? ",le=\"" : "le=\"");
			if (inf)
				write_string(w, "+Inf");
			else
				write_seconds(w, *le);
			write_char(w, '"');
		}
		write_char(w, '}');
	}
	write_char(w, ' ');
}

static void write_histogram(struct writer *w, const struct metric *metric)
{
	int64_t count = 0;

	for (size_t i = 0; i <= metric->bound_count; i++) {
		bool inf = i == metric->bound_count;
		count += load(&metric->buckets[i]);
		write_name(w, metric, "_bucket", inf ? NULL : &metric->bounds[i], inf);
		write_i64(w, count);
		write_char(w, '\n');
	}
	write_name(w, metric, "_sum", NULL, false);
	write_seconds(w, load(&metric->value));
	write_char(w, '\n');
	/* From the same reading as the buckets, since the format wants them equal. */
	write_name(w, metric, "_count", NULL, false);
	write_i64(w, count);
	write_char(w, '\n');
}

void metrics_write(const struct metrics *m, struct writer *w)
{
	const char *name = "";

	for (const struct metric *metric = m->first; metric; metric = metric->next) {
		if (strcmp(name, metric->name) != 0)
			write_head(w, metric);
		name = metric->name;
		if (metric->kind == METRIC_HISTOGRAM) {
			write_histogram(w, metric);
			continue;
		}
		write_name(w, metric, "", NULL, false);
		write_i64(w, load(&metric->value));
		write_char(w, '\n');
	}
}
