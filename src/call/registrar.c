/*
 * call/registrar.c - REGISTER: where a device can be reached, kept durably.   RFC 3261 §10, RFC 3327, RFC 5626
 *
 * A new or removed binding is answered after its commit. A refresh changes memory at once and is written within 5 s,
 * many in one job. When the disk stalls or refuses, registrations are taken from memory and marked, so that phones stay
 * reachable.
 */
#include "call/registrar.h"
#include "call/gruu.h"
#include "sip/fields.h"
#include <errno.h>

/* What one REGISTER asks for, settled before anything is changed. */
struct register_job {
	struct store_job job; /* first: jobs come back as this pointer */
	struct switchboard *sb;
	pool_handle server;
	struct sip_flow flow;
	char device_id[STORE_ID_CAP];
	struct arena text;
	size_t put_count, new_count, remove_count; /* of what is put, new_count are new */
	size_t refresh_count;
	struct binding_refresh refresh[REGISTER_BINDINGS_MAX]; /* in memory, once all Contacts are known to be good */
	struct store_binding put[SIP_CONTACT_MAX];
	struct slice remove[SIP_CONTACT_MAX + REGISTER_BINDINGS_MAX];
};

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

/* Make memory what the job says, for a store that cannot; and tie the bindings to their connection. */
static void register_apply(struct register_job *rj, bool from_memory)
{
	struct switchboard *sb = rj->sb;
	for (size_t i = 0; from_memory && i < rj->remove_count; i++) {
		struct directory_binding *b = directory_binding_by_id(sb->config.directory, rj->remove[i]);
		if (b)
			directory_binding_remove(sb->config.directory, b);
	}
	for (size_t i = 0; i < rj->put_count; i++) {
		struct directory_binding *b = directory_binding_by_id(sb->config.directory, rj->put[i].id);
		if (from_memory) {
			if (directory_binding_put(sb->config.directory, &rj->put[i], &b) < 0)
				continue;
			binding_added(sb->registrar, b, &rj->put[i]);
			b->unsaved = true;
			binding_mark_dirty(sb->registrar, b);
			metric_add(&sb->registrar->from_memory, 1);
		}
		if (!b)
			continue;
		binding_set_flow(b, &rj->flow);
		keepalive_start(sb->registrar, b);
		ring_new_way(sb, b);
	}
}

static void register_done(struct store_job *job, int result)
{
	struct register_job *rj = container_of(job, struct register_job, job);
	struct switchboard *sb = rj->sb;
	struct sip_server *server = sip_server_get(sb->stack, rj->server);
	if (result == DB_CONFLICT) {
		/* The device was removed while we wrote. */
		if (server)
			refuse(sb, server, 403, SLICE_NONE);
	} else {
		register_apply(rj, result != DB_OK);
		answer(sb, server, &rj->flow, slice_from_string(rj->device_id));
	}
	arena_done(&rj->text);
	free(rj);
}

/* §10.3 step 6: "Contact: *" removes everything and stands alone with Expires: 0. */
static bool star_is_right(const struct sip_message *req)
{
	uint32_t expires;
	const struct sip_field *f = sip_field_first(req, SIP_CONTACT);
	return !sip_field_next(req, f) && sip_number_parse(sip_field_value(req, SIP_EXPIRES), UINT32_MAX, &expires) &&
	       expires == 0;
}

static int job_remove(struct register_job *rj, const struct directory_binding *b)
{
	if (rj->remove_count == ARRAY_LEN(rj->remove))
		return -E2BIG;
	return arena_dup(&rj->text, directory_binding_text(b, BINDING_ID), &rj->remove[rj->remove_count++]) ? 0
													    : -ENOMEM;
}

static bool job_removes(const struct register_job *rj, const struct directory_binding *b)
{
	for (size_t i = 0; i < rj->remove_count; i++)
		if (slice_eq(rj->remove[i], directory_binding_text(b, BINDING_ID)))
			return true;
	return false;
}

