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

/* What waits on fd, judged like all that comes. False: after so much there is still more. */
static bool emptied(struct media_stream *s, int fd)
{
	struct worker *w = s->worker;
	struct endpoint from;

	for (unsigned i = 0; i < MEDIA_DIRECT_BEFORE && s->direct >= 0; i++) {
		from.n = sizeof(from.name);
		ssize_t got = recvfrom(fd, w->packet, RTP_PACKET_MAX, MSG_TRUNC, &from.name.any, &from.n);
		if (got < 0)
			return true;
		media_stream_take(s, false, &from, w->packet, (size_t)got);
	}
	return s->direct < 0; /* the phone has moved meanwhile */
}

/*
 * In the order in which it came: first what the other socket got before, then what this one got, which until connect()
 * was from anybody. Of a flood the former may be more, and then a packet is overtaken; with more of the latter it
 * cannot be told where strangers end.
 */
static bool take_over(struct media_stream *s)
{
	(void)emptied(s, s->rtp.fd);
	return s->direct < 0 || emptied(s, s->direct);
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
	if (connect(fd, &phone->name.any, phone->n) < 0 || !take_over(s) ||
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
