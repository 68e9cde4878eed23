/* Descriptions read: what phones send, what is refused, and each limit. */
#include "sdp/limits.h"
#include "sdp/sdp.h"
#include "support/guard.h"
#include "support/test.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static struct sdp_session session;

/* The text must outlive the session, so it is let go at the next call. */
static bool parse(struct slice text, struct sdp_reason *ret)
{
	static char *copy;
	guard_free(copy);
	copy = guard_copy(text.p, text.n);
	return sdp_parse(slice_of(copy, text.n), &session, ret) == SDP_OK;
}

static const struct sdp_media *accept(const char *text)
{
	struct sdp_reason why = {0};
	bool ok = parse(slice_from_string(text), &why);
	if (!ok)
		print_error("line %u: %s\n%s\n", why.line, why.text, text);
	assert_true(ok);
	return &session.media[0];
}

static void refuse(const char *text, uint32_t line)
{
	struct sdp_reason why = {0};
	session.media_count = 99;
	bool ok = parse(slice_from_string(text), &why);
	if (ok || why.line != line)
		print_error("line %u, not %u: %s\n%s\n", why.line, line, why.text ? why.text : "", text);
	assert_false(ok);
	assert_int_equal(why.line, line);
	assert_non_null(why.text);
	assert_int_equal(session.media_count, 99);
}

static void assert_address(const struct address *a, const char *text, uint16_t port)
{
	struct address expected;
	assert_true(address_parse(slice_from_string(text), &expected));
	assert_true(address_same_host(a, &expected));
	assert_int_equal(a->port, port);
}

static void test_an_ordinary_offer(void **state)
{
	const struct sdp_media *m = accept(
		"v=0\r\no=alice 2890844526 2890844527 IN IP4 host.example.com\r\ns=call\r\n"
		"c=IN IP4 192.0.2.101\r\nt=0 0\r\nm=audio 49172 RTP/SAVP 96 9 0 8 18 13 101\r\n"
		"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1; stereo=0\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4 WSH=64 KDR=3\r\n"
		"a=crypto:2 AEAD_AES_128_GCM inline:KEY2\r\n"
		"a=ptime:20\r\na=maxptime:60\r\na=rtcp:53020\r\na=rtcp-mux\r\na=recvonly\r\n"
		"m=video 5000 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n");
	assert_slice(session.username, "alice");
	assert_true(session.id == 2890844526 && session.version == 2890844527);
	assert_int_equal(session.media_count, 2);
	assert_slice(m->type, "audio");
	assert_slice(m->protocol, "RTP/SAVP");
	assert_slice(m->format_text, "96 9 0 8 18 13 101");
	assert_true(m->has_address);
	assert_address(&m->address, "192.0.2.101", 49172);
	assert_address(&m->rtcp, "192.0.2.101", 53020);
	assert_true(m->rtcp_mux);
	assert_int_equal(m->direction, SDP_RECVONLY);
	assert_int_equal(m->ptime_ms, 20);
	assert_int_equal(m->maxptime_ms, 60);
	static const struct {
		uint8_t payload;
		const char *name, *fmtp;
		uint32_t rate;
		uint8_t channels;
	} formats[] = {
		{96, "opus", "useinbandfec=1; stereo=0", 48000, 2},
		{9, "G722", "", 8000, 1},
		{0, "PCMU", "", 8000, 1},
		{8, "PCMA", "", 8000, 1},
		{18, "G729", "", 8000, 1},
		{13, "CN", "", 8000, 1},
		{101, "telephone-event", "0-16", 8000, 1},
	};
	assert_int_equal(m->format_count, ARRAY_LEN(formats));
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		assert_int_equal(m->formats[i].payload, formats[i].payload);
		assert_slice(m->formats[i].name, formats[i].name);
		assert_slice(m->formats[i].fmtp, formats[i].fmtp);
		assert_int_equal(m->formats[i].rate, formats[i].rate);
		assert_int_equal(m->formats[i].channels, formats[i].channels);
	}
	assert_int_equal(m->crypto_count, 2);
	assert_int_equal(m->crypto[0].tag, 1);
	assert_slice(m->crypto[0].suite, "AES_CM_128_HMAC_SHA1_80");
	assert_slice(m->crypto[0].key, "KEY");
	assert_slice(m->crypto[0].lifetime, "2^20");
	assert_slice(m->crypto[0].mki, "1:4");
	assert_slice(m->crypto[0].session_params, "WSH=64 KDR=3");
	assert_slice(m->crypto[1].key, "KEY2");
	assert_slice(m->crypto[1].lifetime, "");
	uint8_t index = 9;
	assert_ptr_equal(sdp_audio(&session, &index), m);
	assert_int_equal(index, 0);
}

