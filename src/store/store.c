/* store/store.c - the switchboard's side of the store: posting, delivering, health */
#include <errno.h>

#include "base/clock.h"
#include "store/store_private.h"

static const int64_t commit_bounds[] = {500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 500000, 2500000};

static void metrics_prepare(struct store *s)
{
	s->jobs = (struct metric){.name = "alto_store_jobs_total", .help = "Jobs done", .kind = METRIC_COUNTER};
	s->failed = (struct metric){.name = "alto_store_jobs_failed_total",
				    .help = "Jobs that failed and were undone",
				    .kind = METRIC_COUNTER};
	s->commits = (struct metric){.name = "alto_store_commits_total", .help = "Commits", .kind = METRIC_COUNTER};
	s->changes = (struct metric){
		.name = "alto_store_changes_total", .help = "Rows added to the change feed", .kind = METRIC_COUNTER};
	s->commit_time = (struct metric){.name = "alto_store_commit_seconds",
					 .help = "From taking a batch of jobs to its commit",
					 .kind = METRIC_HISTOGRAM,
					 .bounds = commit_bounds,
					 .bound_count = ARRAY_LEN(commit_bounds)};
	s->waiting = (struct metric){
		.name = "alto_store_waiting_bytes", .help = "Bytes of jobs posted and not done", .kind = METRIC_GAUGE};
}

static int worker_init(struct store *s, struct store_worker *w)
{
	w->store = s;
	w->jobs = ring_new(sizeof(struct store_job *), STORE_JOBS_MAX);
	w->batches = ring_new(sizeof(struct store_batch), STORE_JOBS_MAX);
	int rc = store_signal_init(&w->work);
	return rc < 0 ? rc : w->jobs && w->batches ? 0 : -ENOMEM;
}

static void worker_done(struct store_worker *w)
{
	ring_free(w->jobs);
	ring_free(w->batches);
	store_signal_done(&w->work);
}

static int open_all(struct store *s, struct store_reason *reterr)
{
	int rc = worker_init(s, &s->writer);
	if (rc == 0)
		rc = worker_init(s, &s->reader);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "out of memory");
		return rc;
	}
	rc = store_open_files(s, reterr);
	if (rc < 0)
		return rc;
	if (!s->config.threadless) {
		rc = store_worker_start(&s->writer);
		if (rc == 0 && s->reader.db)
			rc = store_worker_start(&s->reader);
	}
	if (rc < 0)
		snprintf(reterr->text, sizeof(reterr->text), "cannot start a thread: %s", strerror(-rc));
	return rc;
}

static void free_all(struct store *s)
{
	store_worker_stop(&s->reader);
	store_worker_stop(&s->writer);
	store_close_files(s);
	worker_done(&s->writer);
	worker_done(&s->reader);
	store_signal_done(&s->ready);
	free(s);
}

int store_open(const struct store_config *config, struct store **ret, struct store_reason *reterr)
{
	struct store *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(reterr->text, sizeof(reterr->text), "out of memory");
		return -ENOMEM;
	}
	s->config = *config;
	s->lock_fd = -1;
	thread_owner_take(&s->thread);
	metrics_prepare(s);
	int rc = store_signal_init(&s->ready);
	if (rc == 0)
		rc = open_all(s, reterr);
	if (rc < 0) {
		free_all(s);
		return rc;
	}
	*ret = s;
	return 0;
}

int store_post(struct store *s, struct store_job *job)
{
	ASSERT_ON(s->thread);
	size_t room = STORE_QUEUE_BYTES_MAX - MIN(s->waiting_bytes, (size_t)STORE_QUEUE_BYTES_MAX);
	if (s->closing || s->waiting_jobs >= STORE_JOBS_MAX || (job->bytes > room && s->waiting_jobs > 0))
		return -ENOSPC;

	struct store_worker *w = job->read_only && s->reader.db ? &s->reader : &s->writer;
	job->result = DB_OK;
	job->posted_us = s->config.threadless ? 0 : clock_monotonic_us();
	s->waiting_jobs++;
	s->waiting_bytes += job->bytes;
	metric_set(&s->waiting, (int64_t)s->waiting_bytes);
	/* As many places as jobs can be out. */
	int rc = ring_push(w->jobs, &job);
	ASSERT(rc == 0);
	if (s->config.threadless)
		s->config.wake(s->config.wake_arg);
	else
		store_signal_raise(&w->work);
	return 0;
}

