/* media/shared_open.c - the switchboard's part of the shared ports: opened on each address of the host when first used
 */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/private.h"

static struct shared_socket *find(struct shared_port *port, const struct address *local)
{
	for (unsigned i = 0; i < port->count; i++)
		if (address_same_host(&port->sockets[i].local, local))
			return &port->sockets[i];
	return NULL;
}

static int open_at(struct media *m, struct worker *w, const struct address *local)
{
	struct shared_port *port = &m->shared[w->index];
	struct shared_socket s = {.local = *local};
	int bytes = MEDIA_SHARED_BUFFER;

	if (port->count == MEDIA_LOCALS_MAX)
		return -EADDRNOTAVAIL;
	s.local.port = port->port;
	s.family = address_is_v4(local) ? AF_INET : AF_INET6;
	s.fd = ports_socket(&s.local);
	if (s.fd < 0)
		return s.fd == -EADDRINUSE ? -EMFILE : s.fd;
	/* Above the system's maximum only with CAP_NET_ADMIN; less is no reason to refuse a call. */
	if (setsockopt(s.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(s.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	endpoint_from_address(&s.local, s.family, &s.name);
	port->sockets[port->count] = s;
	struct command c = {.kind = COMMAND_LISTEN, .listen = &port->sockets[port->count]};
	int rc = media_command(m, w, &c);
	if (rc < 0)
		close(s.fd);
	else
		port->count++;
	return rc;
}

/* What other hosts can send to, and browsers of this one: no address of one link, nor what else a loop carries. */
static bool is_useful(const struct ifaddrs *i, struct address *ret)
{
	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
	    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6) ||
	    !address_from_sockaddr(i->ifa_addr, ret) || ret->scope != 0)
		return false;
	return !(i->ifa_flags & IFF_LOOPBACK) || address_is_loopback(ret);
}

/* What cannot be opened is not offered. */
static void open_all(struct media *m, struct worker *w)
{
	struct ifaddrs *list;
	struct address a;

	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if (is_useful(i, &a) && !find(&m->shared[w->index], &a))
			(void)!open_at(m, w, &a);
	freeifaddrs(list);
}

int shared_port_reach(struct media *m, struct worker *w, const struct address *local, const struct shared_socket **ret)
{
	struct shared_port *port = &m->shared[w->index];
	int rc = 0;

	/* The address that the browser has reached us by comes first, so that there is room for it. */
	bool first = port->count == 0;
	if (!find(port, local))
		rc = open_at(m, w, local);
	if (rc < 0)
		return rc;
	if (first)
		open_all(m, w);
	*ret = find(port, local);
	return 0;
}

size_t shared_port_addresses(const struct media *m, const struct worker *w, const struct address *first,
			     struct address *ret, size_t cap)
{
	const struct shared_port *port = &m->shared[w->index];
	size_t n = 0;
	ret[n++] = *first;
	for (unsigned i = 0; i < port->count && n < cap; i++)
		if (!address_eq(&port->sockets[i].local, first))
			ret[n++] = port->sockets[i].local;
	return n;
}

void shared_ports_close(struct media *m)
{
	for (unsigned i = 0; i < m->worker_count; i++)
		for (unsigned k = 0; k < m->shared[i].count; k++)
			close(m->shared[i].sockets[k].fd);
}
