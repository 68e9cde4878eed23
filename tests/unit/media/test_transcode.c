/* Two phones that know no codec in common hear each other; what each receives is one unbroken stream. */
#include "fixture.h"

#include "audio/codec.h"
#include "audio/limits.h"
#include "audio/noise.h"
#include "media/transcode.h"
#include "rtp/bytes.h"
#include "support/failing.h"

#include <math.h>
#include <unistd.h>

#define OPUS 96
#define NOISE 13
#define G722 9
#define EVENTS_48 110
#define NONE 0xff
#define PI 3.14159265358979

/* A phone that speaks a tone in its codec, and what it hears. */
struct talker {
	struct phone phone;
	pool_handle stream;
	enum codec_kind kind;
	uint8_t payload;
	struct encoder *encoder;
	struct decoder *decoder;
	unsigned spoken;
	/* heard */
	unsigned packets, markers, noises, events;
	struct rtp_packet first, last;
	int16_t sound[48000];
	size_t sound_n;
	uint8_t event[4];
	uint32_t event_timestamps[8];
	unsigned longest_gap; /* in timestamps */
};

struct talk {
	struct fixture f;
	struct opus_tables *tables;
	struct talker a, b;
	struct media_way ab, ba;
};

static void talker_open(struct talk *c, struct talker *t, enum codec_kind kind, uint8_t payload, pool_handle near)
{
	struct media_settings set;
	struct encoder_settings settings = {
		.kind = kind, .rate = kind == CODEC_OPUS ? 16000 : 0, .tables = c->tables, .fec = true};

	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->payload = payload;
	phone_open(&t->phone, kind == CODEC_OPUS ? 0x1111 : 0x2222);
	t->stream = phone_stream(&c->f, &t->phone, near, &set);
	set.rate_khz[payload] = (uint8_t)(codec_clock(kind) / 1000);
	set.rate_khz[NOISE] = 8;
	set.rate_khz[EVENTS_48] = 48;
	assert_int_equal(media_set(c->f.media, t->stream, &set), 0);
	assert_int_equal(encoder_new(&settings, &t->encoder), 0);
	assert_int_equal(decoder_new(kind, settings.rate, &t->decoder), 0);
}

static void talker_done(struct talker *t)
{
	phone_done(&t->phone);
	encoder_free(t->encoder);
	decoder_free(t->decoder);
}

static struct media_way way(const struct talker *from, const struct talker *to, uint8_t packet_ms)
{
	struct media_way w = {.anew = true};
	memset(w.map, NONE, sizeof(w.map));
	w.map[from->payload] = w.map[EVENTS] = w.map[EVENTS_48] = w.map[NOISE] = MEDIA_ANEW;
	w.plan.from[from->payload] = (uint8_t)from->kind;
	w.plan.from[EVENTS] = w.plan.from[EVENTS_48] = MEDIA_EVENT;
	w.plan.from[NOISE] = MEDIA_NOISE;
	w.plan.to.kind = to->kind;
	w.plan.payload = to->payload;
	w.plan.noise_payload = to->kind == CODEC_OPUS ? NONE : NOISE;
	w.plan.event_payload = to->kind == CODEC_OPUS ? EVENTS_48 : EVENTS;
	w.plan.event_rate_khz = to->kind == CODEC_OPUS ? 48 : 8;
	w.plan.packet_ms = packet_ms;
	return w;
}

static void talk_start(struct talk *c, enum codec_kind kind_b, uint8_t payload_b, unsigned workers)
{
	fixture_init(&c->f);
	fixture_start(&c->f, workers, 64);
	assert_int_equal(opus_tables_new(&c->tables), 0);
	talker_open(c, &c->a, CODEC_OPUS, OPUS, c->f.anchors[0]);
	talker_open(c, &c->b, kind_b, payload_b, c->f.anchors[workers - 1]);
	c->ab = way(&c->a, &c->b, 20);
	c->ba = way(&c->b, &c->a, 20);
	assert_int_equal(media_join(c->f.media, c->a.stream, c->b.stream, &c->ab, &c->ba), 0);
	fixture_sync(&c->f);
}

