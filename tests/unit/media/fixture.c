/* fixture.c - loopback phones and the loop that the switchboard side runs on */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "support/ciphers.h"

#define DEADLINE_US (60 * SECOND_US) /* ends what hangs, and judges nothing */

static void on_event(void *owner, const struct media_event *event)
{
	struct fixture *f = owner;
	assert_true(f->event_count < FIXTURE_EVENTS_MAX);
	f->events[f->event_count++] = *event;
}

static void turn_over(void *arg)
{
	struct fixture *f = arg;
	if (!f->until || f->until(f))
		loop_stop(f->loop);
}

static void too_late(struct timer *t, void *arg)
{
	fail_msg("waited too long");
}

/* An address of the loopback that no other process has: tests run side by side, and each has all ports for itself. */
static struct slice own_host(char ret[16])
{
	unsigned pid = (unsigned)getpid();
	snprintf(ret, 16, "127.%u.%u.%u", pid >> 16 & 255, pid >> 8 & 255, pid & 255);
	return slice_from_string(ret);
}

void fixture_init(struct fixture *f)
{
	char host[16];

	memset(f, 0, sizeof(*f));
	f->tuning = media_tuning_default;
	f->tuning.rest_us = 0;
	atomic_store(&f->clock_us, 1000 * SECOND_US);
	assert_true(address_parse(own_host(host), &f->local));
}

void fixture_start(struct fixture *f, unsigned workers, unsigned streams_max)
{
	struct media_config config = {.workers = workers,
				      .port_low = 20000,
				      .port_high = 29999,
				      .ports_ahead = 4,
				      .streams_max = streams_max,
				      .directs_max = streams_max,
				      .identity = f->identity,
				      .on_event = on_event,
				      .owner = f};

	f->tuning.clock_us = &f->clock_us;
	assert_int_equal(loop_new(&f->loop), 0);
	f->watch = (struct loop_flush){.fn = turn_over, .arg = f};
	timer_init(&f->deadline, too_late, f);
	assert_int_equal(media_new_tuned(f->loop, &config, &f->tuning, &f->media), 0);
	/* After media's own hook, so that a turn has woken the workers when it is over. */
	loop_add_flush(f->loop, &f->watch);
	for (unsigned i = 0; i < workers; i++) {
		struct address address;
		assert_int_equal(media_open(f->media, 0, &f->local, 0, &f->anchors[i], &address), 0);
		assert_int_equal(media_worker_of(f->media, f->anchors[i]), i);
	}
	fixture_sync(f);
}

void fixture_done(struct fixture *f)
{
	assert_null(media_free(f->media));
	timer_stop(loop_wheel(f->loop), &f->deadline);
	loop_remove_flush(f->loop, &f->watch);
	loop_drain(f->loop);
	loop_free(f->loop);
}

static void pump(struct fixture *f, bool (*until)(struct fixture *f))
{
	f->until = until;
	/* The wheel's time stands still between turns of the loop. */
	wheel_turn(loop_wheel(f->loop), clock_monotonic_us(), clock_wall_us());
	timer_start(loop_wheel(f->loop), &f->deadline, DEADLINE_US);
	loop_run(f->loop);
	timer_stop(loop_wheel(f->loop), &f->deadline);
	f->until = NULL;
}

void fixture_turn(struct fixture *f)
{
	pump(f, NULL);
}

static const struct media_event *find(const struct fixture *f)
{
	for (size_t i = 0; i < f->event_count; i++) {
		if (f->events[i].stream == f->wanted_stream && f->events[i].kind == f->wanted_kind)
			return &f->events[i];
	}
	return NULL;
}

static bool found(struct fixture *f)
{
	return find(f) != NULL;
}

const struct media_event *fixture_event(struct fixture *f, pool_handle stream, enum media_event_kind kind)
{
	f->wanted_stream = stream;
	f->wanted_kind = kind;
	if (!find(f))
		pump(f, found);
	return find(f);
}

size_t fixture_count(const struct fixture *f, pool_handle stream, enum media_event_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < f->event_count; i++)
		n += f->events[i].stream == stream && f->events[i].kind == kind;
	return n;
}

void fixture_forget(struct fixture *f)
{
	f->event_count = 0;
}

