/* unit/net/peer_tls.h - an identity in a directory of its own, and a blocking TLS client */
#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "unit/net/peer.h"

#include "base/clock.h"
#include "net/certificates.h"
#include "net/tls.h"

struct test_identity {
	char directory[64], certificate[96], key[96];
	struct tls_identity *identity; /* in certificates */
	struct tls_certificates *certificates;
};

static inline void identity_make(struct test_identity *i)
{
	struct tls_reason reason;

	snprintf(i->directory, sizeof(i->directory), "/tmp/alto-test-XXXXXX");
	ASSERT(mkdtemp(i->directory) != NULL);
	snprintf(i->certificate, sizeof(i->certificate), "%s/self-signed.crt", i->directory);
	snprintf(i->key, sizeof(i->key), "%s/self-signed.key", i->directory);
	ASSERT(tls_identity_self_signed(i->directory, "self-signed", clock_wall_us(), &i->identity, &reason) == 0);
	ASSERT(tls_certificates_new(i->identity, &i->certificates) == 0);
}

/* Another pair, of which no file is left. */
static inline struct tls_identity *identity_another(void)
{
	struct test_identity i;
	struct tls_identity *ret;
	struct tls_reason reason;

	identity_make(&i);
	ASSERT(tls_identity_load(i.certificate, i.key, &ret, &reason) == 0);
	tls_certificates_free(i.certificates);
	unlink(i.certificate);
	unlink(i.key);
	rmdir(i.directory);
	return ret;
}

/* In place of what is in its certificates; takes next, NULL: its own from the files. */
static inline void identity_swap(struct test_identity *i, struct tls_identity *next)
{
	struct tls_reason reason;

	if (!next)
		ASSERT(tls_identity_load(i->certificate, i->key, &next, &reason) == 0);
	i->identity = next;
	tls_certificates_set_own(i->certificates, next);
}

static inline void identity_remove(struct test_identity *i)
{
	i->certificates = tls_certificates_free(i->certificates);
	i->identity = NULL;
	unlink(i->certificate);
	unlink(i->key);
	rmdir(i->directory);
}

/* version: TLS1_2_VERSION or another, the only one spoken. Verifies nothing. */
static inline SSL_CTX *peer_tls_context(int version)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());
	ASSERT(c != NULL);
	if (version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(c, 0);
	ASSERT(SSL_CTX_set_min_proto_version(c, version) && SSL_CTX_set_max_proto_version(c, version));
	return c;
}

/* A client on a connected socket; takes the context over. The handshake is not done yet. */
static inline SSL *peer_tls(SSL_CTX *context, int fd)
{
	SSL *ssl = SSL_new(context);
	SSL_CTX_free(context);
	ASSERT(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
	return ssl;
}

static inline void peer_tls_read(SSL *ssl, char *ret, size_t n)
{
	for (size_t at = 0; at < n;) {
		int got = SSL_read(ssl, ret + at, (int)(n - at));
		ASSERT(got > 0);
		at += (size_t)got;
	}
}

/* SHA-256 of the server's certificate, as TLS_FINGERPRINT_CAP describes it. */
static inline void peer_tls_fingerprint(const SSL *ssl, char ret[TLS_FINGERPRINT_CAP])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;
	X509 *x = SSL_get1_peer_certificate(ssl);

	ASSERT(x && X509_digest(x, EVP_sha256(), digest, &n) == 1 && n == 32);
	for (unsigned i = 0; i < n; i++)
		snprintf(ret + i * 3, 4, i + 1 < n ? "%02X:" : "%02X", digest[i]);
	X509_free(x);
}