static void talk_done(struct talk *c)
{
	talker_done(&c->a);
	talker_done(&c->b);
	opus_tables_free(c->tables);
	fixture_done(&c->f);
}

static void send_packet(struct talker *t, uint8_t payload_type, uint32_t timestamp, const uint8_t *payload, size_t n)
{
	uint8_t bytes[RTP_HEADER_MIN + AUDIO_PAYLOAD_MAX];
	rtp_write_header(bytes, false, payload_type, t->phone.sequence++, timestamp, t->phone.ssrc);
	memcpy(bytes + RTP_HEADER_MIN, payload, n);
	phone_send_raw(&t->phone, bytes, RTP_HEADER_MIN + n);
}

/* 20 ms of a tone; lost: it is not sent. */
static void speak(struct talker *t, double frequency, bool lost)
{
	int16_t samples[320];
	uint8_t payload[AUDIO_PAYLOAD_MAX];
	size_t n = encoder_rate(t->encoder) / 50;
	for (size_t i = 0; i < n; i++)
		samples[i] = (int16_t)(10000 * sin(2 * PI * frequency * (double)(t->spoken * n + i) /
						   encoder_rate(t->encoder)));
	t->spoken++;
	size_t bytes = encoder_encode(t->encoder, samples, n, payload, sizeof(payload));
	assert_true(bytes > 0);
	if (lost)
		t->phone.sequence++;
	else
		send_packet(t, t->payload, t->phone.timestamp, payload, bytes);
	t->phone.timestamp += codec_clock(t->kind) / 50;
}

static void keep_sound(struct talker *t)
{
	size_t room = ARRAY_LEN(t->sound) - t->sound_n;
	const struct rtp_packet *p = &t->phone.packet;
	size_t n = decoder_decode(t->decoder, t->phone.bytes + p->header_bytes, p->payload_bytes, t->sound + t->sound_n,
				  room);
	t->sound_n += n;
}

/* All that has come to it: in order, without a number missing, by one SSRC. */
static void hear(struct talker *t)
{
	struct phone *p = &t->phone;
	while (!phone_quiet(p)) {
		phone_receive(p);
		assert_true(rtp_parse(p->bytes, p->n, &p->packet));
		if (t->packets++ == 0) {
			t->first = p->packet;
		} else {
			assert_int_equal(p->packet.ssrc, t->first.ssrc);
			assert_int_equal(p->packet.sequence, (uint16_t)(t->last.sequence + 1));
			t->longest_gap = MAX(t->longest_gap, p->packet.timestamp - t->last.timestamp);
		}
		t->markers += p->packet.marker;
		if (p->packet.payload_type == t->payload) {
			keep_sound(t);
			t->last = p->packet;
		} else if (p->packet.payload_type == NOISE) {
			t->noises++;
			t->last = p->packet;
		} else {
			assert_int_equal(p->packet.payload_bytes, 4);
			t->event_timestamps[t->events++ % ARRAY_LEN(t->event_timestamps)] = p->packet.timestamp;
			memcpy(t->event, p->bytes + p->packet.header_bytes, 4);
			t->last.sequence = p->packet.sequence;
		}
	}
}

static void pass_20_ms(struct talk *c)
{
	fixture_sync(&c->f);
	fixture_advance(&c->f, 20 * MS_US);
	hear(&c->a);
	hear(&c->b);
}

static void converse(struct talk *c, unsigned frames)
{
	for (unsigned i = 0; i < frames; i++) {
		speak(&c->a, 500, false);
		speak(&c->b, 1100, false);
		pass_20_ms(c);
	}
}

