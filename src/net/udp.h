/*
 * net/udp.h - a UDP socket on the loop: recvmmsg in, sendmmsg out once a turn, and the local address of each packet
 * (PKTINFO)
 *
 * Owner: the loop's thread. What the network says about a datagram that went out (ICMP) ends nothing: to one
 * unconnected socket of thousands of peers it is no news about the socket.
 */
#pragma once
#include "base/address.h"
#include "net/loop.h"

struct udp;
/* bytes are writable and valid for the call only; n may be 0. local: the address the sender used, with our port. */
typedef void (*udp_input_fn)(void *arg, const struct address *local, const struct address *remote, char *bytes,
			     size_t n);

/* at: port 0 takes a free one. "[::]" is dual-stack and falls back to 0.0.0.0 where IPv6 is off. -EADDRINUSE, -EACCES,
 * -EADDRNOTAVAIL ... */
MUST_USE int udp_open(struct loop *l, const struct address *at, udp_input_fn fn, void *arg, struct udp **ret);
/* What is queued is offered to the socket once more; fn is not called again. Also from fn. NULL is fine. */
void udp_close(struct udp *u);
void udp_local(const struct udp *u, struct address *ret);
/*
 * Queue a datagram for this turn's sendmmsg, from the local address given (NULL: the kernel's choice). Bytes are
 * copied. Sent in order; what the socket does not take now waits, bounded (-ENOBUFS: dropped and counted; SIP repeats
 * it). -EMSGSIZE: more than UDP_PAYLOAD_MAX.
 */
int udp_send(struct udp *u, const struct address *local, const struct address *remote, struct slice bytes);

/* The address that the kernel would send from to this host: a question, nothing is sent. -ENETUNREACH, -EHOSTUNREACH,
 * -EMFILE ... Any thread. */
MUST_USE int udp_route(const struct address *remote, struct address *ret_local);

struct udp_figures {
	uint64_t received, sent;
	uint64_t refused; /* did not fit in our queue, or the kernel would not send it (no route, address gone) */
	uint64_t waiting; /* datagrams in the queue now */
};
void udp_figures(const struct udp *u, struct udp_figures *ret);

#define UDP_PAYLOAD_MAX 65507             /* what fits in an IPv4 datagram */
#define UDP_QUEUE_MAX 4096                /* datagrams waiting for one socket: 8 ms of a gigabit in SIP-sized packets */
#define UDP_QUEUE_BYTES (4 * 1024 * 1024) /* the same, for large ones */
#define UDP_BUFFER_BYTES (4 * 1024 * 1024) /* asked of the kernel in each direction: rides out a turn of 100 ms */
#define UDP_BATCH 32                       /* datagrams a system call */
#define UDP_TURN_MAX 128 /* datagrams read from one socket in a turn, so that others and timers get theirs */
