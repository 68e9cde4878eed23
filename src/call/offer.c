/* call/offer.c - descriptions of a leg, both ways: see offer.h */
#include "call/offer_terms.h"
#include "call/transcoding.h"
#include "rtp/sdes.h"

#include <errno.h>

/* What we offer, best first; what we accept is what the offerer puts first of all that we know (RFC 4568 §5.1.2). */
static const enum srtp_suite offered_suites[] = {SRTP_AEAD_AES_128_GCM, SRTP_AES_CM_128_HMAC_SHA1_80};

static bool key_read(const struct sdp_crypto *c, struct srtp_key *ret)
{
	struct sdes line = {.suite = c->suite,
			    .key = c->key,
			    .lifetime = c->lifetime,
			    .mki = c->mki,
			    .session_params = c->session_params};
	return sdes_parse(&line, ret);
}

static void key_make(struct random *random, enum srtp_suite suite, struct srtp_key *ret)
{
	uint8_t bytes[SRTP_KEY_MAX];
	random_bytes(random, bytes, sizeof(bytes));
	sdes_make(suite, bytes, ret);
	crypto_wipe(bytes, sizeof(bytes));
}

static struct sdp_local_crypto key_line(const struct srtp_key *key, uint32_t tag, char text[SDES_KEY_TEXT_MAX])
{
	struct writer w = writer_on(text, SDES_KEY_TEXT_MAX);
	sdes_write_key(&w, key);
	return (struct sdp_local_crypto){.tag = tag, .suite = srtp_suite_name(key->suite), .key = writer_slice(&w)};
}

/* The line to use of an offer, or of the single one of an answer. NULL: none that we can use. */
static const struct sdp_crypto *crypto_choose(const struct sdp_media *m, struct srtp_key *ret)
{
	for (uint8_t i = 0; i < m->crypto_count; i++)
		if (key_read(&m->crypto[i], ret))
			return &m->crypto[i];
	return NULL;
}

static bool keys_go_in_clear(const struct leg *leg)
{
	return !sip_transport_secure(leg->flow.transport);
}

/* ---- what we say ---- */

static int write_local(struct leg *leg, const struct sdp_local_audio *audio, const struct sdp_session *mirror,
		       uint8_t index)
{
	char text[SDP_BYTES_MAX];
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, leg->sdp_id, ++leg->sdp_version, audio, mirror, index);
	return !w.overflow && text_set(&leg->local, writer_slice(&w)) ? 0 : -ENOMEM;
}

/* Its own codecs are said to it again: with the parameters that it was told of them, not with those that it told us. */
static void as_told_before(const struct leg *leg, struct sdp_format *formats, size_t count)
{
	struct sdp_format before[SDP_FORMATS_MAX];
	uint16_t ptime_ms;
	size_t n = offer_described(leg, before, ARRAY_LEN(before), &ptime_ms);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < n; k++)
			if (sdp_format_same(&before[k], &formats[i]))
				formats[i].fmtp = before[k].fmtp;
}

/* Our address as the peer is to see it. */
static struct address public_address(struct leg *leg)
{
	struct address a = leg->media_address;
	transport_public(leg->sb->config.transport, &leg->media_address, &leg->flow.remote, &a);
	a.port = leg->media_address.port;
	return a;
}

/* One of our own open ports, by the address that it has here or by the one that this peer is told. */
static bool is_ours(struct leg *leg, const struct address *a)
{
	const struct media *media = leg->sb->config.media;
	struct address local = leg->stream ? leg->media_address : leg->flow.local, told = local;
	if (media_is_ours(media, a))
		return true;
	transport_public(leg->sb->config.transport, &local, &leg->flow.remote, &told);
	local.port = a->port;
	return address_same_host(&told, a) && media_is_ours(media, &local);
}

/* Our voice would come back to us, and go round for ever. */
static bool names_our_port(struct leg *leg, const struct sdp_media *m)
{
	return is_ours(leg, &m->address) || is_ours(leg, &m->rtcp);
}

/* ---- our offer, their answer ---- */

bool offer_allowed(const struct leg *leg)
{
	return leg->plain_allowed || leg->webrtc || !keys_go_in_clear(leg);
}

