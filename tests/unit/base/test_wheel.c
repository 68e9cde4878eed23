#include "support/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "base/wheel.h"

#define HOUR_US (3600 * SECOND_US)

struct probe {
	struct timer timer;
	struct wheel *wheel;
	int64_t fired_us; /* 0: not yet */
	unsigned fired;
	struct probe *stops; /* what its callback stops, or itself to restart */
	int64_t restart_us;
};

static int64_t last_due; /* of what fired last, to see the order */

static void fire(struct timer *t, void *arg)
{
	struct probe *p = arg;

	assert_false(timer_running(t));
	assert_true(p->wheel->now_us >= t->due_us);
	/* In order, to the millisecond. */
	assert_true((t->due_us + MS_US - 1) / MS_US >= (last_due + MS_US - 1) / MS_US);
	last_due = t->due_us;
	p->fired_us = p->wheel->now_us;
	p->fired++;
	if (p->stops == p)
		timer_start(p->wheel, t, p->restart_us);
	else if (p->stops)
		timer_stop(p->wheel, &p->stops->timer);
}

static void probe_init(struct probe *p, struct wheel *w)
{
	*p = (struct probe){.wheel = w};
	timer_init(&p->timer, fire, p);
}

static void start_wheel(struct wheel *w, int64_t now_us)
{
	last_due = 0;
	wheel_init(w, now_us, 1);
}

/* Steps through all work as a loop would, and checks what the wheel promises about its next turn. */
static void run_until(struct wheel *w, int64_t end_us)
{
	while (wheel_next_us(w) <= end_us) {
		int64_t next = wheel_next_us(w);
		wheel_turn(w, next, next);
		assert_true(wheel_next_us(w) >= next);
	}
	wheel_turn(w, end_us, end_us);
}

static void test_delays(void **state)
{
	static const int64_t delays[] = {1,
					 999,
					 1000,
					 1001,
					 62999,
					 63000,
					 64000,
					 65000,
					 64 * 64 * 1000 - 1,
					 64 * 64 * 1000,
					 500000,
					 32 * SECOND_US,
					 HOUR_US,
					 HOUR_US * 24 * 3 + 1,
					 HOUR_US * 24 * 700,
					 HOUR_US * 24 * 2000};
	static const int64_t starts[] = {0, 1, 999, 63999, 64 * 1000, 12345678901, ((1ll << 36) - 3) * 1000};

	for (size_t k = 0; k < ARRAY_LEN(starts); k++) {
		for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
			struct wheel w;
			struct probe p;
			start_wheel(&w, starts[k]);
			probe_init(&p, &w);
			timer_start(&w, &p.timer, delays[i]);
			int64_t due = starts[k] + delays[i];
			assert_int_equal(p.timer.due_us, due);
			run_until(&w, due - 1);
			assert_int_equal(p.fired, 0);
			assert_int_equal(w.running, 1);
			/* Less than a millisecond late, and one jump does as well as many steps. */
			run_until(&w, due + 999);
			assert_int_equal(p.fired, 1);
			assert_int_equal(w.running, 0);
			assert_int_equal(wheel_next_us(&w), INT64_MAX);
			for (size_t level = 0; level < WHEEL_LEVELS; level++)
				assert_int_equal(w.occupied[level], 0);
		}
	}
}

static void test_far_and_never(void **state)
{
	struct wheel w;
	struct probe p;

	start_wheel(&w, 5000);
	probe_init(&p, &w);
	timer_start(&w, &p.timer, INT64_MAX);
	assert_true(p.timer.due_us > HOUR_US * 24 * 365 * 1000);
	wheel_turn(&w, HOUR_US * 24 * 365 * 100, 0);
	assert_int_equal(p.fired, 0);
	timer_stop(&w, &p.timer);
	assert_int_equal(wheel_next_us(&w), INT64_MAX);
	for (size_t level = 0; level < WHEEL_LEVELS; level++)
		assert_int_equal(w.occupied[level], 0);
}

