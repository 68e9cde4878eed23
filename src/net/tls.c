/* net/tls.c - reading a certificate and its key, and saying in a sentence why they will not do */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "net/tls_private.h"

struct tls_identity {
	X509 *certificate;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* what follows the certificate; NULL: nothing */
	char fingerprint[TLS_FINGERPRINT_CAP];
	int64_t begins_us, expires_us;
	bool self_signed;
};

static int refuse_as(struct tls_reason *reterr, int rc)
{
	char text[WARNING_TEXT_CAP];
	/* What OpenSSL has queued was for this one failure; the next must not find it. */
	ERR_clear_error();
	snprintf(reterr->text, sizeof(reterr->text), "%.1023s", warning_text(&reterr->warning, text));
	return rc;
}

static int refuse(struct tls_reason *reterr, int rc, const char *path, enum warning_kind kind)
{
	warning_set_with(&reterr->warning, kind, "%s", path);
	return refuse_as(reterr, rc);
}

/* In the system's words. */
static int refuse_file(struct tls_reason *reterr, int rc, const char *path)
{
	warning_set_with(&reterr->warning, WARNING_FILE, "%.511s\t%s", path, strerror(-rc));
	return refuse_as(reterr, rc);
}

static int open_pem(const char *path, BIO **ret, struct tls_reason *reterr)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return refuse_file(reterr, -errno, path);
	BIO *bio = BIO_new_fp(f, BIO_CLOSE);
	if (!bio) {
		(void)fclose(f);
		return refuse_file(reterr, -ENOMEM, path);
	}
	*ret = bio;
	return 0;
}

/* A key with a passphrase is refused: nobody is there to type it. */
static int no_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	return -1;
}

