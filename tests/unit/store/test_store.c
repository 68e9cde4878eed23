/* The store and its threads: groups, order of delivery, bounds, reads beside writes, the end; and without threads */
#include <errno.h>
#include <semaphore.h>

#include "base/clock.h"
#include "scratch.h"
#include "store/store_private.h"
#include "support/failing.h"

struct writing {
	struct store_job job;
	const char *id;        /* of the user to put */
	const char *extension; /* and what could be taken */
	int done;              /* times */
	int result;
	int order;
};

static int done_count; /* all jobs, in order of done() */

static int put_user(struct db *db, struct store_job *job)
{
	struct writing *w = container_of(job, struct writing, job);
	struct store_user u = user_one;
	u.id = u.login = slice_from_string(w->id);
	u.extension = slice_from_string(w->extension);
	return store_user_put(db, &u);
}

static void note_done(struct store_job *job, int result)
{
	struct writing *w = container_of(job, struct writing, job);
	w->done++;
	w->result = result;
	w->order = ++done_count;
}

static int fill(struct db *db, struct store_job *job)
{
	int rc = store_tenant_put(db, &tenant_one);
	return rc < 0 ? rc : store_user_put(db, &user_one);
}

static void post(struct store *s, struct writing *w)
{
	assert_int_equal(store_post(s, &w->job), 0);
}

static void fill_store(struct store *s)
{
	struct writing w = {.job = {.run = fill, .done = note_done}};
	post(s, &w);
	store_wait(s);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.result, DB_OK);
}

/* A job that keeps its thread until it is let go. */
struct holding {
	struct store_job job;
	sem_t entered, go;
	bool done;
};

static int hold(struct db *db, struct store_job *job)
{
	struct holding *h = container_of(job, struct holding, job);
	sem_post(&h->entered);
	while (sem_wait(&h->go) < 0)
		;
	return DB_OK;
}

static void hold_done(struct store_job *job, int result)
{
	container_of(job, struct holding, job)->done = true;
	done_count++;
}

static void hold_start(struct store *s, struct holding *h)
{
	*h = (struct holding){.job = {.run = hold, .done = hold_done}};
	sem_init(&h->entered, 0, 0);
	sem_init(&h->go, 0, 0);
	assert_int_equal(store_post(s, &h->job), 0);
	while (sem_wait(&h->entered) < 0)
		;
}

static void hold_end(struct holding *h)
{
	sem_post(&h->go);
}

static int64_t commits(struct store *s)
{
	return atomic_load(&s->commits.value);
}

#define MANY 500
static struct writing many[MANY];
static char many_ids[MANY][16];

static void many_prepare(void)
{
	for (int i = 0; i < MANY; i++) {
		snprintf(many_ids[i], sizeof(many_ids[i]), "m%d", i);
		many[i] = (struct writing){.job = {.run = put_user, .done = note_done, .bytes = 100},
					   .id = many_ids[i],
					   .extension = many_ids[i]};
	}
}

static void test_group_commit(void **state)
{
	struct scratch scratch;
	struct holding h;

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	fill_store(s);
	many_prepare();
	many[250].extension = user_one.extension.p; /* taken */

	int64_t before = commits(s);
	hold_start(s, &h);
	for (int i = 0; i < MANY; i++)
		post(s, &many[i]);
	done_count = 0;
	hold_end(&h);
	store_wait(s);
	/* The holding job's, and one for all the others. */
	assert_int_equal(commits(s) - before, 2);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(many[i].done, 1);
		assert_int_equal(many[i].result, i == 250 ? DB_CONFLICT : DB_OK);
		assert_int_equal(many[i].order, i + 2);
	}
	store_close(s);
	scratch_remove(&scratch);
}

struct reading {
	struct store_job job;
	int users;
	bool done;
};

static void count_row(void *arg, const void *row)
{
	++*(int *)arg;
}

static int read_users(struct db *db, struct store_job *job)
{
	struct reading *r = container_of(job, struct reading, job);
	return store_list(db, STORE_USER, &(struct store_page){0}, count_row, &r->users);
}

static void read_done(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
	container_of(job, struct reading, job)->done = true;
}

/* What the switchboard is told, in order, as text. */
static char told[256];
static struct store *told_store;

static void tell(const char *what, struct slice id, bool row)
{
	size_t n = strlen(told);
	snprintf(told + n, sizeof(told) - n, "%s%.*s%s ", what, SLICE_ARG(id), row ? "+" : "");
}

