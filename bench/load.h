/* bench/load.h - what the generators share: their options, the registering before, the result line */
#pragma once
#include "base/clock.h"
#include "bench/agent.h"

struct load {
	struct agent_config agent;
	double rate, seconds;
	int64_t drain_ms;    /* how long answers are waited for after the last call */
	bool registrations;  /* measure REGISTER instead of calls */
	double stay_seconds; /* how long it keeps its connections after that */
	/* rtpload */
	unsigned calls;
	const char *legs; /* a file with the far end of every leg, of a relay that others have told; NULL: none */
	/* Both: voice that the server makes anew (bench/speech.h); NULL: packets that it passes on */
	const char *caller_codec, *callee_codec;
	struct address relay;    /* of a bare forwarder; port 0: calls are made by SIP */
	unsigned relay_port_gap; /* between the ports of one leg and the next */
};
/* False: something is unknown, missing or no number. */
MUST_USE bool load_options(int argc, char **argv, struct load *ret);

/* Every account once, at most 256 at a time. False: some failed. */
MUST_USE bool load_register_all(struct agent *a);

struct load_result {
	double seconds;      /* of offering */
	uint64_t unbegun;    /* calls that the generator had no time or place to begin */
	double begun_busy_s; /* the generator's own CPU time at the start */
	int64_t begun_us;
	struct agent_counts before;
};
void load_begin(struct agent *a, struct load_result *r); /* prints "measuring" */
void load_end(struct agent *a, const struct load *l, struct load_result *r);
double load_cpu_seconds(void); /* of this process */
