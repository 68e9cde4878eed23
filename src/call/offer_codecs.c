/* call/offer_codecs.c - what the two descriptions of a leg say of codecs: see offer.h */
#include "call/offer.h"
#include "call/transcoding.h"

/* ---- what may be said ---- */

/*
 * The codecs that phones have, best first: wideband before narrowband, and the two that every phone knows. Numbers as
 * RFC 3551 §6 has them, dynamic ones as phones use them most. Which of them is spoken is the two phones' own choice:
 * Alto passes voice on as it comes.
 */
static const struct sdp_format default_formats[] = {
	{.payload = 96, .name = {"opus", 4}, .rate = 48000, .channels = 2},
	{.payload = 9, .name = {"G722", 4}, .rate = 8000, .channels = 1},
	{.payload = 8, .name = {"PCMA", 4}, .rate = 8000, .channels = 1},
	{.payload = 0, .name = {"PCMU", 4}, .rate = 8000, .channels = 1},
	{.payload = 101, .name = {"telephone-event", 15}, .rate = 8000, .channels = 1, .fmtp = {"0-15", 4}},
};

size_t offer_default_formats(struct sdp_format *ret, size_t cap)
{
	size_t n = MIN(cap, ARRAY_LEN(default_formats));
	memcpy(ret, default_formats, n * sizeof(ret[0]));
	return n;
}

size_t offer_described(const struct leg *leg, struct sdp_format *ret, size_t cap, uint16_t *ret_ptime_ms)
{
	struct sdp_session session;
	struct sdp_reason err;
	uint8_t index;
	if (sdp_parse(text_slice(&leg->local), &session, &err) != SDP_OK || !sdp_audio(&session, &index))
		return 0;
	*ret_ptime_ms = session.media[index].ptime_ms;
	return sdp_offer_formats(&session.media[index], ret, cap);
}

bool offer_hears(const struct leg *leg)
{
	struct sdp_session session;
	const struct sdp_media *m = offer_remote_audio(leg, &session);
	return m && !sdp_media_held(m);
}

/* ---- what is agreed ---- */

bool offer_has_codec(const struct sdp_format *formats, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!sdp_format_is_event(&formats[i]) && !slice_caseeq(formats[i].name, SLICE("CN")))
			return true;
	return false;
}

bool offer_keeps_codec(const struct leg *leg, const struct sdp_media *audio)
{
	struct sdp_format kept[LEG_FORMATS_MAX];
	return sdp_answer_formats(audio, leg->agreed, leg->agreed_count, kept, LEG_FORMATS_MAX) > 0;
}

static bool agreed_has(const struct leg *leg, const struct sdp_format *f)
{
	for (uint8_t i = 0; i < leg->agreed_count; i++)
		if (sdp_format_same(&leg->agreed[i], f))
			return true;
	return false;
}

bool offer_have_common_codec(const struct leg *a, const struct leg *b)
{
	for (uint8_t i = 0; i < a->agreed_count; i++)
		if (offer_has_codec(&a->agreed[i], 1) && agreed_has(b, &a->agreed[i]))
			return true;
	return false;
}

bool offer_can_join(const struct leg *a, const struct leg *b)
{
	return offer_have_common_codec(a, b) || transcoding_possible(a, b);
}

bool offer_could_share(const struct leg *leg, const struct leg *other)
{
	struct sdp_session session;
	struct sdp_format shared[LEG_FORMATS_MAX];
	const struct sdp_media *m = offer_remote_audio(leg, &session);
	return m && sdp_answer_formats(m, other->agreed, other->agreed_count, shared, LEG_FORMATS_MAX) > 0;
}

bool offer_fits(const struct leg *from, const struct leg *to)
{
	for (uint8_t i = 0; i < from->agreed_count; i++)
		if (offer_has_codec(&from->agreed[i], 1) && !agreed_has(to, &from->agreed[i]))
			return false;
	return true;
}

const struct sdp_format *offer_event_format(const struct leg *leg)
{
	const struct sdp_format *found = NULL;
	uint32_t rate = 0; /* of the codec */
	for (uint8_t i = 0; i < leg->agreed_count && !rate; i++)
		rate = offer_has_codec(&leg->agreed[i], 1) ? leg->agreed[i].rate : 0;
	for (uint8_t i = 0; i < leg->agreed_count; i++)
		if (sdp_format_is_event(&leg->agreed[i]) && (!found || leg->agreed[i].rate == rate))
			found = &leg->agreed[i];
	return found;
}

void offer_codec_name(const struct leg *leg, char *buf, size_t cap)
{
	struct writer w = writer_on(buf, cap - 1);
	for (uint8_t i = 0; i < leg->agreed_count && !w.n; i++) {
		const struct sdp_format *f = &leg->agreed[i];
		if (sdp_format_is_event(f) || slice_caseeq(f->name, SLICE("CN")))
			continue;
		write_slice(&w, f->name);
		write_char(&w, '/');
		write_u64(&w, f->rate);
		if (f->channels > 1)
			write_format(&w, "/%u", f->channels);
	}
	buf[w.overflow ? 0 : w.n] = 0;
}
