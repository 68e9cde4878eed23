/* call/refuse.c - requests refused, each status with what it owes to the one who asked.   RFC 3261 §20, §21 */
#include "call/private.h"

void refuse(struct switchboard *sb, struct sip_server *server, unsigned status, struct slice reason)
{
	metric_add(&sb->requests_refused, 1);
	(void)sip_server_respond_simple(server, status, reason, SLICE_NONE);
}

/* §20.43: what was wrong with a description, where phones write it into their logs. */
static void write_warning(struct writer *w, unsigned warning, struct slice reason)
{
	sip_write_field_begin(w, SIP_WARNING);
	write_u64(w, warning ? warning : SIP_WARNING_OTHER);
	write_string(w, " alto \"");
	write_slice(w, slice_empty(reason) ? SLICE("Not Acceptable") : reason);
	write_char(w, '"');
	sip_write_field_end(w);
}

static void write_owed(struct switchboard *sb, struct writer *w, const struct sip_message *req, struct slice to_tag,
		       const struct refusal *why)
{
	switch (why->status) {
	case 405: /* §21.4.6 */
	case 501:
		sip_write_field(w, SIP_ALLOW, to_tag.n ? ALLOWED_IN_CALLS : ALLOWED_METHODS);
		break;
	case 415: /* §21.4.13 */
		sip_write_field(w, SIP_ACCEPT, req->method == SIP_INFO ? ACCEPTED_BY_INFO : SLICE("application/sdp"));
		sip_write_named(w, SLICE("Accept-Encoding"), SLICE("identity"));
		break;
	case 422: /* RFC 4028 §6 */
		sip_write_field_u64(w, SIP_MIN_SE, SESSION_MIN_S);
		break;
	case 469: /* RFC 6086 §4.2.2: of Info Packages we take none */
		sip_write_named(w, SLICE("Recv-Info"), SLICE_NONE);
		break;
	case 488:
	case 606:
		write_warning(w, why->warning, why->reason);
		break;
	case 500: /* §14.2: a random time up to ten seconds */
		sip_write_field_u64(w, SIP_RETRY_AFTER, random_below(sb->random, 10));
		break;
	case 503: /* §21.5.4 */
		sip_write_field_u64(w, SIP_RETRY_AFTER, 5 + random_below(sb->random, 10));
		break;
	default:
		break;
	}
}

void refuse_fully(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		  const struct sip_flow *flow, struct slice to_tag, const struct refusal *why)
{
	metric_add(&sb->requests_refused, 1);
	struct writer w = response_begin(sb, req, flow, why->status, why->reason, to_tag);
	write_owed(sb, &w, req, to_tag, why);
	(void)response_send(sb, server, &w, why->status, SLICE_NONE);
}

void refuse_method(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow, struct slice to_tag)
{
	refuse_fully(sb, server, req, flow, to_tag,
		     &(struct refusal){.status = req->method == SIP_OTHER_METHOD ? 501 : 405});
}

bool refuse_body(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		 const struct sip_flow *flow, struct slice to_tag)
{
	enum body body = body_of(req);
	struct refusal why = {0};
	if (body == BODY_UNKNOWN)
		why.status = 415;
	else if (body == BODY_TOO_LARGE)
		why.status = 413;
	else if (req->method == SIP_INVITE && !accepts_description(req)) /* §21.4.7 */
		why.status = 406;
	else
		return false;
	refuse_fully(sb, server, req, flow, to_tag, &why);
	return true;
}

bool refuse_scheme(struct switchboard *sb, struct sip_server *server, const struct sip_message *req)
{
	if (req->uri.scheme != SIP_SCHEME_OTHER)
		return false;
	refuse(sb, server, 416, SLICE_NONE);
	return true;
}

static bool understood(struct slice extension)
{
	struct slice ours = SUPPORTED_EXTENSIONS, one;
	while (sip_list_next(&ours, &one))
		if (slice_caseeq(one, extension))
			return true;
	return false;
}

bool refuse_required(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow)
{
	struct writer w;
	bool refused = false;
	for (const struct sip_field *f = sip_field_first(req, SIP_REQUIRE); f; f = sip_field_next(req, f)) {
		struct slice rest = f->value, item;
		while (sip_list_next(&rest, &item)) {
			if (understood(item))
				continue;
			if (refused) {
				write_string(&w, ", ");
			} else {
				w = response_begin(sb, req, flow, 420, SLICE_NONE, SLICE_NONE);
				sip_write_field_begin(&w, SIP_UNSUPPORTED);
			}
			write_slice(&w, item);
			refused = true;
		}
	}
	if (!refused)
		return false;
	metric_add(&sb->requests_refused, 1);
	sip_write_field_end(&w);
	(void)response_send(sb, server, &w, 420, SLICE_NONE);
	return true;
}
