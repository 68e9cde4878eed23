/*
 * sip/message.h - a SIP message as slices into the bytes it came in.   RFC 3261 §7, §25
 *
 * One pass finds the start line, the header fields and the body; a field's own grammar is read when somebody asks
 * (sip/fields.h). Nothing is copied: the message lives as long as its bytes.
 */
#pragma once
#include "base/slice.h"
#include "sip/limits.h"

enum sip_method {
	SIP_OTHER_METHOD,
	SIP_INVITE,
	SIP_ACK,
	SIP_BYE,
	SIP_CANCEL,
	SIP_REGISTER,
	SIP_OPTIONS,
	SIP_PRACK,
	SIP_UPDATE,
	SIP_INFO,
	SIP_SUBSCRIBE,
	SIP_NOTIFY,
	SIP_REFER,
	SIP_MESSAGE,
	SIP_PUBLISH,
	SIP_METHOD_COUNT
};

/* The header fields we act on; all others are SIP_OTHER_FIELD and found by name. Compact forms are the same field. */
enum sip_field_id {
	SIP_OTHER_FIELD,
	SIP_ACCEPT,
	SIP_ALERT_INFO,
	SIP_ALLOW,
	SIP_AUTHORIZATION,
	SIP_CALL_ID,
	SIP_CONTACT,
	SIP_CONTENT_DISPOSITION,
	SIP_CONTENT_ENCODING,
	SIP_CONTENT_LENGTH,
	SIP_CONTENT_TYPE,
	SIP_CSEQ,
	SIP_DATE,
	SIP_DIVERSION,
	SIP_EVENT,
	SIP_EXPIRES,
	SIP_FLOW_TIMER,
	SIP_FROM,
	SIP_HISTORY_INFO,
	SIP_INFO_PACKAGE,
	SIP_MAX_FORWARDS,
	SIP_MIN_EXPIRES,
	SIP_MIN_SE,
	SIP_P_ASSERTED_IDENTITY,
	SIP_P_PREFERRED_IDENTITY,
	SIP_PATH,
	SIP_PRIVACY,
	SIP_PROXY_AUTHENTICATE,
	SIP_PROXY_AUTHORIZATION,
	SIP_PROXY_REQUIRE,
	SIP_RACK,
	SIP_REASON,
	SIP_RECORD_ROUTE,
	SIP_REFER_SUB,
	SIP_REFER_TO,
	SIP_REFERRED_BY,
	SIP_REPLACES,
	SIP_REQUIRE,
	SIP_RETRY_AFTER,
	SIP_ROUTE,
	SIP_RSEQ,
	SIP_SERVER,
	SIP_SERVICE_ROUTE,
	SIP_SESSION_EXPIRES,
	SIP_SUPPORTED,
	SIP_TO,
	SIP_UNSUPPORTED,
	SIP_USER_AGENT,
	SIP_VIA,
	SIP_WARNING,
	SIP_WWW_AUTHENTICATE,
	SIP_FIELD_COUNT
};

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
	uint16_t status; /* responses: 100 to 699 */
	struct slice reason;
	uint16_t field_count;
	uint8_t first[SIP_FIELD_COUNT]; /* index + 1 of the first field of a kind, 0: none */
	struct sip_field fields[SIP_FIELDS_MAX];
	struct slice body; /* bounded by Content-Length when there is one */
};

enum sip_parse { SIP_OK, SIP_BAD };

/* Why something was refused: where, in words that may go into a Reason-Phrase, and which status says it best. */
struct sip_reason {
	uint32_t offset;
	uint16_t status;  /* 400, 413, 505, 513 ... */
	const char *text; /* static, such as "Missing CSeq" */
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

/* The first field of a kind, NULL: none; and the next one of the same kind after `field`. */
const struct sip_field *sip_field_first(const struct sip_message *msg, enum sip_field_id id);
const struct sip_field *sip_field_next(const struct sip_message *msg, const struct sip_field *field);
/* The value of the first field of a kind, empty if there is none. */
struct slice sip_field_value(const struct sip_message *msg, enum sip_field_id id);

struct slice sip_method_name(enum sip_method m);
enum sip_method sip_method_from(struct slice text);
struct slice sip_field_name(enum sip_field_id id);
const char *sip_status_text(unsigned status); /* "Busy Here"; the class's name for one we do not know */
