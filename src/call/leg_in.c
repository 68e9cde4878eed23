/* call/leg_in.c - a leg whose peer calls us: progress, the answer, refusal, CANCEL.   RFC 3261 §13.3 */
#include "call/early.h"
#include "call/offer.h"
#include "call/transcoding.h"

#include <errno.h>

static struct sip_server *invite_of(struct leg *leg, struct sip_message *ret)
{
	struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
	return server && sip_server_request(server, ret) == 0 ? server : NULL;
}

/* Our offer to an INVITE that had none: what the other side speaks, and what we can make of it. */
static int offer_all(struct leg *leg, const struct sdp_format *spoken, size_t count)
{
	struct sdp_format formats[SDP_FORMATS_MAX];
	size_t n = MIN(count, ARRAY_LEN(formats));
	memcpy(formats, spoken, n * sizeof(formats[0]));
	return offer_write(leg, formats, transcoding_offer(formats, n, ARRAY_LEN(formats)), 0);
}

/* Our answer, or our offer where the INVITE had none, may go before the 200: it is in leg->local then. */
static bool describe_early(struct leg *leg, const struct sip_message *invite, const struct sdp_format *formats,
			   size_t count)
{
	if (leg->delayed) /* RFC 3262 §5: an offer only in a reliable 1xx, since its answer comes with the PRACK */
		leg->early = reliable_possible(leg, invite) && offer_all(leg, formats, count) == 0;
	else
		leg->early = leg->pending.p && offer_answer(leg, formats, count) == 0;
	return leg->early;
}

void leg_progress(struct leg *leg, unsigned status, const struct sdp_format *formats, size_t count)
{
	struct sip_message *invite = &leg->sb->kept_message;
	struct sip_server *server = leg->state == LEG_INCOMING ? invite_of(leg, invite) : NULL;
	if (!server || (count && !describe_early(leg, invite, formats, count)))
		return;
	reliable_progress(leg, server, invite, status, count > 0);
}

int leg_answer(struct leg *leg, const struct sdp_format *spoken, size_t count)
{
	int rc = 0;
	if (!leg->early)
		rc = leg->delayed ? offer_all(leg, spoken, count) : offer_answer(leg, spoken, count);
	if (rc < 0) {
		leg_refuse(leg, rc == -ENOENT ? 488 : 500, rc == -ENOENT ? SLICE("No Common Codec") : SLICE_NONE);
		return rc;
	}
	return reliable_holds_answer(leg) ? 0 : leg_answer_now(leg);
}

int leg_answer_now(struct leg *leg)
{
	struct sip_message *invite = &leg->sb->kept_message;
	struct sip_server *server = invite_of(leg, invite);
	reliable_stop(leg);
	leg->state = LEG_ANSWERING;
	leg->offered_in_ok = leg->delayed && !leg->settled;
	int rc = server ? leg_send_ok(leg, server, invite) : -ENOTCONN;
	leg->dialog.confirmed = rc == 0;
	if (rc < 0) /* its connection has closed while it waited */
		leg_end(leg);
	return rc;
}

void leg_fail(struct leg *leg, unsigned status, const char *cause)
{
	leg->end_cause = cause;
	leg_refuse(leg, status, SLICE_NONE);
	leg_report(leg, LEG_HUNG_UP);
}

void leg_refuse_why(struct leg *leg, const struct refusal *why)
{
	struct sip_message *invite = &leg->sb->kept_message;
	struct sip_server *server = invite_of(leg, invite);
	if (server)
		refuse_fully(leg->sb, server, invite, &leg->flow, leg->dialog.local_tag, why);
	leg->last_status = (uint16_t)why->status;
	leg_end(leg);
}

void leg_refuse(struct leg *leg, unsigned status, struct slice reason)
{
	unsigned warning = status == 488 ? SIP_WARNING_FORMAT : 0;
	leg_refuse_why(leg, &(struct refusal){.status = status, .reason = reason, .warning = warning});
}

void leg_cancelled(struct leg *leg, const struct sip_message *cancel)
{
	leg_hear_reason(leg, cancel);
	if (leg->state == LEG_INCOMING) {
		struct sip_server *server = sip_server_get(leg->sb->stack, leg->server);
		if (server)
			(void)sip_server_respond_simple(server, 487, SLICE_NONE, leg->dialog.local_tag);
		leg->last_status = 487;
		leg_end(leg);
		leg_report(leg, LEG_CANCELLED);
		return;
	}
	/* A re-INVITE of a leg that is up: only that is cancelled. */
	if (leg->pending.p) {
		leg_refuse_offer(leg, 487);
		leg_report(leg, LEG_OFFER_DROPPED);
	}
}
