/*
 * media/path.h - where a stream's packets go and whose are taken: symmetric voice and its learning window
 *
 * A path is one socket of a stream (RTP, or RTCP where it has its own port). We send to the signalled address first.
 * On a plain path the first source that sends something valid within the window becomes the one we send to and the only
 * one we hear; the signalled address wins over any other within the window. On an encrypted path only a packet that
 * authenticated moves it, at any time, and the window does not matter.
 *
 * Pure: no system call, no clock. Owner: the stream's worker.
 */
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.h"

/* A socket address as the kernel takes and gives it, so that the packet path converts nothing. */
struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	socklen_t n; /* 0: none */
};

struct path {
	int fd;
	struct endpoint signalled;
	struct endpoint current; /* where we send */
	bool locked;             /* current has sent something valid */
	int64_t window_end_us;
	int64_t heard_us; /* last valid packet */
};

/* None if the address has no port, is 0.0.0.0 or ::, or is of another family than the socket. */
void endpoint_from_address(const struct address *a, int family, struct endpoint *ret);
static inline bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->n == b->n && memcmp(&a->name, &b->name, a->n) == 0;
}
bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b);

/* A description names this address. The same as before changes nothing: what has been learned stays. */
void path_signal(struct path *p, const struct endpoint *signalled);
void path_open_window(struct path *p, int64_t now_us, int64_t length_us);

enum path_verdict {
	PATH_REFUSED,
	PATH_CURRENT, /* from where it should come */
	PATH_MOVES    /* from elsewhere, and taken if the packet is valid */
};
/* For a plain path. quiet_us: silence after which a learned source gives way within the window. */
MUST_USE enum path_verdict path_judge(const struct path *p, const struct endpoint *from, int64_t now_us,
				      int64_t quiet_us);
/* A valid packet came from there (on an encrypted path: it authenticated and is the newest). */
void path_take(struct path *p, const struct endpoint *from, int64_t now_us);
