/*
 * call/offer.h - descriptions of a leg: what we tell the peer, what the peer's means for the stream.   RFC 3264, RFC
 * 4568
 */
#pragma once
#include "call/leg.h"

/* The stream: opened on first use, near another one. */
MUST_USE int offer_open_stream(struct leg *leg, pool_handle near);

/* The audio line of the peer's description in force, which *ret then is. NULL: there is none. */
const struct sdp_media *offer_remote_audio(const struct leg *leg, struct sdp_session *ret);

/* Our offer into leg->local: fresh keys for each suite unless voice may be plain. -EACCES: its keys would go in clear;
 * -ENOENT: no formats; -ENOMEM. */
MUST_USE int offer_write(struct leg *leg, const struct sdp_format *formats, size_t count, uint16_t ptime_ms);
/* What our description in force offers, for offering it again; slices into leg->local. Returns the count. */
size_t offer_described(const struct leg *leg, struct sdp_format *ret, size_t cap, uint16_t *ret_ptime_ms);

/* leg->local is about to be said once more as it is, as an offer: make ready for the answer. -EPROTO: it cannot be. */
MUST_USE int offer_repeat(struct leg *leg);
/* What Alto offers where nobody has said what is spoken: to the devices that an INVITE without an offer rings. */
size_t offer_default_formats(struct sdp_format *ret, size_t cap);
/* May an offer of ours go to this peer? Not if it would have to be encrypted and its keys would go in clear. */
bool offer_allowed(const struct leg *leg);

/*
 * Read a peer's offer: is there audio, with a codec that we can pass on, and can its keys be used under our policy?
 * false: *ret_why.
 */
MUST_USE bool offer_check(struct leg *leg, struct slice text, struct sdp_session *ret, struct refusal *ret_why);
/*
 * Our answer to leg->pending into leg->local, and the stream set accordingly; the offer is then in leg->remote.
 * Codecs that both sides know come first; without any, one that `spoken` can be made into.
 * -ENOENT: nothing can be done; -ENOMEM, -EMFILE ...: the offer is still pending.
 */
MUST_USE int offer_answer(struct leg *leg, const struct sdp_format *spoken, size_t count);
/* The peer's answer to our offer: keys, formats, stream. false: *ret_why, and everything is as it was. */
MUST_USE bool offer_take_answer(struct leg *leg, struct slice text, struct refusal *ret_why);
/* Set the stream again: its worker was too busy the last time. Failing, the call cannot go on. */
MUST_USE int offer_settle(struct leg *leg);
/* Something to speak with: tones and comfort noise alone are not. */
bool offer_has_codec(const struct sdp_format *formats, size_t count);
/* Does this offer keep a codec that is in use, so that the other side need not be asked? */
bool offer_keeps_codec(const struct leg *leg, const struct sdp_media *audio);
/* Can what one says be passed to the other as it is? Tones and comfort noise do not count. */
bool offer_have_common_codec(const struct leg *a, const struct leg *b);
/* ... or else be made anew for it? */
bool offer_can_join(const struct leg *a, const struct leg *b);
/* Does the peer know a codec of the other leg, by its description in force, though another one was agreed? */
bool offer_could_share(const struct leg *leg, const struct leg *other);
/* May `to` be sent whatever `from` may use, as it is? Likewise. */
bool offer_fits(const struct leg *from, const struct leg *to);

/* "opus/48000/2": the codec in use, into buf. */
void offer_codec_name(const struct leg *leg, char *buf, size_t cap);
/* How this peer is told digits in its voice: telephone-event, at the clock of the codec if there are several. NULL: it
 * was not agreed. Into leg->agreed. */
const struct sdp_format *offer_event_format(const struct leg *leg);
/* Does the peer want voice of us? Not while it holds the call. */
bool offer_hears(const struct leg *leg);
/* Join the voice of two legs, or join it anew when their formats have changed. -EAGAIN: in a later turn. */
MUST_USE int offer_join(struct leg *a, struct leg *b);
