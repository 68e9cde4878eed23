/* What browsers say: offers of Chromium and Firefox, and what Alto writes to them.   RFC 8829, 8839, 8842, 8843 */
#include "sdp/limits.h"
#include "sdp/offer.h"
#include "support/guard.h"
#include "support/test.h"

#define FINGERPRINT                                                                                                    \
	"sha-256 7A:1F:00:07:0E:15:1C:23:2A:31:38:3F:46:4D:54:5B:62:69:70:77:7E:85:8C:93:9A:A1:A8:AF:B6:BD:C4:CB"

static const char chromium[] =
	"v=0\r\n"
	"o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n"
	"s=-\r\n"
	"t=0 0\r\n"
	"a=group:BUNDLE 0\r\n"
	"a=extmap-allow-mixed\r\n"
	"a=msid-semantic: WMS 1f0b7a6c-8f0e-4b6e-9a5c-0c1f2d3e4f50\r\n"
	"m=audio 49170 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
	"c=IN IP4 192.0.2.33\r\n"
	"a=rtcp:9 IN IP4 0.0.0.0\r\n"
	"a=candidate:1467250027 1 udp 2122260223 192.0.2.33 49170 typ host generation 0 network-id 1 network-cost "
	"10\r\n"
	"a=candidate:435653019 1 tcp 1518280447 192.0.2.33 9 typ host tcptype active generation 0 network-id 1\r\n"
	"a=candidate:842163049 1 udp 1677729535 198.51.100.4 53421 typ srflx raddr 192.0.2.33 rport 49170 generation "
	"0\r\n"
	"a=ice-ufrag:4ZcD\r\n"
	"a=ice-pwd:2/1muCWoOi3uLifh0NuRHlg/\r\n"
	"a=ice-options:trickle\r\n"
	"a=fingerprint:sha-256 "
	"7A:1F:00:07:0E:15:1C:23:2A:31:38:3F:46:4D:54:5B:62:69:70:77:7E:85:8C:93:9A:A1:A8:AF:B6:BD:C4:CB\r\n"
	"a=setup:actpass\r\n"
	"a=mid:0\r\n"
	"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
	"a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
	"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
	"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
	"a=sendrecv\r\n"
	"a=msid:1f0b7a6c-8f0e-4b6e-9a5c-0c1f2d3e4f50 8a7b6c5d-4e3f-4a2b-8c1d-0e9f8a7b6c5d\r\n"
	"a=rtcp-mux\r\n"
	"a=rtcp-rsize\r\n"
	"a=rtpmap:111 opus/48000/2\r\n"
	"a=rtcp-fb:111 transport-cc\r\n"
	"a=fmtp:111 minptime=10;useinbandfec=1\r\n"
	"a=rtpmap:63 red/48000/2\r\n"
	"a=fmtp:63 111/111\r\n"
	"a=rtpmap:9 G722/8000\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:13 CN/8000\r\n"
	"a=rtpmap:110 telephone-event/48000\r\n"
	"a=rtpmap:126 telephone-event/8000\r\n"
	"a=ssrc:2231627014 cname:Z6vF0v7Q8s2RkT1x\r\n"
	"a=ssrc:2231627014 msid:1f0b7a6c-8f0e-4b6e-9a5c-0c1f2d3e4f50 8a7b6c5d-4e3f-4a2b-8c1d-0e9f8a7b6c5d\r\n";

static const char firefox[] =
	"v=0\r\n"
	"o=mozilla...THIS_IS_SDPARTA-99.0 5262434212345678901 0 IN IP4 0.0.0.0\r\n"
	"s=-\r\n"
	"t=0 0\r\n"
	"a=sendrecv\r\n"
	"a=fingerprint:sha-256 "
	"7A:1F:00:07:0E:15:1C:23:2A:31:38:3F:46:4D:54:5B:62:69:70:77:7E:85:8C:93:9A:A1:A8:AF:B6:BD:C4:CB\r\n"
	"a=group:BUNDLE 0\r\n"
	"a=ice-options:trickle\r\n"
	"a=msid-semantic:WMS *\r\n"
	"m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r\n"
	"c=IN IP4 0.0.0.0\r\n"
	"a=sendrecv\r\n"
	"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
	"a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level\r\n"
	"a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
	"a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\n"
	"a=fmtp:101 0-15\r\n"
	"a=ice-pwd:8d0a7e5c4b3f2a1908f7e6d5c4b3a291\r\n"
	"a=ice-ufrag:5c3d2e1f\r\n"
	"a=mid:0\r\n"
	"a=msid:{b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e} {c2d3e4f5-a6b7-4c8d-9e0f-1a2b3c4d5e6f}\r\n"
	"a=rtcp-mux\r\n"
	"a=rtpmap:109 opus/48000/2\r\n"
	"a=rtpmap:9 G722/8000/1\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000/1\r\n"
	"a=setup:actpass\r\n"
	"a=ssrc:3735928559 cname:{d3e4f5a6-b7c8-4d9e-8f0a-1b2c3d4e5f60}\r\n";

