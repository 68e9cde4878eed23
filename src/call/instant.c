/* call/instant.c - an instant message judged and answered: see instant.h */
#include "call/instant.h"
#include "call/callee.h"
#include "call/outcome.h"

/*
 * What the phones' refusals mean for the sender; the one that stands first says most (RFC 3261 §16.7 step 6: it is the
 * sender who could do something about the first four). A phone's challenge or redirection is not the sender's to
 * follow.
 */
static const struct outcome outcomes[] = {
	{600, 699, 0, ""},
	{413, 413, 0, ""},
	{415, 415, 0, ""},
	{486, 486, 0, ""},
	{480, 480, 480, ""},
	{405, 405, 480, "Phones Take No Messages"},
	{501, 501, 480, "Phones Take No Messages"},
	{0, UINT16_MAX, 480, ""},
};

void instant_refused(struct instant *m, unsigned status)
{
	outcome_note(outcomes, status, &m->best_status);
}

/* ---- its end ---- */

void instant_forget(struct instant *m)
{
	struct switchboard *sb = m->sb;
	struct directory_device *d = directory_device_by_id(sb->config.directory, slice_from_string(m->device));
	struct directory_tenant *tenant = directory_tenant_by_id(sb->config.directory,
								 slice_from_string(m->story.tenant));
	if (d && d->messages) /* one that was removed and made anew has sent nothing */
		d->messages--;
	if (tenant && tenant->messages)
		tenant->messages--;
	instant_detach(m);
	timer_stop(sb->wheel, &m->due);
	pool_give(&sb->instants, m);
}

/* What is on its way to phones is still repeated until they have it, or for 32 s: so long it counts. */
static void end(struct instant *m, unsigned status)
{
	instant_tell(m, status);
	timer_stop(m->sb->wheel, &m->due);
	m->over = true;
	if (!m->open)
		instant_forget(m);
}

void instant_answered(struct instant *m, unsigned status)
{
	struct sip_server *server = sip_server_get(m->sb->stack, m->server);
	metric_add(&m->sb->instants_delivered, 1);
	if (server)
		(void)sip_server_respond_simple(server, status, SLICE_NONE, SLICE_NONE);
	end(m, status);
}

void instant_failed(struct instant *m)
{
	unsigned status = outcome_status(outcomes, m->best_status);
	const char *reason = outcome_of(outcomes, m->best_status)->words;
	struct sip_server *server = sip_server_get(m->sb->stack, m->server);
	metric_add(&m->sb->instants_failed, 1);
	if (server)
		refuse(m->sb, server, status, slice_from_string(reason));
	end(m, status);
}

/* RFC 4320 §4.1: a 100 once the sender's Timer E has come to T2, and none before; §4.2: no 408, and no answer at all
 * that would come after its Timer F. */
static void due(struct timer *t, void *arg)
{
	struct instant *m = arg;
	struct sip_server *server = sip_server_get(m->sb->stack, m->server);
	if (m->trying_told) {
		instant_failed(m);
		return;
	}
	m->trying_told = true;
	if (server)
		(void)sip_server_respond_simple(server, 100, SLICE_NONE, SLICE_NONE);
	timer_start(m->sb->wheel, t, INSTANT_PATIENCE_US - INSTANT_TRYING_US);
}

/* ---- a new one ---- */

/* 0, or the status to refuse with. */
static unsigned find_recipient(struct switchboard *sb, const struct sip_message *req, const struct directory_user *by,
			       struct callee *ret)
{
	unsigned status = callee_find(sb, by, &req->uri, ret);
	if (status)
		return status;
	if (ret->outside || ret->tenant != by->tenant)
		return 403;
	return ret->user ? 0 : 404;
}

static bool too_many(const struct switchboard *sb, const struct directory_device *device)
{
	const struct directory_tenant *tenant = device->user->tenant;
	return device->messages >= INSTANTS_OF_DEVICE || tenant->messages >= INSTANTS_OF_TENANT ||
	       !instant_tellings_have_room(sb, tenant);
}

/* False: refused. */
static bool may_carry(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		      const struct sip_flow *flow, const struct directory_device *device)
{
	if (req->body.n && !req->first[SIP_CONTENT_TYPE]) /* RFC 3261 §20.15 */
		refuse(sb, server, 400, SLICE("Missing Content-Type"));
	else if (req->body.n > INSTANT_BODY_MAX || req->bytes.n > INSTANT_REQUEST_MAX)
		refuse(sb, server, 413, SLICE_NONE);
	else if (too_many(sb, device))
		refuse_fully(sb, server, req, flow, SLICE_NONE,
			     &(struct refusal){503, SLICE("Too Many Messages On Their Way")});
	else
		return true;
	return false;
}

