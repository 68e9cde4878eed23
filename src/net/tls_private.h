/* net/tls_private.h - what net/stream.c needs of TLS contexts */
#pragma once
#include <openssl/ssl.h>

#include "net/tls.h"

/* The context that server connections are made from; SSL_new() takes its own reference. */
SSL_CTX *tls_identity_context(const struct tls_identity *i);
/* Versions, ciphers and memory use that both ends of ours share. NULL: out of memory. */
SSL_CTX *tls_context_new(const SSL_METHOD *method);
/*
 * A context that verifies servers against the system's authorities (SSL_CERT_FILE, SSL_CERT_DIR), and those in a file
 * of our own (NULL: none). NULL: *reterr.
 */
SSL_CTX *tls_client_context_new(const char *authorities_path, struct tls_reason *reterr);

/* net/self_signed.c: make the pair in memory; -ENOMEM. */
MUST_USE int self_signed_make(int64_t wall_us, EVP_PKEY **ret_key, X509 **ret_certificate);
/* Write both as PEM files, atomically each and the key first. */
MUST_USE int self_signed_write(const char *key_path, const char *certificate_path, EVP_PKEY *key, X509 *certificate);
