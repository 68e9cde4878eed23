#include "rtp/event.h"
#include "rtp_rig.h"
#include "support/guard.h"

static bool parse_guarded(const uint8_t *p, size_t n, struct rtp_event *ret)
{
	char *copy = guard_copy(p, n);
	bool ok = rtp_event_parse((const uint8_t *)copy, n, ret);
	guard_free(copy);
	return ok;
}

/* RFC 4733 §2.3, figure 1. */
static void test_layout(void **state)
{
	static const struct {
		struct rtp_event event;
		const char *hex;
	} cases[] = {
		{{.event = 5, .end = false, .volume = 10, .duration = 160}, "050a00a0"},
		{{.event = 11, .end = true, .volume = 0, .duration = 1280}, "0b800500"},
		{{.event = 255, .end = true, .volume = 63, .duration = 65535}, "ffbfffff"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t wanted[RTP_EVENT_BYTES], p[RTP_EVENT_BYTES];
		struct rtp_event read;
		unhex(cases[i].hex, wanted, sizeof(wanted));
		rtp_event_write(p, &cases[i].event);
		assert_memory_equal(p, wanted, sizeof(p));
		assert_true(parse_guarded(p, sizeof(p), &read));
		assert_int_equal(read.event, cases[i].event.event);
		assert_int_equal(read.end, cases[i].event.end);
		assert_int_equal(read.volume, cases[i].event.volume);
		assert_int_equal(read.duration, cases[i].event.duration);
	}
}

/* The reserved bit is not looked at; of several events the first is read; a short one is none. */
static void test_shapes(void **state)
{
	uint8_t p[8];
	struct rtp_event read = {.event = 77};
	size_t n = unhex("05ca00a0068a0140", p, sizeof(p));
	for (size_t short_n = 0; short_n < RTP_EVENT_BYTES; short_n++)
		assert_false(parse_guarded(p, short_n, &read));
	assert_int_equal(read.event, 77);
	assert_true(parse_guarded(p, n, &read));
	assert_true(read.event == 5 && read.end && read.volume == 10 && read.duration == 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_layout), cmocka_unit_test(test_shapes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
