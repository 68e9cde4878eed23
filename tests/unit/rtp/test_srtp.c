/* The RFCs' vectors, replay, SSRCs, taking over, and that packets cost no allocation. */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "rtp/replay.h"
#include "rtp/srtp_cipher.h"
#include "rtp_rig.h"
#include "support/ciphers.h"
#include "support/failing.h"

static const enum srtp_suite suites[] = {SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_AES_CM_128_HMAC_SHA1_32,
					 SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM};

/* OpenSSL's own allocations, which the linker cannot stand in for: counted, and made to fail. */
static unsigned long openssl_calls, openssl_fail_at;

static bool openssl_refuses(void)
{
	return ++openssl_calls == openssl_fail_at;
}

static void *openssl_malloc(size_t n, const char *file, int line)
{
	return openssl_refuses() ? NULL : malloc(n);
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line)
{
	return openssl_refuses() ? NULL : realloc(p, n);
}

static void openssl_free(void *p, const char *file, int line)
{
	free(p);
}

/* ---- vectors ---- */

static void test_key_derivation_rfc3711_b3(void **state)
{
	struct srtp_key key = {.suite = SRTP_AES_CM_128_HMAC_SHA1_80};
	unhex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6", key.bytes, sizeof(key.bytes));
	struct srtp_cipher c;
	assert_int_equal(srtp_cipher_init(&c, own_ciphers(), &key, SRTP_SEND), 0);
	uint8_t cipher[16], salt[14], auth[20];
	unhex("C61E7A93744F39EE10734AFE3FF7A087", cipher, sizeof(cipher));
	unhex("30CBBC08863D8C85D49DB34A9AE1", salt, sizeof(salt));
	unhex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4", auth, sizeof(auth));
	assert_memory_equal(c.keys[SRTP_USE_RTP].cipher, cipher, sizeof(cipher));
	assert_memory_equal(c.keys[SRTP_USE_RTP].salt, salt, sizeof(salt));
	struct hmac_sha1 expected;
	hmac_sha1_init(&expected, auth, sizeof(auth));
	assert_memory_equal(&c.keys[SRTP_USE_RTP].auth, &expected, sizeof(expected));
	srtp_cipher_done(&c);
}

/* A context with these session keys, as the vectors give them, in place of derived ones. */
static void session_of(struct srtp_cipher *c, enum srtp_suite suite, enum srtp_direction direction, const char *key,
		       const char *salt)
{
	struct srtp_key master = key_of(suite, 1);
	assert_int_equal(srtp_cipher_init(c, own_ciphers(), &master, direction), 0);
	for (int use = SRTP_USE_RTP; use <= SRTP_USE_RTCP; use++) {
		unhex(key, c->keys[use].cipher, sizeof(c->keys[use].cipher));
		unhex(salt, c->keys[use].salt, sizeof(c->keys[use].salt));
	}
}

