/* Which formats go where. */
#include "sdp/offer.h"
#include "support/test.h"

static struct sdp_format format(uint8_t payload, const char *name, uint32_t rate, uint8_t channels, const char *fmtp)
{
	return (struct sdp_format){payload, slice_from_string(name), rate, channels, slice_from_string(fmtp)};
}

static void test_same(void **state)
{
	static const struct {
		bool same;
		const char *a_name, *a_fmtp, *b_name, *b_fmtp;
	} cases[] = {
		{true, "opus", "stereo=1", "OPUS", "useinbandfec=1"},
		{true, "G729", "annexb=no", "G729", ""},
		{true, "G729", "annexb=no", "G729", "annexb=yes"},
		{false, "PCMU", "", "PCMA", ""},
		{false, "", "", "", ""},
		{true, "AMR", "octet-align=1", "amr", "Octet-Align = 1 ; mode-set=0,2"},
		{false, "AMR", "octet-align=1", "AMR", ""},
		{true, "AMR", "octet-align=0", "AMR", ""},
		{false, "AMR-WB", "mode-set=0,2", "AMR-WB", "mode-set=0,1"},
		{true, "AMR-WB", "mode-set=0,2", "AMR-WB", ""},
		{false, "AMR", "crc=1;octet-align=1", "AMR", "octet-align=1"},
		{false, "G7221", "bitrate=24000", "G7221", "bitrate=32000"},
		{true, "G7221", "bitrate=24000", "G7221", "bitrate=24000"},
		{true, "telephone-event", "0-16", "telephone-event", "0-15"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sdp_format a = format(96, cases[i].a_name, 8000, 1, cases[i].a_fmtp);
		struct sdp_format b = format(111, cases[i].b_name, 8000, 1, cases[i].b_fmtp);
		if (sdp_format_same(&a, &b) != cases[i].same)
			print_error("case %zu\n", i);
		assert_int_equal(sdp_format_same(&a, &b), cases[i].same);
		assert_int_equal(sdp_format_same(&b, &a), cases[i].same);
		b.rate = 16000;
		assert_false(sdp_format_same(&a, &b));
		b.rate = 8000;
		b.channels = 2;
		assert_false(sdp_format_same(&a, &b));
	}
}

static void test_offer_onwards(void **state)
{
	static struct sdp_media theirs;
	theirs.formats[0] = format(96, "opus", 48000, 2, "stereo=1");
	theirs.formats[1] = format(63, "red", 48000, 2, "96/96");
	theirs.formats[2] = format(97, "", 0, 1, "");
	theirs.formats[3] = format(0, "PCMU", 8000, 1, "");
	theirs.formats[4] = format(101, "telephone-event", 8000, 1, "0-16");
	theirs.formats[5] = format(13, "CN", 8000, 1, "");
	theirs.formats[6] = format(64, "G722", 8000, 1, ""); /* like RTCP, with the marker bit */
	theirs.formats[7] = format(95, "iLBC", 8000, 1, "");
	theirs.format_count = 8;
	struct sdp_format got[8];
	assert_int_equal(sdp_offer_formats(&theirs, got, ARRAY_LEN(got)), 4);
	static const uint8_t expected[] = {96, 0, 101, 13};
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_int_equal(got[i].payload, expected[i]);
	assert_slice(got[0].fmtp, "stereo=1");
	assert_int_equal(sdp_offer_formats(&theirs, got, 2), 2);
	assert_int_equal(sdp_offer_formats(&theirs, got, 0), 0);
}

static void test_answer(void **state)
{
	static struct sdp_media offer;
	offer.formats[0] = format(96, "opus", 48000, 2, "stereo=1");
	offer.formats[1] = format(0, "PCMU", 8000, 1, "");
	offer.formats[2] = format(8, "PCMA", 8000, 1, "");
	offer.formats[3] = format(101, "telephone-event", 8000, 1, "0-16");
	offer.format_count = 4;
	struct sdp_format got[8];
	const struct sdp_format spoken[] = {
		format(8, "PCMA", 8000, 1, ""),    format(120, "Opus", 48000, 2, "maxaveragebitrate=20000"),
		format(3, "GSM", 8000, 1, ""),     format(97, "telephone-event", 8000, 1, "0-15"),
		format(121, "opus", 48000, 2, ""),
	};
	/* Their order and their parameters, the offer's numbers, nothing twice. */
	assert_int_equal(sdp_answer_formats(&offer, spoken, ARRAY_LEN(spoken), got, ARRAY_LEN(got)), 3);
	assert_int_equal(got[0].payload, 8);
	assert_int_equal(got[1].payload, 96);
	assert_slice(got[1].fmtp, "maxaveragebitrate=20000");
	assert_int_equal(got[2].payload, 101);
	assert_slice(got[2].fmtp, "0-15");
	assert_int_equal(sdp_answer_formats(&offer, spoken, ARRAY_LEN(spoken), got, 2), 2);
	/* Events alone are no conversation. */
	assert_int_equal(sdp_answer_formats(&offer, &spoken[2], 2, got, ARRAY_LEN(got)), 0);
	assert_int_equal(sdp_answer_formats(&offer, spoken, 0, got, ARRAY_LEN(got)), 0);
}

static void test_payload_map(void **state)
{
	const struct sdp_format from[] = {
		format(96, "opus", 48000, 2, ""),
		format(0, "PCMU", 8000, 1, ""),
		format(101, "telephone-event", 8000, 1, ""),
		format(102, "telephone-event", 48000, 1, ""),
		format(9, "G722", 8000, 1, ""),
	};
	const struct sdp_format to[] = {
		format(111, "OPUS", 48000, 2, "stereo=1"),
		format(0, "PCMU", 8000, 1, ""),
		format(97, "telephone-event", 8000, 1, ""),
	};
	uint8_t map[128];
	sdp_payload_map(from, ARRAY_LEN(from), to, ARRAY_LEN(to), map);
	for (unsigned i = 0; i < ARRAY_LEN(map); i++) {
		unsigned out = i == 96 ? 111 : i == 0 ? 0 : i == 101 ? 97 : 0xff;
		assert_int_equal(map[i], out);
	}
}

static void test_direction(void **state)
{
	assert_int_equal(sdp_direction_reverse(SDP_SENDRECV), SDP_SENDRECV);
	assert_int_equal(sdp_direction_reverse(SDP_SENDONLY), SDP_RECVONLY);
	assert_int_equal(sdp_direction_reverse(SDP_RECVONLY), SDP_SENDONLY);
	assert_int_equal(sdp_direction_reverse(SDP_INACTIVE), SDP_INACTIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),        cmocka_unit_test(test_offer_onwards), cmocka_unit_test(test_answer),
		cmocka_unit_test(test_payload_map), cmocka_unit_test(test_direction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
