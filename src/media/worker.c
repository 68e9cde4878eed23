/* media/worker.c - the worker's rounds and rings */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rights.h"
#include "media/transcode.h"
#include "media/worker.h"
#include "net/loop.h"

/* In epoll's word: a stream's address, and in the two bits that alignment leaves free which of its sockets; or that of
 * a shared socket. 0: the eventfd. */
#define TAG_SHARED 3
#define TAG_BITS ((uintptr_t)3)

/* Passing packets on needs a few KB, Opus up to 100; OpenSSL's ciphers are made elsewhere. */
#define STACK_BYTES (512 * 1024)

static int make_rings(struct worker *w)
{
	w->commands = ring_new(sizeof(struct command), MEDIA_COMMANDS_MAX);
	w->closes = ring_new(sizeof(pool_handle), w->streams_max);
	w->events = ring_new(sizeof(struct worker_event), w->tuning->events_max);
	w->closed = ring_new(sizeof(struct media_stream *), w->streams_max);
	if (!w->commands || !w->closes || !w->events || !w->closed)
		return -ENOMEM;
	for (unsigned i = 0; i < w->count; i++) {
		if (i == w->index)
			continue;
		w->crossing[i] = ring_new(sizeof(struct crossing), w->tuning->crossing_max);
		if (!w->crossing[i])
			return -ENOMEM;
	}
	return 0;
}

static int64_t worker_clock(const struct worker *w)
{
	return w->tuning->clock_us ? atomic_load(w->tuning->clock_us) : clock_monotonic_us();
}

/* Counts are kept here without any sharing and added to the metrics once a second. */
static void publish(struct timer *t, void *arg)
{
	struct worker *w = arg;
	struct worker_counts *c = &w->counts;

	metric_add(&w->metrics->received, c->received);
	metric_add(&w->metrics->sent, c->sent);
	metric_add(&w->metrics->unsent, c->unsent);
	metric_add(&w->metrics->crossing_dropped, c->crossing_dropped);
	metric_add(&w->metrics->digits, c->digits);
	metric_add(&w->metrics->digits_dropped, c->digits_dropped);
	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		metric_add(&w->metrics->refused[i], c->refused[i]);
	*c = (struct worker_counts){0};
	timer_start(&w->wheel, t, SECOND_US);
}

static int make_shared(struct worker *w)
{
	uint8_t key[16];

	if (!w->has_shared)
		return 0;
	w->shared = calloc(1, sizeof(*w->shared));
	if (!w->shared)
		return -ENOMEM;
	random_bytes(&w->random, key, sizeof(key));
	return shared_init(w->shared, key, w->streams_max);
}

int worker_init(struct worker *w)
{
	w->epoll_fd = w->event_fd = -1;
	int rc = make_rings(w);
	if (rc < 0)
		return rc;
	w->streams = calloc(w->streams_max, sizeof(struct media_stream *));
	w->ciphers = srtp_ciphers_new();
	if (!w->streams || !w->ciphers)
		return -ENOMEM;
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->epoll_fd < 0 || w->event_fd < 0)
		return -errno;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0};
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->event_fd, &event) < 0)
		return -errno;
	random_init(&w->random);
	wheel_init(&w->wheel, worker_clock(w), clock_wall_us());
	timer_init(&w->publish, publish, w);
	timer_start(&w->wheel, &w->publish, SECOND_US);
	return make_shared(w);
}

void worker_done(struct worker *w)
{
	ring_free(w->commands);
	ring_free(w->closes);
	ring_free(w->events);
	ring_free(w->closed);
	for (unsigned i = 0; i < w->count; i++)
		ring_free(w->crossing[i]);
	free(w->streams);
	srtp_ciphers_free(w->ciphers);
	if (w->shared)
		shared_done(w->shared);
	free(w->shared);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->event_fd >= 0)
		close(w->event_fd);
}

static void wake(struct worker *w)
{
	ssize_t n = write(w->event_fd, &(uint64_t){1}, sizeof(uint64_t));
	ASSERT(n == sizeof(uint64_t) || errno == EAGAIN);
}

