/*
 * bench/voice.h - the voice of many calls: G.711 packets of 20 ms from both ends, and what comes back out of the relay
 *
 * Each side sends from a few sockets, which the legs share; a packet carries its leg and the time it was sent, so what
 * arrives needs no look-up. Arrival is the kernel's time stamp, so that our own waiting is not counted as the relay's
 * delay. One thread.
 *
 * Where the relay makes voice anew nothing of a packet comes back: then sides say and hear a sound, all packets count,
 * and delay is from sending the packet that the sound begins with until the first in which the callee hears it. The
 * n-th caller is taken for the one who speaks with the n-th callee: calls are set up in that order.
 */
#pragma once
#include "bench/agent.h"
#include "bench/speech.h"
#include "rtp/srtp.h"

struct voice;

struct voice_counts {
	uint64_t sent, received; /* of the measured phase */
	uint64_t foreign;        /* none of ours, or not encrypted as agreed */
	uint64_t late;           /* packets that we could not send in time: the generator is the limit */
	struct latency delays;   /* µs */
};

/* Legs: two a call, callers' first. sockets: of each side, on ports from first_port on, 2 apart. NULL: errno. */
MUST_USE struct voice *voice_new(const struct address *caller, const struct address *callee, uint16_t first_port,
				 unsigned sockets, unsigned calls);
struct voice *voice_free(struct voice *v);
/* Where a leg's packets go, and its keys. False: out of memory. */
MUST_USE bool voice_leg(struct voice *v, bool caller, uint32_t slot, const struct agent_leg *leg);
bool voice_complete(const struct voice *v); /* every leg has one */

/* Instead of packets that are known again. Borrowed. Before voice_start(). */
void voice_speak(struct voice *v, const struct speech *caller, const struct speech *callee);
/* Packets sent from now on count (or no longer do). */
void voice_count(struct voice *v, bool counted);
/* Start the clock of sending; then voice_turn() sends what is due and reads what has come. */
void voice_start(struct voice *v, int64_t now_us);
void voice_stop(struct voice *v);
void voice_turn(struct voice *v, int64_t now_us);
const struct voice_counts *voice_counts(const struct voice *v);
