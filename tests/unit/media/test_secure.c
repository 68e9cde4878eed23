#include "fixture.h"

static void call_start_secure(struct call *c, enum srtp_suite suite_a, enum srtp_suite suite_b)
{
	fixture_init(&c->f);
	call_open(c, 1);
	if (suite_a)
		phone_secure(&c->f, &c->a, c->sa, &c->set_a, suite_a, 10);
	if (suite_b)
		phone_secure(&c->f, &c->b, c->sb, &c->set_b, suite_b, 20);
	fixture_join(&c->f, c->sa, c->sb);
}

static void test_suites(void **state)
{
	static const enum srtp_suite pairs[][2] = {
		{SRTP_NONE, SRTP_AES_CM_128_HMAC_SHA1_80},
		{SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_AEAD_AES_128_GCM},
		{SRTP_AEAD_AES_256_GCM, SRTP_AES_CM_128_HMAC_SHA1_32},
	};
	struct call c;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		call_start_secure(&c, pairs[i][0], pairs[i][1]);
		for (uint8_t k = 1; k < 5; k++) {
			say_and_hear(&c.a, &c.b, k);
			say_and_hear(&c.b, &c.a, (uint8_t)(k + 100));
		}
		assert_int_equal(fixture_close(&c.f, c.sa).received_bytes, 640);
		assert_int_equal(fixture_close(&c.f, c.sb).refused_packets, 0);
		call_done(&c);
	}
}

/* What an attacker sends: each is refused and nothing of it is heard. */
static void test_attacks(void **state)
{
	struct call c;
	struct phone attacker;
	uint8_t packet[256], bad[256];

	call_start_secure(&c, SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_AEAD_AES_128_GCM);
	phone_open(&attacker, c.a.ssrc);
	attacker.to = c.a.to;
	attacker.sequence = 2000;
	say_and_hear(&c.a, &c.b, 1);
	size_t n = phone_write(&c.a, PCMU, 2, packet, sizeof(packet));
	phone_say(&attacker, PCMU, 3); /* in clear, from elsewhere */
	rtp_write_header(bad, false, PCMU, 1500, 0, c.a.ssrc);
	phone_send_raw(&c.a, bad, 172); /* in clear, from the right source */
	memcpy(bad, packet, n);
	bad[20] ^= 1;
	phone_send_raw(&c.a, bad, n); /* changed */
	phone_send_raw(&c.a, packet, n);
	phone_hear(&c.b, 2);
	phone_send_raw(&c.a, packet, n);      /* again */
	phone_send_raw(&attacker, packet, n); /* again, from elsewhere */
	say_and_hear(&c.a, &c.b, 4);
	say_and_hear(&c.b, &c.a, 5); /* a is still where it was */
	assert_true(phone_quiet(&attacker));
	assert_true(phone_quiet(&c.b));
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.refused_packets, 5);
	assert_int_equal(figures.received_packets, 3);
	phone_done(&attacker);
	call_done(&c);
}

/* An authenticated packet moves where we send, at any time; an old one held back and sent from elsewhere does not. */
static void test_moves(void **state)
{
	struct call c;
	struct phone elsewhere;
	uint8_t old[256], next[256];

	call_start_secure(&c, SRTP_AEAD_AES_128_GCM, SRTP_NONE);
	phone_open(&elsewhere, 0);
	elsewhere.to = c.a.to;
	say_and_hear(&c.a, &c.b, 1);
	size_t old_n = phone_write(&c.a, PCMU, 2, old, sizeof(old));
	say_and_hear(&c.a, &c.b, 3);
	phone_send_raw(&elsewhere, old, old_n);
	phone_hear(&c.b, 2);
	say_and_hear(&c.b, &c.a, 4);
	assert_true(phone_quiet(&elsewhere));
	size_t next_n = phone_write(&c.a, PCMU, 5, next, sizeof(next));
	phone_send_raw(&elsewhere, next, next_n);
	phone_hear(&c.b, 5);
	phone_say(&c.b, PCMU, 6);
	elsewhere.receive = c.a.receive;
	phone_hear(&elsewhere, 6);
	elsewhere.receive = NULL;
	assert_true(phone_quiet(&c.a));
	phone_done(&elsewhere);
	call_done(&c);
}

