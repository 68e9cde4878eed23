/* net/tls.c - reading a certificate and its key, and saying in a sentence why they will not do */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "net/tls_private.h"

struct tls_identity {
	SSL_CTX *context;
	char fingerprint[TLS_FINGERPRINT_CAP];
	int64_t begins_us, expires_us;
	bool self_signed;
};

/*
 * Forward secrecy and AEAD alone. ECDSA stands first; a server with an RSA certificate uses the RSA names. TLS 1.3 has
 * no others than OpenSSL's own list.
 */
#define CIPHERS_12                                                                                                     \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"                   \
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384"

/* False: out of memory. */
static bool set_up(SSL_CTX *c)
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
	if (c && set_up(c))
		return c;
	SSL_CTX_free(c);
	return NULL;
}

static int give_certificate(SSL *ssl, void *arg)
{
	const struct tls_identity *const *at = arg;
	SSL_CTX *from = (*at)->context;
	STACK_OF(X509) *chain = NULL;
	(void)SSL_CTX_get0_chain_certs(from, &chain);
	return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(from), SSL_CTX_get0_privatekey(from), chain, 1);
}

int tls_serve_identity(void *context, const struct tls_identity *const *at)
{
	SSL_CTX *c = context;
	if (!set_up(c))
		return -ENOMEM;
	SSL_CTX_set_num_tickets(c, 1);
	SSL_CTX_set_cert_cb(c, give_certificate, (void *)(uintptr_t)at);
	return 0;
}

SSL_CTX *tls_identity_context(const struct tls_identity *i)
{
	return i->context;
}

static int refuse(struct tls_reason *reterr, int rc, const char *path, const char *what)
{
	/* What OpenSSL has queued was for this one failure; the next must not find it. */
	ERR_clear_error();
	snprintf(reterr->text, sizeof(reterr->text), "%.511s: %.500s", path, what);
	return rc;
}

static int open_pem(const char *path, FILE **ret, struct tls_reason *reterr)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		int rc = -errno;
		return refuse(reterr, rc, path, strerror(-rc));
	}
	*ret = f;
	return 0;
}

/* A key with a passphrase is refused: nobody is there to type it. */
static int no_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	return -1;
}

static int load_certificates(SSL_CTX *c, const char *path, X509 **ret, struct tls_reason *reterr)
{
	FILE *f = NULL;
	int rc = open_pem(path, &f, reterr);
	if (rc < 0)
		return rc;
	X509 *certificate = PEM_read_X509_AUX(f, NULL, no_passphrase, NULL);
	if (!certificate) {
		rc = refuse(reterr, -EINVAL, path, "no certificate in PEM form (-----BEGIN CERTIFICATE-----) found");
		goto out;
	}
	if (SSL_CTX_use_certificate(c, certificate) != 1) {
		rc = refuse(reterr, -EINVAL, path,
			    "the certificate's key is too weak or of a kind that cannot be used (RSA from 2048 bits, "
			    "P-256)");
		goto out;
	}
	for (X509 *next; (next = PEM_read_X509(f, NULL, no_passphrase, NULL)) != NULL;) {
		if (SSL_CTX_add0_chain_cert(c, next) != 1) {
			X509_free(next);
			rc = refuse(reterr, -EINVAL, path, "a certificate of its chain cannot be used");
			goto out;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		rc = refuse(reterr, -EINVAL, path, "a certificate of its chain is damaged");
		goto out;
	}
	ERR_clear_error();
	*ret = certificate;
	certificate = NULL;
out:
	X509_free(certificate);
	fclose(f);
	return rc;
}

static int load_key(SSL_CTX *c, const char *path, const char *certificate_path, struct tls_reason *reterr)
{
	FILE *f = NULL;
	int rc = open_pem(path, &f, reterr);
	if (rc < 0)
		return rc;
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	fclose(f);
	if (!key)
		return refuse(reterr, -EINVAL, path, "no private key in PEM form without a passphrase found");
	X509 *certificate = SSL_CTX_get0_certificate(c);
	if (X509_check_private_key(certificate, key) != 1) {
		char text[500];
		snprintf(text, sizeof(text), "this key does not belong to the certificate in %.400s", certificate_path);
		rc = refuse(reterr, -EINVAL, path, text);
	} else if (SSL_CTX_use_PrivateKey(c, key) != 1) {
		rc = refuse(reterr, -EINVAL, path, "the key cannot be used");
	}
	EVP_PKEY_free(key);
	return rc;
}

static void describe(struct tls_identity *i, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct tm begin = {0}, end = {0};

	int rc = X509_digest(certificate, EVP_sha256(), digest, &n);
	for (unsigned at = 0; rc == 1 && at < n; at++)
		snprintf(i->fingerprint + at * 3, 4, at + 1 < n ? "%02X:" : "%02X", digest[at]);
	if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &begin) == 1)
		i->begins_us = (int64_t)timegm(&begin) * SECOND_US;
	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1)
		i->expires_us = (int64_t)timegm(&end) * SECOND_US;
	/* By its own name and its own key; a company's authority may well be named like its server. */
	i->self_signed = X509_self_signed((X509 *)(uintptr_t)certificate, 0) == 1;
}

