/* sip/fields.h - the grammar of the header fields, each read on demand from a field's value.   RFC 3261 §20, §25 */
#pragma once
#include "sip/flow.h"
#include "sip/uri.h"

struct sip_message;

/* Via (§18.2, RFC 3581): who sent this, and where the answer goes. */
struct sip_via {
	struct slice text;      /* all of it, up to the ',' before the next */
	struct slice transport; /* "UDP", "TLS", "WSS" */
	struct slice host;      /* sent-by, brackets kept for IPv6 */
	uint16_t port;          /* 0: not given */
	struct slice branch;
	bool rport; /* the sender asks for symmetric answers */
	struct slice params;
};
/* The topmost Via of a comma-separated value. In all readers of this file a reason's offset counts from the value. */
MUST_USE enum sip_parse sip_via_parse(struct slice value, struct sip_via *ret, struct sip_reason *reterr);

/* name-addr or addr-spec with header parameters: From, To, Contact, Route, Record-Route, Path, P-Asserted-Identity,
 * Refer-To ... */
struct sip_address {
	struct slice display; /* with its quotes taken off, escapes kept: sip_unquote() */
	struct sip_uri uri;
	struct slice params; /* header parameters: tag=..., expires=..., +sip.instance=... */
	bool star;           /* Contact: * */
};
/*
 * Read one address from a comma-separated value and move *rest past it; *rest is empty after the last.
 *
 *   struct slice rest = field->value;
 *   while (!slice_empty(rest)) { if (sip_address_next(&rest, &a, &err) != SIP_OK) ...; }
 */
MUST_USE enum sip_parse sip_address_next(struct slice *rest, struct sip_address *ret, struct sip_reason *reterr);
/* For From, To and others that hold exactly one. */
MUST_USE enum sip_parse sip_address_parse(struct slice value, struct sip_address *ret, struct sip_reason *reterr);
struct slice sip_address_tag(const struct sip_address *a); /* empty: none */

struct sip_cseq {
	uint32_t number; /* < 2^31 (§8.1.1.5) */
	enum sip_method method;
	struct slice method_text;
};
MUST_USE enum sip_parse sip_cseq_parse(struct slice value, struct sip_cseq *ret, struct sip_reason *reterr);

/* RAck (RFC 3262 §7.2): the RSeq and the CSeq of the 1xx that a PRACK is for. */
struct sip_rack {
	uint32_t rseq; /* 1 to 2^32 - 1 */
	struct sip_cseq cseq;
};
MUST_USE enum sip_parse sip_rack_parse(struct slice value, struct sip_rack *ret, struct sip_reason *reterr);

/* Digits up to max: Expires, Max-Forwards, Min-Expires, Content-Length, RSeq; trailing parameters and comments are left
 * alone. */
MUST_USE bool sip_number_parse(struct slice value, uint32_t max, uint32_t *ret);

/* A token in the comma-separated lists of all fields of a kind (Supported, Require, Allow): no case. */
bool sip_list_has(const struct sip_message *msg, enum sip_field_id id, struct slice token);
/* Walk such a list; returns false at the end. Empty items are passed over; commas in quotes and <> do not part. */
bool sip_list_next(struct slice *rest, struct slice *ret_item);

/* The inside of a quoted string without its backslashes, into buf; false if it does not fit. */
MUST_USE bool sip_unquote(struct slice inside, char *buf, size_t cap, size_t *ret_n);

/* type/subtype of Content-Type, parameters cut off, no case. */
bool sip_content_is(const struct sip_message *msg, struct slice type);

/* Content-Disposition (§20.11). Without one a body is a session's, and must be understood. */
struct sip_disposition {
	struct slice type;
	bool optional; /* handling=optional: who does not understand it, leaves it alone */
};
struct sip_disposition sip_disposition_of(const struct sip_message *msg);
struct sip_disposition sip_disposition_read(struct slice value); /* of a part: sip/multipart.h */
