/* bench/agent.c - see agent.h: the sockets, the waits and the way of a message to its leg */
#include "bench/agent_private.h"
#include "rtp/sdes.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define SOCKET_BYTES (4U << 20)
#define RECEIVE_BATCHES 4
#define CONNECTIONS_A_TURN 64

/* ---- waits ---- */

void wait_start(struct agent *a, struct waiting *w, enum wait length)
{
	wait_stop(a, w);
	struct wait_list *l = &a->waits[length];
	w->wait = length;
	w->due_us = a->now_us + l->length_us;
	w->next = NULL;
	w->link = l->end;
	*l->end = w;
	l->end = &w->next;
}

void wait_stop(struct agent *a, struct waiting *w)
{
	if (!w->link)
		return;
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	else
		a->waits[w->wait].end = w->link;
	w->link = NULL;
}

void wait_answer(struct agent *a, struct waiting *w, const struct wire *wire)
{
	wait_start(a, w, wire->tls ? WAIT_30_S : WAIT_500_MS);
}

bool wait_longer(struct agent *a, struct waiting *w)
{
	if (w->wait >= WAIT_4_S)
		return false;
	a->counts.retransmissions++;
	wait_start(a, w, w->wait + 1);
	return true;
}

static void run_due(struct agent *a)
{
	for (unsigned i = 0; i < WAIT_COUNT; i++) {
		struct waiting *w;
		while ((w = a->waits[i].first) && w->due_us <= a->now_us) {
			wait_stop(a, w);
			if (w->what == WAITER_CALLER)
				caller_due(a, container_of(w, struct caller_leg, waiting));
			else if (w->what == WAITER_CALLEE)
				callee_due(a, container_of(w, struct callee_leg, waiting));
			else
				account_due(a, container_of(w, struct account, waiting));
		}
	}
}

/* ---- names ---- */

static void write_hex32(struct writer *w, uint32_t v)
{
	write_hex(w, (uint8_t[4]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 4);
}

void write_leg_name(const struct agent *a, struct writer *w, uint32_t slot, uint32_t generation)
{
	write_hex32(w, slot);
	write_hex32(w, generation);
	write_string(w, a->run);
}

bool read_leg_name(const struct agent *a, struct slice s, uint32_t *ret_slot, uint32_t *ret_generation)
{
	uint8_t b[8];
	if (!slice_unhex(slice_first(s, LEG_NAME_BYTES), b, sizeof(b)) ||
	    !slice_eq(slice_from(s, LEG_NAME_BYTES), slice_from_string(a->run)))
		return false;
	*ret_slot = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	*ret_generation = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7];
	return true;
}

void write_description(struct writer *w, const struct agent *a, const struct wire *wire, uint32_t slot,
		       const struct srtp_key *key)
{
	write_slice(w, SLICE("v=0\r\no=- 1 1 IN IP4 "));
	write_address(w, &wire->local);
	write_slice(w, SLICE("\r\ns=-\r\nc=IN IP4 "));
	write_address(w, &wire->local);
	write_slice(w, SLICE("\r\nt=0 0\r\nm=audio "));
	write_u64(w, a->config.media_port + 2 * (slot % MAX(a->config.media_sockets, 1U)));
	struct slice format = slice_from_string(wire == a->caller_wire ? a->config.caller_format
								       : a->config.callee_format);
	struct slice rest = format;
	write_slice(w, key ? SLICE(" RTP/SAVP ") : SLICE(" RTP/AVP "));
	write_slice(w, slice_cut(&rest, ' '));
	write_slice(w, SLICE("\r\n"));
	if (key) {
		write_slice(w, SLICE("a=crypto:1 "));
		write_slice(w, srtp_suite_name(key->suite));
		write_slice(w, SLICE(" inline:"));
		sdes_write_key(w, key);
		write_slice(w, SLICE("\r\n"));
	}
	write_slice(w, SLICE("a=rtpmap:"));
	write_slice(w, format);
	write_slice(w, SLICE("\r\na=ptime:20\r\na=sendrecv\r\n"));
}

