/* net/udp_socket.c - opening a UDP socket: both families, destination addresses told, large buffers */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/udp.h"
#include "net/udp_private.h"

/* An IPv6 socket names IPv4 hosts as ::ffff:a.b.c.d, which is how struct address holds them anyway. */
socklen_t udp_sockaddr(int family, const struct address *a, struct sockaddr_storage *ret)
{
	uint32_t n;

	if (family == AF_INET) {
		address_to_sockaddr(a, ret, &n);
		return n;
	}
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope};
	memcpy(&v6.sin6_addr, a->ip, 16);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, &v6, sizeof(v6));
	return sizeof(v6);
}

static void set_buffer(int fd, int forced, int plain)
{
	int bytes = UDP_BUFFER_BYTES;
	/* Above the system's maximum only with CAP_NET_ADMIN; less than we ask for is no reason not to start. */
	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
}

static int open_socket(int family, const struct address *at, int *ret_fd)
{
	struct sockaddr_storage name;
	int on = 1, off = 0, rc = 0;

	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (family == AF_INET6) {
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
		    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0)
			rc = -errno;
	} else if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0) {
		rc = -errno;
	}
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (rc == 0 && bind(fd, (struct sockaddr *)&name, udp_sockaddr(family, at, &name)) < 0)
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

int udp_socket_open(const struct address *at, int *ret_fd, int *ret_family)
{
	int family = address_is_v4(at) ? AF_INET : AF_INET6;
	struct address any = *at;

	int rc = open_socket(family, at, ret_fd);
	if (family == AF_INET6 && address_is_any(at) && (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)) {
		ASSERT(address_parse(SLICE("0.0.0.0"), &any));
		any.port = at->port;
		family = AF_INET;
		rc = open_socket(family, &any, ret_fd);
	}
	if (rc == 0)
		*ret_family = family;
	return rc;
}

int udp_route(const struct address *remote, struct address *ret_local)
{
	struct sockaddr_storage name;
	struct address to = *remote;
	uint32_t n;
	int rc = 0;

	if (to.port == 0)
		to.port = 5060; /* some kernels refuse 0; which one does not matter */
	address_to_sockaddr(&to, &name, &n);
	int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	socklen_t name_n = sizeof(name);
	if (connect(fd, (struct sockaddr *)&name, n) < 0 || getsockname(fd, (struct sockaddr *)&name, &name_n) < 0)
		rc = -errno;
	else if (!address_from_sockaddr(&name, &to))
		rc = -EAFNOSUPPORT;
	close(fd);
	if (rc == 0)
		*ret_local = to;
	return rc;
}
