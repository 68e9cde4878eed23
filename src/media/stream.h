/*
 * media/stream.h - a stream as its worker sees it: one leg's voice, received, relayed and reported
 *
 * A packet's way: socket, stream.c (whose is it, decrypt, parse, expected? new?), then to the stream that this one is
 * joined to, by a ring if that is on another worker, and there relay.c (own SSRC, sequence, timestamp; encrypt; send).
 *
 * The struct lives in the switchboard's pool (media.c), which fills its first part and hands it over in a command;
 * from then until the worker says that the stream has closed it belongs to the worker, and nobody else reads or writes
 * it. Nothing here takes memory or a lock. Ciphers come ready-made with the settings; those no longer used are freed
 * here when settings or a timer come by, never while a packet is handled.
 */
#pragma once
#include "base/pool.h"
#include "base/wheel.h"
#include "media/limits.h"
#include "media/media.h"
#include "media/path.h"
#include "rtp/quality.h"

struct transcoder;
struct webrtc;
struct worker;

enum packet_refusal {
	REFUSED_MALFORMED,
	REFUSED_SOURCE,  /* not where this stream's packets come from, or our own sending come back */
	REFUSED_PAYLOAD, /* a payload type that was not agreed */
	REFUSED_AUTH,    /* not encrypted with the stream's key, or not at all */
	REFUSED_REPLAY,
	REFUSED_MAPPING, /* the other side has no such payload type */
	REFUSAL_COUNT
};

/* media_settings without the keys: those have become ciphers, so that no key lies about in a ring. */
struct stream_settings {
	struct address remote, remote_rtcp;
	bool rtcp_mux, send, receive, learn;
	struct media_webrtc webrtc;
	uint8_t rate_khz[128];
	bool new_send, new_receive; /* the cipher below takes the place of the present one; NULL: plain */
	bool fresh_ssrc;            /* the key has been used before */
	struct srtp *send_cipher, *receive_cipher;
};

/* What a stream does next with packets of its own: the far end's view is one unbroken stream. */
struct sender {
	uint32_t ssrc;
	/* The source that is relayed: a stream, and a number that changes with its SSRC or when it starts again. */
	pool_handle source;
	uint32_t source_epoch;
	uint16_t sequence_offset;
	uint32_t timestamp_offset;
	uint64_t highest; /* sequence number sent, extended */
	uint64_t floor;   /* first of the present source: what is older belongs to its past */
	bool started;
	uint32_t timestamp; /* of `highest` */
	uint8_t rate_khz;
	int64_t sent_us;         /* when that moment was: all packets of an event have the timestamp of its begin */
	uint64_t packets, bytes; /* of this SSRC, for reports */
};

/* What reports told us, and what ours need. */
struct reports {
	uint32_t sender_report; /* middle 32 bits of the far end's last NTP time; 0: none */
	int64_t sender_report_us;
	uint32_t round_trip_us, remote_lost;
	uint64_t packets_then; /* sender.packets at our last report */
	bool sent;
	char cname[16];
};

/* Digits of our own, one after the other; the first of them is being said. */
struct digits {
	struct media_digit waiting[MEDIA_DIGITS_MAX];
	uint8_t first, count;
	uint8_t ends;    /* how often its last packet was sent */
	uint16_t sent;   /* packets of it */
	uint32_t number; /* of those said before it: each is a source of its own */
	int64_t began_us;
	struct timer next; /* its next packet, or the end of the pause behind it */
};

/*
 * With hundreds of streams each one has left the processor's caches by its next packet, so what a packet needs stands
 * together and is fetched ahead (stream.c): of the one that receives it from `map` on, of the one that sends it from
 * `handle` on.
 */
struct media_stream {
	uint8_t map[128];
	uint8_t rate_khz[128];
	struct rtp_reception reception; /* since voice was last switched on */
	uint32_t epoch;                 /* changes with the source's SSRC, and when its numbers jump */
	uint32_t resyncs;               /* of `reception`, when last looked at */
	int64_t heard_us;

