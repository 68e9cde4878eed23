#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

static void *self_of_thread(void *arg)
{
	struct thread_owner *owner = arg;

	thread_owner_take(owner);
	assert_int_equal(thread_self(), owner->id);
	return NULL;
}

static void test_thread_self(void **state)
{
	struct thread_owner mine = {0}, theirs[2] = {{0}};

	thread_owner_take(&mine);
	assert_int_not_equal(mine.id, 0);
	assert_int_equal(thread_self(), mine.id);
	ASSERT_ON(mine);
	for (size_t i = 0; i < 2; i++) {
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, self_of_thread, &theirs[i]), 0);
		pthread_join(thread, NULL);
	}
	/* Numbers are not given twice, also when the thread is gone. */
	assert_int_not_equal(theirs[0].id, mine.id);
	assert_int_not_equal(theirs[0].id, theirs[1].id);
}

static void test_assert(void **state)
{
	int pipes[2], status;
	char text[256] = "";

	ASSERT(1 + 1 == 2);
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(pipes[1], STDERR_FILENO);
		ASSERT(1 + 1 == 3);
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
	close(pipes[0]);
	assert_non_null(strstr(text, "test_common.c:"));
	assert_non_null(strstr(text, "1 + 1 == 3"));
}

struct outer {
	int first;
	struct thread_owner inner;
};

static void test_container_of(void **state)
{
	const struct outer o = {.first = 4};
	const struct thread_owner *inner = &o.inner;
	assert_ptr_equal(container_of(inner, const struct outer, inner), &o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_thread_self), cmocka_unit_test(test_assert),
					   cmocka_unit_test(test_container_of)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
