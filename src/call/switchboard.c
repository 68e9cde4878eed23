/* call/switchboard.c - messages in, to whom they concern; the parts made and taken down */
#include "base/log.h"
#include "call/callers.h"
#include "call/instant.h"
#include "call/messages.h"
#include "call/outside.h"
#include "call/overload.h"
#include <errno.h>

struct leg *leg_of_tag(struct switchboard *sb, struct slice tag)
{
	uint16_t node;
	struct sip_name name;
	if (!sip_name_parse(tag, &node, &name) || node != sb->config.node)
		return NULL;
	struct leg *leg = pool_get(&sb->legs, name.handle);
	return leg && leg->name.secret == name.secret ? leg : NULL;
}

int send_message(struct switchboard *sb, const struct sip_flow *flow, struct slice bytes)
{
	int rc = transport_send(sb->config.transport, flow, bytes);
	if (rc == 0)
		messages_sent(sb, flow, bytes);
	return rc;
}

/* ---- requests ---- */

static void dispatch_in_dialog(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			       const struct sip_flow *flow, struct slice tag)
{
	struct leg *leg = leg_of_tag(sb, tag);
	if (leg && slice_eq(leg->dialog.call_id, sip_field_value(req, SIP_CALL_ID))) {
		if (server)
			sip_server_set_guest(server, false);
		leg_request(leg, server, req, flow);
	} else if (server) {
		refuse(sb, server, 481, SLICE_NONE);
	}
}

/*
 * Has this request been through us before? Its From tag is that of a leg of ours, or one of its Vias has the branch of
 * a request of ours that still waits: a phone or operator has sent back what it was sent (§16.3 step 4). Who changes
 * both is stopped by Max-Forwards, as are calls that an operator sends on to us. Max-Breadth (RFC 5393) is not needed:
 * we fork once, to a bounded number of devices.
 */
static bool comes_back(struct switchboard *sb, const struct sip_message *req)
{
	const struct leg *leg = leg_of_tag(sb, sip_address_tag(&req->from));
	struct sip_reason err;
	if (leg)
		return !trunk_sent_on(leg, req);
	for (const struct sip_field *f = sip_field_first(req, SIP_VIA); f; f = sip_field_next(req, f)) {
		struct slice rest = f->value, item;
		struct sip_via via;
		while (sip_list_next(&rest, &item))
			if (sip_via_parse(item, &via, &err) == SIP_OK && sip_stack_sent(sb->stack, via.branch))
				return true;
	}
	return false;
}

static void on_request(void *owner, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow)
{
	struct switchboard *sb = owner;
	if (server && !guest_may_ask(sb, server, req, flow))
		return;
	if (server && refuse_required(sb, server, req, flow))
		return;
	if (server && req->first[SIP_REPLACES] && req->method != SIP_INVITE) { /* RFC 3891 §3 */
		refuse(sb, server, 400, SLICE("Replaces Without INVITE"));
		return;
	}
	struct slice tag = sip_address_tag(&req->to);
	if (!server && !leg_of_tag(sb, tag)) { /* an ACK of nothing is not answered, but it counts */
		(void)guest_is_heard(sb, req, flow);
		return;
	}
	if (!slice_empty(tag)) {
		dispatch_in_dialog(sb, server, req, flow, tag);
		return;
	}
	if (refuse_scheme(sb, server, req))
		return;
	switch (req->method) {
	case SIP_REGISTER:
		registrar_request(sb, server, req, flow);
		break;
	case SIP_INVITE:
		if (comes_back(sb, req))
			refuse(sb, server, 482, SLICE_NONE);
		else
			incoming_invite(sb, server, req, flow);
		break;
	case SIP_OPTIONS:
		/* DEVIATION: §11.2 wants the status that an INVITE would get. Whether we take calls at all is told;
		 * not who the asker is, nor whether somebody has that extension: it would be asked for until found. */
		if (!calls_refused(sb, server, req, flow))
			answer_options(sb, server, req, flow, SLICE_NONE);
		break;
	case SIP_MESSAGE:
		if (comes_back(sb, req))
			refuse(sb, server, 482, SLICE_NONE);
		else
			instant_request(sb, server, req, flow);
		break;
	case SIP_BYE: /* of a dialog that there is not */
	case SIP_PRACK:
	case SIP_UPDATE:
	case SIP_INFO:
		refuse(sb, server, 481, SLICE_NONE);
		break;
	case SIP_REFER: /* we call nobody because somebody says so: only who is in a call may move that */
		refuse(sb, server, 403, SLICE("Only In A Call"));
		break;
	default:
		refuse_method(sb, server, req, flow, SLICE_NONE);
	}
}

