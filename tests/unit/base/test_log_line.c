#include "support/test.h"

#include "base/log_line.h"

#define TIME_US INT64_C(1795514400123456)
#define HEAD "2026-11-24T10:00:00.123456Z "

static char line[LOG_LINE_MAX];

static struct slice format(const struct log_field *fields, size_t n, uint64_t skipped)
{
	struct writer w = writer_on(line, sizeof(line));
	log_format(&w, TIME_US, LOG_WARN, "sip.refused", fields, n, skipped);
	assert_false(w.overflow);
	assert_int_equal(line[w.n - 1], '\n');
	assert_ptr_equal(memchr(line, '\n', w.n), line + w.n - 1);
	return writer_slice(&w);
}

static void test_fields(void **state)
{
	struct log_field fields[] = {
		LOG_STR("plain", "Az09_.:/@+-"),
		LOG_INT("number", INT64_MIN),
		LOG_STR("space", "a b"),
		LOG_STR("empty", ""),
		LOG_STR("none", NULL),
		LOG_STR("equals", "a=b"),
		LOG_STR("quote", "say \"x\" \\"),
		LOG_SLICE("control", SLICE("a\r\nfake=1\t\0\x7f\x1b[31m\xc3\xa4")),
	};
	assert_slice(format(NULL, 0, 0), HEAD "warn sip.refused\n");
	assert_slice(format(fields, ARRAY_LEN(fields), 12),
		     HEAD "warn sip.refused plain=Az09_.:/@+- number=-9223372036854775808 space=\"a b\" empty=\"\" "
			  "none=\"\" equals=\"a=b\" quote=\"say \\\"x\\\" \\\\\" "
			  "control=\"a\\x0d\\x0afake=1\\x09\\x00\\x7f\\x1b[31m\\xc3\\xa4\" skipped=12\n");
}

/* Values of every length about the limit, plain and of such as need escapes. */
static void test_long(void **state)
{
	static char value[2 * LOG_LINE_MAX];

	for (int kind = 0; kind < 3; kind++) {
		memset(value, "a \n"[kind], sizeof(value));
		for (size_t n = 0; n < sizeof(value); n += n < 200 ? 50 : 1) {
			struct log_field fields[] = {LOG_SLICE("text", slice_of(value, n)), LOG_INT("after", 1)};
			struct slice s = format(fields, 2, UINT64_MAX);
			bool cut = slice_eq(slice_from(s, s.n - 7), SLICE(" cut=1\n"));
			size_t shown = 0;
			for (size_t i = 0; i < s.n; i++)
				shown += slice_starts(slice_from(s, i), SLICE(" skipped=18446744073709551615"));
			assert_int_equal(shown, 1);
			/* Whole, or said to be cut. */
			assert_true(cut || slice_find(slice_from(s, s.n - 60), '1') >= 0);
			assert_true(cut || s.n > n);
			if (n == sizeof(value) - 1)
				assert_true(cut && s.n > LOG_LINE_MAX - 60);
			if (n <= 200)
				assert_false(cut);
		}
	}

	struct log_field many[200];
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = LOG_INT("some_key", INT64_MIN);
	struct slice s = format(many, ARRAY_LEN(many), 0);
	assert_true(slice_eq(slice_from(s, s.n - 7), SLICE(" cut=1\n")));
}

static void test_rate(void **state)
{
	static struct log_limiter l;
	uint64_t skipped = 99;
	int64_t now = 5 * SECOND_US;

	memset(&l, 0, sizeof(l));
	for (int i = 0; i < LOG_BURST; i++) {
		assert_true(log_admit(&l, "a", now, &skipped));
		assert_int_equal(skipped, 0);
	}
	skipped = 99;
	assert_false(log_admit(&l, "a", now, &skipped));
	assert_false(log_admit(&l, "a", now + 99999, &skipped));
	assert_int_equal(skipped, 99);
	/* The same name elsewhere in memory is the same event; another name has its own count. */
	char copy[] = "a";
	assert_false(log_admit(&l, copy, now + 99999, &skipped));
	assert_true(log_admit(&l, "b", now, &skipped));
	/* A tenth of a second pays for one line, which tells of the three left out. */
	assert_true(log_admit(&l, "a", now + 100000, &skipped));
	assert_int_equal(skipped, 3);
	assert_false(log_admit(&l, "a", now + 100000, &skipped));
	assert_true(log_admit(&l, "a", now + 200000, &skipped));
	assert_int_equal(skipped, 1);
	/* A clock that steps back gives and takes nothing. */
	assert_false(log_admit(&l, "a", now, &skipped));
	assert_false(log_admit(&l, "a", now + 200000, &skipped));
	/* Ten a second for ten seconds; what is saved up is a burst and no more. */
	int admitted = 0;
	for (int i = 1; i <= 1000; i++)
		admitted += log_admit(&l, "a", now + 200000 + i * 10000, &skipped);
	assert_int_equal(admitted, 100);
	admitted = 0;
	for (int i = 0; i < 200; i++)
		admitted += log_admit(&l, "a", now + (INT64_C(1) << 50), &skipped);
	assert_int_equal(admitted, LOG_BURST);
	/* Nor is more saved by one who has much left. */
	now += (INT64_C(1) << 50) + 4 * SECOND_US;
	assert_true(log_admit(&l, "a", now, &skipped));
	now += 4 * SECOND_US;
	admitted = 0;
	for (int i = 0; i < 200; i++)
		admitted += log_admit(&l, "a", now, &skipped);
	assert_int_equal(admitted, LOG_BURST);
}

static void test_many_names(void **state)
{
	static struct log_limiter l;
	static char names[LOG_EVENTS_MAX + 100][8];
	uint64_t skipped;

	memset(&l, 0, sizeof(l));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(names[i], sizeof(names[i]), "e%zu", i);
		bool admitted = log_admit(&l, names[i], 0, &skipped);
		/* Those past the table share the last count. */
		assert_int_equal(admitted, i < LOG_EVENTS_MAX - 1 + LOG_BURST);
	}
	assert_int_equal(l.count, LOG_EVENTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields), cmocka_unit_test(test_long),
					   cmocka_unit_test(test_rate), cmocka_unit_test(test_many_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
