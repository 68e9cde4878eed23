/*
 * media/private.h - the room's switchboard side: handles, what the workers own, and the times that tests set
 *
 *   setup.c     making and ending it all, metrics
 *   media.c     what media.h promises: commands down, events up
 *   ports.c     pairs of sockets opened ahead
 *   worker.c    a thread a core: rounds, rings
 *   shared.c    the port of all browsers of a worker ──► webrtc.c   one browser: ICE, and the keys of dtls.c
 *   shared_open.c  its sockets
 *   direct.c    a socket of one phone's alone, while it stays where it is
 *   stream.c    receiving: source, key, order ──► relay.c    sending under our own numbers
 *   transcode.c voice made anew for who knows another codec; sound.c: of a source, what is heard when
 *   path.c      symmetric voice: who is heard      report.c   RTCP and figures
 *   event.c     digits of our own ──► relay.c
 */
#pragma once
#include "media/ports.h"
#include "media/webrtc.h"
#include "media/worker.h"
#include "net/loop.h"
#include "net/tls.h"

/* A stream's slot in the pool. The worker's part comes last and is not touched here between open and closed. */
struct entry {
	uint64_t owner;
	struct worker *worker;
	struct port_pair *pair;
	struct address local; /* where it was opened */
	bool closing;
	struct srtp_key send_key, receive_key;     /* in use; what the worker has are ciphers made of them */
	uint64_t keys_sent[MEDIA_KEYS_REMEMBERED]; /* hashes of earlier send keys, the latest first */
	struct media_stream stream;
};

/* The port that a worker's browsers share. Sockets are added, and closed when the workers have ended. */
struct shared_port {
	uint16_t port;
	unsigned count;
	struct shared_socket sockets[MEDIA_LOCALS_MAX];
};

struct media {
	struct thread_owner thread;
	struct loop *loop;
	struct loop_waker *waker;
	struct loop_flush flush;
	struct media_config config;
	struct media_tuning tuning;
	struct random random;
	uint8_t hash_key[16]; /* of keys_sent */
	uint8_t ssrc_key[16]; /* by which our own SSRCs are known again */
	struct pool entries;
	struct ports ports;
	unsigned worker_count;
	struct worker *workers[MEDIA_WORKERS_MAX];
	unsigned load[MEDIA_WORKERS_MAX]; /* streams on each */
	bool left[MEDIA_WORKERS_MAX];     /* something was left in a ring in this turn */
	struct timer later;               /* ... or in one before, which could wait until now */
	struct shared_port shared[MEDIA_WORKERS_MAX];
	struct dtls_context *dtls; /* NULL: no browsers */
	struct opus_tables *tables;
	char fingerprint[sizeof("sha-256 ") + TLS_FINGERPRINT_CAP];
	struct worker_metrics metrics;
	struct metric streams, pairs, ports_exhausted;
};

extern const struct media_tuning media_tuning_default;
/* As media_new() with other times; tuning is copied, its clock is borrowed. */
MUST_USE int media_new_tuned(struct loop *loop, const struct media_config *config, const struct media_tuning *tuning,
			     struct media **ret);
/* Of a stream: which worker it is on. */
unsigned media_worker_of(const struct media *m, pool_handle stream);

/* ---- media.c, for setup.c ---- */
void media_events_came(void *arg); /* arg: the media */
void media_turn_ends(void *arg);   /* likewise; last in each turn of the loop */
void media_later_due(struct timer *t, void *arg);
/* A stream ends here: its name is stale from now on. carried: packets came or went. */
void media_entry_release(struct media *m, struct entry *e, bool carried);
MUST_USE int media_command(struct media *m, struct worker *w, const struct command *c); /* -EAGAIN: its ring is full */

/* ---- shared_open.c ---- */
/* The worker's socket at the host of `local`, which is opened if it is not there. Errors as media_open_shared(). */
MUST_USE int shared_port_reach(struct media *m, struct worker *w, const struct address *local,
			       const struct shared_socket **ret);
/* `first`, and the others of this host, those of its loop too. Returns how many. */
size_t shared_port_addresses(const struct media *m, const struct worker *w, const struct address *first,
			     struct address *ret, size_t cap);
void shared_ports_close(struct media *m); /* the workers have ended */
