/* net/udp.c - the socket, its queue and its batches */
#include <errno.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop_private.h"
#include "net/udp.h"
#include "net/udp_private.h"

/*
 * Room for the largest datagram in every place of the batch is 2 MiB, but of address space: the kernel gives memory
 * page by page as datagrams touch it, so ordinary SIP uses one or two pages a place. Places are not a whole number of
 * pages apart, else their first lines would all compete for the same few places of the processor's cache.
 */
#define PLACE_BYTES (65536 + 192)
#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo)))

struct messages {
	struct mmsghdr of[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct sockaddr_storage names[UDP_BATCH];
	struct {
		alignas(struct cmsghdr) char bytes[CONTROL_BYTES];
	} control[UDP_BATCH];
};

/* Shared by all sockets of a loop. Two sets, because a callback on what came in may make a full queue leave. */
struct udp_batch {
	struct messages in, out;
	char *places;
};

struct datagram {
	struct address local, remote;
	bool has_local;
	uint32_t at, n; /* in the bytes of the queue */
};

struct udp {
	struct loop *loop;
	uv_poll_t poll;
	int fd;
	int family;
	bool bound_any; /* the kernel has a source address to choose, unless we name one */
	bool closed, blocked;
	udp_input_fn fn;
	void *arg;
	struct address local;
	struct loop_flush flush;
	struct udp_figures figures;
	/* The queue: a ring of descriptions and a ring of bytes, both touched only as far as they are needed. */
	struct datagram *queue; /* UDP_QUEUE_MAX of them, then UDP_QUEUE_BYTES bytes, one mapping */
	char *bytes;
	uint32_t first, count, free_at;
};

#define QUEUE_MAP_BYTES (UDP_QUEUE_MAX * sizeof(struct datagram) + UDP_QUEUE_BYTES)

static void *map_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static struct udp_batch *batch_new(void)
{
	struct udp_batch *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->places = map_memory((size_t)UDP_BATCH * PLACE_BYTES);
	if (!b->places) {
		free(b);
		return NULL;
	}
	return b;
}

struct udp_batch *udp_batch_free(struct udp_batch *b)
{
	if (b) {
		munmap(b->places, (size_t)UDP_BATCH * PLACE_BYTES);
		free(b);
	}
	return NULL;
}

static void read_pktinfo(struct msghdr *m, struct address *ret_local)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(ret_local->ip, &info.ipi6_addr, 16);
			ret_local->scope = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			/* Not ipi_addr, which is the broadcast address if that is where the datagram was sent. */
			memcpy(ret_local->ip + 12, &info.ipi_spec_dst, 4);
		}
	}
}

