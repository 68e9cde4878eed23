/* transport/target.c - which of our listeners a target is spoken to from, and the flow to it */
#include <errno.h>

#include "transport/target_private.h"

/* "[::]" is dual-stack, any other address of one family. */
static bool can_reach(const struct listener *l, const struct address *to)
{
	bool open = l->udp || l->stream;
	bool v4 = address_is_v4(&l->local);
	return open && (v4 == address_is_v4(to) || (!v4 && address_is_any(&l->local)));
}

const struct listener *target_listener(const struct transport *t, const struct target *target, int wanted)
{
	for (size_t i = 0; i < t->listener_count; i++) {
		const struct listener *l = t->listeners[i];
		if (l->kind == target->transport && (wanted < 0 || wanted == (int)i) && can_reach(l, &target->address))
			return l;
	}
	return NULL;
}

int target_local(const struct transport *t, const struct target *target, int wanted, const struct listener **ret,
		 struct address *ret_local)
{
	const struct listener *l = target_listener(t, target, wanted);
	struct address local;
	if (!l)
		return -EHOSTUNREACH;
	/* A listener of one address is how it wants to be seen; one of all has an address for each route. */
	int rc = udp_route(&target->address, &local);
	if (rc < 0)
		return -EHOSTUNREACH;
	if (!address_is_any(&l->local))
		local = l->local;
	local.port = l->local.port;
	*ret = l;
	*ret_local = local;
	return 0;
}

int target_flow(struct transport *t, const struct target_list *list, size_t i, struct sip_flow *ret)
{
	const struct target *target = &list->of[i];
	const struct listener *l;
	struct address local;

	ASSERT(i < list->count);
	if (t->closed)
		return -EHOSTUNREACH;
	int rc = target_local(t, target, list->listener, &l, &local);
	if (rc < 0)
		return rc;
	if (target->transport != SIP_UDP)
		return made_flow(t, target, list->name, l, &local, ret);
	*ret = (struct sip_flow){
		.transport = SIP_UDP, .listener = l->number, .local = local, .remote = target->address};
	return 0;
}

static bool same_target(const struct target *a, const struct target *b)
{
	return a->transport == b->transport && address_eq(&a->address, &b->address);
}

static struct failure *failure_of(struct transport *t, const struct target *target)
{
	for (size_t i = 0; i < ARRAY_LEN(t->failures); i++)
		if (same_target(&t->failures[i].target, target))
			return &t->failures[i];
	return NULL;
}

static struct failure *failure_get(struct transport *t, const struct target *target)
{
	struct failure *f = failure_of(t, target), *oldest = &t->failures[0];
	if (f)
		return f;
	for (size_t i = 0; i < ARRAY_LEN(t->failures); i++)
		if (t->failures[i].until_us < oldest->until_us)
			oldest = &t->failures[i];
	*oldest = (struct failure){.target = *target};
	return oldest;
}

void target_failed(struct transport *t, const struct target *target)
{
	failure_get(t, target)->until_us = loop_wheel(t->loop)->now_us + TARGET_FAILED_US;
}

void target_judged(struct transport *t, const struct target *target, enum tls_distrust distrust)
{
	struct failure *f = distrust == TLS_BELIEVED ? failure_of(t, target) : failure_get(t, target);
	if (f)
		f->distrust = distrust;
	if (distrust != TLS_BELIEVED)
		target_failed(t, target);
}

enum tls_distrust target_distrust(struct transport *t, const struct target *target)
{
	const struct failure *f = failure_of(t, target);
	return f ? f->distrust : TLS_BELIEVED;
}

bool target_has_failed(const struct transport *t, const struct target *target)
{
	for (size_t i = 0; i < ARRAY_LEN(t->failures); i++) {
		const struct failure *f = &t->failures[i];
		if (f->until_us > loop_wheel(t->loop)->now_us && same_target(&f->target, target))
			return true;
	}
	return false;
}
