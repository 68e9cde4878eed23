#include "support/test.h"

#include "base/writer.h"
#include "support/failing.h"
#include "support/guard.h"

static void test_appends(void **state)
{
	char buffer[128];
	struct writer w = writer_on(buffer, sizeof(buffer));

	write_slice(&w, SLICE("ab"));
	write_slice(&w, SLICE_NONE);
	write_string(&w, "c");
	write_string(&w, NULL);
	write_char(&w, '\0');
	write_u64(&w, 0);
	write_u64(&w, UINT64_MAX);
	write_i64(&w, INT64_MIN);
	write_i64(&w, 7);
	write_hex(&w, "\x00\xaf", 2);
	write_format(&w, "<%d%s>", 5, "x");
	assert_false(w.overflow);
	assert_true(slice_eq(writer_slice(&w), SLICE("abc\0"
						     "0"
						     "18446744073709551615"
						     "-9223372036854775808"
						     "7"
						     "00af"
						     "<5x>")));
}

typedef void (*write_fn)(struct writer *w);
static void four_slice(struct writer *w)
{
	write_slice(w, SLICE("abcd"));
}
static void four_chars(struct writer *w)
{
	write_char(w, 'a');
	write_string(w, "bcd");
}
static void four_digits(struct writer *w)
{
	write_u64(w, 1234);
}
static void four_signed(struct writer *w)
{
	write_i64(w, -123);
}
static void four_hex(struct writer *w)
{
	write_hex(w, "ab", 2);
}
static void four_base64(struct writer *w)
{
	write_base64(w, "a", 1);
}
static void four_format(struct writer *w)
{
	write_format(w, "%d", 1234);
}

/* Each way to write, into exactly enough room and into one byte less, at the edge of an unwritable page. */
static void test_limits(void **state)
{
	static const write_fn writes[] = {four_slice, four_chars,  four_digits, four_signed,
					  four_hex,   four_base64, four_format};

	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		for (size_t cap = 0; cap <= 4; cap++) {
			char *edge = guard_copy("....", cap);
			struct writer w = writer_on(edge, cap);
			writes[i](&w);
			if (w.overflow != (cap < 4))
				fail_msg("write %zu, capacity %zu", i, cap);
			assert_true(w.n <= cap);
			guard_free(edge);
		}
	}
}

static void test_overflow_sticks(void **state)
{
	char buffer[4];
	struct writer w = writer_on(buffer, sizeof(buffer));

	write_string(&w, "abc");
	write_string(&w, "de");
	assert_true(w.overflow);
	/* This would fit, but the text would then have a hole. */
	write_char(&w, 'x');
	write_format(&w, "%s", "");
	write_base64(&w, "", 0);
	write_hex(&w, NULL, 0);
	assert_true(w.overflow);
	assert_slice(writer_slice(&w), "abc");

	struct writer none = writer_on(NULL, 0);
	write_string(&none, "");
	write_format(&none, "%s", "");
	assert_false(none.overflow);
	write_format(&none, "x");
	assert_true(none.overflow);
}

static int format_exactly(void *arg)
{
	char buffer[3];
	struct writer w = writer_on(buffer, sizeof(buffer));
	write_format(&w, "%s", "abc");
	if (w.overflow)
		return -12;
	assert_slice(writer_slice(&w), "abc");
	return 0;
}

static void test_format_memory(void **state)
{
	failing_each(format_exactly, NULL);
}

/* RFC 4648 §10 */
static const struct {
	const char *plain, *coded;
} vectors[] = {{"", ""},
	       {"f", "Zg=="},
	       {"fo", "Zm8="},
	       {"foo", "Zm9v"},
	       {"foob", "Zm9vYg=="},
	       {"fooba", "Zm9vYmE="},
	       {"foobar", "Zm9vYmFy"}};

