#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "support/test.h"

#include "base/ring.h"
#include "support/failing.h"

static void test_full_and_empty(void **state)
{
	struct ring *r = ring_new(sizeof(int), 3); /* rounded up to 4 */
	int got = -1;

	assert_false(ring_pop(r, &got));
	assert_int_equal(got, -1);
	/* Round and round, so that the indexes run past the capacity. */
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 4; k++)
			assert_int_equal(ring_push(r, &(int){i * 4 + k}), 0);
		assert_int_equal(ring_push(r, &(int){-5}), -EAGAIN);
		for (int k = 0; k < 4; k++) {
			assert_true(ring_pop(r, &got));
			assert_int_equal(got, i * 4 + k);
		}
		assert_false(ring_pop(r, &got));
	}
	assert_null(ring_free(r));
	assert_null(ring_free(NULL));
}

static void test_reserved_places(void **state)
{
	struct ring *r = ring_new(sizeof(int), 4);
	int got;

	assert_int_equal(ring_reserve(r), 0);
	assert_int_equal(ring_reserve(r), 0);
	assert_int_equal(ring_push(r, &(int){1}), 0);
	assert_int_equal(ring_push(r, &(int){2}), 0);
	assert_int_equal(ring_push(r, &(int){3}), -EAGAIN);
	assert_int_equal(ring_reserve(r), -EAGAIN);
	ring_push_reserved(r, &(int){4});
	ring_unreserve(r);
	assert_int_equal(ring_push(r, &(int){5}), 0);
	assert_int_equal(ring_reserve(r), -EAGAIN);
	static const int order[] = {1, 2, 4, 5};
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		assert_true(ring_pop(r, &got));
		assert_int_equal(got, order[i]);
	}
	assert_false(ring_pop(r, &got));
	ring_free(r);
}

static void test_sizes(void **state)
{
	char message[3] = "ab", got[3];
	struct ring *r = ring_new(3, 1);

	assert_int_equal(ring_push(r, message), 0);
	assert_int_equal(ring_push(r, message), -EAGAIN);
	assert_true(ring_pop(r, got));
	assert_string_equal(got, "ab");
	ring_free(r);
	assert_null(ring_new(1, SIZE_MAX));
	assert_null(ring_new(SIZE_MAX, 1));
	assert_null(ring_new(SIZE_MAX / 4, 8));
}

static int make(void *arg)
{
	struct ring *r = ring_new(8, 8);
	if (!r)
		return -ENOMEM;
	ring_free(r);
	return 0;
}

static void test_memory(void **state)
{
	failing_each(make, NULL);
}

#define MESSAGES 200000
struct message {
	uint32_t number, square, end;
	char filling[20];
};

/*
 * A producer that begins a thing (reserving a place for its end), sends about it while there is room, and ends it: the
 * end always gets through. What was refused is skipped, so numbers rise but not by one.
 */
static void *produce(void *arg)
{
	struct ring *r = arg;

	for (uint32_t i = 1; i <= MESSAGES; i++) {
		struct message m = {.number = i, .square = i * i};
		while (ring_reserve(r) != 0)
			sched_yield();
		int rc = ring_push(r, &m);
		assert_true(rc == 0 || rc == -EAGAIN);
		m.end = 1;
		ring_push_reserved(r, &m);
	}
	return NULL;
}

static void test_two_threads(void **state)
{
	struct ring *r = ring_new(sizeof(struct message), 64);
	pthread_t thread;
	uint32_t ends = 0, last = 0;

	assert_int_equal(pthread_create(&thread, NULL, produce, r), 0);
	while (ends < MESSAGES) {
		struct message m;
		if (!ring_pop(r, &m)) {
			sched_yield();
			continue;
		}
		assert_int_equal(m.square, m.number * m.number);
		if (m.end)
			assert_int_equal(m.number, ++ends);
		else
			assert_int_equal(m.number, ends + 1);
		assert_true(m.number >= last);
		last = m.number;
	}
	pthread_join(thread, NULL);
	struct message m;
	assert_false(ring_pop(r, &m));
	ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_and_empty), cmocka_unit_test(test_reserved_places),
		cmocka_unit_test(test_sizes),          cmocka_unit_test(test_memory),
		cmocka_unit_test(test_two_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
