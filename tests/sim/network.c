/* sim/network.c - transport/transport.h over a network in memory: datagrams by the weather, connections in order */
#include "sim/phone.h"
#include "support/failing.h"
#include "transport/target.h"

#include <errno.h>

#define MESSAGE_MAX 16384 /* longer ones no phone here sends */

struct packet {
	struct timer timer;
	struct packet *next, **prev;
	struct transport *transport;
	struct sim_phone *phone;
	struct sim_flow_end {
		struct sip_flow flow;
		bool to_alto;
	} end;
	size_t n;
	char bytes[];
};

struct connection {
	struct sim_phone *phone;
	bool made; /* by Alto */
	struct transport *transport;
	struct timer refused;
	uint64_t tag;
	int64_t last_up_us, last_down_us; /* nothing overtakes on a connection */
};

struct host {
	const char *name;
	struct target_list targets;
};

struct target_search {
	struct target_search *next;
	struct transport *transport;
	struct timer found;
	target_fn fn;
	void *arg;
	int status;
	struct target_list targets;
};

struct transport {
	struct sim *sim;
	struct packet *packets;
	struct pool connections;
	struct host hosts[8];
	size_t host_count;
	struct target_search *searches;
};

static const struct {
	enum sip_transport transport;
	const char *at;
} listeners[] = {{SIP_UDP, "192.0.2.10:5060"},
		 {SIP_TCP, "192.0.2.10:5060"},
		 {SIP_TLS, "192.0.2.10:5061"},
		 {SIP_UDP, "192.0.2.10:5070"}};

static struct address listener_address(size_t i)
{
	struct address a;
	assert_true(address_parse_with_port(slice_from_string(listeners[i].at), &a));
	return a;
}

/* A router forgets a flow that has been silent for so long; many do after 30 s. */
#define NAT_US (30 * SECOND_US)

/* Where the network sees a datagram of this phone come from. */
static struct address seen_from(struct sim_phone *p)
{
	int64_t now_us = p->sim->wheel.now_us;
	if (!p->nat || sip_transport_reliable(p->transport))
		return p->address;
	if (now_us > p->outside_until_us)
		p->outside.port++;
	p->outside_until_us = now_us + NAT_US;
	return p->outside;
}

/* Whether one to this address reaches it. */
static bool reached_at(struct sim_phone *p, const struct address *a)
{
	if (!p->nat)
		return address_eq(&p->address, a);
	if (!address_eq(&p->outside, a) || p->sim->wheel.now_us > p->outside_until_us)
		return false;
	if (!p->nat_strict)
		p->outside_until_us = p->sim->wheel.now_us + NAT_US;
	return true;
}

struct transport *network_new(struct sim *s)
{
	struct transport *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	t->sim = s;
	pool_init(&t->connections, sizeof(struct connection), 100000);
	return t;
}

size_t network_travelling(const struct transport *t)
{
	size_t n = 0;
	for (const struct packet *p = t->packets; p; p = p->next)
		n++;
	return n;
}

static void packet_free(struct packet *p)
{
	timer_stop(&p->transport->sim->wheel, &p->timer);
	*p->prev = p->next;
	if (p->next)
		p->next->prev = p->prev;
	free(p);
}

void network_free(struct transport *t)
{
	for (struct packet *p = t->packets, *next; p; p = next) {
		next = p->next;
		packet_free(p);
	}
	for (struct target_search *search = t->searches, *later; search; search = later) {
		later = search->next;
		target_cancel(search);
	}
	uint32_t cursor = 0;
	for (struct connection *c; (c = pool_next(&t->connections, &cursor));)
		timer_stop(&t->sim->wheel, &c->refused);
	pool_done(&t->connections);
	free(t);
}

/* As transport does: of datagrams, and of connections where nobody has authenticated. */
static bool heard(struct sim *s, const struct sip_flow *flow)
{
	const struct connection *c = pool_get(&s->transport->connections, flow->connection);
	if (c && (c->tag || c->made))
		return true;
	return bans_admit(s->bans, &flow->remote, !sip_transport_reliable(flow->transport));
}

