/* transport/target_find.c - from a host to its targets, by RFC 3263 §4 */
#include <errno.h>

#include "transport/limits.h"
#include "transport/target_private.h"

struct target_search {
	struct transport *transport;
	target_fn fn;
	void *arg;
	struct timer done;
	int status;
	struct target_list list;
};

void transport_set_dns(struct transport *t, struct dns *dns, struct random *random)
{
	t->dns = dns;
	t->random = random;
}

const size_t target_search_bytes = sizeof(struct target_search);

static void finished(struct timer *timer, void *arg)
{
	struct target_search *s = arg;
	struct transport *t = s->transport;
	struct target_list list = s->list;
	target_fn fn = s->fn;
	void *user = s->arg;
	int status = s->status;

	pool_give(&t->searches, s);
	fn(user, status, &list);
}

void target_cancel(struct target_search *s)
{
	if (!s)
		return;
	timer_stop(loop_wheel(s->transport->loop), &s->done);
	pool_give(&s->transport->searches, s);
}

int target_find(struct transport *t, const struct target_where *where, target_fn fn, void *arg,
		struct target_search **ret)
{
	struct target target = {.transport = where->secure          ? SIP_TLS
					     : where->has_transport ? where->transport
								    : SIP_UDP};
	if (!address_parse(where->host, &target.address))
		return -ENOTSUP;
	struct target_search *s = pool_take(&t->searches);
	if (!s)
		return -ENOBUFS;
	target.address.port = where->port ? where->port : target.transport == SIP_TLS ? 5061 : 5060;
	*s = (struct target_search){.transport = t, .fn = fn, .arg = arg};
	s->list = (struct target_list){.listener = where->listener, .count = 1, .of = {target}};
	snprintf(s->list.name, sizeof(s->list.name), "%.*s", SLICE_ARG(where->host));
	timer_init(&s->done, finished, s);
	timer_start(loop_wheel(t->loop), &s->done, 0);
	*ret = s;
	return 0;
}
