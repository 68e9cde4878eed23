/* bench/voice.c - see voice.h */
#include "bench/voice.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 8
#define SOCKET_BYTES (8 << 20)
#define RTP_BYTES 12
#define PACKET_BYTES (RTP_BYTES + 160)
#define PACKETS_A_SECOND 50
/* Packets of one system call: more would be cheaper, and the last would wait behind the first with its time stamped. */
#define SEND_BATCH 4
#define RECEIVE_BATCH 64
#define SEND_BEHIND_MAX 64 /* sent in one turn, then arrivals are read */

struct leg {
	struct sockaddr_in remote;
	uint16_t sequence;
	bool known;
	int64_t begun_ns; /* when it sent the beginning of its sound */
	struct listener listener;
	struct srtp *send, *receive; /* NULL: plain */
};
/* What the payload begins with. */
struct stamp {
	uint32_t magic, counted;
	int64_t sent_ns;
};
#define STAMP_MAGIC 0x616c746fU

struct voice {
	unsigned calls, sockets, known;
	int fds[2 * SOCKETS_MAX]; /* callers' first */
	struct leg *legs;
	const struct speech *speech[2]; /* callers', callees'; NULL: packets that are known again */
	bool counted, running;
	int64_t started_us;
	uint64_t sent; /* since the start, all legs in turn */
	struct srtp_ciphers *ciphers;
	uint32_t from_port[65536]; /* leg + 1 whose far end this is: whose key opens what comes from it */
	struct voice_counts counts;
	uint8_t out[SEND_BATCH][PACKET_BYTES + SRTP_TRAILER_MAX];
	uint8_t in[RECEIVE_BATCH][PACKET_BYTES + 64];
};

static int open_socket(const struct address *host, uint16_t port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int bytes = SOCKET_BYTES, on = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	struct address at = *host;
	at.port = port;
	struct sockaddr_storage s;
	uint32_t n;
	address_to_sockaddr(&at, &s, &n);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 || bind(fd, (struct sockaddr *)&s, n) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

struct voice *voice_new(const struct address *caller, const struct address *callee, uint16_t first_port,
			unsigned sockets, unsigned calls)
{
	struct voice *v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	ASSERT(sockets >= 1 && sockets <= SOCKETS_MAX && calls >= 1);
	v->calls = calls;
	v->legs = calloc(2 * (size_t)calls, sizeof(*v->legs));
	v->ciphers = srtp_ciphers_new();
	for (; v->legs && v->ciphers && v->sockets < 2 * sockets; v->sockets++) {
		unsigned i = v->sockets;
		v->fds[i] = open_socket(i < sockets ? caller : callee, (uint16_t)(first_port + 2 * (i % sockets)));
		if (v->fds[i] < 0)
			break;
	}
	if (v->sockets == 2 * sockets)
		return v;
	int saved = errno;
	voice_free(v);
	errno = saved;
	return NULL;
}

struct voice *voice_free(struct voice *v)
{
	if (!v)
		return NULL;
	for (unsigned i = 0; i < v->sockets; i++)
		close(v->fds[i]);
	for (unsigned i = 0; v->legs && i < 2 * v->calls; i++) {
		listener_done(&v->legs[i].listener);
		srtp_free(v->legs[i].send);
		srtp_free(v->legs[i].receive);
	}
	srtp_ciphers_free(v->ciphers);
	free(v->legs);
	free(v);
	return NULL;
}

static bool set_keys(const struct voice *v, struct leg *leg, const struct agent_leg *as)
{
	if (as->send.suite == SRTP_NONE)
		return true;
	leg->send = srtp_free(leg->send);
	leg->receive = srtp_free(leg->receive);
	leg->send = srtp_new(v->ciphers, &as->send, SRTP_SEND);
	leg->receive = srtp_new(v->ciphers, &as->receive, SRTP_RECEIVE);
	return leg->send && leg->receive;
}

bool voice_leg(struct voice *v, bool caller, uint32_t slot, const struct agent_leg *as)
{
	if (slot >= v->calls)
		return false;
	uint32_t number = caller ? slot : v->calls + slot;
	struct leg *leg = &v->legs[number];
	if (!set_keys(v, leg, as))
		return false;
	leg->remote = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(as->remote.port)};
	memcpy(&leg->remote.sin_addr, as->remote.ip + 12, 4);
	v->from_port[as->remote.port] = number + 1;
	v->known += !leg->known;
	leg->known = true;
	return true;
}

