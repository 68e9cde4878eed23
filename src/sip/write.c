/* sip/write.c - see write.h */
#include "sip/write.h"
#include "sip/scan.h"

/* A value may come from a peer: a CR or LF in it would begin a field of the peer's choice. */
static void write_clean(struct writer *w, struct slice s)
{
	if (slice_empty(s))
		return;
	if (!memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n)) {
		write_slice(w, s);
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		write_char(w, s.p[i] == '\r' || s.p[i] == '\n' ? ' ' : s.p[i]);
}

static void write_end(struct writer *w)
{
	write_slice(w, SLICE("\r\n"));
}

void sip_write_request_line(struct writer *w, struct slice method, struct slice uri)
{
	write_clean(w, method);
	write_char(w, ' ');
	write_clean(w, uri);
	write_slice(w, SLICE(" SIP/2.0\r\n"));
}

void sip_write_status_line(struct writer *w, unsigned status, struct slice reason)
{
	write_slice(w, SLICE("SIP/2.0 "));
	write_u64(w, status);
	write_char(w, ' ');
	if (slice_empty(reason))
		write_string(w, sip_status_text(status));
	else
		write_clean(w, reason);
	write_end(w);
}

void sip_write_named(struct writer *w, struct slice name, struct slice value)
{
	write_clean(w, name);
	write_slice(w, SLICE(": "));
	write_clean(w, value);
	write_end(w);
}

void sip_write_field(struct writer *w, enum sip_field_id id, struct slice value)
{
	sip_write_named(w, sip_field_name(id), value);
}

void sip_write_field_u64(struct writer *w, enum sip_field_id id, uint64_t value)
{
	sip_write_field_begin(w, id);
	write_u64(w, value);
	write_end(w);
}

void sip_write_field_begin(struct writer *w, enum sip_field_id id)
{
	write_slice(w, sip_field_name(id));
	write_slice(w, SLICE(": "));
}

void sip_write_field_end(struct writer *w)
{
	write_end(w);
}

void sip_write_body(struct writer *w, struct slice content_type, struct slice body)
{
	if (!slice_empty(content_type))
		sip_write_field(w, SIP_CONTENT_TYPE, content_type);
	sip_write_field_u64(w, SIP_CONTENT_LENGTH, body.n);
	write_end(w);
	if (!slice_empty(body))
		write_slice(w, body);
}

/*
 * `received` when the name in sent-by is not the address the request came from (§18.2.1), and always beside rport
 * (RFC 3581 §4).
 */
static bool wants_received(const struct sip_via *via, const struct sip_flow *flow)
{
	struct address sent_by;
	return via->rport || !address_parse(via->host, &sent_by) || !address_same_host(&sent_by, &flow->remote);
}

/* Each parameter as it was written, quotes and all, but those of these names. */
static void write_params_but(struct writer *w, struct slice params, struct slice one, struct slice other)
{
	for (const char *p = params.p, *end = p ? p + params.n : p; p < end;) {
		struct slice rest = sip_span(p, end), name, unquoted;
		(void)sip_param_next(&rest, &name, &unquoted);
		const char *next = slice_empty(rest) ? end : rest.p;
		const char *stop = next < end ? next - 1 : end;
		if (!slice_caseeq(name, one) && !slice_caseeq(name, other)) {
			write_char(w, ';');
			write_slice(w, slice_trim(sip_span(p, stop)));
		}
		p = next;
	}
}

/*
 * The top Via, with what we know of where it came from; what a sender said of that itself is dropped.
 * DEVIATION: §18.2.2 sends an answer over UDP to the port in sent-by where there is no `rport`, and to `maddr` where
 * there is one. Ours go back to the source in any case, as if `rport` were there: nobody behind NAT can be reached
 * otherwise, and nobody is answered at an address that somebody else has written.
 */
static void write_top_via(struct writer *w, const struct sip_message *req, const struct sip_flow *flow)
{
	const struct sip_via *via = &req->via;
	struct slice value = sip_field_value(req, SIP_VIA);
	if (slice_empty(via->host)) {
		write_clean(w, value);
		return;
	}
	write_slice(w, SLICE("SIP/2.0/"));
	write_slice(w, via->transport);
	write_char(w, ' ');
	write_slice(w, via->host);
	if (via->port) {
		write_char(w, ':');
		write_u64(w, via->port);
	}
	write_params_but(w, via->params, SLICE("received"), SLICE("rport"));
	if (wants_received(via, flow)) {
		write_slice(w, SLICE(";received="));
		write_address(w, &flow->remote);
	}
	if (via->rport) {
		write_slice(w, SLICE(";rport="));
		write_u64(w, flow->remote.port);
	}
	write_clean(w, slice_from(value, via->text.n)); /* the others, where they stand in one field */
}

/* With our tag, if it has none. One without a value (§25.1: it has one) would hide ours from who reads the answer. */
static void write_to(struct writer *w, const struct sip_message *req, struct slice tag)
{
	const struct sip_address *to = &req->to;
	struct slice before = sip_field_value(req, SIP_TO), valueless;
	sip_write_field_begin(w, SIP_TO);
	bool adds = !slice_empty(tag) && !slice_empty(to->uri.text) && slice_empty(sip_address_tag(to));
	bool drops = adds && sip_param_find(to->params, SLICE("tag"), &valueless);
	if (drops)
		before = slice_trim(sip_span(before.p, to->params.p - 1));
	write_clean(w, before);
	if (drops)
		write_params_but(w, to->params, SLICE("tag"), SLICE_NONE);
	if (adds) {
		write_slice(w, SLICE(";tag="));
		write_clean(w, tag);
	}
	write_end(w);
}

void sip_write_response_head(struct writer *w, const struct sip_message *req, const struct sip_flow *flow,
			     unsigned status, struct slice reason, struct slice to_tag)
{
	sip_write_status_line(w, status, reason);
	const struct sip_field *top = sip_field_first(req, SIP_VIA);
	for (const struct sip_field *f = top; f; f = sip_field_next(req, f)) {
		sip_write_field_begin(w, SIP_VIA);
		if (f == top)
			write_top_via(w, req, flow);
		else
			write_clean(w, f->value);
		write_end(w);
	}
	/* A request that lacks one of these is being refused: what there is goes back. */
	if (req->first[SIP_FROM])
		sip_write_field(w, SIP_FROM, sip_field_value(req, SIP_FROM));
	if (req->first[SIP_TO])
		write_to(w, req, to_tag);
	if (req->first[SIP_CALL_ID])
		sip_write_field(w, SIP_CALL_ID, sip_field_value(req, SIP_CALL_ID));
	if (req->first[SIP_CSEQ])
		sip_write_field(w, SIP_CSEQ, sip_field_value(req, SIP_CSEQ));
}
