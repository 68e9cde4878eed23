/*
 * call/transfer.h - a call goes from one person to another: REFER of a phone in it, and INVITE with Replaces   RFC
 * 3515, RFC 3891, RFC 5589
 *
 * Alto stands between all phones, so nobody else is asked to do anything: the leg of who is transferred goes to another
 * call and is joined there, at most with a re-INVITE where codecs differ. Each conversation is a call of its own with
 * its own row: who spoke with whom, from when to when.
 *
 *   blind      from: transferor + transferee      to: transferee ──rings──► target
 *              While the target rings, the transferee is the caller of `to`, still hears the transferor (its music, or
 *              silence), and goes back where that fails. When the target answers, `from` ends.
 *   attended   the transferor's two calls end, and a third one joins who is left of them.
 *   replaced   a phone takes the place of another one of the same user, in a call or while it rings.
 *
 * Owner: the two calls of a transfer, each of which points to it; the switchboard's thread.
 */
#pragma once
#include "call/refer.h"

struct call;

struct transfer {
	struct call *from;      /* NULL: the transferor has hung up, there is no way back */
	struct call *to;        /* whose caller is the transferee */
	struct leg *transferor; /* while there is `from` */
	bool was_caller;        /* the transferee, in `from` */
	bool heard;             /* it hears the target already (early media), and no longer the transferor */
};

/* ---- transfer.c ---- */
/* LEG_REFER: answered. */
void transfer_asked(struct call *c, struct leg *transferor);
/* From ring.c, of a call that has a transfer: its target rings; its voice has been joined. */
void transfer_rings(struct call *to, unsigned status);
void transfer_heard(struct call *to);
/* From call.c: the target has answered; either call ends, for this status. */
void transfer_answered(struct call *to);
void transfer_call_ends(struct call *c, unsigned status);
/* The transferee while it is away but still hears the transferor, else NULL. */
struct leg *transfer_lent(const struct call *from);
/* Not to be called: the device from which somebody is transferred. */
bool transfer_spares(const struct call *to, struct slice device_id);
/* For call_free(), without a word. */
void transfer_drop(struct call *c);

/* ---- replace.c ---- */
/* The leg that speaks, or rings, in this dialog; NULL: none. */
struct leg *replace_find(struct switchboard *sb, const struct sip_replaces *dialog);
/* An INVITE with Replaces: answered. */
void replace_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow, bool from_outside);