static void arrive(struct timer *timer, void *arg)
{
	struct packet *p = arg;
	struct sim *s = p->transport->sim;
	if (getenv("SIM_SHOW"))
		fprintf(stderr, "%lld.%03lld %s %s\n%.*s\n", (long long)(s->wheel.now_us / SECOND_US),
			(long long)(s->wheel.now_us / MS_US % 1000), p->end.to_alto ? "<" : ">", p->phone->username,
			(int)p->n, p->bytes);
	if (p->end.to_alto && !heard(s, &p->end.flow)) {
		if (sip_transport_reliable(p->end.flow.transport))
			network_close(p->phone);
	} else if (p->end.to_alto) {
		s->messages++;
		bool poor = s->poor_message && s->messages == s->poor_message;
		if (poor)
			failing_start(s->poor_allocation);
		if (s->sb)
			switchboard_input(s->sb, &p->end.flow, p->bytes, p->n);
		if (poor)
			s->poor_met = failing_stop();
	} else {
		phone_input(p->phone, p->bytes, p->n);
	}
	packet_free(p);
}

static void carry(struct transport *t, struct sim_phone *phone, const struct sip_flow *flow, bool to_alto,
		  struct slice bytes, int64_t delay_us)
{
	struct packet *p = malloc(sizeof(*p) + bytes.n);
	if (!p)
		return; /* test_memory: it is lost */
	*p = (struct packet){.next = t->packets, .prev = &t->packets, .transport = t, .phone = phone, .n = bytes.n};
	p->end.flow = *flow;
	p->end.to_alto = to_alto;
	memcpy(p->bytes, bytes.p, bytes.n);
	if (t->packets)
		t->packets->prev = &p->next;
	t->packets = p;
	timer_init(&p->timer, arrive, p);
	timer_start(&t->sim->wheel, &p->timer, delay_us);
}

static void datagram(struct transport *t, struct sim_phone *phone, const struct sip_flow *flow, bool to_alto,
		     struct slice bytes)
{
	struct sim *s = t->sim;
	unsigned copies = random_below(&s->dice, 100) < s->weather.double_percent ? 2 : 1;
	for (unsigned i = 0; i < copies; i++) {
		uint32_t spread = (uint32_t)(s->weather.most_us - s->weather.least_us) + 1;
		int64_t delay_us = s->weather.least_us + random_below(&s->dice, spread);
		if (random_below(&s->dice, 100) >= s->weather.loss_percent)
			carry(t, phone, flow, to_alto, bytes, delay_us);
	}
}

static void stream(struct transport *t, struct connection *c, const struct sip_flow *flow, bool to_alto,
		   struct slice bytes)
{
	int64_t *last_us = to_alto ? &c->last_up_us : &c->last_down_us;
	*last_us = MAX(*last_us + MS_US, t->sim->wheel.now_us + t->sim->weather.least_us);
	carry(t, c->phone, flow, to_alto, bytes, *last_us - t->sim->wheel.now_us);
}

static struct sip_flow flow_of(const struct sim_phone *p)
{
	size_t i = 0;
	while (listeners[i].transport != p->transport)
		i++;
	if (p->second_listener)
		i = ARRAY_LEN(listeners) - 1;
	return (struct sip_flow){.transport = p->transport,
				 .listener = (uint16_t)i,
				 .connection = p->connection,
				 .local = listener_address(i),
				 .remote = p->address};
}

void network_from_phone(struct sim_phone *p, struct slice bytes)
{
	char changed[MESSAGE_MAX];
	struct sip_flow flow = flow_of(p);
	struct transport *t = p->sim->transport;
	const struct sim_wire *wire = &p->sim->wire;
	if (wire->meddle && bytes.n <= sizeof(changed)) {
		memcpy(changed, bytes.p, bytes.n);
		bytes = slice_of(changed, wire->meddle(wire->arg, p, changed, bytes.n, sizeof(changed)));
		if (slice_empty(bytes))
			return;
	}
	flow.remote = seen_from(p);
	if (!sip_transport_reliable(p->transport)) {
		datagram(t, p, &flow, true, bytes);
		return;
	}
	struct connection *c = pool_get(&t->connections, p->connection);
	if (c)
		stream(t, c, &flow, true, bytes);
}

pool_handle network_connect(struct sim_phone *p)
{
	if (!bans_admit(p->sim->bans, &p->address, false))
		return p->connection = 0;
	struct connection *c = pool_take(&p->sim->transport->connections);
	assert_non_null(c);
	c->transport = p->sim->transport;
	c->phone = p;
	return p->connection = pool_handle_of(&p->sim->transport->connections, c);
}