static void test_key_stream_rfc3711_b2(void **state)
{
	struct srtp_cipher c;
	session_of(&c, SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_SEND, "2B7E151628AED2A6ABF7158809CF4F3C",
		   "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
	static const struct {
		size_t block;
		const char *stream;
	} expected[] = {
		{0, "E03EAD0935C95E80E166B16DD92B4EB4"},      {1, "D23513162B02D0F72A43A2FE4A5F97AB"},
		{2, "41E95B3BB0A2E8DD477901E4FCA894C0"},      {0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"},
		{0xff00, "362B7C3C6773516318A077D7FC5073AE"}, {0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"},
	};
	size_t n = RTP_HEADER_MIN + 65282 * 16;
	uint8_t *p = calloc(1, n);
	uint8_t tag[HMAC_SHA1_BYTES];
	assert_non_null(p);
	struct srtp_frame f = {.use = SRTP_USE_RTP, .head = p, .head_n = RTP_HEADER_MIN, .text_n = n - RTP_HEADER_MIN};
	srtp_cipher_seal(&c, &f, tag);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		uint8_t block[16];
		unhex(expected[i].stream, block, sizeof(block));
		assert_memory_equal(p + RTP_HEADER_MIN + expected[i].block * 16, block, sizeof(block));
	}
	free(p);
	srtp_cipher_done(&c);
}

#define QUID_PRO_QUO "517569642070726f2071756f"
#define KEY_128 "000102030405060708090a0b0c0d0e0f"
#define KEY_256 KEY_128 "101112131415161718191a1b1c1d1e1f"
#define RTP_PLAIN "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"
#define RTCP_PLAIN                                                                                                     \
	"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"

static void test_packets_rfc7714(void **state)
{
	static const struct {
		enum srtp_suite suite;
		enum srtp_use use;
		const char *key, *plain, *cipher_text, *tag;
	} vectors[] = {
		{SRTP_AEAD_AES_128_GCM, SRTP_USE_RTP, KEY_128, RTP_PLAIN, /* §16.1.1 */
		 "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833",
		 "899d7f27beb16a9152cf765ee4390cce"},
		{SRTP_AEAD_AES_256_GCM, SRTP_USE_RTP, KEY_256, RTP_PLAIN, /* §16.2.1 */
		 "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b",
		 "7aa3db36dfffd6b0f9bb7878d7a76c13"},
		{SRTP_AEAD_AES_128_GCM, SRTP_USE_RTCP, KEY_128, RTCP_PLAIN, /* §17.1 */
		 "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b",
		 "c84aa45896cf4d2fc5abf87245d9eade"},
		{SRTP_AEAD_AES_256_GCM, SRTP_USE_RTCP, KEY_256, RTCP_PLAIN, /* §17.2 */
		 "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad",
		 "1d1eb30c4446839f57ff6f6cb26ac3be"},
	};
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint8_t plain[128], p[128], cipher_text[128], tag[16], tag_expected[16];
		size_t n = unhex(vectors[i].plain, plain, sizeof(plain));
		memcpy(p, plain, n);
		unhex(vectors[i].cipher_text, cipher_text, sizeof(cipher_text));
		unhex(vectors[i].tag, tag_expected, sizeof(tag_expected));
		bool rtp = vectors[i].use == SRTP_USE_RTP;
		size_t head = rtp ? 12 : 8;
		struct srtp_frame f = {
			.use = vectors[i].use,
			.head = p,
			.head_n = head,
			.text_n = n - head,
			.ssrc = read_be32(p + head - 4),
			.index = rtp ? 0xf17b : 0x5d4,
			.tail = {0x80, 0, 5, 0xd4},
		};
		struct srtp_cipher send, receive;
		session_of(&send, vectors[i].suite, SRTP_SEND, vectors[i].key, QUID_PRO_QUO);
		session_of(&receive, vectors[i].suite, SRTP_RECEIVE, vectors[i].key, QUID_PRO_QUO);
		srtp_cipher_seal(&send, &f, tag);
		assert_memory_equal(p + head, cipher_text, n - head);
		assert_memory_equal(tag, tag_expected, sizeof(tag));
		assert_true(srtp_cipher_open(&receive, &f, tag));
		assert_memory_equal(p, plain, n);
		srtp_cipher_done(&send);
		srtp_cipher_done(&receive);
	}
}

/* ---- two contexts of one key ---- */

struct pair {
	struct srtp *send, *receive;
};

static struct pair pair_make(enum srtp_suite suite)
{
	struct srtp_key key = key_of(suite, 3);
	struct pair pair = {srtp_new(own_ciphers(), &key, SRTP_SEND), srtp_new(own_ciphers(), &key, SRTP_RECEIVE)};
	assert_non_null(pair.send);
	assert_non_null(pair.receive);
	return pair;
}

static void pair_done(struct pair *pair)
{
	srtp_free(pair->send);
	srtp_free(pair->receive);
}

static enum srtp_result send_voice(struct srtp *s, uint32_t ssrc, uint16_t sequence, uint8_t *p, size_t *n)
{
	return srtp_protect(s, p, voice_packet(p, ssrc, sequence), RTP_PACKET_MAX, n);
}

/* Opens a copy, so that the packet can be given again. */
static enum srtp_result receive_copy(struct srtp *s, const uint8_t *p, size_t n)
{
	uint8_t copy[RTP_PACKET_MAX], plain[RTP_PACKET_MAX];
	size_t plain_n = 0;
	ASSERT(n >= 12);
	memcpy(copy, p, n);
	enum srtp_result result = srtp_unprotect(s, copy, n, &plain_n);
	if (result == SRTP_OK) {
		assert_int_equal(plain_n, voice_packet(plain, read_be32(p + 8), read_be16(p + 2)));
		assert_memory_equal(copy, plain, plain_n);
	} else {
		assert_int_equal(plain_n, 0);
	}
	return result;
}

static void test_forged_packets_change_nothing(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[RTP_PACKET_MAX] = {0}, forged[RTP_PACKET_MAX];
		size_t n = 0;
		struct srtp_state before, after;
		assert_int_equal(send_voice(pair.send, SSRC_A, 100, p, &n), SRTP_OK);
		srtp_get_state(pair.receive, &before);
		assert_false(before.started);
		for (int round = 0; round < 2; round++) {
			/* Every byte counts: header, text and tag. The version bits make it malformed instead. */
			for (size_t at = 0; at < n; at++) {
				memcpy(forged, p, n);
				forged[at] ^= 1;
				enum srtp_result result = receive_copy(pair.receive, forged, n);
				if (at != 0 && round == 0)
					assert_int_equal(result, SRTP_AUTH_FAILED);
				assert_int_not_equal(result, SRTP_OK);
			}
			srtp_get_state(pair.receive, &after);
			assert_memory_equal(&before, &after, sizeof(before));
			assert_int_equal(receive_copy(pair.receive, p, n), round == 0 ? SRTP_OK : SRTP_REPLAYED);
			srtp_get_state(pair.receive, &before);
		}
		assert_true(before.started && before.sequence == 100 && before.ssrc == SSRC_A);
		/* A forged jump ahead must not move the window. */
		memcpy(forged, p, n);
		write_be16(forged + 2, 20000);
		assert_int_equal(receive_copy(pair.receive, forged, n), SRTP_AUTH_FAILED);
		assert_int_equal(send_voice(pair.send, SSRC_A, 101, p, &n), SRTP_OK);
		assert_int_equal(receive_copy(pair.receive, p, n), SRTP_OK);
		pair_done(&pair);
	}
}

