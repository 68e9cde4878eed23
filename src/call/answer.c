/* call/answer.c - answers written and sent: see answer.h */
#include "call/private.h"

#include <errno.h>

struct writer response_begin(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow,
			     unsigned status, struct slice reason, struct slice to_tag)
{
	char tag[SIP_GUEST_TAG_CAP];
	if (slice_empty(to_tag) && status > 100) {
		sip_stack_guest_tag(sb->stack, req, tag);
		to_tag = slice_from_string(tag);
	}
	struct writer w = writer_on(sb->work, sizeof(sb->work));
	sip_write_response_head(&w, req, flow, status, reason, to_tag);
	return w;
}

int response_send(struct switchboard *sb, struct sip_server *server, struct writer *w, unsigned status,
		  struct slice sdp)
{
	sip_write_body(w, slice_empty(sdp) ? SLICE_NONE : SLICE("application/sdp"), sdp);
	if (w->overflow) {
		/* Only a request that fills a datagram with its own Vias gets here: less is said. */
		(void)sip_server_respond_simple(server, 513, SLICE_NONE, SLICE_NONE);
		return -E2BIG;
	}
	return sip_server_respond(server, status, writer_slice(w));
}

void write_contact(struct switchboard *sb, struct writer *w, const struct sip_flow *flow)
{
	sip_write_field_begin(w, SIP_CONTACT);
	write_string(w, "<sip:alto@");
	transport_write_host(sb->config.transport, w, flow);
	if (flow->transport == SIP_TCP)
		write_string(w, ";transport=tcp");
	else if (flow->transport == SIP_TLS)
		write_string(w, ";transport=tls");
	else if (flow->transport == SIP_WS || flow->transport == SIP_WSS)
		write_string(w, ";transport=ws"); /* RFC 7118 §5.3: of both */
	write_char(w, '>');
	sip_write_field_end(w);
}

void answer_options(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		    const struct sip_flow *flow, struct slice to_tag)
{
	struct writer w = response_begin(sb, req, flow, 200, SLICE_NONE, to_tag);
	sip_write_field(&w, SIP_ALLOW, to_tag.n ? ALLOWED_IN_CALLS : ALLOWED_METHODS);
	sip_write_field(&w, SIP_ACCEPT, SLICE("application/sdp"));
	sip_write_field(&w, SIP_SUPPORTED, SUPPORTED_EXTENSIONS);
	(void)response_send(sb, server, &w, 200, SLICE_NONE);
}
