/*
 * call/register_job.h - one REGISTER between its request and its commit: what it asks for, and who waits behind it
 * RFC 3261 §10.3
 *
 * Owner: registrar.c, on the switchboard's thread; the store's has it while its rows are written. One a device at a
 * time: what the next REGISTER means depends on the bindings that this one leaves.
 */
#pragma once
#include "call/registrar.h"

struct register_job {
	struct store_job job; /* jobs come back as this pointer */
	struct switchboard *sb;
	struct map_node by_device; /* until it is settled */
	bool settled;              /* memory has it and the phone its answer; the store may be still at it */
	bool gives_up;             /* the phone takes bindings back: never done without the store */
	struct timer patience;
	pool_handle server;
	struct sip_flow flow;
	char device_id[STORE_ID_CAP];
	struct arena text;
	size_t put_count, new_count, remove_count; /* of what is put, new_count are new */
	size_t refresh_count, waiting_count;

	/* From here on what each holds first is written when its count says that it is there. */
	/* Those that came meanwhile, each already known to be the device's; in order. */
	struct {
		pool_handle server;
		struct sip_flow flow;
	} waiting[REGISTER_WAITING_MAX];
	struct binding_refresh refresh[REGISTER_BINDINGS_MAX]; /* in memory, once all Contacts are known to be good */
	struct store_binding put[SIP_CONTACT_MAX];
	struct slice remove[]; /* ids; room for each binding that the device has */
};

/* The device's from now on; run and done of `job` are the caller's to set. NULL: out of memory. */
MUST_USE struct register_job *register_job_new(struct switchboard *sb, struct sip_server *server,
					       const struct sip_flow *flow, const struct directory_device *device);
void register_job_free(struct register_job *rj);
/* The one of this device that is not settled. NULL: none. */
struct register_job *register_job_find(struct registrar *r, struct slice device_id);
/* Settled: the next one of its device may come. */
void register_job_leave(struct register_job *rj);
/* The store is late: 503 to the phone and to those behind it, for now; the job goes on, and the device's next ones wait
 * for it as before. */
void register_job_put_off(struct register_job *rj);
/* Another REGISTER of its device. With more than REGISTER_WAITING_MAX the one that has waited longest gets 503. */
void register_job_wait(struct register_job *rj, struct sip_server *server, const struct sip_flow *flow);

/* register_contacts.c: every Contact of the request into the job; nothing is changed yet (§10.3: all of them or none).
 * 0, or the status to refuse the whole request with. */
unsigned register_read(struct register_job *rj, const struct directory_device *device, const struct sip_message *req);
