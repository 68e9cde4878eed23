/*
 * fuzz_browsers.c - the shared port of a media worker: checks, DTLS and voice of two browsers, from places of their own
 * and of others
 *
 * The first byte chooses for each leg who says hello in DTLS, and whether its fingerprint is not there yet, or of a
 * hash that nobody should believe. Then come records: control (leg, kind, place), detail, a length and bytes, which
 * change the datagram that is made (pairs of a position and bits), are what is said, or are the datagram. The browsers'
 * own side of DTLS is OpenSSL, like ours. The socket, OpenSSL's clock and its random bytes are played here; whatever
 * leaves is looked at: it goes to who asked for it within 30 s, is opened by their key alone, and no handshake ends
 * with a certificate that was not named.
 */
#include <openssl/rand.h>
#include <sys/time.h>

#include "fuzz/browser.h"
#include "fuzz/edge.h"
#include "media/private.h"
#include "unit/media/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { CHECK, SHAKE, VOICE, RAW, TIME, SETTINGS, LOSE, CLOSE };
/* In `detail`, by kind. */
enum { NOMINATE = 1, WRONG_PASSWORD = 2, CONTROLLED = 4, OTHER_NAME = 8, INDICATION = 16 };
enum { FRESH = 1, STRANGER = 2, AGAIN = 4, DROP = 8, LATER = 16 };
enum { RTCP = 1, SPOIL = 2, REPLAY = 4 };
enum { LONG = 1, MANY = 2 }; /* and in the upper half: so many times more */
enum { NAMES = 1, ROLE = 2, CERTIFICATE = 4, UNKNOWN = 8, HELD = 16 };

#define PLACES (MEDIA_PAIRS_MAX + 2)
#define FD 1000 /* no file has it */

struct record {
	uint8_t detail;
	size_t place;
	const uint8_t *bytes;
	size_t n;
};

struct leg {
	struct media_stream stream;
	struct webrtc rtc;
	struct media_webrtc terms; /* as its description has them */
	uint8_t names;             /* so many restarts of ICE */
	size_t named;              /* of `theirs`: whose fingerprint the terms have */
	uint32_t generation;
	int64_t checked_us[PLACES]; /* when Alto last said yes to it there; 0: never */
	struct browser browser;
	size_t certificate; /* of `theirs`: what the browser shows */
};

static struct browsers {
	struct worker worker;
	struct worker *all[1];
	struct media_tuning tuning;
	struct worker_metrics metrics;
	_Atomic int64_t clock_us;
	uint8_t ssrc_key[16];
	struct shared_socket socket;
	struct leg legs[2];
	int owner[PLACES]; /* whose pair it is; -1: nobody's */
	struct random random;
	/* the datagram that waits to be read, and what it was before it was protected */
	const uint8_t *bytes;
	size_t n, place;
	const uint8_t *plain;
	struct rtp_packet plain_packet;
	unsigned sent; /* datagrams of voice, while this one was handled */
} v;

/* Of all runs. */
static struct tls_identity *ours, *theirs[2];
static struct dtls_context *our_context, *their_contexts[2];

/* ---- time and chance, as OpenSSL sees them ---- */

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's */
int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	*ret = (struct timeval){.tv_sec = v.clock_us / SECOND_US, .tv_usec = v.clock_us % SECOND_US};
	return 0;
}

static int draw(unsigned char *ret, int n)
{
	random_bytes(&v.random, ret, (size_t)n);
	return 1;
}

static int ready(void)
{
	return 1;
}

/* DEVIATION from what OpenSSL 3 wants: a provider of random bytes would take 200 lines to do this. */
static void play_chance(void)
{
	static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = ready};
	random_init_seeded(&v.random, 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	int rc = RAND_set_rand_method(&method);
#pragma GCC diagnostic pop
	ASSERT(rc == 1);
}

/* ---- places ---- */