static struct sdp_session session;

static bool parse(struct slice text, struct sdp_reason *ret)
{
	static char *copy;
	guard_free(copy);
	copy = guard_copy(text.p, text.n);
	return sdp_parse(slice_of(copy, text.n), &session, ret) == SDP_OK;
}

static const struct sdp_media *audio_of(const char *text)
{
	struct sdp_reason why = {0};
	uint8_t index;
	bool ok = parse(slice_from_string(text), &why);
	if (!ok)
		print_error("line %u: %s\n%s\n", why.line, why.text, text);
	assert_true(ok);
	const struct sdp_media *m = sdp_audio(&session, &index);
	assert_non_null(m);
	return m;
}

static void check_browser(const struct sdp_media *m, const char *ufrag, const char *pwd)
{
	assert_slice(m->protocol, "UDP/TLS/RTP/SAVPF");
	assert_slice(m->transport.ufrag, ufrag);
	assert_slice(m->transport.pwd, pwd);
	assert_false(m->transport.lite);
	assert_int_equal(m->transport.setup, SDP_ACTPASS);
	assert_int_equal(m->transport.fingerprint.hash, SDP_SHA_256);
	assert_int_equal(m->transport.fingerprint.bytes[0], 0x7a);
	assert_int_equal(m->transport.fingerprint.bytes[1], 0x1f);
	assert_int_equal(m->transport.fingerprint.bytes[31], 29 * 7);
	assert_slice(m->mid, "0");
	assert_true(sdp_bundled(&session, m));
	assert_true(m->rtcp_mux);
	assert_int_equal(m->direction, SDP_SENDRECV);
	assert_false(sdp_media_held(m)); /* whatever c= says: with ICE it is no hold */
}

static void test_offers_of_browsers(void **state)
{
	struct sdp_format formats[SDP_FORMATS_MAX];
	const struct sdp_media *m = audio_of(chromium);
	check_browser(m, "4ZcD", "2/1muCWoOi3uLifh0NuRHlg/");
	/* opus, G722, PCMU, PCMA, CN and two kinds of events; RED is not relayed. */
	assert_int_equal(sdp_offer_formats(m, formats, ARRAY_LEN(formats)), 7);
	assert_slice(formats[0].fmtp, "minptime=10;useinbandfec=1");
	/* Firefox says its fingerprint for the whole session. */
	m = audio_of(firefox);
	check_browser(m, "5c3d2e1f", "8d0a7e5c4b3f2a1908f7e6d5c4b3a291");
	assert_int_equal(sdp_offer_formats(m, formats, ARRAY_LEN(formats)), 5);
	/* Without ICE the same c= is a hold. */
	assert_true(sdp_media_held(audio_of("v=0\no=- 1 1 IN IP4 0.0.0.0\nm=audio 9 RTP/AVP 0\nc=IN IP4 0.0.0.0\n")));
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n"
#define AUDIO HEAD "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n"

static bool accepts(const char *head, const char *attribute)
{
	char text[2048];
	struct sdp_reason why;
	snprintf(text, sizeof(text), "%s%s\r\n", head, attribute);
	return parse(slice_from_string(text), &why);
}

static void digest_line(char ret[512], const char *hash, size_t bytes)
{
	int n = snprintf(ret, 512, "a=fingerprint:%s ", hash);
	for (size_t i = 0; i < bytes; i++)
		n += snprintf(ret + n, 512 - (size_t)n, "%s%02zx", i ? ":" : "", i);
}

static void test_fingerprints(void **state)
{
	static const struct {
		const char *name;
		enum sdp_hash hash;
		size_t bytes;
	} known[] = {{"sha-256", SDP_SHA_256, 32}, {"SHA-384", SDP_SHA_384, 48}, {"sha-512", SDP_SHA_512, 64}};
	char line[512];
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		assert_int_equal(sdp_hash_bytes(known[i].hash), known[i].bytes);
		for (size_t n = 0; n <= SDP_HASH_BYTES_MAX + 1; n++) {
			digest_line(line, known[i].name, n);
			assert_int_equal(accepts(AUDIO, line), n == known[i].bytes);
		}
		digest_line(line, known[i].name, known[i].bytes);
		assert_true(accepts(AUDIO, line));
		assert_int_equal(session.media[0].transport.fingerprint.hash, known[i].hash);
		assert_int_equal(session.media[0].transport.fingerprint.bytes[known[i].bytes - 1], known[i].bytes - 1);
	}
	/* Hashes that nobody need believe are passed over, and the first of the others counts. */
	assert_true(accepts(AUDIO, "a=fingerprint:sha-1 AA:BB\r\na=fingerprint:md5 x\r\na=fingerprint:" FINGERPRINT));
	assert_int_equal(session.media[0].transport.fingerprint.hash, SDP_SHA_256);
	assert_true(accepts(AUDIO, "a=fingerprint:sha-1 AA:BB"));
	assert_int_equal(session.media[0].transport.fingerprint.hash, SDP_NO_HASH);
	/* That of the line goes before that of the session. */
	digest_line(line, "sha-384", 48);
	char text[2048];
	snprintf(text, sizeof(text),
		 HEAD "a=fingerprint:" FINGERPRINT "\r\nm=audio 1 RTP/AVP 0\r\n%s\r\n"
		      "m=audio 2 RTP/AVP 0\r\n",
		 line);
	(void)audio_of(text);
	assert_int_equal(session.media[0].transport.fingerprint.hash, SDP_SHA_384);
	assert_int_equal(session.media[1].transport.fingerprint.hash, SDP_SHA_256);
}

