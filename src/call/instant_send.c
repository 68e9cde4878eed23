/* call/instant_send.c - an instant message to the phones of a person, each by a flow that lives.   RFC 3428 §4, RFC
 * 5626 §7 */
#include "call/binding.h"
#include "call/gruu.h"
#include "call/instant.h"
#include "call/ringing.h"
#include "sip/dialog.h"

static void try_phone(struct instant *m, const struct directory_user *u, uint64_t phone);

static const struct directory_user *recipient(const struct instant *m)
{
	return directory_user_by_id(m->sb->config.directory, slice_from_string(m->story.recipient));
}

void instant_detach(struct instant *m)
{
	for (unsigned i = 0; i < m->attempt_count; i++)
		if (m->attempts[i].client)
			sip_client_detach(m->attempts[i].client);
}

static void attempt_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct instant_attempt *a = arg;
	struct instant *m = a->instant;
	if (event == SIP_CLIENT_RESPONSE && msg->status < 200)
		return;
	if (event != SIP_CLIENT_GONE)
		sip_client_detach(t);
	a->client = NULL;
	m->open--;
	if (m->over) {
		if (!m->open)
			instant_forget(m);
		return;
	}
	unsigned status = event == SIP_CLIENT_RESPONSE ? msg->status : event == SIP_CLIENT_TIMEOUT ? 408 : 503;
	if (status < 300) {
		instant_answered(m, status);
		return;
	}
	instant_refused(m, status);
	const struct directory_user *u = recipient(m);
	if (u && (status == 430 || status == 408 || status == 503))
		try_phone(m, u, a->phone); /* its flow failed, another may work */
	if (!m->open)
		instant_failed(m);
}

/* ---- what is sent ---- */

/* What describes the body, and what its sender says of the message (RFC 3428 §4, §7, RFC 3261 §20). */
static void write_passed_on(struct writer *w, const struct sip_message *req)
{
	static const struct {
		struct slice name, compact;
	} passed[] = {{{"Content-Disposition", 19}, {"", 0}},
		      {{"Content-Encoding", 16}, {"e", 1}},
		      {{"Content-Language", 16}, {"", 0}},
		      {{"MIME-Version", 12}, {"", 0}},
		      {{"Date", 4}, {"", 0}},
		      {{"Expires", 7}, {"", 0}},
		      {{"Subject", 7}, {"s", 1}}};
	for (unsigned i = 0; i < req->field_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(passed); k++)
			if (slice_caseeq(req->fields[i].name, passed[k].name) ||
			    slice_caseeq(req->fields[i].name, passed[k].compact))
				sip_write_named(w, passed[k].name, req->fields[i].value);
}

static int begin_dialog(const struct instant *m, const struct directory_binding *b, struct sip_dialog *ret)
{
	char to[PARTY_TEXT_CAP], call_id[17], tag[17];
	const struct directory_user *u = b->device->user;
	party_write(to, u->name, u->extension, u->tenant->domain);
	/* The same to each phone, as if a proxy had forked it: one that gets it by two flows knows it again. */
	snprintf(call_id, sizeof(call_id), "%016llx", (unsigned long long)m->call_id);
	snprintf(tag, sizeof(tag), "%016llx", (unsigned long long)m->tag);
	int rc = sip_dialog_init_uac(ret, slice_from_string(call_id), slice_from_string(m->shown),
				     slice_from_string(tag), slice_from_string(to), binding_target(b));
	if (rc < 0)
		return rc;
	rc = binding_set_routes(ret, directory_binding_text(b, BINDING_PATH));
	if (rc < 0)
		sip_dialog_done(ret);
	return rc;
}

/* false: out of memory, or too much. There is no dialog: one is made for its words alone. */
static bool write_request(const struct instant *m, const struct sip_message *req, const struct directory_binding *b,
			  const struct sip_flow *flow, struct slice branch, struct writer *w)
{
	struct sip_dialog d;
	char host[80];
	struct writer h = writer_on(host, sizeof(host));
	if (begin_dialog(m, b, &d) < 0)
		return false;
	transport_write_host(m->sb->config.transport, &h, flow);
	sip_dialog_write_request(w, &d, SIP_MESSAGE, 0, flow->transport, writer_slice(&h), branch, m->max_forwards);
	sip_dialog_done(&d);
	write_passed_on(w, req);
	sip_write_body(w, sip_field_value(req, SIP_CONTENT_TYPE), req->body);
	return !w->overflow;
}

