/*
 * sip/message.c - the one pass over a message
 *
 * Lines end with CRLF and with nothing else: a CR or LF by itself in the head is a 400. No phone sends one, and an
 * element before us that takes a bare LF for part of a value would let a stranger smuggle in a field that only we see.
 *
 * After the first error the pass goes on where it can, so that the refusal finds the Via to go back to.
 */
#include "sip/message.h"
#include "sip/scan.h"

struct parser {
	struct sip_message *msg;
	struct sip_reason *reterr;
	enum sip_parse result;
};

/* The first error is the one that is told. */
static void refuse(struct parser *x, const char *at, unsigned status, const char *text)
{
	if (x->result == SIP_BAD)
		return;
	x->result = sip_refuse(x->reterr, x->msg->bytes.p, at, text);
	x->reterr->status = (uint16_t)status;
}

/* The CR of the CRLF that ends the line at p, or NULL after noting why there is none. */
static char *line_end(struct parser *x, char *p, char *end)
{
	char *cr = memchr(p, '\r', (size_t)(end - p));
	const char *lf = memchr(p, '\n', (size_t)((cr ? cr : end) - p));
	if (lf || (cr && (end - cr < 2 || cr[1] != '\n'))) {
		refuse(x, lf ? lf : cr, 400, "Line Not Ended By CRLF");
		return NULL;
	}
	if (!cr)
		refuse(x, p, 400, "Header Without End");
	return cr;
}

/* "SIP/2.0" in any case; another number is 505 (§21.5.6), anything else no SIP at all. */
static void parse_version(struct parser *x, struct slice version)
{
	if (slice_caseeq(version, SLICE("SIP/2.0")))
		return;
	struct slice number = slice_from(version, 4);
	struct slice major = slice_cut(&number, '.');
	uint64_t unused;
	if (slice_casestarts(version, SLICE("SIP/")) && slice_u64(major, UINT32_MAX, &unused) &&
	    slice_u64(number, UINT32_MAX, &unused))
		refuse(x, version.p, 505, "Version Not Supported");
	else
		refuse(x, version.p, 400, "Bad Start Line");
}

static void parse_status_line(struct parser *x, struct slice line)
{
	struct slice rest = line, version = slice_cut(&rest, ' ');
	struct slice code = slice_cut(&rest, ' ');
	uint64_t status;
	parse_version(x, version);
	/* Three digits (§7.2): a longer number is no status, however it would be cut off. */
	if (code.n != 3 || !slice_u64(code, 699, &status) || status < 100) {
		refuse(x, line.p, 400, "Bad Status Code");
		return;
	}
	x->msg->status = (uint16_t)status;
	x->msg->reason = rest;
}

static void parse_request_line(struct parser *x, struct slice line)
{
	struct slice rest = line, method = slice_cut(&rest, ' ');
	struct slice uri = slice_cut(&rest, ' ');
	x->msg->is_request = true;
	/* Exactly one space between the three (§7.1); a second one leaves an empty part or a space in the version. */
	if (slice_empty(method) ||
	    sip_scan_set(method.p, method.p + method.n, &sip_token_chars) != method.p + method.n || slice_empty(uri) ||
	    slice_empty(rest)) {
		refuse(x, line.p, 400, "Bad Start Line");
		return;
	}
	x->msg->method_text = method;
	x->msg->method = sip_method_from(method);
	x->msg->request_uri = uri;
	parse_version(x, rest);
}

static void parse_field(struct parser *x, const char *p, const char *eol)
{
	struct sip_message *msg = x->msg;
	const char *name_end = sip_scan_set(p, eol, &sip_token_chars);
	const char *colon = sip_scan_spaces(name_end, eol);
	if (name_end == p || colon == eol || *colon != ':') {
		refuse(x, p, 400, "Bad Header Field Name");
		return;
	}
	if (msg->field_count == SIP_FIELDS_MAX) {
		refuse(x, p, 513, "Too Many Header Fields");
		return;
	}
	const char *value = sip_scan_spaces(colon + 1, eol);
	while (eol > value && sip_is_space(eol[-1]))
		eol--;
	struct sip_field *field = &msg->fields[msg->field_count++];
	field->name = sip_span(p, name_end);
	field->value = sip_span(value, eol);
	field->id = sip_field_from(field->name);
	if (msg->first[field->id] == 0)
		msg->first[field->id] = (uint8_t)msg->field_count;
}