bool voice_complete(const struct voice *v)
{
	return v->known == 2 * v->calls;
}

void voice_speak(struct voice *v, const struct speech *caller, const struct speech *callee)
{
	v->speech[0] = caller;
	v->speech[1] = callee;
}

void voice_count(struct voice *v, bool counted)
{
	v->counted = counted;
}

void voice_start(struct voice *v, int64_t now_us)
{
	v->started_us = now_us;
	v->sent = 0;
	v->running = true;
}

void voice_stop(struct voice *v)
{
	v->running = false;
}

static int64_t wall_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static size_t write_speech(struct voice *v, uint8_t *p, uint32_t number)
{
	struct leg *leg = &v->legs[number];
	const struct speech *s = v->speech[number >= v->calls];
	uint16_t sequence = leg->sequence++;
	/* Their sounds begin at different times. */
	unsigned packet = (sequence + number) % SPEECH_PACKETS;
	uint32_t words[3] = {htonl(0x80000000U | (uint32_t)s->payload << 16 | sequence),
			     htonl((uint32_t)sequence * (codec_clock(s->kind) / PACKETS_A_SECOND)),
			     htonl(0x10000U + number)};
	if (packet == 0)
		leg->begun_ns = wall_ns();
	memcpy(p, words, sizeof(words));
	memcpy(p + RTP_BYTES, s->packets[packet], s->bytes[packet]);
	return RTP_BYTES + (size_t)s->bytes[packet];
}

/* Returns its length. */
static size_t write_packet(struct voice *v, uint8_t *p, uint32_t number)
{
	if (v->speech[0])
		return write_speech(v, p, number);
	struct leg *leg = &v->legs[number];
	uint16_t sequence = leg->sequence++;
	uint32_t words[3] = {htonl(0x80000000U | sequence), htonl((uint32_t)sequence * 160), htonl(0x10000U + number)};
	struct stamp stamp = {.magic = STAMP_MAGIC, .counted = v->counted, .sent_ns = wall_ns()};
	memset(p, 0xff, PACKET_BYTES);
	memcpy(p, words, sizeof(words));
	memcpy(p + RTP_BYTES, &stamp, sizeof(stamp));
	size_t n = PACKET_BYTES;
	if (leg->send)
		ASSERT(srtp_protect(leg->send, p, n, PACKET_BYTES + SRTP_TRAILER_MAX, &n) == SRTP_OK);
	return n;
}

/* One packet of each of n legs, all of this socket. */
static void send_batch(struct voice *v, int fd, const uint32_t *numbers, unsigned n)
{
	struct mmsghdr headers[SEND_BATCH];
	struct iovec parts[SEND_BATCH];
	for (unsigned i = 0; i < n; i++) {
		size_t bytes = write_packet(v, v->out[i], numbers[i]);
		parts[i] = (struct iovec){.iov_base = v->out[i], .iov_len = bytes};
		headers[i].msg_hdr = (struct msghdr){.msg_name = &v->legs[numbers[i]].remote,
						     .msg_namelen = sizeof(struct sockaddr_in),
						     .msg_iov = &parts[i],
						     .msg_iovlen = 1};
	}
	(void)sendmmsg(fd, headers, n, 0);
	if (v->counted)
		v->counts.sent += n;
}

/* A leg's socket is that of its turn, as the description said. */
static int fd_of(const struct voice *v, uint32_t number)
{
	unsigned side = v->sockets / 2, slot = number % v->calls;
	return v->fds[(number < v->calls ? 0 : side) + slot % side];
}

/*
 * Legs take their turns in an order that goes through the slots of one socket first, so that a batch can leave by one
 * call: slot 0, M, 2M ... then 1, M+1 ...
 */
static uint32_t leg_in_turn(const struct voice *v, uint64_t turn)
{
	unsigned side = v->sockets / 2;
	uint32_t i = (uint32_t)(turn % (2 * v->calls)), half = i / v->calls, rank = i % v->calls;
	for (unsigned s = 0; s < side; s++) {
		uint32_t members = (v->calls - s + side - 1) / side;
		if (rank < members)
			return half * v->calls + s + rank * side;
		rank -= members;
	}
	return half * v->calls;
}

