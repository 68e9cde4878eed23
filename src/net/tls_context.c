/* net/tls_context.c - versions, ciphers and memory use of every TLS context */
#include "net/tls_private.h"

/*
 * Forward secrecy and AEAD alone. ECDSA stands first; a server with an RSA certificate uses the RSA names. TLS 1.3 has
 * no others than OpenSSL's own list.
 */
#define CIPHERS_12                                                                                                     \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"                   \
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384"

bool tls_context_set_up(SSL_CTX *c)
{
	int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Tickets need no memory of ours; a cache of sessions would be one more thing that strangers fill. */
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
				       SSL_OP_PRIORITIZE_CHACHA);
	/* 112 bits: RSA from 2048, and P-256; said here because a system's openssl.cnf may say something else. */
	SSL_CTX_set_security_level(c, 2);
	/* Certificate chains of phones and operators: far above what is seen, far below OpenSSL's 100 KiB. */
	SSL_CTX_set_max_cert_list(c, 32768);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) && SSL_CTX_set_cipher_list(c, CIPHERS_12) &&
	       SSL_CTX_set1_groups(c, groups, ARRAY_LEN(groups));
}

SSL_CTX *tls_context_new(const SSL_METHOD *method)
{
	SSL_CTX *c = SSL_CTX_new(method);
	if (c && tls_context_set_up(c))
		return c;
	SSL_CTX_free(c);
	return NULL;
}
