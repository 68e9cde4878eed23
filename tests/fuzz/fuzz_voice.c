/*
 * fuzz_voice.c - the two legs of a call on a media worker: what phones and strangers send, in clear and as SRTP
 *
 * The first byte chooses a suite or none for each leg, rtcp-mux, and the codecs of two legs that know none in common.
 * Then come records: control, detail, a length, and the bytes of a plain RTP or RTCP packet, which the leg's phone
 * protects with the leg's key, or which arrive as they are; some are spoiled behind the key, come from another address
 * or once more, some change the leg's settings, and some are a digit that Alto is to say. Sockets are played here: what
 * is read is the record, what is sent is opened with the phone's key and looked at.
 */
#include "audio/limits.h"
#include "fuzz/edge.h"
#include "media/private.h"
#include "media/transcode.h"
#include "rtp/event.h"
#include "rtp/rtcp.h"
#include "support/ciphers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEG = 1, RTCP = 2, RAW = 4, SPOIL = 8, ELSEWHERE = 16, AGAIN = 32, TIME = 64, SETTINGS = 128 };
/* Of SETTINGS, in `detail`. */
enum { SEND = 1, RECEIVE = 2, LEARN = 4, KEY = 8, MOVED = 16, SPLIT = 32, CROSSED = 64 };

#define DIGIT (SETTINGS | TIME) /* both: detail is its number, and how long in steps of 40 ms */
#define EVENTS 101              /* and of a leg that speaks Opus: */
#define EVENTS_48 110
#define NOISE 13
#define NONE 0xff

/* Of legs that know no codec in common; none: what comes is relayed. */
static const struct {
	enum codec_kind kinds[2];
	uint8_t packet_ms;
} crossings[] = {{{CODEC_NONE, CODEC_NONE}, 0},  {{CODEC_OPUS, CODEC_PCMA}, 20}, {{CODEC_G722, CODEC_PCMU}, 20},
		 {{CODEC_OPUS, CODEC_G722}, 40}, {{CODEC_PCMA, CODEC_PCMU}, 10}, {{CODEC_PCMU, CODEC_OPUS}, 60}};

#define FIRST_FD 1000 /* RTP of the first leg, then RTCP, then the other leg's: no file has it */
#define BUFFER_MAX (RTP_PACKET_MAX + SRTP_TRAILER_MAX)

struct leg {
	struct media_stream stream;
	struct srtp *send, *receive; /* the phone's; NULL: in clear */
	struct media_plan plan;      /* of what it is sent, where that is made anew */
	uint8_t sealed[BUFFER_MAX];  /* what the phone sent last, as it was on the wire */
	size_t sealed_n;
};

static struct voice {
	struct worker worker;
	struct worker *all[1];
	struct media_tuning tuning;
	struct worker_metrics metrics;
	_Atomic int64_t clock_us;
	uint8_t ssrc_key[16], keys; /* keys: how many were made */
	struct leg legs[2];
	enum srtp_suite suites[2];
	bool mux;
	size_t crossing;
	/* the datagram that waits to be read or is handled (NULL: none), and what it was before it was protected */
	const uint8_t *bytes;
	size_t n;
	struct address from;
	struct rtp_packet plain;
	const uint8_t *plain_bytes;
	unsigned sent; /* datagrams of voice, while this one was handled */
} v;

/* ---- the sockets ---- */

ssize_t __wrap_recvfrom(int fd, void *buf, size_t cap, int flags, struct sockaddr *from, socklen_t *from_n);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t to_n);

ssize_t __wrap_recvfrom(int fd, void *buf, size_t cap, int flags, struct sockaddr *from, socklen_t *from_n)
{
	struct sockaddr_storage name;
	ASSERT(fd >= FIRST_FD && (flags & MSG_TRUNC));
	memcpy(buf, v.bytes, MIN(v.n, cap));
	edge_set(buf, v.n, cap);
	address_to_sockaddr(&v.from, &name, from_n);
	memcpy(from, &name, *from_n);
	return (ssize_t)v.n;
}

