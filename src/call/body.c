/* call/body.c - what a request carries, and whether we may leave it alone.   RFC 3261 §8.2.3, §20.11, §21.4.13 */
#include "call/private.h"
#include "sdp/sdp.h"

static bool is_identity(const struct sip_message *req)
{
	struct slice encoding = sip_field_value(req, SIP_CONTENT_ENCODING);
	return slice_empty(encoding) || slice_caseeq(encoding, SLICE("identity"));
}

enum body body_of(const struct sip_message *req)
{
	if (slice_empty(req->body))
		return BODY_NONE;
	struct sip_disposition d = sip_disposition_of(req);
	bool understood = sip_content_is(req, SLICE("application/sdp")) && is_identity(req) &&
			  slice_caseeq(d.type, SLICE("session"));
	if (!understood)
		return d.optional ? BODY_NONE : BODY_UNKNOWN;
	return req->body.n > SDP_BYTES_MAX ? BODY_TOO_LARGE : BODY_SESSION;
}
