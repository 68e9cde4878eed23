/* identity.h - a certificate of our own for tests, gone from the disk at once */
#pragma once
#include <unistd.h>

#include "base/clock.h"
#include "net/tls.h"
#include "support/remove.h"
#include "support/test.h"

static inline struct tls_identity *identity_make(void)
{
	char directory[] = "/tmp/alto-media-XXXXXX";
	struct tls_identity *identity = NULL;
	struct tls_reason why;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(tls_identity_self_signed(directory, "voice", clock_wall_us(), &identity, &why), 0);
	remove_all(directory);
	return identity;
}