/* Which part of the last quarter of a second is this tone. */
static double share(const struct talker *t, double frequency)
{
	size_t rate = decoder_rate(t->decoder), n = rate / 4;
	double re = 0, im = 0, all = 0;
	assert_true(t->sound_n >= n);
	const int16_t *p = t->sound + t->sound_n - n;
	for (size_t i = 0; i < n; i++) {
		re += p[i] * cos(2 * PI * frequency * (double)i / (double)rate);
		im += p[i] * sin(2 * PI * frequency * (double)i / (double)rate);
		all += (double)p[i] * p[i];
	}
	return 2 * (re * re + im * im) / (double)n / all;
}

static void test_both_ways(void **state)
{
	static const struct {
		enum codec_kind kind;
		uint8_t payload;
		unsigned workers;
	} others[] = {{CODEC_PCMU, PCMU, 1}, {CODEC_PCMA, PCMA, 2}, {CODEC_G722, G722, 1}, {CODEC_G722, G722, 2}};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		static struct talk c;
		talk_start(&c, others[i].kind, others[i].payload, others[i].workers);
		converse(&c, 45);
		assert_true(share(&c.b, 500) > 0.95);
		assert_true(share(&c.a, 1100) > 0.95);
		/* A packet every 20 ms since it began, one beginning. */
		assert_true(c.a.packets >= 40 && c.b.packets >= 40);
		assert_int_equal(c.a.markers, 1);
		assert_int_equal(c.b.markers, 1);
		assert_int_equal(c.a.longest_gap, 960);
		assert_int_equal(c.b.longest_gap, 160);
		assert_int_equal(c.a.last.payload_type, OPUS);
		assert_int_equal(c.b.last.payload_type, others[i].payload);
		talk_done(&c);
	}
}

/* A lost packet is made good, and leaves no hole: by what the next one says, or by what was heard. */
static void test_losses(void **state)
{
	static struct talk c;
	talk_start(&c, CODEC_PCMU, PCMU, 1);
	converse(&c, 10);
	for (int i = 0; i < 35; i++) {
		speak(&c.a, 500, i % 7 == 3);
		speak(&c.b, 1100, i % 7 == 5);
		pass_20_ms(&c);
	}
	assert_int_equal(c.a.longest_gap, 960);
	assert_int_equal(c.b.longest_gap, 160);
	assert_true(share(&c.b, 500) > 0.8);
	assert_true(share(&c.a, 1100) > 0.8);
	talk_done(&c);
}

static double strongest(const struct talker *t, double frequency)
{
	size_t n = 160;
	double most = 0;
	for (size_t at = 0; at + n <= t->sound_n; at += n / 4) {
		double re = 0, im = 0;
		for (size_t i = 0; i < n; i++) {
			re += t->sound[at + i] * cos(2 * PI * frequency * (double)i / 8000);
			im += t->sound[at + i] * sin(2 * PI * frequency * (double)i / 8000);
		}
		most = MAX(most, 2 * sqrt(re * re + im * im) / (double)n);
	}
	return most;
}

/* What was said in a lost packet alone is heard: the next one says it again. */
static void test_repaired(void **state)
{
	for (int repairs = 0; repairs < 2; repairs++) {
		static struct talk c;
		talk_start(&c, CODEC_PCMU, PCMU, 1);
		encoder_expect_loss(c.a.encoder, repairs ? 30 : 0);
		for (int i = 0; i < 40; i++) {
			speak(&c.a, i == 25 ? 1500 : 500, i == 25);
			pass_20_ms(&c);
		}
		if (repairs)
			assert_true(strongest(&c.b, 1500) > 2500);
		else
			assert_true(strongest(&c.b, 1500) < 2500);
		talk_done(&c);
	}
}

/* Nobody speaks any more: nothing is sent; and then again, with the time that has passed. */
static void test_pause(void **state)
{
	static struct talk c;
	talk_start(&c, CODEC_PCMU, PCMU, 1);
	converse(&c, 20);
	uint32_t before = c.a.last.timestamp;
	for (int i = 0; i < 60; i++)
		pass_20_ms(&c);
	unsigned packets = c.a.packets;
	for (int i = 0; i < 40; i++) {
		pass_20_ms(&c);
		assert_int_equal(c.a.packets, packets);
	}
	c.a.phone.timestamp += 100 * 960;
	c.b.phone.timestamp += 100 * 160;
	converse(&c, 20);
	assert_true(c.a.packets > packets + 15);
	assert_int_equal(c.a.markers, 2);
	assert_in_range(c.a.last.timestamp - before, 116 * 960, 121 * 960);
	assert_true(share(&c.a, 1100) > 0.95);
	talk_done(&c);
}

