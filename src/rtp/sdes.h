/*
 * rtp/sdes.h - SRTP keys as a=crypto carries them.   RFC 4568
 *
 * Takes the pieces of the line as texts; cutting the line up is the sdp room's.
 */
#pragma once
#include "base/writer.h"
#include "rtp/limits.h"
#include "rtp/srtp.h"

#define SDES_KEY_TEXT_MAX 64 /* base64 of SRTP_KEY_MAX bytes, no NUL */

struct sdes {
	struct slice suite;
	struct slice key;            /* base64 of key and salt */
	struct slice lifetime;       /* "2^48", "1048576" or empty */
	struct slice mki;            /* empty if not given */
	struct slice session_params; /* empty if not given */
};
/*
 * False, *ret untouched: a suite that is not ours, a key of another length, or what we do not do: an MKI, a lifetime
 * below SDES_LIFETIME_MIN, session parameters other than WSH (a hint) and those marked optional by a '-'.
 */
MUST_USE bool sdes_parse(const struct sdes *line, struct srtp_key *ret);
/* A key of these random bytes. */
void sdes_make(enum srtp_suite suite, const uint8_t random[SRTP_KEY_MAX], struct srtp_key *ret);
/* Append the base64 of key and salt. */
void sdes_write_key(struct writer *w, const struct srtp_key *key);
