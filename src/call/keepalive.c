/*
 * call/keepalive.c - the way to a phone on UDP, kept open through NAT and firewalls.   RFC 5626 §4.4, RFC 4787 §4.3
 *
 * Every binding over UDP gets one, whether its Contact looks like behind NAT or not: what a Contact says is no proof
 * (routers rewrite it), firewalls without NAT forget flows too, and four bytes are cheaper than a missed call. The
 * default is an empty line twice, which phones pass over; an OPTIONS where the device's setting asks for it, and then
 * whatever comes back, with any status, says that the phone lives. Three in a row without an answer are shown; the
 * binding is kept until it expires, since the phone may only be busy.
 *
 * Each binding has a timer of its own, whose first run falls anywhere within the interval: they stay spread.
 */
#include "call/registrar.h"

static void set_unanswered(struct registrar *r, struct directory_binding *b, unsigned n)
{
	bool before = b->unanswered >= KEEPALIVE_UNANSWERED_MAX, after = n >= KEEPALIVE_UNANSWERED_MAX;
	b->unanswered = (uint8_t)MIN(n, KEEPALIVE_UNANSWERED_MAX);
	metric_add(&r->unreachable, (int64_t)after - (int64_t)before);
	if (after != before)
		registrar_review(r->sb, b->device);
}

static void probe_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct directory_binding *b = arg;
	struct registrar *r = b->keepalive.arg;
	if (event == SIP_CLIENT_RESPONSE)
		set_unanswered(r, b, 0);
	else if (event == SIP_CLIENT_GONE)
		b->probe = 0;
	else
		set_unanswered(r, b, b->unanswered + 1u);
}

static void write_probe(struct switchboard *sb, struct writer *w, const struct directory_binding *b,
			const struct sip_flow *flow, struct slice branch)
{
	char host[80];
	struct writer h = writer_on(host, sizeof(host));
	transport_write_host(sb->config.transport, &h, flow);
	uint64_t id = random_u64(sb->random);
	sip_write_request_line(w, SLICE("OPTIONS"), binding_target(b));
	write_format(w, "Via: SIP/2.0/UDP %.*s;rport;branch=%.*s\r\n", SLICE_ARG(writer_slice(&h)), SLICE_ARG(branch));
	sip_write_field_u64(w, SIP_MAX_FORWARDS, SIP_MAX_FORWARDS_DEFAULT);
	if (directory_binding_text(b, BINDING_PATH).n)
		sip_write_field(w, SIP_ROUTE, directory_binding_text(b, BINDING_PATH));
	write_format(w, "From: <sip:alto@%.*s>;tag=%016llx\r\nTo: <", SLICE_ARG(writer_slice(&h)),
		     (unsigned long long)id);
	write_slice(w, binding_target(b));
	write_format(w, ">\r\nCall-ID: %016llx\r\nCSeq: 1 OPTIONS\r\n", (unsigned long long)id);
	sip_write_body(w, SLICE_NONE, SLICE_NONE);
}

/* One that still waits is being repeated, and so keeps the way open by itself. */
static void send_probe(struct switchboard *sb, struct directory_binding *b, const struct sip_flow *flow)
{
	if (b->probe)
		return;
	struct sip_client *t = sip_client_new(sb->stack, flow, SIP_OPTIONS, probe_event, b);
	if (!t)
		return; /* the next round asks again */
	struct writer w = writer_on(sb->work, sizeof(sb->work));
	write_probe(sb, &w, b, flow, sip_client_branch(t));
	if (w.overflow)
		sip_client_drop(t);
	else if (sip_client_start(t, writer_slice(&w)) == 0)
		b->probe = sip_client_handle(t);
}

static void keepalive_due(struct timer *t, void *arg)
{
	struct directory_binding *b = container_of(t, struct directory_binding, keepalive);
	struct registrar *r = arg;
	struct switchboard *sb = r->sb;
	struct sip_flow flow;
	if (sip_transport_reliable(b->transport)) /* it has moved to a connection, which its phone keeps open */
		return;
	binding_flow(b, &flow);
	if (b->device->keepalive == STORE_KEEPALIVE_OPTIONS)
		send_probe(sb, b, &flow);
	else if (b->device->keepalive == STORE_KEEPALIVE_CRLF)
		(void)transport_send(sb->config.transport, &flow, SLICE("\r\n\r\n"));
	timer_start(sb->wheel, t, KEEPALIVE_US);
}

void keepalive_start(struct registrar *r, struct directory_binding *b)
{
	set_unanswered(r, b, 0);
	if (sip_transport_reliable(b->transport) || timer_running(&b->keepalive))
		return;
	timer_init(&b->keepalive, keepalive_due, r);
	timer_start(r->sb->wheel, &b->keepalive, random_below(r->sb->random, KEEPALIVE_US));
}

void keepalive_stop(struct registrar *r, struct directory_binding *b)
{
	struct sip_client *t = b->probe ? sip_client_get(r->sb->stack, b->probe) : NULL;
	if (t)
		sip_client_detach(t);
	b->probe = 0;
	set_unanswered(r, b, 0);
	timer_stop(r->sb->wheel, &b->keepalive);
}
