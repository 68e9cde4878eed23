/* sip/words.h - the words of the protocol that we act on, and how a reader says why it refuses.   RFC 3261 §7, §20, §21
 */
#pragma once
#include "base/slice.h"

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

enum sip_parse { SIP_OK, SIP_BAD };

/* Why something was refused: where, in words that may go into a Reason-Phrase, and which status says it best. */
struct sip_reason {
	uint32_t offset;
	uint16_t status;  /* 400, 413, 505, 513 ... */
	const char *text; /* static, such as "Missing CSeq" */
};

struct slice sip_method_name(enum sip_method m);
enum sip_method sip_method_from(struct slice text);
struct slice sip_field_name(enum sip_field_id id);
const char *sip_status_text(unsigned status); /* "Busy Here"; the class's name for one we do not know */
/* name is a token (the caller has seen to that), in any case, in long or compact form. */
enum sip_field_id sip_field_from(struct slice name);
