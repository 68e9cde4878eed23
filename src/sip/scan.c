/* sip/scan.c - see scan.h */
#include "sip/scan.h"
#include "base/address.h"

/* A byte's place in its quarter of the set. */
#define BIT(c) (UINT64_C(1) << ((c)&63))
#define DIGITS UINT64_C(0x03ff000000000000)  /* first quarter: 0x00 to 0x3f */
#define LETTERS UINT64_C(0x07fffffe07fffffe) /* second quarter: 0x40 to 0x7f */

/* unreserved = alphanum / "-_.!~*'()" */
#define UNRESERVED_LOW (DIGITS | BIT('-') | BIT('.') | BIT('!') | BIT('*') | BIT('\'') | BIT('(') | BIT(')'))
#define UNRESERVED_HIGH (LETTERS | BIT('_') | BIT('~'))

const struct sip_charset sip_token_chars = {
	{DIGITS | BIT('-') | BIT('.') | BIT('!') | BIT('%') | BIT('*') | BIT('+') | BIT('\''),
	 LETTERS | BIT('_') | BIT('`') | BIT('~')}};

#define VISIBLE_LOW (UINT64_C(0xfffffffe00000000) & ~(BIT('"') | BIT('<') | BIT('>')))
#define VISIBLE_HIGH (~BIT(0x7f))

const struct sip_charset sip_visible_chars = {{VISIBLE_LOW, VISIBLE_HIGH}};
const struct sip_charset sip_value_chars = {{VISIBLE_LOW & ~(BIT(',') | BIT(';')), VISIBLE_HIGH}};

const struct sip_charset sip_user_chars = {{UNRESERVED_LOW | BIT('&') | BIT('=') | BIT('+') | BIT('$') | BIT(',') |
						    BIT(';') | BIT('?') | BIT('/') | BIT('#'),
					    UNRESERVED_HIGH}};
const struct sip_charset sip_password_chars = {
	{UNRESERVED_LOW | BIT('&') | BIT('=') | BIT('+') | BIT('$') | BIT(','), UNRESERVED_HIGH}};
const struct sip_charset sip_host_chars = {{DIGITS | BIT('-') | BIT('.'), LETTERS | BIT('_')}};
const struct sip_charset sip_param_chars = {
	{UNRESERVED_LOW | BIT('/') | BIT(':') | BIT('&') | BIT('+') | BIT('$'), UNRESERVED_HIGH | BIT('[') | BIT(']')}};
const struct sip_charset sip_header_chars = {
	{UNRESERVED_LOW | BIT('/') | BIT('?') | BIT(':') | BIT('+') | BIT('$'), UNRESERVED_HIGH | BIT('[') | BIT(']')}};

int sip_hex_digit(char c)
{
	if (sip_is_digit(c))
		return c - '0';
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

const char *sip_scan_escaped(const char *p, const char *end, const struct sip_charset *set)
{
	for (;;) {
		p = sip_scan_set(p, end, set);
		if (end - p < 3 || *p != '%' || sip_hex_digit(p[1]) < 0 || sip_hex_digit(p[2]) < 0)
			return p;
		p += 3;
	}
}

const char *sip_scan_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && ++p == end)
			break;
	}
	return NULL;
}

const char *sip_scan_item(const char *p, const char *end)
{
	bool in_angle = false;
	while (p < end && (in_angle || *p != ',')) {
		if (*p == '"' && !in_angle) {
			p = sip_scan_quoted(p, end);
			if (!p)
				return end;
			continue;
		}
		if (*p == '<')
			in_angle = true;
		else if (*p == '>')
			in_angle = false;
		p++;
	}
	return p;
}

const char *sip_scan_params(const char *p, const char *end)
{
	for (;;) {
		const char *stop = p;
		p = sip_scan_spaces(p, end);
		if (p == end || *p != ';')
			return stop;
		const char *name = sip_scan_spaces(p + 1, end);
		p = sip_scan_set(name, end, &sip_token_chars);
		if (p == name)
			return NULL;
		const char *equals = sip_scan_spaces(p, end);
		if (equals == end || *equals != '=')
			continue;
		const char *value = sip_scan_spaces(equals + 1, end);
		if (value == end)
			return NULL;
		p = *value == '"' ? sip_scan_quoted(value, end) : sip_scan_set(value, end, &sip_value_chars);
		if (!p || p == value)
			return NULL;
	}
}

static const char *scan_port(const char *p, const char *end, uint16_t *ret_port)
{
	uint32_t port = 0;
	const char *digits = p;
	for (; p < end && sip_is_digit(*p) && port <= UINT16_MAX; p++)
		port = port * 10 + (uint32_t)(*p - '0');
	if (p == digits || port == 0 || port > UINT16_MAX)
		return NULL;
	*ret_port = (uint16_t)port;
	return p;
}

const char *sip_scan_hostport(const char *p, const char *end, bool spaces, struct slice *ret_host, uint16_t *ret_port)
{
	const char *host = p;
	if (p < end && *p == '[') {
		struct address unused;
		const char *close = memchr(p, ']', (size_t)(end - p));
		if (!close || !address_parse(sip_span(p, close + 1), &unused))
			return NULL;
		p = close + 1;
	} else {
		p = sip_scan_set(p, end, &sip_host_chars);
	}
	if (p == host)
		return NULL;
	*ret_host = sip_span(host, p);
	*ret_port = 0;
	const char *colon = spaces ? sip_scan_spaces(p, end) : p;
	if (colon == end || *colon != ':')
		return p;
	return scan_port(spaces ? sip_scan_spaces(colon + 1, end) : colon + 1, end, ret_port);
}

bool sip_param_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
	if (slice_empty(*rest))
		return false;
	const char *p = rest->p, *end = p + rest->n, *equals = NULL;
	while (p < end && *p != ';') {
		if (*p == '=' && !equals)
			equals = p;
		const char *past = *p == '"' ? sip_scan_quoted(p, end) : p + 1;
		p = past ? past : end;
	}
	*ret_name = slice_trim(sip_span(rest->p, equals ? equals : p));
	struct slice value = equals ? slice_trim(sip_span(equals + 1, p)) : SLICE_NONE;
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = slice_of(value.p + 1, value.n - 2);
	*ret_value = value;
	*rest = p < end ? sip_span(p + 1, end) : SLICE_NONE;
	return true;
}

enum sip_parse sip_refuse(struct sip_reason *reterr, const char *start, const char *at, const char *text)
{
	*reterr = (struct sip_reason){.offset = (uint32_t)(at - start), .status = 400, .text = text};
	return SIP_BAD;
}
