/* net/stream.c - a connection's life: input, the output queue, and the ways it ends */
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/stream_private.h"

static struct stream_list *held_list(struct stream *s)
{
	struct stream_shared *shared = s->loop->streams;
	if (s->state != STREAM_HANDSHAKE)
		return &shared->paused;
	return s->begun ? &shared->begun : &shared->handshakes;
}

static void stream_closed(uv_handle_t *handle)
{
	struct stream *s = handle->data;

	if (!s->silent)
		s->events->closed(s->arg, s, s->why);
	SSL_free(s->ssl);
	free(s->out);
	free(s->flight);
	free(s);
}

void stream_end(struct stream *s, enum stream_closed why)
{
	if (s->state == STREAM_CLOSED)
		return;
	stream_list_remove(&s->loop->streams->dirty, &s->dirty);
	stream_list_remove(held_list(s), &s->held);
	timer_stop(&s->loop->wheel, &s->timer);
	s->state = STREAM_CLOSED;
	s->why = why;
	uv_close((uv_handle_t *)&s->tcp, stream_closed);
}

void stream_mark(struct stream *s)
{
	if (s->state != STREAM_CLOSED)
		stream_list_add(&s->loop->streams->dirty, &s->dirty);
}

/* Time is up: for the handshake, or for the peer to take what it is owed. */
static void timed_out(struct timer *t, void *arg)
{
	struct stream *s = arg;

	if (s->state == STREAM_CLOSING)
		stream_end(s, s->why);
	else
		stream_end(s, s->state == STREAM_CONNECTING ? STREAM_CLOSED_ERROR : STREAM_CLOSED_HANDSHAKE);
}

int stream_append(struct stream *s, const void *bytes, size_t n)
{
	if (n > s->out_cap - s->out_n) {
		size_t cap = s->out_cap ? s->out_cap : 1024;
		while (cap - s->out_n < n)
			cap *= 2;
		char *out = realloc(s->out, cap);
		if (!out)
			return -ENOMEM;
		s->out = out;
		s->out_cap = cap;
	}
	if (n)
		memcpy(s->out + s->out_n, bytes, n);
	s->out_n += n;
	return 0;
}

static void release_out(struct stream *s)
{
	free(s->out);
	s->out = NULL;
	s->out_n = s->out_cap = 0;
}

static void shut_down(uv_shutdown_t *request, int status)
{
	/* The peer's end of file, or the timer, ends it. */
}

/* All that was queued is the kernel's. A socket closed with input unread would take it back, so we wait for the peer.
 */
static void close_emptied(struct stream *s)
{
	if (s->eof) {
		stream_end(s, s->why);
	} else if (!s->shut) {
		s->shut = true;
		if (uv_shutdown(&s->request.shutdown, (uv_stream_t *)&s->tcp, shut_down) < 0)
			stream_end(s, s->why);
	}
}

static void written(uv_write_t *request, int status)
{
	struct stream *s = container_of(request, struct stream, request.write);

	free(s->flight);
	s->flight = NULL;
	s->flight_n = 0;
	if (s->state == STREAM_CLOSED)
		return;
	if (status < 0)
		stream_end(s, s->state == STREAM_CLOSING ? s->why : STREAM_CLOSED_ERROR);
	else
		stream_flush(s);
}

/* What the kernel does not take now is handed to libuv, and a new queue begins behind it. */
static int write_queue(struct stream *s)
{
	uv_buf_t buf = {.base = s->out, .len = s->out_n};
	int n = uv_try_write((uv_stream_t *)&s->tcp, &buf, 1);

	if (n < 0 && n != UV_EAGAIN)
		return n;
	size_t done = n > 0 ? (size_t)n : 0;
	if (done == s->out_n) {
		release_out(s);
		return 0;
	}
	buf = (uv_buf_t){.base = s->out + done, .len = s->out_n - done};
	s->flight = s->out;
	s->flight_n = s->out_n - done;
	s->out = NULL;
	release_out(s);
	return uv_write(&s->request.write, (uv_stream_t *)&s->tcp, &buf, 1, written);
}