/* 0: on its way; else the status that says why not. */
static unsigned start(struct instant_attempt *a, const struct directory_binding *b, const struct sip_flow *flow)
{
	const struct instant *m = a->instant;
	struct switchboard *sb = m->sb;
	struct sip_message *req = &sb->kept_message;
	struct sip_server *server = sip_server_get(sb->stack, m->server);
	if (!server || sip_server_request(server, req) < 0)
		return 503; /* the sender's connection is gone, and what it sent */
	struct sip_client *t = sip_client_new(sb->stack, flow, SIP_MESSAGE, attempt_event, a);
	if (!t)
		return 503;
	struct writer w = writer_on(sb->work, sizeof(sb->work));
	bool written = write_request(m, req, b, flow, sip_client_branch(t), &w);
	/* RFC 3428 §8: nothing slows down a sender over UDP, so no larger message goes that way. */
	bool large = written && flow->transport == SIP_UDP && w.n > INSTANT_DATAGRAM_MAX;
	if (!written || large) {
		sip_client_drop(t);
		return large ? 413 : 503;
	}
	if (sip_client_start(t, writer_slice(&w)) < 0)
		return 503;
	a->client = t;
	return 0;
}

/* ---- to whom ---- */

static bool was_tried(const struct instant *m, uint64_t way)
{
	for (unsigned i = 0; i < m->attempt_count; i++)
		if (m->attempts[i].way == way)
			return true;
	return false;
}

static bool has_phone(const struct instant *m, uint64_t phone)
{
	for (unsigned i = 0; i < m->attempt_count; i++)
		if (m->attempts[i].phone == phone)
			return true;
	return false;
}

static bool takes(const struct instant *m, const struct directory_device *d)
{
	return !d->browser && !slice_eq(d->id, slice_from_string(m->device));
}

/* The newest flow of the phone that lives and has not been tried. */
static const struct directory_binding *find_way(const struct instant *m, const struct directory_user *u, uint64_t phone,
						struct sip_flow *ret_flow)
{
	const struct directory_binding *best = NULL;
	for (const struct directory_device *d = u->first_device; d; d = d->next_of_user)
		for (const struct directory_binding *b = takes(m, d) ? d->first_binding : NULL; b;
		     b = b->next_of_device) {
			struct sip_flow flow;
			if (ring_phone_id(m->sb, b) != phone || (best && b->updated_us <= best->updated_us) ||
			    was_tried(m, ring_hash(m->sb, directory_binding_text(b, BINDING_ID))) ||
			    !registrar_flow(m->sb, b, &flow))
				continue;
			best = b;
			*ret_flow = flow;
		}
	return best;
}

/* By one flow after the other, until one takes it. */
static void try_phone(struct instant *m, const struct directory_user *u, uint64_t phone)
{
	const struct directory_binding *b;
	struct sip_flow flow;
	while (m->attempt_count < INSTANT_ATTEMPTS_MAX && (b = find_way(m, u, phone, &flow))) {
		struct instant_attempt *a = &m->attempts[m->attempt_count++];
		*a = (struct instant_attempt){
			.instant = m,
			.phone = phone,
			.way = ring_hash(m->sb, directory_binding_text(b, BINDING_ID)),
		};
		unsigned status = start(a, b, &flow);
		if (!status) {
			m->open++;
			return;
		}
		instant_refused(m, status);
	}
}

void instant_send(struct instant *m)
{
	const struct directory_user *u = recipient(m);
	for (const struct directory_device *d = u ? u->first_device : NULL; d; d = d->next_of_user)
		for (const struct directory_binding *b = takes(m, d) ? d->first_binding : NULL; b;
		     b = b->next_of_device) {
			uint64_t phone = ring_phone_id(m->sb, b);
			struct slice instance = directory_binding_text(b, BINDING_INSTANCE);
			if ((!m->instance || gruu_instance(m->sb, instance) == m->instance) && !has_phone(m, phone))
				try_phone(m, u, phone);
		}
}
