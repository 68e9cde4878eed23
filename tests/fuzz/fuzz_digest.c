/* fuzz_digest.c - credentials of a stranger: read within their bytes, never accepted without the password */
#include "sip/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct slice all, struct slice s)
{
	ASSERT(s.n == 0 || (s.p >= all.p && s.n <= all.n && (size_t)(s.p - all.p) <= all.n - s.n));
}

/* Our own challenge is read as what was meant. */
static void check_challenge(struct sip_nonces *n, enum sip_digest_algorithm a, struct slice realm)
{
	char text[1024];
	struct sip_credentials c;
	struct sip_reason reason;
	struct writer w = writer_on(text, sizeof(text));
	sip_write_challenge(&w, n, realm, a, true, &(struct address){.port = 5060}, 5);
	if (w.overflow)
		return;
	ASSERT(sip_credentials_parse(writer_slice(&w), &c, &reason) == SIP_OK);
	ASSERT(c.algorithm_known && c.algorithm == a && c.nonce.n > 0);
}

static void check_verdict(const struct sip_credentials *c)
{
	struct random rng;
	random_init_seeded(&rng, 7);
	struct crypto_hasher *h = crypto_hasher_new();
	struct sip_nonces *n = sip_nonces_new(&rng, SECOND_US, 4);
	uint8_t ha1[SIP_HA1_BYTES];
	if (h && n) {
		random_bytes(&rng, ha1, sizeof(ha1));
		for (int a = SIP_DIGEST_MD5; a <= SIP_DIGEST_SHA256; a++) {
			enum sip_digest_verdict v = sip_digest_check(n, h, c, SLICE("INVITE"), SLICE("r"),
								     (enum sip_digest_algorithm)a, ha1, true, 5);
			ASSERT(v == SIP_DIGEST_WRONG || v == SIP_DIGEST_UNSUPPORTED);
			check_challenge(n, (enum sip_digest_algorithm)a, SLICE("a \"realm\""));
		}
	}
	sip_nonces_free(n);
	crypto_hasher_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct sip_credentials c = {.nonce_count = 77};
	struct sip_reason reason;
	if (sip_credentials_parse(text, &c, &reason) != SIP_OK) {
		ASSERT(c.nonce_count == 77 && reason.status == 400 && reason.offset <= size);
		return 0;
	}
	const struct slice parts[] = {c.username, c.realm, c.nonce, c.uri, c.response, c.cnonce, c.opaque, c.qop};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		assert_within(text, parts[i]);
	check_verdict(&c);
	return 0;
}
