/* Messages after the descriptions of RFC 4475, each with the fields or the status that it asks for. */
#include "unit/sip/parsed.h"

#define VIA "Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKx\r\n"
#define REST                                                                                                           \
	"Max-Forwards: 70\r\nTo: <sip:user@example.com>\r\nFrom: <sip:caller@example.net>;tag=1\r\n"                   \
	"Call-ID: x.1@192.0.2.1\r\n"
#define COMMON VIA REST

static void wsinv_3_1_1_1(void **state)
{
	struct parsed x;
	parsed_init(&x, SLICE("INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
			      "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
			      "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n"
			      "  ;\r\n  tag = 98asjd8\r\n"
			      "MaX-fOrWaRdS: 0068\r\n"
			      "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
			      "Content-Length   : 3\r\n"
			      "cseq: 0009\r\n  INVITE\r\n"
			      "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
			      "s :\r\n"
			      "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
			      "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
			      "Content-Type: application/sdp\r\n"
			      "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
			      "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
			      " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
			      "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n"
			      "      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\nv=0"));
	assert_int_equal(x.check, SIP_OK);
	struct sip_address a;
	struct sip_reason reason;
	struct sip_cseq cseq;
	struct sip_via via;
	uint32_t hops = 0;
	struct slice q;
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_TO), &a, &reason), SIP_OK);
	assert_slice(sip_address_tag(&a), "1918181833n");
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_FROM), &a, &reason), SIP_OK);
	assert_slice(a.display, "J Rosenberg \\\\\\\"");
	assert_slice(sip_address_tag(&a), "98asjd8");
	assert_true(sip_number_parse(sip_field_value(&x.msg, SIP_MAX_FORWARDS), 255, &hops));
	assert_int_equal(hops, 68);
	assert_int_equal(sip_cseq_parse(sip_field_value(&x.msg, SIP_CSEQ), &cseq, &reason), SIP_OK);
	assert_int_equal(cseq.number, 9);
	const struct sip_field *second = sip_field_next(&x.msg, sip_field_first(&x.msg, SIP_VIA));
	assert_int_equal(sip_via_parse(sip_field_value(&x.msg, SIP_VIA), &via, &reason), SIP_OK);
	assert_slice(via.branch, "390skdjuw");
	assert_int_equal(sip_via_parse(second->value, &via, &reason), SIP_OK);
	assert_slice(via.host, "spindle.example.com");
	assert_slice(via.branch, "z9hG4bK9ikj8");
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_CONTACT), &a, &reason), SIP_OK);
	assert_true(sip_param_find(a.params, SLICE("q"), &q));
	assert_slice(q, "0.33");
	assert_slice(x.msg.body, "v=0");
	parsed_done(&x);
}

static void intmeth_3_1_1_2(void **state)
{
	static const char text[] =
		"!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
		":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\r\n" VIA
		"To: \"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)@example.com>\r\n"
		"From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0"
		"\";tag=_token~1'+`*%!-.\r\n"
		"Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
		"CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\nMax-Forwards: 255\r\n\r\n";
	struct parsed x;
	parsed_init(&x, slice_of(text, sizeof(text) - 1));
	if (x.check != SIP_OK)
		fail_msg("%s", x.reason.text);
	assert_int_equal(x.msg.method, SIP_OTHER_METHOD);
	struct sip_address a;
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_FROM), &a, &x.reason), SIP_OK);
	assert_slice(sip_address_tag(&a), "_token~1'+`*%!-.");
	parsed_done(&x);
}

