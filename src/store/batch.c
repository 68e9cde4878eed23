/* store/batch.c - one transaction: the jobs, each in a savepoint, the heartbeat, the changes, one commit */
#include "base/clock.h"
#include "base/log.h"
#include "store/store_private.h"

/* Errors of the database as a whole, not of one job's rows. */
static bool is_trouble(int rc)
{
	return rc == DB_BUSY || rc == DB_FULL || rc == DB_READ_ONLY || rc == DB_CORRUPT || rc == DB_LOST ||
	       rc == DB_NO_MEMORY;
}

static void report(struct store_worker *w, int rc, const char *why)
{
	if (atomic_load_explicit(&w->trouble, memory_order_relaxed) == DB_OK && !w->store->config.threadless)
		atomic_store_explicit(&w->trouble_since_us, clock_wall_us(), memory_order_relaxed);
	atomic_store_explicit(&w->trouble, rc, memory_order_relaxed);
	log_event(LOG_ERROR, w == &w->store->writer ? "store.not_committed" : "store.not_read", LOG_INT("error", rc),
		  LOG_STR("why", why));
}

/* What a job says of its rows is not true of them where memory was short: a statement's failure has many names. */
static int run_job(struct db *db, struct store_job *job)
{
	int rc = job->run(db, job);
	return rc < 0 && db_no_memory(db) ? DB_NO_MEMORY : rc;
}

static void set_results(struct store_job *jobs, int result)
{
	for (struct store_job *job = jobs; job; job = job->next)
		job->result = result;
}

/*
 * DB_OK: go on with the next job. A job that fails alone is undone alone; an error is returned when the transaction is
 * gone or not to be trusted.
 */
static int run_one(struct db *db, struct store_job *job)
{
	int rc = db_savepoint(db);
	if (rc < 0)
		return rc;
	job->result = run_job(db, job);
	if (!db_in_transaction(db))
		return job->result < 0 ? job->result : DB_FAILED;
	if (job->result >= 0)
		return db_release(db);
	if (is_trouble(job->result))
		return job->result;
	db_rollback_to(db);
	return db_in_transaction(db) ? DB_OK : DB_FAILED;
}

static int beat(struct store_worker *w)
{
	int64_t now_us = clock_monotonic_us();
	bool open = false;
	int rc = store_calls_any_open(w->db, &open);
	if (rc == DB_OK)
		rc = db_do(w->db,
			   "INSERT INTO heartbeat (number, alive_us) VALUES (1, $1) "
			   "ON CONFLICT (number) DO UPDATE SET alive_us = excluded.alive_us",
			   DB_I(clock_wall_us()));
	if (rc == DB_OK) {
		w->calls_open = open;
		w->last_beat_us = now_us;
	}
	return rc;
}

/* What the writer adds to the transaction for itself. */
static int upkeep(struct store_worker *w)
{
	struct db *db = w->db;

	for (size_t i = 0; i < db->note_count && !w->calls_open; i++)
		w->calls_open = db->notes[i].kind == STORE_CALL;
	w->untrimmed += db->note_count;
	if (w->untrimmed >= STORE_TRIM_EVERY) {
		int rc = change_trim(db);
		if (rc < 0)
			return rc;
		w->untrimmed = 0;
	}
	if (w->calls_open && !w->store->config.threadless && clock_monotonic_us() - w->last_beat_us >= STORE_BEAT_US)
		return beat(w);
	return DB_OK;
}

static int run_all(struct store_worker *w, struct store_job *jobs, struct change_set **ret)
{
	int rc = db_begin(w->db);
	if (rc == DB_OK && w->behind)
		rc = change_catch_up(w->db);
	for (struct store_job *job = jobs; job && rc == DB_OK; job = job->next)
		rc = run_one(w->db, job);
	if (rc == DB_OK)
		rc = upkeep(w);
	if (rc == DB_OK)
		rc = change_set_load(w->db, ret);
	return rc;
}

/* One job needs no savepoint: if it fails, the transaction goes, and nothing else with it. */
static int run_alone(struct store_worker *w, struct store_job *job, struct change_set **ret)
{
	int rc = db_begin(w->db);
	if (rc == DB_OK)
		rc = job->result = run_job(w->db, job);
	if (rc >= 0)
		rc = upkeep(w);
	if (rc == DB_OK)
		rc = change_set_load(w->db, ret);
	return rc;
}

static void count(struct store *s, struct store_job *jobs, int64_t began_us)
{
	for (struct store_job *job = jobs; job; job = job->next)
		metric_add(job->result < 0 ? &s->failed : &s->jobs, 1);
	if (began_us)
		metric_observe(&s->commit_time, clock_monotonic_us() - began_us);
}

void store_write_batch(struct store_worker *w, struct store_job *jobs, struct change_set **ret)
{
	struct store *s = w->store;
	struct change_set *changes = NULL;
	int64_t began_us = s->config.threadless ? 0 : clock_monotonic_us();
	bool alone = !jobs->next && !w->behind;

	int rc = alone ? run_alone(w, jobs, &changes) : run_all(w, jobs, &changes);
	if (rc == DB_OK)
		rc = db_commit(w->db);
	if (rc < 0) {
		/* An error of the one job itself is its own affair; anything else is the database's. */
		bool own = alone && jobs->result == rc && !is_trouble(rc);
		if (!own)
			report(w, rc, db_message(w->db));
		w->behind |= !own;
		db_rollback(w->db);
		changes = change_set_free(changes);
		set_results(jobs, rc);
	} else {
		atomic_store_explicit(&w->trouble, DB_OK, memory_order_relaxed);
		w->behind = false;
		if (changes)
			w->db->last_seq = changes->changes[changes->count - 1].seq;
		metric_add(&s->commits, 1);
		metric_add(&s->changes, changes ? (int64_t)changes->count : 0);
	}
	count(s, jobs, began_us);
	*ret = changes;
}

void store_write_beat(struct store_worker *w)
{
	int rc = db_begin(w->db);
	if (rc == DB_OK)
		rc = beat(w);
	if (rc == DB_OK)
		rc = db_commit(w->db);
	if (rc < 0) {
		report(w, rc, db_message(w->db));
		db_rollback(w->db);
		/* Not again at once: the thread would spin on a full disk. */
		w->last_beat_us = clock_monotonic_us();
	}
}

void store_read_batch(struct store_worker *w, struct store_job *jobs)
{
	for (struct store_job *job = jobs; job; job = job->next) {
		job->result = db_begin(w->db);
		if (job->result == DB_OK)
			job->result = run_job(w->db, job);
		if (is_trouble(job->result))
			report(w, job->result, db_message(w->db));
		else
			atomic_store_explicit(&w->trouble, DB_OK, memory_order_relaxed);
		/* Ends the snapshot, so that the log can be checkpointed; nothing was written. */
		db_rollback(w->db);
	}
	count(w->store, jobs, 0);
}
