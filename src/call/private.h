/*
 * call/private.h - what the files of this room share: the switchboard's parts, and who calls whom
 *
 *   switchboard.c   messages in, by method and dialog ──► registrar.c   REGISTER
 *                                                    ├──► incoming.c    a new INVITE: identity, route, call
 *                                                    └──► leg.c         everything inside a dialog
 *                                                            trunk.c   an operator's, by its address
 *   ring.c          who is rung; outside.c  over which trunk a number outside is called
 *   call.c          what joins legs: ring, answer, hang up, end ──► history.c  the call's row;  codecs.c  what they
 * speak leg.c           one dialog with its offer/answer state and stream; does not know what it is used for; leg_*.c
 *                   hold its parts: leg_in.c and leg_out.c the INVITE's two sides, leg_early.c early dialogs,
 *                   leg_reliable.c 1xx and PRACK, leg_request.c what comes in the dialog, leg_reinvite.c the peer's
 *                   changes and leg_offer.c ours, leg_session.c session timers
 *   callers.c       a call found by its caller: an INVITE that came by two ways, a connection that closed
 *   ring*.c         who rings, and who joins while it rings ◄── registrar.c: a device has a new way
 *                   ──► redirect.c  where a device's 3xx leads
 *   overload.c      what is turned away before all that
 *   transfer.c      REFER (refer.c has its words on the wire) and replace.c, INVITE with Replaces: legs that go from
 *                   call to call;  callee.c  whom a user means;  gruu.c  one phone of a user
 *   info.c          digits that come by INFO, told in the way that the other leg has
 *   instant*.c      MESSAGE outside calls: passed to the phones of whom it is for, and kept nowhere
 *   register_*.c    registrar.c's: one REGISTER of a device at a time, and what its Contacts ask for;
 *                   registrar_flow.c  by which connection a device is reached, and whether it is
 *   body.c          is there an offer in a request, and may we read it
 *   offer.c         descriptions ◄──► media settings;  webrtc.c  what a browser's leg has of its own
 *   messages.c      SIP messages of calls, on their way to the store
 *   authenticate.c  who sent a request;  guests.c  what strangers did;  refuse.c  how it is refused;  registrar_write.c
 * bindings on their way to the disk;  keepalive.c  their phones' way kept open
 */
#pragma once
#include "call/instant_tell.h"
#include "call/limits.h"
#include "call/switchboard.h"
#include "sip/digest.h"
#include "sip/transaction.h"

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

/* ---- authenticate.c ---- */
enum auth_result {
	AUTH_OK,      /* *ret_device is who sent it */
	AUTH_ANSWERED /* challenged (401) or refused, and answered: the request is done */
};
/*
 * Who sent this request? An INVITE on a connection on which a device has authenticated is not challenged again, as long
 * as that device still exists. Never for ACK, CANCEL or BYE.
 */
enum auth_result authenticate(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			      const struct sip_flow *flow, struct directory_device **ret_device);

/* The Authorization field meant for us; a phone may carry one for each realm it knows. */
bool credentials_find(const struct sip_message *req, struct sip_credentials *ret);

/* Which devices authenticated on which connection: it is then no guest's, and over TLS or WSS their INVITEs are known
 * by it. */
void identities_init(struct switchboard *sb);
/* Has this device authenticated on the connection? */
bool identities_know(struct switchboard *sb, const struct sip_flow *flow, struct slice device_id);
void identities_forget(struct switchboard *sb, uint64_t tag); /* the connection with this tag has closed */

/* ---- guests.c: nobody yet ---- */
void guests_init(struct switchboard *sb);
void guests_done(struct switchboard *sb);
/* Is it no guest's? Its connection or address is a device's or an operator's, or it brings back a nonce that went
 * there. */
bool guest_is_known(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow);
/* Counts a request of a connection or address where nobody has authenticated. False: it is not to be answered. */
bool guest_is_heard(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow);
/* The same for one that has a transaction: nothing is kept of it once it is answered.
 * False: it has been dropped. */
bool guest_may_ask(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow);
/* What came is no SIP. False: not to be answered. */
bool guest_sent_garbage(struct switchboard *sb, const struct sip_flow *flow);
/* Before and after a password is looked at. False: no answer. */
bool guest_may_try(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c);
bool guest_failed(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c, bool exists);
/* A device of ours is there: this address is not banned while it may be registered from there. */
void guest_is_device(struct switchboard *sb, const struct address *from, struct slice username);

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
struct refusal;
/* Can we agree with its peer on voice at all? */
bool incoming_may_speak(struct leg *caller, struct refusal *ret_why);

