/* rtp/sdes.c - SRTP keys as a=crypto carries them.   RFC 4568 §6 */
#include "rtp/sdes.h"
#include "crypto/crypto.h"

/* §6.1: a count of packets, decimal or as a power of two. */
static bool lifetime_acceptable(struct slice text)
{
	uint64_t packets;
	if (slice_empty(text))
		return true;
	if (slice_starts(text, SLICE("2^"))) {
		uint64_t power;
		if (!slice_u64(slice_from(text, 2), 48, &power))
			return false;
		packets = UINT64_C(1) << power;
	} else if (!slice_u64(text, SDES_LIFETIME_MAX, &packets)) {
		return false;
	}
	return packets >= SDES_LIFETIME_MIN;
}

/* §6.3: KDR, UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP, UNAUTHENTICATED_SRTP and FEC change what is sent: refused. */
static bool params_acceptable(struct slice params)
{
	while (!slice_empty(params)) {
		struct slice param = slice_cut(&params, ' ');
		bool harmless = slice_empty(param) || slice_casestarts(param, SLICE("WSH=")) || param.p[0] == '-';
		if (!harmless)
			return false;
	}
	return true;
}

/* RFC 4568 §6.1 wants the padding. Some leave it out (rtpengine, unless it is told): the length says what is missing.
 */
static bool key_decode(struct slice text, struct srtp_key *key, size_t *ret_n)
{
	char padded[SDES_KEY_TEXT_MAX];
	struct writer w = writer_on(padded, sizeof(padded));
	write_slice(&w, text);
	while (w.n % 4 && !w.overflow)
		write_char(&w, '=');
	bool ok = !w.overflow && base64_decode(writer_slice(&w), key->bytes, sizeof(key->bytes), ret_n);
	crypto_wipe(padded, sizeof(padded));
	return ok;
}

bool sdes_parse(const struct sdes *line, struct srtp_key *ret)
{
	struct srtp_key key = {.suite = srtp_suite_from(line->suite)};
	size_t n = 0;
	bool ok = key.suite != SRTP_NONE && slice_empty(line->mki) && lifetime_acceptable(line->lifetime) &&
		  params_acceptable(line->session_params) && key_decode(line->key, &key, &n) &&
		  n == srtp_suite_key_bytes(key.suite);
	if (ok)
		*ret = key;
	crypto_wipe(&key, sizeof(key));
	return ok;
}

void sdes_make(enum srtp_suite suite, const uint8_t random[SRTP_KEY_MAX], struct srtp_key *ret)
{
	ASSERT(suite != SRTP_NONE);
	*ret = (struct srtp_key){.suite = suite};
	memcpy(ret->bytes, random, srtp_suite_key_bytes(suite));
}

void sdes_write_key(struct writer *w, const struct srtp_key *key)
{
	write_base64(w, key->bytes, srtp_suite_key_bytes(key->suite));
}
