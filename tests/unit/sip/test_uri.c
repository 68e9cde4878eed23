/* URIs read, compared with the RFCs' own examples, and user parts with and without their escapes. */
#include "sip/limits.h"
#include "sip/uri.h"
#include "support/guard.h"
#include "support/test.h"

static struct sip_uri uri_of(const char *text)
{
	struct sip_uri uri;
	struct sip_reason reason;
	assert_int_equal(sip_uri_parse(slice_from_string(text), &uri, &reason), SIP_OK);
	return uri;
}

static void parts(void **state)
{
	static const struct {
		const char *text;
		enum sip_scheme scheme;
		const char *user, *password, *host;
		uint16_t port;
		const char *params, *headers;
	} cases[] = {
		{"sip:alice@atlanta.com", SIP_SCHEME_SIP, "alice", "", "atlanta.com", 0, "", ""},
		{"sip:alice:secretword@atlanta.com;transport=tcp", SIP_SCHEME_SIP, "alice", "secretword", "atlanta.com",
		 0, "transport=tcp", ""},
		{"sips:alice@atlanta.com?subject=project%20x&priority=urgent", SIP_SCHEME_SIPS, "alice", "",
		 "atlanta.com", 0, "", "subject=project%20x&priority=urgent"},
		{"sip:+1-212-555-1212:1234@gateway.com;user=phone", SIP_SCHEME_SIP, "+1-212-555-1212", "1234",
		 "gateway.com", 0, "user=phone", ""},
		{"sips:1212@gateway.com", SIP_SCHEME_SIPS, "1212", "", "gateway.com", 0, "", ""},
		{"sip:alice@192.0.2.4:65535", SIP_SCHEME_SIP, "alice", "", "192.0.2.4", 65535, "", ""},
		{"sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", SIP_SCHEME_SIP, "", "", "atlanta.com", 0,
		 "method=REGISTER", "to=alice%40atlanta.com"},
		{"SIP:alice;day=tuesday@atlanta.com", SIP_SCHEME_SIP, "alice;day=tuesday", "", "atlanta.com", 0, "",
		 ""},
		{"sip:a?b/c&=+$,@h?x=", SIP_SCHEME_SIP, "a?b/c&=+$,", "", "h", 0, "", "x="},
		{"sip:null-%00-null@example.com", SIP_SCHEME_SIP, "null-%00-null", "", "example.com", 0, "", ""},
		{"sip:*21#@example.com", SIP_SCHEME_SIP, "*21#", "", "example.com", 0, "", ""},
		{"sip:x:@h", SIP_SCHEME_SIP, "x", "", "h", 0, "", ""},
		{"sip:[2001:db8::10]:5070;lr", SIP_SCHEME_SIP, "", "", "[2001:db8::10]", 5070, "lr", ""},
		{"tel:+1-201-555-0123", SIP_SCHEME_TEL, "+1-201-555-0123", "", "", 0, "", ""},
		{"TEL:7042;phone-context=example.com", SIP_SCHEME_TEL, "7042", "", "", 0, "phone-context=example.com",
		 ""},
		{"tel:*31#0A(5)", SIP_SCHEME_TEL, "*31#0A(5)", "", "", 0, "", ""},
		{"urn:service:sos", SIP_SCHEME_OTHER, "", "", "", 0, "", ""},
		{"http://example.com/?a=b", SIP_SCHEME_OTHER, "", "", "", 0, "", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_uri uri;
		struct sip_reason reason;
		assert_int_equal(sip_uri_parse(text, &uri, &reason), SIP_OK);
		assert_int_equal(uri.scheme, cases[i].scheme);
		assert_slice(uri.text, cases[i].text);
		assert_slice(uri.user, cases[i].user);
		assert_slice(uri.password, cases[i].password);
		assert_slice(uri.host, cases[i].host);
		assert_int_equal(uri.port, cases[i].port);
		assert_slice(uri.params, cases[i].params);
		assert_slice(uri.headers, cases[i].headers);
		guard_free(text.p);
	}
}

static void refused(void **state)
{
	static const char *const cases[] = {
		"",
		"sip",
		"sip:",
		":a@b",
		"sip:@host",
		"sip:a@",
		"sip:a b@c",
		"sip:a@b c",
		"sip:a@b@c",
		"sip:a@b:",
		"sip:a@b:0",
		"sip:a@b:65536",
		"sip:a@b:5x",
		"sip:a@b;",
		"sip:a@b;;x",
		"sip:a@b;x=",
		"sip:a@b;=x",
		"sip:a@b?",
		"sip:a@b?x",
		"sip:a@b?x=1&",
		"sip:a%4@b",
		"sip:a%zz@b",
		"sip:\"a\"@b",
		"sip:a@[::1",
		"sip:a@[zz]",
		"sip:a@[::1]x",
		"<sip:a@b>",
		"sip:a@b>",
		" sip:a@b",
		"sip:a@b ",
		"sip:a:p:q@b",
		"tel:",
		"tel:+",
		"tel:-",
		"tel:+12a",
		"tel:12x",
		"tel:12;",
		"tel:12;a=;b",
		"tel:12?a=b",
		"tel:+1*2",
		"urn:",
		"urn:a b",
		"s p:a@b",
		"sip:a\xc3\xa9@b",
		"mailto:<a@b>",
		"sip:a@b;x;y;X=1",
		"sip:a@b;x=1;%78=1",
		"tel:12;ext=1;EXT=1",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i]));
		struct sip_uri uri = {.port = 7};
		struct sip_reason reason = {0};
		if (sip_uri_parse(text, &uri, &reason) != SIP_BAD)
			fail_msg("accepted: %s", cases[i]);
		assert_int_equal(uri.port, 7);
		assert_int_equal(reason.status, 400);
		assert_true(reason.offset <= text.n);
		guard_free(text.p);
	}
}

