/* crypto/signature.c - public keys made of their numbers, for EVP to verify with */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/signature.h"

/* NULL: no point of the curve, which OpenSSL checks as it reads one. */
static EVP_PKEY *p256_key(const uint8_t key[CRYPTO_P256_KEY])
{
	uint8_t point[1 + CRYPTO_P256_KEY] = {4}; /* SEC 1 §2.3.4: not compressed */
	char group[] = "P-256";
	memcpy(point + 1, key, CRYPTO_P256_KEY);
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
			       OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
			       OSSL_PARAM_construct_end()};
	EVP_PKEY *made = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (!context || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		made = NULL;
	EVP_PKEY_CTX_free(context);
	return made;
}

bool crypto_es256_is_key(const uint8_t key[CRYPTO_P256_KEY])
{
	EVP_PKEY *made = p256_key(key);
	EVP_PKEY_free(made);
	ERR_clear_error();
	return made != NULL;
}

/* What OpenSSL has to say of a bad one is nobody's news: it must not stay in this thread's queue. */
bool crypto_es256_verify(const uint8_t key[CRYPTO_P256_KEY], struct slice text, struct slice signature)
{
	EVP_PKEY *made = p256_key(key);
	EVP_MD_CTX *context = made ? EVP_MD_CTX_new() : NULL;
	bool good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, made) > 0 &&
		    EVP_DigestVerify(context, (const unsigned char *)signature.p, signature.n,
				     (const unsigned char *)text.p, text.n) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(made);
	ERR_clear_error();
	return good;
}
