/*
 * acme/jws.h - requests signed with the account's key: JWS with ES256.   RFC 7515, 7518 §3.4, 7638; 8555 §6.2
 *
 * No I/O, any thread. A key is P-256.
 */
#pragma once
#include "base/slice.h"

typedef struct evp_pkey_st EVP_PKEY;

EVP_PKEY *acme_key_make(void);              /* NULL: out of memory */
EVP_PKEY *acme_key_parse(struct slice pem); /* NULL: no P-256 key in it */
MUST_USE char *acme_key_pem(EVP_PKEY *key); /* on the heap, to be wiped; NULL: out of memory */
char *acme_key_pem_free(char *pem);         /* wipes it; NULL is fine */
#define ACME_THUMBPRINT_CAP 44
/* RFC 7638: which key it is. False: out of memory. */
MUST_USE bool acme_key_thumbprint(EVP_PKEY *key, char ret[ACME_THUMBPRINT_CAP]);

struct acme_signed {
	const char *url, *nonce;
	const char *kid;      /* our account's URL; empty: the key itself is sent, as for a new account */
	struct slice payload; /* JSON; empty: POST-as-GET (RFC 8555 §6.3) */
};
/* The body of the request, flattened JSON (RFC 7515 §7.2.2), on the heap. NULL: out of memory. */
MUST_USE char *acme_jws_write(EVP_PKEY *key, const struct acme_signed *what);
/* A signing request for a certificate of this name (RFC 2986), DER as base64url, on the heap. NULL: out of memory. */
MUST_USE char *acme_csr_write(EVP_PKEY *key, const char *name);
