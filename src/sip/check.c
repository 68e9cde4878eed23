/* sip/check.c - sip_message_check() of message.h: what a message must have before anybody acts on it */
#include "sip/message.h"
#include "sip/scan.h"

/* Max-Forwards is not among them: §16.3 lets a request without one pass, and old elements send none. */
static const struct {
	enum sip_field_id id;
	const char *missing;
} required[] = {
	{SIP_VIA, "Missing Via"},         {SIP_FROM, "Missing From"}, {SIP_TO, "Missing To"},
	{SIP_CALL_ID, "Missing Call-ID"}, {SIP_CSEQ, "Missing CSeq"},
};

#define ID(id) (UINT64_C(1) << (id))
_Static_assert(SIP_FIELD_COUNT <= 64, "a set of fields is one word");
/* Fields whose grammar is no list (§7.3.1): a second one would let two elements read two different messages. */
static const uint64_t once = ID(SIP_CALL_ID) | ID(SIP_CONTENT_DISPOSITION) | ID(SIP_CONTENT_LENGTH) |
			     ID(SIP_CONTENT_TYPE) | ID(SIP_CSEQ) | ID(SIP_DATE) | ID(SIP_EVENT) | ID(SIP_EXPIRES) |
			     ID(SIP_FLOW_TIMER) | ID(SIP_FROM) | ID(SIP_MAX_FORWARDS) | ID(SIP_MIN_EXPIRES) |
			     ID(SIP_MIN_SE) | ID(SIP_RACK) | ID(SIP_REFER_SUB) | ID(SIP_REFER_TO) |
			     ID(SIP_REFERRED_BY) | ID(SIP_REPLACES) | ID(SIP_RETRY_AFTER) | ID(SIP_RSEQ) |
			     ID(SIP_SERVER) | ID(SIP_SESSION_EXPIRES) | ID(SIP_TO) | ID(SIP_USER_AGENT);

/* Refuse at a place in the message. */
static enum sip_parse refuse(const struct sip_message *msg, const char *at, unsigned status, const char *text,
			     struct sip_reason *reterr)
{
	(void)sip_refuse(reterr, msg->bytes.p, at, text);
	reterr->status = (uint16_t)status;
	return SIP_BAD;
}

/* The reader of a value that sip_message_parse() could not read says why, and where within that value: make it one
 * within the message. */
static enum sip_parse refuse_value(const struct sip_message *msg, struct slice value, struct sip_reason *reterr)
{
	if (value.p)
		reterr->offset += (uint32_t)(value.p - msg->bytes.p);
	return SIP_BAD;
}

static enum sip_parse check_counts(const struct sip_message *msg, struct sip_reason *reterr)
{
	for (size_t i = 0; i < ARRAY_LEN(required); i++)
		if (!msg->first[required[i].id])
			return refuse(msg, msg->bytes.p, 400, required[i].missing, reterr);
	for (unsigned i = 0; i < msg->field_count; i++) {
		const struct sip_field *f = &msg->fields[i];
		if ((once >> f->id & 1) && msg->first[f->id] != i + 1)
			return refuse(msg, f->name.p, 400, "Header Field Given Twice", reterr);
	}
	return SIP_OK;
}

static enum sip_parse check_vias(const struct sip_message *msg, struct sip_reason *reterr)
{
	const struct sip_field *top = sip_field_first(msg, SIP_VIA);
	struct sip_via unused;
	if (slice_empty(msg->via.host)) {
		(void)!sip_via_parse(top->value, &unused, reterr);
		return refuse_value(msg, top->value, reterr);
	}
	unsigned hops = 0;
	for (const struct sip_field *f = top; f; f = sip_field_next(msg, f)) {
		const char *end = f->value.p + f->value.n;
		const char *p = f == top ? msg->via.text.p + msg->via.text.n : sip_scan_item(f->value.p, end);
		while (++hops <= SIP_VIA_MAX && p < end)
			p = sip_scan_item(p + 1, end);
		if (hops > SIP_VIA_MAX)
			return refuse(msg, f->name.p, 483, "Too Many Hops", reterr);
	}
	return SIP_OK;
}

