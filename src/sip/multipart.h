/* sip/multipart.h - a body of several parts, each with a type and a disposition of its own.   RFC 2046 §5.1, RFC 5621
 */
#pragma once
#include "sip/message.h"

/* Of a Content-Type: multipart/... and its boundary. false: it is none, or the boundary is missing or above 70 bytes.
 */
MUST_USE bool sip_multipart_boundary(struct slice content_type, struct slice *ret_boundary);

struct sip_part {
	struct slice type, disposition, encoding; /* values of its Content-* fields; empty: not given */
	struct slice body;
};
/*
 * The next part of a body, and *rest moved past it. false: that was the last, or it does not end as it must; *ret_end
 * says which. O(n), no allocation. Folded fields of a part are read up to the fold.
 */
MUST_USE bool sip_part_next(struct slice *rest, struct slice boundary, struct sip_part *ret, bool *ret_end);
