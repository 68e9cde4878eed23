/* sdp/parse.c - session descriptions, read line by line.   RFC 8866 §5, §6 */
#include "sdp/format.h"
#include "sdp/limits.h"

_Static_assert(SDP_FORMATS_MAX <= 32, "the bits of parser.mapped");

struct parser {
	struct slice rest;
	struct sdp_session *session;
	struct sdp_media *media; /* the one whose lines are read; NULL: the session's */
	bool has_version, has_origin, has_media_address, has_direction, has_rtcp;
	bool has_session_address, media_address_usable, session_address_usable;
	struct address session_address, media_address, rtcp_address;
	enum sdp_direction session_direction;
	struct sdp_transport session_transport;
	uint32_t mapped; /* bit i: formats[i] of this media has its a=rtpmap */
	struct sdp_reason reason;
};

static bool bad(struct parser *p, const char *text)
{
	p->reason.text = text;
	return false;
}

/* The next word, without the spaces around it. */
static struct slice word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	size_t n = 0;
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	struct slice first = slice_first(*rest, n);
	*rest = slice_trim(slice_from(*rest, n));
	return first;
}

/* ---- o= ---- */

/* Only ever compared for change, so of numbers beyond 64 bits the low ones do. */
static bool origin_number(struct slice s, uint64_t *ret)
{
	uint64_t value = 0;
	if (s.n == 0 || s.n > SDP_ORIGIN_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(s.p[i] - '0');
	}
	*ret = value;
	return true;
}

/* The last word of *rest, which loses it. */
static struct slice last_word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	size_t at = rest->n;
	while (at > 0 && rest->p[at - 1] != ' ' && rest->p[at - 1] != '\t')
		at--;
	struct slice last = slice_from(*rest, at);
	*rest = slice_trim(slice_first(*rest, at));
	return last;
}

/* Read from the end: some user names contain spaces. */
static bool parse_origin(struct parser *p, struct slice value)
{
	for (int i = 0; i < 3; i++)
		if (slice_empty(last_word(&value)))
			return bad(p, "o= is too short");
	struct slice version = last_word(&value), id = last_word(&value);
	if (!origin_number(version, &p->session->version) || !origin_number(id, &p->session->id))
		return bad(p, "o= without a numeric id and version");
	p->session->username = value;
	p->has_origin = true;
	return true;
}

/* ---- c= ---- */

/* An address that voice may be sent to: not a group, which would let one caller make us flood a network. */
static bool unicast_parse(struct slice text, struct address *ret)
{
	struct address a;
	if (!address_parse(text, &a))
		return false;
	if (address_is_v4(&a) ? a.ip[12] >= 224 : a.ip[0] == 0xff)
		return false;
	*ret = a;
	return true;
}

static bool parse_connection(struct parser *p, struct slice value)
{
	struct slice network = word(&value), kind = word(&value), text = word(&value);
	if (slice_empty(text))
		return bad(p, "c= is too short");
	struct address a = {.port = 0};
	bool usable = slice_caseeq(network, SLICE("IN")) && slice_casestarts(kind, SLICE("IP")) &&
		      unicast_parse(slice_cut(&text, '/'), &a);
	if (p->media && !p->has_media_address) {
		p->has_media_address = true;
		p->media_address_usable = usable;
		p->media_address = a;
	} else if (!p->media && !p->has_session_address) {
		p->has_session_address = true;
		p->session_address_usable = usable;
		p->session_address = a;
	}
	return true;
}

/* ---- m= ---- */

static struct sdp_format *format_by_payload(struct sdp_media *m, uint64_t payload)
{
	for (size_t i = 0; i < m->format_count; i++)
		if (m->formats[i].payload == payload)
			return &m->formats[i];
	return NULL;
}

