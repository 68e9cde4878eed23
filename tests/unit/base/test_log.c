#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "support/test.h"

#include "base/log.h"

static char caught[64 * 1024];

/* What fn writes to standard error. */
static struct slice catch_stderr(void (*fn)(void))
{
	FILE *file = tmpfile();
	assert_non_null(file);
	int saved = dup(STDERR_FILENO);
	assert_true(saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	fn();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	ssize_t n = pread(fileno(file), caught, sizeof(caught), 0);
	assert_true(n >= 0);
	fclose(file);
	return slice_of(caught, (size_t)n);
}

static void log_levels(void)
{
	log_event(LOG_DEBUG, "test.debug", LOG_INT("n", 1));
	log_event(LOG_INFO, "test.info", LOG_INT("n", 2));
	log_set_level(LOG_ERROR);
	log_event(LOG_WARN, "test.warn", LOG_INT("n", 3));
	log_event(LOG_ERROR, "test.error", LOG_STR("text", "a b"), LOG_INT("n", 4));
	log_set_level(LOG_DEBUG);
	log_write(LOG_DEBUG, "test.debug", NULL, 0);
}

static void test_levels(void **state)
{
	static const char *const lines[] = {"info test.info n=2", "error test.error text=\"a b\" n=4",
					    "debug test.debug"};
	struct slice rest = catch_stderr(log_levels);

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_slice(slice_from(slice_cut(&rest, '\n'), 28), lines[i]);
	assert_true(slice_empty(rest));
}

static void *log_some(void *arg)
{
	for (int i = 0; i < 20; i++)
		log_event(LOG_INFO, (const char *)arg, LOG_STR("text", "0123456789012345678901234567890123456789"));
	return NULL;
}

static void log_from_threads(void)
{
	static char names[4][8] = {"one", "two", "three", "four"};
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_some, names[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void test_threads(void **state)
{
	struct slice rest = catch_stderr(log_from_threads);
	size_t lines = 0;

	for (; !slice_empty(rest); lines++) {
		struct slice line = slice_cut(&rest, '\n');
		struct slice end = SLICE(" text=0123456789012345678901234567890123456789");
		assert_true(line.n > end.n && slice_eq(slice_from(line, line.n - end.n), end));
	}
	assert_int_equal(lines, 80);
}

static void log_much(void)
{
	for (int i = 0; i < 1000; i++)
		log_event(LOG_INFO, "test.flood", LOG_INT("n", i));
}

static void test_flood(void **state)
{
	struct slice s = catch_stderr(log_much);
	size_t lines = 0;

	for (size_t i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	/* A burst, and a few more if the machine is slow. */
	assert_in_range(lines, 50, 200);
}

static int pipe_ends[2];

static void log_into_full_pipe(void)
{
	char byte = 'x';

	/* Filled to the last byte; then nobody reads. */
	while (write(STDERR_FILENO, &byte, 1) == 1)
		;
	assert_int_equal(errno, EAGAIN);
	/* Blocking from here on: a log that waits hangs. */
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, 0), 0);
	log_event(LOG_INFO, "test.stuck", LOG_INT("n", 1));
	log_event(LOG_INFO, "test.stuck", LOG_INT("n", 2));
	while (read(pipe_ends[0], caught, sizeof(caught)) == (ssize_t)sizeof(caught))
		;
	log_event(LOG_INFO, "test.stuck", LOG_INT("n", 3));
}

static void test_sink_is_not_waited_for(void **state)
{
	int saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(pipe_ends), 0);
	assert_int_equal(fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK), 0);
	assert_true(saved >= 0 && dup2(pipe_ends[1], STDERR_FILENO) >= 0);
	log_into_full_pipe();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(pipe_ends[1]);
	ssize_t n = read(pipe_ends[0], caught, sizeof(caught));
	close(pipe_ends[0]);
	assert_true(n > 28);
	assert_slice(slice_from(slice_of(caught, (size_t)n), 28), "info test.stuck n=3 skipped=2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_threads),
					   cmocka_unit_test(test_flood), cmocka_unit_test(test_sink_is_not_waited_for)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
