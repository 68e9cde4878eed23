/*
 * call/private.h - what the files of this room share: the switchboard's parts, and who calls whom
 *
 *   messages in
 *   switchboard.c   by method and dialog ─┬─► registrar.c  REGISTER
 *                                         ├─► incoming.c   a new INVITE: identity, route, call
 *                                         ├─► instant*.c   MESSAGE outside calls: passed on and told, not kept
 *                                         └─► leg.c        everything inside a dialog
 *   overload.c      what is turned away before all that
 *   authenticate.c  who sent a request;  trunk.c  an operator, by its address;  guests.c  what strangers did
 *   body.c          is there an offer in a request, and may we read it
 *   answer.c        how a request is answered;  refuse.c  how it is refused
 *
 *   calls
 *   callee.c        whom a user means;  gruu.c  one phone of a user;  party.c  how people at its ends are written
 *   identity.c      by which number a caller is known, and to whom;  diversion.c  who sent the call on before
 *   ring*.c         who is rung, and who joins while it rings ◄── registrar.c: a device has a new way
 *                   ──► redirect.c  where a device's 3xx leads
 *   outside.c       over which trunk a number outside is called ──► outgoing.c  which of its hosts takes the call
 *   outcome.h       what the refusals of all of them mean
 *   call.c          what joins legs: ring, answer, hang up, end ──► history.c  the call's row
 *   codecs.c        what both sides speak;  transcoding.c  what is made anew between them
 *   trace.c         why a call went as it did, for people to read ──► decision.c  in which words;  view.c  what the
 *                   API shows of it
 *   callers.c       a call found by its caller: an INVITE that came by two ways, a connection that closed
 *   transfer.c      REFER (refer.c has its words on the wire);  replace.c  INVITE with Replaces: from call to call
 *   info.c          digits that come by INFO, told in the way that the other leg has
 *
 *   legs
 *   leg.c           one dialog with its offer/answer state and stream; does not know what it is used for
 *   leg_*.c         its parts: _in and _out the INVITE's two sides, _early early dialogs, _reliable 1xx and PRACK,
 *                   _request what comes in the dialog, _reinvite the peer's changes and _offer ours, _session timers,
 *                   _source by which flow it may come, _alive whether the peer is still there
 *   offer*.c        descriptions ◄──► media settings;  webrtc.c  what a browser's leg has of its own
 *   reason.c        why something ended, for the trace and the phones
 *   messages.c      SIP messages of calls, on their way to the store
 *
 *   registrations
 *   binding.c       one way to a device, read, compared, and turned back into a flow
 *   registrar.c     with register_*.c: one REGISTER of a device at a time, and what its Contacts ask for
 *   registrar_*.c   _flow by which connection a device is reached, and whether it is; _write bindings on their way to
 *                   the disk;  keepalive.c  their phones' way kept open
 */
#pragma once
#include "call/answer.h"
#include "call/authenticate.h"
#include "call/instant_tell.h"
#include "call/limits.h"
#include "call/switchboard.h"

struct history;
struct messages;

struct overload {              /* overload.c */
	int64_t help_since_us; /* the second in which strangers' calls for help are counted */
	unsigned help_count;
	struct metric total;
	uint64_t turned_away; /* since it began */
	int64_t last_us, since_wall_us;
};
void overload_init(struct overload *o);

