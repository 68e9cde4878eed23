/* descriptors.c - see descriptors.h */
#include "descriptors.h"
#include "transport/limits.h"
#include "web/limits.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

/* Our own: connections of the API and those that wait at its door, 81 listeners, two for each request of ours
 * (HTTP_CALLS_MAX), and the database's, the workers', DNS and files read anew. */
#define DESCRIPTORS_OWN (WEB_PEERS_MAX + WEB_DOOR_MAX + WEB_STREAMS_LEAST + 192u)
/* Connections get at least as many where there are enough for all ports: an office's phones, and operators. */
#define DESCRIPTORS_CONNECTIONS 640u
/* To start with: some 16 calls, and 64 connections. */
#define DESCRIPTORS_LEAST (DESCRIPTORS_OWN + 128u)

static unsigned allowed(void)
{
	struct rlimit limit = {0};
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	return (unsigned)MIN(limit.rlim_cur, (rlim_t)INT32_MAX);
}

int descriptors_share(unsigned ports, struct descriptors *ret, struct descriptors_reason *reterr)
{
	unsigned most = allowed();
	if (most < DESCRIPTORS_LEAST) {
		snprintf(reterr->text, sizeof(reterr->text),
			 "only %u descriptors are allowed, and %u are the least to start with; raise the limit (ulimit "
			 "-n %u, or LimitNOFILE in the service)",
			 most, DESCRIPTORS_LEAST, ports + DESCRIPTORS_OWN + DESCRIPTORS_CONNECTIONS);
		return -EMFILE;
	}
	*ret = (struct descriptors){0};
	unsigned left = most - DESCRIPTORS_OWN;
	unsigned voice = MIN(ports, left - MIN(left / 2, DESCRIPTORS_CONNECTIONS));
	ret->streams = voice / 2;
	left -= voice;
	/* Pages come after phones: a quarter of what is above the phones' least. */
	ret->pages = MIN((left - MIN(left, DESCRIPTORS_CONNECTIONS)) / 4, WEB_STREAMS_MAX - WEB_STREAMS_LEAST);
	left -= ret->pages;
	/* What connections do not need at least is theirs and that of sockets of one phone each. */
	ret->directs = MIN((left - MIN(left, DESCRIPTORS_CONNECTIONS)) / 3, ret->streams);
	ret->connections = MIN(left - ret->directs, (unsigned)TRANSPORT_CONNECTIONS_MAX);
	ret->most = DESCRIPTORS_OWN + voice + ret->pages + ret->connections + ret->directs;
	if (voice < ports)
		warning_set_with(&ret->trouble, WARNING_FEW_DESCRIPTORS, "%u\t%u\t%u\t%u", most, ret->streams / 2,
				 ret->connections, ports + DESCRIPTORS_OWN + DESCRIPTORS_CONNECTIONS);
	return 0;
}
