/* bench/wire.c - see wire.h */
#include "bench/wire.h"
#include "bench/wire_tls.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

static struct wire_batch *batch_new(void)
{
	struct wire_batch *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	for (unsigned i = 0; i < WIRE_BATCH; i++) {
		b->part[i] = (struct iovec){.iov_base = b->bytes[i], .iov_len = WIRE_BYTES};
		b->header[i].msg_hdr = (struct msghdr){.msg_name = &b->peer[i],
						       .msg_namelen = sizeof(b->peer[i]),
						       .msg_iov = &b->part[i],
						       .msg_iovlen = 1};
	}
	return b;
}

static int bind_to(int fd, const struct address *local)
{
	struct sockaddr_storage at;
	uint32_t n;
	address_to_sockaddr(local, &at, &n);
	return bind(fd, (struct sockaddr *)&at, n);
}

/* A phone's answer does not wait for the acknowledgement of its ringing. */
static bool set_nodelay(int fd)
{
	const int on = 1;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
}

/* FORCE needs a privilege; without it the system's limit decides. */
static void set_buffers(int fd, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

struct wire *wire_new(const struct address *local, unsigned buffer_bytes)
{
	struct wire *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->local = *local;
	w->out = batch_new();
	w->in = batch_new();
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd >= 0 && w->out && w->in) {
		set_buffers(w->fd, (int)buffer_bytes);
		if (bind_to(w->fd, local) == 0)
			return w;
	}
	int saved = errno;
	wire_free(w);
	errno = saved;
	return NULL;
}

struct wire *wire_connect(const struct address *local, const struct address *server)
{
	struct wire *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server->port)}, at = {0};
	socklen_t n = sizeof(at);
	memcpy(&to.sin_addr, server->ip + 12, 4);
	if (w->fd >= 0 && set_nodelay(w->fd) && bind_to(w->fd, local) == 0 &&
	    (connect(w->fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS) &&
	    getsockname(w->fd, (struct sockaddr *)&at, &n) == 0 && (w->tls = wire_tls_new(w->fd, server))) {
		w->local = *local;
		w->local.port = ntohs(at.sin_port);
		return w;
	}
	int saved = errno;
	wire_free(w);
	errno = saved;
	return NULL;
}

struct wire *wire_free(struct wire *w)
{
	if (!w)
		return NULL;
	wire_tls_free(w->tls);
	if (w->fd >= 0)
		close(w->fd);
	free(w->out);
	free(w->in);
	free(w);
	return NULL;
}

bool wire_is_closed(const struct wire *w)
{
	return w->tls && wire_tls_is_closed(w->tls);
}

void wire_write_via(struct writer *w, const struct wire *wire)
{
	write_slice(w, wire->tls ? SLICE("SIP/2.0/TLS ") : SLICE("SIP/2.0/UDP "));
	write_address_with_port(w, &wire->local);
}

void wire_write_contact_transport(struct writer *w, const struct wire *wire)
{
	if (wire->tls)
		write_slice(w, SLICE(";transport=tls"));
}

struct writer wire_begin(struct wire *w)
{
	if (w->tls)
		return wire_tls_begin();
	if (w->queued == WIRE_BATCH)
		wire_flush(w);
	return writer_on(w->out->bytes[w->queued], WIRE_BYTES);
}

void wire_end(struct wire *w, const struct writer *message, const struct address *to)
{
	ASSERT(!message->overflow);
	if (w->tls) {
		wire_tls_end(w->tls, message);
		return;
	}
	w->out->part[w->queued].iov_len = message->n;
	struct sockaddr_in *peer = &w->out->peer[w->queued++];
	*peer = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(to->port)};
	memcpy(&peer->sin_addr, to->ip + 12, 4);
}

void wire_send(struct wire *w, struct slice message, const struct address *to)
{
	struct writer out = wire_begin(w);
	write_slice(&out, message);
	wire_end(w, &out, to);
}

void wire_flush(struct wire *w)
{
	if (w->tls)
		wire_tls_flush(w->tls);
	unsigned sent = 0;
	while (sent < w->queued) {
		int n = sendmmsg(w->fd, w->out->header + sent, w->queued - sent, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			w->refused++;
			n = 1;
		}
		sent += (unsigned)n;
	}
	w->queued = 0;
}

unsigned wire_receive(struct wire *w, unsigned batches, wire_input_fn input, void *arg)
{
	unsigned total = 0;
	if (w->tls)
		return wire_tls_receive(w->tls, input, arg);
	for (unsigned b = 0; b < batches; b++) {
		int n = recvmmsg(w->fd, w->in->header, WIRE_BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0)
			break;
		for (int i = 0; i < n; i++) {
			struct address from = {.port = ntohs(w->in->peer[i].sin_port)};
			from.ip[10] = from.ip[11] = 0xff;
			memcpy(from.ip + 12, &w->in->peer[i].sin_addr, 4);
			input(arg, slice_of(w->in->bytes[i], w->in->header[i].msg_len), &from);
			w->in->header[i].msg_hdr.msg_namelen = sizeof(w->in->peer[i]);
		}
		total += (unsigned)n;
		if (n < WIRE_BATCH)
			break;
	}
	return total;
}
