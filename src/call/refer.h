/*
 * call/refer.h - a leg's peer asks for its call to go elsewhere, and hears how that went.   RFC 3515, RFC 4488
 *
 * LEG_REFER is reported once the request has been read; who hears it answers at once with refer_accept() or
 * refer_refuse(), and later says by refer_tell() what became of it. Only inside a dialog: its implicit subscription is
 * one more use of that, and ends with it. Owner: the leg.
 */
#pragma once
#include "call/leg.h"
#include "sip/refer.h"

/* What a REFER asks for; slices into the request. */
struct refer_asked {
	struct sip_refer_to to;
	bool replaces; /* a dialog that `to` speaks in */
	struct sip_replaces dialog;
};

struct refer {
	const struct refer_asked *asked; /* while LEG_REFER is reported and not yet answered, else NULL */
	struct sip_server *server;       /* ... its request */
	const struct sip_message *req;
	uint32_t cseq;             /* of the REFER: told in Event, but for the first of a dialog (RFC 3515 §2.4.6) */
	bool again;                /* it is not the first */
	bool silent;               /* nobody wants to hear (RFC 4488) */
	bool open;                 /* accepted, and the last word has not been said */
	bool listening;            /* the peer takes our NOTIFYs */
	uint16_t status, told;     /* what is to be told; what was told last, 0: nothing */
	struct sip_client *notify; /* that awaits its answer: one at a time, so that none overtakes another */
};

/* From leg_request.c. */
void refer_came(struct leg *leg, struct sip_server *server, const struct sip_message *req);
/* 202, and the first NOTIFY says 100. */
void refer_accept(struct leg *leg);
void refer_refuse(struct leg *leg, const struct refusal *why);
/* What the target answers: 1xx while it rings, and once a final status. Nothing happens where nobody listens. */
void refer_tell(struct leg *leg, unsigned status);
/* The dialog is over: no NOTIFY any more. */
void refer_stop(struct leg *leg);
