/*
 * transport/target_find.c - from a host to its targets.   RFC 3263 §4.1, §4.2, RFC 2782
 *
 *   address ────────────────────────────────────────────────────────────► done
 *   port given ───────────────────────────► A, AAAA of the host ────────► done
 *   transport given ──────► SRV ─ none ───► A, AAAA of the host ────────► done
 *   neither ── NAPTR ─────► SRV ─ some ───► A, AAAA of each, in order ──► done
 *
 * All questions of one step are asked at once; the next step begins when the last has its answer.
 */
#include <errno.h>

#include "base/random.h"
#include "net/dns.h"
#include "transport/limits.h"
#include "transport/target_private.h"

#define SERVICES_MAX 4  /* SRV names asked for one host: three transports, and one that NAPTR names twice */
#define HOPS_MAX 8      /* servers of one host whose addresses are asked for */
#define HOP_ADDRESSES 4 /* of each server, and of each family */
#define QUERIES_MAX (2 * HOPS_MAX)

enum family { FAMILY_V6, FAMILY_V4, FAMILY_COUNT }; /* in the order of RFC 6724: what has no route is left out anyway */

struct service {
	char name[DNS_NAME_CAP];
	enum sip_transport transport;
};

/* A server that SRV named, or the host itself. */
struct hop {
	enum sip_transport transport;
	size_t service; /* its place in the order of NAPTR */
	uint16_t priority, weight, port;
	char name[DNS_NAME_CAP];
	uint8_t count[FAMILY_COUNT];
	struct address of[FAMILY_COUNT][HOP_ADDRESSES];
};

struct question {
	struct dns_query query;
	struct target_search *search;
	size_t index; /* of the service or hop */
	enum family family;
};

struct target_search {
	struct transport *transport;
	target_fn fn;
	void *arg;
	struct timer done;
	int status, dns_status; /* dns_status: the last failure of DNS itself */
	bool usable[SIP_TLS + 1];
	uint16_t port; /* as asked for */
	void (*next)(struct target_search *s);
	unsigned open; /* questions without an answer */
	struct question questions[QUERIES_MAX];
	size_t service_count, hop_count;
	struct service services[SERVICES_MAX];
	struct hop hops[TARGETS_MAX];
	struct target_list list;
};
const size_t target_search_bytes = sizeof(struct target_search);

void transport_set_dns(struct transport *t, struct dns *dns, struct random *random)
{
	t->dns = dns;
	t->random = random;
}

/* ---- the end ---- */

static void tell(struct timer *timer, void *arg)
{
	struct target_search *s = arg;
	struct target_list list = s->list;
	target_fn fn = s->fn;
	void *user = s->arg;
	int status = s->status;

	pool_give(&s->transport->searches, s);
	fn(user, status, &list);
}

static void finish(struct target_search *s, int status)
{
	s->status = status;
	timer_start(loop_wheel(s->transport->loop), &s->done, 0);
}

void target_cancel(struct target_search *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < QUERIES_MAX; i++)
		dns_query_cancel(&s->questions[i].query);
	timer_stop(loop_wheel(s->transport->loop), &s->done);
	pool_give(&s->transport->searches, s);
}

static bool can_be_reached(const struct transport *t, const struct target *target, int wanted)
{
	const struct listener *l;
	struct address local;
	return target_local(t, target, wanted, &l, &local) == 0;
}

/* Those that can be reached, and have not failed a moment ago before those that have. */
static void conclude(struct target_search *s, const struct target *found, size_t n)
{
	struct transport *t = s->transport;
	struct target_list *list = &s->list;

	for (unsigned failed = 0; failed < 2; failed++) {
		for (size_t i = 0; i < n && list->count < TARGETS_MAX; i++) {
			if (target_has_failed(t, &found[i]) == (failed == 1) &&
			    can_be_reached(t, &found[i], list->listener))
				list->of[list->count++] = found[i];
		}
	}
	finish(s, list->count ? 0 : n ? -EHOSTUNREACH : s->dns_status ? s->dns_status : -ENOENT);
}