/* What the session's lines and the lines after m= settle together. */
static void finish_media(struct parser *p)
{
	struct sdp_media *m = p->media;
	if (!m)
		return;
	m->has_address = p->has_media_address ? p->media_address_usable : p->session_address_usable;
	if (m->has_address)
		m->address = p->has_media_address ? p->media_address : p->session_address;
	m->address.port = m->port;
	if (!p->has_direction)
		m->direction = p->session_direction;

	uint16_t rtcp_port = m->port == 0 || m->port == UINT16_MAX ? 0 : m->port + 1;
	struct address rtcp = m->address;
	if (p->has_rtcp) {
		rtcp_port = p->rtcp_address.port;
		if (!address_is_any(&p->rtcp_address))
			rtcp = p->rtcp_address;
	}
	m->rtcp = rtcp;
	m->rtcp.port = rtcp_port;
	sdp_transport_inherit(&m->transport, &p->session_transport);
}

static bool parse_formats(struct parser *p, struct slice formats)
{
	struct sdp_media *m = p->media;
	while (!slice_empty(formats)) {
		uint64_t payload;
		if (!slice_u64(word(&formats), 127, &payload))
			return bad(p, "m= with a payload type that is not 0 to 127");
		if (m->format_count == SDP_FORMATS_MAX || format_by_payload(m, payload))
			continue;
		struct sdp_format *f = &m->formats[m->format_count++];
		*f = (struct sdp_format){.payload = (uint8_t)payload, .channels = 1};
		sdp_format_static(f);
	}
	return true;
}

static bool parse_media(struct parser *p, struct slice value)
{
	finish_media(p);
	if (p->session->media_count == SDP_MEDIA_MAX)
		return bad(p, "too many m= lines");
	p->has_media_address = p->has_direction = p->has_rtcp = false;
	p->mapped = 0;
	p->media = &p->session->media[p->session->media_count++];
	struct sdp_media *m = p->media;
	memset(m, 0, sizeof(*m));

	uint64_t port, ports;
	m->type = word(&value);
	struct slice count = word(&value);
	struct slice first = slice_cut(&count, '/');
	if (!slice_u64(first, UINT16_MAX, &port) || (!slice_empty(count) && !slice_u64(count, UINT16_MAX, &ports)))
		return bad(p, "m= with a bad port");
	m->port = (uint16_t)port;
	m->protocol = word(&value);
	if (slice_empty(m->type) || slice_empty(m->protocol))
		return bad(p, "m= is too short");
	m->format_text = value;
	/* Other kinds of lines are only mirrored with port 0; their formats need not be numbers. */
	return !slice_caseeq(m->type, SLICE("audio")) || parse_formats(p, value);
}

/* ---- a= ---- */

typedef bool (*attribute_fn)(struct parser *p, struct slice value);

static bool parse_rtpmap(struct parser *p, struct slice value)
{
	uint64_t payload, rate, channels = 1;
	if (!slice_u64(word(&value), 127, &payload))
		return bad(p, "a=rtpmap with a bad payload type");
	struct sdp_format *f = format_by_payload(p->media, payload);
	if (!f || p->mapped >> (f - p->media->formats) & 1)
		return true; /* of a format that is not offered: whatever it says does not matter */
	struct slice name = slice_cut(&value, '/');
	struct slice rate_text = slice_cut(&value, '/');
	struct slice probe = name;
	if (slice_empty(name) || word(&probe).n != name.n)
		return bad(p, "a=rtpmap without a name");
	if (!slice_u64(slice_trim(rate_text), SDP_RATE_MAX, &rate) || rate == 0)
		return bad(p, "a=rtpmap with a bad clock rate");
	if (!slice_empty(value) && (!slice_u64(slice_trim(value), SDP_CHANNELS_MAX, &channels) || channels == 0))
		return bad(p, "a=rtpmap with bad channels");
	p->mapped |= UINT32_C(1) << (f - p->media->formats);
	f->name = name;
	f->rate = (uint32_t)rate;
	f->channels = (uint8_t)channels;
	return true;
}

