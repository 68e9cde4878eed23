/* sip/uri_eq.c - sip_uri_eq() of uri.h.   RFC 3261 §19.1.4, RFC 3966 §4 */
#include "base/address.h"
#include "sip/scan.h"
#include "sip/uri.h"

/*
 * The next character with an escape read as what it stands for, but apart from it (0x100) where the two differ: a
 * reserved character and its escape are not equal. Moves *i past it.
 */
static unsigned next_char(struct slice s, size_t *i)
{
	unsigned char c = (unsigned char)s.p[(*i)++];
	if (c != '%' || s.n - *i < 2)
		return c;
	int high = sip_hex_digit(s.p[*i]), low = sip_hex_digit(s.p[*i + 1]);
	if (high < 0 || low < 0)
		return c;
	*i += 2;
	unsigned decoded = (unsigned)(high << 4 | low);
	bool reserved = decoded && decoded < 0x80 && strchr(";/?:@&=+$,", (int)decoded);
	return reserved ? 0x100 | decoded : decoded;
}

/* What was escaped and is reserved stays what it is. */
static unsigned lower(unsigned c)
{
	return c < 0x80 ? (unsigned)ascii_lower((char)c) : c;
}

bool sip_escaped_eq(struct slice a, struct slice b, bool with_case)
{
	size_t i = 0, j = 0;
	while (i < a.n && j < b.n) {
		unsigned c = next_char(a, &i), d = next_char(b, &j);
		if (with_case ? c != d : lower(c) != lower(d))
			return false;
	}
	return i == a.n && j == b.n;
}

static bool host_eq(struct slice a, struct slice b)
{
	struct address x, y;
	if (a.n && b.n && a.p[0] == '[' && b.p[0] == '[' && address_parse(a, &x) && address_parse(b, &y))
		return address_same_host(&x, &y);
	return slice_caseeq(a, b);
}

/* Digits without the separators that are only for the eye (RFC 3966 §5.1.1). */
static bool number_eq(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;
	for (;;) {
		while (i < a.n && strchr("-.()", a.p[i]) && a.p[i])
			i++;
		while (j < b.n && strchr("-.()", b.p[j]) && b.p[j])
			j++;
		if (i == a.n || j == b.n)
			return i == a.n && j == b.n;
		if (lower((unsigned char)a.p[i++]) != lower((unsigned char)b.p[j++]))
			return false;
	}
}

static bool param_find(struct slice params, struct slice name, struct slice *ret_value)
{
	struct slice rest = params, found;
	while (sip_param_next(&rest, &found, ret_value))
		if (sip_escaped_eq(found, name, false))
			return true;
	return false;
}

/* Those that count even where only one side has them; all others are then ignored. */
static bool counts_alone(struct slice name)
{
	static const struct slice names[] = {{"user", 4}, {"ttl", 3}, {"method", 6}, {"maddr", 5}, {"transport", 9}};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (sip_escaped_eq(name, names[i], false))
			return true;
	return false;
}

/* Every parameter of a against those of b. */
static bool sip_params_fit(struct slice a, struct slice b)
{
	struct slice rest = a, name, value, other;
	while (sip_param_next(&rest, &name, &value)) {
		if (param_find(b, name, &other)) {
			if (!sip_escaped_eq(value, other, false))
				return false;
		} else if (counts_alone(name)) {
			return false;
		}
	}
	return true;
}

/* tel: knows no parameter to be ignored; numbers in them are compared as numbers. */
static bool tel_params_fit(struct slice a, struct slice b)
{
	struct slice rest = a, name, value, other;
	while (sip_param_next(&rest, &name, &value)) {
		if (!param_find(b, name, &other))
			return false;
		bool number = slice_caseeq(name, SLICE("ext")) ||
			      (slice_caseeq(name, SLICE("phone-context")) && slice_starts(value, SLICE("+")));
		if (!(number ? number_eq(value, other) : sip_escaped_eq(value, other, false)))
			return false;
	}
	return true;
}

static bool has_header(struct slice headers, struct slice name, struct slice value)
{
	struct slice rest = headers;
	while (!slice_empty(rest)) {
		struct slice text = slice_cut(&rest, '&');
		struct slice found = slice_cut(&text, '=');
		if (sip_escaped_eq(found, name, false) && sip_escaped_eq(text, value, true))
			return true;
	}
	return false;
}

/* Headers are never ignored: each of a is in b. */
static bool headers_fit(struct slice a, struct slice b)
{
	struct slice rest = a;
	while (!slice_empty(rest)) {
		struct slice value = slice_cut(&rest, '&');
		struct slice name = slice_cut(&value, '=');
		if (!has_header(b, name, value))
			return false;
	}
	return true;
}

bool sip_uri_eq(const struct sip_uri *a, const struct sip_uri *b)
{
	if (a->scheme != b->scheme)
		return false;
	if (a->scheme == SIP_SCHEME_OTHER)
		return slice_eq(a->text, b->text);
	if (a->scheme == SIP_SCHEME_TEL)
		return number_eq(a->user, b->user) && tel_params_fit(a->params, b->params) &&
		       tel_params_fit(b->params, a->params);
	/* A password that is empty and none at all differ only in an '@' that follows ':': the RFC sees no difference.
	 */
	return sip_escaped_eq(a->user, b->user, true) && sip_escaped_eq(a->password, b->password, true) &&
	       host_eq(a->host, b->host) && a->port == b->port && sip_params_fit(a->params, b->params) &&
	       sip_params_fit(b->params, a->params) && headers_fit(a->headers, b->headers) &&
	       headers_fit(b->headers, a->headers);
}