/* Plain voice where it is allowed, but a leg that is encrypted stays so. */
static bool offers_plain(const struct leg *leg)
{
	return leg->plain_allowed && !leg->webrtc && leg->send_key.suite == SRTP_NONE;
}

static int write_webrtc(struct leg *leg, const struct sdp_local_audio *plain)
{
	struct sdp_local_audio audio = *plain;
	struct webrtc_terms terms = {.ice = leg->webrtc_ice};
	struct webrtc_words words;
	webrtc_describe(leg, &terms, NULL, NULL, &words);
	audio.protocol = SLICE("UDP/TLS/RTP/SAVPF");
	audio.rtcp_mux = leg->mux_offered = true;
	audio.transport = &words.transport;
	return write_local(leg, &audio, NULL, 0);
}

int offer_write(struct leg *leg, const struct sdp_format *formats, size_t count, uint16_t ptime_ms)
{
	char keys[ARRAY_LEN(offered_suites)][SDES_KEY_TEXT_MAX];
	struct sdp_format told[SDP_FORMATS_MAX];
	if (!offer_allowed(leg))
		return -EACCES;
	if (!count)
		return -ENOENT;
	count = MIN(count, ARRAY_LEN(told));
	memcpy(told, formats, count * sizeof(told[0]));
	if (formats == leg->agreed)
		as_told_before(leg, told, count);
	struct sdp_local_audio audio = {
		.address = public_address(leg),
		.protocol = offers_plain(leg) ? SLICE("RTP/AVP") : SLICE("RTP/SAVP"),
		.formats = told,
		.format_count = (uint8_t)count,
		.ptime_ms = ptime_ms,
	};
	if (leg->webrtc)
		return write_webrtc(leg, &audio);
	for (uint32_t i = 0; !offers_plain(leg) && i < ARRAY_LEN(offered_suites); i++) {
		/* A key that is in use goes on, so that a change of codec does not change keys (its index runs on). */
		if (leg->send_key.suite == offered_suites[i])
			leg->offered[i] = leg->send_key;
		else
			key_make(leg->sb->random, offered_suites[i], &leg->offered[i]);
		leg->offered_tags[i] = i + 1;
		audio.crypto[audio.crypto_count++] = key_line(&leg->offered[i], i + 1, keys[i]);
	}
	leg->mux_offered = false;
	int rc = write_local(leg, &audio, NULL, 0);
	crypto_wipe(keys, sizeof(keys));
	return rc;
}

/* 488 for something that has a Warning of its own. */
static bool unfit(struct refusal *why, unsigned warning, const char *reason)
{
	*why = (struct refusal){.status = 488, .reason = slice_from_string(reason), .warning = warning};
	return false;
}

int offer_repeat(struct leg *leg)
{
	struct sdp_session session;
	struct sdp_reason err;
	uint8_t index;
	if (!leg->local.p || sdp_parse(text_slice(&leg->local), &session, &err) != SDP_OK)
		return -EPROTO;
	const struct sdp_media *m = sdp_audio(&session, &index);
	if (!m)
		return -EPROTO;
	/* It may have been an answer: then its one line has the tag that the peer chose. */
	crypto_wipe(leg->offered, sizeof(leg->offered));
	for (size_t i = 0; i < ARRAY_LEN(leg->offered); i++) {
		leg->offered_tags[i] = i < m->crypto_count ? m->crypto[i].tag : 0;
		if (i < m->crypto_count && !key_read(&m->crypto[i], &leg->offered[i]))
			return -EPROTO;
	}
	leg->mux_offered = m->rtcp_mux;
	return 0;
}

/* Which of our lines has this tag; NULL: none. Tags are numbers from 1 (RFC 4568 §9.1). */
static const struct srtp_key *offered_key(const struct leg *leg, uint32_t tag)
{
	for (size_t i = 0; i < ARRAY_LEN(leg->offered); i++)
		if (tag && leg->offered_tags[i] == tag)
			return &leg->offered[i];
	return NULL;
}

