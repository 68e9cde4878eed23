/* rtp/limits.h - limits on what strangers send to this room; RTP_PACKET_MAX and REPLAY_WINDOW stand with their code */
#pragma once

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
