/*
 * sdp/sdp.h - session descriptions: read, and written anew from what we know.   RFC 8866, RFC 4568, RFC 5761, RFC 3605,
 * and for browsers RFC 8839, 8842, 8122, 8843
 *
 * Everything points into the text that was parsed. What we do not know is not kept: descriptions are never passed
 * through.
 */
#pragma once
#include "base/address.h"

#define SDP_BYTES_MAX 8192 /* larger than any phone's; browsers' stay below 6 KB */
#define SDP_MEDIA_MAX 8    /* m= lines looked at; more are refused, since an answer must mirror each */
#define SDP_FORMATS_MAX 32 /* formats of one m= line; those beyond are not understood and so never chosen */
#define SDP_CRYPTO_MAX 8   /* a=crypto lines of one m= line; later ones are not considered */

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
enum sdp_direction sdp_direction_reverse(enum sdp_direction d); /* sendonly <-> recvonly */

struct sdp_format {
	uint8_t payload;   /* 0..127 */
	struct slice name; /* encoding name, static ones filled in: "PCMU"; empty: a dynamic type without rtpmap */
	uint32_t rate;
	uint8_t channels;  /* 1 unless given */
	struct slice fmtp; /* parameters as written, may be empty */
};

struct sdp_crypto { /* RFC 4568 §9.1 */
	uint32_t tag;
	struct slice suite;         /* "AES_CM_128_HMAC_SHA1_80" */
	struct slice key;           /* base64 of key and salt, after "inline:" */
	struct slice lifetime, mki; /* "2^48", "1:4": empty if not given */
	struct slice session_params;
};

enum sdp_setup { SDP_NO_SETUP, SDP_ACTPASS, SDP_ACTIVE, SDP_PASSIVE, SDP_HOLDCONN }; /* RFC 4145, 8842 */
enum sdp_hash { SDP_NO_HASH, SDP_SHA_256, SDP_SHA_384, SDP_SHA_512 };
#define SDP_HASH_BYTES_MAX 64
size_t sdp_hash_bytes(enum sdp_hash h);
struct sdp_fingerprint { /* of a certificate, RFC 8122 §5 */
	enum sdp_hash hash;
	uint8_t bytes[SDP_HASH_BYTES_MAX];
};

/* What ICE and DTLS want to know, of the media line or else of the session. Candidates are not kept: Alto answers
 * checks and sends none, so it goes by where they come from. */
struct sdp_transport {
	struct slice ufrag, pwd; /* empty: the peer does not speak ICE */
	bool lite;
	enum sdp_setup setup;
	struct sdp_fingerprint fingerprint; /* the first with a hash that we believe; SDP_NO_HASH: none */
};

struct sdp_media {
	struct slice type;        /* "audio" */
	uint16_t port;            /* 0: refused or switched off */
	struct slice protocol;    /* "RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF" */
	struct slice format_text; /* the m= line's formats as written, for mirroring a refused line */
	uint8_t format_count;
	struct sdp_format formats[SDP_FORMATS_MAX];
	uint8_t crypto_count;
	struct sdp_crypto crypto[SDP_CRYPTO_MAX];
	bool has_address;       /* c= is a unicast IP address or 0.0.0.0 (a name is not looked up) */
	struct address address; /* where to send RTP: c= (its own or the session's) with the m= port */
	struct address rtcp;    /* a=rtcp or port + 1; port 0 when there is none above */
	bool rtcp_mux;
	enum sdp_direction direction;   /* its own, else the session's, else sendrecv; c=0.0.0.0 counts as hold: see
					   sdp_media_held() */
	uint16_t ptime_ms, maxptime_ms; /* 0: not given */
	struct slice mid;               /* RFC 5888; empty: none */
	struct sdp_transport transport;
};

struct sdp_session {
	struct slice username;
	uint64_t id, version; /* o=, the low 64 bits */
	struct slice bundle;  /* RFC 8843: the mids of the first a=group:BUNDLE, as written */
	uint8_t media_count;
	struct sdp_media media[SDP_MEDIA_MAX];
};

enum sdp_parse { SDP_OK, SDP_BAD };
struct sdp_reason {
	uint32_t line;    /* from 1 */
	const char *text; /* static */
};
/*
 * text borrowed. *ret is written only on SDP_OK, and of its media only the first media_count; *reterr only on SDP_BAD.
 * O(n), no allocation. Tolerant where phones are sloppy (bare LF, missing s= and t=, unknown lines and attributes, a
 * repeated attribute: the first counts), strict in numbers and lengths.
 */
enum sdp_parse sdp_parse(struct slice text, struct sdp_session *ret, struct sdp_reason *reterr);

/* The first audio line with a port, or NULL; *ret_index its place among the m= lines. */
const struct sdp_media *sdp_audio(const struct sdp_session *s, uint8_t *ret_index);
/* Is this line one of those that share one way? */
bool sdp_bundled(const struct sdp_session *s, const struct sdp_media *m);
/* Held in either form: sendonly or inactive, or c=0.0.0.0 (RFC 2543's way; with ICE it only says that no address is
 * known yet, RFC 8839 §4.2.1.3). */
bool sdp_media_held(const struct sdp_media *m);
/* Same codec: name without case, rate, channels, and parameters where they change the packets (AMR's octet-align, not
 * G.729's annexb nor Opus's). A format without a name is the same as none. */
bool sdp_format_same(const struct sdp_format *a, const struct sdp_format *b);
bool sdp_format_is_event(const struct sdp_format *f); /* telephone-event */
/* The value of name=value among the parameters "a=1; b=2"; empty if it is not there. */
struct slice sdp_parameter(struct slice fmtp, struct slice name);

/* ---- writing ---- */
struct sdp_local_crypto {
	uint32_t tag;
	struct slice suite;
	struct slice key; /* base64 */
};
#define SDP_FINGERPRINT_TEXT_MAX 112 /* "sha-256 AB:CD:..." */
struct sdp_local_transport {
	struct slice ufrag, pwd;
	struct slice fingerprint; /* as in the attribute */
	enum sdp_setup setup;
	struct slice mid; /* empty: the offer named none */
	bool bundle;
	const struct address *candidates; /* each an address of ours, the one that is liked best first */
	uint8_t candidate_count;
};
struct sdp_local_audio {
	bool rejected;          /* m=audio 0 */
	struct address address; /* RTP; c= and m= are written from it */
	uint16_t rtcp_port;     /* a=rtcp when it is not port + 1; 0: leave out */
	struct slice protocol;
	const struct sdp_format *formats;
	uint8_t format_count; /* one at least */
	struct sdp_local_crypto crypto[4];
	uint8_t crypto_count;
	bool rtcp_mux;
	enum sdp_direction direction;
	uint16_t ptime_ms, maxptime_ms;
	const struct sdp_local_transport *transport; /* NULL: no ICE, no DTLS */
};
/*
 * Write a description with one audio line. `mirror` (NULL in an offer): the offer being answered; its other m= lines
 * are written with port 0 in their places, and audio stands at audio_index (RFC 3264 §6).
 */
void sdp_write(struct writer *w, uint64_t session_id, uint64_t version, const struct sdp_local_audio *audio,
	       const struct sdp_session *mirror, uint8_t audio_index);
