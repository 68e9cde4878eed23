/* Tests of acme/jws.c and acme/key.c: what is signed is read and verified as RFC 7515 says, by OpenSSL. */
#include <errno.h>
#include <jansson.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "acme/jws.h"
#include "base/writer.h"
#include "support/failing.h"
#include "support/guard.h"
#include "support/test.h"

/* RFC 7515, A.3.1, as a PEM file. */
static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
			      "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
			      "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
			      "-----END PRIVATE KEY-----\n";
#define KEY_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define KEY_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

static EVP_PKEY *key;

static int set_up(void **state)
{
	key = acme_key_parse(slice_from_string(key_pem));
	return key ? 0 : -1;
}

static int tear_down(void **state)
{
	EVP_PKEY_free(key);
	return 0;
}

/* RFC 4648 §5 without padding, to bytes. */
static size_t decode(const char *text, unsigned char *ret, size_t cap)
{
	char plain[4096];
	size_t n = strlen(text), out;
	assert_true(n + 4 < sizeof(plain));
	for (size_t i = 0; i < n; i++) {
		assert_null(strchr("+/=", text[i]));
		plain[i] = text[i] == '-' ? '+' : (char)(text[i] == '_' ? '/' : text[i]);
	}
	while (n % 4)
		plain[n++] = '=';
	assert_true(base64_decode(slice_of(plain, n), ret, cap, &out));
	return out;
}

static void a_thumbprint_is_that_of_the_canonical_key(void **state)
{
	static const char jwk[] = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" KEY_X "\",\"y\":\"" KEY_Y "\"}";
	char text[ACME_THUMBPRINT_CAP];
	unsigned char got[64], digest[64];
	size_t n;
	assert_true(acme_key_thumbprint(key, text));
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, jwk, strlen(jwk), digest, &n), 1);
	assert_int_equal(decode(text, got, sizeof(got)), n);
	assert_memory_equal(got, digest, n);
}

static json_t *header_of(const json_t *jws)
{
	unsigned char text[2048];
	size_t n = decode(json_string_value(json_object_get(jws, "protected")), text, sizeof(text));
	json_t *header = json_loadb((char *)text, n, 0, NULL);
	assert_non_null(header);
	return header;
}

/* RFC 7515 §5.2, §3.4 of 7518. */
static bool verifies(const json_t *jws)
{
	unsigned char raw[128], *der = NULL;
	char signed_text[4096];
	snprintf(signed_text, sizeof(signed_text), "%s.%s", json_string_value(json_object_get(jws, "protected")),
		 json_string_value(json_object_get(jws, "payload")));
	assert_int_equal(decode(json_string_value(json_object_get(jws, "signature")), raw, sizeof(raw)), 64);
	ECDSA_SIG *s = ECDSA_SIG_new();
	assert_int_equal(ECDSA_SIG_set0(s, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)), 1);
	int n = i2d_ECDSA_SIG(s, &der);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key), 1);
	bool ok = EVP_DigestVerify(c, der, (size_t)n, (unsigned char *)signed_text, strlen(signed_text)) == 1;
	EVP_MD_CTX_free(c);
	OPENSSL_free(der);
	ECDSA_SIG_free(s);
	return ok;
}

static void signed_as(const struct acme_signed *what, const char *kid, const char *payload)
{
	unsigned char text[256];
	char *body = acme_jws_write(key, what);
	assert_non_null(body);
	json_t *jws = json_loads(body, 0, NULL), *header = header_of(jws);
	assert_int_equal(json_object_size(jws), 3);
	assert_true(verifies(jws));
	size_t n = decode(json_string_value(json_object_get(jws, "payload")), text, sizeof(text));
	assert_slice(slice_of(text, n), payload);
	assert_string_equal(json_string_value(json_object_get(header, "alg")), "ES256");
	assert_string_equal(json_string_value(json_object_get(header, "nonce")), what->nonce);
	assert_string_equal(json_string_value(json_object_get(header, "url")), what->url);
	const json_t *jwk = json_object_get(header, "jwk");
	if (kid) {
		assert_string_equal(json_string_value(json_object_get(header, "kid")), kid);
		assert_null(jwk); /* RFC 8555 §6.2: one or the other */
	} else {
		assert_string_equal(json_string_value(json_object_get(jwk, "x")), KEY_X);
		assert_string_equal(json_string_value(json_object_get(jwk, "y")), KEY_Y);
		assert_int_equal(json_object_size(jwk), 4);
		assert_null(json_object_get(header, "kid"));
	}
	json_decref(header);
	json_decref(jws);
	free(body);
}

static void a_request_is_signed(void **state)
{
	/* Many times: halves of a signature with a zero at their front are rare. */
	for (unsigned i = 0; i < 600; i++)
		signed_as(&(struct acme_signed){.url = "https://ca.example/order",
						.nonce = "n-1",
						.kid = "https://ca.example/account/7",
						.payload = SLICE("{\"a\":1}")},
			  "https://ca.example/account/7", "{\"a\":1}");
	signed_as(&(struct acme_signed){.url = "https://ca.example/\"quoted\"", .nonce = "n-2", .kid = ""}, NULL, "");
}

static void a_request_for_a_certificate_names_the_host_alone(void **state)
{
	unsigned char der[1024];
	char *text = acme_csr_write(key, "pbx.example.com");
	assert_non_null(text);
	const unsigned char *at = der;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)decode(text, der, sizeof(der)));
	assert_non_null(request);
	assert_int_equal(X509_REQ_verify(request, key), 1);
	assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), 0);
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
	assert_int_equal(name->type, GEN_DNS);
	assert_slice(slice_of(ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName)),
		     "pbx.example.com");
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	free(text);
}

static void keys_are_kept_as_pem(void **state)
{
	char *pem = acme_key_pem(key);
	struct slice given = guard_slice(slice_from_string(pem));
	EVP_PKEY *again = acme_key_parse(given);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
	EVP_PKEY_free(again);
	guard_free(given.p);
	acme_key_pem_free(pem);
	/* Not one that ES256 cannot use. */
	EVP_PKEY *other = EVP_EC_gen("P-384");
	pem = acme_key_pem(other);
	assert_null(acme_key_parse(slice_from_string(pem)));
	assert_null(acme_key_parse(SLICE("-----BEGIN PRIVATE KEY-----\n")));
	assert_null(acme_key_parse(SLICE_NONE));
	acme_key_pem_free(pem);
	EVP_PKEY_free(other);
}

static int once(void *arg)
{
	struct acme_signed what = {.url = "https://ca.example/", .nonce = "n", .kid = "k", .payload = SLICE("{}")};
	char *jws = acme_jws_write(key, &what), *csr = jws ? acme_csr_write(key, "a.example") : NULL;
	char *pem = csr ? acme_key_pem(key) : NULL;
	int rc = pem ? 0 : -ENOMEM;
	acme_key_pem_free(pem);
	free(csr);
	free(jws);
	return rc;
}

static void memory_may_be_missing(void **state)
{
	failing_each(once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thumbprint_is_that_of_the_canonical_key),
		cmocka_unit_test(a_request_is_signed),
		cmocka_unit_test(a_request_for_a_certificate_names_the_host_alone),
		cmocka_unit_test(keys_are_kept_as_pem),
		cmocka_unit_test(memory_may_be_missing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
