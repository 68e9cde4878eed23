/* Every suite against libsrtp2: both directions, wraps of the sequence number, reordering, SRTCP. */
#include "oracle.h"
#include "rtp_rig.h"
#include "support/ciphers.h"

static const struct pairing {
	enum srtp_suite ours;
	enum oracle_suite theirs;
} pairings[] = {
	{SRTP_AES_CM_128_HMAC_SHA1_80, ORACLE_CM_80},
	{SRTP_AES_CM_128_HMAC_SHA1_32, ORACLE_CM_32},
	{SRTP_AEAD_AES_128_GCM, ORACLE_GCM_128},
	{SRTP_AEAD_AES_256_GCM, ORACLE_GCM_256},
};

struct bench {
	struct srtp *send, *receive;
	struct oracle *their_send, *their_receive;
};

static struct bench bench_make(const struct pairing *pairing)
{
	struct srtp_key key = key_of(pairing->ours, 9);
	struct bench b = {
		.send = srtp_new(own_ciphers(), &key, SRTP_SEND),
		.receive = srtp_new(own_ciphers(), &key, SRTP_RECEIVE),
		.their_send = oracle_new(pairing->theirs, key.bytes, true),
		.their_receive = oracle_new(pairing->theirs, key.bytes, false),
	};
	assert_non_null(b.send);
	assert_non_null(b.receive);
	return b;
}

static void bench_done(struct bench *b)
{
	srtp_free(b->send);
	srtp_free(b->receive);
	oracle_free(b->their_send);
	oracle_free(b->their_receive);
}

/* Both protect it alike, and each opens it. */
static void exchange(struct bench *b, const uint8_t *plain, size_t n)
{
	uint8_t ours[RTP_PACKET_MAX + 64], theirs[RTP_PACKET_MAX + 64], again[RTP_PACKET_MAX + 64];
	memcpy(ours, plain, n);
	memcpy(theirs, plain, n);
	size_t ours_n = 0;
	int theirs_n = (int)n;
	assert_int_equal(srtp_protect(b->send, ours, n, sizeof(ours), &ours_n), SRTP_OK);
	assert_true(oracle_protect(b->their_send, theirs, &theirs_n));
	assert_int_equal(ours_n, theirs_n);
	assert_memory_equal(ours, theirs, ours_n);

	memcpy(again, ours, ours_n);
	size_t plain_n = 0;
	assert_int_equal(srtp_unprotect(b->receive, theirs, ours_n, &plain_n), SRTP_OK);
	assert_int_equal(plain_n, n);
	assert_memory_equal(theirs, plain, n);
	int again_n = (int)ours_n;
	assert_true(oracle_unprotect(b->their_receive, again, &again_n));
	assert_int_equal(again_n, n);
	assert_memory_equal(again, plain, n);
}

static void test_alike_over_two_wraps(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairings); i++) {
		struct bench b = bench_make(&pairings[i]);
		uint8_t p[RTP_PACKET_MAX];
		/* In steps, so that two wraps take 300 packets and not 131,072. */
		uint32_t index = 65000;
		for (int k = 0; k < 300; k++, index += k % 10 == 9 ? 4000 : 1)
			exchange(&b, p, voice_packet(p, SSRC_A, (uint16_t)index));
		assert_true(index > 2 * 65536);
		bench_done(&b);
	}
}

static void test_alike_with_reordering_across_the_wrap(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairings); i++) {
		struct bench b = bench_make(&pairings[i]);
		static const uint16_t order[] = {65530, 65533, 65531, 2, 65535, 0, 65532, 1, 65534, 10, 3, 65529};
		uint8_t p[RTP_PACKET_MAX];
		for (size_t k = 0; k < ARRAY_LEN(order); k++)
			exchange(&b, p, voice_packet(p, SSRC_A, order[k]));
		bench_done(&b);
	}
}

static void test_alike_in_shape(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairings); i++) {
		struct bench b = bench_make(&pairings[i]);
		uint8_t p[RTP_PACKET_MAX];
		/* CSRCs and an extension stay clear; padding is encrypted. */
		size_t n = voice_packet(p, SSRC_A, 1);
		p[0] = 0x80 | 0x20 | 0x10 | 2;
		write_be16(p + 12 + 8 + 2, 3);
		p[n - 1] = 4;
		exchange(&b, p, n);
		/* No payload at all, and the longest. */
		voice_packet(p, SSRC_A, 2);
		exchange(&b, p, RTP_HEADER_MIN);
		memset(p, 0x5a, sizeof(p));
		rtp_write_header(p, true, 101, 3, 7, SSRC_A);
		exchange(&b, p, RTP_PACKET_MAX - SRTP_TRAILER_MAX);
		bench_done(&b);
	}
}

static void test_alike_in_srtcp(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairings); i++) {
		struct bench b = bench_make(&pairings[i]);
		/* libsrtp2 counts from 1, which RFC 3711 §3.4 leaves open. */
		struct srtp_state from_one = {.ssrc = SSRC_A, .rtcp_index = 1};
		srtp_set_state(b.send, &from_one);
		for (uint8_t k = 0; k < 5; k++) {
			uint8_t plain[64], ours[64], theirs[64], voice[RTP_PACKET_MAX];
			size_t n = control_packet(plain, SSRC_A, k), ours_n = 0, plain_n = 0;
			int theirs_n = (int)n;
			control_packet(ours, SSRC_A, k);
			control_packet(theirs, SSRC_A, k);
			assert_int_equal(srtcp_protect(b.send, ours, n, sizeof(ours), &ours_n), SRTP_OK);
			assert_true(oracle_protect_rtcp(b.their_send, theirs, &theirs_n));
			assert_int_equal(ours_n, theirs_n);
			assert_memory_equal(ours, theirs, ours_n);
			assert_int_equal(srtcp_unprotect(b.receive, theirs, ours_n, &plain_n), SRTP_OK);
			assert_int_equal(plain_n, n);
			assert_memory_equal(theirs, plain, n);
			int again_n = (int)ours_n;
			assert_true(oracle_unprotect_rtcp(b.their_receive, ours, &again_n));
			assert_memory_equal(ours, plain, n);
			/* The one cipher context goes back to RTP's key. */
			exchange(&b, voice, voice_packet(voice, SSRC_A, k));
		}
		bench_done(&b);
	}
}

static void test_loss_of_what_they_send_is_survived(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairings); i++) {
		struct bench b = bench_make(&pairings[i]);
		uint32_t index = 40000;
		for (int k = 0; k < 2000; k++, index += 97) {
			uint8_t p[RTP_PACKET_MAX + 64];
			int n = (int)voice_packet(p, SSRC_B, (uint16_t)index);
			size_t plain_n = 0;
			assert_true(oracle_protect(b.their_send, p, &n));
			/* Two of three are lost. */
			if (k % 3 == 0)
				assert_int_equal(srtp_unprotect(b.receive, p, (size_t)n, &plain_n), SRTP_OK);
		}
		struct srtp_state end;
		srtp_get_state(b.receive, &end);
		assert_int_equal(end.roc, (index - 97) >> 16);
		bench_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alike_over_two_wraps),
		cmocka_unit_test(test_alike_with_reordering_across_the_wrap),
		cmocka_unit_test(test_alike_in_shape),
		cmocka_unit_test(test_alike_in_srtcp),
		cmocka_unit_test(test_loss_of_what_they_send_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
