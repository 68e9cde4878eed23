/* support/ciphers.h - the SRTP ciphers of a test's own thread, made at the first call and kept until its end */
#pragma once
#include "rtp/srtp.h"

static inline const struct srtp_ciphers *own_ciphers(void)
{
	static struct srtp_ciphers *ciphers;

	if (!ciphers)
		ciphers = srtp_ciphers_new();
	ASSERT(ciphers);
	return ciphers;
}
