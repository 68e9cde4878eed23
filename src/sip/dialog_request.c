/* sip/dialog_request.c - requests inside a dialog: judged when they come, written when they go.   RFC 3261 §12.2 */
#include <errno.h>

#include "sip/dialog.h"

int sip_dialog_accept(struct sip_dialog *d, const struct sip_message *request)
{
	const struct sip_cseq *cseq = &request->cseq;

	if (request->method == SIP_ACK || request->method == SIP_CANCEL)
		return 0;
	if (slice_empty(cseq->method_text) || (d->remote_cseq_known && cseq->number <= d->remote_cseq))
		return -EALREADY;
	d->remote_cseq = cseq->number;
	d->remote_cseq_known = true;
	return 0;
}

/* The URI inside "<...>"; as it is without them. */
static struct slice route_uri(struct slice route)
{
	ptrdiff_t open = slice_find(route, '<');
	if (open < 0)
		return route;
	struct slice uri = slice_from(route, (size_t)open + 1);
	return slice_cut(&uri, '>');
}

/* A route whose URI has no lr is a strict router's (§12.2.1.1). */
static bool route_is_strict(struct slice route)
{
	struct sip_uri uri;
	struct sip_reason reason;
	struct slice value;

	return sip_uri_parse(route_uri(route), &uri, &reason) == SIP_OK &&
	       !sip_param_find(uri.params, SLICE("lr"), &value);
}

static void write_party(struct writer *w, enum sip_field_id id, struct slice uri, struct slice tag)
{
	sip_write_field_begin(w, id);
	write_slice(w, uri);
	if (!slice_empty(tag)) {
		write_slice(w, SLICE(";tag="));
		write_slice(w, tag);
	}
	sip_write_field_end(w);
}

/* rport (RFC 3581 §3) asks for answers to the port we send from; a connection needs no such word. */
static void write_via(struct writer *w, enum sip_transport transport, struct slice host, struct slice branch)
{
	sip_write_field_begin(w, SIP_VIA);
	write_slice(w, SLICE("SIP/2.0/"));
	write_slice(w, sip_transport_name(transport));
	write_char(w, ' ');
	write_slice(w, host);
	write_slice(w, SLICE(";branch="));
	write_slice(w, branch);
	if (transport == SIP_UDP)
		write_slice(w, SLICE(";rport"));
	sip_write_field_end(w);
}

/* Routes from `from` on, then the remote target where a strict router has taken the Request-URI. */
static void write_routes(struct writer *w, const struct sip_dialog *d, size_t from, bool strict)
{
	for (size_t i = from; i < d->route_count; i++)
		sip_write_field(w, SIP_ROUTE, d->routes[i]);
	if (!strict)
		return;
	sip_write_field_begin(w, SIP_ROUTE);
	write_char(w, '<');
	write_slice(w, d->remote_target);
	write_char(w, '>');
	sip_write_field_end(w);
}

void sip_dialog_write_request(struct writer *w, struct sip_dialog *d, enum sip_method method, uint32_t cseq,
			      enum sip_transport transport, struct slice via_host, struct slice branch,
			      unsigned max_forwards)
{
	bool strict = d->route_count > 0 && route_is_strict(d->routes[0]);

	if (cseq == 0)
		cseq = ++d->local_cseq;
	sip_write_request_line(w, sip_method_name(method), strict ? route_uri(d->routes[0]) : d->remote_target);
	write_via(w, transport, via_host, branch);
	sip_write_field_u64(w, SIP_MAX_FORWARDS, max_forwards);
	write_routes(w, d, strict ? 1 : 0, strict);
	write_party(w, SIP_FROM, d->local_uri, d->local_tag);
	write_party(w, SIP_TO, d->remote_uri, d->remote_tag);
	sip_write_field(w, SIP_CALL_ID, d->call_id);
	sip_write_field_begin(w, SIP_CSEQ);
	write_u64(w, cseq);
	write_char(w, ' ');
	write_slice(w, sip_method_name(method));
	sip_write_field_end(w);
}
