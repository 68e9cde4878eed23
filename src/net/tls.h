/*
 * net/tls.h - a certificate with its key.   TLS 1.2 and 1.3 only, ECDSA preferred
 *
 * An identity is immutable; one thread at a time. A connection takes what it needs of it in its handshake, so an
 * identity may be freed, or swapped for another, while connections that began with it live on.
 */
#pragma once
#include "base/warning.h"

struct tls_identity; /* swapped as a whole on reload: net/certificates.h */

#define TLS_FINGERPRINT_CAP 96 /* "AB:CD:...": SHA-256 */
struct tls_reason {
	char text[1024];        /* what failed and what to do, for the operator */
	struct warning warning; /* of an identity: the same by its kind */
};
/*
 * PEM files; the chain may follow the certificate. *reterr is set on every failure. -EINVAL: not PEM, not a pair, a key
 * below 112 bits of security (RSA below 2048 bits); -ENOENT, -EACCES ...: the file's own error.
 */
MUST_USE int tls_identity_load(const char *certificate_path, const char *key_path, struct tls_identity **ret,
			       struct tls_reason *reterr);
/* The same from memory, where the key may stand before or behind the certificates. name: for *reterr. */
MUST_USE int tls_identity_parse(const char *name, struct slice pem, struct tls_identity **ret,
				struct tls_reason *reterr);
/*
 * DATA/tls/NAME.{crt,key}: made once (P-256, 10 years, 0600, subject alternative names: localhost, host name,
 * 127.0.0.1, ::1), later loaded. directory (DATA/tls) is made if it is not there (0700); its parent must exist. Each
 * file is written to a temporary name, fsynced and renamed, the key first: a certificate never stands without its key.
 * A pair of which only the key is there (a crash between the two) is made anew.
 */
MUST_USE int tls_identity_self_signed(const char *directory, const char *name, int64_t wall_us,
				      struct tls_identity **ret, struct tls_reason *reterr);
struct tls_identity *tls_identity_free(struct tls_identity *i);
void tls_identity_fingerprint(const struct tls_identity *i, char ret[TLS_FINGERPRINT_CAP]);
int64_t tls_identity_begins_us(const struct tls_identity *i);  /* wall clock: valid from */
int64_t tls_identity_expires_us(const struct tls_identity *i); /* wall clock */
/* Its certificate and key in a context of another kind, such as DTLS. -ENOMEM. */
struct ssl_ctx_st;
MUST_USE int tls_identity_lend(const struct tls_identity *i, struct ssl_ctx_st *context);
bool tls_identity_is_self_signed(const struct tls_identity *i);
/* Is it for this host: by a DNS name of its own, or one whose first label is a wildcard (RFC 6125 §6.4)? */
bool tls_identity_covers(const struct tls_identity *i, struct slice name);
#define TLS_ISSUER_CAP 128
/* Who signed it: the organization, else the common name. May be empty, or no UTF-8. */
void tls_identity_issuer(const struct tls_identity *i, char ret[TLS_ISSUER_CAP]);

/* Why the certificate of a peer that we connected to is not believed (RFC 5922 §7). */
enum tls_distrust {
	TLS_BELIEVED, /* it is; or there is none yet */
	TLS_OTHER_NAME,
	TLS_EXPIRED,
	TLS_NOT_YET_VALID,
	TLS_UNKNOWN_AUTHORITY,
	TLS_DISTRUSTED /* for another reason */
};

/* How an SSL is protected, for people: "TLSv1.3 TLS_AES_256_GCM_SHA384", NUL-terminated; empty: NULL, or not yet. */
struct ssl_st;
void tls_name(const struct ssl_st *ssl, char *ret, size_t cap);