int tls_identity_load(const char *certificate_path, const char *key_path, struct tls_identity **ret,
		      struct tls_reason *reterr)
{
	X509 *certificate = NULL;

	ERR_clear_error();
	struct tls_identity *i = calloc(1, sizeof(*i));
	if (!i || !(i->context = tls_context_new(TLS_server_method()))) {
		tls_identity_free(i);
		return refuse(reterr, -ENOMEM, certificate_path, "out of memory");
	}
	/* One ticket a connection; the default of two doubles what every handshake sends. */
	SSL_CTX_set_num_tickets(i->context, 1);
	int rc = load_certificates(i->context, certificate_path, &certificate, reterr);
	if (rc == 0)
		rc = load_key(i->context, key_path, certificate_path, reterr);
	if (rc < 0) {
		X509_free(certificate);
		tls_identity_free(i);
		return rc;
	}
	describe(i, certificate);
	X509_free(certificate);
	*ret = i;
	return 0;
}

static int make_pair(const char *key_path, const char *certificate_path, int64_t wall_us, struct tls_reason *reterr)
{
	EVP_PKEY *key = NULL;
	X509 *certificate = NULL;

	int rc = self_signed_make(wall_us, &key, &certificate);
	if (rc < 0)
		return refuse(reterr, rc, certificate_path, "a self-signed certificate could not be made");
	rc = self_signed_write(key_path, certificate_path, key, certificate);
	if (rc < 0)
		rc = refuse(reterr, rc, certificate_path, strerror(-rc));
	EVP_PKEY_free(key);
	X509_free(certificate);
	return rc;
}

int tls_identity_self_signed(const char *directory, const char *name, int64_t wall_us, struct tls_identity **ret,
			     struct tls_reason *reterr)
{
	char key_path[512], certificate_path[512];
	struct stat st;

	int n = snprintf(key_path, sizeof(key_path), "%s/%s.key", directory, name);
	int m = snprintf(certificate_path, sizeof(certificate_path), "%s/%s.crt", directory, name);
	if (n < 0 || m < 0 || (size_t)MAX(n, m) >= sizeof(key_path))
		return refuse(reterr, -ENAMETOOLONG, directory, strerror(ENAMETOOLONG));
	if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
		int rc = -errno;
		return refuse(reterr, rc, directory, strerror(-rc));
	}
	/* The certificate is written last: where it stands the pair is whole. */
	if (stat(certificate_path, &st) < 0) {
		int rc = -errno;
		if (rc != -ENOENT)
			return refuse(reterr, rc, certificate_path, strerror(-rc));
		rc = make_pair(key_path, certificate_path, wall_us, reterr);
		if (rc < 0)
			return rc;
	}
	return tls_identity_load(certificate_path, key_path, ret, reterr);
}

struct tls_identity *tls_identity_free(struct tls_identity *i)
{
	if (i) {
		SSL_CTX_free(i->context);
		free(i);
	}
	return NULL;
}

int tls_identity_lend(const struct tls_identity *i, struct ssl_ctx_st *context)
{
	bool lent = SSL_CTX_use_certificate(context, SSL_CTX_get0_certificate(i->context)) == 1 &&
		    SSL_CTX_use_PrivateKey(context, SSL_CTX_get0_privatekey(i->context)) == 1;
	return lent ? 0 : -ENOMEM;
}

void tls_identity_fingerprint(const struct tls_identity *i, char ret[TLS_FINGERPRINT_CAP])
{
	memcpy(ret, i->fingerprint, TLS_FINGERPRINT_CAP);
}

int64_t tls_identity_begins_us(const struct tls_identity *i)
{
	return i->begins_us;
}

int64_t tls_identity_expires_us(const struct tls_identity *i)
{
	return i->expires_us;
}

bool tls_identity_is_self_signed(const struct tls_identity *i)
{
	return i->self_signed;
}

void tls_name(const struct ssl_st *ssl, char *ret, size_t cap)
{
	ret[0] = '\0';
	if (ssl && SSL_is_init_finished(ssl))
		snprintf(ret, cap, "%s %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}