static bool admits(void *owner, const struct sip_message *req, const struct sip_flow *flow)
{
	return overload_admits(owner, req, flow);
}

static void on_cancel(void *owner, struct sip_server *server, const struct sip_message *cancel)
{
	struct leg *leg = sip_server_owner(server);
	if (leg)
		leg_cancelled(leg, cancel);
	else
		refuse(owner, server, 487, SLICE_NONE); /* cancelled while it was still being challenged or looked up */
}

static void on_stray_2xx(void *owner, const struct sip_message *msg, const struct sip_flow *flow)
{
	struct switchboard *sb = owner;
	leg_stray_2xx(sb, leg_of_tag(sb, sip_address_tag(&msg->from)), msg, flow);
}

/* An answer may come late, a flood of them is no phone's. */
static void on_unasked(void *owner, const struct sip_flow *flow)
{
	(void)guest_sent_garbage(owner, flow);
}

static int on_send(void *owner, const struct sip_flow *flow, struct slice bytes)
{
	return send_message(owner, flow, bytes);
}

/* A reason where an answer can be written, silence and a count where not. */
static void refuse_message(struct switchboard *sb, const struct sip_flow *flow, const struct sip_reason *why)
{
	const struct sip_message *msg = &sb->message;
	metric_add(&sb->bad_messages, 1);
	if (!guest_sent_garbage(sb, flow))
		return;
	if (msg->is_request && msg->method != SIP_ACK && msg->first[SIP_VIA] && msg->first[SIP_FROM] &&
	    msg->first[SIP_TO] && msg->first[SIP_CALL_ID] && msg->first[SIP_CSEQ])
		sip_stack_respond_stateless(sb->stack, msg, flow, why->status ? why->status : 400,
					    slice_from_string(why->text));
}

void switchboard_input(struct switchboard *sb, const struct sip_flow *flow, char *bytes, size_t n)
{
	ASSERT_ON(sb->thread);
	struct sip_message *msg = &sb->message;
	struct sip_reason err;
	if (sip_message_parse(bytes, n, msg, &err) == SIP_OK && sip_message_check(msg, &err) == SIP_OK) {
		messages_received(sb, flow, msg);
		sip_stack_input(sb->stack, msg, flow);
		messages_handled(sb);
		return;
	}
	refuse_message(sb, flow, &err);
}

void switchboard_refused(struct switchboard *sb, const struct sip_flow *flow, char *head, size_t n,
			 const struct sip_reason *why)
{
	ASSERT_ON(sb->thread);
	struct sip_reason err; /* what else is wrong with it does not matter */
	(void)!sip_message_parse(head, n, &sb->message, &err);
	refuse_message(sb, flow, why);
}

void switchboard_flow_closed(struct switchboard *sb, const struct sip_flow *flow, uint64_t tag)
{
	ASSERT_ON(sb->thread);
	sip_stack_flow_closed(sb->stack, flow);
	callers_flow_closed(sb, flow);
	registrar_flow_closed(sb, flow);
	identities_forget(sb, tag);
}

