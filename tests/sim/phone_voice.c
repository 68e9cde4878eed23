/* sim/phone_voice.c - a phone's descriptions, and whether Alto has done what they say */
#include "sim/phone_private.h"

#include "rtp/sdes.h"

/* ---- descriptions ---- */

static const char *suite_name(const char *word)
{
	return strncmp(word, "gcm", 3) == 0 ? "AEAD_AES_128_GCM" : "AES_CM_128_HMAC_SHA1_80";
}

static void write_crypto(struct phone_call *c, struct writer *w, unsigned tag, struct slice suite)
{
	uint8_t key[30];
	size_t n = slice_eq(suite, SLICE("AEAD_AES_128_GCM")) ? 28 : 30;
	random_bytes(&c->phone->random, key, sizeof(key));
	write_format(w, "a=crypto:%u %.*s inline:", tag, SLICE_ARG(suite));
	write_base64(w, key, c->phone->broken_key ? n - 3 : n);
	write_string(w, "\r\n");
}

/* Is this payload type in a description? All are in none. */
static bool in_description(const struct sdp_media *m, unsigned payload)
{
	for (uint8_t i = 0; m && i < m->format_count; i++)
		if (m->formats[i].payload == payload)
			return true;
	return !m;
}

static void write_codecs(struct phone_call *c, struct writer *w, const struct sdp_media *offer, bool maps)
{
	struct slice rest = slice_from_string(c->phone->codecs);
	while (rest.n) {
		uint64_t payload;
		assert_true(slice_u64(slice_cut(&rest, ' '), 127, &payload));
		if (!in_description(offer, (unsigned)payload))
			continue;
		if (!maps)
			write_format(w, " %u", (unsigned)payload);
		else if (payload >= 96 && payload != 100)
			write_format(w, "a=rtpmap:%u %s\r\n", (unsigned)payload,
				     payload == 96    ? "opus/48000/2"
				     : payload == 97  ? "iLBC/8000"
				     : payload == 98  ? "PCMA/8000"
				     : payload == 99  ? "red/8000"
				     : payload == 102 ? "telephone-event/48000"
						      : "telephone-event/8000");
	}
}

/* What makes the description a browser's. */
static void write_browser(const struct sim_phone *p, struct writer *w, bool offer)
{
	char fingerprint[128] = "", line[256];
	const char *lines[] = {"a=mid:0", "a=rtcp-mux", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"};
	for (int i = 0; i < 32; i++)
		snprintf(fingerprint + 3 * i, sizeof(fingerprint) - 3 * (size_t)i, "%02X:", (uint8_t)p->fingerprint);
	fingerprint[95] = 0;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		int n = snprintf(line, sizeof(line), "%s", lines[i]);
		if (p->omits && strncmp(line, p->omits, strlen(p->omits)) == 0)
			continue;
		snprintf(line + n, sizeof(line) - (size_t)n, "%s%s%s\r\n",
			 i == 2   ? p->ufrag
			 : i == 3 ? p->ufrag
			 : i == 4 ? "sha-256 "
			 : i == 5 ? (p->setup ? p->setup
				     : offer  ? "actpass"
					      : "active")
				  : "",
			 i == 3   ? "0123456789012345678901"
			 : i == 4 ? fingerprint
				  : "",
			 "");
		write_string(w, line);
	}
}

size_t phone_describe(struct phone_call *c, struct slice offer_text, char *buf, size_t cap)
{
	struct sim_phone *p = c->phone;
	struct sdp_session session;
	struct sdp_reason err;
	uint8_t index;
	const struct sdp_media *offer = NULL;
	if (offer_text.n) {
		assert_int_equal(sdp_parse(offer_text, &session, &err), SDP_OK);
		offer = sdp_audio(&session, &index);
		assert_non_null(offer);
	}
	char host[64];
	struct writer h = writer_on(host, sizeof(host) - 1);
	write_address(&h, &p->address);
	host[h.n] = 0;
	struct writer w = writer_on(buf, cap);
	bool secure = !p->ufrag && (offer ? offer->crypto_count : p->suites != NULL);
	write_format(&w, "v=0\r\no=- 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n%sm=audio %u %s",
		     (unsigned)p->sim->wheel.now_us & 0xffff, host, p->host ? p->host : host,
		     p->ufrag ? "a=group:BUNDLE 0\r\n" : "", c->port,
		     p->ufrag ? "UDP/TLS/RTP/SAVPF"
		     : secure ? "RTP/SAVP"
			      : "RTP/AVP");
	write_codecs(c, &w, offer, false);
	write_string(&w, "\r\n");
	write_codecs(c, &w, offer, true);
	for (uint8_t i = 0; secure && offer && i < offer->crypto_count; i++)
		if (offer->crypto[i].tag == p->answer_tag)
			write_crypto(c, &w, p->answer_tag,
				     p->answer_suite ? slice_from_string(p->answer_suite) : offer->crypto[i].suite);
	const char *word = secure && !offer ? p->suites : NULL;
	for (unsigned tag = 1; word; tag++) {
		write_crypto(c, &w, tag, slice_from_string(suite_name(word)));
		word = strchr(word, ' ') ? strchr(word, ' ') + 1 : NULL;
	}
	if (p->ufrag)
		write_browser(p, &w, !offer);
	write_string(&w, p->attributes);
	assert_false(w.overflow);
	return w.n;
}

