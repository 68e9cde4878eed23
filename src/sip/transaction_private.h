/*
 * sip/transaction_private.h - what the files of the transaction layer share: stack.c, server.c, client.c
 *
 * The stack owns every transaction. Each stands in one pool slot with at most two blocks of bytes beside it, and holds
 * fewer the further it has come: after its end a call lingers here for half a minute in four transactions.
 */
#pragma once
#include "base/metrics.h"
#include "sip/transaction.h"

enum stack_metric {
	STACK_SERVERS,
	STACK_CLIENTS,
	STACK_COPIES,   /* retransmissions that were absorbed */
	STACK_REPEATED, /* our own retransmissions */
	STACK_TIMEOUTS,
	STACK_SEND_FAILED,
	STACK_STRAYS,  /* responses that match nothing */
	STACK_REFUSED, /* 503 for want of room */
	STACK_METRIC_COUNT
};

struct sip_stack {
	struct sip_stack_config config;
	struct map servers; /* by server_key */
	struct pool server_pool, client_pool;
	struct map client_flows; /* connections that client transactions wait on, by handle */
	size_t kept_bytes;       /* by server transactions; at most transactions_max * SIP_KEPT_BYTES_AVERAGE */
	uint32_t client_count;   /* of those their users made: a CANCEL always finds a place beside them */
	uint8_t check_key[16];   /* for server_key.check */
	uint8_t answer_key[16];  /* for the tags of stateless responses */
	/* The request being reported, so that an answer given at once need not read it a second time. */
	const struct sip_server *reported;
	const struct sip_message *reported_msg;
	struct metric metrics[STACK_METRIC_COUNT];
	char scratch[SIP_MESSAGE_MAX]; /* where the stack writes its own messages, one at a time */
};

/*
 * What a server transaction is found by (§17.2.3), as 128 bits of keyed hash instead of the text: two transactions
 * would have to collide in both halves under keys that nobody outside knows.
 */
struct server_key {
	uint64_t hash, check;
};

enum server_state {
	SERVER_TRYING,     /* not INVITE: no response yet */
	SERVER_PROCEEDING, /* INVITE from its start; others after a 1xx */
	SERVER_COMPLETED,  /* final response given (INVITE: >= 300, until its ACK) */
	SERVER_CONFIRMED,  /* the ACK has come */
	SERVER_ACCEPTED,   /* INVITE and 2xx, RFC 6026 */
	SERVER_ENDED       /* to be freed in the next turn */
};

struct sip_server {
	struct map_node node;
	uint64_t check; /* the second half of the key */
	struct sip_stack *stack;
	struct timer timer; /* the one that runs in this state; where the RFC has two, the earlier */
	int64_t deadline_us;
	struct sip_flow flow;
	void *owner;
	struct sip_name tag;
	char *request;  /* until the final response */
	char *response; /* the last one, as long as it may have to be sent again */
	uint32_t request_n, response_n;
	uint32_t interval_us; /* until the next retransmission; 0: none */
	uint8_t state;        /* enum server_state */
	bool invite;
	bool cancelled; /* on_cancel has been called */
	bool guest;     /* nothing is kept behind its final answer */
};

enum client_state {
	CLIENT_NEW,     /* not started; a CANCEL that waits for a provisional */
	CLIENT_CALLING, /* "Trying" where it is not an INVITE */
	CLIENT_PROCEEDING,
	CLIENT_COMPLETED,
	CLIENT_ACCEPTED, /* INVITE and 2xx, RFC 6026 */
	CLIENT_FAILED,   /* could not be sent: to be reported in the next turn */
	CLIENT_ENDED
};

/* A connection with client transactions that wait on it; there while there are any. */
struct client_flow {
	struct map_node node;
	pool_handle connection;
	struct sip_client *first;
};

struct sip_client {
	struct sip_stack *stack;
	struct client_flow *on; /* NULL: on UDP, or no longer waiting */
	struct sip_client *next_on, **prev_on;
	struct timer timer; /* the earlier of retransmission and deadline */
	int64_t deadline_us;
	struct sip_flow flow;
	sip_client_fn fn; /* NULL: nobody listens */
	void *arg;
	uint64_t secret;
	struct sip_client *cancel; /* an INVITE's CANCEL while it runs */
	struct sip_client *invite; /* a CANCEL's INVITE */
	char *bytes;               /* the request, then the ACK to a final response >= 300 */
	uint32_t bytes_n;
	uint32_t interval_us; /* until the next retransmission; 0: none */
	uint8_t state;        /* enum client_state */
	uint8_t method;       /* enum sip_method */
	bool holds_ack;       /* bytes are the ACK */
	bool timed;           /* deadline_us counts */
	bool cancelled;       /* an INVITE whose user has given it up */
	uint8_t strays;       /* 2xx reported that nobody waits for */
	uint8_t branch_n;
	char branch[sizeof("z9hG4bK") - 1 + SIP_NAME_CAP - 1];
};

#define BRANCH_COOKIE SLICE("z9hG4bK")

static inline int64_t stack_now(const struct sip_stack *s)
{
	return s->config.wheel->now_us;
}
static inline void stack_count(struct sip_stack *s, enum stack_metric m, int64_t n)
{
	metric_add(&s->metrics[m], n);
}
static inline struct writer stack_writer(struct sip_stack *s)
{
	return writer_on(s->scratch, sizeof(s->scratch));
}
/* An answer to nothing. */
void stack_unasked(struct sip_stack *s, const struct sip_flow *flow);
/* To the network, counting a failure. */
MUST_USE int stack_send(struct sip_stack *s, const struct sip_flow *flow, struct slice bytes);
/* A copy on the heap, NULL: out of memory. */
MUST_USE char *stack_copy(struct slice bytes);

/* server.c: requests */
void server_input(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow);
void server_free(struct sip_server *t);
/* server_answer.c: a response without a body to `req`, in the stack's scratch. to_tag empty: the transaction's own, for
 * status > 100. 0 or -E2BIG. */
MUST_USE int server_write_simple(const struct sip_server *t, const struct sip_message *req, unsigned status,
				 struct slice reason, struct slice to_tag, struct writer *ret_w);
/* server_match.c */
void server_key_make(const struct sip_stack *s, const struct sip_message *msg, struct server_key *ret);
struct sip_server *server_find(const struct sip_stack *s, const struct server_key *key);

/* client.c: machine and responses; client_user.c: the rest */
void client_input(struct sip_stack *s, const struct sip_message *msg, const struct sip_flow *flow);
void client_free(struct sip_client *t);
void client_timer(struct timer *timer, void *arg);
/* Send for the first time; timers A and B, or E and F. */
void client_call(struct sip_client *t, struct slice bytes);
/* A provisional has come: start the CANCEL's transaction. From here the INVITE waits 64*T1 for its final response and
 * no longer (§9.1). */
void client_send_cancel(struct sip_client *t);
/* client_flow.c: it waits on its connection; it no longer does (also if it never did). */
void client_wait_on_flow(struct sip_client *t);
void client_leave_flow(struct sip_client *t);
/* To be reported in the next turn: its user is in the middle of something now. */
void client_fail(struct sip_client *t);
/* client_write.c: the ACK to a final response >= 300 (§17.1.1.3) and the CANCEL (§9.1), from the INVITE's kept bytes,
 * into the stack's scratch. Empty if they cannot be read or do not fit. */
MUST_USE struct slice client_write_ack(struct sip_client *t, const struct sip_message *response);
MUST_USE struct slice client_write_cancel(struct sip_client *t, struct slice reason);
