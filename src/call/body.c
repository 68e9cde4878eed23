/*
 * call/body.c - what a request carries, whether we may leave it alone, and whether a description can be the answer
 * RFC 3261 §8.2.3, §20.1, §20.11, §21.4.7, §21.4.13, RFC 5621
 */
#include "call/private.h"
#include "sdp/sdp.h"
#include "sip/multipart.h"

/* Is this a description that we can read? */
static bool is_session(struct slice type, struct slice encoding, struct slice disposition)
{
	return slice_caseeq(slice_trim(slice_cut(&type, ';')), SLICE("application/sdp")) &&
	       (slice_empty(encoding) || slice_caseeq(encoding, SLICE("identity"))) &&
	       slice_caseeq(disposition, SLICE("session"));
}

/*
 * RFC 5621 §3: of several parts, one is a description. Each other one must be optional, or stand beside it for the same
 * thing (multipart/alternative). false: something in it must be understood, and is not.
 */
static bool read_parts(struct slice type, struct slice boundary, struct slice body, struct slice *ret)
{
	struct sip_part part;
	struct slice found = SLICE_NONE;
	bool end, alternative = slice_caseeq(slice_trim(slice_cut(&type, ';')), SLICE("multipart/alternative"));
	bool understood = true;
	while (sip_part_next(&body, boundary, &part, &end)) {
		struct sip_disposition d = sip_disposition_read(part.disposition);
		if (is_session(part.type, part.encoding, d.type) && slice_empty(found))
			found = part.body;
		else
			understood &= d.optional || alternative;
	}
	*ret = found;
	return end && understood && (!alternative || !slice_empty(found));
}

/* false: it must be understood, and is not. *ret is empty if there is no description. */
static bool read_body(const struct sip_message *msg, struct slice *ret)
{
	struct slice type = sip_field_value(msg, SIP_CONTENT_TYPE), boundary;
	struct sip_disposition d = sip_disposition_of(msg);
	*ret = SLICE_NONE;
	if (slice_empty(msg->body))
		return true;
	if (is_session(type, sip_field_value(msg, SIP_CONTENT_ENCODING), d.type))
		*ret = msg->body;
	else if (sip_multipart_boundary(type, &boundary))
		return read_parts(type, boundary, msg->body, ret) || d.optional;
	else
		return d.optional;
	return true;
}

struct slice session_of(const struct sip_message *msg)
{
	struct slice found;
	return read_body(msg, &found) ? found : SLICE_NONE;
}

enum body body_of(const struct sip_message *req)
{
	struct slice found;
	if (!read_body(req, &found))
		return BODY_UNKNOWN;
	if (slice_empty(found))
		return BODY_NONE;
	return found.n > SDP_BYTES_MAX ? BODY_TOO_LARGE : BODY_SESSION;
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
