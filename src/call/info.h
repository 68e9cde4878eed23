/*
 * call/info.h - keys pressed in a call and told by INFO: read on one leg, told on the other.   RFC 6086, RFC 4733
 *
 * Info Packages are not supported; what is read are the two bodies of sip/dtmf.h. What goes on is a digit, in the way
 * that the other leg has: as events in its voice where telephone-event was agreed, else as an INFO of ours where its
 * Allow names that. Events that come in a voice go on in it as they are, and never come here. Which digit it was stands
 * in no trace and no log: people type secrets. Owner: the leg.
 */
#pragma once
#include "call/leg.h"
#include "sip/dtmf.h"

struct call;

struct info {
	struct sip_client *client; /* that awaits its answer: one at a time, so that no digit overtakes another */
	uint8_t first, count;
	struct sip_dtmf waiting[INFO_DIGITS_MAX];
};

/* From leg_request.c. Answered, and LEG_DIGIT reported if it has one. */
void info_came(struct leg *leg, struct sip_server *server, const struct sip_message *req);
/* LEG_DIGIT of `from`: to the leg that hears it; NULL: nobody does. */
void info_pass_on(struct call *c, struct leg *from, struct leg *to);
/* The dialog is over: no INFO any more. */
void info_stop(struct leg *leg);