/* ---- questions ---- */

static void ask(struct target_search *s, const char *name, enum dns_type type, size_t index, enum family family,
		dns_fn answered)
{
	struct question *q = &s->questions[s->open];
	q->search = s;
	q->index = index;
	q->family = family;
	int rc = dns_query_start(s->transport->dns, &q->query, slice_from_string(name), type, answered, q);
	if (rc == 0)
		s->open++;
	else if (rc != -EINVAL) /* no name at all is like one that is not there */
		s->dns_status = rc;
}

/* After the questions of a step have been asked. */
static void asked(struct target_search *s)
{
	if (s->open == 0)
		s->next(s);
}

static void answer_came(struct target_search *s, int status)
{
	if (status < 0 && status != -ENOENT)
		s->dns_status = status;
	if (--s->open == 0)
		s->next(s);
}

/* ---- addresses ---- */

static void addresses_came(struct target_search *s)
{
	struct target found[HOPS_MAX * FAMILY_COUNT * HOP_ADDRESSES];
	size_t n = 0;

	for (size_t h = 0; h < s->hop_count; h++) {
		const struct hop *hop = &s->hops[h];
		for (size_t f = 0; f < FAMILY_COUNT; f++) {
			for (size_t i = 0; i < hop->count[f]; i++)
				found[n++] = (struct target){.address = hop->of[f][i], .transport = hop->transport};
		}
	}
	conclude(s, found, n);
}

static void address_came(void *arg, int status, const struct dns_answer *answer)
{
	struct question *q = arg;
	struct target_search *s = q->search;
	struct hop *hop = &s->hops[q->index];

	if (status == 0) {
		/* The same answer serves many calls: each begins at another of its addresses. */
		size_t first = random_below(s->transport->random, (uint32_t)answer->count);
		for (size_t i = 0; i < answer->count && hop->count[q->family] < HOP_ADDRESSES; i++) {
			struct address *a = &hop->of[q->family][hop->count[q->family]++];
			*a = answer->of[(first + i) % answer->count].address;
			a->port = hop->port;
		}
	}
	answer_came(s, status);
}

static void ask_addresses(struct target_search *s)
{
	s->hop_count = MIN(s->hop_count, (size_t)HOPS_MAX);
	s->next = addresses_came;
	for (size_t i = 0; i < s->hop_count; i++) {
		ask(s, s->hops[i].name, DNS_AAAA, i, FAMILY_V6, address_came);
		ask(s, s->hops[i].name, DNS_A, i, FAMILY_V4, address_came);
	}
	asked(s);
}

static uint16_t default_port(enum sip_transport transport)
{
	return transport == SIP_TLS ? 5061 : 5060;
}

/* Where neither the caller nor DNS says which: UDP, which everybody has (§4.1). */
static enum sip_transport plain_choice(const struct target_search *s)
{
	return s->usable[SIP_UDP] ? SIP_UDP : s->usable[SIP_TLS] ? SIP_TLS : SIP_TCP;
}

/* No SRV, or no need of it: the host's own addresses. */
static void ask_host(struct target_search *s)
{
	enum sip_transport transport = plain_choice(s);
	struct hop *hop = &s->hops[0];
	*hop = (struct hop){.transport = transport, .port = s->port ? s->port : default_port(transport)};
	snprintf(hop->name, sizeof(hop->name), "%s", s->list.name);
	s->hop_count = 1;
	ask_addresses(s);
}

/* ---- SRV ---- */

static bool stands_before(const struct hop *a, const struct hop *b)
{
	if (a->service != b->service)
		return a->service < b->service;
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->weight == 0 &&
	       b->weight != 0; /* RFC 2782: those of weight 0 first, so that they have a small chance */
}

