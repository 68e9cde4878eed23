/*
 * call/switchboard.h - the thread that owns every SIP message, registration and call, as an object
 *
 * Joins transport, sip, sdp, media, store and directory. It takes time from the wheel and random bytes from what it is
 * given, so tests/sim can run it whole on an injected clock. Owner: the thread that made it; nothing here blocks.
 */
#pragma once
#include "base/metrics.h"
#include "base/random.h"
#include "base/warning.h"
#include "base/wheel.h"
#include "directory/directory.h"
#include "media/media.h"
#include "sip/flow.h"
#include "store/store.h"
#include "transport/transport.h"

struct bans;
struct switchboard;

struct switchboard_config {
	struct wheel *wheel;
	struct random *random;
	struct transport *transport;
	struct bans *bans; /* who is banned, and why: told here, asked by transport */
	struct media *media;
	struct store *store;
	struct directory *directory;
	uint16_t node;            /* number of this node, in branches and tags */
	bool plain_rtp;           /* the node allows unencrypted voice; a device must also */
	uint32_t calls_max;       /* 0: CALL_MAX */
	size_t history_bytes_max; /* of rows that wait; above it new calls are refused; 0: STORE_QUEUE_BYTES_MAX */
	bool keep_messages;       /* SIP messages of calls */
	unsigned keep_days;       /* they, and those that were kept before, are deleted when they are older */
};
MUST_USE int switchboard_new(const struct switchboard_config *config, struct switchboard **ret);
/* Every call is dropped without a word; call switchboard_stop() first for a clean end. */
struct switchboard *switchboard_free(struct switchboard *sb);
void switchboard_metrics(struct switchboard *sb, struct metrics *m);

/* Wired to the neighbours' callbacks by main.c and tests/sim. */
void switchboard_input(struct switchboard *sb, const struct sip_flow *flow, char *bytes, size_t n);
/* The head of a message that could not be cut out of its connection, and why. */
void switchboard_refused(struct switchboard *sb, const struct sip_flow *flow, char *head, size_t n,
			 const struct sip_reason *why);
void switchboard_flow_closed(struct switchboard *sb, const struct sip_flow *flow, uint64_t tag);
/* Is this an operator's address: a trunk's, on its listener? */
bool switchboard_knows(struct switchboard *sb, const struct sip_flow *flow);
void switchboard_media_event(struct switchboard *sb, const struct media_event *event);
void switchboard_store_change(struct switchboard *sb,
			      const struct store_change *change); /* applies it to the directory too */

/*
 * Refuse new calls (503), hang up those in progress after grace_us, write what is to be written; then done() once.
 */
void switchboard_stop(struct switchboard *sb, int64_t grace_us, void (*done)(void *arg), void *arg);

/* ---- what the API shows and does ---- */
struct call_view { /* borrowed until the next turn */
	struct slice id, tenant;
	struct slice from, to; /* extensions or numbers */
	const char *state;     /* "ringing", "answered", "ending" */
	int64_t started_us, answered_us;
	struct store_leg caller, callee;
};
/* Calls in progress, one after the other; *cursor starts at 0. tenant empty: all. false at the end. */
bool switchboard_next_call(struct switchboard *sb, struct slice tenant, uint32_t *cursor, struct call_view *ret);
bool switchboard_find_call(struct switchboard *sb, struct slice call_id, struct call_view *ret);
/* Hang up from here: cause "hung-up". -ENOENT: it is over, or never was. */
int switchboard_hang_up(struct switchboard *sb, struct slice call_id);
/*
 * Pages whose session is over: hang up the calls in which such a device is caller, or has answered: cause "logged-out".
 * ended() is asked for each device in a call.
 */
void switchboard_end_devices(struct switchboard *sb, bool (*ended)(void *arg, struct slice device_id), void *arg);
/* SIP messages of calls wait for company: post them now. A writing job that is posted after this is done after them. */
void switchboard_flush_messages(struct switchboard *sb);

/* Would a call to this binding find its way now: the connection stands, or over UDP nothing says the contrary. */
bool switchboard_reachable(struct switchboard *sb, const struct directory_binding *b);

struct switchboard_figures {
	uint32_t calls, calls_ringing;
	uint32_t unreachable; /* bindings over UDP whose phone leaves OPTIONS unanswered */
	uint64_t calls_total, calls_answered_total;
	uint64_t bad_messages_total;
	struct warning trouble; /* what stops calls now: the store stalls, no media port left ... */
};
void switchboard_figures(struct switchboard *sb, struct switchboard_figures *ret);

/* Realm of every digest in this installation: part of each stored HA1, so it never changes. */
#define SWITCHBOARD_REALM "alto"
