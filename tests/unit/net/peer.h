/*
 * unit/net/peer.h - for tests with real sockets on loopback: running the loop until something has happened, and peers
 *
 * Nothing waits for time: a loop runs until its condition holds, and SIGALRM ends a test that hangs. Peers are blocking
 * sockets; where they must talk while the loop turns they run on a thread of their own.
 */
#pragma once
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/test.h"

#include "base/address.h"
#include "net/loop.h"

#define TEST_SECONDS 200 /* the whole program's, also under a sanitizer on a busy machine */

struct until {
	struct loop *loop;
	bool (*holds)(void *arg);
	void *arg;
	bool held;
};

static inline void until_check(void *arg)
{
	struct until *u = arg;
	u->held = u->holds(u->arg);
	if (u->held)
		loop_stop(u->loop);
}

/* Turns the loop until the condition holds at the end of a turn. */
static inline void run_until(struct loop *l, bool (*holds)(void *arg), void *arg)
{
	struct until u = {.loop = l, .holds = holds, .arg = arg};
	struct loop_flush hook = {.fn = until_check, .arg = &u};

	loop_add_flush(l, &hook);
	while (!u.held)
		loop_run(l);
	loop_remove_flush(l, &hook);
}

static inline bool count_reached(void *arg)
{
	const size_t *counts = arg; /* is, wanted */
	return counts[0] >= counts[1];
}

static inline bool flag_set(void *arg)
{
	return *(bool *)arg;
}

/* Exactly one turn. */
static inline bool always(void *arg)
{
	return true;
}
static inline void one_turn(struct loop *l)
{
	run_until(l, always, NULL);
}

struct peer_thread {
	void (*fn)(void *arg);
	void *arg;
	struct loop_waker *waker;
	bool done;
};

static inline void *peer_main(void *arg)
{
	struct peer_thread *p = arg;
	p->fn(p->arg);
	loop_waker_wake(p->waker);
	return NULL;
}

static inline void peer_done(void *arg)
{
	struct peer_thread *p = arg;
	p->done = true;
}

/* fn on a thread of its own while the loop turns, until fn has returned. fn uses ASSERT(), not cmocka's asserts. */
static inline void run_with_peer(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct peer_thread p = {.fn = fn, .arg = arg};
	pthread_t thread;

	assert_int_equal(loop_waker_new(l, peer_done, &p, &p.waker), 0);
	assert_int_equal(pthread_create(&thread, NULL, peer_main, &p), 0);
	run_until(l, flag_set, &p.done);
	pthread_join(thread, NULL);
	loop_waker_close(p.waker);
}

static inline struct address address_of(const char *text)
{
	struct address a;
	ASSERT(address_parse_with_port(slice_from_string(text), &a));
	return a;
}

/* A blocking socket bound to `from` (NULL: free choice), which gives up after TEST_SECONDS. */
static inline int peer_socket(int type, const char *from, int family)
{
	struct timeval patience = {.tv_sec = TEST_SECONDS};
	struct sockaddr_storage name;
	uint32_t n;

	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	ASSERT(fd >= 0);
	ASSERT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
	if (from) {
		struct address a = address_of(from);
		address_to_sockaddr(&a, &name, &n);
		ASSERT(bind(fd, (struct sockaddr *)&name, n) == 0);
	}
	return fd;
}

static inline void peer_connect(int fd, const struct address *to)
{
	struct sockaddr_storage name;
	uint32_t n;

	address_to_sockaddr(to, &name, &n);
	ASSERT(connect(fd, (struct sockaddr *)&name, n) == 0);
}

/* A TCP connection to `to`, made by a socket that was not asked for more. */
static inline int peer_tcp(const struct address *to)
{
	int fd = peer_socket(SOCK_STREAM, NULL, address_is_v4(to) ? AF_INET : AF_INET6);
	peer_connect(fd, to);
	return fd;
}

static inline void peer_send(int fd, const void *bytes, size_t n)
{
	ASSERT(send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n);
}

/* Everything up to the end of the connection, at most cap bytes; a reset counts as the end. */
static inline size_t peer_read_all(int fd, char *ret, size_t cap)
{
	size_t n = 0;
	while (n < cap) {
		ssize_t got = recv(fd, ret + n, cap - n, 0);
		ASSERT(got >= 0 || errno == ECONNRESET);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static inline void peer_read(int fd, char *ret, size_t n)
{
	ASSERT(recv(fd, ret, n, MSG_WAITALL) == (ssize_t)n);
}
