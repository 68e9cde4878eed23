#include "rtp/limits.h"
#include "rtp/rtcp.h"
#include "rtp_rig.h"
#include "support/guard.h"

#define CNAME "a1b2c3d4@anon"

static bool parse_guarded(const uint8_t *p, size_t n, struct rtcp_report *ret)
{
	char *copy = guard_copy(p, n);
	bool ok = rtcp_parse((const uint8_t *)copy, n, ret);
	guard_free(copy);
	return ok;
}

static void test_what_is_written_is_read(void **state)
{
	struct rtcp_report_block block = {SSRC_B, 17, -3, 0x0001fffe, 99, 0xabcd1234, 65536};
	for (unsigned mask = 0; mask < 8; mask++) {
		struct rtcp_own own = {
			.ssrc = SSRC_A,
			.ntp = UINT64_C(0x0123456789abcdef),
			.rtp_timestamp = 160,
			.packets = mask & 1 ? 1000 : 0,
			.bytes = 160000,
			.block = mask & 2 ? &block : NULL,
			.cname = SLICE(CNAME),
			.bye = mask & 4,
		};
		uint8_t p[256];
		size_t n = rtcp_write(p, sizeof(p), &own);
		assert_true(n > 0 && n % 4 == 0);
		assert_int_equal(rtcp_write(p, n - 1, &own), 0);
		assert_int_equal(rtcp_write(p, n, &own), n);
		struct rtcp_report r;
		assert_true(parse_guarded(p, n, &r));
		assert_int_equal(r.sender_ssrc, SSRC_A);
		assert_int_equal(r.has_sender, mask & 1);
		assert_int_equal(r.ntp, mask & 1 ? own.ntp : 0);
		assert_int_equal(r.packets, own.packets);
		assert_int_equal(r.bytes, mask & 1 ? own.bytes : 0);
		assert_int_equal(r.block_count, mask & 2 ? 1 : 0);
		assert_int_equal(r.bye, (mask & 4) != 0);
		if (mask & 2) {
			assert_int_equal(r.blocks[0].ssrc, block.ssrc);
			assert_int_equal(r.blocks[0].fraction_lost, block.fraction_lost);
			assert_int_equal(r.blocks[0].lost, block.lost);
			assert_int_equal(r.blocks[0].highest, block.highest);
			assert_int_equal(r.blocks[0].jitter, block.jitter);
			assert_int_equal(r.blocks[0].last_sr, block.last_sr);
			assert_int_equal(r.blocks[0].delay_since_sr, block.delay_since_sr);
		}
		/* Cut anywhere but between its packets, it is refused. */
		for (size_t cut = 0; cut < n; cut++)
			if (cut % 4 != 0)
				assert_false(parse_guarded(p, cut, &r));
	}
}

static void test_cname_of_each_length_fills_its_words(void **state)
{
	char name[RTCP_CNAME_MAX];
	memset(name, 'n', sizeof(name));
	for (size_t length = 1; length <= sizeof(name); length++) {
		struct rtcp_own own = {.ssrc = SSRC_A, .cname = slice_of(name, length)};
		uint8_t p[512];
		struct rtcp_report r;
		memset(p, 0xff, sizeof(p));
		size_t n = rtcp_write(p, sizeof(p), &own);
		assert_true(parse_guarded(p, n, &r));
		assert_int_equal(p[8 + 8], 1);
		assert_int_equal(p[8 + 9], length);
		/* §6.5: a zero byte ends the items. */
		assert_int_equal(p[8 + 10 + length], 0);
		assert_int_equal(p[n - 1], 0);
	}
}

static void test_lost_keeps_to_24_bits(void **state)
{
	static const struct {
		int32_t lost, read;
	} cases[] = {{0, 0},
		     {-1, -1},
		     {0x7fffff, 0x7fffff},
		     {0x800000, 0x7fffff},
		     {-0x800000, -0x800000},
		     {-0x800001, -0x800000},
		     {INT32_MIN, -0x800000},
		     {INT32_MAX, 0x7fffff}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rtcp_report_block block = {.ssrc = 1, .fraction_lost = 255, .lost = cases[i].lost};
		struct rtcp_own own = {.ssrc = SSRC_A, .block = &block, .cname = SLICE(CNAME)};
		uint8_t p[128];
		struct rtcp_report r;
		assert_true(parse_guarded(p, rtcp_write(p, sizeof(p), &own), &r));
		assert_int_equal(r.blocks[0].lost, cases[i].read);
		assert_int_equal(r.blocks[0].fraction_lost, 255);
	}
}