/*
 * Who leaves something in a ring and then finds `asleep` set wakes the sleeper; who goes to sleep sets it and then
 * looks into the rings once more. Both do so by an exchange, and exchanges of one variable have an order: if the
 * sleeper's came first, the other saw it; if it came last, it saw all that the other had left before.
 */
void worker_wake(struct worker *w)
{
	if (atomic_exchange(&w->asleep, false))
		wake(w);
}

struct media_stream *worker_stream(struct worker *w, pool_handle handle)
{
	uint32_t slot = (uint32_t)handle;
	struct media_stream *s = slot < w->streams_max ? w->streams[slot] : NULL;
	return s && s->handle == handle ? s : NULL;
}

bool worker_tell(struct worker *w, const struct worker_event *event)
{
	if (ring_push(w->events, event) < 0)
		return false;
	w->told_switchboard = true;
	return true;
}

void worker_cross(struct worker *w, struct worker *to)
{
	ASSERT(to != w);
	if (ring_push(to->crossing[w->index], &w->cross) < 0) {
		w->counts.crossing_dropped++;
		return;
	}
	w->told[to->index] = true;
}

bool worker_listen(struct media_stream *s, enum media_socket at)
{
	const int fds[] = {[SOCKET_RTP] = s->rtp.fd, [SOCKET_RTCP] = s->rtcp.fd, [SOCKET_DIRECT] = s->direct};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uintptr_t)s | at};
	return epoll_ctl(s->worker->epoll_fd, EPOLL_CTL_ADD, fds[at], &event) == 0;
}

static void listen_on(struct media_stream *s)
{
	if (!worker_listen(s, SOCKET_RTP) || !worker_listen(s, SOCKET_RTCP))
		log_event(LOG_ERROR, "media.deaf", LOG_INT("errno", errno));
}

static void listen_shared(struct worker *w, const struct shared_socket *socket)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uintptr_t)socket | TAG_SHARED};
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, socket->fd, &event) < 0)
		log_event(LOG_ERROR, "media.deaf", LOG_INT("errno", errno));
}

static void command_do(struct worker *w, struct command *c)
{
	if (c->kind == COMMAND_LISTEN) {
		listen_shared(w, c->listen);
		return;
	}
	if (c->kind == COMMAND_OPEN) {
		w->streams[(uint32_t)c->stream] = c->open;
		media_stream_open(c->open, w);
		if (!c->open->webrtc)
			listen_on(c->open);
		return;
	}
	/* The switchboard sends nothing after a close, so the stream is there. */
	struct media_stream *s = worker_stream(w, c->stream);
	ASSERT(s);
	switch (c->kind) {
	case COMMAND_SET:
		media_stream_apply(s, &c->set);
		break;
	case COMMAND_JOIN:
		s->joined = c->join.other;
		s->joined_worker = c->join.worker;
		memcpy(s->map, c->join.map, sizeof(s->map));
		transcoder_install(s, c->join.transcoder);
		break;
	case COMMAND_SPLIT:
		s->joined = 0;
		transcoder_install(s, NULL);
		break;
	case COMMAND_DIGIT:
		event_queue(s, &c->digit);
		break;
	case COMMAND_OPEN:
	case COMMAND_LISTEN:
		break;
	}
}

static bool drain_commands(struct worker *w)
{
	bool any = false;

	while (ring_pop(w->commands, &w->command)) {
		command_do(w, &w->command);
		any = true;
	}
	return any;
}

static bool drain_closes(struct worker *w)
{
	pool_handle handle;
	bool any = false;

	while (ring_pop(w->closes, &handle)) {
		drain_commands(w); /* what was said to the stream before its end */
		struct media_stream *s = worker_stream(w, handle);
		ASSERT(s);
		if (!s->webrtc) {
			(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->rtp.fd, NULL);
			(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->rtcp.fd, NULL);
		}
		media_stream_close(s);
		w->streams[(uint32_t)handle] = NULL;
		int rc = ring_push(w->closed, &s);
		ASSERT(rc == 0);
		w->told_switchboard = true;
		any = true;
	}
	return any;
}

