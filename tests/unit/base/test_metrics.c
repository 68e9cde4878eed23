#include <pthread.h>

#include "support/test.h"

#include "base/metrics.h"

static void test_text(void **state)
{
	static const int64_t bounds[] = {1500, 10000, SECOND_US, 60 * SECOND_US};
	static struct metric invites = {.name = "alto_sip_requests_total",
					.labels = "method=\"INVITE\"",
					.help = "Requests,\nby \\method",
					.kind = METRIC_COUNTER};
	static struct metric byes = {.name = "alto_sip_requests_total",
				     .labels = "method=\"BYE\"",
				     .help = "not shown twice",
				     .kind = METRIC_COUNTER};
	static struct metric calls = {.name = "alto_call_active_calls", .help = "Calls now", .kind = METRIC_GAUGE};
	static struct metric turns = {.name = "alto_net_turn_seconds",
				      .labels = "loop=\"a\"",
				      .help = "Time of a turn",
				      .kind = METRIC_HISTOGRAM,
				      .bounds = bounds,
				      .bound_count = ARRAY_LEN(bounds)};
	struct metrics m;
	char buffer[2048];
	struct writer w = writer_on(buffer, sizeof(buffer));

	metrics_init(&m);
	metrics_write(&m, &w);
	assert_slice(writer_slice(&w), "");
	metrics_add(&m, &invites);
	metrics_add(&m, &byes);
	metrics_add(&m, &calls);
	metrics_add(&m, &turns);
	metric_add(&invites, 2);
	metric_add(&invites, 1);
	metric_set(&calls, 5);
	metric_add(&calls, -7);
	static const int64_t values[] = {0, 1500, 1501, 10000, 10001, 61 * SECOND_US};
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		metric_observe(&turns, values[i]);
	metrics_write(&m, &w);
	assert_false(w.overflow);
	assert_slice(writer_slice(&w), "# HELP alto_sip_requests_total Requests,\\nby \\\\method\n"
				       "# TYPE alto_sip_requests_total counter\n"
				       "alto_sip_requests_total{method=\"INVITE\"} 3\n"
				       "alto_sip_requests_total{method=\"BYE\"} 0\n"
				       "# HELP alto_call_active_calls Calls now\n"
				       "# TYPE alto_call_active_calls gauge\n"
				       "alto_call_active_calls -2\n"
				       "# HELP alto_net_turn_seconds Time of a turn\n"
				       "# TYPE alto_net_turn_seconds histogram\n"
				       "alto_net_turn_seconds_bucket{loop=\"a\",le=\"0.0015\"} 2\n"
				       "alto_net_turn_seconds_bucket{loop=\"a\",le=\"0.01\"} 4\n"
				       "alto_net_turn_seconds_bucket{loop=\"a\",le=\"1\"} 5\n"
				       "alto_net_turn_seconds_bucket{loop=\"a\",le=\"60\"} 5\n"
				       "alto_net_turn_seconds_bucket{loop=\"a\",le=\"+Inf\"} 6\n"
				       "alto_net_turn_seconds_sum{loop=\"a\"} 61.023002\n"
				       "alto_net_turn_seconds_count{loop=\"a\"} 6\n");
}

/* No labels, no bounds, a negative sum. */
static void test_bare_histogram(void **state)
{
	static struct metric bare = {.name = "h", .help = "x", .kind = METRIC_HISTOGRAM};
	struct metrics m;
	char buffer[256];
	struct writer w = writer_on(buffer, sizeof(buffer));

	metrics_init(&m);
	metrics_add(&m, &bare);
	metric_observe(&bare, -10);
	metrics_write(&m, &w);
	assert_slice(writer_slice(&w), "# HELP h x\n# TYPE h histogram\n"
				       "h_bucket{le=\"+Inf\"} 1\nh_sum -0.00001\nh_count 1\n");
}

#define TIMES 20000
static void *count(void *arg)
{
	for (int i = 0; i < TIMES; i++) {
		metric_add(arg, 1);
		metric_observe((struct metric *)arg + 1, 1);
	}
	return NULL;
}

static void test_threads(void **state)
{
	static struct metric both[2] = {{.name = "a", .kind = METRIC_COUNTER}, {.name = "b", .kind = METRIC_HISTOGRAM}};
	pthread_t threads[2];
	struct metrics m;
	char buffer[512];
	struct writer w = writer_on(buffer, sizeof(buffer));

	metrics_init(&m);
	metrics_add(&m, &both[0]);
	metrics_add(&m, &both[1]);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, both), 0);
	metrics_write(&m, &w);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_false(w.overflow);
	assert_int_equal(both[0].value, 2 * TIMES);
	assert_int_equal(both[1].value, 2 * TIMES);
	assert_int_equal(both[1].buckets[0], 2 * TIMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_bare_histogram),
					   cmocka_unit_test(test_threads)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