static void swap(struct hop *a, struct hop *b)
{
	struct hop kept = *a;
	*a = *b;
	*b = kept;
}

/* Among n hops of one priority: the next is drawn, the chance of each as its weight (RFC 2782). */
static void draw(struct random *random, struct hop *hops, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		uint32_t sum = 0, so_far = 0;
		for (size_t j = i; j < n; j++)
			sum += hops[j].weight;
		uint32_t mark = random_below(random, sum + 1);
		size_t chosen = i;
		while ((so_far += hops[chosen].weight) < mark)
			chosen++;
		swap(&hops[i], &hops[chosen]);
	}
}

static void order_hops(struct random *random, struct hop *hops, size_t n)
{
	for (size_t i = 1; i < n; i++) { /* by insertion: few */
		for (size_t j = i; j > 0 && stands_before(&hops[j], &hops[j - 1]); j--)
			swap(&hops[j], &hops[j - 1]);
	}
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && hops[end].service == hops[i].service && hops[end].priority == hops[i].priority)
			end++;
		draw(random, hops + i, end - i);
	}
}

static void services_came(struct target_search *s)
{
	if (s->hop_count) {
		order_hops(s->transport->random, s->hops, s->hop_count);
		ask_addresses(s);
	} else if (s->dns_status) {
		/* Nobody said that there is no SRV: the host's own address may be another thing, such as its web site.
		 */
		finish(s, s->dns_status);
	} else {
		ask_host(s);
	}
}

static void service_came(void *arg, int status, const struct dns_answer *answer)
{
	struct question *q = arg;
	struct target_search *s = q->search;

	for (size_t i = 0; status == 0 && i < answer->count && s->hop_count < ARRAY_LEN(s->hops); i++) {
		const struct dns_record *r = &answer->of[i];
		struct hop *hop = &s->hops[s->hop_count];
		*hop = (struct hop){.transport = s->services[q->index].transport,
				    .service = q->index,
				    .priority = r->srv.priority,
				    .weight = r->srv.weight,
				    .port = r->srv.port};
		/* An empty target says that there is decidedly no such service. */
		if (r->srv.port && dns_name_parse(r->srv.target, hop->name))
			s->hop_count++;
	}
	answer_came(s, status);
}

static void add_service(struct target_search *s, enum sip_transport transport, struct slice prefix, struct slice name)
{
	char text[2 * DNS_NAME_CAP];
	struct writer w = writer_on(text, sizeof(text));

	if (s->service_count == SERVICES_MAX || !s->usable[transport])
		return;
	write_slice(&w, prefix);
	write_slice(&w, name);
	struct service *service = &s->services[s->service_count];
	service->transport = transport;
	if (dns_name_parse(writer_slice(&w), service->name))
		s->service_count++;
}

static void ask_services(struct target_search *s)
{
	struct slice host = slice_from_string(s->list.name);

	if (s->service_count == 0) { /* no NAPTR: what can be protected goes first */
		add_service(s, SIP_TLS, SLICE("_sips._tcp."), host);
		add_service(s, SIP_UDP, SLICE("_sip._udp."), host);
		add_service(s, SIP_TCP, SLICE("_sip._tcp."), host);
	}
	s->dns_status = 0; /* of NAPTR: there are resolvers that never answer it */
	s->next = services_came;
	for (size_t i = 0; i < s->service_count; i++)
		ask(s, s->services[i].name, DNS_SRV, i, 0, service_came);
	asked(s);
}

/* ---- NAPTR ---- */

static const struct {
	struct slice service;
	enum sip_transport transport;
} naptr_services[] = {{{"SIPS+D2T", 8}, SIP_TLS}, {{"SIP+D2U", 7}, SIP_UDP}, {{"SIP+D2T", 7}, SIP_TCP}};

/* By order, then preference, then as the server listed them (RFC 3403 §4.1). */
static uint64_t naptr_rank(const struct dns_answer *answer, size_t i)
{
	const struct dns_record *r = &answer->of[i];
	return (uint64_t)r->naptr.order << 32 | (uint64_t)r->naptr.preference << 16 | i;
}

