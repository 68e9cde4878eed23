#include "fixture.h"

static void test_both_ways(void **state)
{
	struct call c;

	call_start(&c);
	assert_int_equal(c.a.to.port % 2, 0);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet first = c.b.packet;
	assert_true(first.marker);
	assert_int_not_equal(first.ssrc, c.a.ssrc);
	/* Distances stay: a packet lost before us is lost behind us. */
	c.a.sequence += 2;
	c.a.timestamp += 320;
	say_and_hear(&c.a, &c.b, 2);
	assert_false(c.b.packet.marker);
	assert_int_equal(c.b.packet.ssrc, first.ssrc);
	assert_int_equal((uint16_t)(c.b.packet.sequence - first.sequence), 3);
	assert_int_equal(c.b.packet.timestamp - first.timestamp, 480);
	say_and_hear(&c.b, &c.a, 3);
	assert_int_not_equal(c.a.packet.ssrc, first.ssrc);

	const struct media_event *started = fixture_event(&c.f, c.sa, MEDIA_STARTED);
	assert_true(address_eq(&started->remote, &c.a.at));
	assert_int_equal(started->owner, 77);
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.received_packets, 2);
	assert_int_equal(figures.received_bytes, 320);
	assert_int_equal(figures.lost_packets, 2);
	assert_int_equal(figures.sent_packets, 1);
	assert_int_equal(figures.sent_bytes, 160);
	assert_int_equal(figures.refused_packets, 0);
	assert_int_equal(fixture_count(&c.f, c.sa, MEDIA_STARTED), 1);
	call_done(&c);
}

/* A late packet keeps its place, a second copy does not pass. */
static void test_order_and_copies(void **state)
{
	struct call c;
	uint8_t late[256], copy[256];

	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	uint16_t first = c.b.packet.sequence;
	size_t late_n = phone_write(&c.a, PCMU, 2, late, sizeof(late));
	size_t copy_n = phone_write(&c.a, PCMU, 3, copy, sizeof(copy));
	phone_send_raw(&c.a, copy, copy_n);
	phone_hear(&c.b, 3);
	assert_int_equal((uint16_t)(c.b.packet.sequence - first), 2);
	phone_send_raw(&c.a, copy, copy_n);
	phone_send_raw(&c.a, late, late_n);
	phone_hear(&c.b, 2);
	assert_int_equal((uint16_t)(c.b.packet.sequence - first), 1);
	assert_int_equal(fixture_close(&c.f, c.sa).duplicate_packets, 1);
	call_done(&c);
}

static void test_payload_types(void **state)
{
	struct call c;
	uint8_t ab[128], ba[128];

	call_start(&c);
	memset(ab, 0xff, sizeof(ab));
	memset(ba, 0xff, sizeof(ba));
	ab[PCMU] = PCMU;
	ab[EVENTS] = 96;
	assert_int_equal(fixture_join_maps(&c.f, c.sa, c.sb, ab, ba), 0);
	fixture_sync(&c.f);
	phone_say(&c.a, PCMA, 1); /* expected, but the other side has none */
	phone_say(&c.a, 18, 2);   /* not agreed */
	phone_say(&c.a, EVENTS, 3);
	phone_hear(&c.b, 3);
	assert_int_equal(c.b.packet.payload_type, 96);
	phone_say(&c.a, PCMU, 4);
	phone_hear(&c.b, 4);
	assert_int_equal(c.b.packet.payload_type, PCMU);
	phone_say(&c.b, PCMU, 5); /* nothing is mapped this way */
	fixture_sync(&c.f);
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 2);
	assert_int_equal(fixture_close(&c.f, c.sb).refused_packets, 1);
	assert_true(phone_quiet(&c.a));
	call_done(&c);
}

/* What a receiver sees when another source takes over: the same SSRC, the next number, the time that has passed. */
static void assert_goes_on(const struct rtp_packet *before, const struct rtp_packet *after, uint32_t units)
{
	assert_int_equal(after->ssrc, before->ssrc);
	assert_int_equal(after->sequence, (uint16_t)(before->sequence + 1));
	assert_int_equal(after->timestamp, before->timestamp + units);
	assert_true(after->marker);
}

