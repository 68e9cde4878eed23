/* web/webauthn.c - fixed places first, then CBOR where it is, then nothing more */
#include "web/webauthn.h"
#include <jansson.h>

#include "base/writer.h"
#include "web/cbor.h"

/* §6.1: hash, flags, count. */
#define HEAD_BYTES 37
#define USER_PRESENT 0x01
#define USER_VERIFIED 0x04
#define HAS_CREDENTIAL 0x40
#define HAS_EXTENSIONS 0x80

static bool read_head(struct slice *rest, struct webauthn_data *d, uint8_t *ret_flags)
{
	if (rest->n < HEAD_BYTES)
		return false;
	const uint8_t *p = (const uint8_t *)rest->p;
	memcpy(d->rp_hash, p, sizeof(d->rp_hash));
	*ret_flags = p[32];
	d->present = *ret_flags & USER_PRESENT;
	d->verified = *ret_flags & USER_VERIFIED;
	d->count = (uint32_t)p[33] << 24 | (uint32_t)p[34] << 16 | (uint32_t)p[35] << 8 | p[36];
	*rest = slice_from(*rest, HEAD_BYTES);
	return true;
}

/* What we did not ask for may be there all the same: a map, and the end. */
static bool read_extensions(struct slice rest, uint8_t flags)
{
	uint64_t pairs;
	struct slice map = rest;
	if (flags & HAS_EXTENSIONS)
		return cbor_head(&map, CBOR_MAP, &pairs) && cbor_skip(&rest, WEBAUTHN_DEPTH_MAX) && slice_empty(rest);
	return slice_empty(rest);
}

/* RFC 9053 §7.1.1 and §2.1: kty EC2, alg ES256, crv P-256, x, y; in this order, as CTAP 2.1 §8 sorts them. */
static bool read_key(struct slice *rest, uint8_t ret[CRYPTO_P256_KEY])
{
	uint64_t pairs;
	struct slice x, y;
	if (!cbor_head(rest, CBOR_MAP, &pairs) || pairs != 5 || !cbor_is_number(rest, 1) || !cbor_is_number(rest, 2) ||
	    !cbor_is_number(rest, 3) || !cbor_is_number(rest, -7) || !cbor_is_number(rest, -1) ||
	    !cbor_is_number(rest, 1) || !cbor_is_number(rest, -2) || !cbor_bytes(rest, &x) ||
	    !cbor_is_number(rest, -3) || !cbor_bytes(rest, &y) || x.n != 32 || y.n != 32)
		return false;
	memcpy(ret, x.p, 32);
	memcpy(ret + 32, y.p, 32);
	return crypto_es256_is_key(ret);
}

/* §6.5.1: AAGUID, length of the id, the id, the key. */
static bool read_credential(struct slice *rest, struct webauthn_data *d)
{
	if (rest->n < 18)
		return false;
	size_t n = (size_t)(uint8_t)rest->p[16] << 8 | (uint8_t)rest->p[17];
	*rest = slice_from(*rest, 18);
	if (n < 1 || n > WEBAUTHN_CREDENTIAL_MAX || n > rest->n)
		return false;
	d->credential = slice_first(*rest, n);
	*rest = slice_from(*rest, n);
	return read_key(rest, d->key);
}

bool webauthn_attestation(struct slice object, struct webauthn_data *ret)
{
	struct webauthn_data d = {0};
	uint8_t flags;
	uint64_t pairs, none;
	struct slice data;
	/* {"fmt": "none", "attStmt": {}, "authData": ...}: §8.7 */
	if (!cbor_head(&object, CBOR_MAP, &pairs) || pairs != 3 || !cbor_is_text(&object, SLICE("fmt")) ||
	    !cbor_is_text(&object, SLICE("none")) || !cbor_is_text(&object, SLICE("attStmt")) ||
	    !cbor_head(&object, CBOR_MAP, &none) || none != 0 || !cbor_is_text(&object, SLICE("authData")) ||
	    !cbor_bytes(&object, &data) || !slice_empty(object))
		return false;
	if (!read_head(&data, &d, &flags) || !(flags & HAS_CREDENTIAL) || !read_credential(&data, &d) ||
	    !read_extensions(data, flags))
		return false;
	*ret = d;
	return true;
}

bool webauthn_assertion(struct slice data, struct webauthn_data *ret)
{
	struct webauthn_data d = {0};
	uint8_t flags;
	if (!read_head(&data, &d, &flags) || flags & HAS_CREDENTIAL || !read_extensions(data, flags))
		return false;
	*ret = d;
	return true;
}

static struct slice text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return slice_of(json_string_value(value), json_string_length(value));
}

bool webauthn_client(struct slice json, const char *type, struct slice origin, uint8_t *ret_challenge, size_t n)
{
	json_t *o = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, NULL);
	size_t decoded = 0;
	bool good = json_is_object(o) && slice_eq(text_of(o, "type"), slice_from_string(type)) &&
		    slice_eq(text_of(o, "origin"), origin) && !json_is_true(json_object_get(o, "crossOrigin")) &&
		    base64url_decode(text_of(o, "challenge"), ret_challenge, n, &decoded) && decoded == n;
	json_decref(o);
	return good;
}

static bool sha256(struct slice text, uint8_t ret[CRYPTO_HASH_MAX])
{
	struct crypto_hasher *h = crypto_hasher_new();
	if (h)
		crypto_hash_parts(h, CRYPTO_SHA256, &text, 1, ret);
	crypto_hasher_free(h);
	return h != NULL;
}

bool webauthn_signed(const uint8_t key[CRYPTO_P256_KEY], struct slice authenticator_data, struct slice client_json,
		     struct slice signature)
{
	uint8_t text[WEBAUTHN_SIGNED_MAX];
	size_t n = authenticator_data.n;
	if (n > sizeof(text) - CRYPTO_HASH_MAX || !sha256(client_json, text + n))
		return false;
	memcpy(text, authenticator_data.p, n);
	return crypto_es256_verify(key, slice_of(text, n + 32), signature);
}

bool webauthn_rp_hash(struct slice host, uint8_t ret[32])
{
	return sha256(host, ret);
}
