/*
 * sdp/offer.h - what two sides can speak: choosing formats for offers and answers.   RFC 3264 §5, §6, §8
 *
 * Pure functions on formats. Which leg is asked, and when, is `call`'s.
 */
#pragma once
#include "sdp/sdp.h"

/*
 * The formats to offer onwards: those of `theirs` that we can carry (a name we know to be relayable: any audio codec
 * with an rtpmap or static type, telephone-event, CN; not those that wrap or repair others, as RED does), in their
 * order, payload numbers kept. Returns the count.
 */
size_t sdp_offer_formats(const struct sdp_media *theirs, struct sdp_format *ret, size_t cap);

/*
 * The answer to `offer` when the other side speaks `spoken` (their answer, in their order of preference): offer's
 * formats that appear in spoken, with the offer's payload numbers (RFC 3264 §6.1), in spoken's order and with spoken's
 * parameters: they say what the far receiver wants. 0: no common codec (events and CN alone do not count).
 */
size_t sdp_answer_formats(const struct sdp_media *offer, const struct sdp_format *spoken, size_t spoken_count,
			  struct sdp_format *ret, size_t cap);

/*
 * What arrives with a payload type on one leg leaves with which on the other: map[in] = out, 0xff: not to be sent.
 * A payload type that both know under the same codec is mapped; telephone-event by rate.
 */
void sdp_payload_map(const struct sdp_format *from, size_t from_count, const struct sdp_format *to, size_t to_count,
		     uint8_t ret_map[128]);
