/*
 * call/outside.h - calls from and to the outside: what a trunk's request is, and the one place where a call to the
 * outside is decided
 */
#pragma once
#include "call/call.h"
#include "directory/e164.h"

/* ---- trunk.c: calls from an operator ---- */
/*
 * Does this request come from a trunk: from one of its addresses, to its listener, by its transport? One that carries
 * credentials, or comes on a connection on which a device has authenticated, is a device's: both may share an address.
 */
bool trunk_sends(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow);
/* Does a listener that a trunk names mean this one? [::] may have become 0.0.0.0 on a host without IPv6 (net/udp.c). */
bool trunk_same_listener(const struct address *named, const struct address *at);
struct trunk_call {
	struct party from;
	const struct directory_user *user; /* who is rung */
	struct slice number;               /* that was dialled, E.164 */
	char from_number[NUMBER_CAP], from_name[PARTY_NAME_MAX];
	char diverted[DIVERSION_TEXT_CAP]; /* who sent it on, as the phones are told */
};
/* Of an INVITE that trunk_sends(): which trunk's, from whom, for whom. false: refused (404), counted and logged. */
MUST_USE bool trunk_read_call(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			      const struct sip_flow *flow, struct trunk_call *ret);
/* Does this INVITE with the leg's tag in From ask for another number than the leg has called over its trunk? Then an
 * operator that keeps tags has sent the call on, to us: a spiral, no loop (RFC 3261 §16.3 step 4). */
bool trunk_sent_on(const struct leg *leg, const struct sip_message *req);
/* Does a request by this flow come from this trunk: one of its addresses, its listener, its transport? A trunk that was
 * removed has none. */
bool trunk_has_flow(struct switchboard *sb, struct slice id, const struct sip_flow *flow);
/*
 * Where requests inside a trunk's dialog go: an operator sends from another address than it listens on. Where its own
 * Contact (or route) says, if that is an address that is the trunk's; else *flow stays what it was.
 */
void trunk_find_way(struct switchboard *sb, const struct leg *leg, struct sip_flow *flow);

/* ---- outside.c: calls to an operator ---- */
/*
 * May this be dialled by this tenant's users as a number outside? It is not an extension; that has been looked for. It
 * is what number_read() takes for a number, in any length, because numbers for help are as short as extensions; and
 * the tenant has a trunk, its own or a shared one.
 */
bool outside_dialled(struct switchboard *sb, const struct directory_tenant *tenant, struct slice dialled,
		     char ret[NUMBER_CAP]);
/* Call it over the tenant's first trunk, then over the next ones while they cannot be reached. */
void outside_call(struct call *c, struct slice number);
/* For ring.c: the trunk's leg was refused. */
void outside_refused(struct call *c, const struct leg *leg);
/* Nothing more is tried; what rings is ring_stop()'s to end. */
void outside_stop(struct call *c);
/* The number by which a user is known outside: its own, else the tenant's first, else none (empty). */
struct slice outside_identity(const struct directory_user *u);
