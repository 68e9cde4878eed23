/*
 * store/store_private.h - the two threads of the store and how the switchboard talks to them
 *
 * Each worker has a ring of jobs down and a ring of finished batches up. The switchboard posts at most STORE_JOBS_MAX
 * jobs that it has not got back, and both rings have that many places: a job that was taken can always be handed back.
 */
#pragma once
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/pulse.h"
#include "base/ring.h"
#include "store/change.h"

/*
 * One transaction takes at most so much: a commit of this size takes some tens of milliseconds on a slow disk, and what
 * is told "done" waits for no more than that.
 */
#define STORE_BATCH_JOBS_MAX 4096
#define STORE_BATCH_BYTES_MAX (8 * 1024 * 1024)
/*
 * The heartbeat, which says after a crash when the calls ended: with other writes it costs a page a second, alone a
 * commit of its own, so that is rarer. Only while calls are open.
 */
#define STORE_BEAT_US (1 * SECOND_US)
#define STORE_IDLE_BEAT_US (5 * SECOND_US)
/* The table of changes is trimmed once so many were added: a DELETE of that many neighbours, about a millisecond. */
#define STORE_TRIM_EVERY 1000

/* One thread waits, any other raises; raised twice is heard once. */
struct store_signal {
	sem_t semaphore;
	atomic_bool raised;
};

/* What one transaction gave. */
struct store_batch {
	struct store_job *jobs;
	struct change_set *changes;
};

struct store_worker {
	struct store *store;
	struct db *db; /* NULL: this worker is not used */
	struct ring *jobs, *batches;
	struct store_signal work;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	_Atomic int64_t oldest_us;        /* when the first job of the batch that runs now was posted; 0: idle */
	_Atomic int trouble;              /* db_error of the last transaction as a whole, DB_OK if it went well */
	_Atomic int64_t trouble_since_us; /* wall clock: of the first that did not go well; threadless: 0 */

	/* The worker's thread only. */
	struct pulse pulse;
	bool calls_open; /* perhaps */
	bool behind;     /* of the last transaction it is not known whether it was committed, nor what came after */
	int64_t last_beat_us;
	uint64_t untrimmed;

	/* The switchboard only: the batch that is being delivered. */
	struct store_batch delivering;
	size_t next_change;
};

struct store {
	struct thread_owner thread; /* the switchboard */
	struct store_config config;
	struct store_worker writer, reader;
	struct store_signal ready; /* a batch is there */
	int lock_fd;
	bool closing;
	size_t waiting_jobs, waiting_bytes; /* posted and not done */
	struct metric jobs, failed, commits, changes, commit_time, waiting;
};

/* 0 or -errno with a sentence: the directory, the lock against a second alto, the databases, migrated. */
MUST_USE int store_open_files(struct store *s, struct store_reason *reterr);
void store_close_files(struct store *s);

MUST_USE int store_signal_init(struct store_signal *signal);
void store_signal_done(struct store_signal *signal);
void store_signal_raise(struct store_signal *signal);
void store_signal_wait(struct store_signal *signal, int64_t at_most_us); /* INT64_MAX: for ever */

MUST_USE int store_worker_start(struct store_worker *w); /* 0 or -errno */
void store_worker_stop(struct store_worker *w);          /* after all that was posted */
/* Take what waits, run it, hand it back. False: nothing waited. */
bool store_worker_turn(struct store_worker *w);

/*
 * Run the jobs in one transaction and commit it; every job has its result, and the changes are in *ret (NULL: none or
 * not committed).
 */
void store_write_batch(struct store_worker *w, struct store_job *jobs, struct change_set **ret);
/* A heartbeat in a transaction of its own. */
void store_write_beat(struct store_worker *w);
/* Each job in a snapshot of its own. */
void store_read_batch(struct store_worker *w, struct store_job *jobs);
