/*
 * call/outside.c - calls to the outside: which number, over which trunk, and what its answer means.   RFC 3325, RFC
 * 3261 §21
 */
#include "call/outside.h"
#include "base/log.h"
#include "call/outcome.h"
#include "sip/write.h"

#include <errno.h>

/* ---- decided ---- */

/* A tenant that has an operator of its own uses no other. */
static const struct directory_trunk *first_trunk(struct switchboard *sb, const struct directory_tenant *tenant)
{
	return tenant->first_trunk ? tenant->first_trunk : directory_shared_trunks(sb->config.directory);
}

bool outside_dialled(struct switchboard *sb, const struct directory_tenant *tenant, struct slice dialled,
		     char ret[NUMBER_CAP])
{
	return number_read(dialled, ret) && first_trunk(sb, tenant);
}

struct slice outside_identity(const struct directory_user *u)
{
	const struct directory_number *n = u->first_number ? u->first_number : u->tenant->first_number;
	return n ? n->number : SLICE_NONE;
}

/* ---- called ---- */

/* Of a call while it looks for its way out. */
struct outside {
	char number[NUMBER_CAP];
	char trunk_id[STORE_ID_CAP];  /* that is tried */
	struct target_search *search; /* for its host; NULL: it is being called */
	uint16_t status;              /* of the last that could not be reached */
};

/*
 * What an operator's refusal means. With `next` the number was not judged, but the operator not reached: another may
 * do better. No 503 goes to a phone: it would take us for out of order (RFC 3261 §21.5.4).
 */
static const struct outcome outcomes[] = {
	{404, 404, 404, "no-such-number", false},
	{410, 410, 404, "no-such-number", false},
	{484, 485, 404, "no-such-number", false},
	{604, 604, 404, "no-such-number", false},
	{486, 486, 486, "busy", false},
	{600, 600, 600, "busy", false},
	{480, 480, 480, "no-answer", false},
	{415, 415, 488, "no-common-codec", false},
	{488, 488, 488, "no-common-codec", false},
	{606, 606, 488, "no-common-codec", false},
	{600, 699, 603, "declined", false},
	{401, 403, 403, "refused", false},
	{407, 407, 403, "refused", false},
	{408, 408, 480, "unreachable", true},
	{500, 599, 480, "unreachable", true},
	{0, UINT16_MAX, 480, "refused", false},
};

static void give_up(struct call *c, unsigned status)
{
	const struct outcome *o = outcome_of(outcomes, status);
	bool person = status >= 600 || status == 486;
	call_end(c, o->status, o->words, person ? "callee" : "alto");
}

struct attempt {
	struct invitation invitation;
	char target[320];
};

static void write_uri(char *buf, size_t cap, struct slice number, const struct directory_trunk *t)
{
	struct writer w = writer_on(buf, cap - 1);
	bool v6 = slice_find(t->host, ':') >= 0;
	write_format(&w, "sip:%.*s@%s%.*s%s", SLICE_ARG(number), v6 ? "[" : "", SLICE_ARG(t->host), v6 ? "]" : "");
	if (t->port)
		write_format(&w, ":%u", t->port);
	buf[w.overflow ? 0 : w.n] = 0;
}

/*
 * The operator is told who calls, whoever that is shown to (RFC 3325 §9.1); of a caller that hides it learns so by From
 * and Privacy. Nobody is asserted who is not known.
 */
static void write_identity(struct attempt *a, const struct directory_trunk *t)
{
	const struct identity *i = &a->invitation.call->identity;
	char asserted[PARTY_TEXT_CAP];
	const struct party known = {.uri = slice_from_string(i->number)}, none = {.uri = SLICE_NONE};
	party_write_from(a->invitation.from, i->withheld ? &none : &known, t->host);
	party_write_from(asserted, &known, t->host);
	struct writer w = writer_on(a->invitation.fields, sizeof(a->invitation.fields) - 1);
	if (known.uri.n)
		sip_write_field(&w, SIP_P_ASSERTED_IDENTITY, slice_from_string(asserted));
	if (i->withheld)
		sip_write_field(&w, SIP_PRIVACY, SLICE("id"));
	a->invitation.fields[w.overflow ? 0 : w.n] = 0;
}

static void write_texts(struct attempt *a, const struct directory_trunk *t, struct slice number)
{
	write_identity(a, t);
	party_write(a->invitation.callee, SLICE_NONE, number, t->host);
	write_uri(a->target, sizeof(a->target), number, t);
	a->invitation.to.target = slice_from_string(a->target);
}

/* false: it cannot be called. */
static bool call_over(struct call *c, const struct directory_trunk *t, const struct target_list *targets)
{
	struct outside *o = c->outside;
	struct attempt a;
	struct leg *leg;
	invitation_init(&a.invitation, c);
	write_texts(&a, t, slice_from_string(o->number));
	a.invitation.to.targets = targets;
	a.invitation.to.plain_allowed = c->sb->config.plain_rtp && t->srtp == STORE_SRTP_OFF;
	int rc = ring_leg(&a.invitation, &leg);
	if (rc < 0) {
		call_trace_with(c, DECIDED_TRUNK_FAILED, "%.*s\t%s", SLICE_ARG(t->name), ring_leg_error(rc));
		return false;
	}
	snprintf(leg->trunk_id, sizeof(leg->trunk_id), "%s", o->trunk_id);
	return true;
}

