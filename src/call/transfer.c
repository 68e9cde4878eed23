/* call/transfer.c - a phone sends the other side of its call elsewhere: see transfer.h */
#include "call/transfer.h"
#include "call/callee.h"
#include "call/offer.h"

#include <errno.h>

/* What a REFER is about. */
struct asked {
	struct call *call;
	struct leg *transferor, *transferee;
	const struct directory_device *device; /* the transferor's: its rights count */
	const struct refer_asked *refer;
};

/* ---- may it? ---- */

static bool leg_settled(const struct leg *leg)
{
	return leg && leg->state == LEG_UP && !leg->server && !leg->pending.p && !leg->offering;
}

/* Can a side be taken out of this call now? Why not is for a phone that asks again, or never. */
static bool can_part(const struct call *c, struct refusal *why)
{
	if (c->callee_tenant[0]) /* each company has its own row of it, from its own side */
		return no(why, 403, "A Call Between Companies");
	if (c->state != CALL_ANSWERED || c->transfer || !leg_settled(c->caller) || !leg_settled(c->callee))
		return no(why, 491, "");
	return c->transfers < TRANSFERS_MAX || no(why, 403, "Too Many Transfers");
}

static bool may_transfer(const struct asked *a, struct refusal *why)
{
	struct switchboard *sb = a->call->sb;
	if (!a->device) /* an operator's wish costs others money */
		return no(why, 403, "Not For Operators");
	if (sb->stopping)
		return no(why, 503, "Shutting Down");
	if (history_stalled(sb->history))
		return no(why, 503, "Call History Cannot Be Written");
	return can_part(a->call, why);
}

/* Ours: the company's domain, an address of ours, or what this phone itself calls us in this call. */
static bool host_is_ours(const struct asked *a, struct slice host)
{
	const struct leg *leg = a->transferor;
	const struct slice told[] = {leg->dialog.local_uri, leg->dialog.remote_uri};
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		struct sip_address at;
		struct sip_reason err;
		if (sip_address_parse(told[i], &at, &err) == SIP_OK && slice_caseeq(at.uri.host, host))
			return true;
	}
	return redirect_host_is_ours(a->call, leg, a->device->user->tenant, host);
}

/* Whom the Refer-To means. */
static bool find_target(const struct asked *a, struct callee *ret, struct refusal *why)
{
	const struct sip_uri *uri = &a->refer->to.uri;
	if (uri->scheme == SIP_SCHEME_OTHER)
		return no(why, 416, "");
	if (uri->scheme != SIP_SCHEME_TEL && !host_is_ours(a, uri->host))
		return no(why, 404, "Not A Domain Of Ours");
	unsigned status = callee_find(a->call->sb, a->device->user, uri, ret);
	if (status || (!ret->user && !ret->outside))
		return no(why, 404, "");
	if (ret->user && slice_eq(ret->user->id, slice_from_string(a->transferee->user_id)))
		return no(why, 403, "To Itself");
	return true;
}

/* ---- the new call ---- */

/* The transferee, as whom it is sent to sees it. */
static struct party transferee_party(const struct asked *a)
{
	struct directory *d = a->call->sb->config.directory;
	const struct leg *leg = a->transferee;
	const struct directory_device *device = directory_device_by_id(d, slice_from_string(leg->device_id));
	if (device)
		return party_of_device(device);
	const struct call_side *side = leg == a->call->caller ? &a->call->side_a : &a->call->side_b;
	struct slice uri = slice_from_string(side->uri);
	return (struct party){.tenant = a->device->user->tenant,
			      .trunk = directory_trunk_by_id(d, slice_from_string(leg->trunk_id)),
			      .uri = slice_eq(uri, SLICE("anonymous")) ? SLICE_NONE : uri};
}

/* The transferee leaves its call for a new one, as its caller. NULL: out of memory, nothing has changed. */
static struct call *call_moved(const struct asked *a, const struct party *who, struct slice to)
{
	struct call *from = a->call;
	const struct directory_user *by = a->device->user;
	bool was_caller = a->transferee == from->caller;
	call_unseat(from, a->transferee);
	struct call *c = call_new(from->sb, a->transferee, who, to);
	if (!c) {
		call_seat(from, a->transferee, was_caller);
		return NULL;
	}
	call_seat(c, a->transferee, true);
	c->transfers = from->transfers + 1;
	slice_to_string(by->id, c->by_user, sizeof(c->by_user));
	/* Outside it is the transferor's number that is shown, unless the one who is sent on hides. */
	struct slice number = outside_identity(by);
	slice_to_string(number, c->identity.number, sizeof(c->identity.number));
	c->identity.withheld = was_caller && from->identity.withheld;
	call_trace_with(c, DECIDED_TRANSFERRED_BY, "%.*s\t%s", SLICE_ARG(by->extension), from->id);
	call_trace_with(from, DECIDED_TRANSFERRED_TO, "%s\t%s\t%s", was_caller ? "caller" : "callee", c->side_b.uri,
			c->id);
	return c;
}

/* ---- blind ---- */

/* instead: a call of the transferor that still rings the target, and is no longer needed; or NULL. */
static void blind(const struct asked *a, struct call *instead)
{
	struct callee target;
	struct refusal why = {.status = 503};
	bool found = find_target(a, &target, &why);
	struct transfer *t = found ? calloc(1, sizeof(*t)) : NULL;
	bool was_caller = a->transferee == a->call->caller;
	const struct party who = transferee_party(a);
	struct call *to = t ? call_moved(a, &who, target.to) : NULL;
	if (!to) {
		free(t);
		refer_refuse(a->transferor, &why);
		return;
	}
	*t = (struct transfer){.from = a->call, .to = to, .transferor = a->transferor, .was_caller = was_caller};
	a->call->transfer = to->transfer = t;
	refer_accept(a->transferor);
	if (instead)
		call_end(instead, 487, "transferred", "caller");
	callee_ring(to, &target, &who, "");
}