static void on_change(void *owner, const struct store_change *change)
{
	const struct store_user *u = change->row;
	assert_true(slice_eq(change->tenant, SLICE("t1")));
	if (u && change->kind == STORE_USER)
		assert_true(slice_eq(u->id, change->id) && slice_eq(u->tenant, SLICE("t1")));
	tell("", change->id, u != NULL);
}

static void tell_done(struct store_job *job, int result)
{
	note_done(job, result);
	tell("done:", slice_from_string(container_of(job, struct writing, job)->id), false);
}

static int remove_user(struct db *db, struct store_job *job)
{
	return store_user_remove(db, slice_from_string(container_of(job, struct writing, job)->id));
}

/* Writes one row and is then refused the next. */
static int put_two(struct db *db, struct store_job *job)
{
	struct store_user u = user_one;
	u.id = u.login = u.extension = SLICE("z");
	int rc = store_user_put(db, &u);
	return rc < 0 ? rc : put_user(db, job);
}

static void test_changes_before_done(void **state)
{
	struct scratch scratch;
	struct holding h;
	struct writing a = {.job = {.run = put_user, .done = tell_done}, .id = "a", .extension = "a"};
	struct writing b = {.job = {.run = put_user, .done = tell_done}, .id = "b", .extension = "b"};
	struct writing c = {.job = {.run = put_two, .done = tell_done}, .id = "c", .extension = "b"};
	struct writing d = {.job = {.run = remove_user, .done = tell_done}, .id = "a"};
	struct reading r = {.job = {.run = read_users, .done = read_done, .read_only = true}};

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	config.on_change = on_change;
	struct store *s = scratch_open(&config);
	fill_store(s);
	told[0] = '\0';
	hold_start(s, &h);
	post(s, &a);
	post(s, &b);
	post(s, &c); /* refused: what it wrote and its changes are undone, and nobody else's */
	hold_end(&h);
	store_wait(s);
	assert_string_equal(told, "a+ b+ done:a done:b done:c ");
	assert_int_equal(c.result, DB_CONFLICT);
	told[0] = '\0';
	post(s, &d);
	store_wait(s);
	assert_string_equal(told, "a done:a ");
	assert_int_equal(store_post(s, &r.job), 0);
	store_wait(s);
	assert_int_equal(r.users, 2); /* user_one and b */
	store_close(s);
	scratch_remove(&scratch);
}

/* Writes and then holds its transaction open. */
static int write_and_hold(struct db *db, struct store_job *job)
{
	struct store_user u = user_one;
	u.id = u.login = u.extension = SLICE("new");
	int rc = store_user_put(db, &u);
	return rc < 0 ? rc : hold(db, job);
}

static void test_reads_beside_a_long_write(void **state)
{
	struct scratch scratch;
	struct holding h = {.job = {.run = write_and_hold, .done = hold_done}};
	struct reading r = {.job = {.run = read_users, .done = read_done, .read_only = true}};

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	fill_store(s);
	sem_init(&h.entered, 0, 0);
	sem_init(&h.go, 0, 0);
	assert_int_equal(store_post(s, &h.job), 0);
	while (sem_wait(&h.entered) < 0)
		;
	assert_int_equal(store_post(s, &r.job), 0);
	while (!r.done) {
		store_signal_wait(&s->ready, INT64_MAX);
		store_collect(s);
	}
	/* The write is not over, and not seen. */
	assert_false(h.done);
	assert_int_equal(r.users, 1);
	hold_end(&h);
	store_wait(s);
	r = (struct reading){.job = r.job};
	assert_int_equal(store_post(s, &r.job), 0);
	store_wait(s);
	assert_int_equal(r.users, 2);
	store_close(s);
	scratch_remove(&scratch);
}