void stream_flush(struct stream *s)
{
	if (s->flight || s->state == STREAM_CONNECTING || s->state == STREAM_CLOSED)
		return;
	if (s->out_n && write_queue(s) < 0) {
		stream_end(s, s->state == STREAM_CLOSING ? s->why : STREAM_CLOSED_ERROR);
		return;
	}
	if (!s->flight && s->state == STREAM_CLOSING)
		close_emptied(s);
}

void stream_finish(struct stream *s, enum stream_closed why)
{
	if (s->state >= STREAM_CLOSING)
		return;
	if (s->held.prev) {
		stream_list_remove(held_list(s), &s->held);
		stream_read(s);
	}
	if (s->ssl && s->state == STREAM_OPEN)
		(void)SSL_shutdown(s->ssl);
	if (s->state == STREAM_CLOSED)
		return;
	s->state = STREAM_CLOSING;
	s->why = why;
	timer_start(&s->loop->wheel, &s->timer, STREAM_LINGER_US);
	stream_mark(s);
}

void stream_opened(struct stream *s)
{
	timer_stop(&s->loop->wheel, &s->timer);
	s->state = STREAM_OPEN;
	s->events->opened(s->arg, s);
}

void stream_deliver(struct stream *s, char *bytes, size_t n)
{
	s->events->input(s->arg, s, bytes, n);
}

/* What is beyond the turn's share is put off by not reading: the bytes stay in the kernel. */
static bool must_wait(const struct stream *s)
{
	const struct stream_shared *shared = s->loop->streams;

	if (s->granted)
		return false;
	if (s->state == STREAM_HANDSHAKE)
		return shared->handshakes_left == 0;
	return s->state == STREAM_OPEN && shared->turn_us >= STREAM_TURN_US;
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct stream *s = handle->data;
	struct stream_shared *shared = s->loop->streams;

	*ret = (uv_buf_t){.base = shared->raw, .len = must_wait(s) ? 0 : sizeof(shared->raw)};
}

static void hold(struct stream *s)
{
	uv_read_stop((uv_stream_t *)&s->tcp);
	stream_list_add(held_list(s), &s->held);
	loop_want_turn(s->loop);
	/* A phone in a storm is not late by the time that it waits for its turn. */
	if (s->state == STREAM_HANDSHAKE && timer_running(&s->timer)) {
		s->left_us = s->timer.due_us - s->loop->wheel.now_us;
		timer_stop(&s->loop->wheel, &s->timer);
	}
}

static void take_input(struct stream *s, char *bytes, size_t n)
{
	struct stream_shared *shared = s->loop->streams;
	int64_t began_us = clock_monotonic_us();
	bool was_open = s->state == STREAM_OPEN;

	if (!was_open) {
		if (!s->granted)
			shared->handshakes_left--;
		s->begun = true;
	}
	s->granted = false;
	if (s->ssl)
		stream_tls_input(s, bytes, n);
	else
		stream_deliver(s, bytes, n);
	if (was_open) /* steps of a handshake have a bound of their own */
		shared->turn_us += clock_monotonic_us() - began_us;

	if (s->turn != shared->turn) {
		s->turn = shared->turn;
		s->turn_bytes = 0;
	}
	s->turn_bytes += n;
	if (++shared->turn_inputs >= LOOP_TURN_INPUTS)
		s->loop->full = true;
	if (s->turn_bytes >= STREAM_TURN_BYTES_MAX && s->state == STREAM_OPEN)
		hold(s);
}

static void peer_ended(struct stream *s)
{
	s->eof = true;
	if (s->state == STREAM_HANDSHAKE)
		stream_end(s, STREAM_CLOSED_HANDSHAKE);
	else if (s->state == STREAM_OPEN)
		stream_finish(s, STREAM_CLOSED_BY_PEER);
	else if (s->state == STREAM_CLOSING)
		stream_mark(s);
}

static void input(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
	struct stream *s = handle->data;

	if (s->state == STREAM_CLOSED)
		return;
	if (n == UV_ENOBUFS)
		hold(s);
	else if (n == UV_EOF)
		peer_ended(s);
	else if (n < 0)
		stream_end(s, s->state == STREAM_CLOSING ? s->why : STREAM_CLOSED_ERROR);
	else if (n > 0 && s->state != STREAM_CLOSING)
		take_input(s, buf->base, (size_t)n);
}