	pool_handle handle; /* set before the worker gets it */
	struct worker *worker;
	struct path rtp;       /* its socket is set before */
	struct webrtc *webrtc; /* set before: on a shared port, which then moves `rtp`; NULL: sockets of its own */
	bool rtcp_mux, send, receive;
	bool saying;                    /* digits of ours: voice that comes for it meanwhile is dropped */
	bool encrypted;                 /* what comes in must be */
	uint8_t unmoved;                /* packets in a row from rtp.current, up to MEDIA_DIRECT_AFTER */
	bool started_told;              /* MEDIA_STARTED went out since the last window or silence */
	bool expected;                  /* voice both ways was agreed: silence means something */
	bool owes_started, owes_silent; /* events for which the ring had no room */
	int direct;                     /* a socket on the same port, connected to rtp.current; -1: none */
	struct srtp *send_cipher;
	struct srtp *receive_cipher;
	struct srtp *receive_before; /* until the new key authenticates a packet */
	pool_handle joined;          /* who hears us and whom we hear; 0: nobody */
	struct worker *joined_worker;
	struct transcoder *transcoder; /* makes what we send of what does not come in our codec; NULL: nobody */

	struct sender sender;
	struct media_figures figures; /* sums; what reception and reports know is added when they are asked for */

	/* Packets seldom come so far. */
	int family;            /* this and the next two: set before */
	struct endpoint local; /* of RTP */
	struct path rtcp;      /* only its socket is used with rtcp_mux */
	struct srtp *spent;    /* to be freed off the packet path */
	uint32_t transcoders;  /* so many have been here */
	int64_t expected_us;   /* since when something should come */
	struct reports reports;
	struct media_figures figures_told; /* as last sent up */
	struct timer tick, report;
	struct digits digits;
};

enum media_socket { SOCKET_RTP, SOCKET_RTCP, SOCKET_DIRECT };

/* One packet on its way from a stream to the one that sends it on. */
struct relay_packet {
	pool_handle from, to;
	uint32_t epoch;
	uint32_t timestamp;
	uint16_t sequence;
	uint16_t bytes;  /* of payload */
	uint8_t came_as; /* payload type on the receiving side */
	uint8_t payload; /* ... and on the sending one; MEDIA_ANEW: none is the same */
	uint8_t rate_khz;
	bool marker;
	uint8_t *at; /* the payload; RTP_HEADER_MIN bytes before it and SRTP_TRAILER_MAX behind it may be written */
};

/* ---- stream.c ---- */
void media_stream_open(struct media_stream *s, struct worker *w);
void media_stream_apply(struct media_stream *s, const struct stream_settings *settings);
/* The stream's end: last reports, timers, ciphers. Its sockets stay open: they belong to the switchboard's pool. */
void media_stream_close(struct media_stream *s);
/* One datagram waits there. */
void media_stream_readable(struct media_stream *s, enum media_socket at);
/* A datagram came; behind its first RTP_PACKET_MAX bytes, beyond which it is refused, SRTP_TRAILER_MAX more may be
 * written. rtcp: on its port. */
void media_stream_take(struct media_stream *s, bool rtcp, const struct endpoint *from, uint8_t *p, size_t n);
/* New keys: those of `set` that are new. */
void media_stream_rekey(struct media_stream *s, const struct stream_settings *set);
/* False: no room for it now. */
MUST_USE bool media_stream_tell(struct media_stream *s, enum media_event_kind kind);

/* ---- relay.c ---- */
void sender_init(struct media_stream *s);
/* Was this SSRC given by sender_init(), of this stream or any other? Wrong once in 65,536 for a stranger's. */
bool sender_ssrc_is_ours(const struct worker *w, uint32_t ssrc);
/* Send on what another stream received, as it came or made anew. s must be joined to it: else it is dropped. */
void relay_send(struct media_stream *s, const struct relay_packet *packet);

/* What the stream makes itself: digits, and voice made anew. Who it is joined to is not looked at. */
void relay_send_own(struct media_stream *s, const struct relay_packet *packet);

/* ---- event.c ---- */
void event_init(struct media_stream *s);
/* A digit is said, as soon as those before it have been. */
void event_queue(struct media_stream *s, const struct media_digit *digit);

/* ---- direct.c ---- */
/* The phone has been heard from one place for a while: from now on through a socket of its own, if there is one. */
void direct_open(struct media_stream *s);
/* The phone has moved, or the stream ends. */
void direct_close(struct media_stream *s);

/* ---- report.c ---- */
void report_init(struct media_stream *s);
/* An RTCP packet, authenticated where that is asked. False: malformed. */
MUST_USE bool report_receive(struct media_stream *s, const uint8_t *p, size_t n);
void report_send(struct media_stream *s, bool bye);
void report_figures(const struct media_stream *s, struct media_figures *ret);
