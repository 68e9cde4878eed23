/*
 * call/registrar.c - REGISTER: where a device can be reached, kept durably.   RFC 3261 §10, RFC 3327, RFC 5626
 *
 * A new or removed binding is answered after its commit. A refresh changes memory at once and is written within 5 s,
 * many in one job. When the disk stalls or refuses, registrations are taken from memory and marked, so that phones stay
 * reachable, but for no longer than the disk knows of or, where that is more, a minute; what a phone takes back is not,
 * and gets 503 (record 043).
 */
#include "call/gruu.h"
#include "call/register_job.h"
#include <errno.h>

/* ---- one REGISTER ---- */

static void answer(struct switchboard *sb, struct sip_server *server, const struct sip_flow *flow,
		   struct slice device_id)
{
	struct sip_message req;
	if (!server || sip_server_request(server, &req) < 0)
		return; /* the phone has given up; it will ask again */
	struct writer w = response_begin(sb, &req, flow, 200, SLICE_NONE, SLICE_NONE);
	bool outbound = false, wanted = sip_list_has(&req, SIP_SUPPORTED, SLICE("outbound"));
	bool gruus = sip_list_has(&req, SIP_SUPPORTED, SLICE("gruu"));
	struct directory_device *device = directory_device_by_id(sb->config.directory, device_id);
	for (struct directory_binding *b = device ? device->first_binding : NULL; b; b = b->next_of_device) {
		sip_write_field_begin(&w, SIP_CONTACT);
		binding_write_contact(&w, b, sb->wheel->wall_us);
		if (gruus)
			gruu_write(sb, &w, b);
		sip_write_field_end(&w);
		outbound |= wanted && b->reg_id && sip_transport_reliable(b->transport);
	}
	if (outbound) {
		sip_write_field(&w, SIP_REQUIRE, SLICE("outbound"));
		sip_write_field_u64(&w, SIP_FLOW_TIMER, REGISTER_FLOW_TIMER_S);
	}
	if (sip_field_first(&req, SIP_PATH) && sip_list_has(&req, SIP_SUPPORTED, SLICE("path")))
		for (const struct sip_field *f = sip_field_first(&req, SIP_PATH); f; f = sip_field_next(&req, f))
			sip_write_field(&w, SIP_PATH, f->value);
	(void)response_send(sb, server, &w, 200, SLICE_NONE);
	metric_add(&sb->registrar->registrations, 1);
}

static int register_run(struct db *db, struct store_job *job)
{
	struct register_job *rj = container_of(job, struct register_job, job);
	int rc = DB_OK;
	for (size_t i = 0; rc == DB_OK && i < rj->remove_count; i++)
		rc = store_binding_remove(db, rj->remove[i]);
	for (size_t i = 0; rc == DB_OK && i < rj->put_count; i++)
		rc = store_binding_put(db, &rj->put[i]);
	return rc;
}

/* In memory alone: for as long as we may forget it. (The store may be reading the job's own row.) */
static struct directory_binding *put_unsaved(struct switchboard *sb, const struct store_binding *row)
{
	struct store_binding unsaved = *row;
	struct directory_binding *b;
	const struct directory_device *device = directory_device_by_id(sb->config.directory, row->device);
	bool page = device && device->browser; /* whose bindings are never written */
	if (!page)
		unsaved.expires_us = MIN(row->expires_us, sb->wheel->wall_us + REGISTER_UNSAVED_S * SECOND_US);
	if (directory_binding_put(sb->config.directory, &unsaved, &b) < 0)
		return NULL;
	binding_added(sb->registrar, b, &unsaved);
	if (!page) {
		b->unsaved = true;
		binding_mark_dirty(sb->registrar, b);
		metric_add(&sb->registrar->from_memory, 1);
	}
	return b;
}

/* Make memory what the job says, for a store that cannot; and tie the bindings to their connection. */
static void register_apply(struct register_job *rj, bool from_memory)
{
	struct switchboard *sb = rj->sb;
	/* By the store's changes most are gone already, but not what it never had: that is removed without a change. */
	for (size_t i = 0; i < rj->remove_count; i++) {
		struct directory_binding *b = directory_binding_by_id(sb->config.directory, rj->remove[i]);
		if (b)
			directory_binding_remove(sb->config.directory, b);
	}
	for (size_t i = 0; i < rj->put_count; i++) {
		struct directory_binding *b = from_memory
						      ? put_unsaved(sb, &rj->put[i])
						      : directory_binding_by_id(sb->config.directory, rj->put[i].id);
		if (!b)
			continue;
		binding_set_flow(sb->registrar, b, &rj->flow);
		keepalive_start(sb->registrar, b);
		ring_new_way(sb, b);
	}
}

