/* net/udp_private.h - between net/udp.c and net/udp_socket.c */
#pragma once
#include <sys/socket.h>

#include "base/address.h"

/* An address as a socket of that family wants it; its length. */
socklen_t udp_sockaddr(int family, const struct address *a, struct sockaddr_storage *ret);
/* Bound, non-blocking, telling the local address of what comes in. "[::]" becomes 0.0.0.0 where there is no IPv6. */
MUST_USE int udp_socket_open(const struct address *at, int *ret_fd, int *ret_family);
