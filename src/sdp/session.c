/* sdp/session.c - questions about what was read.   RFC 3264 §6.1, §8.4 */
#include "sdp/format.h"

struct slice sdp_direction_name(enum sdp_direction d)
{
	static const char *const names[] = {
		[SDP_SENDRECV] = "sendrecv",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_INACTIVE] = "inactive",
	};
	ASSERT((unsigned)d < ARRAY_LEN(names));
	return slice_from_string(names[d]);
}

enum sdp_direction sdp_direction_reverse(enum sdp_direction d)
{
	switch (d) {
	case SDP_SENDONLY:
		return SDP_RECVONLY;
	case SDP_RECVONLY:
		return SDP_SENDONLY;
	default:
		return d;
	}
}

const struct sdp_media *sdp_audio(const struct sdp_session *s, uint8_t *ret_index)
{
	for (uint8_t i = 0; i < s->media_count; i++) {
		if (s->media[i].port == 0 || !slice_caseeq(s->media[i].type, SLICE("audio")))
			continue;
		*ret_index = i;
		return &s->media[i];
	}
	return NULL;
}

bool sdp_bundled(const struct sdp_session *s, const struct sdp_media *m)
{
	for (struct slice mids = s->bundle; !slice_empty(m->mid) && !slice_empty(mids);)
		if (slice_eq(slice_cut(&mids, ' '), m->mid))
			return true;
	return false;
}

bool sdp_media_held(const struct sdp_media *m)
{
	return m->direction == SDP_SENDONLY || m->direction == SDP_INACTIVE ||
	       (m->has_address && address_is_any(&m->address) && slice_empty(m->transport.ufrag));
}