static void register_take(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			  const struct sip_flow *flow, const struct directory_device *device);

/* The REGISTERs that waited for this one, in the order in which they came. */
static void take_waiting(struct register_job *rj)
{
	struct switchboard *sb = rj->sb;
	for (size_t i = 0; i < rj->waiting_count; i++) {
		struct sip_server *server = sip_server_get(sb->stack, rj->waiting[i].server);
		struct sip_message *req = &sb->kept_message;
		if (!server || sip_server_request(server, req) < 0)
			continue; /* the phone has given up; it will ask again */
		const struct directory_device *device = directory_device_by_id(sb->config.directory,
									       slice_from_string(rj->device_id));
		if (device)
			register_take(sb, server, req, &rj->waiting[i].flow, device);
		else
			refuse(sb, server, 403, SLICE_NONE);
	}
	rj->waiting_count = 0;
}

/* Answered; the store may still have it. */
static void register_settle(struct register_job *rj, bool from_memory)
{
	register_job_leave(rj);
	register_apply(rj, from_memory);
	answer(rj->sb, sip_server_get(rj->sb->stack, rj->server), &rj->flow, slice_from_string(rj->device_id));
	take_waiting(rj);
}

/* Nothing has changed. */
static void register_failed(struct register_job *rj, unsigned status)
{
	struct switchboard *sb = rj->sb;
	struct sip_server *server = sip_server_get(sb->stack, rj->server);
	struct sip_message req;
	if (server && sip_server_request(server, &req) == 0)
		refuse_fully(sb, server, &req, &rj->flow, SLICE_NONE, &(struct refusal){.status = status});
	register_job_leave(rj);
	take_waiting(rj);
}

static void register_done(struct store_job *job, int result)
{
	struct register_job *rj = container_of(job, struct register_job, job);
	if (!rj->settled && result == DB_CONFLICT)
		register_failed(rj, 403); /* the device was removed while we wrote */
	else if (!rj->settled && result != DB_OK && rj->gives_up)
		register_failed(rj, 503);
	else if (!rj->settled)
		register_settle(rj, result != DB_OK);
	register_job_free(rj);
}

/*
 * The store stands still: the phone is not kept waiting for it. What it makes of the rows later changes nothing, but
 * where bindings are taken back: until that is known, the device's next REGISTER means nothing.
 */
static void register_late(struct timer *t, void *arg)
{
	struct register_job *rj = container_of(t, struct register_job, patience);
	if (!rj->gives_up) {
		register_settle(rj, true);
		return;
	}
	register_job_put_off(rj);
	timer_start(rj->sb->wheel, &rj->patience, REGISTER_STALL_US);
}

static bool store_is_late(const struct switchboard *sb)
{
	struct store_health health;
	store_health(sb->config.store, sb->wheel->now_us, &health);
	return health.oldest_wait_us > REGISTER_STALL_US;
}

/* No crash is to take what was acknowledged for longer than a minute: so for how long the disk knows of it, or that. */
static uint32_t at_most_s(const struct switchboard *sb, const struct directory_binding *b, bool late)
{
	if (b->unsaved)
		return REGISTER_UNSAVED_S;
	if (b->device->browser || !(late || sb->registrar->failing))
		return REGISTER_EXPIRES_MAX_S;
	int64_t known_s = (b->stored_until_us - sb->wheel->wall_us) / SECOND_US;
	return (uint32_t)MIN(MAX(known_s, REGISTER_UNSAVED_S), REGISTER_EXPIRES_MAX_S);
}

static void apply_refreshes(struct register_job *rj, bool late)
{
	struct switchboard *sb = rj->sb;
	for (size_t i = 0; i < rj->refresh_count; i++) {
		struct binding_refresh *r = &rj->refresh[i];
		struct sip_flow before;
		r->expires_s = MIN(r->expires_s, at_most_s(sb, r->binding, late));
		binding_flow(r->binding, &before);
		binding_refresh(sb->config.directory, r, sb->wheel->wall_us);
		binding_set_flow(sb->registrar, r->binding, &rj->flow);
		timer_start(sb->wheel, &r->binding->expiry, r->expires_s * SECOND_US);
		binding_mark_dirty(sb->registrar, r->binding);
		keepalive_start(sb->registrar, r->binding);
		if (!sip_flow_eq(&before, &rj->flow))
			ring_new_way(sb, r->binding);
	}
}

