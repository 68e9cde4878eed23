/* sip/session.h - Session-Expires: how long a session lasts without a refresh, and who refreshes it.   RFC 4028 §4 */
#pragma once
#include "sip/message.h"

enum sip_refresher { SIP_REFRESHER_NONE, SIP_REFRESHER_UAC, SIP_REFRESHER_UAS };

struct sip_session_expires {
	uint32_t seconds;
	enum sip_refresher refresher; /* of the request's sender and receiver; NONE: not said */
};

/*
 * value borrowed; *ret written only on true. false: no number of seconds, one above UINT32_MAX, malformed parameters,
 * or a refresher that is neither "uac" nor "uas" (400 is the caller's to say). Min-SE has the same number and no
 * parameter that means anything: sip_number_parse() reads it. O(n), no allocation, any thread.
 */
MUST_USE bool sip_session_expires_parse(struct slice value, struct sip_session_expires *ret);
