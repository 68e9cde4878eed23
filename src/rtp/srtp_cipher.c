/* rtp/srtp_cipher.c - SRTP's key derivation, initialisation vectors and ciphers.   RFC 3711 §4, RFC 7714 */
#include <errno.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"
#include "rtp/bytes.h"
#include "rtp/srtp_cipher.h"

#define IV_MAX 16
#define AUTH_KEY_BYTES 20 /* HMAC-SHA1's session key, RFC 3711 §5.2 */

/* The ciphers of packets; AES_256_CTR derives keys and nothing else. */
enum kind { AES_128_CTR, AES_128_GCM, AES_256_GCM, KIND_COUNT };

struct srtp_ciphers {
	EVP_CIPHER_CTX *of[KIND_COUNT];
};

static const struct {
	const char *name;
	bool aead;
	enum kind kind;
	uint8_t key_bytes, salt_bytes;
	uint8_t tag_bytes[2];
} suites[SRTP_SUITE_COUNT] = {
	[SRTP_NONE] = {.name = ""},
	[SRTP_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", false, AES_128_CTR, 16, 14, {10, 10}},
	[SRTP_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", false, AES_128_CTR, 16, 14, {4, 10}},
	[SRTP_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", true, AES_128_GCM, 16, 12, {16, 16}},
	[SRTP_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", true, AES_256_GCM, 32, 12, {16, 16}},
};

struct slice srtp_suite_name(enum srtp_suite s)
{
	ASSERT((unsigned)s < SRTP_SUITE_COUNT);
	return slice_from_string(suites[s].name);
}

enum srtp_suite srtp_suite_from(struct slice name)
{
	for (enum srtp_suite s = SRTP_NONE + 1; s < SRTP_SUITE_COUNT; s++)
		if (slice_caseeq(name, slice_from_string(suites[s].name)))
			return s;
	return SRTP_NONE;
}

size_t srtp_suite_key_bytes(enum srtp_suite s)
{
	ASSERT((unsigned)s < SRTP_SUITE_COUNT);
	return (size_t)suites[s].key_bytes + suites[s].salt_bytes;
}

/* RFC 3711 §4.3.3 (RFC 7714 §11 for AEAD): n bytes of the key stream of AES-CM under the master key. */
static bool derive(EVP_CIPHER_CTX *master, const uint8_t *salt, size_t salt_n, uint8_t label, uint8_t *ret, size_t n)
{
	/* A GCM salt of 12 bytes stands at the same place as one of 14. */
	uint8_t iv[IV_MAX] = {0};
	int written = 0;

	memcpy(iv, salt, salt_n);
	iv[7] ^= label;
	memset(ret, 0, n);
	return EVP_CipherInit_ex(master, NULL, NULL, NULL, iv, 1) &&
	       EVP_CipherUpdate(master, ret, &written, ret, (int)n);
}

static bool derive_session(EVP_CIPHER_CTX *master, const struct srtp_cipher *c, const uint8_t *salt, enum srtp_use use,
			   struct srtp_session_keys *ret)
{
	uint8_t label = use == SRTP_USE_RTP ? 0 : 3;
	uint8_t auth[AUTH_KEY_BYTES];

	bool ok = derive(master, salt, c->salt_bytes, label, ret->cipher, c->key_bytes) &&
		  derive(master, salt, c->salt_bytes, label + 1, auth, sizeof(auth)) &&
		  derive(master, salt, c->salt_bytes, label + 2, ret->salt, c->salt_bytes);
	if (ok && !c->aead)
		hmac_sha1_init(&ret->auth, auth, sizeof(auth));
	crypto_wipe(auth, sizeof(auth));
	return ok;
}

/* Naming a cipher makes OpenSSL look it up, half a microsecond each time: here only, for packets NULL is passed. */
static bool cipher_choose(EVP_CIPHER_CTX *evp, enum kind kind)
{
	const EVP_CIPHER *cipher = kind == AES_128_CTR   ? EVP_aes_128_ctr()
				   : kind == AES_128_GCM ? EVP_aes_128_gcm()
							 : EVP_aes_256_gcm();
	return EVP_CipherInit_ex(evp, cipher, NULL, NULL, NULL, 1);
}

struct srtp_ciphers *srtp_ciphers_new(void)
{
	struct srtp_ciphers *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		c->of[kind] = EVP_CIPHER_CTX_new();
		if (!c->of[kind] || !cipher_choose(c->of[kind], kind))
			return srtp_ciphers_free(c);
	}
	return c;
}

struct srtp_ciphers *srtp_ciphers_free(struct srtp_ciphers *c)
{
	if (!c)
		return NULL;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		EVP_CIPHER_CTX_free(c->of[kind]); /* wipes the key schedule */
	free(c);
	return NULL;
}

int srtp_cipher_init(struct srtp_cipher *c, const struct srtp_ciphers *ciphers, const struct srtp_key *key,
		     enum srtp_direction direction)
{
	ASSERT(key->suite > SRTP_NONE && key->suite < SRTP_SUITE_COUNT);
	*c = (struct srtp_cipher){
		.evp = ciphers->of[suites[key->suite].kind],
		.aead = suites[key->suite].aead,
		.encrypt = direction == SRTP_SEND,
		.key_bytes = suites[key->suite].key_bytes,
		.salt_bytes = suites[key->suite].salt_bytes,
		.tag_bytes = {suites[key->suite].tag_bytes[0], suites[key->suite].tag_bytes[1]},
	};
	/* Not the thread's: whoever makes a context may be on another one than its packets. */
	EVP_CIPHER_CTX *master = EVP_CIPHER_CTX_new();
	const uint8_t *salt = key->bytes + c->key_bytes;
	bool ok = master &&
		  EVP_CipherInit_ex(master, c->key_bytes == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), NULL,
				    key->bytes, NULL, 1) &&
		  derive_session(master, c, salt, SRTP_USE_RTP, &c->keys[SRTP_USE_RTP]) &&
		  derive_session(master, c, salt, SRTP_USE_RTCP, &c->keys[SRTP_USE_RTCP]);
	EVP_CIPHER_CTX_free(master);
	return ok ? 0 : -ENOMEM;
}

void srtp_cipher_done(struct srtp_cipher *c)
{
	crypto_wipe(c, sizeof(*c));
}

/*
 * RFC 3711 §4.1.1: salt, SSRC and index over each other, two bytes left for the block counter. RFC 7714 §8.1 and §9.1
 * differ in where the SSRC starts; the 31 bits of an SRTCP index stand where the low ones of RTP's 48 do.
 */
static void iv_form(const struct srtp_cipher *c, const struct srtp_frame *f, uint8_t iv[IV_MAX])
{
	size_t at = c->aead ? 2 : 4;
	memset(iv, 0, IV_MAX);
	write_be32(iv + at, f->ssrc);
	write_be16(iv + at + 4, (uint16_t)(f->index >> 32));
	write_be32(iv + at + 6, (uint32_t)f->index);
	for (size_t i = 0; i < c->salt_bytes; i++)
		iv[i] ^= c->keys[f->use].salt[i];
}

static bool cipher_start(const struct srtp_cipher *c, const struct srtp_frame *f)
{
	uint8_t iv[IV_MAX];
	iv_form(c, f, iv);
	return EVP_CipherInit_ex(c->evp, NULL, NULL, c->keys[f->use].cipher, iv, c->encrypt);
}

/* The text in place, after what GCM authenticates beside it: RFC 7714 §8.2, §9.2. */
static bool cipher_update(const struct srtp_cipher *c, const struct srtp_frame *f)
{
	uint8_t *text = f->head + f->head_n;
	int n = 0;
	if (c->aead && !EVP_CipherUpdate(c->evp, NULL, &n, f->head, (int)f->head_n))
		return false;
	if (c->aead && f->use == SRTP_USE_RTCP && !EVP_CipherUpdate(c->evp, NULL, &n, f->tail, sizeof(f->tail)))
		return false;
	return f->text_n == 0 || EVP_CipherUpdate(c->evp, text, &n, text, (int)f->text_n);
}

static void authenticate(const struct srtp_cipher *c, const struct srtp_frame *f, uint8_t ret[HMAC_SHA1_BYTES])
{
	hmac_sha1(&c->keys[f->use].auth, f->head, f->head_n + f->text_n, f->tail, sizeof(f->tail), ret);
}

void srtp_cipher_seal(const struct srtp_cipher *c, const struct srtp_frame *f, uint8_t *ret_tag)
{
	/* With keys set and lengths bounded none of this can fail; were it to, nothing may leave in clear. */
	ASSERT(cipher_start(c, f) && cipher_update(c, f));
	if (c->aead) {
		int n = 0;
		ASSERT(EVP_CipherFinal_ex(c->evp, ret_tag, &n) && n == 0);
		ASSERT(EVP_CIPHER_CTX_ctrl(c->evp, EVP_CTRL_AEAD_GET_TAG, c->tag_bytes[f->use], ret_tag));
	} else {
		uint8_t mac[HMAC_SHA1_BYTES];
		authenticate(c, f, mac);
		memcpy(ret_tag, mac, c->tag_bytes[f->use]);
	}
}

static bool open_gcm(const struct srtp_cipher *c, const struct srtp_frame *f, const uint8_t *tag)
{
	uint8_t expected[16], none[16];
	int n = 0;

	memcpy(expected, tag, sizeof(expected));
	return EVP_CIPHER_CTX_ctrl(c->evp, EVP_CTRL_AEAD_SET_TAG, sizeof(expected), expected) && cipher_update(c, f) &&
	       EVP_CipherFinal_ex(c->evp, none, &n);
}

bool srtp_cipher_open(const struct srtp_cipher *c, const struct srtp_frame *f, const uint8_t *tag)
{
	if (!c->aead) {
		uint8_t mac[HMAC_SHA1_BYTES];
		authenticate(c, f, mac);
		if (!crypto_equal(mac, tag, c->tag_bytes[f->use]))
			return false;
	}
	return cipher_start(c, f) && (c->aead ? open_gcm(c, f, tag) : cipher_update(c, f));
}