struct switchboard {
	struct thread_owner thread;
	struct switchboard_config config;
	struct wheel *wheel;
	struct random *random;
	struct sip_stack *stack;
	struct sip_nonces *nonces;
	struct crypto_hasher *hasher;
	struct registrar *registrar;
	struct history *history;
	struct messages *messages;
	struct pool calls, legs; /* struct call, struct leg */
	struct pool rings, rung; /* ring_index.c: calls that ring, and who is rung */
	struct map rung_by_user;
	struct pool instants; /* instant.c */
	struct instant_tellings tellings;
	struct pool identities; /* authenticate.c: who authenticated on a connection */
	struct map calls_by_id;
	struct map calls_by_invite, calls_by_connection; /* callers.c */
	bool stopping;
	struct timer stop_timer;
	void (*stopped)(void *arg);
	void *stopped_arg;
	int64_t stop_at_us;
	int64_t clock_set_us; /* how far the wall clock has been set in all */
	int64_t no_port_us;   /* when a call last found no voice port; 0: never */
	int64_t no_memory_us; /* ... or no memory */
	uint32_t stop_cursor; /* calls hung up so far */
	uint32_t calls_ringing;
	struct metric calls_total, calls_answered, bad_messages, requests_refused, auth_failed, unknown_numbers;
	struct metric digits_passed, digits_lost; /* info.c */
	struct metric instants_delivered, instants_failed, instants_untold;
	struct metric calls_open, legs_open; /* alive in their pools */
	struct overload overload;
	uint8_t gruu_key[32];               /* gruu.c: of temporary ones */
	uint8_t unknown_ha1[SIP_HA1_BYTES]; /* checked against for users that do not exist: same work, same time */
	struct sip_message message;         /* the message being handled; nothing keeps it longer */
	struct sip_message kept_message;    /* an earlier request, read again from its transaction to be answered now */
	char work[SIP_MESSAGE_MAX + 1];     /* where messages are written before they are sent */
};

/* ---- registrar.c ---- */
MUST_USE int registrar_new(struct switchboard *sb, struct registrar **ret);
struct registrar *registrar_free(struct registrar *r);
void registrar_metrics(struct registrar *r, struct metrics *m);
uint32_t registrar_unreachable(const struct registrar *r); /* bindings that answer no OPTIONS */
/* The wall clock was set by so much: times of bindings move with it. */
void registrar_clock_set(struct registrar *r, int64_t by_us);
void registrar_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow);
void registrar_flush(struct registrar *r); /* write refreshed bindings now: before an orderly end */

/* ---- registrar_flow.c ---- */
/* A connection has closed: the devices behind it are not reached until they are back; a page that is not back soon is
 * registered no more. */
void registrar_flow_closed(struct switchboard *sb, const struct sip_flow *flow);
/* The flow by which a binding is reached now: false if its connection is gone. */
bool registrar_flow(struct switchboard *sb, const struct directory_binding *b, struct sip_flow *ret);
/* *flow is dead: the one by which its device is reached now over the same transport, if there is one. */
void registrar_find_flow(struct switchboard *sb, struct slice device_id, struct sip_flow *flow);

/* ---- ring_index.c ---- */
void rings_init(struct switchboard *sb);
void rings_done(struct switchboard *sb);
/*
 * From the registrar. A device can be reached by a flow that it had not before: calls that ring its user may use it. A
 * binding is about to be removed: none waits for it any longer. O(1) for a user whom nobody calls; the calls look in
 * the next turn.
 */
void ring_new_way(struct switchboard *sb, const struct directory_binding *b);
void ring_way_left(struct switchboard *sb, const struct directory_binding *b);

/* ---- incoming.c ---- */
void incoming_invite(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow);
/* The Max-Forwards of a request, or what is meant without one; -1: it cannot be read. */
int incoming_forwards(const struct sip_message *req);
/* Can a call or message be taken at all now? Answers if not. */
bool incoming_may_begin(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			const struct sip_flow *flow);
struct leg;
/* The leg of an INVITE whose sender is known. NULL: refused, and answered. */
struct leg *incoming_leg(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			 const struct sip_flow *flow);
/* Can we agree with its peer on voice at all? */
bool incoming_may_speak(struct leg *caller, struct refusal *ret_why);

/* Nobody's calls are taken now: we are stopping, memory is short, or the history cannot be written, which matters not
 * to a MESSAGE. 503, and true. */
bool calls_refused(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow);

/* ---- switchboard.c ---- */
/* transport_send(), and kept if it is a call's. */
int send_message(struct switchboard *sb, const struct sip_flow *flow, struct slice bytes);
