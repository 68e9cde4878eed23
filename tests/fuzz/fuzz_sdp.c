/* fuzz_sdp.c - a description that is read: what we would answer is read back as what we meant */
#include "sdp/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WRITTEN_MAX (4 * SDP_BYTES_MAX)

static void check_within(struct slice s, struct slice text)
{
	if (s.n > 0)
		ASSERT(s.p >= text.p && s.n <= text.n && (size_t)(s.p - text.p) <= text.n - s.n);
}

static void check_transport(const struct sdp_transport *t, struct slice text)
{
	check_within(t->ufrag, text);
	check_within(t->pwd, text);
	ASSERT(slice_empty(t->ufrag) || t->ufrag.n >= 4);
	ASSERT(sdp_hash_bytes(t->fingerprint.hash) <= SDP_HASH_BYTES_MAX);
}

static void check_media(const struct sdp_media *m, struct slice text)
{
	check_within(m->type, text);
	check_within(m->protocol, text);
	check_within(m->format_text, text);
	check_within(m->mid, text);
	check_transport(&m->transport, text);
	ASSERT(m->format_count <= SDP_FORMATS_MAX && m->crypto_count <= SDP_CRYPTO_MAX);
	ASSERT(m->address.port == m->port);
	for (size_t i = 0; i < m->format_count; i++) {
		ASSERT(m->formats[i].payload < 128 && m->formats[i].channels > 0);
		check_within(m->formats[i].fmtp, text);
		/* A static type's name is not the text's. */
		if (m->formats[i].payload >= 96)
			check_within(m->formats[i].name, text);
	}
	for (size_t i = 0; i < m->crypto_count; i++) {
		check_within(m->crypto[i].suite, text);
		check_within(m->crypto[i].key, text);
		check_within(m->crypto[i].lifetime, text);
		check_within(m->crypto[i].mki, text);
		check_within(m->crypto[i].session_params, text);
	}
}

static void check_formats(const struct sdp_media *m)
{
	struct sdp_format onwards[SDP_FORMATS_MAX], answer[SDP_FORMATS_MAX];
	uint8_t map[128];
	size_t n = sdp_offer_formats(m, onwards, ARRAY_LEN(onwards));
	ASSERT(n <= m->format_count);
	size_t answered = sdp_answer_formats(m, onwards, n, answer, ARRAY_LEN(answer));
	ASSERT(answered <= n);
	sdp_payload_map(m->formats, m->format_count, onwards, n, map);
	for (size_t i = 0; i < n; i++)
		ASSERT(map[onwards[i].payload] < 128);
}

static void check_same_media(const struct sdp_media *m, const struct sdp_media *again)
{
	ASSERT(again->port == m->port && slice_eq(again->protocol, m->protocol));
	ASSERT(again->format_count == m->format_count && again->rtcp_mux == m->rtcp_mux);
	ASSERT(again->direction == m->direction);
	ASSERT(again->ptime_ms == m->ptime_ms && again->maxptime_ms == m->maxptime_ms);
	ASSERT(address_eq(&again->address, &m->address) && again->has_address);
	ASSERT(m->rtcp.port == 0 || again->rtcp.port == m->rtcp.port);
	for (size_t i = 0; i < m->format_count; i++) {
		const struct sdp_format *a = &m->formats[i], *b = &again->formats[i];
		ASSERT(a->payload == b->payload && slice_eq(a->fmtp, b->fmtp));
		ASSERT(slice_eq(a->name, b->name) && a->rate == b->rate && a->channels == b->channels);
	}
}

/* The audio line as if it were ours, among the refused others. */
static void check_written(const struct sdp_session *session)
{
	uint8_t index = 0;
	const struct sdp_media *m = sdp_audio(session, &index);
	if (!m || !m->has_address || m->address.scope != 0)
		return;
	struct sdp_local_audio audio = {
		.address = m->address,
		.rtcp_port = m->rtcp.port,
		.protocol = m->protocol,
		.formats = m->formats,
		.format_count = m->format_count,
		.rtcp_mux = m->rtcp_mux,
		.direction = m->direction,
		.ptime_ms = m->ptime_ms,
		.maxptime_ms = m->maxptime_ms,
	};
	for (size_t i = 0; i < m->crypto_count && i < ARRAY_LEN(audio.crypto); i++)
		audio.crypto[audio.crypto_count++] = (struct sdp_local_crypto){m->crypto[i].tag, m->crypto[i].suite,
									       m->crypto[i].key};
	if (m->format_count == 0)
		return;
	struct sdp_local_transport transport = {
		.ufrag = m->transport.ufrag,
		.pwd = m->transport.pwd,
		.fingerprint = SLICE("sha-1 00"),
		.setup = m->transport.setup,
		.mid = m->mid,
		.bundle = sdp_bundled(session, m),
		.candidates = &m->address,
		.candidate_count = 1,
	};
	if (!slice_empty(m->transport.ufrag) && !slice_empty(m->transport.pwd) && m->transport.setup != SDP_NO_SETUP)
		audio.transport = &transport;

	char text[WRITTEN_MAX];
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, session->id, session->version, &audio, session, index);
	ASSERT(!w.overflow);
	struct sdp_session again;
	struct sdp_reason why;
	/* Names are spelled out once more for static types, so it may have become too long to be read. */
	if (w.n > SDP_BYTES_MAX)
		return;
	ASSERT(sdp_parse(writer_slice(&w), &again, &why) == SDP_OK);
	ASSERT(again.id == session->id && again.version == session->version);
	ASSERT(again.media_count == session->media_count);
	uint8_t again_index = 0;
	const struct sdp_media *written = sdp_audio(&again, &again_index);
	ASSERT(written && again_index == index);
	check_same_media(m, written);
	for (size_t i = 0; i < session->media_count; i++)
		ASSERT(i == index || again.media[i].port == 0);
	if (audio.transport) {
		ASSERT(slice_eq(written->transport.ufrag, m->transport.ufrag) && slice_eq(written->mid, m->mid));
		ASSERT(slice_eq(written->transport.pwd, m->transport.pwd) && written->transport.lite);
		ASSERT(written->transport.setup == m->transport.setup);
		ASSERT(sdp_bundled(&again, written) == transport.bundle);
	}
	ASSERT(written->crypto_count == audio.crypto_count);
	for (size_t i = 0; i < written->crypto_count; i++) {
		ASSERT(written->crypto[i].tag == m->crypto[i].tag);
		ASSERT(slice_eq(written->crypto[i].key, m->crypto[i].key));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct sdp_session session = {.media_count = 99};
	struct sdp_reason why = {.text = NULL};
	if (sdp_parse(text, &session, &why) != SDP_OK) {
		ASSERT(session.media_count == 99 && why.text);
		return 0;
	}
	ASSERT(!why.text && session.media_count <= SDP_MEDIA_MAX);
	check_within(session.username, text);
	for (size_t i = 0; i < session.media_count; i++) {
		check_media(&session.media[i], text);
		check_formats(&session.media[i]);
		(void)sdp_media_held(&session.media[i]);
	}
	check_written(&session);
	return 0;
}
