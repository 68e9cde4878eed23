/*
 * sip/transaction.h - the four transaction machines on the timer wheel.   RFC 3261 §17, RFC 6026
 *
 * Bytes and time in; bytes, timers and events out. Retransmissions, CANCEL matching, ACK for non-2xx and the absorbing
 * of copies end here; 2xx to INVITE and their ACK belong to the dialog's owner (RFC 6026 keeps the transaction in
 * Accepted).
 */
#pragma once
#include "base/map.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/wheel.h"
#include "sip/write.h"

/* RFC 3261 §17.1.1.1, microseconds. */
#define SIP_T1_US (500 * MS_US)
#define SIP_T2_US (4 * SECOND_US)
#define SIP_T4_US (5 * SECOND_US)

struct sip_stack;
struct sip_server; /* a server transaction: a request we received */
struct sip_client; /* a client transaction: a request we sent */

/* What the stack tells its user. All on the stack's thread, never from inside sip_client_start(). */
struct sip_stack_events {
	/*
	 * Shall there be a transaction for this new request? False: it gets 503 from its message alone. Not asked for
	 * ACK and CANCEL, nor for what comes again. NULL: for all.
	 */
	bool (*admits)(void *owner, const struct sip_message *msg, const struct sip_flow *flow);
	/*
	 * Shall a request that has no transaction be answered from its message alone: 503, or 481 to a CANCEL of
	 * nothing? Whoever sends many such may have forged where they come from. NULL: each is.
	 */
	bool (*answers)(void *owner, const struct sip_message *msg, const struct sip_flow *flow);
	/*
	 * A new request. `server` is NULL for an ACK that belongs to no transaction (an ACK to a 2xx). Every other
	 * request must be answered sooner or later with sip_server_respond(). A CANCEL has already been answered by the
	 * stack (200 or 481); `on_cancel` follows. msg and its bytes are borrowed for the call.
	 */
	void (*on_request)(void *owner, struct sip_server *server, const struct sip_message *msg,
			   const struct sip_flow *flow);
	/* The peer cancelled this INVITE, which has no final response yet: answer it (487). cancel: the CANCEL itself
	 * (its Reason). */
	void (*on_cancel)(void *owner, struct sip_server *server, const struct sip_message *cancel);
	/*
	 * A 2xx to an INVITE of ours whose user has left (detached), or after a refusal: a fork that answered as well.
	 * It must be acknowledged and hung up. Later than 32 s, or guessed, see on_unasked.
	 */
	void (*on_stray_2xx)(void *owner, const struct sip_message *msg, const struct sip_flow *flow);
	/* A response that answers nothing of ours: guessed, or later than 32 s. Nothing is sent for it. NULL: it is
	 * only counted. */
	void (*on_unasked)(void *owner, const struct sip_flow *flow);
	/*
	 * Hand bytes to the network. 0, or -errno if the flow is known to be dead. Must not call back into the stack:
	 * what it reports comes later, as input or by -errno of the next send.
	 */
	int (*send)(void *owner, const struct sip_flow *flow, struct slice bytes);
};

struct sip_stack_config {
	struct wheel *wheel;
	struct random *random;
	uint16_t node; /* goes into branches and tags, so that a message finds its node */
	/* Of each kind; above it, and above SIP_KEPT_BYTES_AVERAGE times it in bytes, new requests get 503 statelessly.
	 */
	uint32_t transactions_max;
	const struct sip_stack_events *events;
	void *owner;
};
/* NULL: out of memory. One thread, the wheel's. */
MUST_USE struct sip_stack *sip_stack_new(const struct sip_stack_config *config);
/* Ends all transactions without an event or a message. NULL is fine; returns NULL. Never from inside an event. */
struct sip_stack *sip_stack_free(struct sip_stack *s);

/*
 * A connection has ended: every request on it that still waits for its final answer fails (SIP_CLIENT_SEND_FAILED in
 * the next turn), not at the end of Timer B or F.   §17.1.4. O(those); not for UDP, whose flows do not end.
 */
void sip_stack_flow_closed(struct sip_stack *s, const struct sip_flow *flow);

/* A checked message from the network. Absorbs retransmissions, feeds client transactions, reports the rest. */
void sip_stack_input(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow);
/* Is this the branch of a request of ours whose transaction still lives? Then a request with it has come back to us. */
bool sip_stack_sent(const struct sip_stack *s, struct slice branch);
/*
 * Write a response outside any transaction: for what cannot be parsed far enough, and cheap refusals. An ACK is left
 * alone. The To tag is a keyed hash of the request, so that a copy of it gets the same answer; 503 says Retry-After.
 */
void sip_stack_respond_stateless(struct sip_stack *s, const struct sip_message *req, const struct sip_flow *flow,
				 unsigned status, struct slice reason);

/* ---- server side ---- */
/*
 * A server transaction ends in a later turn of the wheel, never from inside a call of its user; a pointer is good for
 * the turn it was given in, the handle for longer.
 */
