/*
 * media/direct.c - a second socket on a stream's port, connected to its phone
 *
 * Through it the kernel sends without looking up the route, and receives without telling from whom: a tenth of what a
 * packet costs. What comes from anywhere else still reaches the first socket, so that strangers are counted and an
 * encrypted stream follows its phone to a new address. Opening it costs as much as a few packets, so a stream gets it
 * when its phone has been heard for a second from one place.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/ports.h"
#include "media/worker.h"

/* Between bind() and connect() it took packets from anywhere: those are judged like all others. False: too many. */
static bool sift(struct media_stream *s)
{
	struct worker *w = s->worker;
	struct endpoint from = {.n = sizeof(from.name)};

	for (unsigned i = 0; i < MEDIA_DRAIN_MAX && s->direct >= 0; i++) {
		ssize_t got = recvfrom(s->direct, w->packet, RTP_PACKET_MAX, 0, &from.name.any, &from.n);
		if (got < 0)
			return true;
		if (got >= 2)
			media_stream_take(s, false, &from, w->packet, (size_t)got);
		from.n = sizeof(from.name);
	}
	return s->direct < 0;
}

void direct_open(struct media_stream *s)
{
	struct worker *w = s->worker;
	const struct endpoint *phone = &s->rtp.current;

	ASSERT(s->direct < 0 && phone->n > 0);
	s->unmoved = 0; /* what fails now is tried again in a second */
	if (w->directs == w->directs_max)
		return;
	struct address local;
	int fd = address_from_sockaddr(&s->local.name, &local) ? ports_socket_beside(s->rtp.fd, &local) : -EINVAL;
	if (fd < 0)
		return;
	w->directs++;
	s->direct = fd;
	if (connect(fd, &phone->name.any, phone->n) < 0 || !sift(s) ||
	    (s->direct >= 0 && !worker_listen(s, SOCKET_DIRECT)))
		direct_close(s);
}

void direct_close(struct media_stream *s)
{
	s->unmoved = 0;
	if (s->direct < 0)
		return;
	close(s->direct); /* and so out of the epoll */
	s->direct = -1;
	s->worker->directs--;
}
