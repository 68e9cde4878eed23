/*
 * call/webrtc.h - a leg whose voice is a browser's: what descriptions say of ICE and DTLS.   RFC 8829, 8839, 8842, 8843
 *
 * Such a leg has one profile, UDP/TLS/RTP/SAVPF, in both directions: no keys in the description, and no voice in clear.
 * Its stream is a share of its worker's port. offer.c asks here for what is special.
 */
#pragma once
#include "call/leg.h"

/* Does this device, reached by this flow, speak as a browser does? */
bool webrtc_wanted(const struct directory_device *device, const struct sip_flow *flow);

/* What an exchange of descriptions settles for such a leg. */
struct webrtc_terms {
	struct ice_credentials ice; /* ours */
	enum sdp_setup setup;       /* our role in DTLS: active or passive */
};

/* The stream: names of its own, by which whoever answers our offer may check at once, and a share of the port. As
 * media_open_shared(). */
MUST_USE int webrtc_open_stream(struct leg *leg, const struct address *local, pool_handle near);

/* Can this line be spoken with at all? false: *ret_why, for a 488. */
MUST_USE bool webrtc_check(const struct sdp_media *m, struct refusal *ret_why);
/*
 * What we answer to an offer of theirs. An offer with other names than the description in force is a restart of ICE,
 * and gets new names of ours (RFC 8445 §9); a role that has been agreed stays (RFC 8842 §5.3).
 */
void webrtc_accept(struct leg *leg, const struct sdp_media *offer, struct webrtc_terms *ret);
/* What their answer to our offer settles. false: it took no role that is left. */
MUST_USE bool webrtc_take_answer(const struct leg *leg, const struct sdp_media *answer, struct webrtc_terms *ret);
/* What our description says; slices point into it, the leg, and `theirs`. */
struct webrtc_words {
	struct sdp_local_transport transport;
	struct address candidates[MEDIA_CANDIDATES_MAX];
};
/* session, m: the offer that is answered; NULL: this is an offer, on these terms but for the role. */
void webrtc_describe(struct leg *leg, const struct webrtc_terms *terms, const struct sdp_session *session,
		     const struct sdp_media *m, struct webrtc_words *ret);
/* Of the peer's description and the terms, for its stream. */
void webrtc_settings(const struct sdp_media *m, const struct webrtc_terms *terms, struct media_settings *ret);
