/* unit/acme/authority.h - what an authority says: documents of RFC 8555 §7, and the certificate for a signing request
 */
#pragma once
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/writer.h"
#include "support/test.h"

#define CA "https://ca.example/"
#define CA_DIRECTORY "{\"newNonce\":\"" CA "nonce\",\"newAccount\":\"" CA "account\",\"newOrder\":\"" CA "order\"}"
#define CA_ORDER                                                                                                       \
	"{\"status\":\"valid\",\"authorizations\":[\"" CA "authz\"],\"finalize\":\"" CA                                \
	"finalize\",\"certificate\":\"" CA "cert\"}"

static inline X509_REQ *authority_csr_of(struct slice jws)
{
	uint8_t bytes[4096], der[2048];
	size_t n, der_n;
	json_t *body = json_loadb(jws.p, jws.n, 0, NULL);
	ASSERT(base64url_decode(slice_from_string(json_string_value(json_object_get(body, "payload"))), bytes,
				sizeof(bytes), &n));
	json_t *payload = json_loadb((const char *)bytes, n, 0, NULL);
	ASSERT(base64url_decode(slice_from_string(json_string_value(json_object_get(payload, "csr"))), der, sizeof(der),
				&der_n));
	json_decref(payload);
	json_decref(body);
	const unsigned char *at = der;
	X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der_n);
	ASSERT(csr);
	return csr;
}

/* For the key in the request (the body of finalize), for this host, from now on for so long; PEM, to be freed. */
static inline char *authority_sign(struct slice jws, const char *host, int64_t now_us, int64_t life_us)
{
	char name[300], *text;
	X509_REQ *csr = authority_csr_of(jws);
	EVP_PKEY *authority = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	ASSERT(X509_set_version(x, X509_VERSION_3) && X509_set_pubkey(x, X509_REQ_get0_pubkey(csr)));
	ASSERT(ASN1_TIME_set(X509_getm_notBefore(x), now_us / SECOND_US) &&
	       ASN1_TIME_set(X509_getm_notAfter(x), (now_us + life_us) / SECOND_US));
	X509_NAME *issuer = X509_NAME_new();
	ASSERT(X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, (const unsigned char *)"Authority", -1, -1, 0));
	ASSERT(X509_set_issuer_name(x, issuer));
	X509_NAME_free(issuer);
	snprintf(name, sizeof(name), "DNS:%s", host);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name);
	ASSERT(e && X509_add_ext(x, e, -1) && X509_sign(x, authority, EVP_sha256()));
	X509_EXTENSION_free(e);
	BIO *bio = BIO_new(BIO_s_mem());
	ASSERT(PEM_write_bio_X509(bio, x));
	long n = BIO_get_mem_data(bio, &text);
	char *pem = calloc(1, (size_t)n + 1); /* not strndup: nothing ends what the BIO has */
	ASSERT(pem);
	memcpy(pem, text, (size_t)n);
	BIO_free(bio);
	X509_free(x);
	X509_REQ_free(csr);
	EVP_PKEY_free(authority);
	return pem;
}
