/* sip/fields.c - see fields.h */
#include "sip/message.h"
#include "sip/scan.h"

/* A word in any case after white space; moves *p past it. */
static bool take_word(const char **p, const char *end, struct slice word)
{
	const char *at = sip_scan_spaces(*p, end);
	if (!slice_casestarts(sip_span(at, end), word))
		return false;
	*p = at + word.n;
	return true;
}

enum sip_parse sip_via_parse(struct slice value, struct sip_via *ret, struct sip_reason *reterr)
{
	if (slice_empty(value))
		return sip_refuse(reterr, value.p, value.p, "Bad Via");
	const char *p = value.p, *end = p + value.n;
	struct sip_via via = {0};

	if (!take_word(&p, end, SLICE("SIP")) || !take_word(&p, end, SLICE("/")) || !take_word(&p, end, SLICE("2.0")) ||
	    !take_word(&p, end, SLICE("/")))
		return sip_refuse(reterr, value.p, p, "Bad Via");
	const char *transport = sip_scan_spaces(p, end);
	p = sip_scan_set(transport, end, &sip_token_chars);
	via.transport = sip_span(transport, p);
	const char *host = sip_scan_spaces(p, end);
	if (p == transport || host == p)
		return sip_refuse(reterr, value.p, p, "Bad Via");
	p = sip_scan_hostport(host, end, true, &via.host, &via.port);
	if (!p)
		return sip_refuse(reterr, value.p, host, "Bad Via Host");
	const char *params = sip_scan_spaces(p, end);
	p = sip_scan_params(p, end);
	const char *stop = p ? sip_scan_spaces(p, end) : NULL;
	if (!stop || (stop < end && *stop != ','))
		return sip_refuse(reterr, value.p, params, "Bad Via Parameter");
	if (p > params)
		via.params = sip_span(params + 1, p);
	via.text = sip_span(value.p, stop);

	struct slice rest = via.params, name, text;
	while (sip_param_next(&rest, &name, &text)) {
		if (slice_caseeq(name, SLICE("branch")))
			via.branch = text;
		else if (slice_caseeq(name, SLICE("rport")))
			via.rport = true;
	}
	*ret = via;
	return SIP_OK;
}

/* `"Ann" <sip:ann@example.org>` or `Ann <...>`, from the display name to past the '>'. NULL: malformed. */
static const char *parse_name_addr(const char *p, const char *end, const char *angle, struct sip_address *ret)
{
	struct sip_reason unused;
	if (*p == '"') {
		const char *close = sip_scan_quoted(p, end);
		ret->display = sip_span(p + 1, close - 1);
	} else {
		ret->display = slice_trim(sip_span(p, angle));
	}
	const char *uri = angle + 1;
	const char *close = memchr(uri, '>', (size_t)(end - uri));
	if (!close)
		return NULL;
	return sip_uri_parse(sip_span(uri, close), &ret->uri, &unused) == SIP_OK ? close + 1 : NULL;
}

/* addr-spec without brackets: ';' and ',' end it, its parameters are the field's (§20), and '?' may not be in it. */
static const char *parse_addr_spec(const char *p, const char *end, struct sip_address *ret)
{
	struct sip_reason unused;
	const char *stop = p;
	while (stop < end && *stop != ';' && *stop != ',' && !sip_is_space(*stop))
		stop++;
	if (sip_uri_parse(sip_span(p, stop), &ret->uri, &unused) != SIP_OK || !slice_empty(ret->uri.headers))
		return NULL;
	return stop;
}

/* Where the '<' after a display name is; NULL: there is none before the address ends. *ret_ok false: open quote. */
static const char *find_angle(const char *p, const char *end, bool *ret_ok)
{
	*ret_ok = true;
	if (*p == '"') {
		p = sip_scan_quoted(p, end);
		const char *angle = p ? sip_scan_spaces(p, end) : NULL;
		*ret_ok = angle && angle < end && *angle == '<';
		return *ret_ok ? angle : NULL;
	}
	while (p < end && *p != '<' && *p != ',' && *p != ';' && *p != '"')
		p++;
	return p < end && *p == '<' ? p : NULL;
}

/* p at the first byte of an address; returns past it and its parameters, NULL with *reterr set. */
static const char *parse_address(const char *start, const char *p, const char *end, struct sip_address *ret,
				 struct sip_reason *reterr)
{
	bool ok;
	if (*p == '*') {
		ret->star = true;
		return p + 1;
	}
	const char *angle = find_angle(p, end, &ok);
	const char *stop = !ok ? NULL : angle ? parse_name_addr(p, end, angle, ret) : parse_addr_spec(p, end, ret);
	if (!stop) {
		(void)sip_refuse(reterr, start, p, "Bad Address");
		return NULL;
	}
	const char *params = sip_scan_spaces(stop, end);
	const char *past = sip_scan_params(stop, end);
	if (!past) {
		(void)sip_refuse(reterr, start, params, "Bad Header Parameter");
		return NULL;
	}
	if (past > params)
		ret->params = sip_span(params + 1, past);
	return past;
}