static void test_bounds_and_health(void **state)
{
	struct scratch scratch;
	struct holding h;
	struct store_health health;
	struct writing big = {.job = {.run = fill, .done = note_done, .bytes = STORE_QUEUE_BYTES_MAX}};
	struct writing one = {.job = {.run = fill, .done = note_done, .bytes = 1}};
	struct writing none = {.job = {.run = fill, .done = note_done}};

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	hold_start(s, &h);
	int64_t held_us = clock_monotonic_us();
	/* Exactly the bound is taken, one byte past it is not, and no bytes still are. */
	post(s, &big);
	assert_int_equal(store_post(s, &one.job), -ENOSPC);
	post(s, &none);
	store_health(s, held_us + SECOND_US, &health);
	assert_int_equal(health.waiting_jobs, 3);
	assert_int_equal(health.waiting_bytes, STORE_QUEUE_BYTES_MAX);
	assert_true(health.oldest_wait_us >= SECOND_US);
	hold_end(&h);
	store_wait(s);
	store_health(s, clock_monotonic_us(), &health);
	assert_int_equal(health.waiting_bytes + health.waiting_jobs, 0);
	assert_int_equal(health.oldest_wait_us, 0);
	assert_int_equal(health.trouble.kind, WARNING_NONE);

	/* And the bound on their number. */
	struct writing *jobs = calloc(STORE_JOBS_MAX, sizeof(*jobs));
	assert_non_null(jobs);
	hold_start(s, &h);
	for (size_t i = 0; i < STORE_JOBS_MAX - 1; i++) {
		jobs[i] = (struct writing){.job = {.run = remove_user, .done = note_done}, .id = "nobody"};
		post(s, &jobs[i]);
	}
	assert_int_equal(store_post(s, &one.job), -ENOSPC);
	hold_end(&h);
	store_wait(s);
	for (size_t i = 0; i < STORE_JOBS_MAX - 1; i++)
		assert_int_equal(jobs[i].done, 1);
	post(s, &one);
	store_wait(s);
	free(jobs);
	store_close(s);
	scratch_remove(&scratch);
}

static int refused_at_close;

static void post_again(struct store_job *job, int result)
{
	note_done(job, result);
	refused_at_close = store_post(told_store, job);
}

static void test_close_commits_what_waits(void **state)
{
	struct scratch scratch;
	struct holding h;
	struct reading r = {.job = {.run = read_users, .done = read_done, .read_only = true}};

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = told_store = scratch_open(&config);
	fill_store(s);
	many_prepare();
	many[0].job.done = post_again;
	hold_start(s, &h);
	for (int i = 0; i < MANY; i++)
		post(s, &many[i]);
	hold_end(&h);
	store_close(s);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(many[i].done, 1);
	assert_int_equal(refused_at_close, -ENOSPC);

	s = scratch_open(&config);
	assert_int_equal(store_post(s, &r.job), 0);
	store_wait(s);
	assert_int_equal(r.users, MANY + 1);
	store_close(s);
	scratch_remove(&scratch);
}

static int wakes;

static void count_wake(void *arg)
{
	wakes++;
}

static void test_threadless(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store_config config = scratch_threadless(&scratch);
	config.wake = count_wake;
	struct store *s = scratch_open(&config);
	struct reading r = {.job = {.run = read_users, .done = read_done, .read_only = true}};

	fill_store(s);
	wakes = 0;
	assert_int_equal(store_post(s, &r.job), 0);
	assert_int_equal(wakes, 1);
	assert_false(r.done);
	store_collect(s);
	assert_true(r.done);
	assert_int_equal(r.users, 1);
	/* A turn delivers a bounded number, and asks for another. */
	struct writing *jobs = calloc(STORE_COLLECT_MAX + 1, sizeof(*jobs));
	for (size_t i = 0; i < STORE_COLLECT_MAX + 1; i++) {
		jobs[i] = (struct writing){.job = {.run = remove_user, .done = note_done}, .id = "nobody"};
		post(s, &jobs[i]);
	}
	wakes = 0;
	store_collect(s);
	assert_int_equal(jobs[STORE_COLLECT_MAX - 1].done, 1);
	assert_int_equal(jobs[STORE_COLLECT_MAX].done, 0);
	assert_int_equal(wakes, 1);
	store_collect(s);
	assert_int_equal(jobs[STORE_COLLECT_MAX].done, 1);
	free(jobs);
	store_close(s);
	scratch_remove(&scratch);
}

static int64_t answer;

static int ask_beat(struct db *db, struct store_job *job)
{
	struct db_rows *rows = db_query(db, "SELECT coalesce(max(alive_us), 0) FROM heartbeat", NULL, 0);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	answer = db_int(rows, 0);
	db_end(rows);
	return MIN(rc, DB_OK);
}

static int put_open_call(struct db *db, struct store_job *job)
{
	struct store_call c = a_call(slice_from_string(container_of(job, struct writing, job)->id));
	return store_call_put(db, &c);
}

