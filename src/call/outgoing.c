/* call/outgoing.c - one attempt after the other: see outgoing.h */
#include "call/outgoing.h"

#include <errno.h>

static void attempt_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg);

/* Begin a transaction on o->flow and write its request into sb->work. */
static int write_on_flow(struct outgoing *o, struct writer *ret_w, struct sip_client **ret)
{
	struct switchboard *sb = o->sb;
	struct sip_client *t = sip_client_new(sb->stack, &o->flow, o->method, attempt_event, o);
	if (!t)
		return -ENOMEM;
	*ret_w = writer_on(sb->work, sizeof(sb->work));
	int rc = o->write(o->arg, t, &o->flow, ret_w);
	if (rc < 0) {
		sip_client_drop(t);
		return rc;
	}
	*ret = t;
	return 0;
}

/* The way to target number `at`; grown: to the same address over TCP. */
static int find_flow(struct outgoing *o, size_t at, bool grown, struct sip_flow *ret)
{
	struct transport *transport = o->sb->config.transport;
	if (!grown)
		return target_flow(transport, &o->targets, at, ret);
	struct target_list tcp = o->targets;
	tcp.of[at].transport = SIP_TCP;
	tcp.listener = -1; /* the one named is of UDP */
	return target_flow(transport, &tcp, at, ret);
}

/* Where there is no way over TCP, UDP carries it in fragments. */
static bool must_grow(const struct outgoing *o, const struct writer *w)
{
	return o->flow.transport == SIP_UDP && w->n > OUTGOING_DATAGRAM_MAX && !o->tcp_failed;
}

/* Begin with target o->at. */
static int attempt(struct outgoing *o)
{
	struct writer w;
	struct sip_client *t;
	int rc = find_flow(o, o->at, false, &o->flow);
	if (rc == 0)
		rc = write_on_flow(o, &w, &t);
	if (rc != 0)
		return rc;
	o->grown = must_grow(o, &w) && find_flow(o, o->at, true, &o->flow) == 0;
	if (o->grown) { /* it says in Via and Contact how it goes: written again */
		sip_client_drop(t);
		rc = write_on_flow(o, &w, &t);
	}
	if (rc == 0)
		rc = sip_client_start(t, writer_slice(&w));
	if (rc < 0)
		return rc;
	o->client = t;
	o->answered = o->progressed = false;
	timer_start(o->sb->wheel, &o->patience, o->patience_us);
	return 0;
}

/* The first target from here on that can be sent to; else the last one's reason. */
static int attempt_from(struct outgoing *o, size_t at)
{
	int rc = -EHOSTUNREACH;
	for (o->at = at; o->at < o->targets.count; o->at++) {
		o->tcp_failed = false;
		rc = attempt(o);
		if (rc == 0 || rc == -ENOMEM)
			return rc;
	}
	return rc;
}

/* The present attempt has failed: another is begun in its place. False: there is none, and o is as it was. */
static bool next_attempt(struct outgoing *o, bool refused)
{
	struct sip_client *old = o->client;
	struct sip_flow flow = o->flow;
	size_t at = o->at;
	bool grown = o->grown, begun = false;
	if (o->cancelled)
		return false;
	timer_stop(o->sb->wheel, &o->patience);
	if (grown && refused) {
		o->tcp_failed = true;
		begun = attempt(o) == 0;
	} else {
		target_failed(o->sb->config.transport, &o->targets.of[at]);
	}
	if (!begun)
		begun = attempt_from(o, at + 1) == 0;
	if (begun) {
		sip_client_detach(old);
		return true;
	}
	o->flow = flow;
	o->at = at;
	o->grown = grown;
	return false;
}

static void report(struct outgoing *o, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	if (o->event)
		o->event(o->arg, t, event, msg);
}

/*
 * RFC 3263 §4.3: a failure of the transport, no answer, or 503. Who has said 18x has taken the call: its 503 speaks of
 * what lies beyond, and somebody may have heard a phone ring.
 */
static bool is_failure(const struct outgoing *o, enum sip_client_event event, const struct sip_message *msg)
{
	return event == SIP_CLIENT_SEND_FAILED || (event == SIP_CLIENT_TIMEOUT && !o->answered) ||
	       (event == SIP_CLIENT_RESPONSE && msg->status == 503 && !o->progressed);
}

static void attempt_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct outgoing *o = arg;
	if (is_failure(o, event, msg) && next_attempt(o, event != SIP_CLIENT_RESPONSE))
		return;
	if (event == SIP_CLIENT_RESPONSE) {
		o->answered = true;
		o->progressed |= msg->status > 100;
	}
	if (event == SIP_CLIENT_GONE)
		o->client = NULL;
	timer_stop(o->sb->wheel, &o->patience);
	report(o, t, event, msg);
}

/* It may answer all the same: an INVITE is then cancelled, and a 2xx acknowledged and hung up (on_stray_2xx). */
static void patience_ended(struct timer *timer, void *arg)
{
	struct outgoing *o = arg;
	struct sip_client *old = o->client;
	if (!old) {
		report(o, NULL, SIP_CLIENT_GONE, NULL);
		return;
	}
	bool begun = next_attempt(o, true);
	sip_client_cancel(old, SLICE_NONE);
	if (begun)
		return;
	sip_client_detach(old);
	o->client = NULL;
	timer_start(o->sb->wheel, timer, 0); /* the last event, in its own turn: o may be gone after this one */
	report(o, old, SIP_CLIENT_TIMEOUT, NULL);
}

int outgoing_start(struct outgoing *o, struct switchboard *sb, const struct target_list *targets,
		   enum sip_method method, int64_t patience_us, outgoing_write_fn write, sip_client_fn event, void *arg)
{
	*o = (struct outgoing){.sb = sb,
			       .targets = *targets,
			       .method = method,
			       .write = write,
			       .event = event,
			       .arg = arg,
			       .patience_us = patience_us ? patience_us : OUTGOING_PATIENCE_US};
	timer_init(&o->patience, patience_ended, o);
	return attempt_from(o, 0);
}

int outgoing_again(struct outgoing *o)
{
	struct sip_client *old = o->client;
	if (o->cancelled)
		return -ECANCELED;
	timer_stop(o->sb->wheel, &o->patience);
	int rc = attempt(o);
	if (rc == 0)
		sip_client_detach(old);
	return rc;
}

void outgoing_cancel(struct outgoing *o, struct slice reason)
{
	o->cancelled = true;
	if (!o->client)
		return;
	timer_stop(o->sb->wheel, &o->patience); /* 64*T1 from here, by the transaction (§9.1) */
	sip_client_cancel(o->client, reason);
}

void outgoing_done(struct outgoing *o)
{
	if (!o->sb)
		return;
	timer_stop(o->sb->wheel, &o->patience);
	if (o->client)
		sip_client_detach(o->client);
	o->client = NULL;
	o->event = NULL;
}

int outgoing_flow(struct outgoing *o, struct sip_flow *ret)
{
	return find_flow(o, o->at, o->grown, ret);
}
