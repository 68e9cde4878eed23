/* call/limits.h - bounds of calls and registrations, each with its reason */
#pragma once
#include "base/common.h"
#include "transport/limits.h"

#define CALL_MAX 20000   /* calls at once on a node; the voice ports of one address carry 14,000 at most */
#define CALL_LEGS_MAX 16 /* legs of one call while it rings: 5 devices with 3 bindings each, and the caller */
#define LEG_EARLY_MAX                                                                                                  \
	4 /* early dialogs followed of one INVITE, about 1 KiB each: the phones that an operator's fork rings at once; \
	     another one's 2xx still wins */
#define CALL_RING_US (20 * SECOND_US)   /* how long a user's devices ring; also bounds endless 1xx (timer C) */
#define CALL_RETURN_US (10 * SECOND_US) /* how long a call waits for a phone whose connection is gone */
#define PAGE_RETURN_US                                                                                                 \
	CALL_RETURN_US /* a page that is loaded anew is back in a second or two, and takes its place again; one whose  \
			  network has changed comes by a new connection before its old one is seen to be dead. What is \
			  not back by then has been closed, and nobody is to wait for it */
#define CALLER_RETURN_US (2 * SECOND_US)       /* for the BYE of a caller whose connection closed while it rang */
#define CALL_OUTSIDE_RING_US (180 * SECOND_US) /* outside it is the operator who knows how long to ring (timer C) */
#define CONNECTION_IDENTITIES_MAX 8 /* accounts of one phone on one connection; a ninth is challenged each time */
#define CALL_IDENTITIES_MAX                                                                                            \
	(TRANSPORT_CONNECTIONS_MAX * CONNECTION_IDENTITIES_MAX) /* never the first bound met: a connection without     \
								   one is a guest's, and cut */
#define OVERLOAD_CALLS_US                                                                                              \
	(100 * MS_US) /* behind by this, new calls are turned away: nobody hears it, phones ask again after 500 ms,    \
			 and a disk or another program takes the core for less; what stands longer grows */
#define OVERLOAD_OTHERS_US                                                                                             \
	(250 * MS_US) /* and by this REGISTER and the rest: a phone that asks again in 10 s is still registered then   \
		       */
#define OVERLOAD_HELP_STRANGERS                                                                                        \
	20u /* calls for help a second, while behind, of those who must be challenged first: phones of ours that were  \
	       not here lately; a flood of them costs 1 ms of work a second */
#define OVERLOAD_SHOWN_US (60 * SECOND_US) /* how long `alto status` speaks of it */
#define TRANSACTIONS_MAX 1000000           /* of each kind: a call leaves up to four behind for 32 s over UDP */
#define STOP_PATIENCE_US                                                                                               \
	(3 * SECOND_US)       /* after the last hang-up, how long an orderly end waits for answers and the disk */
#define CALL_TRACE_BYTES 1024 /* decisions kept beside a call; the beginning says more than what no longer fits */
#define CALL_TRACE_LINE 160   /* ... of which one takes no more: a name and what a phone said */
#define CALL_TRACE_FIRST 128  /* ... of which the first take so much; doubled up to all of it */
#define TRANSFERS_MAX                                                                                                  \
	20 /* in the life of a call: people do not come near it, two machines that refer to each other do */
#define INFO_DIGITS_MAX 32 /* waiting for the answer to the INFO before them, as many as may wait in a voice */
#define INSTANTS_MAX 4096  /* messages on their way at once, about 4 KiB each: no more than a second of a busy node */
#define INSTANTS_OF_DEVICE                                                                                             \
	16 /* ... of one device: nobody types so fast, and a phone that does not answer holds each                     \
	      for 32 s */
#define INSTANTS_OF_TENANT (INSTANTS_MAX / 4) /* ... of one company: some room is left to the others */
#define INSTANTS_TOLD_AT_ONCE                                                                                          \
	32 /* messages of which webhooks are told in one job: others wait so long for the one writer that all share */
#define INSTANTS_TELLING_OF_TENANT                                                                                     \
	INSTANTS_OF_TENANT         /* messages of which the webhooks of a company are still to be told: all that       \
				      were on their way may end at once */
#define INSTANTS_TELLING_MAX 16384 /* ... of all: 9 MiB, while the database cannot be written */
#define INSTANT_ATTEMPTS_MAX 15    /* phones and flows that one is sent by: 5 devices with 3 bindings each */
#define INSTANT_BODY_MAX                                                                                               \
	16384 /* a long text with its formatting; pictures and files are for other means (RFC 3428 §8) */
#define INSTANT_REQUEST_MAX                                                                                            \
	(INSTANT_BODY_MAX + 8192) /* with its head, which is kept with it: after a long way that has 2 KiB */
#define INSTANT_DATAGRAM_MAX 1300 /* RFC 3428 §8: over UDP the whole request is no larger */
#define INSTANT_TYPE_MAX 127      /* of a Content-Type, as webhooks are told it: RFC 6838 §4.2 allows no longer one */
#define INSTANT_TRYING_US (3500 * MS_US) /* the sender's Timer E has come to T2: 0.5 + 1 + 2 s (RFC 4320 §4.1) */
#define INSTANT_PATIENCE_US                                                                                            \
	(30 * SECOND_US) /* the sender gives up after 32 s (Timer F), which began with its first copy: the third one   \
			    may be the first to come, 1.5 s later */
