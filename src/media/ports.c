/* media/ports.c - searching, opening, resting and emptying pairs of sockets */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/limits.h"
#include "media/ports.h"

/* DSCP "expedited forwarding" (RFC 3246), which networks that know priorities give to voice. */
#define VOICE_CLASS (46 << 2)

struct port_list {
	struct port_pair *first, **end;
	unsigned count;
};

/* The pairs of one local address. */
struct port_pool {
	struct address local;
	struct port_pool *next;
	struct port_list ready;
	struct port_list resting, quiet; /* each in the order of rested_us */
	uint32_t cursor;                 /* where the search for the next free pair goes on */
	uint64_t taken[65536 / 2 / 64];  /* pairs that exist, a bit each, by (port - first even port) / 2 */
};

static void list_init(struct port_list *l)
{
	*l = (struct port_list){0};
	l->end = &l->first;
}

static void list_add(struct port_list *l, struct port_pair *pair)
{
	pair->next = NULL;
	*l->end = pair;
	l->end = &pair->next;
	l->count++;
}

static struct port_pair *list_take(struct port_list *l)
{
	struct port_pair *pair = l->first;
	if (!pair)
		return NULL;
	l->first = pair->next;
	if (!l->first)
		l->end = &l->first;
	l->count--;
	return pair;
}

static uint16_t first_port(const struct ports *p)
{
	return (uint16_t)(p->config.low + (p->config.low & 1));
}

static uint32_t pair_total(const struct ports *p)
{
	return ((uint32_t)p->config.high + 1 - first_port(p)) / 2;
}

int ports_init(struct ports *p, const struct ports_config *config, struct random *random)
{
	if (config->low == 0 || (uint32_t)config->high < (uint32_t)config->low + (config->low & 1) + 1)
		return -EINVAL;
	*p = (struct ports){.config = *config, .random = random};
	return 0;
}

static void pair_close(struct ports *p, struct port_pair *pair)
{
	uint32_t i = (uint32_t)(pair->local.port - first_port(p)) / 2;
	pair->home->taken[i / 64] &= ~(UINT64_C(1) << i % 64);
	close(pair->rtp_fd);
	close(pair->rtcp_fd);
	free(pair);
	p->open--;
}

void ports_done(struct ports *p)
{
	for (struct port_pool *pool = p->pools, *next; pool; pool = next) {
		struct port_pair *pair;
		next = pool->next;
		while ((pair = list_take(&pool->ready)) || (pair = list_take(&pool->quiet)) ||
		       (pair = list_take(&pool->resting)))
			pair_close(p, pair);
		free(pool);
	}
	ASSERT(p->open == 0);
	*p = (struct ports){0};
}

static int pool_of(struct ports *p, const struct address *local, struct port_pool **ret)
{
	for (struct port_pool *pool = p->pools; pool; pool = pool->next) {
		if (address_same_host(&pool->local, local)) {
			*ret = pool;
			return 0;
		}
	}
	if (p->pool_count == MEDIA_LOCALS_MAX)
		return -ENOSPC;
	struct port_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->local = *local;
	pool->local.port = 0;
	list_init(&pool->ready);
	list_init(&pool->resting);
	list_init(&pool->quiet);
	/* Who knows one port should not know where we began. */
	pool->cursor = random_below(p->random, pair_total(p));
	pool->next = p->pools;
	p->pools = pool;
	p->pool_count++;
	*ret = pool;
	return 0;
}

/* Whether others that let it may be bound to the same port, which counts at the moment of bind(). */
static bool share_port(int fd, int yes)
{
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0;
}

/* beside: a socket that is bound there already; -1: none may be. */
static int bind_to(int fd, const struct address *local, int beside)
{
	struct sockaddr_storage name;
	uint32_t n;
	int rc = 0;

	address_to_sockaddr(local, &name, &n);
	if (beside >= 0 && !(share_port(fd, 1) && share_port(beside, 1)))
		rc = -errno;
	else if (bind(fd, (struct sockaddr *)&name, n) < 0)
		rc = -errno;
	if (beside >= 0) {
		(void)share_port(beside, 0);
		(void)share_port(fd, 0);
	}
	return rc;
}

static int bound_socket(const struct address *local, int beside)
{
	bool v4 = address_is_v4(local);
	int voice = VOICE_CLASS, one = 1, rc = 0;

	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno == ENFILE ? -EMFILE : -errno;
	/* A socket of :: that also took IPv4 would stand in the way of the pools of IPv4 addresses. */
	if (!v4 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		rc = -errno;
	if (rc == 0)
		rc = bind_to(fd, local, beside);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	/* A host that refuses the mark still carries the voice. */
	if (v4)
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &voice, sizeof(voice));
	else
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &voice, sizeof(voice));
	return fd;
}

int ports_socket(const struct address *local)
{
	return bound_socket(local, -1);
}

int ports_socket_beside(int fd, const struct address *local)
{
	return bound_socket(local, fd);
}