/* Sound that was made anew, or a digit that is said. */
static void check_made(const struct leg *to, const struct rtp_packet *packet)
{
	const struct media_plan *plan = &to->plan;
	bool digit = packet->payload_type == EVENTS && packet->payload_bytes == RTP_EVENT_BYTES;
	bool noise = packet->payload_type == plan->noise_payload && packet->payload_bytes == 1;
	ASSERT(digit || (v.crossing && (noise || packet->payload_type == plan->payload)));
	ASSERT(packet->payload_bytes > 0 && packet->payload_bytes <= AUDIO_PAYLOAD_MAX);
}

static void check_voice(const struct leg *to, const uint8_t *p, size_t n)
{
	struct rtp_packet packet;
	ASSERT(rtp_parse(p, n, &packet) && packet.ssrc == to->stream.sender.ssrc);
	if (!v.bytes) {
		check_made(to, &packet);
		return;
	}
	v.sent++;
	ASSERT(packet.payload_bytes == v.plain.payload_bytes);
	if (v.crossing && packet.payload_type == to->plan.event_payload)
		return; /* its times are of the other clock */
	ASSERT(memcmp(p + packet.header_bytes, v.plain_bytes + v.plain.header_bytes, packet.payload_bytes) == 0);
}

/* Whatever leaves is opened by who should have it, and says what it must. */
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t to_n)
{
	uint8_t copy[BUFFER_MAX];
	struct leg *leg = &v.legs[(fd - FIRST_FD) / 2];
	bool rtcp = (fd - FIRST_FD) % 2 || (v.mux && rtp_is_rtcp(bytes, n));
	struct rtcp_report report;
	ASSERT(n > 0 && n <= sizeof(copy) && to_n > 0);
	memcpy(copy, bytes, n);
	if (leg->receive) {
		enum srtp_result result = rtcp ? srtcp_unprotect(leg->receive, copy, n, &n)
					       : srtp_unprotect(leg->receive, copy, n, &n);
		ASSERT(result == SRTP_OK);
	}
	if (rtcp)
		ASSERT(rtcp_parse(copy, n, &report) && report.sender_ssrc == leg->stream.sender.ssrc);
	else
		check_voice(leg, copy, n);
	return (ssize_t)n;
}

/* ---- the legs ---- */

static struct address phone_address(unsigned leg, bool rtcp, bool elsewhere)
{
	struct address a;
	bool ok = address_parse(elsewhere ? SLICE("203.0.113.9") : SLICE("192.0.2.1"), &a);
	ASSERT(ok);
	a.ip[15] = (uint8_t)(a.ip[15] + leg);
	a.port = rtcp ? 7001 : 7000;
	return a;
}

static struct srtp *cipher(const struct srtp_key *key, enum srtp_direction direction)
{
	struct srtp *s = key->suite == SRTP_NONE ? NULL : srtp_new(own_ciphers(), key, direction);
	ASSERT(s || key->suite == SRTP_NONE);
	return s;
}

static struct srtp_key new_key(enum srtp_suite suite)
{
	return (struct srtp_key){.suite = suite, .bytes = {++v.keys, 2, 3}};
}

static uint8_t payload_of(enum codec_kind kind)
{
	static const uint8_t payloads[CODEC_KINDS] = {
		[CODEC_PCMU] = 0, [CODEC_PCMA] = 8, [CODEC_G722] = 9, [CODEC_OPUS] = 96};
	return payloads[kind];
}

/* As call/transcoding.c plans it: what the other leg says is made anew for this one. */
static void cross(unsigned i)
{
	static struct opus_tables *tables; /* making them costs more than all the rest */
	enum codec_kind to = crossings[v.crossing].kinds[i], from = crossings[v.crossing].kinds[!i];
	struct leg *leg = &v.legs[i];
	uint8_t *map = v.legs[!i].stream.map;
	struct transcoder *t = NULL;
	bool opus = to == CODEC_OPUS;
	leg->plan = (struct media_plan){.to = {.kind = to, .fec = true, .dtx = v.mux},
					.payload = payload_of(to),
					.noise_payload = opus ? NONE : NOISE,
					.event_payload = opus ? EVENTS_48 : EVENTS,
					.event_rate_khz = opus ? 48 : 8,
					.packet_ms = crossings[v.crossing].packet_ms};
	leg->plan.from[payload_of(from)] = (uint8_t)from;
	leg->plan.from[NOISE] = MEDIA_NOISE;
	leg->plan.from[EVENTS] = leg->plan.from[EVENTS_48] = MEDIA_EVENT;
	map[payload_of(from)] = map[NOISE] = map[EVENTS] = map[EVENTS_48] = MEDIA_ANEW;
	int rc = tables ? 0 : opus_tables_new(&tables);
	if (rc == 0 && leg->stream.joined)
		rc = transcoder_new(&leg->plan, tables, &t);
	ASSERT(rc == 0);
	transcoder_install(&leg->stream, t);
}

