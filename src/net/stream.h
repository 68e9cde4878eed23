/*
 * net/stream.h - TCP and TLS connections on the loop, accepted or made
 *
 * Input is handed out as it comes; the user keeps what is incomplete. Output is queued, bounded, and leaves at the end
 * of the turn. TLS by OpenSSL, reading from and writing to our own buffers so that an idle connection holds none.
 * Handshakes, accepts and reads are bounded per turn, so that a storm of phones does not starve calls. Owner: the
 * loop's thread.
 */
#pragma once
#include "base/address.h"
#include "net/certificates.h"
#include "net/loop.h"
#include "net/tls.h"

struct stream;
struct stream_listener;

enum stream_closed {
	STREAM_CLOSED_BY_PEER,
	STREAM_CLOSED_BY_US,
	STREAM_CLOSED_ERROR,
	STREAM_CLOSED_HANDSHAKE, /* TLS failed, or was not done within STREAM_HANDSHAKE_US */
	STREAM_CLOSED_OVERFLOW
};

/* Events come from the loop, never from inside a call of this header. */
struct stream_events {
	/* Connected or accepted, TLS handshake done. */
	void (*opened)(void *arg, struct stream *s);
	/* Writable, and valid for the call. */
	void (*input)(void *arg, struct stream *s, char *bytes, size_t n);
	/* Last event, once for each stream that was not refused, opened or not; *s is gone after it. */
	void (*closed)(void *arg, struct stream *s, enum stream_closed why);
};
/*
 * For each accepted connection, before its handshake: return the arg for its events (and remember s), or NULL to refuse
 * it. Local and remote address are known.
 */
typedef void *(*stream_accept_fn)(void *arg, struct stream *s);

/*
 * certificates NULL: plain TCP; else borrowed for the life of the listener. "[::]" is dual-stack and falls back to
 * 0.0.0.0 where IPv6 is off. events is borrowed for the life of listener and connections.
 */
MUST_USE int stream_listen(struct loop *l, const struct address *at, struct tls_certificates *certificates,
			   stream_accept_fn accept, const struct stream_events *events, void *arg,
			   struct stream_listener **ret);
void stream_listener_local(const struct stream_listener *l, struct address *ret);
/* When there was last no memory for a connection that came, and it was left waiting; 0: never. By the wheel. */
int64_t stream_no_memory_us(const struct loop *l);
void stream_listener_close(struct stream_listener *l); /* accepts no more; its connections live on; NULL is fine */

/*
 * Connect. from: our own address, its port is not looked at; NULL: the kernel's choice. tls: verify_name, a host name
 * or address, must be in the certificate, for a name as DNS name or as sip: URI (RFC 5922 §7); NULL: plain TCP. Result
 * comes by `opened` or `closed`, never from inside.
 */
MUST_USE int stream_connect(struct loop *l, const struct address *from, const struct address *to,
			    const char *verify_name, const struct stream_events *events, void *arg,
			    struct stream **ret);

/*
 * Whose certificates are believed from now on when we connect: the system's authorities, and those in this PEM file
 * (NULL: none). On failure *reterr is set, and it stays as it was.
 */
MUST_USE int stream_trust(struct loop *l, const char *authorities_path, struct tls_reason *reterr);

/*
 * Copied and queued. -ENOTCONN: not open; -ENOBUFS: more than may wait would, even after the kernel was offered what
 * waits: the connection is then closed (OVERFLOW).
 */
int stream_send(struct stream *s, struct slice bytes);
/* How much may wait, from the next byte on: STREAM_OUT_MAX at first, and at most. */
void stream_bound(struct stream *s, size_t most);
/* Bytes that the kernel has not taken yet, as they go on the wire. */
size_t stream_waiting(const struct stream *s);
/*
 * What was queued still leaves, for at most STREAM_LINGER_US; then `closed`. No `input` any more. When the peer closes,
 * the same is done: it may have shut its sending side only, and what was queued for it still goes out.
 */
void stream_close(struct stream *s);
/* At once: what was queued is lost. */
void stream_drop(struct stream *s);
const struct address *stream_local(const struct stream *s);
const struct address *stream_remote(const struct stream *s);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", NUL-terminated; empty for plain TCP and before the handshake is done. cap > 0. */
void stream_tls_name(const struct stream *s, char *ret, size_t cap);
/* Of one that was connected, until `closed` has returned: why its peer was not believed. TLS_BELIEVED for plain TCP. */
enum tls_distrust stream_distrust(const struct stream *s);

#define STREAM_OUT_MAX (256 * 1024)          /* a phone that does not read for that long is gone */
#define STREAM_HANDSHAKE_US (10 * SECOND_US) /* with the connection, not the queue; a slow mobile link needs 2 s */
#define STREAM_LINGER_US SECOND_US           /* for the peer to take the last bytes and close its side */
#define STREAM_HANDSHAKES_PER_TURN 8         /* steps with public-key work, about 0.3 ms each; others wait in a queue */
#define STREAM_ACCEPTS_PER_TURN 64           /* of one listener; about 15 us each */
#define STREAM_MEMORY_US (50 * MS_US)        /* until a connection for which there was no memory is tried again */
#define STREAM_TURN_BYTES_MAX (64 * 1024)    /* read from one connection in a turn: some hundred messages */
#define STREAM_TURN_US (5 * MS_US)           /* of a turn, for what all connections send; who comes later waits */
#define STREAM_RESUMED_PER_TURN 16           /* who waited longest: these read in the next turn whatever it takes */
#define STREAM_BACKLOG 1024                  /* connections that the kernel keeps until we accept them */
#define STREAM_KEEPALIVE_SECONDS 60          /* TCP's own probes, so that a peer without power is noticed */
