/* The grammar of single header fields. */
#include "unit/sip/parsed.h"

static void vias(void **state)
{
	static const struct {
		const char *text, *transport, *host;
		uint16_t port;
		const char *branch;
		bool rport;
		const char *params;
	} cases[] = {
		{"SIP/2.0/UDP host", "UDP", "host", 0, "", false, ""},
		{"SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1;rport", "TLS", "192.0.2.1", 5061, "z9hG4bK1", true,
		 "branch=z9hG4bK1;rport"},
		{"sip / 2.0 / tcp\t a.example.org : 5060 ; Branch = x ; RPort=9", "tcp", "a.example.org", 5060, "x",
		 true, " Branch = x ; RPort=9"},
		{"SIP/2.0/WSS [2001:db8::9]:443;branch=b, SIP/2.0/UDP other;branch=c", "WSS", "[2001:db8::9]", 443, "b",
		 false, "branch=b"},
		{"SIP/2.0/UNKNOWN h;x=\"a,b;branch=no\";branch=yes", "UNKNOWN", "h", 0, "yes", false,
		 "x=\"a,b;branch=no\";branch=yes"},
		{"SIP/2.0/UDP h;received=2001:db8::1;maddr=[2001:db8::1]", "UDP", "h", 0, "", false,
		 "received=2001:db8::1;maddr=[2001:db8::1]"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_via via;
		struct sip_reason reason;
		assert_int_equal(sip_via_parse(text, &via, &reason), SIP_OK);
		assert_slice(via.transport, cases[i].transport);
		assert_slice(via.host, cases[i].host);
		assert_int_equal(via.port, cases[i].port);
		assert_slice(via.branch, cases[i].branch);
		assert_int_equal(via.rport, cases[i].rport);
		assert_slice(via.params, cases[i].params);
		guard_free(text.p);
	}
}

static void bad_vias(void **state)
{
	static const char *const cases[] = {
		"",
		"SIP",
		"SIP/2.0",
		"SIP/2.0/",
		"SIP/2.0/UDP",
		"SIP/2.0/UDP ",
		"SIP/2.0/UDPhost",
		"SIP/3.0/UDP host",
		"HTTP/2.0/UDP host",
		"SIP/2.0/UDP host;",
		"SIP/2.0/UDP host;;branch=b",
		"SIP/2.0/UDP host;branch=",
		"SIP/2.0/UDP host;=b",
		"SIP/2.0/UDP host branch=b",
		"SIP/2.0/UDP host:70000",
		"SIP/2.0/UDP host:0",
		"SIP/2.0/UDP host:",
		"SIP/2.0/UDP [::1",
		"SIP/2.0/UDP host;a=\"open",
		"SIP/2.0/UDP host;a=\"open\\",
		"SIP/2.0/UDP 192.0.2.15;;,;,,",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i]));
		struct sip_via via = {.port = 7};
		struct sip_reason reason;
		if (sip_via_parse(text, &via, &reason) != SIP_BAD || via.port != 7 || reason.offset > text.n)
			fail_msg("accepted: %s", cases[i]);
		guard_free(text.p);
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *text, *display, *uri, *params, *tag;
	} cases[] = {
		{"<sip:a@b>", "", "sip:a@b", "", ""},
		{"\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s", "A. G. Bell", "sip:agb@bell-telephone.com",
		 "tag=a48s", "a48s"},
		{"sip:+12125551212@server.phone2net.com;tag=887s", "", "sip:+12125551212@server.phone2net.com",
		 "tag=887s", "887s"},
		{"sip:a@b;unknownparam", "", "sip:a@b", "unknownparam", ""},
		{"<sip:a@b;tag=not;x>;Tag=yes", "", "sip:a@b;tag=not;x", "Tag=yes", "yes"},
		{"caller<sip:c@d>;tag=3", "caller", "sip:c@d", "tag=3", "3"},
		{"The caller here  <sip:c@d>", "The caller here", "sip:c@d", "", ""},
		{"\"J \\\"Q\\\" \\\\\"<sip:c@d>", "J \\\"Q\\\" \\\\", "sip:c@d", "", ""},
		{"\"<sip:no@no>, x;\"   <sip:c@d>", "<sip:no@no>, x;", "sip:c@d", "", ""},
		{"<sip:user@example.com?Route=%3Csip:sip.example.com%3E>", "",
		 "sip:user@example.com?Route=%3Csip:sip.example.com%3E", "", ""},
		{"<sip:a,b;c@d>;expires = 30 ; q=\"0.5;\"", "", "sip:a,b;c@d", "expires = 30 ; q=\"0.5;\"", ""},
		{"<tel:+1-201-555-0123>", "", "tel:+1-201-555-0123", "", ""},
		{"<urn:service:sos>", "", "urn:service:sos", "", ""},
		{"J\xc3\xbcrgen <sip:c@d>", "J\xc3\xbcrgen", "sip:c@d", "", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_address a;
		struct sip_reason reason = {0};
		if (sip_address_parse(text, &a, &reason) != SIP_OK)
			fail_msg("refused: %s", cases[i].text);
		assert_int_equal(reason.status, 0);
		assert_slice(a.display, cases[i].display);
		assert_slice(a.uri.text, cases[i].uri);
		assert_slice(a.params, cases[i].params);
		assert_slice(sip_address_tag(&a), cases[i].tag);
		guard_free(text.p);
	}
}

