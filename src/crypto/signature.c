/* crypto/signature.c - public keys made of their numbers, and EVP's one way to verify */
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/signature.h"

static EVP_PKEY *key_of(const char *kind, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = params ? EVP_PKEY_CTX_new_from_name(NULL, kind, NULL) : NULL;
	if (!context || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

/* NULL: no point of the curve, which OpenSSL checks as it reads one. */
static EVP_PKEY *p256_key(const uint8_t key[CRYPTO_P256_KEY])
{
	uint8_t point[1 + CRYPTO_P256_KEY] = {4}; /* SEC 1 §2.3.4: not compressed */
	char group[] = "P-256";
	memcpy(point + 1, key, CRYPTO_P256_KEY);
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
			       OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
			       OSSL_PARAM_construct_end()};
	return key_of("EC", params);
}

static EVP_PKEY *rsa_key(struct slice n, struct slice e)
{
	if (n.n > CRYPTO_RSA_MAX || e.n < 1 || e.n > CRYPTO_RSA_EXPONENT_MAX)
		return NULL;
	BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL);
	BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.p, (int)e.n, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	if (build && modulus && exponent && BN_num_bits(modulus) >= CRYPTO_RSA_BITS_MIN &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
		params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = key_of("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

/* Takes the key. What OpenSSL has to say of a bad one stays in this thread's queue, and is nobody's news. */
static bool verify(EVP_PKEY *key, struct slice text, struct slice signature)
{
	EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
	bool good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) > 0 &&
		    EVP_DigestVerify(context, (const unsigned char *)signature.p, signature.n,
				     (const unsigned char *)text.p, text.n) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

bool crypto_es256_is_key(const uint8_t key[CRYPTO_P256_KEY])
{
	EVP_PKEY *made = p256_key(key);
	EVP_PKEY_free(made);
	ERR_clear_error();
	return made != NULL;
}

bool crypto_es256_verify(const uint8_t key[CRYPTO_P256_KEY], struct slice text, struct slice signature)
{
	return verify(p256_key(key), text, signature);
}

bool crypto_es256_verify_raw(const uint8_t key[CRYPTO_P256_KEY], struct slice text, struct slice signature)
{
	if (signature.n != CRYPTO_ES256_RAW)
		return false;
	const unsigned char *at = (const unsigned char *)signature.p;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(at, 32, NULL), *s = BN_bin2bn(at + 32, 32, NULL);
	if (!pair || !r || !s || !ECDSA_SIG_set0(pair, r, s)) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(pair);
		return false;
	}
	unsigned char *der = NULL;
	int n = i2d_ECDSA_SIG(pair, &der);
	bool good = n > 0 && crypto_es256_verify(key, text, slice_of(der, (size_t)n));
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	return good;
}

bool crypto_rs256_verify(struct slice n, struct slice e, struct slice text, struct slice signature)
{
	return verify(rsa_key(n, e), text, signature);
}
