/* Messages in one text: as they were, without their secrets; and nothing is read of what is no whole frame */
#include "store/frame.h"
#include "support/guard.h"
#include "support/test.h"

static void test_there_and_back(void **state)
{
	static const char *const texts[] = {"BYE sip:b SIP/2.0\r\n\r\n", "", "1 sent callee TLS a 0\n",
					    "Authorization: Digest response=\"5ec\""};
	char bytes[1200];
	struct writer w = writer_on(bytes, sizeof(bytes));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		store_frame_write(&w, &(struct store_message){.at_us = (int64_t)i,
							      .sent = i & 1,
							      .callee = i & 2,
							      .transport = SLICE("UDP"),
							      .remote = SLICE("[2001:db8::1]:5060"),
							      .text = slice_from_string(texts[i])});
	assert_false(w.overflow);
	struct slice whole = guard_slice(writer_slice(&w)), rest = whole;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct store_message m;
		assert_true(store_frame_read(&rest, &m));
		assert_true(m.at_us == (int64_t)i && m.sent == ((i & 1) != 0) && m.callee == ((i & 2) != 0));
		assert_true(slice_eq(m.transport, SLICE("UDP")) && slice_eq(m.remote, SLICE("[2001:db8::1]:5060")));
		assert_true(slice_eq(m.text,
				     i == 3 ? SLICE("Authorization: Digest response=*") : slice_from_string(texts[i])));
	}
	assert_true(slice_empty(rest));
	guard_free(whole.p);
}

/* One byte too few, whatever the length. */
static void test_no_room(void **state)
{
	const struct store_message m = {.transport = SLICE("UDP"), .remote = SLICE("a:1"), .text = SLICE("text")};
	char bytes[200];
	struct writer w = writer_on(bytes, sizeof(bytes));
	store_frame_write(&w, &m);
	for (size_t cap = 0; cap < w.n; cap++) {
		struct writer less = writer_on(bytes, cap);
		store_frame_write(&less, &m);
		assert_true(less.overflow);
	}
}

static const char *const broken[] = {
	"",
	"\n",
	"1 sent callee TLS a:1 0",
	"1 sent callee TLS a:1 4\nabc",
	"1 sent callee TLS a:1 18446744073709551616\nabc",
	"1 sent callee TLS a:1 -1\nabc",
	"1 sent callee TLS a:1 \nabc",
	"1 sent callee TLS a:1\nabc",
	"1 sent callee TLS a:1 1 \nabc",
	"1 sent callee TLS  1\nabc",
	"1 sent callee  a:1 1\nabc",
	"1 sent nobody TLS a:1 1\nabc",
	"1 taken callee TLS a:1 1\nabc",
	"1 sen callee TLS a:1 1\nabc",
	"9223372036854775808 sent callee TLS a:1 1\nabc",
	"-1 sent callee TLS a:1 1\nabc",
	" 1 sent callee TLS a:1 1\nabc",
	"1  sent callee TLS a:1 1\nabc",
	"INVITE sip:a SIP/2.0\r\n",
};

static void test_broken_ones(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct slice whole = guard_slice(slice_from_string(broken[i])), rest = whole;
		struct store_message m = {.id = 7};
		if (store_frame_read(&rest, &m))
			fail_msg("read: \"%s\"", broken[i]);
		assert_true(rest.p == whole.p && rest.n == whole.n && m.id == 7 && !m.sent);
		guard_free(whole.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_broken_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