void network_close(struct sim_phone *p)
{
	struct transport *t = p->sim->transport;
	struct sip_flow flow = flow_of(p);
	struct connection *c = pool_get(&t->connections, p->connection);
	if (!c)
		return;
	uint64_t tag = c->tag;
	timer_stop(&t->sim->wheel, &c->refused);
	pool_give(&t->connections, c);
	p->connection = 0;
	if (t->sim->sb)
		switchboard_flow_closed(t->sim->sb, &flow, tag);
}

/* ---- transport.h ---- */

static struct sim_phone *phone_at(const struct transport *t, const struct address *a)
{
	struct sim_phone *p = t->sim->phones;
	while (p && (sip_transport_reliable(p->transport) || !reached_at(p, a)))
		p = p->next;
	return p;
}

static void witness(const struct transport *t, const struct sim_phone *to, struct slice bytes)
{
	const struct sim_wire *wire = &t->sim->wire;
	if (wire->witness)
		wire->witness(wire->arg, to, bytes);
}

int transport_send(struct transport *t, const struct sip_flow *flow, struct slice bytes)
{
	if (sip_transport_reliable(flow->transport)) {
		struct connection *c = pool_get(&t->connections, flow->connection);
		if (!c)
			return -ENOTCONN;
		witness(t, c->phone, bytes);
		if (c->phone)
			stream(t, c, flow, false, bytes);
		return 0;
	}
	struct sim_phone *p = phone_at(t, &flow->remote);
	witness(t, p, bytes);
	if (p && !p->dead)
		datagram(t, p, flow, false, bytes);
	return 0;
}

int64_t transport_behind_us(const struct transport *t)
{
	return t->sim->behind_us;
}

bool transport_alive(const struct transport *t, const struct sip_flow *flow)
{
	return !sip_transport_reliable(flow->transport) || pool_get(&t->connections, flow->connection);
}

/* 10.0.0.0/8 is internal. */
static bool is_internal(const struct address *a)
{
	return a->ip[12] == 10;
}

void transport_public(const struct transport *t, const struct address *local, const struct address *remote,
		      struct address *ret)
{
	if (!transport_outside(t, local, ret))
		*ret = *local;
}

bool transport_can_reach(const struct transport *t, const struct address *ours, const struct address *remote)
{
	return !is_internal(ours) || transport_is_near(t, remote);
}

bool transport_is_near(const struct transport *t, const struct address *remote)
{
	const struct sim_phone *p = t->sim->phones;
	while (p && !(p->near && address_same_host(&p->address, remote)))
		p = p->next;
	return p != NULL;
}

/* 10.0.0.0/16 is behind an address that everybody may know; the rest of what is internal is behind none. */
bool transport_outside(const struct transport *t, const struct address *ours, struct address *ret)
{
	uint16_t port = ours->port;
	if (!is_internal(ours) || ours->ip[13])
		return false;
	assert_true(address_parse(SLICE("203.0.113.5"), ret));
	ret->port = port;
	return true;
}

void transport_write_host(const struct transport *t, struct writer *w, const struct sip_flow *flow)
{
	write_address_with_port(w, &flow->local);
}

void transport_set_tag(struct transport *t, const struct sip_flow *flow, uint64_t tag)
{
	struct connection *c = pool_get(&t->connections, flow->connection);
	if (c)
		c->tag = tag;
}

uint64_t transport_tag(const struct transport *t, const struct sip_flow *flow)
{
	const struct connection *c = pool_get(&t->connections, flow->connection);
	return c ? c->tag : 0;
}

void transport_tls_name(const struct transport *t, const struct sip_flow *flow, char *ret, size_t cap)
{
	bool alive = flow->transport == SIP_TLS && transport_alive(t, flow);
	snprintf(ret, cap, "%s", alive ? "TLSv1.3 TLS_AES_256_GCM_SHA384" : "");
}

struct slice transport_person(const struct transport *t, const struct sip_flow *flow)
{
	const struct connection *c = pool_get(&t->connections, flow->connection);
	return c && c->phone && c->phone->person ? slice_from_string(c->phone->person) : SLICE_NONE;
}

size_t transport_listener_count(const struct transport *t)
{
	return ARRAY_LEN(listeners);
}

void transport_listener(const struct transport *t, size_t i, struct transport_listen *ret)
{
	*ret = (struct transport_listen){.transport = listeners[i].transport, .at = listener_address(i)};
}

/* ---- target.h ---- */

