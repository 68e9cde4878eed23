/*
 * bench/rtpload.c - the voice of many calls through a relay: loss, added delay, packets a second, as one line of JSON
 *
 * The calls are real ones, made by SIP, or with --relay the ports of a bare forwarder, or with --legs those of a relay
 * that somebody else has told of the calls. Prints "registered" before the first call, "connected" when all are
 * answered, "measuring" and "measured" around the counted packets, so that whoever measures the server knows when to
 * look.
 */
#include "bench/load.h"
#include "bench/voice.h"
#include "rtp/sdes.h"
#include <time.h>

#define MEDIA_SOCKETS 4
#define WARM_UP_US SECOND_US
#define STRAGGLERS_US (2 * SECOND_US)        /* how long packets that are missing are still waited for */
#define CONNECT_PATIENCE_US (10 * SECOND_US) /* with one call */

struct rtpload {
	struct load load;
	struct agent *agent; /* NULL with a bare forwarder */
	struct voice *voice;
	double seconds, busy; /* of the counted packets, and our own share of a core in it */
	struct speech caller, callee;
};

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void on_leg(void *owner, bool caller, uint32_t slot, const struct agent_leg *leg)
{
	struct rtpload *r = owner;
	/* A leg that cannot be kept stays unknown, and the calls do not become complete. */
	if (!voice_leg(r->voice, caller, slot, leg))
		fputs("rtpload: out of memory for a leg\n", stderr);
}

/* Everything that is due, for a while. Returns the time. */
static int64_t turns(struct rtpload *r, int64_t us)
{
	const struct timespec nap = {.tv_nsec = 200000};
	int64_t now = clock_monotonic_us(), end = now + us;
	while (now < end) {
		voice_turn(r->voice, now);
		if (r->agent)
			agent_turn(r->agent, now);
		nanosleep(&nap, NULL);
		now = clock_monotonic_us();
	}
	return now;
}

/* One after the other, so that a call has the same slot on both sides (voice.c): setting up is not what is measured. */
static bool connect_calls(struct rtpload *r)
{
	const struct agent_counts *c = agent_counts(r->agent);
	int64_t now = clock_monotonic_us(), begun = now;
	while (!voice_complete(r->voice) && !c->failed && now - begun < CONNECT_PATIENCE_US) {
		if (c->started == c->answered && c->started < r->load.calls && agent_call(r->agent, now))
			begun = now;
		agent_turn(r->agent, now);
		agent_wait(r->agent, MS_US);
		now = clock_monotonic_us();
	}
	return voice_complete(r->voice) && c->answered == r->load.calls;
}

/* A forwarder's legs: call k has the relay's ports 2k and 2k + 1 in its row of ports. */
static void use_relay(struct rtpload *r)
{
	for (unsigned k = 0; k < r->load.calls; k++) {
		struct agent_leg a = {.remote = r->load.relay}, b = a;
		a.remote.port = (uint16_t)(a.remote.port + 2 * k * r->load.relay_port_gap);
		b.remote.port = (uint16_t)(a.remote.port + r->load.relay_port_gap);
		on_leg(r, true, k, &a);
		on_leg(r, false, k, &b);
	}
}

static bool read_key(struct slice suite, struct slice text, struct srtp_key *ret)
{
	struct sdes line = {.suite = suite, .key = text};
	return sdes_parse(&line, ret);
}

/* "caller 17 127.0.0.15:30000", and with SRTP: suite, our key, theirs. */
static bool take_leg(struct rtpload *r, struct slice line)
{
	struct agent_leg leg = {0};
	uint64_t slot;
	bool caller = slice_eq(slice_cut(&line, ' '), SLICE("caller"));
	if (!slice_u64(slice_cut(&line, ' '), r->load.calls - 1, &slot) ||
	    !address_parse_with_port(slice_cut(&line, ' '), &leg.remote))
		return false;
	struct slice suite = slice_cut(&line, ' '), ours = slice_cut(&line, ' ');
	if (!slice_empty(suite) && (!read_key(suite, ours, &leg.send) || !read_key(suite, line, &leg.receive)))
		return false;
	on_leg(r, caller, (uint32_t)slot, &leg);
	return true;
}

static bool use_legs(struct rtpload *r)
{
	char line[256];
	bool good = true;
	FILE *file = fopen(r->load.legs, "re");
	while (file && good && fgets(line, sizeof(line), file))
		good = take_leg(r, slice_trim(slice_from_string(line)));
	if (file)
		fclose(file);
	if (!file || !good || !voice_complete(r->voice))
		fprintf(stderr, "rtpload: %s does not tell the far end of %u calls\n", r->load.legs, r->load.calls);
	return file && good && voice_complete(r->voice);
}