static void write_pktinfo(int family, const struct address *local, struct msghdr *m, void *control)
{
	m->msg_control = control;
	if (family == AF_INET) {
		struct in_pktinfo info = {0};
		memcpy(&info.ipi_spec_dst, local->ip + 12, 4);
		m->msg_controllen = CMSG_SPACE(sizeof(info));
		struct cmsghdr *c = CMSG_FIRSTHDR(m);
		*c = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		return;
	}
	struct in6_pktinfo info = {.ipi6_ifindex = local->scope};
	memcpy(&info.ipi6_addr, local->ip, 16);
	m->msg_controllen = CMSG_SPACE(sizeof(info));
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	*c = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static int receive_batch(struct udp *u)
{
	struct messages *b = &u->loop->udp->in;
	char *places = u->loop->udp->places;

	for (size_t i = 0; i < UDP_BATCH; i++) {
		b->iov[i] = (struct iovec){.iov_base = places + i * PLACE_BYTES, .iov_len = 65536};
		b->of[i].msg_hdr = (struct msghdr){.msg_name = &b->names[i],
						   .msg_namelen = sizeof(b->names[i]),
						   .msg_iov = &b->iov[i],
						   .msg_iovlen = 1,
						   .msg_control = b->control[i].bytes,
						   .msg_controllen = CONTROL_BYTES};
	}
	int n = recvmmsg(u->fd, b->of, UDP_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n && !u->closed; i++) {
		struct msghdr *m = &b->of[i].msg_hdr;
		struct address local = u->local, remote;
		/* Cut off is only what no IP packet can hold; without a sender there is nobody to answer. */
		if ((m->msg_flags & MSG_TRUNC) || !address_from_sockaddr(m->msg_name, &remote))
			continue;
		read_pktinfo(m, &local);
		u->figures.received++;
		u->fn(u->arg, &local, &remote, b->iov[i].iov_base, b->of[i].msg_len);
	}
	return n;
}

static void receive(struct udp *u)
{
	/* Level-triggered: what is left over makes the next turn begin at once. */
	for (int taken = 0; taken < UDP_TURN_MAX && !u->closed; taken += UDP_BATCH) {
		if (receive_batch(u) < UDP_BATCH)
			return;
	}
	u->loop->full = true;
}

static void watch(struct udp *u);
static void send_queue(struct udp *u);

static void polled(uv_poll_t *handle, int status, int events)
{
	struct udp *u = handle->data;

	if (status < 0) {
		/* libuv stops watching a socket with a pending error; reading the error clears it. */
		int err;
		socklen_t n = sizeof(err);
		(void)getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &err, &n);
		watch(u);
		return;
	}
	if (events & UV_WRITABLE) {
		u->blocked = false;
		send_queue(u);
		watch(u);
	}
	if (events & UV_READABLE)
		receive(u);
}

static void watch(struct udp *u)
{
	int rc = uv_poll_start(&u->poll, UV_READABLE | (u->blocked ? UV_WRITABLE : 0), polled);
	ASSERT(rc == 0);
}

static size_t fill_batch(struct udp *u)
{
	struct messages *b = &u->loop->udp->out;
	size_t n = MIN(u->count, (uint32_t)UDP_BATCH);

	for (size_t i = 0; i < n; i++) {
		struct datagram *d = &u->queue[(u->first + i) % UDP_QUEUE_MAX];
		struct msghdr *m = &b->of[i].msg_hdr;
		b->iov[i] = (struct iovec){.iov_base = u->bytes + d->at, .iov_len = d->n};
		*m = (struct msghdr){.msg_name = &b->names[i], .msg_iov = &b->iov[i], .msg_iovlen = 1};
		m->msg_namelen = udp_sockaddr(u->family, &d->remote, &b->names[i]);
		if (d->has_local && u->bound_any)
			write_pktinfo(u->family, &d->local, m, b->control[i].bytes);
	}
	return n;
}

static void drop_first(struct udp *u, uint32_t n)
{
	u->first = (u->first + n) % UDP_QUEUE_MAX;
	u->count -= n;
	/* An empty queue starts over, so that its pages stay few and warm. */
	if (u->count == 0)
		u->first = u->free_at = 0;
}

static void send_queue(struct udp *u)
{
	while (u->count) {
		int sent = sendmmsg(u->fd, u->loop->udp->out.of, (unsigned)fill_batch(u), MSG_DONTWAIT);
		if (sent >= 0) {
			u->figures.sent += (uint64_t)sent;
			drop_first(u, (uint32_t)sent);
		} else if (errno == EAGAIN) {
			u->blocked = true;
			return;
		} else if (errno != EINTR) {
			/* Only the first can have failed: no route, too large for the path, its source address gone. */
			u->figures.refused++;
			drop_first(u, 1);
		}
	}
}

static void flush(void *arg)
{
	struct udp *u = arg;

	/* While the socket takes no more, its becoming writable is what we wait for. */
	if (u->blocked)
		return;
	send_queue(u);
	if (u->blocked)
		watch(u);
}

