/*
 * media/ports.h - pairs of UDP sockets (RTP even, RTCP the odd port above), opened ahead and used again
 *
 * Opening a pair costs some 20 µs of system calls, so a call takes one that waits and gives it back; what is missing is
 * opened a few a turn. A pair that comes back rests before it goes to another call, and is emptied, so that a late
 * packet of the old call never reaches the new one. Owner: the switchboard's thread.
 */
#pragma once
#include "base/address.h"
#include "base/random.h"

struct port_pool;

struct port_pair {
	int rtp_fd, rtcp_fd;
	struct address local; /* of RTP */
	struct port_pool *home;
	struct port_pair *next;
	int64_t rested_us; /* when it may be used again */
};

struct ports_config {
	uint16_t low, high; /* both may be used; RTP takes even ones */
	unsigned ahead;     /* pairs that wait ready, for each local address */
	unsigned most;      /* pairs that may exist, of all addresses: descriptors; 0: as many as there are ports */
	int64_t rest_us;
};

struct ports {
	struct ports_config config;
	struct random *random;
	struct port_pool *pools;
	unsigned pool_count;
	unsigned open; /* pairs that exist */
};

/* -EINVAL: no pair fits between low and high. */
MUST_USE int ports_init(struct ports *p, const struct ports_config *config, struct random *random);
void ports_done(struct ports *p); /* every pair has come back */
/*
 * A pair bound to the host of `local`. -EMFILE: all ports of the range, or all descriptors, are in use;
 * -EADDRNOTAVAIL: not an address of this host; -ENOSPC: too many local addresses; -ENOMEM.
 */
MUST_USE int ports_take(struct ports *p, const struct address *local, int64_t now_us, struct port_pair **ret);
/* carried: packets went through it, so some may still be on their way. */
void ports_give(struct ports *p, struct port_pair *pair, bool carried, int64_t now_us);
/* Does a pair exist whose RTP or RTCP port is this one, at this address? */
bool ports_has(const struct ports *p, const struct address *a);
/* A socket for voice, bound to this address and port; -errno. Also for a port that is none of these. */
MUST_USE int ports_socket(const struct address *local);
/* Another on the port of fd, which is bound to `local`; but for that moment nobody else's may join them.
 * -errno. */
MUST_USE int ports_socket_beside(int fd, const struct address *local);
/* Once a turn: rested pairs become ready, missing ones are opened, those too many are closed; a few each time. */
void ports_refill(struct ports *p, int64_t now_us);