static void describe(struct instant *m, const struct sip_message *req, const struct directory_user *by,
		     const struct callee *callee)
{
	struct instant_story *s = &m->story;
	struct slice type = sip_field_value(req, SIP_CONTENT_TYPE);
	store_new_id(m->sb->random, m->sb->wheel->wall_us, s->id);
	slice_to_string(by->tenant->id, s->tenant, sizeof(s->tenant));
	slice_to_string(by->id, s->sender, sizeof(s->sender));
	slice_to_string(by->extension, s->from, sizeof(s->from));
	slice_to_string(callee->user->id, s->recipient, sizeof(s->recipient));
	slice_to_string(callee->to, s->to, sizeof(s->to));
	slice_to_string(slice_trim(slice_cut(&type, ';')), s->type, sizeof(s->type));
	s->bytes = req->body.n;
}

/* Who withholds who they are from those they call, does so from those they write to. */
static void show_sender(struct instant *m, const struct sip_message *req, const struct directory_device *device)
{
	struct party from = party_of_device(device);
	struct identity identity;
	identity_read(m->sb, req, device->user, &identity);
	if (identity.withheld)
		from.uri = from.name = SLICE_NONE;
	party_write_from(m->shown, &from, device->user->tenant->domain);
}

static void begin(struct instant *m, struct sip_server *server, const struct sip_message *req,
		  struct directory_device *device, const struct callee *callee)
{
	m->server = sip_server_handle(server);
	m->max_forwards = (uint8_t)(incoming_forwards(req) - 1);
	m->instance = callee->instance;
	m->call_id = random_u64(m->sb->random);
	m->tag = random_u64(m->sb->random);
	slice_to_string(device->id, m->device, sizeof(m->device));
	describe(m, req, device->user, callee);
	show_sender(m, req, device);
	device->messages++;
	device->user->tenant->messages++;
	timer_init(&m->due, due, m);
	timer_start(m->sb->wheel, &m->due, INSTANT_TRYING_US);
	instant_send(m);
	if (!m->open)
		instant_failed(m);
}

void instant_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow)
{
	struct callee callee;
	struct directory_device *device;
	if (!incoming_may_begin(sb, server, req, flow))
		return;
	if (trunk_sends(sb, req, flow)) {
		refuse(sb, server, 403, SLICE("Messages Stay In Their Company"));
		return;
	}
	if (authenticate(sb, server, req, flow, &device) != AUTH_OK || identity_refuse(sb, server, req, flow))
		return;
	unsigned status = find_recipient(sb, req, device->user, &callee);
	if (status) {
		refuse(sb, server, status, status == 403 ? SLICE("Messages Stay In Their Company") : SLICE_NONE);
		return;
	}
	if (!may_carry(sb, server, req, flow, device))
		return;
	struct instant *m = pool_take(&sb->instants);
	if (!m) {
		refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){.status = 503});
		return;
	}
	m->sb = sb;
	begin(m, server, req, device, &callee);
}

/* ---- made and taken down ---- */

void instants_init(struct switchboard *sb)
{
	pool_init(&sb->instants, sizeof(struct instant), INSTANTS_MAX);
	instant_tellings_init(sb);
	sb->instants_delivered = (struct metric){.name = "alto_messages_delivered_total",
						 .help = "Instant messages that a phone has taken",
						 .kind = METRIC_COUNTER};
	sb->instants_failed = (struct metric){.name = "alto_messages_failed_total",
					      .help = "Instant messages for people here that no phone has taken",
					      .kind = METRIC_COUNTER};
	sb->instants_untold = (struct metric){
		.name = "alto_messages_untold_total",
		.help = "Instant messages that webhooks do not hear of: the database refused "
			"them for good, or there was no memory",
		.kind = METRIC_COUNTER};
}

bool instants_answered(const struct switchboard *sb)
{
	uint32_t cursor = 0;
	const struct instant *m = pool_next(&sb->instants, &cursor);
	while (m && m->over)
		m = pool_next(&sb->instants, &cursor);
	return !m;
}

void instants_done(struct switchboard *sb)
{
	uint32_t cursor = 0;
	for (struct instant *m = pool_next(&sb->instants, &cursor); m; m = pool_next(&sb->instants, &cursor))
		instant_forget(m);
	pool_done(&sb->instants);
	instant_tellings_done(sb);
}

void instants_metrics(struct switchboard *sb, struct metrics *m)
{
	metrics_add(m, &sb->instants_delivered);
	metrics_add(m, &sb->instants_failed);
	metrics_add(m, &sb->instants_untold);
}
