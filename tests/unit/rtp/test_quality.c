/* RFC 3550 A.1, A.3 and A.8, with wraps, reordering and restarts. */
#include "rtp/limits.h"
#include "rtp/quality.h"
#include "rtp_rig.h"

#define TICK_US 20000

struct stream {
	struct rtp_reception r;
	int64_t now_us;
};

static bool arrive(struct stream *s, uint32_t ssrc, uint16_t sequence, uint32_t timestamp)
{
	struct rtp_packet p = {
		.ssrc = ssrc, .sequence = sequence, .timestamp = timestamp, .header_bytes = 12, .payload_bytes = 160};
	s->now_us += TICK_US;
	return rtp_reception_update(&s->r, &p, s->now_us);
}

static bool number(struct stream *s, uint16_t sequence)
{
	return arrive(s, SSRC_A, sequence, 160 * (uint32_t)sequence);
}

static void test_nothing_yet(void **state)
{
	struct stream s = {.now_us = 0};
	assert_int_equal(rtp_reception_expected(&s.r), 0);
	assert_int_equal(rtp_reception_lost(&s.r), 0);
	assert_int_equal(rtp_reception_fraction(&s.r), 0);
	assert_int_equal(rtp_reception_jitter_us(&s.r), 0);
}

static void test_order_over_wraps(void **state)
{
	struct stream s = {.now_us = 5};
	for (uint32_t i = 65000; i < 65000 + 140000; i++)
		assert_true(number(&s, (uint16_t)i));
	assert_int_equal(s.r.packets, 140000);
	assert_int_equal(s.r.bytes, 140000 * 160);
	assert_int_equal(rtp_reception_expected(&s.r), 140000);
	assert_int_equal(rtp_reception_lost(&s.r), 0);
	assert_int_equal(rtp_reception_highest(&s.r), 65000 + 139999);
	assert_int_equal(s.r.resyncs, 0);
}

static void test_loss_reordering_and_duplicates(void **state)
{
	static const struct {
		uint16_t sequence;
		bool fresh;
	} arrivals[] = {
		{65533, true}, {65535, true}, {65534, true}, {2, true},  {65535, false}, {0, true},
		{2, false},    {0, false},    {5, true},     {5, false}, {1, true},
	};
	struct stream s = {.now_us = 0};
	for (size_t i = 0; i < ARRAY_LEN(arrivals); i++)
		assert_int_equal(number(&s, arrivals[i].sequence), arrivals[i].fresh);
	/* 65533 to 5 are nine numbers; 3 and 4 did not come, and four came twice. */
	assert_int_equal(rtp_reception_expected(&s.r), 9);
	assert_int_equal(s.r.packets, 7);
	assert_int_equal(s.r.duplicates, 4);
	assert_int_equal(s.r.late, 3);
	assert_int_equal(rtp_reception_lost(&s.r), -2);
	assert_int_equal(rtp_reception_lost_total(&s.r), 0);
}

static void test_duplicate_window_of_64(void **state)
{
	struct stream s = {.now_us = 0};
	assert_true(number(&s, 100));
	assert_true(number(&s, 163));
	assert_false(number(&s, 100));
	assert_true(number(&s, 164));
	/* Now too far back to tell. */
	assert_true(number(&s, 100));
	assert_int_equal(s.r.duplicates, 1);
}

static void test_fraction_as_in_a3(void **state)
{
	struct stream s = {.now_us = 0};
	for (uint16_t i = 0; i < 100; i++)
		if (i % 4 != 3)
			number(&s, (uint16_t)(65500 + i));
	/* 99 expected (the last one is lost, and not known to be), 75 came. */
	assert_int_equal(rtp_reception_fraction(&s.r), (24 << 8) / 99);
	assert_int_equal(rtp_reception_fraction(&s.r), 0);
	for (uint16_t i = 100; i < 150; i++)
		number(&s, (uint16_t)(65500 + i));
	/* 51 expected since then, 50 came. */
	assert_int_equal(rtp_reception_fraction(&s.r), (1 << 8) / 51);
	assert_int_equal(rtp_reception_lost(&s.r), 25);
	/* Duplicates can outweigh the loss: then none is reported. */
	number(&s, (uint16_t)(65500 + 149));
	number(&s, (uint16_t)(65500 + 151));
	number(&s, (uint16_t)(65500 + 151));
	assert_int_equal(rtp_reception_fraction(&s.r), 0);
}