/* From the first field on; returns where the body starts, NULL if the empty line is missing. */
static char *parse_fields(struct parser *x, char *p, char *end)
{
	while (p < end) {
		char *eol = line_end(x, p, end);
		if (!eol)
			return NULL;
		if (eol == p)
			return p + 2;
		/* A line that starts with white space continues the one before (§7.3.1). */
		while (end - eol > 2 && sip_is_space(eol[2])) {
			char *next = line_end(x, eol + 2, end);
			if (!next)
				return NULL;
			eol[0] = eol[1] = ' ';
			eol = next;
		}
		parse_field(x, p, eol);
		p = eol + 2;
	}
	refuse(x, end, 400, "Header Without End");
	return NULL;
}

static void init_message(struct sip_message *msg, const char *bytes, size_t n)
{
	/* All but `fields`, of which only field_count are ever read: clearing its 5 KB would cost more than the pass.
	 */
	msg->bytes = slice_of(bytes, n);
	msg->is_request = false;
	msg->method = SIP_OTHER_METHOD;
	msg->method_text = msg->request_uri = msg->reason = SLICE_NONE;
	msg->body = slice_of(bytes + n, 0);
	msg->status = 0;
	msg->field_count = 0;
	memset(msg->first, 0, sizeof(msg->first));
}

/* What is malformed stays empty: why, sip_message_check() tells. */
static void read_heads(struct sip_message *msg)
{
	struct sip_reason unused;
	if (sip_via_parse(sip_field_value(msg, SIP_VIA), &msg->via, &unused) != SIP_OK)
		msg->via = (struct sip_via){0};
	if (sip_address_parse(sip_field_value(msg, SIP_FROM), &msg->from, &unused) != SIP_OK)
		msg->from = (struct sip_address){0};
	if (sip_address_parse(sip_field_value(msg, SIP_TO), &msg->to, &unused) != SIP_OK)
		msg->to = (struct sip_address){0};
	if (sip_cseq_parse(sip_field_value(msg, SIP_CSEQ), &msg->cseq, &unused) != SIP_OK)
		msg->cseq = (struct sip_cseq){0};
	if (!msg->is_request || sip_uri_parse(msg->request_uri, &msg->uri, &unused) != SIP_OK)
		msg->uri = (struct sip_uri){0};
}

enum sip_parse sip_message_parse(char *bytes, size_t n, struct sip_message *ret_msg, struct sip_reason *reterr)
{
	struct parser x = {.msg = ret_msg, .reterr = reterr, .result = SIP_OK};
	init_message(ret_msg, bytes, n);
	char *p = bytes, *end = bytes + n;
	if (n > SIP_MESSAGE_MAX)
		refuse(&x, bytes, 513, "Message Too Large");
	/* §7.5: empty lines before the start line are to be ignored. */
	while (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
		p += 2;
	char *eol = p < end ? line_end(&x, p, end) : NULL;
	if (!eol) {
		refuse(&x, p, 400, "Empty Message");
		read_heads(ret_msg);
		return SIP_BAD;
	}
	struct slice line = sip_span(p, eol);
	if (slice_casestarts(line, SLICE("SIP/")))
		parse_status_line(&x, line);
	else
		parse_request_line(&x, line);

	const char *body = parse_fields(&x, eol + 2, end);
	read_heads(ret_msg);
	if (!body)
		return SIP_BAD;
	/*
	 * In a datagram bytes after Content-Length are dropped (§18.3). A length that is no number or more than there
	 * is leaves all the bytes, and sip_message_check() refuses it.
	 */
	ret_msg->body = sip_span(body, end);
	uint64_t length;
	if (slice_u64(sip_field_value(ret_msg, SIP_CONTENT_LENGTH), ret_msg->body.n, &length))
		ret_msg->body.n = (size_t)length;
	return x.result;
}

void sip_message_copy(const struct sip_message *msg, struct sip_message *ret)
{
	memcpy(ret, msg, offsetof(struct sip_message, fields) + msg->field_count * sizeof(msg->fields[0]));
}

const struct sip_field *sip_field_first(const struct sip_message *msg, enum sip_field_id id)
{
	return msg->first[id] ? &msg->fields[msg->first[id] - 1] : NULL;
}

const struct sip_field *sip_field_next(const struct sip_message *msg, const struct sip_field *field)
{
	const struct sip_field *end = msg->fields + msg->field_count;
	for (const struct sip_field *f = field + 1; f < end; f++)
		if (f->id == field->id)
			return f;
	return NULL;
}

struct slice sip_field_value(const struct sip_message *msg, enum sip_field_id id)
{
	const struct sip_field *field = sip_field_first(msg, id);
	return field ? field->value : SLICE_NONE;
}