static void test_sloppy_phones(void **state)
{
	/* Bare LF, no s= and t=, spaces, an unknown line, no line end at the end. */
	const struct sdp_media *m = accept("v=0\no=my  odd name 1 2 IN IP4 192.0.2.1\nx=what\nc=IN IP4 192.0.2.1 \n\n"
					   "m=audio  4000/2  RTP/AVP  0  101 \na=rtpmap: 101 Telephone-Event/8000/1 \n"
					   "a=unknown\na=PTIME:20.5\na=X-nat:0");
	assert_slice(session.username, "my  odd name");
	assert_int_equal(m->port, 4000);
	assert_int_equal(m->format_count, 2);
	assert_true(sdp_format_is_event(&m->formats[1]));
	assert_int_equal(m->ptime_ms, 20);
	assert_address(&m->rtcp, "192.0.2.1", 4001);
	/* Numbers beyond 64 bits still tell one version from the next. */
	accept("v=0\no=- 99999999999999999999999999 18446744073709551616 IN IP4 192.0.2.1\n");
	uint64_t version = session.version;
	accept("v=0\no=- 99999999999999999999999999 18446744073709551617 IN IP4 192.0.2.1\n");
	assert_true(session.version == version + 1);
	/* The first of what is repeated counts. */
	m = accept(HEAD
		   "m=audio 4000 RTP/AVP 0 97 97\r\na=rtpmap:97 opus/48000/2\r\na=rtpmap:97 G722/8000\r\na=ptime:20\r\n"
		   "a=ptime:30\r\na=sendonly\r\na=inactive\r\na=fmtp:97 a\r\na=fmtp:97 b\r\na=rtcp:7\r\na=rtcp:9\r\n");
	assert_int_equal(m->format_count, 2);
	assert_slice(m->formats[1].name, "opus");
	assert_slice(m->formats[1].fmtp, "a");
	assert_int_equal(m->ptime_ms, 20);
	assert_int_equal(m->direction, SDP_SENDONLY);
	assert_int_equal(m->rtcp.port, 7);
	/* A dynamic type without a name is known by number only; a static one may be renamed. */
	m = accept(HEAD "m=audio 4000 RTP/AVP 96 3\r\na=rtpmap:3 L16/16000/2\r\na=rtpmap:99 nobody/1\r\n");
	assert_slice(m->formats[0].name, "");
	assert_slice(m->formats[1].name, "L16");
	assert_int_equal(m->formats[1].channels, 2);
	/* What is said of a type that is not offered does not matter (RFC 4475 has a=rtpmap:31 LPC in each). */
	m = accept(HEAD "m=audio 4000 RTP/AVP 0\r\na=rtpmap:31 LPC\r\n");
	assert_int_equal(m->format_count, 1);
}

static void test_what_the_session_says_for_its_lines(void **state)
{
	const struct sdp_media *m = accept(
		"v=0\r\no=- 1 2 IN IP6 2001:db8::1\r\nc=IN IP6 2001:db8::1\r\na=inactive\r\n"
		"a=crypto:1 X inline:Y\r\na=rtcp-mux\r\na=ptime:20\r\n"
		"m=audio 4000 RTP/AVP 0\r\n"
		"m=audio 5000 RTP/AVP 0\r\na=sendrecv\r\nc=IN IP4 192.0.2.9\r\na=rtcp:6 IN IP4 192.0.2.10\r\n"
		"m=audio 65535 RTP/AVP 0\r\nc=IN IP4 phone.example.com\r\n");
	assert_address(&m[0].address, "2001:db8::1", 4000);
	assert_int_equal(m[0].direction, SDP_INACTIVE);
	/* Keys and the rest belong to a media line. */
	assert_int_equal(m[0].crypto_count, 0);
	assert_false(m[0].rtcp_mux);
	assert_int_equal(m[0].ptime_ms, 0);
	assert_address(&m[1].address, "192.0.2.9", 5000);
	assert_address(&m[1].rtcp, "192.0.2.10", 6);
	assert_int_equal(m[1].direction, SDP_SENDRECV);
	assert_false(m[2].has_address);
	assert_int_equal(m[2].rtcp.port, 0);
	assert_int_equal(m[2].direction, SDP_INACTIVE);
}