struct leg *transfer_lent(const struct call *from)
{
	const struct transfer *t = from->transfer;
	return t && from == t->from && !t->heard ? t->to->caller : NULL;
}

bool transfer_spares(const struct call *to, struct slice device_id)
{
	const struct transfer *t = to->transfer;
	return t && t->from && slice_eq(slice_from_string(t->transferor->device_id), device_id);
}

void transfer_rings(struct call *to, unsigned status)
{
	if (to->transfer->from)
		refer_tell(to->transfer->transferor, status);
}

/* A worker that is too busy to be told lets the transferor be heard beside the target, for as long as it rings. */
void transfer_heard(struct call *to)
{
	struct transfer *t = to->transfer;
	if (!t->heard && t->from)
		(void)!media_split(to->sb->config.media, t->transferor->stream);
	t->heard = true;
}

/* It is over: neither call knows of it any more. Returns what it was. */
static struct transfer take(struct call *c)
{
	struct transfer was = *c->transfer;
	free(c->transfer);
	was.to->transfer = NULL;
	if (was.from)
		was.from->transfer = NULL;
	return was;
}

void transfer_answered(struct call *to)
{
	struct transfer t = take(to);
	if (t.from) {
		refer_tell(t.transferor, 200);
		call_part(t.from, t.transferor, "transferred");
	}
	codecs_join(to);
}

/* The target cannot be had: the transferee is where it was, or has hung up. */
static void give_back(const struct transfer *t, unsigned status)
{
	struct leg *transferee = t->to->caller;
	refer_tell(t->transferor, status ? status : 480);
	call_trace_with(t->from, DECIDED_TRANSFER_FAILED, "%u", status ? status : 480);
	if (!transferee || transferee->state != LEG_UP) {
		call_end(t->from, 0, "answered", t->was_caller ? "caller" : "callee");
		return;
	}
	call_unseat(t->to, transferee);
	call_seat(t->from, transferee, t->was_caller);
	call_join(t->from);
}

void transfer_call_ends(struct call *c, unsigned status)
{
	struct transfer *t = c->transfer;
	if (c == t->from) { /* the transferor is gone; its wish stands */
		c->transfer = NULL;
		t->from = NULL;
		t->transferor = NULL;
		return;
	}
	struct transfer was = take(c);
	if (was.from)
		give_back(&was, status);
}

void transfer_drop(struct call *c)
{
	struct transfer *t = c->transfer;
	if (!t)
		return;
	if (c == t->from) {
		t->from = NULL;
		c->transfer = NULL;
	} else {
		(void)take(c);
	}
}

/* ---- attended ---- */

/* The target's side of the transferor's other call, which ends, joined with the transferee. */
static void join_target(const struct asked *a, struct call *other, struct leg *second)
{
	bool was_caller = second == other->callee;
	struct leg *target = call_other(other, second);
	const struct party who = transferee_party(a);
	struct slice shown = slice_from_string(was_caller ? other->side_a.uri : other->side_b.uri);
	struct call *c = call_moved(a, &who, shown);
	if (!c) {
		refer_refuse(a->transferor, &(struct refusal){.status = 503});
		return;
	}
	c->transfers = MAX(a->call->transfers, other->transfers) + 1;
	call_unseat(other, target);
	call_seat(c, target, false);
	call_set_answered(c);
	call_trace_with(other, DECIDED_TRANSFERRED_INTO, "%s\t%s", was_caller ? "caller" : "callee", c->id);
	refer_accept(a->transferor);
	refer_tell(a->transferor, 200);
	call_part(a->call, a->transferor, "transferred");
	call_end(other, 0, "transferred", was_caller ? "callee" : "caller");
	codecs_join(c);
}

static void attended(const struct asked *a)
{
	struct leg *second = replace_find(a->call->sb, &a->refer->dialog);
	struct call *other = second ? call_of_leg(second) : NULL;
	struct refusal why = {.status = 404, .reason = SLICE("No Such Dialog")};
	bool own = other && other != a->call &&
		   slice_eq(slice_from_string(second->user_id), slice_from_string(a->transferor->user_id));
	if (own && second == other->caller && other->state == CALL_RINGING && !other->transfer) {
		blind(a, other); /* the target still rings: it is rung by the transferee instead */
		return;
	}
	bool ok = own && can_part(other, &why);
	if (ok && a->refer->dialog.early_only)
		ok = no(&why, 486, "");
	if (ok)
		join_target(a, other, second);
	else
		refer_refuse(a->transferor, &why);
}

void transfer_asked(struct call *c, struct leg *transferor)
{
	struct directory *d = c->sb->config.directory;
	struct refusal why;
	struct asked a = {.call = c,
			  .transferor = transferor,
			  .transferee = call_other(c, transferor),
			  .device = directory_device_by_id(d, slice_from_string(transferor->device_id)),
			  .refer = transferor->refer->asked};
	if (!may_transfer(&a, &why))
		refer_refuse(transferor, &why);
	else if (a.refer->replaces)
		attended(&a);
	else
		blind(&a, NULL);
}
