/* sdp/limits.h - limits on numbers in descriptions; those on counts and sizes stand in sdp.h, beside their arrays */
#pragma once

#define SDP_RATE_MAX 1000000         /* Hz; the fastest registered clock is 192000 */
#define SDP_CHANNELS_MAX 255         /* fits its field; registered formats have at most 8 */
#define SDP_PACKET_TIME_MAX 1000     /* ms of voice in a packet; registered defaults are 10 to 200 */
#define SDP_CRYPTO_TAG_MAX 999999999 /* RFC 4568 §9.1: 1 to 9 digits */
#define SDP_ORIGIN_DIGITS_MAX 40     /* of a session id or version: beyond 64 bits only the low ones are kept */
#define SDP_UFRAG_MIN 4              /* RFC 8839 §5.4 */
#define SDP_PWD_MIN 22
#define SDP_ICE_WORD_MAX 256 /* of both */
#define SDP_MID_MAX 64       /* browsers write one or two digits */
