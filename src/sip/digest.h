/*
 * sip/digest.h - digest authentication of requests.   RFC 7616, RFC 8760
 *
 * One challenge an answer. Nonces are stateless until their first success (time and MAC in the nonce itself); from
 * then on the highest nonce count seen is kept in a bounded table, so that none can be replayed. A client without qop
 * gets each nonce once.
 */
#pragma once
#include "base/address.h"
#include "base/map.h"
#include "base/random.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "sip/message.h"

enum sip_digest_algorithm { SIP_DIGEST_MD5, SIP_DIGEST_SHA256 };
struct slice sip_digest_algorithm_name(enum sip_digest_algorithm a); /* "MD5", "SHA-256" */

/* An Authorization field; quotes are off, escapes kept (sip_unquote() of fields.h before a user is looked up). */
struct sip_credentials {
	struct slice username, realm, nonce, uri, response, cnonce, opaque, qop;
	enum sip_digest_algorithm algorithm;
	bool algorithm_known; /* true also when none was given: that means MD5 */
	uint32_t nonce_count; /* 0: not given */
};
/* Refuses what is no Digest, is malformed, or says anything twice; what is only missing is for the check. */
MUST_USE enum sip_parse sip_credentials_parse(struct slice value, struct sip_credentials *ret,
					      struct sip_reason *reterr);

#define SIP_HA1_BYTES 32 /* room for SHA-256; MD5 uses the first 16 */
/* H(username:realm:password), binary. */
void sip_digest_ha1(struct crypto_hasher *h, enum sip_digest_algorithm a, struct slice username, struct slice realm,
		    struct slice password, uint8_t ret[SIP_HA1_BYTES]);
/* The response value a client sends (generators, tests, outgoing authentication later). qop empty: RFC 2069 form. ret
 * is lower-case hex; returns its length. */
size_t sip_digest_response(struct crypto_hasher *h, enum sip_digest_algorithm a, const uint8_t ha1[SIP_HA1_BYTES],
			   struct slice method, struct slice uri, struct slice nonce, struct slice cnonce,
			   uint32_t nonce_count, struct slice qop, char ret[64]);

struct sip_nonces; /* the server's side: key, lifetime and the table of used nonces. One thread. */
/*
 * lifetime_us: how long a nonce may be used after it was issued; table_max: nonces in use at once, the first that came
 * yield. random is borrowed. NULL: out of memory.
 */
MUST_USE struct sip_nonces *sip_nonces_new(struct random *random, int64_t lifetime_us, size_t table_max);
struct sip_nonces *sip_nonces_free(struct sip_nonces *n);

/* Write the value of WWW-Authenticate: realm, a fresh nonce for the host `to`, one algorithm, qop="auth", stale when
 * so. */
void sip_write_challenge(struct writer *w, struct sip_nonces *n, struct slice realm, enum sip_digest_algorithm a,
			 bool stale, const struct address *to, int64_t now_us);
/*
 * Is this a nonce of ours, still good, that was sent to this very host? Then the host has received it: who forges the
 * source of datagrams does not see what is sent there. Says nothing of the credentials. Any port.
 */
MUST_USE bool sip_nonce_returned_by(const struct sip_nonces *n, struct slice nonce, const struct address *from,
				    int64_t now_us);

enum sip_digest_verdict {
	SIP_DIGEST_OK,
	SIP_DIGEST_WRONG,      /* wrong password or unknown user: challenge again, or count towards a refusal */
	SIP_DIGEST_STALE,      /* right, but the nonce is old, used up or not ours: challenge with stale=true */
	SIP_DIGEST_UNSUPPORTED /* auth-int, another algorithm than asked for, missing fields: 400 with a reason */
};
/*
 * Check credentials against a stored HA1. Takes the same time for a user that does not exist: pass ha1 of a made-up one
 * and known=false. Constant-time comparison. Marks the nonce used on success. Whether the credentials' `uri` fits
 * the request is the caller's to ask.
 */
MUST_USE enum sip_digest_verdict sip_digest_check(struct sip_nonces *n, struct crypto_hasher *h,
						  const struct sip_credentials *c, struct slice method,
						  struct slice realm, enum sip_digest_algorithm want,
						  const uint8_t ha1[SIP_HA1_BYTES], bool known, int64_t now_us);