static struct binding_refresh *job_refreshes(struct register_job *rj, const struct directory_binding *b)
{
	for (size_t i = 0; i < rj->refresh_count; i++)
		if (rj->refresh[i].binding == b)
			return &rj->refresh[i];
	return NULL;
}

/* Named twice, the last one counts. -E2BIG: more than a device may have. */
static int job_refresh(struct register_job *rj, struct directory_binding *b, const struct binding_request *want)
{
	struct binding_refresh *r = job_refreshes(rj, b);
	if (!r && rj->refresh_count == ARRAY_LEN(rj->refresh))
		return -E2BIG;
	if (!r)
		r = &rj->refresh[rj->refresh_count++];
	*r = (struct binding_refresh){
		.binding = b, .call_id = want->call_id, .cseq = want->cseq, .expires_s = want->expires_s};
	return 0;
}

static void apply_refreshes(struct register_job *rj)
{
	struct switchboard *sb = rj->sb;
	for (size_t i = 0; i < rj->refresh_count; i++) {
		const struct binding_refresh *r = &rj->refresh[i];
		struct sip_flow before;
		binding_flow(r->binding, &before);
		binding_refresh(sb->config.directory, r, &rj->flow, sb->wheel->wall_us);
		timer_start(sb->wheel, &r->binding->expiry, r->expires_s * SECOND_US);
		binding_mark_dirty(sb->registrar, r->binding);
		keepalive_start(sb->registrar, r->binding);
		if (!sip_flow_eq(&before, &rj->flow))
			ring_new_way(sb, r->binding);
	}
}

/*
 * The device's oldest binding, of those that this request does not refresh, yields when a new one would be one too
 * many. -E2BIG: this request alone asks for more.
 */
static int yield_oldest(struct register_job *rj, const struct directory_device *device)
{
	size_t count = rj->new_count;
	const struct directory_binding *oldest = NULL;
	for (const struct directory_binding *b = device->first_binding; b; b = b->next_of_device) {
		if (job_removes(rj, b))
			continue;
		count++;
		if (!job_refreshes(rj, b) && (!oldest || b->updated_us < oldest->updated_us))
			oldest = b;
	}
	if (count < REGISTER_BINDINGS_MAX)
		return 0;
	return oldest ? job_remove(rj, oldest) : -E2BIG;
}

/* One Contact into the job; nothing is changed yet (§10.3: all of them or none). 0, or the status to refuse the whole
 * request with. */
static unsigned take_contact(struct register_job *rj, const struct directory_device *device,
			     const struct binding_request *want)
{
	struct directory_binding *b = binding_match(device, want);
	if (b && slice_eq(directory_binding_text(b, BINDING_CALL_ID), want->call_id) && want->cseq <= b->cseq)
		return 500; /* §10.3 step 7: older than what we have */
	if (want->expires_s == 0)
		return !b || job_remove(rj, b) == 0 ? 0 : 503;
	if (b && binding_is_refresh(b, want, &rj->flow))
		return job_refresh(rj, b, want) == 0 ? 0 : 403;
	int rc = b ? 0 : yield_oldest(rj, device);
	if (rc < 0 || rj->put_count == ARRAY_LEN(rj->put))
		return rc == -ENOMEM ? 503 : 403;
	rj->new_count += !b;
	return binding_new_row(rj->sb, &rj->text, device, b, want, &rj->flow, &rj->put[rj->put_count++]) < 0 ? 503 : 0;
}

static void refuse_brief(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			 const struct sip_flow *flow)
{
	struct writer w = response_begin(sb, req, flow, 423, SLICE_NONE, SLICE_NONE);
	sip_write_field_u64(&w, SIP_MIN_EXPIRES, REGISTER_EXPIRES_MIN_S);
	(void)response_send(sb, server, &w, 423, SLICE_NONE);
}

