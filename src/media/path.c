/* media/path.c - the rules of symmetric voice */
#include "media/path.h"

void endpoint_from_address(const struct address *a, int family, struct endpoint *ret)
{
	*ret = (struct endpoint){0};
	if (a->port == 0 || address_is_any(a) || address_is_v4(a) != (family == AF_INET))
		return;
	struct sockaddr_storage storage;
	uint32_t n;
	address_to_sockaddr(a, &storage, &n);
	ASSERT(n <= sizeof(ret->name));
	memcpy(&ret->name, &storage, n);
	ret->n = n;
}

bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
	if (a->n != b->n || a->n == 0)
		return false;
	if (a->name.any.sa_family == AF_INET)
		return a->name.v4.sin_addr.s_addr == b->name.v4.sin_addr.s_addr;
	return memcmp(&a->name.v6.sin6_addr, &b->name.v6.sin6_addr, sizeof(a->name.v6.sin6_addr)) == 0;
}

void path_signal(struct path *p, const struct endpoint *signalled)
{
	if (endpoint_eq(&p->signalled, signalled))
		return;
	p->signalled = *signalled;
	p->current = *signalled;
	p->locked = false;
}

void path_open_window(struct path *p, int64_t now_us, int64_t length_us)
{
	p->window_end_us = now_us + length_us;
}

enum path_verdict path_judge(const struct path *p, const struct endpoint *from, int64_t now_us, int64_t quiet_us)
{
	if (endpoint_eq(from, &p->current))
		return PATH_CURRENT;
	bool open = now_us < p->window_end_us;
	/* The address that the description names was proven by its signalling; a learned one is a guess. */
	if (endpoint_eq(from, &p->signalled))
		return open || !p->locked ? PATH_MOVES : PATH_REFUSED;
	if (!open)
		return PATH_REFUSED;
	/* A phone that was heard from where it said keeps its place, also through a pause. */
	if (p->locked && endpoint_eq(&p->current, &p->signalled))
		return PATH_REFUSED;
	return !p->locked || now_us - p->heard_us >= quiet_us ? PATH_MOVES : PATH_REFUSED;
}

void path_take(struct path *p, const struct endpoint *from, int64_t now_us)
{
	if (!endpoint_eq(from, &p->current))
		p->current = *from;
	p->locked = true;
	p->heard_us = now_us;
}
