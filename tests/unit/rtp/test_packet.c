#include "rtp_rig.h"
#include "support/guard.h"

static bool parse_guarded(const uint8_t *p, size_t n, struct rtp_packet *ret)
{
	char *copy = guard_copy(p, n);
	bool ok = rtp_parse((const uint8_t *)copy, n, ret);
	guard_free(copy);
	return ok;
}

static void test_what_is_written_is_read(void **state)
{
	uint8_t p[RTP_HEADER_MIN];
	struct rtp_packet packet;
	rtp_write_header(p, true, 127, 65535, 0xfffffffe, 0x80000001);
	assert_true(parse_guarded(p, sizeof(p), &packet));
	assert_true(packet.marker);
	assert_int_equal(packet.payload_type, 127);
	assert_int_equal(packet.sequence, 65535);
	assert_int_equal(packet.timestamp, 0xfffffffe);
	assert_int_equal(packet.ssrc, 0x80000001);
	assert_int_equal(packet.header_bytes, 12);
	assert_int_equal(packet.payload_bytes, 0);
	rtp_write_header(p, false, 0, 1, 2, 3);
	assert_true(parse_guarded(p, sizeof(p), &packet));
	assert_false(packet.marker);
	assert_int_equal(packet.payload_type, 0);
}

static void test_shapes(void **state)
{
	static const struct {
		const char *what, *hex;
		int header, payload; /* header 0: refused */
	} cases[] = {
		{"empty", "", 0, 0},
		{"one byte short", "8000000100000002000000", 0, 0},
		{"version 1", "400000010000000200000003", 0, 0},
		{"version 0 (STUN)", "000100002112a44200000000", 0, 0},
		{"two CSRCs", "8200000100000002000000030a0a0a0a0b0b0b0baabb", 20, 2},
		{"CSRC cut", "8200000100000002000000030a0a0a0a0b0b0b", 0, 0},
		{"extension of one word", "900000010000000200000003bede000111111111aa", 20, 1},
		{"empty extension", "900000010000000200000003bede0000aa", 16, 1},
		{"extension cut", "900000010000000200000003bede0001111111", 0, 0},
		{"extension header cut", "900000010000000200000003bede00", 0, 0},
		{"extension of 65535 words", "900000010000000200000003bedeffff11111111", 0, 0},
		{"padding", "a00000010000000200000003aabb0002", 12, 2},
		{"padding is all", "a0000001000000020000000300000004", 12, 0},
		{"padding beyond", "a0000001000000020000000300000005", 0, 0},
		{"padding of none", "a0000001000000020000000300000000", 0, 0},
		{"padding without room", "a00000010000000200000003", 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t p[64];
		size_t n = unhex(cases[i].hex, p, sizeof(p));
		struct rtp_packet packet = {.ssrc = 77};
		bool ok = parse_guarded(p, n, &packet);
		if (ok != (cases[i].header != 0))
			print_error("%s\n", cases[i].what);
		assert_int_equal(ok, cases[i].header != 0);
		if (ok) {
			assert_int_equal(packet.header_bytes, cases[i].header);
			assert_int_equal(packet.payload_bytes, cases[i].payload);
		} else {
			assert_int_equal(packet.ssrc, 77);
		}
	}
}

static void test_largest(void **state)
{
	static uint8_t p[RTP_PACKET_MAX + 1] = {0x80};
	struct rtp_packet packet;
	assert_true(parse_guarded(p, RTP_PACKET_MAX, &packet));
	assert_int_equal(packet.payload_bytes, RTP_PACKET_MAX - 12);
	assert_false(parse_guarded(p, RTP_PACKET_MAX + 1, &packet));
}

static void test_rtcp_is_told_apart(void **state)
{
	uint8_t p[2] = {0x80, 0};
	for (unsigned second = 0; second < 256; second++) {
		p[1] = (uint8_t)second;
		assert_int_equal(rtp_is_rtcp(p, 2), second >= 192 && second <= 223);
	}
	assert_false(rtp_is_rtcp(p, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_rtcp_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