void fixture_sync(struct fixture *f)
{
	for (unsigned i = 0; i < media_workers(f->media); i++) {
		pool_handle stream = fixture_open(f, f->anchors[i], NULL);
		fixture_close(f, stream);
	}
}

void fixture_advance(struct fixture *f, int64_t us)
{
	atomic_fetch_add(&f->clock_us, us);
	/* The round that notices the new time ends before the one that the second is done in. */
	fixture_sync(f);
	fixture_sync(f);
}

pool_handle fixture_open(struct fixture *f, pool_handle near, struct address *ret_address)
{
	struct address address;
	pool_handle stream = 0;

	assert_int_equal(media_open(f->media, 77, &f->local, near, &stream, &address), 0);
	assert_true(stream != 0);
	if (ret_address)
		*ret_address = address;
	return stream;
}

struct media_figures fixture_close(struct fixture *f, pool_handle stream)
{
	media_close(f->media, stream);
	return fixture_event(f, stream, MEDIA_CLOSED)->figures;
}

int fixture_join_maps(struct fixture *f, pool_handle a, pool_handle b, const uint8_t map_ab[128],
		      const uint8_t map_ba[128])
{
	struct media_way ab = {.anew = false}, ba = {.anew = false};

	memcpy(ab.map, map_ab, sizeof(ab.map));
	memcpy(ba.map, map_ba, sizeof(ba.map));
	return media_join(f->media, a, b, &ab, &ba);
}

void fixture_join(struct fixture *f, pool_handle a, pool_handle b)
{
	uint8_t same[128];

	for (uint8_t i = 0; i < 128; i++)
		same[i] = i;
	assert_int_equal(fixture_join_maps(f, a, b, same, same), 0);
	fixture_sync(f);
}

static int socket_on(struct slice host, struct address *ret)
{
	struct sockaddr_storage name;
	uint32_t n;
	socklen_t length = sizeof(name);

	assert_true(address_parse(host, ret));
	address_to_sockaddr(ret, &name, &n);
	int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	assert_true(address_from_sockaddr(&name, ret));
	return fd;
}

void phone_open(struct phone *p, uint32_t ssrc)
{
	char host[16];
	phone_open_at(p, ssrc, own_host(host));
}

void phone_open_at(struct phone *p, uint32_t ssrc, struct slice host)
{
	memset(p, 0, sizeof(*p));
	p->rtp = socket_on(host, &p->at);
	p->rtcp = socket_on(host, &p->rtcp_at);
	p->ssrc = ssrc;
	p->sequence = 1000;
	p->timestamp = 50000;
}

void phone_done(struct phone *p)
{
	close(p->rtp);
	close(p->rtcp);
	srtp_free(p->send);
	srtp_free(p->receive);
}

void settings_for(const struct phone *p, struct media_settings *ret)
{
	*ret = (struct media_settings){.remote = p->at, .remote_rtcp = p->rtcp_at, .send = true, .receive = true};
	ret->rate_khz[PCMU] = 8;
	ret->rate_khz[PCMA] = 8;
	ret->rate_khz[EVENTS] = 8;
}

pool_handle phone_stream(struct fixture *f, struct phone *p, pool_handle near, struct media_settings *ret_settings)
{
	pool_handle stream = 0;

	assert_int_equal(media_open(f->media, 77, &p->at, near, &stream, &p->to), 0);
	p->rtcp_to = p->to;
	p->rtcp_to.port++;
	settings_for(p, ret_settings);
	assert_int_equal(media_set(f->media, stream, ret_settings), 0);
	return stream;
}

void make_key(struct srtp_key *key, enum srtp_suite suite, uint8_t fill)
{
	key->suite = suite;
	memset(key->bytes, fill, sizeof(key->bytes));
}

void phone_key(struct phone *p, const struct srtp_key *send, const struct srtp_key *receive)
{
	srtp_free(p->send);
	srtp_free(p->receive);
	p->send = srtp_new(own_ciphers(), send, SRTP_SEND);
	p->receive = srtp_new(own_ciphers(), receive, SRTP_RECEIVE);
	assert_true(p->send && p->receive);
}

