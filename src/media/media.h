/*
 * media/media.h - voice, as the switchboard sees it: streams with a local port, settings sent down, events coming up
 *
 * A stream is one leg's audio: a pair of UDP sockets (RTP, RTCP) from a pool opened ahead, or for a browser a share of
 * its worker's one port, and on one worker for life. Two
 * streams are joined to hear each other, on one worker or on two. All functions here belong to the switchboard's thread
 * and never block: they write commands into the worker's ring, and the worker is woken when the loop's turn ends. There
 * is always room for a stream's end, so closing never fails. tests/sim implements this header without sockets.
 */
#pragma once
#include "audio/codec.h"
#include "base/address.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "rtp/ice.h"
#include "rtp/srtp.h"

struct loop;
struct media;

/* Figures of one stream: what a call's history keeps. */
struct media_figures {
	uint64_t received_packets, received_bytes; /* of voice, authenticated where encrypted */
	uint64_t sent_packets, sent_bytes;
	uint64_t lost_packets; /* by sequence numbers on our receive path */
	uint64_t duplicate_packets;
	uint64_t refused_packets; /* wrong key, replayed, wrong source, malformed, no mapping */
	uint32_t jitter_us, jitter_max_us;
	uint32_t round_trip_us; /* 0: the far end never reported */
	uint32_t remote_lost;   /* what the far end says it lost of ours */
};

enum media_event_kind {
	MEDIA_STARTED,   /* first good packet, since it opened, since a learn or since silence: remote is where it came
			    from */
	MEDIA_FIGURES,   /* every 5 s while packets flow */
	MEDIA_SILENT,    /* no RTP and no RTCP for 60 s while both were to be sent and received; again after each 60 s
			    more */
	MEDIA_SECURED,   /* DTLS gave keys: voice may pass, by `suite` */
	MEDIA_UNSECURED, /* DTLS failed: another certificate than was named, nothing in common, or no answer */
	MEDIA_CLOSED     /* last figures; the stream is gone. The one event that comes after media_close() */
};
struct media_event {
	pool_handle stream; /* stale ones have been filtered out */
	uint64_t owner;     /* as given at open */
	enum media_event_kind kind;
	struct address remote;
	struct media_figures figures;
	enum srtp_suite suite; /* of DTLS's keys; SRTP_NONE: there are none */
};

struct media_config {
	unsigned workers;             /* 0: one a core */
	uint16_t port_low, port_high; /* RTP on even ports, RTCP on the odd one above */
	unsigned ports_ahead;         /* socket pairs kept open ahead for each local address used */
	unsigned streams_max;
	unsigned directs_max;                /* sockets connected to one phone each, of all streams */
	const struct tls_identity *identity; /* for DTLS, whose port of each worker is then taken from the range's
						upper end; NULL: no browsers. Borrowed for the call */
	void (*on_event)(void *owner, const struct media_event *event); /* on the switchboard's thread */
	void *owner;
};
MUST_USE int media_new(struct loop *loop, const struct media_config *config, struct media **ret);
/* Stops the workers and joins their threads. */
struct media *media_free(struct media *m);
unsigned media_workers(const struct media *m);

/*
 * Open a stream whose sockets are bound to `local` (port 0; any address is allowed). near: another stream whose worker
 * is to be used (the other leg of the call), 0 or stale: the least loaded. *ret_address: the RTP address to put into
 * the description; RTCP is its port + 1. -EMFILE: no port, descriptor or stream left (counted in
 * alto_media_ports_exhausted_total); -EADDRNOTAVAIL: not an address of this host; -EAGAIN: a worker's ring is full;
 * -ENOMEM.
 */
MUST_USE int media_open(struct media *m, uint64_t owner, const struct address *local, pool_handle near,
			pool_handle *ret_stream, struct address *ret_address);

/*
 * Open a stream of a browser: a share of its worker's port, where those who prove by ICE that they know `ice` are heard
 * (RFC 8445), once DTLS has made keys. Errors as above; -ENOTSUP: media_config had no identity.
 */
MUST_USE int media_open_shared(struct media *m, uint64_t owner, const struct address *local, pool_handle near,
			       const struct ice_credentials *ice, pool_handle *ret_stream, struct address *ret_address);
#define MEDIA_CANDIDATES_MAX 16
/* Of the workers' threads, where the process may: they go before what else shares a core with them, and sleep most of
 * the time. LimitNICE in packaging/alto.service. */
#define MEDIA_NICE (-10)
/* The addresses where such a stream can be reached, by this host itself too, that of media_open_shared() first. Returns
 * how many. */