static void parameter_limit(void **state)
{
	for (unsigned extra = 0; extra < 2; extra++) {
		for (int headers = 0; headers < 2; headers++) {
			char text[SIP_URI_PARAMS_MAX * 8];
			struct writer w = writer_on(text, sizeof(text));
			write_string(&w, "sip:h");
			for (unsigned i = 0; i < SIP_URI_PARAMS_MAX + extra; i++)
				write_format(&w, "%sa%u=1", headers ? i ? "&" : "?" : ";", i);
			struct sip_uri uri;
			struct sip_reason reason;
			assert_false(w.overflow);
			assert_int_equal(sip_uri_parse(writer_slice(&w), &uri, &reason), extra ? SIP_BAD : SIP_OK);
		}
	}
}

static void parameters(void **state)
{
	struct slice value = SLICE("old");
	struct slice params = SLICE("a=1;B;c = \"x;y\\\"z=\" ; +sip.instance=\"<urn:uuid:1>\";a=2;d=e=f");
	assert_true(sip_param_find(params, SLICE("A"), &value));
	assert_slice(value, "1");
	assert_true(sip_param_find(params, SLICE("c"), &value));
	assert_slice(value, "x;y\\\"z=");
	assert_true(sip_param_find(params, SLICE("+SIP.Instance"), &value));
	assert_slice(value, "<urn:uuid:1>");
	assert_true(sip_param_find(params, SLICE("d"), &value));
	assert_slice(value, "e=f");
	assert_false(sip_param_find(params, SLICE("y\\\"z"), &value));
	assert_slice(value, "e=f");
	assert_true(sip_param_find(params, SLICE("b"), &value));
	assert_true(slice_empty(value));
	assert_false(sip_param_find(SLICE_NONE, SLICE("a"), &value));
}

struct pair {
	const char *a, *b;
};

static void assert_pairs(const struct pair *pairs, size_t count, bool equal)
{
	for (size_t i = 0; i < count; i++) {
		struct sip_uri a = uri_of(pairs[i].a), b = uri_of(pairs[i].b);
		if (sip_uri_eq(&a, &b) != equal || sip_uri_eq(&b, &a) != equal)
			fail_msg("%s %s %s", pairs[i].a, equal ? "is not" : "is", pairs[i].b);
		assert_true(sip_uri_eq(&a, &a));
	}
}