static int pair_open(struct address *local, int *ret_rtp, int *ret_rtcp)
{
	int rtp = ports_socket(local);
	if (rtp < 0)
		return rtp;
	local->port++;
	int rtcp = ports_socket(local);
	local->port--;
	if (rtcp < 0) {
		close(rtp);
		return rtcp;
	}
	*ret_rtp = rtp;
	*ret_rtcp = rtcp;
	return 0;
}

static bool at_most(const struct ports *p)
{
	return p->config.most && p->open >= p->config.most;
}

/* What waits ready at another address makes room. */
static void close_spare(struct ports *p)
{
	for (struct port_pool *pool = p->pools; pool && at_most(p); pool = pool->next)
		if (pool->ready.first)
			pair_close(p, list_take(&pool->ready));
}

/* Opens the next free pair of the range. -EMFILE if there is none. */
static int pair_new(struct ports *p, struct port_pool *pool, struct port_pair **ret)
{
	if (at_most(p))
		return -EMFILE;
	struct port_pair *pair = calloc(1, sizeof(*pair));
	uint32_t total = pair_total(p);
	unsigned tries = 0;
	int rc = -EMFILE;

	if (!pair)
		return -ENOMEM;
	pair->home = pool;
	pair->local = pool->local;
	for (uint32_t step = 0; step < total && tries < MEDIA_PORT_TRIES_MAX; step++) {
		uint32_t i = pool->cursor;
		pool->cursor = (i + 1) % total;
		if (pool->taken[i / 64] >> i % 64 & 1)
			continue;
		tries++;
		pair->local.port = (uint16_t)(first_port(p) + 2 * i);
		rc = pair_open(&pair->local, &pair->rtp_fd, &pair->rtcp_fd);
		if (rc == 0) {
			pool->taken[i / 64] |= UINT64_C(1) << i % 64;
			p->open++;
			*ret = pair;
			return 0;
		}
		/* Somebody else's port is passed over; anything else would fail for every port. */
		if (rc != -EADDRINUSE && rc != -EACCES)
			break;
		rc = -EMFILE;
	}
	free(pair);
	return rc;
}

/* False: more comes than we throw away. */
static bool drained(int fd)
{
	char byte;

	for (unsigned i = 0; i < MEDIA_DRAIN_MAX; i++) {
		if (recv(fd, &byte, 1, 0) < 0 && errno != EINTR && errno != ECONNREFUSED)
			return true;
	}
	return false;
}

static void rest(struct ports *p, struct port_pair *pair, bool carried, int64_t now_us)
{
	pair->rested_us = now_us + (carried ? p->config.rest_us : MIN(p->config.rest_us, MEDIA_QUIET_REST_US));
	list_add(carried ? &pair->home->resting : &pair->home->quiet, pair);
}

static bool wake_one(struct port_pool *pool, int64_t now_us)
{
	struct port_list *from = &pool->quiet;
	if (!from->first || from->first->rested_us > now_us)
		from = &pool->resting;
	if (!from->first || from->first->rested_us > now_us)
		return false;
	list_add(&pool->ready, list_take(from));
	return true;
}

int ports_take(struct ports *p, const struct address *local, int64_t now_us, struct port_pair **ret)
{
	struct port_pool *pool;
	struct port_pair *pair;

	int rc = pool_of(p, local, &pool);
	if (rc < 0)
		return rc;
	for (;;) {
		if (!pool->ready.first && !wake_one(pool, now_us)) {
			close_spare(p);
			return pair_new(p, pool, ret);
		}
		pair = list_take(&pool->ready);
		/* Also one that waited long: anybody may have sent to it meanwhile. */
		if (drained(pair->rtp_fd) && drained(pair->rtcp_fd)) {
			*ret = pair;
			return 0;
		}
		rest(p, pair, true, now_us);
	}
}

void ports_give(struct ports *p, struct port_pair *pair, bool carried, int64_t now_us)
{
	if (pair)
		rest(p, pair, carried, now_us);
}

bool ports_has(const struct ports *p, const struct address *a)
{
	if (a->port < first_port(p) || a->port > p->config.high)
		return false;
	uint32_t i = (uint32_t)(a->port - first_port(p)) / 2;
	for (const struct port_pool *pool = p->pools; pool; pool = pool->next)
		if (address_same_host(&pool->local, a) && pool->taken[i / 64] & UINT64_C(1) << i % 64)
			return true;
	return false;
}

void ports_refill(struct ports *p, int64_t now_us)
{
	for (struct port_pool *pool = p->pools; pool; pool = pool->next) {
		for (unsigned i = 0; i < 2 * MEDIA_REFILL_MAX && wake_one(pool, now_us); i++)
			;
		struct port_pair *pair;
		for (unsigned i = 0; i < MEDIA_REFILL_MAX; i++) {
			if (pool->ready.count < p->config.ahead) {
				/* What rests will be ready soon: a burst must not make pairs without end. */
				if (pool->resting.count + pool->quiet.count >= p->config.ahead ||
				    pair_new(p, pool, &pair) < 0)
					break;
				list_add(&pool->ready, pair);
			} else if (pool->ready.count > 2 * p->config.ahead) {
				pair_close(p, list_take(&pool->ready));
			}
		}
	}
}
