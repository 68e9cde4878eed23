/*
 * bench/glance.h - as much of a SIP message as a generator looks at
 *
 * Reads what the servers under test write: long field names, one value a line, no folding. Not for strangers' bytes in
 * a server: that is what the room sip is for. A generator that parsed as a server must would measure itself.
 */
#pragma once
#include "base/address.h"

#define GLANCE_LINES_MAX 8

struct glance {
	unsigned status;     /* 0: a request */
	struct slice method; /* of a request, or of CSeq in a response */
	uint32_t cseq;
	struct slice vias[GLANCE_LINES_MAX], record_routes[GLANCE_LINES_MAX]; /* whole lines with CR LF; values */
	unsigned via_count, record_route_count;
	struct slice from, to, call_id, cseq_value, challenge;
	struct slice contact; /* URI, brackets off */
	struct slice to_tag;
	struct slice body;
};

/* false: not a message of this kind. Everything points into text. */
bool glance_at(struct slice text, struct glance *ret);
/* The audio address of a session description. */
bool glance_audio(struct slice body, struct address *ret);
/* Suite and key text of its first a=crypto line. */
bool glance_crypto(struct slice body, struct slice *ret_suite, struct slice *ret_key);
/* A parameter of a challenge, quotes off; empty if it is not there. */
struct slice glance_parameter(struct slice challenge, struct slice name);
