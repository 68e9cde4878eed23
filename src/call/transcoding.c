/* call/transcoding.c - codecs that Alto speaks itself: see transcoding.h */
#include "call/transcoding.h"
#include "call/offer.h"
#include "media/limits.h"

#define NONE 0xff
#define PACKET_MS 20 /* RFC 3551 §4.2, where nobody says otherwise */

/* Best first. */
static const struct own_codec {
	enum codec_kind kind;
	struct sdp_format format;
} own_codecs[] = {
	/* We repair by what is said twice (RFC 7587 §7.1), and want that from the far end too. */
	{CODEC_OPUS, {96, {"opus", 4}, 48000, 2, {"useinbandfec=1", 14}}},
	{CODEC_G722, {9, {"G722", 4}, 8000, 1, {NULL, 0}}},
	{CODEC_PCMA, {8, {"PCMA", 4}, 8000, 1, {NULL, 0}}},
	{CODEC_PCMU, {0, {"PCMU", 4}, 8000, 1, {NULL, 0}}},
};
/* Nothing above 8 kHz is heard of it: who knows that spares bits, and our time to decode them (RFC 7587 §6.1). */
#define LIMITED_RATE 16000
static const struct slice limited_fmtp = {"useinbandfec=1;maxplaybackrate=16000", 36};
static const struct sdp_format event_8000 = {101, {"telephone-event", 15}, 8000, 1, {"0-15", 4}};

static const struct own_codec *own_find(const struct sdp_format *f)
{
	for (size_t i = 0; i < ARRAY_LEN(own_codecs); i++)
		if (sdp_format_same(&own_codecs[i].format, f))
			return &own_codecs[i];
	return NULL;
}

static enum codec_kind kind_of(const struct sdp_format *f)
{
	const struct own_codec *own = own_find(f);
	return own ? own->kind : CODEC_NONE;
}

static const struct sdp_format *first_own(const struct sdp_format *formats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kind_of(&formats[i]) != CODEC_NONE)
			return &formats[i];
	return NULL;
}

static const struct sdp_format *find_same(const struct sdp_format *formats, size_t count, const struct sdp_format *f)
{
	for (size_t i = 0; i < count; i++)
		if (sdp_format_same(&formats[i], f))
			return &formats[i];
	return NULL;
}

/* ---- offers ---- */

static bool payload_taken(const struct sdp_format *formats, size_t count, unsigned payload)
{
	for (size_t i = 0; i < count; i++)
		if (formats[i].payload == payload)
			return true;
	return false;
}

static size_t append(struct sdp_format *formats, size_t count, size_t cap, const struct sdp_format *f)
{
	unsigned payload = f->payload;
	if (count == cap || find_same(formats, count, f))
		return count;
	/* A number below 96 means one codec everywhere (RFC 3551 §6). */
	for (unsigned tried = 96; payload_taken(formats, count, payload); tried++) {
		if (tried > 127 || f->payload < 96)
			return count;
		payload = tried;
	}
	formats[count] = *f;
	formats[count].payload = (uint8_t)payload;
	return count + 1;
}

size_t transcoding_offer(struct sdp_format *formats, size_t count, size_t cap)
{
	size_t theirs = count;
	bool events = false;
	if (!first_own(formats, count))
		return count;
	for (size_t i = 0; i < count; i++)
		events |= sdp_format_is_event(&formats[i]);
	for (size_t i = 0; i < ARRAY_LEN(own_codecs); i++)
		count = append(formats, count, cap, &own_codecs[i].format);
	transcoding_limit(formats + theirs, count - theirs);
	return events ? append(formats, count, cap, &event_8000) : count;
}

/* ---- answers ---- */

/* The events to speak beside this codec: those of its clock, else any. NULL: there are none. */
static const struct sdp_format *events_beside(const struct sdp_format *formats, size_t count,
					      const struct sdp_format *codec)
{
	const struct sdp_format *any = NULL;
	uint32_t clock = codec_clock(kind_of(codec));
	for (size_t i = 0; i < count; i++) {
		if (!sdp_format_is_event(&formats[i]))
			continue;
		if (formats[i].rate == clock)
			return &formats[i];
		any = any ? any : &formats[i];
	}
	return any;
}

/* Comfort noise has the clock of the codecs that know it (RFC 3389 §4); Opus has its own. */
static const struct sdp_format *noise_beside(const struct sdp_format *formats, size_t count,
					     const struct sdp_format *codec)
{
	static const struct sdp_format noise = {13, {"CN", 2}, 8000, 1, {NULL, 0}};
	return kind_of(codec) == CODEC_OPUS ? NULL : find_same(formats, count, &noise);
}

size_t transcoding_answer(const struct sdp_media *offer, const struct sdp_format *spoken, size_t spoken_count,
			  struct sdp_format *ret, size_t cap)
{
	const struct sdp_format *theirs = first_own(offer->formats, offer->format_count);
	if (!theirs || !first_own(spoken, spoken_count) || cap < 3)
		return 0;
	const struct sdp_format *events = events_beside(offer->formats, offer->format_count, theirs);
	const struct sdp_format *noise = noise_beside(offer->formats, offer->format_count, theirs);
	size_t n = 0;
	ret[n] = *theirs;
	ret[n++].fmtp = own_find(theirs)->format.fmtp;
	if (events)
		ret[n++] = *events;
	if (noise)
		ret[n++] = *noise;
	return n;
}

/* ---- what Opus is told ---- */

static uint64_t parameter(const struct sdp_format *f, struct slice name)
{
	uint64_t value = 0;
	return slice_u64(sdp_parameter(f->fmtp, name), UINT32_MAX, &value) ? value : 0;
}

