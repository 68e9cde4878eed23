/*
 * bench/sipload.c - offers calls, or registrations, at a rate and says what became of them, as one line of JSON
 *
 * Prints "measuring" when everything is registered and the load begins, so that whoever measures the server knows when.
 */
#include "bench/load.h"

static void usage(void)
{
	fputs("usage: sipload --server A:P --caller A:P --callee A:P [--domain D] [--rate N] [--seconds S]\n"
	      "               [--register] [--registrations] [--counterfeit] [--hold MS] [--drain MS]\n"
	      "               [--tls [--srtp] | --own-connections [--stay S]] [--sha256] [--callers N] [--callees N] "
	      "[--first-extension N] [--username-prefix T] [--password T]\n",
	      stderr);
}

/* Begin what is due by now, in portions, so that answers are read in between. */
static void begin_due(struct agent *a, const struct load *l, int64_t start_us, int64_t now_us, uint64_t *begun)
{
	uint64_t due = (uint64_t)((double)(now_us - start_us) * l->rate / 1e6);
	due = MIN(due, (uint64_t)(l->rate * l->seconds));
	for (unsigned portion = 0; *begun < due && portion < 16; portion++) {
		if (l->registrations ? !agent_register(a, now_us) : !agent_call(a, now_us))
			break;
		++*begun;
	}
}

/* The last ones are due at the very end; begun a moment later they are still on time. */
#define LAST_ONES_US (10 * MS_US)

static bool finished(const struct agent *a, const struct load *l)
{
	const struct agent_counts *c = agent_counts(a);
	if (l->registrations)
		return c->registrations + c->registrations_failed >= c->registrations_started;
	return agent_in_progress(a) == 0;
}

static void run(struct agent *a, const struct load *l, struct load_result *ret)
{
	int64_t start = clock_monotonic_us(), now = start, end = start + (int64_t)(l->seconds * 1e6);
	int64_t patience = end + l->drain_ms * MS_US;
	uint64_t begun = 0, wanted = (uint64_t)(l->rate * l->seconds);
	do {
		begin_due(a, l, start, now, &begun);
		agent_turn(a, now);
		agent_wait(a, MS_US / 2);
		now = clock_monotonic_us();
	} while (now < end || (begun < wanted && now < end + LAST_ONES_US) || (!finished(a, l) && now < patience));
	ret->seconds = (double)(MIN(now, end) - start) / 1e6;
	ret->unbegun = wanted - begun;
	agent_abandon(a);
}

/* Idle, so that whoever measures the server sees what the connections take. */
static void stay(struct agent *a, const struct load *l)
{
	int64_t now = clock_monotonic_us(), end = now + (int64_t)(l->stay_seconds * 1e6);
	fflush(stdout);
	for (; now < end; now = clock_monotonic_us()) {
		agent_turn(a, now);
		agent_wait(a, 10 * MS_US);
	}
}

int main(int argc, char **argv)
{
	struct load l;
	struct load_result result = {0};
	if (!load_options(argc, argv, &l)) {
		usage();
		return 2;
	}
	struct agent *a = agent_new(&l.agent);
	if (!a) {
		perror("sipload: cannot open its sockets");
		return 1;
	}
	if (l.agent.registering && !load_register_all(a)) {
		fputs("sipload: not every account could register\n", stderr);
		agent_free(a);
		return 1;
	}
	load_begin(a, &result);
	run(a, &l, &result);
	load_end(a, &l, &result);
	stay(a, &l);
	agent_free(a);
	return 0;
}