static void send_due(struct voice *v, int64_t now_us)
{
	uint64_t legs = 2 * (uint64_t)v->calls;
	uint64_t due = (uint64_t)(now_us - v->started_us) * legs * PACKETS_A_SECOND / SECOND_US;
	if (due - v->sent > legs) {
		/* A whole interval behind: those packets are not sent, so that the rest are on time. */
		if (v->counted)
			v->counts.late += due - v->sent - legs;
		v->sent = due - legs;
	}
	uint64_t until = MIN(due, v->sent + SEND_BEHIND_MAX);
	while (v->sent < until) {
		uint32_t numbers[SEND_BATCH];
		unsigned n = 0;
		int fd = fd_of(v, leg_in_turn(v, v->sent));
		for (; n < SEND_BATCH && v->sent + n < until; n++) {
			numbers[n] = leg_in_turn(v, v->sent + n);
			if (fd_of(v, numbers[n]) != fd)
				break;
		}
		send_batch(v, fd, numbers, n);
		v->sent += n;
	}
}

static int64_t arrival_ns(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		struct timespec t;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	}
	return wall_ns();
}

static void take_speech(struct voice *v, uint32_t number, const uint8_t *p, size_t n, struct msghdr *m)
{
	const struct speech *s = number <= v->calls ? v->speech[0] : v->speech[1];
	if (number == 0 || n <= RTP_BYTES || (p[1] & 0x7f) != s->payload) {
		v->counts.foreign++;
		return;
	}
	v->counts.received += v->counted;
	if (number <= v->calls ||
	    !listener_hear(&v->legs[number - 1].listener, s->kind, p + RTP_BYTES, n - RTP_BYTES) || !v->counted)
		return;
	latency_add(&v->counts.delays, (arrival_ns(m) - v->legs[number - 1 - v->calls].begun_ns) / 1000);
}

static void take_packet(struct voice *v, uint8_t *p, size_t n, struct msghdr *m)
{
	struct stamp stamp;
	const struct sockaddr_in *from = m->msg_name;
	uint32_t number = v->from_port[ntohs(from->sin_port)];
	if (v->speech[0]) {
		take_speech(v, number, p, n, m);
		return;
	}
	struct srtp *receiver = number ? v->legs[number - 1].receive : NULL;
	if ((receiver && srtp_unprotect(receiver, p, n, &n) != SRTP_OK) || n < RTP_BYTES + sizeof(stamp)) {
		v->counts.foreign++;
		return;
	}
	memcpy(&stamp, p + RTP_BYTES, sizeof(stamp));
	if (stamp.magic != STAMP_MAGIC) {
		v->counts.foreign++;
	} else if (stamp.counted) {
		v->counts.received++;
		latency_add(&v->counts.delays, (arrival_ns(m) - stamp.sent_ns) / 1000);
	}
}

static void receive(struct voice *v, int fd)
{
	struct mmsghdr headers[RECEIVE_BATCH];
	struct iovec parts[RECEIVE_BATCH];
	struct sockaddr_in from[RECEIVE_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[RECEIVE_BATCH][64];
	int n;
	do {
		for (unsigned i = 0; i < RECEIVE_BATCH; i++) {
			parts[i] = (struct iovec){.iov_base = v->in[i], .iov_len = sizeof(v->in[i])};
			headers[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
							     .msg_namelen = sizeof(from[i]),
							     .msg_iov = &parts[i],
							     .msg_iovlen = 1,
							     .msg_control = control[i],
							     .msg_controllen = sizeof(control[i])};
		}
		n = recvmmsg(fd, headers, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			take_packet(v, v->in[i], headers[i].msg_len, &headers[i].msg_hdr);
	} while (n == RECEIVE_BATCH);
}

void voice_turn(struct voice *v, int64_t now_us)
{
	if (v->running)
		send_due(v, now_us);
	for (unsigned i = 0; i < v->sockets; i++)
		receive(v, v->fds[i]);
}

const struct voice_counts *voice_counts(const struct voice *v)
{
	return &v->counts;
}
