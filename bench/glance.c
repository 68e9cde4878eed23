/* bench/glance.c - see glance.h */
#include "bench/glance.h"

static struct slice next_line(struct slice *rest)
{
	struct slice line = slice_cut(rest, '\n');
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static struct slice uri_of(struct slice address)
{
	ptrdiff_t open = slice_find(address, '<');
	if (open < 0)
		return address;
	struct slice rest = slice_from(address, (size_t)open + 1);
	return slice_cut(&rest, '>');
}

static struct slice tag_of(struct slice address)
{
	ptrdiff_t close = slice_find(address, '>');
	struct slice rest = close < 0 ? address : slice_from(address, (size_t)close + 1);
	while (!slice_empty(rest)) {
		struct slice parameter = slice_cut(&rest, ';');
		if (slice_starts(parameter, SLICE("tag=")))
			return slice_from(parameter, 4);
	}
	return SLICE_NONE;
}

static bool first_line(struct slice line, struct glance *g)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');
	if (!slice_eq(word, SLICE("SIP/2.0"))) {
		g->method = word;
		return word.n > 0 && rest.n > 0;
	}
	uint64_t status;
	if (!slice_u64(slice_first(rest, 3), 699, &status) || status < 100)
		return false;
	g->status = (unsigned)status;
	return true;
}

static void take_cseq(struct slice value, struct glance *g)
{
	struct slice rest = value, number = slice_cut(&rest, ' ');
	uint64_t n;
	g->cseq_value = value;
	if (slice_u64(number, UINT32_MAX, &n))
		g->cseq = (uint32_t)n;
	if (g->status)
		g->method = slice_trim(rest);
}

static void take_field(struct slice line, struct glance *g)
{
	struct slice value = line, name = slice_trim(slice_cut(&value, ':'));
	value = slice_trim(value);
	if (slice_caseeq(name, SLICE("Via"))) {
		if (g->via_count < GLANCE_LINES_MAX)
			g->vias[g->via_count++] = line;
	} else if (slice_caseeq(name, SLICE("Record-Route"))) {
		if (g->record_route_count < GLANCE_LINES_MAX)
			g->record_routes[g->record_route_count++] = value;
	} else if (slice_caseeq(name, SLICE("CSeq"))) {
		take_cseq(value, g);
	} else if (slice_caseeq(name, SLICE("Call-ID"))) {
		g->call_id = value;
	} else if (slice_caseeq(name, SLICE("From"))) {
		g->from = value;
	} else if (slice_caseeq(name, SLICE("To"))) {
		g->to = value;
		g->to_tag = tag_of(value);
	} else if (slice_caseeq(name, SLICE("Contact"))) {
		g->contact = uri_of(value);
	} else if (slice_caseeq(name, SLICE("WWW-Authenticate")) || slice_caseeq(name, SLICE("Proxy-Authenticate"))) {
		g->challenge = value;
	}
}

bool glance_at(struct slice text, struct glance *ret)
{
	struct slice rest = text;
	*ret = (struct glance){0};
	if (!first_line(next_line(&rest), ret))
		return false;
	for (;;) {
		if (slice_empty(rest))
			return false;
		struct slice line = next_line(&rest);
		if (slice_empty(line))
			break;
		take_field(line, ret);
	}
	ret->body = rest;
	return ret->via_count && ret->call_id.n && ret->cseq_value.n;
}

bool glance_audio(struct slice body, struct address *ret)
{
	struct slice rest = body;
	struct address host = {0};
	uint64_t port = 0;
	bool found = false;
	while (!slice_empty(rest)) {
		struct slice line = next_line(&rest);
		if (slice_starts(line, SLICE("c=IN IP4 "))) {
			found = address_parse(slice_from(line, 9), &host);
		} else if (slice_starts(line, SLICE("m=audio "))) {
			struct slice tail = slice_from(line, 8);
			if (!slice_u64(slice_cut(&tail, ' '), 65535, &port))
				return false;
		}
	}
	if (!found || !port)
		return false;
	*ret = host;
	ret->port = (uint16_t)port;
	return true;
}

bool glance_crypto(struct slice body, struct slice *ret_suite, struct slice *ret_key)
{
	struct slice rest = body;
	while (!slice_empty(rest)) {
		struct slice line = next_line(&rest);
		if (!slice_starts(line, SLICE("a=crypto:")))
			continue;
		(void)slice_cut(&line, ' '); /* the tag */
		*ret_suite = slice_cut(&line, ' ');
		(void)slice_cut(&line, ':'); /* "inline" */
		*ret_key = slice_cut(&line, '|');
		return ret_key->n > 0;
	}
	return false;
}

struct slice glance_parameter(struct slice challenge, struct slice name)
{
	struct slice rest = challenge;
	(void)slice_cut(&rest, ' ');
	while (!slice_empty(rest)) {
		struct slice value = slice_cut(&rest, ','), key = slice_trim(slice_cut(&value, '='));
		value = slice_trim(value);
		if (!slice_caseeq(key, name))
			continue;
		if (value.n >= 2 && value.p[0] == '"')
			value = slice_of(value.p + 1, value.n - 2);
		return value;
	}
	return SLICE_NONE;
}