static void test_key_change(void **state)
{
	static const enum srtp_suite suites[] = {SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_AEAD_AES_128_GCM};
	static const uint8_t large[60000] = {0x80};
	struct call c;
	uint8_t late[256];

	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		call_start_secure(&c, suites[i], SRTP_NONE);
		say_and_hear(&c.a, &c.b, 1);
		say_and_hear(&c.b, &c.a, 1);
		uint32_t ssrc = c.a.packet.ssrc;
		uint16_t sequence = c.a.packet.sequence;
		size_t late_n = phone_write(&c.a, PCMU, 2, late, sizeof(late));
		struct srtp *before = c.a.send;
		c.a.send = NULL;
		phone_secure(&c.f, &c.a, c.sa, &c.set_a, suites[1 - i], 40);
		/* Longer than any place for it. */
		phone_send_raw(&c.a, large, sizeof(large));
		/* The phone still uses the old key, */
		phone_send_raw(&c.a, late, late_n);
		phone_hear(&c.b, 2);
		/* then the new one, after which the old one is dead. */
		struct srtp *after = c.a.send;
		say_and_hear(&c.a, &c.b, 3);
		c.a.send = before;
		phone_say(&c.a, PCMU, 4);
		c.a.send = after;
		say_and_hear(&c.a, &c.b, 5);
		srtp_free(before);
		/* Ours changed at once, in the same stream. */
		say_and_hear(&c.b, &c.a, 6);
		assert_int_equal(c.a.packet.ssrc, ssrc);
		assert_int_equal(c.a.packet.sequence, (uint16_t)(sequence + 1));
		assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 2);
		call_done(&c);
	}
}

/* The same keys again keep their state: numbers sent before stay refused, and the phone's own cipher still fits. */
static void test_same_keys(void **state)
{
	struct call c;
	uint8_t packet[256];

	call_start_secure(&c, SRTP_AEAD_AES_128_GCM, SRTP_NONE);
	size_t n = phone_write(&c.a, PCMU, 1, packet, sizeof(packet));
	phone_send_raw(&c.a, packet, n);
	phone_hear(&c.b, 1);
	say_and_hear(&c.b, &c.a, 2);
	uint32_t ssrc = c.a.packet.ssrc;
	c.set_a.learn = true;
	memset(c.set_a.send_key.bytes + srtp_suite_key_bytes(SRTP_AEAD_AES_128_GCM), 0x77, 4); /* no part of the key */
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	phone_send_raw(&c.a, packet, n);
	fixture_sync(&c.f);
	say_and_hear(&c.b, &c.a, 3);
	assert_int_equal(c.a.packet.ssrc, ssrc);
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 1);
	call_done(&c);
}

/* A send key that comes back would start at index 0 again: under a new SSRC no index is sent twice. */
static void test_key_returns(void **state)
{
	struct call c;

	call_start_secure(&c, SRTP_AEAD_AES_128_GCM, SRTP_NONE);
	say_and_hear(&c.b, &c.a, 1);
	uint32_t ssrc = c.a.packet.ssrc;
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 50);
	say_and_hear(&c.b, &c.a, 2);
	assert_int_equal(c.a.packet.ssrc, ssrc);
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 10);
	say_and_hear(&c.b, &c.a, 3);
	assert_int_not_equal(c.a.packet.ssrc, ssrc);
	call_done(&c);
}

/* From encrypted to plain and back, as a re-INVITE may settle it. */
static void test_plain_and_back(void **state)
{
	struct call c;

	call_start_secure(&c, SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_NONE);
	say_and_hear(&c.a, &c.b, 1);
	c.set_a.send_key.suite = c.set_a.receive_key.suite = SRTP_NONE;
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	phone_say(&c.a, PCMU, 2); /* still encrypted: noise, but RTP; a plain stream cannot know */
	c.a.send = srtp_free(c.a.send);
	c.a.receive = srtp_free(c.a.receive);
	c.a.ssrc = 0xa1a1;
	fixture_sync(&c.f);
	uint8_t noise[2048];
	(void)recv(c.b.rtp, noise, sizeof(noise), 0);
	say_and_hear(&c.a, &c.b, 3);
	say_and_hear(&c.b, &c.a, 4);
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AES_CM_128_HMAC_SHA1_80, 60);
	say_and_hear(&c.a, &c.b, 5);
	say_and_hear(&c.b, &c.a, 6);
	call_done(&c);
}

/* A key that never authenticated anything gives way to the next; the one in use stays until then. */
static void test_two_changes(void **state)
{
	struct call c;

	call_start_secure(&c, SRTP_AEAD_AES_128_GCM, SRTP_NONE);
	say_and_hear(&c.a, &c.b, 1);
	struct srtp *first = c.a.send;
	c.a.send = NULL;
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 30);
	struct srtp *second = c.a.send;
	c.a.send = NULL;
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 40);
	struct srtp *third = c.a.send;
	c.a.send = first;
	say_and_hear(&c.a, &c.b, 2);
	c.a.send = second;
	phone_say(&c.a, PCMU, 3);
	c.a.send = third;
	say_and_hear(&c.a, &c.b, 4);
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 1);
	srtp_free(first);
	srtp_free(second);
	call_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suites),      cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_moves),       cmocka_unit_test(test_key_change),
		cmocka_unit_test(test_same_keys),   cmocka_unit_test(test_key_returns),
		cmocka_unit_test(test_two_changes), cmocka_unit_test(test_plain_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
