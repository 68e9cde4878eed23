/* sip/words.c - the words of the protocol: methods, header fields, statuses, and how each is found */
#include "sip/words.h"

static const struct slice method_names[SIP_METHOD_COUNT] = {
	[SIP_OTHER_METHOD] = {"", 0},   [SIP_INVITE] = {"INVITE", 6},       [SIP_ACK] = {"ACK", 3},
	[SIP_BYE] = {"BYE", 3},         [SIP_CANCEL] = {"CANCEL", 6},       [SIP_REGISTER] = {"REGISTER", 8},
	[SIP_OPTIONS] = {"OPTIONS", 7}, [SIP_PRACK] = {"PRACK", 5},         [SIP_UPDATE] = {"UPDATE", 6},
	[SIP_INFO] = {"INFO", 4},       [SIP_SUBSCRIBE] = {"SUBSCRIBE", 9}, [SIP_NOTIFY] = {"NOTIFY", 6},
	[SIP_REFER] = {"REFER", 5},     [SIP_MESSAGE] = {"MESSAGE", 7},     [SIP_PUBLISH] = {"PUBLISH", 7},
};

struct slice sip_method_name(enum sip_method m)
{
	return (unsigned)m < SIP_METHOD_COUNT ? method_names[m] : method_names[SIP_OTHER_METHOD];
}

enum sip_method sip_method_from(struct slice text)
{
	/* Method names are told apart by case (§7.1). */
	for (unsigned m = SIP_INVITE; m < SIP_METHOD_COUNT; m++)
		if (text.n == method_names[m].n && memcmp(text.p, method_names[m].p, text.n) == 0)
			return (enum sip_method)m;
	return SIP_OTHER_METHOD;
}

static const struct slice field_names[SIP_FIELD_COUNT] = {
	[SIP_OTHER_FIELD] = {"", 0},
	[SIP_ACCEPT] = {"Accept", 6},
	[SIP_ALERT_INFO] = {"Alert-Info", 10},
	[SIP_ALLOW] = {"Allow", 5},
	[SIP_AUTHORIZATION] = {"Authorization", 13},
	[SIP_CALL_ID] = {"Call-ID", 7},
	[SIP_CONTACT] = {"Contact", 7},
	[SIP_CONTENT_DISPOSITION] = {"Content-Disposition", 19},
	[SIP_CONTENT_ENCODING] = {"Content-Encoding", 16},
	[SIP_CONTENT_LENGTH] = {"Content-Length", 14},
	[SIP_CONTENT_TYPE] = {"Content-Type", 12},
	[SIP_CSEQ] = {"CSeq", 4},
	[SIP_DATE] = {"Date", 4},
	[SIP_DIVERSION] = {"Diversion", 9},
	[SIP_EVENT] = {"Event", 5},
	[SIP_EXPIRES] = {"Expires", 7},
	[SIP_FLOW_TIMER] = {"Flow-Timer", 10},
	[SIP_FROM] = {"From", 4},
	[SIP_HISTORY_INFO] = {"History-Info", 12},
	[SIP_INFO_PACKAGE] = {"Info-Package", 12},
	[SIP_MAX_FORWARDS] = {"Max-Forwards", 12},
	[SIP_MIN_EXPIRES] = {"Min-Expires", 11},
	[SIP_MIN_SE] = {"Min-SE", 6},
	[SIP_P_ASSERTED_IDENTITY] = {"P-Asserted-Identity", 19},
	[SIP_P_PREFERRED_IDENTITY] = {"P-Preferred-Identity", 20},
	[SIP_PATH] = {"Path", 4},
	[SIP_PRIVACY] = {"Privacy", 7},
	[SIP_PROXY_AUTHENTICATE] = {"Proxy-Authenticate", 18},
	[SIP_PROXY_AUTHORIZATION] = {"Proxy-Authorization", 19},
	[SIP_PROXY_REQUIRE] = {"Proxy-Require", 13},
	[SIP_RACK] = {"RAck", 4},
	[SIP_REASON] = {"Reason", 6},
	[SIP_RECORD_ROUTE] = {"Record-Route", 12},
	[SIP_REFER_SUB] = {"Refer-Sub", 9},
	[SIP_REFER_TO] = {"Refer-To", 8},
	[SIP_REFERRED_BY] = {"Referred-By", 11},
	[SIP_REPLACES] = {"Replaces", 8},
	[SIP_REQUIRE] = {"Require", 7},
	[SIP_RETRY_AFTER] = {"Retry-After", 11},
	[SIP_ROUTE] = {"Route", 5},
	[SIP_RSEQ] = {"RSeq", 4},
	[SIP_SERVER] = {"Server", 6},
	[SIP_SERVICE_ROUTE] = {"Service-Route", 13},
	[SIP_SESSION_EXPIRES] = {"Session-Expires", 15},
	[SIP_SUPPORTED] = {"Supported", 9},
	[SIP_TO] = {"To", 2},
	[SIP_UNSUPPORTED] = {"Unsupported", 11},
	[SIP_USER_AGENT] = {"User-Agent", 10},
	[SIP_VIA] = {"Via", 3},
	[SIP_WARNING] = {"Warning", 7},
	[SIP_WWW_AUTHENTICATE] = {"WWW-Authenticate", 16},
};