static void test_jumps(void **state)
{
	struct stream s = {.now_us = 0};
	number(&s, 10);
	/* The largest step that is loss. */
	assert_true(number(&s, 10 + RTP_DROPOUT_MAX - 1));
	assert_int_equal(rtp_reception_lost(&s.r), RTP_DROPOUT_MAX - 2);
	uint16_t at = 10 + RTP_DROPOUT_MAX - 1;
	/* One more is a jump: relayed, but counted only when its successor follows. */
	assert_true(number(&s, (uint16_t)(at + RTP_DROPOUT_MAX)));
	assert_int_equal(rtp_reception_highest(&s.r), at);
	assert_true(number(&s, (uint16_t)(at + 1)));
	assert_int_equal(s.r.resyncs, 0);
	assert_true(number(&s, 40000));
	assert_true(number(&s, 50000));
	assert_true(number(&s, 50001));
	assert_int_equal(s.r.resyncs, 1);
	assert_int_equal(rtp_reception_highest(&s.r), 50001);
	assert_int_equal(rtp_reception_expected(&s.r), 1);
	assert_int_equal(rtp_reception_lost(&s.r), 0);
	assert_int_equal(rtp_reception_lost_total(&s.r), RTP_DROPOUT_MAX - 2);
	/* Behind: the last that is reordering, the first that is a jump. */
	assert_true(number(&s, 50001 - RTP_MISORDER_MAX));
	assert_int_equal(s.r.late, 1);
	assert_true(number(&s, 50001 - RTP_MISORDER_MAX - 1));
	assert_int_equal(s.r.late, 1);
	assert_int_equal(s.r.packets, 9);
}

static void test_a_new_source_starts_anew(void **state)
{
	struct stream s = {.now_us = 0};
	number(&s, 1);
	number(&s, 5);
	rtp_reception_fraction(&s.r);
	assert_true(arrive(&s, SSRC_B, 3, 12345));
	assert_int_equal(s.r.ssrc, SSRC_B);
	assert_int_equal(rtp_reception_expected(&s.r), 1);
	assert_int_equal(rtp_reception_lost(&s.r), 0);
	assert_int_equal(rtp_reception_jitter_us(&s.r), 0);
	assert_int_equal(rtp_reception_fraction(&s.r), 0);
	assert_int_equal(s.r.packets, 3);
	assert_int_equal(rtp_reception_lost_total(&s.r), 3);
}

static void jitter_step(struct rtp_reception *r, uint16_t sequence, uint32_t timestamp, int64_t now_us)
{
	struct rtp_packet p = {.ssrc = SSRC_A, .sequence = sequence, .timestamp = timestamp};
	assert_true(rtp_reception_update(r, &p, now_us));
}

static void test_jitter_as_in_a8(void **state)
{
	struct rtp_reception r = {.rate = 8000};
	/* Arrivals 20 ms apart, but for one that is 10 ms (80 units) late; timestamps wrap on the way. */
	uint32_t timestamp = UINT32_MAX - 300;
	static const int64_t late_us[] = {0, 0, 10000, 0, 0, 0};
	/* By hand, from J += |D| - ((J + 8) >> 4): 0, 0, 80, 80 + 80 - 5, 155 - 10, 145 - 9. */
	static const uint32_t expected[] = {0, 0, 80, 155, 145, 136};
	for (size_t i = 0; i < ARRAY_LEN(late_us); i++) {
		jitter_step(&r, (uint16_t)i, timestamp + 160U * (uint32_t)i,
			    1000000 + TICK_US * (int64_t)i + late_us[i]);
		assert_int_equal(r.jitter_q4, expected[i]);
	}
	assert_int_equal(rtp_reception_jitter_us(&r), (136 >> 4) * 125);
}

static void test_jitter_of_events_and_of_another_clock(void **state)
{
	struct rtp_reception r = {.rate = 8000};
	for (uint16_t i = 0; i < 10; i++)
		jitter_step(&r, i, 1600, TICK_US * (int64_t)i);
	assert_int_equal(r.jitter_q4, 0);
	/* The same voice with another codec: no leap. */
	r.rate = 48000;
	for (uint16_t i = 10; i < 20; i++)
		jitter_step(&r, i, 960U * i, TICK_US * (int64_t)i);
	assert_int_equal(r.jitter_q4, 0);
	/* A clock that has run for decades does not overflow. */
	struct rtp_reception old = {.rate = 90000};
	for (uint16_t i = 0; i < 10; i++)
		jitter_step(&old, i, 1800U * i, INT64_C(4000000000000000) + TICK_US * (int64_t)i);
	assert_int_equal(old.jitter_q4, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_order_over_wraps),
		cmocka_unit_test(test_loss_reordering_and_duplicates),
		cmocka_unit_test(test_duplicate_window_of_64),
		cmocka_unit_test(test_fraction_as_in_a3),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_a_new_source_starts_anew),
		cmocka_unit_test(test_jitter_as_in_a8),
		cmocka_unit_test(test_jitter_of_events_and_of_another_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