/* Every Contact of the request into the job. 0, or the status to refuse with. */
static unsigned take_contacts(struct register_job *rj, const struct directory_device *device,
			      const struct sip_message *req)
{
	const struct sip_field *f = sip_field_first(req, SIP_CONTACT);
	for (; f; f = sip_field_next(req, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest)) {
			struct sip_address contact;
			struct sip_reason err;
			if (sip_address_next(&rest, &contact, &err) != SIP_OK)
				return 400;
			if (contact.star) {
				if (!star_is_right(req))
					return 400;
				for (struct directory_binding *b = device->first_binding; b; b = b->next_of_device)
					if (job_remove(rj, b) < 0)
						return 503;
				return 0;
			}
			struct binding_request want;
			unsigned status = binding_request_read(req, &contact, &rj->flow, &want);
			if (!status)
				status = take_contact(rj, device, &want);
			if (status)
				return status;
		}
	}
	return 0;
}

/* Hand the job to the store, or carry it out in memory when the store stalls. */
static void register_commit(struct register_job *rj)
{
	struct store_health health;
	store_health(rj->sb->config.store, rj->sb->wheel->now_us, &health);
	if (!rj->put_count && !rj->remove_count)
		register_done(&rj->job, DB_OK);
	else if (health.oldest_wait_us > REGISTER_STALL_US || store_post(rj->sb->config.store, &rj->job) < 0)
		register_done(&rj->job, DB_BUSY);
}

/* DEVIATION: §10.3 steps 3 and 5 ask whether the sender may change the address in To. It is not looked at: the device's
 * credentials alone say whose binding it is, so that phones which write any name there work. */
void registrar_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow)
{
	ASSERT_ON(sb->thread);
	struct directory_device *device;
	if (authenticate(sb, server, req, flow, &device) != AUTH_OK)
		return;

	struct register_job *rj = calloc(1, sizeof(*rj));
	if (!rj) {
		refuse(sb, server, 503, SLICE_NONE);
		return;
	}
	rj->sb = sb;
	rj->server = sip_server_handle(server);
	rj->flow = *flow;
	rj->job = (struct store_job){.run = register_run, .done = register_done, .bytes = sizeof(*rj)};
	struct writer w = writer_on(rj->device_id, sizeof(rj->device_id) - 1);
	write_slice(&w, device->id);
	arena_init(&rj->text, 1024, SIP_CONTACT_MAX * SIP_DIALOG_BYTES_MAX);

	unsigned status = take_contacts(rj, device, req);
	if (!status) {
		apply_refreshes(rj);
		register_commit(rj);
		return;
	}
	if (status == 423)
		refuse_brief(sb, server, req, flow);
	else
		refuse(sb, server, status, SLICE_NONE);
	arena_done(&rj->text);
	free(rj);
}

void registrar_find_flow(struct switchboard *sb, struct slice device_id, struct sip_flow *flow)
{
	const struct directory_device *d = directory_device_by_id(sb->config.directory, device_id);
	for (const struct directory_binding *b = d ? d->first_binding : NULL; b; b = b->next_of_device) {
		struct sip_flow now;
		if (b->transport == flow->transport && registrar_flow(sb, b, &now)) {
			*flow = now;
			return;
		}
	}
}

bool registrar_flow(struct switchboard *sb, const struct directory_binding *b, struct sip_flow *ret)
{
	binding_flow(b, ret);
	return transport_alive(sb->config.transport, ret);
}

bool switchboard_reachable(struct switchboard *sb, const struct directory_binding *b)
{
	struct sip_flow flow;
	return registrar_flow(sb, b, &flow) && b->unanswered < KEEPALIVE_UNANSWERED_MAX;
}

void registrar_flow_closed(struct switchboard *sb, const struct sip_flow *flow, uint64_t tag)
{
	/* The bindings keep the stale handle: transport_alive() says no until the phone is back. */
	identities_forget(sb, tag);
}

int registrar_new(struct switchboard *sb, struct registrar **ret)
{
	struct registrar *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->sb = sb;
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
	free(r->dirty.ids);
	free(r);
	return NULL;
}