/* A place for one more datagram, its bytes in one piece. The bytes in use begin at the first's and end at free_at. */
static bool take_room(struct udp *u, size_t bytes_n, uint32_t *ret_at)
{
	uint32_t begin = u->count ? u->queue[u->first].at : 0;
	/* Also an empty datagram takes a byte: where begin and end are equal the ring is full. */
	uint32_t n = (uint32_t)MAX(bytes_n, (size_t)1);

	if (u->count == UDP_QUEUE_MAX)
		return false;
	if (u->count && u->free_at <= begin) {
		if (n > begin - u->free_at)
			return false;
		*ret_at = u->free_at;
	} else if (n <= UDP_QUEUE_BYTES - u->free_at) {
		*ret_at = u->free_at;
	} else if (n <= begin) {
		*ret_at = 0;
	} else {
		return false;
	}
	u->free_at = *ret_at + n;
	return true;
}

int udp_send(struct udp *u, const struct address *local, const struct address *remote, struct slice bytes)
{
	ASSERT_ON(u->loop->thread);
	if (u->closed)
		return -ENOTCONN;
	if (bytes.n > UDP_PAYLOAD_MAX)
		return -EMSGSIZE;
	/* An IPv4 socket has no way to an IPv6 host, whatever the kernel would make of the attempt. */
	if (u->family == AF_INET && !address_is_v4(remote))
		return -EAFNOSUPPORT;

	uint32_t at;
	bool room = take_room(u, bytes.n, &at);
	if (!room) {
		flush(u);
		room = take_room(u, bytes.n, &at);
	}
	if (!room) {
		u->figures.refused++;
		return -ENOBUFS;
	}
	if (bytes.n)
		memcpy(u->bytes + at, bytes.p, bytes.n);
	struct datagram *d = &u->queue[(u->first + u->count++) % UDP_QUEUE_MAX];
	*d = (struct datagram){.remote = *remote, .at = at, .n = (uint32_t)bytes.n};
	if (local && !address_is_any(local) && (u->family == AF_INET6 || address_is_v4(local))) {
		d->local = *local;
		d->has_local = true;
	}
	return 0;
}

static void udp_free(struct udp *u)
{
	if (u->queue)
		munmap(u->queue, QUEUE_MAP_BYTES);
	if (u->fd >= 0)
		close(u->fd);
	free(u);
}

static void poll_closed(uv_handle_t *handle)
{
	udp_free(handle->data);
}

static int prepare(struct udp *u, const struct address *at)
{
	struct sockaddr_storage name;
	socklen_t name_n = sizeof(name);

	if (!u->loop->udp && !(u->loop->udp = batch_new()))
		return -ENOMEM;
	u->queue = map_memory(QUEUE_MAP_BYTES);
	if (!u->queue)
		return -ENOMEM;
	u->bytes = (char *)(u->queue + UDP_QUEUE_MAX);
	int rc = udp_socket_open(at, &u->fd, &u->family);
	if (rc < 0)
		return rc;
	if (getsockname(u->fd, (struct sockaddr *)&name, &name_n) < 0)
		return -errno;
	ASSERT(address_from_sockaddr(&name, &u->local));
	u->bound_any = address_is_any(&u->local);
	return uv_poll_init(&u->loop->uv, &u->poll, u->fd);
}

int udp_open(struct loop *l, const struct address *at, udp_input_fn fn, void *arg, struct udp **ret)
{
	ASSERT_ON(l->thread);
	struct udp *u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	*u = (struct udp){.loop = l, .fd = -1, .fn = fn, .arg = arg};
	int rc = prepare(u, at);
	if (rc < 0) {
		udp_free(u);
		return rc;
	}
	u->poll.data = u;
	u->flush = (struct loop_flush){.fn = flush, .arg = u};
	loop_add_flush(l, &u->flush);
	watch(u);
	*ret = u;
	return 0;
}

void udp_close(struct udp *u)
{
	if (!u || u->closed)
		return;
	ASSERT_ON(u->loop->thread);
	send_queue(u);
	u->closed = true;
	loop_remove_flush(u->loop, &u->flush);
	uv_close((uv_handle_t *)&u->poll, poll_closed);
}

void udp_local(const struct udp *u, struct address *ret)
{
	*ret = u->local;
}

void udp_figures(const struct udp *u, struct udp_figures *ret)
{
	*ret = u->figures;
	ret->waiting = u->count;
}