static void test_heartbeat_only_with_calls(void **state)
{
	struct scratch scratch;
	struct writing ask = {.job = {.run = ask_beat, .done = note_done}};
	struct writing call = {.job = {.run = put_open_call, .done = note_done}, .id = "c1"};

	scratch_make(&scratch);
	struct store_config config = scratch_config(&scratch);
	struct store *s = scratch_open(&config);
	fill_store(s);
	post(s, &ask);
	store_wait(s);
	assert_int_equal(answer, 0);
	int64_t before_us = clock_wall_us();
	post(s, &call);
	post(s, &ask);
	store_wait(s);
	post(s, &ask);
	store_wait(s);
	assert_true(answer >= before_us && answer <= clock_wall_us());
	store_close(s);
	scratch_remove(&scratch);
}

/* Many that were noted long ago, and then enough for the next trim. */
static int note_many(struct db *db, struct store_job *job)
{
	int rc = db_do(db,
		       "WITH RECURSIVE old(n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM old WHERE n < $2) "
		       "INSERT INTO change (seq, tenant, kind, id) SELECT n, 't1', 4, 'c1' FROM old",
		       DB_I(1), DB_I(STORE_CHANGES_KEPT));
	for (int i = 0; i < STORE_TRIM_EVERY && rc == DB_OK; i++)
		rc = store_note_change(db, SLICE("t1"), STORE_CALL, SLICE("c1"));
	return rc;
}

static int ask_changes(struct db *db, struct store_job *job)
{
	struct db_rows *rows = db_query(db, "SELECT max(seq) - min(seq) + 1, count(*) FROM change", NULL, 0);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	answer = db_int(rows, 0) == db_int(rows, 1) ? db_int(rows, 1) : -1;
	db_end(rows);
	return MIN(rc, DB_OK);
}

static void test_changes_are_trimmed(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store_config config = scratch_threadless(&scratch);
	struct store *s = scratch_open(&config);
	struct writing noting = {.job = {.run = note_many, .done = note_done}};
	struct writing ask = {.job = {.run = ask_changes, .done = note_done}};

	post(s, &noting);
	store_wait(s);
	assert_int_equal(noting.result, DB_OK);
	post(s, &ask);
	store_wait(s);
	assert_int_equal(answer, STORE_CHANGES_KEPT);
	store_close(s);
	scratch_remove(&scratch);
}

static int use_store(void *arg)
{
	struct store_config config = scratch_threadless(arg);
	struct writing first = {.job = {.run = fill, .done = note_done}};
	struct writing second = {.job = {.run = put_user, .done = note_done}, .id = "n", .extension = "n"};
	struct store_reason reason;
	struct store *s = NULL;

	int rc = store_open(&config, &s, &reason);
	if (rc < 0) {
		/* A statement that finds no memory is an input/output error to the one who opens. */
		assert_true(rc == -ENOMEM || rc == -EIO);
		return -ENOMEM;
	}
	post(s, &first);
	post(s, &second);
	store_wait(s);
	/* Done once each, whatever failed; the second cannot be there without the first, unless an earlier round's is.
	 */
	assert_int_equal(first.done + second.done, 2);
	assert_true(second.result < 0 || first.result == DB_OK || backend_is_postgresql);
	rc = first.result < 0 || second.result < 0 ? -ENOMEM : 0;
	store_close(s);
	return rc;
}

static void test_no_memory(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	failing_each(use_store, &scratch);
	scratch_remove(&scratch);
}

static void test_metrics(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct store_config config = scratch_threadless(&scratch);
	struct store *s = scratch_open(&config);
	struct metrics metrics;
	char text[8192];
	struct writer w = writer_on(text, sizeof(text) - 1);

	fill_store(s);
	metrics_init(&metrics);
	store_metrics(s, &metrics);
	metrics_write(&metrics, &w);
	text[w.n] = '\0';
	assert_non_null(strstr(text, "alto_store_commits_total 1\n"));
	assert_non_null(strstr(text, "alto_store_changes_total 2\n"));
	store_close(s);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_commit),
		cmocka_unit_test(test_changes_before_done),
		cmocka_unit_test(test_reads_beside_a_long_write),
		cmocka_unit_test(test_bounds_and_health),
		cmocka_unit_test(test_close_commits_what_waits),
		cmocka_unit_test(test_threadless),
		cmocka_unit_test(test_heartbeat_only_with_calls),
		cmocka_unit_test(test_changes_are_trimmed),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_metrics),
	};
	return BACKEND_RUN(tests);
}
