/* sip/client_write.c - the two requests that an INVITE's transaction writes itself: ACK and CANCEL */
#include "sip/transaction_private.h"

/* Request line and the fields that both have from the INVITE, in its own words; To and CSeq follow. */
static void write_head(struct writer *w, const struct sip_message *invite, enum sip_method method)
{
	sip_write_request_line(w, sip_method_name(method), invite->request_uri);
	sip_write_field(w, SIP_VIA, sip_field_value(invite, SIP_VIA));
	for (const struct sip_field *f = sip_field_first(invite, SIP_ROUTE); f; f = sip_field_next(invite, f))
		sip_write_field(w, SIP_ROUTE, f->value);
	sip_write_field_u64(w, SIP_MAX_FORWARDS, SIP_MAX_FORWARDS_DEFAULT);
	sip_write_field(w, SIP_FROM, sip_field_value(invite, SIP_FROM));
	sip_write_field(w, SIP_CALL_ID, sip_field_value(invite, SIP_CALL_ID));
	sip_write_field_begin(w, SIP_CSEQ);
	write_u64(w, invite->cseq.number);
	write_char(w, ' ');
	write_slice(w, sip_method_name(method));
	sip_write_field_end(w);
}

static bool read_invite(struct sip_client *t, struct sip_message *ret)
{
	struct sip_reason reason;
	return t->bytes && !t->holds_ack && sip_message_parse(t->bytes, t->bytes_n, ret, &reason) == SIP_OK &&
	       !slice_empty(ret->cseq.method_text);
}

struct slice client_write_ack(struct sip_client *t, const struct sip_message *response)
{
	struct sip_message invite;
	struct writer w = stack_writer(t->stack);

	if (!read_invite(t, &invite))
		return SLICE_NONE;
	write_head(&w, &invite, SIP_ACK);
	/* The To of the response, with its tag (§17.1.1.3). */
	sip_write_field(&w, SIP_TO, sip_field_value(response, SIP_TO));
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	return w.overflow ? SLICE_NONE : writer_slice(&w);
}

struct slice client_write_cancel(struct sip_client *t, struct slice reason)
{
	struct sip_message invite;
	struct writer w = stack_writer(t->stack);

	if (!read_invite(t, &invite))
		return SLICE_NONE;
	write_head(&w, &invite, SIP_CANCEL);
	sip_write_field(&w, SIP_TO, sip_field_value(&invite, SIP_TO));
	if (!slice_empty(reason))
		sip_write_field(&w, SIP_REASON, reason);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	return w.overflow ? SLICE_NONE : writer_slice(&w);
}