size_t media_candidates(const struct media *m, pool_handle stream, struct address ret[MEDIA_CANDIDATES_MAX]);
/* Of our certificate, as a description has it: "sha-256 AB:CD:..."; empty without identity. */
struct slice media_fingerprint(const struct media *m);

/*
 * Is this an RTP or RTCP port that we have open at this very address? A peer that names one as its own would make our
 * voice go round for ever.
 */
bool media_is_ours(const struct media *m, const struct address *a);

/* Of a certificate. */
struct media_fingerprint {
	uint8_t n; /* 32: SHA-256, 48: SHA-384, 64: SHA-512; 0: not known, and nobody is shaken hands with */
	uint8_t bytes[64];
};
/* Of a stream on a shared port. */
struct media_webrtc {
	struct ice_credentials ice;           /* ours; others than before: a restart (RFC 8445 §9) */
	bool client;                          /* in DTLS we say hello */
	struct media_fingerprint fingerprint; /* the peer's; another one, or another role, begins DTLS anew */
};

/* What a description settled for a stream. Sent whole each time; unchanged keys keep their state (index, ROC). */
struct media_settings {
	struct address remote; /* RTP; port 0: nowhere to send yet */
	struct address remote_rtcp;
	bool rtcp_mux;
	bool send, receive; /* by direction; false while held */
	bool learn;         /* open the window of 5 s in which a plain stream's real source is learned (symmetric;
			       media/path.h);	 without one only `remote` is heard. With SRTP only an authenticated packet
			       moves	 it, at any time */
	struct srtp_key send_key, receive_key; /* suite SRTP_NONE: plain; on a shared port: DTLS makes them */
	struct media_webrtc webrtc;            /* on a shared port, where remote, remote_rtcp and learn say nothing */
	uint8_t rate_khz[128]; /* clock of each payload type we may receive, in kHz; 0: not expected (refused) */
};
/*
 * 0; -ENOENT: stale; -EAGAIN: ring full, try again in a later turn; -ENOMEM. On failure nothing has changed. A send key
 * that the stream has used before and left comes with a new SSRC, so that no index is sent twice under it.
 */
MUST_USE int media_set(struct media *m, pool_handle stream, const struct media_settings *settings);

/* The payload type of a codec that only one side knows, in a map: its sound is made anew for the other. */
#define MEDIA_ANEW 0xfe
/* What a payload type is, where sound is made anew; below them: an enum codec_kind. */
enum { MEDIA_NOISE = CODEC_KINDS, MEDIA_EVENT };
/* What sound is made of, and as what it leaves. */
struct media_plan {
	uint8_t from[128]; /* of each payload type that may come: enum codec_kind, MEDIA_NOISE or MEDIA_EVENT */
	struct encoder_settings to; /* its rate and tables are found */
	uint8_t payload;
	uint8_t noise_payload, event_payload; /* above 127: the far end knows none */
	uint8_t event_rate_khz;
	uint8_t packet_ms; /* 10, 20, 40 or 60; G.711 and G.722 any multiple of 10 up to 60 */
};
struct media_way {
	uint8_t map[128];
	bool anew; /* some of it is made anew, by: */
	struct media_plan plan;
};
/*
 * Join two streams: what arrives on a leaves by b and back. map[in] = payload type to send, 0xff: dropped, MEDIA_ANEW.
 * Either may be joined anew at any time; the sending side keeps its SSRC, sequence numbers and timestamps running.
 * Events and noise go the way of the voice: as they came, or made anew with the times of the other clock.
 * -ENOENT, -EAGAIN, -ENOMEM.
 */
MUST_USE int media_join(struct media *m, pool_handle a, pool_handle b, const struct media_way *ab,
			const struct media_way *ba);
MUST_USE int media_split(struct media *m, pool_handle stream);
/* A key, to be sent as an event of RFC 4733. */
struct media_digit {
	uint8_t event;        /* RFC 4733 §3.2: 0-9, 10 is *, 11 is #, 12-15 are A-D */
	uint8_t payload;      /* type of telephone-event in the stream's settings, which have its clock */
	uint16_t duration_ms; /* brought within MEDIA_DIGIT_MIN_MS and MEDIA_DIGIT_MAX_MS */
};
/*
 * Send a digit on this stream, in the place of the voice that is relayed to it meanwhile. Several go one after the
 * other; those that the stream may not send (held, no such payload type) or that are too many are dropped and counted.
 * -ENOENT, -EAGAIN.
 */
MUST_USE int media_send_digit(struct media *m, pool_handle stream, const struct media_digit *digit);
/* Always succeeds; MEDIA_CLOSED follows with the last figures. A stale handle is ignored. */
void media_close(struct media *m, pool_handle stream);

void media_metrics(struct media *m, struct metrics *metrics);