static struct endpoint place_name(size_t place)
{
	struct endpoint e = {.n = sizeof(e.name.v4)};
	e.name.v4 = (struct sockaddr_in){.sin_family = AF_INET,
					 .sin_port = htons((uint16_t)(7000 + place)),
					 .sin_addr = {.s_addr = htonl(0xc0000201)}}; /* 192.0.2.1 */
	return e;
}

static size_t place_of(const struct sockaddr *to)
{
	size_t place = ntohs(((const struct sockaddr_in *)to)->sin_port) - 7000u;
	ASSERT(to->sa_family == AF_INET && place < PLACES);
	return place;
}

/* ---- what leaves ---- */

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *wait);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t to_n);

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *wait)
{
	struct msghdr *m = &messages[0].msg_hdr;
	struct endpoint from = place_name(v.place);
	ASSERT(fd == FD && count > 0 && m->msg_namelen >= from.n && m->msg_iovlen == 1);
	memcpy(m->msg_name, &from.name, from.n);
	m->msg_namelen = from.n;
	memcpy(m->msg_iov->iov_base, v.bytes, MIN(v.n, m->msg_iov->iov_len));
	edge_set(m->msg_iov->iov_base, v.n, m->msg_iov->iov_len);
	messages[0].msg_len = (unsigned)MIN(v.n, m->msg_iov->iov_len);
	m->msg_flags = v.n > m->msg_iov->iov_len ? MSG_TRUNC : 0;
	return 1;
}

/* An answer goes to who asked; yes is said to those alone who know the password of a leg, and no is no longer than the
 * question. */
static void check_answer(const uint8_t *p, size_t n, size_t place)
{
	struct stun_message question, answer;
	bool ok = stun_parse(v.bytes, v.n, &question) && stun_parse(p, n, &answer);
	ASSERT(ok && place == v.place && question.class == STUN_REQUEST);
	ASSERT(memcmp(question.transaction, answer.transaction, sizeof(answer.transaction)) == 0);
	if (answer.class != STUN_SUCCESS) {
		ASSERT(answer.class == STUN_ERROR && (answer.integrity_at || n <= v.n));
		return;
	}
	for (int i = 0; i < (int)ARRAY_LEN(v.legs); i++) {
		const struct ice *ice = &v.legs[i].rtc.ice;
		if (!slice_eq(ice_addressee(&question), slice_of(ice->local.ufrag, ICE_UFRAG_CHARS)))
			continue;
		ok = stun_authentic(v.bytes, &question, &ice->key) && stun_authentic(p, &answer, &ice->key);
		ASSERT(ok && answer.mapped.port == 7000 + place);
		v.owner[place] = i;
		v.legs[i].checked_us[place] = v.clock_us;
		return;
	}
	ASSERT(!"yes to nobody of ours");
}

/* RFC 7675: nothing to who has not asked for it, or not for too long. */
static struct leg *addressee(size_t place)
{
	ASSERT(v.owner[place] >= 0);
	struct leg *leg = &v.legs[v.owner[place]];
	ASSERT(v.clock_us - leg->checked_us[place] <= ICE_CONSENT_US + SECOND_US);
	return leg;
}

/* What the other one said, sealed for this one alone. */
static void check_voice(struct leg *leg, const uint8_t *p, size_t n)
{
	struct datagram d;
	struct rtp_packet packet;
	bool rtcp = rtp_is_rtcp(p, n);
	v.sent += !rtcp;
	if (!browser_opens(&leg->browser, p, n, &d)) {
		ASSERT(leg->browser.gaps);
		return;
	}
	if (rtcp)
		return;
	ASSERT(rtp_parse(d.bytes, d.n, &packet) && packet.ssrc == leg->stream.sender.ssrc);
	ASSERT(packet.payload_bytes == v.plain_packet.payload_bytes);
	ASSERT(memcmp(d.bytes + packet.header_bytes, v.plain + v.plain_packet.header_bytes, packet.payload_bytes) == 0);
}