void transcoding_limit(struct sdp_format *formats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kind_of(&formats[i]) == CODEC_OPUS)
			formats[i].fmtp = limited_fmtp;
}

static const struct sdp_format *find_opus(const struct sdp_format *formats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kind_of(&formats[i]) == CODEC_OPUS)
			return &formats[i];
	return NULL;
}

static bool limited(const struct sdp_format *opus)
{
	uint64_t rate = parameter(opus, SLICE("maxplaybackrate"));
	return rate && rate <= LIMITED_RATE;
}

/* By our description in force; whoever wanted it. */
static bool told_limited(const struct leg *leg)
{
	struct sdp_format told[SDP_FORMATS_MAX];
	uint16_t ptime_ms;
	const struct sdp_format *opus = find_opus(told, offer_described(leg, told, ARRAY_LEN(told), &ptime_ms));
	return opus && limited(opus);
}

bool transcoding_over(const struct leg *leg, const struct leg *other)
{
	const struct sdp_format *wanted = find_opus(other->agreed, other->agreed_count);
	return find_opus(leg->agreed, leg->agreed_count) && wanted && !limited(wanted) && told_limited(leg);
}

bool transcoding_begun(const struct leg *leg, const struct leg *other)
{
	const struct sdp_format *wanted = find_opus(other->agreed, other->agreed_count);
	return find_opus(leg->agreed, leg->agreed_count) && !told_limited(leg) &&
	       (wanted ? limited(wanted) : transcoding_needed(leg, other));
}

/* ---- joining ---- */

bool transcoding_possible(const struct leg *a, const struct leg *b)
{
	return first_own(a->agreed, a->agreed_count) && first_own(b->agreed, b->agreed_count);
}

bool transcoding_needed(const struct leg *from, const struct leg *to)
{
	for (uint8_t i = 0; i < from->agreed_count; i++) {
		const struct sdp_format *f = &from->agreed[i];
		if (sdp_format_is_event(f) || slice_caseeq(f->name, SLICE("CN")))
			continue;
		return kind_of(f) != CODEC_NONE && !find_same(to->agreed, to->agreed_count, f) &&
		       first_own(to->agreed, to->agreed_count);
	}
	return false;
}

/* What Opus encodes: 10, 20, 40 or 60 ms (RFC 7587 §3.3 knows more, which nobody asks for); others each 10 ms. */
static uint8_t packet_ms(const struct sdp_media *m, enum codec_kind kind)
{
	unsigned ms = m->ptime_ms ? m->ptime_ms : PACKET_MS;
	if (m->maxptime_ms)
		ms = MIN(ms, m->maxptime_ms);
	ms = MIN(MAX(ms / 10 * 10, 10U), MEDIA_PACKET_MAX_MS);
	return (uint8_t)(kind == CODEC_OPUS && ms % 20 && ms > 10 ? ms - 10 : ms);
}

/* What the far end said of how it wants to be sent this codec. */
static void as_receiver_wants(const struct leg *to, struct media_plan *plan)
{
	struct sdp_session session;
	const struct sdp_media *m = offer_remote_audio(to, &session);
	plan->packet_ms = PACKET_MS;
	if (!m)
		return;
	plan->packet_ms = packet_ms(m, plan->to.kind);
	for (uint8_t i = 0; i < m->format_count; i++) {
		const struct sdp_format *f = &m->formats[i];
		if (plan->to.kind != CODEC_OPUS || kind_of(f) != CODEC_OPUS)
			continue;
		plan->to.fec = parameter(f, SLICE("useinbandfec")) == 1;
		plan->to.dtx = parameter(f, SLICE("usedtx")) == 1;
		plan->to.bitrate_max = (uint32_t)parameter(f, SLICE("maxaveragebitrate"));
	}
}

/* Events and noise of `from`, beside a voice that is made anew. */
static void ways_beside(const struct leg *from, struct media_way *ret)
{
	for (uint8_t i = 0; i < from->agreed_count; i++) {
		const struct sdp_format *f = &from->agreed[i];
		bool event = sdp_format_is_event(f), noise = slice_caseeq(f->name, SLICE("CN"));
		if (!event && !noise)
			continue;
		ret->plan.from[f->payload & 127] = event ? MEDIA_EVENT : MEDIA_NOISE;
		if (ret->map[f->payload & 127] == NONE)
			ret->map[f->payload & 127] = MEDIA_ANEW;
	}
}

void transcoding_way(const struct leg *from, const struct leg *to, struct media_way *ret)
{
	const struct sdp_format *codec = first_own(to->agreed, to->agreed_count);
	*ret = (struct media_way){.anew = false};
	sdp_payload_map(from->agreed, from->agreed_count, to->agreed, to->agreed_count, ret->map);
	ret->anew = transcoding_needed(from, to);
	for (uint8_t i = 0; ret->anew && i < from->agreed_count; i++) {
		uint8_t payload = from->agreed[i].payload & 127;
		enum codec_kind kind = kind_of(&from->agreed[i]);
		if (kind == CODEC_NONE || ret->map[payload] != NONE)
			continue;
		ret->map[payload] = MEDIA_ANEW;
		ret->plan.from[payload] = (uint8_t)kind;
	}
	if (!ret->anew)
		return;
	const struct sdp_format *events = events_beside(to->agreed, to->agreed_count, codec);
	const struct sdp_format *noise = noise_beside(to->agreed, to->agreed_count, codec);
	ret->plan.to.kind = kind_of(codec);
	ret->plan.payload = codec->payload;
	ret->plan.event_payload = events ? events->payload : NONE;
	ret->plan.event_rate_khz = events ? (uint8_t)(events->rate / 1000) : 0;
	ret->plan.noise_payload = noise ? noise->payload : NONE;
	ways_beside(from, ret);
	as_receiver_wants(to, &ret->plan);
}