void phone_secure(struct fixture *f, struct phone *p, pool_handle stream, struct media_settings *set,
		  enum srtp_suite suite, uint8_t fill)
{
	make_key(&set->send_key, suite, fill);
	make_key(&set->receive_key, suite, (uint8_t)(fill + 1));
	assert_int_equal(media_set(f->media, stream, set), 0);
	fixture_sync(f);
	phone_key(p, &set->receive_key, &set->send_key);
}

static void send_to(int fd, const struct address *to, const void *bytes, size_t n)
{
	struct sockaddr_storage name;
	uint32_t length;

	address_to_sockaddr(to, &name, &length);
	assert_int_equal(sendto(fd, bytes, n, 0, (struct sockaddr *)&name, length), n);
}

size_t phone_write(struct phone *p, uint8_t payload, uint8_t fill, uint8_t *ret, size_t cap)
{
	size_t n = RTP_HEADER_MIN + 160;

	assert_true(cap >= n + SRTP_TRAILER_MAX);
	rtp_write_header(ret, false, payload, p->sequence++, p->timestamp, p->ssrc);
	p->timestamp += 160;
	memset(ret + RTP_HEADER_MIN, fill, 160);
	if (p->send)
		assert_int_equal(srtp_protect(p->send, ret, n, cap, &n), SRTP_OK);
	return n;
}

void phone_send_raw(struct phone *p, const void *bytes, size_t n)
{
	send_to(p->rtp, &p->to, bytes, n);
}

void phone_say(struct phone *p, uint8_t payload, uint8_t fill)
{
	uint8_t bytes[256];
	phone_send_raw(p, bytes, phone_write(p, payload, fill, bytes, sizeof(bytes)));
}

static void receive_on(struct phone *p, int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);

	if (poll(&wait, 1, DEADLINE_US / 1000) != 1)
		fail_msg("nothing came");
	ssize_t n = recvfrom(fd, p->bytes, sizeof(p->bytes), 0, (struct sockaddr *)&name, &length);
	assert_true(n > 0);
	assert_true(address_from_sockaddr(&name, &p->from));
	p->n = (size_t)n;
}

void phone_receive(struct phone *p)
{
	receive_on(p, p->rtp);
}

void phone_hear(struct phone *p, uint8_t fill)
{
	phone_receive(p);
	if (p->receive)
		assert_int_equal(srtp_unprotect(p->receive, p->bytes, p->n, &p->n), SRTP_OK);
	assert_true(rtp_parse(p->bytes, p->n, &p->packet));
	assert_int_equal(p->packet.payload_bytes, 160);
	assert_int_equal(p->packet.header_bytes, RTP_HEADER_MIN);
	for (size_t i = 0; i < 160; i++)
		assert_int_equal(p->bytes[p->packet.header_bytes + i], fill);
	assert_true(address_eq(&p->from, &p->to));
}

void phone_hear_report(struct phone *p, bool mux, struct rtcp_report *ret)
{
	receive_on(p, mux ? p->rtp : p->rtcp);
	if (p->receive)
		assert_int_equal(srtcp_unprotect(p->receive, p->bytes, p->n, &p->n), SRTP_OK);
	assert_true(rtp_is_rtcp(p->bytes, p->n));
	assert_true(rtcp_parse(p->bytes, p->n, ret));
	assert_true(address_eq(&p->from, mux ? &p->to : &p->rtcp_to));
}

bool phone_quiet(struct phone *p)
{
	char byte;
	return recv(p->rtp, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

void call_open(struct call *c, unsigned workers)
{
	fixture_start(&c->f, workers, 64);
	phone_open(&c->a, 0xaaaa);
	phone_open(&c->b, 0xbbbb);
	c->sa = phone_stream(&c->f, &c->a, c->f.anchors[0], &c->set_a);
	c->sb = phone_stream(&c->f, &c->b, c->f.anchors[workers - 1], &c->set_b);
}

void call_start(struct call *c)
{
	fixture_init(&c->f);
	call_open(c, 1);
	fixture_join(&c->f, c->sa, c->sb);
}

void call_done(struct call *c)
{
	phone_done(&c->a);
	phone_done(&c->b);
	fixture_done(&c->f);
}

void say_and_hear(struct phone *from, struct phone *to, uint8_t fill)
{
	phone_say(from, PCMU, fill);
	phone_hear(to, fill);
}
