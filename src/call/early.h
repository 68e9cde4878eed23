/*
 * call/early.h - early dialogs of an INVITE of ours, and 1xx that must arrive.   RFC 3261 §12.1, RFC 3262
 *
 * A fork beyond us (a proxy, an operator) may make several early dialogs of one INVITE, each with a To tag of its own.
 * Each has its own description and order of reliable 1xx; they share the leg's one stream, which follows the latest
 * that spoke. The 2xx decides which becomes the leg's dialog. Owner: the leg, from the first 1xx to its 2xx or end.
 */
#pragma once
#include "call/leg.h"

struct early {
	struct early *next;
	struct sip_dialog dialog;
	uint32_t rseq;          /* of the last reliable 1xx that we acknowledged; 0: none */
	struct own_text answer; /* came reliably: neither a later 1xx nor the 2xx changes it (RFC 3262 §5) */
};

/* ---- leg_early.c: outgoing ---- */
struct slice early_tag(const struct sip_message *response); /* of To; empty: none */
struct early *early_find(const struct leg *leg, struct slice remote_tag);
/* The early dialog of a 1xx, made if it is new. NULL: it has no tag or broken fields, or there are too many. */
struct early *early_learn(struct leg *leg, const struct sip_message *msg);
/* A fork beyond us is no more. */
void early_drop(struct leg *leg, struct early *e);
/*
 * A 2xx: its early dialog is leg->dialog from now on, the others are forgotten. *ret_answer, which the caller ends with
 * text_done(), is the answer that came reliably before, if one did; *ret_heard: and it is in force already.
 * -errno: the 2xx cannot be used.
 */
MUST_USE int early_decide(struct leg *leg, const struct sip_message *ok, struct own_text *ret_answer, bool *ret_heard);
void early_done(struct leg *leg);

/* ---- leg_reliable.c ---- */
/* The RSeq of a 1xx that must be acknowledged; 0: it need not. */
uint32_t reliable_rseq(const struct sip_message *response);
/* Outgoing: may this 1xx be acted on? Sends its PRACK if it is a reliable one. false: a copy, or out of order. */
bool reliable_take(struct leg *leg, struct early *e, const struct sip_message *msg);
/* Incoming: the caller takes reliable 1xx, and there is memory for one: an offer of ours may go in it. */
bool reliable_possible(struct leg *leg, const struct sip_message *invite);
/*
 * Incoming: a 1xx of ours, the leg's description in it if `described`. Reliable where the caller wants or needs that; a
 * reliable one waits for the PRACK of the one before.
 */
void reliable_progress(struct leg *leg, struct sip_server *server, const struct sip_message *invite, unsigned status,
		       bool described);
/* The 200 must wait, and will follow by leg_answer_now(). */
bool reliable_holds_answer(struct leg *leg);
/* Nothing is repeated any more: a final response went out (§3). */
void reliable_stop(struct leg *leg);
void reliable_done(struct leg *leg);
/* PRACK. */
void reliable_acknowledged(struct leg *leg, struct sip_server *server, const struct sip_message *prack);
