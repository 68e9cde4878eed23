/* call/offer_terms.h - what offer and answer have settled, until it is in force */
#pragma once
#include "call/offer.h"
#include "call/webrtc.h"

/* What a description settles beside itself. */
struct offer_terms {
	struct srtp_key send_key, receive_key;
	struct webrtc_terms webrtc;
	bool mux;
	const struct sdp_format *formats;
	size_t count;
};

/*
 * The peer's description is in force from now on, on these terms, and what it replaces is freed. On failure everything
 * is as it was: a stream that could not be set goes on by the old keys, and so must the leg.
 */
MUST_USE int offer_settle_on(struct leg *leg, struct own_text *text, const struct sdp_media *m,
			     const struct offer_terms *t);
