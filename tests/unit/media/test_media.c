#include <errno.h>

#include "fixture.h"
#include "support/failing.h"

static void test_stale_names(void **state)
{
	struct fixture f;
	struct phone p;
	struct media_settings set;
	uint8_t map[128] = {0};

	fixture_init(&f);
	fixture_start(&f, 1, 16);
	phone_open(&p, 1);
	pool_handle stream = phone_stream(&f, &p, 0, &set);
	media_close(f.media, stream);
	media_close(f.media, stream);
	/* From here on the name is dead, though the worker has not heard of it yet. */
	assert_int_equal(media_set(f.media, stream, &set), -ENOENT);
	assert_int_equal(fixture_join_maps(&f, stream, f.anchors[0], map, map), -ENOENT);
	assert_int_equal(fixture_join_maps(&f, f.anchors[0], stream, map, map), -ENOENT);
	assert_int_equal(fixture_join_maps(&f, f.anchors[0], f.anchors[0], map, map), -ENOENT);
	assert_int_equal(media_split(f.media, stream), -ENOENT);
	fixture_event(&f, stream, MEDIA_CLOSED);
	assert_int_equal(fixture_count(&f, stream, MEDIA_CLOSED), 1);
	/* And after: the slot may have a new stream. */
	pool_handle next = fixture_open(&f, 0, NULL);
	assert_int_not_equal(next, stream);
	media_close(f.media, stream);
	assert_int_equal(media_set(f.media, stream, &set), -ENOENT);
	assert_int_equal(media_split(f.media, next), 0);
	media_close(f.media, 0);
	media_close(f.media, UINT64_MAX);
	phone_done(&p);
	fixture_done(&f);
}

static void test_streams_max(void **state)
{
	struct fixture f;
	pool_handle streams[3], one_more = 0;
	struct address address = {0};

	fixture_init(&f);
	fixture_start(&f, 1, 4);
	/* An anchor is open already; syncing takes one more for a moment. */
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		streams[i] = fixture_open(&f, 0, NULL);
	assert_int_equal(media_open(f.media, 0, &f.local, 0, &one_more, &address), -EMFILE);
	assert_true(one_more == 0 && address.port == 0);
	fixture_close(&f, streams[0]);
	fixture_open(&f, 0, NULL);
	fixture_done(&f);
}

static void test_least_loaded(void **state)
{
	struct fixture f;
	pool_handle streams[8];
	unsigned load[3] = {0};

	fixture_init(&f);
	fixture_start(&f, 3, 64);
	assert_int_equal(media_workers(f.media), 3);
	for (size_t i = 0; i < 6; i++) {
		streams[i] = fixture_open(&f, 0, NULL);
		load[media_worker_of(f.media, streams[i])]++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(load[i], 2);
	for (size_t i = 0; i < 6; i++) {
		pool_handle near = fixture_open(&f, streams[i], NULL);
		assert_int_equal(media_worker_of(f.media, near), media_worker_of(f.media, streams[i]));
	}
	fixture_done(&f);
}

/* Sockets come back: a thousand streams through a handful of ports, which then are closed but for a reserve. */
static void test_sockets_return(void **state)
{
	struct fixture f;

	fixture_init(&f);
	fixture_start(&f, 2, 64);
	for (unsigned i = 0; i < 500; i++) {
		pool_handle a = fixture_open(&f, 0, NULL), b = fixture_open(&f, a, NULL);
		media_close(f.media, a);
		fixture_close(&f, b);
		fixture_event(&f, a, MEDIA_CLOSED);
		fixture_forget(&f);
	}
	assert_true(f.media->ports.open < 20);
	assert_int_equal(f.media->entries.used, 2);
	fixture_done(&f);
}

/* A call's voice on IPv6, its other side on IPv4. */
static void test_families(void **state)
{
	struct fixture f;
	struct phone six, four;
	struct media_settings set;

	fixture_init(&f);
	fixture_start(&f, 1, 16);
	phone_open_at(&six, 6, SLICE("::1"));
	phone_open(&four, 4);
	pool_handle s6 = phone_stream(&f, &six, 0, &set), s4 = phone_stream(&f, &four, s6, &set);
	assert_true(address_same_host(&six.to, &six.at));
	fixture_join(&f, s6, s4);
	phone_say(&six, PCMU, 1);
	phone_hear(&four, 1);
	phone_say(&four, PCMU, 2);
	phone_hear(&six, 2);
	/* An address of the other family is nowhere to send to; nothing breaks. */
	assert_int_equal(media_set(f.media, s6, &set), 0);
	fixture_sync(&f);
	phone_say(&four, PCMU, 3);
	fixture_sync(&f);
	assert_int_equal(fixture_close(&f, s6).sent_packets, 1);
	phone_done(&six);
	phone_done(&four);
	fixture_done(&f);
}

static void test_metrics(void **state)
{
	static char text[8192];
	struct fixture f;
	struct metrics metrics;

	fixture_init(&f);
	fixture_start(&f, 1, 16);
	metrics_init(&metrics);
	media_metrics(f.media, &metrics);
	struct writer w = writer_on(text, sizeof(text) - 1);
	metrics_write(&metrics, &w);
	assert_false(w.overflow);
	text[w.n] = '\0';
	assert_non_null(strstr(text, "alto_media_streams 1\n"));
	assert_non_null(strstr(text, "alto_media_packets_refused_total{reason=\"source\"} 0\n"));
	fixture_done(&f);
}

static void ignore_event(void *owner, const struct media_event *event) {}

static int whole_life(void *arg)
{
	struct loop *loop;
	struct media *m;
	struct address local, address;
	pool_handle stream;
	struct media_config config = {.workers = 2,
				      .port_low = 20000,
				      .port_high = 29999,
				      .ports_ahead = 2,
				      .streams_max = 8,
				      .on_event = ignore_event};
	int rc = loop_new(&loop);
	if (rc < 0)
		return rc;
	assert_true(address_parse(SLICE("127.0.0.1"), &local));
	rc = media_new(loop, &config, &m);
	if (rc < 0)
		goto out;
	rc = media_open(m, 0, &local, 0, &stream, &address);
	if (rc == 0) {
		struct media_settings set = {.send = true};
		make_key(&set.send_key, SRTP_AEAD_AES_128_GCM, 1);
		make_key(&set.receive_key, SRTP_AEAD_AES_128_GCM, 2);
		rc = media_set(m, stream, &set);
	}
	media_free(m);
out:
	loop_drain(loop);
	loop_free(loop);
	return rc;
}

static void test_memory(void **state)
{
	failing_each(whole_life, NULL);
}

static void test_free_null(void **state)
{
	assert_null(media_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_names),  cmocka_unit_test(test_streams_max),
		cmocka_unit_test(test_least_loaded), cmocka_unit_test(test_sockets_return),
		cmocka_unit_test(test_families),     cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_memory),       cmocka_unit_test(test_free_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
