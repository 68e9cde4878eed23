/* Tests of net/loop.c: time, timers, flushing, wakers and signals, in the order the header promises. */
#include <signal.h>

#include "unit/net/peer.h"

#include "base/clock.h"
#include "support/failing.h"

static struct loop *loop;

static int set_up(void **state)
{
	return loop_new(&loop);
}

static int tear_down(void **state)
{
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

struct order {
	char text[32];
	size_t n;
	struct timer timer;
};

static void note(struct order *o, char c)
{
	if (o->n + 1 < sizeof(o->text))
		o->text[o->n++] = c;
}

static void order_timer(struct timer *t, void *arg)
{
	note(arg, 't');
}
static void order_woken(void *arg)
{
	note(arg, 'i');
}
static void order_flush(void *arg)
{
	note(arg, 'f');
}

static void test_timers_then_input_then_flush(void **state)
{
	struct order o = {0};
	struct loop_waker *w;
	struct loop_flush f = {.fn = order_flush, .arg = &o};

	timer_init(&o.timer, order_timer, &o);
	assert_int_equal(loop_waker_new(loop, order_woken, &o, &w), 0);
	loop_add_flush(loop, &f);
	one_turn(loop);
	o.n = 0;
	timer_start(loop_wheel(loop), &o.timer, 0);
	loop_waker_wake(w);
	one_turn(loop);
	assert_string_equal(o.text, "tif");
	loop_remove_flush(loop, &f);
	one_turn(loop);
	assert_int_equal(o.n, 3);
	loop_waker_close(w);
}

struct fresh {
	struct loop_waker *waker;
	int64_t wheel_us, sent_us;
	bool woken;
};

static void fresh_woken(void *arg)
{
	struct fresh *f = arg;
	f->wheel_us = loop_wheel(loop)->now_us;
	f->woken = true;
}

static void fresh_wake_late(void *arg)
{
	struct fresh *f = arg;
	/* So that the loop sleeps by then; were it not to, there would be nothing to see. */
	usleep(50000);
	f->sent_us = clock_monotonic_us();
	loop_waker_wake(f->waker);
}

static void test_time_is_fresh_in_the_first_callback(void **state)
{
	struct fresh f = {0};

	assert_int_equal(loop_waker_new(loop, fresh_woken, &f, &f.waker), 0);
	run_with_peer(loop, fresh_wake_late, &f);
	assert_true(f.woken);
	/* The time of the turn is that of its beginning, after the sleep. */
	assert_true(f.wheel_us >= f.sent_us);
	loop_waker_close(f.waker);
}

struct timed {
	struct timer timer;
	int64_t at_us;
	bool fired;
};

static void timed_fired(struct timer *t, void *arg)
{
	struct timed *x = arg;
	x->at_us = clock_monotonic_us();
	x->fired = true;
}

static void test_wheel_ends_the_sleep(void **state)
{
	struct timed x = {0};

	one_turn(loop);
	timer_init(&x.timer, timed_fired, &x);
	int64_t start_us = loop_wheel(loop)->now_us;
	timer_start(loop_wheel(loop), &x.timer, 20 * MS_US);
	run_until(loop, flag_set, &x.fired);
	assert_true(x.at_us - start_us >= 20 * MS_US);
}

static struct loop_flush hooks[3];
static unsigned hook_calls[3];

static void hook_removes_next(void *arg)
{
	hook_calls[0]++;
	loop_remove_flush(loop, &hooks[0]);
	loop_remove_flush(loop, &hooks[1]);
}
static void hook_counts(void *arg)
{
	(*(unsigned *)arg)++;
}

static void test_hook_removes_itself_and_its_next(void **state)
{
	hooks[0] = (struct loop_flush){.fn = hook_removes_next};
	hooks[1] = (struct loop_flush){.fn = hook_counts, .arg = &hook_calls[1]};
	hooks[2] = (struct loop_flush){.fn = hook_counts, .arg = &hook_calls[2]};
	for (size_t i = 0; i < 3; i++)
		loop_add_flush(loop, &hooks[i]);
	one_turn(loop);
	one_turn(loop);
	assert_int_equal(hook_calls[0], 1);
	assert_int_equal(hook_calls[1], 0);
	assert_int_equal(hook_calls[2], 2);
	loop_remove_flush(loop, &hooks[2]);
}

#define WAKES 20000

struct wakes {
	struct loop_waker *waker;
	_Atomic size_t sent;
	size_t seen; /* `sent`, as of the last call */
};

static void wakes_seen(void *arg)
{
	struct wakes *w = arg;
	w->seen = w->sent;
}
static void wakes_send(void *arg)
{
	struct wakes *w = arg;
	for (size_t i = 0; i < WAKES; i++) {
		w->sent++;
		loop_waker_wake(w->waker);
	}
}
static bool wakes_complete(void *arg)
{
	return ((struct wakes *)arg)->seen == WAKES;
}

static void test_no_wake_is_lost(void **state)
{
	struct wakes w = {0};

	assert_int_equal(loop_waker_new(loop, wakes_seen, &w, &w.waker), 0);
	run_with_peer(loop, wakes_send, &w);
	run_until(loop, wakes_complete, &w);
	loop_waker_close(w.waker);
}

static void signal_noted(void *arg)
{
	*(bool *)arg = true;
}

static void test_signal_is_an_event(void **state)
{
	bool came = false;

	assert_int_equal(loop_on_signal(loop, SIGHUP, signal_noted, &came), 0);
	raise(SIGHUP);
	assert_false(came);
	run_until(loop, flag_set, &came);
}

static void test_turns_are_measured(void **state)
{
	struct metrics m;
	char text[4096];
	struct writer w = writer_on(text, sizeof(text) - 1);
	struct timer timer = {0};

	metrics_init(&m);
	loop_metrics(loop, &m);
	timer_init(&timer, order_timer, NULL);
	timer_start(loop_wheel(loop), &timer, SECOND_US);
	one_turn(loop);
	metrics_write(&m, &w);
	text[w.n] = '\0';
	assert_non_null(strstr(text, "alto_net_turn_seconds_bucket{le=\"0.02\"} 1"));
	assert_non_null(strstr(text, "alto_net_timers 1\n"));
	timer_stop(loop_wheel(loop), &timer);
}

static int make_all(void *arg)
{
	struct loop *l;
	struct loop_waker *w;
	bool came;

	int rc = loop_new(&l);
	if (rc < 0)
		return rc;
	rc = loop_waker_new(l, signal_noted, &came, &w);
	if (rc == 0)
		loop_waker_close(w);
	if (rc == 0)
		rc = loop_on_signal(l, SIGHUP, signal_noted, &came);
	loop_drain(l);
	loop_free(l);
	return rc;
}

static void test_out_of_memory(void **state)
{
	failing_each(make_all, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_timers_then_input_then_flush, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_time_is_fresh_in_the_first_callback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wheel_ends_the_sleep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hook_removes_itself_and_its_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_wake_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_is_an_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_turns_are_measured, set_up, tear_down),
		cmocka_unit_test(test_out_of_memory),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
