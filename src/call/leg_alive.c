/*
 * call/leg_alive.c - is anybody still there? Asked when a leg has sent neither voice nor RTCP for a minute.
 *
 * Silence alone ends nothing: some phones send nothing while muted. An OPTIONS inside the dialog tells (RFC 3261 §11,
 * §12.2.1.2): whoever answers it, with whatever status, lives; no answer, or one that says the dialog is gone, ends the
 * call.
 */
#include "call/leg.h"

static void probe_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct leg *leg = arg;
	bool gone = event == SIP_CLIENT_TIMEOUT || event == SIP_CLIENT_SEND_FAILED ||
		    (event == SIP_CLIENT_RESPONSE && (msg->status == 408 || msg->status == 481));
	if (event == SIP_CLIENT_GONE)
		leg->probe = NULL;
	else if (gone)
		leg_lost(leg, "lost", SLICE_NONE);
}

void leg_check_alive(struct leg *leg)
{
	if (leg->state != LEG_UP || leg->probe)
		return;
	leg_find_flow(leg);
	struct sip_client *t = sip_client_new(leg->sb->stack, &leg->flow, SIP_OPTIONS, probe_event, leg);
	if (!t)
		return; /* the next silence asks again */
	struct writer w = leg_request_begin(leg, SIP_OPTIONS, 0, sip_client_branch(t));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	if (w.overflow)
		sip_client_drop(t);
	else if (sip_client_start(t, writer_slice(&w)) == 0)
		leg->probe = t;
}