enum sip_parse sip_address_next(struct slice *rest, struct sip_address *ret, struct sip_reason *reterr)
{
	if (slice_empty(*rest))
		return sip_refuse(reterr, rest->p, rest->p, "Missing Address");
	const char *start = rest->p, *end = start + rest->n;
	const char *p = sip_scan_spaces(start, end);
	struct sip_address a = {0};
	if (p == end)
		return sip_refuse(reterr, start, p, "Missing Address");
	p = parse_address(start, p, end, &a, reterr);
	if (!p)
		return SIP_BAD;
	p = sip_scan_spaces(p, end);
	if (p < end && *p != ',')
		return sip_refuse(reterr, start, p, "Bad Address");
	if (p < end) {
		p = sip_scan_spaces(p + 1, end);
		if (p == end)
			return sip_refuse(reterr, start, p, "Missing Address");
	}
	*rest = sip_span(p, end);
	*ret = a;
	return SIP_OK;
}

enum sip_parse sip_address_parse(struct slice value, struct sip_address *ret, struct sip_reason *reterr)
{
	struct slice rest = value;
	struct sip_address a = {0};
	if (sip_address_next(&rest, &a, reterr) != SIP_OK)
		return SIP_BAD;
	if (!slice_empty(rest) || a.star)
		return sip_refuse(reterr, value.p, value.p, "Not One Address");
	*ret = a;
	return SIP_OK;
}

struct slice sip_address_tag(const struct sip_address *a)
{
	struct slice tag;
	return sip_param_find(a->params, SLICE("tag"), &tag) ? tag : SLICE_NONE;
}

enum sip_parse sip_cseq_parse(struct slice value, struct sip_cseq *ret, struct sip_reason *reterr)
{
	if (slice_empty(value))
		return sip_refuse(reterr, value.p, value.p, "Bad CSeq");
	const char *p = value.p, *end = p + value.n;
	while (p < end && sip_is_digit(*p))
		p++;
	uint64_t number;
	const char *method = sip_scan_spaces(p, end);
	if (!slice_u64(sip_span(value.p, p), INT32_MAX, &number) || method == p || method == end ||
	    sip_scan_set(method, end, &sip_token_chars) != end)
		return sip_refuse(reterr, value.p, p, "Bad CSeq");
	struct slice text = sip_span(method, end);
	*ret = (struct sip_cseq){.number = (uint32_t)number, .method = sip_method_from(text), .method_text = text};
	return SIP_OK;
}

enum sip_parse sip_rack_parse(struct slice value, struct sip_rack *ret, struct sip_reason *reterr)
{
	size_t n = 0;
	while (n < value.n && sip_is_digit(value.p[n]))
		n++;
	struct sip_rack r;
	uint64_t rseq;
	struct slice rest = slice_trim(slice_from(value, n));
	bool apart = n < value.n && sip_is_space(value.p[n]);
	if (!apart || !slice_u64(slice_first(value, n), UINT32_MAX, &rseq) || !rseq ||
	    sip_cseq_parse(rest, &r.cseq, reterr) != SIP_OK)
		return sip_refuse(reterr, value.p, value.p, "Bad RAck");
	r.rseq = (uint32_t)rseq;
	*ret = r;
	return SIP_OK;
}

bool sip_number_parse(struct slice value, uint32_t max, uint32_t *ret)
{
	size_t n = 0;
	uint64_t number;
	while (n < value.n && sip_is_digit(value.p[n]))
		n++;
	if (n < value.n && !sip_is_space(value.p[n]) && value.p[n] != ';' && value.p[n] != '(')
		return false;
	if (!slice_u64(slice_first(value, n), max, &number))
		return false;
	*ret = (uint32_t)number;
	return true;
}

bool sip_list_next(struct slice *rest, struct slice *ret_item)
{
	while (!slice_empty(*rest)) {
		const char *end = rest->p + rest->n, *stop = sip_scan_item(rest->p, end);
		struct slice item = slice_trim(sip_span(rest->p, stop));
		*rest = stop < end ? sip_span(stop + 1, end) : SLICE_NONE;
		if (!slice_empty(item)) {
			*ret_item = item;
			return true;
		}
	}
	return false;
}

bool sip_list_has(const struct sip_message *msg, enum sip_field_id id, struct slice token)
{
	for (const struct sip_field *f = sip_field_first(msg, id); f; f = sip_field_next(msg, f)) {
		struct slice rest = f->value, item;
		while (sip_list_next(&rest, &item))
			if (slice_caseeq(item, token))
				return true;
	}
	return false;
}

bool sip_unquote(struct slice inside, char *buf, size_t cap, size_t *ret_n)
{
	size_t n = 0;
	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] == '\\' && i + 1 < inside.n)
			i++;
		if (n == cap)
			return false;
		buf[n++] = inside.p[i];
	}
	*ret_n = n;
	return true;
}

bool sip_content_is(const struct sip_message *msg, struct slice type)
{
	struct slice rest = sip_field_value(msg, SIP_CONTENT_TYPE);
	return slice_caseeq(slice_trim(slice_cut(&rest, ';')), type);
}

struct sip_disposition sip_disposition_of(const struct sip_message *msg)
{
	return sip_disposition_read(sip_field_value(msg, SIP_CONTENT_DISPOSITION));
}

struct sip_disposition sip_disposition_read(struct slice value)
{
	struct slice params = value, handling;
	struct slice type = slice_trim(slice_cut(&params, ';'));
	bool told = sip_param_find(params, SLICE("handling"), &handling);
	return (struct sip_disposition){
		.type = slice_empty(type) ? SLICE("session") : type,
		.optional = told && slice_caseeq(handling, SLICE("optional")),
	};
}