static void apply(unsigned i, uint8_t detail)
{
	struct leg *leg = &v.legs[i];
	bool moved = detail & MOVED;
	struct stream_settings set = {
		.remote = phone_address(i, false, moved),
		.remote_rtcp = phone_address(i, !v.mux, moved),
		.rtcp_mux = v.mux,
		.send = detail & SEND,
		.receive = detail & RECEIVE,
		.learn = detail & LEARN,
		.new_send = detail & KEY,
		.new_receive = detail & KEY,
	};
	for (size_t t = 0; t < 128; t++)
		set.rate_khz[t] = t == 9 || (t >= 64 && t <= 95) ? 0
				  : t == 96                      ? 48
								 : 8; /* as sdp/offer.c agrees on them */
	if (v.crossing) {
		set.rate_khz[payload_of(CODEC_G722)] = 8;
		set.rate_khz[EVENTS_48] = 48;
	}
	if (detail & KEY) {
		struct srtp_key down = new_key(v.suites[i]), up = new_key(v.suites[i]);
		srtp_free(leg->send);
		srtp_free(leg->receive);
		set.send_cipher = cipher(&down, SRTP_SEND);
		set.receive_cipher = cipher(&up, SRTP_RECEIVE);
		leg->receive = cipher(&down, SRTP_RECEIVE);
		leg->send = cipher(&up, SRTP_SEND);
	}
	media_stream_apply(&leg->stream, &set);
	leg->stream.joined = detail & SPLIT ? 0 : v.legs[!i].stream.handle;
	for (size_t t = 0; t < 128; t++)
		leg->stream.map[t] = (uint8_t)(t == 8 && detail & CROSSED ? 0 : t == 77 ? NONE : t);
	for (unsigned k = 0; v.crossing && k < ARRAY_LEN(v.legs); k++)
		cross(k);
}

static void open_leg(unsigned i)
{
	struct media_stream *s = &v.legs[i].stream;
	struct address local;
	*s = (struct media_stream){.handle = UINT64_C(1) << 32 | i, .family = AF_INET};
	bool ok = address_parse_with_port(SLICE("192.0.2.10:16384"), &local);
	ASSERT(ok);
	local.port = (uint16_t)(local.port + 2 * i);
	endpoint_from_address(&local, AF_INET, &s->local);
	s->rtp.fd = FIRST_FD + 2 * (int)i;
	s->rtcp.fd = s->rtp.fd + 1;
	s->joined_worker = &v.worker;
	v.worker.streams[i] = s;
	media_stream_open(s, &v.worker);
}

static void begin(uint8_t choice)
{
	memset(&v, 0, sizeof(v));
	v.suites[0] = (enum srtp_suite)(choice % SRTP_SUITE_COUNT);
	v.suites[1] = (enum srtp_suite)(choice / SRTP_SUITE_COUNT % SRTP_SUITE_COUNT);
	v.mux = choice / (SRTP_SUITE_COUNT * SRTP_SUITE_COUNT) % 2;
	v.crossing = choice / (SRTP_SUITE_COUNT * SRTP_SUITE_COUNT * 2) % ARRAY_LEN(crossings);
	v.clock_us = 1000 * SECOND_US;
	v.tuning = media_tuning_default;
	v.tuning.clock_us = &v.clock_us;
	v.all[0] = &v.worker;
	v.worker = (struct worker){.count = 1,
				   .all = v.all,
				   .tuning = &v.tuning,
				   .ssrc_key = v.ssrc_key,
				   .metrics = &v.metrics,
				   .streams_max = ARRAY_LEN(v.legs)};
	int rc = worker_init(&v.worker);
	ASSERT(rc == 0);
	random_init_seeded(&v.worker.random, 1);
	thread_owner_take(&v.worker.thread);
	for (unsigned i = 0; i < ARRAY_LEN(v.legs); i++)
		open_leg(i);
	for (unsigned i = 0; i < ARRAY_LEN(v.legs); i++)
		apply(i, SEND | RECEIVE | LEARN | KEY);
}