void switchboard_store_change(struct switchboard *sb, const struct store_change *change)
{
	ASSERT_ON(sb->thread);
	directory_apply(sb->config.directory, change);
}

void switchboard_flush_messages(struct switchboard *sb)
{
	ASSERT_ON(sb->thread);
	messages_flush(sb->messages);
}

/* ---- an orderly end ---- */

#define STOP_POLL_US (10 * MS_US)

static void stop_check(struct timer *t, void *arg)
{
	struct switchboard *sb = arg;
	bool more = sb->wheel->now_us >= sb->stop_at_us && calls_end_some(sb, &sb->stop_cursor, "shutdown");
	history_flush(sb->history);
	messages_flush(sb->messages);
	registrar_flush(sb->registrar);
	bool late = sb->wheel->now_us >= sb->stop_at_us + STOP_PATIENCE_US;
	if ((more || sb->calls.used || !instants_answered(sb) || sb->tellings.count || !history_idle(sb->history)) &&
	    !late) {
		timer_start(sb->wheel, &sb->stop_timer, STOP_POLL_US);
		return;
	}
	sb->stopped(sb->stopped_arg);
}

void switchboard_stop(struct switchboard *sb, int64_t grace_us, void (*done)(void *arg), void *arg)
{
	ASSERT_ON(sb->thread);
	if (sb->stopping) { /* asked again: do not wait any longer */
		sb->stop_at_us = sb->wheel->now_us;
		return;
	}
	sb->stopping = true;
	sb->stopped = done;
	sb->stopped_arg = arg;
	sb->stop_at_us = sb->wheel->now_us + grace_us;
	timer_init(&sb->stop_timer, stop_check, sb);
	timer_start(sb->wheel, &sb->stop_timer, 0);
}

/* ---- made and taken down ---- */

static bool answers(void *owner, const struct sip_message *msg, const struct sip_flow *flow)
{
	return guest_is_heard(owner, msg, flow);
}

static const struct sip_stack_events stack_events = {
	.admits = admits,
	.answers = answers,
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_stray_2xx = on_stray_2xx,
	.on_unasked = on_unasked,
	.send = on_send,
};

/* Timers and durations do not notice; what is kept as a time of day moves with it. */
static void clock_was_set(void *arg, int64_t by_us)
{
	struct switchboard *sb = arg;
	sb->clock_set_us += by_us;
	registrar_clock_set(sb->registrar, by_us);
	log_event(LOG_WARN, "switchboard.clock_set", LOG_INT("by_ms", by_us / MS_US));
}

static void counter(struct metric *m, const char *name, const char *help)
{
	*m = (struct metric){.name = name, .help = help, .kind = METRIC_COUNTER};
}

static void gauge(struct metric *m, const char *name, const char *help)
{
	*m = (struct metric){.name = name, .help = help, .kind = METRIC_GAUGE};
}