static void good(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{"esc01", "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\r\n" VIA
			  "To: sip:%75se%72@example.com\r\nFrom: <sip:I%20have%20spaces@example.net>;tag=938\r\n"
			  "Call-ID: esc01\r\nCSeq: 234234 INVITE\r\n\r\n"},
		{"escnull", "REGISTER sip:example.com SIP/2.0\r\n" VIA
			    "To: sip:null-%00-null@example.com\r\nFrom: sip:null-%00-null@example.com;tag=8\r\n"
			    "Call-ID: escnull\r\nCSeq: 14398234 REGISTER\r\nContact: <sip:%00@host5.example.com>\r\n"
			    "Contact: <sip:%00%00@host5.example.com>\r\n\r\n"},
		{"esc02",
		 "RE%47IST%45R sip:registrar.example.com SIP/2.0\r\n" VIA
		 "To: \"%Z%45\" <sip:resource@example.com>\r\nFrom: <sip:resource@example.com>;tag=f232jadfj23\r\n"
		 "Call-ID: esc02.x\r\nCSeq: 29344 RE%47IST%45R\r\n\r\n"},
		{"lwsdisp", "OPTIONS sip:user@example.com SIP/2.0\r\n" VIA
			    "To: sip:user@example.com\r\nFrom: caller<sip:caller@example.com>;tag=323\r\n"
			    "Call-ID: lwsdisp\r\nCSeq: 60 OPTIONS\r\n\r\n"},
		{"semiuri", "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\r\n" VIA
			    "To: sip:j_user@example.com\r\nFrom: sip:caller@example.org;tag=33242\r\n"
			    "Call-ID: semiuri\r\nCSeq: 8 OPTIONS\r\n\r\n"},
		{"transports", "OPTIONS sip:user@example.com SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKa\r\n"
			       "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKb\r\n"
			       "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bKc\r\n"
			       "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKd\r\n"
			       "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bKe\r\n" REST "CSeq: 60 OPTIONS\r\n\r\n"},
		{"unreason", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe\r\n" COMMON
			     "CSeq: 35 INVITE\r\n\r\n"},
		{"noreason", "SIP/2.0 100 \r\n" COMMON "CSeq: 35 INVITE\r\n\r\n"},
		{"unkscm",
		 "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\n" COMMON "CSeq: 3923 OPTIONS\r\n\r\n"},
		{"novelsc", "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n" COMMON "CSeq: 3923 OPTIONS\r\n\r\n"},
		{"zeromf", "OPTIONS sip:user@example.com SIP/2.0\r\n" VIA
			   "Max-Forwards: 0\r\nTo: sip:user@example.com\r\nFrom: sip:caller@example.net;tag=3\r\n"
			   "Call-ID: zeromf\r\nCSeq: 39 OPTIONS\r\n\r\n"},
		{"cparam01", "REGISTER sip:example.com SIP/2.0\r\n" COMMON "CSeq: 79 REGISTER\r\n"
			     "Contact: sip:+19725552222@gw1.example.net;unknownparam\r\n\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].name);
		assert_verdict(slice_from_string(cases[i].text), 0, NULL);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned status;
	} cases[] = {
		{"badinv01",
		 "INVITE sip:user@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n" REST
		 "CSeq: 1 INVITE\r\n\r\n",
		 400},
		{"clerr",
		 "INVITE sip:user@example.com SIP/2.0\r\n" COMMON
		 "CSeq: 1 INVITE\r\nContent-Length: 9999\r\n\r\nv=0\r\n",
		 400},
		{"ncl",
		 "INVITE sip:user@example.com SIP/2.0\r\n" COMMON
		 "CSeq: 1 INVITE\r\nContent-Length: -999\r\n\r\nv=0\r\n",
		 400},
		{"scalar02",
		 "REGISTER sip:example.com SIP/2.0\r\n" COMMON "CSeq: 36893488147419103232 REGISTER\r\n\r\n", 400},
		{"scalarlg",
		 "SIP/2.0 503 Service Unavailable\r\n" COMMON "CSeq: 9292394834772304023312 OPTIONS\r\n\r\n", 400},
		{"quotbal",
		 "INVITE sip:user@example.com SIP/2.0\r\n" VIA
		 "To: \"Mr. J. User <sip:j.user@example.com>\r\nFrom: sip:caller@example.net;tag=93334\r\n"
		 "Call-ID: quotbal\r\nCSeq: 8 INVITE\r\n\r\n",
		 400},
		{"ltgtruri", "INVITE <sip:user@example.com> SIP/2.0\r\n" COMMON "CSeq: 1 INVITE\r\n\r\n", 400},
		{"lwsruri", "INVITE sip:user@example.com; lr SIP/2.0\r\n" COMMON "CSeq: 1 INVITE\r\n\r\n", 400},
		{"lwsstart", "INVITE  sip:user@example.com  SIP/2.0\r\n" COMMON "CSeq: 1 INVITE\r\n\r\n", 400},
		{"trws", "OPTIONS sip:user@example.com SIP/2.0  \r\n" COMMON "CSeq: 1 OPTIONS\r\n\r\n", 400},
		{"escruri",
		 "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0\r\n" COMMON "CSeq: 1 INVITE\r\n\r\n",
		 400},
		{"badaspec",
		 "OPTIONS sip:user@example.org SIP/2.0\r\n" VIA
		 "To: \"Watson, Thomas\" < sip:t.watson@example.org >\r\n"
		 "From: <sip:a.g.bell@example.com>;tag=43\r\nCall-ID: badaspec\r\nCSeq: 3 OPTIONS\r\n\r\n",
		 400},
		{"baddn",
		 "OPTIONS sip:t.watson@example.org SIP/2.0\r\n" VIA
		 "To: <sip:t.watson@example.org>\r\nFrom: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\r\n"
		 "Call-ID: baddn\r\nCSeq: 31 OPTIONS\r\n\r\n",
		 400},
		{"badvers", "OPTIONS sip:t.watson@example.org SIP/7.0\r\n" COMMON "CSeq: 31 OPTIONS\r\n\r\n", 505},
		{"mismatch01", "OPTIONS sip:user@example.com SIP/2.0\r\n" COMMON "CSeq: 8 INVITE\r\n\r\n", 400},
		{"mismatch02", "NEWMETHOD sip:user@example.com SIP/2.0\r\n" COMMON "CSeq: 8 INVITE\r\n\r\n", 400},
		{"bigcode", "SIP/2.0 4294967301 better not break the receiver\r\n" COMMON "CSeq: 353494 INVITE\r\n\r\n",
		 400},
		{"insuf", "INVITE sip:user@example.com SIP/2.0\r\n" VIA "CSeq: 193942 INVITE\r\n\r\n", 400},
		{"multi01",
		 "INVITE sip:user@example.com SIP/2.0\r\n" COMMON "CSeq: 5 INVITE\r\nCSeq: 59 INVITE\r\n\r\n", 400},
		{"mcl01",
		 "OPTIONS sip:user@example.com SIP/2.0\r\n" COMMON
		 "CSeq: 5 OPTIONS\r\nContent-Length: 13\r\nContent-Length: 5\r\n\r\nThere's no way to know",
		 400},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].name);
		assert_verdict(slice_from_string(cases[i].text), cases[i].status, NULL);
	}
}

