/* fixture.h - the media room with real workers on loopback, phones that are sockets, and a clock that tests turn */
#pragma once
#include <stdatomic.h>

#include "support/test.h"

#include "media/private.h"
#include "rtp/rtcp.h"

#define FIXTURE_EVENTS_MAX 512
#define PCMU 0
#define PCMA 8
#define EVENTS 101

struct fixture {
	struct loop *loop;
	struct media *media;
	struct media_tuning tuning;
	const struct tls_identity *identity; /* set before fixture_start(): there are browsers */
	_Atomic int64_t clock_us;            /* of the workers */
	pool_handle anchors[4];              /* a stream on each worker */
	struct media_event events[FIXTURE_EVENTS_MAX];
	size_t event_count;
	struct address local;
	/* what pump() waits for */
	bool (*until)(struct fixture *f);
	pool_handle wanted_stream;
	enum media_event_kind wanted_kind;
	struct loop_flush watch;
	struct timer deadline;
};

/* Sets up the tuning; change it before fixture_start(). */
void fixture_init(struct fixture *f);
void fixture_start(struct fixture *f, unsigned workers, unsigned streams_max);
void fixture_done(struct fixture *f);
/* One turn of the loop: what was left to the workers is on its way. */
void fixture_turn(struct fixture *f);
/* Until each worker has done all that it was told before, and has read a datagram from each socket that had any. */
void fixture_sync(struct fixture *f);
void fixture_advance(struct fixture *f, int64_t us);
/* The first event of this kind since fixture_forget(); fails the test after a minute. */
const struct media_event *fixture_event(struct fixture *f, pool_handle stream, enum media_event_kind kind);
size_t fixture_count(const struct fixture *f, pool_handle stream, enum media_event_kind kind);
void fixture_forget(struct fixture *f);

pool_handle fixture_open(struct fixture *f, pool_handle near, struct address *ret_address);
/* Close, and the last figures. */
struct media_figures fixture_close(struct fixture *f, pool_handle stream);
/* Nothing is made anew. */
int fixture_join_maps(struct fixture *f, pool_handle a, pool_handle b, const uint8_t map_ab[128],
		      const uint8_t map_ba[128]);
/* Payload types map to themselves. */
void fixture_join(struct fixture *f, pool_handle a, pool_handle b);

struct phone {
	int rtp, rtcp;
	struct address at, rtcp_at; /* its own */
	struct address to, rtcp_to; /* Alto's */
	uint16_t sequence;
	uint32_t timestamp, ssrc;
	struct srtp *send, *receive;
	uint8_t bytes[2048]; /* what it received last, decrypted */
	size_t n;
	struct rtp_packet packet; /* ... as RTP */
	struct address from;
};
void phone_open(struct phone *p, uint32_t ssrc);
void phone_open_at(struct phone *p, uint32_t ssrc, struct slice host);
void phone_done(struct phone *p);
/* A stream for this phone, with settings that expect PCMU, PCMA and events, both directions, its address signalled. */
pool_handle phone_stream(struct fixture *f, struct phone *p, pool_handle near, struct media_settings *ret_settings);
void phone_key(struct phone *p, const struct srtp_key *send, const struct srtp_key *receive);
/* The phone and its stream get each other's keys. fill: which keys. */
void phone_secure(struct fixture *f, struct phone *p, pool_handle stream, struct media_settings *set,
		  enum srtp_suite suite, uint8_t fill);
void make_key(struct srtp_key *key, enum srtp_suite suite, uint8_t fill);
void settings_for(const struct phone *p, struct media_settings *ret);

/* The next packet: 160 bytes, all `fill`. */
void phone_say(struct phone *p, uint8_t payload, uint8_t fill);
/* The next packet, not sent but written down. Returns its length. */
size_t phone_write(struct phone *p, uint8_t payload, uint8_t fill, uint8_t *ret, size_t cap);
void phone_send_raw(struct phone *p, const void *bytes, size_t n);
/* The next datagram on the RTP socket, as it came. */
void phone_receive(struct phone *p);
/* The next RTP packet arrives (fails after 10 s); checks that it is 160 bytes of `fill`. */
void phone_hear(struct phone *p, uint8_t fill);
/* The next RTCP packet, on its own port or the shared one. */
void phone_hear_report(struct phone *p, bool mux, struct rtcp_report *ret);
bool phone_quiet(struct phone *p); /* nothing waits on the RTP socket */

/* Two phones that hear each other by Alto. */
struct call {
	struct fixture f;
	struct phone a, b;
	pool_handle sa, sb;
	struct media_settings set_a, set_b;
};
/* After fixture_init(): the two and their streams, the one's on the first worker, the other's on the last; not joined.
 */
void call_open(struct call *c, unsigned workers);
/* All of it on one worker, and joined. */
void call_start(struct call *c);
void call_done(struct call *c);
void say_and_hear(struct phone *from, struct phone *to, uint8_t fill);