static void test_lengths(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[RTP_PACKET_MAX + 64];
		size_t n = 0, again = 0;
		memset(p, 0, sizeof(p));
		/* Room for the tag is needed to the byte. */
		size_t plain = voice_packet(p, SSRC_A, 1);
		assert_int_equal(srtp_protect(pair.send, p, plain, sizeof(p), &n), SRTP_OK);
		size_t tag = n - plain;
		voice_packet(p, SSRC_A, 2);
		assert_int_equal(srtp_protect(pair.send, p, plain, plain + tag - 1, &n), SRTP_MALFORMED);
		assert_int_equal(srtp_protect(pair.send, p, plain, plain - 1, &n), SRTP_MALFORMED);
		assert_int_equal(srtp_protect(pair.send, p, plain, plain + tag, &n), SRTP_OK);
		/* The largest packet, and one byte more. */
		voice_packet(p, SSRC_A, 3);
		assert_int_equal(srtp_protect(pair.send, p, RTP_PACKET_MAX + 1, sizeof(p), &n), SRTP_MALFORMED);
		assert_int_equal(srtp_protect(pair.send, p, RTP_PACKET_MAX - tag, sizeof(p), &n), SRTP_OK);
		assert_int_equal(n, RTP_PACKET_MAX);
		assert_int_equal(srtp_unprotect(pair.receive, p, n + 1, &again), SRTP_MALFORMED);
		assert_int_equal(srtp_unprotect(pair.receive, p, n, &again), SRTP_OK);
		/* Shorter than header and tag. */
		voice_packet(p, SSRC_A, 4);
		assert_int_equal(srtp_unprotect(pair.receive, p, RTP_HEADER_MIN + tag - 1, &again), SRTP_MALFORMED);
		assert_int_equal(srtp_unprotect(pair.receive, p, RTP_HEADER_MIN + tag, &again), SRTP_AUTH_FAILED);
		pair_done(&pair);
	}
}

