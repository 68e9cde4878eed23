/* acme/jws.c - see acme/jws.h */
#include "acme/jws.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/writer.h"

#define FIELD_BYTES 32 /* P-256: a coordinate, and each half of a signature */

/* A coordinate of its public point, with the zeros at its front (RFC 7518 §6.2.1.2). */
static bool write_coordinate(struct writer *w, EVP_PKEY *key, const char *which)
{
	unsigned char bytes[FIELD_BYTES];
	BIGNUM *n = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, which, &n) == 1 && BN_bn2binpad(n, bytes, sizeof(bytes)) > 0;
	BN_free(n);
	if (ok)
		write_base64url(w, bytes, sizeof(bytes));
	return ok;
}

/* RFC 7638 §3.2, §3.3: these members, in this order, without spaces. */
static bool write_jwk(struct writer *w, EVP_PKEY *key)
{
	write_string(w, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
	bool ok = write_coordinate(w, key, OSSL_PKEY_PARAM_EC_PUB_X);
	write_string(w, "\",\"y\":\"");
	ok = ok && write_coordinate(w, key, OSSL_PKEY_PARAM_EC_PUB_Y);
	write_string(w, "\"}");
	return ok && !w->overflow;
}

bool acme_key_thumbprint(EVP_PKEY *key, char ret[ACME_THUMBPRINT_CAP])
{
	char jwk[256];
	unsigned char digest[SHA256_DIGEST_LENGTH];
	size_t n = 0;
	struct writer w = writer_on(jwk, sizeof(jwk)), out = writer_on(ret, ACME_THUMBPRINT_CAP - 1);
	if (!write_jwk(&w, key) || EVP_Q_digest(NULL, "SHA256", NULL, w.p, w.n, digest, &n) != 1)
		return false;
	write_base64url(&out, digest, n);
	if (out.overflow)
		return false;
	ret[out.n] = 0;
	return true;
}

/* {"alg", "jwk" or "kid", "nonce", "url"} (RFC 8555 §6.2), on the heap. */
static char *write_header(EVP_PKEY *key, const struct acme_signed *what)
{
	char jwk[256];
	struct writer w = writer_on(jwk, sizeof(jwk));
	json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "nonce", what->nonce, "url", what->url);
	json_t *who = *what->kid ? json_string(what->kid) : write_jwk(&w, key) ? json_loadb(w.p, w.n, 0, NULL) : NULL;
	char *text = NULL;
	if (json_object_set_new(header, *what->kid ? "kid" : "jwk", who) == 0)
		text = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	return text;
}

/* r and s, each of full length (RFC 7518 §3.4), in place of OpenSSL's DER. */
static bool sign(EVP_PKEY *key, struct slice text, unsigned char ret[2 * FIELD_BYTES])
{
	unsigned char der[128];
	const unsigned char *at = der;
	size_t n = sizeof(der);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(c, der, &n, (const unsigned char *)text.p, text.n) == 1;
	EVP_MD_CTX_free(c);
	ECDSA_SIG *s = ok ? d2i_ECDSA_SIG(NULL, &at, (long)n) : NULL;
	ok = s && BN_bn2binpad(ECDSA_SIG_get0_r(s), ret, FIELD_BYTES) > 0 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(s), ret + FIELD_BYTES, FIELD_BYTES) > 0;
	ECDSA_SIG_free(s);
	return ok;
}

static char *write_signed(EVP_PKEY *key, struct slice header, struct slice payload)
{
	unsigned char signature[2 * FIELD_BYTES];
	size_t cap = (header.n + payload.n + sizeof(signature)) / 3 * 4 + 128;
	char *text = malloc(cap);
	if (!text)
		return NULL;
	struct writer w = writer_on(text, cap - 1);
	write_string(&w, "{\"protected\":\"");
	size_t from = w.n;
	write_base64url(&w, header.p, header.n);
	size_t header_n = w.n - from;
	/* What is signed stands here for a moment as RFC 7515 §5.1 joins it, and then in the form of §7.2.2. */
	write_char(&w, '.');
	write_base64url(&w, payload.p, payload.n);
	bool ok = sign(key, slice_from(writer_slice(&w), from), signature);
	w.n = from + header_n;
	write_string(&w, "\",\"payload\":\"");
	write_base64url(&w, payload.p, payload.n);
	write_string(&w, "\",\"signature\":\"");
	write_base64url(&w, signature, sizeof(signature));
	write_string(&w, "\"}");
	if (!ok || w.overflow) {
		free(text);
		return NULL;
	}
	text[w.n] = 0;
	return text;
}

char *acme_jws_write(EVP_PKEY *key, const struct acme_signed *what)
{
	char *header = write_header(key, what);
	if (!header)
		return NULL;
	char *text = write_signed(key, slice_from_string(header), what->payload);
	free(header);
	return text;
}