void stream_read(struct stream *s)
{
	if (uv_read_start((uv_stream_t *)&s->tcp, allocate, input) < 0)
		stream_end(s, STREAM_CLOSED_ERROR);
}

int stream_names(struct stream *s)
{
	struct sockaddr_storage local, remote;
	int local_n = sizeof(local), remote_n = sizeof(remote);

	int rc = uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&local, &local_n);
	if (rc == 0)
		rc = uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&remote, &remote_n);
	if (rc < 0)
		return rc;
	bool known = address_from_sockaddr(&local, &s->local) && address_from_sockaddr(&remote, &s->remote);
	return known ? 0 : -EAFNOSUPPORT;
}

void stream_begin(struct stream *s)
{
	/* Best effort both: without them it is slower, not wrong. */
	(void)uv_tcp_nodelay(&s->tcp, 1);
	(void)uv_tcp_keepalive(&s->tcp, 1, STREAM_KEEPALIVE_SECONDS);
	stream_read(s);
	if (s->state == STREAM_CLOSED)
		return;
	s->state = STREAM_HANDSHAKE;
	if (!s->ssl) {
		stream_opened(s);
		return;
	}
	if (!SSL_is_server(s->ssl))
		stream_tls_input(s, NULL, 0);
	else
		timer_start(&s->loop->wheel, &s->timer, STREAM_HANDSHAKE_US);
}

int stream_new(struct loop *l, SSL_CTX *context, struct stream **ret)
{
	struct stream_shared *shared;
	int rc = stream_shared_get(l, &shared);
	if (rc < 0)
		return rc;
	struct stream *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->loop = l;
	s->out_max = STREAM_OUT_MAX;
	rc = context ? stream_tls_attach(s, context, shared->bio) : 0;
	if (rc == 0)
		rc = uv_tcp_init(&l->uv, &s->tcp);
	if (rc < 0) {
		SSL_free(s->ssl);
		free(s);
		return rc;
	}
	s->tcp.data = s;
	timer_init(&s->timer, timed_out, s);
	*ret = s;
	return 0;
}

void stream_bound(struct stream *s, size_t most)
{
	ASSERT(most <= STREAM_OUT_MAX);
	s->out_max = most;
}

static bool fits(const struct stream *s, size_t n)
{
	return n <= s->out_max - MIN(stream_waiting(s), s->out_max);
}

int stream_send(struct stream *s, struct slice bytes)
{
	ASSERT_ON(s->loop->thread);
	if (s->state == STREAM_OPEN && !fits(s, bytes.n))
		stream_flush(s);
	if (s->state != STREAM_OPEN)
		return -ENOTCONN;
	if (!fits(s, bytes.n)) {
		stream_end(s, STREAM_CLOSED_OVERFLOW);
		return -ENOBUFS;
	}
	int rc = s->ssl ? stream_tls_send(s, bytes) : stream_append(s, bytes.p, bytes.n);
	if (rc < 0) {
		/* Part of a message may be queued, and the next would be read as its rest. */
		stream_end(s, STREAM_CLOSED_ERROR);
		return rc;
	}
	stream_mark(s);
	return 0;
}

size_t stream_waiting(const struct stream *s)
{
	return s->out_n + s->flight_n;
}

void stream_close(struct stream *s)
{
	ASSERT_ON(s->loop->thread);
	if (s->state == STREAM_OPEN)
		stream_finish(s, STREAM_CLOSED_BY_US);
	else if (s->state < STREAM_OPEN)
		stream_end(s, STREAM_CLOSED_BY_US);
}

void stream_drop(struct stream *s)
{
	ASSERT_ON(s->loop->thread);
	stream_end(s, STREAM_CLOSED_BY_US);
}

const struct address *stream_local(const struct stream *s)
{
	return &s->local;
}

const struct address *stream_remote(const struct stream *s)
{
	return &s->remote;
}
