/* Opening, and what must outlive it: kill -9, a second alto; and real files: a full disk, no right to write, a second
 * alto, opening again */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "scratch.h"
#include "store/store_private.h"

struct call_job {
	struct store_job job;
	char id[16];
	int result;
	bool done;
};

static int put_call(struct db *db, struct store_job *job)
{
	struct store_call c = a_call(slice_from_string(container_of(job, struct call_job, job)->id));
	char trace[900];
	memset(trace, 'x', sizeof(trace));
	c.trace = slice_of(trace, sizeof(trace));
	return store_call_put(db, &c);
}

static void call_done(struct store_job *job, int result)
{
	struct call_job *c = container_of(job, struct call_job, job);
	c->result = result;
	c->done = true;
}

struct look {
	struct store_job job;
	const char *id; /* NULL: count all */
	int64_t count;
};

static int look_run(struct db *db, struct store_job *job)
{
	struct look *l = container_of(job, struct look, job);
	struct db_rows *rows = db_query(db, "SELECT count(*) FROM calls WHERE $1 = '' OR id = $1",
					&DB_T(slice_from_string(l->id)), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	l->count = db_int(rows, 0);
	db_end(rows);
	return MIN(rc, DB_OK);
}

static void look_done(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

static int64_t count_calls(struct store *s, const char *id)
{
	struct look l = {.job = {.run = look_run, .done = look_done, .read_only = true}, .id = id};
	assert_int_equal(store_post(s, &l.job), 0);
	store_wait(s);
	return l.count;
}

struct crash {
	struct store_job job;
	int closed;
	unsigned seen;
	int64_t ended_us[2]; /* earliest, latest */
};

static void see_crashed(void *arg, const struct store_call *c)
{
	struct crash *crash = arg;
	assert_true(slice_eq(c->cause, SLICE("crashed")));
	crash->ended_us[0] = crash->seen ? MIN(crash->ended_us[0], c->ended_us) : c->ended_us;
	crash->ended_us[1] = MAX(crash->ended_us[1], c->ended_us);
	crash->seen++;
}

static int close_crashed(struct db *db, struct store_job *job)
{
	struct crash *crash = container_of(job, struct crash, job);
	crash->closed = store_calls_close_crashed(db, clock_wall_us());
	char more[STORE_ID_CAP];
	return store_calls_list(db, &(struct store_calls_page){.limit = 0}, see_crashed, crash, more);
}

static int reports; /* the pipe */

/* The child says which rows it was told to be safe. */
static void report_done(struct store_job *job, int result)
{
	struct call_job *c = container_of(job, struct call_job, job);
	if (result == DB_OK && write(reports, c->id, sizeof(c->id)) != sizeof(c->id))
		_exit(1);
	free(c);
}

static _Noreturn void child_writes(const struct scratch *scratch)
{
	struct store_config config = scratch_config(scratch);
	struct store *s = scratch_open(&config);
	for (int i = 0;; i++) {
		struct call_job *c = calloc(1, sizeof(*c));
		c->job = (struct store_job){.run = put_call, .done = report_done, .bytes = sizeof(*c)};
		snprintf(c->id, sizeof(c->id), "call%08d", i);
		while (store_post(s, &c->job) < 0)
			store_collect(s);
		store_collect(s);
	}
}

static void test_killed(void **state)
{
	struct scratch scratch;
	int pipes[2];
	char id[16];
	long acknowledged = 0;

	scratch_make(&scratch);
	assert_int_equal(pipe(pipes), 0);
	int64_t began_us = clock_wall_us();
	pid_t child = fork();
	if (child == 0) {
		close(pipes[0]);
		reports = pipes[1];
		child_writes(&scratch);
	}
	close(pipes[1]);
	char(*ids)[16] = calloc(100000, sizeof(*ids));
	/* In the middle of its work, after it has promised some rows. */
	while (acknowledged < 2000 && read(pipes[0], id, sizeof(id)) == sizeof(id))
		memcpy(ids[acknowledged++], id, sizeof(id));
	assert_int_equal(acknowledged, 2000);
	assert_int_equal(kill(child, SIGKILL), 0);
	while (acknowledged < 100000 && read(pipes[0], id, sizeof(id)) == sizeof(id))
		memcpy(ids[acknowledged++], id, sizeof(id));
	assert_int_equal(waitpid(child, NULL, 0), child);
	int64_t died_us = clock_wall_us();
	close(pipes[0]);

	/* The lock went with the process. */
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	for (long i = 0; i < acknowledged; i++)
		assert_int_equal(count_calls(s, ids[i]), 1);
	int64_t all = count_calls(s, NULL);
	assert_true(all >= acknowledged);
	/* None of these calls had ended: they end when the writer was last seen alive. */
	struct crash crash = {.job = {.run = close_crashed, .done = look_done}};
	assert_int_equal(store_post(s, &crash.job), 0);
	store_wait(s);
	assert_int_equal(crash.closed, all);
	assert_int_equal(crash.seen, all);
	assert_true(crash.ended_us[0] >= began_us && crash.ended_us[1] <= died_us);
	store_close(s);
	free(ids);
	scratch_remove(&scratch);
}

static int put_one(struct store *s, const char *id)
{
	struct call_job c = {.job = {.run = put_call, .done = call_done}};
	snprintf(c.id, sizeof(c.id), "%s", id);
	assert_int_equal(store_post(s, &c.job), 0);
	store_wait(s);
	assert_true(c.done);
	return c.result;
}

/* Files of this process may not grow past this: what the kernel answers is what a quota or a full disk gives. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full_disk(void **state)
{
	struct scratch scratch;
	struct store_health health;
	struct stat st;
	char wal[160], id[16];
	int kept = 0, result = DB_OK;

	signal(SIGXFSZ, SIG_IGN);
	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	snprintf(wal, sizeof(wal), "%s-wal", scratch.path);
	assert_int_equal(stat(wal, &st), 0);
	limit_files((rlim_t)st.st_size + 200000);
	while (result == DB_OK && kept < 1000) {
		snprintf(id, sizeof(id), "call%d", kept);
		result = put_one(s, id);
		kept += result == DB_OK;
	}
	assert_int_equal(result, DB_FULL);
	assert_true(kept > 0);
	store_health(s, 0, &health);
	assert_int_equal(health.last_error, DB_FULL);
	assert_int_equal(health.trouble.kind, WARNING_STORE_FULL);
	assert_int_equal(count_calls(s, NULL), kept);

	limit_files(RLIM_INFINITY);
	assert_int_equal(put_one(s, "later"), DB_OK);
	store_health(s, 0, &health);
	assert_int_equal(health.last_error, DB_OK);
	assert_int_equal(count_calls(s, NULL), kept + 1);
	store_close(s);
	s = scratch_open(&config);
	assert_int_equal(count_calls(s, NULL), kept + 1);
	store_close(s);
	scratch_remove(&scratch);
}

/* SQLite's own heap may not grow: no row is to blame, and what failed succeeds when there is memory. */
static void test_no_memory(void **state)
{
	struct scratch scratch;
	struct store_health health;

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	assert_int_equal(put_one(s, "first"), DB_OK);
	(void)sqlite3_hard_heap_limit64(1);
	assert_int_equal(put_one(s, "poor"), DB_NO_MEMORY);
	store_health(s, 0, &health);
	assert_int_equal(health.last_error, DB_NO_MEMORY);
	assert_int_equal(health.trouble.kind, WARNING_STORE_NO_MEMORY);
	(void)sqlite3_hard_heap_limit64(0);
	assert_int_equal(put_one(s, "poor"), DB_OK);
	store_health(s, 0, &health);
	assert_int_equal(health.last_error, DB_OK);
	assert_int_equal(count_calls(s, NULL), 2);
	store_close(s);
	scratch_remove(&scratch);
}

static void test_full_at_open(void **state)
{
	struct scratch scratch;
	struct store *s = NULL;
	struct store_reason reason;

	signal(SIGXFSZ, SIG_IGN);
	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	limit_files(0);
	int rc = store_open(&config, &s, &reason);
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, -ENOSPC);
	assert_non_null(strstr(reason.text, "the disk is full"));
	assert_null(s);

	/* Also when everything is there already, after a crash, and only the first write would find out. */
	pid_t child = fork();
	if (child == 0) {
		char id[16];
		s = scratch_open(&config);
		for (int i = 0; i < 100; i++) {
			snprintf(id, sizeof(id), "call%d", i);
			put_one(s, id);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	limit_files(100000);
	rc = store_open(&config, &s, &reason);
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, -ENOSPC);
	assert_non_null(strstr(reason.text, "the database cannot be written"));
	s = scratch_open(&config);
	assert_int_equal(count_calls(s, NULL), 100);
	store_close(s);
	scratch_remove(&scratch);
}

static void test_no_right_to_write(void **state)
{
	struct scratch scratch;
	int status;

	scratch_make(&scratch);
	assert_int_equal(chmod(scratch.directory, 0555), 0);
	pid_t child = fork();
	if (child == 0) {
		struct store_config config = scratch_config(&scratch);
		struct store *s = NULL;
		struct store_reason reason;
		/* Root may write anywhere. */
		if (getuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
			_exit(2);
		int rc = store_open(&config, &s, &reason);
		_exit(rc == -EACCES && strstr(reason.text, "may not write there") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod(scratch.directory, 0700), 0);
	scratch_remove(&scratch);
}

static void test_second_alto(void **state)
{
	struct scratch scratch;
	struct store *second = NULL;
	struct store_reason reason;
	char pid[32];

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	assert_int_equal(store_open(&config, &second, &reason), -EBUSY);
	snprintf(pid, sizeof(pid), "(process %d)", (int)getpid());
	assert_non_null(strstr(reason.text, "another alto"));
	assert_non_null(strstr(reason.text, pid));
	/* The first is not disturbed. */
	assert_int_equal(put_one(s, "c1"), DB_OK);
	store_close(s);
	s = scratch_open(&config);
	assert_int_equal(count_calls(s, "c1"), 1);
	store_close(s);
	scratch_remove(&scratch);
}

static void test_refusals(void **state)
{
	struct scratch scratch;
	struct store *s = NULL;
	struct store_reason reason;
	char path[96];

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	config.database = "mysql://host/alto";
	assert_int_equal(store_open(&config, &s, &reason), -EINVAL);
	config.database = "sqlite";
	snprintf(path, sizeof(path), "%s/no/data", scratch.directory);
	config.directory = path;
	assert_int_equal(store_open(&config, &s, &reason), -ENOENT);
	assert_non_null(strstr(reason.text, path));
	assert_non_null(strstr(reason.text, "name another directory with --data DIR"));
	snprintf(path, sizeof(path), "%s/file", scratch.directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && close(fd) == 0);
	assert_int_equal(store_open(&config, &s, &reason), -ENOTDIR);
	assert_non_null(strstr(reason.text, "/file is not a directory"));
	assert_int_equal(unlink(path), 0);
	/* One level is made. */
	snprintf(path, sizeof(path), "%s/data", scratch.directory);
	store_close(scratch_open(&config));
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_second_alto),
	};
	const struct CMUnitTest files[] = {
		cmocka_unit_test(test_full_disk),    cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_full_at_open), cmocka_unit_test(test_no_right_to_write),
		cmocka_unit_test(test_refusals),
	};
	return cmocka_run_group_tests_name("sqlite's files", files, backend_sqlite, NULL) + BACKEND_RUN(tests);
}