static void test_addresses_that_may_be_sent_to(void **state)
{
	static const struct {
		const char *connection;
		bool usable, held;
	} cases[] = {
		{"IN IP4 192.0.2.1", true, false},
		{"IN IP4 192.0.2.1/127", true, false},
		{"IN IP4 0.0.0.0", true, true},
		{"IN IP6 ::", true, true},
		{"IN IP4 224.0.0.1", false, false},
		{"IN IP4 239.1.1.1/127", false, false},
		{"IN IP4 255.255.255.255", false, false},
		{"IN IP6 ff02::1", false, false},
		{"IN IP4 phone.example.com", false, false},
		{"ATM NSAP 192.0.2.1", false, false},
		{"IN IP4 192.0.2.256", false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w, "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\nc=%s\r\nm=audio 4000 RTP/AVP 0\r\n",
			     cases[i].connection);
		write_char(&w, '\0');
		const struct sdp_media *m = accept(text);
		assert_int_equal(m->has_address, cases[i].usable);
		assert_int_equal(sdp_media_held(m), cases[i].held);
	}
	assert_true(sdp_media_held(accept(HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n")));
	assert_true(sdp_media_held(accept(HEAD "m=audio 4000 RTP/AVP 0\r\na=inactive\r\n")));
	assert_false(sdp_media_held(accept(HEAD "m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n")));
}

static void test_keys_that_are_not_considered(void **state)
{
	const struct sdp_media *m = accept(
		HEAD "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 S other:KEY\r\n"
		     "a=crypto:2 S inline:KEY|1:4;inline:KEY2|2:4\r\na=crypto:999999999 S INLINE:KEY|1:4|2^31\r\n");
	assert_int_equal(m->crypto_count, 1);
	assert_int_equal(m->crypto[0].tag, 999999999);
	assert_slice(m->crypto[0].lifetime, "2^31");
	assert_slice(m->crypto[0].mki, "1:4");
}

static void test_refused(void **state)
{
	refuse("", 0);
	refuse("\r\n", 1);
	refuse("o=- 1 2 IN IP4 192.0.2.1\r\n", 1);
	refuse("v=1\r\n", 1);
	refuse("v=0\r\n", 1);
	refuse("v=0\r\nv=0\r\n", 2);
	refuse("v=0\r\no=- 1 IN IP4 192.0.2.1\r\n", 2);
	refuse("v=0\r\no=- x 2 IN IP4 192.0.2.1\r\n", 2);
	refuse("v=0\r\no=- 1 -2 IN IP4 192.0.2.1\r\n", 2);
	refuse("v=0\r\no=IN IP4\r\n", 2);
	refuse(HEAD "o=- 1 2 IN IP4 192.0.2.1\r\n", 6);
	refuse(HEAD "not a line\r\n", 6);
	refuse(HEAD "c=IN IP4\r\n", 6);
	refuse(HEAD "m=audio\r\n", 6);
	refuse(HEAD "m=audio x RTP/AVP 0\r\n", 6);
	refuse(HEAD "m=audio 65536 RTP/AVP 0\r\n", 6);
	refuse(HEAD "m=audio 4000/x RTP/AVP 0\r\n", 6);
	refuse(HEAD "m=audio 4000\r\n", 6);
	refuse(HEAD "m=audio 4000 RTP/AVP 128\r\n", 6);
	refuse(HEAD "m=audio 4000 RTP/AVP 0 x\r\n", 6);
#define AUDIO HEAD "m=audio 4000 RTP/AVP 0 96\r\n"
	refuse(AUDIO "a=rtpmap:128 x/8000\r\n", 7);
	refuse(AUDIO "a=rtpmap:96\r\n", 7);
	refuse(AUDIO "a=rtpmap:96 two words/8000\r\n", 7);
	refuse(AUDIO "a=rtpmap:96 opus\r\n", 7);
	refuse(AUDIO "a=rtpmap:96 opus/0\r\n", 7);
	refuse(AUDIO "a=rtpmap:96 opus/48000/0\r\n", 7);
	refuse(AUDIO "a=rtpmap:96 opus/48000/x\r\n", 7);
	refuse(AUDIO "a=fmtp:x y\r\n", 7);
	refuse(AUDIO "a=crypto:1234567890 S inline:K\r\n", 7);
	refuse(AUDIO "a=crypto:1 S\r\n", 7);
	refuse(AUDIO "a=rtcp:65536\r\n", 7);
	refuse(AUDIO "a=ptime:-20\r\n", 7);
	refuse(AUDIO "a=ptime:20.x\r\n", 7);
	refuse(AUDIO "a=note:a\rm=audio 1 RTP/AVP 0\r\n", 7);
	struct sdp_reason why;
	assert_false(parse(SLICE(AUDIO "a=fmtp:96 a\0b\r\n"), &why));
}

/* ---- limits: at, and one past ---- */

static void limit(const char *format, unsigned at_most)
{
	char text[512];
	for (unsigned past = 0; past < 2; past++) {
		struct writer w = writer_on(text, sizeof(text));
		write_string(&w, AUDIO);
		/* Each format comes from the table below. */
		write_string(&w, format);
		write_u64(&w, at_most + past);
		write_string(&w, "\r\n");
		struct sdp_reason why;
		assert_int_equal(parse(writer_slice(&w), &why), past == 0);
	}
}

static void test_limits_on_numbers(void **state)
{
	limit("a=rtpmap:96 x/", SDP_RATE_MAX);
	limit("a=rtpmap:96 x/8000/", SDP_CHANNELS_MAX);
	limit("a=ptime:", SDP_PACKET_TIME_MAX);
	limit("a=maxptime:", SDP_PACKET_TIME_MAX);
	limit("a=rtcp:", 65535);
	assert_int_equal(session.media[0].rtcp.port, 65535);
	for (size_t digits = SDP_ORIGIN_DIGITS_MAX; digits <= SDP_ORIGIN_DIGITS_MAX + 1; digits++) {
		char text[256];
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w, "v=0\r\no=- 1 %0*d IN IP4 192.0.2.1\r\n", (int)digits, 7);
		struct sdp_reason why;
		assert_int_equal(parse(writer_slice(&w), &why), digits == SDP_ORIGIN_DIGITS_MAX);
	}
}

static void test_limits_on_counts(void **state)
{
	static char text[SDP_BYTES_MAX + 64];
	struct sdp_reason why;
	struct writer w = writer_on(text, sizeof(text));
	write_string(&w, HEAD);
	for (unsigned i = 0; i < SDP_MEDIA_MAX; i++)
		write_string(&w, "m=audio 4000 RTP/AVP 0\r\n");
	assert_true(parse(writer_slice(&w), &why));
	assert_int_equal(session.media_count, SDP_MEDIA_MAX);
	write_string(&w, "m=audio 4000 RTP/AVP 0\r\n");
	assert_false(parse(writer_slice(&w), &why));

	w = writer_on(text, sizeof(text));
	write_string(&w, HEAD "m=audio 4000 RTP/SAVP");
	for (unsigned i = 0; i < SDP_FORMATS_MAX + 1; i++)
		write_format(&w, " %u", 60 + i);
	write_string(&w, "\r\n");
	for (unsigned i = 0; i < SDP_CRYPTO_MAX + 1; i++)
		write_format(&w, "a=crypto:%u S inline:K\r\n", i + 1);
	assert_true(parse(writer_slice(&w), &why));
	assert_int_equal(session.media[0].format_count, SDP_FORMATS_MAX);
	assert_int_equal(session.media[0].formats[SDP_FORMATS_MAX - 1].payload, 60 + SDP_FORMATS_MAX - 1);
	assert_int_equal(session.media[0].crypto_count, SDP_CRYPTO_MAX);
	assert_int_equal(session.media[0].crypto[SDP_CRYPTO_MAX - 1].tag, SDP_CRYPTO_MAX);

	memset(text, 'x', sizeof(text));
	memcpy(text, AUDIO "a=", sizeof(AUDIO "a=") - 1);
	assert_true(parse(slice_of(text, SDP_BYTES_MAX), &why));
	assert_false(parse(slice_of(text, SDP_BYTES_MAX + 1), &why));
}

static void test_audio_is_the_first_line_with_a_port(void **state)
{
	uint8_t index = 9;
	accept(HEAD "m=audio 0 RTP/AVP 0\r\nm=video 4000 RTP/AVP 97\r\nm=AUDIO 4002 RTP/AVP 8\r\n");
	const struct sdp_media *m = sdp_audio(&session, &index);
	assert_ptr_equal(m, &session.media[2]);
	assert_int_equal(index, 2);
	accept(HEAD "m=audio 0 RTP/AVP 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
	assert_null(sdp_audio(&session, &index));
	assert_int_equal(index, 2);
	assert_slice(session.media[1].format_text, "webrtc-datachannel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ordinary_offer),
		cmocka_unit_test(test_sloppy_phones),
		cmocka_unit_test(test_what_the_session_says_for_its_lines),
		cmocka_unit_test(test_addresses_that_may_be_sent_to),
		cmocka_unit_test(test_keys_that_are_not_considered),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits_on_numbers),
		cmocka_unit_test(test_limits_on_counts),
		cmocka_unit_test(test_audio_is_the_first_line_with_a_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