/* The answer's keys: exactly one line, with a tag and suite that we offered (RFC 4568 §5.1.3). */
static bool take_answered_key(const struct leg *leg, const struct sdp_media *m, struct offer_terms *terms,
			      struct refusal *why)
{
	struct srtp_key theirs = {.suite = SRTP_NONE};
	if (leg->webrtc)
		return webrtc_check(m, why) &&
		       (webrtc_take_answer(leg, m, &terms->webrtc) || no(why, 488, "DTLS Role Required"));
	const struct sdp_crypto *c = crypto_choose(m, &theirs);
	if (offers_plain(leg) && !c)
		return true;
	const struct srtp_key *ours = c ? offered_key(leg, c->tag) : NULL;
	if (!ours || ours->suite != theirs.suite)
		return no(why, 488, "No Usable Key In The Answer");
	terms->send_key = *ours;
	terms->receive_key = theirs;
	crypto_wipe(&theirs, sizeof(theirs));
	return true;
}

bool offer_take_answer(struct leg *leg, struct slice text, struct refusal *ret_why)
{
	struct sdp_session session;
	struct sdp_reason err;
	struct sdp_format formats[LEG_FORMATS_MAX];
	struct own_text answer = {0};
	uint8_t index;
	if (!text_set(&answer, text))
		return no(ret_why, 500, "Out Of Memory");
	bool ok = sdp_parse(text_slice(&answer), &session, &err) == SDP_OK;
	const struct sdp_media *m = ok ? sdp_audio(&session, &index) : NULL;
	size_t n = m ? sdp_offer_formats(m, formats, LEG_FORMATS_MAX) : 0;
	struct offer_terms terms = {.formats = formats, .count = n, .mux = leg->mux_offered};
	if (!ok)
		no(ret_why, 488, err.text);
	else if (!m || (!m->has_address && !leg->webrtc))
		ok = unfit(ret_why, SIP_WARNING_MEDIA, "No Audio");
	else if (names_our_port(leg, m))
		ok = no(ret_why, 488, "Our Own Voice Port");
	else if (!offer_has_codec(formats, n))
		ok = unfit(ret_why, SIP_WARNING_FORMAT, "No Common Codec");
	else
		ok = take_answered_key(leg, m, &terms, ret_why);
	if (ok && offer_settle_on(leg, &answer, m, &terms) < 0)
		ok = no(ret_why, 500, "Voice Cannot Be Set");
	crypto_wipe(&terms, sizeof(terms));
	if (!ok)
		text_done(&answer);
	return ok;
}

/* ---- their offer, our answer ---- */

/* Profile and keys of an offer that is no browser's, under our policy. */
static bool check_protection(const struct leg *leg, const struct sdp_media *m, struct refusal *why)
{
	struct srtp_key key;
	bool secure_profile = slice_caseeq(m->protocol, SLICE("RTP/SAVP")) ||
			      slice_caseeq(m->protocol, SLICE("RTP/SAVPF"));
	if (!secure_profile && !slice_caseeq(m->protocol, SLICE("RTP/AVP")) &&
	    !slice_caseeq(m->protocol, SLICE("RTP/AVPF")))
		return unfit(why, SIP_WARNING_PROTOCOL, "RTP/AVP Or RTP/SAVP Only");
	bool keyed = crypto_choose(m, &key) != NULL;
	crypto_wipe(&key, sizeof(key));
	if (secure_profile && !keyed)
		return no(why, 488, "No Usable SDES Key");
	if (!keyed && !leg->plain_allowed)
		return no(why, 488, "Encrypted Voice Required");
	if (keyed && keys_go_in_clear(leg) && !leg->plain_allowed)
		return no(why, 488, "Keys Over Plaintext Signalling");
	return true;
}

