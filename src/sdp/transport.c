/* sdp/transport.c - what ICE and DTLS say of themselves in a description.   RFC 8839 §5, RFC 8122 §5, RFC 8842 §5 */
#include "sdp/format.h"
#include "sdp/limits.h"

/* RFC 8122 §5 has weaker hashes too, which nobody need believe. */
static const struct {
	const char *name;
	size_t bytes;
} hashes[] = {
	[SDP_NO_HASH] = {"", 0},
	[SDP_SHA_256] = {"sha-256", 32},
	[SDP_SHA_384] = {"sha-384", 48},
	[SDP_SHA_512] = {"sha-512", 64},
};
static const char *const setups[] = {
	[SDP_NO_SETUP] = "",       [SDP_ACTPASS] = "actpass",   [SDP_ACTIVE] = "active",
	[SDP_PASSIVE] = "passive", [SDP_HOLDCONN] = "holdconn",
};

size_t sdp_hash_bytes(enum sdp_hash h)
{
	ASSERT((unsigned)h < ARRAY_LEN(hashes));
	return hashes[h].bytes;
}

/* ---- read ---- */

/* RFC 8839 §5.4: letters, digits, + and /. */
static bool is_ice_word(struct slice s, size_t min)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/')
			return false;
	}
	return s.n >= min && s.n <= SDP_ICE_WORD_MAX;
}

/* "AB:CD:...", exactly as many as the hash has. */
static bool parse_digest(struct slice s, uint8_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!slice_unhex(slice_cut(&s, ':'), ret + i, 1))
			return false;
	return slice_empty(s);
}

static const char *parse_fingerprint(struct sdp_transport *t, struct slice value)
{
	struct slice name = slice_cut(&value, ' ');
	struct sdp_fingerprint f;
	for (size_t i = SDP_SHA_256; i < ARRAY_LEN(hashes); i++) {
		if (!slice_caseeq(name, slice_from_string(hashes[i].name)))
			continue;
		f.hash = (enum sdp_hash)i;
		if (!parse_digest(slice_trim(value), f.bytes, hashes[i].bytes))
			return "a=fingerprint that is not of its hash's length";
		if (t->fingerprint.hash == SDP_NO_HASH)
			t->fingerprint = f;
	}
	return NULL;
}

static const char *parse_ufrag(struct sdp_transport *t, struct slice value)
{
	if (slice_empty(t->ufrag))
		t->ufrag = value;
	return is_ice_word(value, SDP_UFRAG_MIN) ? NULL : "a=ice-ufrag that is not 4 to 256 letters and digits";
}

static const char *parse_pwd(struct sdp_transport *t, struct slice value)
{
	if (slice_empty(t->pwd))
		t->pwd = value;
	return is_ice_word(value, SDP_PWD_MIN) ? NULL : "a=ice-pwd that is not 22 to 256 letters and digits";
}

static const char *parse_lite(struct sdp_transport *t, struct slice value)
{
	t->lite = true;
	return NULL;
}

static const char *parse_setup(struct sdp_transport *t, struct slice value)
{
	for (size_t i = SDP_ACTPASS; i < ARRAY_LEN(setups) && t->setup == SDP_NO_SETUP; i++)
		if (slice_caseeq(value, slice_from_string(setups[i])))
			t->setup = (enum sdp_setup)i;
	return NULL;
}

bool sdp_transport_attribute(struct sdp_transport *t, struct slice name, struct slice value, const char **ret_bad)
{
	static const struct {
		const char *name;
		const char *(*parse)(struct sdp_transport *t, struct slice value);
	} attributes[] = {
		{"ice-ufrag", parse_ufrag},         {"ice-pwd", parse_pwd},
		{"ice-lite", parse_lite},           {"setup", parse_setup},
		{"fingerprint", parse_fingerprint},
	};
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (!slice_caseeq(name, slice_from_string(attributes[i].name)))
			continue;
		const char *trouble = attributes[i].parse(t, value);
		if (trouble)
			*ret_bad = trouble;
		return true;
	}
	return false;
}

void sdp_transport_inherit(struct sdp_transport *t, const struct sdp_transport *session)
{
	/* RFC 8839 §5.4: both or neither. */
	if (slice_empty(t->ufrag) && slice_empty(t->pwd)) {
		t->ufrag = session->ufrag;
		t->pwd = session->pwd;
	}
	t->lite |= session->lite;
	if (t->setup == SDP_NO_SETUP)
		t->setup = session->setup;
	if (t->fingerprint.hash == SDP_NO_HASH)
		t->fingerprint = session->fingerprint;
}

/* ---- written ---- */

/* RFC 8839 §5.1, RFC 8445 §5.1.2: host addresses, in the order of our preference; only RTP, since RTCP shares its port.
 */
static void write_candidate(struct writer *w, const struct address *a, uint32_t rank)
{
	write_string(w, "a=candidate:");
	write_u64(w, rank + 1);
	write_string(w, " 1 udp ");
	write_u64(w, UINT32_C(126) << 24 | (65535 - rank) << 8 | 255);
	write_char(w, ' ');
	write_address(w, a);
	write_char(w, ' ');
	write_u64(w, a->port);
	write_string(w, " typ host\r\n");
}

void sdp_transport_write(struct writer *w, const struct sdp_local_transport *t, bool offer)
{
	if (!slice_empty(t->mid))
		sdp_write_line(w, "a=mid:", t->mid);
	sdp_write_line(w, "a=ice-ufrag:", t->ufrag);
	sdp_write_line(w, "a=ice-pwd:", t->pwd);
	write_string(w, "a=ice-options:ice2\r\n"); /* RFC 8839 §5.6: as RFC 8445 has it */
	sdp_write_line(w, "a=fingerprint:", t->fingerprint);
	sdp_write_line(w, "a=setup:", slice_from_string(setups[t->setup]));
	/* A stream and a track, which a browser's program is handed (RFC 8830); what they are called is nobody's. */
	write_string(w, "a=msid:alto voice\r\n");
	if (offer) /* RFC 8858: there is no second port */
		write_string(w, "a=rtcp-mux-only\r\n");
	for (uint8_t i = 0; i < t->candidate_count; i++)
		write_candidate(w, &t->candidates[i], i);
	write_string(w, "a=end-of-candidates\r\n"); /* RFC 8840 §4.4 */
}
