/* Digits that a worker says on a stream, packet by packet on a clock that the test turns. */
#include <errno.h>

#include "fixture.h"
#include "rtp/event.h"

static void press(struct call *c, uint8_t event, uint16_t duration_ms)
{
	struct media_digit d = {.event = event, .payload = EVENTS, .duration_ms = duration_ms};
	assert_int_equal(media_send_digit(c->f.media, c->sb, &d), 0);
}

/* The next packet to b is an event; its payload. */
static struct rtp_event hear_event(struct call *c)
{
	struct rtp_event e = {0};
	struct phone *p = &c->b;
	phone_receive(p);
	if (p->receive)
		assert_int_equal(srtp_unprotect(p->receive, p->bytes, p->n, &p->n), SRTP_OK);
	assert_true(rtp_parse(p->bytes, p->n, &p->packet));
	assert_int_equal(p->packet.payload_bytes, RTP_EVENT_BYTES);
	assert_true(rtp_event_parse(p->bytes + p->packet.header_bytes, p->packet.payload_bytes, &e));
	return e;
}

static void step(struct call *c)
{
	fixture_advance(&c->f, 20 * MS_US);
}

/* A whole digit, from its first packet, which is already there: `before` is what came before it. */
static void hear_digit(struct call *c, struct rtp_packet before, uint8_t event, unsigned ms, uint32_t after_ms,
		       unsigned khz, uint8_t payload)
{
	unsigned packets = (ms + 19) / 20 + 2;
	for (unsigned i = 0; i < packets; i++) {
		struct rtp_event e = hear_event(c);
		const struct rtp_packet *p = &c->b.packet;
		assert_int_equal(e.event, event);
		assert_int_equal(e.volume, 10);
		assert_int_equal(e.end, i + 3 >= packets);
		assert_int_equal(e.duration, MIN(20 * (i + 1), ms) * khz);
		assert_int_equal(p->payload_type, payload);
		assert_int_equal(p->marker, i == 0);
		assert_int_equal(p->ssrc, before.ssrc);
		assert_int_equal(p->sequence, (uint16_t)(before.sequence + 1 + i));
		assert_int_equal(p->timestamp, before.timestamp + after_ms * khz);
		assert_true(phone_quiet(&c->b));
		if (i + 1 < packets)
			step(c);
	}
}

/* One digit among voice: what the far end sees is one unbroken stream, in which the digit takes the place of voice. */
static void test_among_voice(void **state)
{
	for (unsigned workers = 1; workers <= 2; workers++) {
		struct call c;
		fixture_init(&c.f);
		call_open(&c, workers);
		fixture_join(&c.f, c.sa, c.sb);
		say_and_hear(&c.a, &c.b, 1);
		struct rtp_packet before = c.b.packet;
		step(&c);
		press(&c, 5, 160);
		hear_digit(&c, before, 5, 160, 20, 8, EVENTS);
		/* 180 ms after its first packet, 200 after the voice: nine packets were spoken meanwhile. */
		say_and_hear(&c.a, &c.b, 2);
		assert_int_equal(c.b.packet.sequence, (uint16_t)(before.sequence + 11));
		assert_int_equal(c.b.packet.timestamp, before.timestamp + 200 * 8);
		assert_true(c.b.packet.marker);
		assert_int_equal(c.b.packet.ssrc, before.ssrc);
		say_and_hear(&c.a, &c.b, 3);
		assert_false(c.b.packet.marker);
		assert_int_equal(c.b.packet.timestamp, before.timestamp + 220 * 8);
		call_done(&c);
	}
}

/* Voice that comes while a digit is said is dropped, and leaves no hole in the numbers. */
static void test_voice_waits(void **state)
{
	struct call c;
	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet before = c.b.packet;
	press(&c, 10, 50);
	fixture_sync(&c.f);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(hear_event(&c).event, 10);
		phone_say(&c.a, PCMU, 9);
		fixture_sync(&c.f);
		assert_int_equal(phone_quiet(&c.b), i < 4);
		if (i < 4)
			step(&c);
	}
	phone_hear(&c.b, 9); /* spoken behind the last packet of the digit */
	assert_int_equal(c.b.packet.sequence, (uint16_t)(before.sequence + 6));
	assert_int_equal(fixture_close(&c.f, c.sb).sent_packets, 7);
	call_done(&c);
}

/* Several wait for each other, with a pause between them; how long each sounds has its bounds. */
static void test_queue(void **state)
{
	struct call c;
	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet before = c.b.packet;
	step(&c);
	press(&c, 1, 0);
	press(&c, 2, 60000);
	press(&c, 3, 75);
	hear_digit(&c, before, 1, 50, 20, 8, EVENTS);
	before = c.b.packet;
	step(&c);
	assert_true(phone_quiet(&c.b));
	step(&c); /* the first began 120 ms ago, and ended 70 ms ago */
	hear_digit(&c, before, 2, 1000, 120, 8, EVENTS);
	before = c.b.packet;
	step(&c);
	step(&c);
	hear_digit(&c, before, 3, 75, 1060, 8, EVENTS);
	/* In the pause behind the last one another is pressed: it waits for the end of it. */
	before = c.b.packet;
	press(&c, 4, 50);
	fixture_sync(&c.f);
	assert_true(phone_quiet(&c.b));
	step(&c);
	assert_true(phone_quiet(&c.b));
	step(&c);
	hear_digit(&c, before, 4, 50, 140, 8, EVENTS);
	call_done(&c);
}