static void test_new_source(void **state)
{
	struct call c;
	struct phone third;
	struct media_settings set;

	call_start(&c);
	phone_open(&third, 0xcccc);
	pool_handle sc = phone_stream(&c.f, &third, 0, &set);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet before = c.b.packet;

	/* The phone begins anew with another SSRC, a second later. */
	fixture_advance(&c.f, SECOND_US);
	c.a.ssrc = 0xa2a2;
	c.a.sequence = 40000;
	c.a.timestamp = 7;
	say_and_hear(&c.a, &c.b, 2);
	assert_goes_on(&before, &c.b.packet, 8000);
	before = c.b.packet;

	/* A packet older than its first would get a number that has been used. */
	uint16_t sequence = c.a.sequence;
	c.a.sequence = 39999;
	phone_say(&c.a, PCMU, 9);
	c.a.sequence = sequence;

	/* A transfer: b now hears the third. */
	fixture_advance(&c.f, 2 * SECOND_US);
	fixture_join(&c.f, sc, c.sb);
	phone_say(&c.a, PCMU, 8);
	fixture_sync(&c.f);
	say_and_hear(&third, &c.b, 3);
	assert_goes_on(&before, &c.b.packet, 16000);
	say_and_hear(&c.b, &third, 4);
	before = c.b.packet;

	/* And back again. */
	fixture_join(&c.f, c.sb, c.sa);
	say_and_hear(&c.a, &c.b, 5);
	assert_goes_on(&before, &c.b.packet, 160);
	assert_true(phone_quiet(&c.b));
	phone_done(&third);
	call_done(&c);
}

/* A phone that starts its numbers again under the same SSRC. */
static void test_numbers_jump(void **state)
{
	struct call c;

	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	say_and_hear(&c.a, &c.b, 2);
	struct rtp_packet before = c.b.packet;
	c.a.sequence = 31000;
	phone_say(&c.a, PCMU, 3); /* RFC 3550 A.1: believed when a second follows it */
	phone_say(&c.a, PCMU, 4);
	phone_hear(&c.b, 4);
	assert_goes_on(&before, &c.b.packet, 160);
	call_done(&c);
}

static void test_hold(void **state)
{
	struct call c;

	call_start(&c);
	say_and_hear(&c.b, &c.a, 1);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet before = c.b.packet;

	/* b is held: nothing is sent to it and nothing taken from it. */
	c.set_b.send = c.set_b.receive = false;
	assert_int_equal(media_set(c.f.media, c.sb, &c.set_b), 0);
	fixture_sync(&c.f);
	phone_say(&c.a, PCMU, 2);
	phone_say(&c.b, PCMU, 2);
	fixture_sync(&c.f);
	fixture_sync(&c.f);
	c.set_b.send = c.set_b.receive = true;
	assert_int_equal(media_set(c.f.media, c.sb, &c.set_b), 0);
	fixture_sync(&c.f);
	say_and_hear(&c.a, &c.b, 3);
	assert_goes_on(&before, &c.b.packet, 160);
	say_and_hear(&c.b, &c.a, 4);
	struct media_figures figures = fixture_close(&c.f, c.sb);
	assert_int_equal(figures.received_packets, 2);
	assert_int_equal(figures.lost_packets, 0);
	assert_int_equal(figures.refused_packets, 0);
	call_done(&c);
}

/* Header extensions and CSRCs belong to the leg they came on; padding is not payload. */
static void test_header_rebuilt(void **state)
{
	struct call c;
	uint8_t packet[12 + 4 + 8 + 160 + 4] = {0};

	call_start(&c);
	rtp_write_header(packet, false, PCMU, 5, 6, 7);
	packet[0] |= 0x20 | 0x10 | 1; /* padding, extension, one CSRC */
	packet[16 + 3] = 1;           /* one word of extension */
	memset(packet + 24, 0x55, 160);
	packet[sizeof(packet) - 1] = 4;
	phone_send_raw(&c.a, packet, sizeof(packet));
	phone_hear(&c.b, 0x55);
	assert_int_equal(c.b.n, 12 + 160);
	call_done(&c);
}

static void test_malformed(void **state)
{
	struct call c;
	uint8_t large[RTP_PACKET_MAX + 1] = {0};

	call_start(&c);
	phone_send_raw(&c.a, "", 0);
	phone_send_raw(&c.a, "x", 1);
	phone_send_raw(&c.a, "not voice at all", 16);
	rtp_write_header(large, false, PCMU, c.a.sequence++, c.a.timestamp, c.a.ssrc);
	phone_send_raw(&c.a, large, sizeof(large));
	rtp_write_header(large, false, PCMU, c.a.sequence++, c.a.timestamp, c.a.ssrc);
	phone_send_raw(&c.a, large, sizeof(large) - 1);
	phone_receive(&c.b);
	assert_int_equal(c.b.n, RTP_PACKET_MAX);
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.refused_packets, 4);
	assert_int_equal(figures.received_packets, 1);
	call_done(&c);
}