/* The record of lowest rank at or above this one; NULL: none is left. */
static const struct dns_record *next_naptr(const struct dns_answer *answer, uint64_t *from)
{
	const struct dns_record *best = NULL;
	uint64_t best_rank = UINT64_MAX;
	for (size_t i = 0; i < answer->count; i++) {
		uint64_t rank = naptr_rank(answer, i);
		if (rank >= *from && rank < best_rank) {
			best = &answer->of[i];
			best_rank = rank;
		}
	}
	*from = best_rank + 1;
	return best;
}

static void naptr_came(void *arg, int status, const struct dns_answer *answer)
{
	struct question *q = arg;
	struct target_search *s = q->search;

	uint64_t rank = 0;
	const struct dns_record *r;

	while (status == 0 && (r = next_naptr(answer, &rank))) {
		for (size_t i = 0; i < ARRAY_LEN(naptr_services); i++) {
			if (slice_caseeq(r->naptr.flags, SLICE("s")) &&
			    slice_caseeq(r->naptr.service, naptr_services[i].service))
				add_service(s, naptr_services[i].transport, SLICE_NONE, r->naptr.replacement);
		}
	}
	answer_came(s, status);
}

/* ---- begun ---- */

/* Which transports may be used: what was asked for, and what we have a listener of. False: none. */
static bool choose_transports(struct target_search *s, const struct target_where *where)
{
	const struct transport *t = s->transport;
	bool any = false;

	for (size_t i = 0; i < t->listener_count; i++) {
		const struct listener *l = t->listeners[i];
		bool fits = (where->listener < 0 || where->listener == (int)i) &&
			    (!where->has_transport || where->transport == l->kind) &&
			    (!where->secure || l->kind == SIP_TLS) && (l->udp || l->stream);
		s->usable[l->kind] |= fits;
		any |= fits;
	}
	return any;
}

static void begin(struct target_search *s, const struct target_where *where)
{
	struct target literal = {0};

	if (address_parse(where->host, &literal.address)) {
		literal.transport = plain_choice(s);
		literal.address.port = where->port ? where->port : default_port(literal.transport);
		conclude(s, &literal, 1);
	} else if (where->port) {
		ask_host(s);
	} else if (where->has_transport || where->listener >= 0) {
		ask_services(s);
	} else {
		s->next = ask_services;
		ask(s, s->list.name, DNS_NAPTR, 0, 0, naptr_came);
		asked(s);
	}
}

/* The host as a certificate says it: without brackets, or as DNS writes names. */
static bool write_name(struct slice host, char ret[TARGET_NAME_CAP])
{
	struct address a;
	struct writer w = writer_on(ret, TARGET_NAME_CAP - 1);
	if (!address_parse(host, &a))
		return dns_name_parse(host, ret);
	write_address(&w, &a);
	ret[w.n] = '\0';
	return true;
}

int target_find(struct transport *t, const struct target_where *where, target_fn fn, void *arg,
		struct target_search **ret)
{
	struct address a;
	char name[TARGET_NAME_CAP];

	if (!write_name(where->host, name) || where->listener >= (int)t->listener_count)
		return -EINVAL;
	if (!t->dns && !address_parse(where->host, &a))
		return -ENOTSUP;
	struct target_search *s = pool_take(&t->searches);
	if (!s)
		return -ENOBUFS;
	s->transport = t;
	s->fn = fn;
	s->arg = arg;
	s->port = where->port;
	s->list.listener = where->listener;
	memcpy(s->list.name, name, sizeof(name));
	timer_init(&s->done, tell, s);
	if (!choose_transports(s, where)) {
		pool_give(&t->searches, s);
		return -EHOSTUNREACH;
	}
	begin(s, where);
	*ret = s;
	return 0;
}