static void deliver_job(struct store *s, struct store_worker *w)
{
	struct store_job *job = w->delivering.jobs;

	/* done() may free the job or post it again. */
	w->delivering.jobs = job->next;
	s->waiting_jobs--;
	s->waiting_bytes -= job->bytes;
	metric_set(&s->waiting, (int64_t)s->waiting_bytes);
	job->done(job, job->result);
}

/* One change or one result, changes first. False: nothing is ready. */
static bool deliver_one(struct store *s, struct store_worker *w)
{
	struct store_batch *b = &w->delivering;

	if (!b->jobs && !b->changes) {
		if (!ring_pop(w->batches, b))
			return false;
		w->next_change = 0;
	}
	if (b->changes) {
		if (s->config.on_change)
			s->config.on_change(s->config.owner, &b->changes->changes[w->next_change]);
		if (++w->next_change == b->changes->count)
			b->changes = change_set_free(b->changes);
		return true;
	}
	deliver_job(s, w);
	return true;
}

/* True: there is more. */
static bool collect(struct store *s)
{
	unsigned left = STORE_COLLECT_MAX;

	if (s->config.threadless)
		(void)store_worker_turn(&s->writer);
	while (left > 0 && deliver_one(s, &s->writer))
		left--;
	while (left > 0 && deliver_one(s, &s->reader))
		left--;
	return left == 0;
}

void store_collect(struct store *s)
{
	ASSERT_ON(s->thread);
	if (collect(s))
		s->config.wake(s->config.wake_arg);
}

void store_wait(struct store *s)
{
	ASSERT_ON(s->thread);
	bool more = true;

	while (s->waiting_jobs > 0) {
		if (!more && !s->config.threadless)
			store_signal_wait(&s->ready, INT64_MAX);
		more = collect(s);
	}
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	ASSERT_ON(s->thread);
	s->closing = true;
	store_worker_stop(&s->reader);
	store_worker_stop(&s->writer);
	while (s->waiting_jobs > 0)
		(void)collect(s);
	free_all(s);
	return NULL;
}

static enum warning_kind warning_of(int error)
{
	switch (error) {
	case DB_FULL:
		return WARNING_STORE_FULL;
	case DB_READ_ONLY:
		return WARNING_STORE_READ_ONLY;
	case DB_BUSY:
		return WARNING_STORE_HELD;
	case DB_CORRUPT:
		return WARNING_STORE_DAMAGED;
	case DB_NO_MEMORY:
		return WARNING_STORE_NO_MEMORY;
	case DB_LOST:
		return WARNING_STORE_LOST;
	default:
		return WARNING_STORE_REFUSES;
	}
}

void store_health(const struct store *s, int64_t now_us, struct store_health *ret)
{
	int64_t oldest_us = atomic_load_explicit(&s->writer.oldest_us, memory_order_relaxed);
	int writing = atomic_load_explicit(&s->writer.trouble, memory_order_relaxed);
	int reading = atomic_load_explicit(&s->reader.trouble, memory_order_relaxed);

	*ret = (struct store_health){
		.waiting_jobs = s->waiting_jobs,
		.waiting_bytes = s->waiting_bytes,
		.oldest_wait_us = oldest_us ? MAX(now_us - oldest_us, 0) : 0,
		.last_error = writing ? writing : reading,
	};
	const struct store_worker *w = writing ? &s->writer : &s->reader;
	int64_t since_us = atomic_load_explicit(&w->trouble_since_us, memory_order_relaxed);
	if (ret->last_error)
		warning_set_with(&ret->trouble, warning_of(ret->last_error), "%lld", (long long)since_us);
}

void store_metrics(struct store *s, struct metrics *m)
{
	metrics_add(m, &s->jobs);
	metrics_add(m, &s->failed);
	metrics_add(m, &s->commits);
	metrics_add(m, &s->changes);
	metrics_add(m, &s->commit_time);
	metrics_add(m, &s->waiting);
}
