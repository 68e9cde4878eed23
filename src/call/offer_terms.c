/* call/offer_terms.c - what was agreed is put in force: the stream, and what the leg keeps: see offer_terms.h */
#include "call/offer_terms.h"
#include "call/transcoding.h"

#include <errno.h>

/* ---- the stream ---- */

int offer_open_stream(struct leg *leg, pool_handle near)
{
	if (leg->stream)
		return 0;
	struct address local = leg->flow.local;
	local.port = 0;
	int rc = leg->webrtc ? webrtc_open_stream(leg, &local, near)
			     : media_open(leg->sb->config.media, pool_handle_of(&leg->sb->legs, leg), &local, near,
					  &leg->stream, &leg->media_address);
	if (rc == -EMFILE)
		leg->sb->no_port_us = leg->sb->wheel->now_us; /* `alto status` names it for a while */
	return rc;
}

const struct sdp_media *offer_remote_audio(const struct leg *leg, struct sdp_session *ret)
{
	struct sdp_reason err;
	uint8_t index;
	if (!leg->remote.p || sdp_parse(text_slice(&leg->remote), ret, &err) != SDP_OK)
		return NULL;
	return sdp_audio(ret, &index);
}

/*
 * The stream as the peer's description and the terms say. The worker's ring may be full: it empties within a tick, so
 * the stream is set a moment later by what is then in force, and its join made again. Until then it does not send or
 * receive by other keys than those of its last settings.
 */
static int apply(struct leg *leg, const struct sdp_media *m, const struct offer_terms *t)
{
	struct media_settings s = {
		.remote = m->address,
		.remote_rtcp = m->rtcp,
		.rtcp_mux = m->rtcp_mux && t->mux,
		.send = !sdp_media_held(m),
		.receive = m->direction != SDP_RECVONLY && m->direction != SDP_INACTIVE,
		.learn = true,
		.send_key = t->send_key,
		.receive_key = t->receive_key,
	};
	if (leg->webrtc)
		webrtc_settings(m, &t->webrtc, &s);
	for (size_t i = 0; i < t->count; i++)
		s.rate_khz[t->formats[i].payload & 127] = (uint8_t)(t->formats[i].rate / 1000);
	int rc = media_set(leg->sb->config.media, leg->stream, &s);
	crypto_wipe(&s, sizeof(s));
	if (rc != -EAGAIN)
		return rc == -ENOENT ? -EIO : rc; /* the stream is gone: not to be taken for "no common codec" */
	timer_start(leg->sb->wheel, &leg->settle, MEDIA_RETRY_US);
	return 0;
}

int offer_settle(struct leg *leg)
{
	struct sdp_session session;
	const struct sdp_media *m = offer_remote_audio(leg, &session);
	if (!m)
		return -ENOENT;
	struct offer_terms t = {.send_key = leg->send_key,
				.receive_key = leg->receive_key,
				.webrtc = {leg->webrtc_ice, (enum sdp_setup)leg->webrtc_setup},
				.mux = leg->mux,
				.formats = leg->agreed,
				.count = leg->agreed_count};
	int rc = apply(leg, m, &t);
	crypto_wipe(&t, sizeof(t));
	return rc;
}

int offer_join(struct leg *a, struct leg *b)
{
	struct media_way ab, ba;
	transcoding_way(a, b, &ab);
	transcoding_way(b, a, &ba);
	return media_join(a->sb->config.media, a->stream, b->stream, &ab, &ba);
}

/* ---- what is agreed ---- */

/*
 * Formats and their text in one block, since what they were read from may be gone before they are used again: this
 * peer's former description. NULL: out of memory.
 */
static struct sdp_format *own_formats(const struct offer_terms *t)
{
	size_t head = t->count * sizeof(t->formats[0]), text = 0;
	for (size_t i = 0; i < t->count; i++)
		text += t->formats[i].name.n + t->formats[i].fmtp.n;
	char *block = malloc(head + text + 1); /* malloc(0) may be NULL */
	if (!block)
		return NULL;
	struct sdp_format *ret = (struct sdp_format *)(void *)block;
	struct writer w = writer_on(block + head, text);
	for (size_t i = 0; i < t->count; i++) {
		ret[i] = t->formats[i];
		ret[i].name.p = block + head + w.n;
		write_slice(&w, t->formats[i].name);
		ret[i].fmtp.p = block + head + w.n;
		write_slice(&w, t->formats[i].fmtp);
	}
	return ret;
}

int offer_settle_on(struct leg *leg, struct own_text *text, const struct sdp_media *m, const struct offer_terms *t)
{
	struct sdp_format *owned = own_formats(t);
	if (!owned)
		return -ENOMEM;
	int rc = apply(leg, m, t);
	if (rc < 0) {
		free(owned);
		return rc;
	}
	leg->send_key = t->send_key;
	leg->receive_key = t->receive_key;
	leg->mux = t->mux;
	if (leg->webrtc) {
		leg->webrtc_ice = t->webrtc.ice;
		leg->webrtc_setup = (uint8_t)t->webrtc.setup;
	}
	text_done(&leg->remote);
	leg->remote = *text;
	*text = (struct own_text){0};
	free(leg->agreed);
	leg->agreed = owned;
	leg->agreed_count = (uint8_t)t->count;
	return 0;
}
