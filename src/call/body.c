/*
 * call/body.c - what a request carries, whether we may leave it alone, and whether a description can be the answer
 * RFC 3261 §8.2.3, §20.1, §20.11, §21.4.7, §21.4.13
 */
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

/* How closely a media range names a description: 3 by name, 2 and 1 by wildcards, 0 not at all. */
static unsigned fits(struct slice range)
{
	struct slice type = slice_trim(slice_cut(&range, '/')), subtype = slice_trim(range);
	if (slice_eq(type, SLICE("*")) && slice_eq(subtype, SLICE("*")))
		return 1;
	if (!slice_caseeq(type, SLICE("application")))
		return 0;
	return slice_eq(subtype, SLICE("*")) ? 2 : slice_caseeq(subtype, SLICE("sdp")) ? 3 : 0;
}

/* q=0, q=0.000: not wanted at all (RFC 2616 §3.9). */
static bool is_unwanted(struct slice params)
{
	struct slice q;
	if (!sip_param_find(params, SLICE("q"), &q) || slice_empty(q))
		return false;
	for (size_t i = 0; i < q.n; i++)
		if (q.p[i] != '0' && q.p[i] != '.')
			return false;
	return true;
}

bool accepts_description(const struct sip_message *req)
{
	bool accepted = !req->first[SIP_ACCEPT]; /* none: descriptions alone. An empty one: nothing. */
	unsigned closest = 0;
	for (const struct sip_field *f = sip_field_first(req, SIP_ACCEPT); f; f = sip_field_next(req, f)) {
		struct slice rest = f->value, params;
		while (sip_list_next(&rest, &params)) {
			unsigned fit = fits(slice_cut(&params, ';'));
			if (fit <= closest)
				continue;
			closest = fit;
			accepted = !is_unwanted(params);
		}
	}
	return accepted;
}
