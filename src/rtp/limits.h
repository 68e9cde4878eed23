/* rtp/limits.h - limits on what strangers send to this room; RTP_PACKET_MAX and REPLAY_WINDOW stand with their code */
#pragma once
#include "base/common.h"

/*
 * A key that its peer declares good for fewer packets is refused: three hours of voice at 50 packets a second. We do
 * not change keys in the middle of a call on our own, and phones name 2^20, 2^31 or 2^48.
 */
#define SDES_LIFETIME_MIN (UINT64_C(1) << 19)
#define SDES_LIFETIME_MAX (UINT64_C(1) << 48) /* RFC 3711 §9.2 */

/* RFC 3550 A.1: numbers this far ahead are loss, this far behind reordering; anything else is a jump. */
#define RTP_DROPOUT_MAX 3000 /* a minute of voice */
#define RTP_MISORDER_MAX 100 /* two seconds of it */

#define RTCP_ROUND_TRIP_MAX_US 60000000 /* a far end that reports more has its clock wrong: not known */
#define RTCP_CNAME_MAX 255              /* one byte counts it */

/* Packets held by a jitter buffer: 1.3 s of 20 ms, 640 ms of 10 ms; a power of two. */
#define JITTER_PACKETS_MAX 64
#define JITTER_BYTES                                                                                                   \
	16384u            /* ... and their bytes: a second of G.711, 0.8 s of Opus at its loudest in phones; likewise */
#define JITTER_LATE 0.01F /* of all packets may come too late: as much as loss that nobody hears */
#define JITTER_BIN_US (5 * MS_US)       /* how finely delay is measured */
#define JITTER_BINS 80                  /* ... and up to where: 400 ms, beyond which nobody can converse */
#define JITTER_SHARE_MIN 1e-5F          /* in all bins less than a tenth of JITTER_LATE: a packet of a minute ago */
#define JITTER_MEMORY 512               /* packets that it remembers: 10 s */
#define JITTER_FIRST_MS 40              /* held at the beginning, */
#define JITTER_FIRST_PACKETS 50         /* ... for a second */
#define JITTER_SPAN_US (5 * SECOND_US)  /* the fastest way is that of the last 5 to 10 s: clocks drift, ways change */
#define JITTER_JUMP_US (2 * SECOND_US)  /* a way that much longer or shorter: the sender's clock jumped */
#define JITTER_PAUSE_US (500 * MS_US)   /* nobody speaks: Opus tells of silence every 400 ms */
#define JITTER_PIECE_US (20 * MS_US)    /* made up at a time */
#define JITTER_SLACK_US (10 * MS_US)    /* between what is held and what should be */
#define JITTER_SURPLUS_US (100 * MS_US) /* more is left out at once, quiet or not */
#define JITTER_STEADY_MIN 4             /* answers between two changes of the delay, so that no word is lost to them */
#define JITTER_STEADY_MAX 100           /* ... and after 2 s even where it is loud */

/* A check of a browser is 100 to 150 bytes; RFC 8489 §6.1 wants no more than a small datagram. */
#define STUN_BYTES_MAX 1200
#define STUN_USERNAME_MAX 513 /* RFC 8839 §5.4: two names of at most 256 characters, and a colon */