void sip_server_set_owner(struct sip_server *t, void *arg); /* whatever the user wants to find again; NULL at first */
void *sip_server_owner(const struct sip_server *t);
pool_handle sip_server_handle(const struct sip_server *t);
struct sip_server *sip_server_get(struct sip_stack *s, pool_handle h); /* NULL: ended */
/*
 * The request as it came, until the final response is sent (INVITE) or given; -ENOENT afterwards. While on_request()
 * lasts it is the message given there, and good for as long; later it is read again from the copy that the transaction
 * keeps, and good until the response.
 */
MUST_USE int sip_server_request(const struct sip_server *t, struct sip_message *ret_msg);
/*
 * Its sender is nobody we know (yet): once it has its final answer nothing of it is kept, so that nobody fills memory
 * with requests that need no account. A copy of it is then a new request. Its To tag is the same for each copy
 * (§8.2.7).
 */
void sip_server_set_guest(struct sip_server *t, bool guest);
/* End it without an answer. */
void sip_server_drop(struct sip_server *t);
/* The To tag for answers of the user's own to a guest: the same for each copy. ret: NUL-terminated. */
#define SIP_GUEST_TAG_CAP 17
void sip_stack_guest_tag(const struct sip_stack *s, const struct sip_message *req, char ret[SIP_GUEST_TAG_CAP]);
struct sip_name;
/*
 * The To tag of answers that the stack writes for this request: its simple responses, and the 200 to a CANCEL, which
 * has the INVITE's own (§9.2). Made up at first; an owner whose dialog has a name of its own says so before it answers.
 */
void sip_server_set_tag(struct sip_server *t, const struct sip_name *tag);
/*
 * Send a whole response (head by sip_write_response_head()). The transaction copies what it must repeat. After a 2xx to
 * INVITE the caller repeats it by itself until the ACK comes (§13.3.1.4); 1xx and >= 300 are repeated by the
 * transaction. 0; -EALREADY after a final response or the end; -errno of send (the transaction then ends by itself).
 * Without memory for the copy the response is sent all the same, once.
 */
int sip_server_respond(struct sip_server *t, unsigned status, struct slice bytes);
/* For the many answers without anything special: head, Content-Length: 0; to_tag may be empty (the transaction's own
 * then, for status > 100). */
int sip_server_respond_simple(struct sip_server *t, unsigned status, struct slice reason, struct slice to_tag);
/* An INVITE without any answer after 200 ms gets a 100 Trying from the stack (§17.2.1). */
#define SIP_TRYING_US (200 * MS_US)

/* ---- client side ---- */
enum sip_client_event {
	SIP_CLIENT_RESPONSE, /* msg: any response; for INVITE each 1xx, and each 2xx (several, from forks: RFC 6026) */
	SIP_CLIENT_TIMEOUT,  /* Timer B or F: treat as 408 */
	SIP_CLIENT_SEND_FAILED, /* the flow is dead: treat as 503 */
	SIP_CLIENT_GONE         /* last event: the transaction is no more; the arg is not used again */
};
typedef void (*sip_client_fn)(void *arg, struct sip_client *t, enum sip_client_event event,
			      const struct sip_message *msg);

#define SIP_BRANCH_CAP 64
/*
 * Take a client transaction and its branch. The caller then writes the request with that branch in the top Via and
 * starts it. NULL: too many.
 */
MUST_USE struct sip_client *sip_client_new(struct sip_stack *s, const struct sip_flow *flow, enum sip_method method,
					   sip_client_fn fn, void *arg);
struct slice sip_client_branch(const struct sip_client *t);
/* Give back one that was never started; no event. NULL is fine. */
void sip_client_drop(struct sip_client *t);
/* Send it; bytes are copied when they may be needed again (UDP, and INVITE for its ACK and CANCEL). A dead flow is
 * reported by an event in a later turn. -ENOMEM: the transaction is freed without event. */
MUST_USE int sip_client_start(struct sip_client *t, struct slice bytes);
/*
 * Cancel an INVITE (§9.1): sent at once if a provisional has come, else when one comes; if none ever does, Timer B ends
 * it, and 64*T1 after the CANCEL a timeout does. reason: value of a Reason field (RFC 3326) or empty. After a final
 * response it does nothing.
 */
void sip_client_cancel(struct sip_client *t, struct slice reason);
/* Forget the arg: no further events; the machine runs to its end alone. */
void sip_client_detach(struct sip_client *t);
pool_handle sip_client_handle(const struct sip_client *t);
struct sip_client *sip_client_get(struct sip_stack *s, pool_handle h);

/* Our own tags, Call-IDs: node, slot and 64 random bits as text, so that any message finds its object in O(1) and a
 * guess finds nothing. */
struct sip_name {
	pool_handle handle; /* the object's handle in its own pool */
	uint64_t secret;    /* 64 random bits, kept by the object and compared on look-up */
};
#define SIP_NAME_CAP 48
/* "<node>-<handle>-<secret>", lower-case hexadecimal: token characters only. */
void sip_write_name(struct writer *w, uint16_t node, const struct sip_name *name);
/* Exactly what sip_write_name() writes and nothing else: no upper case, no leading zeros, 16 digits of secret. */
MUST_USE bool sip_name_parse(struct slice text, uint16_t *ret_node, struct sip_name *ret);

struct metrics;
/* Once, before other threads start; the stack must outlive the registry. */
void sip_stack_metrics(struct sip_stack *s, struct metrics *m);
