/*
 * rtp/stun.h - STUN messages of the Binding method as ICE uses them, read and written.   RFC 8489, RFC 8445 §16.1
 *
 * What ICE needs and no more: short-term credentials with HMAC-SHA1, no long-term ones, no other servers.
 */
#pragma once
#include "base/address.h"
#include "crypto/hmac_sha1.h"

#define STUN_HEADER_BYTES 20
#define STUN_TRANSACTION_BYTES 12
#define STUN_BINDING 0x001
#define STUN_UNKNOWN_MAX 8 /* types named in a 420; nobody sends more that must be understood */

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR }; /* by their bits, RFC 8489 §5 */
enum stun_role { STUN_NO_ROLE, STUN_CONTROLLING, STUN_CONTROLLED };

/* Read and written by the same struct. Slices point into what was read. */
struct stun_message {
	enum stun_class class;
	uint16_t method;
	uint8_t transaction[STUN_TRANSACTION_BYTES];
	struct slice username; /* empty: none */
	bool has_priority, use_candidate;
	uint32_t priority;
	enum stun_role role;
	uint64_t tie_breaker;  /* with a role */
	struct address mapped; /* XOR-MAPPED-ADDRESS; port 0: none */
	uint16_t error;        /* 300 to 699; 0: none */
	/* Read: attributes that must be understood and are not. Written, with error 420: what is said of them. */
	uint16_t unknown[STUN_UNKNOWN_MAX];
	uint8_t unknown_count;
	uint16_t integrity_at; /* read: where MESSAGE-INTEGRITY begins; 0: there is none */
};

/* RFC 7983 §7: of what comes on a port that carries several protocols, is this STUN? */
bool stun_is(const uint8_t *p, size_t n);
/*
 * Read a whole datagram. Of an attribute that comes twice the first counts, and of those behind MESSAGE-INTEGRITY only
 * FINGERPRINT (RFC 8489 §14.5). False: not STUN, lengths that do not add up, a known attribute of a wrong size, a wrong
 * FINGERPRINT or one that is not last; *ret is untouched. O(n).
 */
MUST_USE bool stun_parse(const uint8_t *p, size_t n, struct stun_message *ret);
/* Was it made with this key? m was read from these bytes. False also without MESSAGE-INTEGRITY. */
MUST_USE bool stun_authentic(const uint8_t *p, const struct stun_message *m, const struct hmac_sha1 *key);
/* Write a message with FINGERPRINT, and with MESSAGE-INTEGRITY if key is not NULL. Its length; 0: more than cap. */
MUST_USE size_t stun_write(const struct stun_message *m, const struct hmac_sha1 *key, uint8_t *ret, size_t cap);
