/* sdp/offer.c - what two sides can speak.   RFC 3264 §5, §6, §8 */
#include "sdp/offer.h"
#include "sdp/format.h"

#define NOT_SENT 0xff

/*
 * Formats that carry other payload types inside, or repair other packets: relaying them would mean rewriting what is in
 * them, since payload types and sequence numbers differ from leg to leg.
 */
static bool relayable(const struct sdp_format *f)
{
	/* RFC 5761 §4: with the marker bit they look like RTCP on a port that carries both. */
	if (f->payload >= 64 && f->payload <= 95)
		return false;
	static const char *const refused[] = {"red", "ulpfec", "flexfec", "parityfec", "rtx"};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (slice_caseeq(f->name, slice_from_string(refused[i])))
			return false;
	return !slice_empty(f->name);
}

static bool is_codec(const struct sdp_format *f)
{
	return relayable(f) && !sdp_format_is_event(f) && !sdp_format_is_noise(f);
}

static const struct sdp_format *format_find(const struct sdp_format *formats, size_t count, const struct sdp_format *f)
{
	for (size_t i = 0; i < count; i++)
		if (sdp_format_same(&formats[i], f))
			return &formats[i];
	return NULL;
}

size_t sdp_offer_formats(const struct sdp_media *theirs, struct sdp_format *ret, size_t cap)
{
	size_t count = 0;
	for (size_t i = 0; i < theirs->format_count && count < cap; i++)
		if (relayable(&theirs->formats[i]))
			ret[count++] = theirs->formats[i];
	return count;
}

size_t sdp_answer_formats(const struct sdp_media *offer, const struct sdp_format *spoken, size_t spoken_count,
			  struct sdp_format *ret, size_t cap)
{
	size_t count = 0;
	bool codec = false;
	for (size_t i = 0; i < spoken_count && count < cap; i++) {
		const struct sdp_format *theirs = format_find(offer->formats, offer->format_count, &spoken[i]);
		/* Two of theirs may be the same to us, or `spoken` name one twice. */
		if (!theirs || !relayable(theirs) || format_find(ret, count, theirs))
			continue;
		ret[count] = *theirs;
		ret[count++].fmtp = spoken[i].fmtp;
		codec |= is_codec(theirs);
	}
	return codec ? count : 0;
}

void sdp_payload_map(const struct sdp_format *from, size_t from_count, const struct sdp_format *to, size_t to_count,
		     uint8_t ret_map[128])
{
	memset(ret_map, NOT_SENT, 128);
	for (size_t i = 0; i < from_count; i++) {
		const struct sdp_format *same = format_find(to, to_count, &from[i]);
		if (same && relayable(same))
			ret_map[from[i].payload & 0x7f] = same->payload;
	}
}
