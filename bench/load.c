/* bench/load.c - see load.h */
#include "bench/load.h"
#include <getopt.h>
#include <sys/resource.h>

enum kind { IS_ADDRESS, IS_TEXT, IS_COUNT, IS_REAL, IS_FLAG, IS_MS_AS_US, IS_MS };
struct option_kind {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct load */
};
#define AT(member) offsetof(struct load, member)
static const struct option_kind kinds[] = {
	{"server", IS_ADDRESS, AT(agent.server)},
	{"caller", IS_ADDRESS, AT(agent.caller)},
	{"callee", IS_ADDRESS, AT(agent.callee)},
	{"domain", IS_TEXT, AT(agent.domain)},
	{"username-prefix", IS_TEXT, AT(agent.username_prefix)},
	{"password", IS_TEXT, AT(agent.password)},
	{"first-extension", IS_COUNT, AT(agent.first_extension)},
	{"callers", IS_COUNT, AT(agent.callers)},
	{"callees", IS_COUNT, AT(agent.callees)},
	{"register", IS_FLAG, AT(agent.registering)},
	{"sha256", IS_FLAG, AT(agent.sha256)},
	{"tls", IS_FLAG, AT(agent.tls)},
	{"own-connections", IS_FLAG, AT(agent.own_connections)},
	{"stay", IS_REAL, AT(stay_seconds)},
	{"srtp", IS_FLAG, AT(agent.srtp)},
	{"counterfeit", IS_FLAG, AT(agent.counterfeit)},
	{"registrations", IS_FLAG, AT(registrations)},
	{"hold", IS_MS_AS_US, AT(agent.hold_us)},
	{"drain", IS_MS, AT(drain_ms)},
	{"rate", IS_REAL, AT(rate)},
	{"seconds", IS_REAL, AT(seconds)},
	{"calls", IS_COUNT, AT(calls)},
	{"caller-codec", IS_TEXT, AT(caller_codec)},
	{"callee-codec", IS_TEXT, AT(callee_codec)},
	{"legs", IS_TEXT, AT(legs)},
	{"relay", IS_ADDRESS, AT(relay)},
	{"relay-gap", IS_COUNT, AT(relay_port_gap)},
};
#define COUNT_MAX 1000000

static bool take(struct load *l, const struct option_kind *k, const char *text)
{
	void *target = (char *)l + k->offset;
	uint64_t n = 0;
	char *end;
	switch (k->kind) {
	case IS_FLAG:
		*(bool *)target = true;
		return true;
	case IS_TEXT:
		*(const char **)target = text;
		return true;
	case IS_ADDRESS:
		return address_parse_with_port(slice_from_string(text), target);
	case IS_REAL:
		*(double *)target = strtod(text, &end);
		return *end == 0 && end != text && *(double *)target > 0;
	case IS_COUNT:
	case IS_MS:
	case IS_MS_AS_US:
		break;
	}
	if (!slice_u64(slice_from_string(text), COUNT_MAX, &n))
		return false;
	if (k->kind == IS_COUNT)
		*(unsigned *)target = (unsigned)n;
	else
		*(int64_t *)target = (int64_t)n * (k->kind == IS_MS ? 1 : MS_US);
	return true;
}

bool load_options(int argc, char **argv, struct load *ret)
{
	struct option options[ARRAY_LEN(kinds) + 1] = {0};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		options[i] = (struct option){.name = kinds[i].name,
					     .has_arg = kinds[i].kind == IS_FLAG ? no_argument : required_argument};
	*ret = (struct load){.rate = 100,
			     .seconds = 1,
			     .drain_ms = 2000,
			     .calls = 1,
			     .relay_port_gap = 2,
			     .agent = {.domain = "bench.invalid",
				       .username_prefix = "",
				       .password = "secret",
				       .first_extension = 2000,
				       .callers = 32,
				       .callees = 32,
				       .calls_max = 65536,
				       .caller_format = "0 PCMU/8000",
				       .callee_format = "0 PCMU/8000",
				       .media_port = 30000,
				       .media_sockets = 1}};
	int index = 0, c;
	while ((c = getopt_long(argc, argv, "", options, &index)) != -1)
		if (c != 0 || !take(ret, &kinds[index], optarg))
			return false;
	const struct agent_config *a = &ret->agent;
	return optind == argc && a->callers && a->callees && a->caller.port && a->callee.port && ret->calls &&
	       (a->server.port || ret->relay.port || ret->legs);
}

#define REGISTER_PATIENCE_US (20 * SECOND_US)
#define REGISTER_AT_ONCE 256

bool load_register_all(struct agent *a)
{
	int64_t start = clock_monotonic_us(), now = start;
	unsigned wanted = agent_accounts(a);
	const struct agent_counts *c = agent_counts(a);
	while (agent_registered(a) < wanted && !c->registrations_failed && now - start < REGISTER_PATIENCE_US) {
		while (c->registrations_started < wanted &&
		       c->registrations_started - c->registrations < REGISTER_AT_ONCE)
			if (!agent_register(a, now))
				break;
		agent_turn(a, now);
		agent_wait(a, MS_US);
		now = clock_monotonic_us();
	}
	return agent_registered(a) == wanted;
}

double load_cpu_seconds(void)
{
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) < 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void load_begin(struct agent *a, struct load_result *r)
{
	puts("measuring");
	fflush(stdout);
	r->before = *agent_counts(a);
	r->begun_busy_s = load_cpu_seconds();
	r->begun_us = clock_monotonic_us();
}

void load_end(struct agent *a, const struct load *l, struct load_result *r)
{
	const struct agent_counts *c = agent_counts(a), *b = &r->before;
	double wall = (double)(clock_monotonic_us() - r->begun_us) / 1e6;
	struct latency *times = l->registrations ? agent_register_times(a) : agent_setup_times(a);
	printf("{\"rate\": %.0f, \"seconds\": %.3f, \"started\": %llu, \"answered\": %llu, \"completed\": %llu, "
	       "\"failed\": %llu, \"unbegun\": %llu, \"retransmissions\": %llu, \"repeats\": %llu, \"challenges\": "
	       "%llu, "
	       "\"strays\": %llu, \"registrations_started\": %llu, \"registrations\": %llu, "
	       "\"registrations_failed\": %llu, \"overtaken\": %llu, \"connections_ended\": %llu, \"last_status\": "
	       "%llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"generator_busy\": %.3f}\n",
	       l->rate, r->seconds, (unsigned long long)c->started, (unsigned long long)c->answered,
	       (unsigned long long)c->completed, (unsigned long long)c->failed, (unsigned long long)r->unbegun,
	       (unsigned long long)(c->retransmissions - b->retransmissions), (unsigned long long)c->repeats,
	       (unsigned long long)c->challenges, (unsigned long long)c->strays,
	       (unsigned long long)(c->registrations_started - b->registrations_started),
	       (unsigned long long)(c->registrations - b->registrations),
	       (unsigned long long)(c->registrations_failed - b->registrations_failed),
	       (unsigned long long)c->overtaken, (unsigned long long)c->connections_ended,
	       (unsigned long long)c->last_status, (double)latency_quantile(times, 0.5) / 1e3,
	       (double)latency_quantile(times, 0.99) / 1e3, (load_cpu_seconds() - r->begun_busy_s) / wall);
}