/* Whoever has keys has shown the certificate that the description names. */
static void check_keys(const struct leg *leg, bool made)
{
	ASSERT(!made || (leg->terms.fingerprint.n == 32 && leg->certificate == leg->named));
}

ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t to_n)
{
	const uint8_t *p = bytes;
	size_t place = place_of(to);
	ASSERT(fd == FD && n > 0 && n <= BROWSER_BYTES_MAX);
	if (stun_is(p, n)) {
		check_answer(p, n, place);
		return (ssize_t)n;
	}
	struct leg *leg = addressee(place);
	bool dtls = p[0] >= 20 && p[0] <= 63;
	ASSERT(!dtls || n <= DTLS_MTU);
	if (dtls)
		check_keys(leg, browser_hears(&leg->browser, p, n));
	else
		check_voice(leg, p, n);
	return (ssize_t)n;
}

/* ---- the legs ---- */

static struct ice_credentials names_of(const struct leg *leg)
{
	struct ice_credentials c;
	uint8_t bytes[ICE_RANDOM_BYTES] = {(uint8_t)(leg - v.legs), leg->names};
	ice_credentials_make(bytes, &c);
	return c;
}

static void apply(struct leg *leg, bool held)
{
	struct stream_settings set = {.rtcp_mux = true, .send = !held, .receive = !held, .webrtc = leg->terms};
	for (size_t t = 0; t < 128; t++)
		set.rate_khz[t] = t >= 64 && t <= 95 ? 0 : 8; /* as sdp/offer.c agrees on them */
	media_stream_apply(&leg->stream, &set);
}

static void open_leg(struct leg *leg)
{
	struct media_stream *s = &leg->stream, *other = &v.legs[leg == v.legs].stream;
	uint32_t slot = (uint32_t)(leg - v.legs);
	*s = (struct media_stream){.handle = (uint64_t)++leg->generation << 32 | slot, .family = AF_INET};
	s->rtp.fd = s->rtcp.fd = -1;
	s->webrtc = &leg->rtc;
	leg->rtc = (struct webrtc){.stream = s, .context = our_context};
	leg->terms.ice = names_of(leg);
	ice_init(&leg->rtc.ice, &leg->terms.ice);
	v.worker.streams[slot] = s;
	media_stream_open(s, &v.worker);
	apply(leg, false);
	for (size_t t = 0; t < 128; t++)
		s->map[t] = other->map[t] = (uint8_t)t;
	s->joined_worker = other->joined_worker = &v.worker;
	s->joined = other->handle;
	other->joined = s->handle;
}

static void close_leg(struct leg *leg)
{
	media_stream_close(&leg->stream);
	leg->stream.handle = 0;
	for (size_t i = 0; i < PLACES; i++)
		if (v.owner[i] == (int)(leg - v.legs))
			v.owner[i] = -1;
	browser_end(&leg->browser);
}

static void prepare(void)
{
	if (ours)
		return;
	play_chance();
	ours = identity_make();
	int rc = dtls_context_new(ours, &our_context);
	for (size_t i = 0; i < ARRAY_LEN(theirs) && rc == 0; i++) {
		theirs[i] = identity_make();
		rc = dtls_context_new(theirs[i], &their_contexts[i]);
	}
	ASSERT(rc == 0);
}

