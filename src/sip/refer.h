/*
 * sip/refer.h - REFER and Replaces: where a call shall go, and which dialog it is to take the place of.   RFC 3515,
 * RFC 3891, RFC 4488
 */
#pragma once
#include "sip/uri.h"

/* Replaces (RFC 3891 §6.1): a dialog as its receiver names it, so to_tag is the receiver's own tag. */
struct sip_replaces {
	struct slice call_id, to_tag, from_tag;
	bool early_only; /* nothing, should it be answered already */
};
/*
 * value borrowed, *ret written only on SIP_OK. Both tags once and not empty, as the RFC wants; parameters that we do
 * not know are passed over. O(n), no allocation, any thread.
 */
MUST_USE enum sip_parse sip_replaces_parse(struct slice value, struct sip_replaces *ret, struct sip_reason *reterr);

/* Refer-To (RFC 3515 §2.1): whom to call, and with what. */
struct sip_refer_to {
	struct sip_uri uri;
	bool invites;          /* by INVITE, which is what a URI without `method` means */
	struct slice replaces; /* the URI's Replaces header, escaped: sip_user_unescape(), sip_replaces_parse() */
};
/* Exactly one address. Other headers of the URI are passed over: what a call of ours says is ours to say. */
MUST_USE enum sip_parse sip_refer_to_parse(struct slice value, struct sip_refer_to *ret, struct sip_reason *reterr);

/* Refer-Sub (RFC 4488 §4): true, false; no value at all is true. false: malformed. */
MUST_USE bool sip_refer_sub_parse(struct slice value, bool *ret);

/* The body of a NOTIFY about a REFER (RFC 3515 §2.4.5, RFC 3420): "SIP/2.0 180 Ringing" and CRLF. */
void sip_write_fragment(struct writer *w, unsigned status);