static enum sip_parse check_call_id(const struct sip_message *msg, struct sip_reason *reterr)
{
	struct slice id = sip_field_value(msg, SIP_CALL_ID);
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] <= ' ' || (unsigned char)id.p[i] >= 0x7f)
			return refuse(msg, id.p, 400, "Bad Call-ID", reterr);
	return id.n ? SIP_OK : refuse(msg, msg->bytes.p, 400, "Bad Call-ID", reterr);
}

static enum sip_parse check_numbers(const struct sip_message *msg, struct sip_reason *reterr)
{
	const struct sip_field *length = sip_field_first(msg, SIP_CONTENT_LENGTH);
	const struct sip_field *hops = sip_field_first(msg, SIP_MAX_FORWARDS);
	uint64_t n;
	if (length) {
		size_t left = msg->bytes.n - (size_t)(msg->body.p - msg->bytes.p);
		if (!slice_u64(length->value, UINT64_MAX, &n))
			return refuse(msg, length->value.p, 400, "Bad Content-Length", reterr);
		if (n > left)
			return refuse(msg, length->value.p, 400, "Body Shorter Than Content-Length", reterr);
	}
	if (hops && !slice_u64(hops->value, 255, &n))
		return refuse(msg, hops->value.p, 400, "Bad Max-Forwards", reterr);
	return SIP_OK;
}

static enum sip_parse check_cseq(struct sip_message *msg, struct sip_reason *reterr)
{
	const struct sip_cseq *cseq = &msg->cseq;
	struct sip_cseq unused;
	if (slice_empty(cseq->method_text)) {
		(void)!sip_cseq_parse(sip_field_value(msg, SIP_CSEQ), &unused, reterr);
		return refuse_value(msg, sip_field_value(msg, SIP_CSEQ), reterr);
	}
	if (!msg->is_request) {
		msg->method = cseq->method;
		msg->method_text = cseq->method_text;
	} else if (!slice_eq(cseq->method_text, msg->method_text)) {
		return refuse(msg, cseq->method_text.p, 400, "CSeq Of Another Method", reterr);
	}
	return SIP_OK;
}

/* From or To: one address, and its tag, where it has one, has a value (§25.1: tag-param = "tag" EQUAL token). */
static enum sip_parse check_party(const struct sip_message *msg, enum sip_field_id id, const struct sip_address *a,
				  struct sip_reason *reterr)
{
	struct sip_address unused;
	struct slice tag;
	if (slice_empty(a->uri.text)) {
		(void)!sip_address_parse(sip_field_value(msg, id), &unused, reterr);
		return refuse_value(msg, sip_field_value(msg, id), reterr);
	}
	if (sip_param_find(a->params, SLICE("tag"), &tag) && slice_empty(tag))
		return refuse(msg, a->params.p, 400, "Tag Without Value", reterr);
	return SIP_OK;
}

static enum sip_parse check_addresses(const struct sip_message *msg, struct sip_reason *reterr)
{
	if (check_party(msg, SIP_FROM, &msg->from, reterr) != SIP_OK ||
	    check_party(msg, SIP_TO, &msg->to, reterr) != SIP_OK)
		return SIP_BAD;
	if (!msg->is_request)
		return SIP_OK;
	struct sip_uri unused;
	if (slice_empty(msg->uri.text)) {
		(void)!sip_uri_parse(msg->request_uri, &unused, reterr);
		return refuse_value(msg, msg->request_uri, reterr);
	}
	/* §19.1.1: headers have no place in a Request-URI. */
	if (!slice_empty(msg->uri.headers))
		return refuse(msg, msg->uri.headers.p, 400, "Headers In Request-URI", reterr);
	return SIP_OK;
}

enum sip_parse sip_message_check(struct sip_message *msg, struct sip_reason *reterr)
{
	if (check_counts(msg, reterr) != SIP_OK || check_vias(msg, reterr) != SIP_OK ||
	    check_cseq(msg, reterr) != SIP_OK || check_call_id(msg, reterr) != SIP_OK ||
	    check_numbers(msg, reterr) != SIP_OK || check_addresses(msg, reterr) != SIP_OK)
		return SIP_BAD;
	return SIP_OK;
}
