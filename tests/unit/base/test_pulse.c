/* Who answers, who is late, who waits for something outside, and who has stopped */
#include <signal.h>

#include "base/pulse.h"
#include "support/test.h"

#define ROUNDS_MAX 3

struct thread {
	struct pulse pulse;
	unsigned woken, stuck;
};

static void wake(void *arg)
{
	((struct thread *)arg)->woken++;
}

static void stuck(const struct pulse *p, void *arg)
{
	((struct thread *)p->arg)->stuck++;
	assert_int_equal(*(int *)arg, 7);
}

static unsigned look(void)
{
	int seven = 7;
	return pulse_round(ROUNDS_MAX, stuck, &seven);
}

static void begin(struct thread *t, const char *name)
{
	*t = (struct thread){0};
	pulse_begin(&t->pulse, name, wake, t);
}

static void who_answers_is_asked_again(void **state)
{
	struct thread t;
	begin(&t, "one");
	for (unsigned i = 1; i <= 10; i++) {
		assert_int_equal(look(), 0);
		assert_int_equal(t.woken, i);
		pulse_answer(&t.pulse);
	}
	assert_int_equal(t.stuck, 0);
	pulse_end(&t.pulse);
	assert_int_equal(look(), 0);
	assert_int_equal(t.woken, 10);
}

static void only_who_owes_an_answer_for_all_rounds_is_stuck(void **state)
{
	struct thread well, late, dead;
	begin(&well, "well");
	begin(&late, "late");
	begin(&dead, "dead");
	assert_int_equal(look(), 0);
	for (unsigned i = 1; i < ROUNDS_MAX; i++) {
		pulse_answer(&well.pulse);
		assert_int_equal(look(), 2);
	}
	pulse_answer(&well.pulse);
	pulse_answer(&late.pulse); /* at the last moment */
	assert_int_equal(dead.stuck, 0);
	assert_int_equal(look(), 1);
	assert_int_equal(dead.stuck, 1);
	assert_int_equal(late.stuck + well.stuck, 0);

	/* Its time begins anew. */
	assert_int_equal(look(), 3);
	assert_int_equal(late.stuck, 0);
	pulse_end(&late.pulse);
	pulse_end(&well.pulse);
	pulse_end(&dead.pulse);
}

static void a_wait_outside_is_no_hang(void **state)
{
	struct thread t;
	begin(&t, "store");
	assert_int_equal(look(), 0);
	pulse_wait(&t.pulse, true);
	for (unsigned i = 0; i < 10 * ROUNDS_MAX; i++)
		assert_int_equal(look(), 0);
	pulse_wait(&t.pulse, false);
	for (unsigned i = 1; i < ROUNDS_MAX; i++)
		assert_int_equal(look(), 1);
	assert_int_equal(t.stuck, 0);
	assert_int_equal(look(), 1);
	assert_int_equal(t.stuck, 1);
	pulse_end(&t.pulse);
}

static void its_signal_is_taken(void **state)
{
	sigset_t set;
	struct thread t;
	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	begin(&t, "one");
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	assert_false(sigismember(&set, PULSE_SIGNAL));
	assert_true(sigismember(&set, SIGTERM));
	pulse_end(&t.pulse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers_is_asked_again),
		cmocka_unit_test(only_who_owes_an_answer_for_all_rounds_is_stuck),
		cmocka_unit_test(a_wait_outside_is_no_hang),
		cmocka_unit_test(its_signal_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