static void test_names_and_limits(void **state)
{
	char line[512];
	static const struct {
		const char *name;
		int min, max;
	} words[] = {{"a=ice-ufrag:", SDP_UFRAG_MIN, SDP_ICE_WORD_MAX},
		     {"a=ice-pwd:", SDP_PWD_MIN, SDP_ICE_WORD_MAX},
		     {"a=mid:", 1, SDP_MID_MAX}};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		for (int n = 0; n <= SDP_ICE_WORD_MAX + 1; n++) {
			snprintf(line, sizeof(line), "%s%0*d", words[i].name, n, 0);
			if (n == 0)
				snprintf(line, sizeof(line), "%s", words[i].name);
			assert_int_equal(accepts(AUDIO, line), n >= words[i].min && n <= words[i].max);
		}
	}
	assert_false(accepts(AUDIO, "a=ice-ufrag:ab-cd"));
	assert_true(accepts(AUDIO, "a=ice-ufrag:ab/+\r\na=ice-ufrag:wxyz"));
	assert_slice(session.media[0].transport.ufrag, "ab/+");
	assert_false(accepts(AUDIO, "a=mid:a b"));
	/* For the session, and then every line of voice has it; other lines are not looked at. */
	assert_true(accepts(HEAD "a=ice-lite\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
				 "a=setup:passive\r\nm=audio 1 RTP/AVP 0\r\nm=video 1 x 0\r\n",
			    "a=ice-ufrag:x"));
	assert_slice(session.media[0].transport.ufrag, "abcd");
	assert_true(session.media[0].transport.lite);
	assert_int_equal(session.media[0].transport.setup, SDP_PASSIVE);
	/* A name of the line and a password of the session are no pair (RFC 8839 §5.4). */
	assert_true(accepts(HEAD "a=ice-pwd:0123456789012345678901\r\nm=audio 1 RTP/AVP 0\r\n", "a=ice-ufrag:abcd"));
	assert_slice(session.media[0].transport.pwd, "");
}

static void test_groups(void **state)
{
	static const struct {
		const char *group;
		bool bundled;
	} table[] = {{"a=group:BUNDLE 1 0", true},
		     {"a=group:bundle 0", true},
		     {"a=group:BUNDLE 01 10", false},
		     {"a=group:LS 0", false},
		     {"a=group:BUNDLE", false},
		     {"a=group:LS 0\na=group:BUNDLE 0", true},
		     {"a=group:BUNDLE 1\na=group:BUNDLE 0", false}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char text[512];
		snprintf(text, sizeof(text), HEAD "%s\nm=audio 1 RTP/AVP 0\na=mid:0\n", table[i].group);
		assert_int_equal(sdp_bundled(&session, audio_of(text)), table[i].bundled);
	}
	assert_false(sdp_bundled(&session, audio_of(HEAD "a=group:BUNDLE 0\nm=audio 1 RTP/AVP 0\n")));
}