static void test_replay_window(void **state)
{
	struct pair pair = pair_make(SRTP_AEAD_AES_128_GCM);
	static uint8_t packets[400][RTP_PACKET_MAX];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(packets); i++)
		assert_int_equal(send_voice(pair.send, SSRC_A, (uint16_t)(65400 + i), packets[i], &n), SRTP_OK);
	assert_int_equal(receive_copy(pair.receive, packets[0], n), SRTP_OK);
	assert_int_equal(receive_copy(pair.receive, packets[200], n), SRTP_OK);
	/* 127 below the highest is the last that is known, across the wrap of the sequence number. */
	assert_int_equal(receive_copy(pair.receive, packets[200 - 127], n), SRTP_OK);
	assert_int_equal(receive_copy(pair.receive, packets[200 - 127], n), SRTP_REPLAYED);
	assert_int_equal(receive_copy(pair.receive, packets[200 - 128], n), SRTP_REPLAYED);
	/* Everything in between once, in any order, and never twice. */
	for (size_t i = 199; i > 200 - 127; i--) {
		assert_int_equal(receive_copy(pair.receive, packets[i], n), SRTP_OK);
		assert_int_equal(receive_copy(pair.receive, packets[i], n), SRTP_REPLAYED);
	}
	for (size_t i = 200 - 127; i <= 200; i++)
		assert_int_equal(receive_copy(pair.receive, packets[i], n), SRTP_REPLAYED);
	pair_done(&pair);
}

/* The window beside a plain list of what was marked. */
static void test_replay_window_is_a_list_of_numbers(void **state)
{
	static bool seen[4096];
	struct replay r = {.next = 0};
	uint64_t highest = 0, x = 12345;
	for (int i = 0; i < 20000 && highest < 3900; i++) {
		x = x * UINT64_C(6364136223846793005) + 1;
		/* Steps about every edge: one bit, a word, the whole window. */
		static const int steps[] = {-130, -128, -127, -65, -64, -63, -3, -1,  0,   1,  2,
					    5,    63,   64,   65,  1,   -40, 3,  127, 128, 129};
		int64_t index = (int64_t)highest + steps[(x >> 40) % ARRAY_LEN(steps)];
		if (index < 0)
			continue;
		bool fresh = r.next == 0 || (uint64_t)index > highest ||
			     (highest - (uint64_t)index < 128 && !seen[index]);
		assert_int_equal(replay_fresh(&r, (uint64_t)index), fresh);
		if (!fresh)
			continue;
		replay_mark(&r, (uint64_t)index);
		seen[index] = true;
		highest = MAX(highest, (uint64_t)index);
	}
	assert_true(highest > 2000);
}

static void test_sender_never_repeats_an_index(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[RTP_PACKET_MAX];
		size_t n = 0;
		assert_int_equal(send_voice(pair.send, SSRC_A, 200, p, &n), SRTP_OK);
		assert_int_equal(send_voice(pair.send, SSRC_A, 200, p, &n), SRTP_REPLAYED);
		/* Reordered on its way to us, sent on in the order it came. */
		assert_int_equal(send_voice(pair.send, SSRC_A, 202, p, &n), SRTP_OK);
		assert_int_equal(send_voice(pair.send, SSRC_A, 201, p, &n), SRTP_OK);
		assert_int_equal(send_voice(pair.send, SSRC_A, 201, p, &n), SRTP_REPLAYED);
		assert_int_equal(send_voice(pair.send, SSRC_A, 202 - 128, p, &n), SRTP_REPLAYED);
		/* Before the first index there is nothing. */
		assert_int_equal(send_voice(pair.send, SSRC_A, 65500, p, &n), SRTP_REPLAYED);
		/* A refused packet is still in clear, and has its length. */
		uint8_t plain[RTP_PACKET_MAX];
		assert_memory_equal(p, plain, voice_packet(plain, SSRC_A, 65500));
		assert_int_equal(send_voice(pair.send, SSRC_B, 203, p, &n), SRTP_MALFORMED);
		pair_done(&pair);
	}
}