#define TRANSFER_PARTING_US                                                                                            \
	(2 * SECOND_US) /* how long who has transferred its call may take to hang up: a phone does so when it hears of \
			   it */
#define REFER_EXPIRES_S "300"       /* longer than anything rings: the last NOTIFY ends it */
#define CALL_STOP_CHUNK 128         /* calls hung up in one turn of an orderly end: about a millisecond */
#define MEDIA_RETRY_US (10 * MS_US) /* a media worker's full ring is empty again by then */

#define REGISTER_BINDINGS_MAX 3 /* of one device: the oldest yields, so reboots and NAT changes leave no ghosts */
#define REGISTER_WAITING_MAX                                                                                           \
	3 /* REGISTERs of a device that wait for one before them: as many as it may have flows; of more, the oldest    \
	     is the one that its phone has given up */
#define REGISTER_EXPIRES_MIN_S 60 /* below it 423: a phone that asks for less would cost more than it gives */
#define REGISTER_EXPIRES_MAX_S 3600
#define REGISTER_EXPIRES_CONNECTION_S                                                                                  \
	300 /* on connections without outbound support: how late a lost one is noticed                                 \
	     */
#define REGISTER_EXPIRES_DEFAULT_S 3600
#define REGISTER_WRITE_US (5 * SECOND_US) /* refreshes are written within this, coalesced */
#define REGISTER_WRITE_MANY 1024          /* so many are written sooner: one job stays within a few ms of a turn */
#define REGISTER_WRITE_MANY_US (100 * MS_US)
#define REGISTER_LATE_US                                                                                               \
	(10 * SECOND_US) /* bindings that a start finds past their time end within this, not all in one turn */

#define KEEPALIVE_US (25 * SECOND_US) /* many routers forget a silent UDP flow after 30 s */
#define KEEPALIVE_UNANSWERED_MAX 3u   /* OPTIONS in a row, each repeated for 32 s: no single loss makes it */

#define REGISTER_STALL_US                                                                                              \
	(2 * SECOND_US) /* a store this late does not hold up phones: bindings are taken from memory */
#define REGISTER_UNSAVED_S                                                                                             \
	60 /* for so long a binding is given that only memory has: what a crash takes of them is back within a minute  \
	    */
#define REGISTER_FLOW_TIMER_S 120 /* RFC 5626: how often a phone with outbound support pings its connection */

#define HISTORY_FLUSH_US (20 * MS_US) /* call rows wait this long for company; committed within 50 ms */
#define SESSION_MIN_S 90              /* RFC 4028 §5 allows no less; below it 422 */
#define SESSION_DEFAULT_S 1800 /* asked for: RFC 4028 §4 recommends it; a call whose phone vanished ends within it */
#define SESSION_MAX_S 86400    /* a callee's 422 that wants more than a day is not followed */
#define SESSION_RAISES_MAX 3   /* 422 followed for one leg; each wants more than the one before */
#define SESSION_RETRY_US (10 * SECOND_US) /* after a refresh that was refused, or could not be sent */

#define CHANGE_TRIES_MAX 5 /* of one change of a session that meets 491 and the like */
#define CHANGE_PATIENCE_US                                                                                             \
	(20 * SECOND_US) /* then the asker is told 504: its own transaction would end at 32 s (Timer F) */

#define REDIRECTS_MAX 5 /* forwards followed in one call, and contacts looked at in one 3xx */
#define REASON_BYTES_MAX                                                                                               \
	120 /* of a peer's Reason, kept for the trace and the other side: a line of the trace holds it */

#define MESSAGES_FLUSH_US                                                                                              \
	SECOND_US /* how long they wait for company: nobody waits for them, rows of calls must not wait behind them,   \
		     and in that time most of a call's set-up goes into one row */
#define CLOCK_DOUBT_US (86400 * SECOND_US)        /* how long a clock that was set forwards deletes nothing */
#define MESSAGES_BATCH_BYTES ((size_t)256 * 1024) /* SIP messages of calls go to the store in blocks of this size */
#define MESSAGES_WAITING_MAX                                                                                           \
	((size_t)8 * 1024 * 1024) /* of them at the store: about a second of 1000 calls a second; rows of calls have   \
				     the rest of its queue */
#define MESSAGES_A_LEG_MAX 200    /* set-up, holds and an hour of re-INVITEs; beyond it somebody repeats himself */
#define MESSAGES_PAUSE_US (10 * SECOND_US)  /* after a refusal: the rows of calls that it undid are tried first */
#define MESSAGES_LINGER_US (32 * SECOND_US) /* 64*T1: the last answer of a transaction (RFC 3261 §17.1.2.2) */
#define MESSAGES_FOLLOWED_MAX 262144        /* both legs of CALL_MAX calls, and of 3,000 a second that linger */
#define MESSAGES_TRIM_US (60 * SECOND_US)

#define NONCE_LIFETIME_US (300 * SECOND_US)
#define NONCE_TABLE_MAX 262144
#define SHORTAGE_SHOWN_US (60 * SECOND_US) /* how long `alto status` names a refusal for want of ports or memory */