static void begin(uint8_t choice)
{
	memset(&v, 0, sizeof(v));
	v.clock_us = 1000 * SECOND_US;
	prepare();
	random_init_seeded(&v.random, 1);
	v.tuning = media_tuning_default;
	v.tuning.clock_us = &v.clock_us;
	v.all[0] = &v.worker;
	v.worker = (struct worker){.count = 1,
				   .all = v.all,
				   .tuning = &v.tuning,
				   .ssrc_key = v.ssrc_key,
				   .metrics = &v.metrics,
				   .has_shared = true,
				   .streams_max = ARRAY_LEN(v.legs)};
	int rc = worker_init(&v.worker);
	ASSERT(rc == 0);
	random_init_seeded(&v.worker.random, 1);
	thread_owner_take(&v.worker.thread);
	v.socket = (struct shared_socket){.fd = FD, .family = AF_INET};
	for (size_t i = 0; i < PLACES; i++)
		v.owner[i] = -1;
	for (unsigned i = 0; i < ARRAY_LEN(v.legs); i++) {
		v.legs[i].named = i;
		v.legs[i].terms.client = choice >> i & 1;
		if (!(choice >> i & 4))
			v.legs[i].terms.fingerprint = identity_fingerprint(theirs[i]);
		if (choice >> i & 16) /* of SHA-1, which is none of ours */
			v.legs[i].terms.fingerprint.n = 20;
		open_leg(&v.legs[i]);
	}
}

static void end(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(v.legs); i++)
		close_leg(&v.legs[i]);
	timer_stop(&v.worker.wheel, &v.worker.publish);
	ASSERT(v.worker.wheel.running == 0 && v.worker.shared->by_ufrag.count == 0 &&
	       v.worker.shared->by_address.count == 0);
	worker_done(&v.worker);
}

/* ---- records ---- */

static void deliver(size_t place, const uint8_t *p, size_t n)
{
	v.place = place;
	v.bytes = p;
	v.n = n;
	v.sent = 0;
	shared_readable(&v.worker, &v.socket);
	edge_lift();
	v.bytes = NULL;
	v.n = 0;
	ASSERT(v.sent <= 1 && v.worker.shared->waiting <= MEDIA_SHAKES_MAX);
}

/* The rounds that DTLS waits for: it is never the answer to a check. */
static void take_turns(void)
{
	while (v.worker.shared->waiting)
		shared_shake(&v.worker);
}

/* Bits of it are turned: at these positions, these ones. */
static void edit(struct datagram *d, const struct record *r)
{
	for (size_t i = 0; i + 1 < r->n && d->n; i += 2)
		d->bytes[r->bytes[i] % d->n] ^= r->bytes[i + 1];
}

static void say_check(struct leg *leg, const struct record *r)
{
	struct datagram d;
	struct hmac_sha1 key;
	char name[ICE_UFRAG_CHARS + 5];
	struct ice_credentials c = names_of(&v.legs[r->detail & OTHER_NAME ? leg == v.legs : leg != v.legs]);
	struct stun_message check = {.class = r->detail & INDICATION ? STUN_INDICATION : STUN_REQUEST,
				     .method = STUN_BINDING,
				     .transaction = {7},
				     .has_priority = true,
				     .role = r->detail & CONTROLLED ? STUN_CONTROLLED : STUN_CONTROLLING,
				     .use_candidate = r->detail & NOMINATE};
	(void)snprintf(name, sizeof(name), "%.*s:them", ICE_UFRAG_CHARS, c.ufrag);
	check.username = slice_from_string(name);
	c.pwd[0] ^= r->detail & WRONG_PASSWORD ? 1 : 0;
	hmac_sha1_init(&key, (const uint8_t *)c.pwd, sizeof(c.pwd));
	d.n = stun_write(&check, &key, d.bytes, sizeof(d.bytes));
	edit(&d, r);
	deliver(r->place, d.bytes, d.n);
}

static void say_dtls(struct leg *leg, const struct record *r)
{
	struct browser *b = &leg->browser;
	struct media_fingerprint alto = identity_fingerprint(ours);
	if (!b->dtls || r->detail & FRESH) {
		leg->certificate = r->detail & STRANGER ? !leg->named : leg->named;
		browser_begin(b, their_contexts[leg->certificate], !leg->terms.client, &alto);
	}
	if (!(r->detail & AGAIN) && !browser_says(b))
		return;
	if (r->detail & DROP || !b->last.n)
		return;
	struct datagram d = b->last;
	edit(&d, r);
	deliver(r->place, d.bytes, d.n);
	if (!(r->detail & LATER))
		take_turns();
}