bool offer_check(struct leg *leg, struct slice text, struct sdp_session *ret, struct refusal *ret_why)
{
	struct sdp_reason err;
	uint8_t index;
	if (sdp_parse(text, ret, &err) != SDP_OK)
		return no(ret_why, 400, err.text);
	const struct sdp_media *m = sdp_audio(ret, &index);
	if (!m || (!m->has_address && !leg->webrtc))
		return unfit(ret_why, SIP_WARNING_MEDIA, "Audio Only");
	if (names_our_port(leg, m))
		return no(ret_why, 488, "Our Own Voice Port");
	if (!(leg->webrtc ? webrtc_check(m, ret_why) : check_protection(leg, m, ret_why)))
		return false;
	struct sdp_format formats[LEG_FORMATS_MAX];
	if (!offer_has_codec(formats, sdp_offer_formats(m, formats, LEG_FORMATS_MAX)))
		return unfit(ret_why, SIP_WARNING_FORMAT, "No Common Codec");
	return true;
}

/* Our keys for the answer: of the suite that the offer's line names, the running one kept. */
static void choose_keys(struct leg *leg, const struct sdp_media *m, struct sdp_local_audio *audio,
			char key_text[SDES_KEY_TEXT_MAX], struct offer_terms *terms)
{
	const struct sdp_crypto *c = crypto_choose(m, &terms->receive_key);
	if (!c)
		return;
	terms->send_key = leg->send_key;
	if (terms->send_key.suite != terms->receive_key.suite)
		key_make(leg->sb->random, terms->receive_key.suite, &terms->send_key);
	audio->crypto[audio->crypto_count++] = key_line(&terms->send_key, c->tag, key_text);
}

/* The formats of our answer: as the peer is told, and as is agreed, with its own parameters. 0: nothing can be done. */
static size_t answer_formats(const struct leg *leg, const struct sdp_media *m, const struct sdp_format *spoken,
			     size_t count, struct sdp_format ret_told[LEG_FORMATS_MAX],
			     struct sdp_format ret_agreed[LEG_FORMATS_MAX])
{
	size_t n = sdp_answer_formats(m, spoken, count, ret_told, LEG_FORMATS_MAX);
	if (n && spoken == leg->agreed) {
		as_told_before(leg, ret_told, n);
	} else if (!n) {
		n = transcoding_answer(m, spoken, count, ret_told, LEG_FORMATS_MAX);
		transcoding_limit(ret_told, n);
	}
	memcpy(ret_agreed, ret_told, n * sizeof(ret_told[0]));
	for (size_t i = 0; i < n; i++)
		for (uint8_t k = 0; k < m->format_count; k++)
			if (m->formats[k].payload == ret_told[i].payload)
				ret_agreed[i].fmtp = m->formats[k].fmtp;
	return n;
}

int offer_answer(struct leg *leg, const struct sdp_format *spoken, size_t count)
{
	struct sdp_session session;
	struct refusal why;
	struct sdp_format told[LEG_FORMATS_MAX], agreed[LEG_FORMATS_MAX];
	char key_text[SDES_KEY_TEXT_MAX];
	uint8_t index;
	if (!offer_check(leg, text_slice(&leg->pending), &session, &why))
		return -ENOENT;
	const struct sdp_media *m = sdp_audio(&session, &index);
	size_t n = answer_formats(leg, m, spoken, count, told, agreed);
	if (!n)
		return -ENOENT;
	int rc = offer_open_stream(leg, 0);
	if (rc < 0)
		return rc;

	struct sdp_local_audio audio = {
		.address = public_address(leg),
		.protocol = m->protocol,
		.formats = told,
		.format_count = (uint8_t)n,
		.direction = sdp_direction_reverse(m->direction),
		.rtcp_mux = m->rtcp_mux,
		.ptime_ms = m->ptime_ms,
		.maxptime_ms = m->maxptime_ms,
	};
	struct offer_terms terms = {.mux = m->rtcp_mux, .formats = agreed, .count = n};
	struct webrtc_words words;
	if (leg->webrtc) {
		webrtc_accept(leg, m, &terms.webrtc);
		webrtc_describe(leg, &terms.webrtc, &session, m, &words);
		audio.transport = &words.transport;
	} else {
		choose_keys(leg, m, &audio, key_text, &terms);
	}
	rc = write_local(leg, &audio, &session, index);
	if (rc == 0)
		rc = offer_settle_on(leg, &leg->pending, m, &terms);
	crypto_wipe(key_text, sizeof(key_text));
	crypto_wipe(&terms, sizeof(terms));
	return rc;
}