void network_host(struct sim *s, const char *name, const struct sim_phone *p)
{
	struct transport *t = s->transport;
	struct host *h = t->hosts;
	while (h < t->hosts + t->host_count && strcmp(h->name, name) != 0)
		h++;
	if (h == t->hosts + t->host_count) {
		assert_true(t->host_count < ARRAY_LEN(t->hosts));
		t->host_count++;
		*h = (struct host){.name = name};
	}
	assert_true(h->targets.count < TARGETS_MAX);
	h->targets.of[h->targets.count++] = (struct target){.address = p->address, .transport = p->transport};
}

static void search_end(struct target_search *s)
{
	struct target_search **at = &s->transport->searches;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	timer_stop(&s->transport->sim->wheel, &s->found);
}

static void found(struct timer *timer, void *arg)
{
	struct target_search *s = arg;
	search_end(s);
	s->fn(s->arg, s->status, &s->targets);
	free(s);
}

void target_cancel(struct target_search *s)
{
	if (!s)
		return;
	search_end(s);
	free(s);
}

/* What the host has of the transport that is asked for. */
static void look_up(struct target_search *s, const struct target_where *where)
{
	struct target one = {.transport = where->secure ? SIP_TLS : where->has_transport ? where->transport : SIP_UDP};
	struct target_list *list = &s->targets;
	if (address_parse(where->host, &one.address)) {
		one.address.port = where->port ? where->port : one.transport == SIP_TLS ? 5061 : 5060;
		list->of[list->count++] = one;
	}
	for (size_t i = 0; i < s->transport->host_count; i++) {
		const struct host *h = &s->transport->hosts[i];
		for (size_t j = 0; slice_eq(where->host, slice_from_string(h->name)) && j < h->targets.count; j++)
			if (h->targets.of[j].transport == one.transport || !(where->secure || where->has_transport))
				list->of[list->count++] = h->targets.of[j];
	}
	s->status = list->count ? 0 : -ENOENT;
}

int target_find(struct transport *t, const struct target_where *where, target_fn fn, void *arg,
		struct target_search **ret)
{
	struct target_search *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct target_search){.next = t->searches, .transport = t, .fn = fn, .arg = arg};
	slice_to_string(where->host, s->targets.name, sizeof(s->targets.name));
	s->targets.listener = where->listener;
	look_up(s, where);
	t->searches = s;
	timer_init(&s->found, found, s);
	timer_start(&t->sim->wheel, &s->found, 5 * MS_US);
	*ret = s;
	return 0;
}

static void refuse_connection(struct timer *timer, void *arg)
{
	struct connection *c = arg;
	struct transport *t = c->transport;
	struct sip_flow flow = {.transport = SIP_TCP, .connection = pool_handle_of(&t->connections, c)};
	pool_give(&t->connections, c);
	if (t->sim->sb)
		switchboard_flow_closed(t->sim->sb, &flow, 0);
}

/* Nobody there: refused after a round trip. Somebody dead: made, and silent. */
static pool_handle connect_to(struct transport *t, const struct target *target)
{
	struct sim_phone *p = t->sim->phones;
	while (p && !(p->transport == target->transport && address_eq(&p->address, &target->address)))
		p = p->next;
	struct connection *old = p ? pool_get(&t->connections, p->connection) : NULL;
	if (old && old->made)
		return p->connection;
	struct connection *c = pool_take(&t->connections);
	if (!c)
		return 0;
	pool_handle handle = pool_handle_of(&t->connections, c);
	*c = (struct connection){.phone = p, .made = true, .transport = t};
	timer_init(&c->refused, refuse_connection, c);
	if (p)
		p->connection = handle;
	else
		timer_start(&t->sim->wheel, &c->refused, 2 * MS_US);
	return handle;
}

int target_flow(struct transport *t, const struct target_list *list, size_t i, struct sip_flow *ret)
{
	const struct target *target = &list->of[i];
	pool_handle connection = target->transport == SIP_UDP ? 0 : connect_to(t, target);
	size_t l = 0;
	if (target->transport != SIP_UDP && !connection)
		return -ENOBUFS;
	while (listeners[l].transport != target->transport)
		l++;
	if (list->listener >= 0)
		l = (size_t)list->listener;
	*ret = (struct sip_flow){.transport = target->transport,
				 .listener = (uint16_t)l,
				 .connection = connection,
				 .local = listener_address(l),
				 .remote = target->address};
	return 0;
}

void target_failed(struct transport *t, const struct target *target)
{
	t->sim->targets_failed++;
}

enum tls_distrust target_distrust(struct transport *t, const struct target *target)
{
	return TLS_BELIEVED;
}