/* path: what is named where it will not do. */
static int read_certificates(SSL_CTX *c, BIO *from, const char *path, struct tls_reason *reterr)
{
	int rc = 0;
	X509 *certificate = PEM_read_bio_X509_AUX(from, NULL, no_passphrase, NULL);
	if (!certificate) {
		rc = refuse(reterr, -EINVAL, path, WARNING_NO_CERTIFICATE);
		goto out;
	}
	if (SSL_CTX_use_certificate(c, certificate) != 1) {
		rc = refuse(reterr, -EINVAL, path, WARNING_CERTIFICATE_WEAK);
		goto out;
	}
	for (X509 *next; (next = PEM_read_bio_X509(from, NULL, no_passphrase, NULL)) != NULL;) {
		if (SSL_CTX_add0_chain_cert(c, next) != 1) {
			X509_free(next);
			rc = refuse(reterr, -EINVAL, path, WARNING_CHAIN_UNUSABLE);
			goto out;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		rc = refuse(reterr, -EINVAL, path, WARNING_CHAIN_DAMAGED);
		goto out;
	}
	ERR_clear_error();
out:
	X509_free(certificate);
	return rc;
}

static int read_key(SSL_CTX *c, BIO *from, const char *path, const char *certificate_path, struct tls_reason *reterr)
{
	int rc = 0;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, no_passphrase, NULL);
	if (!key)
		return refuse(reterr, -EINVAL, path, WARNING_NO_KEY);
	X509 *certificate = SSL_CTX_get0_certificate(c);
	if (X509_check_private_key(certificate, key) != 1) {
		warning_set_with(&reterr->warning, WARNING_KEY_FOREIGN, "%s\t%s", path, certificate_path);
		rc = refuse_as(reterr, -EINVAL);
	} else if (SSL_CTX_use_PrivateKey(c, key) != 1) {
		rc = refuse(reterr, -EINVAL, path, WARNING_KEY_UNUSABLE);
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

/* From a context, which has checked each of them, to the identity. */
static bool keep(struct tls_identity *i, SSL_CTX *c)
{
	STACK_OF(X509) *chain = NULL;
	(void)SSL_CTX_get0_chain_certs(c, &chain);
	i->chain = chain ? X509_chain_up_ref(chain) : NULL;
	i->certificate = SSL_CTX_get0_certificate(c);
	i->key = SSL_CTX_get0_privatekey(c);
	return X509_up_ref(i->certificate) && EVP_PKEY_up_ref(i->key) && (!chain || i->chain);
}

static int identity_read(BIO *certificates, BIO *key, const char *certificate_path, const char *key_path,
			 struct tls_identity **ret, struct tls_reason *reterr)
{
	ERR_clear_error();
	struct tls_identity *i = calloc(1, sizeof(*i));
	SSL_CTX *c = tls_context_new(TLS_server_method());
	int rc = i && c ? 0 : refuse_file(reterr, -ENOMEM, certificate_path);
	if (rc == 0)
		rc = read_certificates(c, certificates, certificate_path, reterr);
	if (rc == 0)
		rc = read_key(c, key, key_path, certificate_path, reterr);
	if (rc == 0 && !keep(i, c))
		rc = refuse_file(reterr, -ENOMEM, certificate_path);
	SSL_CTX_free(c);
	if (rc < 0) {
		tls_identity_free(i);
		return rc;
	}
	describe(i, i->certificate);
	*ret = i;
	return 0;
}

int tls_identity_load(const char *certificate_path, const char *key_path, struct tls_identity **ret,
		      struct tls_reason *reterr)
{
	BIO *certificates = NULL, *key = NULL;
	int rc = open_pem(certificate_path, &certificates, reterr);
	if (rc == 0)
		rc = open_pem(key_path, &key, reterr);
	if (rc == 0)
		rc = identity_read(certificates, key, certificate_path, key_path, ret, reterr);
	BIO_free(certificates);
	BIO_free(key);
	return rc;
}

int tls_identity_parse(const char *name, struct slice pem, struct tls_identity **ret, struct tls_reason *reterr)
{
	BIO *certificates = BIO_new_mem_buf(pem.p, (int)pem.n), *key = BIO_new_mem_buf(pem.p, (int)pem.n);
	int rc = certificates && key ? identity_read(certificates, key, name, name, ret, reterr)
				     : refuse_file(reterr, -ENOMEM, name);
	BIO_free(certificates);
	BIO_free(key);
	return rc;
}

static int make_pair(const char *key_path, const char *certificate_path, int64_t wall_us, struct tls_reason *reterr)
{
	EVP_PKEY *key = NULL;
	X509 *certificate = NULL;

	int rc = self_signed_make(wall_us, &key, &certificate);
	if (rc < 0)
		return refuse(reterr, rc, certificate_path, WARNING_CERTIFICATE_NOT_MADE);
	rc = self_signed_write(key_path, certificate_path, key, certificate);
	if (rc < 0)
		rc = refuse_file(reterr, rc, certificate_path);
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
		return refuse_file(reterr, -ENAMETOOLONG, directory);
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return refuse_file(reterr, -errno, directory);
	/* The certificate is written last: where it stands the pair is whole. */
	if (stat(certificate_path, &st) < 0) {
		int rc = -errno;
		if (rc != -ENOENT)
			return refuse_file(reterr, rc, certificate_path);
		rc = make_pair(key_path, certificate_path, wall_us, reterr);
		if (rc < 0)
			return rc;
	}
	return tls_identity_load(certificate_path, key_path, ret, reterr);
}

struct tls_identity *tls_identity_free(struct tls_identity *i)
{
	if (i) {
		X509_free(i->certificate);
		EVP_PKEY_free(i->key);
		sk_X509_pop_free(i->chain, X509_free);
		free(i);
	}
	return NULL;
}

int tls_identity_lend(const struct tls_identity *i, struct ssl_ctx_st *context)
{
	bool lent = SSL_CTX_use_certificate(context, i->certificate) == 1 &&
		    SSL_CTX_use_PrivateKey(context, i->key) == 1;
	return lent ? 0 : -ENOMEM;
}

bool tls_identity_show(const struct tls_identity *i, SSL *ssl)
{
	return SSL_use_cert_and_key(ssl, i->certificate, i->key, i->chain, 1) == 1;
}

bool tls_identity_covers(const struct tls_identity *i, struct slice name)
{
	return name.n &&
	       X509_check_host(i->certificate, name.p, name.n, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

void tls_identity_issuer(const struct tls_identity *i, char ret[TLS_ISSUER_CAP])
{
	X509_NAME *name = X509_get_issuer_name(i->certificate);
	*ret = 0;
	if (X509_NAME_get_text_by_NID(name, NID_organizationName, ret, TLS_ISSUER_CAP) <= 0)
		(void)X509_NAME_get_text_by_NID(name, NID_commonName, ret, TLS_ISSUER_CAP);
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
