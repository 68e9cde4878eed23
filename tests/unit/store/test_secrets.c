/* What is kept of a message: everything but its secrets */
#include "store/secrets.h"
#include "support/guard.h"
#include "support/test.h"

static char out[8192];

static const char *cut(const char *text, size_t n)
{
	struct slice guarded = guard_slice(slice_of(text, n));
	struct writer w = writer_on(out, MIN(n + SECRETS_GROWTH, sizeof(out) - 1));
	secrets_cut(guarded, &w);
	assert_false(w.overflow);
	out[w.n] = 0;
	guard_free(guarded.p);
	return out;
}

static const struct {
	const char *before, *after;
} cases[] = {
	/* Credentials and challenges, whatever their case, order, quotes and folds. */
	{"Authorization: Digest username=\"acme-101\", realm=\"alto\", nonce=\"n0nce\", uri=\"sip:102@acme.example\", "
	 "response=\"5ec\", algorithm=MD5, cnonce=\"cn\", qop=auth, nc=00000001\r\n",
	 "Authorization: Digest username=\"acme-101\", realm=\"alto\", nonce=*, uri=\"sip:102@acme.example\", "
	 "response=*, algorithm=MD5, cnonce=*, qop=auth, nc=00000001\r\n"},
	{"proxy-authorization :\tdigest RESPONSE=5ec,Nonce = \"a,username=x\" , opaque=o\r\n",
	 "proxy-authorization :\tdigest RESPONSE=*,Nonce =*, opaque=*\r\n"},
	{"Authorization: Digest response=\"a\\\"b,uri=c\", realm=\"r\"\r\n",
	 "Authorization: Digest response=*, realm=\"r\"\r\n"},
	{"Authorization: Digest realm=\"r\",\r\n response=\"5ec\"\r\nTo: <sip:b>\r\n",
	 "Authorization: Digest realm=\"r\",\r\n *\r\nTo: <sip:b>\r\n"},
	{"Authorization: Digest 5ec\r\n", "Authorization: Digest *\r\n"},
	{"Authorization: Digest response=\"5ec", "Authorization: Digest response=*"},
	{"Authorization: Bearer abc.def\r\n", "Authorization: Bearer*\r\n"},
	{"Authorization:\r\n", "Authorization:\r\n"},
	{"WWW-Authenticate: Digest realm=\"alto\", nonce=\"n\", algorithm=MD5\r\n",
	 "WWW-Authenticate: Digest realm=\"alto\", nonce=*, algorithm=MD5\r\n"},
	{"Authentication-Info: nextnonce=\"n\", qop=auth, rspauth=\"r\"\r\n",
	 "Authentication-Info: nextnonce=*, qop=auth, rspauth=*\r\n"},
	/* Descriptions. */
	{"c: application/SDP;charset=utf-8\r\n\r\nv=0\r\na=crypto:1 AEAD_AES_128_GCM inline:c2VjcmV0|2^31\r\nm=audio "
	 "1\r\n",
	 "c: application/SDP;charset=utf-8\r\n\r\nv=0\r\na=crypto:1 AEAD_AES_128_GCM inline:*\r\nm=audio 1\r\n"},
	{"Content-Type: application/sdp\r\n\r\na=ice-pwd:secret\na=ice-ufrag:u\rA=CRYPTO:1 x INLINE:k", NULL},
	{"Content-Type: application/sdp\r\n\r\nk=clear:secret\r\na=key-mgmt:mikey secret\r\n",
	 "Content-Type: application/sdp\r\n\r\nk=*\r\na=key-mgmt:*\r\n"},
	/* Other bodies are gone, and so is a description that cannot be read. */
	{"Content-Type: text/plain\r\n\r\nsecret", "Content-Type: text/plain\r\n\r\n(6 bytes, cut)"},
	{"Content-Type: application/sdp-fmt\r\n\r\nsecret", "Content-Type: application/sdp-fmt\r\n\r\n(6 bytes, cut)"},
	{"Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n\r\nsecret",
	 "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n\r\n(6 bytes, cut)"},
	{"To: <sip:b>\r\n\r\nsecret", "To: <sip:b>\r\n\r\n(6 bytes, cut)"},
	/* Nothing to hide. */
	{"BYE sip:b SIP/2.0\r\nSubject: response=\"not a secret\"\r\n\r\n",
	 "BYE sip:b SIP/2.0\r\nSubject: response=\"not a secret\"\r\n\r\n"},
	{"", ""},
	/* Only what can be shown. */
	{"From: \"J\xc3\xb6rg \xff\x1b[2J\" <sip:a>\r\n", "From: \"J\xc3\xb6rg ??[2J\" <sip:a>\r\n"},
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = cut(cases[i].before, strlen(cases[i].before));
		if (cases[i].after)
			assert_string_equal(got, cases[i].after);
		else
			assert_string_equal(got,
					    "Content-Type: "
					    "application/sdp\r\n\r\na=ice-pwd:*\na=ice-ufrag:u\rA=CRYPTO:1 x INLINE:*");
	}
}

/* Cut off anywhere: never more is shown of the secrets, and nothing beyond the end is read. */
static void test_every_length(void **state)
{
	static const char whole[] =
		"INVITE sip:b SIP/2.0\r\nAuthorization: Digest realm=\"r\", response=\"SECRET\", nc=1\r\n"
		"Content-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 s inline:SECRET\r\na=ice-pwd:SECRET\r\n";
	for (size_t n = 0; n < sizeof(whole); n++)
		assert_null(strstr(cut(whole, n), "SE"));
}

/* Any byte that does not show, wherever it stands among those that are looked at together. */
static void test_every_byte_everywhere(void **state)
{
	for (size_t at = 0; at < 24; at++) {
		for (unsigned byte = 0; byte < 0x100; byte++) {
			char text[] = "Subject: the quick brown fox\r\n", want[sizeof(text)];
			text[at] = (char)byte;
			memcpy(want, text, sizeof(text));
			if ((byte < ' ' && byte != '\r' && byte != '\n' && byte != '\t') || byte >= 0x7f)
				want[at] = '?';
			/* A line's end may begin the body, of which only the size is told. */
			if (byte != '\r' && byte != '\n')
				assert_string_equal(cut(text, sizeof(text) - 1), want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_byte_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