/* G.711 with comfort noise on either side: read, kept up, and said where the far end knows it. RFC 3389 */
static void test_noise(void **state)
{
	static struct talk c;
	const uint8_t level = 40;
	talk_start(&c, CODEC_PCMU, PCMU, 1);
	converse(&c, 20);
	unsigned packets = c.a.packets;
	send_packet(&c.b, NOISE, c.b.phone.timestamp, &level, 1);
	for (int i = 0; i < 60; i++) {
		speak(&c.a, 500, false);
		pass_20_ms(&c);
	}
	/* The Opus phone knows no noise of that kind: it hears it, as long as it lasts. */
	assert_true(c.a.packets >= packets + 55);
	uint8_t heard = noise_level(c.a.sound + c.a.sound_n - 3200, 3200);
	assert_in_range(heard, level - 3, level + 5);
	/* And the other way: it falls silent, and that is said instead of sent. */
	packets = c.b.packets;
	for (int i = 0; i < 20; i++)
		pass_20_ms(&c);
	assert_int_equal(c.b.noises, 1);
	assert_true(c.b.packets < packets + 8);
	talk_done(&c);
}

static void send_event(struct talker *t, uint8_t payload_type, uint16_t duration, bool end)
{
	uint8_t event[4] = {5, end ? 0x8a : 0x0a};
	write_be16(event + 2, duration);
	send_packet(t, payload_type, t->phone.timestamp, event, sizeof(event));
}

/* A digit passes in the other clock, in one event, with the voice silent meanwhile. RFC 4733 */
static void test_events(void **state)
{
	static struct talk c;
	talk_start(&c, CODEC_PCMU, PCMU, 1);
	converse(&c, 20);
	uint32_t before = c.a.last.timestamp;
	for (uint16_t i = 1; i <= 5; i++) {
		unsigned voice = c.a.packets - c.a.events;
		speak(&c.a, 500, false);
		send_event(&c.b, EVENTS, (uint16_t)(i * 160), i == 5);
		pass_20_ms(&c);
		assert_int_equal(c.a.events, i);
		assert_int_equal(c.a.packets - c.a.events, voice);
		assert_int_equal(read_be16(c.a.event + 2), i * 960);
		assert_int_equal(c.a.event[0], 5);
		assert_int_equal(c.a.event[1], i == 5 ? 0x8a : 0x0a);
		assert_int_equal(c.a.event_timestamps[i - 1], c.a.event_timestamps[0]);
	}
	/* Behind it the voice goes on, at its time. */
	c.b.phone.timestamp += 5 * 160;
	converse(&c, 10);
	assert_in_range(c.a.last.timestamp - before, 13 * 960, 16 * 960);
	send_event(&c.b, EVENTS, 0xffff, false); /* more than can be said */
	pass_20_ms(&c);
	assert_int_equal(read_be16(c.a.event + 2), 0xffff);
	send_event(&c.a, EVENTS_48, 4800, true);
	pass_20_ms(&c);
	assert_int_equal(c.b.events, 1);
	assert_int_equal(read_be16(c.b.event + 2), 800);
	/* One that is cut off goes nowhere. */
	send_packet(&c.b, EVENTS, 1, c.b.event, 3);
	pass_20_ms(&c);
	assert_int_equal(c.a.events, 6);
	talk_done(&c);
}