static void bad_addresses(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"*",
		"<>",
		"<sip:a@b",
		"sip:a@b>",
		"\"open <sip:a@b>",
		"\"closed\" sip:a@b",
		"Bell, Alexander <sip:a@b>;tag=43",
		"\"Watson\" < sip:a@b >",
		"<sip:a@b>;;",
		"<sip:a@b>;tag=",
		"<sip:a@b> x",
		"<sip:a@b>,",
		"<sip:a@b>, <sip:c@d>",
		"sip:user@example.com?Route=%3Csip:sip.example.com%3E",
		"no-uri",
		"<sip:a@b>;x=\"",
		"<sip:a@b>x=1",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i]));
		struct sip_address a = {.star = true};
		struct sip_reason reason = {0};
		if (sip_address_parse(text, &a, &reason) != SIP_BAD || !a.star || reason.status != 400 ||
		    reason.offset > text.n)
			fail_msg("accepted: %s", cases[i]);
		guard_free(text.p);
	}
}

static void address_lists(void **state)
{
	struct slice text = guard_slice(SLICE("<sip:a@b>;q=1 , \"x, y\" <sip:c,c@d>,sip:e@f;expires=0,*"));
	struct slice rest = text;
	struct sip_address a;
	struct sip_reason reason;
	static const char *const uris[] = {"sip:a@b", "sip:c,c@d", "sip:e@f"};
	for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
		assert_int_equal(sip_address_next(&rest, &a, &reason), SIP_OK);
		assert_slice(a.uri.text, uris[i]);
		assert_false(a.star);
	}
	assert_int_equal(sip_address_next(&rest, &a, &reason), SIP_OK);
	assert_true(a.star);
	assert_true(slice_empty(rest));
	assert_int_equal(sip_address_next(&rest, &a, &reason), SIP_BAD);
	guard_free(text.p);
}

static void cseqs(void **state)
{
	struct sip_cseq c;
	struct sip_reason reason;
	assert_int_equal(sip_cseq_parse(SLICE("0009  INVITE"), &c, &reason), SIP_OK);
	assert_int_equal(c.number, 9);
	assert_int_equal(c.method, SIP_INVITE);
	assert_int_equal(sip_cseq_parse(SLICE("2147483647 x!"), &c, &reason), SIP_OK);
	assert_int_equal(c.number, 2147483647);
	assert_int_equal(c.method, SIP_OTHER_METHOD);
	assert_slice(c.method_text, "x!");
	static const char *const bad[] = {"",
					  "1",
					  "1 ",
					  "INVITE",
					  "1INVITE",
					  "-1 INVITE",
					  "2147483648 INVITE",
					  "1 INVITE x",
					  "36893488147419103232 REGISTER"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sip_cseq_parse(slice_from_string(bad[i]), &c, &reason), SIP_BAD);
	assert_slice(c.method_text, "x!");
}

static void racks(void **state)
{
	struct sip_rack r = {.rseq = 5};
	struct sip_reason reason;
	static const char *const bad[] = {"",
					  "1",
					  "776656 1",
					  "0 1 INVITE",
					  "1 1INVITE",
					  "1 1 INVITE x",
					  "1,1 INVITE",
					  "-1 1 INVITE",
					  "4294967296 1 INVITE",
					  "x 1 INVITE",
					  "1 2147483648 INVITE"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice text = guard_slice(slice_from_string(bad[i]));
		assert_int_equal(sip_rack_parse(text, &r, &reason), SIP_BAD);
		assert_string_equal(reason.text, "Bad RAck");
		guard_free(text.p);
	}
	assert_int_equal(r.rseq, 5);
	static const char *const good[] = {"4294967295 2147483647 INVITE", "4294967295\t2147483647   INVITE"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct slice text = guard_slice(slice_from_string(good[i]));
		r = (struct sip_rack){0};
		assert_int_equal(sip_rack_parse(text, &r, &reason), SIP_OK);
		assert_int_equal(r.rseq, UINT32_MAX);
		assert_int_equal(r.cseq.number, INT32_MAX);
		assert_int_equal(r.cseq.method, SIP_INVITE);
		guard_free(text.p);
	}
}