static void say_voice(struct leg *leg, const struct record *r)
{
	static uint8_t kept[2][RTP_PACKET_MAX]; /* the plain bytes of `sealed` */
	static size_t kept_n[2];
	size_t i = (size_t)(leg - v.legs);
	struct browser *b = &leg->browser;
	if (!b->send)
		return;
	if (!(r->detail & REPLAY)) {
		memcpy(kept[i], r->bytes, r->n);
		kept_n[i] = r->n;
		if (!browser_seals(b, r->detail & RTCP, r->bytes, r->n))
			return;
	}
	if (!b->sealed.n)
		return;
	v.plain = kept[i];
	if (!rtp_parse(kept[i], kept_n[i], &v.plain_packet))
		v.plain_packet = (struct rtp_packet){0};
	struct datagram copy = b->sealed;
	if (r->detail & SPOIL)
		copy.bytes[copy.n - 1] ^= 1;
	deliver(r->place, copy.bytes, copy.n);
	/* Only what its keys made, and from where it has been. */
	ASSERT(v.sent == 0 || (!(r->detail & SPOIL) && v.owner[r->place] == (int)i));
}

static void say_raw(const struct record *r)
{
	struct datagram d = {0};
	for (size_t i = 0; r->n && i < (r->detail & LONG ? RTP_PACKET_MAX + 1 : r->n); i++)
		d.bytes[d.n++] = r->bytes[i % r->n];
	for (int times = 1 + (r->detail >> 4); times > 0; times--) {
		deliver(r->place, d.bytes, d.n);
		ASSERT(v.sent == 0);
	}
	if (!(r->detail & MANY))
		take_turns();
}

/* In steps, as a worker's rounds: what is due at the end of one is done with the time at its end. */
static void pass_time(uint8_t detail)
{
	struct worker_event event;
	take_turns();
	for (int64_t left_us = detail < 128 ? detail * MS_US : (detail - 127) * SECOND_US; left_us > 0;
	     left_us -= SECOND_US) {
		v.clock_us += MIN(left_us, SECOND_US);
		wheel_turn(&v.worker.wheel, v.clock_us, v.clock_us);
		while (ring_pop(v.worker.events, &event))
			ASSERT((event.stream & 1) < ARRAY_LEN(v.legs));
	}
	for (size_t i = 0; i < ARRAY_LEN(v.legs); i++)
		check_keys(&v.legs[i], browser_waits(&v.legs[i].browser));
}

static void describe(struct leg *leg, uint8_t detail)
{
	if (detail & NAMES) {
		leg->names++;
		leg->terms.ice = names_of(leg);
	}
	if (detail & ROLE)
		leg->terms.client = !leg->terms.client;
	if (detail & CERTIFICATE)
		leg->named = !leg->named;
	leg->terms.fingerprint = identity_fingerprint(theirs[leg->named]);
	if (detail & UNKNOWN)
		leg->terms.fingerprint.n = 0;
	apply(leg, detail & HELD);
}

static void play(struct leg *leg, enum kind kind, const struct record *r)
{
	switch (kind) {
	case CHECK:
		say_check(leg, r);
		break;
	case SHAKE:
		say_dtls(leg, r);
		break;
	case VOICE:
		say_voice(leg, r);
		break;
	case RAW:
		say_raw(r);
		break;
	case TIME:
		pass_time(r->detail);
		break;
	case SETTINGS:
		describe(leg, r->detail);
		break;
	case LOSE:
		leg->browser.lose = r->detail % 8;
		break;
	case CLOSE:
		close_leg(leg);
		open_leg(leg);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	begin(data[0]);
	for (data++, size--; size >= 3;) {
		struct record r = {data[1], (data[0] >> 4) % PLACES, data + 3, MIN((size_t)data[2], size - 3)};
		play(&v.legs[data[0] & 1], (enum kind)(data[0] >> 1 & 7), &r);
		data += 3 + r.n;
		size -= 3 + r.n;
	}
	end();
	return 0;
}