static void test_keys_end(void **state)
{
	struct srtp_key key = key_of(SRTP_AEAD_AES_128_GCM, 3);
	struct srtp *s = srtp_new(own_ciphers(), &key, SRTP_SEND);
	assert_non_null(s);
	struct srtp_state last = {SSRC_A, UINT32_MAX, 65534, true, (UINT32_C(1) << 31) - 1};
	srtp_set_state(s, &last);
	uint8_t p[RTP_PACKET_MAX];
	size_t n = 0;
	assert_int_equal(send_voice(s, SSRC_A, 65535, p, &n), SRTP_OK);
	assert_int_equal(send_voice(s, SSRC_A, 0, p, &n), SRTP_KEY_EXHAUSTED);
	size_t report = control_packet(p, SSRC_A, 0);
	assert_int_equal(srtcp_protect(s, p, report, sizeof(p), &n), SRTP_OK);
	control_packet(p, SSRC_A, 0);
	assert_int_equal(srtcp_protect(s, p, report, sizeof(p), &n), SRTP_KEY_EXHAUSTED);
	srtp_free(s);
}

/* ---- many contexts, one set of ciphers ---- */

static void test_contexts_take_turns(void **state)
{
	struct pair pairs[2 * ARRAY_LEN(suites)];
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct srtp_key key = key_of(suites[i / 2], (uint8_t)i);
		pairs[i] = (struct pair){srtp_new(own_ciphers(), &key, SRTP_SEND),
					 srtp_new(own_ciphers(), &key, SRTP_RECEIVE)};
	}
	for (uint16_t k = 1; k < 4; k++)
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
			uint8_t p[RTP_PACKET_MAX], report[RTP_PACKET_MAX];
			size_t n = 0, report_n = control_packet(report, SSRC_A, 0);
			/* A number that is new to its neighbour too, which has another key. */
			uint16_t sequence = (uint16_t)(2 * k + (i & 1));
			assert_int_equal(send_voice(pairs[i].send, SSRC_A, sequence, p, &n), SRTP_OK);
			assert_int_equal(srtcp_protect(pairs[i].send, report, report_n, sizeof(report), &report_n),
					 SRTP_OK);
			assert_int_equal(receive_copy(pairs[i ^ 1].receive, p, n), SRTP_AUTH_FAILED);
			assert_int_equal(receive_copy(pairs[i].receive, p, n), SRTP_OK);
			assert_int_equal(srtcp_unprotect(pairs[i].receive, report, report_n, &report_n), SRTP_OK);
		}
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		pair_done(&pairs[i]);
}

/* ---- SSRCs ---- */

