/*
 * media/shared.h - the one UDP port of a worker that all its browsers share: who is who
 *
 *   STUN  ─► by the name that the check asks for ─► answered; a good one notes whence it came (media/webrtc.h)
 *   DTLS  ─► by that address ─► waits for its turn: one a round, between the packets of others
 *   voice ─► by that address ─► media/stream.c, as from a socket of its own
 *
 * A socket for each address of the host, each with the worker's port, so that answers leave from where the question
 * came to. The switchboard opens them and hands them over; they live as long as the worker. What follows is the
 * worker's, and nothing on the way of a packet takes memory or a lock.
 */
#pragma once
#include "base/map.h"
#include "base/pool.h"
#include "media/limits.h"
#include "media/path.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"

struct media_stream;
struct webrtc;
struct webrtc_pair;
struct worker;

struct shared_socket {
	int fd;
	int family;
	struct address local;
	struct endpoint name;
};

/* A DTLS datagram that waits. */
struct shared_shake {
	struct webrtc_pair *pair;
	pool_handle stream; /* stale: the stream, and its pair, are gone */
	uint16_t n;
	uint8_t bytes[RTP_PACKET_MAX];
};

struct shared {
	struct map by_ufrag, by_address;
	struct shared_shake *shakes; /* MEDIA_SHAKES_MAX, a ring */
	size_t first, waiting;
	/* what a batch is read into */
	struct endpoint from[MEDIA_SHARED_BATCH];
	uint8_t (*packets)[RTP_PACKET_MAX + SRTP_TRAILER_MAX];
};

/* -ENOMEM. key: 16 random bytes. */
MUST_USE int shared_init(struct shared *h, const uint8_t key[16], uint32_t streams_max);
void shared_done(struct shared *h);

/* Datagrams wait on this socket. */
void shared_readable(struct worker *w, const struct shared_socket *socket);
/* The DTLS datagram that waits longest, if there is one. */
void shared_shake(struct worker *w);

/* A stream is asked for by this name from now on, and no longer by the one before. */
void shared_list(struct worker *w, struct webrtc *rtc);
void shared_unlist(struct worker *w, struct webrtc *rtc);
/* The pair's address is its stream's; one that had it before loses it (media/webrtc.c's webrtc_forget()). */
void shared_add(struct worker *w, struct webrtc_pair *pair);
void shared_remove(struct worker *w, struct webrtc_pair *pair);
struct webrtc_pair *shared_find(const struct worker *w, const struct shared_socket *socket,
				const struct endpoint *from);
