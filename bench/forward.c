/*
 * bench/forward.c - the floor: what relaying a datagram costs when nothing is done to it
 *
 *     forward ADDRESS PORT_BASE COUNT
 *
 * Forwards the voice of COUNT calls on one thread: epoll (level-triggered), a socket a leg, one recvfrom and one sendto
 * a datagram. Call i (from 0) has its first leg on PORT_BASE + 4 i and its second on PORT_BASE + 4 i + 2 of ADDRESS.
 * What comes in on one leg leaves by the other, to where that one last received from; until then it is thrown away.
 * Prints "ready" when the sockets are open, and on SIGTERM or SIGINT one line of JSON: datagrams sent, and the CPU
 * time that the process took since "ready", in microseconds: {"packets": N, "cpu_us": N}. Exit status 0.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"

#define CALLS_MAX 16000
#define ROUND_MAX 128
#define DATAGRAM_MAX 1500

struct leg {
	int fd;
	struct leg *other;
	struct sockaddr_storage peer;
	socklen_t peer_bytes; /* 0: nothing received yet */
};

static struct leg legs[2 * CALLS_MAX];
static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	stopped = 1;
}

static int leg_open(struct leg *leg, int epoll_fd, const struct address *at)
{
	struct sockaddr_storage name;
	uint32_t n;

	address_to_sockaddr(at, &name, &n);
	leg->fd = socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (leg->fd < 0 || bind(leg->fd, (struct sockaddr *)&name, n) < 0)
		return -errno;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = leg};
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, leg->fd, &event) < 0 ? -errno : 0;
}

static bool forward_one(struct leg *leg)
{
	char bytes[DATAGRAM_MAX];

	leg->peer_bytes = sizeof(leg->peer);
	ssize_t n = recvfrom(leg->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&leg->peer, &leg->peer_bytes);
	if (n < 0) {
		leg->peer_bytes = 0;
		return false;
	}
	const struct leg *to = leg->other;
	return to->peer_bytes > 0 &&
	       sendto(to->fd, bytes, (size_t)n, 0, (const struct sockaddr *)&to->peer, to->peer_bytes) == n;
}

static int64_t cpu_us(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * SECOND_US + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void run(int epoll_fd)
{
	struct epoll_event events[ROUND_MAX];
	int64_t before_us = cpu_us();
	uint64_t packets = 0;

	puts("ready");
	(void)fflush(stdout);
	while (!stopped) {
		int n = epoll_wait(epoll_fd, events, ROUND_MAX, -1);
		for (int i = 0; i < n; i++)
			packets += forward_one(events[i].data.ptr);
	}
	printf("{\"packets\": %llu, \"cpu_us\": %lld}\n", (unsigned long long)packets,
	       (long long)(cpu_us() - before_us));
}

int main(int argc, char **argv)
{
	struct address at;
	uint64_t base, count;
	struct sigaction on_stop = {.sa_handler = stop}; /* without SA_RESTART: it ends the wait */

	if (argc != 4 || !address_parse(slice_from_string(argv[1]), &at) ||
	    !slice_u64(slice_from_string(argv[2]), UINT16_MAX, &base) ||
	    !slice_u64(slice_from_string(argv[3]), CALLS_MAX, &count) || count == 0 || base + 4 * count > UINT16_MAX) {
		(void)fprintf(stderr, "usage: forward ADDRESS PORT_BASE COUNT\n");
		return 2;
	}
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0) {
		perror("forward");
		return 1;
	}
	for (uint64_t i = 0; i < 2 * count; i++) {
		at.port = (uint16_t)(base + 2 * i);
		legs[i].other = &legs[i ^ 1];
		int rc = leg_open(&legs[i], epoll_fd, &at);
		if (rc < 0) {
			(void)fprintf(stderr, "forward: port %u: %s\n", (unsigned)at.port, strerror(-rc));
			return 1;
		}
	}
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGINT, &on_stop, NULL);
	run(epoll_fd);
	return 0;
}