static int64_t count(struct fixture *f, bool dropped)
{
	fixture_advance(f, SECOND_US); /* workers tell once a second */
	return atomic_load(dropped ? &f->media->metrics.digits_dropped.value : &f->media->metrics.digits.value);
}

/* One more than may wait is dropped and counted, as are all when nothing may be sent any more. */
static void test_bounds(void **state)
{
	struct call c;
	call_start(&c);
	for (unsigned i = 0; i < MEDIA_DIGITS_MAX; i++)
		press(&c, (uint8_t)(i % 16), 50);
	fixture_sync(&c.f);
	assert_int_equal(count(&c.f, true), 0);
	press(&c, 0, 50);
	fixture_sync(&c.f);
	assert_int_equal(count(&c.f, true), 1);
	c.set_b.send = false;
	assert_int_equal(media_set(c.f.media, c.sb, &c.set_b), 0);
	fixture_sync(&c.f);
	int64_t said = count(&c.f, false);
	assert_int_equal(count(&c.f, true), 1 + MEDIA_DIGITS_MAX - said);
	press(&c, 0, 50); /* while held */
	c.set_b.send = true;
	c.set_b.rate_khz[EVENTS] = 0;
	assert_int_equal(media_set(c.f.media, c.sb, &c.set_b), 0);
	press(&c, 0, 50); /* without such a payload type */
	fixture_sync(&c.f);
	assert_int_equal(count(&c.f, true), 3 + MEDIA_DIGITS_MAX - said);
	while (!phone_quiet(&c.b))
		(void)hear_event(&c);
	/* Voice is not held up by what was dropped. */
	say_and_hear(&c.a, &c.b, 7);
	media_close(c.f.media, c.sb);
	assert_int_equal(media_send_digit(c.f.media, c.sb, &(struct media_digit){.payload = EVENTS}), -ENOENT);
	call_done(&c);
}

/* Another clock, SRTP, and nobody speaking: each packet under the key, with a number of its own. */
static void test_encrypted_at_48_khz(void **state)
{
	struct call c;
	struct srtp_key key = {0};
	call_start(&c);
	make_key(&key, SRTP_AEAD_AES_128_GCM, 7);
	phone_key(&c.b, &key, &key);
	c.set_b.send_key = c.set_b.receive_key = key;
	c.set_b.rate_khz[102] = 48;
	assert_int_equal(media_set(c.f.media, c.sb, &c.set_b), 0);
	struct media_digit d = {.event = 9, .payload = 102, .duration_ms = 1000};
	assert_int_equal(media_send_digit(c.f.media, c.sb, &d), 0);
	fixture_sync(&c.f);
	struct rtp_event e = hear_event(&c);
	struct rtp_packet first = c.b.packet;
	assert_true(first.marker && e.duration == 960 && !e.end);
	for (unsigned i = 1; i < 52; i++) {
		step(&c);
		e = hear_event(&c);
		assert_int_equal(c.b.packet.timestamp, first.timestamp);
		assert_int_equal(c.b.packet.sequence, (uint16_t)(first.sequence + i));
	}
	assert_true(e.end && e.duration == 48000);
	assert_true(phone_quiet(&c.b));
	call_done(&c);
}

/* Its report says what the time of the stream is by now, not when the digit began (RFC 3550 §6.4.1). */
static void test_report_beside(void **state)
{
	struct call c;
	struct rtcp_report report;
	fixture_init(&c.f);
	c.f.tuning.report_us = 100 * MS_US;
	fixture_start(&c.f, 1, 64);
	phone_open(&c.b, 0xbbbb);
	c.sb = phone_stream(&c.f, &c.b, 0, &c.set_b);
	press(&c, 5, 1000);
	fixture_sync(&c.f);
	(void)hear_event(&c);
	uint32_t began = c.b.packet.timestamp;
	for (unsigned i = 0; i < 10; i++)
		step(&c);
	phone_hear_report(&c.b, false, &report);
	assert_true(report.has_sender);
	uint32_t passed = report.rtp_timestamp - began;
	assert_true(passed >= 40 * 8 && passed <= 200 * 8 && passed % 160 == 0);
	phone_done(&c.b);
	fixture_done(&c.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_among_voice),
		cmocka_unit_test(test_voice_waits),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_encrypted_at_48_khz),
		cmocka_unit_test(test_report_beside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
