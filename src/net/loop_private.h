/* net/loop_private.h - the loop's inside, for the files of this room: what all sockets of one loop share */
#pragma once
#include <uv.h>

#include "base/pulse.h"
#include "net/loop.h"

struct udp_batch;
struct stream_shared;
struct loop_signal;

struct loop {
	uv_loop_t uv;
	struct wheel wheel;
	struct thread_owner thread;
	struct pulse pulse; /* while loop_run() runs */
	bool stopped, want_turn;
	bool full;           /* there is more input than this turn takes */
	unsigned full_turns; /* of these one after the other, before this one */
	int64_t rested_us;   /* when their row began */
	uv_async_t keeper;   /* keeps libuv from taking a loop that has only wheel timers for one that has ended */
	bool draining;
	struct loop_flush *flushes, *flush_next; /* flush_next: where a run through the hooks goes on */
	struct loop_signal *signals;
	struct metric turn_time, timers;
	/* Made by the first socket of the kind, freed with the loop. */
	struct udp_batch *udp;
	struct stream_shared *streams;
};

/* So much input in one turn means that more will be there at its end. */
#define LOOP_TURN_INPUTS 128
/* Fewer full turns than this in a row are a burst, or what came while the machine was away. */
#define LOOP_BEHIND_TURNS 3

struct udp_batch *udp_batch_free(struct udp_batch *b);
struct stream_shared *stream_shared_free(struct stream_shared *s);