static void end(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(v.legs); i++) {
		media_stream_close(&v.legs[i].stream);
		srtp_free(v.legs[i].send);
		srtp_free(v.legs[i].receive);
	}
	timer_stop(&v.worker.wheel, &v.worker.publish);
	ASSERT(v.worker.wheel.running == 0);
	worker_done(&v.worker);
}

/* ---- records ---- */

static void pass_time(uint8_t detail)
{
	struct worker_event event;
	v.clock_us += detail < 128 ? detail * MS_US : (detail - 127) * SECOND_US;
	wheel_turn(&v.worker.wheel, v.clock_us, v.clock_us);
	while (ring_pop(v.worker.events, &event))
		ASSERT(event.stream == v.legs[0].stream.handle || event.stream == v.legs[1].stream.handle);
}

/* The packet as it leaves the phone. False: the phone cannot send such a one. */
static bool seal(struct leg *leg, uint8_t control, const uint8_t *plain, size_t n)
{
	if (control & AGAIN)
		return leg->sealed_n > 0;
	size_t sealed = n;
	memcpy(leg->sealed, plain, n);
	leg->sealed_n = 0;
	if (leg->send && !(control & RAW)) {
		enum srtp_result result = control & RTCP ? srtcp_protect(leg->send, leg->sealed, n, BUFFER_MAX, &sealed)
							 : srtp_protect(leg->send, leg->sealed, n, BUFFER_MAX, &sealed);
		if (result != SRTP_OK)
			return false;
	}
	leg->sealed_n = sealed;
	return sealed > 0;
}

static void packet(uint8_t control, uint8_t detail, const uint8_t *plain, size_t n)
{
	static uint8_t kept[2][RTP_PACKET_MAX]; /* the plain bytes of `sealed` */
	static size_t kept_n[2];
	unsigned i = control & LEG;
	struct leg *leg = &v.legs[i];
	uint8_t wire[BUFFER_MAX];
	if (!seal(leg, control, plain, n))
		return;
	if (!(control & AGAIN)) {
		memcpy(kept[i], plain, n);
		kept_n[i] = n;
	}
	memcpy(wire, leg->sealed, leg->sealed_n);
	if (control & SPOIL)
		wire[detail % leg->sealed_n] ^= (uint8_t)(1 << (detail & 7));
	v.plain_bytes = leg->send ? kept[i] : wire;
	if (!rtp_parse(v.plain_bytes, leg->send ? kept_n[i] : leg->sealed_n, &v.plain))
		v.plain = (struct rtp_packet){0};
	v.bytes = wire;
	v.n = leg->sealed_n;
	v.from = phone_address(i, control & RTCP && !v.mux, control & ELSEWHERE);
	v.sent = 0;
	media_stream_readable(&leg->stream, control & RTCP && !v.mux);
	edge_lift();
	v.bytes = NULL;
	ASSERT(v.sent <= 1);
	/* Nothing of an encrypted leg is believed but what its key made. */
	if (leg->send && control & (RAW | SPOIL) && !(control & AGAIN))
		ASSERT(v.sent == 0);
}

static void say_digit(unsigned i, uint8_t detail)
{
	const struct media_digit digit = {
		.event = detail & 15, .payload = EVENTS, .duration_ms = (uint16_t)((detail >> 4) * 40)};
	event_queue(&v.legs[i].stream, &digit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	begin(data[0]);
	for (data++, size--; size >= 3;) {
		uint8_t control = data[0], detail = data[1];
		size_t n = MIN((size_t)data[2], size - 3);
		if ((control & DIGIT) == DIGIT)
			say_digit(control & LEG, detail);
		else if (control & SETTINGS)
			apply(control & LEG, detail);
		else if (control & TIME)
			pass_time(detail);
		else
			packet(control, detail, data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
	end();
	return 0;
}