static void test_no_delay(void **state)
{
	struct wheel w;
	struct probe a, b, c;

	start_wheel(&w, 1000500);
	probe_init(&a, &w);
	probe_init(&b, &w);
	probe_init(&c, &w);
	a.stops = &a; /* starts itself again with no delay */
	timer_start(&w, &a.timer, 0);
	timer_start(&w, &b.timer, -5);
	timer_start(&w, &c.timer, 0);
	timer_stop(&w, &c.timer); /* the last of the waiting ones */
	assert_int_equal(wheel_next_us(&w), 1000500);
	wheel_turn(&w, 1000500, 7);
	assert_int_equal(a.fired, 1);
	assert_int_equal(b.fired, 1);
	assert_int_equal(c.fired, 0);
	assert_int_equal(w.wall_us, 7);
	assert_int_equal(w.running, 1);
	wheel_turn(&w, 1000500, 8);
	assert_int_equal(a.fired, 2);
	timer_start(&w, &c.timer, 0);
	wheel_turn(&w, 1000500, 8);
	assert_int_equal(a.fired, 3);
	assert_int_equal(c.fired, 1);

	/* A millisecond that the turn is already in ends before a restart within it. */
	a.restart_us = 1;
	wheel_turn(&w, 1002000, 8);
	assert_int_equal(a.fired, 4);
	wheel_turn(&w, 1003000, 8);
	assert_int_equal(a.fired, 5);
}

static void test_time_does_not_go_back(void **state)
{
	struct wheel w;
	struct probe p;

	start_wheel(&w, SECOND_US);
	probe_init(&p, &w);
	timer_start(&w, &p.timer, 10 * MS_US);
	wheel_turn(&w, 5, 99);
	assert_int_equal(w.now_us, SECOND_US);
	assert_int_equal(w.wall_us, 99);
	wheel_turn(&w, SECOND_US + 10 * MS_US, 50);
	assert_int_equal(p.fired, 1);
	assert_int_equal(w.wall_us, 50);
}

/* Timers of one millisecond whose callbacks stop others: those never fire, whatever the order. */
static void test_stop_each_other(void **state)
{
	for (int64_t delay = 0; delay <= HOUR_US; delay = delay ? delay * 60 : MS_US) {
		struct wheel w;
		struct probe p[4];
		start_wheel(&w, 0);
		for (size_t i = 0; i < 4; i++) {
			probe_init(&p[i], &w);
			p[i].stops = i == 3 ? NULL : &p[i ^ 1];
			timer_start(&w, &p[i].timer, delay);
		}
		wheel_turn(&w, HOUR_US * 2, 0);
		assert_int_equal(p[0].fired + p[1].fired, 1);
		/* 2 stops 3 only if it is the first of them. */
		assert_int_equal(p[2].fired, 1);
		assert_true(p[3].fired <= 1);
		assert_int_equal(w.running, 0);
		wheel_turn(&w, HOUR_US * 4, 0);
		assert_int_equal(p[0].fired + p[1].fired + p[2].fired, 2);
	}
}

static void test_restart(void **state)
{
	struct wheel w;
	struct probe p;

	start_wheel(&w, 0);
	probe_init(&p, &w);
	timer_start(&w, &p.timer, 5 * MS_US);
	timer_start(&w, &p.timer, HOUR_US);
	assert_int_equal(w.running, 1);
	wheel_turn(&w, SECOND_US, 0);
	assert_int_equal(p.fired, 0);
	timer_stop(&w, &p.timer);
	timer_stop(&w, &p.timer);
	assert_int_equal(w.running, 0);
	wheel_turn(&w, HOUR_US * 2, 0);
	assert_int_equal(p.fired, 0);

	/* Every 20 ms, in turns of 100 ms: each time counts from the turn, so none is made up for. */
	p.stops = &p;
	p.restart_us = 20 * MS_US;
	timer_start(&w, &p.timer, p.restart_us);
	for (int64_t i = 1; i <= 10; i++)
		wheel_turn(&w, HOUR_US * 2 + i * 100 * MS_US, 0);
	assert_int_equal(p.fired, 10);
}

#define MODEL_TIMERS 2000
#define MODEL_STEPS 100000

/* How long, from none to years, each magnitude as likely as the next. */
static int64_t some_delay(struct random *r)
{
	unsigned bits = random_below(r, 46);
	return (int64_t)(random_u64(r) & ((UINT64_C(1) << bits) - 1));
}

static int64_t earliest_due(const struct probe *p)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < MODEL_TIMERS; i++) {
		if (timer_running(&p[i].timer))
			due = MIN(due, p[i].timer.due_us);
	}
	return due;
}

/*
 * 100,000 starts and stops of 2,000 timers at random, time moved now by a little, now by hours. `due` is the model:
 * what should fire and when.
 */
