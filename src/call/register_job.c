/* call/register_job.c - REGISTERs of a device, one at a time: see register_job.h */
#include "call/register_job.h"

static bool match_device(const struct map_node *node, const void *key)
{
	const struct register_job *rj = container_of(node, const struct register_job, by_device);
	return slice_eq(slice_from_string(rj->device_id), *(const struct slice *)key);
}

struct register_job *register_job_find(struct registrar *r, struct slice device_id)
{
	struct map_node *node = map_find(&r->jobs, map_hash(&r->jobs, device_id), match_device, &device_id);
	return node ? container_of(node, struct register_job, by_device) : NULL;
}

struct register_job *register_job_new(struct switchboard *sb, struct sip_server *server, const struct sip_flow *flow,
				      const struct directory_device *device)
{
	size_t bindings = 0;
	for (const struct directory_binding *b = device->first_binding; b; b = b->next_of_device)
		bindings++;
	size_t bytes = sizeof(struct register_job) + bindings * sizeof(struct slice);
	struct register_job *rj = malloc(bytes);
	if (rj)
		memset(rj, 0, offsetof(struct register_job, waiting));
	if (!rj || map_insert(&sb->registrar->jobs, &rj->by_device, map_hash(&sb->registrar->jobs, device->id)) < 0) {
		free(rj);
		return NULL;
	}
	rj->sb = sb;
	rj->server = sip_server_handle(server);
	rj->flow = *flow;
	rj->job.bytes = bytes;
	struct writer w = writer_on(rj->device_id, sizeof(rj->device_id) - 1);
	write_slice(&w, device->id);
	arena_init(&rj->text, 1024, SIP_CONTACT_MAX * SIP_DIALOG_BYTES_MAX);
	return rj;
}

void register_job_leave(struct register_job *rj)
{
	timer_stop(rj->sb->wheel, &rj->patience);
	map_remove(&rj->sb->registrar->jobs, &rj->by_device);
	rj->settled = true;
}

void register_job_free(struct register_job *rj)
{
	if (!rj->settled)
		register_job_leave(rj);
	arena_done(&rj->text);
	free(rj);
}

/* Somebody is asked to come again later. */
static void put_off(struct switchboard *sb, pool_handle handle, const struct sip_flow *flow)
{
	struct sip_message *req = &sb->kept_message;
	struct sip_server *server = sip_server_get(sb->stack, handle);
	if (server && sip_server_request(server, req) == 0)
		refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){.status = 503});
}

void register_job_put_off(struct register_job *rj)
{
	put_off(rj->sb, rj->server, &rj->flow);
	rj->server = 0;
	for (size_t i = 0; i < rj->waiting_count; i++)
		put_off(rj->sb, rj->waiting[i].server, &rj->waiting[i].flow);
	rj->waiting_count = 0;
}

void register_job_wait(struct register_job *rj, struct sip_server *server, const struct sip_flow *flow)
{
	if (rj->waiting_count == ARRAY_LEN(rj->waiting)) {
		put_off(rj->sb, rj->waiting[0].server, &rj->waiting[0].flow);
		memmove(&rj->waiting[0], &rj->waiting[1], sizeof(rj->waiting) - sizeof(rj->waiting[0]));
		rj->waiting_count--;
	}
	rj->waiting[rj->waiting_count].server = sip_server_handle(server);
	rj->waiting[rj->waiting_count++].flow = *flow;
}