/* Nobody's calls are taken now: we are stopping, memory is short, or the history cannot be written, which matters not
 * to a MESSAGE. 503, and true. */
bool calls_refused(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow);

/* ---- body.c ---- */
enum body {
	BODY_NONE,    /* none, or one that may be left alone */
	BODY_SESSION, /* a description: an offer or an answer */
	BODY_UNKNOWN, /* must be understood, and is not */
	BODY_TOO_LARGE
};
enum body body_of(const struct sip_message *req);
/* The description itself, which may be one of several parts; empty: there is none that we may read. */
struct slice session_of(const struct sip_message *msg);
/* May what answers it have a description? */
bool accepts_description(const struct sip_message *req);

/* ---- small things for all ---- */
/* Why a request is refused: the status, words for the peer (empty: the status's own), and for 488 and 606 the number of
 * the Warning (RFC 3261 §20.43; 0: SIP_WARNING_OTHER). */
struct refusal {
	unsigned status;
	struct slice reason;
	unsigned warning;
};
/* For checks that say why not: false. */
static inline bool no(struct refusal *why, unsigned status, const char *reason)
{
	*why = (struct refusal){.status = status, .reason = slice_from_string(reason)};
	return false;
}
#define SIP_WARNING_PROTOCOL 302 /* Incompatible transport protocol: not RTP as we know it */
#define SIP_WARNING_MEDIA 304    /* Media type not available: no audio */
#define SIP_WARNING_FORMAT 305   /* Incompatible media format: no common codec */
#define SIP_WARNING_OTHER 399

/* ---- refuse.c: each counts ---- */
/* Answer and forget: for statuses that owe nothing but themselves. */
void refuse(struct switchboard *sb, struct sip_server *server, unsigned status, struct slice reason);
/* With what the status owes the one who asked: Allow (405, 501), Accept (415), Recv-Info (469), Min-SE (422), Warning
 * (488, 606), Retry-After (500, 503). to_tag: of the dialog, or empty. */
void refuse_fully(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		  const struct sip_flow *flow, struct slice to_tag, const struct refusal *why);
/* A method that we do not know at all (501), or not here (405). */
void refuse_method(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow, struct slice to_tag);
/* A body that must be understood and is not, or is too large: 415 or 413, and true. Also an INVITE whose sender could
 * not read our description: 406. */
bool refuse_body(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		 const struct sip_flow *flow, struct slice to_tag);
/* §8.2.2.1: a request outside a dialog to a scheme that nobody here knows: 416, and true. */
bool refuse_scheme(struct switchboard *sb, struct sip_server *server, const struct sip_message *req);
/* §8.2.2.3: extensions that must be understood and are not: 420 names them all, and true. */
bool refuse_required(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow);

/* Begin a response in sb->work; finish with sip_write_body() and sip_server_respond(). */
struct writer response_begin(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow,
			     unsigned status, struct slice reason, struct slice to_tag);
/* End it: no body unless `sdp`; sends through the transaction. 0; -E2BIG: 513 was sent instead; -errno: the flow is
 * dead, the transaction ends by itself. */
int response_send(struct switchboard *sb, struct sip_server *server, struct writer *w, unsigned status,
		  struct slice sdp);
/* 200 with what we understand (§11.2). to_tag: of the dialog it came in, or empty. */
void answer_options(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		    const struct sip_flow *flow, struct slice to_tag);
/* transport_send(), and kept if it is a call's. */
int send_message(struct switchboard *sb, const struct sip_flow *flow, struct slice bytes);
/* Contact: <sip:alto@host:port;transport=..> of ours on this flow. */
void write_contact(struct switchboard *sb, struct writer *w, const struct sip_flow *flow);
/* What Alto understands: Allow, Supported, and what Require may name. */
#define SUPPORTED_EXTENSIONS SLICE("100rel, path, outbound, timer, replaces, norefersub, gruu")
#define SUPPORTED_IN_CALLS                                                                                             \
	SLICE("100rel, timer, replaces, norefersub") /* the part of it that concerns an INVITE and its answer */
#define SUPPORTED_IN_DIALOG                                                                                            \
	SLICE("timer, replaces, norefersub") /* ... a later request: 1xx to it need not be acknowledged */
#define ACCEPTED_BY_INFO SLICE("application/dtmf-relay, application/dtmf")
#define ALLOWED_IN_CALLS                                                                                               \
	SLICE("INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, PRACK, REFER, INFO") /* also in what begins one */
#define ALLOWED_METHODS SLICE("INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, PRACK, REFER, INFO, REGISTER, MESSAGE")
