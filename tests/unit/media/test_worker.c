#include <errno.h>

#include "fixture.h"

static void test_across(void **state)
{
	struct call c;

	fixture_init(&c.f);
	call_open(&c, 2);
	phone_secure(&c.f, &c.b, c.sb, &c.set_b, SRTP_AEAD_AES_128_GCM, 1);
	fixture_join(&c.f, c.sa, c.sb);
	uint16_t first = 0;
	for (uint8_t i = 0; i < 200; i++) {
		say_and_hear(&c.a, &c.b, i);
		if (i == 0)
			first = c.b.packet.sequence;
		assert_int_equal((uint16_t)(c.b.packet.sequence - first), i);
		say_and_hear(&c.b, &c.a, (uint8_t)(i + 1));
	}
	assert_int_equal(fixture_close(&c.f, c.sa).sent_packets, 200);
	assert_int_equal(fixture_close(&c.f, c.sb).sent_packets, 200);
	call_done(&c);
}

/* Joined anew across workers while packets fly: only the present partner is heard. */
static void test_joined_anew(void **state)
{
	struct call c;
	struct phone third;
	struct media_settings set;

	fixture_init(&c.f);
	call_open(&c, 2);
	phone_open(&third, 0xcccc);
	pool_handle sc = phone_stream(&c.f, &third, c.sa, &set);
	fixture_join(&c.f, c.sa, c.sb);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet before = c.b.packet;
	fixture_join(&c.f, sc, c.sb);
	phone_say(&c.a, PCMU, 2);
	say_and_hear(&third, &c.b, 3);
	assert_int_equal(c.b.packet.sequence, (uint16_t)(before.sequence + 1));
	assert_int_equal(c.b.packet.ssrc, before.ssrc);
	say_and_hear(&c.b, &third, 4);
	assert_true(phone_quiet(&c.a));
	phone_done(&third);
	call_done(&c);
}

static int64_t dropped(struct fixture *f)
{
	return atomic_load(&f->media->metrics.crossing_dropped.value);
}

/* The other worker is held up: what does not fit is dropped and counted, and the voice goes on afterwards. */
static void test_ring_full(void **state)
{
	struct call c;
	uint8_t bytes[256];

	fixture_init(&c.f);
	c.f.tuning.crossing_max = 4;
	call_open(&c, 2);
	fixture_join(&c.f, c.sa, c.sb);
	say_and_hear(&c.a, &c.b, 1);
	struct rtp_packet before = c.b.packet;

	worker_stop(c.f.media->workers[1]);
	for (uint8_t i = 0; i < 10; i++)
		phone_send_raw(&c.a, bytes, phone_write(&c.a, PCMU, i, bytes, sizeof(bytes)));
	/* The first worker alone does its rounds; counts are published when a second has passed. */
	while (dropped(&c.f) < 6) {
		atomic_fetch_add(&c.f.clock_us, SECOND_US);
		pool_handle stream = fixture_open(&c.f, c.sa, NULL);
		fixture_close(&c.f, stream);
	}
	atomic_store(&c.f.media->workers[1]->stopping, false);
	assert_int_equal(worker_start(c.f.media->workers[1]), 0);
	for (uint8_t i = 0; i < 4; i++)
		phone_hear(&c.b, i);
	assert_int_equal(dropped(&c.f), 6);
	say_and_hear(&c.a, &c.b, 99);
	assert_int_equal((uint16_t)(c.b.packet.sequence - before.sequence), 11);
	call_done(&c);
}

/* Events that find no room wait for the next tick; ends always have room. */
static void test_events_full(void **state)
{
	struct fixture f;
	struct phone phones[8];
	struct media_settings set;
	pool_handle streams[8];

	fixture_init(&f);
	f.tuning.events_max = 2;
	fixture_start(&f, 1, 64);
	for (size_t i = 0; i < ARRAY_LEN(phones); i++) {
		phone_open(&phones[i], (uint32_t)i + 1);
		streams[i] = phone_stream(&f, &phones[i], 0, &set);
	}
	fixture_sync(&f);
	/* The switchboard does not look while eight streams want to tell it something. */
	for (size_t i = 0; i < ARRAY_LEN(phones); i += 2)
		fixture_join(&f, streams[i], streams[i + 1]);
	for (size_t i = 0; i < ARRAY_LEN(phones); i += 2) {
		say_and_hear(&phones[i], &phones[i + 1], 1);
		say_and_hear(&phones[i + 1], &phones[i], 2);
	}
	fixture_forget(&f);
	for (unsigned k = 0; k < 8; k++)
		fixture_advance(&f, MEDIA_FIGURES_US);
	for (size_t i = 0; i < ARRAY_LEN(phones); i++) {
		fixture_event(&f, streams[i], MEDIA_STARTED);
		media_close(f.media, streams[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(phones); i++) {
		fixture_event(&f, streams[i], MEDIA_CLOSED);
		phone_done(&phones[i]);
	}
	fixture_done(&f);
}

static void test_commands_full(void **state)
{
	struct call c;
	uint8_t map[128] = {0};
	unsigned done = 0;
	int rc;

	fixture_init(&c.f);
	call_open(&c, 2);
	fixture_sync(&c.f);
	worker_stop(c.f.media->workers[1]);
	make_key(&c.set_b.send_key, SRTP_AEAD_AES_128_GCM, 1);
	while ((rc = media_set(c.f.media, c.sb, &c.set_b)) == 0) {
		c.set_b.send_key.bytes[0]++;
		done++;
	}
	assert_int_equal(rc, -EAGAIN);
	assert_int_equal(done, MEDIA_COMMANDS_MAX);
	/* Neither side of a join is told when one cannot be. */
	for (unsigned i = 0; i <= MEDIA_COMMANDS_MAX; i++) {
		assert_int_equal(fixture_join_maps(&c.f, c.sa, c.sb, map, map), -EAGAIN);
		assert_int_equal(fixture_join_maps(&c.f, c.sb, c.sa, map, map), -EAGAIN);
	}
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0); /* and no room is left kept */
	assert_int_equal(media_split(c.f.media, c.sb), -EAGAIN);
	pool_handle stream = 0;
	struct address address;
	unsigned open = c.f.media->ports.open;
	assert_int_equal(media_open(c.f.media, 0, &c.f.local, c.sb, &stream, &address), -EAGAIN);
	assert_true(c.f.media->ports.open <= open + 1);
	/* A close is never refused, and finds what was said before it done. */
	media_close(c.f.media, c.sb);
	atomic_store(&c.f.media->workers[1]->stopping, false);
	assert_int_equal(worker_start(c.f.media->workers[1]), 0);
	fixture_event(&c.f, c.sb, MEDIA_CLOSED);
	/* What still waits when the room ends is freed with it. */
	worker_stop(c.f.media->workers[0]);
	make_key(&c.set_a.send_key, SRTP_AEAD_AES_128_GCM, 1);
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	atomic_store(&c.f.media->workers[0]->stopping, false);
	assert_int_equal(worker_start(c.f.media->workers[0]), 0);
	call_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_across),        cmocka_unit_test(test_joined_anew),
		cmocka_unit_test(test_ring_full),     cmocka_unit_test(test_events_full),
		cmocka_unit_test(test_commands_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
