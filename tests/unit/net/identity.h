/* unit/net/identity.h - certificates for any names, made in memory */
#pragma once
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "support/test.h"

/*
 * A key and a certificate for these names ("DNS:a.example,DNS:*.b.example"), its issuer "Authority"; not self-signed:
 * by a key that is not its own.
 */
static inline void identity_write(const char *names, bool self_signed, BIO *to)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *authority = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	ASSERT(X509_set_version(x, X509_VERSION_3) && X509_set_pubkey(x, key));
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	ASSERT(X509_gmtime_adj(X509_getm_notBefore(x), -60) && X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	X509_NAME *issuer = X509_NAME_new();
	ASSERT(X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, (const unsigned char *)"Authority", -1, -1, 0));
	ASSERT(X509_set_issuer_name(x, issuer));
	if (self_signed)
		ASSERT(X509_set_subject_name(x, issuer));
	X509_NAME_free(issuer);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	ASSERT(e && X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
	ASSERT(X509_sign(x, self_signed ? key : authority, EVP_sha256()));
	ASSERT(PEM_write_bio_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) && PEM_write_bio_X509(to, x));
	X509_free(x);
	EVP_PKEY_free(key);
	EVP_PKEY_free(authority);
}

static inline struct tls_identity *identity_for(const char *names, bool self_signed)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct tls_identity *ret;
	struct tls_reason why;
	char *pem;
	identity_write(names, self_signed, bio);
	long n = BIO_get_mem_data(bio, &pem);
	ASSERT(tls_identity_parse("test", slice_of(pem, (size_t)n), &ret, &why) == 0);
	BIO_free(bio);
	return ret;
}
