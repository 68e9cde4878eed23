/* sdp/write.c - descriptions written anew.   RFC 8866 §5, RFC 3264 §5, §6 */
#include "sdp/format.h"

void sdp_write_line(struct writer *w, const char *name, struct slice value)
{
	write_string(w, name);
	write_slice(w, value);
	write_string(w, "\r\n");
}

static void write_network_address(struct writer *w, const struct address *a)
{
	write_string(w, address_is_v4(a) ? "IN IP4 " : "IN IP6 ");
	write_address(w, a);
}

/* "m=audio 0 RTP/AVP 0": a line that is not taken up, its formats as they were offered. */
static void write_refused(struct writer *w, const struct sdp_media *offered, bool with_mid)
{
	write_string(w, "m=");
	write_slice(w, offered->type);
	write_string(w, " 0 ");
	write_slice(w, offered->protocol);
	write_char(w, ' ');
	/* The grammar wants one at least. */
	write_slice(w, slice_empty(offered->format_text) ? SLICE("0") : offered->format_text);
	write_string(w, "\r\n");
	if (with_mid && !slice_empty(offered->mid))
		sdp_write_line(w, "a=mid:", offered->mid);
}

static void write_attribute(struct writer *w, const char *name, uint64_t value)
{
	write_string(w, "a=");
	write_string(w, name);
	write_char(w, ':');
	write_u64(w, value);
	write_string(w, "\r\n");
}

static void write_media_line(struct writer *w, const struct sdp_local_audio *audio)
{
	write_string(w, "m=audio ");
	write_u64(w, audio->rejected ? 0 : audio->address.port);
	write_char(w, ' ');
	write_slice(w, audio->protocol);
	for (size_t i = 0; i < audio->format_count; i++) {
		write_char(w, ' ');
		write_u64(w, audio->formats[i].payload);
	}
	write_string(w, "\r\n");
}

static void write_one_format(struct writer *w, const struct sdp_format *f)
{
	if (!slice_empty(f->name)) {
		write_string(w, "a=rtpmap:");
		write_u64(w, f->payload);
		write_char(w, ' ');
		write_slice(w, f->name);
		write_char(w, '/');
		write_u64(w, f->rate);
		if (f->channels > 1) {
			write_char(w, '/');
			write_u64(w, f->channels);
		}
		write_string(w, "\r\n");
	}
	if (!slice_empty(f->fmtp)) {
		write_string(w, "a=fmtp:");
		write_u64(w, f->payload);
		write_char(w, ' ');
		write_slice(w, f->fmtp);
		write_string(w, "\r\n");
	}
}

static void write_crypto(struct writer *w, const struct sdp_local_crypto *c)
{
	write_string(w, "a=crypto:");
	write_u64(w, c->tag);
	write_char(w, ' ');
	write_slice(w, c->suite);
	write_string(w, " inline:");
	write_slice(w, c->key);
	write_string(w, "\r\n");
}

static void write_audio(struct writer *w, const struct sdp_local_audio *audio, bool offer)
{
	write_media_line(w, audio);
	if (audio->rejected)
		return;
	for (size_t i = 0; i < audio->format_count; i++)
		write_one_format(w, &audio->formats[i]);
	for (size_t i = 0; i < audio->crypto_count; i++)
		write_crypto(w, &audio->crypto[i]);
	if (audio->transport)
		sdp_transport_write(w, audio->transport, offer);
	if (audio->rtcp_port != 0 && audio->rtcp_port != audio->address.port + 1)
		write_attribute(w, "rtcp", audio->rtcp_port);
	if (audio->rtcp_mux)
		write_string(w, "a=rtcp-mux\r\n");
	if (audio->ptime_ms != 0)
		write_attribute(w, "ptime", audio->ptime_ms);
	if (audio->maxptime_ms != 0)
		write_attribute(w, "maxptime", audio->maxptime_ms);
	write_string(w, "a=");
	write_slice(w, sdp_direction_name(audio->direction));
	write_string(w, "\r\n");
}

/* RFC 8843 §7.3.1: what we did not take is in no group. RFC 8839 §5.3: of the whole session. */
static void write_session_transport(struct writer *w, const struct sdp_local_transport *t)
{
	if (t->bundle)
		sdp_write_line(w, "a=group:BUNDLE ", t->mid);
	write_string(w, "a=ice-lite\r\n");
}

void sdp_write(struct writer *w, uint64_t session_id, uint64_t version, const struct sdp_local_audio *audio,
	       const struct sdp_session *mirror, uint8_t audio_index)
{
	ASSERT(!mirror || audio_index < mirror->media_count);
	ASSERT(audio->format_count > 0); /* a "0" for none would be an offer of PCMU */
	ASSERT(audio->crypto_count <= ARRAY_LEN(audio->crypto));

	write_string(w, "v=0\r\no=- ");
	write_u64(w, session_id);
	write_char(w, ' ');
	write_u64(w, version);
	write_char(w, ' ');
	write_network_address(w, &audio->address);
	write_string(w, "\r\ns=-\r\nc=");
	write_network_address(w, &audio->address);
	write_string(w, "\r\nt=0 0\r\n");
	if (audio->transport)
		write_session_transport(w, audio->transport);
	if (!mirror) {
		write_audio(w, audio, true);
		return;
	}
	/* RFC 3264 §6: an answer has as many m= lines as the offer, in its order. */
	for (uint8_t i = 0; i < mirror->media_count; i++) {
		if (i != audio_index || audio->rejected)
			write_refused(w, &mirror->media[i], audio->transport);
		else
			write_audio(w, audio, false);
	}
}