static void test_two_sources_are_kept(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct srtp_key key = key_of(suites[i], 3);
		struct srtp *receive = srtp_new(own_ciphers(), &key, SRTP_RECEIVE);
		static const uint32_t ssrcs[] = {SSRC_A, SSRC_B, 7};
		uint8_t p[ARRAY_LEN(ssrcs)][RTP_PACKET_MAX];
		size_t n = 0;
		for (size_t k = 0; k < ARRAY_LEN(ssrcs); k++) {
			struct srtp *send = srtp_new(own_ciphers(), &key, SRTP_SEND);
			assert_int_equal(send_voice(send, ssrcs[k], 50, p[k], &n), SRTP_OK);
			srtp_free(send);
		}
		assert_int_equal(receive_copy(receive, p[0], n), SRTP_OK);
		assert_int_equal(receive_copy(receive, p[1], n), SRTP_OK);
		assert_int_equal(receive_copy(receive, p[0], n), SRTP_REPLAYED);
		assert_int_equal(receive_copy(receive, p[1], n), SRTP_REPLAYED);
		struct srtp_state now;
		srtp_get_state(receive, &now);
		assert_int_equal(now.ssrc, SSRC_B);
		/* A third takes the place of the one before, not of the one in use. */
		assert_int_equal(receive_copy(receive, p[2], n), SRTP_OK);
		assert_int_equal(receive_copy(receive, p[1], n), SRTP_REPLAYED);
		srtp_free(receive);
	}
}

/* ---- ROC ---- */

static void test_wrap_before_the_first_packet_arrives(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[RTP_PACKET_MAX];
		size_t n = 0;
		assert_int_equal(send_voice(pair.send, SSRC_A, 65535, p, &n), SRTP_OK);
		assert_int_equal(send_voice(pair.send, SSRC_A, 0, p, &n), SRTP_OK);
		assert_int_equal(receive_copy(pair.receive, p, n), SRTP_OK);
		struct srtp_state now;
		srtp_get_state(pair.receive, &now);
		assert_int_equal(now.roc, 1);
		pair_done(&pair);
	}
}

/* A receiver takes over with a state that is `age` packets old. */
static enum srtp_result take_over(enum srtp_suite suite, uint64_t old, uint64_t age)
{
	struct srtp_key key = key_of(suite, 3);
	struct srtp *send = srtp_new(own_ciphers(), &key, SRTP_SEND),
		    *receive = srtp_new(own_ciphers(), &key, SRTP_RECEIVE);
	uint64_t last = old + age - 1;
	struct srtp_state sender = {SSRC_A, (uint32_t)(last >> 16), (uint16_t)last, true, 5};
	struct srtp_state receiver = {SSRC_A, (uint32_t)(old >> 16), (uint16_t)old, true, 5};
	uint8_t p[RTP_PACKET_MAX];
	size_t n = 0;
	srtp_set_state(send, &sender);
	srtp_set_state(receive, &receiver);
	assert_int_equal(send_voice(send, SSRC_A, (uint16_t)(old + age), p, &n), SRTP_OK);
	enum srtp_result result = receive_copy(receive, p, n);
	if (result == SRTP_OK) {
		/* From then on it knows. */
		assert_int_equal(send_voice(send, SSRC_A, (uint16_t)(old + age + 9), p, &n), SRTP_OK);
		assert_int_equal(receive_copy(receive, p, n), SRTP_OK);
	}
	srtp_free(send);
	srtp_free(receive);
	return result;
}

static void test_take_over_with_an_old_state(void **state)
{
	static const uint64_t starts[] = {10, 40000, 65535, 3 * 65536 + 65000, UINT64_C(0xffff1234)};
	static const uint64_t ages[] = {1, 2, 500, 30000, 40000, 65535, 65536, 100000, 131072};
	for (size_t i = 0; i < ARRAY_LEN(suites); i++)
		for (size_t k = 0; k < ARRAY_LEN(starts); k++) {
			for (size_t m = 0; m < ARRAY_LEN(ages); m++)
				assert_int_equal(take_over(suites[i], starts[k], ages[m]), SRTP_OK);
			assert_int_equal(take_over(suites[i], starts[k], 131073), SRTP_AUTH_FAILED);
		}
}