static void test_model(void **state)
{
	static struct probe p[MODEL_TIMERS];
	static int64_t due[MODEL_TIMERS];
	struct wheel w;
	struct random r;
	size_t fired = 0;

	random_init_seeded(&r, 20261124);
	start_wheel(&w, ((1ll << 36) - 5000) * MS_US + 321);
	for (size_t i = 0; i < MODEL_TIMERS; i++) {
		probe_init(&p[i], &w);
		due[i] = 0;
	}
	for (size_t step = 0; step < MODEL_STEPS; step++) {
		size_t i = random_below(&r, MODEL_TIMERS);
		if (random_below(&r, 4) == 0) {
			timer_stop(&w, &p[i].timer);
			due[i] = 0;
		} else {
			int64_t delay = some_delay(&r);
			timer_start(&w, &p[i].timer, delay);
			/* None at all: due in whatever turn comes next. */
			due[i] = delay ? w.now_us + delay : w.now_us / MS_US * MS_US;
		}
		p[i].fired = 0;
		if (step % 100)
			continue;

		int64_t soonest = earliest_due(p);
		assert_true(soonest == INT64_MAX || wheel_next_us(&w) <= (soonest + MS_US - 1) / MS_US * MS_US);
		int64_t now = step % 300 || soonest == INT64_MAX ? w.now_us + some_delay(&r) / 64
								 : MAX(w.now_us, wheel_next_us(&w));
		last_due = 0;
		wheel_turn(&w, now, 0);
		size_t running = 0;
		for (size_t k = 0; k < MODEL_TIMERS; k++) {
			bool over = due[k] && (due[k] + MS_US - 1) / MS_US <= now / MS_US;
			if (due[k] && (p[k].fired != over || timer_running(&p[k].timer) == over))
				fail_msg("step %zu: timer %zu due %ld at %ld: fired %u", step, k, due[k], now,
					 p[k].fired);
			if (over) {
				assert_int_equal(p[k].fired_us, now);
				fired++;
				due[k] = 0;
				p[k].fired = 0;
			}
			assert_int_equal(p[k].fired, 0);
			running += due[k] != 0;
		}
		assert_int_equal(w.running, running);
	}
	assert_true(fired > 10000);
}

struct jumps {
	unsigned count;
	int64_t by_us;
};

static void jumped(void *arg, int64_t by_us)
{
	struct jumps *j = arg;
	j->count++;
	j->by_us = by_us;
}

/* Told once for each time that it was set, and not for what NTP does; the steady clock does not follow. */
static void test_wall_clock_is_set(void **state)
{
	const int64_t wall_us = 1800000000 * SECOND_US;
	struct wheel w;
	struct jumps j = {0};

	wheel_init(&w, HOUR_US, wall_us);
	w.on_jump = jumped;
	w.on_jump_arg = &j;
	wheel_turn(&w, 2 * HOUR_US, wall_us + HOUR_US + WHEEL_JUMP_US - 1);
	wheel_turn(&w, 3 * HOUR_US, wall_us + 2 * HOUR_US);
	assert_int_equal(j.count, 0);
	assert_int_equal(w.jumped_at_us, 0);
	wheel_turn(&w, 3 * HOUR_US + 1, wall_us + 2 * HOUR_US + 1 + WHEEL_JUMP_US);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.by_us, WHEEL_JUMP_US);
	assert_int_equal(w.jump_us, WHEEL_JUMP_US);
	assert_int_equal(w.jumped_at_us, 3 * HOUR_US + 1);
	wheel_turn(&w, 4 * HOUR_US, wall_us - HOUR_US);
	assert_int_equal(j.count, 2);
	assert_int_equal(j.by_us, -4 * HOUR_US - WHEEL_JUMP_US);
	assert_int_equal(w.wall_us, wall_us - HOUR_US);
	assert_int_equal(wheel_steady_us(&w), wall_us + 3 * HOUR_US);
	wheel_turn(&w, 5 * HOUR_US, wall_us);
	assert_int_equal(j.count, 2);
}

/* Initialised while it runs, a timer would be linked in the wheel and not know it: the wheel would fire it for ever. */
static void test_running_is_not_initialised(void **state)
{
	struct wheel w;
	struct probe p;
	int status;

	start_wheel(&w, 0);
	probe_init(&p, &w);
	timer_start(&w, &p.timer, SECOND_US);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		timer_init(&p.timer, fire, &p);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	timer_stop(&w, &p.timer);
	timer_init(&p.timer, fire, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_wall_clock_is_set),
		cmocka_unit_test(test_far_and_never),
		cmocka_unit_test(test_no_delay),
		cmocka_unit_test(test_time_does_not_go_back),
		cmocka_unit_test(test_stop_each_other),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_running_is_not_initialised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