static void equal(void **state)
{
	static const struct pair pairs[] = {
		/* RFC 3261 §19.1.4 */
		{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;security=on"},
		{"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"},
		{"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		 "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"},
		{"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		 "sip:alice@atlanta.com?priority=urgent&subject=project%20x"},
		/* Ours */
		{"SIP:a@[2001:DB8::1]", "sip:a@[2001:db8:0::1]"},
		{"sip:*21#@h", "sip:*21%23@h"},
		{"sip:a%2Bb@h", "sip:a%2bb@h"},
		{"sip:a@h;x=%41", "sip:a@h;X=a"},
		{"tel:+1-201-555-0123", "tel:+1(201)5550123"},
		{"tel:7042;phone-context=+1-201;ext=1-2", "tel:70-42;EXT=12;Phone-Context=+1201"},
		{"tel:0A;phone-context=Example.com", "tel:0a;phone-context=example.com"},
		{"urn:service:sos", "urn:service:sos"},
	};
	assert_pairs(pairs, ARRAY_LEN(pairs), true);
}

static void not_equal(void **state)
{
	static const struct pair pairs[] = {
		/* RFC 3261 §19.1.4 */
		{"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"},
		{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"},
		{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"},
		{"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"},
		/* Ours: each parameter that counts alone, reserved characters, and what is easily overlooked */
		{"sips:a@h", "sip:a@h"},
		{"sip:a@h;user=phone", "sip:a@h"},
		{"sip:a@h;ttl=1", "sip:a@h"},
		{"sip:a@h;method=INVITE", "sip:a@h"},
		{"sip:a@h;maddr=192.0.2.1", "sip:a@h"},
		{"sip:a%2Bb@h", "sip:a+b@h"},
		{"sip:a%00b@h", "sip:ab@h"},
		{"sip:a@h", "sip:h"},
		{"sip:a:p@h", "sip:a@h"},
		{"sip:a:p@h", "sip:a:P@h"},
		{"sip:a@h?x=1&y=2", "sip:a@h?x=1"},
		{"sip:a@h?x=1", "sip:a@h?x=2"},
		{"sip:a@[::1]", "sip:a@[::2]"},
		{"sip:ab@h", "sip:a@h"},
		{"tel:+12015550123", "tel:12015550123"},
		{"tel:7042;phone-context=a.example", "tel:7042;phone-context=b.example"},
		{"tel:7042;phone-context=a.example", "tel:7042"},
		{"tel:7042;x=1", "tel:7042"},
		{"tel:7042", "sip:7042@h"},
		{"urn:service:sos", "urn:service:sos.fire"},
	};
	assert_pairs(pairs, ARRAY_LEN(pairs), false);
}

static void user_parts(void **state)
{
	char buf[16];
	size_t n = 99;
	assert_true(sip_user_unescape(SLICE("a%00%c3%A9z"), buf, sizeof(buf), &n));
	assert_int_equal(n, 5);
	assert_memory_equal(buf, "a\0\xc3\xa9z", 5);
	n = 99;
	assert_false(sip_user_unescape(SLICE("a%4"), buf, sizeof(buf), &n));
	assert_false(sip_user_unescape(SLICE("a%4g"), buf, sizeof(buf), &n));
	assert_false(sip_user_unescape(SLICE("abc"), buf, 2, &n));
	assert_int_equal(n, 99);
	assert_true(sip_user_unescape(SLICE("abc"), buf, 3, &n));

	char text[64];
	struct writer w = writer_on(text, sizeof(text));
	sip_write_user_escaped(&w, slice_of("+33;#*a b@\0\xc3\xa9", 13));
	assert_slice(writer_slice(&w), "+33;%23*a%20b%40%00%C3%A9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),      cmocka_unit_test(refused), cmocka_unit_test(parameter_limit),
		cmocka_unit_test(parameters), cmocka_unit_test(equal),   cmocka_unit_test(not_equal),
		cmocka_unit_test(user_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
