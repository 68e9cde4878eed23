/*
 * store/store.h - the store thread: jobs with SQL go down, results come back to the switchboard
 *
 * The writer takes all jobs that wait, runs each in a savepoint of one transaction, commits once (group commit), and
 * then gives back first the changes of that transaction, loaded (see store_change), then each job's result: whoever is
 * told "done" finds the read model already changed. Reads run on a thread and connection of their own, so a long list
 * never holds up a write.
 */
#pragma once
#include "base/metrics.h"
#include "base/random.h"
#include "base/warning.h"
#include "store/db.h"

struct store;
struct store_change;

#define STORE_ID_CAP 37 /* UUIDv7 as text and a NUL */
#define STORE_QUEUE_BYTES_MAX (64 * 1024 * 1024)

/* Where results are handed to the switchboard: the loop's waker in the program, the simulator's queue in tests. */
struct store_config {
	const char *directory;   /* DATA, made (0700) if missing; the file is DATA/alto.db. ":memory:" for tests */
	const char *database;    /* "sqlite", or the URL of a PostgreSQL database; borrowed for store_open() */
	void (*wake)(void *arg); /* any thread: ask for store_collect() soon */
	void *wake_arg;
	bool threadless; /* tests/sim: jobs run inside store_collect(), deterministic; no clock is read */
	void (*on_change)(void *owner,
			  const struct store_change *change); /* switchboard, after commit, in order of seq */
	void *owner;
};

struct store_reason {
	char text[512]; /* for the operator: what is wrong and what to do (disk full, not writable, newer schema ...) */
};
/* Opens, migrates and starts the threads. -ENOSPC, -EACCES, -EROFS, -EBUSY (another alto holds it), -EINVAL, -ENOTCONN
 * (no server answers), -EIO, with *reterr. */
MUST_USE int store_open(const struct store_config *config, struct store **ret, struct store_reason *reterr);
/* Everything queued is committed first, and every done() that is still owed is called; what they post is refused. */
struct store *store_close(struct store *s);
/*
 * Switchboard: deliver changes and results that are ready, at most STORE_COLLECT_MAX of them so that a turn of the loop
 * stays short; asks to be woken again when there is more.
 */
#define STORE_COLLECT_MAX 1024
void store_collect(struct store *s);
/* Collects until nothing is owed. Blocks: for the start, the end and tests. */
void store_wait(struct store *s);

/* What changed, with its new row: the feed that the directory, live events and later other nodes follow. */
enum store_kind {
	STORE_TENANT,
	STORE_USER,
	STORE_DEVICE,
	STORE_BINDING,
	STORE_CALL,
	STORE_TRUNK,
	STORE_NUMBER,
	STORE_PASS,
	STORE_WEBHOOK,
	STORE_ISSUER,
	STORE_AUDIT, /* a row more of the audit trail, which never changes */
	STORE_KIND_COUNT
};
struct store_change {
	int64_t seq;
	enum store_kind kind;
	struct slice tenant, id; /* tenant empty: the provider's */
	const void *row; /* struct store_tenant / _user / _device / _binding / _trunk / _number / _pass / _webhook /
			    _issuer; NULL: it was removed. STORE_CALL, STORE_AUDIT: always NULL */
};
/*
 * The row is as the transaction left it: two changes of one row in one transaction both carry the last. What goes with
 * its parent (ON DELETE CASCADE) has no change of its own: whoever follows the feed drops the children of what was
 * removed. Of the table, the newest STORE_CHANGES_KEPT rows stay: a node or a live event stream that was away for
 * longer loads everything anew, which costs less than replaying more than that.
 */
#define STORE_CHANGES_KEPT 100000

/*
 * A job. The caller allocates it inside its own struct and keeps it until `done`. run() is called on a store thread and
 * returns DB_OK or a db_error, in which case its writes are undone; done() is called on the switchboard with that
 * result, exactly once, after commit.
 *
 * When the transaction as a whole fails (disk full, server lost), every job in it is undone and gets that error,
 * whatever its run() said. The store does not try again by itself: what must not be lost (call rows) is posted again by
 * its owner after done(), so it stays counted against the bound and leaves the choice of what to drop with who knows
 * its worth. If the answer to a commit got lost, the job gets an error although its rows are there: so rows are written
 * by id, and their changes come with the next transaction.
 */
struct store_job {
	int (*run)(struct db *db, struct store_job *job);
	void (*done)(struct store_job *job, int result);
	size_t bytes;   /* counted against STORE_QUEUE_BYTES_MAX */
	bool read_only; /* goes to the reading thread */
	int result;     /* private from here */
	int64_t posted_us;
	struct store_job *next;
};
/* 0; -ENOSPC: 64 MiB or STORE_JOBS_MAX jobs wait already (the disk stalls), or the store closes: refuse new work (503).
 * A job alone larger than the bound is taken when nothing else waits. */
#define STORE_JOBS_MAX 65536 /* 64 MiB of jobs of 1 KiB, the size of a call row; a place in a ring for each */
MUST_USE int store_post(struct store *s, struct store_job *job);

/* In run() of a writing job, for every row it writes: adds a row to change(seq, tenant, kind, id). */
MUST_USE int store_note_change(struct db *db, struct slice tenant, enum store_kind kind, struct slice id);

/* How the store is: for status, health and the decision to take new calls. */
struct store_health {
	size_t waiting_jobs, waiting_bytes;
	int64_t oldest_wait_us; /* age of the oldest job not committed; 0 when threadless */
	int last_error;         /* 0: healthy; DB_FULL ... */
	struct warning trouble; /* of last_error; WARNING_NONE: healthy */
};
/* now_us: the monotonic clock. Healthy again with the first commit (or, if only reading failed, reading) that succeeds.
 */
void store_health(const struct store *s, int64_t now_us, struct store_health *ret);
void store_metrics(struct store *s, struct metrics *m);

/* UUIDv7 (RFC 9562 §5.7) as text, each above the last of this process unless the clock was set back. Any thread. */
void store_new_id(struct random *random, int64_t wall_us, char ret[STORE_ID_CAP]);
/* A copy; of what is longer than an id, as much as there is room for. */
void store_keep_id(char ret[STORE_ID_CAP], struct slice id);
/* Ids made at wall_us or later are not below this, those made before it are; in text, 16 bytes. */
struct slice store_id_at(int64_t wall_us, char text[16]);
