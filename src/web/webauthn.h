/*
 * web/webauthn.h - what an authenticator says: attestation object, authenticator data, client data.   WebAuthn level 2
 *
 * Pure, and strict: bytes that a browser could have said otherwise are refused (CTAP 2.1 §8 has one form for each
 * value), so there is one reading. ES256 alone, and attestation "none": who made the authenticator is nobody's business
 * here.
 */
#pragma once
#include "crypto/signature.h"

/* §4: an id has so many bytes at most. */
#define WEBAUTHN_CREDENTIAL_MAX 1023
/* Extensions nest hardly; each level is a call. */
#define WEBAUTHN_DEPTH_MAX 4
/* Authenticator data that comes with a signature: 37 bytes and small extensions, and the hash behind them. */
#define WEBAUTHN_DATA_MAX 512
#define WEBAUTHN_SIGNED_MAX (WEBAUTHN_DATA_MAX + 32)

struct webauthn_data {
	uint8_t rp_hash[32];
	bool present;  /* UP: somebody touched it */
	bool verified; /* UV: and proved to it who they are, by finger, face or PIN */
	uint32_t count;
	/* Of an attestation. */
	struct slice credential; /* its id: 1 to WEBAUTHN_CREDENTIAL_MAX bytes, borrowed */
	uint8_t key[CRYPTO_P256_KEY];
};
/* §6.5.4: of a new credential, whose key is a point of the curve. False: refused, ret untouched. */
MUST_USE bool webauthn_attestation(struct slice object, struct webauthn_data *ret);
/* §6.1: without a credential, as it comes with a signature. False: refused, ret untouched. */
MUST_USE bool webauthn_assertion(struct slice authenticator_data, struct webauthn_data *ret);

/*
 * §5.8.1: a JSON object whose type is this ("webauthn.get"), whose page was at this origin and in no frame of another.
 * challenge: n bytes of what was asked for. False: another, or no such object.
 */
MUST_USE bool webauthn_client(struct slice json, const char *type, struct slice origin, uint8_t *ret_challenge,
			      size_t n);
/* §7.2 step 20: the key signed the data and the hash of what the browser says. */
MUST_USE bool webauthn_signed(const uint8_t key[CRYPTO_P256_KEY], struct slice authenticator_data,
			      struct slice client_json, struct slice signature);
/* The hash that stands for a host name.   §6.1 rpIdHash */
MUST_USE bool webauthn_rp_hash(struct slice host, uint8_t ret[32]);