static void try_trunk(struct call *c, const struct directory_trunk *t);

/* The one just tried is no good: the next. */
static void move_on(struct call *c, unsigned status)
{
	struct outside *o = c->outside;
	const struct directory_trunk *t = directory_trunk_by_id(c->sb->config.directory,
								slice_from_string(o->trunk_id));
	o->status = (uint16_t)status;
	try_trunk(c, t ? t->next_of_owner : NULL);
}

static void targets_found(void *arg, int status, const struct target_list *list)
{
	struct call *c = arg;
	struct outside *o = c->outside;
	const struct directory_trunk *t = directory_trunk_by_id(c->sb->config.directory,
								slice_from_string(o->trunk_id));
	o->search = NULL;
	if (status < 0)
		call_trace_with(c, DECIDED_NO_ADDRESS, "%s",
				decision_why(status == -ENOENT      ? WHY_DNS_UNKNOWN
					     : status == -ETIMEDOUT ? WHY_DNS_SILENT
								    : WHY_DNS_FAILED));
	if (status < 0 || !t || !call_over(c, t, list))
		move_on(c, 503);
}

/* The number of the listener that the trunk names; -1: it names none; -2: it is not one of ours any more. */
static int listener_of(struct switchboard *sb, const struct directory_trunk *t)
{
	if (!t->listener.port)
		return -1;
	for (size_t i = 0; i < transport_listener_count(sb->config.transport); i++) {
		struct transport_listen l;
		transport_listener(sb->config.transport, i, &l);
		if (l.transport == t->transport && trunk_same_listener(&t->listener, &l.at))
			return (int)i;
	}
	return -2;
}

static int search(struct call *c, const struct directory_trunk *t)
{
	const struct target_where where = {.host = t->host,
					   .port = t->port,
					   .has_transport = true,
					   .transport = t->transport,
					   .listener = listener_of(c->sb, t)};
	if (where.listener < -1)
		return -EHOSTUNREACH;
	return target_find(c->sb->config.transport, &where, targets_found, c, &c->outside->search);
}

static void try_trunk(struct call *c, const struct directory_trunk *t)
{
	struct outside *o = c->outside;
	for (; t; t = t->next_of_owner) {
		slice_to_string(t->id, o->trunk_id, sizeof(o->trunk_id));
		snprintf(c->side_b.trunk_id, sizeof(c->side_b.trunk_id), "%s", o->trunk_id);
		call_trace_with(c, DECIDED_TRUNK, "%.*s", SLICE_ARG(t->name));
		if (search(c, t) == 0)
			return;
		call_trace_with(c, DECIDED_TRUNK_NO_WAY, "%.*s", SLICE_ARG(t->name));
	}
	give_up(c, o->status ? o->status : 503);
}

static const enum decision_why distrusts[] = {
	[TLS_OTHER_NAME] = WHY_OTHER_NAME,       [TLS_EXPIRED] = WHY_EXPIRED,
	[TLS_NOT_YET_VALID] = WHY_NOT_YET_VALID, [TLS_UNKNOWN_AUTHORITY] = WHY_UNKNOWN_AUTHORITY,
	[TLS_DISTRUSTED] = WHY_DISTRUSTED,
};

/* Why there was no connection, where that is for people to mend. */
static void tell_distrust(struct call *c, const struct leg *leg)
{
	const struct target_list *targets = &leg->out->targets;
	const struct target *tried = &targets->of[MIN(leg->out->at, targets->count - 1)];
	enum tls_distrust why = target_distrust(c->sb->config.transport, tried);
	if (why == TLS_BELIEVED)
		return;
	const char *name = decision_why(distrusts[why]);
	call_trace_with(c, DECIDED_CERTIFICATE, "%s\t%s", targets->name, name);
	log_event(LOG_WARN, "trunk.certificate", LOG_STR("tenant", c->tenant), LOG_STR("call", c->id),
		  LOG_STR("host", targets->name), LOG_STR("reason", decision_why_words(slice_from_string(name)).p));
}

void outside_refused(struct call *c, const struct leg *leg)
{
	unsigned status = leg->last_status;
	if (leg->out)
		tell_distrust(c, leg);
	if (outcome_of(outcomes, status)->next)
		move_on(c, status);
	else
		give_up(c, status);
}

void outside_call(struct call *c, struct slice number)
{
	const struct directory_tenant *tenant = directory_tenant_by_id(c->sb->config.directory,
								       slice_from_string(c->tenant));
	struct outside *o = calloc(1, sizeof(*o));
	if (!o || !tenant) {
		free(o);
		call_end(c, 503, "unreachable", "alto");
		return;
	}
	slice_to_string(number, o->number, sizeof(o->number));
	c->outside = o;
	ring_start(c, CALL_OUTSIDE_RING_US);
	try_trunk(c, first_trunk(c->sb, tenant));
}

void outside_stop(struct call *c)
{
	struct outside *o = c->outside;
	if (!o)
		return;
	c->outside = NULL;
	target_cancel(o->search);
	free(o);
}
