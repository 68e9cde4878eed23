/* bench/agent_private.h - what the files agent*.c share */
#pragma once
#include "bench/agent.h"
#include "bench/glance.h"
#include "bench/wire.h"
#include "crypto/crypto.h"
#include "sip/digest.h"

/* Every wait has one of a few lengths, so each length is a list in order of time: the next due is at its head. */
enum wait { WAIT_500_MS, WAIT_1_S, WAIT_2_S, WAIT_4_S, WAIT_30_S, WAIT_HOLD, WAIT_COUNT };
enum waiter { WAITER_CALLER, WAITER_CALLEE, WAITER_ACCOUNT };
struct waiting {
	struct waiting *next, **link; /* link NULL: not waiting */
	int64_t due_us;
	enum wait wait;
	enum waiter what;
};
struct wait_list {
	struct waiting *first, **end;
	int64_t length_us;
};

struct account {
	struct waiting waiting;
	struct wire *wire; /* the side's, or with own_connections its own */
	char username[48], extension[16], realm[64], nonce[160];
	uint8_t ha1[SIP_HA1_BYTES];
	uint32_t nonce_count, cseq, number;
	bool qop, challenged, busy, ended, registered;
	int64_t started_us;
};

/* Names a leg in a Call-ID, branch or tag: 8 hex digits of slot, 8 of generation; what follows names the process. */
#define LEG_NAME_BYTES 16

enum caller_state { CALLER_FREE, CALLER_CALLING, CALLER_RINGING, CALLER_TALKING, CALLER_HANGING_UP };
struct caller_leg {
	struct waiting waiting;
	enum caller_state state;
	uint32_t generation, next_free, number, cseq;
	bool tried_again; /* after a challenge */
	int64_t started_us;
	struct account *from, *to;
	uint16_t target_n, to_n, routes_n;
	char target[160], to_value[256], routes[512]; /* Route lines, ready to send */
	struct srtp_key key;                          /* we send with; suite SRTP_NONE: plain */
};

enum callee_state { CALLEE_FREE, CALLEE_ANSWERED, CALLEE_TALKING };
struct callee_leg {
	struct waiting waiting;
	enum callee_state state;
	uint32_t generation, next_free;
	uint64_t call_id_hash;
	struct address from;
	uint16_t answer_n;
	struct srtp_key key; /* we send with */
	char answer[1536];   /* the 200, sent again until its ACK */
};

#define CALLEE_RECENT 65536 /* by hash of Call-ID: what tells an INVITE sent again from a new one */

struct agent {
	struct agent_config config;
	struct wire *caller_wire, *callee_wire;
	struct crypto_hasher *hasher;
	char run[17]; /* tells this process's legs from another's, whose last messages may still come */
	struct account *accounts;
	unsigned next_caller, next_callee, next_account, registered;
	unsigned oldest; /* of the first round of registrations, the first that has not ended */
	int connections; /* epoll over the accounts' own */
	struct caller_leg *callers;
	struct callee_leg *callees;
	uint32_t free_caller, free_callee; /* slot + 1; 0: none */
	uint32_t in_progress;
	uint32_t recent[CALLEE_RECENT]; /* slot */
	struct wait_list waits[WAIT_COUNT];
	struct agent_counts counts;
	struct latency setup_times, register_times;
	int64_t now_us;
};

void wait_start(struct agent *a, struct waiting *w, enum wait length);
void wait_stop(struct agent *a, struct waiting *w);
/* For an answer: over UDP until it is time to send again, over TLS as long as we have patience. */
void wait_answer(struct agent *a, struct waiting *w, const struct wire *wire);
/* The next, longer wait, after sending again. False: none is left. */
bool wait_longer(struct agent *a, struct waiting *w);

void write_leg_name(const struct agent *a, struct writer *w, uint32_t slot, uint32_t generation);
bool read_leg_name(const struct agent *a, struct slice s, uint32_t *ret_slot, uint32_t *ret_generation);
/* A description with our audio: the leg's turn among the media sockets. key: NULL for plain voice. */
void write_description(struct writer *w, const struct agent *a, const struct wire *wire, uint32_t slot,
		       const struct srtp_key *key);
void make_key(struct srtp_key *ret, enum srtp_suite suite);
void write_body(struct writer *w, struct slice body); /* Content-Type if there is one, Content-Length, the body */
void write_authorization(struct agent *a, struct writer *w, struct account *account, struct slice method,
			 struct slice uri);
bool account_challenge(struct agent *a, struct account *account, struct slice challenge);

void caller_input(struct agent *a, const struct glance *g);
void caller_due(struct agent *a, struct caller_leg *leg);
void callee_input(struct agent *a, const struct glance *g, const struct address *from);
void callee_due(struct agent *a, struct callee_leg *leg);
void account_input(struct agent *a, const struct glance *g);
void account_due(struct agent *a, struct account *account);
void account_connection_ended(struct agent *a, struct account *account);