#define RR "80c9000111111111"
static void test_compounds(void **state)
{
	static const struct {
		bool ok;
		const char *what, *hex;
	} cases[] = {
		{false, "empty", ""},
		{true, "RR alone", RR},
		{false, "version 1", "40c9000111111111"},
		{false, "SDES first", "81ca0002111111110101780080c9000111111111"},
		{false, "BYE alone", "81cb000111111111"},
		{false, "cut in the header", RR "80c9"},
		{false, "longer than the datagram", "80c9000211111111"},
		{false, "shorter than its own fields", "80c90000"},
		{false, "RR shorter than its blocks", "81c9000111111111"},
		{false, "SR without sender information", "80c8000111111111"},
		{true, "SDES and an unknown packet after it", RR "81ca0002111111110101780080d0000133333333"},
		{true, "padded at the end", "a0c900021111111100000004"},
		{false, "padded not at the end", "a0c900021111111100000004" RR},
		{false, "padding of none", "a0c900021111111100000000"},
		{false, "padding of half a word", "a0c900021111111100000002"},
		{false, "padding into the header", "a0c900021111111100000010"},
		{false, "padding that eats the SSRC", "a0c900011111110800000000"},
		{true, "BYE of the sender with a reason",
		 RR "81cb000311111111056c65667420"
		    "0000"},
		{false, "BYE shorter than its count", RR "82cb000111111111"},
		{true, "BYE of nobody", RR "80cb0000"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t p[128];
		size_t n = unhex(cases[i].hex, p, sizeof(p));
		struct rtcp_report r = {.sender_ssrc = 77};
		bool ok = parse_guarded(p, n, &r);
		if (ok != cases[i].ok)
			print_error("%s\n", cases[i].what);
		assert_int_equal(ok, cases[i].ok);
		assert_int_equal(r.sender_ssrc, ok ? 0x11111111 : 77);
	}
}

static void test_bye_is_the_senders(void **state)
{
	uint8_t p[64];
	struct rtcp_report r;
	size_t n = unhex(RR "82cb00022222222211111111", p, sizeof(p));
	assert_true(parse_guarded(p, n, &r));
	assert_true(r.bye);
	n = unhex(RR "81cb000122222222", p, sizeof(p));
	assert_true(parse_guarded(p, n, &r));
	assert_false(r.bye);
}

static void test_blocks_beyond_four_are_skipped(void **state)
{
	uint8_t p[8 + 31 * 24] = {0x80 | 31, 201};
	struct rtcp_report r;
	write_be16(p + 2, (uint16_t)(sizeof(p) / 4 - 1));
	for (uint8_t i = 0; i < 31; i++)
		write_be32(p + 8 + 24 * i, i);
	assert_true(parse_guarded(p, sizeof(p), &r));
	assert_int_equal(r.block_count, 4);
	assert_int_equal(r.blocks[3].ssrc, 3);
}

static void test_time(void **state)
{
	assert_int_equal(rtcp_ntp(0) >> 32, 2208988800);
	assert_int_equal(rtcp_ntp(500000) & 0xffffffff, 0x80000000);
	assert_int_equal(rtcp_ntp(INT64_C(1700000000250000)), (UINT64_C(1700000000) + 2208988800) << 32 | 0x40000000);

	uint64_t sent = rtcp_ntp(INT64_C(1700000000000000));
	struct rtcp_report_block b = {.last_sr = (uint32_t)(sent >> 16), .delay_since_sr = 65536 / 2};
	assert_int_equal(rtcp_round_trip_us(&b, rtcp_ntp(INT64_C(1700000000750000))), 250000);
	/* The very moment is short, and known. */
	assert_int_equal(rtcp_round_trip_us(&b, rtcp_ntp(INT64_C(1700000000500000))), 1);
	/* Earlier than possible, or later than a call lasts: not known. */
	assert_int_equal(rtcp_round_trip_us(&b, rtcp_ntp(INT64_C(1700000000400000))), 0);
	assert_int_equal(rtcp_round_trip_us(&b, rtcp_ntp(INT64_C(1700000060500000))), RTCP_ROUND_TRIP_MAX_US);
	assert_int_equal(rtcp_round_trip_us(&b, rtcp_ntp(INT64_C(1700000060501000))), 0);
	b.last_sr = 0;
	assert_int_equal(rtcp_round_trip_us(&b, rtcp_ntp(INT64_C(1700000000750000))), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_cname_of_each_length_fills_its_words),
		cmocka_unit_test(test_lost_keeps_to_24_bits),
		cmocka_unit_test(test_compounds),
		cmocka_unit_test(test_bye_is_the_senders),
		cmocka_unit_test(test_blocks_beyond_four_are_skipped),
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
