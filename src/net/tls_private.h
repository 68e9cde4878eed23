/* net/tls_private.h - what net shares of identities and TLS contexts */
#pragma once
#include <openssl/ssl.h>

#include "net/tls.h"

/* A host name in presentation form (RFC 1035 §3.1); a longer one is nobody's. */
#define TLS_NAME_MAX 253

/* Versions, ciphers and memory use that both ends of ours share. NULL: out of memory. */
SSL_CTX *tls_context_new(const SSL_METHOD *method);
/* The same for a context that somebody else has made. False: out of memory. */
MUST_USE bool tls_context_set_up(SSL_CTX *c);
/* In a handshake: this is what the client is shown. The connection takes references of its own. */
MUST_USE bool tls_identity_show(const struct tls_identity *i, SSL *ssl);
/* The context that server connections are made from; SSL_new() takes its own reference. */
struct tls_certificates;
SSL_CTX *tls_certificates_context(const struct tls_certificates *c);
/*
 * A context that verifies servers against the system's authorities (SSL_CERT_FILE, SSL_CERT_DIR), and those in a file
 * of our own (NULL: none). NULL: *reterr.
 */
SSL_CTX *tls_client_context_new(const char *authorities_path, struct tls_reason *reterr);
enum tls_distrust tls_distrust(const SSL *ssl);

/* net/self_signed.c: make the pair in memory; -ENOMEM. */
MUST_USE int self_signed_make(int64_t wall_us, EVP_PKEY **ret_key, X509 **ret_certificate);
/* Write both as PEM files, atomically each and the key first. */
MUST_USE int self_signed_write(const char *key_path, const char *certificate_path, EVP_PKEY *key, X509 *certificate);