struct slice sip_field_name(enum sip_field_id id)
{
	return (unsigned)id < SIP_FIELD_COUNT ? field_names[id] : field_names[SIP_OTHER_FIELD];
}

#define NAME_MAX_LENGTH 20
#define NAMES_PER_LENGTH 8
/* Which names have that many letters; the first letter then leaves one or two to compare. Ends with SIP_OTHER_FIELD. */
static const uint8_t by_length[NAME_MAX_LENGTH + 1][NAMES_PER_LENGTH] = {
	[2] = {SIP_TO},
	[3] = {SIP_VIA},
	[4] = {SIP_FROM, SIP_CSEQ, SIP_DATE, SIP_PATH, SIP_RACK, SIP_RSEQ},
	[5] = {SIP_ALLOW, SIP_ROUTE, SIP_EVENT},
	[6] = {SIP_ACCEPT, SIP_SERVER, SIP_REASON, SIP_MIN_SE},
	[7] = {SIP_CALL_ID, SIP_CONTACT, SIP_EXPIRES, SIP_REQUIRE, SIP_PRIVACY, SIP_WARNING},
	[8] = {SIP_REFER_TO, SIP_REPLACES},
	[9] = {SIP_SUPPORTED, SIP_DIVERSION, SIP_REFER_SUB},
	[10] = {SIP_USER_AGENT, SIP_ALERT_INFO, SIP_FLOW_TIMER},
	[11] = {SIP_MIN_EXPIRES, SIP_RETRY_AFTER, SIP_REFERRED_BY, SIP_UNSUPPORTED},
	[12] = {SIP_MAX_FORWARDS, SIP_CONTENT_TYPE, SIP_RECORD_ROUTE, SIP_HISTORY_INFO, SIP_INFO_PACKAGE},
	[13] = {SIP_AUTHORIZATION, SIP_PROXY_REQUIRE, SIP_SERVICE_ROUTE},
	[14] = {SIP_CONTENT_LENGTH},
	[15] = {SIP_SESSION_EXPIRES},
	[16] = {SIP_WWW_AUTHENTICATE, SIP_CONTENT_ENCODING},
	[18] = {SIP_PROXY_AUTHENTICATE},
	[19] = {SIP_PROXY_AUTHORIZATION, SIP_P_ASSERTED_IDENTITY, SIP_CONTENT_DISPOSITION},
	[20] = {SIP_P_PREFERRED_IDENTITY},
};

