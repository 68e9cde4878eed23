/*
 * store/secrets.h - a SIP message as it may be kept: without what lets somebody register, decrypt or read along
 *
 * Cut out, each replaced by an asterisk: of credentials and challenges all but user, realm, URI, algorithm, qop and
 * count (RFC 3261 §22.4); of a description the keys (RFC 4568 §9.1, 4567 §3, 4566 §5.12, and ice-pwd, 8839 §5.4); a
 * body that is no SDP, or that is encoded, as a whole. Bytes that are no UTF-8, and control characters other than the
 * line's end and tabs, become '?': what is kept can be shown.
 */
#pragma once
#include "base/writer.h"

/* What a text can grow by: the note that stands in place of a body. */
#define SECRETS_GROWTH 64
/* message: as it was on the wire. Never writes more than message.n + SECRETS_GROWTH. O(n), no allocation. */
void secrets_cut(struct slice message, struct writer *w);