void make_key(struct srtp_key *ret, enum srtp_suite suite)
{
	uint8_t bytes[SRTP_KEY_MAX];
	ASSERT(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	sdes_make(suite, bytes, ret);
}

void write_body(struct writer *w, struct slice body)
{
	if (body.n)
		write_slice(w, SLICE("Content-Type: application/sdp\r\n"));
	write_slice(w, SLICE("Content-Length: "));
	write_u64(w, body.n);
	write_slice(w, SLICE("\r\n\r\n"));
	write_slice(w, body);
}

/* ---- times ---- */

void latency_add(struct latency *l, int64_t us)
{
	uint64_t v = us < 0 ? 0 : (uint64_t)us;
	unsigned class;
	if (v < 16) {
		class = (unsigned)v;
	} else {
		unsigned power = 63 - (unsigned)__builtin_clzll(v);
		class = (power - 3) * 16 + (unsigned)(v >> (power - 4) & 15);
	}
	l->classes[MIN(class, LATENCY_CLASSES - 1U)]++;
	l->count++;
}

int64_t latency_quantile(const struct latency *l, double q)
{
	uint64_t wanted = (uint64_t)((double)l->count * q), seen = 0;
	if (!l->count)
		return 0;
	for (unsigned c = 0; c < LATENCY_CLASSES; c++) {
		seen += l->classes[c];
		if (seen > wanted)
			return c < 16 ? c : INT64_C(1) * (16 + c % 16) << (c / 16 - 1);
	}
	return 0;
}

/* ---- the agent ---- */

static void make_account(struct agent *a, unsigned i)
{
	struct account *account = &a->accounts[i];
	const struct agent_config *c = &a->config;
	account->waiting.what = WAITER_ACCOUNT;
	account->number = i;
	account->wire = c->own_connections ? NULL : i < c->callers ? a->caller_wire : a->callee_wire;
	snprintf(account->extension, sizeof(account->extension), "%u", c->first_extension + i);
	snprintf(account->username, sizeof(account->username), "%.31s%s", c->username_prefix, account->extension);
	if (c->counterfeit) {
		struct slice made_up = SLICE("Digest realm=\"alto\", "
					     "nonce=\"00000000000000000000000000000000000000000000000000000000\", "
					     "algorithm=MD5, qop=\"auth\"");
		ASSERT(account_challenge(a, account, made_up));
	}
}

static int open_all(struct agent *a)
{
	const struct agent_config *c = &a->config;
	a->hasher = crypto_hasher_new();
	a->accounts = calloc(c->callers + c->callees, sizeof(*a->accounts));
	a->callers = calloc(c->calls_max, sizeof(*a->callers));
	a->callees = calloc(c->calls_max, sizeof(*a->callees));
	if (!a->hasher || !a->accounts || !a->callers || !a->callees) {
		errno = ENOMEM;
		return -1;
	}
	a->connections = epoll_create1(EPOLL_CLOEXEC);
	a->caller_wire = c->tls ? wire_connect(&c->caller, &c->server) : wire_new(&c->caller, SOCKET_BYTES);
	a->callee_wire = c->tls ? wire_connect(&c->callee, &c->server) : wire_new(&c->callee, SOCKET_BYTES);
	return a->connections >= 0 && a->caller_wire && a->callee_wire ? 0 : -1;
}

struct agent *agent_new(const struct agent_config *config)
{
	static const int64_t lengths[WAIT_COUNT] = {SECOND_US / 2, SECOND_US,      2 * SECOND_US,
						    4 * SECOND_US, 30 * SECOND_US, 0};
	struct agent *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->config = *config;
	a->connections = -1;
	if (open_all(a) < 0) {
		int saved = errno;
		agent_free(a);
		errno = saved;
		return NULL;
	}
	for (unsigned i = 0; i < WAIT_COUNT; i++)
		a->waits[i] = (struct wait_list){.end = &a->waits[i].first, .length_us = lengths[i]};
	a->waits[WAIT_HOLD].length_us = MAX(config->hold_us, 0);
	for (uint32_t slot = config->calls_max; slot-- > 0;) {
		a->callers[slot].waiting.what = WAITER_CALLER;
		a->callers[slot].next_free = a->free_caller;
		a->free_caller = slot + 1;
		a->callees[slot].waiting.what = WAITER_CALLEE;
		a->callees[slot].next_free = a->free_callee;
		a->free_callee = slot + 1;
	}
	snprintf(a->run, sizeof(a->run), "%x%llx", (unsigned)getpid(),
		 (unsigned long long)clock_monotonic_us() & 0xffffffff);
	for (unsigned i = 0; i < config->callers + config->callees; i++)
		make_account(a, i);
	return a;
}

struct agent *agent_free(struct agent *a)
{
	if (!a)
		return NULL;
	wire_free(a->caller_wire);
	wire_free(a->callee_wire);
	for (unsigned i = 0; a->accounts && a->config.own_connections && i < agent_accounts(a); i++)
		wire_free(a->accounts[i].wire);
	if (a->connections >= 0)
		close(a->connections);
	crypto_hasher_free(a->hasher);
	free(a->accounts);
	free(a->callers);
	free(a->callees);
	free(a);
	return NULL;
}

static void on_input(struct agent *a, struct slice text, const struct address *from, bool caller)
{
	struct glance g;
	if (!glance_at(text, &g))
		a->counts.strays++;
	else if (g.status && slice_eq(g.method, SLICE("REGISTER")))
		account_input(a, &g);
	else if (g.status && caller)
		caller_input(a, &g);
	else if (!g.status && !caller)
		callee_input(a, &g, from);
	else
		a->counts.strays++;
}

static void on_caller_input(void *arg, struct slice text, const struct address *from)
{
	on_input(arg, text, from, true);
}

static void on_callee_input(void *arg, struct slice text, const struct address *from)
{
	on_input(arg, text, from, false);
}

static void connections_turn(struct agent *a)
{
	struct epoll_event events[CONNECTIONS_A_TURN];
	int n = epoll_wait(a->connections, events, CONNECTIONS_A_TURN, 0);
	for (int i = 0; i < n; i++) {
		struct account *account = events[i].data.ptr;
		wire_receive(account->wire, 1, on_caller_input, a);
		if (wire_is_closed(account->wire))
			account_connection_ended(a, account);
	}
}

void agent_turn(struct agent *a, int64_t now_us)
{
	a->now_us = now_us;
	if (a->config.own_connections)
		connections_turn(a);
	wire_receive(a->callee_wire, RECEIVE_BATCHES, on_callee_input, a);
	wire_flush(a->callee_wire);
	wire_receive(a->caller_wire, RECEIVE_BATCHES, on_caller_input, a);
	run_due(a);
	wire_flush(a->callee_wire);
	wire_flush(a->caller_wire);
}

void agent_wait(struct agent *a, int64_t us)
{
	struct pollfd fds[3] = {{.fd = a->caller_wire->fd, .events = POLLIN},
				{.fd = a->callee_wire->fd, .events = POLLIN},
				{.fd = a->connections, .events = POLLIN}};
	struct timespec t = {.tv_sec = us / SECOND_US, .tv_nsec = us % SECOND_US * 1000};
	if (us > 0)
		(void)ppoll(fds, a->config.own_connections ? 3 : 2, &t, NULL);
}

const struct agent_counts *agent_counts(const struct agent *a)
{
	return &a->counts;
}

struct latency *agent_setup_times(struct agent *a)
{
	return &a->setup_times;
}

struct latency *agent_register_times(struct agent *a)
{
	return &a->register_times;
}

uint32_t agent_in_progress(const struct agent *a)
{
	return a->in_progress;
}

unsigned agent_accounts(const struct agent *a)
{
	return a->config.callers + a->config.callees;
}

unsigned agent_registered(const struct agent *a)
{
	return a->registered;
}