/* Each side has packets of its own length. */
static void test_lengths(void **state)
{
	static const uint8_t lengths_ms[] = {10, 40, 60};
	for (size_t i = 0; i < ARRAY_LEN(lengths_ms); i++) {
		static struct talk c;
		talk_start(&c, CODEC_PCMU, PCMU, 1);
		c.ab = way(&c.a, &c.b, lengths_ms[i]);
		c.ba = way(&c.b, &c.a, lengths_ms[i]);
		assert_int_equal(media_join(c.f.media, c.a.stream, c.b.stream, &c.ab, &c.ba), 0);
		converse(&c, 45);
		assert_int_equal(c.a.longest_gap, lengths_ms[i] * 48u);
		assert_int_equal(c.b.longest_gap, lengths_ms[i] * 8u);
		assert_true(share(&c.b, 500) > 0.95);
		assert_true(share(&c.a, 1100) > 0.95);
		talk_done(&c);
	}
}

/* The source changes between a codec that both know and one that only it does: its receiver hears one stream. */
static void test_relay_and_back(void **state)
{
	static struct talk c;
	talk_start(&c, CODEC_PCMU, PCMU, 1);
	c.ab.map[PCMA] = PCMA;
	assert_int_equal(media_join(c.f.media, c.a.stream, c.b.stream, &c.ab, &c.ba), 0);
	converse(&c, 20);
	unsigned packets = c.b.packets;
	c.b.payload = PCMA; /* what it hears is kept by that */
	for (int i = 0; i < 10; i++) {
		static const uint8_t bytes[160];
		send_packet(&c.a, PCMA, c.a.phone.timestamp += 160, bytes, sizeof(bytes));
		pass_20_ms(&c);
		c.b.last = c.b.phone.packet;
	}
	assert_int_equal(c.b.packets, packets + 10);
	assert_int_equal(c.b.markers, 2);
	c.b.payload = PCMU;
	converse(&c, 20);
	assert_true(c.b.packets > packets + 25);
	assert_int_equal(c.b.markers, 3);
	assert_true(share(&c.b, 500) > 0.9);
	talk_done(&c);
}

/* Joined anew with the same codecs nothing is heard of it; with none that differ it is relayed. */
static void test_joined_anew(void **state)
{
	static struct talk c;
	talk_start(&c, CODEC_PCMU, PCMU, 1);
	converse(&c, 20);
	unsigned packets = c.b.packets;
	assert_int_equal(media_join(c.f.media, c.a.stream, c.b.stream, &c.ab, &c.ba), 0);
	converse(&c, 10);
	assert_int_equal(c.b.packets, packets + 10);
	assert_int_equal(c.b.markers, 1);
	assert_int_equal(media_split(c.f.media, c.a.stream), 0);
	assert_int_equal(media_split(c.f.media, c.b.stream), 0);
	packets = c.b.packets;
	converse(&c, 5);
	assert_int_equal(c.b.packets, packets);
	/* Left joined: its transcoders end with the room. */
	assert_int_equal(media_join(c.f.media, c.a.stream, c.b.stream, &c.ab, &c.ba), 0);
	assert_int_equal(media_join(c.f.media, c.a.stream, c.f.anchors[0], &c.ab, &c.ba), 0);
	fixture_close(&c.f, c.a.stream);
	converse(&c, 5);
	talk_done(&c);
}

static int make(void *arg)
{
	struct transcoder *t = NULL;
	struct opus_tables *tables = NULL;
	int rc = opus_tables_new(&tables);
	if (rc == 0)
		rc = transcoder_new(arg, tables, &t);
	transcoder_free(t);
	opus_tables_free(tables);
	return rc;
}

static void test_without_memory(void **state)
{
	struct media_plan plan = {.to = {.kind = CODEC_OPUS}, .packet_ms = 20};
	plan.from[PCMU] = CODEC_PCMU;
	plan.from[G722] = CODEC_G722;
	failing_each(make, &plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),   cmocka_unit_test(test_losses),
		cmocka_unit_test(test_pause),       cmocka_unit_test(test_repaired),
		cmocka_unit_test(test_noise),       cmocka_unit_test(test_events),
		cmocka_unit_test(test_lengths),     cmocka_unit_test(test_relay_and_back),
		cmocka_unit_test(test_joined_anew), cmocka_unit_test(test_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