static void test_base64(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char buffer[16];
		uint8_t back[8];
		size_t n = 99, length = strlen(vectors[i].plain);
		struct writer w = writer_on(buffer, sizeof(buffer));
		struct slice plain = guard_slice(slice_from_string(vectors[i].plain));
		struct slice coded = guard_slice(slice_from_string(vectors[i].coded));

		write_base64(&w, plain.p, plain.n);
		assert_slice(writer_slice(&w), vectors[i].coded);
		assert_true(base64_decode(coded, back, length, &n));
		assert_int_equal(n, length);
		assert_memory_equal(back, vectors[i].plain, length);
		if (length) {
			n = 99;
			assert_false(base64_decode(coded, back, length - 1, &n));
			assert_int_equal(n, 99);
		}
		guard_free(plain.p);
		guard_free(coded.p);
	}
}

static void test_base64_all_digits(void **state)
{
	uint8_t bytes[256], back[256];
	char buffer[344];
	size_t n;
	struct writer w = writer_on(buffer, sizeof(buffer));

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 73);
	write_base64(&w, bytes, sizeof(bytes));
	assert_false(w.overflow);
	assert_true(base64_decode(writer_slice(&w), back, sizeof(back), &n));
	assert_int_equal(n, 256);
	assert_memory_equal(bytes, back, 256);
	write_base64(&w, bytes, 1);
	assert_true(w.overflow);
}

/* The vectors of §10 are those of §4 without padding; two digits differ. */
static void test_base64url(void **state)
{
	uint8_t back[8];
	size_t n = 99;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char buffer[16];
		size_t length = strlen(vectors[i].plain);
		struct writer w = writer_on(buffer, sizeof(buffer));
		struct slice coded = slice_from_string(vectors[i].coded);
		while (coded.n && coded.p[coded.n - 1] == '=')
			coded.n--;
		coded = guard_slice(coded);
		write_base64url(&w, vectors[i].plain, length);
		assert_true(slice_eq(writer_slice(&w), coded));
		assert_true(base64url_decode(coded, back, length, &n));
		assert_int_equal(n, length);
		assert_memory_equal(back, vectors[i].plain, length);
		assert_false(length && base64url_decode(coded, back, length - 1, &n));
		guard_free(coded.p);
	}
	assert_true(base64url_decode(SLICE("-_-_"), back, sizeof(back), &n));
	assert_memory_equal(back, "\xfb\xff\xbf", 3);
	static const char *const bad[] = {"Z", "Zg==", "Zm9vZ", "Zh", "Zm9", "Zm+v", "Zm/v", "Z g", "Zm9vYg="};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice coded = guard_slice(slice_from_string(bad[i]));
		assert_false(base64url_decode(coded, back, sizeof(back), &n));
		guard_free(coded.p);
	}
}

static void test_base64_bad(void **state)
{
	static const char *const bad[] = {"Z",        "Zg",        "Zg=",  "Zm8",  "=",    "==",    "===",    "====",
					  "Zg==Zg==", "Z===",      "Zh==", "Zi==", "Zo==", "Zm+=",  "Zm9=",   "Zm-v",
					  "Zm_v",     "Zm9v\nZm=", " Zm9", "Zm=v", "=m9v", "Zm9vZ", "Zm\x80v"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice s = guard_slice(slice_from_string(bad[i]));
		uint8_t back[16];
		size_t n = 99;
		if (base64_decode(s, back, sizeof(back), &n))
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(n, 99);
		guard_free(s.p);
	}
}

static void test_percent(void **state)
{
	char buffer[16];
	struct writer w = writer_on(buffer, sizeof(buffer));
	struct slice all = guard_slice(slice_of("aZ0-._~/\0\xff", 10));

	write_percent(&w, all, "/");
	assert_slice(writer_slice(&w), "aZ0-._~/%00%FF");
	w = writer_on(buffer, sizeof(buffer));
	write_percent(&w, SLICE("a/b c&"), "");
	assert_slice(writer_slice(&w), "a%2Fb%20c%26");
	w = writer_on(buffer, 2);
	write_percent(&w, SLICE("/"), "");
	assert_true(w.overflow);
	guard_free(all.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_overflow_sticks),
		cmocka_unit_test(test_format_memory),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64url),
		cmocka_unit_test(test_base64_all_digits),
		cmocka_unit_test(test_base64_bad),
		cmocka_unit_test(test_percent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
