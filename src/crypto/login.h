/* crypto/login.h - what people prove themselves with: passwords (Argon2id) and codes of an app (RFC 6238) */
#pragma once
#include "crypto/crypto.h"

#define CRYPTO_PASSWORD_CAP 128 /* of a hash as text, with its NUL */
/*
 * "$argon2id$v=19$m=65536,t=2,p=1$...": takes 64 MiB and about 0.1 s of a core, so never on the switchboard. 0,
 * -ENOMEM.
 */
MUST_USE int crypto_password_hash(struct slice password, char ret[CRYPTO_PASSWORD_CAP]);
/* The same cost. hash: as made above, NUL-terminated. False also for want of memory. */
MUST_USE bool crypto_password_matches(const char *hash, struct slice password);

#define CRYPTO_TOTP_SECRET 20 /* bytes: as many as SHA-1 gives (RFC 4226 §4, R6) */
#define CRYPTO_TOTP_STEP_S 30
/* The six digits of one step, as a number; a secret of at most 64 bytes.   RFC 6238 §4.2 with HMAC-SHA-1, which every
 * app knows */
uint32_t crypto_totp(struct slice secret, int64_t step);
