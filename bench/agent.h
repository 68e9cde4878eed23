/*
 * bench/agent.h - both ends of many calls: callers on one address, callees on another, a server between them
 *
 * The scenario: INVITE, 100, 180, 200, ACK, a hold, BYE, 200, over UDP or TLS. Retransmissions as RFC 3261 §17
 * asks of UDP (T1 500 ms), each counted: a server that makes us repeat ourselves is beyond what it can carry. With
 * `registering`, every account registers first (401, then digest) and each INVITE carries credentials that reuse
 * the nonce with the next count, so that a call costs no extra round trip. One thread; nothing is allocated after
 * agent_new().
 */
#pragma once
#include "base/address.h"
#include "rtp/srtp.h"

struct agent;

/* How a leg's voice goes: its far end, and with SRTP the keys of both directions (suite SRTP_NONE: plain). */
struct agent_leg {
	struct address remote;
	struct srtp_key send, receive;
};

struct agent_config {
	struct address server;         /* the first hop of every message */
	struct address caller, callee; /* our two sockets */
	const char *domain;            /* host of Request-URI, From and To */
	const char *username_prefix;   /* user name of an account: prefix and extension */
	const char *password;
	unsigned first_extension;
	unsigned callers, callees; /* accounts of each side: extensions from first_extension on, callers first */
	bool tls;                  /* each side has one connection ... */
	bool own_connections;      /* ... or each account its own, from the caller's host and those after it */
	bool sha256;               /* credentials by SHA-256, not MD5 */
	bool registering;
	bool counterfeit; /* credentials without a challenge, for a peer that does not look at them */
	int64_t hold_us;  /* from the answer to the BYE; negative: until agent_hang_up() */
	uint32_t calls_max;
	bool srtp; /* callers offer AEAD_AES_128_GCM by SDES; callees answer what they are offered */
	const char *caller_format, *callee_format; /* "0 PCMU/8000": what each side speaks */
	uint16_t media_port;                       /* port in the descriptions ... */
	unsigned media_sockets;                    /* ... and of how many such ports, 2 apart, the legs take turns */
	/* A leg's far end is known: the n-th of its side. NULL: not asked for. */
	void (*on_leg)(void *owner, bool caller, uint32_t slot, const struct agent_leg *leg);
	void *owner;
};

struct agent_counts {
	uint64_t started, answered, completed, failed; /* calls */
	uint64_t retransmissions;                      /* requests and 200s, of both our sides */
	uint64_t repeats;                              /* 200s that the server sent us again */
	uint64_t challenges;                           /* 401s to an INVITE */
	uint64_t strays;                               /* messages of no call of ours */
	uint64_t registrations_started, registrations, registrations_failed;
	uint64_t overtaken;         /* the most that ended before one that had begun earlier, in the first round */
	uint64_t connections_ended; /* by the server */
	uint64_t last_status;       /* of the last failure; 0: nobody answered */
};

/* INVITE to 200, or REGISTER to 200, in classes of one sixteenth of a power of two: within 6 % of the truth. */
#define LATENCY_CLASSES 512
struct latency {
	uint64_t count, classes[LATENCY_CLASSES];
};
void latency_add(struct latency *l, int64_t us);
int64_t latency_quantile(const struct latency *l, double q); /* µs; 0: nothing counted */

/* NULL: errno says why (address in use, no memory). */
MUST_USE struct agent *agent_new(const struct agent_config *config);
struct agent *agent_free(struct agent *a);

/* Begin a REGISTER of the next account whose last one has ended. False: none is free. */
bool agent_register(struct agent *a, int64_t now_us);
unsigned agent_accounts(const struct agent *a);
unsigned agent_registered(const struct agent *a); /* accounts that have ever succeeded */
/* Begin a call between the next two accounts. False: calls_max are in progress. */
bool agent_call(struct agent *a, int64_t now_us);
uint32_t agent_in_progress(const struct agent *a); /* calls begun and not ended */
void agent_hang_up(struct agent *a, int64_t now_us);
/* Give up what is in progress: it counts as failed. */
void agent_abandon(struct agent *a);

/* Read, run the timers that are due, and let everything leave. agent_wait() sleeps until something arrives. */
void agent_turn(struct agent *a, int64_t now_us);
void agent_wait(struct agent *a, int64_t us);

const struct agent_counts *agent_counts(const struct agent *a);
struct latency *agent_setup_times(struct agent *a);
struct latency *agent_register_times(struct agent *a);
