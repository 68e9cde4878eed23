/* acme/key.c - keys as PEM, and the request for a certificate */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme/jws.h"
#include "base/writer.h"
#include "crypto/crypto.h"

EVP_PKEY *acme_key_make(void)
{
	return EVP_EC_gen("P-256");
}

EVP_PKEY *acme_key_parse(struct slice pem)
{
	char group[32];
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	ERR_clear_error();
	if (key &&
	    (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 || strcmp(group, "prime256v1") != 0)) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

char *acme_key_pem(EVP_PKEY *key)
{
	char *bytes = NULL, *text = NULL;
	BIO *bio = BIO_new(BIO_s_secmem());
	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) {
		long n = BIO_get_mem_data(bio, &bytes);
		text = slice_dup(slice_of(bytes, (size_t)n));
	}
	BIO_free(bio);
	return text;
}

char *acme_key_pem_free(char *pem)
{
	if (pem)
		crypto_wipe(pem, strlen(pem));
	free(pem);
	return NULL;
}

/* As a value, not as a text with a syntax of its own. */
static bool add_name(X509_REQ *request, const char *name)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	bool ok = names && one && text && ASN1_STRING_set(text, name, -1) == 1;
	if (ok) {
		GENERAL_NAME_set0_value(one, GEN_DNS, text);
		text = NULL;
		ok = sk_GENERAL_NAME_push(names, one) > 0;
		one = ok ? NULL : one;
	}
	ok = ok && X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
	     X509_REQ_add_extensions(request, extensions) == 1;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ASN1_IA5STRING_free(text);
	GENERAL_NAME_free(one);
	GENERAL_NAMES_free(names);
	return ok;
}

char *acme_csr_write(EVP_PKEY *key, const char *name)
{
	unsigned char *der = NULL;
	char *text = NULL;
	X509_REQ *request = X509_REQ_new();
	bool ok = request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
		  X509_REQ_set_pubkey(request, key) == 1 && add_name(request, name) &&
		  X509_REQ_sign(request, key, EVP_sha256()) > 0;
	int n = ok ? i2d_X509_REQ(request, &der) : 0;
	if (n > 0 && (text = malloc((size_t)n / 3 * 4 + 8)) != NULL) {
		struct writer w = writer_on(text, (size_t)n / 3 * 4 + 7);
		write_base64url(&w, der, (size_t)n);
		text[w.n] = 0;
	}
	OPENSSL_free(der);
	X509_REQ_free(request);
	ERR_clear_error();
	return text;
}