/* The compact forms (§7.3.3 and the RFCs that added more), by letter. */
static const uint8_t compact['z' - 'a' + 1] = {
	['b' - 'a'] = SIP_REFERRED_BY,
	['c' - 'a'] = SIP_CONTENT_TYPE,
	['e' - 'a'] = SIP_CONTENT_ENCODING,
	['f' - 'a'] = SIP_FROM,
	['i' - 'a'] = SIP_CALL_ID,
	['k' - 'a'] = SIP_SUPPORTED,
	['l' - 'a'] = SIP_CONTENT_LENGTH,
	['m' - 'a'] = SIP_CONTACT,
	['o' - 'a'] = SIP_EVENT,
	['r' - 'a'] = SIP_REFER_TO,
	['t' - 'a'] = SIP_TO,
	['v' - 'a'] = SIP_VIA,
	['x' - 'a'] = SIP_SESSION_EXPIRES,
};

/* Letters and '-' without case; sound because both sides are tokens, where no other byte differs by 0x20 from those. */
static bool same_token(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] | 0x20) != (b[i] | 0x20))
			return false;
	return true;
}

enum sip_field_id sip_field_from(struct slice name)
{
	if (name.n == 0 || name.n > NAME_MAX_LENGTH)
		return SIP_OTHER_FIELD;
	char first = (char)(name.p[0] | 0x20);
	if (name.n == 1)
		return first >= 'a' && first <= 'z' ? (enum sip_field_id)compact[first - 'a'] : SIP_OTHER_FIELD;
	for (const uint8_t *id = by_length[name.n]; *id != SIP_OTHER_FIELD; id++)
		if ((field_names[*id].p[0] | 0x20) == first && same_token(name.p, field_names[*id].p, name.n))
			return (enum sip_field_id) * id;
	return SIP_OTHER_FIELD;
}

static const struct {
	uint16_t status;
	const char *text;
} statuses[] = {
	{100, "Trying"},
	{180, "Ringing"},
	{181, "Call Is Being Forwarded"},
	{182, "Queued"},
	{183, "Session Progress"},
	{199, "Early Dialog Terminated"},
	{200, "OK"},
	{202, "Accepted"},
	{204, "No Notification"},
	{300, "Multiple Choices"},
	{301, "Moved Permanently"},
	{302, "Moved Temporarily"},
	{305, "Use Proxy"},
	{380, "Alternative Service"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{410, "Gone"},
	{412, "Conditional Request Failed"},
	{413, "Request Entity Too Large"},
	{414, "Request-URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Unsupported URI Scheme"},
	{420, "Bad Extension"},
	{421, "Extension Required"},
	{422, "Session Interval Too Small"},
	{423, "Interval Too Brief"},
	{428, "Use Identity Header"},
	{429, "Provide Referrer Identity"},
	{430, "Flow Failed"},
	{433, "Anonymity Disallowed"},
	{436, "Bad Identity Info"},
	{437, "Unsupported Credential"},
	{438, "Invalid Identity Header"},
	{439, "First Hop Lacks Outbound Support"},
	{440, "Max-Breadth Exceeded"},
	{469, "Bad Info Package"},
	{470, "Consent Needed"},
	{480, "Temporarily Unavailable"},
	{481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"},
	{483, "Too Many Hops"},
	{484, "Address Incomplete"},
	{485, "Ambiguous"},
	{486, "Busy Here"},
	{487, "Request Terminated"},
	{488, "Not Acceptable Here"},
	{489, "Bad Event"},
	{491, "Request Pending"},
	{493, "Undecipherable"},
	{494, "Security Agreement Required"},
	{500, "Server Internal Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Server Time-out"},
	{505, "Version Not Supported"},
	{513, "Message Too Large"},
	{580, "Precondition Failure"},
	{600, "Busy Everywhere"},
	{603, "Decline"},
	{604, "Does Not Exist Anywhere"},
	{606, "Not Acceptable"},
	{607, "Unwanted"},
	{608, "Rejected"},
};

const char *sip_status_text(unsigned status)
{
	size_t low = 0, high = ARRAY_LEN(statuses);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (statuses[middle].status == status)
			return statuses[middle].text;
		if (statuses[middle].status < status)
			low = middle + 1;
		else
			high = middle;
	}
	static const char *const classes[] = {"Progress",     "Success",      "Redirection",
					      "Client Error", "Server Error", "Global Failure"};
	return status >= 100 && status <= 699 ? classes[status / 100 - 1] : "Unknown";
}
