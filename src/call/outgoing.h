/*
 * call/outgoing.h - a request to a host that may have several targets: the next one when one fails.   RFC 3263 §4.3
 *
 * Each attempt is a new transaction with a new branch; everything else of the request stays, so it is written again for
 * each. A target has failed when it could not be reached, answered 503, or answered nothing for a while: its user hears
 * only of the last one's failure. A request too large for UDP goes over TCP to the same address, and over UDP after all
 * if that is refused (RFC 3261 §18.1.1). Owner: whoever holds the struct.
 */
#pragma once
#include "call/private.h"
#include "transport/target.h"

struct outgoing;
/*
 * Write the whole request for this flow, with that transaction's branch in its Via (sip_client_branch()). The first
 * time and for every further attempt; CSeq and Call-ID are the same each time. 0, or -errno: not to this target.
 */
typedef int (*outgoing_write_fn)(void *arg, struct sip_client *t, const struct sip_flow *flow, struct writer *w);

/*
 * Without any answer for so long, the next target is tried: four copies have then been sent over UDP, or a connection
 * has been asked for three times. Timer B would leave the caller 32 s in silence before the second operator's line.
 */
#define OUTGOING_PATIENCE_US (4 * SECOND_US)
#define OUTGOING_DATAGRAM_MAX 1300 /* RFC 3261 §18.1.1: above it a request goes over a transport with flow control */

struct outgoing {
	struct switchboard *sb;
	struct target_list targets;
	enum sip_method method;
	outgoing_write_fn write;
	sip_client_fn event;
	void *arg;
	int64_t patience_us;
	struct sip_client *client; /* of the present attempt; NULL: none is under way */
	struct sip_flow flow;      /* its flow: where requests that follow go */
	size_t at;                 /* its target */
	bool answered;             /* a response to it has come */
	bool progressed;           /* ... above 100 */
	bool grown;                /* it goes over TCP for its size */
	bool tcp_failed;           /* ... and has been tried in vain */
	bool cancelled;            /* no further target is tried */
	struct timer patience;
};

/*
 * Send it to the first target that takes it. targets is copied, at least one. event: as sip_client_new() says, for the
 * last attempt; for those before it only what is not their failure. SIP_CLIENT_TIMEOUT comes after patience_us (0:
 * OUTGOING_PATIENCE_US) without any answer, else after Timer B or F. SIP_CLIENT_GONE comes last and says no transaction
 * (NULL) where patience ended it. `o` may be freed in any event after outgoing_done(), inside SIP_CLIENT_GONE without.
 * 0, or the reason why the last target was not sent to: -EHOSTUNREACH, -ENOMEM, write()'s own. Then there is no event.
 */
MUST_USE int outgoing_start(struct outgoing *o, struct switchboard *sb, const struct target_list *targets,
			    enum sip_method method, int64_t patience_us, outgoing_write_fn write, sip_client_fn event,
			    void *arg);
/*
 * From inside the event of a response that asks for another request (401, 407, 422): it is written once more for the
 * same target, and this transaction says no more. 0; -errno: nothing was sent, and the events go on as they were.
 */
MUST_USE int outgoing_again(struct outgoing *o);
/* An INVITE: as sip_client_cancel(), and no further target is tried. */
void outgoing_cancel(struct outgoing *o, struct slice reason);
/* No further event; what is under way runs to its end alone. Zeroed memory is fine. */
void outgoing_done(struct outgoing *o);
/* The flow to the target that took it, for requests that follow: the same, or a new connection if that has gone. */
MUST_USE int outgoing_flow(struct outgoing *o, struct sip_flow *ret);