/* Each side's codec, where the server is to make one of the other. */
static bool choose_codecs(struct rtpload *r)
{
	if (!r->load.caller_codec && !r->load.callee_codec)
		return true;
	if (!speech_make(&r->caller, slice_from_string(r->load.caller_codec)) ||
	    !speech_make(&r->callee, slice_from_string(r->load.callee_codec))) {
		fputs("rtpload: codecs are opus, g722 and pcmu, one of each side\n", stderr);
		return false;
	}
	r->load.agent.caller_format = r->caller.format;
	r->load.agent.callee_format = r->callee.format;
	return true;
}

static bool set_up(struct rtpload *r)
{
	struct agent_config *c = &r->load.agent;
	c->hold_us = -1;
	c->calls_max = r->load.calls;
	c->media_sockets = MEDIA_SOCKETS;
	c->on_leg = on_leg;
	c->owner = r;
	r->voice = voice_new(&c->caller, &c->callee, c->media_port, MEDIA_SOCKETS, r->load.calls);
	if (!r->voice) {
		perror("rtpload: cannot open its voice sockets");
		return false;
	}
	if (r->caller.format)
		voice_speak(r->voice, &r->caller, &r->callee);
	if (r->load.legs)
		return use_legs(r);
	if (r->load.relay.port) {
		use_relay(r);
		return true;
	}
	r->agent = agent_new(c);
	if (!r->agent) {
		perror("rtpload: cannot open its sockets");
		return false;
	}
	if (c->registering && !load_register_all(r->agent)) {
		fputs("rtpload: not every account could register\n", stderr);
		return false;
	}
	say("registered");
	if (!connect_calls(r)) {
		const struct agent_counts *n = agent_counts(r->agent);
		fprintf(stderr, "rtpload: %llu of %u calls were answered, %s; last status %llu\n",
			(unsigned long long)n->answered, r->load.calls,
			voice_complete(r->voice) ? "all with voice" : "not all with an address and keys",
			(unsigned long long)n->last_status);
		return false;
	}
	return true;
}

static void measure(struct rtpload *r)
{
	int64_t now = turns(r, SECOND_US / 2);
	say("connected");
	voice_start(r->voice, now);
	now = turns(r, WARM_UP_US);
	say("measuring");
	double busy = load_cpu_seconds();
	voice_count(r->voice, true);
	int64_t end = turns(r, (int64_t)(r->load.seconds * 1e6));
	busy = load_cpu_seconds() - busy;
	voice_count(r->voice, false);
	voice_stop(r->voice);
	const struct voice_counts *c = voice_counts(r->voice);
	for (int64_t at = end; c->received < c->sent && at < end + STRAGGLERS_US;)
		at = turns(r, 10 * MS_US);
	say("measured");

	r->seconds = (double)(end - now) / 1e6;
	r->busy = busy / r->seconds;
}

/* completed: calls that both ends have hung up in order; 0 of a relay that knows no calls. */
static void report(const struct rtpload *r)
{
	const struct voice_counts *c = voice_counts(r->voice);
	printf("{\"calls\": %u, \"completed\": %llu, \"seconds\": %.3f, \"sent\": %llu, \"received\": %llu, \"late\": "
	       "%llu, \"foreign\": %llu, \"packets_per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"generator_busy\": %.3f}\n",
	       r->load.calls, r->agent ? (unsigned long long)agent_counts(r->agent)->completed : 0, r->seconds,
	       (unsigned long long)c->sent, (unsigned long long)c->received, (unsigned long long)c->late,
	       (unsigned long long)c->foreign, (double)c->received / r->seconds,
	       (double)latency_quantile(&c->delays, 0.5) / 1e3, (double)latency_quantile(&c->delays, 0.99) / 1e3,
	       r->busy);
}

static void hang_up(struct rtpload *r)
{
	int64_t now = clock_monotonic_us(), end = now + r->load.drain_ms * MS_US;
	agent_hang_up(r->agent, now);
	while (agent_in_progress(r->agent) && now < end) {
		agent_turn(r->agent, now);
		agent_wait(r->agent, MS_US);
		now = clock_monotonic_us();
	}
}

int main(int argc, char **argv)
{
	struct rtpload r = {0};
	if (!load_options(argc, argv, &r.load)) {
		fputs("usage: rtpload --caller A:P --callee A:P --calls N [--seconds S]\n"
		      "               --relay A:P [--relay-gap N] | --legs FILE | --server A:P [the options of sipload "
		      "for "
		      "accounts]\n",
		      stderr);
		return 2;
	}
	bool good = choose_codecs(&r) && set_up(&r);
	if (good)
		measure(&r);
	if (r.agent)
		hang_up(&r);
	if (good)
		report(&r);
	voice_free(r.voice);
	agent_free(r.agent);
	return good ? 0 : 1;
}
