/*
 * sip/message.h - a SIP message as slices into the bytes it came in.   RFC 3261 §7, §25
 *
 * One pass finds the start line, the header fields and the body, and reads what everybody asks for: the top Via, From,
 * To, CSeq and the Request-URI. Another field's own grammar is read when somebody asks (sip/fields.h). Nothing is
 * copied: the message lives as long as its bytes.
 */
#pragma once
#include "sip/fields.h"
#include "sip/limits.h"

struct sip_field {
	enum sip_field_id id;
	struct slice name;  /* as it was written */
	struct slice value; /* without surrounding white space; folds have become spaces */
};

struct sip_message {
	struct slice bytes; /* the whole message */
	bool is_request;
	enum sip_method
		method; /* of the request line; of CSeq in a response once the checks of sip_message_check() passed */
	struct slice method_text;
	struct slice request_uri;
	/* Empty where it is missing or malformed, which sip_message_check() refuses: host, uri.text, method_text, text.
	 */
	struct sip_via via; /* the topmost */
	struct sip_address from, to;
	struct sip_cseq cseq;
	struct sip_uri uri; /* of the request line */
	uint16_t status;    /* responses: 100 to 699 */
	struct slice reason;
	uint16_t field_count;
	uint8_t first[SIP_FIELD_COUNT];          /* index + 1 of the first field of a kind, 0: none */
	struct slice body;                       /* bounded by Content-Length when there is one */
	struct sip_field fields[SIP_FIELDS_MAX]; /* last, for most are never used */
};

/*
 * Parse one whole message (a datagram, or what sip/framing.h cut from a stream).
 *
 * bytes   borrowed for the life of *ret_msg; folded lines are unfolded in place (CRLF becomes two spaces)
 * ret_msg written in any case; on SIP_BAD it holds what was understood so far, so that a 400 can be written if at
 *         least Via, From, To, Call-ID and CSeq are there
 * Lines end with CRLF only; a CR or LF by itself in the head is a 400.
 * Returns SIP_OK, or SIP_BAD with *reterr set. O(n), no allocation, any thread.
 */
MUST_USE enum sip_parse sip_message_parse(char *bytes, size_t n, struct sip_message *ret_msg,
					  struct sip_reason *reterr);

/*
 * What every message must have (§8.1.1, §8.2, §20): Via, From, To, Call-ID and CSeq that can be read, each once where
 * once is the rule, CSeq's method the request's, a Content-Length that the bytes keep, a Request-URI that is one (of
 * any scheme), at most SIP_VIA_MAX hops (483). Sets msg->method for responses. For what sip_message_parse() found good.
 */
MUST_USE enum sip_parse sip_message_check(struct sip_message *msg, struct sip_reason *reterr);

/* The same message once more: it too lives as long as the bytes. */
void sip_message_copy(const struct sip_message *msg, struct sip_message *ret);

/* The first field of a kind, NULL: none; and the next one of the same kind after `field`. */
const struct sip_field *sip_field_first(const struct sip_message *msg, enum sip_field_id id);
const struct sip_field *sip_field_next(const struct sip_message *msg, const struct sip_field *field);
/* The value of the first field of a kind, empty if there is none. */
struct slice sip_field_value(const struct sip_message *msg, enum sip_field_id id);