static void test_learning(void **state)
{
	struct call c;
	struct phone forger;

	fixture_init(&c.f);
	c.f.tuning.learn_quiet_us = SECOND_US;
	call_open(&c, 1);
	fixture_join(&c.f, c.sa, c.sb);
	phone_open(&forger, 0xffff);
	/* a is behind a NAT: what it signalled is nobody's. */
	c.set_a.remote.port = 9;
	c.set_a.learn = true;
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	forger.to = c.a.to;
	phone_say(&forger, 18, 1); /* not agreed: teaches nothing */
	say_and_hear(&c.a, &c.b, 2);
	say_and_hear(&c.b, &c.a, 3);
	phone_say(&forger, PCMU, 4); /* within the window, but a is there */
	say_and_hear(&c.a, &c.b, 5);
	fixture_advance(&c.f, MEDIA_LEARN_US);
	phone_say(&forger, PCMU, 6); /* after it */
	say_and_hear(&c.a, &c.b, 7);
	say_and_hear(&c.b, &c.a, 8);
	assert_true(phone_quiet(&forger));
	assert_true(address_eq(&fixture_event(&c.f, c.sa, MEDIA_STARTED)->remote, &c.a.at));

	/* A new description opens the window again: the phone has moved, and its old place is silent. */
	fixture_forget(&c.f);
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	fixture_advance(&c.f, SECOND_US);
	say_and_hear(&forger, &c.b, 9);
	say_and_hear(&c.b, &forger, 10);
	assert_true(address_eq(&fixture_event(&c.f, c.sa, MEDIA_STARTED)->remote, &forger.at));
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 3);
	phone_done(&forger);
	call_done(&c);
}

/* Whoever was first, and whatever numbers he chose: the phone that speaks from where it said takes its place. */
static void test_signalled_source_wins(void **state)
{
	static const uint16_t numbers[] = {5, 30000, 65535};
	struct call c;
	struct phone forger;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		call_start(&c);
		phone_open(&forger, 0xffff);
		c.set_a.learn = true;
		assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
		fixture_sync(&c.f);
		forger.to = c.a.to;
		forger.sequence = numbers[i];
		c.a.sequence = 20000;
		say_and_hear(&forger, &c.b, 1);
		say_and_hear(&c.a, &c.b, 2);
		phone_say(&forger, PCMU, 3);
		say_and_hear(&c.a, &c.b, 4);
		say_and_hear(&c.b, &c.a, 5);
		assert_true(phone_quiet(&forger));
		assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 1);
		phone_done(&forger);
		call_done(&c);
	}
}

/* Each leg's description names the other leg's port of ours: one packet must not go round for ever. */
static void test_loop(void **state)
{
	struct call c;

	call_start(&c);
	c.set_a.remote = c.b.to;
	c.set_b.remote = c.a.to;
	c.set_a.learn = c.set_b.learn = true;
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	assert_int_equal(media_set(c.f.media, c.sb, &c.set_b), 0);
	fixture_sync(&c.f);
	phone_say(&c.a, PCMU, 1); /* taken within the window, goes by b to a */
	for (int i = 0; i < 20; i++)
		fixture_sync(&c.f);
	struct media_figures a = fixture_close(&c.f, c.sa), b = fixture_close(&c.f, c.sb);
	assert_int_equal(a.received_packets + b.received_packets, 1);
	assert_int_equal(a.refused_packets + b.refused_packets, 1);
	call_done(&c);
}

static void test_split_and_close(void **state)
{
	struct call c;

	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	assert_int_equal(media_split(c.f.media, c.sb), 0);
	fixture_sync(&c.f);
	phone_say(&c.a, PCMU, 2);
	phone_say(&c.b, PCMU, 2);
	fixture_sync(&c.f);
	fixture_sync(&c.f);
	assert_true(phone_quiet(&c.a));
	fixture_join(&c.f, c.sa, c.sb);
	say_and_hear(&c.a, &c.b, 3);
	/* One side has gone; the other speaks to nobody. */
	fixture_close(&c.f, c.sb);
	phone_say(&c.a, PCMU, 4);
	fixture_sync(&c.f);
	assert_int_equal(fixture_close(&c.f, c.sa).received_packets, 4);
	assert_true(phone_quiet(&c.b));
	call_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),       cmocka_unit_test(test_order_and_copies),
		cmocka_unit_test(test_payload_types),   cmocka_unit_test(test_new_source),
		cmocka_unit_test(test_numbers_jump),    cmocka_unit_test(test_hold),
		cmocka_unit_test(test_header_rebuilt),  cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_learning),        cmocka_unit_test(test_loop),
		cmocka_unit_test(test_split_and_close), cmocka_unit_test(test_signalled_source_wins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
