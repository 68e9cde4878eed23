/*
 * media/worker.h - a media worker: one thread, one epoll, the streams that live there
 *
 * A round: wait; move the clock; take one datagram from each socket that has any, and a batch from one that many share;
 * one step of a DTLS handshake; take what other workers and the
 * switchboard sent; wake those for whom something was left. Rings are the only way in and out:
 *
 *   commands, closes   switchboard ─► worker. A close has a ring of its own with room for every stream, so it never
 *                      fails; what was pushed before it is taken before it.
 *   events, closed     worker ─► switchboard. Likewise; `closed` hands the stream's memory back.
 *   crossing[i]        worker i ─► this worker: packets for streams joined across. Full: dropped and counted.
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "base/pulse.h"
#include "base/random.h"
#include "base/ring.h"
#include "media/limits.h"
#include "media/shared.h"
#include "media/stream.h"

struct loop_waker;

/* Times that tests set to what they need. */
struct media_tuning {
	int64_t learn_us, learn_quiet_us, report_us, figures_us, silent_us, rest_us, dtls_retry_us;
	size_t events_max, crossing_max;
	const _Atomic int64_t *clock_us; /* NULL: the system's; a new time is seen at the next wake-up */
};

enum command_kind { COMMAND_OPEN, COMMAND_SET, COMMAND_JOIN, COMMAND_SPLIT, COMMAND_DIGIT, COMMAND_LISTEN };
struct command {
	enum command_kind kind;
	pool_handle stream;
	union {
		struct media_stream *open;
		const struct shared_socket *listen; /* of the worker, not of a stream */
		struct stream_settings set;         /* owns its ciphers */
		struct {
			pool_handle other;
			struct worker *worker;
			struct transcoder *transcoder; /* owned; of what this stream sends */
			uint8_t map[128];
		} join;
		struct media_digit digit;
	};
};

struct worker_event {
	pool_handle stream;
	enum media_event_kind kind;
	struct address remote;
	struct media_figures figures;
	enum srtp_suite suite;
};

/* A packet that crosses: by value. */
struct crossing {
	struct relay_packet packet; /* `at` is set by who takes it */
	uint8_t bytes[RTP_HEADER_MIN + RTP_PACKET_MAX + SRTP_TRAILER_MAX];
};

struct worker_counts {
	int64_t received, sent, unsent, crossing_dropped, digits, digits_dropped, refused[REFUSAL_COUNT];
};
struct worker_metrics { /* shared by all workers */
	struct metric received, sent, unsent, crossing_dropped, digits, digits_dropped, refused[REFUSAL_COUNT];
};

struct worker {
	struct thread_owner thread;
	pthread_t id;
	char name[16]; /* "media-0" */
	unsigned index, count;
	struct worker *const *all; /* every worker, this one included */
	const struct media_tuning *tuning;
	const uint8_t *ssrc_key; /* 16 bytes, of all workers */
	struct worker_metrics *metrics;
	struct loop_waker *waker;
	int epoll_fd, event_fd;
	_Atomic bool asleep, stopping;

	struct ring *commands, *closes;
	struct ring *events, *closed;
	struct ring *crossing[MEDIA_WORKERS_MAX]; /* by sender; own place NULL */
	uint32_t streams_max;
	bool has_shared;              /* set by the caller: there may be browsers */
	struct shared *shared;        /* then: their port */
	unsigned directs_max;         /* of sockets connected to their phone: descriptors; set by the caller */
	struct srtp_ciphers *ciphers; /* of the worker's packets; whoever makes their keys only names it */

	/* The worker thread's alone from here on. */
	struct pulse pulse;
	struct wheel wheel;
	struct timer publish;
	struct random random;
	struct media_stream **streams; /* by slot of the handle */
	unsigned directs;              /* now open */
	struct worker_counts counts;
	bool told_switchboard, told[MEDIA_WORKERS_MAX];
	struct command command; /* the one being done */
	struct crossing cross;  /* the one being taken or made */
	uint8_t packet[RTP_PACKET_MAX + SRTP_TRAILER_MAX];
	uint8_t spare[RTP_PACKET_MAX + SRTP_TRAILER_MAX]; /* a packet again, for a second key */
};

/* Everything but the thread. `all` is filled before worker_start(). Other fields above are set by the caller. */
MUST_USE int worker_init(struct worker *w);
MUST_USE int worker_start(struct worker *w);
/* Ends the thread and waits for it. Streams that were open stay as they were, for the caller to clean up. */
void worker_stop(struct worker *w);
void worker_done(struct worker *w);

/* Any thread: something was left in a ring of w. */
void worker_wake(struct worker *w);

/* ---- for the files of the worker's thread ---- */
struct media_stream *worker_stream(struct worker *w, pool_handle handle); /* NULL: stale */
/* Its packets come from this socket of the stream too. */
MUST_USE bool worker_listen(struct media_stream *s, enum media_socket at);
/* False: no room. */
MUST_USE bool worker_tell(struct worker *w, const struct worker_event *event);
/* w->cross goes to another worker, or is dropped and counted. */
void worker_cross(struct worker *w, struct worker *to);
