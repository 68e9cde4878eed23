/* sip/privacy.h - the Privacy field: what its sender wants kept from whom it speaks with.   RFC 3323 §4.2 */
#pragma once
#include "sip/message.h"

enum sip_privacy {
	SIP_PRIVACY_NONE = 1,     /* nothing, whatever somebody else would do by himself */
	SIP_PRIVACY_ID = 2,       /* what is asserted of him: RFC 3325 §9.3 */
	SIP_PRIVACY_USER = 4,     /* all that he says of himself */
	SIP_PRIVACY_HEADER = 8,   /* where his messages passed: Via, Contact, routes */
	SIP_PRIVACY_SESSION = 16, /* where his voice comes from */
	SIP_PRIVACY_HISTORY = 32, /* who sent him on: RFC 7044 §10.1.1 */
	SIP_PRIVACY_OTHER = 64,   /* a word that we do not know */
	SIP_PRIVACY_CRITICAL = 128
};
/* All its words as one set; empty: there is no such field. */
unsigned sip_privacy_of(const struct sip_message *msg);
/* The same of one value. */
unsigned sip_privacy_read(struct slice value);