static void longreq_3_1_1_7(void **state)
{
	static char text[16384];
	struct parsed x;
	struct writer w = writer_on(text, sizeof(text));
	write_string(&w, "INVITE sip:user@example.com SIP/2.0\r\nTo: \"I have a user name of ");
	for (int i = 0; i < 400; i++)
		write_string(&w, "extreme ");
	write_string(&w, "proportion\"<sip:user@example.com;unknownparam=");
	for (int i = 0; i < 400; i++)
		write_string(&w, "long");
	write_string(&w, ">\r\nF: sip:");
	for (int i = 0; i < 400; i++)
		write_string(&w, "amazinglylong");
	write_string(&w, "@example.net;tag=12\r\n" VIA "Call-ID: 1\r\nCSeq: 3882340 INVITE\r\n\r\n");
	assert_false(w.overflow);
	parsed_init(&x, writer_slice(&w));
	assert_int_equal(x.check, SIP_OK);
	parsed_done(&x);
}

/* Two requests in one datagram: the second is nothing but bytes after the body (§18.3). */
static void dblreq_3_1_1_8(void **state)
{
	struct parsed x;
	parsed_init(&x,
		    SLICE("REGISTER sip:example.com SIP/2.0\r\n" COMMON "CSeq: 8 REGISTER\r\nContent-Length: 0\r\n\r\n"
			  "INVITE sip:joe@example.com SIP/2.0\r\n" COMMON "CSeq: 8 INVITE\r\n\r\n"));
	assert_int_equal(x.check, SIP_OK);
	assert_int_equal(x.msg.method, SIP_REGISTER);
	assert_int_equal(x.msg.field_count, 7);
	assert_int_equal(x.msg.body.n, 0);
	parsed_done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wsinv_3_1_1_1), cmocka_unit_test(intmeth_3_1_1_2), cmocka_unit_test(good),
		cmocka_unit_test(refused),       cmocka_unit_test(longreq_3_1_1_7), cmocka_unit_test(dblreq_3_1_1_8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
