/* sip/cause.h - the Reason field: why a call was ended, in the words of SIP or of the telephone network.   RFC 3326 */
#pragma once
#include "sip/message.h"

struct sip_cause {
	struct slice protocol; /* "SIP", "Q.850", or another token */
	uint16_t cause;        /* a status, or a cause of Q.850; 0: not given */
	struct slice text;     /* with its quotes taken off, escapes kept: sip_unquote(); may be empty */
};

/*
 * The next reason of a value and move *rest past it; a malformed one is passed over, since nothing depends on it. false
 * at the end, *ret untouched. O(n), no allocation, any thread.
 */
bool sip_cause_next(struct slice *rest, struct sip_cause *ret);
