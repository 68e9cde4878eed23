/* sip/refer.c - see refer.h */
#include "sip/refer.h"
#include "sip/scan.h"
#include "sip/write.h"

/* Of a parameter that must come once: false if it has come before, or is empty. */
static bool take_tag(struct slice value, struct slice *tag)
{
	if (slice_empty(value) || !slice_empty(*tag))
		return false;
	*tag = value;
	return true;
}

enum sip_parse sip_replaces_parse(struct slice value, struct sip_replaces *ret, struct sip_reason *reterr)
{
	struct sip_replaces r = {0};
	struct slice rest = value, name, text;

	r.call_id = slice_trim(slice_cut(&rest, ';'));
	for (size_t i = 0; i < r.call_id.n; i++)
		if ((unsigned char)r.call_id.p[i] <= ' ' || (unsigned char)r.call_id.p[i] >= 0x7f)
			return sip_refuse(reterr, value.p, r.call_id.p + i, "Bad Replaces");
	if (slice_empty(r.call_id) || slice_empty(rest))
		return sip_refuse(reterr, value.p, value.p, "Bad Replaces");
	/* The first ';' is ours to give back: the scanner wants one before each parameter. */
	const char *params = rest.p - 1, *end = rest.p + rest.n, *stop = sip_scan_params(params, end);
	if (!stop || sip_scan_spaces(stop, end) != end)
		return sip_refuse(reterr, value.p, params, "Bad Replaces Parameter");
	while (sip_param_next(&rest, &name, &text)) {
		bool good = true;
		if (slice_caseeq(name, SLICE("to-tag")))
			good = take_tag(text, &r.to_tag);
		else if (slice_caseeq(name, SLICE("from-tag")))
			good = take_tag(text, &r.from_tag);
		else if (slice_caseeq(name, SLICE("early-only")))
			r.early_only = true;
		if (!good)
			return sip_refuse(reterr, value.p, params, "Bad Replaces Tag");
	}
	if (slice_empty(r.to_tag) || slice_empty(r.from_tag))
		return sip_refuse(reterr, value.p, params, "Missing Replaces Tag");
	*ret = r;
	return SIP_OK;
}

/* A header of a URI, "a=1&b=2", by name; its escapes kept. */
static struct slice uri_header(struct slice headers, struct slice name)
{
	while (!slice_empty(headers)) {
		struct slice value = slice_cut(&headers, '&');
		if (slice_caseeq(slice_cut(&value, '='), name))
			return value;
	}
	return SLICE_NONE;
}

enum sip_parse sip_refer_to_parse(struct slice value, struct sip_refer_to *ret, struct sip_reason *reterr)
{
	struct sip_address a;
	struct slice method;

	if (sip_address_parse(value, &a, reterr) != SIP_OK)
		return SIP_BAD;
	bool named = sip_param_find(a.uri.params, SLICE("method"), &method);
	*ret = (struct sip_refer_to){
		.uri = a.uri,
		.invites = !named || slice_eq(method, SLICE("INVITE")),
		.replaces = uri_header(a.uri.headers, SLICE("Replaces")),
	};
	return SIP_OK;
}

bool sip_refer_sub_parse(struct slice value, bool *ret)
{
	struct slice word = slice_trim(slice_cut(&value, ';'));
	bool no = slice_caseeq(word, SLICE("false"));

	if (!no && !slice_empty(word) && !slice_caseeq(word, SLICE("true")))
		return false;
	*ret = !no;
	return true;
}

void sip_write_fragment(struct writer *w, unsigned status)
{
	sip_write_status_line(w, status, SLICE_NONE);
}
