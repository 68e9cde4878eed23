/*
 * rtp/ice.h - ICE as an agent that only answers ("lite"): its credentials, and what comes of a check.   RFC 8445
 *
 * Alto has addresses that a browser can send to, so it never asks: the browser checks, chooses and keeps alive (§2.5).
 * Which pair of addresses was nominated is kept by `media`, which has the sockets. A new pair of name and password on
 * either side is a restart (§9).
 *
 * DEVIATION: a peer that only answers too gets no voice: somebody must check (§6.1.1 would have the two trust their
 * descriptions, which is how voice is sent to people who never asked for it).
 */
#pragma once
#include "rtp/stun.h"

#define ICE_UFRAG_CHARS 8   /* 48 random bits; §5.3 wants 24 */
#define ICE_PWD_CHARS 24    /* 144; §5.3 wants 128 */
#define ICE_RANDOM_BYTES 24 /* that both are made of */
/* RFC 7675 §5.1: so long after the last check that was authentic nothing is sent any more. */
#define ICE_CONSENT_US (30 * SECOND_US)
#define ICE_ANSWER_MAX 96 /* a success with an IPv6 address is 76 bytes, the longest refusal 84 */

struct ice_credentials { /* of ours, without NUL */
	char ufrag[ICE_UFRAG_CHARS], pwd[ICE_PWD_CHARS];
};
void ice_credentials_make(const uint8_t random[ICE_RANDOM_BYTES], struct ice_credentials *ret);

struct ice {
	struct ice_credentials local;
	struct hmac_sha1 key; /* of local.pwd */
};
void ice_init(struct ice *ice, const struct ice_credentials *local);

/* Whom does this check ask? The first half of its USERNAME, which is a ufrag of ours (§7.3); empty: nobody. */
struct slice ice_addressee(const struct stun_message *check);

enum ice_result {
	ICE_REFUSED,
	ICE_CHECKED,  /* authentic: whoever sent it may be sent to */
	ICE_NOMINATED /* and the pair that it came by is the one to use */
};
/*
 * Answer a check. agent: NULL if nobody here has that name. p: the bytes that `check` was read from; from: whence they
 * came. *ret_n: bytes of the answer, to be sent back the same way; 0: none, for what asks no answer and for strangers
 * who would get more than they sent.
 */
MUST_USE enum ice_result ice_answer(const struct ice *agent, const uint8_t *p, size_t n,
				    const struct stun_message *check, const struct address *from,
				    uint8_t ret[ICE_ANSWER_MAX], size_t *ret_n);
