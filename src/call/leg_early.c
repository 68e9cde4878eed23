/* call/leg_early.c - the early dialogs of an INVITE of ours, and the one that its 2xx chooses.   RFC 3261 §12.1,
 * §13.2.2.4
 */
#include "call/early.h"

#include <errno.h>

struct slice early_tag(const struct sip_message *response)
{
	return sip_address_tag(&response->to);
}

struct early *early_find(const struct leg *leg, struct slice remote_tag)
{
	struct early *e = leg->forks;
	while (e && !slice_eq(e->dialog.remote_tag, remote_tag))
		e = e->next;
	return e;
}

static void early_free(struct early *e)
{
	sip_dialog_done(&e->dialog);
	text_done(&e->answer);
	free(e);
}

/* leg->dialog stays as the INVITE was sent until a 2xx has chosen, and each early dialog begins as its copy. */
static struct early *early_new(struct leg *leg, const struct sip_message *msg)
{
	struct sip_reason err;
	struct early *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	if (sip_dialog_fork(&e->dialog, &leg->dialog) < 0 || sip_dialog_learn(&e->dialog, msg, &err) < 0) {
		early_free(e);
		return NULL;
	}
	e->next = leg->forks;
	leg->forks = e;
	return e;
}

struct early *early_learn(struct leg *leg, const struct sip_message *msg)
{
	struct sip_reason err;
	struct slice tag = early_tag(msg);
	struct early *e = early_find(leg, tag);
	if (e)
		return sip_dialog_learn(&e->dialog, msg, &err) == 0 ? e : NULL;
	unsigned count = 0;
	for (e = leg->forks; e; e = e->next)
		count++;
	return slice_empty(tag) || count == LEG_EARLY_MAX ? NULL : early_new(leg, msg);
}

void early_drop(struct leg *leg, struct early *e)
{
	struct early **at = &leg->forks;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	if (leg->heard == e) {
		leg->heard = NULL;
		leg->early = false;
	}
	early_free(e);
}

void early_done(struct leg *leg)
{
	while (leg->forks)
		early_drop(leg, leg->forks);
}

int early_decide(struct leg *leg, const struct sip_message *ok, struct own_text *ret_answer, bool *ret_heard)
{
	struct sip_reason err;
	struct early *e = early_find(leg, early_tag(ok));
	int rc = sip_dialog_learn(e ? &e->dialog : &leg->dialog, ok, &err);
	if (rc < 0)
		return rc;
	*ret_answer = (struct own_text){0};
	*ret_heard = e && leg->heard == e;
	if (e) {
		sip_dialog_done(&leg->dialog);
		leg->dialog = e->dialog;
		*ret_answer = e->answer;
		e->dialog = (struct sip_dialog){0};
		e->answer = (struct own_text){0};
	}
	early_done(leg);
	return 0;
}
