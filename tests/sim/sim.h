/*
 * sim/sim.h - the whole switchboard on an injected clock: phones and a network that live in memory
 *
 * What runs is the program's own code from the messages up to the store; only `transport` (network.c) and `media`
 * (voice.c) are replaced, by implementing their headers. Everything that is left to chance comes from the seed, so a
 * run repeats to the byte. Days of timers pass in a second. With SIM_SHOW in the environment every message that arrives
 * is shown.
 */
#pragma once
#include "support/test.h"

#include "call/call.h"
#include "store/rows.h"
#include "transport/bans.h"

#define SIM_WALL_US (1800000000 * SECOND_US)

/* What the network does to datagrams. Connections keep order and lose nothing. */
struct sim_weather {
	unsigned loss_percent, double_percent;
	int64_t least_us, most_us; /* delay, drawn anew for each datagram: they overtake each other */
};

struct sim_phone;

/* Who sits on the wire. NULL: nobody. */
struct sim_wire {
	/* A message leaves a phone: it may be changed in place, up to cap bytes. Returns its length; 0: it is lost. */
	size_t (*meddle)(void *arg, struct sim_phone *from, char *bytes, size_t n, size_t cap);
	/* A message leaves Alto, to a phone or (NULL) to nobody. */
	void (*witness)(void *arg, const struct sim_phone *to, struct slice bytes);
	void *arg;
};

struct sim {
	struct wheel wheel; /* the switchboard's, the network's and the phones' */
	struct random alto_random, dice;
	struct sim_weather weather;
	int64_t behind_us;          /* what transport_behind_us() says */
	int64_t clock_set_us;       /* how far the wall clock has been set since the start */
	const char *directory_path; /* of the store; ":memory:" */
	struct store *store;
	struct directory *directory;
	struct transport *transport;
	struct bans *bans;
	struct media *media;
	struct switchboard *sb;
	struct sim_phone *phones;
	bool plain_rtp;
	bool store_wanted;       /* it has work */
	bool store_stalled;      /* it does not get to do it */
	bool stopped;            /* switchboard_stop() has called back */
	unsigned targets_failed; /* times that Alto said a target had */
	unsigned messages;       /* that arrived at the switchboard */
	/* While this message is handled, this allocation fails; there was one. */
	unsigned poor_message, poor_allocation;
	bool poor_met;
	uint16_t phone_port; /* of voice, that a phone's call took last */
	struct sim_wire wire;
};

/* A company "acme" (acme.example) with nobody in it yet; another, "other" (other.example). */
struct sim *sim_new(uint64_t seed);
struct sim *sim_new_plain(uint64_t seed); /* the node allows unencrypted voice */
struct sim *sim_new_in(uint64_t seed, const char *directory);
/* Ends the world; what the switchboard held must be gone unless the test says otherwise (sanitizers look). */
void sim_free(struct sim *s);
void sim_stop(struct sim *s, int64_t patience_us); /* in order: s->stopped says when it has */
/* Another process on the same store: bindings and calls as the disk has them. With crash, nothing is said or written at
 * the end. */
void sim_restart(struct sim *s, bool crash);

/* Move to the next thing that happens, at most to end_us. false: it is end_us. */
bool sim_step(struct sim *s, int64_t end_us);
void sim_run(struct sim *s, int64_t for_us);
#define sim_until(s, seconds, condition)                                                                               \
	do {                                                                                                           \
		int64_t end_ = (s)->wheel.now_us + (seconds)*SECOND_US;                                                \
		while (!(condition) && sim_step((s), end_))                                                            \
			;                                                                                              \
		assert_true(condition);                                                                                \
	} while (0)

/* After the last hang-up: nothing is left of any call, once all timers ran out. */
void sim_assert_empty(struct sim *s);
/* How many people are shown as on a call; who is in two of them counts twice. */
size_t sim_speaking(struct sim *s);

/* ---- people ---- */
struct sim_person {
	const char *tenant, *extension, *device, *password;
	int digest;     /* enum sip_digest_algorithm */
	bool plain_rtp; /* --srtp off */
	int keepalive;  /* enum store_keepalive */
	bool dtls;      /* --srtp dtls */
};
/* A device of the user with that extension, who is made if new. Its user name is tenant-extension-device. */
void sim_add_device(struct sim *s, const struct sim_person *person);
void sim_set_lines(struct sim *s, const char *tenant, int64_t lines);
void sim_remove_device(struct sim *s, const char *username);