static bool parse_fmtp(struct parser *p, struct slice value)
{
	uint64_t payload;
	if (!slice_u64(word(&value), 127, &payload))
		return bad(p, "a=fmtp with a bad payload type");
	struct sdp_format *f = format_by_payload(p->media, payload);
	if (f && slice_empty(f->fmtp))
		f->fmtp = value;
	return true;
}

/* RFC 4568 §9.1: tag suite key-params [session-params]. A line with another key method, or with several keys, which
 * need an MKI to be told apart, is not considered. */
static bool parse_crypto(struct parser *p, struct slice value)
{
	uint64_t tag;
	if (!slice_u64(word(&value), SDP_CRYPTO_TAG_MAX, &tag))
		return bad(p, "a=crypto with a bad tag");
	struct sdp_crypto c = {.tag = (uint32_t)tag, .suite = word(&value)};
	struct slice params = word(&value);
	if (slice_empty(params))
		return bad(p, "a=crypto is too short");
	if (!slice_casestarts(params, SLICE("inline:")) || slice_find(params, ';') >= 0 ||
	    p->media->crypto_count == SDP_CRYPTO_MAX)
		return true;
	params = slice_from(params, sizeof("inline:") - 1);
	c.key = slice_cut(&params, '|');
	while (!slice_empty(params)) {
		struct slice part = slice_cut(&params, '|');
		if (slice_find(part, ':') >= 0)
			c.mki = part;
		else
			c.lifetime = part;
	}
	c.session_params = value;
	p->media->crypto[p->media->crypto_count++] = c;
	return true;
}

/* RFC 3605 §2.1. */
static bool parse_rtcp(struct parser *p, struct slice value)
{
	uint64_t port;
	if (!slice_u64(word(&value), UINT16_MAX, &port))
		return bad(p, "a=rtcp with a bad port");
	if (p->has_rtcp)
		return true;
	p->has_rtcp = true;
	p->rtcp_address = (struct address){.port = 0};
	struct slice network = word(&value), kind = word(&value);
	if (slice_caseeq(network, SLICE("IN")) && slice_casestarts(kind, SLICE("IP")) &&
	    !unicast_parse(word(&value), &p->rtcp_address))
		p->rtcp_address = (struct address){.port = 0};
	p->rtcp_address.port = (uint16_t)port;
	return true;
}

static bool parse_rtcp_mux(struct parser *p, struct slice value)
{
	p->media->rtcp_mux = true;
	return true;
}

/* RFC 8866 allows a fraction, which no codec of ours has: it is cut off. */
static bool parse_time(struct parser *p, struct slice value, uint16_t *ret_ms)
{
	uint64_t ms, fraction;
	struct slice whole = slice_cut(&value, '.');
	if (!slice_u64(whole, SDP_PACKET_TIME_MAX, &ms) ||
	    (!slice_empty(value) && !slice_u64(value, UINT64_MAX, &fraction)))
		return bad(p, "a packet time that is not a number of milliseconds");
	if (*ret_ms == 0)
		*ret_ms = (uint16_t)ms;
	return true;
}

static bool parse_ptime(struct parser *p, struct slice value)
{
	return parse_time(p, value, &p->media->ptime_ms);
}

static bool parse_maxptime(struct parser *p, struct slice value)
{
	return parse_time(p, value, &p->media->maxptime_ms);
}

static const struct attribute {
	const char *name;
	attribute_fn parse;
} attributes[] = {
	{"rtpmap", parse_rtpmap},     {"fmtp", parse_fmtp},   {"crypto", parse_crypto},     {"rtcp", parse_rtcp},
	{"rtcp-mux", parse_rtcp_mux}, {"ptime", parse_ptime}, {"maxptime", parse_maxptime},
};

/* RFC 5888 §4: written into our answers. */
static bool parse_mid(struct parser *p, struct slice value)
{
	struct slice probe = value;
	if (slice_empty(value) || value.n > SDP_MID_MAX || word(&probe).n != value.n)
		return bad(p, "a=mid that is not one short word");
	if (slice_empty(p->media->mid))
		p->media->mid = value;
	return true;
}

