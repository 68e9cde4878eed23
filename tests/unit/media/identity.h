/* identity.h - a certificate of our own for tests, gone from the disk at once */
#pragma once
#include <unistd.h>

#include "media/media.h"
#include "net/tls.h"
#include "support/remove.h"

static inline struct tls_identity *identity_make(void)
{
	char directory[] = "/tmp/alto-media-XXXXXX";
	struct tls_identity *identity = NULL;
	struct tls_reason why;
	ASSERT(mkdtemp(directory));
	int rc = tls_identity_self_signed(directory, "voice", 1800000000 * SECOND_US, &identity, &why);
	ASSERT(rc == 0);
	remove_all(directory);
	return identity;
}

/* As its holder would say it: "AB:CD:...". */
static inline struct media_fingerprint identity_fingerprint(const struct tls_identity *i)
{
	struct media_fingerprint f = {.n = 32};
	char text[TLS_FINGERPRINT_CAP];
	tls_identity_fingerprint(i, text);
	for (size_t k = 0; k < f.n; k++) {
		bool ok = slice_unhex(slice_of(text + 3 * k, 2), f.bytes + k, 1);
		ASSERT(ok);
	}
	return f;
}