static void test_take_over_accepts_nothing_old(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[3][RTP_PACKET_MAX];
		size_t n = 0;
		for (uint16_t k = 0; k < 3; k++)
			assert_int_equal(send_voice(pair.send, SSRC_A, 500 + k, p[k], &n), SRTP_OK);
		assert_int_equal(receive_copy(pair.receive, p[1], n), SRTP_OK);
		struct srtp_state written;
		srtp_get_state(pair.receive, &written);
		struct pair next = pair_make(suites[i]);
		srtp_set_state(next.receive, &written);
		assert_int_not_equal(receive_copy(next.receive, p[0], n), SRTP_OK);
		assert_int_not_equal(receive_copy(next.receive, p[1], n), SRTP_OK);
		assert_int_equal(receive_copy(next.receive, p[2], n), SRTP_OK);
		assert_int_equal(receive_copy(next.receive, p[1], n), SRTP_REPLAYED);

		/* A sender goes on behind what it has sent. */
		srtp_get_state(pair.send, &written);
		srtp_set_state(next.send, &written);
		assert_int_equal(send_voice(next.send, SSRC_A, 502, p[0], &n), SRTP_REPLAYED);
		assert_int_equal(send_voice(next.send, SSRC_A, 501, p[0], &n), SRTP_REPLAYED);
		assert_int_equal(send_voice(next.send, SSRC_A, 503, p[0], &n), SRTP_OK);
		assert_int_equal(receive_copy(next.receive, p[0], n), SRTP_OK);
		pair_done(&pair);
		pair_done(&next);
	}
}

/* ---- SRTCP ---- */

static void test_srtcp(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[RTP_PACKET_MAX + 64] = {0}, copy[RTP_PACKET_MAX + 64] = {0}, plain[64];
		size_t n = 0, again = 0, length = control_packet(plain, SSRC_A, 7);
		control_packet(p, SSRC_A, 7);
		size_t trailer = (suites[i] >= SRTP_AEAD_AES_128_GCM ? 16 : 10) + 4;
		assert_int_equal(srtcp_protect(pair.send, p, length, length + trailer - 1, &n), SRTP_MALFORMED);
		assert_int_equal(srtcp_protect(pair.send, p, length, length + trailer, &n), SRTP_OK);
		assert_int_equal(n, length + trailer);
		for (size_t at = 0; at < n; at++) {
			memcpy(copy, p, n);
			copy[at] ^= 1;
			assert_int_equal(srtcp_unprotect(pair.receive, copy, n, &again), SRTP_AUTH_FAILED);
		}
		/* Without the E bit it claims to be in clear. */
		memcpy(copy, p, n);
		copy[suites[i] >= SRTP_AEAD_AES_128_GCM ? n - 4 : length] &= 0x7f;
		assert_int_equal(srtcp_unprotect(pair.receive, copy, n, &again), SRTP_MALFORMED);
		assert_int_equal(srtcp_unprotect(pair.receive, p, 8 + trailer - 1, &again), SRTP_MALFORMED);
		memcpy(copy, p, n);
		assert_int_equal(srtcp_unprotect(pair.receive, copy, n, &again), SRTP_OK);
		assert_int_equal(again, length);
		assert_memory_equal(copy, plain, length);
		memcpy(copy, p, n);
		assert_int_equal(srtcp_unprotect(pair.receive, copy, n, &again), SRTP_REPLAYED);
		assert_int_equal(srtcp_unprotect(pair.receive, copy, RTP_PACKET_MAX + 1, &again), SRTP_MALFORMED);
		struct srtp_state now;
		srtp_get_state(pair.receive, &now);
		assert_true(now.rtcp_index == 1 && !now.started && now.ssrc == SSRC_A);
		pair_done(&pair);
	}
}

static void test_srtcp_rfc7714_in_clear_is_refused(void **state)
{
	/* §17.3: authentic, but E = 0. */
	uint8_t p[128];
	size_t n = unhex(RTCP_PLAIN "841dd9683dd78ec92ae58790125f62b3000005d4", p, sizeof(p)), plain = 0;
	struct pair pair = pair_make(SRTP_AEAD_AES_128_GCM);
	assert_int_equal(srtcp_unprotect(pair.receive, p, n, &plain), SRTP_MALFORMED);
	pair_done(&pair);
}

/* ---- memory ---- */

