/*
 * sip/write.h - messages written into a buffer, field by field.   RFC 3261 §7, §8.2.6
 *
 * A value never carries CR or LF out: the slice writers replace them with spaces, so nothing a peer sent can add a
 * line.
 */
#pragma once
#include "sip/message.h"

void sip_write_request_line(struct writer *w, struct slice method, struct slice uri);
void sip_write_status_line(struct writer *w, unsigned status, struct slice reason); /* empty reason: the RFC's */
void sip_write_field(struct writer *w, enum sip_field_id id, struct slice value);
void sip_write_named(struct writer *w, struct slice name, struct slice value);
void sip_write_field_u64(struct writer *w, enum sip_field_id id, uint64_t value);
/* For values built of parts: begin writes "Name: ", the caller appends, end writes CRLF. */
void sip_write_field_begin(struct writer *w, enum sip_field_id id);
void sip_write_field_end(struct writer *w);
/* Content-Length, the empty line and the body: the end of every message. content_type empty: no Content-Type. */
void sip_write_body(struct writer *w, struct slice content_type, struct slice body);

/*
 * The head of a response to `req` (§8.2.6): status line, all Vias in order (the top one with received and rport as the
 * flow says, RFC 3581), From, To (with to_tag added unless it has one or to_tag is empty; a tag without a value is
 * dropped for it), Call-ID, CSeq. The caller adds what else it needs and ends with sip_write_body().
 */
void sip_write_response_head(struct writer *w, const struct sip_message *req, const struct sip_flow *flow,
			     unsigned status, struct slice reason, struct slice to_tag);