int switchboard_new(const struct switchboard_config *config, struct switchboard **ret)
{
	struct switchboard *sb = calloc(1, sizeof(*sb));
	if (!sb)
		return -ENOMEM;
	thread_owner_take(&sb->thread);
	sb->config = *config;
	sb->wheel = config->wheel;
	sb->random = config->random;
	if (!sb->config.calls_max)
		sb->config.calls_max = CALL_MAX;
	if (!sb->config.history_bytes_max)
		sb->config.history_bytes_max = STORE_QUEUE_BYTES_MAX;
	pool_init(&sb->calls, sizeof(struct call), sb->config.calls_max);
	pool_init(&sb->legs, sizeof(struct leg), sb->config.calls_max * 4);
	identities_init(sb);
	guests_init(sb);
	rings_init(sb);
	instants_init(sb);
	overload_init(&sb->overload);
	uint8_t key[16];
	random_bytes(sb->random, key, sizeof(key));
	map_init(&sb->calls_by_id, key);
	map_init(&sb->calls_by_invite, key);
	map_init(&sb->calls_by_connection, key);
	map_init(&sb->rung_by_user, key);
	random_bytes(sb->random, sb->gruu_key, sizeof(sb->gruu_key));
	random_bytes(sb->random, sb->unknown_ha1, sizeof(sb->unknown_ha1));
	counter(&sb->calls_total, "alto_calls_total", "Calls begun");
	counter(&sb->calls_answered, "alto_calls_answered_total", "Calls answered");
	gauge(&sb->calls_open, "alto_calls_open", "Calls that have begun and are not yet in the history as ended");
	gauge(&sb->legs_open, "alto_legs_open", "Legs of calls");
	counter(&sb->bad_messages, "alto_sip_bad_messages_total", "SIP messages that could not be understood");
	counter(&sb->requests_refused, "alto_sip_requests_refused_total", "Requests answered with a refusal");
	counter(&sb->digits_passed, "alto_info_digits_total", "Digits that came by INFO and went on to the other side");
	counter(&sb->digits_lost, "alto_info_digits_lost_total", "Digits that came by INFO and reached nobody");
	counter(&sb->unknown_numbers, "alto_trunk_unknown_numbers_total",
		"Calls from operators for numbers that nobody has");
	counter(&sb->auth_failed, "alto_sip_authentication_failed_total", "Wrong passwords and unknown device names");

	struct sip_stack_config sc = {.wheel = sb->wheel,
				      .random = sb->random,
				      .node = config->node,
				      .transactions_max = TRANSACTIONS_MAX,
				      .events = &stack_events,
				      .owner = sb};
	sb->stack = sip_stack_new(&sc);
	sb->nonces = sip_nonces_new(sb->random, NONCE_LIFETIME_US, NONCE_TABLE_MAX);
	sb->hasher = crypto_hasher_new();
	if (!sb->stack || !sb->nonces || !sb->hasher || registrar_new(sb, &sb->registrar) < 0 ||
	    history_new(sb, &sb->history) < 0 ||
	    messages_new(sb, config->keep_messages, config->keep_days, &sb->messages) < 0) {
		switchboard_free(sb);
		return -ENOMEM;
	}
	sb->wheel->on_jump = clock_was_set;
	sb->wheel->on_jump_arg = sb;
	*ret = sb;
	return 0;
}

struct switchboard *switchboard_free(struct switchboard *sb)
{
	if (!sb)
		return NULL;
	sb->wheel->on_jump = NULL;
	guests_done(sb);
	timer_stop(sb->wheel, &sb->stop_timer);
	calls_drop_all(sb);
	instants_done(sb);
	history_free(sb->history);
	messages_free(sb->messages);
	registrar_free(sb->registrar);
	crypto_hasher_free(sb->hasher);
	sip_nonces_free(sb->nonces);
	sip_stack_free(sb->stack);
	map_done(&sb->calls_by_id);
	map_done(&sb->calls_by_invite);
	map_done(&sb->calls_by_connection);
	rings_done(sb);
	pool_done(&sb->identities);
	pool_done(&sb->legs);
	pool_done(&sb->calls);
	free(sb);
	return NULL;
}

void switchboard_metrics(struct switchboard *sb, struct metrics *m)
{
	metrics_add(m, &sb->calls_total);
	metrics_add(m, &sb->calls_answered);
	metrics_add(m, &sb->calls_open);
	metrics_add(m, &sb->legs_open);
	metrics_add(m, &sb->bad_messages);
	metrics_add(m, &sb->requests_refused);
	metrics_add(m, &sb->auth_failed);
	metrics_add(m, &sb->unknown_numbers);
	metrics_add(m, &sb->digits_passed);
	metrics_add(m, &sb->digits_lost);
	metrics_add(m, &sb->overload.total);
	instants_metrics(sb, m);
	registrar_metrics(sb->registrar, m);
	history_metrics(sb->history, m);
	messages_metrics(sb->messages, m);
	sip_stack_metrics(sb->stack, m);
}
