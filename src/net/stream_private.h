/* net/stream_private.h - a connection's inside, for stream.c, stream_listen.c and stream_tls.c */
#pragma once
#include "net/loop_private.h"
#include "net/stream.h"
#include "net/tls_private.h"

enum stream_state {
	STREAM_CONNECTING,
	STREAM_HANDSHAKE,
	STREAM_OPEN,
	STREAM_CLOSING, /* the queue empties, then our side is shut, then the peer's; what comes in is dropped */
	STREAM_CLOSED   /* libuv is closing the handle */
};

/* A place in one of the lists of a turn; prev NULL: in none. */
struct stream_node {
	struct stream_node *next, **prev;
};
struct stream_list {
	struct stream_node *first, **last;
};
void stream_list_add(struct stream_list *l, struct stream_node *n); /* at the end; does nothing if in a list */
void stream_list_remove(struct stream_list *l, struct stream_node *n);

struct stream {
	struct loop *loop;
	uv_tcp_t tcp;
	enum stream_state state;
	enum stream_closed why;
	bool silent;  /* refused, or never handed out: no events */
	bool eof;     /* the peer has shut its side */
	bool begun;   /* has had a handshake step */
	bool granted; /* this turn's handshake step, or read, is its own, kept for it when it waited in the queue */
	const struct stream_events *events;
	void *arg;
	struct address local, remote;
	SSL *ssl;                 /* NULL: plain TCP */
	struct slice tls_in;      /* what OpenSSL may read, during one call */
	struct timer timer;       /* handshake, then the end of a close */
	int64_t left_us;          /* of the handshake's time, while the peer waits for us */
	struct stream_node dirty; /* has output, or a close to bring about */
	struct stream_node held;  /* does not read: waits for its handshake step, or has had its share of the turn */
	uint64_t turn;            /* the turn that turn_bytes counts in */
	size_t turn_bytes;
	char *out; /* grows as needed, none when idle */
	size_t out_n, out_cap;
	size_t out_max; /* of out and flight */
	char *flight;   /* what libuv is writing */
	size_t flight_n;
	union {
		uv_connect_t connect;
		uv_write_t write;
		uv_shutdown_t shutdown;
	} request; /* one at a time */
	bool shut; /* our side is, or is being, shut */
};

#define STREAM_RAW_BYTES (32 * 1024)
#define STREAM_PLAIN_BYTES (16 * 1024) /* one TLS record */

struct stream_shared {
	struct loop *loop;
	uint64_t turn;
	unsigned turn_inputs;     /* reads of all streams in this turn */
	int64_t turn_us;          /* and what was done for them: STREAM_TURN_US */
	unsigned handshakes_left; /* steps that may still be taken in this turn */
	struct stream_list dirty, paused;
	struct stream_list begun, handshakes; /* wait for a step: their second or later, and their first */
	struct stream_listener *accepting;    /* listeners that have more to accept */
	int64_t no_memory_us;                 /* when a connection last could not be accepted for want of memory */
	struct loop_flush flush;
	SSL_CTX *client;
	BIO_METHOD *bio;
	char raw[STREAM_RAW_BYTES];
	char plain[STREAM_PLAIN_BYTES];
};

/* The loop's, made at the first call. */
MUST_USE int stream_shared_get(struct loop *l, struct stream_shared **ret);
void stream_listeners_resume(struct stream_shared *shared); /* stream_listen.c */

/* A stream with its handle initialised; destroyed through stream_end(). context NULL: plain TCP. */
MUST_USE int stream_new(struct loop *l, SSL_CTX *context, struct stream **ret);
MUST_USE int stream_names(struct stream *s); /* local and remote from the kernel */
void stream_begin(struct stream *s);         /* accepted: handshake, or open */
MUST_USE int stream_append(struct stream *s, const void *bytes, size_t n);
void stream_mark(struct stream *s);                        /* has something for the end of the turn */
void stream_flush(struct stream *s);                       /* offer what is queued to the kernel */
void stream_read(struct stream *s);                        /* begin to, or again */
void stream_end(struct stream *s, enum stream_closed why); /* at once; `closed` follows from the loop */
/* Let out what is queued, then end. */
void stream_finish(struct stream *s, enum stream_closed why);
void stream_opened(struct stream *s);
void stream_deliver(struct stream *s, char *bytes, size_t n);

/* stream_tls.c */
BIO_METHOD *stream_tls_bio_new(void);
MUST_USE int stream_tls_attach(struct stream *s, SSL_CTX *context, BIO_METHOD *bio);
void stream_tls_input(struct stream *s, char *bytes, size_t n); /* n 0: a client's first step */
MUST_USE int stream_tls_send(struct stream *s, struct slice bytes);