/* ---- what phones hear ---- */

static bool audio_of(const char *text, struct sdp_session *ret, const struct sdp_media **ret_audio)
{
	struct sdp_reason err;
	uint8_t index;
	if (sdp_parse(slice_from_string(text), ret, &err) != SDP_OK)
		return false;
	*ret_audio = sdp_audio(ret, &index);
	return *ret_audio != NULL;
}

static bool key_is(const struct sdp_media *m, uint32_t tag, const struct srtp_key *key)
{
	for (uint8_t i = 0; i < m->crypto_count; i++) {
		char text[SDES_KEY_TEXT_MAX];
		struct writer w = writer_on(text, sizeof(text));
		if (m->crypto[i].tag != tag)
			continue;
		sdes_write_key(&w, key);
		return slice_eq(writer_slice(&w), m->crypto[i].key) &&
		       slice_eq(srtp_suite_name(key->suite), m->crypto[i].suite);
	}
	return key->suite == SRTP_NONE;
}

/* The stream that Alto has for this phone is set as both have told each other. */
static struct voice_stream *stream_of(struct phone_call *c)
{
	struct sdp_session ours, theirs;
	const struct sdp_media *mine, *altos;
	if (!audio_of(c->local, &ours, &mine) || !audio_of(c->remote, &theirs, &altos))
		return NULL;
	struct voice_stream *v = voice_at(c->phone->sim->media, altos->port);
	/* The side that answered has one line, and its tag is the one that counts. */
	const struct sdp_media *answer = mine->crypto_count < altos->crypto_count ? mine : altos;
	uint32_t tag = answer->crypto_count ? answer->crypto[0].tag : 0;
	bool good = v && !v->closing && address_eq(&v->settings.remote, &mine->address) &&
		    key_is(mine, tag, &v->settings.receive_key) && key_is(altos, tag, &v->settings.send_key);
	return good ? v : NULL;
}

/* The first format that both descriptions have passes to the other side. */
static bool passes(const struct voice_stream *v, const struct phone_call *c)
{
	struct sdp_session ours, theirs;
	const struct sdp_media *mine, *altos;
	if (!audio_of(c->local, &ours, &mine) || !audio_of(c->remote, &theirs, &altos))
		return false;
	for (uint8_t i = 0; i < altos->format_count; i++) {
		uint8_t payload = altos->formats[i].payload;
		if (in_description(mine, payload))
			return v->way.map[payload] != 0xff && v->settings.rate_khz[payload] != 0;
	}
	return false;
}

/* What leaves for b has a number that b knows as the same codec: the map back leads to where it came from. Or it is
 * made into one that b is known to understand. */
static bool map_is_sound(const struct voice_stream *va, const struct voice_stream *vb)
{
	for (unsigned i = 0; i < 128; i++) {
		uint8_t to = va->way.map[i];
		bool anew = to == MEDIA_ANEW && va->way.anew && va->way.plan.from[i] != CODEC_NONE &&
			    vb->settings.rate_khz[va->way.plan.payload & 127] != 0;
		if (to != 0xff && !anew && (to > 127 || vb->way.map[to] != i))
			return false;
	}
	return true;
}

bool voice_flows(struct phone_call *a, struct phone_call *b)
{
	struct voice_stream *va = stream_of(a), *vb = stream_of(b);
	if (!va || !vb || va->peer != vb->handle || vb->peer != va->handle || !passes(va, a) || !passes(vb, b))
		return false;
	return map_is_sound(va, vb);
}