static bool drain_crossings(struct worker *w)
{
	bool any = false;

	for (unsigned i = 0; i < w->count; i++) {
		/* A bounded number, so that one busy neighbour does not hold up the sockets. */
		for (unsigned k = 0; i != w->index && k < MEDIA_CROSSING_MAX; k++) {
			if (!ring_pop(w->crossing[i], &w->cross))
				break;
			any = true;
			w->cross.packet.at = w->cross.bytes + RTP_HEADER_MIN;
			struct media_stream *s = worker_stream(w, w->cross.packet.to);
			if (s)
				relay_send(s, &w->cross.packet);
		}
	}
	return any;
}

static void wake_others(struct worker *w)
{
	if (w->told_switchboard) {
		w->told_switchboard = false;
		loop_waker_wake(w->waker);
	}
	for (unsigned i = 0; i < w->count; i++) {
		if (w->told[i]) {
			w->told[i] = false;
			worker_wake(w->all[i]);
		}
	}
}

static int wait_ms(const struct worker *w)
{
	int64_t left_us = wheel_next_us(&w->wheel) - worker_clock(w);
	if (left_us <= 0)
		return 0;
	return (int)MIN((left_us + MS_US - 1) / MS_US, INT64_C(60000));
}

static void handle(struct worker *w, const struct epoll_event *event)
{
	if (event->data.u64 == 0) {
		uint64_t count;
		(void)!read(w->event_fd, &count, sizeof(count));
		return;
	}
	uintptr_t word = (uintptr_t)event->data.u64;
	uintptr_t tag = word & TAG_BITS, at = word & ~TAG_BITS;
	if (tag == TAG_SHARED)
		shared_readable(w, (const struct shared_socket *)at);
	else
		media_stream_readable((struct media_stream *)at, (enum media_socket)tag);
}

static void wake_asked(void *arg)
{
	worker_wake(arg);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	struct epoll_event events[MEDIA_ROUND_MAX];

	thread_owner_take(&w->thread);
	/* Where that is not allowed voice is a thread like others. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), MEDIA_NICE);
	int rc = rights_give_up();
	ASSERT(rc == 0);
	pulse_begin(&w->pulse, w->name, wake_asked, w);
	while (!atomic_load_explicit(&w->stopping, memory_order_acquire)) {
		pulse_answer(&w->pulse);
		atomic_exchange(&w->asleep, true);
		bool busy = drain_commands(w);
		busy |= drain_closes(w);
		busy |= drain_crossings(w);
		wake_others(w);
		busy |= w->shared && w->shared->waiting;
		/* A stream closed above is in no event below: its sockets have left the epoll. */
		int n = epoll_wait(w->epoll_fd, events, MEDIA_ROUND_MAX, busy ? 0 : wait_ms(w));
		atomic_store_explicit(&w->asleep, false, memory_order_relaxed);
		ASSERT(n >= 0 || errno == EINTR);
		wheel_turn(&w->wheel, worker_clock(w), clock_wall_us());
		for (int i = 0; i < n; i++)
			handle(w, &events[i]);
		if (w->shared)
			shared_shake(w);
	}
	pulse_end(&w->pulse);
	return NULL;
}

int worker_start(struct worker *w)
{
	pthread_attr_t attributes;
	sigset_t every, before;

	if (pthread_attr_init(&attributes) != 0)
		return -ENOMEM;
	int rc = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	ASSERT(rc == 0);
	/* Signals are the switchboard's; a thread inherits the mask it is made under, but for that of its pulse. */
	(void)snprintf(w->name, sizeof(w->name), "media-%u", w->index % 100);
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	rc = pthread_create(&w->id, &attributes, worker_run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (rc != 0)
		return -rc;
	(void)pthread_setname_np(w->id, w->name);
	return 0;
}

void worker_stop(struct worker *w)
{
	atomic_store_explicit(&w->stopping, true, memory_order_release);
	/* Whether it sleeps or not: by `asleep` alone it could fall asleep between our look and the end. */
	wake(w);
	int rc = pthread_join(w->id, NULL);
	ASSERT(rc == 0);
}
