/*
 * store/frame.h - SIP messages in one text: before each a line that says how it came and how long it is
 *
 *     1764036062000000 sent callee TLS 192.0.2.1:5061 812\n
 *
 * and that many bytes. O(n), no allocation, any thread.
 */
#pragma once
#include "base/writer.h"
#include "store/secrets.h"

struct store_message {
	int64_t id;                     /* not part of the frame */
	int64_t at_us;                  /* wall clock */
	bool sent;                      /* by us; else received */
	bool callee;                    /* with the side that is called; else with the caller */
	struct slice transport, remote; /* "TLS", "192.0.2.1:5061": neither empty nor with a space */
	struct slice text;
};

#define STORE_FRAME_LINE 160 /* no line is longer: two numbers, two words, a transport, an address with its port */
/* What a frame is longer than its message, at most. */
#define STORE_FRAME_GROWTH (STORE_FRAME_LINE + SECRETS_GROWTH)

/* m->text: as it was on the wire; its secrets are cut out here, before anything is framed. */
void store_frame_write(struct writer *w, const struct store_message *m);
/* The first of *rest, which loses it. False: it is no whole frame; *ret is then untouched. */
MUST_USE bool store_frame_read(struct slice *rest, struct store_message *ret);