/* ---- the outside ---- */
struct sim_trunk {
	const char *tenant; /* "": shared */
	const char *name, *host;
	int port;
	const char *from, *listener; /* NULL: the host; any */
	enum sip_transport transport;
	bool plain_rtp; /* --srtp off */
};
/* Its id is tenant-name. */
void sim_add_trunk(struct sim *s, const struct sim_trunk *trunk);
void sim_remove_trunk(struct sim *s, const char *id);
/* Rings the user with that extension from now on; made if new. */
void sim_set_number(struct sim *s, const char *tenant, const char *number, const char *extension);

/* ---- the history ---- */
struct sim_row {
	char id[40], from[64], to[64], cause[32], ended_by[16], trace[1600], call_id[260];
	char a_srtp[32], b_srtp[32], a_tls[64], b_tls[64], a_codec[32], b_codec[32], a_transport[8], b_transport[8];
	char a_device[40], b_device[40], a_trunk[40], b_trunk[40], tenant[40];
	bool a_clear, b_clear;
	int64_t status, started_us, answered_us, ended_us;
};
/* All rows as the disk has them, newest first; at most cap are read. */
size_t sim_rows(struct sim *s, struct sim_row *ret, size_t cap);
/* Exactly one call is in the history, over, with these. */
struct sim_row sim_assert_row(struct sim *s, int64_t status, const char *cause, const char *ended_by);

/* ---- the store's troubles (the linker puts these between `call` and the store) ---- */
extern bool sim_store_refuses;          /* posting fails: 64 MiB wait */
extern const char *sim_store_bad_agent; /* rows of bindings of phones that call themselves so are refused for good */
extern int sim_store_call_error;        /* what store_call_put() says instead of writing; DB_OK: it writes */
extern const char *sim_store_bad_to;    /* rows of calls to this number are refused for good (DB_FAILED); NULL: none */
extern unsigned sim_store_call_puts;    /* times it was called */
extern int64_t sim_store_oldest_wait_us;
extern int sim_store_instant_error; /* what store_instants_tell() says instead of telling; DB_OK: it tells */
extern char sim_store_instant[512]; /* what it was told last: "10 (acme-10) > 20 (acme-20) text/plain 5 200" */
extern unsigned sim_store_instant_jobs, sim_store_instants; /* times it was called, and with how many in all */
extern unsigned sim_store_instants_refused;                 /* so many of each time are none that it takes */

/* ---- network.c ---- */
struct transport *network_new(struct sim *s);
void network_free(struct transport *t);
size_t network_travelling(const struct transport *t); /* messages sent that have not arrived yet */
void network_from_phone(struct sim_phone *p, struct slice bytes);
pool_handle network_connect(struct sim_phone *p);
/* Alto finds this phone by that name; several, in this order. Of TCP and TLS it is Alto that connects. */
void network_host(struct sim *s, const char *name, const struct sim_phone *p);
void network_close(struct sim_phone *p); /* its connection breaks; both sides notice */

/* ---- voice.c ---- */
struct voice_stream {
	pool_handle handle;
	uint64_t owner;
	uint16_t port;
	struct address local;
	struct media_settings settings;
	pool_handle peer;     /* joined with; 0: with nobody */
	struct media_way way; /* how what arrives here leaves there */
	unsigned sets, joins;
	struct media_digit digits[64]; /* sent to its phone as events */
	unsigned digit_count;
	bool closing;
	bool shared; /* a browser's */
	struct timer closed;
	struct media *media;
};
#define VOICE_FINGERPRINT                                                                                              \
	"sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
struct media *voice_new(struct sim *s);
void voice_free(struct media *m);
size_t voice_open(const struct media *m); /* streams now */
struct voice_stream *voice_at(struct media *m, uint16_t port);
/* Nothing has been heard from the phone behind this port for a minute. */
void voice_silent(struct media *m, uint16_t port);
/* DTLS has made keys of this suite with the browser behind this port; SRTP_NONE: it has failed. */
void voice_secured(struct media *m, uint16_t port, enum srtp_suite suite);
void voice_refuse_open(struct media *m, int error);      /* until 0 */
void voice_refuse_set(struct media *m, int error);       /* media_set() says so, until 0 */
void voice_busy(struct media *m, unsigned sets_to_come); /* so many media_set() and media_join() say -EAGAIN */

/* Of a message, or a trace. */
static inline bool has(const char *text, const char *what)
{
	return strstr(text, what) != NULL;
}
static inline void assert_has(const char *text, const char *what)
{
	if (!has(text, what))
		fail_msg("no %s in\n%s", what, text);
}