static int make_and_use(void *arg)
{
	struct srtp_key key = key_of(*(const enum srtp_suite *)arg, 3);
	struct srtp_ciphers *ciphers = srtp_ciphers_new();
	struct srtp *s = ciphers ? srtp_new(ciphers, &key, SRTP_SEND) : NULL;
	uint8_t p[RTP_PACKET_MAX];
	size_t n = 0;
	if (s)
		assert_int_equal(send_voice(s, SSRC_A, 1, p, &n), SRTP_OK);
	bool made = s;
	srtp_free(s);
	srtp_ciphers_free(ciphers);
	return made ? 0 : -ENOMEM;
}

static void test_out_of_memory(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		enum srtp_suite suite = suites[i];
		failing_each(make_and_use, &suite);
		/* And inside OpenSSL. */
		unsigned failures = 0;
		for (unsigned nth = 1;; nth++) {
			openssl_calls = 0;
			openssl_fail_at = nth;
			int rc = make_and_use(&suite);
			openssl_fail_at = 0;
			failures += rc < 0;
			if (openssl_calls < nth)
				break;
		}
		assert_true(failures >= 2);
	}
	assert_null(srtp_free(NULL));
	assert_null(srtp_ciphers_free(NULL));
}

static void test_packets_allocate_nothing(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair pair = pair_make(suites[i]);
		uint8_t p[RTP_PACKET_MAX];
		size_t n = 0, plain = 0;
		openssl_calls = 0;
		for (uint16_t k = 1; k < 20; k++) {
			assert_int_equal(send_voice(pair.send, SSRC_A, k, p, &n), SRTP_OK);
			assert_int_equal(srtp_unprotect(pair.receive, p, n, &plain), SRTP_OK);
			p[15] ^= 1;
			assert_int_not_equal(srtp_unprotect(pair.receive, p, n, &plain), SRTP_OK);
			size_t report = control_packet(p, SSRC_A, 0);
			assert_int_equal(srtcp_protect(pair.send, p, report, sizeof(p), &n), SRTP_OK);
			assert_int_equal(srtcp_unprotect(pair.receive, p, n, &plain), SRTP_OK);
		}
		assert_int_equal(openssl_calls, 0);
		pair_done(&pair);
	}
}

static void test_suite_names(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++)
		assert_int_equal(srtp_suite_from(srtp_suite_name(suites[i])), suites[i]);
	assert_int_equal(srtp_suite_from(SLICE("AES_256_CM_HMAC_SHA1_80")), SRTP_NONE);
	assert_int_equal(srtp_suite_from(SLICE_NONE), SRTP_NONE);
	assert_int_equal(srtp_suite_key_bytes(SRTP_AES_CM_128_HMAC_SHA1_32), 30);
	assert_int_equal(srtp_suite_key_bytes(SRTP_AEAD_AES_128_GCM), 28);
	assert_int_equal(srtp_suite_key_bytes(SRTP_AEAD_AES_256_GCM), 44);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_derivation_rfc3711_b3),
		cmocka_unit_test(test_key_stream_rfc3711_b2),
		cmocka_unit_test(test_packets_rfc7714),
		cmocka_unit_test(test_forged_packets_change_nothing),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_replay_window),
		cmocka_unit_test(test_replay_window_is_a_list_of_numbers),
		cmocka_unit_test(test_sender_never_repeats_an_index),
		cmocka_unit_test(test_keys_end),
		cmocka_unit_test(test_contexts_take_turns),
		cmocka_unit_test(test_two_sources_are_kept),
		cmocka_unit_test(test_wrap_before_the_first_packet_arrives),
		cmocka_unit_test(test_take_over_with_an_old_state),
		cmocka_unit_test(test_take_over_accepts_nothing_old),
		cmocka_unit_test(test_srtcp),
		cmocka_unit_test(test_srtcp_rfc7714_in_clear_is_refused),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_packets_allocate_nothing),
		cmocka_unit_test(test_suite_names),
	};
	if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
