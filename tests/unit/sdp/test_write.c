/* Descriptions written: the bytes, the mirror of an offer, and what does not fit. */
#include "sdp/sdp.h"
#include "support/test.h"

static struct sdp_local_audio audio_make(const char *ip, uint16_t port)
{
	static const struct sdp_format formats[] = {
		{.payload = 96, .name = {"opus", 4}, .rate = 48000, .channels = 2, .fmtp = {"useinbandfec=1", 14}},
		{.payload = 0, .name = {"PCMU", 4}, .rate = 8000, .channels = 1},
		{.payload = 77, .channels = 1},
	};
	struct sdp_local_audio audio = {
		.protocol = SLICE("RTP/SAVP"),
		.formats = formats,
		.format_count = ARRAY_LEN(formats),
	};
	assert_true(address_parse(slice_from_string(ip), &audio.address));
	audio.address.port = port;
	return audio;
}

static void test_offer(void **state)
{
	char text[1024];
	struct sdp_local_audio audio = audio_make("192.0.2.7", 16384);
	audio.crypto[0] = (struct sdp_local_crypto){1, SLICE("AEAD_AES_128_GCM"), SLICE("KEY=")};
	audio.crypto[1] = (struct sdp_local_crypto){2, SLICE("AES_CM_128_HMAC_SHA1_80"), SLICE("KEY2")};
	audio.crypto_count = 2;
	audio.rtcp_mux = true;
	audio.rtcp_port = 16390;
	audio.ptime_ms = 20;
	audio.maxptime_ms = 60;
	audio.direction = SDP_SENDONLY;
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, 5, 6, &audio, NULL, 0);
	assert_false(w.overflow);
	assert_slice(writer_slice(&w),
		     "v=0\r\no=- 5 6 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
		     "m=audio 16384 RTP/SAVP 96 0 77\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
		     "a=rtpmap:0 PCMU/8000\r\na=crypto:1 AEAD_AES_128_GCM inline:KEY=\r\n"
		     "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:KEY2\r\na=rtcp:16390\r\na=rtcp-mux\r\n"
		     "a=ptime:20\r\na=maxptime:60\r\na=sendonly\r\n");
	/* What does not fit by one byte is told, at every size. */
	for (size_t cap = 0; cap <= w.n; cap++) {
		struct writer small = writer_on(text, cap);
		sdp_write(&small, 5, 6, &audio, NULL, 0);
		assert_int_equal(small.overflow, cap < w.n);
	}
}

static void test_answer_mirrors_the_offers_lines(void **state)
{
	static struct sdp_session offer;
	struct sdp_reason why;
	assert_int_equal(
		sdp_parse(SLICE("v=0\no=- 1 1 IN IP4 192.0.2.1\nm=video 4000 RTP/AVP 97 98\nm=audio 4002 RTP/AVP 0\n"
				"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nm=image 0 udptl\n"),
			  &offer, &why),
		SDP_OK);
	char text[1024];
	struct sdp_local_audio audio = audio_make("2001:db8::7", 16384);
	audio.rtcp_port = 16385;
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, 5, 6, &audio, &offer, 1);
	assert_slice(writer_slice(&w),
		     "v=0\r\no=- 5 6 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\n"
		     "m=video 0 RTP/AVP 97 98\r\nm=audio 16384 RTP/SAVP 96 0 77\r\na=rtpmap:96 opus/48000/2\r\n"
		     "a=fmtp:96 useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
		     "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nm=image 0 udptl 0\r\n");
	audio.rejected = true;
	w = writer_on(text, sizeof(text));
	sdp_write(&w, 5, 6, &audio, &offer, 1);
	assert_slice(writer_slice(&w), "v=0\r\no=- 5 6 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\n"
				       "m=video 0 RTP/AVP 97 98\r\nm=audio 0 RTP/AVP 0\r\n"
				       "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nm=image 0 udptl 0\r\n");
}

static void test_rejected_without_an_offer(void **state)
{
	char text[256];
	struct sdp_local_audio audio = audio_make("192.0.2.7", 16384);
	audio.rejected = true;
	struct writer w = writer_on(text, sizeof(text));
	sdp_write(&w, 5, 6, &audio, NULL, 0);
	assert_slice(writer_slice(&w), "v=0\r\no=- 5 6 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
				       "m=audio 0 RTP/SAVP 96 0 77\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_answer_mirrors_the_offers_lines),
		cmocka_unit_test(test_rejected_without_an_offer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