/*
 * Hand the job to the store; memory does not wait for it when it stalls. Of a browser's there is nothing to write, and
 * what a phone takes back is not given to a store that stalls: until it was done the phone could not register anew.
 * What it brings in the same request waits with that (§10.3: all of it or nothing): after a crash the old binding would
 * be there again, and nobody would take it back once more.
 */
static void register_commit(struct register_job *rj, const struct directory_device *device, bool late)
{
	if (!rj->put_count && !rj->remove_count)
		register_done(&rj->job, DB_OK);
	else if (device->browser || (late && rj->gives_up) || store_post(rj->sb->config.store, &rj->job) < 0)
		register_done(&rj->job, DB_BUSY);
	else if (late)
		register_settle(rj, true);
	else
		timer_start(rj->sb->wheel, &rj->patience, REGISTER_STALL_US);
}

static void refuse_register(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			    const struct sip_flow *flow, unsigned status)
{
	if (status != 423) {
		refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){.status = status});
		return;
	}
	struct writer w = response_begin(sb, req, flow, 423, SLICE_NONE, SLICE_NONE);
	sip_write_field_u64(&w, SIP_MIN_EXPIRES, REGISTER_EXPIRES_MIN_S);
	(void)response_send(sb, server, &w, 423, SLICE_NONE);
}

/*
 * A request of this device, whoever it is known to be. One at a time: what the next one means depends on the bindings
 * that this one leaves.
 */
static void register_take(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			  const struct sip_flow *flow, const struct directory_device *device)
{
	struct register_job *before = register_job_find(sb->registrar, device->id);
	if (before) {
		register_job_wait(before, server, flow);
		return;
	}
	struct register_job *rj = register_job_new(sb, server, flow, device);
	if (!rj) {
		refuse_register(sb, server, req, flow, 503);
		return;
	}
	rj->job.run = register_run;
	rj->job.done = register_done;
	timer_init(&rj->patience, register_late, NULL);
	unsigned status = register_read(rj, device, req);
	if (status) {
		refuse_register(sb, server, req, flow, status);
		register_job_free(rj);
		return;
	}
	bool late = store_is_late(sb);
	apply_refreshes(rj, late);
	register_commit(rj, device, late);
}

/* DEVIATION: §10.3 steps 3 and 5 ask whether the sender may change the address in To. It is not looked at: the device's
 * credentials alone say whose binding it is, so that phones which write any name there work. */
void registrar_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow)
{
	ASSERT_ON(sb->thread);
	struct directory_device *device;
	if (authenticate(sb, server, req, flow, &device) == AUTH_OK)
		register_take(sb, server, req, flow, device);
}

int registrar_new(struct switchboard *sb, struct registrar **ret)
{
	struct registrar *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->sb = sb;
	map_init(&r->jobs, sb->rung_by_user.key);
	map_init(&r->by_connection, sb->rung_by_user.key);
	timer_init(&r->write_timer, registrar_write_due, r);
	r->registrations = (struct metric){.name = "alto_registrar_accepted_total",
					   .help = "REGISTER requests answered with 200",
					   .kind = METRIC_COUNTER};
	r->from_memory = (struct metric){.name = "alto_registrar_from_memory_total",
					 .help = "Bindings accepted while the store could not write",
					 .kind = METRIC_COUNTER};
	r->unreachable = (struct metric){.name = "alto_registrar_unreachable",
					 .help = "Bindings over UDP whose phone leaves OPTIONS unanswered",
					 .kind = METRIC_GAUGE};
	directory_on_binding(sb->config.directory, binding_added, binding_removed, r);
	*ret = r;
	return 0;
}

void registrar_metrics(struct registrar *r, struct metrics *m)
{
	metrics_add(m, &r->registrations);
	metrics_add(m, &r->from_memory);
	metrics_add(m, &r->unreachable);
}

uint32_t registrar_unreachable(const struct registrar *r)
{
	return (uint32_t)atomic_load_explicit(&r->unreachable.value, memory_order_relaxed);
}

struct registrar *registrar_free(struct registrar *r)
{
	if (!r)
		return NULL;
	timer_stop(r->sb->wheel, &r->write_timer);
	directory_on_binding(r->sb->config.directory, NULL, binding_left, r->sb->wheel);
	ASSERT(r->jobs.count == 0); /* the store has given back all it had */
	map_done(&r->jobs);
	map_done(&r->by_connection);
	free(r->dirty.ids);
	free(r);
	return NULL;
}
