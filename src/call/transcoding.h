/*
 * call/transcoding.h - codecs that Alto speaks itself: what it offers beyond those of the other side, and how it joins
 * two legs that share none.   RFC 3264 §6.1, RFC 7587 §6.1, §7
 */
#pragma once
#include "call/leg.h"

/*
 * What can be made of these formats, put behind them: whoever is asked still finds first what passes as it is. Payload
 * numbers are ones that are free. Returns the new count; the same, if none of them is a codec of ours.
 */
size_t transcoding_offer(struct sdp_format *formats, size_t count, size_t cap);
/*
 * The answer to an offer that has no codec of `spoken`: the first that can be made of one of those, with the offer's
 * events and noise. 0: nothing can be done.
 */
size_t transcoding_answer(const struct sdp_media *offer, const struct sdp_format *spoken, size_t spoken_count,
			  struct sdp_format *ret, size_t cap);
/* Whoever sends Opus that is made anew is told that no more than 8 kHz of it is heard: these formats, which go to it,
 * say so from now on. */
void transcoding_limit(struct sdp_format *formats, size_t count);
/* Was it told so, by us or by what the other side wanted, while that now knows Opus itself, and wants more? */
bool transcoding_over(const struct leg *leg, const struct leg *other);
/* ... or was it not, while its Opus is made anew for the other side, or that wants no more? */
bool transcoding_begun(const struct leg *leg, const struct leg *other);
/* Can what one says be made anew for the other? */
bool transcoding_possible(const struct leg *a, const struct leg *b);
/*
 * Must it be? A phone speaks the first codec that was agreed with it. One that knows others too, which the other side
 * does not, is not waited for with a transcoder.
 */
bool transcoding_needed(const struct leg *from, const struct leg *to);
/* How what `from` sends goes to `to`: as it comes, where both know it, and made anew, where it can be. */
void transcoding_way(const struct leg *from, const struct leg *to, struct media_way *ret);
