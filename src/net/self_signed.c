/* net/self_signed.c - a P-256 certificate of our own, for who has none yet, and its files */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "net/file.h"
#include "net/tls_private.h"

#define DAY_SECONDS (24 * 3600)
#define VALID_DAYS 3650 /* phones are told its fingerprint by hand: it should not change under them */

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool ok = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

/* Letters, digits, '-' and '.' alone: a host name goes into a list with a syntax of its own. */
static bool plain_name(const char *name)
{
	return *name &&
	       strlen(name) == strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
}

static bool name_it(X509 *x)
{
	char host[256] = "", names[400];

	if (gethostname(host, sizeof(host) - 1) < 0 || !plain_name(host) || strlen(host) > 253)
		snprintf(host, sizeof(host), "localhost");
	snprintf(names, sizeof(names), "DNS:localhost,%s%s%sIP:127.0.0.1,IP:::1",
		 strcmp(host, "localhost") ? "DNS:" : "", strcmp(host, "localhost") ? host : "",
		 strcmp(host, "localhost") ? "," : "");

	X509_NAME *subject = X509_get_subject_name(x);
	/* A common name holds 64 characters at most (RFC 5280, ub-common-name); the whole name is among the others. */
	int n = (int)MIN(strlen(host), (size_t)64);
	return X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Alto", -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)host, n, -1, 0) == 1 &&
	       X509_set_issuer_name(x, subject) == 1 && add_extension(x, NID_subject_alt_name, names);
}

static bool date_it(X509 *x, int64_t wall_us)
{
	/* A day back, for phones whose clock is behind ours. */
	time_t from = (time_t)(wall_us / SECOND_US) - DAY_SECONDS;
	time_t to = from + (time_t)VALID_DAYS * DAY_SECONDS;

	return ASN1_TIME_set(X509_getm_notBefore(x), from) && ASN1_TIME_set(X509_getm_notAfter(x), to);
}

static bool number_it(X509 *x)
{
	unsigned char serial[16];

	if (RAND_bytes(serial, sizeof(serial)) != 1)
		return false;
	/* Positive, and of full length (RFC 5280 §4.1.2.2). */
	serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
	BIGNUM *number = BN_bin2bn(serial, sizeof(serial), NULL);
	bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
	BN_free(number);
	return ok;
}

int self_signed_make(int64_t wall_us, EVP_PKEY **ret_key, X509 **ret_certificate)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();

	if (!key || !x || X509_set_version(x, X509_VERSION_3) != 1 || !number_it(x) || !date_it(x, wall_us) ||
	    X509_set_pubkey(x, key) != 1 || !add_extension(x, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(x, NID_key_usage, "critical,digitalSignature") ||
	    !add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") || !name_it(x) ||
	    X509_sign(x, key, EVP_sha256()) == 0) {
		EVP_PKEY_free(key);
		X509_free(x);
		return -ENOMEM;
	}
	*ret_key = key;
	*ret_certificate = x;
	return 0;
}

static int write_file(const char *path, BIO *content)
{
	char *bytes;
	long n = BIO_get_mem_data(content, &bytes);
	return file_write_whole(path, slice_of(bytes, (size_t)n));
}

int self_signed_write(const char *key_path, const char *certificate_path, EVP_PKEY *key, X509 *certificate)
{
	/* Of the kind that wipes its memory. */
	BIO *key_pem = BIO_new(BIO_s_secmem()), *certificate_pem = BIO_new(BIO_s_mem());
	int rc = -ENOMEM;

	if (key_pem && certificate_pem && PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) &&
	    PEM_write_bio_X509(certificate_pem, certificate)) {
		rc = write_file(key_path, key_pem);
		if (rc == 0)
			rc = write_file(certificate_path, certificate_pem);
	}
	BIO_free(key_pem);
	BIO_free(certificate_pem);
	return rc;
}
