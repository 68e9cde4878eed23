/* call/webrtc.c - the words of ICE and DTLS in the descriptions of a leg.   RFC 8839 §4, RFC 8842 §5 */
#include "call/webrtc.h"
#include "call/offer.h"

bool webrtc_wanted(const struct directory_device *device, const struct sip_flow *flow)
{
	return device->srtp == STORE_SRTP_DTLS || flow->transport == SIP_WS || flow->transport == SIP_WSS;
}

static void make_names(struct leg *leg, struct ice_credentials *ret)
{
	uint8_t random[ICE_RANDOM_BYTES];
	random_bytes(leg->sb->random, random, sizeof(random));
	ice_credentials_make(random, ret);
	crypto_wipe(random, sizeof(random));
}

int webrtc_open_stream(struct leg *leg, const struct address *local, pool_handle near)
{
	make_names(leg, &leg->webrtc_ice);
	return media_open_shared(leg->sb->config.media, pool_handle_of(&leg->sb->legs, leg), local, near,
				 &leg->webrtc_ice, &leg->stream, &leg->media_address);
}

/* ---- theirs ---- */

bool webrtc_check(const struct sdp_media *m, struct refusal *ret_why)
{
	const struct sdp_transport *t = &m->transport;
	const char *trouble = NULL;
	unsigned warning = SIP_WARNING_OTHER;
	if (!slice_caseeq(m->protocol, SLICE("UDP/TLS/RTP/SAVPF")) &&
	    !slice_caseeq(m->protocol, SLICE("UDP/TLS/RTP/SAVP"))) {
		trouble = "UDP/TLS/RTP/SAVPF Only";
		warning = SIP_WARNING_PROTOCOL;
	} else if (slice_empty(t->ufrag) || slice_empty(t->pwd) || t->lite) {
		trouble = "Full ICE Required";
	} else if (t->fingerprint.hash == SDP_NO_HASH) {
		trouble = "DTLS Fingerprint Required";
	} else if (t->setup == SDP_NO_SETUP || t->setup == SDP_HOLDCONN) {
		trouble = "DTLS Role Required";
	} else if (!m->rtcp_mux) {
		trouble = "RTCP On The Port Of RTP Required";
	}
	if (trouble)
		*ret_why = (struct refusal){.status = 488, .reason = slice_from_string(trouble), .warning = warning};
	return !trouble;
}

/* Does this offer bring other names than the peer's description in force? */
static bool restarts(const struct leg *leg, const struct sdp_media *offer)
{
	struct sdp_session session;
	const struct sdp_media *m = offer_remote_audio(leg, &session);
	return m && (!slice_eq(m->transport.ufrag, offer->transport.ufrag) ||
		     !slice_eq(m->transport.pwd, offer->transport.pwd));
}

void webrtc_accept(struct leg *leg, const struct sdp_media *offer, struct webrtc_terms *ret)
{
	ret->ice = leg->webrtc_ice;
	if (restarts(leg, offer))
		make_names(leg, &ret->ice);
	switch (offer->transport.setup) {
	case SDP_ACTIVE:
		ret->setup = SDP_PASSIVE;
		break;
	case SDP_PASSIVE:
		ret->setup = SDP_ACTIVE;
		break;
	default: /* the peer leaves it to us; who answers says hello, since that saves a round trip (RFC 5763 §5) */
		ret->setup = leg->webrtc_setup == SDP_PASSIVE ? SDP_PASSIVE : SDP_ACTIVE;
	}
}

bool webrtc_take_answer(const struct leg *leg, const struct sdp_media *answer, struct webrtc_terms *ret)
{
	if (answer->transport.setup != SDP_ACTIVE && answer->transport.setup != SDP_PASSIVE)
		return false;
	ret->ice = leg->webrtc_ice;
	ret->setup = answer->transport.setup == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
	return true;
}

/* ---- ours ---- */

static void add_once(struct address list[MEDIA_CANDIDATES_MAX], uint8_t *count, const struct address *a)
{
	uint8_t k = 0;
	while (k < *count && !address_eq(&list[k], a))
		k++;
	if (k == *count && k < MEDIA_CANDIDATES_MAX)
		list[(*count)++] = *a;
}

/*
 * Where a peer of this kind can send to, in the order in which we like it. From near by signalling may come through a
 * proxy, and voice never does: then our own addresses are named for who is inside, where a router may not lead its
 * public address back, and after them those that stand for us outside.
 */
static uint8_t candidates(struct leg *leg, struct address ret[MEDIA_CANDIDATES_MAX])
{
	const struct transport *transport = leg->sb->config.transport;
	const struct address *remote = &leg->flow.remote;
	struct address ours[MEDIA_CANDIDATES_MAX], told;
	size_t n = media_candidates(leg->sb->config.media, leg->stream, ours);
	bool near = transport_is_near(transport, remote);
	uint8_t count = 0;
	for (size_t i = 0; i < n; i++) {
		told = ours[i];
		if (!near)
			transport_public(transport, &ours[i], remote, &told);
		told.port = ours[i].port;
		/* The first is where it reached us by signalling, whatever address that is. */
		if (i == 0 || transport_can_reach(transport, &told, remote))
			add_once(ret, &count, &told);
	}
	for (size_t i = 0; near && i < n; i++)
		if (transport_outside(transport, &ours[i], &told))
			add_once(ret, &count, &told);
	return count;
}

/* The name of our one line, which stays the same as long as the session lasts (RFC 8843 §7). */
static struct slice mid_of(const struct leg *leg)
{
	struct sdp_session session;
	const struct sdp_media *m = offer_remote_audio(leg, &session);
	return m && !slice_empty(m->mid) ? m->mid : SLICE("0");
}

void webrtc_describe(struct leg *leg, const struct webrtc_terms *terms, const struct sdp_session *session,
		     const struct sdp_media *m, struct webrtc_words *ret)
{
	ret->transport = (struct sdp_local_transport){
		.ufrag = slice_of(terms->ice.ufrag, sizeof(terms->ice.ufrag)),
		.pwd = slice_of(terms->ice.pwd, sizeof(terms->ice.pwd)),
		.fingerprint = media_fingerprint(leg->sb->config.media),
		.setup = m ? terms->setup : SDP_ACTPASS,
		.mid = m ? m->mid : mid_of(leg),
		.bundle = m ? sdp_bundled(session, m) : true,
		.candidates = ret->candidates,
		.candidate_count = candidates(leg, ret->candidates),
	};
}

void webrtc_settings(const struct sdp_media *m, const struct webrtc_terms *terms, struct media_settings *ret)
{
	const struct sdp_fingerprint *f = &m->transport.fingerprint;
	_Static_assert(SDP_HASH_BYTES_MAX == sizeof(ret->webrtc.fingerprint.bytes), "as long as the longest hash");
	ret->webrtc = (struct media_webrtc){.ice = terms->ice, .client = terms->setup == SDP_ACTIVE};
	ret->webrtc.fingerprint.n = (uint8_t)sdp_hash_bytes(f->hash);
	memcpy(ret->webrtc.fingerprint.bytes, f->bytes, ret->webrtc.fingerprint.n);
}
