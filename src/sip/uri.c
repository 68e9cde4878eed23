/* sip/uri.c - URIs read and written; compared in uri_eq.c */
#include "sip/uri.h"
#include "sip/scan.h"

/* `name=value` pairs between separators. p just after the first separator; NULL: malformed or too many. */
static const char *scan_pairs(const char *p, const char *end, char separator, const struct sip_charset *set,
			      bool value_required)
{
	for (unsigned count = 1; count <= SIP_URI_PARAMS_MAX; count++) {
		const char *name = p;
		p = sip_scan_escaped(p, end, set);
		if (p == name)
			return NULL;
		if (p < end && *p == '=') {
			const char *value = p + 1;
			p = sip_scan_escaped(value, end, set);
			if (p == value && !value_required)
				return NULL;
		} else if (value_required) {
			return NULL;
		}
		if (p == end || *p != separator)
			return p;
		p++;
	}
	return NULL;
}

/*
 * A name may come once (§19.1.1, RFC 3966 §3): of two, one element would follow the first and another the last. Bounded
 * by SIP_URI_PARAMS_MAX.
 */
static bool repeats(struct slice params)
{
	struct slice rest = params, name, other, value;
	while (sip_param_next(&rest, &name, &value)) {
		struct slice after = rest;
		while (sip_param_next(&after, &other, &value))
			if (sip_escaped_eq(name, other, false))
				return true;
	}
	return false;
}

/* After "sip:". Returns NULL, or why not. */
static const char *parse_sip(const char *p, const char *end, struct sip_uri *uri)
{
	/* '@' stands nowhere else unescaped, while ';' and '?' may stand in a user part: so look for it first. */
	const char *at = memchr(p, '@', (size_t)(end - p));
	if (at) {
		const char *stop = sip_scan_escaped(p, at, &sip_user_chars);
		if (stop == p)
			return "Bad User In URI";
		uri->user = sip_span(p, stop);
		if (stop < at && *stop == ':') {
			const char *password = stop + 1;
			stop = sip_scan_escaped(password, at, &sip_password_chars);
			uri->password = sip_span(password, stop);
		}
		if (stop != at)
			return "Bad User In URI";
		p = at + 1;
	}
	p = sip_scan_hostport(p, end, false, &uri->host, &uri->port);
	if (!p)
		return "Bad Host In URI";
	if (p < end && *p == ';') {
		const char *params = p + 1;
		p = scan_pairs(params, end, ';', &sip_param_chars, false);
		if (!p)
			return "Bad Parameter In URI";
		uri->params = sip_span(params, p);
	}
	if (p < end && *p == '?') {
		const char *headers = p + 1;
		p = scan_pairs(headers, end, '&', &sip_header_chars, true);
		if (!p)
			return "Bad Header In URI";
		uri->headers = sip_span(headers, p);
	}
	return p == end ? NULL : "Bad URI";
}

/* After "tel:" (RFC 3966 §3): digits, visual separators, and for local numbers the letters of a keypad. */
static const char *parse_tel(const char *p, const char *end, struct sip_uri *uri)
{
	const char *number = p;
	bool global = p < end && *p == '+', digits = false;
	if (global)
		p++;
	for (; p < end && *p != ';'; p++) {
		bool local = !global && (*p == '*' || *p == '#' || sip_hex_digit(*p) >= 0);
		if (sip_is_digit(*p) || local)
			digits = true;
		else if (*p != '-' && *p != '.' && *p != '(' && *p != ')')
			return "Bad Telephone Number";
	}
	if (!digits)
		return "Bad Telephone Number";
	uri->user = sip_span(number, p);
	if (p < end) {
		const char *params = p + 1;
		p = scan_pairs(params, end, ';', &sip_param_chars, false);
		if (p != end)
			return "Bad Parameter In URI";
		uri->params = sip_span(params, p);
	}
	return NULL;
}

static enum sip_scheme scheme_from(struct slice name)
{
	if (slice_caseeq(name, SLICE("sip")))
		return SIP_SCHEME_SIP;
	if (slice_caseeq(name, SLICE("sips")))
		return SIP_SCHEME_SIPS;
	return slice_caseeq(name, SLICE("tel")) ? SIP_SCHEME_TEL : SIP_SCHEME_OTHER;
}

enum sip_parse sip_uri_parse(struct slice text, struct sip_uri *ret, struct sip_reason *reterr)
{
	if (slice_empty(text))
		return sip_refuse(reterr, text.p, text.p, "Empty URI");
	const char *p = text.p, *end = p + text.n;
	while (p < end && *p != ':' && sip_charset_has(&sip_host_chars, *p))
		p++;
	/* At least a letter before the ':' and something after it. */
	if (p == text.p || end - p < 2 || *p != ':')
		return sip_refuse(reterr, text.p, text.p, "Bad URI Scheme");

	struct sip_uri uri = {.scheme = scheme_from(sip_span(text.p, p)), .text = text};
	const char *why = NULL;
	p++;
	if (uri.scheme == SIP_SCHEME_TEL)
		why = parse_tel(p, end, &uri);
	else if (uri.scheme != SIP_SCHEME_OTHER)
		why = parse_sip(p, end, &uri);
	else if (sip_scan_set(p, end, &sip_visible_chars) != end)
		why = "Bad URI";
	if (!why && repeats(uri.params))
		why = "Parameter Given Twice In URI";
	if (why)
		return sip_refuse(reterr, text.p, p, why);
	*ret = uri;
	return SIP_OK;
}

bool sip_param_find(struct slice params, struct slice name, struct slice *ret_value)
{
	struct slice rest = params, found, value;
	while (sip_param_next(&rest, &found, &value)) {
		if (slice_caseeq(found, name)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

bool sip_user_unescape(struct slice user, char *buf, size_t cap, size_t *ret_n)
{
	size_t n = 0;
	for (size_t i = 0; i < user.n; i++) {
		char c = user.p[i];
		if (c == '%') {
			int high = user.n - i > 2 ? sip_hex_digit(user.p[i + 1]) : -1;
			int low = user.n - i > 2 ? sip_hex_digit(user.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (n == cap)
			return false;
		buf[n++] = c;
	}
	*ret_n = n;
	return true;
}

void sip_write_user_escaped(struct writer *w, struct slice user)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < user.n; i++) {
		unsigned char c = (unsigned char)user.p[i];
		/* '#' is read without escape, because phones send it so, and written as the RFC wants it. */
		if (sip_charset_has(&sip_user_chars, user.p[i]) && c != '#') {
			write_char(w, user.p[i]);
		} else {
			write_char(w, '%');
			write_char(w, hex[c >> 4]);
			write_char(w, hex[c & 15]);
		}
	}
}