/* ---- written ---- */

static struct sdp_local_transport transport_make(struct address candidates[2])
{
	assert_true(address_parse_with_port(SLICE("192.0.2.7:32767"), &candidates[0]));
	assert_true(address_parse_with_port(SLICE("[2001:db8::7]:32767"), &candidates[1]));
	return (struct sdp_local_transport){.ufrag = SLICE("abcdefgh"),
					    .pwd = SLICE("ABCDEFGHIJKLMNOPQRSTUVWX"),
					    .fingerprint = SLICE(FINGERPRINT),
					    .candidates = candidates,
					    .candidate_count = 2};
}

#define WRITTEN                                                                                                        \
	"a=ice-ufrag:abcdefgh\r\na=ice-pwd:ABCDEFGHIJKLMNOPQRSTUVWX\r\na=ice-options:ice2\r\na="                       \
	"fingerprint:" FINGERPRINT "\r\n"
#define CANDIDATES                                                                                                     \
	"a=candidate:1 1 udp 2130706431 192.0.2.7 32767 typ host\r\n"                                                  \
	"a=candidate:2 1 udp 2130706175 2001:db8::7 32767 typ host\r\na=end-of-candidates\r\na=rtcp-mux\r\n"

static void test_offer(void **state)
{
	static const struct sdp_format format = {.payload = 0, .name = {"PCMU", 4}, .rate = 8000, .channels = 1};
	struct address candidates[2];
	struct sdp_local_transport t = transport_make(candidates);
	t.setup = SDP_ACTPASS;
	t.mid = SLICE("0");
	t.bundle = true;
	struct sdp_local_audio audio = {.address = candidates[0],
					.protocol = SLICE("UDP/TLS/RTP/SAVPF"),
					.formats = &format,
					.format_count = 1,
					.rtcp_mux = true,
					.transport = &t};
	char text[2048];
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, 5, 6, &audio, NULL, 0);
	assert_slice(writer_slice(&w),
		     "v=0\r\no=- 5 6 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
		     "a=ice-lite\r\nm=audio 32767 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:0\r\n" WRITTEN
		     "a=setup:actpass\r\na=msid:alto voice\r\na=rtcp-mux-only\r\n" CANDIDATES "a=sendrecv\r\n");
	for (size_t cap = 0; cap <= w.n; cap++) {
		struct writer small = writer_on(text, cap);
		sdp_write(&small, 5, 6, &audio, NULL, 0);
		assert_int_equal(small.overflow, cap < w.n);
	}
}

static void test_answer(void **state)
{
	static char offer[sizeof(chromium) + 256];
	struct address candidates[2];
	struct sdp_local_transport t = transport_make(candidates);
	struct sdp_format formats[SDP_FORMATS_MAX];
	static const struct sdp_format spoken = {.payload = 8, .name = {"PCMA", 4}, .rate = 8000, .channels = 1};
	/* With video, as a page asks for that wants to see too. */
	snprintf(offer, sizeof(offer), "%sm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n", chromium);
	const struct sdp_media *m = audio_of(offer);
	size_t n = sdp_answer_formats(m, &spoken, 1, formats, ARRAY_LEN(formats));
	t.setup = SDP_ACTIVE;
	t.mid = m->mid;
	t.bundle = sdp_bundled(&session, m);
	struct sdp_local_audio audio = {.address = candidates[0],
					.protocol = m->protocol,
					.formats = formats,
					.format_count = (uint8_t)n,
					.rtcp_mux = true,
					.transport = &t};
	char text[2048];
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, 5, 6, &audio, &session, 0);
	assert_slice(writer_slice(&w),
		     "v=0\r\no=- 5 6 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
		     "a=ice-lite\r\nm=audio 32767 UDP/TLS/RTP/SAVPF 8\r\na=rtpmap:8 PCMA/8000\r\na=mid:0\r\n" WRITTEN
		     "a=setup:active\r\na=msid:alto voice\r\n" CANDIDATES "a=sendrecv\r\n"
		     "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n");
	/* Our own words are read as they were meant. */
	assert_true(w.n < sizeof(text));
	text[w.n] = 0;
	m = audio_of(text);
	assert_slice(m->transport.ufrag, "abcdefgh");
	assert_true(m->transport.lite);
	assert_int_equal(m->transport.setup, SDP_ACTIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offers_of_browsers),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_names_and_limits),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