static void dispositions(void **state)
{
	static const struct {
		const char *text, *type;
		bool optional;
	} cases[] = {
		{"", "session", false},
		{"session", "session", false},
		{"render;handling=optional", "render", true},
		{" Render ; x=y;Handling=OPTIONAL", "Render", true},
		{"alert;handling=required", "alert", false},
		{";handling=optional", "session", true},
		{"icon;handling", "icon", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[200];
		struct parsed x;
		bool given = cases[i].text[0];
		snprintf(text, sizeof(text), "OPTIONS sip:a@b SIP/2.0\r\n%s%s%s\r\n",
			 given ? "Content-Disposition: " : "", cases[i].text, given ? "\r\n" : "");
		parsed_init(&x, slice_from_string(text));
		assert_int_equal(x.parse, SIP_OK);
		struct sip_disposition d = sip_disposition_of(&x.msg);
		assert_slice(d.type, cases[i].type);
		assert_int_equal(d.optional, cases[i].optional);
		parsed_done(&x);
	}
}

static void numbers(void **state)
{
	uint32_t n = 7;
	assert_true(sip_number_parse(SLICE("300"), 300, &n));
	assert_int_equal(n, 300);
	assert_false(sip_number_parse(SLICE("301"), 300, &n));
	assert_false(sip_number_parse(SLICE(""), 300, &n));
	assert_false(sip_number_parse(SLICE("-1"), 300, &n));
	assert_false(sip_number_parse(SLICE("1x"), 300, &n));
	assert_false(sip_number_parse(SLICE(";1"), 300, &n));
	assert_int_equal(n, 300);
	assert_true(sip_number_parse(SLICE("90;refresher=uac"), 300, &n));
	assert_int_equal(n, 90);
	assert_true(sip_number_parse(SLICE("18 (in a meeting)"), 300, &n));
	assert_int_equal(n, 18);
	assert_true(sip_number_parse(SLICE("4294967295"), UINT32_MAX, &n));
	assert_false(sip_number_parse(SLICE("4294967296"), UINT32_MAX, &n));
}

static void lists(void **state)
{
	struct parsed x;
	parsed_init(
		&x,
		SLICE("OPTIONS sip:a@b SIP/2.0\r\nSupported: ,timer , 100rel\r\nk:\r\nk: Path,\"a,b\",<sip:a,\"b@c>\r\n"
		      "Content-Type: Application/SDP ;charset=\"utf-8\"\r\n\r\n"));
	assert_int_equal(x.parse, SIP_OK);
	assert_true(sip_list_has(&x.msg, SIP_SUPPORTED, SLICE("TIMER")));
	assert_true(sip_list_has(&x.msg, SIP_SUPPORTED, SLICE("100rel")));
	assert_true(sip_list_has(&x.msg, SIP_SUPPORTED, SLICE("path")));
	assert_true(sip_list_has(&x.msg, SIP_SUPPORTED, SLICE("\"a,b\"")));
	assert_true(sip_list_has(&x.msg, SIP_SUPPORTED, SLICE("<sip:a,\"b@c>")));
	assert_false(sip_list_has(&x.msg, SIP_SUPPORTED, SLICE("time")));
	assert_false(sip_list_has(&x.msg, SIP_REQUIRE, SLICE("timer")));
	assert_true(sip_content_is(&x.msg, SLICE("application/sdp")));
	assert_false(sip_content_is(&x.msg, SLICE("application/sd")));
	parsed_done(&x);
}

static void unquoting(void **state)
{
	char buf[8];
	size_t n = 0;
	assert_true(sip_unquote(SLICE("a\\\"b\\\\c"), buf, 5, &n));
	assert_int_equal(n, 5);
	assert_memory_equal(buf, "a\"b\\c", 5);
	assert_false(sip_unquote(SLICE("a\\\"b\\\\c"), buf, 4, &n));
	assert_int_equal(n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vias),          cmocka_unit_test(bad_vias),      cmocka_unit_test(addresses),
		cmocka_unit_test(bad_addresses), cmocka_unit_test(address_lists), cmocka_unit_test(cseqs),
		cmocka_unit_test(numbers),       cmocka_unit_test(lists),         cmocka_unit_test(unquoting),
		cmocka_unit_test(racks),         cmocka_unit_test(dispositions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