static void take_group(struct parser *p, struct slice value)
{
	if (slice_caseeq(word(&value), SLICE("BUNDLE")) && slice_empty(p->session->bundle))
		p->session->bundle = value;
}

static bool parse_transport(struct parser *p, struct slice name, struct slice value, bool *ret_known)
{
	struct sdp_transport *t = p->media ? &p->media->transport : &p->session_transport;
	const char *trouble = NULL;
	*ret_known = sdp_transport_attribute(t, name, value, &trouble);
	return trouble ? bad(p, trouble) : true;
}

static bool parse_attribute(struct parser *p, struct slice value)
{
	struct slice name = slice_trim(slice_cut(&value, ':'));
	bool known;
	value = slice_trim(value);
	for (enum sdp_direction d = SDP_SENDRECV; d <= SDP_INACTIVE; d++) {
		if (!slice_caseeq(name, sdp_direction_name(d)))
			continue;
		if (!p->has_direction && p->media)
			p->media->direction = d;
		else if (!p->has_direction)
			p->session_direction = d;
		p->has_direction = true;
		return true;
	}
	if (!p->media && slice_caseeq(name, SLICE("group")))
		take_group(p, value);
	if (p->media && slice_caseeq(name, SLICE("mid")))
		return parse_mid(p, value);
	/* The others concern us only where we may speak. */
	if (p->media && !slice_caseeq(p->media->type, SLICE("audio")))
		return true;
	if (!parse_transport(p, name, value, &known))
		return false;
	/* And the rest belongs to a media line (RFC 4568 §4 for keys). */
	if (known || !p->media)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (slice_caseeq(name, slice_from_string(attributes[i].name)))
			return attributes[i].parse(p, value);
	return true;
}

/* ---- lines ---- */

static bool parse_line(struct parser *p, struct slice line)
{
	if (slice_empty(line))
		return true;
	if (line.n < 2 || line.p[1] != '=')
		return bad(p, "a line that is not x=...");
	struct slice value = slice_trim(slice_from(line, 2));
	if (!p->has_version) {
		if (line.p[0] != 'v' || !slice_eq(value, SLICE("0")))
			return bad(p, "does not begin with v=0");
		p->has_version = true;
		return true;
	}
	switch (line.p[0]) {
	case 'v':
		return bad(p, "v= twice");
	case 'o':
		return p->has_origin ? bad(p, "o= twice") : parse_origin(p, value);
	case 'c':
		return parse_connection(p, value);
	case 'm':
		return parse_media(p, value);
	case 'a':
		return parse_attribute(p, value);
	default:
		return true;
	}
}

static bool parse_text(struct parser *p)
{
	while (!slice_empty(p->rest)) {
		p->reason.line++;
		struct slice line = slice_cut(&p->rest, '\n');
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		/* Parts of it are written on, where a stray CR would end a line. */
		if (slice_find(line, '\r') >= 0 || slice_find(line, '\0') >= 0)
			return bad(p, "CR or NUL within a line");
		if (!parse_line(p, line))
			return false;
	}
	if (!p->has_version || !p->has_origin)
		return bad(p, p->has_version ? "no o= line" : "empty");
	finish_media(p);
	return true;
}

enum sdp_parse sdp_parse(struct slice text, struct sdp_session *ret, struct sdp_reason *reterr)
{
	struct sdp_session session;
	session.media_count = 0;
	session.bundle = SLICE_NONE;
	struct parser p = {.rest = text, .session = &session, .session_direction = SDP_SENDRECV};
	bool ok = text.n <= SDP_BYTES_MAX ? parse_text(&p) : bad(&p, "longer than SDP_BYTES_MAX");
	if (!ok) {
		*reterr = p.reason;
		return SDP_BAD;
	}
	ret->username = session.username;
	ret->id = session.id;
	ret->version = session.version;
	ret->bundle = session.bundle;
	ret->media_count = session.media_count;
	memcpy(ret->media, session.media, session.media_count * sizeof(session.media[0]));
	return SDP_OK;
}
