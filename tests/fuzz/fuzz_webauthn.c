/* fuzz_webauthn.c - what an authenticator or browser says: within the input, refused without a trace, in one form */
#include "web/cbor.h"
#include "web/webauthn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void attestation(struct slice s)
{
	struct webauthn_data d = {.count = 77};
	if (!webauthn_attestation(s, &d)) {
		ASSERT(d.count == 77 && !d.credential.p);
		return;
	}
	ASSERT(d.credential.n >= 1 && d.credential.n <= WEBAUTHN_CREDENTIAL_MAX);
	ASSERT(d.credential.p > s.p && d.credential.p + d.credential.n < s.p + s.n);
	ASSERT(crypto_es256_is_key(d.key));
	/* It ends where it ends. */
	ASSERT(!webauthn_attestation(slice_first(s, s.n - 1), &d));
}

static void assertion(struct slice s)
{
	struct webauthn_data d = {.count = 77};
	if (webauthn_assertion(s, &d))
		ASSERT(s.n >= 37 && !d.credential.p && memcmp(d.rp_hash, s.p, 32) == 0);
	else
		ASSERT(d.count == 77);
}

static void client(struct slice s)
{
	uint8_t challenge[6];
	if (webauthn_client(s, "webauthn.get", SLICE("https://alto.example:8443"), challenge, sizeof(challenge)))
		ASSERT(!webauthn_client(s, "webauthn.create", SLICE("https://alto.example:8443"), challenge, 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct slice s = slice_of(data + 1, size - 1);
	if (*data == 'a')
		attestation(s);
	else if (*data == 's')
		assertion(s);
	else
		client(s);
	return 0;
}
